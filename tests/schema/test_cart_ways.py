"""How a line of the cart comes: the ways there are, the choice, and the schedule lines that it becomes."""

from itertools import count
from typing import Any

import pytest

from models.products import Product
from tests import factories as make
from tests.schema.buying import demand, drafted, make_supplier, sent
from tests.schema.delivering import value
from tests.schema.shop import Shop

LINES = """{ cart { version lines { id netAmount { amount } parts { quantity requestedOn }
    alternatives { kind parts { quantity receiptOn } } } } }"""
CHOOSE = """mutation($input: ChooseDeliveryInput!) { chooseDelivery(input: $input) {
    cart { version } errors { code path } warnings { code message path } } }"""
_keys = count(1)


@pytest.fixture
async def table(shop: Shop) -> Product:
    """Four pieces are there, ten come on 9 March."""
    async with shop.database.job() as session:
        product = await make.make_product(
            session, shop.seller, price="10", stock=4, sku="MESA", out_of_stock_policy="BACKORDER"
        )
    await sent(shop, await drafted(shop, await make_supplier(shop, product), (product, 10)))
    return product


async def line_of(shop: Shop) -> dict[str, Any]:
    cart = (await shop.data(shop.buyer, LINES))["cart"]
    found: dict[str, Any] = cart["lines"][0] | {"version": cart["version"]}
    return found


async def choose(shop: Shop, *parts: tuple[int | str, str], **given: Any) -> dict[str, Any]:
    line = await line_of(shop)
    wanted = [{"quantity": str(quantity), "requestedOn": day or None} for quantity, day in parts]
    values = {"lineId": line["id"], "expectedVersion": line["version"], "parts": wanted} | given
    done: dict[str, Any] = (await shop.data(shop.buyer, CHOOSE, f"way-{next(_keys)}", input=values))[
        "chooseDelivery"
    ]
    return done


async def placed(shop: Shop) -> list[tuple[str, str | None, str | None, bool]]:
    done = await shop.place(shop.buyer, await shop.cart(shop.buyer))
    assert done["errors"] == [], done
    order = await demand(shop, done["order"]["id"])
    return [
        (each["quantity"], each["requestedOn"], each["confirmedOn"], each["warehouse"] is not None)
        for each in order["lines"][0]["scheduleLines"]
    ]


async def test_ways_are_told_where_not_all_of_it_comes(shop: Shop, table: Product) -> None:
    await shop.fill(shop.buyer, (table, 4))
    assert (await line_of(shop))["alternatives"] == []

    await shop.fill(shop.buyer, (table, 2))

    assert (await line_of(shop))["alternatives"] == [
        {"kind": "LATER", "parts": [{"quantity": "6", "receiptOn": "2026-03-09"}]},
        {"kind": "PARTIAL", "parts": [
            {"quantity": "4", "receiptOn": "2026-03-02"}, {"quantity": "2", "receiptOn": "2026-03-09"},
        ]},
    ]  # fmt: skip


async def test_the_parts_chosen_become_schedule_lines_and_the_price_stays(shop: Shop, table: Product) -> None:
    before = (await shop.fill(shop.buyer, (table, 6)))["totals"]
    done = await choose(shop, (2, "2026-03-09"), (4, "2026-03-04"))

    assert (done["errors"], done["warnings"]) == ([], [])
    line = await line_of(shop)
    assert line["parts"] == [
        {"quantity": "4", "requestedOn": "2026-03-04"}, {"quantity": "2", "requestedOn": "2026-03-09"},
    ]  # fmt: skip
    assert line["netAmount"] == {"amount": "60.00"}
    assert (await shop.cart(shop.buyer))["totals"] == before

    assert await placed(shop) == [
        ("4", "2026-03-04", "2026-03-04", True), ("2", "2026-03-09", "2026-03-09", False),
    ]  # fmt: skip
    assert await value(shop, "select net_amount, unit_price from sales_order_line") == [(60, 10)]
    assert await shop.broken() == []


async def test_all_at_once_later_keeps_what_is_there_for_that_day(shop: Shop, table: Product) -> None:
    await shop.fill(shop.buyer, (table, 6))
    await choose(shop, (6, "2026-03-09"))

    assert await placed(shop) == [
        ("4", "2026-03-09", "2026-03-09", True), ("2", "2026-03-09", "2026-03-09", False),
    ]  # fmt: skip


async def test_a_day_on_which_it_cannot_come_is_told_and_promised_as_it_can(
    shop: Shop, table: Product
) -> None:
    await shop.fill(shop.buyer, (table, 6))
    done = await choose(shop, (4, "2026-03-02"), (2, "2026-03-05"))

    assert done["errors"] == [] and done["warnings"] == [
        {"code": "DATE_MOVED", "path": ["parts", "1", "requestedOn"],
         "message": "MESA cannot come on Mar 5, 2026: it comes on Mar 9, 2026."}
    ]  # fmt: skip
    assert await placed(shop) == [
        ("4", "2026-03-02", "2026-03-02", True), ("2", "2026-03-05", "2026-03-09", False),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("case", "change"),
    [
        ("quantity", {"quantity": "7"}),
        ("day", {"requestedOn": "2026-03-20"}),
        ("the cart's day", None),
        ("chosen back", ()),
    ],
)
async def test_another_quantity_or_day_forgets_the_choice(
    shop: Shop, table: Product, case: str, change: Any
) -> None:
    await shop.fill(shop.buyer, (table, 6))
    await choose(shop, (4, ""), (2, "2026-03-09"))
    line = await line_of(shop)
    assert len(line["parts"]) == 2
    if change is None:
        document = 'mutation { updateCart(input: {requestedOn: "2026-03-20"}) { errors { code } } }'
        await shop.data(shop.buyer, document)
    elif change == ():
        await choose(shop)
    else:
        document = (
            "mutation($input: UpdateCartLineInput!) { updateCartLine(input: $input) { errors { code } } }"
        )
        await shop.data(shop.buyer, document, input={"lineId": line["id"]} | change)

    assert (await line_of(shop))["parts"] == []


@pytest.mark.parametrize(
    ("case", "parts", "given", "error"),
    [
        ("too few", [(5, "")], {}, ("QUANTITY_INVALID", ["parts"])),
        ("nothing of it", [(6, ""), (0, "")], {}, ("QUANTITY_INVALID", ["parts", "1", "quantity"])),
        ("half a piece", [("5.5", ""), ("0.5", "")], {}, ("QUANTITY_INVALID", ["parts", "0", "quantity"])),
        ("yesterday", [(6, "2026-03-01")], {}, ("PAST_DATE", ["parts", "0", "requestedOn"])),
        ("21 parts", [(1, "")] * 21, {}, ("INVALID", ["parts"])),
        ("an old version", [(6, "")], {"expectedVersion": 99}, ("STALE_VERSION", ["expectedVersion"])),
        ("no line", [(6, "")], {"lineId": "nonsense"}, ("NOT_FOUND", ["lineId"])),
    ],
)
async def test_refusals_change_nothing(
    shop: Shop, table: Product, case: str, parts: Any, given: dict[str, Any], error: tuple[str, list[str]]
) -> None:
    await shop.fill(shop.buyer, (table, 6))
    await choose(shop, (4, ""), (2, "2026-03-09"))
    before = await line_of(shop)

    done = await choose(shop, *parts, **given)

    assert [(each["code"], each["path"]) for each in done["errors"]] == [error], case
    assert await line_of(shop) == before
