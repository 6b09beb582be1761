"""Where nothing ends a promise is found by a few looks; it is the one that a look at every day finds."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as some

from rules.availability import FOREVER, Availability, Demand, LotOnHand, StockFacts, Supply, Window
from rules.calendars import Calendar, Route
from rules.promising import Control, promise
from rules.states import DeliveryControl

TODAY = date(2026, 3, 2)
WEEKDAYS = Calendar(frozenset(range(5)))
moves = some.lists(some.tuples(some.integers(-2, 35), some.integers(1, 9)), max_size=6)


class EveryDay(Availability):
    """Looks at each day, as where lots end."""

    only_rises = False


@given(
    some.integers(0, 12), moves, moves, some.integers(1, 20), some.integers(0, 12), some.integers(0, 3), some.booleans()
)  # fmt: skip
def test_a_few_looks_find_what_a_look_at_every_day_finds(
    there: int,
    come: list[tuple[int, int]],
    go: list[tuple[int, int]],
    quantity: int,
    start: int,
    margin: int,
    is_closed: bool,
) -> None:
    facts = StockFacts(
        (LotOnHand(Decimal(there), FOREVER),),
        supplies=tuple(Supply(TODAY + timedelta(on), Decimal(more)) for on, more in come),
        demands=tuple(Demand(TODAY + timedelta(on), Decimal(less)) for on, less in go),
    )
    control = Control(DeliveryControl.ATP_PLUS_ISSUE_MARGIN, issue_margin_days=margin)
    route = Route(2, 1, WEEKDAYS, WEEKDAYS, WEEKDAYS) if is_closed else Route(1)
    few, all_days = [
        kind(facts, TODAY, Window(30, supply_offset_days=1), keep_days=3) for kind in (Availability, EveryDay)
    ]
    day, wanted = TODAY + timedelta(start), Decimal(quantity)

    assert few.only_rises
    assert few.earliest(wanted, day) == all_days.earliest(wanted, day)
    assert promise(wanted, few, control, route, day) == promise(wanted, all_days, control, route, day)
    rises = {step.on: step.quantity for step in few.ladder()}
    assert all(few.on(on) == quantity for on, quantity in rises.items())
    assert {few.on(on) for on in few.days_of_change(TODAY)} == set(rises.values())
