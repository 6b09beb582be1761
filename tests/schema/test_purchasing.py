"""Purchasing: ordered for what is short, confirmed, received by lot, reserved for those who wait."""

from datetime import date

from tests import factories as make
from tests.schema.buying import act, came, demand, done, drafted, make_supplier, of, parts, sent
from tests.schema.delivering import balance, confirmed, value
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
    ] == [("6", "2026-03-20", "2026-03-09", "2026-03-13")]
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
