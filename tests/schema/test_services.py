"""When an order ends: services that are invoiced without any delivery, drafts, and prices that stay once invoiced."""

from typing import Any

import pytest

from auth.permissions import Role, Viewer
from models.products import Product
from rules.states import ProductKind
from tests import factories as make
from tests.schema.delivering import order_of
from tests.schema.invoicing import act, codes, drafted, issued, ordered, ship
from tests.schema.shop import Shop
from tests.schema.test_credit import exposure
from tests.schema.test_invoices import product


@pytest.fixture
async def service(shop: Shop) -> Product:
    found: Product = await product(shop, "30", kind=ProductKind.SERVICE, stock=None, sku="MONTAJE")
    return found


async def confirmed(shop: Shop, *lines: Any) -> dict[str, Any]:
    order = await ordered(shop, *lines)
    await shop.act(shop.rep, "confirmOrder", orderId=order["id"], expectedVersion=order["version"])
    return await order_of(shop, order["id"])


async def test_an_order_of_services_ends_when_it_is_invoiced(shop: Shop, service: Product) -> None:
    order = await confirmed(shop, (service, 2))

    await issued(shop, *await drafted(shop, order={"orderId": order["id"]}))

    after = await order_of(shop, order["id"])
    assert (after["status"], after["allowedActions"]) == ("CLOSED", [])
    assert await shop.broken() == []


async def test_a_service_that_was_invoiced_alone_is_not_delivered_and_invoiced_again(
    shop: Shop, service: Product
) -> None:
    order = await confirmed(shop, (shop.product, 3), (service, 2))
    await issued(shop, *await drafted(shop, order={"orderId": order["id"]}))
    between = await order_of(shop, order["id"])
    assert (between["status"], between["allowedActions"]) == ("CONFIRMED", ["DELIVER"])
    asked = "query($id: ID!) { order(by: {id: $id}) { releasable { sku quantity } } }"
    found = await shop.data(shop.logistics, asked, id=order["id"])
    assert found["order"]["releasable"] == [{"sku": "ACE-001", "quantity": "3"}]

    delivery = await ship(shop, order["id"])
    (invoice,) = await issued(shop, *await drafted(shop, deliveryIds=[delivery]))

    assert [(line["sku"], line["quantity"]) for line in invoice["lines"]] == [("ACE-001", "3")]
    assert (await order_of(shop, order["id"]))["status"] == "CLOSED"
    assert await shop.broken() == []


@pytest.fixture
async def manager(shop: Shop) -> Viewer:
    from sqlalchemy import text

    async with shop.database.job() as session:
        user = await make.make_rep(session, shop.seller, role=Role.SALES_MANAGER)
        await session.execute(text("update sales_team set manager_id = :user"), {"user": user.id})
    return await make.viewer_of(shop.database, user)


@pytest.mark.parametrize(
    ("mutation", "given"), [("discountOrderLine", {"percent": "10"}), ("setOrderLinePrice", {"unitPrice": "25"})]
)  # fmt: skip
@pytest.mark.parametrize("is_issued", [False, True], ids=["draft", "issued"])
async def test_the_price_of_what_is_invoiced_stays(
    shop: Shop, service: Product, manager: Viewer, mutation: str, given: dict[str, str], is_issued: bool
) -> None:
    order = await confirmed(shop, (shop.product, 3), (service, 2))
    drafts = await drafted(shop, order={"orderId": order["id"]})
    if is_issued:
        await issued(shop, *drafts)
    version = (await order_of(shop, order["id"]))["version"]
    before = await shop.snapshot()

    goods, invoiced = (line["id"] for line in order["lines"])
    told = {"expectedVersion": version, "reason": "Un detalle", **given}
    refused = await shop.act(manager, mutation, orderLineId=invoiced, **told)

    assert codes(refused) == ["INVALID"] and refused["errors"][0]["path"] == ["orderLineId"]
    assert refused["errors"][0]["message"] == "MONTAJE is invoiced already; its price stays as it is."
    assert await shop.snapshot() == before
    assert (await shop.act(manager, mutation, orderLineId=goods, **told))["errors"] == []


@pytest.mark.parametrize("who", ["rep", "buyer"])
async def test_an_order_stays_open_while_a_draft_holds_some_of_it(shop: Shop, who: str) -> None:
    order = await confirmed(shop, (shop.product, 10))
    (draft,) = await drafted(shop, deliveryIds=[await ship(shop, order["id"], 4)])
    version = (await order_of(shop, order["id"]))["version"]
    line = order["lines"][0]["id"]

    cut = await shop.act(
        shop.rep if who == "rep" else shop.buyer, "cancelOrderLine", orderLineId=line, quantity="6",
        reason="Basta así", expectedVersion=version,
    )  # fmt: skip

    assert cut["errors"] == [] and cut["order"]["status"] == "CONFIRMED"
    assert await exposure(shop) == "48.40"  # the draft; and were it discarded, what was delivered
    await act(shop, shop.finance, "discardInvoice", invoiceId=draft["id"], expectedVersion=1)
    assert await exposure(shop) == "48.40"
    await issued(shop, *await drafted(shop, order={"orderId": order["id"]}))
    assert (await order_of(shop, order["id"]))["status"] == "CLOSED"
    assert await shop.broken() == []
