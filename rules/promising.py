"""The day a quantity is promised for, why that day, and what happens to a promise when the facts change."""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from rules.availability import Availability
from rules.calendars import Route, backward, first_ship_day, open_receipt_day, receipt_day, ship_day
from rules.money import ZERO
from rules.states import DeliveryControl


class PromiseReason(StrEnum):
    """What a promised day was moved to, one step after the other."""

    ORDER_ENTRY = "ORDER_ENTRY"  # the day as whose the order counts, and handling from then
    REQUESTED = "REQUESTED"
    LEAD_TIME = "LEAD_TIME"
    ON_HAND = "ON_HAND"
    INCOMING = "INCOMING"
    PURCHASE = "PURCHASE"
    AFTER_HORIZON = "AFTER_HORIZON"
    ISSUE_MARGIN = "ISSUE_MARGIN"
    CLOSED_DAY = "CLOSED_DAY"
    TRANSPORT = "TRANSPORT"
    NOT_AVAILABLE = "NOT_AVAILABLE"


@dataclass(frozen=True, slots=True)
class PromiseStep:
    """A reason, and the day that came of it; None where none did. `source` names the receipt that is waited for."""

    reason: PromiseReason
    on: date | None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Control:
    """
    What a promise of a product rests on (rule book 8.1).

    Args:
        sales_lead_days: days from order entry before anything leaves, under SALES_LEAD_TIME and CTP.
        issue_margin_days: days between the day goods are there and the day they leave, under ATP_PLUS_ISSUE_MARGIN.
        purchase_lead_days: days until a purchase made now is there, under CTP; None: it cannot be bought.
        is_unlimited_after_horizon: beyond what is looked at, any quantity is promised; else no day is.
    """

    method: DeliveryControl
    sales_lead_days: int = 0
    issue_margin_days: int = 0
    purchase_lead_days: int | None = None
    is_unlimited_after_horizon: bool = False

    @property
    def margin(self) -> timedelta:
        is_used = self.method is DeliveryControl.ATP_PLUS_ISSUE_MARGIN
        return timedelta(self.issue_margin_days if is_used else 0)

    @property
    def lead(self) -> timedelta:
        is_used = self.method in (DeliveryControl.SALES_LEAD_TIME, DeliveryControl.CTP)
        return timedelta(self.sales_lead_days if is_used else 0)

    @property
    def counts_stock(self) -> bool:
        return self.method not in (DeliveryControl.NONE, DeliveryControl.SALES_LEAD_TIME)


