"""What promised days follow from as it is set: of the seller alone, and for the seller's people."""

from dataclasses import dataclass
from datetime import date, time
from typing import Any
from uuid import UUID

from sqlalchemy import Select, or_, select

from auth.permissions import Viewer
from models.customers import Customer, CustomerGroup
from models.customers_reads import customer_in_scope
from models.rows import columns_of
from models.scheduling import (
    CalendarHoliday,
    CustomerCalendar,
    DeliverySetting,
    EntryDeadline,
    SellableDays,
    TransportTime,
    WorkCalendar,
)
from models.stock import Warehouse
from rules.states import AvailabilityDisplay, DeliveryControl, LotCriterion


@dataclass(frozen=True, slots=True)
class CalendarRow:
    """`weekdays`: 0 is Monday."""

    id: UUID
    code: str
    name: str
    weekdays: list[int]


@dataclass(frozen=True, slots=True)
class HolidayRow:
    calendar_id: UUID
    day: date
    name: str


@dataclass(frozen=True, slots=True)
class DeadlineRow:
    """`weekday`: 0 is Monday; without a customer group it is for everybody."""

    warehouse_id: UUID
    weekday: int
    at: time
    group_code: str | None


@dataclass(frozen=True, slots=True)
class TransportTimeRow:
    warehouse_id: UUID
    mode: str
    country: str
    postal_prefix: str
    days: int
    calendar_code: str | None


def calendars(seller_id: UUID) -> Select[*tuple[Any, ...]]:
    return (
        select(WorkCalendar.id, WorkCalendar.code, WorkCalendar.name, WorkCalendar.weekdays)
        .where(WorkCalendar.seller_id == seller_id)
        .order_by(WorkCalendar.code)
    )


def holidays(seller_id: UUID) -> Select[*tuple[Any, ...]]:
    return (
        select(CalendarHoliday.calendar_id, CalendarHoliday.day, CalendarHoliday.name)
        .join(WorkCalendar, WorkCalendar.id == CalendarHoliday.calendar_id)
        .where(WorkCalendar.seller_id == seller_id)
        .order_by(CalendarHoliday.calendar_id, CalendarHoliday.day)
    )


def entry_deadlines(seller_id: UUID) -> Select[*tuple[Any, ...]]:
    return (
        select(EntryDeadline.warehouse_id, EntryDeadline.weekday, EntryDeadline.at, CustomerGroup.code)
        .join(Warehouse, Warehouse.id == EntryDeadline.warehouse_id)
        .outerjoin(CustomerGroup, CustomerGroup.id == EntryDeadline.customer_group_id)
        .where(Warehouse.seller_id == seller_id)
        .order_by(Warehouse.priority, Warehouse.code, CustomerGroup.code.nulls_first(), EntryDeadline.weekday)
    )


def transport_times(seller_id: UUID) -> Select[*tuple[Any, ...]]:
    row = TransportTime
    return (
        select(row.warehouse_id, row.mode, row.country, row.postal_prefix, row.days, WorkCalendar.code)
        .join(Warehouse, Warehouse.id == row.warehouse_id)
        .outerjoin(WorkCalendar, WorkCalendar.id == row.calendar_id)
        .where(Warehouse.seller_id == seller_id)
        .order_by(Warehouse.priority, Warehouse.code, row.mode, row.country, row.postal_prefix)
    )


@dataclass(frozen=True, slots=True)
class WarehouseTimesRow:
    warehouse_id: UUID
    time_zone: str
    handling_days: int
    calendar_code: str | None


def warehouse_times(seller_id: UUID) -> Select[*tuple[Any, ...]]:
    return (
        select(Warehouse.id, Warehouse.time_zone, Warehouse.handling_days, WorkCalendar.code)
        .outerjoin(WorkCalendar, WorkCalendar.id == Warehouse.calendar_id)
        .where(Warehouse.seller_id == seller_id)
        .order_by(Warehouse.priority, Warehouse.code)
    )


@dataclass(frozen=True, slots=True)
class GroupRow:
    """`availability_display` is None where the group is told what everybody is."""

    code: str
    name: str
    availability_display: AvailabilityDisplay | None


def customer_groups(seller_id: UUID) -> Select[*tuple[Any, ...]]:
    return (
        select(*columns_of(CustomerGroup, GroupRow))
        .where(CustomerGroup.seller_id == seller_id)
        .order_by(CustomerGroup.code)
    )


@dataclass(frozen=True, slots=True)
class ControlRow:
    """What a promise rests on, of a product or of all that have no row of their own (None)."""

    id: UUID
    product_id: UUID | None
    method: DeliveryControl
    sales_lead_days: int
    issue_margin_days: int
    purchase_lead_days: int | None
    horizon_days: int
    supply_fence_days: int | None
    demand_fence_days: int | None
    supply_offset_days: int
    demand_offset_days: int
    is_unlimited_after_horizon: bool
    lot_criterion: LotCriterion


def controls(seller_id: UUID) -> Select[*tuple[Any, ...]]:
    return select(*columns_of(DeliverySetting, ControlRow)).where(DeliverySetting.seller_id == seller_id)


@dataclass(frozen=True, slots=True)
class SellableDaysRow:
    id: UUID
    customer_id: UUID | None
    group_code: str | None
    product_id: UUID | None
    category_id: UUID | None
    days: int


def visible_sellable_days(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """Columns of SellableDaysRow: those for everybody, for groups, and for the customers whom the viewer sees."""
    row = SellableDays
    return (
        select(row.id, row.customer_id, CustomerGroup.code, row.product_id, row.category_id, row.days)
        .outerjoin(CustomerGroup, CustomerGroup.id == row.customer_group_id)
        .outerjoin(Customer, Customer.id == row.customer_id)
        .where(row.seller_id == viewer.seller_id, or_(row.customer_id.is_(None), customer_in_scope(viewer)))
    )


@dataclass(frozen=True, slots=True)
class CustomerCalendarRow:
    customer_id: UUID
    calendar_code: str


def visible_customer_calendars(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """Columns of CustomerCalendarRow, of the customers whom the viewer sees."""
    return (
        select(CustomerCalendar.customer_id, WorkCalendar.code)
        .join(Customer, Customer.id == CustomerCalendar.customer_id)
        .join(WorkCalendar, WorkCalendar.id == CustomerCalendar.calendar_id)
        .where(Customer.seller_id == viewer.seller_id, customer_in_scope(viewer))
    )
