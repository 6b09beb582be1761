"""What suggestions and favourites rest on: who bought what, how often, and with what. Read as the house."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from models.rows import Reads
from rules.suggestions import LIFT_MIN, PEERS_MIN, SUPPORT_MIN

# How far back purchases count.
MONTHS = 24
# A document with more products says nothing about which go together.
PRODUCTS_OF_DOCUMENT_MAX = 200
# What was sold, from both sources; a document that both hold counts once. What was given free has no price.
_BOUGHT = """
    bought as (
        select customer_id, product_id, document_number as document, sold_at, quantity
        from sales_history
        where seller_id = :seller and product_id is not null and kind = 'SALE' and quantity > 0 and {history}
        union all
        select placed.customer_id, line.product_id, placed.number, placed.placed_at,
            line.quantity_ordered - line.quantity_cancelled
        from sales_order placed
        join sales_order_line line on line.customer_id = placed.customer_id and line.order_id = placed.id
        where placed.seller_id = :seller and placed.status in ('PLACED', 'CONFIRMED', 'CLOSED')
            and line.product_id is not null and line.quantity_ordered > line.quantity_cancelled
            and line.net_amount > 0 and {orders}
    )
"""
_SINCE = "{moment} >= cast(:today as date) - make_interval(months => :months)"


def _bought(customers: str = "") -> str:
    """The purchases since `:months` before `:today`, of all or of the customers of a condition on `customer_id`."""
    history = _SINCE.format(moment="sold_at") + (f" and customer_id {customers}" if customers else "")
    orders = _SINCE.format(moment="placed.placed_at") + (
        f" and placed.customer_id {customers}" if customers else ""
    )
    return _BOUGHT.format(history=history, orders=orders)


_BY_MONTHS = text(
    f"""
    with {_bought("= :customer")}
    select span.months, bought.product_id, count(distinct bought.document)
    from unnest(cast(:spans as int[])) as span(months)
    join bought on bought.product_id = any (cast(:products as uuid[]))
        and bought.sold_at >= cast(:today as date) - make_interval(months => span.months)
    group by span.months, bought.product_id
    """
)
_WISHLISTED = text(
    """
    select distinct item.product_id
    from wishlist_item item
    join wishlist on wishlist.customer_id = item.customer_id and wishlist.id = item.wishlist_id
    where item.customer_id = :customer and item.product_id = any (cast(:products as uuid[]))
        and (wishlist.visibility = 'COMPANY' or wishlist.owner_id = cast(:user as uuid))
    """
)
_TOGETHER = text(
    """
    select product_id, other_id, support, lift from product_affinity
    where product_id = any (cast(:products as uuid[])) and support >= :support and lift >= :lift
    order by product_id, support desc, lift desc, other_id
    """
)


@dataclass(frozen=True, slots=True)
class FavouriteFacts:
    """
    Why products are a customer's favourites.

    Args:
        times_bought: product -> months looked back -> documents that held it.
        wishlisted: those on a list of the company, or on the person's own.
        bought_together: product -> products often bought with it, by anybody.
    """

    times_bought: Mapping[UUID, Mapping[int, int]] = field(default_factory=dict)
    wishlisted: frozenset[UUID] = frozenset()
    bought_together: Mapping[UUID, frozenset[UUID]] = field(default_factory=dict)


async def favourite_facts(
    session: Reads,
    customer_id: UUID,
    product_ids: Sequence[UUID],
    months: Sequence[int],
    *,
    seller_id: UUID,
    today: date,
    user_id: UUID | None = None,
) -> FavouriteFacts:
    """Three statements, however many products and spans; `session` is the house's."""
    products = list(product_ids)
    counted: dict[UUID, dict[int, int]] = {}
    if months:
        asked = {"seller": seller_id, "customer": customer_id, "products": products, "spans": sorted(set(months)),
                 "months": max(months), "today": today}  # fmt: skip
        for span, product_id, times in await session.execute(_BY_MONTHS, asked):
            counted.setdefault(product_id, {})[span] = times
    listed = await session.execute(
        _WISHLISTED, {"customer": customer_id, "products": products, "user": user_id}
    )
    wishlisted = frozenset(row[0] for row in listed)
    together: dict[UUID, set[UUID]] = {}
    for product_id, other_id, *_ in await affinities(session, products):
        together.setdefault(product_id, set()).add(other_id)
    return FavouriteFacts(counted, wishlisted, {key: frozenset(each) for key, each in together.items()})


