"""Purchasing: ordered for what is short, confirmed, received by lot, reserved for those who wait."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from models.products import Product
from rules.states import OutOfStockPolicy
from tests import factories as make
from tests.schema.buying import act, came, demand, done, drafted, make_supplier, of, parts, product_id, sent
from tests.schema.delivering import balance, confirmed, value, warehouse_id
from tests.schema.shop import Shop

PROPOSALS = """{ purchaseProposals { quantity neededOn expectedOn orderBy supplier { name }
    offer { supplierSku product { sku } } pegs { quantity neededOn order { number } orderLine { id sku } } } }"""


async def test_what_is_short_is_bought_received_by_lot_and_reserved(shop: Shop) -> None:
    async with shop.database.job() as session:
        wine = await make.make_product(
            session, shop.seller, price="10", stock=4, is_lot_tracked=True, out_of_stock_policy="BACKORDER",
            shelf_life_days=None,
        )  # fmt: skip
    supplier = await make_supplier(shop, wine, multiple_quantity=6, minimum_quantity=6)
    order = await confirmed(shop, (wine, 10), requestedOn="2026-03-20")
    line = order["lines"][0]
    assert (line["quantityReserved"], line["quantityBackordered"]) == ("4", "6")

    proposals = (await shop.data(shop.logistics, PROPOSALS))["purchaseProposals"]

    assert [
        (each["quantity"], each["neededOn"], each["expectedOn"], each["orderBy"]) for each in proposals
    ] == [("6", "2026-03-20", "2026-03-20", "2026-03-13")]
    assert proposals[0]["pegs"][0]["orderLine"]["id"] == line["id"]

    bought = await drafted(shop, supplier, (wine, 6), pegs=[{"orderLineId": line["id"], "quantity": "6"}])

    assert (bought["number"], bought["status"], bought["allowedActions"]) == (
        "PO-2026-000001", "DRAFT", ["SEND", "CANCEL", "PEG"],
    )  # fmt: skip
    assert bought["lines"][0]["quantityPegged"] == "6"
    assert (await shop.data(shop.logistics, PROPOSALS))["purchaseProposals"] == []

    bought = await sent(shop, bought)
    said = await act(
        shop, "confirmPurchaseOrder",
        **of(bought, supplierReference="N-77", lines=[parts(bought["lines"][0], (6, "2026-03-25"))]),
    )  # fmt: skip

    assert said["errors"] == [] and [each["code"] for each in said["warnings"]] == ["LATE"]
    bought = said["purchaseOrder"]
    assert (bought["status"], bought["supplierReference"]) == ("CONFIRMED", "N-77")
    assert bought["lines"][0]["pegs"] == [
        {
            "quantity": "6", "requestedOn": "2026-03-20", "promisedOn": "2026-03-25",
            "confirmedReceiptOn": "2026-03-25", "confirmedShipOn": "2026-03-25",
            "order": {"number": "SO-2026-000001"},
        }
    ]  # fmt: skip

    bought = await done(
        shop, "receivePurchaseOrder",
        **of(bought, deliveryNote="A-1", lines=[came(bought["lines"][0], 4, lotNumber="L-1", expiresOn="2027-01-31"),
                                                came(bought["lines"][0], 2, lotNumber="L-2", expiresOn="2027-02-28")]),
    )  # fmt: skip

    assert (bought["status"], bought["allowedActions"]) == ("RECEIVED", [])
    assert bought["receipts"] == [
        {
            "deliveryNote": "A-1",
            "lines": [
                {"sku": wine.sku, "quantity": "4", "lotNumber": "L-1", "expiresOn": "2027-01-31"},
                {"sku": wine.sku, "quantity": "2", "lotNumber": "L-2", "expiresOn": "2027-02-28"},
            ],
        }
    ]
    order = await demand(shop, order["id"])
    assert (order["lines"][0]["quantityReserved"], order["lines"][0]["quantityBackordered"]) == ("10", "0")
    assert await balance(shop, wine) == (10, 10) and await shop.broken() == []
    moves = "select kind, quantity, reference from stock_move where kind = 'RECEIPT' order by quantity"
    assert await value(shop, moves) == [("RECEIPT", 2, "PO-2026-000001"), ("RECEIPT", 4, "PO-2026-000001")]
    lots = "select number, expires_on, on_hand from lot join lot_balance on lot_id = lot.id where number like 'L-%' order by 1"
    assert await value(shop, lots) == [("L-1", date(2027, 1, 31), 4), ("L-2", date(2027, 2, 28), 2)]
    events = "select type from outbox_event where entity_type in ('PurchaseOrder', 'Order') order by id"
    assert [each[0] for each in await value(shop, events)] == [
        "order.placed", "order.confirmed", "purchaseOrder.created", "purchaseOrder.sent", "order.promised",
        "purchaseOrder.confirmed", "order.supplied", "purchaseOrder.received",
    ]  # fmt: skip


async def short_order(
    shop: Shop, quantity: int = 10, stock: int = 4, **given: Any
) -> tuple[Product, dict[str, Any]]:
    """A product of which there is not enough, and a confirmed order of it."""
    async with shop.database.job() as session:
        product = await make.make_product(
            session, shop.seller, price="10", stock=stock, out_of_stock_policy=OutOfStockPolicy.BACKORDER, **given
        )  # fmt: skip
    return product, await confirmed(shop, (product, quantity), requestedOn="2026-03-20")


async def pegged(
    shop: Shop, product: Product, order: dict[str, Any], quantity: int, **given: Any
) -> dict[str, Any]:
    """A sent purchase order of the quantity, all of it meant for the order's first line."""
    supplier = await make_supplier(shop, product, **given)
    pegs = [{"orderLineId": order["lines"][0]["id"], "quantity": str(quantity)}]
    return await sent(shop, await drafted(shop, supplier, (product, quantity), pegs=pegs))


