"""
Issuing invoices: number, hash and chain together, by one issuer per legal entity, in one short transaction.

All that can be refused is looked at before the chain is locked; what follows is writing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from models.base import new_id
from models.deliveries import DeliveryLine
from models.invoices import (
    Invoice,
    InvoiceChain,
    InvoiceInstalment,
    InvoiceLine,
    InvoiceRecord,
    InvoiceSeries,
)
from models.invoices_reads import DeliveredRow, delivered_lines, drafted_lines, invoice_in_scope
from resolvers.context import Context, LockKind
from resolvers.customers import SellerRow, exponents_by_currency, seller
from resolvers.events import Happening, record, record_all
from resolvers.invoices import permitted_invoice_actions
from resolvers.invoices_drafts import lines_of, note_run, orders_of_lines
from resolvers.invoices_sources import LockedOrders, lock_heads, lock_lines
from resolvers.invoices_tax import TaxedPiece, TaxFacts, gather_tax_facts
from resolvers.journal import Posted, post_all
from resolvers.orders_acts import close_if_done
from resolvers.prices import exchange_rate
from resolvers.sales_agreements_booking import lock_commitments, rebook_consumption
from rules.documents import DocumentParty, DocumentPaymentTerms
from rules.instalments import days_over_legal_maximum, split_instalments
from rules.invoice_numbers import (
    SERIES_CODES,
    SERIES_DIGITS,
    SeriesState,
    SeriesUse,
    demand_open_period,
    take_number,
)
from rules.invoices import InvoiceAction, InvoiceFacts, demand_invoice_action
from rules.journal import in_base, post_credit, post_invoice
from rules.money import ZERO
from rules.quantities import plain
from rules.refusals import ErrorCode, Refusal, Refusals, refuse_all
from rules.states import (
    InvoiceKind,
    InvoiceRecordKind,
    InvoiceStatus,
    JournalSource,
    OrderStatus,
)
from rules.tax import demand_evidence
from rules.verifactu import ChainedRecord, RecordKind, chain_record, hash_text
from rules.verifactu import InvoiceRecord as LegalRecord

INVOICES_MAX = 200


@dataclass(slots=True)
class _Batch:
    """The drafts that were asked for, and why some of them cannot be issued; by their place in the input."""

    asked: Sequence[UUID]
    invoices: Mapping[UUID, Invoice]
    refusals: dict[int, list[Refusal]]

    def refuse(self, index: int, refusals: Sequence[Refusal]) -> None:
        self.refusals.setdefault(index, []).extend(refusals)

    @property
    def sound(self) -> list[tuple[int, Invoice]]:
        """Those that nothing speaks against, in the order asked."""
        return [
            (index, self.invoices[key])
            for index, key in enumerate(self.asked)
            if index not in self.refusals and key in self.invoices
        ]


async def issue_invoices(ctx: Context, invoice_ids: Sequence[UUID], issued_on: date | None) -> UUID:
    """
    Issues drafts; each is independent of the others: one that cannot be is told in a warning, the rest issue.

    Args:
        issued_on: the date of the invoices; today where nothing is said.
    Returns:
        The run's id.
    Raises:
        Refusal, Refusals: none of them can be issued.
    """
    day = issued_on or ctx.today
    if not 1 <= len(invoice_ids) <= INVOICES_MAX or len(set(invoice_ids)) != len(invoice_ids):
        text = "Choose 1 to {limit} invoices, each once."
        raise Refusal(ErrorCode.LIMIT_EXCEEDED, text, ("invoiceIds",), limit=INVOICES_MAX)
    us = await seller(ctx)
    demand_open_period(day, us.books_closed_until)
    lines = await lines_of(ctx, invoice_ids)
    orders = await lock_heads(ctx, await orders_of_lines(ctx, lines))
    batch = await _lock_drafts(ctx, invoice_ids)
    locked = await lock_lines(ctx, orders)
    await _check_tax(ctx, batch, lines, locked)
    linked = [line.commitment_id for _, own in locked.values() for line in own]
    is_linked = await lock_commitments(ctx, linked)
    if batch.sound:
        await _number(ctx, us, batch, day)
    issued = batch.sound
    if not issued:
        refuse_all([each for index in sorted(batch.refusals) for each in batch.refusals[index]])
    for index in sorted(batch.refusals):
        for each in batch.refusals[index]:
            ctx.warn(each.code, each.text, each.path, **each.data)
    await settle(ctx, [invoice for _, invoice in issued])
    _warn_of_terms(ctx, issued)
    await _close_orders(ctx, locked)
    if is_linked:
        await rebook_consumption(ctx, list(locked), "invoice.issued")
    return await note_run(ctx, "invoices.issued", invoice_ids)


async def _lock_drafts(ctx: Context, invoice_ids: Sequence[UUID]) -> _Batch:
    statement = select(Invoice).where(Invoice.id.in_(invoice_ids), invoice_in_scope(ctx.user))
    rows = await ctx.session.scalars(ctx.locked(LockKind.DOCUMENT, statement.order_by(Invoice.id)))
    batch = _Batch(invoice_ids, {row.id: row for row in rows}, {})
    for index, key in enumerate(invoice_ids):
        invoice = batch.invoices.get(key)
        path = ("invoiceIds", index)
        if invoice is None:
            batch.refuse(index, [Refusal(ErrorCode.NOT_FOUND, "Not found.", path)])
            continue
        if InvoiceAction.ISSUE not in permitted_invoice_actions(ctx.user, invoice.customer_id):
            text = "You may not do this with this invoice."
            batch.refuse(index, [Refusal(ErrorCode.NOT_PERMITTED, text, path)])
            continue
        facts = InvoiceFacts(
            InvoiceStatus(invoice.status), InvoiceKind(invoice.kind), False, invoice.buyer_status
        )
        try:
            demand_invoice_action(facts, InvoiceAction.ISSUE)
        except Refusal as refusal:
            batch.refuse(index, [_at(refusal, index)])
    return batch


def _at(refusal: Refusal, index: int) -> Refusal:
    """The refusal with the place of its invoice in the input before its own path."""
    return Refusal(refusal.code, refusal.text, ("invoiceIds", index, *refusal.path), **refusal.data)


async def _check_tax(ctx: Context, batch: _Batch, lines: Sequence[InvoiceLine], orders: LockedOrders) -> None:
    """Determines the tax anew: evidence may have come or gone since the draft, and no wrong tax is issued."""
    facts = await gather_tax_facts(
        ctx,
        (invoice.customer_id for invoice in batch.invoices.values()),
        (line.product_id for line in lines),
    )
    supplied = await _days_of_supply(ctx, lines)
    by_line = {line.id: order for order, own in orders.values() for line in own}
    for index, invoice in batch.sound:
        mine = [line for line in lines if line.invoice_id == invoice.id]
        pieces = [
            TaxedPiece(
                line.customer_id,
                line.product_id,
                by_line[line.order_line_id].delivery_address
                if line.order_line_id
                else invoice.delivery_address,
                invoice.billing_address,
                supplied.get(line.delivery_line_id, invoice.supplied_on)
                if line.delivery_line_id
                else invoice.supplied_on,
                line.net_amount,
                (line.tax_category, line.tax_percent),
            )
            for line in mine
        ]
        try:
            _demand_same_tax(facts, pieces, mine)
        except Refusal as refusal:
            batch.refuse(index, [_at(refusal, index)])
        except Refusals as several:
            batch.refuse(index, [_at(each, index) for each in several.refusals])


def _demand_same_tax(facts: TaxFacts, pieces: Sequence[TaxedPiece], lines: Sequence[InvoiceLine]) -> None:
    found = facts.determine(pieces)
    demand_evidence(found)
    for line, tax in zip(lines, found, strict=True):
        drafted = (line.tax_category, line.tax_percent, line.surcharge_percent, line.exemption_code)
        if drafted != (tax.category, tax.percent, tax.surcharge_percent, tax.reason_code):
            text = (
                "The tax of {sku} is not what the draft says any more; discard the draft and make it again."
            )
            raise Refusal(ErrorCode.INVALID, text, sku=line.sku)


async def _days_of_supply(ctx: Context, lines: Sequence[InvoiceLine]) -> dict[UUID, date]:
    """The day each delivery line left."""
    ids = [line.delivery_line_id for line in lines if line.delivery_line_id is not None]
    if not ids:
        return {}
    rows = await ctx.session.execute(delivered_lines(ctx.user).where(DeliveryLine.id.in_(ids)))
    found = [DeliveredRow(*row) for row in rows]
    return {
        row.delivery_line_id: row.shipped_at.astimezone(ctx.zone).date()
        for row in found
        if row.shipped_at is not None
    }


async def _number(ctx: Context, us: SellerRow, batch: _Batch, day: date) -> None:
    """Takes the chain, numbers what is sound, and seals it."""
    rates = {
        currency: await exchange_rate(ctx, currency)
        for currency in sorted({invoice.currency for _, invoice in batch.sound})
    }
    chain = await lock_chain(ctx, us)
    series = await lock_series(ctx, us, {invoice.series_code for _, invoice in batch.sound}, day.year)
    for index, invoice in batch.sound:
        try:
            chain.give_number(ctx, invoice, series[invoice.series_code], day)
        except Refusal as refusal:
            batch.refuse(index, [refusal])
            continue
        rate = rates[invoice.currency]
        assert rate is not None, "a draft has a rate, and rates do not go"
        invoice.exchange_rate, invoice.exchange_rate_on = rate.rate, rate.valid_from
        chain.seal(ctx, us, invoice)
    await ctx.session.flush()


class Chain:
    """The locked head of a legal entity's chain while invoices are issued."""

    def __init__(self, head: InvoiceChain) -> None:
        self.head = head

    def give_number(self, ctx: Context, invoice: Invoice, series: InvoiceSeries, day: date) -> None:
        """
        The next number of the series, and the day; refuses a day that the series has passed.
        """
        state = SeriesState(
            series.code, series.year, series.digits, series.next_number - 1, series.last_issued_on
        )
        number, after = take_number(state, day, ctx.today)
        series.next_number, series.last_issued_on = after.last_number + 1, after.last_issued_on
        invoice.number, invoice.issued_on, invoice.issued_at = number, day, ctx.now
        invoice.issued_by_id, invoice.status = ctx.user.user_id, InvoiceStatus.ISSUED
        invoice.version += 1

    def seal(self, ctx: Context, us: SellerRow, invoice: Invoice) -> None:
        """Writes the invoice's legal record and moves the head to it."""
        assert invoice.number is not None and invoice.issued_on is not None
        moment = ctx.now.astimezone(ctx.zone).replace(microsecond=0)
        legal = LegalRecord(
            RecordKind.ALTA,
            DocumentParty.from_json(invoice.seller_party).tax_id,
            invoice.number,
            invoice.issued_on,
            moment,
            invoice.type,
            in_base(invoice.tax_amount + invoice.surcharge_amount, invoice.exchange_rate),
            in_base(invoice.gross_amount, invoice.exchange_rate),
        )
        head = self.head
        last = ChainedRecord(head.last_position, legal, "", head.last_hash) if head.last_position else None
        sealed = chain_record(legal, last)
        ctx.session.add(
            InvoiceRecord(
                seller_id=us.id,
                customer_id=invoice.customer_id,
                invoice_id=invoice.id,
                kind=InvoiceRecordKind.ALTA,
                position=sealed.position,
                previous_hash=sealed.previous_hash,
                hash=sealed.hash,
                hashed_text=hash_text(legal, sealed.previous_hash),
                recorded_at=moment,
            )
        )
        head.last_position, head.last_hash = sealed.position, sealed.hash


