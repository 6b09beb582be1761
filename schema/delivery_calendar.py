"""What comes when, and whether it came on time."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

import strawberry

from auth.permissions import Permission as P
from models.schedule_reads import ConsignmentRow, ScheduledRow
from resolvers import delivery_calendar as calendar
from resolvers.context import Context
from resolvers.customers import acting_customer, customers_by_id
from rules.punctuality import OnTime
from rules.states import DeliveryStatus
from schema.access import access, described_enum, list_size
from schema.customers import Customer
from schema.ids import decode_id, encode_id
from schema.payloads import Payload
from schema.rows import fill

Info = strawberry.Info[Context, None]
_READ = [access(P.DELIVERIES_READ)]
_UNIT = "in the line's unit"


class ScheduledState(StrEnum):
    """How far a schedule line is."""

    PROMISED = "PROMISED"
    PREPARED = "PREPARED"
    SHIPPED = "SHIPPED"
    CANCELLED = "CANCELLED"


described_enum(
    ScheduledState,
    "How far goods are that were to come on a day.",
    {
        "PROMISED": "Something of it is still to be packed.",
        "PREPARED": "All of it has left or is being packed.",
        "SHIPPED": "All of it has left.",
        "CANCELLED": "Nothing is left of it: it was called off, or comes another way.",
    },
)


@strawberry.type(
    description="What of it a delivery holds that has left or is being packed.", directives=_READ
)
class CalendarConsignment:
    number: str = strawberry.field(description="The delivery's number.")
    status: DeliveryStatus = strawberry.field(description="RELEASED: it is being packed.")
    quantity: Decimal = strawberry.field(description=f"How many, {_UNIT}.")
    planned_on: date = strawberry.field(description="The day it is to leave.")
    shipped_on: date | None = strawberry.field(description="The day it left, in the seller's zone.")
    carrier: str = strawberry.field(description="Who carries it; may be empty.")
    tracking_number: str = strawberry.field(description="The carrier's number; may be empty.")

    @classmethod
    def of(cls, row: ConsignmentRow) -> "CalendarConsignment":
        return fill(cls, row)


@strawberry.type(description="Goods of an order line that come together: a schedule line.", directives=_READ)
class CalendarEntry:
    key: str = strawberry.field(description="Stable for ever: what a calendar knows it by.")
    revision: int = strawberry.field(description="Rises when something of it changes: its order's version.")
    day: date | None = strawberry.field(
        description="When it is expected, or was received by the days under way; null: nobody knows yet."
    )
    first_promised_on: date | None = strawberry.field(
        description="The day of receipt that was first promised."
    )
    requested_on: date | None = strawberry.field(description="The day of receipt asked for.")
    is_late: bool = strawberry.field(
        description="It comes, or came, after the first promise; or should have left and did not."
    )
    is_on_hold: bool = strawberry.field(description="Its order is stopped.")
    quantity: Decimal = strawberry.field(description=f"How many, {_UNIT}.")
    quantity_shipped: Decimal = strawberry.field(description="How many of them have left.")
    sku: str = strawberry.field(description="Our number of the product.")
    description: str = strawberry.field(description="The product's name when it was ordered.")
    unit: str = strawberry.field(description="The unit of its quantities.")
    order_number: str = strawberry.field(description="The order.")
    purchase_order_number: str = strawberry.field(description="The buyer's own number; may be empty.")
    customer_name: str = strawberry.field(description="The company it goes to, as the order says.")
    customer_number: str = strawberry.field(description="Its number then.")
    place: str = strawberry.field(description="Name and town of the delivery address.")
    row: strawberry.Private[ScheduledRow]

    @classmethod
    def of(cls, ctx: Context, row: ScheduledRow) -> "CalendarEntry":
        first = row.first_confirmed_on
        is_open = row.shipped < row.quantity
        moved = row.quantity > 0 and first is not None and row.day is not None and row.day > first
        missed = is_open and row.ship_on is not None and row.ship_on < ctx.today
        return cls(
            key=encode_id("ScheduleLine", row.id),
            revision=row.order_version,
            day=row.day,
            first_promised_on=first,
            requested_on=row.requested_on,
            is_late=moved or missed,
            is_on_hold=row.is_on_hold,
            quantity=row.quantity,
            quantity_shipped=row.shipped,
            sku=row.sku,
            description=row.description,
            unit=row.unit_code,
            order_number=row.order_number,
            purchase_order_number=row.purchase_order_number,
            customer_name=row.customer_name,
            customer_number=row.customer_number,
            place=f"{row.delivery_address['name']}, {row.delivery_address['city']}",
            row=row,
        )

    @strawberry.field(description="How far it is.")
    def state(self) -> ScheduledState:
        row = self.row
        if not row.quantity:
            return ScheduledState.CANCELLED
        if row.shipped >= row.quantity:
            return ScheduledState.SHIPPED
        is_packed = row.shipped + row.released >= row.quantity
        return ScheduledState.PREPARED if is_packed else ScheduledState.PROMISED

    @strawberry.field(description="Its deliveries.", directives=[list_size(2)])
    async def consignments(self, info: Info) -> list[CalendarConsignment]:
        rows = await info.context.load(calendar.consignments_by_schedule_line, self.row.id)
        return [CalendarConsignment.of(row) for row in rows]


@strawberry.type(description="What comes, or came, in a period.", directives=_READ)
class DeliveryCalendar:
    asked_at: datetime = strawberry.field(description="The moment as of which it is told.")
    today: date = strawberry.field(description="The seller's day then.")
    is_complete: bool = strawberry.field(
        description="False where there is more than can be told at once: ask for a shorter period."
    )
    entries: list[CalendarEntry] = strawberry.field(
        description="By day; those that have none yet last. 2,000 at most.", directives=[list_size(200)]
    )


@strawberry.type(
    description="Order lines that were due in a period, and how many of them fared well.", directives=_READ
)
class OnTimeFigures:
    lines: int = strawberry.field(
        description="Lines due: whose last first-promised day lies in the period and is over, or that left before it."
    )
    delivered: int = strawberry.field(description="Of which anything has left.")
    on_time_promised: int = strawberry.field(
        description="Every part of which came whole by the day that was first promised for it."
    )
    on_time_requested: int = strawberry.field(
        description="The same by the day asked for; by the one first promised where none was."
    )
    in_full: int = strawberry.field(description="Of which all that was ordered has left, nothing cancelled.")
    on_time_in_full: int = strawberry.field(description="Both by the first promise and in full.")
    row: strawberry.Private[OnTime]

    @classmethod
    def of(cls, row: OnTime) -> "OnTimeFigures":
        return fill(cls, row, row=row)

    @strawberry.field(description="`onTimePromised` in percent of `lines`, one decimal; null without lines.")
    def on_time_promised_percent(self) -> Decimal | None:
        return self.row.percent(self.row.on_time_promised)

    @strawberry.field(description="`onTimeRequested` in percent of `lines`, one decimal; null without lines.")
    def on_time_requested_percent(self) -> Decimal | None:
        return self.row.percent(self.row.on_time_requested)

    @strawberry.field(description="`inFull` in percent of `lines`, one decimal; null without lines.")
    def in_full_percent(self) -> Decimal | None:
        return self.row.percent(self.row.in_full)

    @strawberry.field(description="`onTimeInFull` in percent of `lines`, one decimal; null without lines.")
    def on_time_in_full_percent(self) -> Decimal | None:
        return self.row.percent(self.row.on_time_in_full)


@strawberry.type(description="How punctual deliveries to one customer were.", directives=_READ)
class CustomerOnTime:
    figures: OnTimeFigures = strawberry.field(description="The figures.")
    key: strawberry.Private[UUID]

    @strawberry.field(description="The customer.", directives=[access(P.CUSTOMERS_READ)])
    async def customer(self, info: Info) -> Customer | None:
        row = await info.context.load(customers_by_id, self.key)
        return None if row is None else Customer.of(row)


@strawberry.type(description="How punctual deliveries were.", directives=_READ)
class Punctuality:
    figures: OnTimeFigures = strawberry.field(description="Of all of them together.")
    by_customer: list[CustomerOnTime] = strawberry.field(
        description="By customer, those with most late lines first; 50 at most.",
        directives=[access(P.STAFF), list_size(50)],
    )


_First = Annotated[date, strawberry.argument(name="from", description="The first day.")]
_Last = Annotated[date, strawberry.argument(name="to", description="The last day; 400 days at most in all.")]
_Whose = Annotated[
    strawberry.ID | None,
    strawberry.argument(description="Only of this customer; null: of all whose orders you see."),
]


@strawberry.type
class DeliveryCalendarQueries:
    @strawberry.field(
        description="What of the orders you see comes, or came, between two days, and what has no day yet.",
        directives=_READ,
    )
    async def delivery_calendar(
        self,
        info: Info,
        first: _First,
        last: _Last,
        customer_id: _Whose = None,
        include_cancelled: Annotated[
            bool, strawberry.argument(description="Also what was called off and had a day once.")
        ] = False,
    ) -> DeliveryCalendar:
        ctx = info.context
        key = None if customer_id is None else decode_id(customer_id, "Customer", path=("customerId",))
        found = await calendar.delivery_calendar(ctx, first, last, key, include_cancelled)
        return DeliveryCalendar(
            asked_at=ctx.now,
            today=ctx.today,
            is_complete=found.is_complete,
            entries=[CalendarEntry.of(ctx, row) for row in found.entries],
        )

    @strawberry.field(
        description="How punctual what was due between two days was: to the first promise, to the day asked for, in "
        "full.",
        directives=_READ,
    )
    async def on_time_figures(
        self, info: Info, first: _First, last: _Last, customer_id: _Whose = None
    ) -> Punctuality:
        key = None if customer_id is None else decode_id(customer_id, "Customer", path=("customerId",))
        found = await calendar.punctuality(info.context, first, last, key)
        return Punctuality(
            figures=OnTimeFigures.of(found.total),
            by_customer=[
                CustomerOnTime(figures=OnTimeFigures.of(each), key=of_whom)
                for of_whom, each in found.by_customer
            ],
        )


@strawberry.input(description="Turns the address of the calendar on or off.", directives=_READ)
class SetCalendarLinkInput:
    is_active: bool = strawberry.field(
        description="True: a new address; false: none. The one before ends in any case."
    )
    days: int = strawberry.field(
        default=calendar.LINK_DAYS_MAX,
        description=f"How many days it lasts, 1 to {calendar.LINK_DAYS_MAX}.",
    )


@strawberry.type(description="Answer of setCalendarLink.", directives=_READ)
class SetCalendarLinkPayload(Payload):
    entity_type = "CalendarLink"
    customer: Customer | None = strawberry.field(
        default=None, description="The company whose deliveries it tells; null when refused."
    )
    secret: str | None = strawberry.field(
        default=None,
        description="The secret, told this once: /calendar/SECRET.ics is the address. Null when refused, replayed,"
        " turned off, or tried by @dryRun.",
    )

    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:  # noqa: ARG003 - nobody reads it again
        return cls(
            customer=Customer.of(await acting_customer(ctx)), secret=ctx.kept.get(calendar.LINK_SECRET)
        )


@strawberry.type
class DeliveryCalendarMutations:
    @strawberry.mutation(
        description="The secret address by which calendar programs read your deliveries at your company, and nothing "
        "else. Whoever has it reads them until it is turned off.",
        directives=_READ,
    )
    async def set_calendar_link(
        self,
        info: Info,
        input: Annotated[SetCalendarLinkInput, strawberry.argument(description="On or off.")],
    ) -> SetCalendarLinkPayload:
        done = await calendar.set_calendar_link(info.context, input.is_active, input.days)
        return await SetCalendarLinkPayload.of(info.context, done)
