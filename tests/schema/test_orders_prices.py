"""Prices set by hand on lines of placed orders: what follows, who sees why, and the credit tested again."""

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from auth.permissions import Role, Viewer
from models.invariants import INVARIANTS
from tests import factories as make
from tests.schema.shop import Shop
from tests.schema.test_orders import stock_of
from tests.schema.test_orders_acts import codes, placed

TRACE = """query T($id: ID!) { order(by: {id: $id}) { lines { manualUnitPrice { amount currency }
  priceTrace { component value reason runningPrice { amount } } } timeline { action reason } } }"""


@pytest.fixture
async def manager(shop: Shop) -> Viewer:
    """Who leads the rep's team and may set prices."""
    async with shop.database.job() as session:
        team = await session.scalar(
            text("select sales_team_id from sales_rep where user_id = :u"), {"u": shop.rep.user_id}
        )
        user = await make.make_rep(session, shop.seller, role=Role.SALES_MANAGER, name="Marta Jefa")
        await session.execute(
            text("update sales_team set manager_id = :m where id = :t"), {"m": user.id, "t": team}
        )
    return await make.viewer_of(shop.database, user)


async def priced(
    shop: Shop,
    viewer: Viewer,
    order: dict[str, Any],
    price: str | None,
    version: int = 1,
    reason: str = "pacto verbal",
) -> dict[str, Any]:
    return await shop.act(
        viewer, "setOrderLinePrice", orderLineId=order["lines"][0]["id"], unitPrice=price, expectedVersion=version, reason=reason,
    )  # fmt: skip


async def broken(shop: Shop) -> list[str]:
    """What no longer holds; the shop's products are in no search, which is nothing to do with prices."""
    asked = {name: query for name, query in INVARIANTS.items() if name != "every product is searchable"}
    async with shop.database.job() as session:
        return [name for name, query in asked.items() if (await session.execute(text(query))).first()]


async def test_a_price_set_by_hand_moves_taxes_and_totals(shop: Shop, manager: Viewer) -> None:
    order = await placed(shop)

    done = await priced(shop, manager, order, "8.125")

    line = done["order"]["lines"][0]
    assert done["errors"] == [] and done["order"]["version"] == 2
    assert (line["unitPrice"]["amount"], line["netAmount"]["amount"], line["grossAmount"]["amount"]) == (
        "8.125",
        "81.25",
        "98.31",
    )
    assert done["order"]["grossAmount"]["amount"] == "98.31"
    assert await broken(shop) == []


async def test_the_reason_is_for_the_sellers_people_only(shop: Shop, manager: Viewer) -> None:
    order = await placed(shop)
    await priced(shop, manager, order, "8")

    ours = (await shop.data(shop.rep, TRACE, id=order["id"]))["order"]
    theirs = (await shop.data(shop.buyer, TRACE, id=order["id"]))["order"]

    step = {"component": "MANUAL_PRICE", "value": "8", "runningPrice": {"amount": "8.00"}}
    assert ours["lines"][0]["priceTrace"][-1] == step | {"reason": "pacto verbal"}
    assert theirs["lines"][0]["priceTrace"][-1] == step | {"reason": ""}
    assert theirs["lines"][0]["manualUnitPrice"] == {"amount": "8.00", "currency": "EUR"}
    assert ours["timeline"][-1] == {"action": "order.linePriced", "reason": "pacto verbal"}
    assert theirs["timeline"][-1] == {"action": "order.linePriced", "reason": ""}


async def test_a_discount_comes_off_the_price_set_by_hand_in_either_order(
    shop: Shop, manager: Viewer
) -> None:
    order = await placed(shop)
    line = order["lines"][0]["id"]

    await shop.act(
        shop.rep, "discountOrderLine", orderLineId=line, percent="10", expectedVersion=1, reason="feria"
    )
    after = await priced(shop, manager, order, "8", 2)
    again = await shop.act(
        shop.rep, "discountOrderLine", orderLineId=line, percent="15", expectedVersion=3, reason="feria"
    )

    assert after["order"]["lines"][0]["netAmount"]["amount"] == "72.00"
    assert again["order"]["lines"][0]["netAmount"]["amount"] == "68.00"
    steps = (await shop.data(shop.rep, TRACE, id=order["id"]))["order"]["lines"][0]["priceTrace"]
    assert [each["component"] for each in steps] == ["LIST_PRICE", "MANUAL_PRICE", "MANUAL_DISCOUNT"]
    assert await broken(shop) == []


