"""Making drafts of invoices from what there is to invoice, and throwing them away."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ARRAY, Numeric, Uuid, bindparam, select, text

from models.base import new_id
from models.invoices import Invoice, InvoiceLine, InvoiceTaxGroup
from models.invoices_reads import invoice_in_scope, invoiced_nets
from models.orders import SalesOrderLine
from resolvers.context import Context, LockKind
from resolvers.customers import SellerRow, seller
from resolvers.events import record
from resolvers.invoices import RUN, permitted_invoice_actions
from resolvers.invoices_sources import (
    OrderToInvoice,
    PeriodToInvoice,
    Piece,
    lock_heads,
    of_deliveries,
    of_order,
    of_period,
)
from resolvers.invoices_tax import TaxedPiece, TaxFacts, gather_tax_facts
from resolvers.prices import exchange_rate
from rules.documents import DocumentParty
from rules.invoice_numbers import SERIES_CODES, series_use
from rules.invoices import (
    ChargedGroup,
    ChargedLine,
    InvoiceAction,
    InvoiceFacts,
    LineAmounts,
    charge_lines,
    demand_invoice_action,
)
from rules.money import ZERO
from rules.partials import cumulative_part
from rules.quantities import plain
from rules.refusals import ErrorCode, Refusal, StaleVersion
from rules.states import InvoiceKind, InvoiceStatus, InvoiceType, InvoicingMode
from rules.tax import TaxDetermination


@dataclass(frozen=True, slots=True)
class _Draft:
    """Pieces that one invoice takes, with the tax of each."""

    pieces: tuple[Piece, ...]
    taxes: tuple[TaxDetermination, ...]


async def create_invoices(ctx: Context, asked: Sequence[UUID] | OrderToInvoice | PeriodToInvoice) -> UUID:
    """Drafts for deliveries, an order or a period, by each customer's way of being invoiced; the run's id."""
    if isinstance(asked, OrderToInvoice):
        return await _draft(ctx, await of_order(ctx, asked), by_order=True)
    if isinstance(asked, PeriodToInvoice):
        return await _draft(ctx, await of_period(ctx, asked), by_order=False)
    return await _draft(ctx, await of_deliveries(ctx, asked), by_order=False)


async def _draft(ctx: Context, pieces: Sequence[Piece], *, by_order: bool) -> UUID:
    """Prices the pieces, determines their tax, and stores a draft for each group of them."""
    if not pieces:
        raise Refusal(ErrorCode.INVALID, "There is nothing to invoice.")
    priced = _priced(pieces, await _nets_before(ctx, pieces))
    facts = await gather_tax_facts(
        ctx, (piece.order.customer_id for piece in priced), (piece.taxed_product for piece in priced)
    )
    drafts = [
        draft for group in _groups(priced, facts, by_order) for draft in _by_series(_taxed(group, facts))
    ]
    _warn(ctx, drafts, facts)
    await _take_quantities(ctx, priced)
    for order in {piece.order.id: piece.order for piece in priced}.values():
        order.version += 1
    us = await seller(ctx)
    made = [await _new_invoice(ctx, us, draft, facts) for draft in drafts]
    ctx.session.add_all([invoice for invoice, _ in made])
    await ctx.session.flush()
    ctx.session.add_all([row for _, rows in made for row in rows])
    for invoice, _ in made:
        record(
            ctx, "invoice.drafted", "Invoice", invoice.id, version=1, customer_id=invoice.customer_id,
            changes={"gross": plain(invoice.gross_amount), "currency": invoice.currency}, published=False,
        )  # fmt: skip
    return await note_run(ctx, "invoices.drafted", [invoice.id for invoice, _ in made])


async def note_run(ctx: Context, action: str, invoice_ids: Sequence[UUID]) -> UUID:
    """Remembers in the audit trail which invoices an act was about, so that a retry answers with the same."""
    run_id = new_id()
    record(
        ctx, action, RUN, run_id, version=1, customer_id=None,
        changes={"invoices": [str(each) for each in invoice_ids]}, published=False,
    )  # fmt: skip
    await ctx.session.flush()
    return run_id


async def _nets_before(ctx: Context, pieces: Sequence[Piece]) -> dict[UUID, Decimal]:
    ids = sorted({piece.line.id for piece in pieces})
    rows = await ctx.session.execute(invoiced_nets(ctx.user).where(InvoiceLine.order_line_id.in_(ids)))
    return {row[0]: row[1] for row in rows}


def _priced(pieces: Sequence[Piece], before: dict[UUID, Decimal]) -> list[Piece]:
    """The pieces' nets by cumulative rounding: all pieces of a line together make its net (rule book 0, 2)."""
    done = {
        piece.line.id: (piece.line.quantity_invoiced, before.get(piece.line.id, ZERO)) for piece in pieces
    }
    priced = []
    for piece in pieces:
        line = piece.line
        quantity, net = done[line.id]
        part = cumulative_part(
            line.net_amount, quantity + piece.quantity, line.quantity_ordered, net, line.currency_exponent
        )
        done[line.id] = (quantity + piece.quantity, net + part)
        priced.append(replace(piece, net=part))
    return priced


