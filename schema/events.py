"""The log of events: what happened, in one order without gaps; what it means is asked of the documents themselves."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any, ClassVar, TypeVar
from uuid import UUID

import strawberry
from graphql import GraphQLError

from auth.permissions import Permission as P
from models.events_reads import EventRow
from resolvers import events
from resolvers.context import Batch, Context
from resolvers.customers import customers_by_id, users_by_id
from resolvers.invoices import invoices_by_id
from resolvers.jobs import jobs_by_id
from resolvers.orders import orders_by_id
from resolvers.quotes import quotes_by_id
from schema.access import access
from schema.connections import First
from schema.customers import Customer, User
from schema.ids import NODE_LOADERS, Node, decode_id, encode_id, not_found
from schema.invoices import Invoice
from schema.jobs import Job
from schema.orders import Order
from schema.quotes import Quote
from schema.rows import fill
from schema.scalars import Position

Info = strawberry.Info[Context, None]
_READ = [access(P.EVENTS_READ)]


@strawberry.type(description="Something that happened. It says to what, not what it means.",
                 directives=[access(P.SIGNED_IN)])  # fmt: skip
class Event:
    id: strawberry.ID = strawberry.field(description="The event's own id, the same wherever it is told.")
    position: Position | None = strawberry.field(
        description="Its place in the log, counted from 1; null for what is told at once and kept nowhere (progress)."
    )
    type: str = strawberry.field(description='What, as "order.placed".')
    entity_type: str = strawberry.field(description="The kind of document, a type of this schema.")
    entity_id: strawberry.ID = strawberry.field(description="The document's global id.")
    version: int = strawberry.field(description="The document's version after it.")
    occurred_at: datetime = strawberry.field(description="When.")
    actor_id: strawberry.ID = strawberry.field(
        description="Who did it: the user's global id, and no more of them."
    )
    row: strawberry.Private[EventRow]

    @classmethod
    def of(cls, row: EventRow) -> "Event":
        return fill(
            cls, row, id=strawberry.ID(str(row.event_id)), entity_id=encode_id(row.entity_type, row.entity_id),
            version=row.entity_version, actor_id=encode_id("User", row.actor_id), row=row,
        )  # fmt: skip

    @strawberry.field(description="The document as it is now; null where you may not see it.")
    async def entity(self, info: Info) -> Node | None:
        found: Node | None = await _node(info, self.row.entity_type, self.row.entity_id)
        return found

    @strawberry.field(
        description="Who did it; null where you may not see them.", directives=[access(P.USERS_READ)]
    )
    async def actor(self, info: Info) -> User | None:
        row = await info.context.load(users_by_id, self.row.actor_id)
        return None if row is None else User.of(row)

    @strawberry.field(
        description="On whose behalf: a person at the customer, or the customer; null for one's own acts.",
        directives=[access(P.CUSTOMERS_READ)],
    )
    async def subject(self, info: Info) -> Node | None:
        if self.row.subject_id is None:
            return None
        user = await info.context.load(users_by_id, self.row.subject_id)
        if user is not None:
            return User.of(user) if info.context.user.may(P.USERS_READ) else None
        customer = await info.context.load(customers_by_id, self.row.subject_id)
        return None if customer is None else Customer.of(customer)


async def _node(info: Info, type_name: str, key: UUID) -> Any:
    """The node behind a key; None where its type has no loader or is not in the viewer's view."""
    if type_name not in NODE_LOADERS or info._raw_info.schema.get_type(type_name) is None:
        return None
    return await info.context.load(NODE_LOADERS[type_name], key)


@strawberry.type(description="A stretch of the log, in its order.", directives=_READ)
class EventLog:
    nodes: list[Event] = strawberry.field(
        description="The events. Positions that are missing are not yours to see."
    )
    last_position: Position = strawberry.field(
        description="Where to go on from: the position of the last one here; what you gave where there is none."
    )
    has_next_page: bool = strawberry.field(description="Whether there are more already.")


@strawberry.type
class EventQueries:
    @strawberry.field(
        description=(
            "The log after a position, oldest first. Keep `lastPosition` and give it as `after` the next time: "
            "nothing is skipped and nothing comes twice."
        ),
        directives=_READ,
    )
    async def events(
        self,
        info: Info,
        after: Annotated[
            Position | None, strawberry.argument(description="Only what comes after it; 0 at first.")
        ] = None,
        first: First = None,
    ) -> EventLog:
        found = await events.list_events(info.context, int(after or 0), first)
        return EventLog(
            nodes=[Event.of(row) for row in found.rows],
            last_position=Position(found.last_position),
            has_next_page=found.has_next,
        )


ChangeType = TypeVar("ChangeType", bound="Change")