async def test_null_takes_the_list_price_again(shop: Shop, manager: Viewer) -> None:
    order = await placed(shop)
    await priced(shop, manager, order, "8")

    done = await priced(shop, manager, order, None, 2)

    assert done["order"]["lines"][0]["netAmount"]["amount"] == "100.00"
    line = (await shop.data(shop.rep, TRACE, id=order["id"]))["order"]["lines"][0]
    assert line["manualUnitPrice"] is None and [each["component"] for each in line["priceTrace"]] == [
        "LIST_PRICE"
    ]


@pytest.mark.parametrize(
    ("price", "path"),
    [("-0.01", ["unitPrice"]), ("1000000000000", ["unitPrice"]), ("200000000000", ["unitPrice"])],
)
async def test_an_absurd_price_is_refused(shop: Shop, manager: Viewer, price: str, path: list[str]) -> None:
    order = await placed(shop)
    before = await shop.snapshot()

    done = await priced(shop, manager, order, price)

    assert codes(done) == ["INVALID"] and done["errors"][0]["path"] == path
    assert await shop.snapshot() == before


async def test_a_rep_sets_no_price_and_a_reason_is_compulsory(shop: Shop, manager: Viewer) -> None:
    order = await placed(shop)
    before = await shop.snapshot()
    document = "mutation($input: SetOrderLinePriceInput!) { setOrderLinePrice(input: $input) { replayed } }"

    answer = await shop.ask(shop.rep, document, "k", input={})
    silent = await priced(shop, manager, order, "8", reason=" ")

    assert answer.get("data") is None and "SetOrderLinePriceInput" in answer["errors"][0]["message"]
    assert codes(silent) == ["REASON_REQUIRED"]
    assert await shop.snapshot() == before


async def test_a_stale_version_and_a_shipped_order_are_refused(shop: Shop, manager: Viewer) -> None:
    order = await placed(shop)
    stale = await priced(shop, manager, order, "8", 7)
    assert codes(stale) == ["STALE_VERSION"]
    async with shop.database.job() as session:
        await session.execute(text("update sales_order_line set quantity_reserved = 9, quantity_shipped = 1"))
    before = await shop.snapshot()

    shipped = await priced(shop, manager, order, "8")

    assert codes(shipped) == ["INVALID_TRANSITION"]
    assert await shop.snapshot() == before


async def limit(shop: Shop, amount: str, policy: str) -> None:
    async with shop.database.job() as session:
        await session.execute(
            text("update credit_account set credit_limit = :limit where customer_id = :c"),
            {"limit": Decimal(amount), "c": shop.customer.id},
        )
        await session.execute(text("update seller set credit_policy = :p"), {"p": policy})


async def test_a_dearer_order_past_the_limit_waits_for_finance(shop: Shop, manager: Viewer) -> None:
    order = await placed(shop)
    await limit(shop, "150", "HOLD")

    within = await priced(shop, manager, order, "12")
    past = await priced(shop, manager, order, "13", 2)

    assert within["order"]["isOnHold"] is False and within["warnings"] == []
    assert past["order"]["holdReasons"] == ["CREDIT"] and [each["code"] for each in past["warnings"]] == [
        "ON_HOLD"
    ]
    assert await stock_of(shop) == (100, 0)
    assert await broken(shop) == []


async def test_a_dearer_order_past_the_limit_is_refused_where_the_seller_says_so(
    shop: Shop, manager: Viewer
) -> None:
    order = await placed(shop)
    await limit(shop, "130", "REFUSE")
    before = await shop.snapshot()

    past = await priced(shop, manager, order, "13")

    assert codes(past) == ["CREDIT_EXCEEDED"]
    assert await shop.snapshot() == before


async def test_a_rep_goes_no_lower_than_the_floor_and_does_not_learn_it(shop: Shop) -> None:
    """PS-18: cost 6.00 and a floor of 10 % of sales make 6.67; 33.3 % off 10.00 is above, 33.4 % below."""
    order = await placed(shop)
    line = order["lines"][0]["id"]
    before = await shop.snapshot()

    refused = await shop.act(
        shop.rep, "discountOrderLine", orderLineId=line, percent="33.4", expectedVersion=1, reason="feria"
    )
    assert [(each["code"], each["path"]) for each in refused["errors"]] == [("NOT_PERMITTED", ["percent"])]
    assert not any(figure in refused["errors"][0]["message"] for figure in ("6", "10", "33"))
    assert await shop.snapshot() == before

    given = await shop.act(
        shop.rep, "discountOrderLine", orderLineId=line, percent="33.3", expectedVersion=1, reason="feria"
    )
    assert given["errors"] == []
