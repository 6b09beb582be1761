"""What happens to invoices after they were issued: they are corrected by others, and the buyer answers them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ARRAY, Numeric, Uuid, bindparam, select, text

from models.base import new_id
from models.customers import Customer, TaxEvidence
from models.invoices import (
    Invoice,
    InvoiceInstalment,
    InvoiceLine,
    InvoiceRectification,
    InvoiceTaxGroup,
)
from models.invoices_reads import invoiced_customers
from models.payments import PaymentMatch
from resolvers.context import Context, LockKind
from resolvers.customers import seller
from resolvers.events import record
from resolvers.invoices_drafts import group_row, lines_of, lock_invoice
from resolvers.invoices_issue import lock_chain, lock_series, settle
from resolvers.orders_acts import checked_reason
from resolvers.sales_agreements_booking import lock_commitments_of, rebook_consumption
from rules.invoice_numbers import SERIES_CODES, SeriesUse, demand_open_period
from rules.invoices import ChargedGroup, Charges, CreditedLine, InvoiceAction, LineAmounts, credit_lines
from rules.money import ZERO
from rules.partials import PartialLine
from rules.quantities import plain
from rules.refusals import ErrorCode, InvalidTransition, Refusal, refuse_all
from rules.states import (
    BuyerInvoiceStatus,
    InvoiceKind,
    InvoiceStatus,
    InvoiceType,
    TaxEvidenceKind,
)


@dataclass(frozen=True, slots=True)
class LineToCredit:
    """A quantity of an invoice's line to credit, in its unit; above zero."""

    invoice_line_id: UUID
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Rectification:
    """
    What is to be corrected, by differences.

    Args:
        type: R1 to R4. lines: None for all that is left of the invoice. issued_on: None for today.
    """

    type: InvoiceType
    reason: str
    lines: tuple[LineToCredit, ...] | None = None
    issued_on: date | None = None


async def rectify_invoice(ctx: Context, invoice_id: UUID, expected_version: int, how: Rectification) -> UUID:
    """
    Credits an invoice, or quantities of its lines, by a rectifying invoice that is issued at once.

    The credit is matched with the invoice's own open instalments first; what is over stays on account. All credits of
    an invoice together never exceed it, and make it exactly when everything is credited.
    """
    reason = checked_reason(how.reason)
    if how.type == InvoiceType.F1:
        raise Refusal(ErrorCode.INVALID, "A rectifying invoice is of type R1 to R4.", ("type",))
    us = await seller(ctx)
    day = how.issued_on or ctx.today
    demand_open_period(day, us.books_closed_until)
    original = await lock_invoice(ctx, invoice_id, expected_version, InvoiceAction.RECTIFY)
    assert original.issued_on is not None, "only an issued invoice is corrected"
    if day < original.issued_on:
        text_ = "The invoice is of {issued_on}; its correction cannot be earlier."
        raise Refusal(ErrorCode.PAST_DATE, text_, ("issuedOn",), issued_on=original.issued_on)
    lines = await lines_of(ctx, [original.id])
    if all(line.quantity_credited == line.quantity for line in lines):
        raise InvalidTransition(original.status, InvoiceAction.RECTIFY, ())
    quantities = _quantities(lines, how.lines)
    charges = await _credited(ctx, original, lines, quantities)
    credit = _credit_of(ctx, original, how.type, reason, charges)
    await _count_credited(ctx, lines, quantities)
    matches = await _lock_open_instalments(ctx, original)
    credited = [line.order_line_id for line in lines if line.order_line_id is not None]
    linked = await lock_commitments_of(ctx, credited)
    chain = await lock_chain(ctx, us)
    series = await lock_series(ctx, us, {credit.series_code}, day.year)
    chain.give_number(ctx, credit, series[credit.series_code], day)
    original.version += 1
    ctx.session.add(credit)
    await ctx.session.flush()
    chain.seal(ctx, us, credit)
    rows: list[object] = [
        InvoiceRectification(
            rectifying_id=credit.id, rectified_id=original.id, customer_id=original.customer_id
        )
    ]
    rows += _credit_lines(credit, lines, quantities, charges.lines)
    rows += [group_row(credit, group) for group in charges.groups]
    ctx.session.add_all(rows)
    await settle(ctx, [credit])
    await _match(ctx, credit, matches)
    if linked:
        await rebook_consumption(ctx, linked, "invoice.rectified")
    record(
        ctx, "invoice.rectified", "Invoice", original.id, version=original.version,
        customer_id=original.customer_id, reason=reason, changes={"rectifying": str(credit.id)},
    )  # fmt: skip
    await ctx.session.flush()
    return credit.id