def schedule(order: dict[str, Any]) -> list[tuple[str, str | None, str | None]]:
    """(quantity, confirmed day, warehouse) of the first line's parts."""
    return [
        (each["quantity"], each["confirmedOn"], each["warehouse"] and each["warehouse"]["code"])
        for each in order["lines"][0]["scheduleLines"]
    ]


async def test_a_supplier_five_days_late_moves_the_promise_again(shop: Shop) -> None:
    product, order = await short_order(shop)
    bought = await pegged(shop, product, order, 6)
    bought = await done(
        shop, "confirmPurchaseOrder", **of(bought, lines=[parts(bought["lines"][0], (6, "2026-03-20"))])
    )
    assert schedule(await demand(shop, order["id"])) == [
        ("4", "2026-03-20", "MAD"),
        ("6", "2026-03-20", None),
    ]

    late = await act(
        shop, "confirmPurchaseOrder", **of(bought, lines=[parts(bought["lines"][0], (6, "2026-03-25"))])
    )

    assert [each["message"] for each in late["warnings"]] == [
        f"{product.sku} of order SO-2026-000001 comes on Mar 25, 2026; it was asked for on Mar 20, 2026."
    ]
    assert schedule(await demand(shop, order["id"])) == [
        ("4", "2026-03-20", "MAD"),
        ("6", "2026-03-25", None),
    ]
    assert [
        (each["requestedOn"], each["confirmedOn"])
        for each in late["purchaseOrder"]["lines"][0]["scheduleLines"]
    ] == [("2026-03-09", "2026-03-25")]
    asked = """query($id: ID!) { order(by: {id: $id}) { lines {
        pegs { quantity confirmedReceiptOn purchaseOrder { number } } } } }"""
    expected = [
        {"quantity": "6", "confirmedReceiptOn": "2026-03-25", "purchaseOrder": {"number": bought["number"]}}
    ]
    seen = await shop.data(shop.logistics, asked, id=order["id"])
    assert [line["pegs"] for line in seen["order"]["lines"]] == [expected]