@dataclass(frozen=True, slots=True)
class Promise:
    """
    When a quantity leaves and is received; both None where it is not available within the horizon.

    Args:
        is_at_risk: it rests on a receipt that is late already (rule book 0.2: 32).
        to_purchase: what of it has to be bought for this promise.
        moved_from: the requested day of receipt, where it was closed and is moved.
    """

    ship_on: date | None
    receipt_on: date | None
    is_at_risk: bool = False
    to_purchase: Decimal = ZERO
    moved_from: date | None = None
    steps: tuple[PromiseStep, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a promise: a schedule line."""

    quantity: Decimal
    ship_on: date
    receipt_on: date


@dataclass(frozen=True, slots=True)
class _Start:
    """The first day on which goods could leave if they were there, and how it came about."""

    day: date
    moved_from: date | None
    steps: tuple[PromiseStep, ...]


def promise(
    quantity: Decimal,
    availability: Availability,
    control: Control,
    route: Route,
    entered: date,
    requested_on: date | None = None,
) -> Promise:
    """
    The first days on which all of a quantity may leave and be received, not before it is requested.

    Args:
        availability: for goods that keep the route's transport days and the customer's shelf life.
        entered: the day as whose the order counts (`calendars.entry_day`).
        requested_on: the requested day of receipt; None: as early as possible.
    Source: rule book 8.1, 8.3, 8.5.
    """
    start = _start(control, route, entered, requested_on)
    if not control.counts_stock:
        return _promised(start.day, route, start)
    found = _first_ship_day(quantity, start.day, availability, control, route)
    if control.method is DeliveryControl.CTP and control.purchase_lead_days is not None:
        bought = ship_day(max(start.day, entered + timedelta(control.purchase_lead_days)), route)
        if found is None or bought < found:
            short = quantity - min(_free(bought, availability, control, route), quantity)
            return _promised(
                bought, route, start, (PromiseStep(PromiseReason.PURCHASE, bought),), to_purchase=short
            )
    if found is None and control.is_unlimited_after_horizon:
        day = ship_day(max(start.day, availability.horizon + timedelta(1)), route)
        return _promised(day, route, start, (PromiseStep(PromiseReason.AFTER_HORIZON, day),))
    if found is None:
        nowhere = PromiseStep(PromiseReason.NOT_AVAILABLE, None)
        return Promise(None, None, moved_from=start.moved_from, steps=(*start.steps, nowhere))
    kept = _kept(found, availability, control, route)
    return _promised(
        found, route, start, _why_there(quantity, found, start.day, kept, control),
        is_at_risk=kept.is_at_risk(quantity, found - control.margin),
    )  # fmt: skip


def promise_parts(
    quantity: Decimal,
    availability: Availability,
    control: Control,
    route: Route,
    entered: date,
    requested_on: date | None = None,
) -> list[Part]:
    """
    The same in parts, each as early as it may leave; they sum to the quantity or to all that there will be.

    Source: rule book 8.2, "partial promise"; DL-13.
    """
    start = _start(control, route, entered, requested_on)
    if not control.counts_stock:
        return [Part(quantity, start.day, receipt_day(start.day, route))]
    parts: list[Part] = []
    rest, left = availability, quantity
    for day in _ship_days(start.day, availability, control, route):
        taken = min(_free(day, rest, control, route), left)
        if taken <= 0:
            continue
        parts.append(Part(taken, day, receipt_day(day, route)))
        kept = _kept(day, rest, control, route).promised(day - control.margin, taken)
        rest, left = kept.keeping(availability.keep_days), left - taken
        if not left:
            break
    return parts


def renewed(confirmed_on: date | None, feasible_on: date | None) -> date | None:
    """
    The confirmed day when the facts have changed: a promise that still holds is kept, even if it could be better.

    Args:
        feasible_on: the earliest day now; None: there is none, and nothing can be confirmed.
    Source: rule book 8.3; DL-11.
    """
    if confirmed_on is not None and feasible_on is not None and feasible_on <= confirmed_on:
        return confirmed_on
    return feasible_on


def promise_on_arrival(
    arrives_on: date, control: Control, route: Route, requested_on: date | None = None
) -> Promise:
    """
    When goods leave and are received that reach the warehouse on a day for nobody else (rule book 8.7).

    They are handled from then on, after the margin where there is one, and not sent before they are requested.
    """
    without_stock = replace(control, method=DeliveryControl.NONE)
    start = _start(without_stock, route, arrives_on + control.margin, requested_on)
    return _promised(start.day, route, start)


def renewed_days(
    ship_on: date | None, confirmed_on: date | None, feasible: tuple[date, date] | None
) -> tuple[date | None, date | None]:
    """
    The days of leaving and of receipt when the facts have changed, as `renewed` has it.

    A promise that is kept leaves later than it was meant to, where it has to.

    Args:
        feasible: the earliest days of leaving and receipt now; None: there are none.
    """
    if feasible is None:
        return None, None
    if renewed(confirmed_on, feasible[1]) != confirmed_on or ship_on is None:
        return feasible[0], renewed(confirmed_on, feasible[1])
    return max(ship_on, feasible[0]), confirmed_on


def _start(control: Control, route: Route, entered: date, requested_on: date | None) -> _Start:
    steps = [PromiseStep(PromiseReason.ORDER_ENTRY, first_ship_day(entered, route))]
    if control.lead:
        day = ship_day(entered + control.lead, route)
        if day > _last_day(steps):
            steps.append(PromiseStep(PromiseReason.LEAD_TIME, day))
    if requested_on is None:
        return _Start(_last_day(steps), None, tuple(steps))
    moved = open_receipt_day(requested_on, route)
    wished = backward(moved.day, route).ship
    if wished > _last_day(steps):
        steps.append(PromiseStep(PromiseReason.REQUESTED, wished))
    return _Start(_last_day(steps), requested_on if moved.is_moved else None, tuple(steps))


def _last_day(steps: list[PromiseStep]) -> date:
    day = steps[-1].on
    assert day is not None
    return day


def _ship_days(start: date, availability: Availability, control: Control, route: Route) -> Iterator[date]:
    """The days of departure on which more may be there than on the one before."""
    before = None
    for there in availability.days_of_change(start - control.margin):
        day = _leaving(there, start, control, route)
        if day != before:
            yield day
        before = day


def _leaving(there: date, start: date, control: Control, route: Route) -> date:
    """The day on which goods leave that are there on a day."""
    return ship_day(max(start, there + control.margin), route)


def _first_ship_day(
    quantity: Decimal, start: date, availability: Availability, control: Control, route: Route
) -> date | None:
    def suffices(day: date) -> bool:
        return _free(day, availability, control, route) >= quantity

    if not availability.only_rises:
        return next(filter(suffices, _ship_days(start, availability, control, route)), None)
    # Once it is enough it stays so: a few looks, not one a day.
    days = availability.days_of_change(start - control.margin)
    place = bisect_left(days, True, key=lambda there: suffices(_leaving(there, start, control, route)))
    return _leaving(days[place], start, control, route) if place < len(days) else None


def _kept(ship_on: date, availability: Availability, control: Control, route: Route) -> Availability:
    """For goods that leave on a day: they must keep while they wait for the margin, and for days that are closed."""
    under_way = receipt_day(ship_on, route) - ship_on
    waits = under_way.days - route.transport_days + control.margin.days
    return availability.keeping(availability.keep_days + waits)


def _free(ship_on: date, availability: Availability, control: Control, route: Route) -> Decimal:
    return _kept(ship_on, availability, control, route).on(ship_on - control.margin)


def _why_there(
    quantity: Decimal, ship_on: date, start: date, availability: Availability, control: Control
) -> tuple[PromiseStep, ...]:
    """Why the goods are there when they leave: what they waited for, and how long they then wait."""
    supply = availability.source_of(quantity)
    if supply is None or supply.on > ship_on - control.margin:
        steps = [PromiseStep(PromiseReason.ON_HAND, availability.today)]
    else:
        steps = [PromiseStep(PromiseReason.INCOMING, supply.on, supply.source)]
    day = _last_day(steps) + control.margin
    if control.margin:
        steps.append(PromiseStep(PromiseReason.ISSUE_MARGIN, day))
    if ship_on > max(day, start):
        steps.append(PromiseStep(PromiseReason.CLOSED_DAY, ship_on))
    return tuple(steps)


def _promised(
    ship_on: date,
    route: Route,
    start: _Start,
    steps: tuple[PromiseStep, ...] = (),
    *,
    is_at_risk: bool = False,
    to_purchase: Decimal = ZERO,
) -> Promise:
    receipt_on = receipt_day(ship_on, route)
    under_way = PromiseStep(PromiseReason.TRANSPORT, receipt_on)
    return Promise(
        ship_on, receipt_on, is_at_risk, to_purchase, start.moved_from, (*start.steps, *steps, under_way)
    )