def _groups(pieces: Sequence[Piece], facts: TaxFacts, by_order: bool) -> list[list[Piece]]:
    """The pieces by invoice: never two customers, currencies, billing addresses or payment terms on one."""
    groups: dict[tuple[object, ...], list[Piece]] = {}
    for piece in pieces:
        order = piece.order
        mode = facts.customers[order.customer_id].invoicing_mode
        apart: UUID | None = order.id
        if not by_order and mode == InvoicingMode.PERIODIC:
            apart = None
        elif not by_order and mode == InvoicingMode.PER_DELIVERY and piece.delivery_id is not None:
            apart = piece.delivery_id
        key = (
            order.customer_id,
            apart,
            order.currency,
            str(sorted(order.billing_address.items())),
            str(order.payment_terms),
        )
        groups.setdefault(key, []).append(piece)
    return list(groups.values())


def _taxed(pieces: Sequence[Piece], facts: TaxFacts) -> _Draft:
    return _Draft(tuple(pieces), tuple(facts.determine([_taxed_piece(piece) for piece in pieces])))


def _taxed_piece(piece: Piece) -> TaxedPiece:
    order, line = piece.order, piece.line
    return TaxedPiece(
        order.customer_id,
        piece.taxed_product,
        order.delivery_address,
        order.billing_address,
        piece.supplied_on,
        piece.net,
        (line.tax_category, line.tax_percent),
    )


def _by_series(draft: _Draft) -> list[_Draft]:
    """Domestic reverse charge has a series, and so an invoice, of its own (RD 1619/2012 art. 6.1.a)."""
    parts = []
    for own in (False, True):
        chosen = [
            (piece, tax)
            for piece, tax in zip(draft.pieces, draft.taxes, strict=True)
            if tax.needs_own_series is own
        ]
        if chosen:
            parts.append(_Draft(tuple(p for p, _ in chosen), tuple(t for _, t in chosen)))
    return parts


def _warn(ctx: Context, drafts: Sequence[_Draft], facts: TaxFacts) -> None:
    """What will hinder the issue, and what an operator should know; each said once."""
    said: set[object] = set()
    for draft in drafts:
        for tax in draft.taxes:
            for remarks, code in (
                (tax.missing, ErrorCode.EVIDENCE_REQUIRED),
                (tax.warnings, ErrorCode.INVALID),
            ):
                for remark in remarks:
                    if (remark.text, str(remark.data)) not in said:
                        said.add((remark.text, str(remark.data)))
                        ctx.warn(code, remark.text, remark.path, **remark.data)
    for customer in {draft.pieces[0].order.customer_id for draft in drafts}:
        row = facts.customers[customer]
        if not row.tax_id:
            text_ = "Customer {number} has no tax id; the invoice will not say one."
            ctx.warn(ErrorCode.INVALID, text_, ("customer", "taxId"), number=row.number)


async def _take_quantities(ctx: Context, pieces: Sequence[Piece]) -> None:
    """
    Counts the pieces as invoiced of their order and delivery lines.

    Conditional updates: what is not there any more is refused, whoever was faster.
    """
    lines = {piece.line.id: piece.line.sku for piece in pieces}
    deliveries = {
        piece.delivered.delivery_line_id: piece.line.sku for piece in pieces if piece.delivered is not None
    }
    lost = await count_invoiced(
        ctx,
        [(piece.line.id, piece.quantity) for piece in pieces],
        [
            (piece.delivered.delivery_line_id, piece.quantity)
            for piece in pieces
            if piece.delivered is not None
        ],
    )
    if lost:
        text_ = "Of {sku}, more would be invoiced than was delivered."
        sku = (lines | deliveries)[min(lost)]
        raise Refusal(ErrorCode.QUANTITY_INVALID, text_, sku=sku)


