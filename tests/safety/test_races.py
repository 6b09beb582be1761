"""Many at once: stock, keys, carts, credit and crossed lines (P01, P03, P08, P11; method rules R1 to R3)."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from app.database import Database
from auth.permissions import CUSTOMER_ROLES, Role, RowClass, Viewer, combine_grants
from models.products import Product
from models.sellers import Seller
from schema.engine import Engine
from schema.gate import make_request
from schema.ids import encode_id
from tests import factories as make
from tests.conftest import Cluster
from tests.safety.world import engine_of
from tests.schema.shop import PLACE

ADD = """mutation($lines: [CartLineInput!]!) { addToCart(input: {lines: $lines}) {
    cart { id version totals { gross { amount } } } errors { code } } }"""


class Crowd:
    """A seller and any number of companies with a buyer each: rows are disjoint but for what is contended (R1)."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.engine: Engine = engine_of(database)
        self.seller: Seller
        self.retries = 0

    async def gather(
        self, size: int, limit: str | None = "100000", one_company: bool = False
    ) -> list[Viewer]:
        async with self.database.job() as session:
            customers = [
                await make.make_customer(session, self.seller, credit_limit=limit)
                for _ in range(1 if one_company else size)
            ]
            people = []
            for index in range(size):
                customer = customers[0 if one_company else index]
                people.append(
                    (await make.make_user(session, self.seller, customer=customer, password=None), customer)
                )
        grants = combine_grants([Role.BUYER])
        assert Role.BUYER in CUSTOMER_ROLES
        return [
            Viewer(user.id, user.name, user.email, self.seller.id, RowClass.CUSTOMER, frozenset({Role.BUYER}), grants,
                   customer_id=customer.id, customer_ids=(customer.id,))
            for user, customer in people
        ]  # fmt: skip

    async def products(self, count: int, stock: int, price: str = "10") -> list[Product]:
        async with self.database.job() as session:
            return [
                await make.make_product(session, self.seller, price=price, stock=stock) for _ in range(count)
            ]

    async def ask(
        self, viewer: Viewer, document: str, key: str | None = None, **variables: Any
    ) -> dict[str, Any]:
        """To the end: a 503 is repeated as a client would (R3); anything else without data is a fault."""
        for _ in range(60):
            request = make_request(document, variables)
            answer = await self.engine.answer(viewer, request, idempotency_key=key, locale="en")
            if answer.status == 503:
                self.retries += 1
                await asyncio.sleep(0)
                continue
            assert "errors" not in answer.body, answer.body["errors"]
            payload: dict[str, Any] = next(iter(answer.body["data"].values()))
            return payload
        raise AssertionError("60 times 503 is no answer")

    async def fill(self, viewer: Viewer, *lines: tuple[Product, int]) -> dict[str, Any]:
        """A cart, and the input that places it."""
        given = [{"sku": product.sku, "quantity": str(quantity)} for product, quantity in lines]
        payload = await self.ask(viewer, ADD, lines=given)
        assert payload["errors"] == []
        cart = payload["cart"]
        total = cart["totals"]["gross"]["amount"]
        return {"cartId": cart["id"], "expectedVersion": cart["version"], "expectedTotal": total}

    async def deadlocks(self) -> int:
        async with self.database.owner() as connection:
            await connection.execute(text("select pg_stat_clear_snapshot()"))
            found = await connection.scalar(
                text("select deadlocks from pg_stat_database where datname = current_database()")
            )
        return int(found or 0)

    async def value(self, statement: str, **values: Any) -> Any:
        async with self.database.job() as session:
            return await session.scalar(text(statement), values)


@pytest.fixture
async def crowd(cluster: Cluster, template: str) -> AsyncIterator[Crowd]:
    async with cluster.lend(template, pool_size=16) as database:
        await database.open()  # a cold pool hides races (R2)
        made = Crowd(database)
        async with database.job() as session:
            made.seller = await make.make_seller(session)
        yield made


def outcome(payload: dict[str, Any]) -> str:
    return "placed" if not payload["errors"] else ",".join(each["code"] for each in payload["errors"])


