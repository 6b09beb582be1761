"""Charges read the Incoterm of the agreement that a cart is under, as its order takes the agreement's terms over."""

from typing import Any

import pytest
from sqlalchemy import text

from tests.schema import invoicing
from tests.schema.agreeing import in_force
from tests.schema.shop import Shop
from tests.schema.test_agreements_in_carts import choose, with_terms
from tests.schema.test_charges_documents import goods, lines_of, order_of

__all__ = ["goods"]

CART = "{ cart { version charges { name net { amount } } terms { deliveryTerms { code } } } }"
FREIGHT = [{"name": "Portes", "net": {"amount": "10.00"}}]


async def cart_of(shop: Shop) -> tuple[list[dict[str, Any]], str]:
    cart = (await shop.data(shop.buyer, CART))["cart"]
    return cart["charges"], cart["terms"]["deliveryTerms"]["code"]


@pytest.mark.parametrize("is_chosen", [False, True])
async def test_what_is_fetched_ex_works_bears_no_freight(
    shop: Shop, goods: tuple[Any, Any], is_chosen: bool
) -> None:
    """The freight is for DAP; the agreement that the only line consumes, or that is chosen, says EXW."""
    line = {"type": "PRODUCT_QUANTITY", "sku": "OIL", "committed": "100", "unitPrice": "60.00"}
    await shop.fill(shop.buyer, (goods[0], 1))
    assert await cart_of(shop) == (FREIGHT, "DAP")
    agreed = await in_force(shop, line, **await with_terms(shop))
    if is_chosen:
        version = (await shop.data(shop.buyer, CART))["cart"]["version"]
        done = await choose(shop, shop.buyer, agreementId=agreed["id"], expectedVersion=version)
        assert done["errors"] == []

    assert await cart_of(shop) == ([], "EXW")

    async with shop.database.job() as session:  # as the seller's people do in the customer's place
        await session.execute(text("update cart set keeps_own_terms = true"))
    assert await cart_of(shop) == (FREIGHT, "DAP")


async def test_an_agreement_of_some_lines_only_leaves_the_customers_own(
    shop: Shop, goods: tuple[Any, Any]
) -> None:
    line = {"type": "PRODUCT_QUANTITY", "sku": "OIL", "committed": "100", "unitPrice": "60.00"}
    await in_force(shop, line, **await with_terms(shop))

    order = await invoicing.ordered(shop, (goods[0], 1), (goods[1], 1))

    found = await order_of(shop, order["id"])
    assert {each[1] for each in lines_of(found)} == {"DEPOSIT", "FREIGHT", "GLASS", "OIL"}
