"""Placing an order: what it costs, holds, copies and refuses."""

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from rules.states import CreditPolicy, CustomerStatus, OutOfStockPolicy
from tests import factories as make
from tests.schema import buying
from tests.schema.shop import PLACE, Shop

ORDER = """query Order($id: ID!) { order(by: {id: $id}) {
  number status customerName customerNumber sellerName sellerTaxId placedByName salesRepName purchaseOrderNumber
  currency exchangeRate exchangeRateOn requestedOn grossAmount { amount }
  deliveryAddress { label street city postalCode country } billingAddress { street }
  paymentTerms { code name instalments { sharePercent dueDays } } deliveryTerms { code name incoterm place }
  lines { sku description unit quantityOrdered listUnitPrice { amount } unitPrice { amount } taxCategory taxPercent
          netAmount { amount } taxAmount { amount } grossAmount { amount } customerItemNumber
          priceTrace { component rule value runningPrice { amount } status }
          scheduleLines { quantity requestedOn confirmedOn } }
  totals { net { amount } tax { amount } gross { amount } taxes { category percent base { amount } tax { amount } } }
} }"""


async def stock_of(shop: Shop, sku: str = "ACE-001") -> tuple[int, int]:
    """(on hand, reserved) of a product in whole units."""
    async with shop.database.job() as session:
        row = await session.execute(
            text(
                "select on_hand, reserved from stock_balance b join product p on p.id = b.product_id where p.sku = :sku"
            ),
            {"sku": sku},
        )
        on_hand, reserved = row.one()
        return int(on_hand), int(reserved)


async def test_a_cart_becomes_an_order(shop: Shop) -> None:
    cart = await shop.fill(shop.buyer, (shop.product, 3))

    placed = await shop.place(shop.buyer, cart, purchaseOrderNumber="PO-7")

    assert placed["errors"] == [] and placed["warnings"] == []
    order = placed["order"]
    assert order["status"] == "PLACED" and order["number"].startswith("SO-2026-")
    assert order["gross"]["amount"] == "36.30"
    assert order["lines"][0] | {"id": None} == {
        "id": None, "sku": "ACE-001", "quantityOrdered": "3", "quantityReserved": "3", "quantityBackordered": "0",
        "quantityCancelled": "0",
    }  # fmt: skip
    assert (await shop.cart(shop.buyer))["totals"]["gross"]["amount"] == "0.00"
    assert await stock_of(shop) == (100, 3)


async def test_a_placed_order_never_changes(shop: Shop) -> None:
    """Product, price, address, terms, rep, tax rate and names change; the order's answer stays equal."""
    async with shop.database.job() as session:
        await make.make_item_number(session, shop.customer, shop.product, "BN-1")
    cart = await shop.fill(shop.buyer, (shop.product, 12))
    placed = (await shop.place(shop.buyer, cart, requestedOn="2026-03-10"))["order"]
    before = await shop.data(shop.buyer, ORDER, id=placed["id"])
    assert before["order"]["lines"][0]["customerItemNumber"] == "BN-1"

    async with shop.database.job() as session:
        for change in (
            "update product set name = 'X', sku = 'X', sku_key = 'X', unit_code = unit_code",
            "update list_price set unit_price = 99",
            "update customer_address set street = 'X', city = 'X', label = 'X'",
            "update payment_term set name = 'X', code = 'X'",
            "update payment_term_instalment set due_days = 1",
            "update delivery_term set name = 'X', place = 'X', code = 'X'",
            "update sales_rep set name = 'X'",
            "update tax_rate set percent = 99",
            "update tax_category set code = 'X', untdid_5305 = 'Z'",
            "update customer set name = 'X', number = 'X' || number",
            "update seller set name = 'X', tax_id = 'X'",
            "update app_user set name = 'X'",
            "update customer_item_number set item_number = 'X'",
        ):
            await session.execute(text(change))

    assert await shop.data(shop.buyer, ORDER, id=placed["id"]) == before


async def test_tax_is_taken_from_the_group_and_spread_over_the_lines(shop: Shop) -> None:
    async with shop.database.job() as session:
        reduced = await make.make_tax_category(session, shop.seller, "REDUCED", "10")
        small = [await make.make_product(session, shop.seller, price="0.12") for _ in range(10)]
        food = await make.make_product(session, shop.seller, price="50", tax=reduced)
    cart = await shop.fill(shop.buyer, *[(each, 1) for each in small], (food, 1))

    placed = (await shop.place(shop.buyer, cart))["order"]

    order = (await shop.data(shop.buyer, ORDER, id=placed["id"]))["order"]
    assert order["totals"]["taxes"] == [
        {"category": "S", "percent": "10", "base": {"amount": "50.00"}, "tax": {"amount": "5.00"}},
        {"category": "S", "percent": "21", "base": {"amount": "1.20"}, "tax": {"amount": "0.25"}},
    ]
    assert order["totals"]["gross"]["amount"] == "56.45"
    for name in ("net", "tax", "gross"):
        lines = sum(Decimal(line[f"{name}Amount"]["amount"]) for line in order["lines"])
        assert lines == Decimal(order["totals"][name]["amount"])