async def test_two_days_make_two_schedule_lines_under_one_price(shop: Shop) -> None:
    product, order = await short_order(shop)
    bought = await pegged(shop, product, order, 6)

    bought = await done(
        shop, "confirmPurchaseOrder",
        **of(bought, lines=[parts(bought["lines"][0], (4, "2026-03-12"), (2, "2026-03-25"))]),
    )  # fmt: skip

    assert schedule(await demand(shop, order["id"])) == [
        ("4", "2026-03-20", "MAD"), ("4", "2026-03-20", None), ("2", "2026-03-25", None),
    ]  # fmt: skip
    assert [(peg["quantity"], peg["promisedOn"]) for peg in bought["lines"][0]["pegs"]] == [
        ("4", "2026-03-20"), ("2", "2026-03-25"),
    ]  # fmt: skip
    assert await shop.broken() == []

    bought = await done(shop, "receivePurchaseOrder", **of(bought, lines=[came(bought["lines"][0], 5)]))

    assert schedule(await demand(shop, order["id"])) == [
        ("4", "2026-03-20", "MAD"), ("4", "2026-03-20", "MAD"), ("1", "2026-03-25", None), ("1", "2026-03-25", "MAD"),
    ]  # fmt: skip
    assert (bought["status"], bought["lines"][0]["quantityPegged"], bought["allowedActions"]) == (
        "CONFIRMED", "1", ["CONFIRM", "RECEIVE", "CLOSE", "PEG"],
    )  # fmt: skip
    assert await balance(shop, product) == (9, 9) and await shop.broken() == []


async def test_three_pieces_short_lose_their_supplier_and_are_proposed_again(shop: Shop) -> None:
    product, order = await short_order(shop)
    bought = await pegged(shop, product, order, 6)
    bought = await done(
        shop, "confirmPurchaseOrder", **of(bought, lines=[parts(bought["lines"][0], (6, "2026-03-12"))])
    )
    bought = await done(shop, "receivePurchaseOrder", **of(bought, lines=[came(bought["lines"][0], 3)]))

    refused = await act(shop, "closePurchaseOrder", **of(bought, reason="No quedan."))
    assert [(each["code"], each["path"]) for each in refused["errors"]] == [("INVALID", ["releasesPegs"])]
    closed = await act(shop, "closePurchaseOrder", **of(bought, reason="No quedan.", releasesPegs=True))

    assert (closed["purchaseOrder"]["status"], [each["code"] for each in closed["warnings"]]) == (
        "CLOSED",
        ["LATE"],
    )
    assert closed["purchaseOrder"]["lines"][0]["quantityCancelled"] == "3"
    assert schedule(await demand(shop, order["id"])) == [
        ("4", "2026-03-20", "MAD"), ("3", None, None), ("3", "2026-03-20", "MAD"),
    ]  # fmt: skip
    proposals = (await shop.data(shop.logistics, PROPOSALS))["purchaseProposals"]
    assert [each["quantity"] for each in proposals] == ["3"]
    assert await shop.broken() == []


async def test_a_supplier_who_sends_less_cuts_the_last_peg(shop: Shop) -> None:
    product, first = await short_order(shop, 10, 0)
    second = await confirmed(shop, (product, 5), requestedOn="2026-03-25")
    supplier = await make_supplier(shop, product)
    pegs = [
        {"orderLineId": each["lines"][0]["id"], "quantity": quantity}
        for each, quantity in ((first, "10"), (second, "5"))
    ]
    bought = await sent(shop, await drafted(shop, supplier, (product, 15), pegs=pegs))

    said = await act(
        shop, "confirmPurchaseOrder", **of(bought, lines=[parts(bought["lines"][0], (12, "2026-03-20"))])
    )

    line = said["purchaseOrder"]["lines"][0]
    assert (line["quantityCancelled"], line["quantityOpen"], line["quantityPegged"]) == ("3", "12", "12")
    assert [(peg["quantity"], peg["order"]["number"]) for peg in line["pegs"]] == [
        ("10", "SO-2026-000001"), ("2", "SO-2026-000002"),
    ]  # fmt: skip
    assert [each["message"] for each in said["warnings"]] == [
        f"3 of {product.sku} of order SO-2026-000002 have no supplier any more."
    ]
    assert schedule(await demand(shop, second["id"])) == [("2", "2026-03-25", None), ("3", None, None)]
    assert await shop.broken() == []


