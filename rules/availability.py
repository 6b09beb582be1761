"""Available to promise: how much more may be promised for a day without breaking what is promised already."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import accumulate
from operator import attrgetter

from rules.money import ZERO
from rules.states import LotCriterion

FOREVER = date.max
_on = attrgetter("on")


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
        self._demands.sort(key=_on)
        self._known: dict[date, Decimal] = {}

    def _redated_supplies(self) -> list[Supply]:
        window = self._window
        found = []
        for supply in self._facts.supplies:
            on = supply.on
            if on >= self.today:
                if on <= self.horizon:
                    found.append(supply)
                continue
            expected = _expected_again(on, self.today, window.supply_fence_days, window.supply_offset_days)
            if expected is not None and expected <= self.horizon:
                found.append(replace(supply, on=expected))
        return sorted(found, key=_on)

    def _redated_demands(self, demands: Sequence[Demand]) -> list[Demand]:
        window = self._window
        found = []
        for demand in demands:
            on = demand.on
            if on >= self.today:
                if on <= self.horizon:
                    found.append(demand)
                continue
            expected = _expected_again(on, self.today, window.demand_fence_days, window.demand_offset_days)
            if expected is not None and expected <= self.horizon:
                found.append(replace(demand, on=expected))
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
        """The same for goods that must keep for so many days from leaving; itself where that makes no difference."""
        if keep_days == self.keep_days or self.only_rises:
            return self
        return Availability(self._facts, self.today, self._window, keep_days)

    def on(self, day: date) -> Decimal:
        """How much more may be promised to leave on a day, today or later."""
        if day not in self._known:
            self._known[day] = self._counted(day) if self._ends else self._suffix_minimum(day)
        return self._known[day]

    def days_of_change(self, start: date) -> list[date]:
        """The days on which more may be available than the day before: `start`, and receipts after it."""
        start = max(start, self.today)
        days = self._days_of_receipt
        return [start, *days[bisect_right(days, start) :]]

    def earliest(self, quantity: Decimal, start: date) -> date | None:
        """The first day from `start` on which so much more may leave; None: not within the horizon."""
        days = self.days_of_change(start)
        if self.only_rises:
            return next(iter(days[bisect_left(days, quantity, key=self.on) :]), None)
        return next((day for day in days if self.on(day) >= quantity), None)

    def ladder(self) -> list[Step]:
        """
        What can have left by when, from today; the quantity only rises.

        A day not named counts as the one before. Stock that ends is counted at its best day: what may leave on one
        certain day is `on`.
        """
        most = self.on(self.today)
        steps = [Step(self.today, most)]
        for day, quantity in self._rises():
            if day > self.today and quantity > most:
                most = quantity
                steps.append(Step(day, most))
        return steps

    def _rises(self) -> Iterator[tuple[date, Decimal]]:
        """What may leave on each day on which it may be more than the day before."""
        if self._ends:
            return ((day, self.on(day)) for day in self._days_of_receipt)
        # The suffix minimum rises with a receipt alone, so that the days of its balance have every rise.
        return zip(*self._balance, strict=True)

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
    def only_rises(self) -> bool:
        """Whether nothing ends: what may leave on a day may leave on every later one."""
        return all(lot.keeps_until == FOREVER for lot in self._lots)

    @cached_property
    def _days_of_receipt(self) -> list[date]:
        return sorted({supply.on for supply in self.supplies})

    @cached_property
    def _ends(self) -> bool:
        """Whether some lot ends before all that is looked at has left."""
        if self.only_rises:
            return False
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
        return days, _suffix_minima(list(accumulate(changes[day] for day in days)))

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
        need = day.toordinal() + self.keep_days
        state, later = self._states[bisect_right(self._event_days, day.toordinal())]
        fit = sum((there for until, there in state.lots if until >= need), ZERO)
        if not fit:
            return ZERO
        if all(until == _FOREVER for until, _ in state.lots):
            # Nothing ends any more: of what is left it is the suffix minimum again.
            return max(fit + min(self._lowest[later] - self._sums[later], ZERO), ZERO)
        with_it, without_it = state.copy(), state.copy()
        without_it.lots = [lot for lot in state.lots if lot[0] < need]
        for event in self._events[later:]:
            with_it.take(event, waits=False)
            without_it.take(event, waits=False)
        return max(fit - (with_it.served - without_it.served), ZERO)

    @cached_property
    def _events(self) -> list["_Event"]:
        """Receipts and demands by day; on one day, receipts first."""
        come = [_Event(each.on.toordinal(), True, each.quantity) for each in self.supplies]
        go = [_Event(each.on.toordinal(), False, each.quantity, each.keep_days) for each in self._demands]
        return sorted([*come, *go], key=lambda event: (event.day, not event.comes))

    @cached_property
    def _event_days(self) -> list[int]:
        return sorted({event.day for event in self._events})

    @cached_property
    def _states(self) -> list[tuple["_Run", int]]:
        """Before all events and after those of each day: what is there then, and how many events have been."""
        run = _Run([(lot.keeps_until.toordinal(), lot.quantity) for lot in self._lots])
        states, done = [(run.copy(), 0)], 0
        for day in self._event_days:
            while done < len(self._events) and self._events[done].day == day:
                run.take(self._events[done], waits=True)
                done += 1
            states.append((run.copy(), done))
        return states

    @cached_property
    def _sums(self) -> list[Decimal]:
        """What all events before each one, and before their end, add up to."""
        sums = [ZERO]
        for event in self._events:
            sums.append(sums[-1] + (event.quantity if event.comes else -event.quantity))
        return sums

    @cached_property
    def _lowest(self) -> list[Decimal]:
        """The lowest of `_sums` from each place on."""
        return _suffix_minima(self._sums)


_FOREVER = FOREVER.toordinal()


@dataclass(frozen=True, slots=True)
class _Event:
    """A receipt or a demand; days are ordinals."""

    day: int
    comes: bool
    quantity: Decimal
    keep_days: int = 0


class _Run:
    """Stock and demands in the course of time; stock as (last day, quantity), the first to end ahead."""

    __slots__ = ("lots", "served", "waiting")

    def __init__(self, lots: list[tuple[int, Decimal]]) -> None:
        self.lots = lots
        self.waiting: list[tuple[int, Decimal]] = []  # days to keep, quantity
        self.served = ZERO

    def copy(self) -> "_Run":
        other = _Run(list(self.lots))
        other.waiting = list(self.waiting)
        return other

    def take(self, event: _Event, waits: bool) -> None:
        """A receipt serves what waits; a demand that is not served waits, or is given up."""
        if not event.comes:
            short = self._serve(event.quantity, event.day + event.keep_days)
            if short and waits:
                self.waiting.append((event.keep_days, short))
            return
        if self.lots and self.lots[-1][0] == _FOREVER:
            self.lots[-1] = (_FOREVER, self.lots[-1][1] + event.quantity)
        else:
            self.lots.append((_FOREVER, event.quantity))
        waiting, self.waiting = self.waiting, []
        for keep_days, quantity in waiting:
            short = self._serve(quantity, event.day + keep_days)
            if short:
                self.waiting.append((keep_days, short))

    def _serve(self, quantity: Decimal, need: int) -> Decimal:
        """What stays unserved of a demand for goods that keep until a day."""
        left, index = quantity, 0
        while left and index < len(self.lots):
            until, there = self.lots[index]
            if until < need:
                index += 1
            elif there <= left:
                left -= there
                del self.lots[index]
            else:
                self.lots[index] = (until, there - left)
                left = ZERO
        self.served += quantity - left
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
    for demand in sorted(held, key=_on):
        due = demand if demand.on >= today else replace(demand, on=today)
        left, lots = _take(lots, due, due.on)
        if left:
            broken.append(replace(due, quantity=left))
    return lots, broken


def _expected_again(on: date, today: date, fence_days: int | None, offset_days: int) -> date | None:
    """The day that counts for what is late: some days from today; None: it is ignored."""
    if fence_days is not None and (today - on).days > fence_days:
        return None
    return today + timedelta(offset_days)


def _suffix_minima(values: Sequence[Decimal]) -> list[Decimal]:
    """From each place on, the lowest of the values."""
    found = list(accumulate(reversed(values), min))
    found.reverse()
    return found


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
