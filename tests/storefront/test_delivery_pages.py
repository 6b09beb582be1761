"""The delivery desk, the buyer's deliveries and their calendar, without JavaScript."""

import pytest
from httpx import AsyncClient

from storefront.staff.deliveries import lots_of, proposals_of
from tests.storefront.visitor import BUYER, COMPANY_ADMIN, LOGISTICS, REP, Visitor

DESK = "/staff/deliveries"


@pytest.fixture
async def visitor(demo_client: AsyncClient) -> Visitor:
    return Visitor(demo_client)


async def test_logistics_release_ship_and_track_an_order(visitor: Visitor) -> None:
    await visitor.sign_in(LOGISTICS)
    page = await visitor.open(DESK)
    # Some goods are reserved, but their lots would have expired when they arrive: such an order is refused.
    for form in [each for each in page.forms if each.fields.get("act") == "release"]:
        page = await visitor.submit(form)
        if "ha pasado al almacén" in page.text:
            break
        assert "Los lotes de" in page.text

    assert visitor.path == DESK and "DN-2026-000013 ha pasado al almacén" in page.text
    await visitor.open(f"{DESK}?state=released&search=DN-2026-000013")
    page = await visitor.submit(visitor.form(act="ship"), carrier="Ebro Express", tracking="EB-1")
    assert "La entrega DN-2026-000013 ha salido." in page.text
    page = await visitor.open(f"{DESK}?state=shipped&search=EB-1")
    assert "DN-2026-000013" in page.text and "Albarán" in page.text
    page = await visitor.submit(visitor.form(act="update"), tracking="EB-2", note="con cuidado")
    assert "se ha guardado" in page.text
    await visitor.open(f"{DESK}?state=shipped&search=EB-2")
    assert [each for each in visitor.page.forms if each.fields.get("act") == "ship"] == []


async def test_a_refused_release_says_why_and_a_delivery_can_be_taken_back(visitor: Visitor) -> None:
    await visitor.sign_in(LOGISTICS)
    await visitor.open(DESK)
    page = await visitor.submit(visitor.form(act="release"), lots="A=1=2")
    assert "Escriba los lotes así" in page.text

    await visitor.open(f"{DESK}?state=released")
    page = await visitor.submit(visitor.form(act="cancel"), reason="camión averiado")
    assert "se ha anulado" in page.text
    page = await visitor.open(f"{DESK}?state=cancelled")
    assert "camión averiado" in page.text


async def test_a_rep_looks_on_and_gets_no_buttons(visitor: Visitor) -> None:
    await visitor.sign_in(REP)

    page = await visitor.open(DESK)

    assert "Por preparar" not in page.text
    assert 'name="act" value="ship"' not in page.text and 'name="act" value="release"' not in page.text


@pytest.mark.parametrize("email", [BUYER, COMPANY_ADMIN])
async def test_buyers_see_their_own(visitor: Visitor, email: str) -> None:
    await visitor.sign_in(email)

    for state in ("", "planned", "shipped"):
        await visitor.open(f"/deliveries?state={state}")
    await visitor.check_absent(DESK)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("", []),
        ("L-1", [("L-1", "12")]),
        ("L-1=4; L 2 = 2,5", [("L-1", "4"), ("L 2", "2.5")]),
        ("L-1=", None),
        ("=4", None),
        ("L-1=x", None),
        ("A=1=2", None),
    ],
)
def test_lots_as_typed(typed: str, expected: list[tuple[str, str]] | None) -> None:
    found = lots_of(typed, "12", "es")

    assert (None if found is None else [(each["number"], each["quantity"]) for each in found]) == expected


def test_services_go_with_the_first_warehouse() -> None:
    rows = [
        {"sku": "A", "warehouse": {"id": "1"}}, {"sku": "S", "warehouse": None}, {"sku": "B", "warehouse": {"id": "2"}},
    ]  # fmt: skip

    found = proposals_of({"releasable": rows})

    assert [(each["warehouse"]["id"], [row["sku"] for row in each["rows"]]) for each in found] == [
        ("1", ["A", "S"]),
        ("2", ["B"]),
    ]
