"""Trade agreements: what holds for a price, and what those who keep them read."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from auth.permissions import Permission
from models.filters import Where, conditions
from models.rows import by_key, grouped
from models.trade_agreements import CustomerPricingGroup, TradeAgreementJournal, TradeAgreementRow
from models.trade_agreements_reads import (
    FOR_ALL,
    GROUPS_UPWARDS,
    HELD_ROWS,
    JOURNAL_COLUMNS,
    PRICING_OF_PRODUCTS,
    ROW_COLUMNS,
    JournalRow,
    PricingGroupRow,
    ProductPricingRow,
    TradeRowRow,
    holds_on,
    key_of_customer,
    key_of_group,
    key_of_product,
    visible_journals,
    visible_pricing_groups,
    visible_trade_rows,
)
from resolvers.context import Context, LockedSession
from resolvers.paging import Page, PageArgs, SortKey, page
from rules.pricing_facts import GroupMembership, TradeRelation, TradeRow
from rules.trade_rows import TradeJournalAction, TradeJournalStatus

Session = AsyncSession | LockedSession


async def trade_rows_for(
    session: Session,
    *,
    seller_id: UUID,
    customers: Sequence[UUID],
    group_codes: Sequence[str],
    products: Sequence[UUID],
    item_groups: Sequence[str],
    first: date,
    last: date,
) -> list[TradeRow]:
    """
    Every posted row that may hold for these customers, groups, products and item groups between two days.

    One statement, whatever their numbers; for all customers and for all items are always among them. Prices depend on
    no viewer: the session is the house's (`as_house`).

    Args:
        customers: the buyer and its ancestors.
        group_codes: of any relation, as `pricing_groups_for` gives them; `item_groups` likewise.
        last: the last day, itself included.
    """
    given = {
        "seller_id": seller_id,
        "customer_keys": [FOR_ALL, *map(key_of_customer, customers), *map(key_of_group, {*group_codes})],
        "item_keys": [FOR_ALL, *map(key_of_product, products), *map(key_of_group, {*item_groups})],
        "first": first,
        "last": last,
    }
    found = await session.execute(HELD_ROWS, given)
    return [(stored := TradeRowRow(*row)).as_rule(f"{number}/{stored.position}") for *row, number in found]


@dataclass(frozen=True, slots=True)
class PricingGroups:
    """
    What customers and products count as for trade agreements.

    Args:
        chains: each customer's id, then its ancestors', nearest first.
        groups: each customer's groups by relation; where it has none for one, its nearest ancestor's that has.
        products: of every product that was asked for.
    """

    chains: Mapping[UUID, tuple[UUID, ...]]
    groups: Mapping[UUID, Mapping[TradeRelation, tuple[GroupMembership, ...]]]
    products: Mapping[UUID, ProductPricingRow]

    def group_codes(self, customer_id: UUID) -> tuple[str, ...]:
        """The codes of a customer's groups, of all relations."""
        of_relation = self.groups.get(customer_id, {})
        return tuple(sorted({each.code for groups in of_relation.values() for each in groups}))

    @property
    def item_groups(self) -> tuple[str, ...]:
        """The codes of the products' groups, of all relations."""
        return item_groups_of(self.products.values())


def item_groups_of(products: Iterable[ProductPricingRow]) -> tuple[str, ...]:
    """The codes of products' groups, of all relations."""
    codes = {code for each in products for code in (each.line_discount_group, each.multiline_discount_group)}
    return tuple(sorted(codes - {""}))


async def pricing_of_products(session: Session, keys: Sequence[UUID]) -> dict[UUID, ProductPricingRow]:
    """The groups of the products of which any is said, in one statement; the session is the house's."""
    found = await session.execute(PRICING_OF_PRODUCTS, {"products": list(keys)})
    return {row[0]: ProductPricingRow(*row) for row in found}


@dataclass(slots=True)
class _Climb:
    """A customer on the way up: its chain, and from which level its groups of a relation are."""

    chain: list[UUID] = field(default_factory=list)
    level_of: dict[TradeRelation, int] = field(default_factory=dict)
    groups: dict[TradeRelation, list[GroupMembership]] = field(default_factory=dict)


