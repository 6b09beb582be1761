"""
Purchase orders of a file that another system sent and that are still to come, a line in each row.

A row tells a line as a whole: what was ordered, for when, and what the supplier said. Once goods came or a customer's
order counts on a line, only the purchase desk changes it, because promises hang on it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from jobs.imports_base import (
    Fate,
    Ground,
    Plan,
    Touched,
    Trail,
    codes_of,
    look_up,
    needed,
    not_changed,
    products_by_sku,
)
from models.base import new_id
from models.bulk import insert_rows, update_rows
from models.imports_reads import (
    offers_of,
    purchase_lines_of,
    purchase_orders_by_number,
    suppliers_by_id,
    suppliers_by_number,
)
from models.products import UnitOfMeasure
from models.purchasing import PurchaseOrder, PurchaseOrderLine, PurchaseScheduleLine
from models.stock import Warehouse
from resolvers.purchasing_acts import DEFAULT_SERIES, LINES_MAX, purchase_series, warehouse_address
from rules.imports import ImportRow, fault
from rules.money import ZERO
from rules.purchasing import quantity_receivable
from rules.quantities import plain
from rules.refusals import ErrorCode, Refusal
from rules.states import ProductKind, PurchaseOrderStatus

_COMING = (PurchaseOrderStatus.SENT, PurchaseOrderStatus.CONFIRMED)


@dataclass(slots=True)
class _Order:
    """A purchase order as the batch leaves it; `lines` are the stored ones, by product."""

    id: UUID
    number: str
    supplier: Any
    warehouse: Any
    status: PurchaseOrderStatus
    version: int = 1
    confirmed_at: datetime | None = None
    requested_on: date = date.max
    lines: dict[UUID, Any] = field(default_factory=dict)
    last: int = 0
    is_new: bool = False
    is_changed: bool = False


@dataclass(slots=True)
class _Facts:
    """What a batch is compared with, and becomes."""

    products: Mapping[str, Any]
    suppliers: Mapping[str, Any]
    warehouses: Mapping[str, Any]
    decimals: Mapping[str, Any]
    offers: Mapping[tuple[UUID, UUID], Any]
    own_number: re.Pattern[str]
    orders: dict[str, _Order]
    new_lines: list[dict[str, Any]] = field(default_factory=list)
    new_parts: list[dict[str, Any]] = field(default_factory=list)
    lines: list[dict[str, Any]] = field(default_factory=list)
    parts: list[dict[str, Any]] = field(default_factory=list)


async def _facts(session: AsyncSession, ground: Ground, rows: Sequence[ImportRow]) -> _Facts:
    """With the orders locked in everybody's order, unless nothing is going to be stored."""
    seller_id = ground.seller.id
    numbers = sorted({str(row.values["number"]) for row in rows})
    named = sorted({str(row.values["supplier"]) for row in rows if row.values.get("supplier")})
    suppliers = {row.code: row for row in await session.execute(suppliers_by_number(seller_id, named))}
    statement = purchase_orders_by_number(seller_id, numbers)
    if not ground.is_verify_only:
        statement = statement.with_for_update()
    stored = (await session.execute(statement)).all()
    if "warehouses" not in ground.memory:
        places = select(Warehouse.id, Warehouse.code, Warehouse.name, Warehouse.city).where(
            Warehouse.seller_id == seller_id
        )
        ground.memory["warehouses"] = {row.code: row for row in await session.execute(places)}
        series = (await session.execute(purchase_series(seller_id))).first()
        ground.memory["prefix"] = (series or DEFAULT_SERIES)[0]
    warehouses = ground.memory["warehouses"]
    by_place = {row.id: row for row in warehouses.values()}
    by_id = {
        row.id: row for row in await session.execute(suppliers_by_id([each.supplier_id for each in stored]))
    }
    offers = await session.execute(offers_of([each.id for each in suppliers.values()] + list(by_id)))
    facts = _Facts(
        await products_by_sku(session, ground, rows),
        suppliers,
        warehouses,
        await codes_of(session, ground, "unit", select(UnitOfMeasure.code, UnitOfMeasure.decimals)),
        {(row.supplier_id, row.product_id): row for row in offers},
        re.compile(rf"{re.escape(ground.memory['prefix'])}-[0-9]{{4}}-[0-9]+"),
        {
            row.number: _Order(
                row.id, row.number, by_id[row.supplier_id], by_place.get(row.warehouse_id),
                PurchaseOrderStatus(row.status), row.version, row.confirmed_at,
            )
            for row in stored
        },
    )  # fmt: skip
    orders = {each.id: each for each in facts.orders.values()}
    for line in await session.execute(purchase_lines_of(list(orders))):
        order = orders[line.purchase_order_id]
        order.lines[line.product_id] = line
        order.last = max(order.last, line.position)
    return facts