async def test_more_than_is_free_is_refused_and_nothing_changes(shop: Shop) -> None:
    cart = await shop.fill(shop.buyer, (shop.product, 101))
    before = await shop.snapshot()

    placed = await shop.place(shop.buyer, cart)

    assert placed["order"] is None
    (error,) = placed["errors"]
    assert error == {
        "code": "OUT_OF_STOCK", "message": "There is not enough free stock of ACE-001 for the 101 you ask for.",
        "path": ["cartId", "lines", "0", "quantity"], "sku": "ACE-001", "requested": "101", "available": None,
        "nextAvailableOn": None,
    }  # fmt: skip
    assert await shop.snapshot() == before


async def test_a_refusal_for_stock_tells_when_all_of_it_would_be_received(shop: Shop) -> None:
    """By what a supplier is to send; null while nobody knows. The cart, the quick order and the order tell the same."""
    async with shop.database.job() as session:
        product = await make.make_product(session, shop.seller, stock=5, sku="TUBO", price="2")
    cart = await shop.fill(shop.buyer, (product, 8))
    assert await _next_days(shop, cart) == [None, None, None]

    supplier = await buying.make_supplier(shop, product)
    await buying.sent(shop, await buying.drafted(shop, supplier, (product, 3)))
    before = await shop.snapshot()
    assert await _next_days(shop, cart) == ["2026-03-09"] * 3
    assert await shop.snapshot() == before

    more = await shop.fill(shop.buyer, (product, 1))
    assert await _next_days(shop, more, of=9) == [None, None, None]


async def _next_days(shop: Shop, cart: dict[str, Any], of: int = 8) -> list[str | None]:
    told = "code ... on OutOfStock { requested nextAvailableOn }"
    document = f"""{{ cart {{ lines {{ problems {{ {told} }} }} }}
        checkLines(input: {{text: "TUBO;{of}"}}) {{ lines {{ problem {{ {told} }} }} }} }}"""
    seen = await shop.data(shop.buyer, document)
    placed = await shop.place(shop.buyer, cart)
    assert placed["order"] is None
    found = [
        *seen["cart"]["lines"][0]["problems"],
        seen["checkLines"]["lines"][0]["problem"],
        *placed["errors"],
    ]
    assert [(each["code"], each["requested"]) for each in found] == [("OUT_OF_STOCK", str(of))] * 3
    return [each["nextAvailableOn"] for each in found]


async def test_a_product_that_may_wait_is_backordered_with_a_warning(shop: Shop) -> None:
    async with shop.database.job() as session:
        late = await make.make_product(
            session, shop.seller, stock=4, sku="LATE", out_of_stock_policy=OutOfStockPolicy.BACKORDER
        )
    cart = await shop.fill(shop.buyer, (late, 10))

    placed = await shop.place(shop.buyer, cart)

    assert [warning["code"] for warning in placed["warnings"]] == ["BACKORDERED"]
    line = placed["order"]["lines"][0]
    assert (line["quantityReserved"], line["quantityBackordered"]) == ("4", "6")
    assert await stock_of(shop, "LATE") == (4, 4)


async def test_a_line_is_served_from_several_warehouses_without_changing_its_price(shop: Shop) -> None:
    async with shop.database.job() as session:
        second = await make.make_warehouse(session, shop.seller, "BCN", priority=2)
        product = await make.make_product(session, shop.seller, stock=5, price="3")
        await make.make_stock(session, product, 5, second)
    cart = await shop.fill(shop.buyer, (product, 8))

    placed = (await shop.place(shop.buyer, cart))["order"]

    order = (await shop.data(shop.buyer, ORDER, id=placed["id"]))["order"]
    assert [entry["quantity"] for entry in order["lines"][0]["scheduleLines"]] == ["5", "3"]
    assert order["totals"]["net"]["amount"] == "24.00"


async def test_beyond_the_credit_limit_the_order_is_held_and_nothing_is_reserved(shop: Shop) -> None:
    async with shop.database.job() as session:
        await session.execute(text("update credit_account set credit_limit = 50"))
    first = await shop.place(shop.buyer, await shop.fill(shop.buyer, (shop.product, 3)))

    second = await shop.place(shop.buyer, await shop.fill(shop.buyer, (shop.product, 2)))

    assert first["order"]["isOnHold"] is False
    assert second["order"]["isOnHold"] is True
    assert [warning["code"] for warning in second["warnings"]] == ["ON_HOLD"]
    assert second["order"]["lines"][0]["quantityReserved"] == "0"
    assert await stock_of(shop) == (100, 3)


async def test_a_seller_may_refuse_instead_of_holding(shop: Shop) -> None:
    async with shop.database.job() as session:
        await session.execute(text("update credit_account set credit_limit = 5"))
        await session.execute(
            text("update seller set credit_policy = :policy"), {"policy": CreditPolicy.REFUSE}
        )
    cart = await shop.fill(shop.buyer, (shop.product, 3))
    before = await shop.snapshot()

    placed = await shop.place(shop.buyer, cart)

    assert [error["code"] for error in placed["errors"]] == ["CREDIT_EXCEEDED"]
    assert await shop.snapshot() == before


