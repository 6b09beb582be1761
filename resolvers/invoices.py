"""Invoices: reading them, and what may be done with them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from auth.permissions import Permission, Viewer
from models.deliveries import DeliveryLine
from models.events import AuditEvent
from models.filters import Where, conditions
from models.invoices import (
    Invoice,
    InvoiceChain,
    InvoiceInstalment,
    InvoiceLine,
    InvoiceRecord,
    InvoiceRectification,
    InvoiceTaxGroup,
)
from models.invoices_reads import (
    InstalmentRow,
    InvoiceLineRow,
    InvoiceRow,
    RecordRow,
    TaxGroupRow,
    chain_of,
    invoice_columns,
    invoice_matches,
    visible_instalments,
    visible_invoice_lines,
    visible_invoices,
    visible_records,
    visible_rectifications,
    visible_tax_groups,
)
from models.orders import SalesOrderLine
from models.rows import by_key, grouped
from resolvers.context import Context, LockedSession
from resolvers.customers import seller
from resolvers.paging import Page, PageArgs, SortKey, page
from rules.documents import DocumentParty
from rules.invoices import InvoiceAction, InvoiceFacts, allowed_invoice_actions, payment_state
from rules.journal import in_base
from rules.money import ZERO
from rules.refusals import ErrorCode, Refusal
from rules.states import InvoiceRecordKind, InvoiceStatus, PaymentState
from rules.verifactu import (
    ChainBreak,
    ChainedRecord,
    ChainFault,
    RecordKind,
    hash_text,
    recorded_moment,
    verify_chain,
)
from rules.verifactu import InvoiceRecord as LegalRecord

SEARCH_MAX = 200
BY_NUMBER = func.coalesce(Invoice.number, "")
RUN = "InvoiceRun"  # entity of an act on several invoices: its audit row remembers which


async def invoices(
    ctx: Context, where: Where | None, search: str | None, sort: Sequence[SortKey], args: PageArgs
) -> Page[InvoiceRow]:
    """The invoices the viewer may see."""
    statement = visible_invoices(ctx.user).where(conditions(where, invoice_columns(ctx.today)))
    if search and search.strip():
        if len(search) > SEARCH_MAX:
            text = "A search has {limit} characters at most."
            raise Refusal(ErrorCode.LIMIT_EXCEEDED, text, ("search",), limit=SEARCH_MAX)
        statement = statement.where(invoice_matches(search))
    return await page(ctx, statement, sort, args, InvoiceRow)


async def invoices_of_customer(
    ctx: Context, customer_id: UUID, sort: Sequence[SortKey], args: PageArgs
) -> Page[InvoiceRow]:
    return await page(
        ctx, visible_invoices(ctx.user).where(Invoice.customer_id == customer_id), sort, args, InvoiceRow
    )


async def invoices_by_id(ctx: Context, keys: Sequence[UUID]) -> list[InvoiceRow | None]:
    rows = await ctx.session.execute(visible_invoices(ctx.user).where(Invoice.id.in_(keys)))
    return by_key(keys, (InvoiceRow(*each) for each in rows))


async def invoice_by_number(ctx: Context, number: str) -> InvoiceRow | None:
    found = (await ctx.session.execute(visible_invoices(ctx.user).where(Invoice.number == number))).first()
    return None if found is None else InvoiceRow(*found)


async def invoices_by_order(ctx: Context, keys: Sequence[UUID]) -> list[list[InvoiceRow]]:
    """The visible invoices and credits of each order, oldest first."""
    return await _by_document(ctx, keys, "order")


async def invoices_by_delivery(ctx: Context, keys: Sequence[UUID]) -> list[list[InvoiceRow]]:
    return await _by_document(ctx, keys, "delivery")


async def _by_document(ctx: Context, keys: Sequence[UUID], kind: str) -> list[list[InvoiceRow]]:
    if kind == "order":
        parent, own, link = SalesOrderLine.order_id, SalesOrderLine.id, InvoiceLine.order_line_id
    else:
        parent, own, link = DeliveryLine.delivery_id, DeliveryLine.id, InvoiceLine.delivery_line_id
    pairs = (
        select(parent.label("key"), InvoiceLine.invoice_id)
        .join(InvoiceLine, link == own)
        .where(parent.in_(keys))
        .distinct()
        .subquery()
    )
    rows = await ctx.session.execute(
        visible_invoices(ctx.user)
        .join(pairs, pairs.c.invoice_id == Invoice.id)
        .add_columns(pairs.c.key)
        .where(Invoice.status != InvoiceStatus.DISCARDED)
        .order_by(Invoice.id)
    )
    found: dict[UUID, list[InvoiceRow]] = {key: [] for key in keys}
    for *row, key in rows:
        found[key].append(InvoiceRow(*row))
    return [found[key] for key in keys]


async def lines_by_invoice(ctx: Context, keys: Sequence[UUID]) -> list[list[InvoiceLineRow]]:
    rows = await ctx.session.execute(visible_invoice_lines(ctx.user).where(InvoiceLine.invoice_id.in_(keys)))
    return grouped(keys, (InvoiceLineRow(*each) for each in rows), "invoice_id")


async def tax_groups_by_invoice(ctx: Context, keys: Sequence[UUID]) -> list[list[TaxGroupRow]]:
    rows = await ctx.session.execute(visible_tax_groups(ctx.user).where(InvoiceTaxGroup.invoice_id.in_(keys)))
    return grouped(keys, (TaxGroupRow(*each) for each in rows), "invoice_id")


async def instalments_by_invoice(ctx: Context, keys: Sequence[UUID]) -> list[list[InstalmentRow]]:
    rows = await ctx.session.execute(
        visible_instalments(ctx.user).where(InvoiceInstalment.invoice_id.in_(keys))
    )
    return grouped(keys, (InstalmentRow(*each) for each in rows), "invoice_id")


async def records_by_invoice(ctx: Context, keys: Sequence[UUID]) -> list[RecordRow | None]:
    rows = await ctx.session.execute(visible_records(ctx.user).where(InvoiceRecord.invoice_id.in_(keys)))
    return by_key(keys, (RecordRow(*each) for each in rows), "invoice_id")


async def rectifications(ctx: Context, keys: Sequence[UUID]) -> list[list[InvoiceRow]]:
    """The invoices that correct each invoice, or that it corrects: one is the other's mirror."""
    table = InvoiceRectification
    pairs = [
        (row[0], row[1])
        for row in await ctx.session.execute(
            visible_rectifications(ctx.user).where(
                or_(table.rectifying_id.in_(keys), table.rectified_id.in_(keys))
            )
        )
    ]
    others = sorted({each for pair in pairs for each in pair})
    rows = await ctx.loader(invoices_by_id).load_many(others)
    by_id = {row.id: row for row in rows if row is not None}
    found: dict[UUID, list[InvoiceRow]] = {key: [] for key in keys}
    for one, other in pairs:
        for key, related in ((one, other), (other, one)):
            if key in found and related in by_id:
                found[key].append(by_id[related])
    return [found[key] for key in keys]