async def count_invoiced(
    ctx: Context,
    order_lines: Sequence[tuple[UUID, Decimal]],
    delivery_lines: Sequence[tuple[UUID, Decimal]],
) -> set[UUID]:
    """Adds to (or takes from) what is invoiced of lines; the lines that had not so much are named."""
    ctx.locking(LockKind.LINES)
    lost: set[UUID] = set()
    for statement, changes in ((_COUNT_ORDER_LINES, order_lines), (_COUNT_DELIVERY_LINES, delivery_lines)):
        summed: dict[UUID, Decimal] = {}
        for key, quantity in changes:
            summed[key] = summed.get(key, ZERO) + quantity
        if summed:
            given = {"ids": list(summed), "quantities": list(summed.values())}
            lost |= summed.keys() - set((await ctx.session.execute(statement, given)).scalars())
    return lost


_COUNT_ORDER_LINES = text(
    """
    update sales_order_line as line set quantity_invoiced = line.quantity_invoiced + piece.quantity
    from unnest(:ids, :quantities) as piece(id, quantity)
    where line.id = piece.id and line.quantity_invoiced + piece.quantity >= 0
        and line.quantity_invoiced + piece.quantity <= line.quantity_ordered - line.quantity_cancelled
    returning line.id
    """
).bindparams(bindparam("ids", type_=ARRAY(Uuid)), bindparam("quantities", type_=ARRAY(Numeric)))
_COUNT_DELIVERY_LINES = text(
    """
    update delivery_line as line set quantity_invoiced = line.quantity_invoiced + piece.quantity
    from unnest(:ids, :quantities) as piece(id, quantity)
    where line.id = piece.id and line.quantity_invoiced + piece.quantity >= 0
        and (piece.quantity < 0 or line.quantity_invoiced + piece.quantity <= line.quantity - line.quantity_returned)
    returning line.id
    """
).bindparams(bindparam("ids", type_=ARRAY(Uuid)), bindparam("quantities", type_=ARRAY(Numeric)))


async def _new_invoice(
    ctx: Context, us: SellerRow, draft: _Draft, facts: TaxFacts
) -> tuple[Invoice, list[InvoiceLine | InvoiceTaxGroup]]:
    """A draft's rows: the head, and its lines and tax groups."""
    first = draft.pieces[0].order
    customer = facts.customers[first.customer_id]
    rate = await exchange_rate(ctx, first.currency)
    if rate is None:
        text_ = "There is no exchange rate for {currency}."
        raise Refusal(ErrorCode.INVALID, text_, currency=first.currency)
    exponent = first.currency_exponent
    charges = charge_lines(
        [
            ChargedLine(piece.net, tax, (piece.line.sku, index))
            for index, (piece, tax) in enumerate(zip(draft.pieces, draft.taxes, strict=True))
        ],
        exponent,
    )
    use = series_use(is_rectifying=False, needs_own_series=draft.taxes[0].needs_own_series)
    numbers = {piece.order.purchase_order_number for piece in draft.pieces}
    invoice = Invoice(
        id=new_id(), seller_id=us.id, customer_id=first.customer_id, kind=InvoiceKind.INVOICE,
        type=InvoiceType.F1, status=InvoiceStatus.DRAFT, version=1, series_code=SERIES_CODES[use],
        created_at=ctx.now, created_by_id=ctx.user.user_id,
        supplied_from=min(piece.supplied_on for piece in draft.pieces),
        supplied_on=max(piece.supplied_on for piece in draft.pieces),
        locale=customer.locale, currency=first.currency, currency_exponent=exponent,
        exchange_rate=rate.rate, exchange_rate_on=rate.valid_from, seller_party=party_of(us).to_json(),
        customer_number=customer.number, customer_name=customer.name, customer_tax_id=customer.tax_id,
        billing_address=first.billing_address, delivery_address=first.delivery_address,
        payment_terms=first.payment_terms,
        purchase_order_number=numbers.pop() if len(numbers) == 1 else "",
        net_amount=charges.net, tax_amount=charges.tax, surcharge_amount=charges.surcharge,
        gross_amount=charges.gross,
    )  # fmt: skip
    rows: list[InvoiceLine | InvoiceTaxGroup] = [
        _line_row(invoice, position, piece, tax, amounts)
        for position, (piece, tax, amounts) in enumerate(
            zip(draft.pieces, draft.taxes, charges.lines, strict=True), start=1
        )
    ]
    return invoice, [*rows, *(group_row(invoice, group) for group in charges.groups)]


def party_of(us: SellerRow) -> DocumentParty:
    """The seller as its invoices print it."""
    return DocumentParty(
        us.name,
        us.tax_id.removeprefix(us.country),
        us.street,
        us.postal_code,
        us.city,
        us.country,
        us.email,
        us.phone,
        us.bank_account,
    )


