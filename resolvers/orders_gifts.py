"""Goods that somebody adds to a placed order without charge, with a reason; they are a concession like a discount."""

from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Any
from uuid import UUID

from sqlalchemy import text

from auth.permissions import Permission
from models.base import new_id
from models.orders import SalesOrder, SalesOrderLine, SalesOrderScheduleLine
from models.products_reads import ProductRow
from resolvers.concessions import (
    GIVE,
    Given,
    ask_concession,
    book_concession,
    concession_asks,
    demand_nothing_waits,
)
from resolvers.context import Context
from resolvers.customers import seller
from resolvers.house import as_house
from resolvers.orders_acts import LockedOrder, checked_reason, done, lock_order, retax
from resolvers.orders_placing import DraftLine, keep_costs, order_line, warn_backorder
from resolvers.pricing import LinePriced, no_price, price_lines
from resolvers.pricing_facts import DocumentAsked, LineAsked
from resolvers.products import item_numbers_by_product, products_by_code, units_by_code
from resolvers.promises import next_days
from resolvers.stock import Allocation, Hold, StockPlan, backorder_allowed, lock_balances, reserve
from rules.money import ZERO
from rules.pricing_concessions import ConcededPrice, concede
from rules.pricing_facts import Concessions
from rules.quantities import check_quantity, plain
from rules.refusals import ErrorCode, OutOfStock, Refusal
from rules.simulation import margin_percent
from rules.states import OrderStatus, ProductKind
from rules.texts import item_key
from rules.transitions import OrderAction

WHOLE = Decimal(100)


@dataclass(frozen=True, slots=True)
class Gift:
    """A product that is given; the quantity in its own unit."""

    sku: str
    quantity: Decimal
    reason: str

    def to_json(self) -> dict[str, Any]:
        """As it is kept while it waits for consent."""
        return {"act": GIVE, "sku": self.sku, "quantity": plain(self.quantity), "reason": self.reason}

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> "Gift":
        return cls(kept["sku"], Decimal(kept["quantity"]), kept["reason"])


async def add_free_order_line(
    ctx: Context, order_id: UUID, sku: str, quantity: Decimal, expected_version: int, reason: str
) -> UUID:
    """
    Adds goods without charge to an order of which nothing was shipped; reserved and shipped as what a rule gives.

    They count as a concession at what the rules would ask for them. Beyond what the viewer may give alone they wait
    for somebody's consent, with a warning.
    """
    gift = Gift(sku, quantity, checked_reason(reason))
    found = await lock_order(ctx, order_id, expected_version, OrderAction.DISCOUNT)
    await demand_nothing_waits(ctx, order_id)
    return await give_line(ctx, found, gift)


async def give_line(ctx: Context, found: LockedOrder, gift: Gift, approved_for: UUID | None = None) -> UUID:
    """
    Does what is given on a locked order, or asks for it where the viewer may not give it alone.

    Args:
        approved_for: who asked for it, where the viewer consents; nothing is asked any more.
    """
    order = found.order
    product = await _product(ctx, gift)
    line, priced, conceded, value = await _priced(ctx, order, product, gift)
    given = Given(line.id, value, ZERO, is_whole=True)
    await _demand_floor(ctx, order, product, gift.quantity)
    needs = await concession_asks(ctx, order, found.lines, given)
    if needs and approved_for is None:
        await ask_concession(ctx, order, needs, gift.to_json())
        return order.id
    parts = await _parts(ctx, order, product, gift.quantity)
    line.position = max(each.position for each in found.lines) + 1
    line.is_free, line.net_amount, line.unit_price = True, conceded.net_amount, conceded.unit_price
    line.discount_percent, line.discount_reason = WHOLE, gift.reason
    line.price_trace = [step.to_json() for step in conceded.steps]
    line.commitment_id = line.commitment_quantity = None
    line.tax_category, line.tax_percent = priced.tax_category, priced.tax_percent
    ctx.session.add(line)
    found.lines.append(line)
    retax(found)
    await ctx.session.flush()
    await _schedule(ctx, order, line, parts)
    await keep_costs(ctx, order.id)
    await book_concession(ctx, order, given, approved_for)
    return await done(ctx, order, "order.lineGiven", gift.reason, sku=line.sku, quantity=plain(gift.quantity))


async def _product(ctx: Context, gift: Gift) -> ProductRow:
    product = (await products_by_code(ctx, [gift.sku])).get(item_key(gift.sku))
    if product is None:
        raise Refusal(ErrorCode.UNKNOWN_SKU, "We know no product {sku}.", ("sku",), sku=gift.sku)
    unit = await ctx.load(units_by_code, product.unit_code)
    assert unit is not None, "a product's unit exists by its foreign key"
    problem = check_quantity(
        gift.quantity, sku=product.sku, unit=unit.code, decimals=unit.decimals,
        pack_size=Decimal(1).scaleb(-unit.decimals),  # a gift may be less than a pack
        path=("quantity",),
    )  # fmt: skip
    if problem is not None:
        raise problem
    return product


