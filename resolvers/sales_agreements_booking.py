"""What orders consume of agreements: booked as target minus booked, under a guard that never lets too much through."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncSession

from models.sales_agreements import AgreementConsumption
from resolvers.context import Context, LockedSession, LockKind
from resolvers.house import as_house
from rules.money import ZERO
from rules.refusals import ErrorCode, Refusal
from rules.sales_agreements import commitment_exceeded
from rules.sales_agreements_ledger import Consumption, consumption_of, scaled

Session = LockedSession | AsyncSession  # of an act as the house, or of a job

# Not `for update`: an order line that points here holds the key of the row, and two such orders would wait for each
# other.
_LOCK = "select id from agreement_line where id = any (cast(:keys as uuid[])) order by id for no key update"
_LINKED = """
    select order_id, commitment_id from sales_order_line
    where id = any (cast(:lines as uuid[])) and commitment_id is not null
"""
# Every pair of an order line and a commitment that it consumes or once consumed: the target's facts and what is booked.
# Only what issued invoices say counts as invoiced; their rectifications are negative lines of the same order line.
_PAIRS = """
    select pair.commitment_id, line.id, line.customer_id,
        case when line.commitment_id = pair.commitment_id then line.commitment_quantity end,
        line.quantity_ordered, line.quantity_cancelled, line.quantity_shipped,
        case when line.commitment_id = pair.commitment_id then coalesce(invoiced.quantity, 0) else 0 end,
        line.quantity_returned,
        case when commitment.unit_code is null then currency.exponent else 6 end,
        coalesce(booked.released, 0), coalesce(booked.delivered, 0), coalesce(booked.invoiced, 0),
        coalesce(booked.returned, 0)
    from sales_order_line line
    join lateral (
        select line.commitment_id where line.commitment_id is not null
        union
        select agreement_line_id from agreement_consumption where order_line_id = line.id
    ) as pair on true
    join agreement_line commitment on commitment.id = pair.commitment_id
    join sales_agreement agreement on agreement.id = commitment.agreement_id
    join currency on currency.code = agreement.currency
    left join lateral (
        select sum(released) as released, sum(delivered) as delivered, sum(invoiced) as invoiced,
            sum(returned) as returned
        from agreement_consumption
        where order_line_id = line.id and agreement_line_id = pair.commitment_id
    ) as booked on true
    left join lateral (
        select sum(invoice_line.quantity) as quantity from invoice_line
        join invoice on invoice.id = invoice_line.invoice_id and invoice.status = 'ISSUED'
        where invoice_line.order_line_id = line.id
    ) as invoiced on true
    where line.order_id = any (cast(:orders as uuid[]))
    order by pair.commitment_id, line.id
"""
# More is let through while the agreement is in force alone; giving back is always possible. Without the cast the 0
# beside it makes a whole number of what is released: the cents of an amount were lost.
_BOOK = """
    update agreement_line set released = released + :released, delivered = delivered + :delivered,
        invoiced = invoiced + :invoiced, returned = returned + :returned
    where id = :key and (cast(:released as numeric) <= 0 or (
        (not max_enforced or released + :released <= committed)
        and exists (select from sales_agreement where id = agreement_id and status = 'EFFECTIVE')
    ))
    returning id
"""
_TERMS = """
    select agreement.number, line.is_price_fixed, line.unit_code is not null
    from agreement_line line join sales_agreement agreement on agreement.id = line.agreement_id where line.id = :key
"""
_LEFT = """
    select agreement.number, line.name, greatest(line.committed - line.released, 0), agreement.status
    from agreement_line line join sales_agreement agreement on agreement.id = line.agreement_id where line.id = :key
"""


async def lock_commitments(ctx: Context, commitments: Iterable[UUID | None]) -> bool:
    """
    Locks the lines of agreements that an act will book on, before it locks stock; nothing is asked where none is.

    Returns:
        Whether there is any, that is whether `rebook_consumption` has something to do.
    """
    keys = sorted({each for each in commitments if each is not None})
    if not keys:
        return False
    ctx.locking(LockKind.COMMITMENT)
    async with as_house(ctx) as session:
        await lock_keys(session, keys)
    return True


async def lock_keys(session: Session, keys: Iterable[UUID]) -> None:
    """Locks lines of agreements, always in the same order."""
    await session.execute(text(_LOCK), {"keys": sorted(set(keys))})


async def lock_commitments_of(ctx: Context, order_line_ids: Collection[UUID]) -> list[UUID]:
    """
    `lock_commitments` for an act that has the order lines locked, but not at hand.

    Returns:
        The orders that `rebook_consumption` has something to do for.
    """
    async with as_house(ctx) as session:
        rows = (await session.execute(text(_LINKED), {"lines": sorted(order_line_ids)})).all()
    await lock_commitments(ctx, [commitment_id for _, commitment_id in rows])
    return sorted({order_id for order_id, _ in rows})


async def commitment_terms(ctx: Context, commitment_id: UUID) -> tuple[str, bool, bool]:
    """The agreement's number, whether its price is fixed, and whether it commits to a quantity."""
    async with as_house(ctx) as session:
        number, is_price_fixed, is_quantity = (
            await session.execute(text(_TERMS), {"key": commitment_id})
        ).one()
    return number, is_price_fixed, is_quantity


