"""What a quote takes of limited discounts: kept when it is priced, counted once, when it becomes an order."""

from collections.abc import Collection, Iterable
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from models.quotes import QuoteFiguresKept, QuoteRevision
from resolvers.context import Context
from resolvers.house import as_house
from rules.discounts_rules import RuleUse
from rules.money import ZERO
from rules.quantities import plain


def uses_kept(uses: Iterable[RuleUse], position: int | None = None) -> list[dict[str, Any]]:
    """As they are stored; `position` of the option or alternative that takes them, None for what is always taken."""
    return [
        {
            "ruleId": each.rule_id,
            "amount": plain(each.amount),
            "quantity": plain(each.quantity),
            "position": position,
        }
        for each in uses
    ]


async def uses_of(ctx: Context, revision: QuoteRevision, positions: Collection[int]) -> list[RuleUse]:
    """What the lines at these positions take of each rule. The house reads it: a buyer does not know the rules."""
    statement = select(QuoteFiguresKept.uses).where(
        QuoteFiguresKept.revision_id == revision.id, QuoteFiguresKept.customer_id == revision.customer_id
    )
    async with as_house(ctx) as session:
        kept: list[dict[str, Any]] = await session.scalar(statement) or []
    found: dict[str, RuleUse] = {}
    for each in kept:
        if each["position"] is not None and each["position"] not in positions:
            continue
        before = found.get(each["ruleId"], RuleUse(each["ruleId"], ZERO, ZERO))
        found[before.rule_id] = RuleUse(
            before.rule_id,
            before.amount + Decimal(each["amount"]),
            before.quantity + Decimal(each["quantity"]),
        )
    return [found[key] for key in sorted(found)]
