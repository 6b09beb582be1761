"""The journal: which accounts each event posts, to the cent, and that every posting balances."""

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.journal import (
    Account,
    Claim,
    CostLine,
    JournalEvent,
    Posting,
    PostingLine,
    post_advance,
    post_advance_applied,
    post_credit,
    post_invoice,
    post_payment,
    post_refund,
    post_return,
    post_settlement,
    post_shipment,
    post_write_off,
    settled_base,
)
from rules.money import ZERO

D = Decimal
COSTS = [CostLine(D(3), D("1.335")), CostLine(D("0.5"), D("2.01"))]
EUROS = Claim(D("1210.00"), D("1210.00"))
DOLLARS = Claim(D("100.00"), D("92.59"))


@pytest.mark.parametrize(
    ("case", "posting", "event", "lines"),
    [
        (
            "an invoice",
            post_invoice(D("1000.00"), D("210.00")),
            "INVOICE",
            {"430": "1210.00", "700": "-1000.00", "477": "-210.00"},
        ),
        (
            "without tax",
            post_invoice(D("1000.00"), ZERO),
            "INVOICE",
            {"430": "1000.00", "700": "-1000.00"},
        ),
        (
            "in another currency: sales take the cent",
            post_invoice(D("33.33"), D("7.00"), ZERO, D("0.925")),
            "INVOICE",
            {"430": "37.31", "477": "-6.48", "700": "-30.83"},
        ),
        (
            "a credit of returned goods",
            post_credit(D("100.00"), D("21.00")),
            "CREDIT",
            {"430": "-121.00", "708": "100.00", "477": "21.00"},
        ),
        (
            "a credit of a price",
            post_credit(D("100.00"), D("21.00"), returns_goods=False),
            "CREDIT",
            {"430": "-121.00", "700": "100.00", "477": "21.00"},
        ),
        ("a shipment: each line rounded", post_shipment(COSTS), "SHIPMENT", {"600": "5.02", "300": "-5.02"}),
        ("a return", post_return(COSTS), "RETURN", {"300": "5.02", "600": "-5.02"}),
        ("goods without cost", post_shipment([]), "SHIPMENT", {}),
        ("a payment", post_payment(EUROS, D("605.00")), "PAYMENT", {"572": "605.00", "430": "-605.00"}),
        (
            "a payment at a worse rate",
            post_payment(DOLLARS, D("100.00"), D("0.90")),
            "PAYMENT",
            {"572": "90.00", "430": "-92.59", "668": "2.59"},
        ),
        (
            "a payment at a better rate",
            post_payment(DOLLARS, D("50.00"), D("0.95")),
            "PAYMENT",
            {"572": "47.50", "430": "-46.30", "768": "-1.20"},
        ),
        (
            "the second half takes what is left",
            post_payment(Claim(D("100.00"), D("92.59"), D("50.00"), D("46.30")), D("50.00"), D("0.9259")),
            "PAYMENT",
            {"572": "46.30", "430": "-46.29", "768": "-0.01"},
        ),
        ("on account", post_advance(D("100.00")), "ADVANCE", {"572": "100.00", "438": "-100.00"}),
        (
            "an advance applied",
            post_advance_applied(Claim(D("50.00"), D("47.50")), DOLLARS, D("50.00")),
            "ADVANCE_APPLIED",
            {"438": "47.50", "430": "-46.30", "768": "-1.20"},
        ),
        (
            "a refund",
            post_refund(DOLLARS, D("100.00"), D("0.95")),
            "REFUND",
            {"430": "92.59", "572": "-95.00", "668": "2.41"},
        ),
        ("a cent too little", post_write_off(EUROS, D("0.01")), "WRITE_OFF", {"659": "0.01", "430": "-0.01"}),
        (
            "a cent too much",
            post_write_off(EUROS, D("-0.01")),
            "WRITE_OFF",
            {"759": "-0.01", "430": "0.01"},
        ),
    ],
)
def test_what_an_event_posts(case: str, posting: Posting, event: str, lines: dict[str, str]) -> None:
    assert posting.event == event, case
    assert {line.account.value: line.amount for line in posting.lines} == {
        account: D(amount) for account, amount in lines.items()
    }, case