async def affinities(session: Reads, product_ids: Sequence[UUID]) -> Sequence[Any]:
    """(product, other, support, lift) of what is often bought with the products, the most often first."""
    asked = {"products": list(product_ids), "support": SUPPORT_MIN, "lift": LIFT_MIN}
    return (await session.execute(_TOGETHER, asked)).all()


_FORGET = text(
    "delete from product_affinity using product where product.id = product_id and product.seller_id = :seller"
)
_LEARN = text(
    f"""
    with {_bought()},
    held as materialized (
        select distinct customer_id, document, product_id from bought
        where (customer_id, document) in (
            select customer_id, document from bought group by customer_id, document
            having count(distinct product_id) between 1 and :most
        )
    ),
    whole as (select count(*) as documents from (select distinct customer_id, document from held) each),
    alone as materialized (select product_id, count(*) as documents from held group by product_id)
    insert into product_affinity (product_id, other_id, support, lift)
    select pair.product_id, pair.other_id, pair.support,
        round(cast(pair.support * whole.documents as numeric) / (a.documents * b.documents), 6)
    from (
        select one.product_id, other.product_id as other_id, count(*) as support
        from held one
        join held other on other.customer_id = one.customer_id and other.document = one.document
            and other.product_id <> one.product_id
        group by one.product_id, other.product_id having count(*) >= :support
    ) pair
    join alone a on a.product_id = pair.product_id
    join alone b on b.product_id = pair.other_id
    cross join whole
    where cast(pair.support * whole.documents as numeric) / (a.documents * b.documents) >= :lift
    """
)


async def learn_affinities(session: AsyncSession, seller_id: UUID, today: date, months: int = MONTHS) -> None:
    """Counts anew which products documents hold together, in the last months."""
    await session.execute(_FORGET, {"seller": seller_id})
    await session.execute(
        _LEARN,
        {"seller": seller_id, "today": today, "months": months, "most": PRODUCTS_OF_DOCUMENT_MAX,
         "support": SUPPORT_MIN, "lift": LIFT_MIN},
    )  # fmt: skip


_ORDERED = text(
    """
    insert into suggestion_event (seller_id, customer_id, product_id, cause, place, stage, day, occurred_at, user_id)
    select distinct on (taken.product_id) placed.seller_id, placed.customer_id, taken.product_id, taken.cause,
        taken.place, 'ORDERED', cast(timezone(seller.time_zone, placed.placed_at) as date), placed.placed_at,
        placed.placed_by_id
    from sales_order placed
    join seller on seller.id = placed.seller_id
    join sales_order_line line on line.customer_id = placed.customer_id and line.order_id = placed.id
    join suggestion_event taken on taken.customer_id = placed.customer_id and taken.product_id = line.product_id
        and taken.stage = 'ACCEPTED' and taken.occurred_at <= placed.placed_at
        and taken.occurred_at > placed.placed_at - interval '30 days'
    where placed.id = :order
    order by taken.product_id, taken.occurred_at desc, taken.id desc
    on conflict on constraint uq_suggestion_event_once do nothing
    """
)


async def note_ordered(session: AsyncSession, order_id: UUID) -> None:
    """What an order holds of the suggestions that its customer accepted within 30 days; once however often it runs."""
    await session.execute(_ORDERED, {"order": order_id})


@dataclass(frozen=True, slots=True)
class Purchases:
    """What a customer bought of a product: the days, the documents, the units."""

    customer_id: UUID
    product_id: UUID
    days: Sequence[date]
    times: int
    quantity: Decimal


