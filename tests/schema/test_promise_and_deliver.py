"""The story of an order through the API alone: promised, reserved, bought, received by lot, shipped in two, closed."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from models.products import Product
from tests import factories as make
from tests.schema import invoicing
from tests.schema.buying import act, came, demand, done, drafted, make_supplier, of, parts, sent
from tests.schema.delivering import balance, confirmed, order_of, released, shipped, value
from tests.schema.shop import Shop
from tests.schema.test_availability import asked
from tests.schema.test_deliveries_lots import lots_of
from tests.schema.test_lots import put_lot
from tests.schema.test_purchasing import PROPOSALS

EVENTS = "select type from outbox_event where entity_type in ('PurchaseOrder', 'Order', 'Delivery', 'Lot') order by id"


@dataclass
class Story:
    """A wine of which four bottles are here in two lots and twenty ordered for, and what was bought for the rest."""

    wine: Product
    order: dict[str, Any]
    bought: dict[str, Any]

    @property
    def purchase_line(self) -> dict[str, Any]:
        found: dict[str, Any] = self.bought["lines"][0]
        return found


async def begun(shop: Shop) -> Story:
    """Ten bottles promised and ordered; six of them bought, pegged and sent to the supplier."""
    async with shop.database.job() as session:
        wine = await make.make_product(
            session, shop.seller, price="10", cost="6", stock=None, is_lot_tracked=True, sku="VINO",
            out_of_stock_policy="BACKORDER",
        )  # fmt: skip
        for number, expires in (("L1", date(2026, 6, 1)), ("L2", date(2026, 7, 1))):
            await make.make_stock(session, wine, 2, lot=number, expires_on=expires)
    order = await confirmed(shop, (wine, 10), requestedOn="2026-03-20")
    supplier = await make_supplier(shop, wine)
    pegs = [{"orderLineId": order["lines"][0]["id"], "quantity": "6"}]
    return Story(wine, order, await sent(shop, await drafted(shop, supplier, (wine, 6), pegs=pegs)))


def days(order: dict[str, Any]) -> list[tuple[str, str | None, bool]]:
    """(quantity, promised day, whether a warehouse holds it) of the schedule, by promised day."""
    found = [
        (each["quantity"], each["confirmedOn"], each["warehouse"] is not None)
        for each in order["lines"][0]["scheduleLines"]
    ]
    return sorted(found, key=lambda each: (each[1] or "", not each[2], each[0]))


async def closed(shop: Shop, order_id: str, *deliveries: dict[str, Any]) -> dict[str, Any]:
    """The order after what left of it was invoiced."""
    drafts = await invoicing.drafted(shop, deliveryIds=[each["id"] for each in deliveries])
    await invoicing.issued(shop, *drafts)
    return await order_of(shop, order_id)


async def test_promised_bought_received_shipped_in_two_and_closed(shop: Shop) -> None:
    story = await begun(shop)
    wine, order = story.wine, story.order
    line = order["lines"][0]
    assert (line["quantityReserved"], line["quantityBackordered"]) == ("4", "6")
    # Nothing says when the six come: who confirmed the order confirmed the four only.
    assert days(await demand(shop, order["id"])) == [("6", None, False), ("4", "2026-03-20", True)]

    said = await act(
        shop, "confirmPurchaseOrder", **of(story.bought, lines=[parts(story.purchase_line, (6, "2026-03-20"))])
    )  # fmt: skip
    assert (said["errors"], said["warnings"]) == ([], [])
    bought = said["purchaseOrder"]
    assert days(await demand(shop, order["id"])) == [("4", "2026-03-20", True), ("6", "2026-03-20", False)]
    # All of it is meant for the order: the next buyer is promised nothing of it.
    [answer] = await asked(shop, (wine, 1), viewer=shop.logistics)
    assert (answer["free"], answer["promise"]["receiptOn"]) == ("0", None)

    first = await released(shop, await order_of(shop, order["id"]))
    assert await lots_of(shop, first["id"]) == [("L1", "2"), ("L2", "2")]
    await shipped(shop, first)
    now = await order_of(shop, order["id"])
    assert (now["status"], now["deliveryState"]) == ("CONFIRMED", "PARTIAL")

    bought = await done(
        shop, "receivePurchaseOrder",
        **of(bought, lines=[came(bought["lines"][0], 6, lotNumber="L3", expiresOn="2026-09-01")]),
    )  # fmt: skip
    assert bought["status"] == "RECEIVED"
    now = await order_of(shop, order["id"])
    assert (now["lines"][0]["quantityReserved"], now["lines"][0]["quantityBackordered"]) == ("6", "0")

    second = await released(shop, now)
    assert await lots_of(shop, second["id"]) == [("L3", "6")]
    await shipped(shop, second)

    ended = await closed(shop, order["id"], first, second)
    assert (ended["status"], ended["deliveryState"], ended["allowedActions"]) == ("CLOSED", "DONE", [])
    assert await balance(shop, wine) == (0, 0) and await shop.broken() == []
    assert [each[0] for each in await value(shop, EVENTS)] == [
        "order.placed", "order.confirmed", "purchaseOrder.created", "purchaseOrder.sent",
        "order.promised", "purchaseOrder.confirmed", "delivery.released", "delivery.shipped", "order.supplied",
        "purchaseOrder.received", "delivery.released", "delivery.shipped", "order.closed",
    ]  # fmt: skip


async def test_five_days_late_a_lot_blocked_and_three_pieces_short(shop: Shop) -> None:
    story = await begun(shop)
    wine, order = story.wine, story.order
    said = await act(
        shop, "confirmPurchaseOrder", **of(story.bought, lines=[parts(story.purchase_line, (6, "2026-03-25"))])
    )  # fmt: skip
    assert [each["message"] for each in said["warnings"]] == [
        "VINO of order SO-2026-000001 comes on Mar 25, 2026; it was asked for on Mar 20, 2026."
    ]
    assert days(await demand(shop, order["id"])) == [("4", "2026-03-20", True), ("6", "2026-03-25", False)]

    waiting = await released(shop, await order_of(shop, order["id"]))
    blocked = await put_lot(shop, "blockLot", "L2", reason="Tapón defectuoso.")
    assert [(each["code"], each["message"]) for each in blocked["warnings"]] == [
        ("LATE", "2 of VINO of order SO-2026-000001 lost the goods that were reserved for it."),
        ("LATE", f"Delivery {waiting['number']} held some of lot L2 and was taken back."),
    ]
    assert (blocked["lot"]["status"], blocked["lot"]["statusReason"]) == ("BLOCKED", "Tapón defectuoso.")
    assert days(await demand(shop, order["id"])) == [
        ("2", None, False), ("2", "2026-03-20", True), ("6", "2026-03-25", False),
    ]  # fmt: skip
    assert await balance(shop, wine) == (4, 2) and await shop.broken() == []

    first = await released(shop, await order_of(shop, order["id"]))
    assert await lots_of(shop, first["id"]) == [("L1", "2")]
    await shipped(shop, first)

    bought = await done(
        shop, "receivePurchaseOrder",
        **of(said["purchaseOrder"], lines=[came(story.purchase_line, 3, lotNumber="L3", expiresOn="2026-09-01")]),
    )  # fmt: skip
    short = await act(shop, "closePurchaseOrder", **of(bought, reason="No hay más.", releasesPegs=True))
    assert [each["message"] for each in short["warnings"]] == [
        "3 of VINO of order SO-2026-000001 have no supplier any more."
    ]
    now = await demand(shop, order["id"])
    assert [each for each in days(now) if each[1] is None] == [("2", None, False), ("3", None, False)]
    proposals = (await shop.data(shop.logistics, PROPOSALS))["purchaseProposals"]
    assert [(each["quantity"], each["offer"]["product"]["sku"]) for each in proposals] == [("5", "VINO")]

    # The lot is sound after all; what lost it is bought anew or, as here, called off.
    await put_lot(shop, "unblockLot", "L2", reason="Análisis correcto.")
    second = await released(shop, await order_of(shop, order["id"]))
    assert await lots_of(shop, second["id"]) == [("L2", "2"), ("L3", "1")]
    await shipped(shop, second)
    cut = await shop.act(
        shop.rep, "cancelOrderLine", orderLineId=order["lines"][0]["id"], quantity="5", reason="No quieren más.",
        expectedVersion=(await order_of(shop, order["id"]))["version"],
    )  # fmt: skip
    assert cut["errors"] == []
    ended = await closed(shop, order["id"], first, second)
    assert (ended["status"], ended["lines"][0]["quantityShipped"], ended["lines"][0]["quantityCancelled"]) == (
        "CLOSED", "5", "5",
    )  # fmt: skip
    assert await balance(shop, wine) == (2, 0) and await shop.broken() == []
    told = [each[0] for each in await value(shop, EVENTS)]
    assert told.count("order.promised") == 3
    assert [each for each in told if each.startswith("lot.")] == ["lot.blocked", "lot.unblocked"]
