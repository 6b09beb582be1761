"""The charges of a cart or a scenario: each with what it was measured on, its tax, and what would make it free."""

from decimal import Decimal

import strawberry

from auth.permissions import Permission as P
from resolvers.context import Context
from resolvers.pricing import Priced
from rules.charges import Charge, ChargeKind
from rules.charges_lines import charge_step
from schema.access import access, list_size
from schema.prices import TRACE, PriceStep
from schema.scalars import Money

_PRICED = [access(P.PRICES_READ)]
CHARGES = list_size(5)


@strawberry.type(description="What of a charge is taxed at one rate.", directives=_PRICED)
class ChargePart:
    tax_category: str = strawberry.field(
        description="The letter of the tax category, UNTDID 5305: S is taxed."
    )
    tax_percent: Decimal = strawberry.field(description="The rate in percent.")
    net: Money = strawberry.field(description="How much, before tax.")


@strawberry.type(
    description="A charge on a document beside its goods, or one that its goods made free.",
    directives=_PRICED,
)
class DocumentCharge:
    kind: ChargeKind = strawberry.field(description="What it is for.")
    name: str = strawberry.field(description="What it is called.")
    net: Money = strawberry.field(description="How much, before tax; 0 where it is waived.")
    waived: Money = strawberry.field(
        description="What is not charged, since the goods' net reaches `freeFrom`; 0 where it is charged."
    )
    free_from: Money | None = strawberry.field(
        description="From which net of the goods on nothing is charged; null for never."
    )
    to_free: Money | None = strawberry.field(
        description="How much more goods would make it free; null where nothing would, or it is free already."
    )
    parts: list[ChargePart] = strawberry.field(
        description="Its shares by the rates of the goods it is for; they sum to `net`.",
        directives=[list_size(5)],
    )
    price_trace: list[PriceStep] = strawberry.field(description=TRACE, directives=[list_size(2)])

    @classmethod
    def of(cls, ctx: Context, row: Charge, currency: str) -> "DocumentCharge":
        threshold = row.rule.free_from
        return cls(
            kind=row.rule.kind,
            name=row.rule.name,
            net=Money.of(row.net, currency),
            waived=Money.of(row.waived, currency),
            free_from=None if threshold is None else Money.of(threshold, currency),
            to_free=None if row.to_free is None else Money.of(row.to_free, currency),
            parts=[
                ChargePart(
                    tax_category=part.tax_category,
                    tax_percent=part.tax_percent,
                    net=Money.of(part.net, currency),
                )
                for part in row.parts
            ],
            price_trace=[PriceStep.of(ctx, charge_step(row), currency)],
        )


def charges_of(ctx: Context, priced: Priced) -> list[DocumentCharge]:
    """All that were found, those that are waived among them."""
    return [DocumentCharge.of(ctx, each, priced.market.currency) for each in priced.assessed]
