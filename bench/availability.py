"""
What availability by date costs beside the bare SQL that reads the same rows, and how fast one product is reserved.

    python -m bench.availability [--rounds N] [--rows N]

PostgreSQL with fsync on; 50 and 1,000 products with 100 open rows of demand and 100 of supply each, by day. The bare
side fetches stock, demand and supply as plain rows through asyncpg and does nothing with them. Ours is the whole
answer: ladder, incoming, promise and why, and the promise of the warehouse alone. Milliseconds are the least of the
rounds, CPU is this process's; what passes has the database in it. The number of SQL statements must not depend on
products or rows.

Then one hot product: 100 orders at once through GraphQL, and the reservation alone, each in a transaction of its own
(lock, plan, reserve, commit); and 150 buyers for 7 units.
"""

import argparse
import asyncio
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
from sqlalchemy import event, text
from sqlalchemy.engine import make_url

from app.embedded import EmbeddedServer
from auth.permissions import Viewer
from models.base import new_id
from models.products import Product
from resolvers.context import Context, LockedSession
from resolvers.promises import AvailabilityAsked, availability
from resolvers.runner import Done, Refused, run_act
from resolvers.stock import Hold, StockPlan, lock_balances, reserve
from tests import factories as make
from tests.cluster import Cluster
from tests.schema.buying import drafted, make_supplier, sent
from tests.schema.delivering import confirmed
from tests.schema.shop import NOW, Shop, open_shop

ZONE = ZoneInfo("Europe/Madrid")
PRODUCTS = (50, 1_000)
AT_ONCE = 8
HOT = 100

# Rows by copying one order, one purchase order and one product: no column has to be known here. Triggers of foreign
# keys are off, for all keys are of rows that are there. As a lateral a row is made once, not once for each column.
_PRODUCTS = """
    with copied as (
        insert into product select made.* from product one
        cross join generate_series(1, $2) number
        cross join lateral jsonb_populate_record(one, jsonb_build_object(
            'id', gen_random_uuid(), 'sku', 'B-' || number, 'sku_key', 'B' || number)) made
        where one.id = $1 returning id
    )
    insert into stock_balance (product_id, warehouse_id, on_hand, reserved)
    select copied.id, warehouse.id, 0, 0 from copied cross join warehouse
"""
_DEMAND = """
    with heads as (
        insert into sales_order select made.* from sales_order one
        cross join generate_series(1, $1) step cross join lateral jsonb_populate_record(one, jsonb_build_object(
            'id', gen_random_uuid(), 'number', 'D-' || step, 'version', step)) made returning id, version as step
    ), lines as (
        insert into sales_order_line select made.* from sales_order_line one cross join heads
        cross join (select *, row_number() over () as place from product where sku like 'B-%') product
        cross join lateral jsonb_populate_record(one, jsonb_build_object('id', gen_random_uuid(),
            'order_id', heads.id, 'product_id', product.id, 'sku', product.sku, 'quantity_reserved', 0,
            'position', product.place)) made returning id, order_id
    )
    insert into sales_order_schedule_line select made.* from sales_order_schedule_line one
    cross join lines join heads on heads.id = lines.order_id
    cross join lateral jsonb_populate_record(one, jsonb_build_object('id', gen_random_uuid(),
        'order_line_id', lines.id, 'position', 1, 'warehouse_id', null, 'confirmed_on', $2::date + heads.step % 80,
        'ship_on', $2::date + heads.step % 80)) made
"""
_SUPPLY = """
    with heads as (
        insert into purchase_order select made.* from purchase_order one
        cross join generate_series(1, $1) step cross join lateral jsonb_populate_record(one, jsonb_build_object(
            'id', gen_random_uuid(), 'number', 'S-' || step, 'version', step)) made returning id, version as step
    ), lines as (
        insert into purchase_order_line select made.* from purchase_order_line one
        cross join heads
        cross join (select *, row_number() over () as place from product where sku like 'B-%') product
        cross join lateral jsonb_populate_record(one, jsonb_build_object('id', gen_random_uuid(),
            'purchase_order_id', heads.id, 'product_id', product.id, 'sku', product.sku,
            'position', product.place)) made returning id, purchase_order_id
    )
    insert into purchase_schedule_line select made.* from purchase_schedule_line one
    cross join lines join heads on heads.id = lines.purchase_order_id
    cross join lateral jsonb_populate_record(one, jsonb_build_object('id', gen_random_uuid(),
        'purchase_order_line_id', lines.id, 'position', 1, 'requested_on', $2::date + heads.step % 80,
        'confirmed_on', $2::date + heads.step % 80)) made
"""
_BARE = (
    "select id, sku from product where id = any ($1)",
    "select product_id, warehouse_id, on_hand, reserved from stock_balance where product_id = any ($1)",
    """select line.product_id, schedule.warehouse_id, coalesce(schedule.ship_on, schedule.requested_on),
        schedule.quantity from sales_order_schedule_line schedule
        join sales_order_line line on line.id = schedule.order_line_id
        join sales_order on sales_order.id = line.order_id
        where line.product_id = any ($1) and sales_order.status in ('PLACED', 'CONFIRMED')""",
    """select line.product_id, purchase.warehouse_id, coalesce(schedule.confirmed_on, schedule.requested_on),
        schedule.quantity - schedule.quantity_received from purchase_schedule_line schedule
        join purchase_order_line line on line.id = schedule.purchase_order_line_id
        join purchase_order purchase on purchase.id = line.purchase_order_id
        where line.product_id = any ($1) and purchase.status in ('SENT', 'CONFIRMED')""",
)
CAPTURED = """mutation($input: PlaceCapturedOrderInput!) { placeCapturedOrder(input: $input) {
    order { id } errors { code } } }"""


