"""The purchase desk without JavaScript: a supplier, what is lacking, an order sent, confirmed and taken in."""

import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from httpx import AsyncClient
from sqlalchemy import select

from app.database import Database
from models.products import Product
from models.purchasing import Supplier, SupplierProduct
from models.stock import Warehouse
from models.users import User
from resolvers.purchasing_acts import PurchaseLineWanted, create_purchase_order
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
    page = await visitor.submit(visitor.form(act="product"), sku="NADA")
    assert "Ningún artículo tiene esta referencia." in page.text
    page = await visitor.submit(visitor.form(act="retire"))
    assert "Se dio de baja el proveedor NORTE." in page.text


async def test_a_rep_sees_no_purchasing(visitor: Visitor) -> None:
    await visitor.sign_in(REP)

    for path in (DESK, SUPPLIERS):
        await visitor.open(path, 404)


async def test_the_desk_has_its_tabs(visitor: Visitor) -> None:
    await visitor.sign_in(LOGISTICS)

    page = await visitor.open(DESK)
    assert "No falta nada" in page.text
    for state in ("open", "late", "ended"):
        page = await visitor.open(f"{DESK}?state={state}")
        assert "No hay pedidos de compra aquí" in page.text
    await visitor.open(f"{DESK}/PO-2026-000404", 404)


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
    page = await visitor.open(f"{DESK}?state=open")
    assert "Ebro" in page.text and "Borrador" in page.text
    number = re.search(r"PO-\d{4}-\d{6}", page.text)
    assert number is not None

    await visitor.open(f"{DESK}/{number[0]}")
    page = await visitor.submit(visitor.form(act="send"))
    assert "Se envió el pedido de compra" in page.text and "envíe usted el pedido" in page.text
    page = await visitor.submit(visitor.form(act="confirm"), reference="E-9")
    assert "Confirmado por el proveedor" in page.text and "E-9" in page.text
    page = await visitor.submit(visitor.form(act="receive"), quantity="7")
    assert "Se pueden recibir entre 0 y 6" in page.text
    page = await visitor.submit(visitor.form(act="receive"), quantity="4", note="A-7")
    assert "llegaron 4, faltan 2" in page.text and "A-7" in page.text
    page = await visitor.submit(visitor.form(act="close"), reason="No hay más")
    assert "Se cerró el pedido de compra" in page.text
