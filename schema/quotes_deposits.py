"""What is paid of a quote before it becomes an order."""

from decimal import Decimal

import strawberry

from auth.permissions import Permission as P
from rules.quotes import Deposit
from schema.access import access
from schema.scalars import Money

READ = [access(P.QUOTES_READ)]


@strawberry.type(
    description="What has to be paid before a quote becomes an order, which comes with the payment that reaches it.",
    directives=READ,
)
class QuoteDeposit:
    percent: Decimal = strawberry.field(description="The share of the gross.")
    due: Money = strawberry.field(
        description="So much: of what was accepted, or else of the offer where no option is chosen."
    )
    paid: Money = strawberry.field(description="What came for it, and is not used up for something else.")
    is_reached: bool = strawberry.field(description="Whether it is enough.")

    @classmethod
    def of(cls, percent: Decimal, found: Deposit, currency: str) -> "QuoteDeposit":
        return cls(
            percent=percent, due=Money.of(found.due, currency), paid=Money.of(found.paid, currency),
            is_reached=found.is_reached,
        )  # fmt: skip
