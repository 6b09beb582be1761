"""A buyer from the search box to an order and its end; with scripts, without them, and in two tabs at once."""

import asyncio
import re
from decimal import Decimal

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import Surf
from tests.e2e.surfer import BUYER, MARKS, SECOND_BUYER, Surfer

pytestmark = MARKS
READ_FORM = "() => Object.fromEntries(new FormData(document.querySelector('form[action=\"/checkout\"]')))"
SEND_AGAIN = """(fields) => {
  const form = document.createElement("form");
  form.method = "post";
  form.action = "/checkout";
  for (const [name, value] of Object.entries(fields)) {
    const input = document.createElement("input");
    [input.type, input.name, input.value] = ["hidden", name, value];
    form.append(input);
  }
  document.body.append(form);
  form.submit();
}"""
DELIVERY_DAY = "2026-03-20"


async def find_product(surfer: Surfer) -> tuple[str, Decimal]:
    """Searches with a typo, filters by category and stock, opens the first that is left: its number and its pack."""
    await surfer.page.fill("#search", "acietes de oliba")
    await surfer.page.press("#search", "Enter")
    await surfer.page.wait_for_url("**/products?search=*")
    found = [each.lower() for each in await surfer.find(".product-name").all_inner_texts()]
    assert any("aceite" in each and "oliva" in each for each in found[:5]), found

    everything = await surfer.find(".product").count()
    # On the way down the tree to the category that has what was searched for.
    await surfer.click(".tree a:has-text('aceite')")
    await surfer.page.wait_for_url("**category=*")
    await expect(surfer.find(".chip")).to_have_count(2)
    assert 0 < await surfer.find(".product").count() <= everything

    await surfer.page.check("input[name=stock]")
    if not surfer.scripts:
        await surfer.click(".facets-form button[type=submit]")
    await surfer.page.wait_for_url("**stock=1*")
    await expect(surfer.find(".chip")).to_have_count(3)
    assert await surfer.find(".product").count() > 0
    assert await surfer.find(".product .stock-danger").count() == 0

    await surfer.click(".product:has(.stock-success) .product-name a")
    await surfer.page.wait_for_url("**/products/*")
    pack = await surfer.find(".buy-form [data-stepper]").get_attribute("data-stepper")
    return (await surfer.read(".product-meta .code")).strip(), Decimal(pack or "1")


async def from_search_to_order(surfer: Surfer, purchase_order: str) -> str:
    sku, pack = await find_product(surfer)
    await surfer.page.fill("#quantity", str(pack))
    await surfer.click(".buy-form button[type=submit]")
    await expect(surfer.find("#notices .notice-success")).to_contain_text(sku)

    await surfer.click("#cart-link")
    await surfer.page.wait_for_url("**/cart")
    row = surfer.find(f"#cart tbody tr:has(:text-is('{sku}'))")
    before = await row.locator("td.number strong").inner_text()
    quantity = row.locator("input[name=quantity]")
    await quantity.fill(str(pack * 2))
    if surfer.scripts:
        await quantity.press("Tab")
    else:
        await row.locator("td.cell-actions button").first.click()
    await expect(row.locator("td.number strong")).not_to_have_text(before)
    await expect(quantity).to_have_value(str(pack * 2))

    await surfer.click("a[href='/checkout']")
    await surfer.page.wait_for_url("**/checkout")
    await surfer.page.fill("#purchase_order", purchase_order)
    chosen = surfer.find(".radio-card:not(:has(input:checked))").first
    street = (await chosen.locator(".muted").inner_text()).splitlines()[0].strip()
    await chosen.locator("input").check()
    await surfer.page.fill("#requested", DELIVERY_DAY)
    await surfer.click("form[action='/checkout'] button[type=submit]")
    await surfer.page.wait_for_url("**/orders/SO-*")

    number = surfer.path.removeprefix("/orders/")
    sheet = await surfer.read()
    assert number in await surfer.read("h1")
    assert purchase_order in sheet
    assert "20 mar 2026" in sheet
    assert sku in sheet
    # The delivery address stands first; the billing one may be the chosen one all along.
    assert street and street in await surfer.find("address.place").first.inner_text()
    assert re.search(rf"\b{pack * 2}\b", await surfer.read(".table-order tbody tr td[data-label] strong"))
    return number


