"""Calendars, deadlines and transport times as they are set: of the seller alone, and for the seller's people."""

from dataclasses import dataclass
from datetime import date, time
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from models.scheduling import CalendarHoliday, EntryDeadline, TransportTime, WorkCalendar
from models.stock import Warehouse


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
    """For everybody; those of customer groups are not among them. `weekday`: 0 is Monday."""

    warehouse_id: UUID
    weekday: int
    at: time


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
        select(EntryDeadline.warehouse_id, EntryDeadline.weekday, EntryDeadline.at)
        .join(Warehouse, Warehouse.id == EntryDeadline.warehouse_id)
        .where(Warehouse.seller_id == seller_id, EntryDeadline.customer_group_id.is_(None))
        .order_by(Warehouse.priority, Warehouse.code, EntryDeadline.weekday)
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