async def pricing_groups_for(
    session: Session, customers: Sequence[UUID], products: Sequence[UUID]
) -> PricingGroups:
    """The groups of customers and products, in two statements at most; the session is the house's."""
    climbs: dict[UUID, _Climb] = {each: _Climb() for each in customers}
    if customers:
        rows = await session.execute(GROUPS_UPWARDS, {"customers": list(climbs)})
        for customer_id, candidate, level, relation, code, priority in rows:
            climb = climbs[customer_id]
            if candidate not in climb.chain:
                climb.chain.append(candidate)
            if relation is None:
                continue
            kind = TradeRelation(relation)
            if climb.level_of.setdefault(kind, level) == level:
                climb.groups.setdefault(kind, []).append(GroupMembership(code, priority))
    pricing = {each: ProductPricingRow(each) for each in products}
    if products:
        pricing |= await pricing_of_products(session, products)
    return PricingGroups(
        {key: tuple(climb.chain) for key, climb in climbs.items()},
        {
            key: MappingProxyType({kind: tuple(groups) for kind, groups in climb.groups.items()})
            for key, climb in climbs.items()
        },
        pricing,
    )


@dataclass(frozen=True, slots=True)
class RowFilter:
    """Which posted rows; `on` is a day on which they hold, None for any day."""

    where: Where | None = None
    on: date | None = None


async def list_journals(ctx: Context, where: Where | None, args: PageArgs) -> Page[JournalRow]:
    """The journals, the newest first."""
    statement = visible_journals(ctx.user).where(conditions(where, JOURNAL_COLUMNS))
    return await page(
        ctx, statement, [SortKey("id", TradeAgreementJournal.id, descending=True)], args, JournalRow
    )


async def journals_by_id(ctx: Context, keys: Sequence[UUID]) -> list[JournalRow | None]:
    statement = visible_journals(ctx.user).where(TradeAgreementJournal.id.in_(keys))
    return by_key(keys, (JournalRow(*each) for each in await ctx.session.execute(statement)))


async def journal_by_number(ctx: Context, number: str) -> JournalRow | None:
    statement = visible_journals(ctx.user).where(TradeAgreementJournal.number == number)
    found = (await ctx.session.execute(statement)).first()
    return None if found is None else JournalRow(*found)


async def list_posted_rows(ctx: Context, asked: RowFilter, args: PageArgs) -> Page[TradeRowRow]:
    """Posted rows, the newest first; those of customers the viewer may not see are not among them."""
    statement = visible_trade_rows(ctx.user).where(
        TradeAgreementRow.is_posted, conditions(asked.where, ROW_COLUMNS)
    )
    if asked.on is not None:
        statement = statement.where(holds_on(asked.on))
    # Within a millisecond ids do not tell what came first; places in a journal do.
    order = [
        SortKey("journal", TradeAgreementRow.journal_id, descending=True),
        SortKey("position", TradeAgreementRow.position, descending=True),
    ]
    return await page(ctx, statement, order, args, TradeRowRow)


async def list_rows_of_journal(ctx: Context, journal_id: UUID, args: PageArgs) -> Page[TradeRowRow]:
    """The visible rows of a journal in the order in which they were written."""
    statement = visible_trade_rows(ctx.user).where(TradeAgreementRow.journal_id == journal_id)
    order = [SortKey("position", TradeAgreementRow.position), SortKey("id", TradeAgreementRow.id)]
    return await page(ctx, statement, order, args, TradeRowRow)


async def trade_rows_by_id(ctx: Context, keys: Sequence[UUID]) -> list[TradeRowRow | None]:
    statement = visible_trade_rows(ctx.user).where(TradeAgreementRow.id.in_(keys))
    return by_key(keys, (TradeRowRow(*each) for each in await ctx.session.execute(statement)))


async def groups_by_customer(ctx: Context, keys: Sequence[UUID]) -> list[list[PricingGroupRow]]:
    """The groups that visible customers are in themselves."""
    statement = visible_pricing_groups(ctx.user).where(CustomerPricingGroup.customer_id.in_(keys))
    return grouped(
        keys, (PricingGroupRow(*each) for each in await ctx.session.execute(statement)), "customer_id"
    )


async def pricing_by_product(ctx: Context, keys: Sequence[UUID]) -> list[ProductPricingRow]:
    found = {
        row[0]: ProductPricingRow(*row)
        for row in await ctx.session.execute(PRICING_OF_PRODUCTS, {"products": list(keys)})
    }
    return [found.get(key, ProductPricingRow(key)) for key in keys]


def permitted_journal_actions(ctx: Context, row: JournalRow) -> list[TradeJournalAction]:
    """What the viewer may do with a journal now."""
    if row.status is not TradeJournalStatus.DRAFT or not ctx.user.may(Permission.TRADE_AGREEMENTS_MANAGE):
        return []
    return [TradeJournalAction.EDIT, TradeJournalAction.POST] if row.row_count else [TradeJournalAction.EDIT]
