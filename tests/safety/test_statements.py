"""List pages cost a constant number of SQL statements, whatever the number of rows."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event, text

from app.database import Database
from tests import factories as make
from tests.schema.shop import NOW, Shop, open_shop

MANY = 40
PRODUCTS = """{ products(first: 100) { totalCount nodes { id sku name customerItemNumber unit { code } category { name }
    units { unit factor } attributes { name } pictures { url } price { unitPrice { amount } breaks { fromQuantity }
    nextBreak { fromQuantity } } availability { band } related { kind product { sku } } } } }"""
ORDERS = """{ orders(first: 100) { totalCount nodes { number allowedActions deliveryState invoiceState lineCount
    totals { gross { amount } taxes { percent } } customer { name } timeline { action }
    lines { sku product { name availability { band } } scheduleLines { quantity } } } } }"""
CUSTOMERS = """{ customers(first: 100) { totalCount nodes { name parent { name } group { name } paymentTerms { name }
    deliveryTerms { name } salesRep { name team { name } } addresses { city } contacts { name }
    users { user { name } roles } credit { available { amount } } salesByYear { year } favourites { product { sku } } lastOrder { number lines { sku } } } } }"""
WISHLISTS = """{ wishlists(first: 100) { totalCount nodes { name itemCount allowedActions
    items { quantity product { name price { unitPrice { amount } } availability { band } } } } } }"""
CART = """{ cart { lineCount allowedActions problems { code } warnings { code } totals { gross { amount } taxes { percent } }
    lines { quantity product { name units { unit } availability { band } } unitPrice { amount } problems { code }
    nextBreak { fromQuantity } } deliveryAddress { city } } }"""
DELIVERIES = """{ deliveries(first: 100) { totalCount nodes { number allowedActions paperUrl warehouse { code }
    order { number deliveries { number } } lines { sku product { name } delivery { number } lots { lotNumber } } } } }"""
DESK = """{ orders(where: {isReleasable: {eq: true}}, first: 100) { totalCount nodes { number allowedActions
    lines { deliveries { quantity delivery { number } } } releasable { sku quantity warehouse { code } } } } }"""
CHECK = "query($t: String!) { checkLines(input: {text: $t}) { validCount lines { product { name } unitPrice { amount } problem { code } } } }"


@pytest.fixture
async def shop(database: Database) -> Shop:
    return await open_shop(database)


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """The statements that run, without those that set the transaction up."""
    seen: list[str] = []

    def listen(
        connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool
    ) -> None:
        if "set_config('app.user_id'" not in statement:
            seen.append(statement)

    event.listen(database.engine.sync_engine, "before_cursor_execute", listen)
    try:
        yield seen
    finally:
        event.remove(database.engine.sync_engine, "before_cursor_execute", listen)


async def grow(shop: Shop, count: int, start: int) -> None:
    """Products with all that hangs on them, companies with people, orders, lists and a cart of that many lines."""
    async with shop.database.job() as session:
        category = await make.make_category(session, shop.seller, f"c{start}")
        group = await make.make_group(session, shop.seller)
        term = await make.make_payment_term(session, shop.seller, f"T{start}", 15)
        for index in range(start, start + count):
            product = await make.make_product(session, shop.seller, price="10", stock=1000, cost="5", sku=f"M-{index:03}",
                                              category=category)  # fmt: skip
            await make.make_price(session, product, "9", from_quantity=10)
            await make.make_item_number(session, shop.customer, product, f"own-{index}")
            customer = await make.make_customer(session, shop.seller, customer_group_id=group.id,
                                                payment_term_id=term.id, parent=shop.other)  # fmt: skip
            await make.make_user(session, shop.seller, customer=customer, password=None)
    buyer = shop.buyer
    for index in range(start, start + count):
        cart = await shop.fill(buyer, (f"M-{index:03}", 1), ("ACE-001", 1))
        assert (await shop.place(buyer, cart))["errors"] == []
    async with shop.database.job() as session:
        found = await session.scalars(
            text("select id from sales_order where status = 'PLACED' order by number")
        )
        ready = list(found)
        await session.execute(text("update sales_order set status = 'CONFIRMED', confirmed_at = placed_at"))
    for key in ready:
        await make.make_delivery(shop.database, shop.logistics, key, 1, now=NOW)
    items = [{"sku": f"M-{index:03}", "quantity": "1"} for index in range(start, start + 2)]
    document = "mutation($input: CreateWishlistInput!) { createWishlist(input: $input) { errors { code } } }"
    for index in range(start, start + count):
        given = {"name": f"L{index}", "items": items}
        assert (await shop.data(buyer, document, input=given))["createWishlist"]["errors"] == []


async def test_lists_cost_the_same_for_2_and_for_40_rows(shop: Shop) -> None:
    async with shop.database.job() as session:
        await session.execute(text("update stock_balance set on_hand = 100000"))
    shop.engine.cost_max = (
        10**9
    )  # a page of everything is more than a client may ask; here it shows what rows cost
    found: dict[str, list[list[str]]] = {}
    sizes: dict[str, list[int]] = {}
    text_ = ""
    for count, start in ((2, 0), (MANY, 2)):
        await grow(shop, count, start)
        for index in range(start, start + count):
            text_ += f"M-{index:03} 1\n"
        await shop.fill(shop.buyer, *((f"M-{index:03}", 1) for index in range(start, start + count)))
        for name, who, document, given in (
            ("products", shop.buyer, PRODUCTS, {}), ("orders", shop.buyer, ORDERS, {}),
            ("customers", shop.finance, CUSTOMERS, {}), ("orders of staff", shop.finance, ORDERS, {}),
            ("wishlists", shop.buyer, WISHLISTS, {}),
            ("deliveries", shop.logistics, DELIVERIES, {}), ("deliveries of a buyer", shop.buyer, DELIVERIES.replace("warehouse { code }", ""), {}),
            ("desk", shop.logistics, DESK, {}), ("cart", shop.buyer, CART, {}), ("checkLines", shop.buyer, CHECK, {"t": text_}),
        ):  # fmt: skip
            await shop.data(who, document, **given)  # once for what is read once per process
            with counted(shop.database) as seen:
                data = next(iter((await shop.data(who, document, **given)).values()))
            found.setdefault(name, []).append(list(seen))
            sizes.setdefault(name, []).append(len(data.get("nodes") or data.get("lines")))
        # The cart is emptied by the orders of the next turn, which fill and place it.
        await shop.data(shop.buyer, "mutation { clearCart(input: {}) { errors { code } } }")

    for name, (few, many) in found.items():
        assert sizes[name][1] >= MANY > 3 >= sizes[name][0] - 3, (name, sizes[name])
        extra = [each for each in many if many.count(each) > few.count(each)]
        assert len(few) == len(many), (name, len(few), len(many), extra[:3])


async def test_placing_50_lines_costs_what_5_cost(shop: Shop) -> None:
    async with shop.database.job() as session:
        for index in range(50):
            await make.make_product(
                session, shop.seller, price="10", stock=1000, cost="5", sku=f"P-{index:03}"
            )
    costs = []
    for size in (5, 50):
        cart = await shop.fill(shop.buyer, *((f"P-{index:03}", 1) for index in range(size)))
        with counted(shop.database) as seen:
            placed = await shop.place(shop.buyer, cart)
        assert placed["errors"] == [] and len(placed["order"]["lines"]) == size
        costs.append(len(seen))

    assert costs[1] <= costs[0] + 3, costs  # inserts of many rows may be parted
    assert Decimal(costs[0]) < 70  # eleven of them find the promised days