async def race(crowd: Crowd, buyers: int, units: int) -> None:
    viewers = await crowd.gather(buyers)
    (product,) = await crowd.products(1, units)
    inputs = await asyncio.gather(*(crowd.fill(viewer, (product, 1)) for viewer in viewers[:units]))
    # Carts beyond the stock are filled too: a cart may hold what is not free.
    inputs += await asyncio.gather(*(crowd.fill(viewer, (product, 1)) for viewer in viewers[units:]))

    placed = await asyncio.gather(
        *(
            crowd.ask(viewer, PLACE, f"{viewer.user_id}", input=given)
            for viewer, given in zip(viewers, inputs, strict=True)
        )
    )

    assert Counter(map(outcome, placed)) == +Counter(placed=units, OUT_OF_STOCK=buyers - units)
    balance = await crowd.value(
        "select on_hand || '/' || reserved from stock_balance where product_id = :p", p=product.id
    )
    assert [Decimal(each) for each in balance.split("/")] == [units, units]
    held = "select sum(quantity) from reservation where product_id = :p and released_at is null"
    assert await crowd.value(held, p=product.id) == units
    assert (
        await crowd.value("select count(*) from sales_order_line where product_id = :p", p=product.id)
        == units
    )


async def test_150_buyers_race_for_7_units(crowd: Crowd) -> None:
    await race(crowd, 150, 7)
    assert await crowd.deadlocks() == 0


async def test_small_races_over_and_over(crowd: Crowd) -> None:
    """Eight rounds (R2), with none free, one, a few and enough."""
    for units in (1, 3, 0, 2, 5, 12, 4, 1):
        if units:
            await race(crowd, 12, units)
    assert await crowd.deadlocks() == 0


async def test_40_parallel_and_200_repeated_uses_of_a_key_place_one_order(crowd: Crowd) -> None:
    (viewer,) = await crowd.gather(1)
    (product,) = await crowd.products(1, 100)
    given = await crowd.fill(viewer, (product, 2))

    parallel = await asyncio.gather(*(crowd.ask(viewer, PLACE, "one", input=given) for _ in range(40)))
    repeated = [await crowd.ask(viewer, PLACE, "one", input=given) for _ in range(200)]

    assert Counter(each["replayed"] for each in parallel) == {False: 1, True: 39}
    assert all(each["replayed"] for each in repeated)
    first = next(each for each in parallel if not each["replayed"])
    assert all(each | {"replayed": False} == first for each in (*parallel, *repeated))
    assert await crowd.value("select count(*) from sales_order") == 1
    assert await crowd.value("select count(*) from idempotency_record") == 1


async def test_two_tabs_place_one_cart_once(crowd: Crowd) -> None:
    for number, viewer in enumerate(await crowd.gather(8)):
        (product,) = await crowd.products(1, 100)
        given = await crowd.fill(viewer, (product, 2))

        tabs = await asyncio.gather(
            *(crowd.ask(viewer, PLACE, f"tab-{number}-{tab}", input=given) for tab in range(2))
        )

        assert sorted(map(outcome, tabs)) == ["STALE_VERSION", "placed"]
        placed = "select count(*) from sales_order where customer_id = :c"
        assert await crowd.value(placed, c=viewer.customer_id) == 1


async def test_a_credit_limit_holds_when_20_orders_race(crowd: Crowd) -> None:
    """Each order is 121.00; of a limit of 500 four go through, and the rest are taken on hold."""
    viewers = await crowd.gather(20, limit="500", one_company=True)
    products = await crowd.products(
        20, 100, price="100"
    )  # each their own: the limit is all that is contended
    inputs = [
        await crowd.fill(viewer, (product, 1)) for viewer, product in zip(viewers, products, strict=True)
    ]

    placed = await asyncio.gather(
        *(
            crowd.ask(viewer, PLACE, f"{viewer.user_id}", input=given)
            for viewer, given in zip(viewers, inputs, strict=True)
        )
    )

    assert Counter(map(outcome, placed)) == {"placed": 20}
    assert Counter(each["order"]["isOnHold"] for each in placed) == {False: 4, True: 16}
    free = await crowd.value("select sum(gross_amount) from sales_order where not is_on_hold")
    assert free == Decimal("484")
    reserved = await crowd.value("select sum(reserved) from stock_balance")
    assert reserved == 4, "nothing is held for an order that waits"
    assert await crowd.deadlocks() == 0


