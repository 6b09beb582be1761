"""Documents of one customer that are judged as one: nothing passes under a limit by being split, nor by being hidden."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.quotes_approvals import (
    ApprovalCriterion,
    ApprovalLevel,
    PolicyRow,
    QuoteFigures,
    highest_level,
    quote_needs,
)

D = Decimal
POLICY = (
    PolicyRow(ApprovalCriterion.QUOTE_DEPTH, D(5), ApprovalLevel.MANAGER),
    PolicyRow(ApprovalCriterion.AMOUNT, D(10000), ApprovalLevel.DIRECTOR),
    PolicyRow(ApprovalCriterion.FREE_GOODS, D(100), ApprovalLevel.MANAGER),
)


def figures(amount: str, conceded: str = "0", reference: str | None = None, given: str = "0") -> QuoteFigures:
    of = D(reference if reference is not None else amount)
    depth = round(D(conceded) * 100 / of, 6) if of else D(0)
    return QuoteFigures({}, depth, amount=D(amount), given=D(given), conceded=D(conceded), reference=of)


@pytest.mark.parametrize(
    ("case", "own", "others", "depth", "amount", "level"),
    [
        ("alone", figures("6000"), [], "0", "6000", "NONE"),
        ("an amount that was split", figures("6000"), [figures("6000")], "0", "12000", "DIRECTOR"),
        ("exactly the limit", figures("4000"), [figures("6000")], "0", "10000", "NONE"),
        ("a depth that was split", figures("96", "4", "100"), [figures("90", "10", "100")], "7", "186", "MANAGER"),
        ("hidden behind much at full price", figures("90", "10", "100"), [figures("9000")], "10", "9090", "MANAGER"),
        ("at full price beside a deep one", figures("100"), [figures("50", "50", "100")], "0", "150", "NONE"),
        ("goods given in two parts", figures("900", given="60"), [figures("900", given="60")], "0", "1800", "MANAGER"),
        ("goods given elsewhere alone", figures("900"), [figures("900", given="900")], "0", "1800", "NONE"),
    ],
)  # fmt: skip
def test_what_is_split_counts_as_one(
    case: str, own: QuoteFigures, others: list[QuoteFigures], depth: str, amount: str, level: str
) -> None:
    judged = own.together(others)

    assert (judged.quote_depth, judged.amount) == (D(depth), D(amount)), case
    assert highest_level(quote_needs(POLICY, judged)) == level, case


amounts = st.decimals(0, 10**6, places=2, allow_nan=False, allow_infinity=False)
documents = st.builds(
    lambda reference, percent, given_: QuoteFigures(
        {}, D(percent), amount=reference, given=given_, conceded=reference * percent / 100, reference=reference
    ),
    amounts, st.integers(0, 100), amounts,
)  # fmt: skip
LEVELS = list(ApprovalLevel)


@given(own=documents, others=st.lists(documents, max_size=4))
def test_with_company_a_quote_never_asks_less(own: QuoteFigures, others: list[QuoteFigures]) -> None:
    alone, together = (highest_level(quote_needs(POLICY, each)) for each in (own, own.together(others)))

    assert LEVELS.index(together) >= LEVELS.index(alone)
    assert own.together([]) == own or not own.conceded


@given(own=documents)
def test_figures_are_kept_as_they_are(own: QuoteFigures) -> None:
    assert QuoteFigures.from_json(own.to_json()) == own
    older = {name: each for name, each in own.to_json().items() if name not in ("conceded", "reference")}
    assert QuoteFigures.from_json(older).quote_depth == own.quote_depth