def state_of(row: InvoiceRow, instalments: Sequence[InstalmentRow]) -> PaymentState | None:
    """How far it is paid; None for a draft."""
    if row.status != InvoiceStatus.ISSUED:
        return None
    return payment_state(
        sum((each.amount for each in instalments), ZERO),
        sum((each.amount_matched for each in instalments), ZERO),
    )


PERMITTED: Mapping[Permission, frozenset[InvoiceAction]] = {
    Permission.INVOICES_MANAGE: frozenset(
        {InvoiceAction.ISSUE, InvoiceAction.DISCARD, InvoiceAction.RECTIFY}
    ),
    Permission.APPROVALS_DECIDE: frozenset({InvoiceAction.ANSWER}),
}


def permitted_invoice_actions(viewer: Viewer, customer_id: UUID) -> frozenset[InvoiceAction]:
    """The acts the viewer's permissions allow on a visible invoice; only the buyer's own company answers."""
    return frozenset[InvoiceAction]().union(
        *(
            acts
            for permission, acts in PERMITTED.items()
            if viewer.may(permission) and viewer.reaches(permission, customer_id)
        )
    )


async def invoice_actions(ctx: Context, row: InvoiceRow) -> list[InvoiceAction]:
    """What the viewer may do with the invoice now."""
    permitted = permitted_invoice_actions(ctx.user, row.customer_id)
    if not permitted:
        return []
    creditable = False
    if InvoiceAction.RECTIFY in permitted and row.status == InvoiceStatus.ISSUED:
        lines = await ctx.load(lines_by_invoice, row.id)
        creditable = any(line.quantity_credited < line.quantity for line in lines)
    return allowed_invoice_actions(
        InvoiceFacts(row.status, row.kind, creditable, row.buyer_status), permitted
    )