def test_surcharge_has_its_own_line() -> None:
    posting = post_invoice(D("1000.00"), D("210.00"), D("52.00"))

    assert [(line.account, line.debit, line.credit) for line in posting.lines] == [
        (Account.CUSTOMERS, D("1262.00"), ZERO),
        (Account.SALES, ZERO, D("1000.00")),
        (Account.VAT_CHARGED, ZERO, D("210.00")),
        (Account.VAT_CHARGED, ZERO, D("52.00")),
    ]


def test_an_unbalanced_posting_cannot_be_made() -> None:
    with pytest.raises(AssertionError):
        Posting(JournalEvent.PAYMENT, (PostingLine(Account.BANK, D("1.00")),))


amounts = st.decimals("0", "100000", places=2)
rates = st.decimals("0.0001", "2000", places=6)


@given(amounts, amounts, amounts, rates, st.lists(st.builds(CostLine, amounts, amounts), max_size=5))
def test_every_posting_sums_to_zero(
    net: Decimal, tax: Decimal, surcharge: Decimal, rate: Decimal, costs: list[CostLine]
) -> None:
    invoice = post_invoice(net, tax, surcharge, rate)
    credit = post_credit(net, tax, surcharge, rate, returns_goods=False)
    advance = post_advance(net, rate)

    for posting in (invoice, credit, advance, post_shipment(costs), post_return(costs)):
        assert sum(line.amount for line in posting.lines) == 0
        assert all(line.amount for line in posting.lines)
    assert credit.lines == tuple(PostingLine(line.account, -line.amount) for line in invoice.lines)


@given(
    st.decimals("0.01", "100000", places=2), rates, st.lists(st.tuples(st.integers(1, 9), rates), min_size=1)
)
def test_payments_clear_the_customer_exactly(
    gross: Decimal, rate: Decimal, shares: list[tuple[int, Decimal]]
) -> None:
    [owed] = [
        line.amount for line in post_invoice(gross, ZERO, ZERO, rate).lines if line.account == "430"
    ] or [ZERO]
    whole = sum(share for share, _ in shares)
    claim, paid = Claim(gross, owed), 0

    for share, day_rate in shares:
        paid += share
        amount = (gross * paid / whole).quantize(D("0.01")) - claim.settled
        posting = post_payment(claim, amount, day_rate)
        cleared = -sum((line.amount for line in posting.lines if line.account == Account.CUSTOMERS), ZERO)
        claim = Claim(gross, owed, claim.settled + amount, claim.settled_base + cleared)

        assert sum(line.amount for line in posting.lines) == 0

    assert (claim.open, claim.settled_base) == (ZERO, owed)


def test_a_settlement_balances_by_the_exchange() -> None:
    lost = post_settlement(JournalEvent.PAYMENT, bank=D("96.80"), customers=D("-108.90"))
    assert {line.account: line.amount for line in lost.lines} == {
        Account.BANK: D("96.80"), Account.CUSTOMERS: D("-108.90"), Account.EXCHANGE_LOSSES: D("12.10"),
    }  # fmt: skip

    undone = post_settlement(JournalEvent.PAYMENT, bank=D("-96.80"), customers=D("108.90"), undoes=True)
    assert {line.account: line.amount for line in undone.lines} == {
        line.account: -line.amount for line in lost.lines
    }
    gained = post_settlement(JournalEvent.PAYMENT, bank=D("10"), customers=D("-9"))
    assert gained.lines[-1].account is Account.EXCHANGE_GAINS


def test_what_is_settled_is_a_state_whichever_way_it_was_reached() -> None:
    """Steps there and back sum to the difference of the states, to the cent."""
    gross, base = D("121.00"), D("108.90")
    states = [settled_base(gross, base, D(each)) for each in ("0", "33.33", "66.67", "33.33", "121")]

    steps = [after - before for before, after in pairwise(states)]
    assert states == [D("0"), D("30.00"), D("60.00"), D("30.00"), D("108.90")]
    assert sum(steps) == base
    assert settled_base(-gross, -base, D("-33.33")) == D("-30.00")
