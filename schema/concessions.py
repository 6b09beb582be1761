"""What the seller's people give by hand: their limits, and what waits for a sales manager's consent."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Self
from uuid import UUID

import strawberry

from auth.permissions import Permission as P
from auth.permissions import Role
from models.concessions import ConcessionLimitRow
from resolvers import approvals, concessions, orders, orders_concessions, orders_gifts
from resolvers.context import Context
from resolvers.customers import sales_reps_by_id, seller
from rules.concessions_limits import ConcessionLimit as Limit
from rules.spending import SpendPeriod
from rules.states import LimitPeriod
from schema.access import access, key_required, list_size
from schema.approvals import ApprovalRequest
from schema.customers import SalesRep
from schema.ids import Node, decode_id, encode_id, node_loader
from schema.orders import Order
from schema.payloads import Payload
from schema.rows import fill
from schema.scalars import Money

Info = strawberry.Info[Context, None]
_MANAGE = [access(P.CONCESSIONS_MANAGE)]
_DECIDE = [access(P.CONCESSIONS_DECIDE)]
_GIVE = [access(P.ORDERS_DISCOUNT)]


@strawberry.type(
    description="What a role, or one person in its place, may give by hand on orders without asking: manual discounts,"
    " prices and free lines.",
    directives=_MANAGE,
)
class ConcessionLimit(Node):
    role: Role | None = strawberry.field(description="Whose limit it is; null where it is one person's.")
    per_line_percent: Decimal | None = strawberry.field(
        description="How deep on a line, in percent of what the rules give; null is without limit."
    )
    per_order_percent: Decimal | None = strawberry.field(
        description="How deep on an order, free lines counted; null is without limit."
    )
    period: LimitPeriod = strawberry.field(description="The calendar period of the budget.")
    version: int = strawberry.field(description="Rises with every change.")
    row: strawberry.Private[ConcessionLimitRow]

    @classmethod
    def of(cls, row: ConcessionLimitRow) -> "ConcessionLimit":
        return fill(cls, row, id=encode_id("ConcessionLimit", row.id), row=row)

    @strawberry.field(
        description="How much a person gives in a period at most, before tax; null is without limit.",
        directives=[access(P.PRICES_READ)],
    )
    async def budget(self, info: Info) -> Money | None:
        if self.row.budget is None:
            return None
        return Money.of(self.row.budget, (await seller(info.context)).currency)

    @strawberry.field(description="The person, where the limit is theirs; null for a role's.")
    async def sales_rep(self, info: Info) -> SalesRep | None:
        key = self.row.user_id
        row = None if key is None else await info.context.load(sales_reps_by_id, key)
        return None if row is None else SalesRep.of(row)


@strawberry.type
class ConcessionQueries:
    @strawberry.field(
        description="What roles and people may give by hand without asking; who is not named has no limit.",
        directives=[*_MANAGE, list_size(50)],
    )
    async def concession_limits(self, info: Info) -> list[ConcessionLimit]:
        return [ConcessionLimit.of(row) for row in await concessions.concession_limits(info.context)]


@strawberry.input(
    description="What a role, or one person in its place, may give without asking from now on.",
    directives=_MANAGE,
)
class SetConcessionLimitInput:
    role: Role | None = strawberry.field(
        default=None, description="A role that gives discounts; or else a person."
    )
    sales_rep_id: strawberry.ID | None = strawberry.field(
        default=None, description="A person, whose limit then counts instead of their role's."
    )
    per_line_percent: Decimal | None = strawberry.field(
        default=None, description="0 to 100 percent of what the rules give, on a line; null is without limit."
    )
    per_order_percent: Decimal | None = strawberry.field(
        default=None, description="The same on an order, free lines counted."
    )
    budget: Decimal | None = strawberry.field(
        default=None, description="Before tax, in the seller's currency; null is without limit."
    )
    period: LimitPeriod = strawberry.field(default=LimitPeriod.MONTH, description="The budget's period.")
    expected_version: int | None = strawberry.field(
        default=None, description="The version of the limit that you saw; null where there was none."
    )


@strawberry.type(description="Answer of setConcessionLimit.", directives=_MANAGE)
class SetConcessionLimitPayload(Payload):
    entity_type = "ConcessionLimit"
    concession_limit: ConcessionLimit | None = strawberry.field(
        default=None, description="The limit; null when refused."
    )

    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:
        row = await ctx.load(concessions.concession_limits_by_id, entity_id)
        return cls(concession_limit=None if row is None else ConcessionLimit.of(row))


@strawberry.input(description="Goods to add to an order without charge.", directives=_GIVE)
class AddFreeOrderLineInput:
    order_id: strawberry.ID = strawberry.field(description="The order.")
    sku: str = strawberry.field(description="The product: our number, the customer's, or a barcode.")
    quantity: Decimal = strawberry.field(
        description="In the product's own unit; it need not be a whole pack."
    )
    expected_version: int = strawberry.field(
        description="The order's version you saw; a newer one is refused."
    )
    reason: str = strawberry.field(description="Why, 500 characters; kept and shown.")


@strawberry.type(description="Answer of addFreeOrderLine.", directives=_GIVE)
class AddFreeOrderLinePayload(Payload):
    entity_type = "Order"
    order: Order | None = strawberry.field(default=None, description="The order; null when refused.")

    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:
        row = await ctx.load(orders.orders_by_id, entity_id)
        return cls(order=None if row is None else Order.of(row))


@strawberry.input(description="A concession to consent to.", directives=_DECIDE)
class ApproveConcessionInput:
    approval_request_id: strawberry.ID = strawberry.field(description="The request.")
    expected_version: int = strawberry.field(description="The request's version you saw.")
    reason: str = strawberry.field(default="", description="A remark, 500 characters. May be empty.")


@strawberry.input(description="A concession that is not consented to.", directives=_DECIDE)
class RefuseConcessionInput:
    approval_request_id: strawberry.ID = strawberry.field(description="The request.")
    expected_version: int = strawberry.field(description="The request's version you saw.")
    reason: str = strawberry.field(description="Why, 500 characters; whoever asked reads it.")


@strawberry.input(description="A concession of one's own that shall not wait any more.", directives=_GIVE)
class WithdrawConcessionInput:
    approval_request_id: strawberry.ID = strawberry.field(description="The request.")
    expected_version: int = strawberry.field(description="The request's version you saw.")


class _RequestPayload(Payload):
    entity_type = "ApprovalRequest"

    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:
        row = await ctx.load(approvals.approvals_by_id, entity_id)
        return cls(approval_request=None if row is None else ApprovalRequest.of(row))  # type: ignore[call-arg]


@strawberry.type(description="Answer of approveConcession.", directives=_DECIDE)
class ApproveConcessionPayload(_RequestPayload):
    approval_request: ApprovalRequest | None = strawberry.field(
        default=None, description="The request; null when refused."
    )


@strawberry.type(description="Answer of refuseConcession.", directives=_DECIDE)
class RefuseConcessionPayload(_RequestPayload):
    approval_request: ApprovalRequest | None = strawberry.field(
        default=None, description="The request; null when refused."
    )


@strawberry.type(description="Answer of withdrawConcession.", directives=_GIVE)
class WithdrawConcessionPayload(_RequestPayload):
    approval_request: ApprovalRequest | None = strawberry.field(
        default=None, description="The request; null when refused."
    )


def _request_id(text: strawberry.ID) -> UUID:
    return decode_id(text, "ApprovalRequest", path=("approvalRequestId",))


@strawberry.type
class ConcessionMutations:
    @strawberry.mutation(
        description="Says what a role, or one person in its place, may give by hand without asking; never for oneself.",
        directives=[*_MANAGE],
    )
    async def set_concession_limit(
        self,
        info: Info,
        input: Annotated[SetConcessionLimitInput, strawberry.argument(description="The limit.")],
    ) -> SetConcessionLimitPayload:
        key = input.sales_rep_id
        person = None if key is None else decode_id(key, "SalesRep", path=("salesRepId",))
        limit = Limit(
            input.per_line_percent, input.per_order_percent, input.budget, SpendPeriod(input.period.value)
        )
        done = await concessions.set_concession_limit(
            info.context, input.role, person, limit, input.expected_version
        )
        return await SetConcessionLimitPayload.of(info.context, done)

    @strawberry.mutation(
        description="Adds goods without charge to an order of which nothing was shipped. They count as a concession at"
        " what the rules would ask; beyond the viewer's limit they wait for a sales manager, with a warning.",
        directives=[*_GIVE, key_required()],
    )
    async def add_free_order_line(
        self,
        info: Info,
        input: Annotated[AddFreeOrderLineInput, strawberry.argument(description="The goods.")],
    ) -> AddFreeOrderLinePayload:
        key = decode_id(input.order_id, "Order", path=("orderId",))
        done = await orders_gifts.add_free_order_line(
            info.context, key, input.sku, input.quantity, input.expected_version, input.reason
        )
        return await AddFreeOrderLinePayload.of(info.context, done)

    @strawberry.mutation(
        description="Consents to a concession that a colleague asked for, never to one's own; it is tested again and"
        " given now.",
        directives=[*_DECIDE, key_required()],
    )
    async def approve_concession(
        self,
        info: Info,
        input: Annotated[ApproveConcessionInput, strawberry.argument(description="The request.")],
    ) -> ApproveConcessionPayload:
        key = _request_id(input.approval_request_id)
        done = await orders_concessions.approve_concession(
            info.context, key, input.expected_version, input.reason
        )
        return await ApproveConcessionPayload.of(info.context, done)

    @strawberry.mutation(
        description="Does not consent to a concession; the order goes on at the prices it has.",
        directives=[*_DECIDE, key_required()],
    )
    async def refuse_concession(
        self,
        info: Info,
        input: Annotated[RefuseConcessionInput, strawberry.argument(description="The request.")],
    ) -> RefuseConcessionPayload:
        key = _request_id(input.approval_request_id)
        done = await orders_concessions.refuse_concession(
            info.context, key, input.expected_version, input.reason
        )
        return await RefuseConcessionPayload.of(info.context, done)

    @strawberry.mutation(
        description="Takes back a concession of one's own that waits.", directives=[*_GIVE, key_required()]
    )
    async def withdraw_concession(
        self,
        info: Info,
        input: Annotated[WithdrawConcessionInput, strawberry.argument(description="The request.")],
    ) -> WithdrawConcessionPayload:
        key = _request_id(input.approval_request_id)
        done = await orders_concessions.withdraw_concession(info.context, key, input.expected_version)
        return await WithdrawConcessionPayload.of(info.context, done)


@node_loader("ConcessionLimit")
async def _limits(ctx: Context, keys: Sequence[UUID]) -> Sequence[ConcessionLimit | None]:
    rows = await concessions.concession_limits_by_id(ctx, keys)
    return [None if row is None else ConcessionLimit.of(row) for row in rows]
