"""Pages of free goods and charges: kept by a sales manager without JavaScript, read by a rep, unknown to others."""

from typing import Any

import pytest
from httpx import AsyncClient

from tests.storefront.visitor import BUYER, FINANCE, MANAGER, REP, Form, Reader, Visitor

FROM: dict[str, Any] = {"valid-from": "2026-01-01"}
START: tuple[dict[str, Any], ...] = ({"from-2": "25"}, {"from-2": "20"})


@pytest.fixture
async def visitor(demo_client: AsyncClient) -> Visitor:
    return Visitor(demo_client)


async def become(visitor: Visitor, person: str) -> None:
    visitor.client.cookies.clear()
    await visitor.sign_in(person)


def main_form(page: Reader) -> Form:
    """The form with the rule's fields."""
    return next(form for form in page.forms if "valid-from" in form.fields)


async def save(visitor: Visitor, status: int = 200, **typed: Any) -> Reader:
    return await visitor.submit(main_form(visitor.page), status, **typed)


def wrong_fields(page: Reader) -> list[str]:
    return [given["id"] for _, given in page.tags if given.get("aria-invalid") and "id" in given]


def link_to(page: Reader, folder: str) -> str:
    return next(link for link in page.links if link.startswith(folder) and not link.endswith("/new"))


async def test_a_manager_keeps_rules_of_free_goods_and_a_rep_reads_them(visitor: Visitor) -> None:
    await become(visitor, MANAGER)
    await visitor.open("/staff/free-goods/new")
    refused = await save(visitor, 422, name="Docena y una", per="doce", free="1", sku="NO-HAY", **FROM)
    wrong = wrong_fields(refused)
    typed = {field: main_form(refused).fields[field] for field in ("name", "per", "sku")}
    await save(visitor, name="Docena y una", per="12", free="1", sku="", **FROM)
    listed = await visitor.open("/staff/free-goods?search=docena")
    path = link_to(listed, "/staff/free-goods/")
    await visitor.open(path)
    await save(visitor, minimum="24,5", optional="1")
    kept = main_form(await visitor.open(path)).fields
    await become(visitor, REP)
    read = await visitor.open(path)
    buttons = len(main_form(read).buttons)
    await visitor.open("/staff/free-goods/new", 404)
    await become(visitor, MANAGER)
    await visitor.open(path)
    await visitor.submit(visitor.form(act="deactivate"))
    ended = await visitor.open("/staff/free-goods?search=docena&ended=1")

    assert wrong == ["per", "sku"]
    assert typed == {"name": "Docena y una", "per": "doce", "sku": "NO-HAY"}
    assert (kept["minimum"], kept["optional"], kept["per"], kept["version"]) == ("24,5", "1", "12", "2")
    assert ("Docena y una" in read.text, buttons) == (True, 0)
    assert "Terminada" in ended.text
    for person in (BUYER, FINANCE):
        await become(visitor, person)
        await visitor.check_absent("/staff/free-goods")
        await visitor.check_absent("/staff/charges")


async def test_a_manager_keeps_rules_of_charges(visitor: Visitor) -> None:
    await become(visitor, MANAGER)
    await visitor.open("/staff/charges/new")
    given: dict[str, Any] = {"name": "Portes sur", "basis": "WEIGHT", "currency": "EUR", "countries": "es", "prefixes": "41, 29",
             "valid-from": "2026-01-01", "from-0": "0", "to-0": "20", "value-0": "9,5"}  # fmt: skip
    second: dict[str, Any] = {"method-2": "RATE", "value-2": "0,6"}
    refused = await save(visitor, 422, **given, **second, **START[0])
    await save(visitor, **given, **second, **START[1])
    listed = await visitor.open("/staff/charges?search=sur")
    kept = main_form(await visitor.open(link_to(listed, "/staff/charges/"))).fields

    assert wrong_fields(refused) == ["from-2"]
    assert "29, 41" in listed.text
    assert [kept[f"{name}-{row}"] for row in (0, 1, 2) for name in ("from", "to", "method", "value")] == [
        "0", "20", "FIXED", "9,5", "20", "", "RATE", "0,6", "", "", "FIXED", "",
    ]  # fmt: skip


async def test_a_buyer_sees_what_is_charged_from_the_cart_to_the_order(visitor: Visitor) -> None:
    """Freight that is near its threshold, in the cart and on the order's page, where it is no line to order again."""
    await become(visitor, MANAGER)
    await visitor.open("/staff/charges/new")
    given: dict[str, Any] = {"name": "Portes España", "basis": "DOCUMENT", "currency": "EUR", "free-from": "900000",
             "from-0": "0", "value-0": "12,5"}  # fmt: skip
    await save(visitor, **FROM, **given)
    await become(visitor, BUYER)
    cart = await visitor.open("/cart")
    checkout = await visitor.open("/checkout")
    order = await visitor.submit(next(form for form in checkout.forms if "total" in form.fields))

    for page in (cart, checkout):
        assert "Portes España" in page.text and "12,50" in page.text and "gratis con" in page.text
    # The order bears it by the rates of its goods: lines of their own, which are not ordered again.
    again = [given for _, given in order.tags if given.get("name") == "chosen"]
    assert visitor.path.startswith("/orders/") and order.text.count("Portes España") >= 1
    assert len(again) >= 1 and "Elegir Portes España" not in order.text