class Bare:
    """The other side: one connection of the owner, without roles or row security."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url)

    async def __aenter__(self) -> Any:
        given = self._url
        self._connection: Any = await asyncpg.connect(
            host=given.query.get("host", given.host), port=given.port, user=given.username,
            database=given.database,
        )  # fmt: skip
        return self._connection

    async def __aexit__(self, *_: object) -> None:
        await self._connection.close()


async def _fill(shop: Shop, connection: Any, rows: int) -> list[tuple[UUID, str]]:
    """The products with their open rows, by product and SKU."""
    async with shop.database.job() as session:
        first = await make.make_product(session, shop.seller, stock=1, out_of_stock_policy="BACKORDER")
    await confirmed(shop, (first, 1))
    await sent(shop, await drafted(shop, await make_supplier(shop, first), (first, 1)))
    await connection.execute("set session_replication_role = replica")
    await connection.execute(_PRODUCTS, first.id, PRODUCTS[-1])
    for statement in (_DEMAND, _SUPPLY):
        await connection.execute(statement, rows, NOW.date())
    await connection.execute("set session_replication_role = origin")
    await connection.execute("vacuum analyze")
    found = await connection.fetch("select id, sku from product where sku like 'B-%' order by sku")
    return [(row["id"], row["sku"]) for row in found]


async def _bare(connection: Any, keys: Sequence[UUID]) -> float:
    begun = time.perf_counter()
    for statement in _BARE:
        await connection.fetch(statement, list(keys))
    return time.perf_counter() - begun


async def _ours(shop: Shop, skus: Sequence[str]) -> tuple[float, float, int]:
    """Seconds that passed, seconds of CPU, SQL statements."""
    seen: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        if "set_config" not in statement:
            seen.append(statement)

    engine = shop.database.engine.sync_engine
    async with shop.database.read(shop.logistics) as session:
        ctx = Context(shop.logistics, NOW, ZONE, open_session=LockedSession(session))
        event.listen(engine, "before_cursor_execute", note)
        passed, used = time.perf_counter(), time.process_time()
        answers = await availability(ctx, [AvailabilityAsked(sku, Decimal(5)) for sku in skus])
        told = [(each.promise, each.ladder, each.incoming, each.sites[0].earliest) for each in answers]
        passed, used = time.perf_counter() - passed, time.process_time() - used
        event.remove(engine, "before_cursor_execute", note)
    assert all(None not in each for each in told), "each is answered"
    return passed, used, len(seen)


async def _availability(shop: Shop, connection: Any, rounds: int, rows: int) -> None:
    products = await _fill(shop, connection, rows)
    print("| products | open rows | ms | CPU ms | bare SQL ms | ratio | SQL |\n|---|---|---|---|---|---|---|")
    for count in PRODUCTS:
        asked = products[:count]
        best = cpu = bare = float("inf")
        statements = 0
        for _ in range(rounds):
            bare = min(bare, await _bare(connection, [key for key, _ in asked]))
            passed, used, statements = await _ours(shop, [sku for _, sku in asked])
            best, cpu = min(best, passed), min(cpu, used)
        print(
            f"| {count:,} | {count * rows * 2:,} | {best * 1000:.0f} | {cpu * 1000:.0f} | {bare * 1000:.0f}"
            f" | {best / bare:.1f} | {statements} |",
            flush=True,
        )


async def _at_once(acts: Sequence[Callable[[], Awaitable[str]]]) -> tuple[Counter[str], float]:
    """What they ended with, and seconds; as many at once as there are connections."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def take_turn(act: Callable[[], Awaitable[str]]) -> str:
        async with turns:
            return await act()

    begun = time.perf_counter()
    ends = await asyncio.gather(*map(take_turn, acts))
    return Counter(ends), time.perf_counter() - begun


