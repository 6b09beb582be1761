"""What every act leaves behind: a row in the audit trail and one in the outbox, in the act's own transaction."""

from typing import Any
from uuid import UUID

from models.events import AuditEvent, OutboxEvent
from resolvers.context import Context


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
    viewer = ctx.user
    if viewer.on_behalf is not None:
        reason = reason or viewer.on_behalf.reason
    common = {
        "entity_type": entity_type,
        "entity_id": entity_id,
        "entity_version": version,
        "occurred_at": ctx.now,
    }
    owner = {
        "seller_id": viewer.seller_id,
        "customer_id": customer_id,
        "actor_id": viewer.user_id,
        "subject_id": viewer.subject_id,
    }
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
