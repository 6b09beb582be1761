"""A company's own consent in the browser: the admin sets a limit, the buyer waits, the approver decides on a phone."""

import os
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import Surf
from tests.e2e.surfer import ADMINISTRATOR, BUYER, COMPANY_ADMIN, MARKS, Surfer
from tests.e2e.test_every_page import SIZES, faults_of

pytestmark = MARKS
APPROVER = "direccion@laparra.example"


async def look(person: Surfer, path: str, name: str) -> list[str]:
    """Opens a page at both widths; what a tool for the blind would stumble over."""
    faults = []
    for size, viewport in SIZES.items():
        await person.page.set_viewport_size(viewport)  # type: ignore[arg-type]
        await person.open(path)
        faults += [f"{path}, {size}: {each}" for each in await faults_of(person)]
        folder = os.environ.get("VENTAS_SHOTS")
        if folder:
            await person.page.screenshot(path=Path(folder) / f"{name}-{size}.png", full_page=True)
    return faults


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_from_a_limit_to_a_decision(surf: Surf, scheme: str) -> None:
    admin = await surf(COMPANY_ADMIN, color_scheme=scheme)
    await admin.open("/company")
    await admin.click("tr:has-text('compras@laparra.example') a.button")
    await admin.page.wait_for_url("**/company/people/*")
    person = admin.path
    await admin.page.fill("#per_order", "0,01")
    await admin.click("form:has(input[value=limit]) button[type=submit]")
    await expect(admin.find("#notices .notice-success")).to_be_visible()
    assert "0,01" in await admin.read("tr:has-text('compras@laparra.example')")

    buyer = await surf(BUYER, color_scheme=scheme)
    sku = (await buyer.in_stock())[0]["sku"]
    refused, approved = [await buyer.place(f"PC-{scheme}-{n}", sku, "1") for n in "ab"]
    assert await buyer.find(".head-badges .badge-warning").count() == 1
    assert "Mercedes Aznar Val" in await buyer.read("section:has(#consent-title)")
    faults = await look(buyer, f"/orders/{approved}", f"order-{scheme}")
    faults += await look(buyer, "/approvals", f"mine-{scheme}")

    approver = await surf(APPROVER, color_scheme=scheme, viewport=SIZES["phone"])
    await approver.click(f"a.task[href='/orders/{approved}']")
    await approver.page.wait_for_url(f"**/orders/{approved}")
    faults += await look(approver, "/approvals", f"approvals-{scheme}")
    await approver.page.set_viewport_size(SIZES["phone"])  # type: ignore[arg-type]
    first = approver.find(f"li.card:has(a[href='/orders/{refused}'])")
    await first.locator("details.act > summary").click()
    await first.locator("textarea").fill("Este mes no")
    await first.locator("details.act button[type=submit]").click()
    await expect(approver.find("#notices .notice-success")).to_be_visible()
    await approver.open(f"/orders/{approved}")
    await approver.click("form:has(input[value=approve]) button[type=submit]")
    await expect(approver.find("#notices .notice-success")).to_be_visible()
    assert await approver.find("form:has(input[value=approve])").count() == 0

    await buyer.open(f"/orders/{refused}")
    assert "Este mes no" in await buyer.read("section:has(#consent-title)")
    await buyer.open("/approvals")
    assert await buyer.find("section:has(#decided-title) tbody tr").count() >= 2
    faults += await look(admin, "/company", f"company-{scheme}")
    faults += await look(admin, person, f"person-{scheme}")
    faults += await look(admin, "/company/people/new", f"invite-{scheme}")
    faults += await look(admin, "/company/rules/new", f"rule-{scheme}")
    assert not faults, "\n".join(faults)


async def test_a_company_invites_and_makes_a_rule_without_scripts(surf: Surf) -> None:
    admin = await surf(COMPANY_ADMIN, scripts=False)
    admin.expected.add(422)
    await admin.open("/company/people/new")
    await admin.page.fill("#name", "Nuria Nueva")
    await admin.page.fill("#email", "nuria@laparra.example")
    await admin.click("form:has(input[value=invite]) button[type=submit]")
    assert admin.path == "/company" and "nuria@laparra.example" in await admin.read()

    await admin.open("/company/rules/new")
    await admin.page.fill("#name", "Sin nada")
    await admin.click("form.card button[type=submit]")
    assert await admin.find("#from_amount-error").count() == 1
    await admin.page.fill("#from_amount", "900.000")
    await admin.click("form.card button[type=submit]")
    assert admin.path == "/company" and "900.000,00" in await admin.read("section:has(#rules-title)")

    await admin.click("form:has(input[value=revoke]) button")
    assert "nuria@laparra.example" not in await admin.read()


async def test_administrators_keep_accounts_and_search_the_trail(surf: Surf) -> None:
    boss = await surf(ADMINISTRATOR)
    faults = await look(boss, "/staff/users?side=staff", "users")
    await boss.open("/staff/users?search=cocina")
    await boss.click("a.row-link")
    await boss.page.wait_for_url("**/staff/users/*")
    account = boss.path
    faults += await look(boss, account, "account")
    await boss.page.fill("#reason", "Ya no trabaja allí")
    await boss.click("form:has(input[value=disable]) button[type=submit]")
    await expect(boss.find(".head-badges .badge-danger")).to_be_visible()
    await boss.page.fill("#reason", "Sí trabaja allí")
    await boss.click("form:has(input[value=enable]) button[type=submit]")
    await expect(boss.find("form:has(input[value=disable])")).to_be_visible()

    await boss.open("/staff/audit?person=elena.gascon&action=user.")
    assert await boss.find("tbody tr").count() == 2
    assert "Ya no trabaja allí" in await boss.read("tbody")
    for path, name in (
        ("/staff/audit", "audit"),
        ("/staff/roles", "roles"),
        ("/staff/users/new", "new-account"),
    ):
        faults += await look(boss, path, name)
    assert not faults, "\n".join(faults)


async def test_the_door_s_other_pages(surf: Surf) -> None:
    person = await surf()
    faults = await look(person, "/forgotten", "forgotten")
    await person.page.fill("#email", "nadie@laparra.example")
    await person.click(".door-card button[type=submit]")
    await expect(person.find(".notice-success")).to_be_visible()
    await person.open("/invitation/nothing", 404)
    faults += await faults_of(person)
    assert not faults, "\n".join(faults)
