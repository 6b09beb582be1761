"""Prices follow the ship day that is derived from the requested day (rule book 0.2, 28), and a move says so first."""

from datetime import date
from decimal import Decimal
from typing import Any

from models.scheduling import CustomerCalendar, TransportTime
from models.users import User
from rules.pricing_facts import TradeRelation
from tests import factories as make
from tests.safety.test_statements import counted
from tests.schema.shop import Shop
from tests.schema.test_availability import keep, run, warehouse_id, workdays

CART = "{ cart { version lines { id unitPrice { amount } } } }"


async def far_away(shop: Shop) -> None:
    """Three days under way, from Monday to Friday; ten percent less for what leaves from Monday 9 March on."""
    calendar = await workdays(shop)
    place = await warehouse_id(shop)
    await keep(
        shop,
        TransportTime(warehouse_id=place, days=3, calendar_id=calendar.id),
        CustomerCalendar(customer_id=shop.customer.id, calendar_id=calendar.id),
    )
    await run(shop, "update seller set price_date_type = 'REQUESTED_SHIP'")
    async with shop.database.job() as session:
        author = await session.get_one(User, shop.rep.user_id)
        row = {
            "relation": TradeRelation.LINE_DISCOUNT,
            "percent1": Decimal(10),
            "valid_from": date(2026, 3, 9),
        }
        await make.make_trade_rows(session, shop.seller, author, row)


async def act(shop: Shop, mutation: str, key: str, directive: str = "", **given: Any) -> list[dict[str, Any]]:
    name = mutation[0].upper() + mutation[1:] + "Input"
    document = f"""mutation Act($input: {name}!) {{ {mutation}(input: $input) {directive} {{
        errors {{ code }} warnings {{ code message path }} }} }}"""
    payload = (await shop.data(shop.buyer, document, key, input=given))[mutation]
    assert payload["errors"] == []
    told: list[dict[str, Any]] = payload["warnings"]
    return told


async def prices(shop: Shop) -> list[str]:
    lines = (await shop.data(shop.buyer, CART))["cart"]["lines"]
    return [each["unitPrice"]["amount"] for each in lines]


async def test_a_day_is_priced_by_when_its_goods_leave(shop: Shop) -> None:
    await far_away(shop)
    await shop.fill(shop.buyer, (shop.product, 5))

    # Received on Wednesday the 11th they leave on Friday the 6th, on Thursday the 12th on Monday the 9th.
    assert await act(shop, "updateCart", "1", requestedOn="2026-03-11") == []
    assert await prices(shop) == ["10.00"]

    said = {
        "code": "PRICE_CHANGED", "path": ["requestedOn"],
        "message": "By this day ACE-001 costs 9 EUR instead of 10.",
    }  # fmt: skip
    assert await act(shop, "updateCart", "2", "@dryRun", requestedOn="2026-03-12") == [said]
    assert await prices(shop) == ["10.00"], "said first, and nothing was done"
    assert await act(shop, "updateCart", "3", requestedOn="2026-03-12") == [said]
    assert await prices(shop) == ["9.00"]


async def test_a_lines_own_day_is_told_of_it_alone(shop: Shop) -> None:
    await far_away(shop)
    await shop.fill(shop.buyer, (shop.product, 5))
    line = (await shop.data(shop.buyer, CART))["cart"]["lines"][0]["id"]

    moved = await act(shop, "updateCartLine", "1", lineId=line, requestedOn="2026-03-12")
    assert [(each["code"], each["path"]) for each in moved] == [("PRICE_CHANGED", ["requestedOn"])]
    assert await act(shop, "updateCartLine", "2", lineId=line, requestedOn="2026-03-13") == []
    assert await act(shop, "updateCart", "3", requestedOn="2026-03-11") == [], "the line has a day of its own"
    assert await prices(shop) == ["9.00"]


async def test_the_way_is_read_once_however_many_lines_there_are(shop: Shop) -> None:
    async with shop.database.job() as session:
        others = [
            await make.make_product(session, shop.seller, price="10", sku=f"N-{number}")
            for number in range(4)
        ]
    await far_away(shop)
    await shop.fill(shop.buyer, (shop.product, 5))
    await act(shop, "updateCart", "1", requestedOn="2026-03-12")
    with counted(shop.database) as one:
        assert await prices(shop) == ["9.00"]
    await shop.fill(shop.buyer, *((each, 1) for each in others))
    with counted(shop.database) as five:
        assert await prices(shop) == ["9.00"] * 5
    assert len(five) == len(one)
