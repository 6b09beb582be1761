"""A placed order's pages stay as they were, whatever becomes of what it was made from."""

import re

import pytest
from httpx import AsyncClient
from sqlalchemy import text

from app.database import Database
from tests.storefront.visitor import BUYER, REP, Visitor

CHANGES = (
    "update product set name = 'Changed ' || sku, sku = 'X' || sku, sku_key = 'X' || sku_key",
    "update product_translation set name = 'Changed'",
    "update list_price set unit_price = unit_price + 99",
    "update customer_address set name = 'Changed', street = 'Changed', city = 'Changed', label = 'Changed'",
    "update payment_term set name = 'Changed', code = 'X' || code",
    "update payment_term_instalment set due_days = 1",
    "update delivery_term set name = 'Changed', place = 'Changed', code = 'X' || code",
    "update sales_rep set name = 'Changed'",
    "update tax_rate set percent = 99",
    "update customer_item_number set item_number = 'X' || item_number",
)


def spoken(visitor: Visitor) -> str:
    """What the page says, its frame and its links left out: a product's own page has its new address."""
    assert visitor.response is not None
    page = visitor.response.text
    main = page[page.index("<main") : page.index("</main>")]
    main = re.sub(r'(?:href|src|value|id|for|aria-labelledby|name)="[^"]*"', "", main)
    return re.sub(r"\s+", " ", main)


@pytest.mark.parametrize(
    ("email", "listed", "prefix"), [(BUYER, "/orders", "/orders/"), (REP, "/staff/orders", "/staff/orders/")]
)
async def test_a_placed_order_s_pages_stay_equal(
    demo_client: AsyncClient, demo: Database, email: str, listed: str, prefix: str
) -> None:
    visitor = Visitor(demo_client)
    await visitor.sign_in(email)
    links = [link for link in (await visitor.open(listed)).links if re.fullmatch(prefix + "SO-[0-9-]+", link)]
    before = {}
    for path in links[:3]:
        await visitor.open(path)
        before[path] = spoken(visitor)
    assert len(before) == 3

    async with demo.job() as session:
        for change in CHANGES:
            await session.execute(text(change))

    for path, page in before.items():
        await visitor.open(path)
        assert spoken(visitor) == page, path
        assert "Changed" not in spoken(visitor)