async def lock_chain(ctx: Context, us: SellerRow) -> Chain:
    """The issuer's lock; the head of the chain is made on first use."""
    ctx.locking(LockKind.CHAIN)
    await ctx.session.execute(insert(InvoiceChain).values(seller_id=us.id).on_conflict_do_nothing())
    statement = select(InvoiceChain).where(InvoiceChain.seller_id == us.id)
    head = await ctx.session.scalar(ctx.locked(LockKind.CHAIN, statement))
    return Chain(head)


async def lock_series(ctx: Context, us: SellerRow, codes: set[str], year: int) -> dict[str, InvoiceSeries]:
    """The counters of series in a year, made on first use; under the chain's lock."""
    table = InvoiceSeries
    rectifying = SERIES_CODES[SeriesUse.RECTIFYING]
    kinds = {code: InvoiceKind.RECTIFYING if code == rectifying else InvoiceKind.INVOICE for code in codes}
    await ctx.session.execute(
        insert(table)
        .values(
            [
                {"seller_id": us.id, "code": code, "year": year, "kind": kinds[code], "digits": SERIES_DIGITS}
                for code in sorted(codes)
            ]
        )
        .on_conflict_do_nothing()
    )
    statement = (
        select(table)
        .where(table.seller_id == us.id, table.code.in_(sorted(codes)), table.year == year)
        .order_by(table.code)
    )
    rows = await ctx.session.scalars(ctx.locked(LockKind.CHAIN, statement))
    return {row.code: row for row in rows}


