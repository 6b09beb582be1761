"""What promises follow from, as the seller sets it: calendars, order entry deadlines, transport times."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, select, update

from models.base import new_id
from models.scheduling import CalendarHoliday, EntryDeadline, TransportTime, WorkCalendar
from models.scheduling_reads import (
    CalendarRow,
    DeadlineRow,
    HolidayRow,
    TransportTimeRow,
    calendars,
    entry_deadlines,
    holidays,
    transport_times,
)
from models.sellers import Seller
from models.stock_reads import WarehouseRow
from resolvers.context import Context, LockKind
from resolvers.events import record
from resolvers.stock import warehouses_by_id
from rules.refusals import ErrorCode, Refusal, StaleVersion, refuse_all
from rules.scheduling import CalendarDraft, check_calendar, check_transport, check_weekday, clock_time


@dataclass(frozen=True, slots=True)
class SchedulingSettings:
    version: int
    calendars: Sequence[CalendarRow]
    holidays: Sequence[HolidayRow]
    deadlines: Sequence[DeadlineRow]
    transport: Sequence[TransportTimeRow]


async def scheduling_settings(ctx: Context) -> SchedulingSettings:
    """All of it, in five statements."""
    key, session = ctx.user.seller_id, ctx.session
    return SchedulingSettings(
        await session.scalar(select(Seller.scheduling_version).where(Seller.id == key)),
        [CalendarRow(*row) for row in await session.execute(calendars(key))],
        [HolidayRow(*row) for row in await session.execute(holidays(key))],
        [DeadlineRow(*row) for row in await session.execute(entry_deadlines(key))],
        [TransportTimeRow(*row) for row in await session.execute(transport_times(key))],
    )


async def save_calendar(ctx: Context, draft: CalendarDraft, expected_version: int) -> UUID:
    """The calendar of a code as it shall be, with all its holidays; promises that stand stay while they can be kept."""
    refuse_all(check_calendar(draft))
    await _lock(ctx, expected_version)
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
    return await _done(ctx, expected_version, calendar=code)


async def set_entry_deadline(
    ctx: Context, warehouse_id: UUID, weekday: int, at: str | None, expected_version: int
) -> UUID:
    """Until when an order counts as a weekday's (1 is Monday), for everybody; None: until the day ends."""
    refuse_all(check_weekday(weekday))
    until = None if at is None else clock_time(at)
    place = await _warehouse(ctx, warehouse_id)
    await _lock(ctx, expected_version)
    of_day = (
        EntryDeadline.warehouse_id == place.id,
        EntryDeadline.weekday == weekday - 1,
        EntryDeadline.customer_group_id.is_(None),
    )
    await ctx.session.execute(delete(EntryDeadline).where(*of_day))
    if until is not None:
        ctx.session.add(EntryDeadline(id=new_id(), warehouse_id=place.id, weekday=weekday - 1, at=until))
    return await _done(ctx, expected_version, warehouse=place.code, weekday=str(weekday))


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
    await _lock(ctx, expected_version)
    calendar_id = None
    if draft.calendar_code is not None:
        calendar_id = await ctx.session.scalar(
            select(WorkCalendar.id).where(
                WorkCalendar.seller_id == ctx.user.seller_id, WorkCalendar.code == draft.calendar_code
            )
        )
        if calendar_id is None:
            raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("calendarCode",))
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
    return await _done(ctx, expected_version, warehouse=place.code, country=country, prefix=prefix)


async def _warehouse(ctx: Context, warehouse_id: UUID) -> WarehouseRow:
    place = await ctx.load(warehouses_by_id, warehouse_id)
    if place is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("warehouseId",))
    return place


async def _lock(ctx: Context, expected_version: int) -> None:
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


async def _done(ctx: Context, expected_version: int, **changes: str) -> UUID:
    record(
        ctx, "seller.schedulingSet", "Seller", ctx.user.seller_id, version=expected_version + 1, customer_id=None,
        changes=changes, published=False,
    )  # fmt: skip
    await ctx.session.flush()
    return ctx.user.seller_id
