"""Scarce stock, without JavaScript: what is waited for, who would get what, and sharing it; what is held is told."""

import pytest
from httpx import AsyncClient
from sqlalchemy import text

from app.database import Database
from tests.storefront.visitor import BUYER, LOGISTICS, REP, Visitor

# An order line loses what was reserved for it: it waits, and the goods are free.
_WAITS = text("""
    with gone as (
        update reservation set released_at = now() where id = (
            select reservation.id from reservation
            join sales_order_schedule_line schedule on schedule.id = reservation.schedule_line_id
            join sales_order_line line on line.id = schedule.order_line_id
            join sales_order on sales_order.id = line.order_id
            where released_at is null and lot_id is null and sales_order.status in ('PLACED', 'CONFIRMED')
                and not sales_order.is_on_hold and reservation.quantity = line.quantity_reserved
                and not exists (select from delivery_line where delivery_line.schedule_line_id = schedule.id)
            order by reservation.id limit 1
        ) returning product_id, warehouse_id, quantity, schedule_line_id
    ), balance as (
        update stock_balance set reserved = reserved - gone.quantity from gone
        where stock_balance.product_id = gone.product_id and stock_balance.warehouse_id = gone.warehouse_id
    ), line as (
        update sales_order_line set quantity_reserved = quantity_reserved - gone.quantity from gone
        where sales_order_line.id = (select order_line_id from sales_order_schedule_line where id = schedule_line_id)
        returning order_id
    )
    select product.sku, sales_order.number, gone.warehouse_id from gone, line, product, sales_order
    where product.id = gone.product_id and sales_order.id = line.order_id
""")
_HELD = text("""
    insert into reservation (id, customer_id, product_id, warehouse_id, kind, quantity, created_at, expires_at,
        source_kind, source_id, held_by_id, reason)
    select gen_random_uuid(), customer.id, product.id, :warehouse, 'SOFT', 1, now(), now() + interval '1 day', 'CART',
        gen_random_uuid(), (select id from app_user limit 1), 'Espera su firma'
    from customer, product where product.sku = :sku order by customer.number limit 1
""")


@pytest.fixture
async def visitor(demo_client: AsyncClient) -> Visitor:
    return Visitor(demo_client)


async def test_what_is_scarce_is_tried_and_shared(visitor: Visitor, demo: Database) -> None:
    async with demo.job() as session:
        sku, number, warehouse = (await session.execute(_WAITS)).one()
        await session.execute(_HELD, {"sku": sku, "warehouse": warehouse})
    await visitor.sign_in(LOGISTICS)
    page = await visitor.open("/staff/scarce")
    link = next(each for each in page.links if each == f"/staff/scarce?sku={sku}")
    page = await visitor.open(link)
    assert f"/staff/orders/{number}" in page.links and "Por la prioridad de los clientes" in page.text
    assert "Espera su firma" in page.text, "what is held says why"

    page = await visitor.submit(visitor.form(act="try"), policy="EQUALLY")
    assert "Quién recibiría qué" in page.text and number in page.text
    page = await visitor.submit(visitor.form(act="share"))

    assert "1 línea recibió mercancía." in page.text and "Nadie lo espera" in page.text
    grid = await visitor.open(f"/staff/availability?lines={sku}%201")
    assert "1 retenidos" in grid.text and "Espera su firma" in grid.text


async def test_a_number_nobody_knows_is_said_at_its_field(visitor: Visitor) -> None:
    await visitor.sign_in(LOGISTICS)

    page = await visitor.open("/staff/scarce?sku=NO-HAY", 422)

    assert [given["id"] for _, given in page.tags if given.get("aria-invalid") == "true"] == ["sku"]
    assert "Ningún artículo tiene esta referencia." in page.text


@pytest.mark.parametrize("email", [BUYER, REP])
async def test_others_have_no_such_page(visitor: Visitor, email: str) -> None:
    await visitor.sign_in(email)

    await visitor.check_absent("/staff/scarce")
