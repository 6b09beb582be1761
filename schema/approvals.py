"""A company's own consent to orders: what waits, why, for whom, and what was decided."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry

from auth.permissions import Permission as P
from models.approvals import ApprovalRequest as Table
from models.approvals_reads import ApprovalRow
from resolvers import approvals, concessions
from resolvers.context import Context
from resolvers.paging import PageArgs, SortKey
from rules.spending import ApprovalReason
from rules.states import ApprovalStatus
from schema.access import access, list_size
from schema.connections import After, Before, Connection, First, Last, connection
from schema.enums import ApprovalStatusFilter
from schema.filters import BooleanFilter, DateTimeFilter, where_of
from schema.ids import Node, encode_id, node_loader
from schema.rows import fill
from schema.scalars import Money

if TYPE_CHECKING:
    from schema.orders import Order

Info = strawberry.Info[Context, None]
_READ = [access(P.ORDERS_READ)]


@strawberry.type(description="One reason why an order waits for its company's consent.", directives=_READ)
class ApprovalCause:
    code: ApprovalReason = strawberry.field(description="Which kind of reason.")
    rule: str = strawberry.field(
        description="The name of the company's rule then; empty for a buyer's limit."
    )
    categories: list[str] = strawberry.field(
        description="The categories that the rule names.", directives=[list_size(5)]
    )
    limit: Money = strawberry.field(
        description="What passes without asking.", directives=[access(P.PRICES_READ)]
    )
    amount: Money = strawberry.field(
        description="What it comes to: the order, the period with it, or the lines of the category before tax.",
        directives=[access(P.PRICES_READ)],
    )


@strawberry.type(
    description="What somebody would give on an order by hand, as they asked for it.",
    directives=[access(P.ORDERS_DISCOUNT)],
)
class ConcessionAsked:
    sku: str = strawberry.field(description="The product of the line.")
    percent: Decimal | None = strawberry.field(
        description="A manual discount on the line; null where it is something else."
    )
    unit_price: Money | None = strawberry.field(
        description="A price for the line; null where it is something else, or the rules' price again."
    )
    free_quantity: Decimal | None = strawberry.field(
        description="How much is given without charge, in the product's own unit; null where it is something else."
    )
    is_waived: bool = strawberry.field(description="Whether it lets the buyer off a charge.")
    reason: str = strawberry.field(description="Why, as whoever asked gave it.")


@strawberry.type(
    description="Something on an order that waits for somebody's consent: the whole order for somebody else of its"
    " company, or a concession of the seller's people for a sales manager.",
    directives=_READ,
)
class ApprovalRequest(Node):
    status: ApprovalStatus = strawberry.field(description="What became of it.")
    version: int = strawberry.field(description="Rises with every change.")
    requested_at: datetime = strawberry.field(description="Since when it waits.")
    requested_by_name: str = strawberry.field(
        description="Who asked: who ordered, or who would give something."
    )
    due_at: datetime = strawberry.field(description="Until when it waits; then it lapses.")
    decided_at: datetime | None = strawberry.field(description="When it was decided; null until then.")
    decided_by_name: str = strawberry.field(description="Who decided; empty where nobody did.")
    decision_reason: str = strawberry.field(description="The reason or remark; may be empty.")
    row: strawberry.Private[ApprovalRow]

    @classmethod
    def of(cls, row: ApprovalRow) -> "ApprovalRequest":
        return fill(cls, row, id=encode_id("ApprovalRequest", row.id), row=row)

    @strawberry.field(
        description="Why it waits, as the limits and rules stood then.", directives=[list_size(10)]
    )
    def causes(self) -> list[ApprovalCause]:
        reasons = map(approvals.Reason.from_json, self.row.reasons)
        return [
            ApprovalCause(
                code=each.code,
                rule=each.rule,
                categories=list(each.categories),
                limit=Money.of(each.limit, each.currency),
                amount=Money.of(each.amount, each.currency),
            )
            for each in reasons
        ]

    @strawberry.field(
        description="What would be given; null for an order that waits for its company.",
        directives=[access(P.ORDERS_DISCOUNT)],
    )
    def concession(self) -> ConcessionAsked | None:
        asked = concessions.asked_of(self.row)
        if asked is None:
            return None
        price = asked.unit_price
        return ConcessionAsked(
            sku=asked.sku,
            percent=asked.percent,
            unit_price=None if price is None else Money.of(price, asked.currency),
            free_quantity=asked.free_quantity,
            is_waived=asked.is_waived,
            reason=asked.reason,
        )

    @strawberry.field(description="Whether the viewer asked for it.")
    def is_mine(self, info: Info) -> bool:
        return self.row.requested_by_id == info.context.user.user_id

    @strawberry.field(
        description="The names of the people of your company who may decide it.",
        directives=[access(P.ORDERS_PLACE), list_size(20)],
    )
    async def approver_names(self, info: Info) -> list[str]:
        found = await info.context.load(approvals.approvers_by_request, self.row.id)
        return [name for _, name in found]

    @strawberry.field(description="The order; null where you may not see it.")
    async def order(self, info: Info) -> Annotated["Order", strawberry.lazy("schema.orders")] | None:
        from resolvers.orders import orders_by_id
        from schema.orders import Order

        row = None if self.row.order_id is None else await info.context.load(orders_by_id, self.row.order_id)
        return None if row is None else Order.of(row)


@strawberry.input(description="Conditions on requests; all must hold.", directives=_READ)
class ApprovalRequestWhere:
    status: ApprovalStatusFilter | None = strawberry.field(default=None, description="On what became of it.")
    is_mine: BooleanFilter | None = strawberry.field(
        default=None, description="Whether the viewer asked for it."
    )
    is_to_decide: BooleanFilter | None = strawberry.field(
        default=None, description="Whether it waits and the viewer may decide it."
    )
    is_concession: BooleanFilter | None = strawberry.field(
        default=None, description="Whether it is a concession of the seller's people."
    )
    requested_at: DateTimeFilter | None = strawberry.field(
        default=None, description="On when it was asked for."
    )


@strawberry.type
class ApprovalQueries:
    @strawberry.field(
        description="Requests for approval about orders you may see, newest first.", directives=_READ
    )
    async def approval_requests(
        self,
        info: Info,
        where: Annotated[ApprovalRequestWhere | None, strawberry.argument(description="Which ones.")] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[ApprovalRequest]:
        sort = [SortKey("requested_at", Table.requested_at, True), SortKey("id", Table.id, True)]
        page = await approvals.approvals(
            info.context, where_of(where), sort, PageArgs(first, after, last, before)
        )
        return connection(page, ApprovalRequest.of)


@node_loader("ApprovalRequest")
async def _requests(ctx: Context, keys: Sequence[UUID]) -> Sequence[ApprovalRequest | None]:
    rows = await approvals.approvals_by_id(ctx, keys)
    return [None if row is None else ApprovalRequest.of(row) for row in rows]
