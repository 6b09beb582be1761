"""Pages as somebody without JavaScript uses them: forms, redirects, what is refused and what is not shown."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from httpx import AsyncClient

from storefront.pages import PAGES
from tests.storefront.visitor import (
    ADMINISTRATOR,
    BUYER,
    COMPANY_ADMIN,
    FINANCE,
    INTEGRATOR,
    LOGISTICS,
    MANAGER,
    REP,
    Visitor,
)

BUYER_PAGES = (
    "/",
    "/products",
    "/quick-order",
    "/lists",
    "/cart",
    "/quotes",
    "/quotes/new",
    "/orders",
    "/deliveries",
    "/company",
    "/help/api",
)
STAFF_PAGES = (
    "/staff",
    "/staff/orders",
    "/staff/deliveries",
    "/staff/customers",
    "/staff/jobs",
    "/products",
    "/help/api",
)


@pytest.fixture
async def visitor(demo_client: AsyncClient) -> Visitor:
    return Visitor(demo_client)


async def product_in_stock(visitor: Visitor) -> str:
    """The address of a product that can be ordered one by one."""
    page = await visitor.open("/products?stock=1&search=aceite")
    return next(link for link in page.links if link.startswith("/products/"))


# Who may open what


@pytest.mark.parametrize("path", ["/", "/cart", "/orders/SO-2026-000001", "/staff", "/nowhere"])
async def test_strangers_are_led_to_the_door(demo_client: AsyncClient, path: str) -> None:
    response = await demo_client.get(path)

    if path == "/nowhere":
        assert response.status_code == 404
    else:
        assert response.status_code == 303
        assert response.headers["location"].startswith("/login")


async def test_the_door_leads_on_to_the_page_that_was_asked_for(visitor: Visitor) -> None:
    await visitor.open("/orders?state=open")
    assert visitor.path == "/login"

    await visitor.submit(visitor.form(next="/orders?state=open"), email=BUYER, password="alborada-demo")

    assert visitor.path == "/orders"


async def test_a_wrong_password_is_said_and_nothing_else(visitor: Visitor) -> None:
    page = await visitor.sign_in(BUYER, "wrong")

    assert visitor.path == "/login"
    assert "no son correctos" in page.text


@pytest.mark.parametrize("email", [BUYER, COMPANY_ADMIN])
async def test_staff_pages_do_not_exist_for_buyers(visitor: Visitor, email: str) -> None:
    await visitor.sign_in(email)

    await visitor.check_absent(
        "/staff", "/staff/orders", "/staff/customers/C-00001", "/staff/orders/SO-2026-000001"
    )


@pytest.mark.parametrize("email", [REP, MANAGER, LOGISTICS, FINANCE, INTEGRATOR, ADMINISTRATOR])
async def test_staff_open_the_console_and_no_cart(visitor: Visitor, email: str) -> None:
    await visitor.sign_in(email)
    assert visitor.path == "/staff"

    for path in STAFF_PAGES:
        await visitor.open(path)
    await visitor.check_absent("/cart")
    orders = (await visitor.open("/staff/orders")).links
    await visitor.open(next(link for link in orders if link.startswith("/staff/orders/")))
    customers = (await visitor.open("/staff/customers")).links
    await visitor.open(next(link for link in customers if link.startswith("/staff/customers/C")))


async def test_addresses_are_changed_by_company_admins_only(visitor: Visitor) -> None:
    await visitor.sign_in(BUYER)

    await visitor.check_absent("/company/addresses/new")


# What every page has


@pytest.mark.parametrize(("email", "paths"), [(BUYER, BUYER_PAGES), (REP, STAFF_PAGES)])
async def test_pages_are_well_made(visitor: Visitor, email: str, paths: tuple[str, ...]) -> None:
    await visitor.sign_in(email)

    for path in paths:
        page = await visitor.open(path)
        names = [tag for tag, _ in page.tags]
        ids = [given["id"] for _, given in page.tags if "id" in given]
        assert names.count("h1") == 1, path
        assert names.count("main") == 1, path
        assert len(ids) == len(set(ids)), (path, [each for each in ids if ids.count(each) > 1])
        assert page.links[0] == "#main", path
        assert not [
            given for _, given in page.tags if "style" in given or any(key.startswith("on") for key in given)
        ]
        assert all(given.get("src", "").startswith("/static/") for tag, given in page.tags if tag == "script")
        for form in page.forms:
            assert form.method == "get" or form.fields["csrf_token"], (path, form)
        outside = [
            link
            for link in page.links
            if re.match(r"[a-z]+:|//", link) and not link.startswith(("mailto:", "tel:"))
        ]
        assert outside == [], path


async def test_every_form_that_acts_has_a_key_of_its_own(visitor: Visitor) -> None:
    await visitor.sign_in(BUYER)
    page = await visitor.open("/products?stock=1")
    keys = [form.fields["key"] for form in page.forms if form.fields.get("act")]

    assert len(keys) == 24
    assert len(set(keys)) == 24


async def test_a_form_without_its_token_does_nothing(visitor: Visitor) -> None:
    await visitor.sign_in(BUYER)
    product = await product_in_stock(visitor)
    await visitor.open(product)
    before = visitor.page.text

    page = await visitor.submit(visitor.form(act="add"), 403, csrf_token="x" * 43, quantity="6")

    assert "El formulario ha caducado" in page.text
    assert (await visitor.open(product)).text == before


async def test_pages_that_do_not_exist_say_so(visitor: Visitor) -> None:
    await visitor.sign_in(BUYER)

    for path in (
        "/products/NO-SUCH",
        "/orders/SO-1999-000001",
        "/lists/bm90aGluZw",
        "/staff",
        "/x/y/z",
        "/orders?after=zzz",
    ):
        page = await visitor.open(path, 404)
        assert "Esta página no existe" in page.text


@pytest.mark.parametrize(
    "path", ["/static/../pages.py", "/static/%2e%2e/pages.py", "/static/", "/static/nothing.css"]
)
async def test_static_serves_its_own_folder_only(demo_client: AsyncClient, path: str) -> None:
    assert (await demo_client.get(path)).status_code == 404


async def test_language_and_appearance_are_chosen_and_kept(visitor: Visitor) -> None:
    await visitor.sign_in(BUYER)

    page = await visitor.submit(visitor.form(locale="en"), locale="en")
    assert page.tags[0] == ("html", {"lang": "en"})
    assert "You often buy" in page.text

    page = await visitor.submit(visitor.form(theme="dark"), theme="dark")
    assert page.tags[0] == ("html", {"lang": "en", "data-theme": "dark"})


def test_every_page_says_who_may_open_it() -> None:
    assert len({at.path for at in PAGES}) == len(PAGES), "a page is listed twice"
    assert {at.needs for at in PAGES} == {
        "signed-in", "catalog:read", "carts:use", "wishlists:use", "orders:read", "orders:place", "addresses:write", "staff",
        "api-clients:manage", "audit:read", "company:manage", "credit:release", "deliveries:read", "invoices:read",
        "imports:write", "journal:read", "payments:manage", "trade-agreements:read", "trade-agreements:manage", "users:write", "agreements:read",
        "agreements:manage", "charges:read", "discounts:read", "discounts:manage", "free-goods:read", "prices:simulate",
        "suggestions:measure", "stock-quantity:read", "orders:discount", "orders:manage", "purchasing:read",
        "purchasing:manage",
        "lots:read", "quotes:read", "quotes:answer", "quotes:manage", "quotes:approve", "stock:share",
    }  # fmt: skip
    # A company's admin who opens the seller's page of API clients finds their own company's there: rows decide.
    ours = {
        "staff",
        "audit:read",
        "credit:release",
        "imports:write",
        "journal:read",
        "payments:manage",
        "trade-agreements:read",
        "trade-agreements:manage",
        "users:write",
        "agreements:manage",
        "charges:read",
        "discounts:read",
        "discounts:manage",
        "free-goods:read",
        "prices:simulate",
        "suggestions:measure",
        "stock-quantity:read",
        "orders:discount",
        "orders:manage",
        "purchasing:read",
        "purchasing:manage",
        "lots:read",
        "deliveries:read",
        "quotes:manage",
        "quotes:approve",
        "stock:share",
    }
    apart = {"api-clients:manage", "agreements:read"}
    assert {at.needs for at in PAGES if at.path.startswith("/staff")} <= ours | apart


# Buying


async def test_from_a_product_to_an_order(visitor: Visitor) -> None:
    await visitor.sign_in(BUYER)
    await visitor.open("/cart")
    await visitor.submit(visitor.form(act="clear"), act="clear")
    await visitor.open(await product_in_stock(visitor))
    await visitor.submit(visitor.form(act="add"), quantity="2")
    page = await visitor.open("/cart")
    assert "1 línea" in page.text

    await visitor.submit(
        visitor.form(act="update"), quantity="3", requested=str(datetime.now(UTC).date() + timedelta(days=20))
    )
    assert visitor.form(act="update").fields["quantity"] == "3"
    page = await visitor.open("/checkout")
    checkout = visitor.form(purchase_order="")
    page = await visitor.submit(checkout, purchase_order="PC-TEST-1", note="Por la mañana")

    assert visitor.path.startswith("/orders/SO-")
    assert "se ha realizado" in page.text
    assert "PC-TEST-1" in page.text
    assert "Por la mañana" in page.text
    assert "El carrito está vacío" in (await visitor.open("/cart")).text


async def test_the_same_form_twice_is_one_order(visitor: Visitor) -> None:
    await visitor.sign_in(BUYER)
    await visitor.open("/checkout")
    checkout = visitor.form(purchase_order="")

    await visitor.submit(checkout, purchase_order="PC-TWICE")
    first = visitor.path
    await visitor.submit(checkout, purchase_order="PC-TWICE")

    assert visitor.path == first
    assert (await visitor.open("/orders?search=PC-TWICE")).text.count("SO-") == 1


async def test_the_last_order_is_repeated_in_three_clicks(visitor: Visitor) -> None:
    await visitor.sign_in(BUYER)
    await visitor.open("/cart")
    await visitor.submit(visitor.form(act="clear"), act="clear")
    await visitor.open("/")

    await visitor.submit(visitor.form(act="reorder"))  # first click
    assert visitor.path == "/cart"
    assert "/checkout" in visitor.page.links
    await visitor.open("/checkout")  # second
    await visitor.submit(visitor.form(purchase_order=""))  # third

    assert visitor.path.startswith("/orders/SO-")


async def test_a_cart_changed_between_look_and_order_is_looked_at_again(visitor: Visitor) -> None:
    await visitor.sign_in(BUYER)
    await visitor.open("/checkout")
    checkout = visitor.form(purchase_order="")
    await visitor.open(await product_in_stock(visitor))
    await visitor.submit(visitor.form(act="add"), quantity="1")

    page = await visitor.submit(checkout, 422, purchase_order="PC-LATE")

    assert "Hay un problema" in page.text
    assert visitor.form(purchase_order="PC-LATE").fields["version"] != checkout.fields["version"]


@pytest.mark.parametrize("quantity", ["0", "-1", "doce", "1,5", "1e30", ""])
async def test_a_bad_quantity_is_said_at_its_field(visitor: Visitor, quantity: str) -> None:
    await visitor.sign_in(BUYER)
    product = await product_in_stock(visitor)
    await visitor.open(product)

    page = await visitor.submit(visitor.form(act="add"), 422, quantity=quantity)

    field = next(given for tag, given in page.tags if tag == "input" and given.get("id") == "quantity")
    assert field["aria-invalid"] == "true"
    assert "#quantity" in page.links
    assert any(given.get("id") == field["aria-describedby"] for _, given in page.tags)


async def test_pasted_lines_are_verified_before_anything_is_added(visitor: Visitor) -> None:
    await visitor.sign_in(BUYER)
    product = (await product_in_stock(visitor)).removeprefix("/products/")
    lines_before = (await visitor.open("/cart")).text
    await visitor.open("/quick-order")

    page = await visitor.submit(visitor.form(act="verify"), text=f"{product} 2\n{product} 1\nNO-SUCH-THING 4")

    assert "1 válida" in page.text
    assert "1 no válida" in page.text
    assert "1 unida" in page.text
    assert (await visitor.open("/cart")).text == lines_before
    await visitor.open("/quick-order")
    await visitor.submit(visitor.form(act="verify"), text=f"{product} 2\nNO-SUCH-THING 4")
    await visitor.submit(visitor.form(act="cart"), act="cart")
    assert visitor.path == "/cart"
    assert product in visitor.page.text


async def test_a_list_is_made_filled_and_ordered(visitor: Visitor) -> None:
    await visitor.sign_in(BUYER)
    product = (await product_in_stock(visitor)).removeprefix("/products/")
    await visitor.open("/lists")

    await visitor.submit(visitor.form(act="create"), name="Prueba de listas", visibility="COMPANY")
    assert visitor.path.startswith("/lists/")
    await visitor.submit(visitor.form(act="item"), sku=product, quantity="2", note="para el viernes")
    assert "para el viernes" in visitor.page.text or visitor.form(note="para el viernes")
    await visitor.submit(visitor.form(act="cart"), act="cart")

    assert visitor.path == "/cart"
    assert product in visitor.page.text


async def test_an_order_is_cancelled_with_a_reason(visitor: Visitor) -> None:
    await visitor.sign_in(BUYER)
    await visitor.open("/checkout")
    await visitor.submit(visitor.form(purchase_order=""))

    page = await visitor.submit(visitor.form(act="cancel"), 422, reason=" ")
    assert "#cancel-reason" in page.links
    page = await visitor.submit(visitor.form(act="cancel"), reason="Pedido por error")

    assert "Pedido por error" in page.text
    assert "Anulado" in page.text
    assert not [form for form in page.forms if form.fields.get("act") == "cancel"]


async def test_an_address_is_added(visitor: Visitor) -> None:
    await visitor.sign_in(COMPANY_ADMIN)
    await visitor.open("/company/addresses/new")
    form = visitor.form(label="")

    page = await visitor.submit(
        form, 422, label="Obrador", street="Calle Nueva 3", postal_code="50001", city="Zaragoza", country="Z"
    )
    assert "#country" in page.links
    page = await visitor.submit(
        visitor.form(label="Obrador"),
        label="Obrador",
        street="Calle Nueva 3",
        postal_code="50001",
        city="Zaragoza",
        country="es",
    )

    assert visitor.path == "/company"
    assert "Obrador" in page.text


# Staff


async def placed_order(visitor: Visitor) -> str:
    page = await visitor.open("/staff/orders?state=placed")
    return next(link for link in page.links if link.startswith("/staff/orders/"))


async def test_a_rep_confirms_an_order(visitor: Visitor) -> None:
    await visitor.sign_in(REP)
    order = await placed_order(visitor)
    await visitor.open(order)

    page = await visitor.submit(visitor.form(act="confirm"))

    assert "El pedido se ha confirmado." in page.text
    assert not [form for form in page.forms if form.fields.get("act") == "confirm"]


async def test_a_rep_refuses_an_order_with_a_reason(visitor: Visitor) -> None:
    await visitor.sign_in(REP)
    await visitor.open(await placed_order(visitor))

    page = await visitor.submit(visitor.form(act="refuse"), 422, reason="")
    assert "#refuse-reason" in page.links
    page = await visitor.submit(visitor.form(act="refuse"), reason="No servimos en esa zona")

    assert "No servimos en esa zona" in page.text
    assert "Rechazado" in page.text


async def test_a_rep_holds_releases_and_discounts(visitor: Visitor) -> None:
    await visitor.sign_in(REP)
    await visitor.open(await placed_order(visitor))

    page = await visitor.submit(visitor.form(act="discount"), percent="5", reason="Cliente fiel")
    assert "El descuento se ha aplicado." in page.text
    page = await visitor.submit(visitor.form(act="hold"), reason="Falta confirmar")
    assert "No se reserva nada hasta que se libere." in page.text
    page = await visitor.submit(visitor.form(act="release"), reason="Confirmado por teléfono")

    assert "El pedido se ha liberado." in page.text


async def test_two_people_at_one_order_do_not_overwrite_each_other(visitor: Visitor) -> None:
    await visitor.sign_in(REP)
    await visitor.open(await placed_order(visitor))
    stale = visitor.form(act="confirm")
    await visitor.submit(visitor.form(act="discount"), percent="3", reason="Primera persona")

    page = await visitor.submit(stale, 422)

    assert "Hay un problema" in page.text
    assert visitor.form(act="confirm")


async def test_logistics_sees_orders_without_prices_and_without_acts(visitor: Visitor) -> None:
    await visitor.sign_in(LOGISTICS)
    await visitor.open(await placed_order(visitor))

    assert "€" not in visitor.page.text
    acts = {form.fields.get("act") for form in visitor.page.forms}
    assert not acts & {"confirm", "refuse", "hold", "release", "discount", "cancel"}


# Notes on customers


@pytest.mark.parametrize(("email", "writes"), [(REP, True), (MANAGER, True), (ADMINISTRATOR, False)])
async def test_reps_and_managers_write_the_note_of_a_customer(
    visitor: Visitor, email: str, writes: bool
) -> None:
    await visitor.sign_in(email)
    customers = (await visitor.open("/staff/customers")).links
    path = next(link for link in customers if link.startswith("/staff/customers/C"))
    page = await visitor.open(path)
    if not writes:
        assert not [form for form in page.forms if form.fields.get("act") == "note"]
        return
    form = visitor.form(act="note")

    page = await visitor.submit(form, note="Paga <b>tarde</b> & mal.")

    assert "La nota se ha guardado." in page.text
    assert visitor.form(act="note").fields["note"] == "Paga <b>tarde</b> & mal."
    late = await visitor.submit(form, 422, note="Otra cosa.", key="")
    assert "La nota se ha guardado." not in late.text
    assert visitor.form(act="note").fields["note"] == "Otra cosa."
    await visitor.open(path)
    assert visitor.form(act="note").fields["note"] == "Paga <b>tarde</b> & mal."