@strawberry.interface(
    description="Something that changed a document you follow.", directives=[access(P.SIGNED_IN)]
)
class Change:
    """
    What a subscription sends. A subject adds a type with its document, and a line for its loader.

    Before it is sent, the document is read as the viewer is at that moment: what they may not see is not told.
    """

    reads: ClassVar[Batch]
    event: Event = strawberry.field(description="What happened.")
    row: strawberry.Private[EventRow]

    async def is_visible(self, ctx: Context) -> bool:
        return await ctx.load(type(self).reads, self.row.entity_id) is not None


async def follow(
    info: Info, change: type[ChangeType], entity_type: str, id: strawberry.ID | None = None,
    types: frozenset[str] | None = None,
) -> AsyncIterator[ChangeType]:  # fmt: skip
    """
    The changes of one document, or of all that the viewer may see.

    Args:
        types: only these types of events.
    Raises:
        Refusal(NOT_FOUND): there is no such document that the viewer may see.
    """
    ctx = info.context
    place = (f"{entity_type[0].lower()}{entity_type[1:]}Id",)
    key = None if id is None else decode_id(id, entity_type, path=place)
    if key is not None and await ctx.load(change.reads, key) is None:
        raise not_found(place)
    if ctx.feed is None:
        raise GraphQLError(
            "Subscriptions are opened over WebSocket or SSE.", extensions={"code": "BAD_REQUEST"}
        )
    found = ctx.feed(entity_type, key, types)

    async def changes() -> AsyncIterator[ChangeType]:
        async for row in found:
            yield change(event=Event.of(row), row=row)

    return changes()


@strawberry.type(description="Something that changed an order.", directives=[access(P.ORDERS_READ)])
class OrderChange(Change):
    reads = orders_by_id

    @strawberry.field(description="The order as it is now.")
    async def order(self, info: Info) -> Order | None:
        row = await info.context.load(orders_by_id, self.row.entity_id)
        return None if row is None else Order.of(row)


@strawberry.type(description="Something that changed a quote.", directives=[access(P.QUOTES_READ)])
class QuoteChange(Change):
    reads = quotes_by_id

    @strawberry.field(description="The quote as it is now.")
    async def quote(self, info: Info) -> Quote | None:
        row = await info.context.load(quotes_by_id, self.row.entity_id)
        return None if row is None else Quote.of(row)


@strawberry.type(description="A job went on, or came to its end.", directives=[access(P.JOBS_READ)])
class JobChange(Change):
    reads = jobs_by_id

    @strawberry.field(description="The job as it is now.")
    async def job(self, info: Info) -> Job | None:
        row = await info.context.load(jobs_by_id, self.row.entity_id)
        return None if row is None else Job.of(row)


@strawberry.type(description="An invoice was issued.", directives=[access(P.INVOICES_READ)])
class InvoiceChange(Change):
    reads = invoices_by_id

    @strawberry.field(description="The invoice, with its number and its instalments.")
    async def invoice(self, info: Info) -> Invoice | None:
        row = await info.context.load(invoices_by_id, self.row.entity_id)
        return None if row is None else Invoice.of(row)


@strawberry.type
class EventSubscriptions:
    @strawberry.subscription(
        description="Whatever happens to an order, or to all orders you may see.",
        directives=[access(P.ORDERS_READ)],
    )
    async def order_changed(
        self,
        info: Info,
        order_id: Annotated[strawberry.ID | None, strawberry.argument(description="Only this order.")] = None,
    ) -> AsyncIterator[OrderChange]:
        return await follow(info, OrderChange, "Order", order_id)

    @strawberry.subscription(
        description="Whatever happens to a quote, or to all quotes you may see.",
        directives=[access(P.QUOTES_READ)],
    )
    async def quote_changed(
        self,
        info: Info,
        quote_id: Annotated[strawberry.ID | None, strawberry.argument(description="Only this quote.")] = None,
    ) -> AsyncIterator[QuoteChange]:
        return await follow(info, QuoteChange, "Quote", quote_id)

    @strawberry.subscription(
        description="How far a job is, or all jobs you may see: told at most twice a second, and at its end.",
        directives=[access(P.JOBS_READ)],
    )
    async def job_progressed(
        self,
        info: Info,
        job_id: Annotated[strawberry.ID | None, strawberry.argument(description="Only this job.")] = None,
    ) -> AsyncIterator[JobChange]:
        return await follow(info, JobChange, "Job", job_id)

    @strawberry.subscription(
        description="Invoices of yours as they are issued, rectifying ones too.",
        directives=[access(P.INVOICES_READ)],
    )
    async def invoice_issued(self, info: Info) -> AsyncIterator[InvoiceChange]:
        return await follow(info, InvoiceChange, "Invoice", types=frozenset({"invoice.issued"}))
