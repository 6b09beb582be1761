"""Flaws of what is promised and delivered: what a warehouse hears, imports, calendars, holds, shares."""

from collections.abc import Awaitable, Callable, Collection
from typing import Any
from uuid import UUID

import sqlalchemy
from sqlalchemy import false

import jobs.imports_purchases
import jobs.imports_stock
import resolvers.delivery_calendar
import resolvers.orders_acts
import resolvers.orders_placing
import resolvers.orders_schedule
import resolvers.promises_due
import resolvers.purchasing_receiving
import resolvers.sharing
import resolvers.stock_holds
import resolvers.warehouse
import schema.external_references
from rules.punctuality import OnTime
from tests.safety.flaws import _put, flaw

SCHEMA = "tests/schema"
WAREHOUSE, CALENDAR = "test_warehouse.py::test_", "test_delivery_calendar.py::test_"


async def _nothing(*given: object) -> None:
    """As if there were nothing to do."""


@flaw(
    "an acknowledgement is forgotten",
    f"{WAREHOUSE}single_tasks_are_acknowledged_in_any_order_and_the_mark_follows",
    SCHEMA,
)
def _forgotten() -> None:
    _put("_take_single", _nothing, resolvers.warehouse)


@flaw(
    "a report is done as often as it comes",
    f"{WAREHOUSE}both_sides_have_the_same_stock_though_messages_are_doubled_lost_and_reordered[1]",
    SCHEMA,
)
def _twice() -> None:
    async def always(
        ctx: object, reference: object, act: str, told: object, work: Callable[[], Awaitable[UUID]]
    ) -> UUID:
        return await work()

    _put("reported", always, schema.external_references)


@flaw(
    "an import of stock is told to no warehouse",
    f"{WAREHOUSE}an_imported_stock_is_heard_by_warehouse_and_lot",
    SCHEMA,
)
def _unheard() -> None:
    _put("_tell", _nothing, jobs.imports_stock)


@flaw(
    "an import of stock is told in one piece",
    f"{WAREHOUSE}a_long_import_is_heard_in_tasks_of_bearable_length",
    SCHEMA,
)
def _unbearable() -> None:
    _put("LINES_MAX", 1_000_000, jobs.imports_stock)


@flaw("an older calendar address stays open", f"{CALENDAR}a_person_has_one_address_at_a_company", SCHEMA)
def _stays_open() -> None:
    def of_none(table: Any) -> Any:
        return sqlalchemy.delete(table).where(false())

    _put("delete", of_none, resolvers.delivery_calendar)


@flaw(
    "delivering another way forgives a delay", f"{CALENDAR}delivering_another_way_forgives_no_delay", SCHEMA
)
def _forgiven() -> None:
    def none(before: object, parts: Collection[object]) -> list[None]:
        return [None for _ in parts]

    _put("carried_promises", none, resolvers.orders_schedule)


@flaw("every line came on its day", f"{CALENDAR}figures_of_a_period", SCHEMA)
def _punctual() -> None:
    def all_of(lines: Any, today: object) -> OnTime:
        return OnTime(*[len(list(lines))] * 6)

    _put("on_time_figures", all_of, resolvers.delivery_calendar)


@flaw(
    "nobody is told that a hold is over",
    "test_holds.py::test_the_job_frees_what_is_over_and_nothing_else",
    SCHEMA,
)
def _untold() -> None:
    _put("_tell", _nothing, resolvers.stock_holds)


@flaw(
    "all customers have the same priority",
    "test_sharing.py::test_a_customer_with_priority_is_served_first",
    SCHEMA,
)
def _same_priority() -> None:
    async def same(ctx: object, customer_ids: Collection[UUID]) -> dict[UUID, int]:
        return dict.fromkeys(customer_ids, 100)

    _put("priorities_of", same, resolvers.sharing, resolvers.purchasing_receiving)


@flaw(
    "what changed in a file of open purchases is not seen",
    "test_imports_purchases.py::test_a_line_follows_its_file_until_something_hangs_on_it",
    SCHEMA,
)
def _unseen() -> None:
    def nothing(*given: object) -> None:
        return None

    _put("_differing", nothing, jobs.imports_purchases)


@flaw(
    "a line of the cart is ordered as if its buyer had chosen nothing",
    "test_cart_ways.py::test_the_parts_chosen_become_schedule_lines_and_the_price_stays",
    SCHEMA,
)
def _as_it_comes() -> None:
    _put("_by_day", lambda draft, plan: iter([(draft.requested_on, plan)]), resolvers.orders_placing)


@flaw(
    "a line that was on hold comes all on its first day",
    "test_cart_ways.py::test_days_are_kept_through_a_hold_by_hand",
    SCHEMA,
)
def _one_day() -> None:
    def first(wanted: Any, parts: Any) -> Any:
        return [(wanted[0], place, quantity) for place, quantity in parts]

    _put("meet", first, resolvers.orders_acts)


@flaw(
    "what has left is promised again with the rest",
    "test_promises.py::test_what_breaks_is_promised_again_and_told_once[a part left, and the rest is loose but there-4-5-5]",
    "tests/jobs",
)
def _again() -> None:
    whole = resolvers.promises_due._open_entries

    async def as_whole(*given: Any) -> Any:
        return (await whole(*given))[0], {}

    _put("_open_entries", as_whole, resolvers.promises_due)
