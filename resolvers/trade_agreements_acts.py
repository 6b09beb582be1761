"""Keeping trade agreements: journals, their draft rows, and the pricing groups of customers and products."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, localcontext
from typing import Any
from uuid import UUID

from sqlalchemy import Sequence as DatabaseSequence
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from models.base import new_id
from models.customers import Customer
from models.customers_reads import visible_customers
from models.filters import conditions
from models.products import Product, UnitOfMeasure
from models.products_reads import visible_products
from models.sellers import Currency
from models.trade_agreements import (
    CustomerPricingGroup,
    ProductPricing,
    TradeAgreementJournal,
    TradeAgreementRow,
)
from models.trade_agreements_reads import ROW_COLUMNS, TradeRowRow, holds_on, visible_trade_rows
from resolvers.context import Context, LockKind
from resolvers.customers import seller
from resolvers.customers_locks import change_customer, lock_customer
from resolvers.events import record
from resolvers.trade_agreements import RowFilter
from rules.money import round_money
from rules.pricing_facts import PercentBase, Scope, TradeRelation, TradeRow
from rules.refusals import ErrorCode, InvalidTransition, Path, Refusal, StaleVersion, refuse_all
from rules.texts import item_key
from rules.trade_rows import TradeJournalStatus, check_row, first_day_without

ROWS_PER_CALL = 200
ROWS_PER_JOURNAL = 10_000
TEXT_MAX = 200
CODE_MAX = 64
GROUPS_MAX = 40
PRIORITY_MAX = 1_000
_NUMBERS = DatabaseSequence("trade_agreement_journal_number_seq")


@dataclass(frozen=True, slots=True)
class RowDraft:
    """
    A row as it is told; whom and what it is for is all where nothing is said.

    Args:
        customer_id: or `customer_number`, or `customer_group`; `product_id`, `sku` and `item_group` likewise.
        currency: empty for the seller's.
        last_day: the last day of its validity, itself included.
        replaces_id: a posted row that it closes when it is posted.
    """

    relation: TradeRelation
    customer_id: UUID | None = None
    customer_number: str = ""
    customer_group: str = ""
    product_id: UUID | None = None
    sku: str = ""
    item_group: str = ""
    currency: str = ""
    is_generic_currency: bool = False
    unit_code: str = ""
    from_quantity: Decimal = Decimal(0)
    to_quantity: Decimal | None = None
    valid_from: date | None = None
    last_day: date | None = None
    find_next: bool = False
    unit_price: Decimal | None = None
    price_unit: Decimal = Decimal(1)
    amount: Decimal = Decimal(0)
    percent1: Decimal = Decimal(0)
    percent2: Decimal = Decimal(0)
    percent_base: PercentBase = PercentBase.NET
    replaces_id: UUID | None = None


async def lock_journal(ctx: Context, journal_id: UUID, expected_version: int) -> TradeAgreementJournal:
    """
    The draft, locked.

    Raises:
        StaleVersion, InvalidTransition: somebody changed it, or posted it.
    """
    statement = select(TradeAgreementJournal).where(
        TradeAgreementJournal.id == journal_id, TradeAgreementJournal.seller_id == ctx.user.seller_id
    )
    journal: TradeAgreementJournal | None = await ctx.session.scalar(ctx.locked(LockKind.DOCUMENT, statement))
    if journal is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("journalId",))
    if journal.version != expected_version:
        raise StaleVersion(journal.version)
    if journal.status is not TradeJournalStatus.DRAFT:
        raise InvalidTransition(journal.status, TradeJournalStatus.DRAFT, ())
    return journal


async def create_journal(ctx: Context, description: str, drafts: Sequence[RowDraft]) -> UUID:
    """A new draft with these rows."""
    description = description.strip()
    if len(description) > TEXT_MAX:
        raise Refusal(ErrorCode.INVALID, "This text is too long.", ("description",))
    key = new_id()
    number = f"DRY-{key}"
    if not ctx.dry_run:  # a sequence cannot be rolled back
        number = f"TA-{ctx.today.year}-{await ctx.session.scalar(select(_NUMBERS.next_value())):06d}"
    journal = TradeAgreementJournal(
        id=key, seller_id=ctx.user.seller_id, number=number, description=description,
        status=TradeJournalStatus.DRAFT, version=1, row_count=0, created_at=ctx.now,
        created_by_id=ctx.user.user_id,
    )  # fmt: skip
    ctx.session.add(journal)
    await ctx.session.flush()
    await _write(ctx, journal, drafts)
    _note(ctx, journal, "drafted")
    await ctx.session.flush()
    return journal.id


async def add_rows(ctx: Context, journal_id: UUID, expected_version: int, drafts: Sequence[RowDraft]) -> UUID:
    """Rows at the end of a draft."""
    journal = await lock_journal(ctx, journal_id, expected_version)
    await _write(ctx, journal, drafts)
    await _changed(ctx, journal)
    return journal.id


async def remove_rows(ctx: Context, journal_id: UUID, expected_version: int, row_ids: Sequence[UUID]) -> UUID:
    """Rows of a draft are thrown away; all of them must be visible rows of it."""
    _demand_few(len(row_ids), ("rowIds",))
    journal = await lock_journal(ctx, journal_id, expected_version)
    ctx.locking(LockKind.LINES)
    seen = visible_trade_rows(ctx.user).where(
        TradeAgreementRow.journal_id == journal.id, TradeAgreementRow.id.in_(row_ids)
    )
    found = {row[0] for row in await ctx.session.execute(seen)}
    for index, row_id in enumerate(row_ids):
        if row_id not in found:
            raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("rowIds", index))
    await ctx.session.execute(delete(TradeAgreementRow).where(TradeAgreementRow.id.in_(found)))
    journal.row_count -= len(found)
    await _changed(ctx, journal)
    return journal.id


@dataclass(frozen=True, slots=True)
class CopyWanted:
    """
    How posted rows are copied into a draft.

    Args:
        row_ids: these rows; empty for those of `rows`.
        factor: what prices and amounts are multiplied with; percentages stay. Rounded to `decimals`.
        replaces: whether each copy closes the row that it comes from.
    """

    row_ids: Sequence[UUID]
    rows: RowFilter
    factor: Decimal
    decimals: int
    valid_from: date
    last_day: date | None
    replaces: bool


async def copy_rows(ctx: Context, journal_id: UUID, expected_version: int, wanted: CopyWanted) -> UUID:
    """Posted rows again, at other prices and from another day: an update of many prices in one act."""
    if not 0 < wanted.factor <= 1000 or wanted.factor != round(wanted.factor, 6):
        text = "A factor is above 0, at most {most}, and has {decimals} decimals at most."
        raise Refusal(ErrorCode.INVALID, text, ("factor",), most=1000, decimals=6)
    if not 0 <= wanted.decimals <= 6:
        raise Refusal(ErrorCode.INVALID, "Prices have 0 to 6 decimals.", ("decimals",))
    journal = await lock_journal(ctx, journal_id, expected_version)
    statement = visible_trade_rows(ctx.user).where(TradeAgreementRow.is_posted)
    if wanted.row_ids:
        _demand_few(len(wanted.row_ids), ("rowIds",))
        statement = statement.where(TradeAgreementRow.id.in_(wanted.row_ids))
    else:
        statement = statement.where(
            conditions(wanted.rows.where, ROW_COLUMNS), holds_on(wanted.rows.on or wanted.valid_from)
        )
    most = ROWS_PER_JOURNAL - journal.row_count
    statement = statement.order_by(TradeAgreementRow.journal_id, TradeAgreementRow.position)
    found = await ctx.session.execute(statement.limit(most + 1))
    rows = [TradeRowRow(*row) for row in found]
    missing = set(wanted.row_ids) - {row.id for row in rows}
    if missing:
        index = next(index for index, key in enumerate(wanted.row_ids) if key in missing)
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("rowIds", index))
    if not rows:
        raise Refusal(ErrorCode.NOT_FOUND, "There are no rows to copy.", ("where",))
    _demand_room(journal, len(rows), ("where",))
    drafts = [_copy_of(row, wanted) for row in rows]
    await _write(ctx, journal, drafts, is_copy=True)
    await _changed(ctx, journal)
    return journal.id


def _copy_of(row: TradeRowRow, wanted: CopyWanted) -> RowDraft:
    def times(value: Decimal) -> Decimal:
        with localcontext(prec=60):
            return round_money(value * wanted.factor, wanted.decimals)

    return RowDraft(
        row.relation, row.customer_id, "", row.customer_group or "", row.product_id, "", row.item_group or "",
        row.currency, row.is_generic_currency, row.unit_code or "", row.from_quantity, row.to_quantity,
        wanted.valid_from, wanted.last_day, row.find_next,
        None if row.unit_price is None else times(row.unit_price), row.price_unit, times(row.amount),
        row.percent1, row.percent2, row.percent_base, row.id if wanted.replaces else None,
    )  # fmt: skip


def _demand_few(count: int, path: Path) -> None:
    if not 1 <= count <= ROWS_PER_CALL:
        text = "Give 1 to {limit} rows at once."
        raise Refusal(ErrorCode.LIMIT_EXCEEDED, text, path, limit=ROWS_PER_CALL)


def _demand_room(journal: TradeAgreementJournal, count: int, path: Path) -> None:
    if journal.row_count + count > ROWS_PER_JOURNAL:
        text = "A journal holds {limit} rows at most; begin another."
        raise Refusal(ErrorCode.LIMIT_EXCEEDED, text, path, limit=ROWS_PER_JOURNAL)


def _note(ctx: Context, journal: TradeAgreementJournal, act: str, *, published: bool = False) -> None:
    record(
        ctx, f"tradeAgreementJournal.{act}", "TradeAgreementJournal", journal.id, version=journal.version,
        customer_id=None, changes={"number": journal.number, "rows": journal.row_count}, published=published,
    )  # fmt: skip


async def _changed(ctx: Context, journal: TradeAgreementJournal) -> None:
    journal.version += 1
    _note(ctx, journal, "changed")
    await ctx.session.flush()


@dataclass(frozen=True, slots=True)
class _Known:
    """What drafts name, as far as the viewer may see it."""

    customers: Mapping[Any, UUID]  # by id and by number
    products: Mapping[Any, UUID]  # by id and by folded SKU
    units: frozenset[str]
    currencies: frozenset[str]
    rows: frozenset[UUID]


async def _known(ctx: Context, drafts: Sequence[RowDraft]) -> _Known:
    """Everything that drafts name, in a constant number of statements."""
    ids = {each.customer_id for each in drafts if each.customer_id}
    numbers = {each.customer_number.strip() for each in drafts if each.customer_number.strip()}
    customers: dict[Any, UUID] = {}
    if ids or numbers:
        asked = visible_customers(ctx.user).where(Customer.id.in_(ids) | Customer.number.in_(numbers))
        for row in await ctx.session.execute(asked):
            customers |= {row.id: row.id, row.number: row.id}
    product_ids = {each.product_id for each in drafts if each.product_id}
    keys = {item_key(each.sku) for each in drafts if each.sku.strip()}
    products: dict[Any, UUID] = {}
    if product_ids or keys:
        asked = (
            visible_products(ctx.user, ctx.today, ctx.locale)
            .add_columns(Product.sku_key)
            .where(Product.id.in_(product_ids) | Product.sku_key.in_(keys))
        )
        for row in await ctx.session.execute(asked):
            products |= {row.id: row.id, row.sku_key: row.id}
    units = frozenset(await ctx.session.scalars(select(UnitOfMeasure.code)))
    currencies = frozenset(await ctx.session.scalars(select(Currency.code)))
    replaced = {each.replaces_id for each in drafts if each.replaces_id}
    seen = visible_trade_rows(ctx.user).where(TradeAgreementRow.is_posted, TradeAgreementRow.id.in_(replaced))
    rows = frozenset(row[0] for row in await ctx.session.execute(seen)) if replaced else frozenset()
    return _Known(customers, products, units, currencies, rows)


async def _write(
    ctx: Context, journal: TradeAgreementJournal, drafts: Sequence[RowDraft], *, is_copy: bool = False
) -> None:
    """
    Rows at the end of the journal, each checked by itself; what they mean together is checked when they are posted.

    Args:
        is_copy: they are copies, of which there may be more at once.
    """
    if not drafts:
        return
    if not is_copy:
        _demand_few(len(drafts), ("rows",))
        _demand_room(journal, len(drafts), ("rows",))
    us = await seller(ctx)
    told = [replace(each, currency=(each.currency or us.currency).strip().upper()) for each in drafts]
    known = await _known(ctx, told)
    refusals: list[Refusal] = []
    last = await ctx.session.scalar(
        select(func.coalesce(func.max(TradeAgreementRow.position), 0)).where(
            TradeAgreementRow.journal_id == journal.id
        )
    )
    values = []
    for index, draft in enumerate(told):
        row, faults = _row_of(draft, known)
        faults = faults or check_row(row)
        refusals += [Refusal(no.code, no.text, ("rows", index, *no.path), **no.data) for no in faults]
        values.append(_values(row, draft) | {"position": last + index + 1})
    refuse_all(refusals[:100])
    common = {"seller_id": journal.seller_id, "journal_id": journal.id}
    await ctx.session.execute(
        insert(TradeAgreementRow), [common | each | {"id": new_id()} for each in values]
    )
    journal.row_count += len(values)


def _row_of(draft: RowDraft, known: _Known) -> tuple[TradeRow, list[Refusal]]:
    """The row as the rules know it, and what it names that does not exist."""
    faults: list[Refusal] = []

    def problem(field: str, text: str = "Not found.", code: ErrorCode = ErrorCode.NOT_FOUND) -> None:
        faults.append(Refusal(code, text, (field,)))

    number, sku = draft.customer_number.strip(), draft.sku.strip()
    customer_group, item_group = draft.customer_group.strip(), draft.item_group.strip()
    if sum(map(bool, (draft.customer_id, number, customer_group))) > 1:
        problem("customerGroup", "Give a customer or a group, not both.", ErrorCode.INVALID)
    if sum(map(bool, (draft.product_id, sku, item_group))) > 1:
        problem("itemGroup", "Give a product or a group, not both.", ErrorCode.INVALID)
    for field, code in (("customerGroup", customer_group), ("itemGroup", item_group)):
        if len(code) > CODE_MAX:
            problem(field, "This text is too long.", ErrorCode.INVALID)
    customer = known.customers.get(draft.customer_id or number)
    if customer is None and (draft.customer_id or number):
        problem("customerId" if draft.customer_id else "customerNumber")
    product = known.products.get(draft.product_id or item_key(sku))
    if product is None and (draft.product_id or sku):
        problem("productId" if draft.product_id else "sku")
    unit = draft.unit_code.strip()
    if unit and unit not in known.units:
        problem("unit")
    if draft.currency not in known.currencies:
        problem("currency")
    if draft.replaces_id is not None and draft.replaces_id not in known.rows:
        problem("replacesId")
    row = TradeRow(
        "", draft.relation,
        _scope(customer, customer_group), str(customer) if customer else customer_group,
        _scope(product, item_group), str(product) if product else item_group,
        draft.currency, unit or None, draft.from_quantity, draft.to_quantity, draft.valid_from,
        first_day_without(draft.last_day), draft.find_next, draft.unit_price, draft.price_unit, draft.amount,
        draft.percent1, draft.percent2, draft.percent_base, draft.is_generic_currency,
    )  # fmt: skip
    return row, faults


def _scope(one: UUID | None, group: str) -> Scope:
    if one is not None:
        return Scope.ONE
    return Scope.GROUP if group else Scope.ALL


def _values(row: TradeRow, draft: RowDraft) -> dict[str, Any]:
    """The columns of a row."""
    is_one, is_item = row.customer_scope is Scope.ONE, row.item_scope is Scope.ONE
    return {
        "relation": row.relation,
        "customer_scope": row.customer_scope,
        "customer_id": UUID(row.customer) if is_one else None,
        "customer_group": row.customer if row.customer_scope is Scope.GROUP else None,
        "item_scope": row.item_scope,
        "product_id": UUID(row.item) if is_item else None,
        "item_group": row.item if row.item_scope is Scope.GROUP else None,
        "currency": row.currency,
        "is_generic_currency": row.is_generic_currency,
        "unit_code": row.unit_code,
        "from_quantity": row.from_quantity,
        "to_quantity": row.to_quantity,
        "valid_from": row.valid_from,
        "valid_until": row.valid_until,
        "find_next": row.find_next,
        "unit_price": row.unit_price,
        "price_unit": row.price_unit,
        "amount": row.amount,
        "percent1": row.percent1,
        "percent2": row.percent2,
        "percent_base": row.percent_base,
        "replaces_id": draft.replaces_id,
    }


@dataclass(frozen=True, slots=True)
class GroupDraft:
    relation: TradeRelation
    code: str
    priority: int = 0


async def set_customer_groups(
    ctx: Context, customer_id: UUID, groups: Sequence[GroupDraft], expected_version: int
) -> UUID:
    """A customer's own groups as given, and no others; for a relation without any its nearest ancestor's count."""
    if len(groups) > GROUPS_MAX:
        raise Refusal(ErrorCode.LIMIT_EXCEEDED, "Give at most {limit} groups.", ("groups",), limit=GROUPS_MAX)
    seen: set[tuple[TradeRelation, str]] = set()
    told = []
    for index, group in enumerate(groups):
        code = group.code.strip()
        if not 1 <= len(code) <= CODE_MAX:
            text = "A code has 1 to {limit} characters."
            raise Refusal(ErrorCode.INVALID, text, ("groups", index, "code"), limit=CODE_MAX)
        if (group.relation, code) in seen:
            raise Refusal(ErrorCode.ALREADY_EXISTS, "This group is there twice.", ("groups", index, "code"))
        if abs(group.priority) > PRIORITY_MAX:
            text = "A priority is from {least} to {most}."
            raise Refusal(
                ErrorCode.INVALID, text, ("groups", index, "priority"), least=-PRIORITY_MAX, most=PRIORITY_MAX
            )
        seen.add((group.relation, code))
        told.append({"relation": group.relation, "group_code": code, "priority": group.priority})
    version = await lock_customer(ctx, customer_id, expected_version)
    table = CustomerPricingGroup
    await ctx.session.execute(delete(table).where(table.customer_id == customer_id))
    if told:
        await ctx.session.execute(insert(table), [each | {"customer_id": customer_id} for each in told])
    names = [f"{each['relation']}:{each['group_code']}:{each['priority']}" for each in told]
    return await change_customer(ctx, customer_id, version, "customer.pricingGroupsSet", {"groups": names})


@dataclass(frozen=True, slots=True)
class ProductPricingDraft:
    line_discount_group: str
    multiline_discount_group: str
    is_in_total_discount: bool


async def set_product_pricing(
    ctx: Context, product_id: UUID, draft: ProductPricingDraft, expected_version: int
) -> UUID:
    """A product's groups for discounts; `expected_version` is 0 where nothing was said of it yet."""
    codes = {
        "lineDiscountGroup": draft.line_discount_group.strip(),
        "multilineDiscountGroup": draft.multiline_discount_group.strip(),
    }
    for field, code in codes.items():
        if len(code) > CODE_MAX:
            raise Refusal(ErrorCode.INVALID, "This text is too long.", (field,))
    visible = visible_products(ctx.user, ctx.today, ctx.locale).where(Product.id == product_id)
    if (await ctx.session.execute(visible)).first() is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("productId",))
    table = ProductPricing
    ctx.locking(LockKind.DOCUMENT)
    stored = await ctx.session.scalar(select(table.version).where(table.product_id == product_id))
    if (stored or 0) != expected_version:
        raise StaleVersion(stored or 0)
    values = {
        "line_discount_group": codes["lineDiscountGroup"],
        "multiline_discount_group": codes["multilineDiscountGroup"],
        "is_in_total_discount": draft.is_in_total_discount,
    }
    # Whoever was faster has another version by now, and nothing is written over theirs.
    statement = (
        insert(table)
        .values(product_id=product_id, version=1, **values)
        .on_conflict_do_update(
            index_elements=[table.product_id],
            set_=values | {"version": table.version + 1},
            where=table.version == expected_version,
        )
        .returning(table.version)
    )
    version = (await ctx.session.execute(statement)).scalar()
    if version is None:
        raise StaleVersion(expected_version + 1)
    record(
        ctx, "product.pricingSet", "Product", product_id, version=version, customer_id=None,
        changes=values, published=False,
    )  # fmt: skip
    await ctx.session.flush()
    return product_id