async def test_what_nobody_is_meant_to_get_goes_to_who_waits_first(shop: Shop) -> None:
    product, late = await short_order(shop, 5, 0)
    early = await confirmed(shop, (product, 4), requestedOn="2026-03-10")
    supplier = await make_supplier(shop, product)
    bought = await sent(shop, await drafted(shop, supplier, (product, 6)))

    await done(shop, "receivePurchaseOrder", **of(bought, lines=[came(bought["lines"][0], 6)]))

    got = [(await demand(shop, each["id"]))["lines"][0]["quantityReserved"] for each in (early, late)]
    assert got == ["4", "2"]
    assert await balance(shop, product) == (6, 6) and await shop.broken() == []


@pytest.mark.parametrize(
    ("case", "made"),
    [
        ("more than was ordered", {"quantity": "7"}),
        ("nothing", {"quantity": "0"}),
        ("half a piece", {"quantity": "1.5"}),
        ("a lot where none is tracked", {"quantity": "1", "lotNumber": "L"}),
        ("a foreign line", {"quantity": "1", "lineId": "nonsense"}),
    ],
)
async def test_what_is_not_received(shop: Shop, case: str, made: dict[str, str]) -> None:
    product, order = await short_order(shop)
    bought = await pegged(shop, product, order, 6)
    before = await shop.snapshot()

    refused = await act(
        shop, "receivePurchaseOrder", **of(bought, lines=[{"lineId": bought["lines"][0]["id"], **made}])
    )

    assert refused["purchaseOrder"] is None and len(refused["errors"]) == 1
    assert await shop.snapshot() == before


@pytest.mark.parametrize(
    ("case", "made", "path"),
    [
        ("no lot", {}, "lotNumber"),
        ("an expired lot", {"lotNumber": "L-1", "expiresOn": "2026-03-02"}, "expiresOn"),
        ("a known lot with another day", {"lotNumber": "OLD", "expiresOn": "2027-01-01"}, "expiresOn"),
    ],
)
async def test_lots_that_are_not_received(shop: Shop, case: str, made: dict[str, str], path: str) -> None:
    product, order = await short_order(shop, is_lot_tracked=True)
    async with shop.database.job() as session:
        await make.make_stock(session, product, 1, lot="OLD", expires_on=date(2026, 12, 31))
    bought = await pegged(shop, product, order, 6)
    before = await shop.snapshot()

    refused = await act(
        shop, "receivePurchaseOrder", **of(bought, lines=[came(bought["lines"][0], 6, **made)])
    )

    assert [(each["code"], each["path"]) for each in refused["errors"]] == [("INVALID", ["lines", "0", path])]
    assert await shop.snapshot() == before


async def test_more_than_ordered_is_received_within_the_tolerance(shop: Shop) -> None:
    product, order = await short_order(shop)
    bought = await pegged(shop, product, order, 6, over_receipt_percent=Decimal(20))

    bought = await done(shop, "receivePurchaseOrder", **of(bought, lines=[came(bought["lines"][0], 7)]))

    assert (bought["status"], bought["lines"][0]["quantityReceived"]) == ("RECEIVED", "7")
    assert await balance(shop, product) == (11, 10) and await shop.broken() == []


@pytest.mark.parametrize(
    "case", ["another product", "more than it lacks", "an order on hold", "a foreign order"]
)
async def test_pegs_that_are_refused(shop: Shop, case: str) -> None:
    product, order = await short_order(shop)
    line, quantity, sold, code = order["lines"][0]["id"], "6", product, "INVALID"
    if case == "another product":
        sold = shop.product
    elif case == "more than it lacks":
        quantity, code = "7", "QUANTITY_INVALID"
    elif case == "an order on hold":
        code = "INVALID_TRANSITION"
        await shop.act(shop.rep, "holdOrder", orderId=order["id"], expectedVersion=2, reason="r")
    else:
        line, code = "nonsense", "NOT_FOUND"
    supplier, place = await make_supplier(shop, sold), await warehouse_id(shop)
    before = await shop.snapshot()

    refused = await act(
        shop, "createPurchaseOrder", supplierId=supplier, warehouseId=place,
        lines=[{"productId": product_id(sold), "quantity": "10", "pegs": [{"orderLineId": line, "quantity": quantity}]}],
    )  # fmt: skip

    assert [each["code"] for each in refused["errors"]] == [code]
    assert refused["errors"][0]["path"][:4] == ["lines", "0", "pegs", "0"]
    assert await shop.snapshot() == before


