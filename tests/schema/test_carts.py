"""Filling a cart, by every way there is."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import text

from tests import factories as make
from tests.schema.shop import ADD, Shop

CART = """{ cart { id version purchaseOrderNumber requestedOn note deliveryAddress { id city }
  lines { id quantity requestedOn product { sku } unitPrice { amount } netAmount { amount } problems { code path }
          previousUnitPrice { amount } nextBreak { fromQuantity unitPrice { amount } } }
  totals { net { amount } tax { amount } gross { amount } } problems { code } warnings { code } allowedActions } }"""
CHECK = """query Check($text: String!) { checkLines(input: {text: $text}) { validCount adjustedCount invalidCount mergedCount
  lines { lineNumbers text status requestedQuantity quantity product { sku } netAmount { amount } problem { code message } } } }"""


async def run(shop: Shop, mutation: str, **given: Any) -> dict[str, Any]:
    name = mutation[0].upper() + mutation[1:]
    document = f"mutation M($input: {name}Input!) {{ {mutation}(input: $input) {{ cart {{ version }} errors {{ code path message }} warnings {{ code message path }} }} }}"
    payload: dict[str, Any] = (await shop.data(shop.buyer, document, input=given))[mutation]
    return payload


async def cart(shop: Shop) -> dict[str, Any]:
    found: dict[str, Any] = (await shop.data(shop.buyer, CART))["cart"]
    return found


async def test_an_empty_cart_is_there_from_the_start(shop: Shop) -> None:
    found = await cart(shop)

    assert (found["version"], found["lines"], found["allowedActions"]) == (1, [], ["EDIT"])
    assert found["deliveryAddress"]["city"] == "Madrid"
    assert found["problems"] == [{"code": "CART_EMPTY"}]


async def test_quantities_of_one_product_join(shop: Shop) -> None:
    await shop.fill(shop.buyer, (shop.product, 3))
    await shop.fill(shop.buyer, ("ace 001", 4))

    found = await cart(shop)

    assert [(line["product"]["sku"], line["quantity"]) for line in found["lines"]] == [("ACE-001", "7")]
    assert found["totals"]["gross"]["amount"] == "84.70"
    assert found["allowedActions"] == ["EDIT", "CLEAR", "PLACE", "HOLD"]


async def test_all_lines_are_added_or_none(shop: Shop) -> None:
    before = await shop.snapshot()
    lines = [
        {"sku": "ACE-001", "quantity": "1"},
        {"sku": "NOPE", "quantity": "1"},
        {"sku": "ACE-001", "quantity": "0.5"},
    ]

    errors = (await shop.data(shop.buyer, ADD, lines=lines))["addToCart"]["errors"]

    assert [(error["code"], error["path"]) for error in errors] == [
        ("UNKNOWN_SKU", ["lines", "1", "sku"]),
        ("QUANTITY_INVALID", ["lines", "2", "quantity"]),
    ]
    assert await shop.snapshot() == before


@pytest.mark.parametrize(
    ("line", "code", "field"),
    [
        ({"sku": "PACK", "quantity": "7"}, "PACK_SIZE", "quantity"),
        ({"sku": "PACK", "quantity": "0"}, "QUANTITY_INVALID", "quantity"),
        ({"sku": "PACK", "quantity": "-6"}, "QUANTITY_INVALID", "quantity"),
        ({"sku": "PACK", "quantity": "6", "requestedOn": "2026-03-01"}, "PAST_DATE", "requestedOn"),
        ({"sku": "PACK", "quantity": "6", "unit": "KG"}, "UNIT_MISMATCH", "unit"),
        ({"quantity": "6"}, "INVALID", "sku"),
        ({"productId": "nonsense", "quantity": "6"}, "NOT_FOUND", "productId"),
    ],
)
async def test_a_bad_line_names_its_field(shop: Shop, line: dict[str, Any], code: str, field: str) -> None:
    async with shop.database.job() as session:
        await make.make_product(session, shop.seller, sku="PACK", pack_size=6)
    before = await shop.snapshot()

    errors = (await shop.data(shop.buyer, ADD, lines=[line]))["addToCart"]["errors"]

    assert [(error["code"], error["path"]) for error in errors] == [(code, ["lines", "0", field])]
    assert await shop.snapshot() == before


async def test_another_unit_is_converted(shop: Shop) -> None:
    async with shop.database.job() as session:
        await make.make_unit(session, "BOX")
        await session.execute(
            text("insert into product_unit values (:product, 'BOX', 12)"), {"product": shop.product.id}
        )
    lines = [{"sku": "ACE-001", "quantity": "2", "unit": "BOX"}]
    assert (await shop.data(shop.buyer, ADD, lines=lines))["addToCart"]["errors"] == []

    assert (await cart(shop))["lines"][0]["quantity"] == "24"


async def test_breaks_and_prices_follow_the_quantity_and_the_day(shop: Shop) -> None:
    async with shop.database.job() as session:
        await make.make_price(session, shop.product, "9", from_quantity=10)
        dated = await make.make_product(session, shop.seller, price=None, sku="DATED")
        await make.make_price(session, dated, "5", valid_until=date(2026, 4, 1))
        await make.make_price(session, dated, "6", valid_from=date(2026, 4, 1))
    await shop.fill(shop.buyer, (shop.product, 9), (dated, 1))
    first = await cart(shop)
    assert first["lines"][0]["nextBreak"] == {"fromQuantity": "10", "unitPrice": {"amount": "9.00"}}

    await run(shop, "updateCartLine", lineId=first["lines"][0]["id"], quantity="10")
    await run(shop, "updateCartLine", lineId=first["lines"][1]["id"], requestedOn="2026-04-01")

    lines = (await cart(shop))["lines"]
    assert [line["unitPrice"]["amount"] for line in lines] == ["9.00", "6.00"]


async def test_a_price_that_moved_is_shown_beside_the_old_one(shop: Shop) -> None:
    await shop.fill(shop.buyer, (shop.product, 1))
    async with shop.database.job() as session:
        await session.execute(text("update list_price set unit_price = 12"))

    (line,) = (await cart(shop))["lines"]

    assert (line["previousUnitPrice"]["amount"], line["unitPrice"]["amount"]) == ("10.00", "12.00")


async def test_what_cannot_be_ordered_says_so_on_its_line(shop: Shop) -> None:
    async with shop.database.job() as session:
        gone = await make.make_product(session, shop.seller, sku="GONE")
        free = await make.make_product(session, shop.seller, sku="UNPRICED", price=None)
    await shop.fill(shop.buyer, (shop.product, 101), (gone, 1), (free, 1))
    async with shop.database.job() as session:
        await session.execute(text("update product set active_until = '2026-03-01' where sku = 'GONE'"))

    found = await cart(shop)

    assert [[each["code"] for each in line["problems"]] for line in found["lines"]] == [
        ["OUT_OF_STOCK"], ["NOT_FOUND"], ["NO_PRICE"],
    ]  # fmt: skip
    assert found["allowedActions"] == ["EDIT", "CLEAR", "HOLD"]


async def test_the_head_keeps_what_is_not_given(shop: Shop) -> None:
    await run(shop, "updateCart", purchaseOrderNumber=" PO-1 ", requestedOn="2026-03-09", note="con cuidado")
    await run(shop, "updateCart", note="deprisa")
    kept = await cart(shop)
    await run(shop, "updateCart", requestedOn=None)

    assert (kept["purchaseOrderNumber"], kept["requestedOn"], kept["note"]) == (
        "PO-1",
        "2026-03-09",
        "deprisa",
    )
    assert (await cart(shop))["requestedOn"] is None


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"purchaseOrderNumber": "x" * 65}, "purchaseOrderNumber"),
        ({"note": "x" * 2001}, "note"),
        ({"requestedOn": "2026-03-01"}, "requestedOn"),
        ({"requestedOn": "2031-03-01"}, "requestedOn"),
        ({"deliveryAddressId": "nonsense"}, "deliveryAddressId"),
    ],
)
async def test_a_bad_head_names_its_field(shop: Shop, given: dict[str, Any], field: str) -> None:
    await shop.fill(shop.buyer, (shop.product, 1))
    before = await shop.snapshot()

    payload = await run(shop, "updateCart", **given)

    assert [error["path"] for error in payload["errors"]] == [[field]]
    assert await shop.snapshot() == before


async def test_lines_go_and_carts_are_emptied(shop: Shop) -> None:
    async with shop.database.job() as session:
        second = await make.make_product(session, shop.seller)
    await shop.fill(shop.buyer, (shop.product, 1), (second, 1))
    line = (await cart(shop))["lines"][0]

    await run(shop, "removeCartLine", lineId=line["id"])
    assert [each["product"]["sku"] for each in (await cart(shop))["lines"]] == [second.sku]
    stale = await run(shop, "clearCart", expectedVersion=1)
    assert [error["code"] for error in stale["errors"]] == ["STALE_VERSION"]
    await run(shop, "clearCart")

    assert (await cart(shop))["lines"] == []


async def test_pasted_lines_are_verified_and_nothing_is_added(shop: Shop) -> None:
    async with shop.database.job() as session:
        await make.make_product(session, shop.seller, sku="PACK", pack_size=6, barcode="8412345678905")
        await make.make_item_number(session, shop.customer, shop.product, "BN 77")
        await make.make_item_number(session, shop.other, shop.product, "THEIRS")
    before = await shop.snapshot()
    pasted = "ace-001 2\nbn77\t3\n8412345678905 7\n\nTHEIRS 1\nNOPE;4\nACE-001 1.000\nACE-001 0"

    found = (await shop.data(shop.buyer, CHECK, text=pasted))["checkLines"]

    seen = [(line["lineNumbers"], line["status"], line["quantity"]) for line in found["lines"]]
    assert seen == [
        ([1, 2, 8], "VALID", "5"), ([3], "ADJUSTED", "12"), ([5], "INVALID", None), ([6], "INVALID", None), ([7], "INVALID", None),
    ]  # fmt: skip
    assert [line["problem"] and line["problem"]["code"] for line in found["lines"]] == [
        None, "PACK_SIZE", "UNKNOWN_SKU", "UNKNOWN_SKU", "QUANTITY_INVALID",
    ]  # fmt: skip
    assert (found["validCount"], found["adjustedCount"], found["invalidCount"], found["mergedCount"]) == (
        1,
        1,
        3,
        2,
    )
    assert await shop.snapshot() == before


async def test_reordering_leaves_out_what_is_gone_and_says_so(shop: Shop) -> None:
    async with shop.database.job() as session:
        gone = await make.make_product(session, shop.seller, sku="GONE")
    placed = await shop.place(shop.buyer, await shop.fill(shop.buyer, (shop.product, 2), (gone, 1)))
    async with shop.database.job() as session:
        await session.execute(text("update product set active_until = '2026-03-01' where sku = 'GONE'"))

    payload = await run(shop, "reorder", orderId=placed["order"]["id"])

    assert payload["errors"] == []
    assert [warning["message"] for warning in payload["warnings"]] == [
        "GONE is not for sale to you any more and was left out."
    ]
    assert [(line["product"]["sku"], line["quantity"]) for line in (await cart(shop))["lines"]] == [
        ("ACE-001", "2")
    ]


async def test_a_user_of_two_companies_has_two_carts(shop: Shop) -> None:
    async with shop.database.job() as session:
        both = await make.make_user(session, shop.seller, customer=shop.customer)
        await make.make_member(session, both, shop.other)
    here = await make.viewer_of(shop.database, both, shop.customer)
    there = await make.viewer_of(shop.database, both, shop.other)
    await shop.fill(here, (shop.product, 2))
    await shop.fill(there, (shop.product, 5))

    documents = [
        (await shop.data(viewer, CART))["cart"]["lines"][0]["quantity"] for viewer in (here, there, here)
    ]

    assert documents == ["2", "5", "2"]


async def test_an_assortment_hides_the_rest_of_the_catalogue(shop: Shop) -> None:
    async with shop.database.job() as session:
        listed = await make.make_product(session, shop.seller, sku="LISTED")
        values = {"id": str(listed.id), "seller": shop.seller.id, "customer": shop.customer.id}
        await session.execute(
            text("insert into assortment values (cast(:id as uuid), :seller, 'A', 'A')"), values
        )
        await session.execute(
            text("insert into assortment_product values (cast(:id as uuid), cast(:id as uuid))"), values
        )
        await session.execute(
            text("update customer set assortment_id = cast(:id as uuid) where id = :customer"), values
        )
    products = "{ products { nodes { sku } } }"

    mine = (await shop.data(shop.buyer, products))["products"]["nodes"]
    theirs = (await shop.data(shop.stranger, products))["products"]["nodes"]
    added = (await shop.data(shop.buyer, ADD, lines=[{"sku": "ACE-001", "quantity": "1"}]))["addToCart"]

    assert mine == [{"sku": "LISTED"}] and len(theirs) == 2
    assert [error["code"] for error in added["errors"]] == ["UNKNOWN_SKU"]
