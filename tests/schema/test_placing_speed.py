"""What an order does while others wait for the same goods: as few statements as can be, and none over their orders."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from app.database import Database
from tests import factories as make
from tests.schema.shop import Shop

LOCKED = "FOR UPDATE OF stock_balance"
OTHERS_DEMAND = "with placed as"


@contextmanager
def statements_of(database: Database) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        seen.append(statement)

    engine = database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize(
    ("label", "stock", "counts_demand", "most"),
    [("all of it is there", 9, 0, 24), ("some of it has to come", 2, 1, 29)],
)
async def test_under_the_lock_of_stock(
    shop: Shop, label: str, stock: int, counts_demand: int, most: int
) -> None:
    async with shop.database.job() as session:
        product = await make.make_product(session, shop.seller, stock=stock, out_of_stock_policy="BACKORDER")
    cart = await shop.fill(shop.buyer, (product, 3))

    with statements_of(shop.database) as seen:
        placed = await shop.place(shop.buyer, cart)

    assert placed["errors"] == []

    place = next(index for index, each in enumerate(seen) if LOCKED in each)
    after = seen[place + 1 :]
    assert sum(OTHERS_DEMAND in each for each in after) == counts_demand, label
    assert not any("FROM customer_item_number" in each for each in after), "read before"
    assert not any("FROM customer_address" in each for each in after), "read before"
    assert len(after) <= most, "\n".join([label, *(" ".join(each.split())[:120] for each in after)])
