"""The credit desk: orders on hold for credit, and what finance does about them."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Self
from uuid import UUID

import strawberry

from auth.permissions import Permission as P
from models.orders_reads import OrderRow
from resolvers import credit_desk, customers, orders, orders_conditions
from resolvers.context import Context
from resolvers.customers import seller
from resolvers.paging import PageArgs
from rules.credit import OrderRelease
from rules.money import ZERO
from rules.states import HoldReason
from schema.access import access, key_required, list_size
from schema.connections import After, Before, Connection, First, Last, connection
from schema.customers import Customer
from schema.filters import IDFilter, where_of
from schema.ids import decode_id
from schema.orders import Order
from schema.payloads import Payload
from schema.scalars import Money

Info = strawberry.Info[Context, None]
_RELEASE = [access(P.CREDIT_RELEASE)]


@strawberry.type(description="Money that a held order waits for.", directives=_RELEASE)
class CreditCondition:
    amount_awaited: Money = strawberry.field(description="How much has to come in, in the seller's currency.")
    amount_received: Money = strawberry.field(description="How much of it came since.")
    valid_until: date | None = strawberry.field(
        description="The last day on which it releases; null for no end."
    )
    reason: str = strawberry.field(description="Why it was agreed.")


@strawberry.type(description="An order on hold for credit, and what would free it.", directives=_RELEASE)
class CreditDeskEntry:
    row: strawberry.Private[OrderRow]

    @strawberry.field(description="The order.")
    def order(self) -> Order:
        return Order.of(self.row)

    async def _desk(self, info: Info) -> credit_desk.DeskRow | None:
        return await info.context.load(credit_desk.desk_by_order, self.row.id)

    @strawberry.field(description="The limit; null where nobody holds one.")
    async def limit(self, info: Info) -> Money | None:
        desk = await self._desk(info)
        if desk is None or desk.account.credit is None:
            return None
        return Money.of(desk.account.credit.limit, desk.account.currency)

    @strawberry.field(description="What is open: orders, deliveries and invoices, less what is unapplied.")
    async def exposure(self, info: Info) -> Money | None:
        return await self._money(info, "exposure")

    @strawberry.field(description="What of it are open orders.")
    async def orders_open(self, info: Info) -> Money | None:
        return await self._money(info, "orders")

    @strawberry.field(description="What of it is delivered and not invoiced.")
    async def delivered(self, info: Info) -> Money | None:
        return await self._money(info, "delivered")

    @strawberry.field(description="What of it are open invoices.")
    async def invoices(self, info: Info) -> Money | None:
        return await self._money(info, "invoices")

    @strawberry.field(description="Credits and payments on account, which lower it.")
    async def unapplied(self, info: Info) -> Money | None:
        return await self._money(info, "unapplied")

    @strawberry.field(description="What is open past its day.")
    async def overdue(self, info: Info) -> Money | None:
        return await self._money(info, "overdue")

    async def _money(self, info: Info, name: str) -> Money | None:
        desk = await self._desk(info)
        return None if desk is None else Money.of(getattr(desk.account.used, name), desk.account.currency)

    @strawberry.field(description="How many days the oldest open instalment is past its day.")
    async def days_overdue(self, info: Info) -> int:
        desk = await self._desk(info)
        return 0 if desk is None else desk.days_overdue

    async def _release(self, info: Info) -> OrderRelease | None:
        desk = await self._desk(info)
        return None if desk is None else desk.release

    @strawberry.field(
        description="The day its credit frees up if what is due is paid on its day; null where it never does by itself."
    )
    async def frees_on(self, info: Info) -> date | None:
        release = await self._release(info)
        return None if release is None else release.frees_on

    @strawberry.field(description="What has to come in today to free it now.")
    async def payment_needed(self, info: Info) -> Money | None:
        desk = await self._desk(info)
        return None if desk is None else Money.of(desk.release.payment_needed, desk.account.currency)

    @strawberry.field(description="What would hold it if it were tested now.", directives=[list_size(2)])
    async def blocked_by(self, info: Info) -> list[HoldReason]:
        release = await self._release(info)
        return [] if release is None else sorted(release.blocked_by)

    @strawberry.field(description="The money it waits for; null where none was agreed.")
    async def condition(self, info: Info) -> CreditCondition | None:
        row = await info.context.load(credit_desk.conditions_by_order, self.row.id)
        if row is None:
            return None
        currency = (await seller(info.context)).currency
        return CreditCondition(
            amount_awaited=Money.of(row.amount_awaited, currency),
            amount_received=Money.of(row.amount_received or ZERO, currency),
            valid_until=row.valid_until,
            reason=row.reason,
        )


@strawberry.input(description="Conditions on held orders; all must hold.", directives=_RELEASE)
class CreditDeskWhere:
    customer: IDFilter | None = strawberry.field(default=None, description="Of one of these customers.")


@strawberry.type
class CreditQueries:
    @strawberry.field(
        description="Orders on hold for credit or overdue invoices, the longest waiting first.",
        directives=_RELEASE,
    )
    async def credit_desk(
        self,
        info: Info,
        where: Annotated[CreditDeskWhere | None, strawberry.argument(description="Which ones.")] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[CreditDeskEntry]:
        found = where_of(where, {"customer": ("Customer",)})
        page = await credit_desk.credit_desk(info.context, found, PageArgs(first, after, last, before))
        return connection(page, lambda row: CreditDeskEntry(row=row))


@strawberry.input(
    description="A held order to release as soon as its customer has paid an amount.", directives=_RELEASE
)
class ReleaseOrderWhenPaidInput:
    order_id: strawberry.ID = strawberry.field(description="The order.")
    expected_version: int = strawberry.field(
        description="The order's version you saw; a newer one is refused."
    )
    amount: Decimal = strawberry.field(
        description="How much has to come in from now on, in the seller's currency."
    )
    valid_until: date | None = strawberry.field(
        default=None, description="The last day on which a payment releases it; no end when nothing is said."
    )
    reason: str = strawberry.field(description="Why, 500 characters; kept and shown.")


@strawberry.type(description="Answer of releaseOrderWhenPaid.", directives=_RELEASE)
class ReleaseOrderWhenPaidPayload(Payload):
    entity_type = "Order"
    order: Order | None = strawberry.field(default=None, description="The order; null when refused.")

    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:
        row = await ctx.load(orders.orders_by_id, entity_id)
        return cls(order=None if row is None else Order.of(row))


@strawberry.input(description="A customer's credit limit.", directives=_RELEASE)
class SetCreditLimitInput:
    customer_id: strawberry.ID = strawberry.field(
        description="The customer; those below it without a limit of their own share it."
    )
    limit: Decimal = strawberry.field(description="The most that may be open, zero included.")
    currency: str | None = strawberry.field(
        default=None, description="ISO 4217; as it is, or the customer's, when nothing is said."
    )
    reason: str = strawberry.field(description="Why, 500 characters; kept.")


@strawberry.type(description="Answer of setCreditLimit.", directives=_RELEASE)
class SetCreditLimitPayload(Payload):
    entity_type = "Customer"
    customer: Customer | None = strawberry.field(default=None, description="The customer; null when refused.")

    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:
        row = await ctx.load(customers.customers_by_id, entity_id)
        return cls(customer=None if row is None else Customer.of(row))


@strawberry.type
class CreditMutations:
    @strawberry.mutation(
        description="Lets a held order go on as soon as its customer has paid an amount; an earlier condition ends.",
        directives=[*_RELEASE, key_required()],
    )
    async def release_order_when_paid(
        self,
        info: Info,
        input: Annotated[ReleaseOrderWhenPaidInput, strawberry.argument(description="The condition.")],
    ) -> ReleaseOrderWhenPaidPayload:
        done = await orders_conditions.release_when_paid(
            info.context, decode_id(input.order_id, "Order", path=("orderId",)), input.expected_version,
            input.amount, input.valid_until, input.reason,
        )  # fmt: skip
        return await ReleaseOrderWhenPaidPayload.of(info.context, done)

    @strawberry.mutation(
        description="Sets what a customer may have open at most.", directives=[*_RELEASE, key_required()]
    )
    async def set_credit_limit(
        self, info: Info, input: Annotated[SetCreditLimitInput, strawberry.argument(description="The limit.")]
    ) -> SetCreditLimitPayload:
        key = decode_id(input.customer_id, "Customer", path=("customerId",))
        done = await credit_desk.set_credit_limit(
            info.context, key, input.limit, input.currency, input.reason
        )
        return await SetCreditLimitPayload.of(info.context, done)
