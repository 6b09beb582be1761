"""What happens to orders after they were placed."""

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from auth.permissions import Viewer
from tests import factories as make
from tests.schema.shop import Shop
from tests.schema.test_orders import stock_of


async def placed(shop: Shop, quantity: int = 10, **given: Any) -> dict[str, Any]:
    answer = await shop.place(shop.buyer, await shop.fill(shop.buyer, (shop.product, quantity)), **given)
    assert answer["errors"] == []
    order: dict[str, Any] = answer["order"]
    return order


def codes(payload: dict[str, Any]) -> list[str]:
    return [error["code"] for error in payload["errors"]]


async def test_confirming_confirms_the_promised_dates(shop: Shop) -> None:
    order = await placed(shop, requestedOn="2026-03-20")

    done = await shop.act(shop.rep, "confirmOrder", orderId=order["id"], expectedVersion=1)

    assert done["order"]["status"] == "CONFIRMED" and done["order"]["version"] == 2
    assert done["order"]["lines"][0]["scheduleLines"] == [{"quantity": "10", "confirmedOn": "2026-03-20"}]
    assert "CONFIRM" not in done["order"]["allowedActions"]


async def test_what_nobody_can_promise_is_not_confirmed(shop: Shop) -> None:
    async with shop.database.job() as session:
        late = await make.make_product(
            session, shop.seller, stock=4, sku="LATE", out_of_stock_policy="BACKORDER"
        )
    cart = await shop.fill(shop.buyer, (shop.product, 2), (late, 10))
    order = (await shop.place(shop.buyer, cart, requestedOn="2026-03-20"))["order"]

    done = await shop.act(shop.rep, "confirmOrder", orderId=order["id"], expectedVersion=1)

    assert (done["errors"], done["order"]["status"]) == ([], "CONFIRMED")
    assert [(each["code"], each["message"]) for each in done["warnings"]] == [
        ("BACKORDERED", "LATE: no day is confirmed for 6, for nobody knows yet when it will be there.")
    ]
    assert [line["scheduleLines"] for line in done["order"]["lines"]] == [
        [{"quantity": "2", "confirmedOn": "2026-03-20"}],
        [{"quantity": "4", "confirmedOn": "2026-03-20"}, {"quantity": "6", "confirmedOn": None}],
    ]


@pytest.mark.parametrize(("mutation", "status"), [("refuseOrder", "REFUSED"), ("cancelOrder", "CANCELLED")])
async def test_ending_an_order_gives_its_stock_back(shop: Shop, mutation: str, status: str) -> None:
    order = await placed(shop)

    done = await shop.act(shop.rep, mutation, orderId=order["id"], expectedVersion=1, reason="duplicado")

    assert done["order"]["status"] == status
    line = done["order"]["lines"][0]
    assert (line["quantityReserved"], line["quantityCancelled"], line["quantityBackordered"]) == (
        "0",
        "10",
        "0",
    )
    assert await stock_of(shop) == (100, 0)


async def test_a_buyer_cancels_what_may_still_be_cancelled(shop: Shop) -> None:
    order = await placed(shop)

    done = await shop.act(
        shop.buyer, "cancelOrder", orderId=order["id"], expectedVersion=1, reason="ya no hace falta"
    )

    assert done["order"]["status"] == "CANCELLED" and done["order"]["allowedActions"] == ["REORDER"]


async def test_an_act_that_the_state_forbids(shop: Shop) -> None:
    order = await placed(shop)
    await shop.act(shop.rep, "refuseOrder", orderId=order["id"], expectedVersion=1, reason="no")
    before = await shop.snapshot()

    done = await shop.act(shop.rep, "confirmOrder", orderId=order["id"], expectedVersion=2)

    assert codes(done) == ["INVALID_TRANSITION"]
    assert await shop.snapshot() == before


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501])
async def test_a_reason_is_compulsory(shop: Shop, reason: str) -> None:
    order = await placed(shop)
    before = await shop.snapshot()

    done = await shop.act(shop.rep, "refuseOrder", orderId=order["id"], expectedVersion=1, reason=reason)

    assert done["errors"][0]["path"] == ["reason"]
    assert await shop.snapshot() == before


