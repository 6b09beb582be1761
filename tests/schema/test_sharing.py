"""Scarce stock shared among the lines that wait: tried first, then done, written down, and by policy at receipts too."""

from itertools import count
from typing import Any

import pytest

from auth.permissions import Viewer
from rules.states import OutOfStockPolicy
from schema.ids import encode_id
from tests import factories as make
from tests.schema.buying import act, came, drafted, make_supplier, of, sent
from tests.schema.delivering import balance, value
from tests.schema.shop import Shop

_keys = count(1)
SHARE = """mutation($input: ShareStockInput!) { shareStock(input: $input) %s { sharing { policy quantityFree quantityLeft
    lines { priority quantityWaiting quantityGot quantityStillWaiting } } errors { code path } replayed } }"""
WAITING = """query($id: ID!) { stockWaiting(productId: $id) { policy lines { orderLineId quantity priority
    order { number } customer { name } } } }"""
PRIORITY = """mutation($input: SetDeliveryPriorityInput!) { setDeliveryPriority(input: $input) {
    customer { id version } errors { code path } } }"""
LINES = "select quantity_reserved from sales_order_line order by quantity_ordered desc"


async def scarce(shop: Shop) -> tuple[Any, dict[str, Any]]:
    """Two customers wait, for 10 and for 7; then 12 come that nobody has yet."""
    async with shop.database.job() as session:
        product = await make.make_product(
            session, shop.seller, price="10", stock=0, out_of_stock_policy=OutOfStockPolicy.BACKORDER
        )
    for viewer, quantity in ((shop.buyer, 10), (shop.stranger, 7)):
        placed = await shop.place(viewer, await shop.fill(viewer, (product, quantity)))
        assert placed["errors"] == []
    async with shop.database.job() as session:
        await make.make_stock(session, product, 12)
        place = (await make.make_warehouse(session, shop.seller)).id
    return product, {
        "productId": encode_id("Product", product.id),
        "warehouseId": encode_id("Warehouse", place),
    }


async def share(
    shop: Shop, viewer: Viewer, directive: str = "", key: str = "", **given: Any
) -> dict[str, Any]:
    answer = await shop.data(viewer, SHARE % directive, key or f"share-{next(_keys)}", input=given)
    found: dict[str, Any] = answer["shareStock"]
    return found


# DL-22: 12 for 10 and 7.
@pytest.mark.parametrize(
    ("policy", "shares"),
    [("BASIC", ["0", "0"]), ("EQUALLY", ["6", "6"]), ("BY_CUSTOMER_PRIORITY", ["10", "2"])],
)
async def test_it_is_tried_done_and_repeated(shop: Shop, policy: str, shares: list[str]) -> None:
    product, given = await scarce(shop)
    given["policy"] = policy
    before = await shop.snapshot()

    tried = await share(shop, shop.logistics, "@dryRun", **given)
    unchanged = await shop.snapshot() == before
    done = await share(shop, shop.logistics, key="once", **given)
    again = await share(shop, shop.logistics, key="once", **given)

    assert unchanged and tried == done and again == done | {"replayed": True}
    shared = sum(map(int, shares))
    assert (done["sharing"]["quantityFree"], done["sharing"]["quantityLeft"]) == ("12", str(12 - shared))
    assert [each["quantityGot"] for each in done["sharing"]["lines"]] == shares
    assert [each["quantityStillWaiting"] for each in done["sharing"]["lines"]] == [
        str(10 - int(shares[0])), str(7 - int(shares[1]))
    ]  # fmt: skip
    assert await value(shop, LINES) == [(int(each),) for each in shares]
    assert await balance(shop, product) == (12, shared)
    told = "select count(*) from outbox_event where type = 'order.supplied'"
    assert await value(shop, told) == [(sum(each != "0" for each in shares),)]
    assert await shop.broken() == []


async def test_a_customer_with_priority_is_served_first(shop: Shop) -> None:
    _, given = await scarce(shop)
    customer = {"customerId": encode_id("Customer", shop.other.id), "expectedVersion": 1}
    wrong = await shop.data(shop.logistics, PRIORITY, input=customer | {"priority": 10})
    assert wrong["setDeliveryPriority"]["errors"] == [{"code": "INVALID", "path": ["priority"]}]
    set_ = await shop.data(shop.logistics, PRIORITY, input=customer | {"priority": 1})
    assert set_["setDeliveryPriority"]["errors"] == []
    waiting = (await shop.data(shop.logistics, WAITING, id=given["productId"]))["stockWaiting"]
    assert (waiting["policy"], [each["priority"] for each in waiting["lines"]]) == (
        "BY_CUSTOMER_PRIORITY",
        [5, 1],
    )

    await share(shop, shop.logistics, **given)

    assert await value(shop, LINES) == [(5,), (7,)]
    assert await shop.broken() == []


SCARCE = "{ scarceProducts { lineCount quantity neededOn product { sku } } }"


async def test_what_is_waited_for_is_listed_and_leaves_when_it_is_there(shop: Shop) -> None:
    product, given = await scarce(shop)
    listed = await shop.data(shop.logistics, SCARCE)

    await share(shop, shop.logistics, **given)
    left = await shop.data(shop.logistics, SCARCE)

    row = {"lineCount": 2, "quantity": "17", "neededOn": None, "product": {"sku": product.sku}}
    assert listed == {"scarceProducts": [row]}
    assert left == {"scarceProducts": [row | {"lineCount": 1, "quantity": "5"}]}


async def test_lines_that_are_named_share_alone_and_others_are_unknown(shop: Shop) -> None:
    _, given = await scarce(shop)
    waiting = (await shop.data(shop.logistics, WAITING, id=given["productId"]))["stockWaiting"]["lines"]
    unknown = await share(shop, shop.logistics, orderLineIds=[waiting[0]["orderLineId"], "nonsense"], **given)

    done = await share(shop, shop.logistics, orderLineIds=[waiting[1]["orderLineId"]], **given)

    assert unknown["errors"] == [{"code": "NOT_FOUND", "path": ["orderLineIds", "1"]}]
    assert done["errors"] == [] and await value(shop, LINES) == [(0,), (7,)]


async def test_a_receipt_shares_by_the_products_policy(shop: Shop) -> None:
    async with shop.database.job() as session:
        product = await make.make_product(
            session, shop.seller, price="10", stock=0, out_of_stock_policy=OutOfStockPolicy.BACKORDER,
            sharing_policy="EQUALLY",
        )  # fmt: skip
    for viewer, quantity in ((shop.buyer, 10), (shop.stranger, 7)):
        await shop.place(viewer, await shop.fill(viewer, (product, quantity)))
    order = await sent(shop, await drafted(shop, await make_supplier(shop, product), (product, 12)))

    given = of(order, lines=[came(order["lines"][0], 12)])
    done = await act(shop, "receivePurchaseOrder", **given)

    assert done["errors"] == []
    assert await value(shop, LINES) == [(6,), (6,)]
    assert await shop.broken() == []