async def test_crossed_lines_do_not_deadlock(crowd: Crowd) -> None:
    """80 orders over the same six products, each in another order of lines."""
    viewers = await crowd.gather(40)
    products = await crowd.products(6, 1000)
    rounds = 2
    for turn in range(rounds):
        inputs = []
        for index, viewer in enumerate(viewers):
            at = (index + turn) % 6
            turned = products[at:] + products[:at]
            lines = turned if index % 2 else turned[::-1]
            inputs.append(await crowd.fill(viewer, *((product, 1) for product in lines)))
        placed = await asyncio.gather(
            *(crowd.ask(viewer, PLACE, f"{turn}-{viewer.user_id}", input=given)
              for viewer, given in zip(viewers, inputs, strict=True))
        )  # fmt: skip
        assert Counter(map(outcome, placed)) == {"placed": len(viewers)}

    assert await crowd.value("select min(reserved) || '/' || max(reserved) from stock_balance") in (
        "80.000000/80.000000",
    )
    assert await crowd.deadlocks() == 0


async def test_cancelling_and_placing_at_once_lose_nothing(crowd: Crowd) -> None:
    """Stock that comes back while others ask for it: what is reserved is what open orders hold."""
    viewers = await crowd.gather(20)
    (product,) = await crowd.products(1, 10)
    inputs = [await crowd.fill(viewer, (product, 1)) for viewer in viewers]
    first = [
        await crowd.ask(v, PLACE, f"a{v.user_id}", input=i)
        for v, i in zip(viewers[:10], inputs, strict=False)
    ]
    cancel = "mutation($input: CancelOrderInput!) { cancelOrder(input: $input) { order { status } errors { code } } }"

    def cancelled(viewer: Viewer, payload: dict[str, Any]) -> Any:
        order = payload["order"]
        given = {"orderId": order["id"], "expectedVersion": order["version"], "reason": "no"}
        return crowd.ask(viewer, cancel, f"c{viewer.user_id}", input=given)

    await asyncio.gather(
        *(cancelled(viewer, payload) for viewer, payload in zip(viewers, first, strict=False)),
        *(
            crowd.ask(v, PLACE, f"b{v.user_id}", input=i)
            for v, i in zip(viewers[10:], inputs[10:], strict=True)
        ),
    )

    open_ = "select coalesce(sum(l.quantity_reserved), 0) from sales_order_line l join sales_order o on o.id = l.order_id"
    assert await crowd.value("select reserved from stock_balance") == await crowd.value(
        f"{open_} where o.status = 'PLACED'"
    )
    assert await crowd.value(f"{open_} where o.status = 'CANCELLED'") == 0
    assert await crowd.deadlocks() == 0


RELEASE = """mutation($input: ReleaseDeliveryInput!) { releaseDelivery(input: $input) {
    delivery { id } errors { code } warnings { code } } }"""


async def test_releases_that_race_for_the_last_lot_share_it(crowd: Crowd) -> None:
    """Five orders of 2 pieces, two lots of 5: each is released once by two people at once, and no lot gives twice."""
    async with crowd.database.job() as session:
        product = await make.make_product(session, crowd.seller, price="10", stock=None, is_lot_tracked=True)
        for number in ("L1", "L2"):
            await make.make_stock(session, product, 5, lot=number)
        people = [await make.make_user(session, crowd.seller, roles=[Role.LOGISTICS]) for _ in range(2)]
        warehouse = await session.scalar(text("select id from warehouse"))
    logistics = [await make.viewer_of(crowd.database, each) for each in people]
    for index, buyer in enumerate(await crowd.gather(5)):
        placed = await crowd.ask(buyer, PLACE, f"p-{index}", input=await crowd.fill(buyer, (product, 2)))
        assert placed["errors"] == []
    async with crowd.database.job() as session:
        await session.execute(text("update sales_order set status = 'CONFIRMED', confirmed_at = placed_at"))
        orders = list(await session.scalars(text("select id from sales_order")))
    before = await crowd.deadlocks()

    given = [
        {
            "orderId": encode_id("Order", order),
            "warehouseId": encode_id("Warehouse", warehouse),
            "expectedVersion": 1,
        }
        for order in orders
    ]
    answers = await asyncio.gather(
        *(
            crowd.ask(viewer, RELEASE, f"r-{who}-{index}", input=each)
            for who, viewer in enumerate(logistics)
            for index, each in enumerate(given)
        )
    )

    told = Counter("released" if each["delivery"] else each["errors"][0]["code"] for each in answers)
    assert told == {"released": 5, "STALE_VERSION": 5}
    assert await crowd.value("select sum(allocated) from lot_balance") == 10
    assert await crowd.value("select count(*) from lot_balance where allocated > on_hand") == 0
    assert await crowd.deadlocks() == before