def _quantities(lines: Sequence[InvoiceLine], asked: Sequence[LineToCredit] | None) -> list[Decimal]:
    """How much of each line is credited; all that is left where nothing is said."""
    if asked is None:
        return [line.quantity - line.quantity_credited for line in lines]
    places = {line.id: place for place, line in enumerate(lines)}
    found = [ZERO] * len(lines)
    refusals: list[Refusal] = []
    for index, each in enumerate(asked):
        place = places.get(each.invoice_line_id)
        path = ("lines", index)
        if place is None or found[place]:
            refusals.append(Refusal(ErrorCode.NOT_FOUND, "Not found.", (*path, "invoiceLineId")))
            continue
        left = lines[place].quantity - lines[place].quantity_credited
        if each.quantity <= 0 or each.quantity > left:
            text_ = "Of {sku}, {left} are left to credit; {wanted} cannot be credited."
            refusals.append(
                Refusal(
                    ErrorCode.QUANTITY_INVALID,
                    text_,
                    (*path, "quantity"),
                    sku=lines[place].sku,
                    left=plain(left),
                    wanted=plain(each.quantity),
                )
            )
            continue
        found[place] = each.quantity
    refuse_all(refusals)
    if not any(found):
        raise Refusal(ErrorCode.INVALID, "There is nothing to credit.", ("lines",))
    return found


async def _credited(
    ctx: Context, original: Invoice, lines: Sequence[InvoiceLine], quantities: Sequence[Decimal]
) -> Charges:
    """What crediting the quantities takes back, after what earlier credits took."""
    earlier = (
        select(Invoice.id)
        .join(InvoiceRectification, InvoiceRectification.rectifying_id == Invoice.id)
        .where(
            InvoiceRectification.rectified_id == original.id,
            InvoiceRectification.customer_id == original.customer_id,
            Invoice.status == InvoiceStatus.ISSUED,
        )
    )
    before = await ctx.session.execute(
        select(InvoiceLine.rectified_line_id, InvoiceLine.net_amount).where(
            InvoiceLine.customer_id == original.customer_id, InvoiceLine.invoice_id.in_(earlier)
        )
    )
    nets: dict[UUID, Decimal] = {}
    for key, net in before:
        nets[key] = nets.get(key, ZERO) - net
    groups = await ctx.session.scalars(
        select(InvoiceTaxGroup).where(
            InvoiceTaxGroup.customer_id == original.customer_id,
            InvoiceTaxGroup.invoice_id.in_(select(Invoice.id).where(Invoice.id == original.id)),
        )
    )
    done = await ctx.session.scalars(
        select(InvoiceTaxGroup).where(
            InvoiceTaxGroup.customer_id == original.customer_id, InvoiceTaxGroup.invoice_id.in_(earlier)
        )
    )
    return credit_lines(
        [
            CreditedLine(
                PartialLine(
                    line.sku,
                    line.tax_category,
                    line.tax_percent,
                    line.surcharge_percent,
                    line.quantity,
                    line.net_amount,
                    line.quantity_credited,
                    nets.get(line.id, ZERO),
                ),
                line.exemption_code,
                (line.sku, line.position),
            )
            for line in lines
        ],
        [_group(each) for each in groups],
        [_group(each) for each in done],
        quantities,
        original.currency_exponent,
    )


def _group(row: InvoiceTaxGroup) -> ChargedGroup:
    return ChargedGroup(
        row.category,
        row.percent,
        row.surcharge_percent,
        row.exemption_code,
        row.qualification,
        row.exemption_reason,
        row.base_amount,
        row.tax_amount,
        row.surcharge_amount,
    )


