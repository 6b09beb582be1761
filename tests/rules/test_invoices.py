"""What invoices and credits come to, and what may be done with them."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.invoices import (
    ChargedGroup,
    ChargedLine,
    Charges,
    CreditedLine,
    InvoiceAction,
    InvoiceFacts,
    allowed_invoice_actions,
    charge_lines,
    credit_lines,
    demand_invoice_action,
    payment_state,
)
from rules.money import ZERO
from rules.partials import PartialLine
from rules.refusals import InvalidTransition
from rules.states import BuyerInvoiceStatus, InvoiceKind, InvoiceStatus, PaymentState
from rules.tax import TaxDetermination

D = Decimal


def taxed(percent: str, surcharge: str = "0") -> TaxDetermination:
    return TaxDetermination("S", "S1", D(percent), D(surcharge))


@pytest.mark.parametrize(
    ("case", "lines", "tax", "surcharge", "gross"),
    [
        ("IN-01: by group, not by line", [("0.12", "21", "0")] * 10, "0.25", "0", "1.45"),
        ("IN-02: rates", [("100.00", "21", "0"), ("50.00", "10", "0"), ("25.00", "4", "0")], "27.00", "0", "202.00"),
        ("IN-04: surcharge", [("1000", "10", "1.4"), ("1000", "4", "0.5")], "140.00", "19.00", "2159.00"),
        ("nothing charged", [("0", "21", "0")], "0", "0", "0"),
    ],
)  # fmt: skip
def test_tax_is_by_group(
    case: str, lines: list[tuple[str, str, str]], tax: str, surcharge: str, gross: str
) -> None:
    charges = charge_lines(
        [ChargedLine(D(net), taxed(rate, extra), n) for n, (net, rate, extra) in enumerate(lines)]
    )

    assert (charges.tax, charges.surcharge, charges.gross) == (D(tax), D(surcharge), D(gross)), case


def test_grounds_of_one_rate_are_rows_of_their_own() -> None:
    export = TaxDetermination("G", "E2", ZERO, reason_code="VATEX-EU-G", reason="art. 21")
    exempt = TaxDetermination("E", "E1", ZERO, reason_code="VATEX-EU-132", reason="art. 20")

    charges = charge_lines([ChargedLine(D(5), each, n) for n, each in enumerate([export, exempt, export])])

    assert [(g.category, g.exemption_code, g.qualification, g.reason, g.base) for g in charges.groups] == [
        ("E", "VATEX-EU-132", "E1", "art. 20", D(5)),
        ("G", "VATEX-EU-G", "E2", "art. 21", D(10)),
    ]


RATES = (taxed("21"), taxed("10", "1.4"), taxed("21", "5.2"),
         TaxDetermination("E", "E1", ZERO, reason_code="VATEX-EU-132"),
         TaxDetermination("E", "E3", ZERO, reason_code="VATEX-EU-151"))  # fmt: skip
some_lines = st.lists(
    st.tuples(st.integers(1, 100_000), st.integers(1, 12), st.sampled_from(RATES)), min_size=1, max_size=6
)


@given(some_lines)
def test_lines_sum_to_groups(drawn: list[tuple[int, int, TaxDetermination]]) -> None:
    charges = charge_lines([ChargedLine(D(cents) / 100, tax, n) for n, (cents, _, tax) in enumerate(drawn)])

    assert sum(line.tax for line in charges.lines) == charges.tax
    assert sum(line.surcharge for line in charges.lines) == charges.surcharge
    assert sum(group.base for group in charges.groups) == charges.net
    assert sum(line.gross for line in charges.lines) == charges.gross


def credited(
    lines: Sequence[tuple[Decimal, Decimal, TaxDetermination]], done: Sequence[tuple[Decimal, Decimal]]
) -> list[CreditedLine]:
    return [
        CreditedLine(
            PartialLine(f"S{n}", tax.category, tax.percent, tax.surcharge_percent, quantity, net, *taken),
            tax.reason_code,
            n,
        )
        for n, ((net, quantity, tax), taken) in enumerate(zip(lines, done, strict=True))
    ]


def by_group(charges: Sequence[Charges]) -> dict[Any, tuple[Decimal, Decimal, Decimal]]:
    found: dict[Any, tuple[Decimal, Decimal, Decimal]] = {}
    for group in (each for one in charges for each in one.groups):
        key = (group.category, group.percent, group.surcharge_percent, group.exemption_code)
        base, tax, surcharge = found.get(key, (ZERO, ZERO, ZERO))
        found[key] = (base + group.base, tax + group.tax, surcharge + group.surcharge)
    return found


@given(some_lines, st.data())
def test_credits_never_exceed_the_invoice_and_make_it_in_any_split(
    drawn: list[tuple[int, int, TaxDetermination]], data: st.DataObject
) -> None:
    lines = [(D(cents) / 100, D(quantity), tax) for cents, quantity, tax in drawn]
    invoice = charge_lines([ChargedLine(net, tax, n) for n, (net, _, tax) in enumerate(lines)])
    left = [quantity for _, quantity, _ in lines]
    nets = [ZERO] * len(lines)
    credits: list[Charges] = []
    while any(left):
        piece = [D(data.draw(st.integers(0, int(each)))) for each in left]
        if not any(piece):
            piece = list(left)
        done = [(quantity - rest, net) for (_, quantity, _), rest, net in zip(lines, left, nets, strict=True)]
        booked: list[ChargedGroup] = [group for one in credits for group in one.groups]
        credit = credit_lines(credited(lines, done), invoice.groups, booked, piece)
        credits.append(credit)
        left = [rest - taken for rest, taken in zip(left, piece, strict=True)]
        nets = [net - line.net for net, line in zip(nets, credit.lines, strict=True)]
        assert credit.gross <= 0
        assert sum(line.tax for line in credit.lines) == credit.tax
        assert -sum(one.gross for one in credits) <= invoice.gross
        assert all(net <= whole for net, (whole, _, _) in zip(nets, lines, strict=True))

    assert by_group(credits) == {
        key: (-base, -tax, -extra) for key, (base, tax, extra) in by_group([invoice]).items()
    }


@pytest.mark.parametrize(
    ("case", "amount", "matched", "state"),
    [
        ("nothing", "10", "0", PaymentState.OPEN),
        ("a part", "10", "3", PaymentState.PARTIAL),
        ("all", "10", "10", PaymentState.PAID),
        ("a credit on account", "-10", "0", PaymentState.OPEN),
        ("a credit used", "-10", "-10", PaymentState.PAID),
        ("nothing to pay", "0", "0", PaymentState.PAID),
    ],
)
def test_payment_state(case: str, amount: str, matched: str, state: PaymentState) -> None:
    assert payment_state(D(amount), D(matched)) == state, case


A, S, K = InvoiceAction, InvoiceStatus, InvoiceKind


@pytest.mark.parametrize(
    ("case", "facts", "actions"),
    [
        ("draft", InvoiceFacts(S.DRAFT, K.INVOICE, False, None), [A.ISSUE, A.DISCARD]),
        ("discarded", InvoiceFacts(S.DISCARDED, K.INVOICE, False, None), []),
        ("issued", InvoiceFacts(S.ISSUED, K.INVOICE, True, None), [A.RECTIFY, A.ANSWER]),
        ("credited", InvoiceFacts(S.ISSUED, K.INVOICE, False, None), [A.ANSWER]),
        ("a credit", InvoiceFacts(S.ISSUED, K.RECTIFYING, True, None), [A.ANSWER]),
        ("paid", InvoiceFacts(S.ISSUED, K.INVOICE, False, BuyerInvoiceStatus.PAID), []),
    ],
)
def test_allowed_actions(case: str, facts: InvoiceFacts, actions: list[InvoiceAction]) -> None:
    assert allowed_invoice_actions(facts, list(InvoiceAction)) == actions, case
    assert allowed_invoice_actions(facts, []) == []
    for action in set(InvoiceAction) - set(actions):
        with pytest.raises(InvalidTransition):
            demand_invoice_action(facts, action)
