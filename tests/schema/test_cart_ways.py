"""How a line of the cart comes: the ways there are, the choice, and the schedule lines that it becomes."""

from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from sqlalchemy import text

from auth.permissions import Role
from models.products import Product
from tests import factories as make
from tests.schema.buying import demand, drafted, make_supplier, sent
from tests.schema.delivering import value
from tests.schema.shop import NOW, Shop, engine_over
from tests.schema.test_approvals import limit

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


async def placed(shop: Shop, **given: Any) -> list[tuple[str, str | None, str | None, bool]]:
    done = await shop.place(shop.buyer, await shop.cart(shop.buyer), **given)
    assert done["errors"] == [], done
    return await scheduled(shop, done["order"]["id"])


async def scheduled(shop: Shop, order_id: str) -> list[tuple[str, str | None, str | None, bool]]:
    """Quantity, the day asked for, the day promised, and whether it is reserved, of each schedule line."""
    order = await demand(shop, order_id)
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


@pytest.mark.parametrize(
    ("case", "statement"),
    [
        ("it may not wait", "update product set out_of_stock_policy = 'REFUSE' where sku = 'MESA'"),
        ("nothing is told of stock", "update seller set availability_display = 'NONE'"),
    ],
)
async def test_no_way_is_told_that_cannot_be_ordered_or_may_not_be_known(
    shop: Shop, table: Product, case: str, statement: str
) -> None:
    await shop.fill(shop.buyer, (table, 6))
    async with shop.database.job() as session:
        await session.execute(text(statement))

    assert (await line_of(shop))["alternatives"] == [], case


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
    if change == ():
        await choose(shop)
    else:
        document = (
            "mutation($input: UpdateCartLineInput!) { updateCartLine(input: $input) { errors { code } } }"
        )
        await shop.data(shop.buyer, document, input={"lineId": line["id"]} | change)

    assert (await line_of(shop))["parts"] == []


async def test_a_part_without_a_day_follows_the_cart(shop: Shop, table: Product) -> None:
    await shop.fill(shop.buyer, (table, 6))
    await choose(shop, (4, ""), (2, "2026-03-12"))
    await shop.data(
        shop.buyer, 'mutation { updateCart(input: {requestedOn: "2026-03-06"}) { errors { code } } }'
    )

    assert await placed(shop, requestedOn="2026-03-05") == [
        ("4", "2026-03-05", "2026-03-05", True), ("2", "2026-03-12", "2026-03-12", False),
    ]  # fmt: skip


async def test_a_day_that_passed_in_the_cart_is_a_problem_of_the_line(shop: Shop, table: Product) -> None:
    await shop.fill(shop.buyer, (table, 6))
    await choose(shop, (4, "2026-03-03"), (2, "2026-03-09"))
    later = Shop(**{**shop.__dict__, "engine": engine_over(shop.database, NOW + timedelta(days=2))})
    before = await shop.snapshot()

    refused = await later.place(later.buyer, await later.cart(later.buyer))

    assert [(each["code"], each["path"]) for each in refused["errors"]] == [
        ("PAST_DATE", ["lines", "0", "parts", "0", "requestedOn"])
    ]
    assert await shop.snapshot() == before


async def test_days_are_kept_through_a_hold_by_hand(shop: Shop, table: Product) -> None:
    """Meanwhile somebody else takes three of the four: the first day keeps the one that is left, and its promise."""
    await shop.fill(shop.buyer, (table, 6))
    await choose(shop, (4, "2026-03-04"), (2, "2026-03-10"))
    order = (await shop.place(shop.buyer, await shop.cart(shop.buyer)))["order"]
    await shop.act(shop.rep, "holdOrder", orderId=order["id"], expectedVersion=1, reason="revisar")
    await shop.place(shop.buyer, await shop.fill(shop.buyer, (table, 3)))

    freed = await shop.act(shop.rep, "releaseOrder", orderId=order["id"], expectedVersion=2, reason="listo")

    assert freed["errors"] == []
    assert await scheduled(shop, order["id"]) == [
        ("1", "2026-03-04", "2026-03-04", True),
        ("2", "2026-03-10", "2026-03-10", False),
        ("3", "2026-03-04", "2026-03-09", False),
    ]
    assert freed["order"]["lines"][0]["netAmount"] == {"amount": "60.00"}
    assert await shop.broken() == []


async def test_days_are_kept_when_finance_releases_what_was_never_promised(
    shop: Shop, table: Product
) -> None:
    async with shop.database.job() as session:
        await session.execute(text("update credit_account set credit_limit = 50"))
    await shop.fill(shop.buyer, (table, 6))
    await choose(shop, (4, "2026-03-04"), (2, "2026-03-10"))
    order = (await shop.place(shop.buyer, await shop.cart(shop.buyer)))["order"]
    assert await scheduled(shop, order["id"]) == [
        ("4", "2026-03-04", None, False), ("2", "2026-03-10", None, False)
    ]  # fmt: skip

    await shop.act(shop.finance, "releaseOrder", orderId=order["id"], expectedVersion=1, reason="pagado")

    assert await scheduled(shop, order["id"]) == [
        ("4", "2026-03-04", "2026-03-04", True), ("2", "2026-03-10", "2026-03-10", False)
    ]  # fmt: skip
    assert await shop.broken() == []


async def test_days_are_kept_when_a_colleague_consents(shop: Shop, table: Product) -> None:
    async with shop.database.job() as session:
        colleague = await make.make_user(
            session, shop.seller, shop.customer, Role.APPROVER, name="Ana Aprueba"
        )
    approver = await make.viewer_of(shop.database, colleague)
    await limit(shop, shop.buyer, per_order=Decimal(10))
    await shop.fill(shop.buyer, (table, 6))
    await choose(shop, (4, "2026-03-04"), (2, "2026-03-10"))
    order = (await shop.place(shop.buyer, await shop.cart(shop.buyer)))["order"]
    assert order["status"] == "PENDING_APPROVAL"

    done = await shop.act(approver, "approveOrder", orderId=order["id"], expectedVersion=1)

    assert (done["errors"], done["order"]["status"]) == ([], "PLACED")
    assert await scheduled(shop, order["id"]) == [
        ("4", "2026-03-04", "2026-03-04", True), ("2", "2026-03-10", "2026-03-10", False)
    ]  # fmt: skip
    assert await shop.broken() == []


@pytest.mark.parametrize(
    ("case", "parts", "given", "error"),
    [
        ("too few", [(5, "")], {}, ("QUANTITY_INVALID", ["parts"])),
        ("nothing of it", [(6, ""), (0, "")], {}, ("QUANTITY_INVALID", ["parts", "1", "quantity"])),
        ("half a piece", [("5.5", ""), ("0.5", "")], {}, ("QUANTITY_INVALID", ["parts", "0", "quantity"])),
        ("yesterday", [(6, "2026-03-01")], {}, ("PAST_DATE", ["parts", "0", "requestedOn"])),
        ("13 parts", [(1, "")] * 13, {}, ("INVALID", ["parts"])),
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
