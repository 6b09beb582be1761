"""Products that a sales agreement alone has a price for: sold at it, or not at all."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from rules.free_goods import FreeGoodsRule, FreeKind
from rules.pricing import DocumentFacts, PriceBook, price_document, price_free_line
from rules.pricing_facts import Break, Concessions, LineFacts, Party
from rules.pricing_trace import PriceComponent, PriceStepStatus
from rules.sales_agreements import AgreementPricing, Commitment, CommitmentType, Ineligibility

D = Decimal
NOW = datetime(2026, 6, 20, 12, tzinfo=UTC)
PARTY = Party(customers=("own",), currency="EUR")


def agreed(**given: Any) -> Commitment:
    facts: dict[str, Any] = {
        "id": "c1", "agreement": "a1", "number": "SA-1", "label": "A", "type": CommitmentType.PRODUCT_QUANTITY,
        "pricing": AgreementPricing.FIXED, "holder": "own", "committed": D(100), "released": D(0), "currency": "EUR",
        "valid_from": date(2026, 1, 1), "valid_until": date(2026, 7, 1), "product": "A", "unit_code": "EA",
        "unit_price": D(8),
    }  # fmt: skip
    return Commitment(**(facts | given))


def line(quantity: str = "10", **given: Any) -> LineFacts:
    return LineFacts(
        given.pop("number", 1), "A", "A", D(quantity), NOW.date(), given.pop("breaks", []),
        units={"BOX": D(12)}, category_path="/X/", **given,
    )  # fmt: skip


def document(*lines: LineFacts, commitments: list[Commitment], **book: Any) -> DocumentFacts:
    return DocumentFacts(PARTY, lines, NOW, PriceBook(commitments=commitments, **book))


@pytest.mark.parametrize(
    ("label", "given", "asked", "net"),
    [
        ("at the agreement's price", {}, {}, "80.00"),
        ("less its amount and its percent", {"cash_discount_amount": D(1), "discount_percent": D(10)}, {}, "63.00"),
        ("a ceiling: nothing is lower than nothing", {"pricing": AgreementPricing.CEILING}, {}, "80.00"),
        ("of boxes", {"unit_code": "BOX", "unit_price": D(60)}, {}, "50.00"),
        ("a price by hand beside it", {}, {"concessions": Concessions(unit_price=D(7))}, "70.00"),
        ("a price by hand is of as many units", {"price_unit": D(10)}, {"concessions": Concessions(D(7))}, "7.00"),
        ("a discount by hand", {}, {"concessions": Concessions(discount_percent=D(50))}, "40.00"),
    ],
)  # fmt: skip
def test_it_is_sold_at_the_agreements_price(
    label: str, given: dict[str, Any], asked: dict[str, Any], net: str
) -> None:
    priced = price_document(document(line(**asked), commitments=[agreed(**given)]))

    assert priced.lines[1].net_amount == D(net)
    assert priced.lines[1].commitment == "c1"


@pytest.mark.parametrize(
    ("label", "given", "asked", "reason"),
    [
        ("no price of its own", {"unit_price": None, "discount_percent": D(10)}, {}, Ineligibility.NO_PRICE),
        ("an amount of anything", {"type": CommitmentType.OVERALL_VALUE, "product": "", "unit_code": "",
                                   "unit_price": None}, {}, Ineligibility.NO_PRICE),
        ("another currency", {"currency": "USD"}, {}, Ineligibility.OTHER_CURRENCY),
        ("over", {"valid_until": date(2026, 6, 20)}, {}, Ineligibility.OUT_OF_DATES),
        ("a price by hand breaks a fixed one", {"is_price_fixed": True},
         {"concessions": Concessions(unit_price=D(7))}, Ineligibility.PRICE_BROKEN),
    ],
)  # fmt: skip
def test_without_one_it_has_no_price(
    label: str, given: dict[str, Any], asked: dict[str, Any], reason: str
) -> None:
    priced = price_document(document(line(**asked), commitments=[agreed(**given)]))

    assert priced.lines == {}
    assert [each.reason for each in priced.linkings[1].excluded] == [reason]


def test_what_is_beyond_an_enforced_maximum_has_no_price() -> None:
    lines = [line("60"), line("50", number=2)]

    priced = price_document(document(*lines, commitments=[agreed(max_enforced=True)]))

    assert list(priced.lines) == [1]
    assert priced.net_amount == D("480.00")


def test_its_trace_begins_with_the_agreement() -> None:
    (found,) = price_document(document(line(), commitments=[agreed()])).lines.values()

    assert [(step.component, step.running_price, step.status) for step in found.steps] == [
        (PriceComponent.AGREEMENT_PRICE, D(8), PriceStepStatus.APPLIED)
    ]
    assert (found.list_unit_price, found.unit_price, found.next_break) == (D(8), D(8), None)


def test_more_of_it_is_free_at_that_price() -> None:
    rule = FreeGoodsRule("f1", "1 in 10", D(10), D(1), D(10), FreeKind.INCLUSIVE, product="A")
    facts = document(line(), commitments=[agreed()], free_goods=[rule])
    priced = price_document(facts)
    (goods,) = priced.free

    free = price_free_line(facts, replace(goods.parent, quantity=goods.quantity), goods, priced.lines[1])

    assert priced.lines[1].net_amount == D("72.00")
    assert free is not None and (free.list_unit_price, free.net_amount) == (D(8), D(0))


def test_a_list_price_is_what_a_ceiling_gives_way_to() -> None:
    listed = line(breaks=[Break(D(0), D("7.50"), D(1))])

    priced = price_document(document(listed, commitments=[agreed(pricing=AgreementPricing.CEILING)]))

    assert priced.lines[1].net_amount == D("75.00")
