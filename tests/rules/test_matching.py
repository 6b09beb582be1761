"""Matching: which instalments a bank line settles, what rests on account, and what needs a person's eye."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.bank_files import BankLine
from rules.instalments import DueInstalment
from rules.matching import Match, MatchBasis, MatchOutcome, OpenItem, Payer, fill_oldest, match_lines
from rules.money import ZERO

D = Decimal
M, B = MatchOutcome, MatchBasis


def make_item(
    invoice: str,
    amount: str,
    position: int = 1,
    *,
    customer: str = "GARCIA",
    currency: str = "EUR",
    day: int = 1,
) -> OpenItem:
    instalment = DueInstalment(position, date(2026, position, day), D(amount))
    return OpenItem(f"{invoice}/{position}", invoice, customer, instalment, D(amount), currency)


def make_line(amount: str, text: str = "", *, counterparty: str = "", fingerprint: str = "") -> BankLine:
    day = date(2026, 3, 2)
    return BankLine(1, day, day, D(amount), "EUR", "", text, counterparty, "ES91", fingerprint=fingerprint)


ITEMS = [
    make_item("A-2026-0007", "605.00", 2),
    make_item("A-2026-0007", "605.00", 1),
    make_item("A-2026-0008", "100.00"),
    make_item("A-2026-0009", "0"),
    make_item("A-2026-0010", "77.77", customer="PEREZ"),
    make_item("A-2026-0011", "50.00", customer="PEREZ", currency="USD"),
]
PAYERS = [
    Payer("GARCIA", ("Casa García, S.A.", "Garcia e Hijos"), "B12345674"),
    Payer("PEREZ", ("Pérez",), "A58818501"),
    Payer("NOBODY", ("Nadie, S.L.",)),
]


@pytest.mark.parametrize(
    ("case", "line", "outcome", "basis", "settled", "rest", "customer"),
    [
        (
            "one instalment of two: the older",
            make_line("605.00", "FRA A-2026-0007"),
            M.EXACT,
            B.REFERENCE,
            {"A-2026-0007/1": "605.00"},
            "0",
            "GARCIA",
        ),
        (
            "the invoice as a whole",
            make_line("1210.00", "a 2026/0007"),
            M.EXACT,
            B.REFERENCE,
            {"A-2026-0007/1": "605.00", "A-2026-0007/2": "605.00"},
            "0",
            "GARCIA",
        ),
        (
            "without separators",
            make_line("100.00", "pago A20260008."),
            M.EXACT,
            B.REFERENCE,
            {"A-2026-0008/1": "100.00"},
            "0",
            "GARCIA",
        ),
        (
            "two invoices",
            make_line("705.00", "A-2026-0007 y A-2026-0008"),
            M.EXACT,
            B.REFERENCE,
            {"A-2026-0007/1": "605.00", "A-2026-0008/1": "100.00"},
            "0",
            "GARCIA",
        ),
        (
            "a part",
            make_line("99.99", "A-2026-0008"),
            M.PARTIAL,
            B.REFERENCE,
            {"A-2026-0008/1": "99.99"},
            "0",
            "GARCIA",
        ),
        (
            "one and a part of the next",
            make_line("605.01", "A-2026-0007"),
            M.PARTIAL,
            B.REFERENCE,
            {"A-2026-0007/1": "605.00", "A-2026-0007/2": "0.01"},
            "0",
            "GARCIA",
        ),
        (
            "too much",
            make_line("100.01", "A-2026-0008"),
            M.OVER,
            B.REFERENCE,
            {"A-2026-0008/1": "100.00"},
            "0.01",
            "GARCIA",
        ),
        (
            "a settled invoice again",
            make_line("30.00", "A-2026-0009"),
            M.OVER,
            B.REFERENCE,
            {},
            "30.00",
            "GARCIA",
        ),
        (
            "two customers, all of both",
            make_line("177.77", "A-2026-0008 A-2026-0010"),
            M.EXACT,
            B.REFERENCE,
            {"A-2026-0008/1": "100.00", "A-2026-0010/1": "77.77"},
            "0",
            None,
        ),
        (
            "two customers and a rest",
            make_line("180.00", "A-2026-0008 A-2026-0010"),
            M.SUGGESTED,
            B.REFERENCE,
            {"A-2026-0008/1": "100.00", "A-2026-0010/1": "77.77"},
            "2.23",
            None,
        ),
        (
            "another currency",
            make_line("50.00", "A-2026-0011"),
            M.OTHER_CURRENCY,
            B.NONE,
            {},
            "50.00",
            "PEREZ",
        ),
        (
            "a longer number is another",
            make_line("55.00", "A-2026-00080"),
            M.UNKNOWN,
            B.NONE,
            {},
            "55.00",
            None,
        ),
        (
            "by name",
            make_line("100.00", "gracias", counterparty="CASA GARCIA,  S.A."),
            M.EXACT,
            B.CUSTOMER,
            {"A-2026-0008/1": "100.00"},
            "0",
            "GARCIA",
        ),
        (
            "by tax id, all that is due",
            make_line("1310.00", "NIF B-12345674"),
            M.EXACT,
            B.CUSTOMER,
            {"A-2026-0007/1": "605.00", "A-2026-0007/2": "605.00", "A-2026-0008/1": "100.00"},
            "0",
            "GARCIA",
        ),
        (
            "by tax id with its country",
            make_line("77.77", "ESA58818501"),
            M.EXACT,
            B.CUSTOMER,
            {"A-2026-0010/1": "77.77"},
            "0",
            "PEREZ",
        ),
        (
            "by name, and no sum that fits",
            make_line("33.00", counterparty="Pérez"),
            M.ON_ACCOUNT,
            B.CUSTOMER,
            {},
            "33.00",
            "PEREZ",
        ),
        (
            "by name, with nothing open",
            make_line("33.00", counterparty="Nadie, S.L."),
            M.ON_ACCOUNT,
            B.CUSTOMER,
            {},
            "33.00",
            "NOBODY",
        ),
        (
            "by amount alone",
            make_line("77.77", "transferencia"),
            M.SUGGESTED,
            B.AMOUNT,
            {"A-2026-0010/1": "77.77"},
            "0",
            "PEREZ",
        ),
        (
            "an amount of two instalments",
            make_line("605.00", "transferencia"),
            M.UNKNOWN,
            B.NONE,
            {},
            "605.00",
            None,
        ),
        ("unknown reference", make_line("12.00", "FRA Z-9999-1"), M.UNKNOWN, B.NONE, {}, "12.00", None),
        ("money that goes out", make_line("-100.00", "A-2026-0008"), M.OUTGOING, B.NONE, {}, "-100.00", None),
        ("nothing", make_line("0.00", "A-2026-0008"), M.OUTGOING, B.NONE, {}, "0.00", None),
        (
            "posted before",
            make_line("100.00", "A-2026-0008", fingerprint="posted"),
            M.DUPLICATE,
            B.NONE,
            {},
            "100.00",
            None,
        ),
    ],
)
def test_a_line_finds_its_instalments(
    case: str,
    line: BankLine,
    outcome: MatchOutcome,
    basis: MatchBasis,
    settled: dict[str, str],
    rest: str,
    customer: str | None,
) -> None:
    [found] = match_lines([line], ITEMS, PAYERS, {"posted"})

    assert (found.outcome, found.basis, found.customer) == (outcome, basis, customer), case
    assert {part.item.key: part.amount for part in found.settled} == {k: D(v) for k, v in settled.items()}, (
        case
    )
    assert found.rest == D(rest), case
    assert found.is_certain == (outcome in (M.EXACT, M.PARTIAL, M.OVER)), case


def test_lines_of_a_file_see_what_the_lines_before_settled() -> None:
    lines = [
        make_line("60.00", "A-2026-0008", fingerprint="1"),
        make_line("60.00", "A-2026-0008", fingerprint="2"),
        make_line("60.00", "A-2026-0008", fingerprint="2"),
        make_line("60.00", "A-2026-0008", fingerprint="3"),
    ]

    found = match_lines(lines, ITEMS, PAYERS)

    assert [(each.outcome, each.rest) for each in found] == [
        (M.PARTIAL, ZERO),
        (M.OVER, D("20.00")),
        (M.DUPLICATE, D("60.00")),
        (M.OVER, D("60.00")),
    ]
    assert [part.amount for each in found for part in each.settled] == [D("60.00"), D("40.00")]


def test_the_oldest_is_filled_first() -> None:
    items = [make_item("A-2", "10.00", day=2), make_item("A-1", "5.00", day=1)]

    settled, rest = fill_oldest(D("12.00"), items)

    assert [(part.item.invoice_number, part.amount) for part in settled] == [
        ("A-1", D("5.00")),
        ("A-2", D("7.00")),
    ]
    assert rest == ZERO
    assert fill_oldest(D("16.00"), items)[1] == D("1.00")


items = st.lists(
    st.builds(
        make_item,
        st.sampled_from(["A-2026-1", "A-2026-2", "A-2026-3"]),
        st.decimals("0", "100", places=2).map(str),
        st.integers(1, 3),
        customer=st.sampled_from(["GARCIA", "PEREZ"]),
        currency=st.sampled_from(["EUR", "USD"]),
    ),
    max_size=8,
    unique_by=lambda item: item.key,
)
lines = st.lists(
    st.builds(
        make_line,
        st.decimals("-10", "250", places=2).map(str),
        st.sampled_from(["", "A-2026-1", "A20262", "A 2026 3 y A-2026-1", "B12345674"]),
        counterparty=st.sampled_from(["", "Pérez"]),
        fingerprint=st.sampled_from(["", "1", "2", "3"]),
    ),
    max_size=8,
)


@given(items, lines)
def test_nothing_is_lost_and_nothing_is_settled_twice(
    given_items: list[OpenItem], given_lines: Sequence[BankLine]
) -> None:
    found: list[Match] = match_lines(given_lines, given_items, PAYERS)

    taken = dict.fromkeys((item.key for item in given_items), ZERO)
    for match, line in zip(found, given_lines, strict=True):
        assert sum((part.amount for part in match.settled), match.rest) == line.amount
        assert all(part.amount > 0 and part.item.currency == line.currency for part in match.settled)
        assert match.outcome != M.EXACT or not match.rest
        for part in match.settled:
            taken[part.item.key] += part.amount
    assert all(taken[item.key] <= item.open for item in given_items)


def test_the_same_file_twice_settles_once() -> None:
    lines = [make_line("100.00", "A-2026-0008", fingerprint="1")]
    first = match_lines(lines, ITEMS, PAYERS)
    open_now = [
        replace(
            item, open=item.open - sum((p.amount for p in first[0].settled if p.item.key == item.key), ZERO)
        )
        for item in ITEMS
    ]

    [again] = match_lines(lines, open_now, PAYERS, {line.fingerprint for line in lines})

    assert (again.outcome, again.settled) == (M.DUPLICATE, ())
