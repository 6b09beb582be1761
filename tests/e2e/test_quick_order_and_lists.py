"""Pasted lines that are verified before anything is added, and lists that a company shares."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import Surf
from tests.e2e.surfer import BUYER, MARKS, SECOND_BUYER, Surfer
from tests.e2e.test_every_page import SIZES, faults_of

pytestmark = MARKS


async def counts(surfer: Surfer) -> list[int]:
    """Valid, adjusted, invalid, merged."""
    texts = await surfer.find("#checked .counts .badge").all_inner_texts()
    return [int(text.split()[0]) for text in texts]


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
async def test_pasted_lines_are_verified_then_added(surf: Surf, scripts: bool) -> None:
    buyer = await surf(BUYER, scripts=scripts)
    await buyer.empty_cart()
    plain, twice = (each["sku"] for each in (await buyer.in_stock())[:2])
    packed = (await buyer.in_stock(packed=True))[0]
    pack = int(packed["packSize"])
    owned = await own_number(buyer, {plain, twice, packed["sku"]})

    await buyer.open("/quick-order")
    pasted = f"{plain} 2\n{packed['sku']}\t{pack + 1}\nNO-EXISTE-9 1\n{twice};1\n{twice} 2\n{owned['customerItemNumber']}\t{owned['packSize']}"
    await buyer.page.fill("#text", pasted)
    await buyer.click("form:has(#text) button[type=submit]")
    await expect(buyer.find("#checked .counts")).to_be_visible()

    # Three valid, one rounded to its pack, one unknown, two written as one.
    assert await counts(buyer) == [3, 1, 1, 1]
    adjusted = buyer.find("tr.checked-adjusted")
    assert f"{pack + 1}" in await adjusted.locator("s").inner_text()
    assert f"{2 * pack}" in await adjusted.inner_text()
    assert await adjusted.locator(".reason").inner_text()
    refused = buyer.find("tr.checked-invalid")
    assert "NO-EXISTE-9" in await refused.inner_text()
    assert await refused.locator(".reason").inner_text()
    merged = buyer.find(f"tr.checked-valid:has(:text-is('{twice}'))")
    assert (await merged.locator("td").first.inner_text()).strip() == "4, 5"
    assert await buyer.find(f"tr.checked-valid:has(:text-is('{owned['sku']}'))").count() == 1

    assert await basket(buyer) == {}
    # The unknown line is left out, as the box says; unticked, nothing is added.
    buyer.expected.add(422)
    await buyer.page.uncheck("#leave-out")
    await buyer.click("button[name=act][value=cart]")
    await expect(buyer.find("#summary a[href='#leave-out']")).to_be_visible()
    assert await basket(buyer) == {}
    await buyer.page.check("#leave-out")
    await buyer.click("button[name=act][value=cart]")
    await buyer.page.wait_for_url("**/cart")
    assert await basket(buyer) == {
        plain: 2, packed["sku"]: 2 * pack, twice: 3, owned["sku"]: float(owned["packSize"])
    }  # fmt: skip


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
async def test_a_file_is_sent_corrected_and_sent_again(surf: Surf, scripts: bool, tmp_path: Path) -> None:
    buyer = await surf(BUYER, scripts=scripts)
    await buyer.empty_cart()
    sku = (await buyer.in_stock())[0]["sku"]
    file = tmp_path / "pedido.csv"
    file.write_bytes(f"Cantidad;Artículo\n2;{sku}\nx;NO-EXISTE\n".encode("cp1252"))

    await buyer.open("/quick-order")
    await buyer.page.set_input_files("#file", file)
    await buyer.click("form:has(#file) button[type=submit]")
    await expect(buyer.find("#checked .counts")).to_be_visible()
    assert await counts(buyer) == [1, 0, 1]
    assert "pedido.csv" in await buyer.find("main").inner_text()
    await buyer.click("a:has-text('Por revisar')")
    await expect(buyer.find("tr.checked-invalid")).to_contain_text("Fila 3, columna A")
    assert await buyer.find("tr.checked-valid").count() == 0
    async with buyer.page.expect_download() as found:
        await buyer.click("#problem-file a:has-text('CSV')")
    corrected = tmp_path / "corregido.csv"
    await (await found.value).save_as(corrected)
    corrected.write_text(corrected.read_text("utf-8-sig").replace("NO-EXISTE;x", f"{sku};3"), "utf-8")

    await buyer.open("/quick-order")
    await buyer.page.set_input_files("#file", corrected)
    await buyer.click("form:has(#file) button[type=submit]")
    await expect(buyer.find("#checked .counts")).to_be_visible()
    assert await counts(buyer) == [1, 0, 0]
    await buyer.page.fill("#list-name", f"Del fichero {scripts}")
    await buyer.click("button[name=act][value=list]")
    await buyer.page.wait_for_url("**/lists/*")
    await expect(buyer.find(f"tbody tr:has(:text-is('{sku}'))")).to_be_visible()
    assert await basket(buyer) == {}


async def test_a_file_that_cannot_be_read_says_why_at_its_field(surf: Surf, tmp_path: Path) -> None:
    buyer = await surf(BUYER)
    buyer.expected.add(422)
    file = tmp_path / "foto.csv"
    file.write_bytes(b"\x89PNG\r\n\x1a\n")

    await buyer.open("/quick-order")
    await buyer.page.set_input_files("#file", file)
    await buyer.click("form:has(#file) button[type=submit]")

    await expect(buyer.find("#summary a[href='#file']")).to_contain_text("PNG")
    assert await buyer.find("#file").get_attribute("aria-invalid") == "true"


async def test_rows_are_typed_with_suggestions_by_keyboard(surf: Surf) -> None:
    buyer = await surf(BUYER)
    await buyer.empty_cart()
    sku = (await buyer.in_stock())[0]["sku"]
    await buyer.open("/quick-order")

    await buyer.page.type("#sku-1", sku[:-1])
    options = buyer.find("#sku-1-suggestions [role=option]")
    await expect(options.first).to_be_visible()
    assert await buyer.find("#sku-1").get_attribute("aria-expanded") == "true"
    await buyer.page.keyboard.press("ArrowDown")
    chosen = await buyer.find("#sku-1-suggestions [aria-selected=true]").get_attribute("data-sku")
    active = await buyer.find("#sku-1").get_attribute("aria-activedescendant")
    assert active == "sku-1-suggestions-1"
    await buyer.page.keyboard.press("Enter")
    assert await buyer.find("#sku-1").input_value() == chosen
    assert await buyer.page.evaluate("document.activeElement.id") == "quantity-1"
    assert await buyer.find("#sku-1").get_attribute("aria-expanded") == "false"
    await buyer.page.keyboard.type("24")
    await buyer.page.keyboard.press("Enter")
    assert await buyer.page.evaluate("document.activeElement.id") == "sku-2"
    await buyer.click("#more-rows")
    assert await buyer.find("#rows tr").count() == 16
    assert await buyer.page.evaluate("document.activeElement.id") == "sku-9"
    await buyer.page.fill("#sku-9", "no-existe")
    await buyer.click("form:has(#rows) button[type=submit]")
    await expect(buyer.find("#checked .counts")).to_be_visible()

    assert (await counts(buyer))[2] == 1
    assert chosen in await buyer.find("#checked").inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_everybody_can_use_the_verify_step(surf: Surf, scheme: str) -> None:
    """A suggestion list that is open, and lines of every kind, on a desk and on a phone, in both languages."""
    buyer = await surf(BUYER, color_scheme=scheme)
    sku = (await buyer.in_stock())[0]["sku"]
    packed = (await buyer.in_stock(packed=True))[0]
    faults: list[str] = []
    for size in SIZES.values():
        await buyer.page.set_viewport_size(size)  # type: ignore[arg-type]
        await buyer.open("/quick-order")
        await buyer.page.type("#sku-1", sku[:-1])
        await expect(buyer.find("#sku-1-suggestions [role=option]").first).to_be_visible()
        await buyer.page.keyboard.press("ArrowDown")
        faults += await faults_of(buyer)
        await buyer.page.fill(
            "#text", f"{sku} 2\n{packed['sku']} {int(packed['packSize']) + 1}\n{sku[:-1]}X 1"
        )
        await buyer.click("form:has(#text) button[type=submit]")
        await expect(buyer.find("#checked .counts")).to_be_visible()
        faults += await faults_of(buyer)

    assert not faults, "\n".join(faults)


async def own_number(surfer: Surfer, others: set[str]) -> dict[str, str]:
    """A product that the company calls by a number of its own."""
    found = await surfer.ask(
        "{ products(where: {inStock: {eq: true}, purchased: {eq: true}}, first: 100)"
        " { nodes { sku packSize customerItemNumber availability { band } } } }"
    )
    return next(
        each
        for each in found["products"]["nodes"]
        if each["customerItemNumber"]
        and each["availability"]["band"] == "IN_STOCK"
        and each["sku"] not in others
    )


async def basket(surfer: Surfer) -> dict[str, float]:
    told = await surfer.ask("{ cart { lines { quantity product { sku } } } }")
    return {
        each["product"]["sku"]: float(each["quantity"]) for each in (told["cart"] or {"lines": []})["lines"]
    }


async def test_nothing_pasted_and_nothing_orderable_are_said(surf: Surf) -> None:
    buyer = await surf(BUYER)
    buyer.expected.add(422)
    await buyer.open("/quick-order")
    await buyer.click("form:has(#text) button[type=submit]")
    await expect(buyer.find("#summary a[href='#text']")).to_be_visible()
    assert await buyer.find("#text").get_attribute("aria-invalid") == "true"

    await buyer.page.fill("#text", "NO-EXISTE-1 1\nNO-EXISTE-2 0\nNO-EXISTE-3 1e30")
    await buyer.click("form:has(#text) button[type=submit]")
    await expect(buyer.find("#checked .counts")).to_be_visible()
    assert (await counts(buyer))[:3] == [0, 0, 3]
    assert await buyer.find("button[name=act][value=cart]").count() == 0


async def test_a_list_is_shared_with_the_company_and_ordered_by_a_colleague(surf: Surf) -> None:
    maker = await surf(BUYER)
    sku = (await maker.in_stock())[0]["sku"]
    await make_list(maker, "Fiesta mayor", "COMPANY", sku, "4", "Para el sábado")
    await make_list(maker, "Solo mía", "PRIVATE", sku, "1", "")

    colleague = await surf(SECOND_BUYER)
    await colleague.empty_cart()
    await colleague.open("/lists")
    names = await colleague.find(".list-name").all_inner_texts()
    assert "Fiesta mayor" in names
    assert "Solo mía" not in names
    await colleague.click(".list-name a:text-is('Fiesta mayor')")
    await colleague.page.wait_for_url("**/lists/*")
    assert "Para el sábado" in await row_text(colleague, sku)
    # Somebody else's list is not theirs to rename or delete.
    assert await colleague.find("button[value=save], button[value=delete]").count() == 0
    await colleague.click("#to-cart button")
    await colleague.page.wait_for_url("**/cart")

    assert await basket(colleague) == {sku: 4}


async def test_a_private_list_opens_for_nobody_else(surf: Surf) -> None:
    maker = await surf(BUYER)
    path = await make_list(maker, "Muy mía", "PRIVATE", (await maker.in_stock())[0]["sku"], "1", "")
    colleague = await surf(SECOND_BUYER)

    await colleague.open(path, 404)
    assert "Muy mía" not in await colleague.read("body")


async def row_text(surfer: Surfer, sku: str) -> str:
    row = surfer.find(f"tbody tr:has(:text-is('{sku}'))")
    notes = await row.locator("input[name=note]").all()
    return await row.inner_text() + "".join([await each.input_value() for each in notes])


async def make_list(surfer: Surfer, name: str, visibility: str, sku: str, quantity: str, note: str) -> str:
    await surfer.open("/lists")
    await surfer.page.fill("#name", name)
    await surfer.page.check(f"input[name=visibility][value={visibility}]")
    await surfer.click("form:has(input[value=create]) button[type=submit]")
    await surfer.page.wait_for_url("**/lists/*")
    await surfer.page.fill("#sku", sku)
    await surfer.page.fill("#quantity", quantity)
    await surfer.page.fill("#note", note)
    await surfer.click(".add-line button[type=submit]")
    await expect(surfer.find(f"tbody tr:has(:text-is('{sku}'))")).to_be_visible()
    assert note in await row_text(surfer, sku)
    return surfer.path
