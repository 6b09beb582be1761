"""Lots without JavaScript: found by a scanned code, blocked, followed to who got them, asked for and kept from people."""

from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import text

from app.database import Database
from schema.ids import encode_id
from tests.storefront.visitor import FINANCE, LOGISTICS, REP, Visitor

LOTS = "/staff/lots"


@pytest.fixture
async def visitor(demo_client: AsyncClient) -> Visitor:
    return Visitor(demo_client)


async def one(demo: Database, query: str, **given: object) -> tuple[Any, ...]:
    async with demo.job() as session:
        return tuple((await session.execute(text(query), given)).one())


# A lot of which something is free, of a product with a barcode.
FREE_LOT = """
    select lot.number, product.sku, product.barcode from lot join product on product.id = lot.product_id
    join lot_balance balance on balance.lot_id = lot.id
    where lot.status = 'AVAILABLE' and balance.on_hand - balance.allocated >= 2 and product.barcode is not null
    order by lot.id limit 1
"""


async def test_a_lot_is_found_by_its_scanned_code_blocked_and_let_go(
    visitor: Visitor, demo: Database
) -> None:
    number, sku, barcode = await one(demo, FREE_LOT)
    await visitor.sign_in(LOGISTICS)
    page = await visitor.open(LOTS)
    finder = next(given for tag, given in page.tags if tag == "input" and given.get("id") == "find")
    assert {"autofocus", "inputmode", "enterkeyhint"} <= finder.keys() and finder["autocapitalize"] == "off"

    page = await visitor.open(f"{LOTS}?search=(01){barcode!s:0>14}(10){number}")

    assert "1 lote" in page.text and str(number) in page.text and str(sku) in page.text
    page = await visitor.submit(visitor.form(act="block"), reason="Tapón.")
    assert f"El lote {number} está bloqueado." in page.text
    assert visitor.form(act="unblock").fields["back"].endswith(f"(10){number}")  # where the form stood
    assert str(number) in (await visitor.open(f"{LOTS}?state=blocked&search={number}")).text
    page = await visitor.submit(visitor.form(act="unblock"), reason="Era otro.")
    assert f"El lote {number} se puede vender de nuevo." in page.text


async def test_tabs_and_who_got_a_lot(visitor: Visitor, demo: Database) -> None:
    got = """
        select lot.number, delivery.customer_name, delivery.number, delivery.order_number, product.sku,
            lot.id
        from delivery_line_lot part join lot on lot.id = part.lot_id join product on product.id = lot.product_id
        join delivery_line line on line.id = part.delivery_line_id
        join delivery on delivery.id = line.delivery_id and delivery.status = 'SHIPPED'
        order by delivery.shipped_at desc, line.id desc limit 1
    """
    number, customer, delivery, order, sku, key = await one(demo, got)
    await visitor.sign_in(LOGISTICS)
    for state in ("all", "soon", "blocked", "gone"):
        await visitor.open(f"{LOTS}?state={state}&days=oops")
    page = await visitor.open(f"{LOTS}?state=gone&search={sku}")

    path = f"{LOTS}/{encode_id('Lot', key)}"
    assert path in page.links
    page = await visitor.open(path)

    assert all(str(each) in page.text for each in (number, customer, delivery, order, sku))
    await visitor.open(f"{LOTS}/nonsense", 404)


async def test_a_rep_asks_for_lots_and_keeps_one_from_a_customer(visitor: Visitor, demo: Database) -> None:
    """On an order that reserves a product with lots; the lot that is asked for is one that keeps longest."""
    line = """
        select sales_order.number, line.id, lot.number, line.sku, sales_order.customer_number from sales_order_line line
        join sales_order on sales_order.id = line.order_id and sales_order.status in ('PLACED', 'CONFIRMED')
            and not sales_order.is_on_hold
        join sales_order_schedule_line schedule on schedule.order_line_id = line.id
        join reservation on reservation.schedule_line_id = schedule.id and reservation.released_at is null
        join product on product.id = line.product_id and product.is_lot_tracked
        join lot on lot.product_id = product.id and lot.status = 'AVAILABLE'
        join lot_balance balance on balance.lot_id = lot.id and balance.warehouse_id = reservation.warehouse_id
        join customer on customer.id = line.customer_id
        join app_user rep on rep.id = customer.sales_rep_id and rep.email = :rep
        where balance.on_hand - balance.allocated >= 1 and not exists (
            select from delivery where delivery.order_id = sales_order.id and delivery.status = 'RELEASED'
        )
        order by lot.expires_on desc nulls first, line.id limit 1
    """
    order, key, lot, sku, customer = await one(demo, line, rep=REP)
    mine = str(encode_id("OrderLine", key))
    await visitor.sign_in(REP)
    page = await visitor.open(f"/staff/orders/{order}")
    assert f"/staff/orders/{order}/lots" in page.links
    await visitor.open(f"/staff/orders/{order}/lots")

    page = await visitor.submit(visitor.form(act="request", line=mine), 422, lots="L 1 =")
    assert "Escriba los lotes así" in page.text
    page = await visitor.submit(visitor.form(act="request", line=mine), 422, lots="NADA=1")
    assert "No se ha encontrado." in page.text
    page = await visitor.submit(visitor.form(act="request", line=mine), lots=f"{lot}=1")
    assert "Se reservó lo que pidió el cliente." in page.text and str(lot) in page.text
    page = await visitor.submit(visitor.form(act="select", line=mine), selection="ONE_ELSE_LESS")
    assert "Se han guardado los cambios." in page.text

    await visitor.open(f"/staff/customers/{customer}")
    page = await visitor.submit(visitor.form(act="lot-selection"), selection="ONE_ELSE_NONE")
    assert "Se han guardado los cambios." in page.text
    ban: dict[str, Any] = {"lot-sku": str(sku), "lot-reason": "Alérgeno."}
    page = await visitor.submit(visitor.form(act="ban-lot"), 422, **(ban | {"lot-number": "NADA"}))
    assert "No se ha encontrado." in page.text
    page = await visitor.submit(visitor.form(act="ban-lot"), **(ban | {"lot-number": str(lot)}))
    assert "Este lote no se entregará nunca al cliente." in page.text and "Alérgeno." in page.text
    assert "ya no están reservados" in page.text  # what was asked for of it
    page = await visitor.submit(visitor.form(act="allow-lot"))
    assert "Este lote puede entregarse de nuevo al cliente." in page.text


async def test_who_sees_lots(visitor: Visitor, demo: Database) -> None:
    (order,) = await one(demo, "select number from sales_order order by id limit 1")
    await visitor.sign_in(FINANCE)

    for path in (LOTS, f"/staff/orders/{order}/lots"):
        await visitor.open(path, 404)
