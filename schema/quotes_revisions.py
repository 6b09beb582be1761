"""A revision of a quote: its lines and terms, what it leaves the seller, and how it differs from another."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

import strawberry

from auth.permissions import Permission as P
from models.quotes_reads import QuoteLineRow, RevisionRow
from resolvers import quotes, quotes_choices, quotes_figures
from resolvers.context import Context
from resolvers.products import products_by_id
from rules import quotes_approvals
from rules.money import ZERO
from rules.pricing_trace import PriceStep as Step
from rules.quotes import RevisionStatus
from rules.quotes_approvals import ApprovalCriterion, ApprovalLevel
from rules.quotes_content import ChangeKind, LineDifference
from rules.simulation import MarginBand
from rules.states import LineKind
from schema.access import access, list_size
from schema.carts import TaxTotal, Totals
from schema.documents import (
    DocumentAddress,
    DocumentDeliveryTerms,
    DocumentPaymentTerms,
    address_of,
    delivery_terms_of,
    payment_terms_of,
)
from schema.ids import decode_id, encode_id
from schema.prices import TRACE, PriceStep, steps_of
from schema.products import Product
from schema.rows import fill
from schema.scalars import CurrencyCode, Money

Info = strawberry.Info[Context, None]
READ = [access(P.QUOTES_READ)]
_PRICED = [access(P.PRICES_READ)]
_OURS = [access(P.QUOTES_MANAGE, P.QUOTES_APPROVE)]
_MARGIN = [access(P.MARGIN_READ)]
LINES = list_size(20)


@strawberry.type(description="A line of a revision, as the order will have it.", directives=READ)
class QuoteLine:
    id: strawberry.ID = strawberry.field(description="The line's id, for answers.")
    position: int = strawberry.field(description="Its number within the revision.")
    parent_position: int | None = strawberry.field(
        description="The line that brings these goods, or that a charge follows; null for others."
    )
    kind: LineKind = strawberry.field(description="What it is for.")
    is_free: bool = strawberry.field(description="Goods without charge.")
    is_optional: bool = strawberry.field(
        description="Whether it is taken only when it is chosen; the totals are without it."
    )
    alternative_to: int | None = strawberry.field(
        description="The line in whose place it may be chosen; the totals are without it. Null for others."
    )
    sku: str = strawberry.field(description="Our number of the product.")
    customer_item_number: str | None = strawberry.field(description="What the customer calls it.")
    description: str = strawberry.field(description="The product's name.")
    quantity: Decimal = strawberry.field(description="How many, in `unit`.")
    requested_on: date | None = strawberry.field(description="The day of receipt; null for any.")
    price_unit: Decimal = strawberry.field(description="How many units a price is for.", directives=_PRICED)
    discount_percent: Decimal = strawberry.field(
        description="A manual discount, in percent.", directives=_PRICED
    )
    tax_category: str = strawberry.field(
        description="The letter of the tax category, UNTDID 5305: S is taxed.", directives=_PRICED
    )
    tax_percent: Decimal = strawberry.field(description="The tax rate, in percent.", directives=_PRICED)
    row: strawberry.Private[QuoteLineRow]
    currency: strawberry.Private[str]

    @classmethod
    def of(cls, row: QuoteLineRow, currency: str) -> "QuoteLine":
        return fill(cls, row, id=encode_id("QuoteLine", row.id), row=row, currency=currency)

    @strawberry.field(description="The unit of its quantity.")
    def unit(self) -> str:
        return self.row.unit_code

    @strawberry.field(description="List price of `priceUnit` units.", directives=_PRICED)
    def list_unit_price(self) -> Money:
        return Money.of(self.row.list_unit_price, self.currency)

    @strawberry.field(description="Net price of `priceUnit` units.", directives=_PRICED)
    def unit_price(self) -> Money:
        return Money.of(self.row.unit_price, self.currency)

    @strawberry.field(
        description="A price set by hand in the rules' place, of `priceUnit` units; null where none was.",
        directives=_PRICED,
    )
    def manual_unit_price(self) -> Money | None:
        price = self.row.manual_unit_price
        return None if price is None else Money.of(price, self.currency)

    @strawberry.field(
        description="Why a price or discount was given by hand; empty where none was.", directives=_OURS
    )
    def reason(self) -> str:
        return self.row.manual_price_reason or self.row.discount_reason

    @strawberry.field(description="Before tax.", directives=_PRICED)
    def net_amount(self) -> Money:
        return Money.of(self.row.net_amount, self.currency)

    @strawberry.field(description="Its tax.", directives=_PRICED)
    def tax_amount(self) -> Money:
        return Money.of(self.row.tax_amount, self.currency)

    @strawberry.field(description="Net and tax.", directives=_PRICED)
    def gross_amount(self) -> Money:
        return Money.of(self.row.gross_amount, self.currency)

    @strawberry.field(description=TRACE, directives=[*_PRICED, list_size(5)])
    def price_trace(self, info: Info) -> list[PriceStep]:
        steps = [Step.from_json(step) for step in self.row.price_trace]
        return steps_of(info.context, steps, self.currency)

    @strawberry.field(
        description="The product as it is now; null where you may not see it.",
        directives=[access(P.CATALOG_READ)],
    )
    async def product(self, info: Info) -> Product | None:
        key = self.row.product_id
        row = None if key is None else await info.context.load(products_by_id, key)
        return None if row is None else Product.of(row)

    @strawberry.field(description="The order's line that came of it; null until then.")
    def order_line_id(self) -> strawberry.ID | None:
        key = self.row.order_line_id
        return None if key is None else encode_id("OrderLine", key)


@strawberry.type(description="Why a revision needs somebody's consent.", directives=_OURS)
class QuoteNeed:
    criterion: ApprovalCriterion = strawberry.field(description="What is measured.")
    level: ApprovalLevel = strawberry.field(description="Whose consent it needs.")
    line: int | None = strawberry.field(description="The position of the line; null for the whole.")
    threshold: Decimal | None = strawberry.field(
        description="What passes without; null where you may not see margins."
    )
    value: Decimal | None = strawberry.field(
        description="What it comes to; null where you may not see margins."
    )

    @classmethod
    def of(cls, ctx: Context, need: quotes_approvals.QuoteNeed) -> "QuoteNeed":
        shown = quotes_figures.shows_figure(ctx, need)
        return cls(
            criterion=need.criterion,
            level=need.level,
            line=need.line,
            threshold=need.threshold if shown else None,
            value=need.value if shown else None,
        )


@strawberry.type(description="A line on one side of a difference.", directives=READ)
class QuoteComparedLine:
    quantity: Decimal = strawberry.field(description="How many.")
    unit_price: Money = strawberry.field(
        description="Net price of the line's price units.", directives=_PRICED
    )
    net_amount: Money = strawberry.field(description="Before tax.", directives=_PRICED)
    requested_on: date | None = strawberry.field(description="The day of receipt; null for any.")
    is_optional: bool = strawberry.field(description="Whether it is an option or an alternative.")


@strawberry.type(description="What became of a line from one revision to the next.", directives=READ)
class QuoteLineDifference:
    kind: ChangeKind = strawberry.field(description="What became of it.")
    sku: str = strawberry.field(description="Our number of the product.")
    before: QuoteComparedLine | None = strawberry.field(description="As it was; null where it is new.")
    after: QuoteComparedLine | None = strawberry.field(description="As it is; null where it is gone.")

    @classmethod
    def of(cls, difference: LineDifference, currency: str) -> "QuoteLineDifference":
        sides = [
            None
            if each is None
            else QuoteComparedLine(
                quantity=each.quantity,
                unit_price=Money.of(each.unit_price, currency),
                net_amount=Money.of(each.net_amount, currency),
                requested_on=each.requested_on,
                is_optional=each.is_optional,
            )
            for each in (difference.before, difference.after)
        ]
        line = difference.after or difference.before
        assert line is not None, "one side is there"
        return cls(kind=difference.kind, sku=line.sku, before=sides[0], after=sides[1])


@strawberry.type(
    description="A revision of a quote. From when it is sent on it never changes: an answer names it and its hash.",
    directives=READ,
)
class QuoteRevision:
    id: strawberry.ID = strawberry.field(description="The revision's id, for answers.")
    number: int = strawberry.field(description="1 for the first.")
    status: RevisionStatus = strawberry.field(description="What became of it.")
    valid_until: date = strawberry.field(
        description="Its last day, which counts whole, in the seller's time zone."
    )
    message: str = strawberry.field(description="What the seller writes to the customer; may be empty.")
    created_at: datetime = strawberry.field(description="When it was begun.")
    sent_at: datetime | None = strawberry.field(description="When it was sent; null until then.")
    sent_by_name: str = strawberry.field(description="Who sent it; empty until then.")
    priced_on: date = strawberry.field(description="The day of its prices.")
    requested_on: date | None = strawberry.field(description="The day of receipt of the whole; null for any.")
    currency: CurrencyCode = strawberry.field(description="The currency of its prices.")
    discount_percent: Decimal = strawberry.field(
        description="A special discount on the whole, in percent; the lines' amounts are after it.",
        directives=_PRICED,
    )
    deposit_percent: Decimal = strawberry.field(
        description="The share of the gross that is paid before it becomes an order; 0 for none."
    )
    row: strawberry.Private[RevisionRow]

    @classmethod
    def of(cls, row: RevisionRow) -> "QuoteRevision":
        return fill(cls, row, id=encode_id("QuoteRevision", row.id), row=row)

    @strawberry.field(description="SHA-256 of what it says, in hexadecimal; null until it is sent.")
    def content_hash(self) -> str | None:
        return None if self.row.content_hash is None else self.row.content_hash.hex()

    @strawberry.field(
        description="Where its paper is fetched, as PDF in the customer's language; null until it is sent.",
        directives=_PRICED,
    )
    def paper_url(self) -> str | None:
        return (
            None
            if self.row.sent_at is None
            else f"/documents/quotes/{encode_id('QuoteRevision', self.row.id)}.pdf"
        )

    @strawberry.field(description="Where goods go.")
    def delivery_address(self) -> DocumentAddress:
        return address_of(self.row.delivery_address)

    @strawberry.field(description="When to pay.")
    def payment_terms(self) -> DocumentPaymentTerms:
        return payment_terms_of(self.row.payment_terms)

    @strawberry.field(description="Who carries cost and risk.")
    def delivery_terms(self) -> DocumentDeliveryTerms:
        return delivery_terms_of(self.row.delivery_terms)

    @strawberry.field(
        description="Before tax, of what is taken where nothing is chosen: without options and alternatives.",
        directives=_PRICED,
    )
    def net_amount(self) -> Money:
        return Money.of(self.row.net_amount, self.row.currency)

    @strawberry.field(description="The tax of the same.", directives=_PRICED)
    def tax_amount(self) -> Money:
        return Money.of(self.row.tax_amount, self.row.currency)

    @strawberry.field(description="Net and tax of the same.", directives=_PRICED)
    def gross_amount(self) -> Money:
        return Money.of(self.row.gross_amount, self.row.currency)

    @strawberry.field(
        description="What an order of it comes to, with the options and alternatives that are chosen.",
        directives=_PRICED,
    )
    async def totals(
        self,
        info: Info,
        line_ids: Annotated[
            list[strawberry.ID] | None,
            strawberry.argument(description="The options and alternatives that are taken; none unless told."),
        ] = None,
    ) -> Totals:
        keys = [decode_id(each, "QuoteLine", path=("lineIds", at)) for at, each in enumerate(line_ids or ())]
        groups = await quotes_choices.taken_taxes(info.context, self.row, keys)
        currency = self.row.currency
        net, tax = sum((each.base for each in groups), ZERO), sum((each.tax for each in groups), ZERO)
        return Totals(
            net=Money.of(net, currency),
            tax=Money.of(tax, currency),
            gross=Money.of(net + tax, currency),
            taxes=[TaxTotal.of(each, currency) for each in groups],
        )

    @strawberry.field(description="Its lines, by position.", directives=[LINES])
    async def lines(self, info: Info) -> list[QuoteLine]:
        rows = await info.context.load(quotes.quote_lines_by_revision, self.row.id)
        return [QuoteLine.of(row, self.row.currency) for row in rows]

    @strawberry.field(
        description="What is different from an earlier revision: changed and added lines first, then those gone.",
        directives=[LINES],
    )
    async def difference(
        self,
        info: Info,
        since: Annotated[
            int | None,
            strawberry.argument(description="That revision's number; the one before where nothing is said."),
        ] = None,
    ) -> list[QuoteLineDifference]:
        found = await quotes_figures.difference(info.context, self.row, since)
        return [QuoteLineDifference.of(each, self.row.currency) for each in found]

    @strawberry.field(
        description="Why a special discount on the whole was given; empty where none was.", directives=_OURS
    )
    def discount_reason(self) -> str:
        return self.row.discount_reason

    @strawberry.field(
        description="What the seller's people note for each other; never for the customer.", directives=_OURS
    )
    async def internal_notes(self, info: Info) -> str:
        found = await info.context.load(quotes.figures_by_revision, self.row.id)
        return "" if found is None else found.notes

    @strawberry.field(
        description="How much less it asks than the rules, in percent; what was given whole and longer terms count.",
        directives=_OURS,
    )
    async def depth_percent(self, info: Info) -> Decimal | None:
        found = await info.context.load(quotes.figures_by_revision, self.row.id)
        return None if found is None else found.depth_percent

    @strawberry.field(description="How good the margin is; null where a cost is not known.", directives=_OURS)
    async def margin_band(self, info: Info) -> MarginBand | None:
        return await info.context.load(quotes_figures.band_by_revision, self.row.id)

    @strawberry.field(
        description="Sales of goods less their cost and that of a longer payment term; null where a cost is not known.",
        directives=_MARGIN,
    )
    async def margin(self, info: Info) -> Money | None:
        found = await info.context.load(quotes_figures.margin_by_revision, self.row.id)
        return None if found is None else Money.of(found[0], self.row.currency)

    @strawberry.field(
        description="The margin in percent of sales; null where a cost is not known, or nothing is sold.",
        directives=_MARGIN,
    )
    async def margin_percent(self, info: Info) -> Decimal | None:
        found = await info.context.load(quotes_figures.margin_by_revision, self.row.id)
        return None if found is None else found[1]

    @strawberry.field(
        description="Why it still needs somebody's consent, by the policy of today.",
        directives=[*_OURS, list_size(10)],
    )
    async def needs(self, info: Info) -> list[QuoteNeed]:
        found = await info.context.load(quotes_figures.needs_by_revision, self.row.id)
        return [QuoteNeed.of(info.context, each) for each in found]