def _credit_of(ctx: Context, original: Invoice, type_: InvoiceType, reason: str, charges: Charges) -> Invoice:
    """The head of the rectifying invoice: what the original copied, at the original's rate."""
    return Invoice(
        id=new_id(), seller_id=original.seller_id, customer_id=original.customer_id,
        kind=InvoiceKind.RECTIFYING, type=type_, status=InvoiceStatus.DRAFT, version=0,
        series_code=SERIES_CODES[SeriesUse.RECTIFYING], created_at=ctx.now, created_by_id=ctx.user.user_id,
        supplied_from=original.supplied_from, supplied_on=original.supplied_on, reason=reason,
        locale=original.locale, currency=original.currency, currency_exponent=original.currency_exponent,
        exchange_rate=original.exchange_rate, exchange_rate_on=original.exchange_rate_on,
        seller_party=original.seller_party, customer_number=original.customer_number,
        customer_name=original.customer_name, customer_tax_id=original.customer_tax_id,
        billing_address=original.billing_address, delivery_address=original.delivery_address,
        payment_terms=original.payment_terms, purchase_order_number=original.purchase_order_number,
        net_amount=charges.net, tax_amount=charges.tax, surcharge_amount=charges.surcharge,
        gross_amount=charges.gross,
    )  # fmt: skip


def _credit_lines(
    credit: Invoice,
    lines: Sequence[InvoiceLine],
    quantities: Sequence[Decimal],
    amounts: Sequence[LineAmounts],
) -> list[InvoiceLine]:
    """The lines of the credit, for what is credited: quantities and amounts below zero, prices as they were."""
    chosen = [
        (line, quantity, amount)
        for line, quantity, amount in zip(lines, quantities, amounts, strict=True)
        if quantity
    ]
    return [
        InvoiceLine(
            id=new_id(), invoice_id=credit.id, customer_id=credit.customer_id, position=position, kind=line.kind,
            order_line_id=line.order_line_id, delivery_line_id=line.delivery_line_id, rectified_line_id=line.id,
            product_id=line.product_id, order_number=line.order_number, delivery_number=line.delivery_number,
            sku=line.sku, customer_item_number=line.customer_item_number, description=line.description,
            unit_code=line.unit_code, quantity=-quantity, quantity_credited=ZERO,
            list_unit_price=line.list_unit_price, price_unit=line.price_unit,
            discount_percent=line.discount_percent, unit_price=line.unit_price,
            currency_exponent=line.currency_exponent, tax_category=line.tax_category,
            tax_percent=line.tax_percent, surcharge_percent=line.surcharge_percent,
            exemption_code=line.exemption_code, net_amount=amount.net, tax_amount=amount.tax,
            surcharge_amount=amount.surcharge, gross_amount=amount.gross,
        )
        for position, (line, quantity, amount) in enumerate(chosen, start=1)
    ]  # fmt: skip


_COUNT_CREDITED = text(
    """
    update invoice_line as line set quantity_credited = line.quantity_credited + piece.quantity
    from unnest(:ids, :quantities) as piece(id, quantity)
    where line.id = piece.id and line.quantity_credited + piece.quantity <= line.quantity
    returning line.id
    """
).bindparams(bindparam("ids", type_=ARRAY(Uuid)), bindparam("quantities", type_=ARRAY(Numeric)))
_COUNT_CREDITED_OF_ORDER = text(
    """
    update sales_order_line as line set quantity_credited = line.quantity_credited + piece.quantity
    from unnest(:ids, :quantities) as piece(id, quantity)
    where line.id = piece.id
    """
).bindparams(bindparam("ids", type_=ARRAY(Uuid)), bindparam("quantities", type_=ARRAY(Numeric)))


async def _count_credited(ctx: Context, lines: Sequence[InvoiceLine], quantities: Sequence[Decimal]) -> None:
    """Counts the credit on invoice and order lines; what is credited does not become invoiceable again."""
    ctx.locking(LockKind.LINES)
    chosen = [(line, quantity) for line, quantity in zip(lines, quantities, strict=True) if quantity]
    by_order_line: dict[UUID, Decimal] = {}
    for line, quantity in chosen:
        if line.order_line_id is not None:
            by_order_line[line.order_line_id] = by_order_line.get(line.order_line_id, ZERO) + quantity
    if by_order_line:
        given = {"ids": list(by_order_line), "quantities": list(by_order_line.values())}
        await ctx.session.execute(_COUNT_CREDITED_OF_ORDER, given)
    given = {"ids": [line.id for line, _ in chosen], "quantities": [quantity for _, quantity in chosen]}
    counted = set((await ctx.session.execute(_COUNT_CREDITED, given)).scalars())
    assert counted == {line.id for line, _ in chosen}, (
        "the invoice is locked, and its quantities were looked at"
    )


