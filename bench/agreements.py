"""
The catalogue page of 50 with the buyer's own prices over HTTP: 100,000 products, 1,000 customers with agreements.

    python -m bench.agreements [--seconds N] [--rounds N] [--size 100000] [--keep FOLDER] [--write FILE]

Every customer has prices and discounts of trade agreements and a sales agreement of their own, half of it on products
of the first page. Beside it, within each round, the same page for a sales rep, for whom list prices alone hold: only
the ratio means anything. The statements of both are counted for 10 and for 50 products; they may not differ.
"""

import argparse
import asyncio
import contextlib
import sys
import tempfile
import time
from pathlib import Path

import uvloop
from sqlalchemy import text

from app.database import Database
from app.embedded import EmbeddedServer
from bench.__main__ import AT_ONCE, FIRST_PORT, Server, graphql, machine, served, wait_for
from bench.counting import statements_of
from bench.data import PREFIX, Ground, Person, Source, prepare
from bench.load import Slice, ask_once, drive

CUSTOMERS = 1_000
ON_PAGE, ELSEWHERE = 25, 25  # of each customer's prices: on the first page, and anywhere
PAGE = """query Catalogue($first: Int!) { products(first: $first) { nodes { id sku name
    price { unitPrice { amount currency } } } pageInfo { hasNextPage endCursor } } }"""

# Every customer has prices for its own choice of the first page's products and of all others.
_CHOICE = """
    create table bench_choice as
    with page as (
        select id, row_number() over (order by name_sort, id) - 1 as place from (
            select id, name_sort from product order by name_sort, id limit 50) first),
    numbered as (select id, row_number() over (order by id) - 1 as place from product),
    buyer as (select id, seller_id, row_number() over (order by id) - 1 as place from customer),
    wanted as (
        select buyer.*, n as number, (buyer.place + n * 2) % 50 as on_page,
               (buyer.place * 7919 + n * 104729) % (select count(*) from product) as anywhere
          from buyer cross join generate_series(0, cast(:most as int) - 1) n),
    chosen as (
        select wanted.*, page.id as product_id from wanted join page on page.place = on_page where number < :on_page
        union all
        select wanted.*, numbered.id from wanted join numbered on numbered.place = anywhere where number >= :on_page)
    select distinct on (c.id, product.id) c.id as customer_id, c.seller_id, c.place, product.id as product_id,
           product.unit_code, c.number
      from chosen c join product on product.id = c.product_id
     order by c.id, product.id, c.number
"""
_JOURNAL = """
    insert into trade_agreement_journal (id, seller_id, number, description, status, row_count, created_at,
        created_by_id, posted_at, posted_by_id)
    select gen_random_uuid(), seller_id, 'TA-BENCH', 'bench', 'POSTED', 0, now(), id, now(), id from app_user limit 1
"""
_ROWS = """
    insert into trade_agreement_row (id, seller_id, journal_id, position, is_posted, relation, customer_scope,
        customer_id, item_scope, product_id, currency, unit_code, from_quantity, unit_price, percent1)
    select gen_random_uuid(), c.seller_id, j.id, row_number() over (), true,
           case when c.number % 2 = 0 then 'PRICE' else 'LINE_DISCOUNT' end, 'ONE', c.customer_id, 'ONE', c.product_id,
           'EUR', c.unit_code, 0, case when c.number % 2 = 0 then 4 + c.place % 7 end,
           case when c.number % 2 = 0 then 0 else 1 + c.place % 9 end
      from bench_choice c cross join trade_agreement_journal j
"""
_AGREEMENTS = """
    insert into sales_agreement (id, seller_id, number, customer_id, title, status, currency, pricing, valid_from,
        valid_until, created_at, created_by_id, created_by_name)
    select gen_random_uuid(), c.seller_id, 'SA-' || c.number, c.id, 'bench', 'EFFECTIVE', 'EUR', 'FIXED',
           date '2026-01-01', date '2100-01-01', now(), u.id, 'bench'
      from customer c cross join (select id from app_user limit 1) u
"""
_LINES = """
    insert into agreement_line (id, agreement_id, customer_id, number, type, product_id, name, unit_code, committed,
        unit_price, valid_from, valid_until, max_enforced, is_price_fixed, stackable_with_promotions,
        include_in_total_discount, exclude_from_rebate)
    select gen_random_uuid(), a.id, a.customer_id, c.number + 1, 'PRODUCT_QUANTITY', c.product_id, 'bench', c.unit_code,
           1000000, 3 + c.place % 5, date '2026-01-01', date '2100-01-01', true, true, true, true, false
      from sales_agreement a join bench_choice c on c.customer_id = a.customer_id and c.number % 5 = 0
"""