_PLACED = """
    select agreement_line_id, released from agreement_consumption
    where order_line_id = :line and event = 'order.placed' and released > 0
    order by booked_at, agreement_line_id limit 1
"""


async def placed_link(ctx: Context, order_line_id: UUID) -> tuple[UUID, Decimal] | None:
    """The agreement's line that an order line consumed when it was placed, and how much; None where it did not."""
    async with as_house(ctx) as session:
        found = (await session.execute(text(_PLACED), {"line": order_line_id})).one_or_none()
    return None if found is None else (found.agreement_line_id, found.released)


@dataclass(slots=True)
class _Booking:
    commitment_id: UUID
    order_line_id: UUID
    customer_id: UUID
    change: Consumption


async def rebook_consumption(ctx: Context, order_ids: Collection[UUID], event: str) -> None:
    """
    Books what lines of the orders consume of agreements: the target from the lines as they stand, less what is booked.

    Idempotent, and right after any act: placed, cancelled, shipped, invoiced, rectified, returned, unlinked. The act
    has locked the orders' lines, and the commitments by `lock_commitments`.

    Args:
        event: what happened, as "order.placed"; kept with the booking.
    Raises:
        Refusal(COMMITMENT_EXCEEDED): an enforced maximum has less left, or the agreement is in force no more.
    """
    await ctx.session.flush()
    async with as_house(ctx) as session:
        await book_consumption(session, order_ids, event, ctx.now)


async def book_consumption(session: Session, order_ids: Collection[UUID], event: str, now: datetime) -> None:
    """`rebook_consumption` on a session that may read and write all of it: a job's, or an act's as the house."""
    rows = await session.execute(text(_PAIRS), {"orders": sorted(order_ids)})
    bookings = [each for each in map(_booking, rows) if each.change]
    totals: dict[UUID, Consumption] = {}
    for each in bookings:
        totals[each.commitment_id] = totals.get(each.commitment_id, Consumption()) + each.change
    for key in sorted(totals):
        await _book(session, key, totals[key])
    if bookings:
        given = [_row(each, event, now) for each in bookings]
        await session.execute(insert(AgreementConsumption), given)


def _booking(row: Sequence[Any]) -> _Booking:
    (
        commitment_id,
        order_line_id,
        customer_id,
        whole,
        ordered,
        cancelled,
        shipped,
        invoiced,
        returned,
        exponent,
    ) = row[:10]
    booked = Consumption(*row[10:14])
    target = Consumption()
    if whole is not None:
        wanted = consumption_of(ordered, cancelled, shipped, invoiced, returned, ZERO)
        target = scaled(wanted, ordered, whole, exponent)
    return _Booking(commitment_id, order_line_id, customer_id, target - booked)


async def _book(session: Session, key: UUID, change: Consumption) -> None:
    values = {
        "key": key, "released": change.released, "delivered": change.delivered, "invoiced": change.invoiced,
        "returned": change.returned,
    }  # fmt: skip
    if await session.scalar(text(_BOOK), values) is not None:
        return
    number, name, left, status = (await session.execute(text(_LEFT), {"key": key})).one()
    if status != "EFFECTIVE":
        raise Refusal(
            ErrorCode.COMMITMENT_EXCEEDED, "Agreement {number} is not in force any more.", number=number
        )
    raise commitment_exceeded(number, name, left)


def _row(booking: _Booking, event: str, now: datetime) -> dict[str, Any]:
    change = booking.change
    return {
        "agreement_line_id": booking.commitment_id, "order_line_id": booking.order_line_id,
        "customer_id": booking.customer_id, "event": event, "booked_at": now, "released": change.released,
        "delivered": change.delivered, "invoiced": change.invoiced, "returned": change.returned,
    }  # fmt: skip