def _line_row(
    invoice: Invoice, position: int, piece: Piece, tax: TaxDetermination, amounts: LineAmounts
) -> InvoiceLine:
    line, delivered = piece.line, piece.delivered
    return InvoiceLine(
        id=new_id(), invoice_id=invoice.id, customer_id=invoice.customer_id, position=position, kind=line.kind,
        order_line_id=line.id, delivery_line_id=None if delivered is None else delivered.delivery_line_id,
        product_id=line.product_id, order_number=piece.order.number,
        delivery_number="" if delivered is None else delivered.delivery_number, sku=line.sku,
        customer_item_number=line.customer_item_number, description=line.description, unit_code=line.unit_code,
        quantity=piece.quantity, list_unit_price=line.list_unit_price, price_unit=line.price_unit,
        discount_percent=line.discount_percent, unit_price=line.unit_price,
        currency_exponent=invoice.currency_exponent, tax_category=tax.category, tax_percent=tax.percent,
        surcharge_percent=tax.surcharge_percent, exemption_code=tax.reason_code, net_amount=amounts.net,
        tax_amount=amounts.tax, surcharge_amount=amounts.surcharge, gross_amount=amounts.gross,
    )  # fmt: skip


def group_row(invoice: Invoice, group: ChargedGroup) -> InvoiceTaxGroup:
    """A row of the invoice's tax table."""
    return InvoiceTaxGroup(
        id=new_id(), invoice_id=invoice.id, customer_id=invoice.customer_id, category=group.category,
        percent=group.percent, surcharge_percent=group.surcharge_percent, exemption_code=group.exemption_code,
        qualification=group.qualification, exemption_reason=group.reason, base_amount=group.base,
        tax_amount=group.tax, surcharge_amount=group.surcharge,
    )  # fmt: skip


async def lines_of(ctx: Context, invoice_ids: Sequence[UUID]) -> list[InvoiceLine]:
    """The lines of invoices that the viewer was shown, by position."""
    visible = select(Invoice.id).where(Invoice.id.in_(invoice_ids), invoice_in_scope(ctx.user))
    rows = await ctx.session.scalars(
        select(InvoiceLine)
        .where(InvoiceLine.invoice_id.in_(visible))
        .order_by(InvoiceLine.invoice_id, InvoiceLine.position)
    )
    return list(rows)


async def orders_of_lines(ctx: Context, lines: Sequence[InvoiceLine]) -> set[UUID]:
    """The orders that invoice lines come from."""
    ids = sorted({line.order_line_id for line in lines if line.order_line_id is not None})
    rows = await ctx.session.scalars(select(SalesOrderLine.order_id).where(SalesOrderLine.id.in_(ids)))
    return set(rows)


async def lock_invoice(
    ctx: Context, invoice_id: UUID, expected_version: int, action: InvoiceAction
) -> Invoice:
    """
    The invoice, locked, where the viewer may see it and may do this; whether its lines allow a credit is asked later.

    Raises, in this order: NOT_FOUND, NOT_PERMITTED, StaleVersion, InvalidTransition.
    """
    statement = select(Invoice).where(Invoice.id == invoice_id, invoice_in_scope(ctx.user))
    invoice: Invoice | None = await ctx.session.scalar(ctx.locked(LockKind.DOCUMENT, statement))
    if invoice is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("invoiceId",))
    if action not in permitted_invoice_actions(ctx.user, invoice.customer_id):
        raise Refusal(ErrorCode.NOT_PERMITTED, "You may not do this with this invoice.", ("invoiceId",))
    if invoice.version != expected_version:
        raise StaleVersion(invoice.version)
    facts = InvoiceFacts(InvoiceStatus(invoice.status), InvoiceKind(invoice.kind), True, invoice.buyer_status)
    demand_invoice_action(facts, action)
    return invoice


async def discard_invoice(ctx: Context, invoice_id: UUID, expected_version: int) -> UUID:
    """Throws a draft away; what it took of its orders and deliveries may be invoiced again."""
    lines = await lines_of(ctx, [invoice_id])
    for order in await lock_heads(ctx, await orders_of_lines(ctx, lines)):
        order.version += 1
    invoice = await lock_invoice(ctx, invoice_id, expected_version, InvoiceAction.DISCARD)
    lost = await count_invoiced(
        ctx,
        [(line.order_line_id, -line.quantity) for line in lines if line.order_line_id is not None],
        [(line.delivery_line_id, -line.quantity) for line in lines if line.delivery_line_id is not None],
    )
    assert not lost, "a draft has taken what it says"
    invoice.status = InvoiceStatus.DISCARDED
    invoice.version += 1
    record(
        ctx, "invoice.discarded", "Invoice", invoice.id, version=invoice.version,
        customer_id=invoice.customer_id, published=False,
    )  # fmt: skip
    await ctx.session.flush()
    return invoice.id