async def test_a_subsidiary_is_tested_against_its_parents_credit(shop: Shop) -> None:
    async with shop.database.job() as session:
        child = await make.make_customer(session, shop.seller, parent=shop.customer, credit_limit=None)
        user = await make.make_user(session, shop.seller, customer=child)
        await session.execute(text("update credit_account set credit_limit = 50"))
    viewer = await make.viewer_of(shop.database, user)
    await shop.place(shop.buyer, await shop.fill(shop.buyer, (shop.product, 3)))

    placed = await shop.place(viewer, await shop.fill(viewer, (shop.product, 2)))

    assert placed["order"]["isOnHold"] is True


async def test_another_total_is_refused_with_the_lines_that_moved(shop: Shop) -> None:
    cart = await shop.fill(shop.buyer, (shop.product, 3))
    async with shop.database.job() as session:
        await session.execute(text("update list_price set unit_price = 11"))
    before = await shop.snapshot()

    placed = await shop.place(shop.buyer, cart)

    (error,) = placed["errors"]
    assert error["code"] == "PRICE_CHANGED" and error["lines"] == [{"sku": "ACE-001"}]
    assert (error["expected"]["amount"], error["actual"]["amount"]) == ("36.30", "39.93")
    assert await shop.snapshot() == before


async def test_two_tabs_give_one_order(shop: Shop) -> None:
    cart = await shop.fill(shop.buyer, (shop.product, 3))

    first = await shop.place(shop.buyer, cart)
    second = await shop.place(shop.buyer, cart)

    assert first["errors"] == []
    assert [error["code"] for error in second["errors"]] == ["STALE_VERSION"]
    assert await stock_of(shop) == (100, 3)


async def test_an_empty_cart_is_no_order(shop: Shop) -> None:
    cart = await shop.cart(shop.buyer)
    placed = await shop.place(shop.buyer, cart)

    assert [error["code"] for error in placed["errors"]] == ["CART_EMPTY"]


@pytest.mark.parametrize("status", [CustomerStatus.BLOCKED, CustomerStatus.PROSPECT])
async def test_a_company_that_is_not_active_cannot_order(shop: Shop, status: CustomerStatus) -> None:
    cart = await shop.fill(shop.buyer, (shop.product, 1))
    async with shop.database.job() as session:
        await session.execute(text("update customer set status = :status"), {"status": status})
    before = await shop.snapshot()

    placed = await shop.place(shop.buyer, cart)

    assert [error["code"] for error in placed["errors"]] == ["CUSTOMER_BLOCKED"]
    assert await shop.snapshot() == before


async def test_an_order_in_a_foreign_currency_keeps_the_rate_of_the_day(shop: Shop) -> None:
    async with shop.database.job() as session:
        await make.make_currency(session, "JPY", 0)
        await make.make_price(session, shop.product, "1600.4", currency="JPY")
        abroad = await make.make_customer(session, shop.seller, currency="JPY", credit_limit=None)
        user = await make.make_user(session, shop.seller, customer=abroad)
        for day, rate in (("2026-01-01", "0.005"), ("2026-03-01", "0.0061"), ("2026-03-03", "0.01")):
            await session.execute(
                text(
                    "insert into exchange_rate values (:seller, 'JPY', cast(:day as text)::date, cast(:rate as text)::numeric)"
                ),
                {"seller": shop.seller.id, "day": day, "rate": rate},
            )
    viewer = await make.viewer_of(shop.database, user)

    placed = (await shop.place(viewer, await shop.fill(viewer, (shop.product, 3))))["order"]

    order = (await shop.data(viewer, ORDER, id=placed["id"]))["order"]
    assert (order["exchangeRate"], order["exchangeRateOn"]) == ("0.0061", "2026-03-01")
    assert order["totals"]["net"]["amount"] == "4801" and order["totals"]["gross"]["amount"] == "5809"


async def test_messages_speak_the_viewers_language(shop: Shop) -> None:
    cart = await shop.fill(shop.buyer, (shop.product, 101))
    values = {
        "cartId": cart["id"],
        "expectedVersion": cart["version"],
        "expectedTotal": cart["totals"]["gross"]["amount"],
    }

    answer = await shop.ask(shop.buyer, PLACE, "k", locale="es", input=values)

    assert answer["data"]["placeOrder"]["errors"][0]["message"] == (
        "No hay existencias libres suficientes de ACE-001 para las 101 unidades que pide."
    )


async def test_the_cost_of_the_day_is_kept_for_those_who_may_read_it(shop: Shop) -> None:
    placed = (await shop.place(shop.buyer, await shop.fill(shop.buyer, (shop.product, 1))))["order"]
    cost = "query C($id: ID!) { order(by: {id: $id}) { lines { unitCost { amount } } } }"

    seen = await shop.data(shop.finance, cost, id=placed["id"])
    hidden = await shop.ask(shop.buyer, cost, id=placed["id"])

    assert seen["order"]["lines"] == [{"unitCost": {"amount": "6.00"}}]
    assert hidden["errors"][0]["message"].startswith("Cannot query field 'unitCost'")
