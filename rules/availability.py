"""Available to promise: how much more may be promised for a day without breaking what is promised already."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property

from rules.money import ZERO
from rules.states import LotCriterion

FOREVER = date.max


@dataclass(frozen=True, slots=True)
class LotOnHand:
    """A quantity that may leave while `keeps_until` is far enough away; `FOREVER` where nothing ends it."""

    quantity: Decimal
    keeps_until: date = FOREVER


@dataclass(frozen=True, slots=True)
class Supply:
    """A receipt that is expected: what is left of it, the day it is due, and which document says so."""

    on: date
    quantity: Decimal
    source: str = ""


@dataclass(frozen=True, slots=True)
class Demand:
    """What is to leave on a day; its goods must keep for so many days from then (see `days_to_keep`)."""

    on: date
    quantity: Decimal
    keep_days: int = 0


@dataclass(frozen=True, slots=True)
class Window:
    """
    How far is looked ahead, and what becomes of what is late (rule book 8.2).

    What is late by more than its fence is ignored (None: nothing is); what is late within it counts so many days
    from today, its offset.
    """

    horizon_days: int = 90
    supply_fence_days: int | None = None
    demand_fence_days: int | None = None
    supply_offset_days: int = 0
    demand_offset_days: int = 0


@dataclass(frozen=True, slots=True)
class StockFacts:
    """
    What is known of a product in a warehouse. Open demand counts once (rule book 0.2: 32).

    Args:
        on_hand: what may be sold of what is there, by lots where the product has them.
        held: what is reserved of it, on the day it is to leave.
        demands: what is open and not reserved.
    """

    on_hand: tuple[LotOnHand, ...] = ()
    held: tuple[Demand, ...] = ()
    supplies: tuple[Supply, ...] = ()
    demands: tuple[Demand, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """From `on`, so much can have left in all."""

    on: date
    quantity: Decimal


def days_to_keep(criterion: LotCriterion, transport_days: int, sellable_days: int) -> int:
    """
    How long goods must keep from the day they leave, so that the customer may receive them (rule book 8.6).

    Until the receipt and the customer's sellable days after it; what expires does so after the receipt at the
    earliest, even for a customer without sellable days.
    """
    least = 0 if criterion is LotCriterion.BEST_BEFORE else 1
    return transport_days + max(sellable_days, least)


def unreserved(open_: Decimal, reserved: Decimal) -> Decimal:
    """The part of an open line that still is to come out of what is free."""
    return max(open_ - reserved, ZERO)


class Availability:
    """
    What may be promised of a product, for one who needs it to keep for `keep_days` from leaving.

    Without lots that end within the horizon it is the suffix minimum of the projected balance, floored at zero:
    c[t] = on hand + receipts until t - issues until t; atp[t] = max(0, min(c[t], .., c[horizon])). A lot serves
    only days on which it still keeps, so stock that ends is promised until it does, and never after.

    Source: rule book 0 (6), 0.2 (32), 8.2.
    """

    def __init__(self, facts: StockFacts, today: date, window: Window, keep_days: int = 0) -> None:
        self._facts, self._window = facts, window
        self.today, self.keep_days = today, keep_days
        self.horizon = today + timedelta(window.horizon_days)
        self._lots, broken = _pin(facts.on_hand, facts.held, today)
        self.supplies = self._redated_supplies()
        self._demands = self._redated_demands(facts.demands) + self._within(broken)
        self._demands.sort(key=lambda demand: demand.on)

    def _redated_supplies(self) -> list[Supply]:
        window = self._window
        found = []
        for supply in self._facts.supplies:
            on = _redated(supply.on, self.today, window.supply_fence_days, window.supply_offset_days)
            if on is not None and on <= self.horizon:
                found.append(replace(supply, on=on))
        return sorted(found, key=lambda supply: supply.on)

    def _redated_demands(self, demands: Sequence[Demand]) -> list[Demand]:
        window = self._window
        found = []
        for demand in demands:
            on = _redated(demand.on, self.today, window.demand_fence_days, window.demand_offset_days)
            if on is not None and on <= self.horizon:
                found.append(replace(demand, on=on))
        return found

    def _within(self, demands: Sequence[Demand]) -> list[Demand]:
        return [demand for demand in demands if demand.on <= self.horizon]

    @property
    def has_overdue_supply(self) -> bool:
        return any(supply.on < self.today for supply in self._facts.supplies)

    @cached_property
    def without_overdue(self) -> "Availability":
        """The same, as if nothing that is late came any more."""
        in_time = tuple(supply for supply in self._facts.supplies if supply.on >= self.today)
        return self._changed(replace(self._facts, supplies=in_time))

    def promised(self, on: date, quantity: Decimal) -> "Availability":
        """What is left when so much more is promised for a day."""
        more = Demand(max(on, self.today), quantity, self.keep_days)
        return self._changed(replace(self._facts, demands=(*self._facts.demands, more)))

    def _changed(self, facts: StockFacts) -> "Availability":
        return Availability(facts, self.today, self._window, self.keep_days)

    def keeping(self, keep_days: int) -> "Availability":
        """The same for goods that must keep for so many days from leaving."""
        if keep_days == self.keep_days:
            return self
        return Availability(self._facts, self.today, self._window, keep_days)

    def on(self, day: date) -> Decimal:
        """How much more may be promised to leave on a day, today or later."""
        return self._counted(day) if self._ends else self._suffix_minimum(day)

    def days_of_change(self, start: date) -> list[date]:
        """The days on which more may be available than the day before: `start`, and receipts after it."""
        start = max(start, self.today)
        return [start, *sorted({supply.on for supply in self.supplies if supply.on > start})]

    def earliest(self, quantity: Decimal, start: date) -> date | None:
        """The first day from `start` on which so much more may leave; None: not within the horizon."""
        return next((day for day in self.days_of_change(start) if self.on(day) >= quantity), None)

    def ladder(self) -> list[Step]:
        """
        What can have left by when, from today; the quantity only rises.

        A day not named counts as the one before. Stock that ends is counted at its best day: what may leave on one
        certain day is `on`.
        """
        steps = [Step(self.today, self.on(self.today))]
        for day in self.days_of_change(self.today)[1:]:
            quantity = self.on(day)
            if quantity > steps[-1].quantity:
                steps.append(Step(day, quantity))
        return steps

    def split(self, quantity: Decimal, start: date) -> list[Step]:
        """
        A quantity in parts, each as early as it may leave; they sum to the quantity or to all there is.

        Each step's quantity is the part's own.
        """
        parts: list[Step] = []
        rest, left = self, quantity
        for day in self.days_of_change(start):
            part = min(rest.on(day), left)
            if part > 0:
                parts.append(Step(day, part))
                rest, left = rest.promised(day, part), left - part
            if not left:
                break
        return parts

    def is_at_risk(self, quantity: Decimal, day: date) -> bool:
        """Whether a promise for the day rests on supply that is late already."""
        return self.has_overdue_supply and self.without_overdue.on(day) < quantity

    def source_of(self, quantity: Decimal) -> Supply | None:
        """The receipt that the quantity waits for; None where none is needed, or all of them do not suffice."""
        day = self.earliest(quantity, self.today)
        come = [supply for supply in self.supplies if supply.on == day]
        if day is None or not come:
            return None
        before = tuple(supply for supply in self.supplies if supply.on < day)
        without = self._changed(replace(self._facts, supplies=before))
        return None if without.on(day) >= quantity else come[-1]

    @cached_property
    def _ends(self) -> bool:
        """Whether some lot ends before all that is looked at has left."""
        days = max([self.keep_days, *(demand.keep_days for demand in self._demands)])
        last = self.horizon + timedelta(days)
        return any(lot.keeps_until < last for lot in self._lots)

    @cached_property
    def _balance(self) -> tuple[list[date], list[Decimal]]:
        """Days on which the projected balance changes, and from each the lowest it will be."""
        changes = {self.today: sum((lot.quantity for lot in self._lots), ZERO)}
        for supply in self.supplies:
            changes[supply.on] = changes.get(supply.on, ZERO) + supply.quantity
        for demand in self._demands:
            changes[demand.on] = changes.get(demand.on, ZERO) - demand.quantity
        days = sorted(changes)
        balances, balance = [], ZERO
        for day in days:
            balance += changes[day]
            balances.append(balance)
        for index in range(len(days) - 2, -1, -1):
            balances[index] = min(balances[index], balances[index + 1])
        return days, balances

    def _suffix_minimum(self, day: date) -> Decimal:
        days, lowest = self._balance
        return max(lowest[max(bisect_right(days, day) - 1, 0)], ZERO)

    def _counted(self, day: date) -> Decimal:
        """
        What is there on the day and keeps, less what later demands need of it.

        Later demands need the difference between what is served of them with it and without it. Each is served by
        what ends first of what keeps long enough for it, which serves the most: what keeps longer can do all that
        what ends earlier can.
        """
        run = _Run(self._lots)
        events = self._events()
        later: list[Supply | Demand] = []
        for event in events:
            if event.on <= day:
                run.take(event, waits=True)
            else:
                later.append(event)
        fit = [lot for lot in run.lots if _keeps(lot.keeps_until, day, self.keep_days)]
        rest = [lot for lot in run.lots if not _keeps(lot.keeps_until, day, self.keep_days)]
        with_it, without_it = _Run(run.lots, run.waiting), _Run(rest, run.waiting)
        for event in later:
            with_it.take(event, waits=False)
            without_it.take(event, waits=False)
        needed = with_it.served - without_it.served
        return max(sum((lot.quantity for lot in fit), ZERO) - needed, ZERO)

    def _events(self) -> Iterator[Supply | Demand]:
        """Receipts and demands by day; on one day, receipts first."""
        events: list[Supply | Demand] = [*self.supplies, *self._demands]
        return iter(sorted(events, key=lambda event: (event.on, isinstance(event, Demand))))


class _Run:
    """Stock and demands in the course of time. Stock is kept by its end, the first to end ahead."""

    def __init__(self, lots: Sequence[LotOnHand], waiting: Sequence[Demand] = ()) -> None:
        self.lots = list(lots)
        self.waiting = list(waiting)
        self.served = ZERO

    def take(self, event: Supply | Demand, waits: bool) -> None:
        """A receipt serves what waits; a demand that is not served waits, or is given up."""
        if isinstance(event, Demand):
            short = self._serve(event, event.on)
            if short and waits:
                self.waiting.append(replace(event, quantity=short))
            return
        self.lots.append(LotOnHand(event.quantity))
        waiting, self.waiting = self.waiting, []
        for demand in waiting:
            short = self._serve(demand, event.on)
            if short:
                self.waiting.append(replace(demand, quantity=short))

    def _serve(self, demand: Demand, day: date) -> Decimal:
        left, lots = _take(self.lots, demand, day)
        self.lots = lots
        self.served += demand.quantity - left
        return left


def _take(lots: Sequence[LotOnHand], demand: Demand, day: date) -> tuple[Decimal, list[LotOnHand]]:
    """What of a demand stays unserved, and what is left of the lots; those that end first serve first."""
    left, kept = demand.quantity, []
    for lot in lots:
        used = min(lot.quantity, left) if _keeps(lot.keeps_until, day, demand.keep_days) else ZERO
        left -= used
        if used < lot.quantity:
            kept.append(replace(lot, quantity=lot.quantity - used) if used else lot)
    return left, kept


def _pin(
    on_hand: Sequence[LotOnHand], held: Sequence[Demand], today: date
) -> tuple[list[LotOnHand], list[Demand]]:
    """What is left when reservations have taken the lots that will serve them, and what of them no lot can serve."""
    lots = sorted((lot for lot in on_hand if lot.quantity > 0), key=lambda lot: lot.keeps_until)
    broken = []
    for demand in sorted(held, key=lambda each: each.on):
        due = replace(demand, on=max(demand.on, today))
        left, lots = _take(lots, due, due.on)
        if left:
            broken.append(replace(due, quantity=left))
    return lots, broken


def _redated(on: date, today: date, fence_days: int | None, offset_days: int) -> date | None:
    """The day that counts for what is due: itself, or for what is late some days from today; None: it is ignored."""
    if on >= today:
        return on
    if fence_days is not None and (today - on).days > fence_days:
        return None
    return today + timedelta(offset_days)


def _keeps(until: date, day: date, keep_days: int) -> bool:
    return until == FOREVER or until >= day + timedelta(keep_days)


def discrete(ladder: Sequence[Step], today: date, days: int) -> list[Decimal]:
    """
    APICS discrete available to promise of today and the days after: what each adds to what may be promised.

    The first bucket includes what is on hand; a receipt's bucket lasts until the next one; shortages of later
    buckets are taken from earlier ones.
    """
    rises = {step.on: step.quantity for step in ladder}
    found, before = [], ZERO
    for offset in range(days):
        now = rises.get(today + timedelta(offset), before)
        found.append(now - before)
        before = now
    return found
