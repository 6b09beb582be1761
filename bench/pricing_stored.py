"""
What a priced document costs on stored rules: everything read, gathered and priced, beside the pure rules alone.

    python -m bench.pricing_stored [--rounds N]

One PostgreSQL in memory, 1,000 products, a buyer; documents of 5, 200 and 1,000 lines with no, one and a hundred
discount rules in force, trade agreements on every fifth product. CPU milliseconds of this process, the least of the
rounds (the database's own work is a process of its own, and in the seconds that pass), the ratio to the pure rules, and
the number of SQL statements, which must not depend on lines or rules.
"""

import argparse
import asyncio
import time
from collections.abc import Sequence
from contextlib import ExitStack
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import event, select

from models.base import new_id
from models.discounts import StoredDiscountGroup, StoredDiscountRule
from models.users import User
from resolvers.context import Context, LockedSession
from resolvers.pricing import price_lines
from resolvers.pricing_facts import DocumentAsked, LineAsked, gather
from resolvers.products import products_by_id
from rules.discounts_benefits import Percent
from rules.discounts_conditions import BrandIs
from rules.discounts_rules import Phase, Stacking
from rules.discounts_stored import benefit_to_json, conditions_to_json
from rules.pricing import price_document
from tests import factories as make
from tests.cluster import Cluster, folder_of_run, server_in
from tests.schema.shop import NOW, Shop, open_shop

ZONE = ZoneInfo("Europe/Madrid")
LINES, RULES = (5, 200, 1000), (0, 1, 100)


async def _stock(shop: Shop) -> list[UUID]:
    """A thousand products in ten brands, and a price of the trade agreements on every fifth."""
    async with shop.database.job() as session:
        category = await make.make_category(session, shop.seller)
        products = [
            await make.make_product(session, shop.seller, category=category, brand=f"b{number % 10}")
            for number in range(LINES[-1])
        ]
        author = await session.get_one(User, shop.rep.user_id)
        rows = [{"product": each, "unit_price": Decimal(9)} for each in products[::5]]
        await make.make_trade_rows(session, shop.seller, author, *rows)
    return [each.id for each in products]


async def _rules(shop: Shop, count: int) -> None:
    """So many rules, each for one brand, in one cascaded group; the ones before give way."""
    async with shop.database.job() as session:
        group = await session.scalar(select(StoredDiscountGroup))
        if group is None:
            group = StoredDiscountGroup(
                id=new_id(), seller_id=shop.seller.id, code="G", name="G", sequence=1, stacking=Stacking.CASCADED,
                created_at=NOW,
            )  # fmt: skip
            session.add(group)
            await session.flush()
        held = len((await session.scalars(select(StoredDiscountRule.id))).all())
        for number in range(held, count):
            conditions = conditions_to_json((BrandIs(frozenset({f"b{number % 10}"})),))
            session.add(
                StoredDiscountRule(
                    id=new_id(), seller_id=shop.seller.id, group_id=group.id, code=f"R{number}", name=f"R{number}",
                    phase=Phase.LINE, is_active=True, conditions=conditions,
                    benefit=benefit_to_json(Percent(Decimal("0.5"))), created_at=NOW, updated_at=NOW,
                )
            )  # fmt: skip


async def _measure(shop: Shop, keys: Sequence[UUID], rounds: int) -> tuple[float, float, float, int]:
    """Milliseconds of CPU for all of it and for the pure rules, milliseconds that passed, SQL statements."""
    seen: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        if "set_config" not in statement:
            seen.append(statement)

    engine = shop.database.engine.sync_engine
    best = pure = passed = float("inf")
    statements = 0
    for _ in range(rounds):
        seen.clear()
        event.listen(engine, "before_cursor_execute", note)
        async with shop.database.read(shop.buyer) as session:
            ctx = Context(shop.buyer, NOW, ZONE, open_session=LockedSession(session))
            products = await ctx.loader(products_by_id).load_many(list(keys))
            seen.clear()
            asked = [LineAsked(each, Decimal(1 + i % 7)) for i, each in enumerate(products) if each]
            begun, wall = time.process_time(), time.perf_counter()
            await price_lines(ctx, asked)
            best = min(best, time.process_time() - begun)
            passed = min(passed, time.perf_counter() - wall)
            statements = len(seen)
            facts = (await gather(ctx, asked, DocumentAsked())).facts
        event.remove(engine, "before_cursor_execute", note)
        begun = time.process_time()
        price_document(facts)
        pure = min(pure, time.process_time() - begun)
    return best * 1000, pure * 1000, passed * 1000, statements


async def _run(cluster: Cluster, rounds: int) -> None:
    async with cluster.lend(cluster.empty_template()) as database:
        shop = await open_shop(database)
        keys = await _stock(shop)
        print(f"{'lines':>6}{'rules':>6}{'CPU ms':>10}{'pure ms':>10}{'ratio':>8}{'passed ms':>11}{'SQL':>5}")
        for rules in RULES:
            await _rules(shop, rules)
            for lines in LINES:
                took, pure, passed, statements = await _measure(shop, keys[:lines], rounds)
                print(
                    f"{lines:>6}{rules:>6}{took:>10.1f}{pure:>10.1f}{took / pure:>8.1f}{passed:>11.1f}"
                    f"{statements:>5}"
                )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.pricing_stored", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with ExitStack() as held:
        folder = held.enter_context(folder_of_run())
        cluster = Cluster(held.enter_context(server_in(folder)), folder)
        held.callback(cluster.close)
        asyncio.run(_run(cluster, given.rounds))


if __name__ == "__main__":
    main()