def _refusal_of_order(order: _Order) -> Refusal | None:
    """Why no row of it is taken at all."""
    if order.warehouse is None:
        text = "{number} goes to a customer: it is not imported."
        return fault(ErrorCode.INVALID, "number", text, number=order.number)
    if order.status is PurchaseOrderStatus.DRAFT:
        text = "{number} was not sent yet: it is not imported."
        return fault(ErrorCode.INVALID_TRANSITION, "number", text, number=order.number)
    return None


def _order_of(row: ImportRow, facts: _Facts, faults: list[Refusal]) -> _Order | None:
    """The row's order, which may be one that it makes; it is not among the batch's before its line is sound."""
    number = str(row.values["number"])
    supplier = look_up(row, "supplier", facts.suppliers, faults)
    warehouse = look_up(row, "warehouse", facts.warehouses, faults)
    order = facts.orders.get(number)
    if order is None:
        faults += [needed(column) for column in ("supplier", "warehouse") if column not in row.values]
        if facts.own_number.fullmatch(number):
            text = "{number} is a number of our own, and there is no such order."
            faults.append(fault(ErrorCode.NOT_FOUND, "number", text, number=number))
        if supplier is None or warehouse is None:
            return None
        return _Order(new_id(), number, supplier, warehouse, PurchaseOrderStatus.SENT, is_new=True)
    refusal = _refusal_of_order(order)
    if refusal is not None:
        faults.append(refusal)
        return None
    if supplier is not None and supplier.id != order.supplier.id:
        faults.append(not_changed("supplier"))
    if warehouse is not None and warehouse.id != order.warehouse.id:
        faults.append(not_changed("warehouse"))
    return order


def _product_of(row: ImportRow, facts: _Facts, faults: list[Refusal]) -> Any:
    product = look_up(row, "sku", facts.products, faults)
    if product is None:
        return None
    if product.kind == ProductKind.SERVICE:
        faults.append(fault(ErrorCode.INVALID, "sku", "A service is not bought for stock."))
    quantity, decimals = row.values["quantity"], facts.decimals[product.unit_code]
    assert isinstance(quantity, Decimal)
    if quantity != round(quantity, decimals):
        text = "“{value}” has more than {limit} decimals."
        faults.append(
            fault(ErrorCode.QUANTITY_INVALID, "quantity", text, value=plain(quantity), limit=decimals)
        )
    return product


