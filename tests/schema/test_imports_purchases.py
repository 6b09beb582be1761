"""Suppliers, what they sell and open purchase orders from files: taken once, refused row by row, counted as supply."""

from decimal import Decimal
from typing import Any

import pytest

from schema.ids import encode_id
from tests import factories as make
from tests.schema.buying import PURCHASE, done, drafted, of, parts, sent
from tests.schema.importing import Imported, imported, integrator_of, rows
from tests.schema.shop import Shop
from tests.schema.test_availability import asked
from tests.schema.test_purchasing import short_order

SUPPLIERS = "number,name,lead_time_days,email\nP-1,Vinos SL,7,\nP-2,Quesos SA,12,ventas@quesos.example\n"
OFFERS = "supplier,sku,supplier_sku,price,minimum,multiple\nP-1,ACE-001,V-9,6.10,12,6\n"
HEAD = "number,supplier,warehouse,sku,quantity,requested_on,confirmed_on,price\n"
STORED = """
    select o.number, o.status, o.supplier_code, l.position, l.sku, l.supplier_sku, l.quantity_ordered,
        l.unit_price, s.requested_on::text, s.confirmed_on::text, o.version
    from purchase_order o join purchase_order_line l on l.purchase_order_id = o.id
        join purchase_schedule_line s on s.purchase_order_line_id = l.id order by o.number, l.position
"""


async def stored(shop: Shop) -> list[tuple[Any, ...]]:
    return await rows(shop, STORED)


async def supplier_of(shop: Shop, code: str) -> str:
    [(key,)] = await rows(shop, f"select id from supplier where code = '{code}'")
    return str(encode_id("Supplier", key))


async def bought_of(shop: Shop, number: str) -> dict[str, Any]:
    """A purchase order as the desk sees it."""
    document = f"query($n: String!) {{ purchaseOrder(by: {{number: $n}}) {{ {PURCHASE} }} }}"
    found: dict[str, Any] = (await shop.data(shop.logistics, document, n=number))["purchaseOrder"]
    return found


async def test_suppliers_and_what_they_sell_are_taken_once(shop: Shop) -> None:
    viewer = await integrator_of(shop)

    assert (await imported(shop, viewer, "SUPPLIERS", SUPPLIERS, verifyOnly=True)).counts == (2, 0, 0, 0)
    assert await rows(shop, "select 1 from supplier") == []
    assert (await imported(shop, viewer, "SUPPLIERS", SUPPLIERS)).counts == (2, 0, 0, 0)
    assert (await imported(shop, viewer, "SUPPLIER_PRODUCTS", OFFERS)).counts == (1, 0, 0, 0)
    assert (await imported(shop, viewer, "SUPPLIERS", SUPPLIERS)).counts == (0, 0, 2, 0)
    assert (await imported(shop, viewer, "SUPPLIER_PRODUCTS", OFFERS)).counts == (0, 0, 1, 0)

    assert await rows(shop, "select code, name, lead_time_days, transport_days, email, currency, locale, version"
                            " from supplier order by code") == [
        ("P-1", "Vinos SL", 7, 0, "", "EUR", "es", 2), ("P-2", "Quesos SA", 12, 0, "ventas@quesos.example", "EUR", "es", 1),
    ]  # fmt: skip
    assert await rows(shop, "select supplier_sku, unit_price, minimum_quantity, multiple_quantity, is_preferred"
                            " from supplier_product") == [("V-9", Decimal("6.1"), 12, 6, False)]  # fmt: skip


async def test_a_supplier_that_changes_is_changed_and_its_price_too(shop: Shop) -> None:
    viewer = await integrator_of(shop)
    await imported(shop, viewer, "SUPPLIERS", SUPPLIERS)
    await imported(shop, viewer, "SUPPLIER_PRODUCTS", OFFERS)

    moved = await imported(shop, viewer, "SUPPLIERS", "number,lead_time_days\nP-1,0\n")
    dearer = await imported(shop, viewer, "SUPPLIER_PRODUCTS", "supplier,sku,price\nP-1,ACE-001,6.25\n")

    assert (moved.counts, dearer.counts) == ((0, 1, 0, 0), (0, 1, 0, 0))
    assert await rows(shop, "select name, lead_time_days, version from supplier where code = 'P-1'") == [
        ("Vinos SL", 0, 4)
    ]
    assert await rows(shop, "select supplier_sku, unit_price from supplier_product") == [
        ("V-9", Decimal("6.25"))
    ]
    trail = "select action, count(*) from audit_event where entity_type = 'Supplier' group by 1 order by 1"
    assert await rows(shop, trail) == [
        ("supplier.created", 2), ("supplier.productSaved", 2), ("supplier.updated", 1),
    ]  # fmt: skip