async def cancel(surfer: Surfer, number: str) -> None:
    await surfer.open("/orders")
    assert number in await surfer.read("tbody tr:first-child")
    await surfer.click(f"a[href='/orders/{number}']")
    await surfer.page.wait_for_url(f"**/orders/{number}")
    await surfer.click("details.act:has(#cancel-reason) > summary")
    await surfer.page.fill("#cancel-reason", "Pedido por duplicado")
    await surfer.click("details.act:has(#cancel-reason) form button[type=submit]")
    await expect(surfer.find(".track-ended")).to_be_visible()
    assert "Pedido por duplicado" in await surfer.read()
    assert await surfer.find("#cancel-reason").count() == 0
    await surfer.open(f"/orders?state=ended&search={number}")
    assert number in await surfer.read("tbody")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
async def test_from_a_search_with_a_typo_to_an_order_that_is_cancelled(surf: Surf, scripts: bool) -> None:
    buyer = await surf(BUYER, scripts=scripts)
    await buyer.empty_cart()
    await buyer.open("/")

    number = await from_search_to_order(buyer, f"PC-E2E-{scripts}")
    await buyer.open("/cart")
    assert await buyer.find("#cart tbody tr").count() == 0
    await cancel(buyer, number)


async def test_the_last_order_is_placed_again_with_three_clicks(surf: Surf) -> None:
    """Counted up to the placed order: order again, review, place."""
    buyer = await surf(BUYER)
    await buyer.empty_cart()
    await buyer.open("/")
    last = await buyer.read("#last-title + * .code")
    buyer.clicks = 0

    await buyer.click("form:has(input[value=reorder]) button, form button[value=reorder]")
    await buyer.page.wait_for_url("**/cart")
    await buyer.click("a[href='/checkout']")
    await buyer.page.wait_for_url("**/checkout")
    await buyer.click("form[action='/checkout'] button[type=submit]")
    await buyer.page.wait_for_url("**/orders/SO-*")

    assert buyer.clicks <= 3
    again = await skus_of(buyer, buyer.path)
    assert buyer.path != f"/orders/{last}"
    assert again == await skus_of(buyer, f"/orders/{last}")


async def skus_of(surfer: Surfer, path: str) -> list[tuple[str, str]]:
    await surfer.open(path)
    rows = await surfer.find(".table-order tbody tr").all()
    return [
        (
            await row.locator(".code").first.inner_text(),
            await row.locator("td[data-label] strong").first.inner_text(),
        )
        for row in rows
    ]


async def orders_of(surfer: Surfer, purchase_order: str) -> int:
    await surfer.open(f"/orders?search={purchase_order}")
    return await surfer.find("tbody tr").count()


async def test_two_tabs_place_one_order(surf: Surf) -> None:
    buyer = await surf(SECOND_BUYER)
    buyer.expected.add(422)
    sku = (await buyer.in_stock())[0]["sku"]
    await buyer.empty_cart()
    await buyer.add_to_cart(sku, "1")
    tabs = [buyer.page, await buyer.context.new_page()]
    for tab in tabs:
        await tab.goto(buyer.site.base + "/checkout")
        await tab.fill("#purchase_order", "PC-TWO-TABS")

    async def press(number: int) -> None:
        async with tabs[number].expect_navigation():
            await tabs[number].click("form[action='/checkout'] button[type=submit]")

    await asyncio.gather(press(0), press(1))

    assert sorted("/orders/SO-" in tab.url for tab in tabs) == [False, True]
    assert await orders_of(buyer, "PC-TWO-TABS") == 1


async def test_a_double_click_and_the_back_button_place_one_order(surf: Surf) -> None:
    buyer = await surf(SECOND_BUYER)
    sku = (await buyer.in_stock())[0]["sku"]
    await buyer.empty_cart()
    await buyer.add_to_cart(sku, "1")
    await buyer.open("/checkout")
    await buyer.page.fill("#purchase_order", "PC-BACK")
    sent = await buyer.page.evaluate(READ_FORM)
    await buyer.page.dblclick("form[action='/checkout'] button[type=submit]")
    await buyer.page.wait_for_url("**/orders/SO-*")
    first = buyer.path

    # Back leads to no form that could order again: the cart is empty.
    await buyer.page.go_back()
    await expect(buyer.find("h1")).to_be_visible()
    assert buyer.path == "/cart"
    assert await buyer.find("#cart tbody tr").count() == 0
    # The form as it was sent, its key and all, as a browser sends it once more.
    await buyer.page.evaluate(SEND_AGAIN, sent)
    await buyer.page.wait_for_url("**/orders/SO-*")

    assert buyer.path == first
    assert await orders_of(buyer, "PC-BACK") == 1
