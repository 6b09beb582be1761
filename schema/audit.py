"""The audit trail: who did what to which document."""

from datetime import datetime
from typing import Annotated

import strawberry

from auth.permissions import Permission as P
from resolvers import audit
from resolvers.context import Context
from resolvers.customers import users_by_id
from resolvers.orders import names_by_id
from resolvers.paging import PageArgs
from schema.access import access
from schema.connections import After, Before, Connection, First, Last, connection
from schema.customers import User
from schema.filters import DateTimeFilter, IDFilter, StringFilter, where_of
from schema.ids import encode_id
from schema.rows import fill

Info = strawberry.Info[Context, None]
_READ = [access(P.AUDIT_READ)]


@strawberry.type(description="One act on one document; never changed, never deleted.", directives=_READ)
class AuditEvent:
    occurred_at: datetime = strawberry.field(description="When.")
    action: str = strawberry.field(description='What, as "order.placed".')
    entity_type: str = strawberry.field(description="The kind of document.")
    entity_id: strawberry.ID = strawberry.field(description="The document's global id.")
    entity_version: int = strawberry.field(description="Its version after the act.")
    request_id: str = strawberry.field(description="The request it came with, as in the logs.")
    reason: str = strawberry.field(description="The reason that was given; may be empty.")
    row: strawberry.Private[audit.AuditRow]

    @classmethod
    def of(cls, row: audit.AuditRow) -> "AuditEvent":
        return fill(cls, row, entity_id=encode_id(row.entity_type, row.entity_id), row=row)

    @strawberry.field(description="Who did it; null where you may not see them.")
    async def actor(self, info: Info) -> User | None:
        row = await info.context.load(users_by_id, self.row.actor_id)
        return None if row is None else User.of(row)

    @strawberry.field(
        description="On whose behalf: a person at a customer, or the customer; null for one's own acts."
    )
    async def subject_name(self, info: Info) -> str | None:
        subject_id = self.row.subject_id
        return None if subject_id is None else await info.context.load(names_by_id, subject_id)


@strawberry.input(description="Conditions on the trail; all must hold.", directives=_READ)
class AuditWhere:
    action: StringFilter | None = strawberry.field(default=None, description="On the act.")
    entity_type: StringFilter | None = strawberry.field(default=None, description="On the kind of document.")
    entity: IDFilter | None = strawberry.field(default=None, description="On the document.")
    customer: IDFilter | None = strawberry.field(default=None, description="On the customer it belongs to.")
    actor: IDFilter | None = strawberry.field(default=None, description="On who did it.")
    occurred_at: DateTimeFilter | None = strawberry.field(default=None, description="On the time.")


@strawberry.type
class AuditQueries:
    @strawberry.field(description="The audit trail, newest first.", directives=_READ)
    async def audit_events(
        self,
        info: Info,
        where: Annotated[AuditWhere | None, strawberry.argument(description="Which ones.")] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[AuditEvent]:
        ids = {
            "entity": (
                "Order",
                "Cart",
                "Wishlist",
                "Address",
                "User",
                "ApprovalRule",
                "Invitation",
                "Customer",
                "ApiClient",
                "Job",
                "Delivery",
            ),
            "customer": ("Customer",),
            "actor": ("User",),
        }
        args = PageArgs(first, after, last, before)
        return connection(await audit.audit_events(info.context, where_of(where, ids), args), AuditEvent.of)