async def settle(ctx: Context, invoices: Sequence[Invoice]) -> None:
    """What follows an issue in the same transaction: instalments, postings, audit trail and events."""
    us = await seller(ctx)
    exponent: int = await ctx.load(exponents_by_currency, us.currency)
    entries: list[Posted] = []
    told: list[Happening] = []
    for invoice in invoices:
        assert invoice.issued_on is not None and invoice.number is not None
        ctx.session.add_all(instalments_of(invoice))
        amounts = (invoice.net_amount, invoice.tax_amount, invoice.surcharge_amount)
        if invoice.kind == InvoiceKind.RECTIFYING:
            turned = (-amounts[0], -amounts[1], -amounts[2])
            posting = post_credit(*turned, invoice.exchange_rate, exponent)
            document = post_credit(*turned, Decimal(1), invoice.currency_exponent)
        else:
            posting = post_invoice(*amounts, invoice.exchange_rate, exponent)
            document = post_invoice(*amounts, Decimal(1), invoice.currency_exponent)
        entries.append(
            Posted(
                JournalSource.INVOICE,
                invoice.id,
                invoice.customer_id,
                invoice.issued_on,
                invoice.number,
                posting.lines,
                invoice.currency,
                None if invoice.currency == us.currency else document.lines,
            )
        )
        told.append(
            Happening(
                "invoice.issued", "Invoice", invoice.id, invoice.version, invoice.customer_id, invoice.reason,
                {"number": invoice.number, "gross": plain(invoice.gross_amount), "currency": invoice.currency},
            )
        )  # fmt: skip
        ctx.kept[("issued", invoice.id)] = True
    await post_all(ctx, entries)
    await record_all(ctx, told)


