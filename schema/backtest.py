"""A discount rule over past sales: what they would have come to with it."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import strawberry

from auth.permissions import Permission as P
from resolvers import backtest
from resolvers.context import Context
from resolvers.customers import customers_by_id
from resolvers.products import products_by_id
from rules.backtest import CustomerChange, ReplayedLine
from schema.access import access, list_size
from schema.customers import Customer
from schema.discounts_acts import DiscountRuleInput, draft_of
from schema.discounts_parts import READ
from schema.filters import one_key_of
from schema.ids import decode_id
from schema.products import Product
from schema.scalars import CurrencyCode, Money

Info = strawberry.Info[Context, None]
_MARGIN = [access(P.MARGIN_READ)]
CUSTOMERS_LISTED, LINES_LISTED = 50, 100


@strawberry.input(
    one_of=True, description="The rule to try: a kept one, or one that is only thought of.", directives=READ
)
class BacktestRule:
    id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="A rule's global id, whether it is switched on or not."
    )
    code: str | None = strawberry.field(default=strawberry.UNSET, description="A rule's code.")
    draft: DiscountRuleInput | None = strawberry.field(
        default=strawberry.UNSET,
        description="A rule as it might be; nothing of it is stored.",
        directives=[access(P.DISCOUNTS_MANAGE)],
    )


@strawberry.type(description="A past line that the rule changes.", directives=READ)
class BacktestLine:
    document_number: str = strawberry.field(description="The order or invoice it was sold on.")
    sold_at: datetime = strawberry.field(description="When.")
    sku: str = strawberry.field(description="Our number of the product then.")
    quantity: Decimal = strawberry.field(description="How many, in the product's own unit.")
    net_before: Money = strawberry.field(description="What it came to before tax.")
    net_after: Money = strawberry.field(description="What it would have come to.")
    margin_before: Money | None = strawberry.field(
        description="What it left; null where the cost is not known.", directives=_MARGIN
    )
    margin_after: Money | None = strawberry.field(
        description="What it would have left; null where the cost is not known.", directives=_MARGIN
    )
    row: strawberry.Private[ReplayedLine]

    @classmethod
    def of(cls, row: ReplayedLine, currency: str) -> "BacktestLine":
        return cls(
            document_number=row.line.document,
            sold_at=row.line.sold_at,
            sku=row.line.sku,
            quantity=row.line.quantity,
            net_before=Money.of(row.net_before, currency),
            net_after=Money.of(row.net_after, currency),
            margin_before=_money(row.margin_before, currency),
            margin_after=_money(row.margin_after, currency),
            row=row,
        )

    @strawberry.field(description="Who bought it.", directives=[access(P.CUSTOMERS_READ)])
    async def customer(self, info: Info) -> Customer | None:
        row = await info.context.load(customers_by_id, UUID(self.row.line.customer))
        return None if row is None else Customer.of(row)

    @strawberry.field(
        description="The product; null where it is not kept any more.", directives=[access(P.CATALOG_READ)]
    )
    async def product(self, info: Info) -> Product | None:
        if self.row.line.product == self.row.line.sku:
            return None
        row = await info.context.load(products_by_id, UUID(self.row.line.product))
        return None if row is None else Product.of(row)


def _money(amount: Decimal | None, currency: str) -> Money | None:
    return None if amount is None else Money.of(amount, currency)


@strawberry.type(description="What the rule changes for a customer.", directives=READ)
class BacktestCustomer:
    revenue_before: Money = strawberry.field(description="What they bought, before tax.")
    revenue_after: Money = strawberry.field(description="What it would have come to.")
    lines_touched: int = strawberry.field(description="How many lines the rule changes.")
    row: strawberry.Private[CustomerChange]

    @classmethod
    def of(cls, row: CustomerChange, currency: str) -> "BacktestCustomer":
        return cls(
            revenue_before=Money.of(row.net_before, currency),
            revenue_after=Money.of(row.net_after, currency),
            lines_touched=row.lines_touched,
            row=row,
        )

    @strawberry.field(description="The customer.", directives=[access(P.CUSTOMERS_READ)])
    async def customer(self, info: Info) -> Customer | None:
        row = await info.context.load(customers_by_id, UUID(self.row.customer))
        return None if row is None else Customer.of(row)


@strawberry.type(
    description="The past sales of a period with a rule added: every line keeps the price it had and the discount it "
    "got, and the rule comes on top. What was cancelled on a document of its own counts as sold; services do not.",
    directives=READ,
)
class DiscountBacktest:
    currency: CurrencyCode = strawberry.field(description="Of all amounts; other sales are left out.")
    from_: date = strawberry.field(name="from", description="The first day.")
    to: date = strawberry.field(description="The last day.")
    is_complete: bool = strawberry.field(
        description=f"Whether all lines were replayed; of more than {backtest.LINES_MAX} the newest are."
    )
    line_count: int = strawberry.field(description="How many lines were replayed.")
    document_count: int = strawberry.field(description="On how many documents.")
    customer_count: int = strawberry.field(description="Of how many customers.")
    lines_touched: int = strawberry.field(description="How many lines the rule changes.")
    documents_touched: int = strawberry.field(description="On how many documents.")
    customers_touched: int = strawberry.field(description="Of how many customers.")
    lines_restated: int = strawberry.field(
        description="Lines whose price and discount in percent do not make their amount, so that the amount was taken "
        "as their price: amounts off, spread discounts, what others rounded."
    )
    revenue_before: Money = strawberry.field(description="What the lines came to, before tax.")
    revenue_after: Money = strawberry.field(description="What they would have come to.")
    row: strawberry.Private[backtest.Replayed]

    @classmethod
    def of(cls, row: backtest.Replayed) -> "DiscountBacktest":
        found, currency = row.found, row.currency
        return cls(
            currency=CurrencyCode(currency),
            from_=row.since,
            to=row.until,
            is_complete=row.is_complete,
            line_count=len(found.lines),
            document_count=found.documents,
            customer_count=len(found.customers),
            lines_touched=len(found.touched),
            documents_touched=found.documents_touched,
            customers_touched=found.customers_touched,
            lines_restated=found.restated,
            revenue_before=Money.of(found.revenue_before, currency),
            revenue_after=Money.of(found.revenue_after, currency),
            row=row,
        )

    @strawberry.field(
        description="How many lines have a known cost; the margins are theirs. Of an order the cost is its own, else "
        "the standard cost of the day, or the first one known after it.",
        directives=_MARGIN,
    )
    def lines_with_cost(self) -> int:
        return len(self.row.found.costed)

    @strawberry.field(description="What the lines with a cost left; null where none has.", directives=_MARGIN)
    def margin_before(self) -> Money | None:
        return _money(self.row.found.margin_before, self.row.currency)

    @strawberry.field(
        description="What the lines with a cost would have left; null where none has.", directives=_MARGIN
    )
    def margin_after(self) -> Money | None:
        return _money(self.row.found.margin_after, self.row.currency)

    @strawberry.field(
        description="The 50 customers for whom most changes, the most changed first.",
        directives=[list_size(CUSTOMERS_LISTED)],
    )
    def customers(self) -> list[BacktestCustomer]:
        found = [each for each in self.row.found.customers if each.lines_touched]
        return [BacktestCustomer.of(each, self.row.currency) for each in found[:CUSTOMERS_LISTED]]

    @strawberry.field(
        description="The 100 lines that change most, the most changed first.",
        directives=[list_size(LINES_LISTED)],
    )
    def lines(self) -> list[BacktestLine]:
        return [BacktestLine.of(each, self.row.currency) for each in self.row.found.touched[:LINES_LISTED]]


@strawberry.type
class BacktestQueries:
    @strawberry.field(
        description="What past sales to the customers you may see would have come to with a discount rule, priced by "
        f"the same function as an order. The newest {backtest.LINES_MAX} lines. The rule counts on every day of the "
        "period, whatever its own dates; a coupon counts as entered; groups, segments and what is bought together are "
        "those of today. Conditions on the channel, wishlists and expiry are refused: the past does not tell.",
        directives=READ,
    )
    async def discount_backtest(
        self,
        info: Info,
        rule: Annotated[BacktestRule, strawberry.argument(description="Which rule.")],
        from_: Annotated[date, strawberry.argument(name="from", description="The first day.")],
        to: Annotated[date, strawberry.argument(description="The last day.")],
        currency: Annotated[
            CurrencyCode | None,
            strawberry.argument(description="Of the sales; null: the rule's, else the seller's."),
        ] = None,
    ) -> DiscountBacktest:
        name, value = one_key_of(rule)
        if name == "draft":
            value = draft_of(value)
        elif name == "id":
            value = decode_id(value, "DiscountRule", path=("rule",))
        return DiscountBacktest.of(await backtest.replay_rule(info.context, value, from_, to, currency))
