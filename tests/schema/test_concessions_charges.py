"""A waived charge is a concession: within the limit at once, beyond it with consent, and it stays in the order's depth."""

from typing import Any

import pytest
from sqlalchemy import text

from tests.schema import invoicing
from tests.schema.agreeing import manager_of
from tests.schema.shop import Shop
from tests.schema.test_charges_documents import cut, goods, order_of
from tests.schema.test_concessions import Desk
from tests.schema.test_orders_acts import placed

__all__ = ["goods"]


@pytest.fixture
async def desk(shop: Shop) -> Desk:
    return Desk(shop, await manager_of(shop))


async def waived(desk: Desk, order: dict[str, Any]) -> dict[str, Any]:
    return await cut(desk.shop, order, 1, "1")


async def left(desk: Desk, order: dict[str, Any]) -> list[str]:
    lines = (await order_of(desk.shop, order["id"]))["lines"]
    return [f"{each['sku']} {each['quantityCancelled']}" for each in lines]


@pytest.mark.parametrize(
    ("limit", "causes"),
    [
        ({"perLinePercent": "0"}, []),  # no line's limit is for a charge
        ({"perOrderPercent": "14.29"}, []),  # 10.00 of 70.00
        ({"perOrderPercent": "14"}, [("OVER_ORDER_DEPTH", "9.80", "10.00")]),
        ({"budget": "10"}, []),
        ({"budget": "9.99"}, [("OVER_BUDGET", "9.99", "10.00")]),
    ],
)
async def test_a_waived_charge_goes_through_the_same_limits(
    desk: Desk, goods: tuple[Any, Any], limit: dict[str, Any], causes: list[tuple[str, str, str]]
) -> None:
    await desk.limit(**limit)
    order = await invoicing.ordered(desk.shop, (goods[0], 1))

    done = await waived(desk, order)

    assert done["errors"] == []
    requests = await desk.requests(desk.manager)
    assert [
        (each["code"], each["limit"]["amount"], each["amount"]["amount"])
        for request in requests
        for each in request["causes"]
    ] == causes
    assert await left(desk, order) == ["OIL 0", f"FREIGHT {0 if causes else 1}"]
    if causes:
        before = await desk.shop.snapshot()
        again = await waived(desk, order)
        assert [each["code"] for each in again["errors"]] == ["INVALID_TRANSITION"]
        assert await desk.shop.snapshot() == before
        document = "{ approvalRequests(first: 1) { nodes { concession { sku isWaived reason } } } }"
        (node,) = (await desk.shop.data(desk.manager, document))["approvalRequests"]["nodes"]
        assert (node["concession"]["sku"], node["concession"]["isWaived"]) == ("FREIGHT", True)
        decided = await desk.decide(desk.manager, "approveConcession", requests[0])
        assert decided["errors"] == [] and await left(desk, order) == ["OIL 0", "FREIGHT 1"]
    assert await desk.shop.broken() == []


async def test_what_was_waived_stays_in_the_depth_and_in_the_budget(
    desk: Desk, goods: tuple[Any, Any]
) -> None:
    """6.00 off and 10.00 waived of 70.00 are 22.86 %; without what is waived it would be 10 % of 60.00."""
    await desk.limit(perOrderPercent="22", budget="100")
    order = await invoicing.ordered(desk.shop, (goods[0], 1))
    assert (await waived(desk, order))["errors"] == []
    now = await order_of(desk.shop, order["id"])

    await desk.discount(now, "10", now["version"])

    (request,) = await desk.requests(desk.manager)
    assert [(each["code"], each["limit"]["amount"], each["amount"]["amount"]) for each in request["causes"]] == [
        ("OVER_ORDER_DEPTH", "15.40", "16.00")
    ]  # fmt: skip
    await desk.decide(desk.shop.rep, "withdrawConcession", request)
    await desk.limit(perOrderPercent=None, budget="15.99", expectedVersion=1)
    await desk.discount(now, "10", now["version"])
    waiting = await desk.requests(desk.manager, status={"eq": "PENDING"})
    assert [each["code"] for request in waiting for each in request["causes"]] == ["OVER_BUDGET"]


async def test_a_charge_that_goes_with_its_goods_is_nobody_s_concession(
    desk: Desk, goods: tuple[Any, Any]
) -> None:
    """3 of 6 glasses take half of the deposit along; 18.00 of 190.00 are 9.47 %, with the 1.00 it would be 9.95 %."""
    await desk.limit(perOrderPercent="9.5", budget="1000")
    order = await invoicing.ordered(desk.shop, (goods[0], 3), (goods[1], 6))
    assert (await cut(desk.shop, order, 1, "3"))["errors"] == []
    now = await order_of(desk.shop, order["id"])

    done = await desk.discount(now, "10", now["version"])

    assert done["errors"] == [] and await desk.requests(desk.manager) == []


@pytest.mark.parametrize(
    ("days", "age", "percent", "causes"),
    [
        (0, 0, "10", []),
        (0, 0, "12", [("OVER_ORDER_DEPTH", "10.00", "12.00")]),
        (7, 0, "12", [("OVER_ORDER_DEPTH", "20.00", "22.00")]),  # 10.00 were given on the other 100.00
        (7, 0, "10", []),
        (7, 8, "10", []),
        (7, 8, "12", [("OVER_ORDER_DEPTH", "10.00", "12.00")]),  # the other one is too long ago
    ],
)
async def test_orders_of_some_days_are_judged_together(
    desk: Desk, days: int, age: int, percent: str, causes: list[tuple[str, str, str]]
) -> None:
    settings = (
        "mutation($input: SetPricingSettingsInput!) { setPricingSettings(input: $input) { errors { code } } }"
    )
    given = {"expectedVersion": 1, "judgedTogetherDays": days}
    said = await desk.shop.data(desk.manager, settings, input=given)
    assert said["setPricingSettings"]["errors"] == []
    await desk.limit(perOrderPercent="10")
    first = await placed(desk.shop)
    await desk.discount(first, "10")
    async with desk.shop.database.job() as session:
        aged = "update sales_order set placed_at = placed_at - make_interval(days => :age)"
        await session.execute(text(aged), {"age": age})
    second = await placed(desk.shop)

    await desk.discount(second, percent)

    assert [
        (each["code"], each["limit"]["amount"], each["amount"]["amount"])
        for request in await desk.requests(desk.manager)
        for each in request["causes"]
    ] == causes


async def test_no_more_days_are_judged_together_than_is_allowed(desk: Desk) -> None:
    settings = """mutation($input: SetPricingSettingsInput!) {
        setPricingSettings(input: $input) { errors { code path } } }"""
    before = await desk.shop.snapshot()
    for given, path in (
        ({"judgedTogetherDays": 91}, "judgedTogetherDays"), ({"judgedTogetherDays": -1}, "judgedTogetherDays"),
        ({"moneyYearlyPercent": "100.01"}, "moneyYearlyPercent"), ({"moneyYearlyPercent": "-1"}, "moneyYearlyPercent"),
    ):  # fmt: skip
        said = await desk.shop.data(desk.manager, settings, input={"expectedVersion": 1} | given)
        assert said["setPricingSettings"]["errors"] == [{"code": "INVALID", "path": [path]}]
    assert await desk.shop.snapshot() == before
