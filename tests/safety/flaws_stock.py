"""Flaws of stock that show only while many are at it: lots, pegs, what is held for a while."""

import asyncio
from typing import Any

from sqlalchemy import text

import app.database
import resolvers.lots
import resolvers.orders_cancelling
import tests.safety.mixing
from tests.safety.flaws import _put, _unlocked, flaw

MIX = "test_races_mix.py::test_the_mix"


@flaw("what was held too long is given back in two transactions", MIX)
def _halves() -> None:
    """At the end all is well: only who looks meanwhile sees it."""
    expired = "kind = 'SOFT' and released_at is null"

    async def keep(run: Any) -> None:
        async with run.database.job() as session:
            ended = f"update reservation set released_at = expires_at where {expired} returning *"
            gone = (await session.execute(text(ended))).all()
        await asyncio.sleep(0.3)
        async with run.database.job() as session:
            for row in gone:
                lower = "update stock_balance set reserved = reserved - 1 where product_id = :p and warehouse_id = :w"
                await session.execute(text(lower), {"p": row.product_id, "w": row.warehouse_id})

    _put("keep_promises", keep, tests.safety.mixing)


@flaw("what is blocked is not counted", MIX)
def _uncounted() -> None:
    async def nothing(*given: object) -> None:
        """As if no piece of the lot were there."""

    _put("_change_blocked", nothing, resolvers.lots)


@flaw("stock is not locked, whatever is done with it", MIX)
def _free_for_all() -> None:
    _unlocked()


@flaw("a blocked lot's goods stay reserved", "test_races_lots.py::test_a_lot_is_blocked_while_it_is_ordered")
def _still_reserved() -> None:
    async def nobody(*given: object) -> set[Any]:
        """As if the other lots could serve all."""
        return set()

    _put("_give_back", nobody, resolvers.lots)


@flaw("a blocked lot stays in deliveries", "test_races_lots.py::test_a_lot_is_blocked_while_it_is_released")
def _in_deliveries() -> None:
    async def none(*given: object) -> list[Any]:
        return []

    _put("_holding", none, resolvers.lots)
    _put("_demand_nothing_holds", none, resolvers.lots)


@flaw(
    "a lot is blocked though it was released meanwhile",
    "test_races_lots.py::test_an_order_that_nobody_locked_takes_the_lot_meanwhile",
)
def _meanwhile() -> None:
    async def nothing(*given: object) -> None:
        """As if nobody could have come between."""

    _put("_demand_nothing_holds", nothing, resolvers.lots)


@flaw(
    "a hot product's conflicts are called off",
    "test_races_lots.py::test_100_orders_reserve_one_hot_product_at_once",
)
def _called_off() -> None:
    """Who is second is not made to wait: its transaction fails, and is begun again."""
    _put("_WRITING", "begin isolation level repeatable read", app.database)


@flaw(
    "what was bought for a line stays bought for it",
    "test_races_lots.py::test_goods_come_while_the_line_they_are_for_is_called_off",
)
def _still_pegged() -> None:
    async def nothing(*given: object) -> None:
        """As if the line still lacked it."""

    _put("release_surplus", nothing, resolvers.orders_cancelling)
