"""Posting a journal of trade agreements: everything is checked, what it replaces is closed, and its rows hold."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Date, Uuid, bindparam, func, select, text, update

from models.customers import Customer
from models.customers_reads import visible_customers
from models.products import Product
from models.products_reads import visible_products
from models.trade_agreements import (
    CustomerPricingGroup,
    ProductPricing,
    TradeAgreementJournal,
    TradeAgreementRow,
)
from models.trade_agreements_reads import (
    FOR_ALL,
    RIVAL_ROWS,
    TradeRowRow,
    key_of_customer,
    key_of_group,
    key_of_product,
    visible_trade_rows,
)
from resolvers.context import Context, LockKind
from resolvers.customers import seller
from resolvers.events import record
from resolvers.trade_agreements_acts import lock_journal
from rules.pricing_facts import Scope, TradeRelation, TradeRow
from rules.refusals import ErrorCode, Refusal, refuse_all
from rules.trade_rows import (
    PlacedRow,
    TradeJournalStatus,
    check_against_each_other,
    check_gaps,
    check_replacement,
    check_row,
    closing_day,
    in_row,
    overlap,
)
from rules.trade_settings import cell_code

FAULTS_MAX = 100
_CLOSE = text(
    """
    update trade_agreement_row as row set valid_until = least(row.valid_until, closed.day)
    from unnest(:ids, :days) as closed(id, day) where row.id = closed.id
    """
).bindparams(bindparam("ids", type_=ARRAY(Uuid)), bindparam("days", type_=ARRAY(Date)))


@dataclass(frozen=True, slots=True)
class _Facts:
    """What rows are judged by besides themselves."""

    rivals: Sequence[TradeRow]
    product_units: dict[UUID, tuple[str, str]]  # (SKU, unit) of products that are still sold
    customers: frozenset[UUID]  # who may still buy
    inactive_cells: frozenset[str]


async def post_journal(ctx: Context, journal_id: UUID, expected_version: int) -> UUID:
    """
    The rows of a draft come into force in their time, and never change again.

    Raises:
        Refusal, Refusals: what is wrong with which row; the path is `rows`, its position, the field.
    """
    journal = await lock_journal(ctx, journal_id, expected_version)
    placed, stored = await _rows_of(ctx, journal)
    facts = await _facts(ctx, [each.row for each in placed], stored)
    closings = _closings(placed)
    refuse_all(_faults(placed, facts, closings, ctx.today)[:FAULTS_MAX])
    await _warn_of_empty_groups(ctx, stored)
    if closings:
        await ctx.session.execute(_CLOSE, {"ids": list(closings), "days": list(closings.values())})
    await ctx.session.execute(
        update(TradeAgreementRow)
        .where(TradeAgreementRow.journal_id == journal.id)
        .values(is_posted=True)
        .execution_options(synchronize_session=False)
    )
    journal.status, journal.version = TradeJournalStatus.POSTED, journal.version + 1
    journal.posted_at, journal.posted_by_id = ctx.now, ctx.user.user_id
    record(
        ctx, "tradeAgreementJournal.posted", "TradeAgreementJournal", journal.id, version=journal.version,
        customer_id=None, changes={"number": journal.number, "rows": len(placed), "closed": len(closings)},
    )  # fmt: skip
    await ctx.session.flush()
    return journal.id


async def _rows_of(ctx: Context, journal: TradeAgreementJournal) -> tuple[list[PlacedRow], list[TradeRowRow]]:
    own = visible_trade_rows(ctx.user).where(TradeAgreementRow.journal_id == journal.id)
    found = await ctx.session.execute(ctx.locked(LockKind.LINES, own.order_by(TradeAgreementRow.position)))
    stored = [TradeRowRow(*row) for row in found]
    if len(stored) != journal.row_count:
        said = "This journal holds rows of customers that you may not see; somebody who sees them all has to post it."
        raise Refusal(ErrorCode.NOT_PERMITTED, said, ("journalId",))
    if not stored:
        raise Refusal(ErrorCode.INVALID, "There is nothing to post.", ("journalId",))
    replaced = sorted({row.replaces_id for row in stored if row.replaces_id is not None})
    # In one order, so that two postings that close the same rows do not wait for each other.
    asked = visible_trade_rows(ctx.user).where(TradeAgreementRow.id.in_(replaced))
    olds = {}
    if replaced:
        for row in await ctx.session.execute(
            ctx.locked(LockKind.LINES, asked.order_by(TradeAgreementRow.id))
        ):
            olds[row[0]] = TradeRowRow(*row).as_rule()
    placed = [
        PlacedRow(row.position, row.as_rule(), None if row.replaces_id is None else olds.get(row.replaces_id))
        for row in stored
    ]
    return placed, stored


async def _facts(ctx: Context, rows: Sequence[TradeRow], stored: Sequence[TradeRowRow]) -> _Facts:
    given = {
        "seller_id": ctx.user.seller_id,
        "customer_keys": sorted({_customer_key(row) for row in stored}),
        "item_keys": sorted({_item_key(row) for row in stored}),
    }
    rivals = [TradeRowRow(*row).as_rule() for row in await ctx.session.execute(RIVAL_ROWS, given)]
    products = {row.product_id for row in stored if row.product_id is not None}
    customers = {row.customer_id for row in stored if row.customer_id is not None}
    units: dict[UUID, tuple[str, str]] = {}
    if products:
        asked = visible_products(ctx.user, ctx.today, ctx.locale).where(Product.id.in_(products))
        for row in await ctx.session.execute(asked):
            if row.active_until is None or row.active_until > ctx.today:
                units[row.id] = (row.sku, row.unit_code)
    buying: frozenset[UUID] = frozenset()
    if customers:
        asked = visible_customers(ctx.user).where(Customer.id.in_(customers))
        buying = frozenset(
            row.id
            for row in await ctx.session.execute(asked)
            if row.active_until is None or row.active_until > ctx.today
        )
    us = await seller(ctx)
    return _Facts(rivals, units, buying, frozenset(us.inactive_trade_cells))


def _customer_key(row: TradeRowRow) -> str:
    if row.customer_id is not None:
        return key_of_customer(row.customer_id)
    return key_of_group(row.customer_group) if row.customer_group else FOR_ALL


def _item_key(row: TradeRowRow) -> str:
    if row.product_id is not None:
        return key_of_product(row.product_id)
    return key_of_group(row.item_group) if row.item_group else FOR_ALL


def _closings(placed: Sequence[PlacedRow]) -> dict[UUID, date]:
    """The first day without each replaced row; the soonest where several replace it."""
    found: dict[UUID, date] = {}
    for each in placed:
        day = closing_day(each)
        if day is not None and each.replaces is not None:
            key = UUID(each.replaces.id)
            found[key] = min(day, found.get(key, day))
    return dict(sorted(found.items()))


def _faults(
    placed: Sequence[PlacedRow], facts: _Facts, closings: dict[UUID, date], today: date
) -> list[Refusal]:
    found = [in_row(each.position, no) for each in placed for no in _faults_of(each, facts, today)]
    if found:
        return found
    found = check_against_each_other(placed)
    after = [
        row if (day := closings.get(UUID(row.id))) is None else replace(row, valid_until=_sooner(row, day))
        for row in facts.rivals
    ]
    by_item: dict[tuple[str, str], list[TradeRow]] = {}
    for row in after:
        by_item.setdefault((row.customer, row.item), []).append(row)
    for each in placed:
        rivals = by_item.get((each.row.customer, each.row.item), ())
        if any(overlap(each.row, rival) for rival in rivals):
            said = "A row for the same customer, item, days and quantities is in force already; replace that one."
            found.append(in_row(each.position, Refusal(ErrorCode.ALREADY_EXISTS, said, ("fromQuantity",))))
    return found or check_gaps(placed, after)


def _sooner(row: TradeRow, day: date) -> date:
    return day if row.valid_until is None else min(row.valid_until, day)


def _faults_of(placed: PlacedRow, facts: _Facts, today: date) -> list[Refusal]:
    """What is wrong with one row, among it that it could never apply."""
    row = placed.row
    found = check_row(row)
    if row.valid_until is not None and row.valid_until <= today:
        found.append(problem("validUntil", "It would have ended before today."))
    if cell_code(row.relation, row.customer_scope, row.item_scope) in facts.inactive_cells:
        found.append(
            problem("relation", "This combination of customers and items is switched off for its kind.")
        )
    if row.customer_scope is Scope.ONE and UUID(row.customer) not in facts.customers:
        found.append(problem("customerId", "This customer buys no more."))
    if row.item_scope is Scope.ONE:
        known = facts.product_units.get(UUID(row.item))
        if known is None:
            found.append(problem("productId", "This product is sold no more."))
        elif row.unit_code not in (None, known[1]):
            said = "{sku} is counted in {unit}: a row in another unit would never hold."
            found.append(Refusal(ErrorCode.UNIT_MISMATCH, said, ("unit",), sku=known[0], unit=known[1]))
    no = check_replacement(placed, today)
    return found if no is None else [*found, no]


def problem(field: str, said: str) -> Refusal:
    return Refusal(ErrorCode.INVALID, said, (field,))


async def _warn_of_empty_groups(ctx: Context, stored: Sequence[TradeRowRow]) -> None:
    """Groups that nobody and nothing is in yet: a row for them waits."""
    wanted = {(row.relation, row.customer_group) for row in stored if row.customer_group}
    if wanted:
        table = CustomerPricingGroup
        asked = select(table.relation, table.group_code).where(
            table.group_code.in_({code for _, code in wanted})
        )
        there = {(row[0], row[1]) for row in await ctx.session.execute(asked.distinct())}
        for code in sorted({code for _, code in wanted - there}):
            said = "No customer that you may see is in the group “{group}” yet."
            ctx.warn(ErrorCode.INVALID, said, ("journalId",), group=code)
    for relation, column in (
        (TradeRelation.LINE_DISCOUNT, ProductPricing.line_discount_group),
        (TradeRelation.MULTILINE_DISCOUNT, ProductPricing.multiline_discount_group),
    ):
        codes = {row.item_group for row in stored if row.item_group and row.relation is relation}
        if codes:
            asked_items: Any = (
                select(column).where(column.in_(codes)).group_by(column).having(func.count() > 0)
            )
            for code in sorted(codes - set(await ctx.session.scalars(asked_items))):
                said = "No product is in the group “{group}” yet."
                ctx.warn(ErrorCode.INVALID, said, ("journalId",), group=code)