_PURCHASES = text(
    f"""
    with {_bought("= any (cast(:customers as uuid[]))")}
    select customer_id, product_id, array_agg(distinct cast(timezone(:zone, sold_at) as date)),
        count(distinct document), sum(quantity)
    from bought group by customer_id, product_id
    """
)
_PEERS = text(
    f"""
    with mine as (
        select distinct customer_group_id as id from customer
        where id = any (cast(:customers as uuid[])) and customer_group_id is not null
    ),
    {_bought("in (select id from customer where customer_group_id in (select id from mine))")}
    select peer.customer_group_id, bought.product_id, count(distinct bought.customer_id),
        count(distinct (bought.customer_id, bought.document)), sum(bought.quantity),
        max(cast(timezone(:zone, bought.sold_at) as date))
    from bought join customer peer on peer.id = bought.customer_id
    group by peer.customer_group_id, bought.product_id
    having count(distinct bought.customer_id) >= :least
    """
)
_GROUPS = text(
    "select customer.id, customer.customer_group_id, customer_group.name from customer"
    " join customer_group on customer_group.id = customer.customer_group_id"
    " where customer.id = any (cast(:customers as uuid[]))"
)
_RELATED = text(
    """
    select product_id, related_product_id, kind, position from product_relation
    where product_id = any (cast(:products as uuid[])) and kind in ('ACCESSORY', 'UPGRADE')
    order by product_id, position, related_product_id
    """
)
# What each customer may buy: on sale, and in their assortment or their group's.
_BUYABLE = text(
    """
    select buyer.id, product.id, product.sku
    from unnest(cast(:customers as uuid[]), cast(:products as uuid[])) as asked(customer_id, product_id)
    join product on product.id = asked.product_id and product.seller_id = :seller
        and (product.active_until is null or product.active_until > cast(:today as date))
    join customer buyer on buyer.id = asked.customer_id
    left join customer_group on customer_group.id = buyer.customer_group_id
    where coalesce(buyer.assortment_id, customer_group.assortment_id) is null
        or exists (
            select from assortment_product listed
            where listed.assortment_id = coalesce(buyer.assortment_id, customer_group.assortment_id)
                and listed.product_id = product.id
        )
    """
)


async def purchases(
    session: Reads, customers: Sequence[UUID], *, seller_id: UUID, today: date, zone: str
) -> list[Purchases]:
    asked = {
        "seller": seller_id,
        "customers": list(customers),
        "today": today,
        "months": MONTHS,
        "zone": zone,
    }
    return [Purchases(*row) for row in await session.execute(_PURCHASES, asked)]


@dataclass(frozen=True, slots=True)
class PeerPurchases:
    """What a group's customers buy; never of fewer buyers than could be told apart."""

    group_id: UUID
    product_id: UUID
    buyers: int
    times: int
    quantity: Decimal
    last_on: date


async def peers_of(
    session: Reads, customers: Sequence[UUID], *, seller_id: UUID, today: date, zone: str
) -> tuple[dict[UUID, tuple[UUID, str]], list[PeerPurchases]]:
    """The group of each customer with its name, and what each group buys."""
    groups = {
        row[0]: (row[1], row[2]) for row in await session.execute(_GROUPS, {"customers": list(customers)})
    }
    asked = {"seller": seller_id, "customers": list(customers), "today": today, "months": MONTHS, "zone": zone,
             "least": PEERS_MIN}  # fmt: skip
    return groups, [PeerPurchases(*row) for row in await session.execute(_PEERS, asked)]


async def related(session: Reads, product_ids: Sequence[UUID]) -> Sequence[Any]:
    """(product, related product, kind, position) of accessories and upgrades, in their order."""
    return (await session.execute(_RELATED, {"products": list(product_ids)})).all()


async def buyable(
    session: Reads, pairs: Sequence[tuple[UUID, UUID]], *, seller_id: UUID, today: date
) -> set[tuple[UUID, UUID]]:
    """Of (customer, product) those that the customer may buy."""
    asked = {"customers": [pair[0] for pair in pairs], "products": [pair[1] for pair in pairs], "seller": seller_id,
             "today": today}  # fmt: skip
    return {(row[0], row[1]) for row in await session.execute(_BUYABLE, asked)}
