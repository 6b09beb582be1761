"""What every act leaves behind: a row in the audit trail and one in the outbox, in the act's own transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from models.events import AuditEvent, OutboxEvent
from resolvers.context import Context


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
    return {
        "month": ctx.today.replace(day=1),
        "session_id": ctx.user.session_id,
        "request_id": ctx.request_id[:64],
        "action": happening.action,
        "reason": happening.reason,
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
    }
