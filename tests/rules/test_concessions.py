"""The depth of a concession, and the waterfall from list price to margin."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.concessions import Margin, Quoted, WaterfallLine, amounts_by_component, concession_depth, waterfall
from rules.pricing_trace import PriceComponent, PriceStep, PriceStepStatus, ValueKind, replay

D = Decimal


@pytest.mark.parametrize(
    ("case", "quoted", "percent", "causes"),
    [
        ("a manual price", Quoted(D(1000), D(900)), "10", {"PRICE": "100"}),
        ("as the rules have it", Quoted(D(1000), D(1000)), "0", {}),
        (
            "goods on top: 100 of 1,100",
            Quoted(D(1000), D(1000), given_net=D(100)),
            "9.090909",
            {"FREE_GOODS": "100"},
        ),
        (
            "a waived charge",
            Quoted(D(950), D(950), rules_charges=D(50)),
            "5",
            {"CHARGES": "50"},
        ),
        (
            "73 days longer at 5 %",
            Quoted(D(1000), D(1000), extra_days=73, yearly_percent=D(5)),
            "1",
            {"TERMS": "10.00"},
        ),
        (
            "all of them",
            Quoted(D(1000), D(900), D(100), D(50), D(0), 73, D(5)),
            "22.521739",
            {"PRICE": "100", "FREE_GOODS": "100", "CHARGES": "50", "TERMS": "9.00"},
        ),
        ("dearer than the rules", Quoted(D(1000), D(1100)), "-10", {"PRICE": "-100"}),
        ("nothing sold", Quoted(D(0), D(0)), "0", {}),
    ],
)
def test_depth(case: str, quoted: Quoted, percent: str, causes: dict[str, str]) -> None:
    found = concession_depth(quoted)

    assert found.percent == D(percent), case
    assert {str(cause): amount for cause, amount in found.causes} == {
        cause: D(amount) for cause, amount in causes.items()
    }, case
    assert sum((amount for _, amount in found.causes), D(0)) == found.amount


def _step(component: PriceComponent, running: str, discount: str = "0", **fields: object) -> PriceStep:
    return PriceStep(component, "rule", D(1), D(running), discount=D(discount), **fields)  # type: ignore[arg-type]


C = PriceComponent
PAID = WaterfallLine(
    (
        _step(C.LIST_PRICE, "20.00"),
        _step(C.TRADE_PRICE, "19", status=PriceStepStatus.EXCLUDED),
        _step(C.LINE_DISCOUNT, "17.00"),
        _step(C.TOTAL_DISCOUNT, "16.66", "17.00", value_kind=ValueKind.PERCENT),
    ),
    D(50),
    D(1),
    D("550.00"),
)
FREE = WaterfallLine(
    (_step(C.LIST_PRICE, "20.00"), _step(C.FREE_GOODS, "0", "100.00")), D(5), D(1), D("55.00")
)


def test_from_list_to_margin() -> None:
    """The second product of GX-01: 50 at 20.00 less 15 %, 5 free, 2 % of the total, at a cost of 11.00."""
    bars = waterfall([PAID, FREE], expected_rebate=D("24.99"), bill_back=D(10), commission=D("41.65"))

    assert [(str(bar.cause), bar.amount, bar.height) for bar in bars] == [
        ("LIST", D("1100.00"), D("1100.00")),
        ("LINE_DISCOUNT", D("-150.00"), D("950.00")),
        ("FREE_GOODS", D("-100.00"), D("850.00")),
        ("TOTAL_DISCOUNT", D("-17.00"), D("833.00")),
        ("INVOICE", D("833.00"), D("833.00")),
        ("EXPECTED_REBATE", D("-24.99"), D("808.01")),
        ("BILL_BACK", D("-10"), D("798.01")),
        ("COMMISSION", D("-41.65"), D("756.36")),
        ("POCKET", D("756.36"), D("756.36")),
        ("COST", D("-605.00"), D("151.36")),
        ("MARGIN", D("151.36"), D("151.36")),
    ]


def test_a_margin_without_revenue_has_no_ratio() -> None:
    assert Margin(D(0), D(5)).percent is None
    assert Margin(D("2597.00"), D("1605.00")).percent == D("38.20")  # GX-01


@given(
    st.decimals("0.001", "1000", places=3),
    st.lists(st.decimals("0", "500", places=6), min_size=1, max_size=4),
    st.lists(st.decimals("0", "9", places=2), max_size=3),
)
def test_steps_sum_to_the_replayed_net(
    quantity: Decimal, prices: list[Decimal], discounts: list[Decimal]
) -> None:
    components = [C.LIST_PRICE, C.QUANTITY_BREAK, C.LINE_DISCOUNT, C.MULTILINE_DISCOUNT]
    steps = [_step(components[index], str(price)) for index, price in enumerate(prices)]
    steps += [_step(C.PROMOTION, "0", str(discount)) for discount in discounts]

    parts = amounts_by_component(WaterfallLine(steps, quantity, D(1)))
    bars = waterfall([WaterfallLine(steps, quantity, D(1))])

    net = replay(steps, quantity, D(1), 2)
    assert sum((amount for _, amount in parts), D(0)) == net
    assert next(bar.height for bar in bars if bar.cause == "INVOICE") == net