async def test_suppliers_that_cannot_be_are_refused_row_by_row(shop: Shop) -> None:
    viewer = await integrator_of(shop)
    await imported(shop, viewer, "SUPPLIERS", SUPPLIERS)
    async with shop.database.job() as session:
        await make.make_currency(session, "USD")
    before = await rows(shop, "select * from supplier order by code")

    bad = await imported(
        shop, viewer, "SUPPLIERS",
        "number,name,lead_time_days,currency,email\nP-1,Vinos SL,7,USD,\nP-3,X,731,,\nP-4,X,1,,no\nP-5,X,,,\nP-6,X,1.5,,\n",
    )  # fmt: skip
    offers = await imported(
        shop, viewer, "SUPPLIER_PRODUCTS", "supplier,sku,minimum\nP-9,ACE-001,1\nP-1,NADA,1\nP-1,ACE-001,0\n"
    )

    assert bad.errors == [
        (2, "currency", "USD", "INVALID"), (3, "lead_time_days", "731", "INVALID"), (4, "email", "no", "INVALID"),
        (5, "lead_time_days", "", "INVALID"), (6, "lead_time_days", "1.5", "INVALID"),
    ]  # fmt: skip
    assert offers.errors == [
        (2, "supplier", "P-9", "NOT_FOUND"), (3, "sku", "NADA", "NOT_FOUND"), (4, "minimum", "0", "INVALID"),
    ]  # fmt: skip
    assert await rows(shop, "select * from supplier order by code") == before
    assert await rows(shop, "select 1 from supplier_product") == []


async def test_open_orders_are_taken_once_and_count_as_supply(shop: Shop) -> None:
    viewer = await integrator_of(shop)
    await imported(shop, viewer, "SUPPLIERS", SUPPLIERS)
    await imported(shop, viewer, "SUPPLIER_PRODUCTS", OFFERS)
    async with shop.database.job() as session:
        cheese = await make.make_product(session, shop.seller, price="10")
    file = (
        f"{HEAD}EXT-1,P-1,MAD,ACE-001,48,2026-03-20,2026-03-25,\nEXT-1,P-1,MAD,{cheese.sku},5,2026-03-20,,9.5\n"
        f"EXT-2,P-2,MAD,ACE-001,7,2026-02-01,,6\n"
    )

    tried = await imported(shop, viewer, "PURCHASE_ORDERS", file, verifyOnly=True)
    assert tried.counts == (3, 0, 0, 0) and await stored(shop) == []
    taken = await imported(shop, viewer, "PURCHASE_ORDERS", file)

    assert taken.counts == (3, 0, 0, 0), taken.errors
    expected = [
        ("EXT-1", "CONFIRMED", "P-1", 1, "ACE-001", "V-9", 48, None, "2026-03-20", "2026-03-25", 1),
        ("EXT-1", "CONFIRMED", "P-1", 2, cheese.sku, "", 5, Decimal("9.5"), "2026-03-20", None, 1),
        ("EXT-2", "SENT", "P-2", 1, "ACE-001", "", 7, 6, "2026-02-01", None, 1),
    ]
    assert await stored(shop) == expected
    assert (await imported(shop, viewer, "PURCHASE_ORDERS", file)).counts == (0, 0, 3, 0)
    assert await stored(shop) == expected
    [told] = await asked(shop, ("ACE-001", 140), viewer=shop.logistics)
    # What was asked for and is late already is expected some days from today; a confirmed day is that day.
    assert {"on": "2026-03-25", "quantity": "48"} in told["incoming"]
    assert (told["promise"]["shipOn"], told["promise"]["isAtRisk"]) == ("2026-03-25", False)
    assert await rows(shop, "select count(*) from outbox_event where type like 'purchaseOrder.%'") == [(0,)]
    assert await shop.broken() == []


