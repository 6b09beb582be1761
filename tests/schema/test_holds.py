"""Goods held for a cart for a while: out of others' reach, the order's when it is placed, and free when time is over."""

from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from auth.permissions import Viewer
from resolvers.context import LockedSession
from resolvers.stock_holds import expire_holds
from tests import factories as make
from tests.schema.delivering import balance, value
from tests.schema.shop import NOW, Shop, engine_over
from tests.schema.test_on_behalf import behalf

HOLD = """
mutation($input: HoldCartInput!) { holdCart(input: $input) {
    cart { version hold { until since reason isExtended } allowedActions
           pagedLines(first: 9) { nodes { quantityHeld problems { code } } } }
    errors { code path ... on OutOfStock { requested available } } warnings { code message path } } }
"""
_keys = count(1)
EVENTS = "select type from outbox_event where type like 'stock.%' order by id"


async def hold(shop: Shop, viewer: Viewer, **given: Any) -> dict[str, Any]:
    found: dict[str, Any] = (await shop.data(viewer, HOLD, f"hold-{next(_keys)}", input=given))["holdCart"]
    return found


def later(shop: Shop, minutes: int) -> Shop:
    """The shop so many minutes after the tests' now."""
    return replace(shop, engine=engine_over(shop.database, NOW + timedelta(minutes=minutes)))


async def test_what_is_held_is_out_of_reach_and_becomes_the_orders(shop: Shop) -> None:
    cart = await shop.fill(shop.buyer, (shop.product, 70))

    done = await hold(shop, shop.buyer, expectedVersion=cart["version"])

    assert done["errors"] == [] and done["warnings"] == []
    assert done["cart"]["hold"] == {
        "until": "2026-03-02T10:30:00Z", "since": "2026-03-02T10:00:00Z", "reason": "", "isExtended": False,
    }  # fmt: skip
    assert done["cart"]["pagedLines"]["nodes"] == [{"quantityHeld": "70", "problems": []}]
    assert done["cart"]["allowedActions"] == ["EDIT", "CLEAR", "PLACE", "HOLD", "RELEASE_HOLD"]
    assert await balance(shop) == (100, 70)
    other = await shop.place(shop.stranger, await shop.fill(shop.stranger, (shop.product, 31)))
    assert [each["code"] for each in other["errors"]] == ["OUT_OF_STOCK"]

    placed = await shop.place(shop.buyer, await shop.cart(shop.buyer))

    assert placed["errors"] == [] and placed["order"]["lines"][0]["quantityReserved"] == "70"
    assert await balance(shop) == (100, 70)
    live = "select kind, quantity, source_id is null from reservation where released_at is null"
    assert await value(shop, live) == [("HARD", 70, True)]
    assert await value(shop, EVENTS) == [("stock.held",)]
    assert await shop.broken() == []


async def test_a_hold_that_is_over_stands_in_nobodys_way(shop: Shop) -> None:
    """No job has met it: whoever reads or orders finds the goods free, and whoever held them is told once."""
    await shop.fill(shop.buyer, (shop.product, 70))
    await hold(shop, shop.buyer)
    asked = f'{{ availability(products: [{{sku: "{shop.product.sku}", quantity: 100}}]) {{ free byWarehouse {{ reserved held free }} }} }}'
    [before] = (await shop.data(shop.logistics, asked))["availability"]
    assert before["free"] == "30" and before["byWarehouse"] == [
        {"reserved": "70", "held": "70", "free": "30"}
    ]
    after = later(shop, 30)
    [free] = (await after.data(shop.logistics, asked))["availability"]
    assert free["free"] == "100" and free["byWarehouse"] == [{"reserved": "0", "held": "0", "free": "100"}]
    cart = await after.fill(shop.stranger, (shop.product, 100))
    seen = "{ cart { pagedLines(first: 9) { nodes { quantityHeld problems { code } } } hold { until } } }"
    assert (await after.data(shop.stranger, seen))["cart"]["pagedLines"]["nodes"][0]["problems"] == []

    placed = await after.place(shop.stranger, cart)

    assert placed["errors"] == [] and await balance(shop) == (100, 100)
    assert (await after.data(shop.buyer, seen))["cart"] == {
        "pagedLines": {"nodes": [{"quantityHeld": "0", "problems": [{"code": "OUT_OF_STOCK"}]}]}, "hold": None,
    }  # fmt: skip
    told = "select type, customer_id, actor_id from outbox_event where type like 'stock.%' order by id"
    mine = (shop.customer.id, shop.buyer.user_id)
    assert await value(shop, told) == [("stock.held", *mine), ("stock.holdExpired", *mine)]
    assert await expired(shop, 40) == 0
    assert await shop.broken() == []


async def expired(shop: Shop, minutes: int) -> int:
    now = NOW + timedelta(minutes=minutes)
    async with shop.database.job() as session:
        return await expire_holds(LockedSession(session), now, now.date())


