"""The delivery note, and before it has left the list of what to pick."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from babel.dates import format_date
from babel.numbers import format_decimal

from app.papers.routes import Paper, PaperKind
from auth.permissions import Permission
from models.deliveries_reads import DeliveryLineRow, DeliveryLotRow, DeliveryRow
from resolvers.context import Context
from resolvers.customers import seller
from resolvers.deliveries import deliveries_by_id, has_paper, lines_by_delivery, lots_by_delivery_line
from resolvers.stock import warehouses_by_id
from rules.documents import DocumentAddress, DocumentDeliveryTerms
from rules.states import DeliveryStatus


async def delivery_paper(ctx: Context, delivery_id: UUID) -> Paper | None:
    """As the delivery copied it; lots as far as the viewer may read them, who gets the same paper as their page."""
    row = await ctx.load(deliveries_by_id, delivery_id)
    if row is None or not has_paper(ctx, row):
        return None
    lines = await ctx.load(lines_by_delivery, row.id)
    may_see_lots = ctx.user.may(Permission.LOTS_READ) or ctx.user.may(Permission.ORDERS_PLACE)
    lots = (
        await ctx.loader(lots_by_delivery_line).load_many([line.id for line in lines])
        if may_see_lots
        else [[] for _ in lines]
    )
    us, place = await seller(ctx), row.warehouse_id
    warehouse = None if place is None else await ctx.load(warehouses_by_id, place)
    address = DocumentAddress.from_json(row.delivery_address)
    terms = DocumentDeliveryTerms.from_json(row.delivery_terms)
    left_at = row.shipped_at or row.released_at
    data = {
        "locale": row.locale,
        "title": "delivery_note" if row.status is DeliveryStatus.SHIPPED else "picking_list",
        "number": row.number,
        "seller": {
            "name": us.name,
            "tax_id": us.tax_id,
            "contact": us.email,
            "lines": [us.street, f"{us.postal_code} {us.city}"],
        },
        "customer": {"name": row.customer_name, "lines": [row.customer_number]},
        "address": {
            "name": address.name,
            "lines": [
                address.street,
                f"{address.postal_code} {address.city}",
                f"{address.region} {address.country}".strip(),
                address.phone,
            ],
        },
        "day": _day(left_at.astimezone(ctx.zone).date(), row.locale),
        "planned": _day(row.planned_on, row.locale),
        "order": row.order_number,
        "purchase_order": row.purchase_order_number,
        "terms": f"{terms.incoterm} {terms.place}".strip(),
        "carrier": row.carrier,
        "tracking": row.tracking_number,
        "warehouse": "" if warehouse is None else f"{warehouse.code} {warehouse.name}",
        "lines": [_line(line, found, row) for line, found in zip(lines, lots, strict=True)],
    }
    return Paper(row.number, "delivery_note.typ", data, left_at)


def _line(line: DeliveryLineRow, lots: list[DeliveryLotRow], delivery: DeliveryRow) -> dict[str, object]:
    locale = delivery.locale
    return {
        "sku": line.sku,
        "own": line.customer_item_number or "",
        "description": line.description,
        "quantity": _number(line.quantity, locale),
        "unit": line.unit_code,
        "lots": [
            {
                "number": lot.lot_number,
                "quantity": _number(lot.quantity, locale),
                "expires": "" if lot.expires_on is None else _day(lot.expires_on, locale),
            }
            for lot in lots
        ],
    }


def _day(day: date, locale: str) -> str:
    return format_date(day, "long", locale=locale)


def _number(quantity: Decimal, locale: str) -> str:
    return format_decimal(quantity.normalize(), locale=locale, decimal_quantization=False)


DELIVERIES = PaperKind("deliveries", "Delivery", Permission.DELIVERIES_READ, delivery_paper)
