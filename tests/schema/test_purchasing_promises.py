"""What suppliers say, where goods take their time from the warehouse to the customer: both days of the sales line."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from models.products import Product
from models.scheduling import DeliverySetting, TransportTime
from rules.states import DeliveryControl, OutOfStockPolicy
from schema.ids import encode_id
from tests import factories as make
from tests.schema.buying import act, demand, done, drafted, make_supplier, of, parts, sent
from tests.schema.delivering import confirmed, value
from tests.schema.shop import Shop
from tests.schema.test_availability import keep, run, workdays

DAYS = "select quantity, ship_on, confirmed_on from sales_order_schedule_line where quantity > 0 order by position"


async def bought_for(
    shop: Shop, quantity: int, requested_on: str | None, stock: int = 0
) -> tuple[Product, dict[str, Any], dict[str, Any]]:
    """A product of which there is not enough, an order of it, and what lacks bought for it: sent, not confirmed."""
    async with shop.database.job() as session:
        product = await make.make_product(
            session, shop.seller, price="10", stock=stock, out_of_stock_policy=OutOfStockPolicy.BACKORDER
        )
    order = await confirmed(shop, (product, quantity), requestedOn=requested_on)
    pegs = [{"orderLineId": order["lines"][0]["id"], "quantity": str(quantity - stock)}]
    supplier = await make_supplier(shop, product)
    return (
        product,
        order,
        await sent(shop, await drafted(shop, supplier, (product, quantity - stock), pegs=pegs)),
    )


async def says(shop: Shop, bought: dict[str, Any], *days: tuple[int, str]) -> dict[str, Any]:
    return await done(shop, "confirmPurchaseOrder", **of(bought, lines=[parts(bought["lines"][0], *days)]))


async def slow_way(shop: Shop, *, days: int = 2, handling: int = 1) -> None:
    """From Madrid: a day of handling, two under way, everybody from Monday to Friday but on Thursday 19 March."""
    calendar = await workdays(shop, date(2026, 3, 19))
    async with shop.database.job() as session:
        place = await make.make_warehouse(session, shop.seller.id)
        session.add(TransportTime(warehouse_id=place.id, days=days, calendar_id=calendar.id))
    await run(
        shop,
        "update warehouse set calendar_id = :calendar, handling_days = :days",
        calendar=calendar.id,
        days=handling,
    )


# March 2026: the 2nd is a Monday.
@pytest.mark.parametrize(
    ("label", "requested_on", "said", "ship_on", "receipt_on"),
    [
        ("handled and under way", None, "2026-03-10", date(2026, 3, 11), date(2026, 3, 13)),
        ("comes on a Saturday", None, "2026-03-14", date(2026, 3, 17), date(2026, 3, 20)),
        ("not before it is asked for", "2026-03-27", "2026-03-10", date(2026, 3, 25), date(2026, 3, 27)),
        ("later than it is asked for", "2026-03-10", "2026-03-18", date(2026, 3, 20), date(2026, 3, 23)),
    ],
)
async def test_goods_leave_after_they_came_and_arrive_after_the_way(
    shop: Shop, label: str, requested_on: str | None, said: str, ship_on: date, receipt_on: date
) -> None:
    await slow_way(shop)
    _, _, bought = await bought_for(shop, 6, requested_on)

    await says(shop, bought, (6, said))

    assert await value(shop, DAYS) == [(6, ship_on, receipt_on)], label


async def test_a_day_before_the_promised_one_of_leaving_is_no_fault_and_moves_nothing(shop: Shop) -> None:
    """Goods were promised late; the supplier is early: the CHECK holds, and the promise stays (DL-11)."""
    await slow_way(shop)
    _, _, bought = await bought_for(shop, 6, None)
    bought = await says(shop, bought, (6, "2026-03-23"))
    late = [(6, date(2026, 3, 24), date(2026, 3, 26))]
    assert await value(shop, DAYS) == late

    bought = await says(shop, bought, (6, "2026-03-10"))

    assert await value(shop, DAYS) == late
    versions = await value(shop, "select version from sales_order")
    await says(shop, bought, (6, "2026-03-09"))
    assert await value(shop, "select version from sales_order") == versions, "nothing moved"
    [order_id] = (await value(shop, "select id from sales_order"))[0]
    sides = """query($id: ID!) { order(by: {id: $id}) { lines { scheduleLines { confirmedOn firstConfirmedOn }
        pegs { confirmedReceiptOn promisedOn } } } }"""
    key = encode_id("Order", order_id)
    [line] = (await shop.data(shop.logistics, sides, id=key))["order"]["lines"]
    assert line["pegs"] == [{"confirmedReceiptOn": "2026-03-09", "promisedOn": "2026-03-26"}]
    await says(shop, await again(shop, bought), (6, "2026-03-24"))
    assert await value(shop, DAYS) == [(6, date(2026, 3, 25), date(2026, 3, 27))]
    [line] = (await shop.data(shop.logistics, sides, id=key))["order"]["lines"]
    moved = [{"confirmedOn": "2026-03-27", "firstConfirmedOn": "2026-03-26"}]
    assert line == {
        "scheduleLines": moved,
        "pegs": [{"confirmedReceiptOn": "2026-03-24", "promisedOn": "2026-03-27"}],
    }
    own = "query($id: ID!) { order(by: {id: $id}) { lines { scheduleLines { confirmedOn firstConfirmedOn } } } }"
    [line] = (await shop.data(shop.buyer, own, id=key))["order"]["lines"]
    assert line["scheduleLines"] == moved, "whose order it is knows both days, and of the supplier nothing"


async def test_who_comes_before_the_day_of_leaving_that_stood_there_is_confirmed(shop: Shop) -> None:
    """It was promised from other goods that come later: the day of receipt stays, and never precedes the other."""
    await slow_way(shop)
    async with shop.database.job() as session:
        product = await make.make_product(
            session, shop.seller, price="10", stock=0, out_of_stock_policy=OutOfStockPolicy.BACKORDER
        )
    supplier = await make_supplier(shop, product)
    await says(shop, await sent(shop, await drafted(shop, supplier, (product, 6))), (6, "2026-03-23"))
    order = await confirmed(shop, (product, 6))
    assert await value(shop, DAYS) == [(6, date(2026, 3, 23), date(2026, 3, 25))]
    pegs = [{"orderLineId": order["lines"][0]["id"], "quantity": "6"}]
    bought = await sent(shop, await drafted(shop, supplier, (product, 6), pegs=pegs))

    await says(shop, bought, (6, "2026-03-10"))

    assert await value(shop, DAYS) == [(6, date(2026, 3, 23), date(2026, 3, 25))]


async def again(shop: Shop, bought: dict[str, Any]) -> dict[str, Any]:
    """The purchase order as it stands, for its next act."""
    version = await value(shop, "select version from purchase_order where status = 'CONFIRMED'")
    return bought | {"version": version[0][0]}


async def test_what_comes_on_two_days_leaves_on_two(shop: Shop) -> None:
    await slow_way(shop)
    _, _, bought = await bought_for(shop, 6, None)

    await says(shop, bought, (4, "2026-03-10"), (2, "2026-03-16"))

    assert await value(shop, DAYS) == [
        (4, date(2026, 3, 11), date(2026, 3, 13)), (2, date(2026, 3, 17), date(2026, 3, 20)),
    ]  # fmt: skip


async def test_the_margin_of_issue_stands_between_arrival_and_leaving(shop: Shop) -> None:
    await keep(
        shop,
        DeliverySetting(
            seller_id=shop.seller.id, method=DeliveryControl.ATP_PLUS_ISSUE_MARGIN, issue_margin_days=3
        ),
    )
    _, _, bought = await bought_for(shop, 6, None)

    await says(shop, bought, (6, "2026-03-10"))

    assert await value(shop, DAYS) == [(6, date(2026, 3, 13), date(2026, 3, 13))]


@pytest.mark.parametrize("case", ["other supply comes", "nothing else comes"])
@pytest.mark.parametrize("mutation", ["cancelPurchaseOrder", "setPurchasePeg", "confirmPurchaseOrder"])
async def test_what_loses_its_supplier_is_promised_again_from_what_else_there_is(
    shop: Shop, case: str, mutation: str
) -> None:
    await slow_way(shop)
    product, order, bought = await bought_for(shop, 6, None)
    bought = await says(shop, bought, (6, "2026-03-10"))
    if case == "other supply comes":
        other = await sent(shop, await drafted(shop, await make_supplier(shop, product), (product, 6)))
        await says(shop, other, (6, "2026-03-23"))
    line = bought["lines"][0]
    given: dict[str, Any] = {
        "cancelPurchaseOrder": {"reason": "Nada", "releasesPegs": True},
        "setPurchasePeg": {"lineId": line["id"], "orderLineId": order["lines"][0]["id"], "quantity": "0"},
        "confirmPurchaseOrder": {"lines": [parts(line)]},
    }[mutation]

    payload = await act(shop, mutation, **of(bought, **given))

    assert payload["errors"] == [] and "LATE" in [each["code"] for each in payload["warnings"]]
    # A peg that is taken away leaves its supply to everybody: this line can have it as before.
    days: tuple[date | None, date | None] = (None, None)
    if mutation == "setPurchasePeg":
        days = (date(2026, 3, 10), date(2026, 3, 12))
    elif case == "other supply comes":
        days = (date(2026, 3, 23), date(2026, 3, 25))
    assert await value(shop, DAYS) == [(6, *days)]
    assert await shop.broken() == []
    assert (await demand(shop, order["id"]))["lines"][0]["quantityBackordered"] == "6"
    assert Decimal(0) == (await value(shop, "select sum(quantity) from purchase_peg"))[0][0]
