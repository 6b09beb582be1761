"""What prices depend on, gathered for any number of lines: the party, the rules in force, each line's own facts."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import text

from models.products_reads import ProductRow
from resolvers.context import Context, LockedSession
from resolvers.prices import Market
from rules.free_goods import FreeGoods
from rules.money import ZERO
from rules.pricing import DocumentFacts
from rules.pricing_facts import Break, Channel, Concessions, LineFacts
from rules.trade_agreements import ladder


@dataclass(frozen=True, slots=True)
class LineAsked:
    """A line to price: `requested_on` is the day of receipt, None when the buyer does not mind."""

    product: ProductRow
    quantity: Decimal
    requested_on: date | None = None
    concessions: Concessions = field(default_factory=Concessions)


@dataclass(frozen=True, slots=True)
class DocumentAsked:
    """
    What a document says besides its lines.

    Args:
        customer_id: who buys; None is the viewer's company, or nobody in particular for staff.
        agreement_id: the sales agreement chosen for the whole document.
        coupons: codes as `rules.texts.item_key` folds them.
        chosen: ids of the optional free goods that the buyer took.
    """

    customer_id: UUID | None = None
    agreement_id: UUID | None = None
    coupons: frozenset[str] = frozenset()
    discount_percent: Decimal = ZERO
    discount_reason: str = ""
    chosen: frozenset[str] = frozenset()
    channel: Channel | None = None


def pricing_day(ctx: Context, requested_on: date | None) -> date:
    """
    The day whose prices and tax rates apply: the day of the goods' leaving, never before today.

    Transport takes no days in this landing, so the requested day of receipt is the ship date (rule book 0.2, 28).
    """
    return max(requested_on, ctx.today) if requested_on is not None else ctx.today


@dataclass(frozen=True, slots=True)
class Gathered:
    """Everything the one pricing function needs; `facts.lines` are numbered by their place among those asked."""

    market: Market
    facts: DocumentFacts
    products: Mapping[str, ProductRow]
    extra: Mapping[tuple[str, date], LineFacts]

    def alone(self) -> list[DocumentFacts]:
        """Each line as a document of its own."""
        return [replace(self.facts, lines=(replace(line, number=0),)) for line in self.facts.lines]

    def ladder(self, line: LineFacts) -> list[Break]:
        """The prices by quantity that the customer sees for a line's product, before discounts."""
        return ladder(self.facts.book.trade, self.facts.party, line)

    def free_line(self, goods: FreeGoods) -> tuple[ProductRow | None, LineFacts | None]:
        """The product that is free, and the facts of its price on the parent's day."""
        product = self.products.get(goods.product)
        if goods.product == goods.parent.product:
            return product, replace(goods.parent, quantity=goods.quantity)
        found = self.extra.get((goods.product, goods.parent.priced_on))
        return product, None if found is None else replace(found, quantity=goods.quantity)


_CHAIN = """
    with recursive chain(id, parent_id, level) as (
        select id, parent_id, 0 from customer where id = :customer
        union all
        select customer.id, customer.parent_id, chain.level + 1
        from chain join customer on customer.id = chain.parent_id
    )
    select chain.id, coalesce(customer_group.code, ''),
        not exists (select from sales_order where customer_id = :customer and status not in ('REFUSED', 'CANCELLED'))
    from chain join customer on customer.id = chain.id
        left join customer_group on customer_group.id = customer.customer_group_id
    order by chain.level
"""


@dataclass(frozen=True, slots=True)
class _Chain:
    """A customer and its ancestors, nearest first; its group, and whether it never ordered."""

    ids: tuple[UUID, ...] = ()
    group: str = ""
    is_first_order: bool = False


async def _chain(session: LockedSession, customer_id: UUID | None) -> _Chain:
    if customer_id is None:
        return _Chain()
    found = (await session.execute(text(_CHAIN), {"customer": customer_id})).all()
    # A subsidiary without a group of its own is in its nearest ancestor's.
    group = next((row[1] for row in found if row[1]), "")
    return _Chain(tuple(row[0] for row in found), group, bool(found and found[0][2]))
