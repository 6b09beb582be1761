"""Delivery settings, as logistics sets them without JavaScript: each form one thing, and what is wrong at its field."""

import pytest
from httpx import AsyncClient

from tests.storefront.visitor import FINANCE, LOGISTICS, Form, Visitor

PATH = "/staff/scheduling"


@pytest.fixture
async def visitor(demo_client: AsyncClient) -> Visitor:
    return Visitor(demo_client)


def form(visitor: Visitor, act: str, row: str) -> Form:
    return next(
        each for each in visitor.page.forms if (each.fields.get("act"), each.fields.get("row")) == (act, row)
    )


async def test_logistics_sets_what_promises_follow_from(visitor: Visitor) -> None:
    await visitor.sign_in(LOGISTICS)
    await visitor.open(PATH)

    await visitor.submit(
        form(visitor, "calendar", ""), code="ZAZ", name="Zaragoza",
        holidays="2026-10-12 El Pilar\n2026-12-25 Navidad",
    )  # fmt: skip
    assert "Zaragoza" in visitor.page.text and "2 días cerrados" in visitor.page.text
    kept = form(visitor, "calendar", "ZAZ").fields
    assert kept["holidays"].split("\n")[:2] == ["2026-10-12 El Pilar", "2026-12-25 Navidad"]
    assert {name for name in kept if name.startswith("day-")} == {f"day-{day}" for day in range(1, 6)}

    place = form(visitor, "deadline", "new").fields["warehouse"]
    await visitor.submit(form(visitor, "warehouse", place), calendar="ZAZ", days="2", zone="Atlantic/Canary")
    assert "Zaragoza · 2 días de preparación · Atlantic/Canary" in visitor.page.text
    await visitor.submit(form(visitor, "deadline", "new"), weekday="5", at="14:00")
    assert form(visitor, "deadline", "gone").fields["weekday"] == "5"
    await visitor.submit(form(visitor, "deadline", "gone"))
    assert "14:00 todos" not in visitor.page.text
    await visitor.submit(form(visitor, "transport", "new"), country="PT", days="2", calendar="ZAZ")
    assert form(visitor, "transport", "gone").fields["country"] == "PT"
    await visitor.submit(form(visitor, "control", "all"), method="SALES_LEAD_TIME", lead="3")
    assert "Plazo de venta · El que caduca primero" in visitor.page.text
    await visitor.submit(form(visitor, "sellable", "new"), days="30")
    assert "todos los productos · 30 días" in visitor.page.text
    await visitor.submit(form(visitor, "display", "all"), display="EXACT", threshold="7,5")
    shown = form(visitor, "display", "all").fields
    assert (shown["display"], shown["threshold"]) == ("EXACT", "7,5")
    await visitor.submit(form(visitor, "sharing", "all"), policy="EQUALLY")
    assert form(visitor, "sharing", "all").fields["policy"] == "EQUALLY"
    listed = await visitor.open("/products")
    sku = next(link for link in listed.links if link.startswith("/products/")).removeprefix("/products/")
    await visitor.open(PATH)
    await visitor.submit(form(visitor, "sharing", "product"), sku=sku, policy="BASIC")
    assert f"{sku} · Todos o ninguno" in visitor.page.text
    await visitor.submit(form(visitor, "sharing", "gone"))
    assert f"{sku} ·" not in visitor.page.text
    await visitor.submit(form(visitor, "holding", "all"), minutes="45", days="7")
    shown = form(visitor, "holding", "all").fields
    assert (shown["minutes"], shown["days"]) == ("45", "7")


@pytest.mark.parametrize(
    ("act", "row", "typed", "field", "text"),
    [
        ("calendar", "", {"code": "A", "name": "A", "holidays": "Navidad"}, "holidays", "Empiece cada línea"),
        ("calendar", "", {"code": "", "name": "A"}, "code", "Indique de 1 a 64 caracteres."),
        ("deadline", "new", {"at": "25:00"}, "at", "Indique una hora como 17:30."),
        ("transport", "new", {"days": "x"}, "days", "La mercancía tarda de 0 a 365 días."),
        ("control", "all", {"method": "CTP"}, "purchase", "indique cuántos días tarda una compra"),
        ("control", "product", {"sku": "NO-HAY"}, "sku", "Ningún artículo tiene esta referencia."),
        ("sellable", "new", {"days": "-1"}, "days", "Indique de 0 a 3650 días."),
        ("sharing", "product", {"sku": "NO-HAY"}, "sku", "Ningún artículo tiene esta referencia."),
        ("holding", "all", {"minutes": "2000"}, "minutes", "Indique de 0 a 1440 minutos."),
        ("receiving", "new", {"number": "NO-HAY"}, "number", "Ningún cliente tiene este número."),
        (
            "display",
            "all",
            {"display": "BAND", "threshold": "0"},
            "threshold",
            "Una franja necesita su límite",
        ),
    ],
)
async def test_what_is_wrong_stands_at_its_field(
    visitor: Visitor, act: str, row: str, typed: dict[str, str], field: str, text: str
) -> None:
    await visitor.sign_in(LOGISTICS)
    await visitor.open(PATH)

    await visitor.submit(form(visitor, act, row), 422, **typed)

    assert text in visitor.page.text
    marked = [given for _, given in visitor.page.tags if given.get("aria-invalid") == "true"]
    assert [each["id"] for each in marked] == [f"{act}-{row}-{field}"]
    assert form(visitor, act, row).fields.get(field, "") == typed.get(field, "")


async def test_who_only_reads_finds_no_form(visitor: Visitor) -> None:
    await visitor.sign_in(FINANCE)
    await visitor.open(PATH)
    assert not [each for each in visitor.page.forms if each.action == PATH]