async def _buyers(shop: Shop, count: int) -> list[Viewer]:
    async with shop.database.job() as session:
        people = []
        for _ in range(count):
            customer = await make.make_customer(session, shop.seller)
            people.append(await make.make_user(session, shop.seller, customer=customer, password=None))
    return [await make.viewer_of(shop.database, each) for each in people]


async def _product(shop: Shop, stock: int) -> Product:
    async with shop.database.job() as session:
        return await make.make_product(session, shop.seller, price="10", stock=stock)


async def _order(shop: Shop, viewer: Viewer, product: Product) -> str:
    given = {"lines": [{"sku": product.sku, "quantity": "1"}], "expectedTotal": "12.10"}
    answer = await shop.ask(viewer, CAPTURED, str(new_id()), input=given)
    if "errors" in answer:
        return str(answer["errors"][0]["extensions"]["code"])
    payload = answer["data"]["placeCapturedOrder"]
    return str(payload["errors"][0]["code"]) if payload["errors"] else "reserved"


async def _reserve(shop: Shop, product: Product, entry: UUID) -> str:
    async def work(ctx: Context) -> Done[UUID]:
        locked = await lock_balances(ctx, [product.id])
        [part] = StockPlan(locked).take(product.id, Decimal(1))
        assert part.warehouse_id is not None, "there is enough"
        await reserve(ctx, shop.customer.id, [Hold(entry, product.id, part.warehouse_id, Decimal(1))])
        return Done(entry)

    def context(session: LockedSession) -> Context:
        return Context(shop.logistics, NOW, ZONE, open_session=session)

    made = await run_act(shop.database, shop.logistics, context, work)
    return "refused" if isinstance(made, Refused) else "reserved"


async def _hot(shop: Shop) -> None:
    print("\n| what | outcome | seconds | a second | called off |\n|---|---|---|---|---|")
    entries = await _free_entries(shop)
    hot, scarce = await _product(shop, 10 * HOT), await _product(shop, 7)
    buyers = await _buyers(shop, 150)
    await _order(shop, buyers[0], await _product(shop, 1))  # what is read once per process
    cases: list[tuple[str, Sequence[Callable[[], Awaitable[str]]]]] = [
        (
            f"{HOT} orders of one product",
            [partial(_order, shop, each, hot) for each in buyers[:HOT]],
        ),
        (
            f"{5 * HOT} reservations of it alone",
            [partial(_reserve, shop, hot, each) for each in entries],
        ),
        ("150 buyers, 7 units", [partial(_order, shop, each, scarce) for each in buyers]),
    ]
    states = _states(shop)
    for name, acts in cases:
        states.clear()
        ends, seconds = await _at_once(acts)
        told, aborts = _told(ends), _told(states) or "0"
        print(f"| {name} | {told} | {seconds:.1f} | {len(acts) / seconds:.0f} | {aborts} |", flush=True)


def _told(counted: Counter[str]) -> str:
    return ", ".join(f"{number} {name}" for name, number in counted.most_common())


async def _free_entries(shop: Shop) -> list[UUID]:
    """Schedule lines that wait for goods."""
    async with shop.database.job() as session:
        found = await session.scalars(
            text(
                "select id from sales_order_schedule_line where warehouse_id is null order by id limit :most"
            ),
            {"most": 5 * HOT},
        )
        return list(found)


def _states(shop: Shop) -> Counter[str]:
    """What PostgreSQL called off, by state: 40001 a conflict, 40P01 a deadlock, 55P03 too long a wait for a lock."""
    found: Counter[str] = Counter()

    def note(context: Any) -> None:
        found[getattr(context.original_exception, "sqlstate", None) or "other"] += 1

    event.listen(shop.database.engine.sync_engine, "handle_error", note)
    return found


async def _run(cluster: Cluster, rounds: int, rows: int) -> None:
    name = cluster.make("bench_availability")
    database = cluster.database(name, AT_ONCE)
    try:
        await database.open()
        shop = await open_shop(database)
        async with Bare(cluster.owner_url(name)) as connection:
            await _availability(shop, connection, rounds, rows)
        await _hot(shop)
    finally:
        await database.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.availability", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=100)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ventas-bench-") as held:
        folder = Path(held)
        folder.chmod(0o711)
        with EmbeddedServer(folder) as server:
            cluster = Cluster(server, folder)
            try:
                asyncio.run(_run(cluster, given.rounds, given.rows))
            finally:
                cluster.close()


if __name__ == "__main__":
    main()