async def _priced(
    ctx: Context, order: SalesOrder, product: ProductRow, gift: Gift
) -> tuple[SalesOrderLine, LinePriced, ConcededPrice, Decimal]:
    """The line to be, its price and tax, what is left of it when it is given, and what the rules would ask."""
    asked = LineAsked(product, gift.quantity, order.requested_on)
    priced = (await price_lines(ctx, [asked], DocumentAsked(customer_id=order.customer_id))).lines[0]
    price = priced.price
    if price is None:
        raise no_price(product.sku, order.currency, ("sku",))
    values = (gift.quantity, price.list_unit_price, price.price_unit, order.currency_exponent)
    given = Concessions(discount_percent=WHOLE, discount_reason=gift.reason)
    conceded = concede(*values, given, price.steps)
    by_rules = concede(*values, Concessions(), price.steps)
    draft = DraftLine(
        0, product, gift.quantity, order.requested_on, price, priced.tax_category, priced.tax_percent
    )
    number = await ctx.load(item_numbers_by_product, product.id)
    return order_line(order, 0, draft, number), priced, conceded, by_rules.net_amount


# The costs of an order's lines as kept, and of what would come to it.
_COSTS = """
    select line.quantity_ordered - line.quantity_cancelled as quantity, cost.unit_cost, cost.currency
    from sales_order_line line
    left join sales_order_line_cost cost on cost.order_line_id = line.id
    where line.order_id = :order
    union all
    select cast(:quantity as numeric), cost.unit_cost, cost.currency
    from product
    left join standard_cost cost on cost.product_id = product.id
        and cost.valid_from <= :today and coalesce(cost.valid_until > :today, true)
    where product.id = :product
"""


async def _demand_floor(ctx: Context, order: SalesOrder, product: ProductRow, quantity: Decimal) -> None:
    """
    Nothing is given that takes the whole order below the floor, but by those who may see margins (PS-18).

    The others learn that it does, not where it is. An order with a cost that is not known has no floor.
    """
    if ctx.user.may(Permission.MARGIN_READ):
        return
    us = await seller(ctx)
    values = {"order": order.id, "product": product.id, "quantity": quantity, "today": ctx.today}
    async with as_house(ctx) as session:
        rows = (await session.execute(text(_COSTS), values)).all()
    if any(row.currency not in (us.currency, order.currency) for row in rows):
        return
    with localcontext(prec=60):
        cost = sum(
            (
                row.quantity * row.unit_cost / (1 if row.currency == order.currency else order.exchange_rate)
                for row in rows
            ),
            ZERO,
        )
    percent = margin_percent(order.net_amount, cost)
    if percent is None or percent < us.margin_floor_percent:
        told = "This goes below what you may give; ask your sales manager."
        raise Refusal(ErrorCode.NOT_PERMITTED, told, ("quantity",))


async def _parts(ctx: Context, order: SalesOrder, product: ProductRow, quantity: Decimal) -> list[Allocation]:
    """Where it comes from, on locked balances; what is not free waits, where the product may."""
    if product.kind is not ProductKind.GOODS:
        return [Allocation(None, quantity)]
    stock = StockPlan(await lock_balances(ctx, [product.id]))
    free = stock.free(product.id)
    if free < quantity:
        if not await backorder_allowed(ctx, product.out_of_stock_policy):
            [day] = await next_days(ctx, [(product, quantity)], order.customer_id)
            raise OutOfStock(product.sku, quantity, free, day, ("quantity",))
        if not order.is_on_hold:
            warn_backorder(ctx, 0, product.sku, free, quantity)
    return [Allocation(None, quantity)] if order.is_on_hold else stock.take(product.id, quantity)


async def _schedule(ctx: Context, order: SalesOrder, line: SalesOrderLine, parts: list[Allocation]) -> None:
    """The line's schedule and reservations; of a confirmed order it is confirmed for the day asked for."""
    assert line.product_id is not None, "what is given is a product"
    is_confirmed = order.status == OrderStatus.CONFIRMED
    holds = []
    for place, part in enumerate(parts, start=1):
        entry = SalesOrderScheduleLine(
            id=new_id(),
            order_line_id=line.id,
            customer_id=order.customer_id,
            position=place,
            quantity=part.quantity,
            requested_on=order.requested_on,
            confirmed_on=order.requested_on if is_confirmed else None,
            warehouse_id=part.warehouse_id,
        )
        ctx.session.add(entry)
        if part.warehouse_id is not None:
            holds.append(Hold(entry.id, line.product_id, part.warehouse_id, part.quantity))
    await ctx.session.flush()
    await reserve(ctx, order.customer_id, holds)
    line.quantity_reserved = sum((hold.quantity for hold in holds), ZERO)
    await ctx.session.flush()
