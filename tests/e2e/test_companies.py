"""Somebody who buys for two companies: each keeps its cart, and a third cannot be chosen."""

from playwright.async_api import expect

from app.demo.seeds import key
from tests.e2e.conftest import Surf
from tests.e2e.surfer import BUYER, MARKS, TWO_COMPANIES, Surfer

pytestmark = MARKS
STRANGER = str(key("customer", 3))


async def choose(surfer: Surfer, place: int) -> str:
    """The company at that place of the list; what the page then calls it."""
    await surfer.open("/select-company")
    button = surfer.find(".choice-button").nth(place)
    name = (await button.locator("strong").inner_text()).strip()
    await button.click()
    await surfer.page.wait_for_url(surfer.site.base + "/")
    assert name in await surfer.read("header.page-head")
    return name


async def cart(surfer: Surfer) -> list[str]:
    await surfer.open("/cart")
    return [each.strip() for each in await surfer.find("#cart tbody th .code").all_inner_texts()]


async def test_changing_the_company_keeps_both_carts(surf: Surf) -> None:
    buyer = await surf(TWO_COMPANIES)
    assert buyer.path == "/select-company"
    assert await buyer.find(".choice-button").count() == 2

    first = await choose(buyer, 0)
    one, other = [each["sku"] for each in await buyer.in_stock()][:2]
    await buyer.empty_cart()
    await buyer.add_to_cart(one, "2")
    second = await choose(buyer, 1)
    assert second != first
    await buyer.empty_cart()
    await buyer.add_to_cart(other, "3")

    await choose(buyer, 0)
    assert await cart(buyer) == [one]
    await choose(buyer, 1)
    assert await cart(buyer) == [other]


async def test_a_company_one_does_not_belong_to_cannot_be_chosen(surf: Surf) -> None:
    buyer = await surf(TWO_COMPANIES)
    button = buyer.find(".choice-button").first
    await button.evaluate("(button, id) => { button.value = id; }", STRANGER)
    await button.click()
    await buyer.page.wait_for_url("**/select-company?*error=unknown*")

    await buyer.open("/cart")
    assert buyer.path == "/select-company"
    assert "Pirineo" not in await buyer.read()


async def test_one_company_leaves_nothing_to_choose_and_no_other_can_be(surf: Surf) -> None:
    buyer = await surf(BUYER)
    assert buyer.path == "/"
    await buyer.open("/select-company")
    await buyer.page.evaluate(
        """(id) => {
          const form = document.querySelector("form[action='/logout']");
          form.action = "/select-company";
          const input = document.createElement("input");
          [input.type, input.name, input.value] = ["hidden", "customer", id];
          form.append(input);
          form.submit();
        }""",
        STRANGER,
    )
    await buyer.page.wait_for_url("**error=unknown*")
    await buyer.open("/")
    await expect(buyer.find("header.page-head")).to_contain_text("Restaurante La Parra")
