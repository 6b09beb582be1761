"""The purchase desk without JavaScript: a supplier, what is lacking, an order sent, confirmed and taken in."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import select, text

from app.database import Database
from models.products import Product
from models.purchasing import Supplier, SupplierProduct
from models.stock import Warehouse
from models.users import User
from resolvers.purchasing_acts import PurchaseLineWanted, create_purchase_order
from storefront.staff.purchasing import pegs_of
from tests import factories as make
from tests.storefront.visitor import LOGISTICS, REP, Visitor

DESK, SUPPLIERS = "/staff/purchasing", "/staff/suppliers"


@pytest.fixture
async def visitor(demo_client: AsyncClient) -> Visitor:
    return Visitor(demo_client)


async def test_a_supplier_is_kept(visitor: Visitor) -> None:
    await visitor.sign_in(LOGISTICS)
    await visitor.open(SUPPLIERS)

    page = await visitor.submit(
        visitor.form(act="create"), code="NORTE", name="Vinos del Norte", email="p@norte.example", days="5"
    )
    assert "Se guardó el proveedor NORTE." in page.text and "5 días desde el pedido" in page.text
    await visitor.open(f"{SUPPLIERS}?search=NORTE")
    page = await visitor.submit(visitor.form(act="product"), sku="NADA")
    assert "Ningún artículo tiene esta referencia." in page.text
    await visitor.open(f"{SUPPLIERS}?search=NORTE")
    page = await visitor.submit(visitor.form(act="retire"))
    assert "Se dio de baja el proveedor NORTE." in page.text


async def test_a_rep_sees_no_purchasing(visitor: Visitor) -> None:
    await visitor.sign_in(REP)

    for path in (DESK, SUPPLIERS, "/staff/orders/SO-2026-000869/direct"):
        await visitor.open(path, 404)


async def test_the_desk_has_its_tabs(visitor: Visitor) -> None:
    await visitor.sign_in(LOGISTICS)

    page = await visitor.open(DESK)
    assert "Por comprar" in page.text
    for state, numbers in (("open", {1, 2, 3, 4, 5}), ("late", {1, 2, 3, 4, 5}), ("ended", set())):
        page = await visitor.open(f"{DESK}?state={state}")
        assert set(re.findall(r"PO-2026-00000(\d)", page.text)) == {str(each) for each in numbers}, state
    await visitor.open(f"{DESK}/PO-2026-000404", 404)


async def test_what_is_lacking_is_ordered_with_one_click(visitor: Visitor) -> None:
    """Of a purchase order that is called off the sales orders lack their goods again, and the desk proposes them."""
    await visitor.sign_in(LOGISTICS)
    await visitor.open(f"{DESK}/PO-2026-000003")
    page = await visitor.submit(visitor.form(act="cancel"), reason="Sin cosecha")
    assert "indique que estos se quedan sin proveedor" in page.text
    page = await visitor.submit(visitor.form(act="cancel"), reason="Sin cosecha", pegs="1")
    assert "Se anuló el pedido de compra" in page.text and "Sin cosecha" in page.text

    await visitor.open(DESK)
    page = await visitor.submit(visitor.form(act="create"), send="1")

    assert "Se creó y envió el pedido de compra PO-2026-000006." in page.text
    assert "En el proveedor" in page.text and len(set(re.findall(r"→ (SO-\d{4}-\d{6})", page.text))) == 1


async def test_fewer_goods_are_meant_for_those_who_need_them_first() -> None:
    assert pegs_of("A=4;B=3.5;", "5") == [
        {"orderLineId": "A", "quantity": "4"}, {"orderLineId": "B", "quantity": "1"},
    ]  # fmt: skip
    assert pegs_of("A=4;B=3.5;", "4") == [{"orderLineId": "A", "quantity": "4"}]
    assert pegs_of("A=x;=;", "4") == []


async def test_goods_are_meant_for_an_order_and_freed(visitor: Visitor) -> None:
    await visitor.sign_in(LOGISTICS)
    page = await visitor.open(f"{DESK}/PO-2026-000003")
    free = visitor.form(act="peg", quantity="0")
    number = re.search(r"→ (SO-\d{4}-\d{6})", page.text)
    assert number is not None

    page = await visitor.submit(free)
    assert "Se anotó a qué se destina PO-2026-000003." in page.text
    line = visitor.form(act="peg", sku="OLL-0410")
    page = await visitor.submit(line, 422, sales="SO-2026-000404", quantity="1")
    assert "SO-2026-000404 no tiene ninguna línea de OLL-0410." in page.text
    page = await visitor.submit(line, 422, sales=number[1], quantity="999")
    assert f"peg-quantity-{line.fields['line']}-error" in visitor.html
    page = await visitor.submit(line, sales=number[1], quantity="1")
    assert f"→ {number[1]}" in page.text
    page = await visitor.open(f"/staff/orders/{number[1]}")
    assert "según el proveedor" in page.text


async def test_what_came_is_scanned_and_taken_in_by_lot(visitor: Visitor) -> None:
    await visitor.sign_in(LOGISTICS)
    here = f"{DESK}/PO-2026-000001"
    page = await visitor.open(f"{here}?scan=NADA", 422)
    assert "De NADA no llega nada más en este pedido." in page.text
    await visitor.open(f"{here}?scan=cho-0420")
    form = visitor.form(act="receive")
    line = form.fields["line"]
    two: dict[str, Any] = {
        "line": [line, line],
        "lot": ["L-1", "L-2"],
        "expires": ["2031-01-31", "2031-02-28"],
    }

    page = await visitor.submit(form, 422, **two, quantity=["5", "8"])
    assert "Se pueden recibir entre 0 y" in page.text and 'id="came-2-error"' in visitor.html
    assert 'value="L-2"' in visitor.html and 'value="2031-02-28"' in visitor.html
    page = await visitor.submit(
        visitor.form(act="receive"), 422, **two | {"lot": ["L-1", ""]}, quantity=["5", "7"]
    )
    assert 'id="lot-2-error"' in visitor.html
    page = await visitor.submit(visitor.form(act="receive"), **two, quantity=["5", "7"])
    assert "llegaron 12, faltan 0" in page.text


async def test_a_supplier_delivers_to_the_customer(visitor: Visitor, demo: Database) -> None:
    statement = text(
        "select o.number, l.sku from sales_order o join sales_order_line l on l.order_id = o.id"
        " join supplier_product s on s.product_id = l.product_id where o.status = 'CONFIRMED' and not o.is_on_hold"
        " and l.quantity_shipped = 0 and not exists (select from delivery d where d.order_id = o.id)"
        " and not exists (select from purchase_order p where p.sales_order_id = o.id) order by o.number limit 1"
    )
    async with demo.job() as session:
        number, sku = (await session.execute(statement)).one()
    await visitor.sign_in(LOGISTICS)
    await visitor.open(f"/staff/orders/{number}")
    assert f"/staff/orders/{number}/direct" in visitor.page.links
    page = await visitor.open(f"/staff/orders/{number}/direct")
    assert sku in page.text

    form = visitor.form(act="create")
    page = await visitor.submit(form, 422, quantity="99999")
    assert "-error" in visitor.html
    page = await visitor.submit(visitor.form(act="create"), quantity=form.fields["quantity"])

    assert "Se creó el pedido de compra PO-2026-000006." in page.text and number in page.text
    await visitor.open(f"/staff/orders/{number}/direct")
    assert form.fields["line"] not in visitor.html, "what a supplier is to deliver is not offered again"


async def test_an_order_is_sent_confirmed_and_taken_in(visitor: Visitor, demo: Database) -> None:
    """The page of one order, on one that stands already; how it comes about is the API's test."""
    async with demo.job() as session:
        product = (
            await session.scalars(select(Product).where(~Product.is_lot_tracked, Product.kind == "GOODS"))
        ).first()
        user = (await session.scalars(select(User).where(User.email == LOGISTICS))).one()
        place = await session.scalar(select(Warehouse.id).order_by(Warehouse.priority))
        assert product is not None and place is not None
        supplier = Supplier(
            seller_id=product.seller_id, code="EBRO", name="Ebro", currency="EUR", email="", locale="es",
            lead_time_days=3, created_at=make.MOMENT,
        )  # fmt: skip
        await make.add(session, supplier)
        one = Decimal(1)
        offer = SupplierProduct(
            supplier_id=supplier.id, product_id=product.id, minimum_quantity=one, multiple_quantity=one,
            is_preferred=True,
        )  # fmt: skip
        await make.add(session, offer)
    viewer, lines = await make.viewer_of(demo, user), [PurchaseLineWanted(product.id, Decimal(6))]
    await make.do(
        demo, viewer, lambda ctx: create_purchase_order(ctx, supplier.id, place, lines), datetime.now(UTC)
    )
    await visitor.sign_in(LOGISTICS)
    page = await visitor.open(f"{DESK}?state=open&search=Ebro")
    assert "Ebro" in page.text and "Borrador" in page.text
    number = re.search(r"PO-\d{4}-\d{6}", page.text)
    assert number is not None

    await visitor.open(f"{DESK}/{number[0]}")
    page = await visitor.submit(visitor.form(act="send"))
    assert "Se envió el pedido de compra" in page.text and "envíe usted el pedido" in page.text
    page = await visitor.submit(visitor.form(act="confirm"), reference="E-9")
    assert "Confirmado por el proveedor" in page.text and "E-9" in page.text
    page = await visitor.submit(visitor.form(act="receive"), 422, quantity="7")
    assert "Se pueden recibir entre 0 y 6" in page.text and 'id="came-1-error"' in visitor.html
    page = await visitor.submit(visitor.form(act="receive"), 422, quantity="4", short="1")
    assert "Diga por qué no llega nada más." in page.text
    await visitor.open(visitor.path)
    page = await visitor.submit(visitor.form(act="receive"), quantity="4", note="A-7")
    assert "llegaron 4, faltan 2" in page.text and "A-7" in page.text
    page = await visitor.submit(
        visitor.form(act="receive"), quantity="1", short="1", why="Rotura en el almacén"
    )
    assert "llegaron 5, faltan 0" in page.text and "Rotura en el almacén" in page.text
    assert "Cerrado" in page.text