async def test_a_cancelled_sales_line_frees_what_was_meant_for_it(shop: Shop) -> None:
    product, order = await short_order(shop)
    bought = await pegged(shop, product, order, 6)
    now = await demand(shop, order["id"])

    done_ = await shop.act(
        shop.buyer, "cancelOrderLine", orderLineId=order["lines"][0]["id"], quantity="4",
        expectedVersion=now["version"], reason="Menos",
    )  # fmt: skip

    assert done_["errors"] == []
    assert await value(shop, "select quantity, quantity_pegged from purchase_peg, purchase_order_line") == [
        (2, 2)
    ]
    rest = await shop.act(
        shop.buyer, "cancelOrder", orderId=order["id"], expectedVersion=now["version"] + 1, reason="Nada"
    )
    assert rest["errors"] == []
    assert await value(shop, "select quantity, quantity_pegged from purchase_peg, purchase_order_line") == [
        (0, 0)
    ]
    assert await shop.broken() == [] and bought["status"] == "SENT"


async def test_a_peg_is_set_moved_and_taken_away(shop: Shop) -> None:
    product, order = await short_order(shop)
    supplier = await make_supplier(shop, product)
    bought = await sent(shop, await drafted(shop, supplier, (product, 10)))
    given = {"lineId": bought["lines"][0]["id"], "orderLineId": order["lines"][0]["id"]}
    for quantity in ("6", "2", "5", "0"):
        bought = await done(shop, "setPurchasePeg", **of(bought, quantity=quantity, **given))

        pegs = [Decimal(peg["quantity"]) for peg in bought["lines"][0]["pegs"]]
        assert (bought["lines"][0]["quantityPegged"], sum(pegs)) == (quantity, Decimal(quantity))
        assert await shop.broken() == []
    parts_ = [Decimal(quantity) for quantity, _, _ in schedule(await demand(shop, order["id"]))]
    assert sum(parts_) == 10


async def test_stock_that_comes_another_way_frees_the_supply_on_release(shop: Shop) -> None:
    product, order = await short_order(shop)
    bought = await pegged(shop, product, order, 6)
    version = (await demand(shop, order["id"]))["version"]
    await shop.act(shop.rep, "holdOrder", orderId=order["id"], expectedVersion=version, reason="r")
    async with shop.database.job() as session:
        await make.make_stock(session, product, 4)

    await shop.act(shop.rep, "releaseOrder", orderId=order["id"], expectedVersion=version + 1, reason="r")

    line = (await demand(shop, order["id"]))["lines"][0]
    assert (line["quantityReserved"], line["quantityBackordered"]) == ("8", "2")
    assert await value(shop, "select sum(quantity) from purchase_peg") == [(2,)]
    assert await shop.broken() == [] and bought["status"] == "SENT"


@pytest.mark.parametrize(
    ("broken", "flaw"),
    [
        (
            "what is pegged of a purchase line is the open part of its pegs, within what is to come",
            "update purchase_order_line set quantity_pegged = quantity_pegged - 1",
        ),
        (
            "what is pegged for a sales line is within what is open of it",
            "update sales_order_line set quantity_cancelled = 5",
        ),
        (
            "a peg is of its lines' product and customer",
            "update sales_order_line set product_id = (select id from product where sku = 'ACE-001')",
        ),
    ],
)
async def test_pegs_that_do_not_fit_are_noticed(shop: Shop, broken: str, flaw: str) -> None:
    product, order = await short_order(shop)
    await pegged(shop, product, order, 6)
    assert await shop.broken() == []
    async with shop.database.owner() as owner:
        await owner.execute(text("set local session_replication_role = replica"))
        await owner.execute(text(flaw))
        await owner.commit()

    assert broken in await shop.broken()
