"""How a price came about, step by step."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal, InvalidOperation

import strawberry

from auth.permissions import Permission as P
from resolvers.context import Context
from resolvers.messages import translate
from rules.pricing_trace import PriceComponent, PriceStepStatus, ValueKind
from rules.pricing_trace import PriceStep as Step
from schema.access import access
from schema.rows import fill
from schema.scalars import Money

TRACE = "How the price came about; the rules that did not apply are shown to the seller's people."
# What one of our people typed is for our people, as it is; other reasons are templates of ours.
_TYPED = frozenset(
    {PriceComponent.MANUAL_PRICE, PriceComponent.MANUAL_DISCOUNT, PriceComponent.DOCUMENT_DISCOUNT}
)


@strawberry.type(
    description="One step of a price: its cause, and the price after it.", directives=[access(P.PRICES_READ)]
)
class PriceStep:
    component: PriceComponent = strawberry.field(description="What the step is.")
    rule: str = strawberry.field(description="The rule behind it, in a word or two.")
    value: Decimal = strawberry.field(description="What the rule says, in the sense of `valueKind`.")
    value_kind: ValueKind = strawberry.field(description="What the value is.")
    running_price: Money = strawberry.field(description="The price of `priceUnit` units after the step.")
    status: PriceStepStatus = strawberry.field(description="What became of it.")
    reason: str = strawberry.field(
        description="Why; empty where the component says it all. What was typed by hand is for the seller's people."
    )
    discount: Money = strawberry.field(
        description="What it took off the line; 0 for steps that set the unit price, from which the line is rounded."
    )

    @classmethod
    def of(cls, ctx: Context, step: Step, currency: str) -> "PriceStep":
        reason = step.reason
        if step.component in _TYPED:
            reason = reason if ctx.user.is_staff else ""
        elif reason:
            reason = translate(reason, {name: _typed(value) for name, value in step.data}, ctx.locale)
        return fill(
            cls,
            step,
            reason=reason,
            running_price=Money.of(step.running_price, currency),
            discount=Money.of(step.discount, currency),
        )


def _typed(value: str) -> object:
    """A stored value as what it is, so that it is written as the reader's language writes it."""
    try:
        return date.fromisoformat(value) if value.count("-") == 2 else Decimal(value)
    except (ValueError, InvalidOperation):
        return value


def steps_of(ctx: Context, steps: Sequence[Step], currency: str) -> list[PriceStep]:
    """A trace as the viewer may see it: which other rules competed is the seller's business (rule book 0.2, 31)."""
    return [
        PriceStep.of(ctx, step, currency)
        for step in steps
        if ctx.user.is_staff or step.status is not PriceStepStatus.EXCLUDED
    ]