async def _lock_open_instalments(ctx: Context, original: Invoice) -> list[InvoiceInstalment]:
    statement = (
        select(InvoiceInstalment)
        .where(
            InvoiceInstalment.customer_id == original.customer_id,
            InvoiceInstalment.invoice_id.in_(select(Invoice.id).where(Invoice.id == original.id)),
            InvoiceInstalment.amount != InvoiceInstalment.amount_matched,
        )
        .order_by(InvoiceInstalment.id)
    )
    rows = await ctx.session.scalars(ctx.locked(LockKind.LINES, statement))
    return sorted(rows, key=lambda each: (each.due_on, each.position))


async def _match(ctx: Context, credit: Invoice, open_: Sequence[InvoiceInstalment]) -> None:
    """Sets the credit against the open instalments, the earliest first; the rest of it stays on account."""
    given = await ctx.session.scalar(
        select(InvoiceInstalment).where(
            InvoiceInstalment.customer_id == credit.customer_id, InvoiceInstalment.invoice_id == credit.id
        )
    )
    if given is None:
        return
    left = -given.amount
    for instalment in open_:
        amount = min(left, instalment.amount - instalment.amount_matched)
        if amount <= 0:
            continue
        ctx.session.add(
            PaymentMatch(
                id=new_id(), customer_id=credit.customer_id, credit_instalment_id=given.id,
                instalment_id=instalment.id, amount=amount, matched_on=ctx.today, matched_at=ctx.now,
                matched_by_id=ctx.user.user_id,
            )
        )  # fmt: skip
        instalment.amount_matched += amount
        given.amount_matched -= amount
        left -= amount


async def answer_invoice(
    ctx: Context, invoice_id: UUID, expected_version: int, status: BuyerInvoiceStatus, reason: str
) -> UUID:
    """What the buyer's side says of an invoice (RD 238/2026): accepted, or rejected with a reason."""
    if status == BuyerInvoiceStatus.PAID:
        text_ = "An invoice is paid by its payments; answer whether you accept it."
        raise Refusal(ErrorCode.INVALID, text_, ("status",))
    said = checked_reason(reason) if status == BuyerInvoiceStatus.REJECTED or reason.strip() else ""
    invoice = await lock_invoice(ctx, invoice_id, expected_version, InvoiceAction.ANSWER)
    invoice.buyer_status, invoice.buyer_status_on, invoice.buyer_reason = status, ctx.today, said
    invoice.version += 1
    record(
        ctx, "invoice.answered", "Invoice", invoice.id, version=invoice.version,
        customer_id=invoice.customer_id, changes={"buyerStatus": str(status)},
    )  # fmt: skip
    await ctx.session.flush()
    return invoice.id


@dataclass(frozen=True, slots=True)
class Evidence:
    """What proves that a customer's invoices may go untaxed."""

    kind: TaxEvidenceKind
    number: str
    request_identifier: str
    is_valid: bool
    verified_on: date
    valid_until: date | None
    note: str


async def record_tax_evidence(ctx: Context, customer_id: UUID, told: Evidence) -> UUID:
    """Keeps a proof for a customer; the customer's id."""
    known = await ctx.session.execute(invoiced_customers(ctx.user).where(Customer.id == customer_id))
    if known.first() is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("customerId",))
    if not told.number.strip() or len(told.number) > 64 or len(told.request_identifier) > 64:
        text_ = "A reference has 1 to {limit} characters."
        raise Refusal(ErrorCode.INVALID, text_, ("number",), limit=64)
    if told.verified_on > ctx.today:
        raise Refusal(ErrorCode.INVALID, "The date is still to come.", ("verifiedOn",))
    if told.kind == TaxEvidenceKind.VIES and not told.request_identifier.strip():
        text_ = "Give the consultation number that VIES answered with."
        raise Refusal(ErrorCode.INVALID, text_, ("requestIdentifier",))
    if len(told.note) > 500:
        raise Refusal(ErrorCode.INVALID, "This text is too long.", ("note",))
    row = TaxEvidence(
        id=new_id(), customer_id=customer_id, kind=told.kind, number=told.number.strip(),
        request_identifier=told.request_identifier.strip(), is_valid=told.is_valid,
        verified_on=told.verified_on, valid_until=told.valid_until, note=told.note.strip(),
        created_at=ctx.now, created_by_id=ctx.user.user_id,
    )  # fmt: skip
    ctx.session.add(row)
    record(
        ctx, "taxEvidence.recorded", "Customer", customer_id, version=1, customer_id=customer_id,
        changes={"kind": str(told.kind), "evidence": str(row.id)}, published=False,
    )  # fmt: skip
    await ctx.session.flush()
    return customer_id
