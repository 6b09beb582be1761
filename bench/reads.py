"""
CPU time of the reads and the write that matter, beside the barest way to the same rows.

    python -m bench.reads [requests]

A throw-away PostgreSQL with the demo company is made, each document is run that many times in one process, and the
process's own CPU milliseconds per request are printed, with the ratio to one asyncpg statement that reads the rows.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select, text

from app.database import Database, ensure_database, migrate
from app.demo import load_demo
from app.embedded import EmbeddedServer
from auth.viewers import load_visit
from models.customers import Membership
from models.users import User
from rules.states import SessionKind
from schema.api import api
from schema.engine import Engine
from schema.throttle import Throttle
from tests.factories import make_session

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
Q1 = """{ products(first: 50) { nodes { sku name unit { code }
  price { unitPrice { amount currency } } availability { band } pictures { url } } } }"""
Q2 = """{ orders(first: 20) { nodes { number status
  lines { sku quantityOrdered netAmount { amount } product { name } } } } }"""
Q3 = "{ viewer { locale isStaff } }"
BARE = {
    "Q1": "select p.sku, p.name, l.unit_price, b.on_hand - b.reserved from product p"
    " join list_price l on l.product_id = p.id and l.currency = 'EUR' and l.from_quantity = 0"
    " left join stock_balance b on b.product_id = p.id order by p.name_sort limit 50",
    "Q2": "select o.number, l.sku, l.quantity_ordered, l.net_amount, p.name from (select * from sales_order"
    " order by placed_at desc limit 20) o join sales_order_line l on l.order_id = o.id"
    " join product p on p.id = l.product_id",
    "Q3": "select 1",
}


async def cpu_of(act: Callable[[], Awaitable[object]], times: int) -> float:
    """CPU milliseconds of this process per call, after warming up."""
    for _ in range(5):
        await act()
    began = time.process_time()
    for _ in range(times):
        await act()
    return (time.process_time() - began) * 1000 / times


async def measure(database: Database, times: int) -> None:
    async with database.job() as session:
        user = (await session.scalars(select(User).join(Membership).order_by(User.email).limit(1))).one()
    async with database.auth() as session:
        token = await make_session(session, user, now=NOW)
        visit = await load_visit(session, token, SessionKind.COOKIE, NOW)
    assert visit is not None
    engine = Engine(api, database, Throttle(10**12, 10**12), clock=lambda: NOW)
    print(f"{'':4}{'ours':>10}{'bare':>10}{'ratio':>8}   CPU ms per request, {times} requests")
    for name, document in (("Q1", Q1), ("Q2", Q2), ("Q3", Q3)):

        async def ours(document: str = document) -> object:
            answer = await engine.execute_document(visit.viewer, document)
            assert "errors" not in answer, answer
            return answer

        async def bare(statement: str = BARE[name]) -> object:
            async with database.job() as session:
                return (await session.execute(text(statement))).all()

        mine, least = await cpu_of(ours, times), await cpu_of(bare, times)
        print(f"{name:4}{mine:10.2f}{least:10.2f}{mine / least:8.1f}")


async def run(server: EmbeddedServer, times: int) -> None:
    url = server.url(user="ventas_login", database="bench")
    await ensure_database(server.url(database="bench"))
    await migrate(url, server.url(database="bench"), "ventas_")
    database = Database(url, "ventas_", 5, server.url(database="bench"))
    try:
        await load_demo(database, NOW.date(), NOW)
        await measure(database, times)
    finally:
        await database.close()


def main() -> None:
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    with tempfile.TemporaryDirectory(prefix="ventas-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        with EmbeddedServer(folder, None, fast=True) as server:
            asyncio.run(run(server, times))


if __name__ == "__main__":
    main()
