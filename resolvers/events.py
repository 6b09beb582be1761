"""What every act leaves behind, a row in the audit trail and one in the outbox; and the log that they become."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.events import AuditEvent, OutboxEvent
from models.events_reads import EventRow, published_events, visible_events
from resolvers.context import Context
from resolvers.paging import PAGE_SIZE, PAGE_SIZE_MAX, BadPage


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened to an entity; the arguments of `record`."""

    action: str
    entity_type: str
    entity_id: UUID
    version: int
    customer_id: UUID | None
    reason: str = ""
    changes: dict[str, Any] = field(default_factory=dict)
    published: bool = True


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

    Done on behalf of a customer, both rows carry actor and subject, and the trail the reason given for that.

    Args:
        changes: ids, numbers and states only; personal values stand in tables that can be erased.
        published: whether other systems are told; carts and lists are audited only.
    """
    happening = Happening(
        action, entity_type, entity_id, version, customer_id, reason, changes or {}, published
    )
    ctx.session.add(AuditEvent(**_audited(ctx, happening)))
    if published:
        ctx.session.add(OutboxEvent(**_told(ctx, happening)))


async def record_all(ctx: Context, happenings: Sequence[Happening]) -> None:
    """Writes what happened to any number of entities in two statements."""
    if happenings:
        await ctx.session.execute(insert(AuditEvent), [_audited(ctx, each) for each in happenings])
    told = [_told(ctx, each) for each in happenings if each.published]
    if told:
        await ctx.session.execute(insert(OutboxEvent), told)


def _told(ctx: Context, happening: Happening) -> dict[str, Any]:
    return {"type": happening.action, **_common(ctx, happening)}


def _audited(ctx: Context, happening: Happening) -> dict[str, Any]:
    behalf = ctx.user.on_behalf
    return {
        "month": ctx.today.replace(day=1),
        "session_id": ctx.user.session_id,
        "request_id": ctx.request_id[:64],
        "action": happening.action,
        "reason": happening.reason or (behalf.reason if behalf else ""),
        "changes": happening.changes,
        **_common(ctx, happening),
    }


def _common(ctx: Context, happening: Happening) -> dict[str, Any]:
    return {
        "entity_type": happening.entity_type,
        "entity_id": happening.entity_id,
        "entity_version": happening.version,
        "occurred_at": ctx.now,
        "seller_id": ctx.user.seller_id,
        "customer_id": happening.customer_id,
        "actor_id": ctx.user.user_id,
        "subject_id": ctx.user.subject_id,
    }


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
