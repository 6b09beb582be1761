"""What tests of invoices share: orders that are placed and shipped, drafts, and issued invoices."""

from decimal import Decimal
from itertools import count
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from auth.permissions import Viewer
from models.base import new_id
from models.deliveries import Delivery, DeliveryLine
from models.invariants import INVARIANTS
from models.orders import SalesOrder, SalesOrderLine, SalesOrderScheduleLine
from models.stock import StockMove
from rules.states import DeliveryStatus, LineKind, StockMoveKind
from schema.ids import decode_id, encode_id
from tests.schema.shop import NOW, Shop

_numbers = count(1)

INVOICE = """ id number status kind type version issuedOn dueOn state isOverdue reason buyerStatus buyerReason
  netAmount { amount } taxAmount { amount } surchargeAmount { amount } grossAmount { amount currency }
  openAmount { amount } allowedActions supplied: suppliedOn customerName purchaseOrderNumber
  lines { id sku quantity quantityCredited taxCategory taxPercent surchargePercent
          netAmount { amount } taxAmount { amount } grossAmount { amount } orderNumber deliveryNumber }
  taxGroups { category percent surchargePercent qualification exemptionCode
              base { amount } tax { amount } surcharge { amount } }
  instalments { id dueOn amount { amount } amountMatched { amount } openAmount { amount } state }
  record { position hash previousHash hashedText }
"""

HEAD = "id number status type version issuedOn grossAmount { amount }"


async def ship(
    shop: Shop, order_id: str, *quantities: int | str, when: Any = NOW, number: str | None = None
) -> str:
    """A shipped delivery of an order's lines, in their order (all of them where nothing is said); its global id."""
    key = decode_id(order_id, "Order")
    async with shop.database.job() as session:
        order = await session.get_one(SalesOrder, key)
        lines = list(
            await session.scalars(
                select(SalesOrderLine).where(SalesOrderLine.order_id == key).order_by(SalesOrderLine.position)
            )
        )
        warehouse = await session.scalar(
            text("select id from warehouse where seller_id = :seller order by code"),
            {"seller": order.seller_id},
        )
        delivery = Delivery(
            id=new_id(), seller_id=order.seller_id, number=number or f"DN-{next(_numbers):06}",
            customer_id=order.customer_id, order_id=order.id, warehouse_id=warehouse,
            status=DeliveryStatus.SHIPPED, locale=order.locale, planned_on=when.date(), released_at=when,
            released_by_id=order.placed_by_id, shipped_at=when, shipped_by_id=order.placed_by_id,
            order_number=order.number, customer_number=order.customer_number,
            customer_name=order.customer_name, delivery_address=order.delivery_address,
            delivery_terms=order.delivery_terms,
        )  # fmt: skip
        session.add(delivery)
        await session.flush()
        given = [Decimal(each) for each in quantities]
        for position, line in enumerate(lines, start=1):
            goods = line.kind == LineKind.GOODS
            everything = line.quantity_ordered - line.quantity_cancelled - line.quantity_shipped
            quantity = given[position - 1] if given else (everything if goods else Decimal(0))
            if quantity:
                await _ship_line(session, delivery, line, position, quantity)
    return encode_id("Delivery", delivery.id)


async def _ship_line(
    session: Any, delivery: Delivery, line: SalesOrderLine, position: int, quantity: Decimal
) -> None:
    schedule = await session.scalar(
        select(SalesOrderScheduleLine).where(SalesOrderScheduleLine.order_line_id == line.id)
    )
    session.add(
        DeliveryLine(
            id=new_id(), delivery_id=delivery.id, customer_id=line.customer_id, position=position,
            order_line_id=line.id, schedule_line_id=schedule.id, product_id=line.product_id, sku=line.sku,
            customer_item_number=line.customer_item_number, description=line.description,
            unit_code=line.unit_code, quantity=quantity,
        )
    )  # fmt: skip
    held = {"schedule": schedule.id, "quantity": quantity, "product": line.product_id,
            "warehouse": delivery.warehouse_id, "now": delivery.shipped_at}  # fmt: skip
    if line.quantity_reserved:
        await session.execute(
            text(
                "update reservation set quantity = quantity - :quantity where schedule_line_id = :schedule"
                " and released_at is null and quantity > :quantity"
            ),
            held,
        )
        await session.execute(
            text(
                "update reservation set released_at = :now where schedule_line_id = :schedule"
                " and released_at is null and quantity = :quantity and :left = 0"
            ),
            held | {"left": line.quantity_reserved - quantity},
        )
        await session.execute(
            text(
                "update stock_balance set on_hand = on_hand - :quantity, reserved = reserved - :quantity"
                " where product_id = :product and warehouse_id = :warehouse"
            ),
            held,
        )
        session.add(
            StockMove(month=delivery.planned_on.replace(day=1), product_id=line.product_id,
                      warehouse_id=delivery.warehouse_id, kind=StockMoveKind.ISSUE, quantity=-quantity,
                      occurred_at=delivery.shipped_at, reference=delivery.number)
        )  # fmt: skip
        line.quantity_reserved -= quantity
    line.quantity_shipped += quantity
    await session.flush()


