"""The charges that a priced document bears: its paid goods measured by the rules that reach it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from resolvers.prices import TaxRow
from resolvers.pricing_facts import Gathered, LineAsked
from rules.charges import Charge, ChargedLine, charges_and_waivers
from rules.charges_lines import ChargeLine
from rules.money import ZERO
from rules.pricing import PricedLine
from rules.states import ProductKind


@dataclass(frozen=True, slots=True)
class ChargePriced:
    """A line that bears a charge, and its share of its rate's tax."""

    line: ChargeLine
    tax_amount: Decimal


def document_charges(
    gathered: Gathered,
    asked: Sequence[LineAsked],
    prices: Sequence[PricedLine | None],
    taxes: Sequence[TaxRow],
    today: date,
    agreement: str | None = None,
) -> list[Charge]:
    """
    What the document is charged, and what its goods made free, by their net after every discount.

    Only paid goods are measured: neither services, nor what comes free, nor lines without a price.

    Args:
        agreement: the sales agreement that the document is under; its delivery terms hold, where it has any.
    """
    goods = [
        ChargedLine(
            product=facts.product,
            category_path=facts.category_path,
            quantity=price.quantity_paid,
            net=price.net_amount,
            weight_kg=price.quantity_paid * (line.product.weight_kg or ZERO),
            tax_category=tax.code,
            tax_percent=tax.percent,
            number=facts.number,
        )
        for line, facts, price, tax in zip(asked, gathered.facts.lines, prices, taxes, strict=True)
        if price is not None and tax.percent is not None and line.product.kind is ProductKind.GOODS
    ]
    net = sum((line.net for line in goods), ZERO)
    told, party = gathered.charging, gathered.facts.party
    return charges_and_waivers(
        told.rules, party, net, goods, told.destination, told.incoterm_of(agreement), today
    )