async def test_the_job_frees_what_is_over_and_nothing_else(shop: Shop) -> None:
    await shop.fill(shop.buyer, (shop.product, 20))
    await hold(shop, shop.buyer)
    await shop.fill(shop.stranger, (shop.product, 30))
    await hold(later(shop, 20), shop.stranger)

    assert [await expired(shop, 29), await expired(shop, 30), await expired(shop, 31)] == [0, 1, 0]

    assert await balance(shop) == (100, 30)
    assert await value(shop, EVENTS) == [("stock.held",), ("stock.held",), ("stock.holdExpired",)]
    assert await value(shop, "select holds_end_at = :end from stock_balance where reserved > 0",
                       end=NOW + timedelta(minutes=50)) == [(True,)]  # fmt: skip
    assert await shop.broken() == []


LINES = "{ cart { version pagedLines(first: 9) { nodes { id } } } }"


@pytest.mark.parametrize(
    ("case", "mutation", "given", "left"),
    [
        ("more is put in", "addToCart", {"lines": [{"sku": "{sku}", "quantity": "5"}]}, 40),
        ("the line is raised", "updateCartLine", {"lineId": "{line}", "quantity": "50"}, 40),
        ("the line is lowered", "updateCartLine", {"lineId": "{line}", "quantity": "7"}, 7),
        ("the line is taken out", "removeCartLine", {"lineId": "{line}"}, 0),
        ("the cart is emptied", "clearCart", {}, 0),
        ("the hold is let go", "releaseCartHold", {}, 0),
    ],
)
async def test_what_leaves_the_cart_is_free_at_once(
    shop: Shop, case: str, mutation: str, given: dict[str, Any], left: int
) -> None:
    await shop.fill(shop.buyer, (shop.product, 40))
    await hold(shop, shop.buyer)
    line = (await shop.data(shop.buyer, LINES))["cart"]["pagedLines"]["nodes"][0]["id"]
    names = {"{line}": line, "{sku}": shop.product.sku}
    given = {key: names.get(each, each) if isinstance(each, str) else
             [{name: names.get(one, one) for name, one in row.items()} for row in each]
             for key, each in given.items()}  # fmt: skip
    name = mutation[0].upper() + mutation[1:]

    document = f"mutation($input: {name}Input!) {{ {mutation}(input: $input) {{ errors {{ code }} }} }}"
    done = await shop.data(shop.buyer, document, "key", input=given)

    assert done[mutation]["errors"] == [], case
    assert await balance(shop) == (100, left), case
    assert await shop.broken() == [], case


async def test_the_time_is_made_longer_once_and_what_was_added_is_held_too(shop: Shop) -> None:
    await shop.fill(shop.buyer, (shop.product, 40))
    await hold(shop, shop.buyer)
    await shop.fill(shop.buyer, (shop.product, 10))

    again = await hold(later(shop, 20), shop.buyer)
    third = await hold(later(shop, 25), shop.buyer)

    assert again["cart"]["hold"] == {
        "until": "2026-03-02T10:50:00Z", "since": "2026-03-02T10:00:00Z", "reason": "", "isExtended": True,
    }  # fmt: skip
    assert again["cart"]["allowedActions"] == ["EDIT", "CLEAR", "PLACE", "RELEASE_HOLD"]
    assert third["errors"][0]["code"] == "INVALID_TRANSITION"
    assert await balance(shop) == (100, 50)
    anew = await hold(later(shop, 51), shop.buyer)
    assert anew["errors"] == [] and not anew["cart"]["hold"]["isExtended"]
    assert await shop.broken() == []


async def test_only_what_is_free_is_held_and_figures_are_told_to_whom_they_may_be(shop: Shop) -> None:
    """A company that is told no figures has lines held as a whole or not at all: holding is no way to count."""
    async with shop.database.job() as session:
        scarce = await make.make_product(session, shop.seller, price="10", stock=3)
    await shop.fill(shop.buyer, (shop.product, 5), (scarce, 8))

    banded = await hold(shop, shop.buyer)
    await value(shop, "update seller set availability_display = 'EXACT' returning 1")
    exact = await hold(shop, shop.buyer)

    assert [each["quantityHeld"] for each in banded["cart"]["pagedLines"]["nodes"]] == ["5", "0"]
    assert [each["quantityHeld"] for each in exact["cart"]["pagedLines"]["nodes"]] == ["5", "3"]
    assert exact["warnings"] == [
        {
            "code": "BACKORDERED", "path": ["lines", "1"],
            "message": f"{scarce.sku}: 3 of 8 are held for you; no more is free now.",
        }
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("case", "setting", "given", "code", "path"),
    [
        ("longer than a buyer may", "", {"minutes": 31}, "INVALID", ["minutes"]),
        ("no time", "", {"minutes": 0}, "INVALID", ["minutes"]),
        ("no holding", "cart_hold_minutes = 0", {}, "INVALID_TRANSITION", []),
        ("an old version", "", {"expectedVersion": 9}, "STALE_VERSION", ["expectedVersion"]),
        ("a long reason", "", {"reason": "x" * 501}, "INVALID", ["reason"]),
    ],
)
async def test_what_is_not_held(
    shop: Shop, case: str, setting: str, given: dict[str, Any], code: str, path: list[str]
) -> None:
    await shop.fill(shop.buyer, (shop.product, 5))
    if setting:
        await value(shop, f"update seller set {setting} returning 1")
    before = await shop.snapshot()

    done = await hold(shop, shop.buyer, **given)

    assert [(each["code"], each["path"]) for each in done["errors"]] == [(code, path)], case
    assert await shop.snapshot() == before, case