async def test_a_line_follows_its_file_until_something_hangs_on_it(shop: Shop) -> None:
    viewer = await integrator_of(shop)
    await imported(shop, viewer, "SUPPLIERS", SUPPLIERS)
    await imported(shop, viewer, "SUPPLIER_PRODUCTS", OFFERS)
    wine, order = await short_order(shop)
    offer = f"supplier,sku,supplier_sku,price\nP-1,{wine.sku},V-9,6.10\n"
    await imported(shop, viewer, "SUPPLIER_PRODUCTS", offer)

    async def told(quantity: int, confirmed_on: str) -> Imported:
        head = "number,supplier,warehouse,sku,quantity,requested_on,confirmed_on\n"
        line = f"EXT-1,P-1,MAD,{wine.sku},{quantity},2026-03-20,{confirmed_on}\n"
        return await imported(shop, viewer, "PURCHASE_ORDERS", head + line)

    assert (await told(48, "")).counts == (1, 0, 0, 0)
    # Without a column for the price it is what the supplier sells it for.
    asked_for = ("P-1", 1, wine.sku, "V-9", 48, Decimal("6.1"), "2026-03-20", None)
    assert await stored(shop) == [("EXT-1", "SENT", *asked_for, 1)]

    assert (await told(60, "2026-03-27")).counts == (0, 1, 0, 0)
    promised = ("P-1", 1, wine.sku, "V-9", 60, Decimal("6.1"), "2026-03-20", "2026-03-27")
    assert await stored(shop) == [("EXT-1", "CONFIRMED", *promised, 2)]

    bought = await bought_of(shop, "EXT-1")
    lines = {"lineId": bought["lines"][0]["id"], "orderLineId": order["lines"][0]["id"]}
    pegged = await done(shop, "setPurchasePeg", **of(bought, **lines, quantity="6"))
    assert pegged["lines"][0]["pegs"][0]["confirmedReceiptOn"] == "2026-03-27"
    before = await stored(shop)

    late, same = await told(60, "2026-04-02"), await told(60, "2026-03-27")

    assert late.errors == [(2, "confirmed_on", "2026-04-02", "INVALID_TRANSITION")]
    assert same.counts == (0, 0, 1, 0)
    assert await stored(shop) == before and await shop.broken() == []


async def test_orders_that_cannot_be_are_refused_row_by_row(shop: Shop) -> None:
    viewer = await integrator_of(shop)
    await imported(shop, viewer, "SUPPLIERS", SUPPLIERS)
    await imported(shop, viewer, "PURCHASE_ORDERS", f"{HEAD}EXT-1,P-1,MAD,ACE-001,48,2026-03-20,,\n")
    before = await stored(shop)

    bad = await imported(
        shop, viewer, "PURCHASE_ORDERS",
        HEAD + "\n".join([
            "EXT-1,P-2,MAD,ACE-001,48,2026-03-20,,", "EXT-2,P-9,MAD,ACE-001,1,2026-03-20,,",
            "EXT-3,P-1,NADA,ACE-001,1,2026-03-20,,", "EXT-4,P-1,MAD,ACE-001,1.5,2026-03-20,,",
            "EXT-5,P-1,MAD,ACE-001,0,2026-03-20,,", "EXT-6,P-1,MAD,ACE-001,1,,,",
            "PO-2026-000009,P-1,MAD,ACE-001,1,2026-03-20,,", "EXT-8,P-1,MAD,ACE-001,1,2026-03-20,20/03/2026,",
            "EXT-8,P-1,MAD,ace 001,1,2026-03-20,,-1",
        ]),
    )  # fmt: skip

    assert bad.errors == [
        (2, "supplier", "P-2", "INVALID"), (3, "supplier", "P-9", "NOT_FOUND"), (4, "warehouse", "NADA", "NOT_FOUND"),
        (5, "quantity", "1.5", "QUANTITY_INVALID"), (6, "quantity", "0", "INVALID"), (7, "requested_on", "", "INVALID"),
        (8, "number", "PO-2026-000009", "NOT_FOUND"), (9, "confirmed_on", "20/03/2026", "INVALID"),
        (10, "price", "-1", "INVALID"),
    ]  # fmt: skip
    assert await stored(shop) == before


@pytest.mark.parametrize("state", ["DRAFT", "CONFIRMED in two parts", "CLOSED"])
async def test_an_order_of_our_own_is_not_changed_behind_the_desk(shop: Shop, state: str) -> None:
    viewer = await integrator_of(shop)
    await imported(shop, viewer, "SUPPLIERS", SUPPLIERS)
    await imported(shop, viewer, "SUPPLIER_PRODUCTS", OFFERS)
    supplier = await supplier_of(shop, "P-1")
    bought = await drafted(shop, supplier, (shop.product, 12))
    if state != "DRAFT":
        bought = await sent(shop, bought)
        days = [(6, "2026-03-25"), (6, "2026-03-30")] if "parts" in state else []
        bought = await done(
            shop, "confirmPurchaseOrder", **of(bought, lines=[parts(bought["lines"][0], *days)])
        )
    before = await stored(shop)
    file = f"number,sku,quantity,requested_on\n{bought['number']},ACE-001,18,2026-03-20\n"

    refused = await imported(shop, viewer, "PURCHASE_ORDERS", file)

    column = {"DRAFT": ("number", bought["number"])}.get(state, ("quantity", "18"))
    assert refused.errors == [(2, *column, "INVALID_TRANSITION")]
    assert await stored(shop) == before
