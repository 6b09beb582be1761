"""The rows of orders, of the sales they became, and of the sales before the house kept orders here."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from app.demo.catalogue import Item, breaks_on, cost_on
from app.demo.company import DELIVERY_TERMS, SELLER, SELLER_NAME, SELLER_TAX_ID, staff_id
from app.demo.customers import Company
from app.demo.orders import (
    CLOSED_DAYS,
    SEASON,
    PlannedLine,
    PlannedOrder,
    season,
    shelf_of,
    some_of,
    terms_of,
)
from app.demo.seeds import MADRID, Rows, chance, key, moment, month_of, pick, working_day
from app.demo.stock import add_reservation
from models.customers import CustomerItemNumber
from models.events import AuditEvent
from models.orders import SalesOrder, SalesOrderLine, SalesOrderLineCost, SalesOrderScheduleLine
from models.sales_history import SalesHistory
from rules.documents import DocumentDeliveryTerms
from rules.money import line_amount, round_money
from rules.states import LineKind, OrderStatus, SaleKind

LEGACY_ROWS_MONTHLY = 640
LEGACY_MONTHS = 15
SOURCE, LEGACY_SOURCE = "VENTAS", "GESTION-ANTERIOR"
ZERO = Decimal(0)
_REASONS = {
    OrderStatus.REFUSED: "Dirección fuera de nuestra ruta.",
    OrderStatus.CANCELLED: "Pedido duplicado.",
}


def add_orders(rows: Rows, orders: Sequence[PlannedOrder]) -> None:
    own = {(row["customer_id"], row["product_id"]): row["item_number"] for row in rows.of[CustomerItemNumber]}
    for order in orders:
        _add_order(rows, order)
        for position, line in enumerate(order.lines, start=1):
            _add_line(rows, order, position, line, own.get((order.company.id, line.item.id)))
        _add_events(rows, order)


def _add_order(rows: Rows, order: PlannedOrder) -> None:
    company, day = order.company, order.placed_at.astimezone(MADRID).date()
    name, incoterm, place = DELIVERY_TERMS[company.delivery]
    is_confirmed = order.status in (OrderStatus.CONFIRMED, OrderStatus.CLOSED)
    reason = _REASONS.get(order.status, "")
    rows.add(
        SalesOrder,
        id=order.id,
        seller_id=SELLER,
        number=order.code,
        customer_id=company.id,
        status=order.status,
        is_on_hold=bool(order.holds),
        hold_reasons=[each.value for each in order.holds],
        status_reason=reason,
        version=1 + _acts(order),
        locale=company.locale,
        placed_at=order.placed_at,
        placed_by_id=order.buyer[0],
        placed_by_name=order.buyer[1],
        confirmed_at=order.placed_at + timedelta(minutes=40) if is_confirmed else None,
        ended_at=order.ended_at,
        purchase_order_number=f"PC-{day:%y}{order.number * 37 % 10_000:04}",
        note="",
        requested_on=order.requested_on,
        priced_on=day,
        currency="EUR",
        currency_exponent=2,
        exchange_rate=Decimal(1),
        exchange_rate_on=day,
        seller_name=SELLER_NAME,
        seller_tax_id=SELLER_TAX_ID,
        customer_number=company.code,
        customer_name=company.name,
        customer_tax_id=company.tax_id,
        sales_rep_id=staff_id(company.rep),
        sales_rep_name=company.rep.name,
        delivery_address=company.delivery_address.to_json(),
        billing_address=company.address.to_json(),
        payment_terms=terms_of(company),
        delivery_terms=DocumentDeliveryTerms(company.delivery, name, incoterm, place).to_json(),
        net_amount=order.net,
        tax_amount=order.tax,
        gross_amount=order.gross,
    )


def _add_line(
    rows: Rows, order: PlannedOrder, position: int, line: PlannedLine, own_number: str | None
) -> None:
    item, priced = line.item, line.priced
    line_id = key("order line", order.number, position)
    is_closed = order.status is OrderStatus.CLOSED
    rows.add(
        SalesOrderLine,
        id=line_id,
        order_id=order.id,
        customer_id=order.company.id,
        position=position,
        kind=LineKind.GOODS,
        product_id=item.id,
        sku=item.sku,
        customer_item_number=own_number,
        description=item.name,
        unit_code=item.unit,
        quantity_ordered=line.quantity,
        quantity_reserved=sum((quantity for _, quantity in line.reserved), ZERO),
        quantity_shipped=line.quantity - line.cancelled if is_closed else ZERO,
        quantity_cancelled=line.cancelled,
        quantity_invoiced=ZERO,
        list_unit_price=priced.list_unit_price,
        price_unit=priced.price_unit,
        break_from_quantity=priced.break_from_quantity,
        discount_percent=line.discount,
        discount_reason="Campaña de temporada" if line.discount else "",
        unit_price=priced.unit_price,
        price_trace=[step.to_json() for step in priced.steps],
        currency_exponent=2,
        tax_category="S",
        tax_percent=line.tax_percent,
        net_amount=priced.net_amount,
        tax_amount=line.tax,
        gross_amount=priced.net_amount + line.tax,
    )
    day = order.placed_at.astimezone(MADRID).date()
    rows.add(
        SalesOrderLineCost,
        order_line_id=line_id,
        customer_id=order.company.id,
        unit_cost=cost_on(item, day, rows.today),
        currency="EUR",
    )
    _add_schedule(rows, order, line, line_id)
    if is_closed and order.ended_at is not None and line.quantity > line.cancelled:
        shipped = line.quantity - line.cancelled
        _add_sale(
            rows,
            order.company,
            SOURCE,
            f"{order.code}/{position}",
            order.code,
            order.ended_at,
            item,
            shipped,
            priced.list_unit_price,
            line.discount,
        )


def _add_schedule(rows: Rows, order: PlannedOrder, line: PlannedLine, line_id: UUID) -> None:
    parts: list[tuple[str | None, Decimal]] = [*line.reserved]
    rest = line.quantity - sum((quantity for _, quantity in line.reserved), ZERO)
    is_closed = order.status is OrderStatus.CLOSED
    if rest:
        parts.append((line.warehouse if is_closed else None, rest))
    is_confirmed = is_closed or order.status is OrderStatus.CONFIRMED
    for position, (warehouse, quantity) in enumerate(parts, start=1):
        schedule_id = key("schedule", line_id, position)
        rows.add(
            SalesOrderScheduleLine,
            id=schedule_id,
            order_line_id=line_id,
            customer_id=order.company.id,
            position=position,
            quantity=quantity,
            requested_on=order.requested_on,
            first_confirmed_on=order.requested_on if is_confirmed else None,
            confirmed_on=order.requested_on if is_confirmed else None,
            warehouse_id=key("warehouse", warehouse) if warehouse else None,
        )
        if warehouse and not is_closed:
            add_reservation(rows, order, schedule_id, line.item, warehouse, quantity)


_ENDS = {OrderStatus.REFUSED: "order.refused", OrderStatus.CANCELLED: "order.cancelled"}


def _happened(order: PlannedOrder) -> list[tuple[str, datetime, UUID]]:
    """What was done to an order after it was placed: the act, when, and who."""
    rep = key("user", order.company.rep.email)
    acts = []
    if order.status in (OrderStatus.CONFIRMED, OrderStatus.CLOSED):
        acts.append(("order.confirmed", order.placed_at + timedelta(minutes=40), rep))
    if order.status in _ENDS and order.ended_at is not None:
        who = order.buyer[0] if order.status is OrderStatus.CANCELLED else rep
        acts.append((_ENDS[order.status], order.ended_at, who))
    if any(each == "MANUAL" for each in order.holds):
        acts.append(("order.held", order.placed_at + timedelta(minutes=30), rep))
    return acts


def _acts(order: PlannedOrder) -> int:
    return len(_happened(order))


def _add_events(rows: Rows, order: PlannedOrder) -> None:
    changes = {"number": order.code, "gross": f"{order.gross:f}", "currency": "EUR"}
    events = [("order.placed", order.placed_at, order.buyer[0]), *_happened(order)]
    for version, (action, at, who) in enumerate(events, start=1):
        rows.add(
            AuditEvent,
            month=month_of(at.astimezone(MADRID).date()),
            occurred_at=at,
            seller_id=SELLER,
            customer_id=order.company.id,
            actor_id=who,
            session_id=None,
            request_id="demo",
            action=action,
            entity_type="Order",
            entity_id=order.id,
            entity_version=version,
            reason="Falta confirmar el muelle de descarga." if action == "order.held" else "",
            changes=changes,
        )


def add_legacy_sales(rows: Rows, companies: Sequence[Company], items: Sequence[Item]) -> None:
    """Invoices of the programme before this one: from two years back up to the first order kept here."""
    dice = chance("legacy")
    buying = [each for each in companies if each.buys and each.currency == "EUR"]
    shelves = {each.number: shelf_of(each, items) for each in buying}
    weights = [each.weight for each in buying]
    first, last = rows.days_ago(CLOSED_DAYS + LEGACY_MONTHS * 30 + 10), rows.days_ago(CLOSED_DAYS + 2)
    days = [first + timedelta(days=back) for back in range((last - first).days)]
    density = [SEASON[day.month - 1] * (day.weekday() < 5) for day in days]
    wanted, invoice, count = LEGACY_ROWS_MONTHLY * LEGACY_MONTHS, 0, 0
    while count < wanted:
        invoice += 1
        day = working_day(pick(dice, days, density))
        company = pick(dice, buying, weights)
        shelf = shelves[company.number]
        liking = [season(item, day.month) for item in shelf]
        chosen = {item.sku: item for item in dice.choices(shelf, liking, k=dice.randrange(3, 10))}
        number = f"F{day:%y}-{invoice:05}"
        for position, item in enumerate(chosen.values(), start=1):
            discount = Decimal(dice.choice((3, 5, 8))) if dice.random() < 0.08 else ZERO
            quantity = some_of(dice, item)
            price = [each for each in breaks_on(item, day, rows.today) if each.from_quantity <= quantity][
                -1
            ].unit_price
            at = moment(day, 9 + position % 9)
            _add_sale(
                rows,
                company,
                LEGACY_SOURCE,
                f"{number}/{position}",
                number,
                at,
                item,
                quantity,
                price,
                discount,
            )
            count += 1
            if dice.random() < 0.02:
                back = at + timedelta(days=6)
                _add_sale(
                    rows,
                    company,
                    LEGACY_SOURCE,
                    f"A{number}/{position}",
                    f"A{number}",
                    back,
                    item,
                    -item.pack_size,
                    price,
                    discount,
                )
                count += 1


def _add_sale(
    rows: Rows, company: Company, source: str, source_key: str, document: str, at: datetime, item: Item,
    quantity: Decimal, unit_price: Decimal, discount: Decimal,
) -> None:  # fmt: skip
    gross = line_amount(quantity, unit_price)
    amount = round_money(gross * discount / 100)
    day: date = at.astimezone(MADRID).date()
    rows.add(
        SalesHistory,
        month=month_of(day),
        seller_id=SELLER,
        customer_id=company.id,
        kind=SaleKind.SALE if quantity > 0 else SaleKind.CANCELLATION,
        source=source,
        source_key=source_key,
        document_number=document,
        sold_at=at,
        product_id=item.id,
        sku=item.sku,
        description=item.name,
        quantity=quantity,
        unit_price=unit_price,
        discount_percent=discount,
        discount_amount=amount,
        net_amount=gross - amount,
        currency="EUR",
        sales_rep_id=staff_id(company.rep),
    )
