"""A rule tried over past sales without JavaScript: the form, the figures, what is refused, and who sees margins."""

from typing import Any

import pytest
from httpx import AsyncClient

from tests.storefront.visitor import BUYER, MANAGER, REP, Visitor


@pytest.fixture
async def visitor(demo_client: AsyncClient) -> Visitor:
    return Visitor(demo_client)


async def rule_of_a_manager(visitor: Visitor, **typed: str) -> str:
    """The path of a new rule of 5 %."""
    await visitor.sign_in(MANAGER)
    await visitor.open("/staff/discounts")
    await visitor.submit(
        visitor.form(act="group"), code="PROMO", name="Promociones", sequence="10", stacking="BEST"
    )
    await visitor.open("/staff/discounts/new")
    form = next(each for each in visitor.page.forms if "benefit" in each.fields)
    given: dict[str, Any] = {"code": "A", "name": "Todo al cinco", "percent": "5"} | typed
    await visitor.submit(form, **given)
    return visitor.path


async def test_a_manager_tries_a_rule_over_past_sales(visitor: Visitor) -> None:
    path = await rule_of_a_manager(visitor)
    assert f"{path}/backtest" in visitor.page.links

    page = await visitor.open(f"{path}/backtest")
    assert "Prueba con ventas pasadas" in page.text and "5 % de descuento" in page.text
    form = next(each for each in page.forms if "from" in each.fields)
    assert (form.method, form.fields["currency"]) == ("get", "")
    assert "Resultado" not in page.text, "nothing is priced before somebody asks"

    page = await visitor.open(f"{path}/backtest?from=2020-01-01&to=2030-12-31&currency=")
    for text in ("Ventas netas", "Margen", "Como fue", "Con esta regla", "Líneas afectadas", "Clientes afectados",
                 "Líneas con coste conocido", "Clientes a los que más les cambia", "Líneas que más cambian"):  # fmt: skip
        assert text in page.text, text
    bars = [
        given["aria-label"] for tag, given in page.tags if tag == "svg" and given.get("class") == "progress"
    ]
    assert [each.rpartition(":")[0] for each in bars] == [
        "Ventas netas, Como fue", "Ventas netas, Con esta regla", "Margen, Como fue", "Margen, Con esta regla",
    ]  # fmt: skip
    assert any(each.startswith("/staff/customers/") for each in page.links)


async def test_what_is_wrong_with_the_days_is_said_at_them(visitor: Visitor) -> None:
    path = await rule_of_a_manager(visitor)
    for query, said, field in (
        ("from=x&to=2026-01-01", "Indique una fecha.", "from"),
        ("from=2026-01-02&to=2026-01-01", "El primer día es posterior al último.", "from"),
        ("from=2026-01-01&to=2026-01-01&currency=E1R", "Una moneda tiene tres letras, como EUR.", "currency"),
    ):
        page = await visitor.open(f"{path}/backtest?{query}", 422)
        assert said in page.text
        assert [given["id"] for _, given in page.tags if given.get("aria-invalid") == "true"] == [field]
    page = await visitor.open(f"{path}/backtest?from=1990-01-01&to=1990-01-02")
    assert "En estos días no se vendió nada" in page.text


async def test_what_the_past_does_not_tell_is_said(visitor: Visitor) -> None:
    path = await rule_of_a_manager(visitor, **{"row-0-kind": "CHANNEL", "row-0-values": "PORTAL"})

    page = await visitor.open(f"{path}/backtest?from=2020-01-01&to=2030-12-31", 422)

    assert "Las ventas pasadas no dicen el canal" in page.text


async def test_a_rep_sees_no_margin_and_a_buyer_no_page(visitor: Visitor) -> None:
    path = await rule_of_a_manager(visitor)
    visitor.client.cookies.clear()
    await visitor.sign_in(REP)

    page = await visitor.open(f"{path}/backtest?from=2020-01-01&to=2030-12-31")

    assert "Ventas netas" in page.text and "Margen" not in page.text and "coste conocido" not in page.text
    await visitor.check_absent("/staff/discounts/nonsense/backtest")
    visitor.client.cookies.clear()
    await visitor.sign_in(BUYER)
    await visitor.check_absent(f"{path}/backtest")
