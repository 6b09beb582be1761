"""Reading the audit trail."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from models.events import AuditEvent
from models.filters import Where, conditions
from models.rows import columns_of
from resolvers.context import Context
from resolvers.paging import Page, PageArgs, SortKey, page


@dataclass(frozen=True, slots=True)
class AuditRow:
    id: int
    occurred_at: datetime
    action: str
    entity_type: str
    entity_id: UUID
    entity_version: int
    actor_id: UUID
    subject_id: UUID | None
    customer_id: UUID | None
    request_id: str
    reason: str
    changes: dict[str, Any]


COLUMNS: dict[str, Any] = {
    "action": AuditEvent.action,
    "entity_type": AuditEvent.entity_type,
    "entity": AuditEvent.entity_id,
    "customer": AuditEvent.customer_id,
    "actor": AuditEvent.actor_id,
    "occurred_at": AuditEvent.occurred_at,
}


async def audit_events(ctx: Context, where: Where | None, args: PageArgs) -> Page[AuditRow]:
    """The trail of the viewer's seller, newest first."""
    statement = select(*columns_of(AuditEvent, AuditRow)).where(
        AuditEvent.seller_id == ctx.user.seller_id, conditions(where, COLUMNS)
    )
    return await page(ctx, statement, [SortKey("id", AuditEvent.id, True)], args, AuditRow)
