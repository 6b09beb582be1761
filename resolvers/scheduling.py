"""What promises follow from, as the seller sets it: calendars, order entry deadlines, transport times, warehouses."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import delete, select, update

from models.base import new_id
from models.customers import CustomerGroup
from models.scheduling import CalendarHoliday, DeliverySetting, EntryDeadline, TransportTime, WorkCalendar
from models.scheduling_reads import (
    CalendarRow,
    ControlRow,
    DeadlineRow,
    GroupRow,
    HolidayRow,
    TransportTimeRow,
    WarehouseTimesRow,
    calendars,
    controls,
    customer_groups,
    entry_deadlines,
    holidays,
    transport_times,
    warehouse_times,
)
from models.sellers import Seller
from models.stock import Warehouse
from models.stock_reads import WarehouseRow
from resolvers.context import Context, LockKind
from resolvers.events import record
from resolvers.stock import warehouses_by_id
from rules.calendars import zone_named
from rules.holds import HoldLimits
from rules.refusals import ErrorCode, Refusal, StaleVersion, refuse_all
from rules.scheduling import CalendarDraft, check_calendar, check_transport, check_weekday, clock_time
from rules.scheduling_delivery import check_days
from rules.states import AvailabilityDisplay, SharingPolicy


@dataclass(frozen=True, slots=True)
class SchedulingSettings:
    """`control` is None where nothing is set for all products."""

    version: int
    display: AvailabilityDisplay
    low_stock_threshold: Decimal
    sharing_policy: SharingPolicy
    holds: HoldLimits
    calendars: Sequence[CalendarRow]
    holidays: Sequence[HolidayRow]
    deadlines: Sequence[DeadlineRow]
    transport: Sequence[TransportTimeRow]
    warehouses: Sequence[WarehouseTimesRow]
    groups: Sequence[GroupRow]
    control: ControlRow | None


async def scheduling_settings(ctx: Context) -> SchedulingSettings:
    """All of it but what is set by product and customer, in eight statements."""
    key, session = ctx.user.seller_id, ctx.session
    columns = (
        Seller.scheduling_version, Seller.availability_display, Seller.low_stock_threshold, Seller.sharing_policy,
        Seller.cart_hold_minutes, Seller.staff_hold_days,
    )  # fmt: skip
    mine = (await session.execute(select(*columns).where(Seller.id == key))).one()
    general = await session.execute(controls(key).where(DeliverySetting.product_id.is_(None)))
    return SchedulingSettings(
        mine.scheduling_version,
        mine.availability_display,
        mine.low_stock_threshold,
        mine.sharing_policy,
        HoldLimits(mine.cart_hold_minutes, mine.staff_hold_days),
        [CalendarRow(*row) for row in await session.execute(calendars(key))],
        [HolidayRow(*row) for row in await session.execute(holidays(key))],
        [DeadlineRow(*row) for row in await session.execute(entry_deadlines(key))],
        [TransportTimeRow(*row) for row in await session.execute(transport_times(key))],
        [WarehouseTimesRow(*row) for row in await session.execute(warehouse_times(key))],
        [GroupRow(*row) for row in await session.execute(customer_groups(key))],
        next((ControlRow(*row) for row in general), None),
    )


async def save_calendar(ctx: Context, draft: CalendarDraft, expected_version: int) -> UUID:
    """The calendar of a code as it shall be, with all its holidays; promises that stand stay while they can be kept."""
    refuse_all(check_calendar(draft))
    await lock_settings(ctx, expected_version)
    code = draft.code.strip()
    mine = WorkCalendar.seller_id == ctx.user.seller_id
    row = await ctx.session.scalar(select(WorkCalendar).where(mine, WorkCalendar.code == code))
    if row is None:
        row = WorkCalendar(id=new_id(), seller_id=ctx.user.seller_id, code=code)
        ctx.session.add(row)
    row.name, row.weekdays = draft.name.strip(), sorted(each - 1 for each in draft.weekdays)
    await ctx.session.flush()
    await ctx.session.execute(delete(CalendarHoliday).where(CalendarHoliday.calendar_id == row.id))
    ctx.session.add_all(
        [CalendarHoliday(calendar_id=row.id, day=each.day, name=each.name.strip()) for each in draft.holidays]
    )
    return await settings_done(ctx, expected_version, calendar=code)


async def set_entry_deadline(
    ctx: Context, warehouse_id: UUID, weekday: int, at: str | None, group: str | None, expected_version: int
) -> UUID:
    """
    Until when an order counts as a weekday's (1 is Monday).

    Args:
        at: None takes the row away: a group has everybody's then, and everybody the whole day.
        group: the code of the customer group whose own it is; None: everybody.
    """
    refuse_all(check_weekday(weekday))
    until = None if at is None else clock_time(at)
    place = await _warehouse(ctx, warehouse_id)
    group_id = None if group is None else await group_named(ctx, group)
    await lock_settings(ctx, expected_version)
    of_day = (
        EntryDeadline.warehouse_id == place.id,
        EntryDeadline.weekday == weekday - 1,
        EntryDeadline.customer_group_id.is_not_distinct_from(group_id),
    )
    await ctx.session.execute(delete(EntryDeadline).where(*of_day))
    if until is not None:
        ctx.session.add(
            EntryDeadline(
                id=new_id(), warehouse_id=place.id, weekday=weekday - 1, customer_group_id=group_id, at=until
            )
        )  # fmt: skip
    return await settings_done(
        ctx, expected_version, warehouse=place.code, weekday=str(weekday), group=group or ""
    )


@dataclass(frozen=True, slots=True)
class TransportDraft:
    """Empty texts mean any. `days` None takes the row away, `calendar_code` None: every day."""

    warehouse_id: UUID
    mode: str
    country: str
    postal_prefix: str
    days: int | None
    calendar_code: str | None


async def set_transport_time(ctx: Context, draft: TransportDraft, expected_version: int) -> UUID:
    """Days from a warehouse to a place, by mode of delivery."""
    mode, country, prefix = draft.mode.strip(), draft.country.strip().upper(), draft.postal_prefix.strip()
    refuse_all(check_transport(mode, country, prefix, draft.days))
    place = await _warehouse(ctx, draft.warehouse_id)
    await lock_settings(ctx, expected_version)
    calendar_id = await calendar_named(ctx, draft.calendar_code)
    row = TransportTime
    of_way = (
        row.warehouse_id == place.id,
        row.mode == mode,
        row.country == country,
        row.postal_prefix == prefix,
    )
    await ctx.session.execute(delete(row).where(*of_way))
    if draft.days is not None:
        ctx.session.add(
            TransportTime(
                id=new_id(), warehouse_id=place.id, mode=mode, country=country, postal_prefix=prefix,
                days=draft.days, calendar_id=calendar_id,
            )
        )  # fmt: skip
    return await settings_done(ctx, expected_version, warehouse=place.code, country=country, prefix=prefix)


async def set_warehouse_times(
    ctx: Context, warehouse_id: UUID, calendar: str | None, handling_days: int, time_zone: str,
    expected_version: int,
) -> UUID:  # fmt: skip
    """
    The days on which a warehouse works, the days from picking to leaving, and whose clock its deadlines mean.

    Args:
        calendar: its code; None: every day.
    """
    refuse_all(check_days("handlingDays", handling_days))
    zone = zone_named(time_zone.strip(), ("timeZone",))
    place = await _warehouse(ctx, warehouse_id)
    await lock_settings(ctx, expected_version)
    values = {
        "calendar_id": await calendar_named(ctx, calendar),
        "handling_days": handling_days,
        "time_zone": zone.key,
    }
    await ctx.session.execute(update(Warehouse).where(Warehouse.id == place.id).values(**values))
    return await settings_done(
        ctx, expected_version, warehouse=place.code, calendar=calendar or "", handlingDays=str(handling_days),
        timeZone=zone.key,
    )  # fmt: skip


async def calendar_named(ctx: Context, code: str | None) -> UUID | None:
    """
    The calendar of a code; None of none: every day.

    Raises:
        Refusal(NOT_FOUND): the seller has none of that code.
    """
    if code is None:
        return None
    mine = WorkCalendar.seller_id == ctx.user.seller_id
    found: UUID | None = await ctx.session.scalar(
        select(WorkCalendar.id).where(mine, WorkCalendar.code == code.strip())
    )
    if found is None:
        raise Refusal(
            ErrorCode.NOT_FOUND, "There is no calendar {calendar}.", ("calendarCode",), calendar=code
        )
    return found


async def group_named(ctx: Context, code: str) -> UUID:
    """
    The customer group of a code.

    Raises:
        Refusal(NOT_FOUND): the seller has none of that code.
    """
    mine = CustomerGroup.seller_id == ctx.user.seller_id
    found: UUID | None = await ctx.session.scalar(
        select(CustomerGroup.id).where(mine, CustomerGroup.code == code.strip())
    )
    if found is None:
        text = "There is no customer group {group}."
        raise Refusal(ErrorCode.NOT_FOUND, text, ("customerGroup",), group=code)
    return found


async def _warehouse(ctx: Context, warehouse_id: UUID) -> WarehouseRow:
    place = await ctx.load(warehouses_by_id, warehouse_id)
    if place is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("warehouseId",))
    return place


async def lock_settings(ctx: Context, expected_version: int) -> None:
    """Raises the version of the settings; whoever was faster has another one, and nothing is written over theirs."""
    ctx.locking(LockKind.DOCUMENT)
    mine = Seller.id == ctx.user.seller_id
    version = await ctx.session.scalar(
        update(Seller)
        .where(mine, Seller.scheduling_version == expected_version)
        .values(scheduling_version=Seller.scheduling_version + 1)
        .returning(Seller.scheduling_version)
    )
    if version is None:
        raise StaleVersion(await ctx.session.scalar(select(Seller.scheduling_version).where(mine)))


async def settings_done(ctx: Context, expected_version: int, **changes: str) -> UUID:
    """Tells the trail what was set; the seller, whose settings they are."""
    record(
        ctx, "seller.schedulingSet", "Seller", ctx.user.seller_id, version=expected_version + 1, customer_id=None,
        changes=changes, published=False,
    )  # fmt: skip
    await ctx.session.flush()
    return ctx.user.seller_id