async def test_nothing_is_held_of_what_is_not_there(shop: Shop) -> None:
    async with shop.database.job() as session:
        gone = await make.make_product(session, shop.seller, price="10", stock=0)
    await shop.fill(shop.buyer, (gone, 8))
    before = await shop.snapshot()

    done = await hold(shop, shop.buyer)

    assert done["errors"] == [
        {"code": "OUT_OF_STOCK", "path": ["lines", "0", "quantity"], "requested": "8", "available": None}
    ]
    assert await shop.snapshot() == before


async def test_an_order_on_hold_gives_back_what_its_cart_held(shop: Shop) -> None:
    await value(shop, "update credit_account set credit_limit = 1 returning 1")
    await shop.fill(shop.buyer, (shop.product, 40))
    await hold(shop, shop.buyer)

    placed = await shop.place(shop.buyer, await shop.cart(shop.buyer))

    assert placed["errors"] == [] and placed["order"]["isOnHold"]
    assert await balance(shop) == (100, 0)
    assert await shop.broken() == []


async def test_our_people_hold_longer_for_a_customer_and_say_why(shop: Shop) -> None:
    viewer = await behalf(shop)
    await shop.fill(viewer, (shop.product, 60))

    refused = await hold(shop, viewer, minutes=24 * 60)
    done = await hold(shop, viewer, minutes=24 * 60, reason="Feria del jueves")
    again = await hold(later(shop, 60), viewer, minutes=48 * 60, reason="Feria del viernes")

    assert [(each["code"], each["path"]) for each in refused["errors"]] == [("REASON_REQUIRED", ["reason"])]
    assert done["cart"]["hold"]["until"] == "2026-03-03T10:00:00Z"
    assert again["cart"]["hold"] == {
        "until": "2026-03-04T11:00:00Z", "since": "2026-03-02T10:00:00Z", "reason": "Feria del viernes",
        "isExtended": True,
    }  # fmt: skip
    assert await value(shop, "select actor_id = :rep, subject_id is not null from outbox_event where type = 'stock.held'",
                       rep=shop.rep.user_id) == [(True, True)] * 2  # fmt: skip
    placed = await later(shop, 2000).place(viewer, await later(shop, 2000).cart(viewer))
    assert placed["errors"] == [] and await balance(shop) == (100, 60)
    assert await shop.broken() == []


async def test_what_is_held_for_me_is_promised_to_me_and_to_nobody_else(shop: Shop) -> None:
    await shop.fill(shop.buyer, (shop.product, 90))
    await shop.fill(shop.stranger, (shop.product, 20))
    await hold(shop, shop.buyer)
    document = "{ cart { pagedLines(first: 9) { nodes { promise { shipOn } } } } }"

    promised = [
        (await shop.data(viewer, document))["cart"]["pagedLines"]["nodes"][0]["promise"]["shipOn"]
        for viewer in (shop.buyer, shop.stranger)
    ]

    assert promised == ["2026-03-02", None]


async def test_a_blocked_lot_takes_what_carts_hold_before_what_orders_have(shop: Shop) -> None:
    from tests.schema.test_deliveries_lots import wine
    from tests.schema.test_lots import put_lot

    product = await wine(shop)
    there, _ = await balance(shop, product)
    placed = await shop.place(shop.stranger, await shop.fill(shop.stranger, (product, 1)))
    assert placed["errors"] == []
    await shop.fill(shop.buyer, (product, there - 1))
    await hold(shop, shop.buyer)
    assert await balance(shop, product) == (there, there)

    blocked = await put_lot(shop, "blockLot", "L1")

    assert blocked["errors"] == []
    assert await value(shop, "select sum(quantity_reserved) from sales_order_line") == [(1,)]
    assert await shop.broken() == []


HOLDS = """{ availability(products: [{sku: "ACE-001"}]) { holds { source quantity since until reason
    warehouse { code } customer { number } } } }"""


async def test_staff_see_what_is_held_for_whom_and_until_when(shop: Shop) -> None:
    await hold(shop, shop.buyer, expectedVersion=(await shop.fill(shop.buyer, (shop.product, 70)))["version"])

    [told] = (await shop.data(shop.logistics, HOLDS))["availability"]

    assert told["holds"] == [
        {
            "source": "CART", "quantity": "70", "since": "2026-03-02T10:00:00Z", "until": "2026-03-02T10:30:00Z",
            "reason": "", "warehouse": {"code": "MAD"}, "customer": {"number": shop.customer.number},
        }
    ]  # fmt: skip
    [over] = (await later(shop, 30).data(shop.logistics, HOLDS))["availability"]
    assert over["holds"] == []
    hidden = await shop.ask(shop.buyer, HOLDS)
    assert hidden["errors"][0]["message"].startswith("Cannot query field 'holds'")
