"""A rep orders in a buyer's place: the bar that never leaves, both names on the order, the buyer's cart as it was."""

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import Surf
from tests.e2e.surfer import BUYER, MARKS, REP, Surfer
from tests.e2e.test_every_page import SIZES, faults_of

pytestmark = MARKS
WHY = "Lo pidió por teléfono"
CUSTOMER = "/staff/customers/C-00001"
PAGES = ("/", "/products", "/quick-order", "/lists", "/cart", "/orders", "/company")


async def begin(rep: Surfer) -> None:
    await rep.open(CUSTOMER)
    await rep.click("details.act:has(#behalf-reason) > summary")
    await rep.page.select_option("#person", BUYER)
    await rep.page.fill("#behalf-reason", WHY)
    await rep.click("form[action='/act-on-behalf'] button")
    await rep.page.wait_for_url(rep.site.base + "/")


async def test_a_rep_orders_in_a_buyers_place(surf: Surf) -> None:
    buyer, rep = await surf(BUYER), await surf(REP)
    first, second = (each["sku"] for each in (await buyer.in_stock())[:2])
    await buyer.empty_cart()
    await buyer.add_to_cart(first, "3")
    kept = await buyer.ask("{ cart { id version lines { quantity product { sku } } } }")

    await begin(rep)
    number = await rep.place("PC-TELEFONO", second, "1")
    await rep.open("/")
    await rep.page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    await expect(rep.find(".behalf")).to_be_in_viewport()
    await rep.click("form[action='/stop-acting'] button")
    await rep.page.wait_for_url(f"**{CUSTOMER}")
    await expect(rep.find(".behalf")).to_have_count(0)

    await rep.open(f"/staff/orders/{number}")
    assert WHY in await rep.read() and "por cuenta de" in await rep.read()
    assert await buyer.ask("{ cart { id version lines { quantity product { sku } } } }") == kept
    await buyer.open(f"/orders/{number}")
    seen = await buyer.read()
    assert "Hecho por cuenta de" in seen and "Diego Arnal Sanz" in seen and WHY not in seen


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_everybody_can_use_the_pages_below_the_bar(surf: Surf, scheme: str) -> None:
    rep = await surf(REP, color_scheme=scheme)
    await begin(rep)
    faults: list[str] = []
    for path in PAGES:
        for size, viewport in SIZES.items():
            await rep.page.set_viewport_size(viewport)  # type: ignore[arg-type]
            await rep.open(path)
            await expect(rep.find(".behalf")).to_be_visible()
            faults += [f"{path}, {size}, {scheme}: {each}" for each in await faults_of(rep)]

    assert not faults, "\n".join(faults)