async def test_foreign_orders_do_not_exist(shop: Shop) -> None:
    order = await placed(shop)
    async with shop.database.job() as session:
        colleague = await make.make_rep(session, shop.seller)
    strange_rep = await make.viewer_of(shop.database, colleague)
    before = await shop.snapshot()

    for viewer in (shop.stranger, strange_rep):
        done = await shop.act(viewer, "cancelOrder", orderId=order["id"], expectedVersion=1, reason="x")
        assert codes(done) == ["NOT_FOUND"] and done["errors"][0]["path"] == ["orderId"]

    assert await shop.snapshot() == before


async def line_cancelled(
    shop: Shop, viewer: Viewer, order: dict[str, Any], quantity: str, version: int
) -> dict[str, Any]:
    return await shop.act(
        viewer, "cancelOrderLine", orderLineId=order["lines"][0]["id"], quantity=quantity, expectedVersion=version, reason="menos",
    )  # fmt: skip


async def test_part_of_a_line_is_called_off(shop: Shop) -> None:
    order = await placed(shop)

    done = await line_cancelled(shop, shop.buyer, order, "4", 1)

    line = done["order"]["lines"][0]
    assert (line["quantityReserved"], line["quantityCancelled"]) == ("6", "4")
    assert [entry["quantity"] for entry in line["scheduleLines"]] == ["6"]
    assert await stock_of(shop) == (100, 6)

    rest = await line_cancelled(shop, shop.buyer, order, "6", 2)

    assert rest["order"]["status"] == "CANCELLED"
    assert await stock_of(shop) == (100, 0)


@pytest.mark.parametrize("quantity", ["0", "-1", "10.5", "11"])
async def test_more_than_is_open_cannot_be_called_off(shop: Shop, quantity: str) -> None:
    order = await placed(shop)
    before = await shop.snapshot()

    done = await line_cancelled(shop, shop.buyer, order, quantity, 1)

    assert done["errors"][0]["path"] == ["quantity"]
    assert await shop.snapshot() == before


async def test_a_hold_gives_back_and_a_release_takes_what_is_free(shop: Shop) -> None:
    order = await placed(shop, 60)
    held = await shop.act(shop.rep, "holdOrder", orderId=order["id"], expectedVersion=1, reason="revisar")
    assert held["order"]["isOnHold"] and held["order"]["holdReasons"] == ["MANUAL"]
    assert await stock_of(shop) == (100, 0)
    await placed(shop, 70)  # meanwhile somebody else takes most of it

    released = await shop.act(
        shop.rep, "releaseOrder", orderId=order["id"], expectedVersion=2, reason="revisado"
    )

    assert [warning["code"] for warning in released["warnings"]] == ["BACKORDERED"]
    line = released["order"]["lines"][0]
    assert (line["quantityReserved"], line["quantityBackordered"]) == ("30", "30")
    assert [entry["quantity"] for entry in line["scheduleLines"]] == ["30", "30"]
    assert await stock_of(shop) == (100, 100)


async def test_a_credit_hold_is_for_finance_to_release(shop: Shop) -> None:
    async with shop.database.job() as session:
        await session.execute(text("update credit_account set credit_limit = 50"))
    order = await placed(shop)
    assert order["isOnHold"]

    refused = await shop.act(shop.rep, "releaseOrder", orderId=order["id"], expectedVersion=1, reason="x")
    done = await shop.act(
        shop.finance, "releaseOrder", orderId=order["id"], expectedVersion=1, reason="pagado"
    )

    assert codes(refused) == ["NOT_PERMITTED"]
    assert done["order"]["isOnHold"] is False and done["order"]["lines"][0]["quantityReserved"] == "10"