def instalments_of(invoice: Invoice) -> list[InvoiceInstalment]:
    """What is due when: by the terms the invoice copied; a credit is due at once, as one."""
    assert invoice.issued_on is not None
    if not invoice.gross_amount:
        return []
    if invoice.kind == InvoiceKind.RECTIFYING:
        parts = [(1, invoice.issued_on, invoice.gross_amount)]
    else:
        terms = DocumentPaymentTerms.from_json(invoice.payment_terms)
        due = split_instalments(invoice.gross_amount, terms, invoice.issued_on, invoice.currency_exponent)
        parts = [(each.position, each.due_on, each.amount) for each in due if each.amount]
    return [
        InvoiceInstalment(
            id=new_id(),
            invoice_id=invoice.id,
            customer_id=invoice.customer_id,
            position=position,
            due_on=due_on,
            amount=amount,
            amount_matched=ZERO,
        )
        for position, due_on, amount in parts
    ]


def _warn_of_terms(ctx: Context, issued: Sequence[tuple[int, Invoice]]) -> None:
    """Ley 3/2004: more than 60 days from the receipt of the goods is told, not refused (rule book 0.2, 41)."""
    for index, invoice in issued:
        assert invoice.issued_on is not None
        terms = DocumentPaymentTerms.from_json(invoice.payment_terms)
        due = split_instalments(invoice.gross_amount, terms, invoice.issued_on, invoice.currency_exponent)
        over = days_over_legal_maximum(due, invoice.supplied_on, has_fresh_food=False)
        if over:
            text = "The payment terms of {number} pass the legal maximum by {days} days."
            path = ("invoiceIds", index)
            ctx.warn(ErrorCode.INVALID, text, path, number=invoice.number, days=over)


async def _close_orders(ctx: Context, orders: LockedOrders) -> None:
    """Closes the orders of which nothing is left; what a draft took is not invoiced yet."""
    drafted = set(
        await ctx.session.scalars(
            drafted_lines(ctx.user).where(
                InvoiceLine.order_line_id.in_([line.id for _, own in orders.values() for line in own])
            )
        )
    )
    for order, lines in orders.values():
        if order.status not in (OrderStatus.PLACED, OrderStatus.CONFIRMED):
            continue
        if not await close_if_done(ctx, order, lines, drafted):
            continue
        order.version += 1
        record(
            ctx, "order.closed", "Order", order.id, version=order.version, customer_id=order.customer_id,
            changes={"status": str(order.status)},
        )  # fmt: skip
