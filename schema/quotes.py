"""Quotes: what was asked for, offered, countered and accepted, and what the viewer may do."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry

from auth.permissions import Permission as P
from models.quotes import Quote as Table
from models.quotes_reads import AcceptanceRow, CounterRow, QuoteRequestRow, QuoteRow
from resolvers import quotes, quotes_deposits, quotes_desk
from resolvers.context import Context
from resolvers.customers import customers_by_id
from resolvers.holds import holds_by_source
from resolvers.paging import PageArgs, SortKey
from rules.quotes import ConversionObstacle, QuoteAction, QuoteStatus, price_source
from rules.quotes_approvals import ApprovalCriterion, ApprovalLevel, PolicyRow
from rules.quotes_desk import STALLED_DAYS, QuoteStep
from rules.states import ApprovalStatus, ApprovalSubject
from schema.access import access, list_size
from schema.connections import After, Before, Connection, First, Last, connection
from schema.customers import Customer
from schema.filters import BooleanFilter, DateFilter, IDFilter, StringFilter, one_key_of, where_of
from schema.ids import Node, encode_id, node_loader, try_decode_id
from schema.quotes_beside import QuoteBeside
from schema.quotes_deposits import QuoteDeposit
from schema.quotes_enums import QuoteStatusFilter, QuoteStepFilter
from schema.quotes_holds import QuoteHold
from schema.quotes_revisions import READ, QuoteNeed, QuoteRevision
from schema.rows import fill
from schema.scalars import Money

if TYPE_CHECKING:
    from schema.orders import Order

Info = strawberry.Info[Context, None]
_OURS = [access(P.QUOTES_MANAGE, P.QUOTES_APPROVE)]
# Who did something at the customer is for those who decide there, and for our people.
_WHO = [access(P.APPROVALS_DECIDE, P.STAFF)]
_POLICY = [access(P.QUOTES_MANAGE, P.QUOTES_APPROVE, P.ADMIN)]
REVISIONS = 10


@strawberry.type(description="What a customer asked for.", directives=READ)
class QuoteRequestLine:
    sku: str = strawberry.field(description="The product's number, as it was asked for.")
    quantity: Decimal = strawberry.field(description="How many, in the unit that was asked for.")
    requested_on: date | None = strawberry.field(description="The day of receipt asked for; null for any.")


@strawberry.type(description="What a customer would have of a line otherwise.", directives=READ)
class QuoteCounterLine:
    line_id: strawberry.ID = strawberry.field(description="The revision's line.")
    quantity: Decimal | None = strawberry.field(
        description="So many instead, 0 for none; null where it stays."
    )
    unit_price: Money | None = strawberry.field(
        description="At this price of `priceUnit` units instead; null where it stays."
    )
    requested_on: date | None = strawberry.field(description="On this day instead; null where it stays.")
    substitute: "QuoteSubstitute | None" = strawberry.field(
        description="This product in its place; null where it stays."
    )


@strawberry.type(description="A product that a customer would have in a line's place.", directives=READ)
class QuoteSubstitute:
    sku: str = strawberry.field(description="Our number of the product.")
    description: str = strawberry.field(description="The product's name, as it was then.")

    @classmethod
    def of(cls, kept: dict[str, str] | None) -> "QuoteSubstitute | None":
        return None if kept is None else cls(sku=kept["sku"], description=kept["description"])


@strawberry.type(description="A customer's counter-offer.", directives=READ)
class QuoteCounter:
    created_at: datetime = strawberry.field(description="When.")
    created_by_name: str = strawberry.field(description="By whom.", directives=_WHO)
    message: str = strawberry.field(description="In words; may be empty.")
    row: strawberry.Private[CounterRow]

    @strawberry.field(description="The number of the revision that it answers.")
    async def revision_number(self, info: Info) -> int:
        revision = await info.context.load(quotes.revisions_by_id, self.row.revision_id)
        return 0 if revision is None else revision.number

    @strawberry.field(description="Line by line.", directives=[list_size(20)])
    async def lines(self, info: Info) -> list[QuoteCounterLine]:
        revision = await info.context.load(quotes.revisions_by_id, self.row.revision_id)
        currency = "" if revision is None else revision.currency
        return [
            QuoteCounterLine(
                line_id=encode_id("QuoteLine", UUID(each["lineId"])),
                quantity=None if each["quantity"] is None else Decimal(each["quantity"]),
                unit_price=None
                if each["unitPrice"] is None
                else Money.of(Decimal(each["unitPrice"]), currency),
                requested_on=None if each["requestedOn"] is None else date.fromisoformat(each["requestedOn"]),
                substitute=QuoteSubstitute.of(each.get("substitute")),
            )
            for each in self.row.lines
        ]


@strawberry.type(description="Who accepted what exactly; there is one of a quote, for good.", directives=READ)
class QuoteAcceptance:
    accepted_at: datetime = strawberry.field(description="When.")
    accepted_by_name: str = strawberry.field(description="By whom of the customer.", directives=_WHO)
    consented_by_name: str = strawberry.field(
        description="The colleague who consented; empty where nobody had to.", directives=_WHO
    )
    purchase_order_number: str = strawberry.field(
        description="The customer's own number of the order; may be empty."
    )
    row: strawberry.Private[AcceptanceRow]
    number: strawberry.Private[str]

    @strawberry.field(description="SHA-256 of what was accepted, in hexadecimal.")
    def content_hash(self) -> str:
        return self.row.content_hash.hex()

    @strawberry.field(description="The revision that was accepted.")
    async def revision(self, info: Info) -> QuoteRevision | None:
        row = await info.context.load(quotes.revisions_by_id, self.row.revision_id)
        return None if row is None else QuoteRevision.of(row)

    @strawberry.field(description='Where the order\'s prices are from, as "quote Q-2026-000001 v2".')
    async def price_source(self, info: Info) -> str:
        row = await info.context.load(quotes.revisions_by_id, self.row.revision_id)
        return "" if row is None else price_source(self.number, row.number)


@strawberry.type(
    description="A revision that waits, or waited, for the consent of somebody else of the seller's.",
    directives=_OURS,
)
class QuoteApproval:
    status: ApprovalStatus = strawberry.field(description="What became of it.")
    requested_at: datetime = strawberry.field(description="Since when it waits.")
    requested_by_name: str = strawberry.field(description="Who submitted it.")
    due_at: datetime = strawberry.field(description="Until when it waits; then it is a draft again.")
    decided_at: datetime | None = strawberry.field(description="When it was decided; null until then.")
    decided_by_name: str = strawberry.field(description="Who decided; empty where nobody did.")
    decision_reason: str = strawberry.field(description="The reason or remark; may be empty.")
    row: strawberry.Private[QuoteRequestRow]

    @strawberry.field(description="Whose consent it needs: the highest level wins.")
    def level(self) -> ApprovalLevel:
        return ApprovalLevel(self.row.act["level"])

    @strawberry.field(
        description="Since when a higher level than the policy's is asked, since nobody decided; null where none is."
    )
    def escalated_at(self) -> datetime | None:
        found = self.row.act.get("escalatedAt")
        return None if found is None else datetime.fromisoformat(found)

    @strawberry.field(description="The number of the revision.")
    def revision_number(self) -> int:
        return int(self.row.act["revision"])

    @strawberry.field(description="Whether the viewer submitted it, and so cannot consent to it.")
    def is_mine(self, info: Info) -> bool:
        return self.row.requested_by_id == info.context.user.user_id

    @strawberry.field(description="Why it needs it.", directives=[list_size(10)])
    def needs(self, info: Info) -> list[QuoteNeed]:
        return [QuoteNeed.of(info.context, each) for each in quotes.needs_kept(self.row)]


@strawberry.type(
    description="An acceptance that waits, or waited, for the consent of a colleague at the customer.",
    directives=READ,
)
class QuoteAcceptanceRequest:
    status: ApprovalStatus = strawberry.field(description="What became of it.")
    requested_at: datetime = strawberry.field(description="Since when it waits.")
    requested_by_name: str = strawberry.field(description="Who accepted.", directives=_WHO)
    due_at: datetime = strawberry.field(description="Until when it waits; then the offer stands as before.")
    decided_at: datetime | None = strawberry.field(description="When it was decided; null until then.")
    decided_by_name: str = strawberry.field(
        description="Who decided; empty where nobody did.", directives=_WHO
    )
    decision_reason: str = strawberry.field(description="The reason or remark; may be empty.")
    row: strawberry.Private[QuoteRequestRow]

    @strawberry.field(description="Whether the viewer accepted, and so cannot consent to it.")
    def is_mine(self, info: Info) -> bool:
        return self.row.requested_by_id == info.context.user.user_id


@strawberry.type(
    description="A quote, from the request to the order. What is offered stands in its revisions.",
    directives=READ,
)
class Quote(QuoteBeside, Node):
    number: str = strawberry.field(description="What people call it.")
    status_reason: str = strawberry.field(description="Why it was declined or withdrawn; empty otherwise.")
    version: int = strawberry.field(description="Rises with every change.")
    created_at: datetime = strawberry.field(description="When it was begun.")
    requested_at: datetime | None = strawberry.field(
        description="When the customer asked for it; null where the seller began it."
    )
    request_message: str = strawberry.field(description="What the customer wrote then; may be empty.")
    sent_at: datetime | None = strawberry.field(description="When the customer was first offered something.")
    valid_until: date | None = strawberry.field(
        description="The last day of the present offer, in the seller's time zone; null where none was sent."
    )
    opened_at: datetime | None = strawberry.field(
        description="When somebody of the customer's first read the present offer; null until then."
    )
    ended_at: datetime | None = strawberry.field(description="When it came to its end; null until then.")
    obstacle: ConversionObstacle | None = strawberry.field(
        description="Why it is accepted and no order yet; null otherwise."
    )
    row: strawberry.Private[QuoteRow]

    @classmethod
    def of(cls, row: QuoteRow) -> "Quote":
        return fill(cls, row, id=encode_id("Quote", row.id), row=row)

    @strawberry.field(description="Where it stands today.")
    def status(self, info: Info) -> QuoteStatus:
        return quotes.status_of(info.context, self.row)

    @strawberry.field(
        description="For how many days an open offer still holds, 0 on its last day; null where none is open."
    )
    def expires_in_days(self, info: Info) -> int | None:
        return quotes_desk.expires_in_days(info.context, self.row)

    @strawberry.field(description="What it waits for.", directives=_OURS)
    async def next_step(self, info: Info) -> QuoteStep:
        return await quotes_desk.step_of(info.context, self.row)

    @strawberry.field(
        description="Since when it waits for its next step; null where none is left.", directives=_OURS
    )
    async def waits_since(self, info: Info) -> datetime | None:
        return await quotes_desk.waits_since(info.context, self.row)

    @strawberry.field(
        description=f"Whether the offer was sent {STALLED_DAYS} days ago or more, and is not answered.",
        directives=_OURS,
    )
    async def is_stalled(self, info: Info) -> bool:
        return await quotes_desk.is_stalled(info.context, self.row)

    @strawberry.field(description="Who began it.", directives=_OURS)
    def created_by_name(self) -> str:
        return self.row.created_by_name

    @strawberry.field(description="The customer.", directives=[access(P.CUSTOMERS_READ)])
    async def customer(self, info: Info) -> Customer | None:
        row = await info.context.load(customers_by_id, self.row.customer_id)
        return None if row is None else Customer.of(row)

    @strawberry.field(description="What the customer asked for.", directives=[list_size(20)])
    def request_lines(self) -> list[QuoteRequestLine]:
        return [
            QuoteRequestLine(
                sku=each["sku"],
                quantity=Decimal(each["quantity"]),
                requested_on=None if each["requestedOn"] is None else date.fromisoformat(each["requestedOn"]),
            )
            for each in self.row.request_lines
        ]

    @strawberry.field(
        description="Its revisions that you may see, newest first.", directives=[list_size(REVISIONS)]
    )
    async def revisions(self, info: Info) -> list[QuoteRevision]:
        rows = await info.context.load(quotes.revisions_by_quote, self.row.id)
        return [QuoteRevision.of(row) for row in rows]

    @strawberry.field(description="The revision that the customer has; null where none was sent.")
    async def offer(self, info: Info) -> QuoteRevision | None:
        row = quotes.sent_of(await info.context.load(quotes.revisions_by_quote, self.row.id))
        return None if row is None else QuoteRevision.of(row)

    @strawberry.field(description="The revision that is being written; null where none is.", directives=_OURS)
    async def draft(self, info: Info) -> QuoteRevision | None:
        row = quotes.written_of(await info.context.load(quotes.revisions_by_quote, self.row.id))
        return None if row is None else QuoteRevision.of(row)

    @strawberry.field(
        description="The customer's counter-offers, newest first.", directives=[list_size(REVISIONS)]
    )
    async def counters(self, info: Info) -> list[QuoteCounter]:
        rows = await info.context.load(quotes.counters_by_quote, self.row.id)
        return [fill(QuoteCounter, row, row=row) for row in rows]

    @strawberry.field(description="Who accepted what; null until somebody did for good.")
    async def acceptance(self, info: Info) -> QuoteAcceptance | None:
        row = await info.context.load(quotes.acceptances_by_quote, self.row.id)
        return None if row is None else fill(QuoteAcceptance, row, row=row, number=self.row.number)

    @strawberry.field(
        description="The newest acceptance that a colleague has, or had, to consent to; null where none was."
    )
    async def acceptance_request(self, info: Info) -> QuoteAcceptanceRequest | None:
        key = (self.row.id, ApprovalSubject.QUOTE_ACCEPTANCE)
        row = await info.context.load(quotes.requests_by_quote, key)
        return None if row is None else fill(QuoteAcceptanceRequest, row, row=row)

    @strawberry.field(
        description="The newest request for the seller's own consent; null where none was needed.",
        directives=_OURS,
    )
    async def approval(self, info: Info) -> QuoteApproval | None:
        row = await info.context.load(quotes.requests_by_quote, (self.row.id, ApprovalSubject.QUOTE))
        return None if row is None else fill(QuoteApproval, row, row=row)

    @strawberry.field(
        description="The order that it became; null until then, or where you may not see it.",
        directives=[access(P.ORDERS_READ)],
    )
    async def order(self, info: Info) -> Annotated["Order", strawberry.lazy("schema.orders")] | None:
        from resolvers.orders import orders_by_id
        from schema.orders import Order

        row = None if self.row.order_id is None else await info.context.load(orders_by_id, self.row.order_id)
        return None if row is None else Order.of(row)

    @strawberry.field(
        description="What has to be paid before it becomes an order; null where nothing has.",
    )
    async def deposit(self, info: Info) -> QuoteDeposit | None:
        found = await quotes_deposits.deposit_to_pay(info.context, self.row)
        return None if found is None else QuoteDeposit.of(*found)

    @strawberry.field(
        description="Its goods that are held until it is answered; null where nothing is held.",
    )
    async def hold(self, info: Info) -> QuoteHold | None:
        if self.row.sent_at is None and not info.context.user.is_staff:
            return None  # what waits for our consent is not told of
        rows = await info.context.load(holds_by_source, self.row.id)
        return QuoteHold.of(rows) if rows else None

    @strawberry.field(description="What you may do with it now.", directives=[list_size(5)])
    async def allowed_actions(self, info: Info) -> list[QuoteAction]:
        return await quotes.quote_actions(info.context, self.row)


@strawberry.type(description="From where on whose consent is needed.", directives=_POLICY)
class QuotePolicyRow:
    criterion: ApprovalCriterion = strawberry.field(description="What is measured.")
    threshold: Decimal = strawberry.field(
        description="More than this asks for consent; of MARGIN, less than this."
    )
    level: ApprovalLevel = strawberry.field(description="Whose.")


@strawberry.type(
    description="Whose consent quotes need before they are sent, and how long they hold.", directives=_POLICY
)
class QuotePolicy:
    validity_days: int = strawberry.field(
        description="For how many days an offer holds where nobody says, today not counted."
    )
    version: int = strawberry.field(description="Rises with every change; 0 where nothing was set yet.")
    deposit_percent: Decimal = strawberry.field(
        description="The share of the gross that is paid before an order, where a revision says nothing else."
    )
    escalate_days: int = strawberry.field(
        description="After so many days a consent that nobody gave is asked of the next level; 0: never."
    )
    hold_while_sent: bool = strawberry.field(
        description="Whether goods of an offer are held for the customer until its last day is over."
    )
    rows: strawberry.Private[Sequence[PolicyRow]]

    @strawberry.field(
        name="rows", description="Its rows; the highest level that asks wins.", directives=[list_size(30)]
    )
    def rows_(self) -> list[QuotePolicyRow]:
        return [fill(QuotePolicyRow, row) for row in self.rows]

    @classmethod
    async def load(cls, ctx: Context) -> "QuotePolicy":
        rows, days, version = await quotes.policy(ctx)
        settings = await quotes.quote_settings(ctx)
        return fill(cls, settings, validity_days=days, version=version, rows=rows)


@strawberry.input(description="Conditions on quotes; all must hold.", directives=READ)
class QuoteWhere:
    number: StringFilter | None = strawberry.field(default=None, description="On the number.")
    status: QuoteStatusFilter | None = strawberry.field(default=None, description="On the state today.")
    customer: IDFilter | None = strawberry.field(default=None, description="With one of these customers.")
    valid_until: DateFilter | None = strawberry.field(
        default=None, description="On the last day of the offer."
    )
    is_to_approve: BooleanFilter | None = strawberry.field(
        default=None,
        description="Whether it waits for the seller's own consent, and the viewer may give one.",
    )
    step: QuoteStepFilter | None = strawberry.field(
        default=None, description="On what it waits for.", directives=_OURS
    )
    is_mine: BooleanFilter | None = strawberry.field(
        default=None, description="Whether the viewer began it, or looks after its customer."
    )
    is_stalled: BooleanFilter | None = strawberry.field(
        default=None,
        description=f"Whether the offer was sent {STALLED_DAYS} days ago or more, and is not answered.",
        directives=_OURS,
    )
    and_: list["QuoteWhere"] | None = strawberry.field(
        name="and", default=None, description="All of these hold."
    )
    or_: list["QuoteWhere"] | None = strawberry.field(
        name="or", default=None, description="One of these holds."
    )
    not_: "QuoteWhere | None" = strawberry.field(name="not", default=None, description="This does not hold.")


@strawberry.input(description="Names one quote.", one_of=True, directives=READ)
class QuoteBy:
    id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="Its global id.")
    number: str | None = strawberry.field(default=strawberry.UNSET, description="Its number.")


@strawberry.type
class QuoteQueries:
    @strawberry.field(description="The quotes you may see, newest first.", directives=READ)
    async def quotes(
        self,
        info: Info,
        where: Annotated[QuoteWhere | None, strawberry.argument(description="Which ones.")] = None,
        search: Annotated[
            str | None, strawberry.argument(description="Part of its number, or of the customer.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Quote]:
        found = where_of(where, {"customer": ("Customer",)})
        sort = [SortKey("id", Table.id, True)]
        page = await quotes.quotes(info.context, found, search, sort, PageArgs(first, after, last, before))
        return connection(page, Quote.of)

    @strawberry.field(description="One quote; null where there is none you may see.", directives=READ)
    async def quote(
        self, info: Info, by: Annotated[QuoteBy, strawberry.argument(description="Which one.")]
    ) -> Quote | None:
        kind, value = one_key_of(by)
        if kind == "id":
            key = try_decode_id(value, "Quote")
            row = None if key is None else await info.context.load(quotes.quotes_by_id, key)
        else:
            row = await quotes.quote_by_number(info.context, value)
        return None if row is None else Quote.of(row)

    @strawberry.field(description="Whose consent quotes need before they are sent.", directives=_POLICY)
    async def quote_policy(self, info: Info) -> QuotePolicy:
        return await QuotePolicy.load(info.context)


@node_loader("Quote")
async def _quotes(ctx: Context, keys: Sequence[UUID]) -> Sequence[Quote | None]:
    rows = await quotes.quotes_by_id(ctx, keys)
    return [None if row is None else Quote.of(row) for row in rows]