def _values(
    row: ImportRow, order: _Order, product: Any, facts: _Facts
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The columns of the line and of its one part that the row tells."""
    quantity = row.values["quantity"]
    assert isinstance(quantity, Decimal)
    most = quantity_receivable(
        quantity, order.supplier.over_receipt_percent, facts.decimals[product.unit_code]
    )
    line: dict[str, Any] = {"quantity_ordered": quantity, "quantity_receivable": most}
    part: dict[str, Any] = {"quantity": quantity, "requested_on": row.values["requested_on"]}
    if "price" in row.values:
        line["unit_price"] = row.values["price"]
    if "confirmed_on" in row.values:
        part["confirmed_on"] = row.values["confirmed_on"]
    return line, part


def _differing(row: ImportRow, stored: Any) -> str | None:
    """The first column in which the row tells something else than is stored."""
    known = {"quantity": stored.quantity_ordered, "requested_on": stored.requested_on,
             "confirmed_on": stored.confirmed_on, "price": stored.unit_price}  # fmt: skip
    return next((name for name, value in known.items() if row.values.get(name, value) != value), None)


def _apply(ground: Ground, row: ImportRow, order: _Order, product: Any, facts: _Facts) -> Fate:
    """
    Puts a row's line into its order.

    Raises:
        Refusal(INVALID_TRANSITION): the order has ended, or the line is the purchase desk's by now.
        Refusal(LIMIT_EXCEEDED): the order is full.
    """
    stored = order.lines.get(product.id)
    differing = None if stored is None else _differing(row, stored)
    if stored is not None and differing is None:
        return Fate.UNCHANGED
    if order.status not in _COMING:
        text = "Nothing more comes of {number}."
        raise fault(ErrorCode.INVALID_TRANSITION, differing or "number", text, number=order.number)
    line, part = _values(row, order, product, facts)
    if stored is None:
        _add_line(order, product, line, part, facts)
    else:
        if (
            stored.quantity_received or stored.quantity_cancelled or stored.quantity_pegged
            or stored.parts != 1
        ):  # fmt: skip
            text = "Goods of it came, or orders count on it: it is changed at the purchase desk only."
            raise fault(ErrorCode.INVALID_TRANSITION, str(differing), text)
        facts.lines.append({"id": stored.id, "unit_price": stored.unit_price} | line)
        facts.parts.append({"purchase_order_line_id": stored.id, "confirmed_on": stored.confirmed_on} | part)
    order.is_changed = True
    order.requested_on = min(order.requested_on, part["requested_on"])
    if part.get("confirmed_on") is not None:
        order.status, order.confirmed_at = PurchaseOrderStatus.CONFIRMED, ground.now
    return Fate.CREATED if stored is None else Fate.CHANGED


def _add_line(order: _Order, product: Any, line: dict[str, Any], part: dict[str, Any], facts: _Facts) -> None:
    if order.last >= LINES_MAX:
        text = "A purchase order has {limit} lines at most."
        raise fault(ErrorCode.LIMIT_EXCEEDED, "number", text, limit=LINES_MAX)
    order.last += 1
    offer = facts.offers.get((order.supplier.id, product.id))
    line_id = new_id()
    facts.new_lines.append({
        "id": line_id, "purchase_order_id": order.id, "position": order.last, "product_id": product.id,
        "sku": product.sku, "supplier_sku": offer.supplier_sku if offer else "", "description": product.name,
        "unit_code": product.unit_code, "unit_price": offer.unit_price if offer else None,
    } | line)  # fmt: skip
    facts.new_parts.append({
        "id": new_id(), "purchase_order_line_id": line_id, "position": 1, "quantity_received": ZERO,
        "confirmed_on": None,
    } | part)  # fmt: skip


async def plan_purchase_orders(session: AsyncSession, ground: Ground, rows: Sequence[ImportRow]) -> Plan:
    """Orders and lines that are new, and lines that differ and on which nothing hangs yet."""
    plan = Plan()
    sound = plan.sound(rows)
    facts = await _facts(session, ground, sound)
    for row in sound:
        faults: list[Refusal] = []
        order, product = _order_of(row, facts, faults), _product_of(row, facts, faults)
        if faults:
            plan.refuse(row, *faults)
            continue
        assert order is not None and product is not None, "what is not found is a fault"
        try:
            plan.fates[row.number] = _apply(ground, row, order, product, facts)
        except Refusal as refusal:
            plan.refuse(row, refusal)
        else:
            facts.orders[order.number] = order
    plan.writes.append(lambda session: _write(session, ground, facts))
    return plan


def _new_order(ground: Ground, order: _Order) -> dict[str, Any]:
    supplier, place = order.supplier, order.warehouse
    return {
        "id": order.id, "seller_id": ground.seller.id, "number": order.number, "supplier_id": supplier.id,
        "warehouse_id": place.id, "status": order.status, "requested_on": order.requested_on,
        "created_at": ground.now, "created_by_id": ground.actor_id, "sent_at": ground.now,
        "confirmed_at": order.confirmed_at, "supplier_code": supplier.code, "supplier_name": supplier.name,
        "supplier_email": supplier.email, "locale": supplier.locale, "currency": supplier.currency,
        "transport_days": supplier.transport_days,
        "delivery_address": warehouse_address(ground.seller, place.name, place.city),
    }  # fmt: skip


async def _write(session: AsyncSession, ground: Ground, facts: _Facts) -> None:
    orders = [each for each in facts.orders.values() if each.is_changed]
    new = [_new_order(ground, each) for each in orders if each.is_new]
    changed = [
        {"id": each.id, "status": each.status, "confirmed_at": each.confirmed_at}
        for each in orders
        if not each.is_new
    ]
    await insert_rows(session, PurchaseOrder, new)
    await update_rows(session, PurchaseOrder, ("id",), changed, version=PurchaseOrder.version + 1)
    await insert_rows(session, PurchaseOrderLine, facts.new_lines)
    await update_rows(session, PurchaseOrderLine, ("id",), facts.lines)
    await insert_rows(session, PurchaseScheduleLine, facts.new_parts)
    await update_rows(session, PurchaseScheduleLine, ("purchase_order_line_id",), facts.parts)
    touched = [Touched(each.id, each.version + (not each.is_new)) for each in orders]
    await Trail(ground, "purchaseOrder.imported", "PurchaseOrder").write(session, touched)
