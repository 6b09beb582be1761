"""A sales rep: whose customers and orders they see, what they decide, and how the buyer hears of it."""

from playwright.async_api import expect

from tests.e2e.conftest import Surf
from tests.e2e.surfer import BUYER, MANAGER, MARKS, REP, Surfer
from tests.e2e.test_every_page import SIZES, WIDTHS, faults_of, overflows_of

pytestmark = MARKS
# The rep's team, by the demo company's own plan, and companies of the other team.
TEAM = {"Diego Arnal Sanz", "Nuria Blasco Gil", "Pablo Ezquerra Royo"}
STRANGER, STRANGERS_NAME = "C-00007", "Cafeterías Moka, S.L."


async def all_rows(surfer: Surfer, path: str, cell: str) -> list[str]:
    """A column's texts through all pages of a list."""
    await surfer.open(path)
    found: list[str] = []
    while True:
        found += await surfer.find(f"tbody tr {cell}").all_inner_texts()
        following = surfer.find("a[rel=next]")
        if not await following.count():
            return [each.strip() for each in found]
        await surfer.open(str(await following.get_attribute("href")))


async def test_a_rep_sees_the_customers_and_orders_of_the_team_only(surf: Surf) -> None:
    rep = await surf(REP)
    assert rep.path == "/staff"

    reps = await all_rows(rep, "/staff/customers", "td:nth-of-type(4)")
    customers = set(await all_rows(rep, "/staff/customers", "td.code"))
    assert set(reps) == TEAM
    assert len(customers) == len(reps) > 25
    buying = set(await all_rows(rep, "/staff/orders?state=placed", "td.c-customer .code"))
    assert buying
    assert buying <= customers

    assert STRANGER not in customers
    await rep.open(f"/staff/customers/{STRANGER}", 404)
    await rep.open("/staff/orders?search=Moka")
    assert await rep.find("tbody tr").count() == 0


async def test_a_rep_sees_only_own_customers_as_own(surf: Surf) -> None:
    rep = await surf(REP)

    assert set(await all_rows(rep, "/staff/customers?mine=1", "td:nth-of-type(4)")) == {"Diego Arnal Sanz"}


async def test_a_rep_confirms_one_order_and_refuses_another_and_the_buyer_sees_it(surf: Surf) -> None:
    buyer, rep = await surf(BUYER), await surf(REP)
    sku = (await buyer.in_stock())[0]["sku"]
    good = await buyer.place("PC-BUENO", sku, "1")
    bad = await buyer.place("PC-MALO", sku, "1")

    await rep.open("/staff/orders?state=placed")
    await rep.click(f"a[href='/staff/orders/{good}']")
    await rep.page.wait_for_url(f"**/staff/orders/{good}")
    await rep.click("form:has(input[value=confirm]) button")
    await expect(rep.find("#notices .notice-success")).to_be_visible()
    assert await rep.find("form:has(input[value=confirm])").count() == 0

    await rep.open(f"/staff/orders/{bad}")
    await rep.click("details.act:has(#refuse-reason) > summary")
    reason = rep.find("#refuse-reason")
    await rep.click("details.act:has(#refuse-reason) form button[type=submit]")
    assert await reason.evaluate("field => field.validity.valueMissing")
    await reason.fill("No servimos esa referencia a domicilio")
    await rep.click("details.act:has(#refuse-reason) form button[type=submit]")
    await expect(rep.find(".track-ended")).to_be_visible()

    await buyer.open(f"/orders/{good}")
    assert await buyer.find(".head-badges .badge-success").count() == 1
    await buyer.open(f"/orders/{bad}")
    assert await buyer.find(".head-badges .badge-danger").count() == 1
    assert "No servimos esa referencia a domicilio" in await buyer.read()
    assert await buyer.find("#cancel-reason").count() == 0


async def test_a_reason_of_spaces_is_none(surf: Surf) -> None:
    buyer, rep = await surf(BUYER), await surf(REP)
    number = await buyer.place("PC-ESPACIOS", (await buyer.in_stock())[0]["sku"], "1")
    rep.expected.add(422)

    await rep.open(f"/staff/orders/{number}")
    await rep.click("details.act:has(#refuse-reason) > summary")
    await rep.page.fill("#refuse-reason", "   ")
    await rep.click("details.act:has(#refuse-reason) form button[type=submit]")

    await expect(rep.find("#summary")).to_be_visible()
    assert await rep.find("#refuse-reason").get_attribute("aria-invalid") == "true"
    assert await rep.find(".track-ended").count() == 0


async def test_a_manager_keeps_a_discount_rule_on_any_device_in_both_languages(surf: Surf) -> None:
    manager = await surf(MANAGER)
    await manager.open("/staff/discounts")
    await manager.find("#code").fill("E2E")
    await manager.find("#name").fill("Descuentos de prueba")
    await manager.find("#sequence").fill("10")
    await manager.click("form:has(input[value=group]) button[type=submit]")
    for code, percent in (("E2E-1", "10"), ("E2E-2", "20")):
        await manager.open("/staff/discounts/new")
        await manager.find("#code").fill(code)
        await manager.find("#name").fill(f"Regla {code}")
        await manager.find("#percent").fill(percent)
        await manager.click("form:has(#code) button[type=submit]")
        await expect(manager.find("#notices .notice-success")).to_be_visible()
        if code == "E2E-1":
            await manager.click("form:has(input[value=on]) button")
            await expect(manager.find("#notices .notice-success")).to_be_visible()

    await expect(manager.find("#conflicts")).to_contain_text("Regla E2E-1")
    editor = manager.path
    for locale, word in (("en", "Conflicts"), ("es", "Conflictos")):
        await manager.speak(locale)
        for path in (editor, "/staff/discounts"):
            await manager.open(path)
            for size in SIZES.values():
                await manager.page.set_viewport_size(size)  # type: ignore[arg-type]
                assert await faults_of(manager) == [], (path, size)
            assert await overflows_of(manager, WIDTHS) == [], path
        await manager.open(editor)
        await expect(manager.find("#conflicts-title")).to_have_text(word)
