"""What comes when, for whom it comes to, and whether it came on time: by day, and in figures of a period."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, delete, insert, literal

from auth.scopes import ApiScope
from auth.session_secrets import hash_of, new_secret
from models.base import new_id
from models.deliveries import DeliveryLine
from models.orders import SalesOrder
from models.rows import grouped
from models.schedule_reads import (
    ConsignmentRow,
    DueRow,
    LeftRow,
    ScheduledRow,
    visible_consignments,
    visible_due,
    visible_left,
    visible_scheduled,
)
from models.users import UserSession
from resolvers.context import Context
from resolvers.customers import customers_by_id
from resolvers.events import record
from resolvers.house import as_house
from rules.money import ZERO
from rules.punctuality import DueLine, DuePart, OnTime, check_period, on_time_figures
from rules.refusals import ErrorCode, Refusal
from rules.states import SessionKind

PERIOD_MAX = 400
ENTRIES_MAX = 2_000
CUSTOMERS_SHOWN = 50
LINK_DAYS_MAX = 730
LINK_SECRET = "calendar_secret"  # nosec B105 - a name in `ctx.kept`


@dataclass(frozen=True, slots=True)
class Calendar:
    """Entries by day, those without one last; `is_complete` is False where there were more than could be read."""

    entries: tuple[ScheduledRow, ...]
    is_complete: bool


async def delivery_calendar(
    ctx: Context, first: date, last: date, customer_id: UUID | None, with_cancelled: bool
) -> Calendar:
    """
    The schedule lines that come, or came, between two days, and those that have no day yet.

    Raises:
        Refusal(INVALID): the period is reversed, or longer than PERIOD_MAX days.
        Refusal(NOT_FOUND): the viewer sees no such customer.
    """
    check_period(first, last, PERIOD_MAX)
    statement = visible_scheduled(ctx.user, ctx.zone.key, first, last, with_cancelled)
    if customer_id is not None:
        await _check_customer(ctx, customer_id)
        statement = statement.where(SalesOrder.customer_id == customer_id)
    rows = [ScheduledRow(*each) for each in await ctx.session.execute(statement.limit(ENTRIES_MAX + 1))]
    return Calendar(tuple(rows[:ENTRIES_MAX]), len(rows) <= ENTRIES_MAX)


async def consignments_by_schedule_line(ctx: Context, keys: Sequence[UUID]) -> list[list[ConsignmentRow]]:
    """The deliveries of each schedule line that have left or are being packed; for loaders."""
    statement = visible_consignments(ctx.user, ctx.zone.key).where(DeliveryLine.schedule_line_id.in_(keys))
    rows = await ctx.session.execute(statement)
    return grouped(keys, (ConsignmentRow(*each) for each in rows), "schedule_line_id")


@dataclass(frozen=True, slots=True)
class Punctuality:
    """Of a period, and of each customer in it, the least punctual first."""

    total: OnTime
    by_customer: tuple[tuple[UUID, OnTime], ...]


async def punctuality(ctx: Context, first: date, last: date, customer_id: UUID | None) -> Punctuality:
    """
    How punctual the visible deliveries of a period were, in two statements.

    Raises:
        Refusal(INVALID): the period is reversed, or longer than PERIOD_MAX days.
        Refusal(NOT_FOUND): the viewer sees no such customer.
    """
    check_period(first, last, PERIOD_MAX)
    statement = visible_due(ctx.user, first, last)
    if customer_id is not None:
        await _check_customer(ctx, customer_id)
        statement = statement.where(SalesOrder.customer_id == customer_id)
    rows = [DueRow(*each) for each in await ctx.session.execute(statement)]
    sent = visible_left(ctx.user, ctx.zone.key).where(
        # An array is one parameter, however many lines a year has.
        DeliveryLine.schedule_line_id == any_(literal([row.id for row in rows], ARRAY(Uuid)))
    )
    left = {row[0]: LeftRow(*row) for row in await ctx.session.execute(sent)} if rows else {}
    mine: dict[UUID, list[DueLine]] = {}
    for _, parts in groupby(rows, key=lambda row: row.order_line_id):
        of_line = list(parts)
        mine.setdefault(of_line[0].customer_id, []).append(_line(of_line, left))
    figures = {key: on_time_figures(lines, ctx.today) for key, lines in mine.items()}
    worst = sorted(
        ((key, each) for key, each in figures.items() if each.lines),
        key=lambda pair: (pair[1].on_time_promised - pair[1].lines, pair[0]),
    )
    return Punctuality(_sum(figures.values()), tuple(worst[:CUSTOMERS_SHOWN]))


def _line(rows: Sequence[DueRow], left: Mapping[UUID, LeftRow]) -> DueLine:
    parts = []
    for row in rows:
        gone = left.get(row.id)
        shipped = ZERO if gone is None else gone.quantity
        arrived_on = None if gone is None else gone.left_on + timedelta(row.way_days)
        parts.append(DuePart(row.quantity, shipped, row.promised_on, row.requested_on, arrived_on))
    return DueLine(rows[0].ordered, rows[0].line_shipped, tuple(parts))


def _sum(figures: Iterable[OnTime]) -> OnTime:
    found = list(figures)
    return OnTime(
        sum(each.lines for each in found),
        sum(each.delivered for each in found),
        sum(each.on_time_promised for each in found),
        sum(each.on_time_requested for each in found),
        sum(each.in_full for each in found),
        sum(each.on_time_in_full for each in found),
    )


async def _check_customer(ctx: Context, customer_id: UUID) -> None:
    if await ctx.load(customers_by_id, customer_id) is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("customerId",))


async def set_calendar_link(ctx: Context, is_active: bool, days: int) -> UUID:
    """
    A new secret address of the viewer's calendar at their company, or none: the one before ends in any case.

    It is a session that may read deliveries and orders and nothing else, and ends as sessions do: with the membership,
    the account, or a new password. The secret is kept for the payload of this one act and is nowhere else.

    Raises:
        Refusal(NOT_PERMITTED): the viewer is no person of the company.
        Refusal(INVALID): not 1 to 730 days.
    """
    if not 1 <= days <= LINK_DAYS_MAX:
        text = "A number from {least} to {most} is needed."
        raise Refusal(ErrorCode.INVALID, text, ("days",), least=1, most=LINK_DAYS_MAX)
    viewer = ctx.user
    if viewer.customer_id is None or viewer.on_behalf is not None or viewer.client_id is not None:
        text = "Only people of a company subscribe to its deliveries."
        raise Refusal(ErrorCode.NOT_PERMITTED, text, ("isActive",))
    key, secret = new_id(), new_secret()
    async with as_house(ctx, "auth") as session:
        await session.execute(
            delete(UserSession).where(
                UserSession.kind == SessionKind.CALENDAR, UserSession.user_id == viewer.user_id,
                UserSession.customer_id == viewer.customer_id,
            )
        )  # fmt: skip
        if is_active:
            await session.execute(
                insert(UserSession).values(
                    id=key, kind=SessionKind.CALENDAR, token_hash=hash_of(secret), csrf_token=new_secret(),
                    user_id=viewer.user_id, customer_id=viewer.customer_id, locale=ctx.locale, created_at=ctx.now,
                    last_seen_at=ctx.now, expires_at=ctx.now + timedelta(days), scopes=[ApiScope.ORDERS_READ.value],
                )
            )  # fmt: skip
    if is_active and not ctx.dry_run:
        ctx.kept[LINK_SECRET] = secret
    action = "calendar.linked" if is_active else "calendar.unlinked"
    record(ctx, action, "CalendarLink", key, version=1, customer_id=viewer.customer_id, published=False)
    await ctx.session.flush()
    return key