async def test_a_discount_moves_taxes_and_totals_and_says_why(shop: Shop) -> None:
    order = await placed(shop)

    done = await shop.act(
        shop.rep, "discountOrderLine", orderLineId=order["lines"][0]["id"], percent="12.5", expectedVersion=1, reason="feria"
    )  # fmt: skip

    line = done["order"]["lines"][0]
    assert (line["netAmount"]["amount"], line["grossAmount"]["amount"]) == ("87.50", "105.88")
    assert done["order"]["grossAmount"]["amount"] == "105.88"
    trace = "query T($id: ID!) { order(by: {id: $id}) { lines { priceTrace { component value reason runningPrice { amount } } } } }"
    # What our people typed is theirs; the customer sees what it comes to.
    for reader, reason in ((shop.rep, "feria"), (shop.buyer, "")):
        steps = (await shop.data(reader, trace, id=order["id"]))["order"]["lines"][0]["priceTrace"]
        assert steps[-1] == {
            "component": "MANUAL_DISCOUNT", "value": "12.5", "reason": reason, "runningPrice": {"amount": "8.75"},
        }  # fmt: skip


@pytest.mark.parametrize("percent", ["-1", "100.01"])
async def test_an_absurd_discount_is_refused(shop: Shop, percent: str) -> None:
    order = await placed(shop)
    before = await shop.snapshot()

    done = await shop.act(
        shop.rep, "discountOrderLine", orderLineId=order["lines"][0]["id"], percent=percent, expectedVersion=1, reason="x"
    )  # fmt: skip

    assert done["errors"][0]["path"] == ["percent"]
    assert await shop.snapshot() == before


async def test_everything_that_happened_is_on_the_timeline(shop: Shop) -> None:
    order = await placed(shop)
    await shop.act(shop.rep, "confirmOrder", orderId=order["id"], expectedVersion=1)
    await shop.act(shop.buyer, "cancelOrder", orderId=order["id"], expectedVersion=2, reason="cerramos")

    document = "query T($id: ID!) { order(by: {id: $id}) { timeline { action reason } } }"
    timeline = (await shop.data(shop.buyer, document, id=order["id"]))["order"]["timeline"]

    assert timeline == [
        {"action": "order.placed", "reason": ""},
        {"action": "order.confirmed", "reason": ""},
        {"action": "order.cancelled", "reason": "cerramos"},
    ]
    async with shop.database.job() as session:
        events = list(await session.scalars(text("select type from outbox_event order by id")))
    assert events == ["order.placed", "order.confirmed", "order.cancelled"]


async def test_a_buyer_sees_colleagues_orders_only_where_the_company_says_so(shop: Shop) -> None:
    order = await placed(shop)
    async with shop.database.job() as session:
        colleague = await make.make_user(session, shop.seller, customer=shop.customer)
    mine = await make.viewer_of(shop.database, colleague)
    document = "query O($id: ID!) { order(by: {id: $id}) { id } node(id: $id) { id } orders { totalCount } }"
    nothing = await shop.data(mine, document, id=order["id"])

    async with shop.database.job() as session:
        await session.execute(text("update customer set buyers_see_company_orders = true"))
    shared = await shop.data(await make.viewer_of(shop.database, colleague), document, id=order["id"])

    assert nothing == {"order": None, "node": None, "orders": {"totalCount": 0}}
    assert shared == {"order": {"id": order["id"]}, "node": {"id": order["id"]}, "orders": {"totalCount": 1}}


async def test_reservations_and_balances_agree_after_everything(shop: Shop) -> None:
    order = await placed(shop, 20)
    await line_cancelled(shop, shop.buyer, order, "5", 1)
    await shop.act(shop.rep, "holdOrder", orderId=order["id"], expectedVersion=2, reason="x")
    await shop.act(shop.rep, "releaseOrder", orderId=order["id"], expectedVersion=3, reason="x")

    async with shop.database.job() as session:
        held = await session.scalar(text("select sum(quantity) from reservation where released_at is null"))
    assert held == Decimal(15)
    assert await stock_of(shop) == (100, 15)
