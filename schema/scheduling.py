"""What promises follow from, as the seller sets it: calendars, order entry deadlines, transport times, warehouses."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Self
from uuid import UUID

import strawberry

from auth.permissions import Permission as P
from models.scheduling_reads import DeadlineRow, TransportTimeRow, WarehouseTimesRow
from resolvers import scheduling, scheduling_delivery, sharing_settings
from resolvers.context import Context
from resolvers.paging import PageArgs
from resolvers.stock import warehouses_by_id
from rules.scheduling import CalendarDraft, Holiday
from rules.states import AvailabilityDisplay, SharingPolicy
from schema.access import access, list_size
from schema.connections import After, Before, Connection, First, Last, connection
from schema.ids import decode_id
from schema.payloads import Payload
from schema.products import Warehouse
from schema.rows import fill
from schema.scheduling_types import (
    CustomerCalendar,
    DeliveryControlSetting,
    GroupDisplay,
    ProductSharing,
    SellableDays,
)

Info = strawberry.Info[Context, None]
_READ, _MANAGE = [access(P.PURCHASING_READ)], [access(P.PURCHASING_MANAGE)]
_SETTINGS = "The settings; null when refused."


@strawberry.type(description="A day on which nobody works.", directives=_READ)
class CalendarHoliday:
    day: date = strawberry.field(description="The day.")
    name: str = strawberry.field(description="Its name; may be empty.")


@strawberry.type(description="The days on which a warehouse, carrier or customer works.", directives=_READ)
class WorkCalendar:
    code: str = strawberry.field(description="Its code.")
    name: str = strawberry.field(description="Its name.")
    weekdays: list[int] = strawberry.field(
        description="The open weekdays; 1 is Monday.", directives=[*_READ, list_size(7)]
    )
    holidays: list[CalendarHoliday] = strawberry.field(
        description="The days on which it is closed besides.", directives=[*_READ, list_size(100)]
    )


@strawberry.type(description="Until when an order counts as a weekday's.", directives=_READ)
class EntryDeadline:
    weekday: int = strawberry.field(description="1 is Monday.")
    at: str = strawberry.field(description="The time on the warehouse's clock, such as 17:30.")
    customer_group: str | None = strawberry.field(
        description="The code of the customer group whose own it is; null: everybody's."
    )
    row: strawberry.Private[DeadlineRow]

    @strawberry.field(description="The warehouse.")
    async def warehouse(self, info: Info) -> Warehouse | None:
        row = await info.context.load(warehouses_by_id, self.row.warehouse_id)
        return None if row is None else Warehouse.of(row)


@strawberry.type(description="Days from a warehouse to a place.", directives=_READ)
class TransportTime:
    mode: str = strawberry.field(description="The mode of delivery; empty: any.")
    country: str = strawberry.field(description="The country; empty: any.")
    postal_prefix: str = strawberry.field(description="How the postal code begins; empty: any.")
    days: int = strawberry.field(description="Days under way.")
    calendar_code: str | None = strawberry.field(
        description="The days on which the carrier brings goods; null: every day."
    )
    row: strawberry.Private[TransportTimeRow]

    @strawberry.field(description="The warehouse.")
    async def warehouse(self, info: Info) -> Warehouse | None:
        row = await info.context.load(warehouses_by_id, self.row.warehouse_id)
        return None if row is None else Warehouse.of(row)


@strawberry.type(description="When a warehouse works.", directives=_READ)
class WarehouseTimes:
    calendar_code: str | None = strawberry.field(description="The days on which it works; null: every day.")
    handling_days: int = strawberry.field(description="Days from picking to leaving.")
    time_zone: str = strawberry.field(
        description="Whose clock its deadlines mean, by the name in the IANA database, such as Europe/Madrid."
    )
    row: strawberry.Private[WarehouseTimesRow]

    @strawberry.field(description="The warehouse.")
    async def warehouse(self, info: Info) -> Warehouse | None:
        row = await info.context.load(warehouses_by_id, self.row.warehouse_id)
        return None if row is None else Warehouse.of(row)


@strawberry.type(description="What promised days follow from.", directives=_READ)
class SchedulingSettings:
    version: int = strawberry.field(description="Counts their changes; a change names the one it saw.")
    calendars: list[WorkCalendar] = strawberry.field(
        description="All calendars, by code.", directives=[*_READ, list_size(20)]
    )
    entry_deadlines: list[EntryDeadline] = strawberry.field(
        description="Deadlines for everybody and those of customer groups, which win; a weekday without one ends at"
        " midnight.",
        directives=[*_READ, list_size(50)],
    )
    transport_times: list[TransportTime] = strawberry.field(
        description="Transport times; the most specific one holds, and without any it is the same day.",
        directives=[*_READ, list_size(100)],
    )
    warehouses: list[WarehouseTimes] = strawberry.field(
        description="When each warehouse works.", directives=[*_READ, list_size(10)]
    )
    delivery_control: DeliveryControlSetting = strawberry.field(
        description="What a promise rests on, of products without a setting of their own."
    )
    availability_display: AvailabilityDisplay = strawberry.field(
        description="What buyers are told of stock, unless their customer group says otherwise."
    )
    low_stock_threshold: Decimal = strawberry.field(
        description="From this quantity down stock is low, in the product's own unit."
    )
    group_displays: list[GroupDisplay] = strawberry.field(
        description="All customer groups, and what they are told of stock.",
        directives=[*_READ, list_size(20)],
    )

    sharing_policy: SharingPolicy = strawberry.field(
        description="How scarce stock is shared, of products without a policy of their own."
    )
    cart_hold_minutes: int = strawberry.field(
        description="How many minutes a buyer may hold goods for a cart; 0: not at all."
    )
    staff_hold_days: int = strawberry.field(
        description="How many days who acts for a customer may hold goods; 0: as long as a buyer."
    )

    @strawberry.field(description="The products that are shared by a policy of their own.")
    async def product_sharing(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[ProductSharing]:
        args = PageArgs(first, after, last, before)
        return connection(await sharing_settings.product_policies(info.context, args), ProductSharing.of)

    @strawberry.field(description="What a promise of single products rests on.")
    async def product_controls(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[DeliveryControlSetting]:
        args = PageArgs(first, after, last, before)
        return connection(
            await scheduling_delivery.product_controls(info.context, args), DeliveryControlSetting.of
        )

    @strawberry.field(
        description="How long lots must keep after they are received; the customer decides before the product."
    )
    async def sellable_days(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[SellableDays]:
        args = PageArgs(first, after, last, before)
        return connection(await scheduling_delivery.sellable_days(info.context, args), SellableDays.of)

    @strawberry.field(
        description="The days on which customers take goods; those without one take them any day."
    )
    async def customer_calendars(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[CustomerCalendar]:
        args = PageArgs(first, after, last, before)
        return connection(
            await scheduling_delivery.customer_calendars(info.context, args), CustomerCalendar.of
        )

    @classmethod
    async def read(cls, ctx: Context) -> "SchedulingSettings":
        found = await scheduling.scheduling_settings(ctx)
        return cls(
            version=found.version,
            calendars=[
                WorkCalendar(
                    code=row.code,
                    name=row.name,
                    weekdays=[day + 1 for day in row.weekdays],
                    holidays=[
                        CalendarHoliday(day=each.day, name=each.name)
                        for each in found.holidays
                        if each.calendar_id == row.id
                    ],
                )
                for row in found.calendars
            ],
            entry_deadlines=[
                EntryDeadline(
                    weekday=row.weekday + 1, at=f"{row.at:%H:%M}", customer_group=row.group_code, row=row
                )
                for row in found.deadlines
            ],
            transport_times=[
                TransportTime(
                    mode=row.mode, country=row.country, postal_prefix=row.postal_prefix, days=row.days,
                    calendar_code=row.calendar_code, row=row,
                )
                for row in found.transport
            ],
            warehouses=[fill(WarehouseTimes, row, row=row) for row in found.warehouses],
            delivery_control=DeliveryControlSetting.general(found.control),
            availability_display=found.display,
            low_stock_threshold=found.low_stock_threshold,
            sharing_policy=found.sharing_policy,
            cart_hold_minutes=found.holds.cart_minutes,
            staff_hold_days=found.holds.staff_days,
            group_displays=[fill(GroupDisplay, row) for row in found.groups],
        )  # fmt: skip


@strawberry.type
class SchedulingQueries:
    @strawberry.field(description="What promised days follow from.", directives=_READ)
    async def scheduling_settings(self, info: Info) -> SchedulingSettings:
        return await SchedulingSettings.read(info.context)


def version_seen() -> Any:
    return strawberry.field(description="The version of `schedulingSettings` you saw.")


@strawberry.input(description="A day on which nobody works.", directives=_MANAGE)
class HolidayInput:
    day: date = strawberry.field(description="The day.")
    name: str = strawberry.field(default="", description="Its name, 200 characters at most.")


@strawberry.input(description="A calendar as it shall be.", directives=_MANAGE)
class SaveCalendarInput:
    code: str = strawberry.field(description="Its code, 1 to 64 characters; a new one makes a new calendar.")
    name: str = strawberry.field(description="Its name, 1 to 200 characters.")
    weekdays: list[int] = strawberry.field(description="The open weekdays, each once; 1 is Monday.")
    holidays: list[HolidayInput] = strawberry.field(description="All its holidays, 500 at most.")
    expected_version: int = version_seen()


@strawberry.input(description="Until when an order counts as a weekday's.", directives=_MANAGE)
class SetEntryDeadlineInput:
    warehouse_id: strawberry.ID = strawberry.field(description="The warehouse.")
    weekday: int = strawberry.field(description="1 is Monday.")
    at: str | None = strawberry.field(
        description="The time on the warehouse's clock, such as 17:30; null: until the day ends, and for a group what"
        " holds for everybody."
    )
    customer_group: str | None = strawberry.field(
        default=None, description="The code of the customer group whose own it is; null: everybody's."
    )
    expected_version: int = version_seen()


@strawberry.input(description="Days from a warehouse to a place.", directives=_MANAGE)
class SetTransportTimeInput:
    warehouse_id: strawberry.ID = strawberry.field(description="The warehouse.")
    days: int | None = strawberry.field(description="Days under way, 0 to 365; null takes the row away.")
    mode: str = strawberry.field(default="", description="The mode of delivery; empty: any.")
    country: str = strawberry.field(default="", description="The country, such as ES; empty: any.")
    postal_prefix: str = strawberry.field(default="", description="How its postal codes begin; empty: any.")
    calendar_code: str | None = strawberry.field(
        default=None, description="The calendar of the carrier; null: every day."
    )
    expected_version: int = version_seen()


@strawberry.input(description="When a warehouse works.", directives=_MANAGE)
class SetWarehouseTimesInput:
    warehouse_id: strawberry.ID = strawberry.field(description="The warehouse.")
    calendar_code: str | None = strawberry.field(
        description="The calendar of the days on which it works; null: every day."
    )
    handling_days: int = strawberry.field(description="Days from picking to leaving, 0 to 365.")
    time_zone: str = strawberry.field(
        description="Whose clock its deadlines mean, by the name in the IANA database, such as Europe/Madrid."
    )
    expected_version: int = version_seen()


class SettingsPayload(Payload):
    entity_type = "Seller"

    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:
        assert entity_id == ctx.user.seller_id, "the seller's own"
        return cls(scheduling_settings=await SchedulingSettings.read(ctx))  # type: ignore[call-arg]


@strawberry.type(description="Answer of saveCalendar.", directives=_MANAGE)
class SaveCalendarPayload(SettingsPayload):
    scheduling_settings: SchedulingSettings | None = strawberry.field(default=None, description=_SETTINGS)


@strawberry.type(description="Answer of setEntryDeadline.", directives=_MANAGE)
class SetEntryDeadlinePayload(SettingsPayload):
    scheduling_settings: SchedulingSettings | None = strawberry.field(default=None, description=_SETTINGS)


@strawberry.type(description="Answer of setTransportTime.", directives=_MANAGE)
class SetTransportTimePayload(SettingsPayload):
    scheduling_settings: SchedulingSettings | None = strawberry.field(default=None, description=_SETTINGS)


@strawberry.type(description="Answer of setWarehouseTimes.", directives=_MANAGE)
class SetWarehouseTimesPayload(SettingsPayload):
    scheduling_settings: SchedulingSettings | None = strawberry.field(default=None, description=_SETTINGS)


def _place(text: strawberry.ID) -> UUID:
    return decode_id(text, "Warehouse", path=("warehouseId",))


@strawberry.type
class SchedulingMutations:
    @strawberry.mutation(
        description="Makes a calendar, or changes it as a whole. Promises that stand stay while they can be kept.",
        directives=_MANAGE,
    )
    async def save_calendar(
        self, info: Info, input: Annotated[SaveCalendarInput, strawberry.argument(description="Which.")]
    ) -> SaveCalendarPayload:
        days = [Holiday(each.day, each.name) for each in input.holidays]
        draft = CalendarDraft(input.code, input.name, input.weekdays, days)
        done = await scheduling.save_calendar(info.context, draft, input.expected_version)
        return await SaveCalendarPayload.of(info.context, done)

    @strawberry.mutation(
        description="Sets until when an order counts as a weekday's; later ones count as the next open day's.",
        directives=_MANAGE,
    )
    async def set_entry_deadline(
        self, info: Info, input: Annotated[SetEntryDeadlineInput, strawberry.argument(description="When.")]
    ) -> SetEntryDeadlinePayload:
        done = await scheduling.set_entry_deadline(
            info.context, _place(input.warehouse_id), input.weekday, input.at, input.customer_group,
            input.expected_version,
        )  # fmt: skip
        return await SetEntryDeadlinePayload.of(info.context, done)

    @strawberry.mutation(description="Sets how long goods are under way to a place.", directives=_MANAGE)
    async def set_transport_time(
        self,
        info: Info,
        input: Annotated[SetTransportTimeInput, strawberry.argument(description="How long.")],
    ) -> SetTransportTimePayload:
        draft = scheduling.TransportDraft(
            _place(input.warehouse_id), input.mode, input.country, input.postal_prefix, input.days,
            input.calendar_code,
        )  # fmt: skip
        done = await scheduling.set_transport_time(info.context, draft, input.expected_version)
        return await SetTransportTimePayload.of(info.context, done)

    @strawberry.mutation(
        description="Sets the days on which a warehouse works, its handling days and its time zone.",
        directives=_MANAGE,
    )
    async def set_warehouse_times(
        self,
        info: Info,
        input: Annotated[SetWarehouseTimesInput, strawberry.argument(description="How it works.")],
    ) -> SetWarehouseTimesPayload:
        done = await scheduling.set_warehouse_times(
            info.context, _place(input.warehouse_id), input.calendar_code, input.handling_days, input.time_zone,
            input.expected_version,
        )  # fmt: skip
        return await SetWarehouseTimesPayload.of(info.context, done)
