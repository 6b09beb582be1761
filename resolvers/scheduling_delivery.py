"""What is set by product and customer: delivery control, shelf life, days of receipt, what is told of stock."""

from dataclasses import asdict, dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, update

from models.base import new_id
from models.customers import CustomerGroup
from models.scheduling import CustomerCalendar, DeliverySetting, SellableDays
from models.scheduling_reads import (
    ControlRow,
    CustomerCalendarRow,
    SellableDaysRow,
    controls,
    visible_customer_calendars,
    visible_sellable_days,
)
from models.sellers import Seller
from resolvers.context import Context
from resolvers.customers import customers_by_id, seller
from resolvers.paging import Page, PageArgs, SortKey, page
from resolvers.products import products_by_id
from resolvers.scheduling import calendar_named, group_named, lock_settings, settings_done
from rules.refusals import ErrorCode, Refusal, refuse_all
from rules.scheduling_delivery import SELLABLE_MAX, ControlDraft, check_control, check_days, check_display
from rules.states import AvailabilityDisplay


async def product_controls(ctx: Context, args: PageArgs) -> Page[ControlRow]:
    """What is set for single products."""
    mine = controls(ctx.user.seller_id).where(DeliverySetting.product_id.is_not(None))
    return await page(ctx, mine, [SortKey("id", DeliverySetting.id)], args, ControlRow)


async def sellable_days(ctx: Context, args: PageArgs) -> Page[SellableDaysRow]:
    return await page(
        ctx, visible_sellable_days(ctx.user), [SortKey("id", SellableDays.id)], args, SellableDaysRow
    )


async def customer_calendars(ctx: Context, args: PageArgs) -> Page[CustomerCalendarRow]:
    key = SortKey("id", CustomerCalendar.customer_id)
    return await page(ctx, visible_customer_calendars(ctx.user), [key], args, CustomerCalendarRow)


async def set_delivery_control(
    ctx: Context, product_id: UUID | None, draft: ControlDraft | None, expected_version: int
) -> UUID:
    """
    What promises of a product rest on, or those of all products without a setting of their own (None).

    Args:
        draft: as a whole; None takes the row away: a product has everybody's, and all have ATP over 90 days.
    """
    if draft is not None:
        refuse_all(check_control(draft))
    sku = await sku_of(ctx, product_id)
    await lock_settings(ctx, expected_version)
    row = DeliverySetting
    mine = and_(row.seller_id == ctx.user.seller_id, row.product_id.is_not_distinct_from(product_id))
    await ctx.session.execute(delete(row).where(mine))
    if draft is not None:
        ctx.session.add(
            DeliverySetting(
                id=new_id(), seller_id=ctx.user.seller_id, product_id=product_id, **asdict(draft)
            )
        )  # fmt: skip
    method = "" if draft is None else draft.method.value
    return await settings_done(ctx, expected_version, product=sku, method=method)


@dataclass(frozen=True, slots=True)
class SellableDraft:
    """For one customer, or one customer group by its code, or everybody; of one product or all. None: taken away."""

    customer_id: UUID | None
    group: str | None
    product_id: UUID | None
    days: int | None


async def set_sellable_days(ctx: Context, draft: SellableDraft, expected_version: int) -> UUID:
    """How long lots must keep after somebody received them."""
    wrong = check_days("days", draft.days, SELLABLE_MAX)
    if draft.customer_id is not None and draft.group is not None:
        text = "Name a customer or a customer group, not both."
        wrong.append(Refusal(ErrorCode.INVALID, text, ("customerGroup",)))
    refuse_all(wrong)
    number = await _customer(ctx, draft.customer_id)
    group_id = None if draft.group is None else await group_named(ctx, draft.group)
    sku = await sku_of(ctx, draft.product_id)
    await lock_settings(ctx, expected_version)
    row = SellableDays
    values = {
        "customer_id": draft.customer_id,
        "customer_group_id": group_id,
        "product_id": draft.product_id,
    }
    same: list[ColumnElement[bool]] = [
        getattr(row, name).is_not_distinct_from(key) for name, key in values.items()
    ]
    await ctx.session.execute(delete(row).where(row.seller_id == ctx.user.seller_id, *same))
    if draft.days is not None:
        ctx.session.add(SellableDays(id=new_id(), seller_id=ctx.user.seller_id, days=draft.days, **values))
    days = "" if draft.days is None else str(draft.days)
    return await settings_done(
        ctx, expected_version, customer=number, group=draft.group or "", product=sku, sellableDays=days
    )


async def set_availability_display(
    ctx: Context,
    group: str | None,
    display: AvailabilityDisplay | None,
    low_stock_threshold: Decimal | None,
    expected_version: int,
) -> UUID:
    """
    What the buyers of a customer group are told of stock, or those of all groups without a setting of their own.

    Args:
        group: its code; None: everybody.
        display: None takes a group's own away.
        low_stock_threshold: of everybody's bands: from this quantity down stock is low; None leaves it as it is.
    """
    standing = (await seller(ctx)).low_stock_threshold
    refuse_all(check_display(group, display, low_stock_threshold, standing))
    group_id = None if group is None else await group_named(ctx, group)
    await lock_settings(ctx, expected_version)
    if group_id is None:
        values: dict[str, AvailabilityDisplay | Decimal | None] = {"availability_display": display}
        if low_stock_threshold is not None:
            values["low_stock_threshold"] = low_stock_threshold
        mine = Seller.id == ctx.user.seller_id
        await ctx.session.execute(update(Seller).where(mine).values(**values))
    else:
        mine = CustomerGroup.id == group_id
        await ctx.session.execute(update(CustomerGroup).where(mine).values(availability_display=display))
    return await settings_done(
        ctx, expected_version, group=group or "", display="" if display is None else display.value,
        **({} if low_stock_threshold is None else {"lowStockThreshold": f"{low_stock_threshold.normalize():f}"}),
    )  # fmt: skip


async def set_customer_calendar(
    ctx: Context, customer_id: UUID, calendar: str | None, expected_version: int
) -> UUID:
    """The days on which a customer takes goods, by a calendar's code; None: every day."""
    number = await _customer(ctx, customer_id)
    calendar_id = await calendar_named(ctx, calendar)
    await lock_settings(ctx, expected_version)
    row = CustomerCalendar
    await ctx.session.execute(delete(row).where(row.customer_id == customer_id))
    if calendar_id is not None:
        ctx.session.add(CustomerCalendar(customer_id=customer_id, calendar_id=calendar_id))
    return await settings_done(ctx, expected_version, customer=number, calendar=calendar or "")


async def _customer(ctx: Context, customer_id: UUID | None) -> str:
    """Its number; empty for none in particular."""
    if customer_id is None:
        return ""
    found = await ctx.load(customers_by_id, customer_id)
    if found is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("customerId",))
    return str(found.number)


async def sku_of(ctx: Context, product_id: UUID | None) -> str:
    """Its number; empty for all products."""
    if product_id is None:
        return ""
    found = await ctx.load(products_by_id, product_id)
    if found is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("productId",))
    return str(found.sku)
