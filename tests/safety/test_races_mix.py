"""Everything at once: whatever happens to stock, orders, lots and purchases, the invariants hold at every moment."""

import asyncio
import logging

import pytest

from tests.safety.mixing import REFUSALS, Mix, Watch, mix, open_mix, watched
from tests.safety.test_races import Crowd, crowd

__all__ = ["crowd"]  # the fixture
ACTS_MIN, ACTS_MAX = 80, 1_500


def check(made: Mix, seen: Watch) -> None:
    assert seen.broken == {} and seen.aborts == {}
    assert seen.looks > 0
    assert set(made.done) == set(REFUSALS), "each kind of act succeeded"


async def held(crowd: Crowd) -> None:
    """Something of all kinds has been, so that what holds is not empty."""
    for table in ("reservation", "delivery_line_lot", "purchase_peg", "purchase_receipt_line"):
        assert await crowd.value(f"select count(*) from {table}") > 0, table
    gone = "select count(*) from reservation where kind = 'SOFT' and released_at is not null"
    assert await crowd.value(gone) > 0


async def test_the_mix(crowd: Crowd) -> None:
    """Until each kind of act succeeded, in some order or other."""
    made = await open_mix(crowd)

    def goes_on() -> bool:
        acts = sum(made.told.values())
        return acts < ACTS_MAX and (acts < ACTS_MIN or set(made.done) != set(REFUSALS))

    async with watched(crowd.database) as seen:
        await mix(made, 5, goes_on)

    check(made, seen)
    assert await crowd.deadlocks() == 0


@pytest.mark.long
@pytest.mark.timeout(300)
async def test_the_mix_for_a_minute(crowd: Crowd) -> None:
    made, clock = await open_mix(crowd), asyncio.get_running_loop()
    ends = clock.time() + 60

    async with watched(crowd.database) as seen:
        await mix(made, 60, lambda: clock.time() < ends)

    check(made, seen)
    await held(crowd)
    assert await crowd.deadlocks() == 0
    logging.getLogger("mix").info("%s looks, %s", seen.looks, dict(sorted(made.told.items())))