async def seed(ground: Ground) -> dict[str, int]:
    """Gives every customer agreements, where they have none yet; how many rows of each there are."""
    database = Database(ground.url, PREFIX, 1, ground.owner_url)
    tables = ("product", "customer", "trade_agreement_row", "sales_agreement", "agreement_line")
    try:
        async with database.owner() as connection:
            if not await connection.scalar(text("select to_regclass('bench_choice') is not null")):
                await connection.execute(text(_CHOICE), {"on_page": ON_PAGE, "most": ON_PAGE + ELSEWHERE})
                for statement in (_JOURNAL, _ROWS, _AGREEMENTS, _LINES):
                    await connection.execute(text(statement))
                await connection.execute(text("analyze"))
            return {
                each: int(await connection.scalar(text(f"select count(*) from {each}")) or 0)
                for each in tables
            }
    finally:
        await database.close()


async def _round(ground: Ground, server: Server, postmaster: int, seconds: float) -> list[Slice]:
    """The rep's page, then the buyers'."""
    found = []
    for people in (ground.reps, ground.buyers):
        requests = [graphql(each, PAGE, first=50) for each in people]
        pids = (server.process.pid, postmaster)
        found.append(await drive(server.port, requests, seconds, AT_ONCE, pids, repeat=True))
    return found


async def _measure(ground: Ground, folder: Path, postmaster: int, options: argparse.Namespace) -> str:
    rows = await seed(ground)
    counted = [await _statements(ground, person) for person in (ground.reps[0], *ground.buyers[:2])]
    assert all(len(set(each)) == 1 for each in counted) and counted[1] == counted[2], counted
    totals = [Slice(), Slice()]
    with served(ground, FIRST_PORT, folder) as (ours, _):
        await wait_for(ours, "/readyz", time.perf_counter())
        body = await ask_once(ours.port, graphql(ground.buyers[0], PAGE, first=50))
        assert body.count(b'"unitPrice":{') == 50, body[:500]
        await _round(ground, ours, postmaster, min(options.seconds, 1.0))  # caches and plans
        for number in range(options.rounds):
            print(f"round {number + 1} of {options.rounds} ...", file=sys.stderr, flush=True)
            for total, found in zip(
                totals, await _round(ground, ours, postmaster, options.seconds), strict=True
            ):
                total.add(found)
    lines = [
        f"Machine: {machine()}; {AT_ONCE} connections, one server process.",
        "",
        "Rows: " + ", ".join(f"{count:,} of {table}" for table, count in rows.items()) + ".",
        "",
        "| whose prices | requests/s | p50 ms | p99 ms | CPU ms (server + PostgreSQL) | ratio | statements |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, total, count in zip(("list prices (a rep)", "the buyer's own"), totals, counted, strict=False):
        each = len(total.latencies)
        lines.append(
            f"| {name} | {total.rate:.0f} | {total.quantile(0.5):.1f} | {total.quantile(0.99):.1f}"
            f" | {total.cpu:.2f} ({total.server_cpu * 1000 / each:.2f} + {total.postgres_cpu * 1000 / each:.2f})"
            f" | {total.cpu / totals[0].cpu:.2f} | {count[0]} |"
        )
    return "\n".join([*lines, ""])


async def _statements(ground: Ground, person: Person) -> list[int]:
    """How many the page takes for 10 and for 50 products."""
    return [await statements_of(ground, person, PAGE, {"first": first}) for first in (10, 50)]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.agreements", description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each stretch of requests")
    parser.add_argument("--rounds", type=int, default=3, help="how often each takes its turn")
    parser.add_argument("--size", type=int, default=100_000, help="number of generated products")
    parser.add_argument("--keep", type=Path, help="a folder whose databases are kept for the next run")
    parser.add_argument("--write", type=Path, help="write the table to this file too")
    options = parser.parse_args()
    source = Source(f"{options.size} with agreements", generated=options.size, buyers=CUSTOMERS)
    with contextlib.ExitStack() as stack:
        folder = options.keep
        if folder is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ventas-bench-")))
            folder.chmod(0o711)
        server = stack.enter_context(EmbeddedServer(folder))
        print(f"preparing {source.name} ...", file=sys.stderr, flush=True)
        ground = asyncio.run(prepare(server, source))
        assert server.pid is not None
        found = uvloop.run(_measure(ground, folder, server.pid, options))
    print(found)
    if options.write:
        options.write.write_text(found, encoding="utf-8")


if __name__ == "__main__":
    main()
