"""Sales agreements, free goods and the golden chain: the worked cases that contain a document."""

from datetime import date
from decimal import Decimal

from rules.free_goods import FreeKind
from rules.sales_agreements import AgreementPricing, CommitmentType
from tests.rules.price_case import (
    LINE,
    MULTILINE,
    PRICE,
    TOTAL,
    Asked,
    Case,
    Product,
    commitment,
    free,
    row,
)

D = Decimal
A = Product("A", "100.00")

QUANTITY = CommitmentType.PRODUCT_QUANTITY
_ENFORCED = commitment(
    "L1", QUANTITY, "1000", product="A", unit_price="9.00", released="750", max_enforced=True
)
_HALF_A_YEAR = commitment("L1", QUANTITY, "1000", product="A", unit_price="9.00")
_FIXED_PRICE = commitment("L1", QUANTITY, "1000", product="A", unit_price="9.00", is_price_fixed=True)
_TRADED = row("R", PRICE, "", "A", unit_price="9.50")
SALES_AGREEMENTS = [
    *(
        Case(
            f"SA-02 {choice}",
            [A],
            lines,
            nets,
            rows=[_TRADED],
            commitments=[_ENFORCED],
            links=links,
            consumed=consumed,
        )
        for choice, lines, nets, links, consumed in (
            ("kept whole, repriced", [Asked("A", "300")], ["2850.00"], [""], ["0"]),
            ("reduced to 250", [Asked("A", "250")], ["2250.00"], ["L1"], ["250"]),
            ("split", [Asked("A", "250"), Asked("A", "50")], ["2250.00", "475.00"], ["L1", ""], ["250", "0"]),
        )
    ),
    *(
        Case(
            f"SA-04 {day}",
            [A],
            [Asked("A", "1", ships_on=day)],
            [net],
            rows=[_TRADED],
            commitments=[_HALF_A_YEAR],
            links=links,
        )
        for day, net, links in (
            (date(2026, 6, 20), "9.00", ["L1"]),
            (date(2026, 6, 30), "9.00", ["L1"]),
            (date(2026, 7, 2), "9.50", [""]),
        )
    ),
    *(
        Case(
            f"SA-05 {what}",
            [A],
            [Asked("A", "1", unit_price=by_hand)],
            [net],
            rows=[_TRADED],
            commitments=commitments,
            links=links,
        )
        for what, by_hand, commitments, net, links in (
            ("as agreed", None, [_FIXED_PRICE], "9.00", ["L1"]),
            ("the price that was set stays", "8.50", [_FIXED_PRICE], "8.50", [""]),
            ("recalculated without the link", None, [], "9.50", [""]),
        )
    ),
    *(
        Case(
            f"SA-07 {pricing}",
            [A],
            [Asked("A", "1")],
            [net],
            rows=[_TRADED],
            commitments=[commitment("L1", QUANTITY, "100", product="A", unit_price="10.00", pricing=pricing)],
            links=["L1"],
        )
        for pricing, net in ((AgreementPricing.FIXED, "10.00"), (AgreementPricing.CEILING, "9.50"))
    ),
    Case(
        "SA-08",
        [Product("A", "20.00", category_path="/X/")],
        [Asked("A", "30")],
        ["600.00"],
        commitments=[
            commitment("L3", CommitmentType.OVERALL_VALUE, "20000.00"),
            commitment("L2", CommitmentType.CATEGORY_VALUE, "5000.00", category_path="/X/"),
            commitment("L1", QUANTITY, "100", product="A"),
        ],
        links=["L1"],
        consumed=["30"],
    ),
    Case(
        "SA-14",
        [Product("A", "1.00", boxes="12")],
        [Asked("A", "300")],
        ["300.00"],
        commitments=[commitment("L1", QUANTITY, "100", product="A", unit_code="BOX", unit_price="12.00")],
        links=["L1"],
        consumed=["25"],
    ),
]

_TEN = Product("A", "10.00", unit_cost="6.00")
FREE_GOODS = [
    Case(
        "FG-03",
        [_TEN],
        [Asked("A", "15")],
        ["120.00"],
        free_goods=[free("one per five", "5", "1", minimum_quantity=D(10), kind=FreeKind.INCLUSIVE)],
        free=[("A", "3")],
        paid=["12"],
    ),
    Case(
        "FG-04",
        [_TEN],
        [Asked("A", "15")],
        ["150.00"],
        free_goods=[free("one per five", "5", "1", minimum_quantity=D(10))],
        free=[("A", "3")],
        paid=["15"],
    ),
    Case(
        "FG-05",
        [_TEN],
        [Asked("A", "9")],
        ["90.00"],
        free_goods=[free("one per five", "5", "1", minimum_quantity=D(10))],
        paid=["9"],
    ),
    Case(
        "FG-10",
        [_TEN],
        [Asked("A", "15")],
        ["150.00"],
        free_goods=[free("one per five", "5", "1")],
        free=[("A", "3")],
        cost="108.00",
        margin="42.00",
        ratio="28.00",
    ),
    Case(
        "FG-13",
        [_TEN],
        [Asked("A", "15")],
        ["150.00"],
        free_goods=[free("one per five", "5", "1")],
        free=[("A", "3")],
        tax_percent="21",
        tax="31.50",
    ),
]

GOLDEN_CHAIN = [
    Case(
        "GX-01",
        [
            Product("A", "10.00", unit_cost="5.00"),
            Product("B", "20.00", multiline_group="M", unit_cost="11.00"),
        ],
        [Asked("A", "200"), Asked("B", "50")],
        ["1764.00", "833.00"],
        rows=[
            row("price", PRICE, "", "B", unit_price="20.00"),
            row("line", LINE, "", "B", percent1="10"),
            row("multiline", MULTILINE, "", "g:M", percent1="5"),
            row("total", TOTAL, "", "", from_quantity="2000", percent1="2"),
        ],
        commitments=[commitment("L1", QUANTITY, "1000", product="A", unit_price="9.00", is_price_fixed=True)],
        free_goods=[free("one per ten", "10", "1", product="B")],
        links=["L1", ""],
        consumed=["200", "0"],
        free=[("B", "5")],
        cost="1605.00",
        margin="992.00",
        ratio="38.20",
        tax_percent="21",
        tax="545.37",
    ),
]
