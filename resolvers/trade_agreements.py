"""Trade agreements: what holds for a price, and what those who keep them read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from models.trade_agreements_reads import (
    FOR_ALL,
    GROUPS_UPWARDS,
    HELD_ROWS,
    PRICING_OF_PRODUCTS,
    ProductPricingRow,
    TradeRowRow,
    key_of_customer,
    key_of_group,
    key_of_product,
)
from resolvers.context import LockedSession
from rules.pricing_facts import GroupMembership, TradeRelation, TradeRow

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
        codes = {
            code
            for each in self.products.values()
            for code in (each.line_discount_group, each.multiline_discount_group)
        }
        return tuple(sorted(codes - {""}))


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
        for row in await session.execute(PRICING_OF_PRODUCTS, {"products": list(pricing)}):
            pricing[row[0]] = ProductPricingRow(*row)
    return PricingGroups(
        {key: tuple(climb.chain) for key, climb in climbs.items()},
        {
            key: MappingProxyType({kind: tuple(groups) for kind, groups in climb.groups.items()})
            for key, climb in climbs.items()
        },
        pricing,
    )
