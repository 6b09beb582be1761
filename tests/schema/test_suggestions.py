"""Suggestions: related, bought together, overdue, of peers; each with its reason; shown, accepted and ordered."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from auth.permissions import Role
from models.customers import Customer
from models.products import Product, ProductRelation
from models.sales_history import SalesHistory
from models.sellers import SalesRep, SalesTeam
from resolvers.suggestions_facts import FavouriteFacts, favourite_facts, learn_affinities, note_ordered
from rules.states import RelationKind, SaleKind
from schema.ids import encode_id, split_id
from tests import factories as make
from tests.schema.shop import NOW, Shop

TODAY = NOW.date()
OF_PRODUCT = "query($id: ID!) { productSuggestions(by: {id: $id}) { reason words product { sku } } }"
OF_CUSTOMER = "query($id: ID!) { customer(by: {id: $id}) { suggestions { reason words product { sku } } } }"
OF_CART = "{ cart { suggestions { reason words product { sku } } } }"
RECORD = """mutation Record($input: RecordSuggestionsInput!) { recordSuggestions(input: $input) {
    customer { number } errors { code path } } }"""
MEASURED = """{ suggestionPerformance(since: "2026-03-01", until: "2026-03-31") {
    reason place shown accepted ordered } }"""


def sold(
    shop: Shop, customer: Customer, document: str, days_ago: int, *products: Product
) -> list[SalesHistory]:
    at = datetime.combine(TODAY - timedelta(days_ago), datetime.min.time(), UTC) + timedelta(hours=10)
    return [
        SalesHistory(
            month=at.date().replace(day=1), seller_id=shop.seller.id, customer_id=customer.id, kind=SaleKind.SALE,
            source="test", source_key=f"{document}-{each.sku}", document_number=document, sold_at=at,
            product_id=each.id, sku=each.sku, description=each.name, quantity=Decimal(2), unit_price=Decimal(10),
            net_amount=Decimal(20), currency="EUR",
        )
        for each in products
    ]  # fmt: skip


async def make_products(session: AsyncSession, shop: Shop) -> list[Product]:
    """Coffee, filters, sugar, tea."""
    return [
        await make.make_product(session, shop.seller, sku=sku) for sku in ("CAFE", "FILTRO", "AZUCAR", "TE")
    ]


@pytest.fixture
async def products(shop: Shop) -> list[Product]:
    """
    Six companies of a group buy coffee and filters together, four tea and sugar; the shop's customer buys sugar every
    ten days and is three days late, and has ordered coffee once. One company of the group has bought nothing yet.
    """
    async with shop.database.job() as session:
        coffee, filters, sugar, tea = found = await make_products(session, shop)
        group = await make.make_group(session, shop.seller, name="Cafeterías")
        await session.execute(
            text("update customer set customer_group_id = :group where id = :id"),
            {"group": group.id, "id": shop.other.id},
        )
        for index in range(6):
            peer = await make.make_customer(session, shop.seller, customer_group_id=group.id)
            session.add_all(sold(shop, peer, f"P{index}", 20, coffee, filters))
            if index < 4:
                session.add_all(sold(shop, peer, f"T{index}", 15, tea, sugar))
        for days in (33, 23, 13):
            session.add_all(sold(shop, shop.customer, f"S{days}", days, sugar))
        session.add_all(sold(shop, shop.customer, "C1", 5, coffee))
        session.add(
            ProductRelation(
                product_id=coffee.id,
                related_product_id=shop.product.id,
                kind=RelationKind.ACCESSORY,
                position=1,
            )
        )
        await session.flush()
        await learn_affinities(session, shop.seller.id, TODAY)
    return found


def told(rows: Sequence[dict[str, Any]]) -> list[tuple[str, str, str]]:
    return [(each["product"]["sku"], each["reason"], each["words"]) for each in rows]


async def test_every_suggestion_says_its_reason(shop: Shop, products: list[Product]) -> None:
    coffee, filters, *_ = products
    async with shop.database.job() as session:
        learnt = list(
            await session.execute(
                text("select product_id, other_id, support, lift from product_affinity order by lift")
            )
        )
    at_coffee = await shop.data(shop.buyer, OF_PRODUCT, id=str(encode_id("Product", coffee.id)))
    of_company = await shop.data(shop.rep, OF_CUSTOMER, id=str(encode_id("Customer", shop.customer.id)))
    await shop.fill(shop.buyer, (filters, 1))
    in_cart = await shop.data(shop.buyer, OF_CART)
    new_company = await shop.data(shop.stranger, OF_CUSTOMER, id=str(encode_id("Customer", shop.other.id)))
    spanish = await shop.ask(
        shop.buyer, OF_CUSTOMER, locale="es", id=str(encode_id("Customer", shop.customer.id))
    )

    # 14 documents; 7 hold coffee, 6 filters, 6 both: 6 x 14 / (7 x 6) = 2. Tea and sugar meet 4 times: too few.
    assert sorted((a, b, support, lift) for a, b, support, lift in learnt) == sorted(
        [(coffee.id, filters.id, 6, Decimal(2)), (filters.id, coffee.id, 6, Decimal(2))]
    )
    assert told(at_coffee["productSuggestions"]) == [
        ("ACE-001", "RELATED", "Goes with CAFE."),
        ("FILTRO", "BOUGHT_TOGETHER", "Often bought with CAFE."),
    ]
    assert told(of_company["customer"]["suggestions"]) == [
        ("AZUCAR", "REPLENISHMENT", "Bought every 10 days, last on Feb 17, 2026."),
        ("ACE-001", "RELATED", "Goes with CAFE."),
        ("FILTRO", "BOUGHT_TOGETHER", "Often bought with CAFE."),
    ]
    assert told(in_cart["cart"]["suggestions"]) == [
        ("AZUCAR", "REPLENISHMENT", "Bought every 10 days, last on Feb 17, 2026."),
        ("CAFE", "BOUGHT_TOGETHER", "Often bought with FILTRO."),
    ]
    # What four of them buy is never shown.
    assert told(new_company["customer"]["suggestions"]) == [
        ("CAFE", "PEERS", "6 companies of the group Cafeterías buy it."),
        ("FILTRO", "PEERS", "6 companies of the group Cafeterías buy it."),
    ]
    words = spanish["data"]["customer"]["suggestions"][0]["words"]
    assert words == "Se compra cada 10 días, la última vez el 17 feb 2026."


async def test_what_may_not_be_bought_or_seen_is_not_suggested(shop: Shop, products: list[Product]) -> None:
    coffee, filters, *_ = products
    key = str(encode_id("Product", coffee.id))
    async with shop.database.job() as session:
        await session.execute(
            text("update product set active_until = '2026-03-02' where id = :id"), {"id": filters.id}
        )

    at_coffee = await shop.data(shop.buyer, OF_PRODUCT, id=key)
    foreign = await shop.data(shop.buyer, OF_CUSTOMER, id=str(encode_id("Customer", shop.other.id)))
    unknown = await shop.data(shop.buyer, OF_PRODUCT, id=str(encode_id("Product", shop.other.id)))

    assert [each["product"]["sku"] for each in at_coffee["productSuggestions"]] == ["ACE-001"]
    assert (foreign["customer"], unknown["productSuggestions"]) == (None, [])


async def test_shown_accepted_and_ordered_are_measured_in_one_query(
    shop: Shop, products: list[Product]
) -> None:
    coffee, filters, *_ = products
    async with shop.database.job() as session:
        rep = await session.get_one(SalesRep, shop.rep.user_id)
        team = await session.get_one(SalesTeam, rep.sales_team_id)
        user = await make.make_rep(session, shop.seller, team=team, role=Role.SALES_MANAGER)
        team.manager_id = user.id
    manager = await make.viewer_of(shop.database, user)
    both = [
        {"productId": str(encode_id("Product", each.id)), "reason": "BOUGHT_TOGETHER"}
        for each in (coffee, filters)
    ]
    stranger = str(encode_id("Customer", shop.other.id))

    for _ in range(2):  # the second time of a day counts nothing
        shown = await shop.data(
            shop.buyer, RECORD, input={"stage": "SHOWN", "place": "CART", "suggestions": both}
        )
    taken = {"stage": "ACCEPTED", "place": "CART", "suggestions": both[:1]}
    await shop.data(shop.buyer, RECORD, input=taken)
    cart = await shop.fill(shop.buyer, (coffee, 1), (filters, 1))
    placed = await shop.place(shop.buyer, cart)
    order = split_id(placed["order"]["id"])
    assert order is not None
    for _ in range(2):
        async with shop.database.job() as session:
            await note_ordered(session, order[1])
    before = await shop.snapshot()
    refused = [
        (await shop.data(viewer, RECORD, input=taken | given))["recordSuggestions"]["errors"]
        for viewer, given in (
            (shop.buyer, {"stage": "ORDERED"}),
            (shop.buyer, {"suggestions": []}),
            (shop.buyer, {"customerId": stranger}),
            (shop.rep, {"customerId": stranger}),
            (shop.rep, {}),
            (shop.buyer, {"suggestions": [{"productId": stranger, "reason": "PEERS"}]}),
        )
    ]
    measured = await shop.data(manager, MEASURED)

    assert shown["recordSuggestions"] == {"customer": {"number": shop.customer.number}, "errors": []}
    assert measured["suggestionPerformance"] == [
        {"reason": "BOUGHT_TOGETHER", "place": "CART", "shown": 2, "accepted": 1, "ordered": 1}
    ]
    assert [(each["code"], each["path"]) for (each,) in refused] == [
        ("INVALID", ["stage"]),
        ("INVALID", ["suggestions"]),
        ("NOT_FOUND", ["customerId"]),
        ("NOT_FOUND", ["customerId"]),
        ("NOT_FOUND", ["customerId"]),
        ("NOT_FOUND", ["suggestions", "0", "productId"]),
    ]
    assert await shop.snapshot() == before
    for viewer in (shop.buyer, shop.rep, shop.finance):
        assert "errors" in await shop.ask(viewer, MEASURED)


async def test_the_facts_of_favourites(shop: Shop, products: list[Product]) -> None:
    coffee, filters, sugar, tea = products
    listed = "mutation($input: CreateWishlistInput!) { createWishlist(input: $input) { errors { code } } }"
    for name, visibility, sku in (("Mía", "PRIVATE", "TE"), ("Nuestra", "COMPANY", "AZUCAR")):
        items = [{"sku": sku, "quantity": "1"}]
        await shop.data(shop.buyer, listed, input={"name": name, "visibility": visibility, "items": items})
    cart = await shop.fill(shop.buyer, (sugar, 1))
    await shop.place(shop.buyer, cart)

    async def facts(**given: Any) -> FavouriteFacts:
        keys = [each.id for each in products]
        async with shop.database.job() as session:
            return await favourite_facts(
                session, shop.customer.id, keys, [1, 6], seller_id=shop.seller.id, today=date(2026, 3, 3), **given
            )  # fmt: skip

    found = await facts()

    assert found.times_bought == {coffee.id: {1: 1, 6: 1}, sugar.id: {1: 3, 6: 4}}  # one of them an order
    assert found.wishlisted == {sugar.id}
    assert (await facts(user_id=shop.buyer.user_id)).wishlisted == {sugar.id, tea.id}
    assert found.bought_together == {coffee.id: {filters.id}, filters.id: {coffee.id}}
