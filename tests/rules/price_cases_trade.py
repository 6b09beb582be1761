"""Trade agreements: the worked cases that contain a document."""

from datetime import date
from decimal import Decimal

from rules.discounts_benefits import (
    UnitPrice,
)
from rules.pricing_facts import (
    LineMultilineMode,
    PercentBase,
)
from tests.rules.price_case import (
    CUSTOMER,
    LINE,
    MULTILINE,
    PRICE,
    Asked,
    Case,
    Product,
    group,
    row,
    rule,
)

D = Decimal
A = Product("A", "100.00")


def _precedence(case: str, net: str, *find_next: str) -> Case:
    prices = (("R1", "g:G1", "95"), ("R2", "", "90"), ("R3", CUSTOMER, "100"))
    return Case(
        case,
        [Product("A", "110.00")],
        [Asked("A", "1")],
        [net],
        rows=[row(key, PRICE, to, "A", unit_price=price, find_next=key in find_next) for key, to, price in prices],
        trade_groups={PRICE: {"G1": 0}},
    )  # fmt: skip


def _breaks_of_discount(case: str, quantity: str, net: str, *, find_next: bool) -> Case:
    bounds = (("base", "1", None, "5"), ("ten", "10", "101", "10"), ("hundred", "101", "501", "20"))
    return Case(
        case,
        [A],
        [Asked("A", quantity)],
        [net],
        rows=[
            row(
                key,
                LINE,
                CUSTOMER,
                "A",
                from_quantity=low,
                to_quantity=high,
                percent1=percent,
                find_next=find_next,
            )
            for key, low, high, percent in bounds
        ],
    )


def _two_discounts(
    case: str,
    price: str,
    line: tuple[str, str],
    multiline: tuple[str, str],
    mode: LineMultilineMode,
    net: str,
) -> Case:
    """Each discount as (amount, percent)."""
    return Case(
        f"{case} {mode}",
        [Product("A", price, multiline_group="M")],
        [Asked("A", "1")],
        [net],
        rows=[
            row("L", LINE, CUSTOMER, "A", amount=line[0], percent1=line[1]),
            row("M", MULTILINE, CUSTOMER, "g:M", amount=multiline[0], percent1=multiline[1]),
        ],
        mode=mode,
    )


def _price_breaks(case: str, quantity: str, net: str) -> Case:
    bounds = (("0", "10", "12.00"), ("10", "50", "11.00"), ("50", None, "10.00"))
    return Case(
        f"{case} {quantity}",
        [Product("A", "13.00")],
        [Asked("A", quantity)],
        [net],
        rows=[
            row(f"from {low}", PRICE, "", "A", from_quantity=low, to_quantity=high, unit_price=price)
            for low, high, price in bounds
        ],
    )  # fmt: skip


def _on_a_day(case: str, day: date, net: str) -> Case:
    march = row(
        "march", PRICE, "", "A", unit_price="90.00", valid_from=date(2026, 3, 1), valid_until=date(2026, 4, 1)
    )
    return Case(case, [A], [Asked("A", "1", ships_on=day)], [net], rows=[march])


M = LineMultilineMode
TRADE_AGREEMENTS = [
    _precedence("TA-01", "100.00"),
    _precedence("TA-02", "90.00", "R1", "R3"),
    _breaks_of_discount("TA-04", "11", "990.00", find_next=False),
    _breaks_of_discount("TA-05", "12", "1020.00", find_next=True),
    *(
        _two_discounts("TA-07", "1000.00", ("60", "0"), ("0", "5"), mode, net)
        for mode, net in ((M.MAX, "940.00"), (M.MIN, "950.00"), (M.SUM, "893.00"), (M.PRODUCT, "893.00"))
    ),
    *(
        _two_discounts("TA-08", "100.00", ("20", "10"), ("10", "5"), mode, net)
        for mode, net in (
            (M.LINE, "72.00"), (M.MULTILINE, "85.50"), (M.MAX, "72.00"), (M.MIN, "85.50"), (M.SUM, "59.50"),
            (M.PRODUCT, "58.90"),
        )
    ),
    Case("TA-10", [A], [Asked("A", "1")], ["64.00"], rows=[row("R", LINE, "", "A", percent1="20", percent2="20")]),
    *(
        Case(
            f"TA-11 {base}",
            [Product("A", "15.00")],
            [Asked("A", "1")],
            [net],
            rows=[row("R", LINE, "", "A", amount="1.00", percent1="5", percent_base=base)],
        )
        for base, net in ((PercentBase.NET, "13.30"), (PercentBase.GROSS, "13.25"))
    ),
    _price_breaks("TA-13", "9", "108.00"),
    _price_breaks("TA-13", "10", "110.00"),
    _price_breaks("TA-13", "49", "539.00"),
    _price_breaks("TA-13", "50", "500.00"),
    _price_breaks("TA-14", "9.5", "114.00"),
    Case("TA-16", [Product("A", "10.00", price_unit="3")], [Asked("A", "7")], ["23.33"]),
    *(
        Case(
            f"TA-17 {town}",
            [A],
            [Asked("A", "1")],
            [net],
            rows=[row("NE", PRICE, "g:NE", "A", unit_price="50"), row("NYC", PRICE, "g:NYC", "A", unit_price="70")],
            trade_groups={PRICE: groups},
        )
        for town, groups, net in (("Manhattan", {"NE": 0, "NYC": 5}, "70.00"), ("Boston", {"NE": 0}, "50.00"))
    ),
    Case(
        "TA-19",
        [Product("A", "200.00")],
        [Asked("A", "1")],
        ["108.90"],
        rows=[
            # The narrower of the two, since two prices of one key never hold together: its currency alone rules it out.
            row("own", PRICE, CUSTOMER, "A", unit_price="100", currency="EUR"),
            row("generic", PRICE, "", "A", unit_price="99", currency="EUR", is_generic_currency=True),
        ],
        currency="USD",
        rates={"EUR": "1.10"},
    ),
    _on_a_day("TA-20 created", date(2026, 2, 27), "100.00"),
    _on_a_day("TA-20 requested ship", date(2026, 3, 2), "90.00"),
    _on_a_day("TA-20 requested receipt", date(2026, 4, 1), "100.00"),
    Case(
        "TA-22",
        [Product("CHAIR", "50.00")],
        [Asked("CHAIR", "600")],
        ["27000.00"],
        rows=[row("R", LINE, "", "CHAIR", from_quantity="500", percent1="10")],
    ),
    Case(
        "TA-23",
        [A],
        [Asked("A", "1")],
        ["80.00"],
        rows=[row("R", PRICE, "", "A", unit_price="80")],
        groups=[group()],
        rules=[rule("adjustment", UnitPrice(D(85)))],
    ),
]  # fmt: skip