async def invoices_of_run(ctx: Context, run_id: UUID) -> list[InvoiceRow]:
    """The invoices that an act on several was about, as they are now, in its order."""
    changes = await ctx.session.scalar(
        select(AuditEvent.changes).where(
            AuditEvent.entity_type == RUN,
            AuditEvent.entity_id == run_id,
            AuditEvent.seller_id == ctx.user.seller_id,
        )
    )
    keys = [UUID(each) for each in (changes or {}).get("invoices", [])]
    rows = await ctx.loader(invoices_by_id).load_many(keys)
    return [row for row in rows if row is not None]


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What the verification of a legal entity's chain found; `fault` is None where it is sound."""

    length: int
    last_hash: str
    fault: ChainBreak | None


async def verify_invoice_chain(ctx: Context) -> ChainReport:
    """
    Hashes every record of the seller anew from what its invoice says now, and follows the chain.

    The first record that was changed, deleted or inserted is named.
    """
    return await chain_report(ctx.session, (await seller(ctx)).id, ctx.zone)


async def chain_report(session: AsyncSession | LockedSession, seller_id: UUID, zone: ZoneInfo) -> ChainReport:
    """The same of any seller, whose local time is that of the zone; for jobs, too."""
    head = (
        await session.execute(
            select(InvoiceChain.last_position, InvoiceChain.last_hash).where(
                InvoiceChain.seller_id == seller_id
            )
        )
    ).first()
    chained, texts = [], []
    for row in await session.execute(chain_of(seller_id)):
        record = RecordRow(*row[:7])
        party, number, issued_on, type_, tax, surcharge, gross, rate = row[7:]
        moment = recorded_moment(record.hashed_text, record.recorded_at, zone)
        is_alta = record.kind == InvoiceRecordKind.ALTA
        legal = LegalRecord(
            RecordKind(record.kind.value),
            "" if party is None else DocumentParty.from_json(party).tax_id,
            number or "",
            issued_on or moment.date(),
            moment,
            str(type_ or "") if is_alta else "",
            in_base((tax or ZERO) + (surcharge or ZERO), rate or Decimal(1)) if is_alta else None,
            in_base(gross or ZERO, rate or Decimal(1)) if is_alta else None,
        )
        chained.append(ChainedRecord(record.position, legal, record.previous_hash, record.hash))
        texts.append(record.hashed_text)
    position, last_hash = (0, "") if head is None else head
    fault = verify_chain(chained, position, last_hash)
    if fault is None:
        for each, text in zip(chained, texts, strict=True):
            if hash_text(each.record, each.previous_hash) != text:
                fault = ChainBreak(ChainFault.CHANGED, each.position, each.record.number)
                break
    return ChainReport(len(chained), last_hash, fault)