async def ordered(shop: Shop, *lines: Any, buyer: Viewer | None = None, **given: Any) -> dict[str, Any]:
    """An order of (product, quantity) lines."""
    viewer = buyer or shop.buyer
    answer = await shop.place(viewer, await shop.fill(viewer, *lines), **given)
    assert answer["errors"] == [], answer["errors"]
    order: dict[str, Any] = answer["order"]
    return order


_keys = count(1)


async def act(
    shop: Shop, viewer: Viewer, mutation: str, directives: str = "", **given: Any
) -> dict[str, Any]:
    """An act on invoices; the payload."""
    name = mutation[0].upper() + mutation[1:] + "Input"
    many = mutation in ("createInvoices", "issueInvoices")
    field = f"invoices {{ {HEAD} }}" if many else f"invoice {{ {INVOICE} }}"
    document = f"""mutation Act($input: {name}!) {{ {mutation}(input: $input) {directives} {{
        {field} errors {{ code message path }} warnings {{ code message path }} replayed }} }}"""
    answer = await shop.data(viewer, document, f"invoicing-{next(_keys)}", input=given)
    payload: dict[str, Any] = answer[mutation]
    return payload


async def read(shop: Shop, viewer: Viewer, invoice_id: str) -> dict[str, Any]:
    """The invoice as the viewer sees it."""
    answer = await shop.data(
        viewer, f"query($id: ID!) {{ invoice(by: {{id: $id}}) {{ {INVOICE} }} }}", id=invoice_id
    )
    found: dict[str, Any] = answer["invoice"]
    return found


async def drafted(shop: Shop, **given: Any) -> list[dict[str, Any]]:
    payload = await act(shop, shop.finance, "createInvoices", **given)
    assert payload["errors"] == [], payload["errors"]
    return [await read(shop, shop.finance, each["id"]) for each in payload["invoices"]]


async def issued(shop: Shop, *drafts: dict[str, Any], **given: Any) -> list[dict[str, Any]]:
    payload = await act(
        shop, shop.finance, "issueInvoices", invoiceIds=[each["id"] for each in drafts], **given
    )
    assert payload["errors"] == [], payload["errors"]
    return [await read(shop, shop.finance, each["id"]) for each in payload["invoices"]]


async def invoiced(shop: Shop, *lines: Any, **given: Any) -> dict[str, Any]:
    """An order placed, shipped whole, invoiced and issued: the invoice."""
    order = await ordered(shop, *lines, **given)
    (draft,) = await drafted(shop, deliveryIds=[await ship(shop, order["id"])])
    (invoice,) = await issued(shop, draft)
    return invoice


async def broken_invariants(shop: Shop) -> list[str]:
    """The names of what does not hold; the shop's products are in no search."""
    async with shop.database.job() as session:
        return [
            name
            for name, query in INVARIANTS.items()
            if name != "every product is searchable"
            and (await session.execute(text(query.replace(":", r"\:")))).first() is not None
        ]


def codes(payload: dict[str, Any]) -> list[str]:
    return [each["code"] for each in payload["errors"]]


def amounts(invoice: dict[str, Any]) -> tuple[str, ...]:
    """(net, tax, surcharge, gross) as text."""
    names = ("netAmount", "taxAmount", "surchargeAmount", "grossAmount")
    return tuple(invoice[name]["amount"] for name in names)


def uuid_of(node: dict[str, Any], type_name: str = "Invoice") -> UUID:
    return decode_id(node["id"], type_name)
