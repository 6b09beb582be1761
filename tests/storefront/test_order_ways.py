"""Another way to deliver, without JavaScript: the rep's page of a line's ways, and what choosing makes of it."""

import re

import pytest
from httpx import AsyncClient

from tests.storefront.visitor import BUYER, LOGISTICS, REP, Reader, Visitor


@pytest.fixture
async def visitor(demo_client: AsyncClient) -> Visitor:
    return Visitor(demo_client)


async def open_ways(visitor: Visitor) -> str:
    """The address of the ways of the first open line of a confirmed order."""
    for state in ("confirmed", "placed"):
        board = await visitor.open(f"/staff/orders?state={state}")
        for link in [each for each in board.links if re.fullmatch(r"/staff/orders/SO-[0-9-]+", each)]:
            order = await visitor.open(link)
            ways = next((each for each in order.links if "/delivery?line=" in each), None)
            if ways:
                await visitor.open(ways)
                return ways
    raise AssertionError("The demo has no open line.")


def prices(page: Reader) -> list[str]:
    return re.findall(r"[0-9.,]+ €", page.text)


async def test_a_way_is_chosen_and_chosen_again(visitor: Visitor) -> None:
    await visitor.sign_in(REP)
    ways = await open_ways(visitor)
    number = ways.split("/")[3]
    before = prices(await visitor.open(f"/staff/orders/{number}"))

    page = await visitor.open(ways)
    assert "¿Por qué ese día?" in page.text and "Todo de una vez" in page.text
    whole = visitor.form(requested="")
    page = await visitor.submit(whole)

    assert visitor.path == f"/staff/orders/{number}"
    assert "La línea se entrega como se ha elegido; su precio no cambia." in page.text
    assert prices(page) == before

    # Choosing again is the undoing; of two parts the second is asked for later.
    await visitor.open(ways)
    form = visitor.form(act="split")
    rest = int(whole.fields["quantity"]) - 1
    typed = {"quantity": ["1", str(rest)], "warehouse": ["", ""], "requested": ["", "2027-03-01"]}
    page = await visitor.submit(form, 200, **typed)
    assert prices(page) == before and "1 mar 2027" in page.text


async def test_what_was_typed_wrong_is_said_at_its_row(visitor: Visitor) -> None:
    await visitor.sign_in(REP)
    await open_ways(visitor)

    typed = {"quantity": ["x", "1"], "warehouse": ["", ""], "requested": ["", "ayer"]}
    page = await visitor.submit(visitor.form(act="split"), 422, **typed)
    wrong = [given["id"] for _, given in page.tags if given.get("aria-invalid") == "true"]
    assert wrong == ["quantity-0", "requested-1"]

    typed = {"quantity": ["999999", ""], "warehouse": ["", ""], "requested": ["", ""]}
    page = await visitor.submit(visitor.form(act="split"), 422, **typed)
    assert "deben sumar" in page.text


@pytest.mark.parametrize("email", [BUYER, LOGISTICS])
async def test_others_have_no_such_page(visitor: Visitor, email: str) -> None:
    await visitor.sign_in(email)

    await visitor.check_absent("/staff/orders/SO-2026-000001/delivery")
