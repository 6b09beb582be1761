"""Charges on orders: the lines that bear them, and what becomes of them with their goods."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from uuid import UUID

from models.base import new_id
from models.orders import SalesOrder, SalesOrderLine
from resolvers.pricing_charges import ChargePriced
from rules.charges_lines import LineLeft, called_off_with
from rules.money import ZERO
from rules.states import LineKind

UNIT = "PCE"  # of a charge on the whole: there is one of it


def charge_rows(
    order: SalesOrder,
    charges: Sequence[ChargePriced],
    lines: Mapping[int, SalesOrderLine],
    position: int,
) -> list[SalesOrderLine]:
    """
    The order's lines that bear charges, frozen with their trace, after all others.

    Args:
        lines: the paid lines of the order by the numbers that charges know them by.
        position: of the first.
    """
    return [
        _row(order, place, each, None if each.line.follows is None else lines[each.line.follows])
        for place, each in enumerate(charges, start=position)
    ]


def _row(
    order: SalesOrder, position: int, charged: ChargePriced, goods: SalesOrderLine | None
) -> SalesOrderLine:
    line, rule = charged.line, charged.line.charge.rule
    return SalesOrderLine(
        id=new_id(),
        order_id=order.id,
        customer_id=order.customer_id,
        position=position,
        kind=LineKind.CHARGE,
        product_id=None,
        parent_line_id=None if goods is None else goods.id,
        is_free=False,
        sku=rule.kind.value,
        customer_item_number=None,
        description=rule.name,
        unit_code=UNIT if goods is None else goods.unit_code,
        quantity_ordered=line.quantity,
        quantity_reserved=ZERO,
        list_unit_price=line.unit_price,
        price_unit=line.price_unit,
        break_from_quantity=ZERO,
        discount_percent=ZERO,
        unit_price=line.unit_price,
        price_trace=[step.to_json() for step in line.steps],
        currency_exponent=order.currency_exponent,
        tax_category=line.tax_category,
        tax_percent=line.tax_percent,
        net_amount=line.net_amount,
        tax_amount=charged.tax_amount,
        gross_amount=line.net_amount + charged.tax_amount,
    )


def lines_left(lines: Iterable[SalesOrderLine]) -> list[LineLeft]:
    """An order's lines as their charges depend on them."""
    return [
        LineLeft(
            line.id, LineKind(line.kind), line.quantity_ordered, line.quantity_cancelled, line.quantity_invoiced,
            None if line.kind != LineKind.CHARGE else line.parent_line_id,
        )
        for line in lines
    ]  # fmt: skip


def call_off_charges(lines: Sequence[SalesOrderLine], line_id: UUID, quantity: Decimal) -> None:
    """What charges go when `quantity` more of a line of goods is called off; they hold nothing, so that is all."""
    by_id = {line.id: line for line in lines}
    for key, cut in called_off_with(lines_left(lines), line_id, quantity).items():
        by_id[key].quantity_cancelled += cut
