"""
What the pure pricing costs: a document of 5, 200 and 1,000 lines with no, one and a hundred rules in force.

    python -m bench.pricing [--rounds N] [--profile]

CPU milliseconds of the best round; what an API adds for reading and writing is to be compared with these.
"""

import argparse
import cProfile
import pstats
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from time import process_time

from rules.discounts_benefits import AmountPerLine, AmountPerUnit, Percent
from rules.discounts_conditions import BrandIs, CategoryIs, Extent, Measure, Minimum, ProductIs
from rules.discounts_rules import DiscountGroup, DiscountRule, Phase, Stacking
from rules.free_goods import FreeGoodsRule
from rules.pricing import DocumentFacts, PriceBook, price_document
from rules.pricing_facts import Break, LineFacts, Party, Scope, TradeRelation, TradeRow
from rules.sales_agreements import AgreementPricing, Commitment, CommitmentType
from rules.trade_agreements import TradeBook

D = Decimal
DAY = date(2026, 3, 2)
LINES, RULES = (5, 200, 1000), (0, 1, 100)
Entry = TradeRow | Commitment | FreeGoodsRule | DiscountRule


def document(lines: int, rules: int) -> DocumentFacts:
    """Each line of a product of its own; every tenth rule is of one kind."""
    entries = [_entry(number) for number in range(rules)]
    book = PriceBook(
        TradeBook(each for each in entries if isinstance(each, TradeRow)),
        [each for each in entries if isinstance(each, Commitment)],
        [DiscountGroup(f"g{i}", i, list(Stacking)[i % 4]) for i in range(5)],
        [each for each in entries if isinstance(each, DiscountRule)],
        [each for each in entries if isinstance(each, FreeGoodsRule)],
    )
    now = datetime(DAY.year, DAY.month, DAY.day, 12, tzinfo=UTC)
    return DocumentFacts(Party(("us", "parent"), "EUR"), [_line(i) for i in range(lines)], now, book)


def _line(i: int) -> LineFacts:
    breaks = (Break(D(0), D("10.37") + i, D(1)), Break(D(10), D("9.90") + i, D(1)))
    return LineFacts(
        i,
        f"p{i}",
        f"SKU-{i:04}",
        D(1 + i % 7),
        DAY,
        breaks,
        category_path=f"/c{i % 20}/",
        brand=f"b{i % 10}",
        line_discount_group=f"l{i % 5}",
        multiline_discount_group=f"m{i % 5}",
    )


def _entry(i: int) -> Entry:
    key, product, group = f"r{i}", f"p{i}", f"g{i // 10 % 5}"
    match i % 10:
        case 0:
            return TradeRow(
                key, TradeRelation.PRICE, Scope.ALL, "", Scope.ONE, product, "EUR", unit_price=D(9)
            )
        case 1:
            relation = TradeRelation.LINE_DISCOUNT
            return TradeRow(key, relation, Scope.ONE, "us", Scope.GROUP, f"l{i % 5}", "EUR", percent1=D(5))
        case 2:
            relation = TradeRelation.MULTILINE_DISCOUNT
            return TradeRow(key, relation, Scope.ALL, "", Scope.GROUP, f"m{i % 5}", "EUR", percent1=D(2))
        case 3:
            kind = CommitmentType.PRODUCT_QUANTITY
            return Commitment(
                key, "a", "A", key, kind, AgreementPricing.FIXED, "us", D(10**6), D(0), "EUR", DAY, date(2027, 1, 1),
                product=product, unit_code="EA", discount_percent=D(3),
            )  # fmt: skip
        case 4:
            return FreeGoodsRule(key, key, D(5), D(1), product=product)
        case 5:
            narrow = (CategoryIs(frozenset({f"/c{i % 20}/"})),)
            return DiscountRule(key, key, group, Phase.LINE, Percent(D(2)), narrow)
        case 6:
            named = (ProductIs(frozenset({product, f"p{i + 1}"})),)
            return DiscountRule(key, key, group, Phase.LINE, Percent(D(4)), named)
        case 7:
            brand = (BrandIs(frozenset({f"b{i // 10}"})),)
            return DiscountRule(
                key, key, group, Phase.ALLOWANCE, AmountPerUnit(D("0.05")), brand, currency="EUR"
            )
        case 8:
            least = (Minimum(Measure.AMOUNT, D(100)),)
            return DiscountRule(key, key, group, Phase.ORDER, Percent(D(1)), least, currency="EUR")
        case _:
            dozen = (Minimum(Measure.QUANTITY, D(5), Extent.LINE),)
            return DiscountRule(key, key, group, Phase.LINE, AmountPerLine(D("0.50")), dozen, currency="EUR")


def milliseconds(facts: DocumentFacts, rounds: int) -> float:
    best = float("inf")
    for _ in range(rounds):
        begun = process_time()
        price_document(facts)
        best = min(best, process_time() - begun)
    return best * 1000


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.pricing", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--profile", action="store_true", help="where the time of the largest document goes")
    given = parser.parse_args()
    print(f"{'lines':>6}" + "".join(f"{rules:>6} rules" for rules in RULES), "  CPU ms")
    for lines in LINES:
        found = [milliseconds(document(lines, rules), given.rounds) for rules in RULES]
        print(f"{lines:>6}" + "".join(f"{each:>12.1f}" for each in found))
    if given.profile:
        with cProfile.Profile() as profile:
            price_document(document(LINES[-1], RULES[-1]))
        pstats.Stats(profile, stream=sys.stdout).sort_stats("tottime").print_stats(20)


if __name__ == "__main__":
    main()
