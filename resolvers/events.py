"""What every act leaves behind, a row in the audit trail and one in the outbox; and the log that they become."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.events import AuditEvent, OutboxEvent
from models.events_reads import EventRow, published_events, visible_events
from resolvers.context import Context
from resolvers.paging import PAGE_SIZE, PAGE_SIZE_MAX, BadPage


def record(
    ctx: Context,
    action: str,
    entity_type: str,
    entity_id: UUID,
    *,
    version: int,
    customer_id: UUID | None,
    reason: str = "",
    changes: dict[str, Any] | None = None,
    published: bool = True,
) -> None:
    """
    Writes what happened, named `noun.pastParticiple`.

    Args:
        changes: ids, numbers and states only; personal values stand in tables that can be erased.
        published: whether other systems are told; carts and lists are audited only.
    """
    viewer = ctx.user
    common = {
        "entity_type": entity_type,
        "entity_id": entity_id,
        "entity_version": version,
        "occurred_at": ctx.now,
    }
    owner = {"seller_id": viewer.seller_id, "customer_id": customer_id, "actor_id": viewer.user_id}
    ctx.session.add(
        AuditEvent(
            month=ctx.today.replace(day=1),
            session_id=viewer.session_id,
            request_id=ctx.request_id[:64],
            action=action,
            reason=reason,
            changes=changes or {},
            **common,
            **owner,
        )
    )
    if published:
        ctx.session.add(OutboxEvent(type=action, **common, **owner))


@dataclass(frozen=True, slots=True)
class EventPage:
    """Events in the order of their positions. `last_position` is where to go on from, also on an empty page."""

    rows: list[EventRow]
    last_position: int
    has_next: bool


async def list_events(ctx: Context, after: int, first: int | None) -> EventPage:
    """The visible events after a position. Foreign events have positions too: the viewer's own have gaps there."""
    size = PAGE_SIZE if first is None else first
    if not 1 <= size <= PAGE_SIZE_MAX:
        raise BadPage("first", "LIMIT", f"first is from 1 to {PAGE_SIZE_MAX}.")
    statement = visible_events(ctx.user).where(OutboxEvent.position > after).limit(size + 1)
    found = [EventRow(*each) for each in await ctx.session.execute(statement)]
    rows = found[:size]
    return EventPage(rows, (rows[-1].position or after) if rows else after, len(found) > size)


async def last_position(session: AsyncSession) -> int:
    """Where the log ends at this moment; 0 while it is empty."""
    return int(await session.scalar(select(func.coalesce(func.max(OutboxEvent.position), 0))) or 0)


async def events_after(session: AsyncSession, position: int, most: int) -> list[EventRow]:
    """The next events of everybody, for the process's one reader; each subscriber is asked again what they may see."""
    statement = published_events().where(OutboxEvent.position > position).limit(most)
    return [EventRow(*each) for each in await session.execute(statement)]
