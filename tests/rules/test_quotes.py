"""Quotes: cases QT-01, 02, 04, 05, 07, 08 and 10 of the shared file, both state machines, and what a revision says."""

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.money import ZERO, line_amount, percent_of
from rules.quotes import (
    OPEN_OFFERS,
    QUOTE_MOVES,
    REVISION_MOVES,
    QuoteAction,
    QuoteStatus,
    RevisionStatus,
    demand_current,
    demand_quote_action,
    deposit,
    is_over,
    move_quote,
    move_revision,
    possible_quote_actions,
    price_source,
    status_on,
)
from rules.quotes_approvals import (
    ApprovalCriterion,
    ApprovalLevel,
    PolicyRow,
    QuoteFigures,
    QuoteNeed,
    check_policy,
    highest_level,
    may_consent,
    open_needs,
    quote_needs,
)
from rules.quotes_content import (
    ChangeKind,
    Choice,
    Compared,
    check_choices,
    content_hash,
    revision_difference,
    taken_lines,
)
from rules.refusals import ErrorCode, InvalidTransition, Refusal
from rules.simulation import discount_for_amount, margin_percent

D = Decimal
A, Q, R, L, C = QuoteAction, QuoteStatus, RevisionStatus, ApprovalLevel, ApprovalCriterion
MADRID = ZoneInfo("Europe/Madrid")

# BR-12: 10 at 15.32 cost 9.52; BR-14: 12 at 13.75 cost 7.48.
LINES = (("BR-12", 10, D("15.32"), D("9.52")), ("BR-14", 12, D("13.75"), D("7.48")))
COST = sum((quantity * cost for _, quantity, _, cost in LINES), ZERO)


@pytest.mark.parametrize(
    ("case", "header", "line", "expected"),
    [
        ("QT-01 as it is", "0", "0", ("318.20", "133.24", "41.87")),
        ("QT-01 header 15 %", "15", "0", ("270.47", "85.51", "31.62")),
        ("QT-02 line BR-12 10 %", "0", "10", ("302.88", "117.92", "38.93")),
    ],
)
def test_simulated_margin(case: str, header: str, line: str, expected: tuple[str, str, str]) -> None:
    amounts = [line_amount(D(quantity), price) for _, quantity, price, _ in LINES]
    amounts[0] -= percent_of(amounts[0], D(line))

    sales = sum(amounts, ZERO)
    sales -= percent_of(sales, D(header))

    assert (sales, sales - COST, margin_percent(sales, COST)) == tuple(map(D, expected)), case


def test_qt_01_and_02_the_figures_beside() -> None:
    assert D("184.96") == COST
    assert round(D("133.24") * 100 / D("318.20"), 6) == D("41.873036")  # the shared file truncates to …035
    line = line_amount(D(10), D("15.32"))
    discount = percent_of(line, D(10))
    assert (discount, line - discount) == (D("15.32"), D("137.88"))
    assert margin_percent(line - discount, D("95.20")) == D("30.95")


def test_qt_04_a_target_margin() -> None:
    amount, percent = discount_for_amount(D("318.20"), COST, D("100.00"))

    assert (D("318.20") - amount, amount, percent) == (D("284.96"), D("33.24"), D("10.45"))


# QT-05: up to 5 % nobody, up to 15 % a manager, beyond a director; a margin below 10 % a director.
POLICY = (
    PolicyRow(C.QUOTE_DEPTH, D(5), L.MANAGER),
    PolicyRow(C.QUOTE_DEPTH, D(15), L.DIRECTOR),
    PolicyRow(C.MARGIN, D(10), L.DIRECTOR),
)


def _figures(depth: str, margin: str | None = "30", lines: tuple[str, ...] = ()) -> QuoteFigures:
    depths = {position: D(each) for position, each in enumerate(lines, start=1)}
    return QuoteFigures(depths, D(depth), None if margin is None else D(margin))


@pytest.mark.parametrize(
    ("case", "figures", "level"),
    [
        ("QT-05 4 %", _figures("4"), L.NONE),
        ("QT-05 12 %", _figures("12"), L.MANAGER),
        ("QT-05 12 % with margin 8 %", _figures("12", "8"), L.DIRECTOR),
        ("QT-05 20 %", _figures("20"), L.DIRECTOR),
        ("exactly 5 %", _figures("5"), L.NONE),
        ("a hair more", _figures("5.000001"), L.MANAGER),
        ("exactly 15 %", _figures("15"), L.MANAGER),
        ("exactly 10 % margin", _figures("4", "10"), L.NONE),
        ("a cost that nobody knows asks nobody", _figures("12", None), L.MANAGER),
    ],
)
def test_who_has_to_consent(case: str, figures: QuoteFigures, level: ApprovalLevel) -> None:
    assert highest_level(quote_needs(POLICY, figures)) is level, case


def test_each_thing_measured_asks_once_for_the_highest() -> None:
    policy = (*POLICY, PolicyRow(C.LINE_DEPTH, D(10), L.MANAGER), PolicyRow(C.AMOUNT, D(1000), L.NONE))
    figures = QuoteFigures({1: D(30), 2: D(4)}, D(20), D(8), amount=D(2000))

    assert quote_needs(policy, figures) == [
        QuoteNeed(C.LINE_DEPTH, L.MANAGER, D(10), D(30), 1),
        QuoteNeed(C.QUOTE_DEPTH, L.DIRECTOR, D(15), D(20)),
        QuoteNeed(C.MARGIN, L.DIRECTOR, D(10), D(8)),
    ]


@pytest.mark.parametrize(
    ("case", "now", "reopened"),
    [
        ("the same again", _figures("12", lines=("12", "0")), []),
        ("less is given", _figures("8", lines=("11", "0")), []),
        ("another line is as deep", _figures("12", lines=("0", "12")), [(C.LINE_DEPTH, 2)]),
        ("the line is deeper", _figures("12", lines=("13", "0")), [(C.LINE_DEPTH, 1)]),
        ("the whole is deeper", _figures("14", lines=("12", "0")), [(C.QUOTE_DEPTH, None)]),
        ("a director is asked now", _figures("12", "8", ("12", "0")), [(C.MARGIN, None)]),
    ],
)
def test_an_edit_reopens_only_what_changed(
    case: str, now: QuoteFigures, reopened: list[tuple[ApprovalCriterion, int | None]]
) -> None:
    policy = (*POLICY, PolicyRow(C.LINE_DEPTH, D(10), L.MANAGER))
    granted = quote_needs(policy, _figures("12", lines=("12", "0")))

    still = open_needs(quote_needs(policy, now), granted)

    assert [(need.criterion, need.line) for need in still] == reopened, case


def test_a_thinner_margin_is_asked_about_again() -> None:
    granted = quote_needs(POLICY, _figures("4", "8"))
    assert open_needs(quote_needs(POLICY, _figures("4", "8.5")), granted) == []
    assert len(open_needs(quote_needs(POLICY, _figures("4", "7.99")), granted)) == 1


def test_a_higher_level_consents_for_a_lower_one() -> None:
    assert [may_consent(asked, L.MANAGER) for asked in L] == [True, True, False]
    assert all(may_consent(asked, L.DIRECTOR) for asked in L)


levels = st.sampled_from(list(L))
rows = st.builds(PolicyRow, st.sampled_from(list(C)), st.decimals("0", "100", places=2), levels)
percents = st.decimals("0", "100", places=2)
figures = st.builds(
    QuoteFigures, st.dictionaries(st.integers(1, 4), percents, max_size=4), percents,
    st.none() | st.decimals("-50", "100", places=2), st.integers(0, 3), percents, st.integers(0, 90), percents,
)  # fmt: skip


@given(st.lists(rows, max_size=8), figures)
def test_the_order_of_the_rows_does_not_matter_and_what_was_granted_stays(
    policy: list[PolicyRow], measured: QuoteFigures
) -> None:
    needs = quote_needs(policy, measured)

    assert highest_level(needs) is highest_level(quote_needs(policy[::-1], measured))
    assert open_needs(needs, needs) == []
    assert [QuoteNeed.from_json(each.to_json()) for each in needs] == needs
    assert [PolicyRow.from_json(each.to_json()) for each in policy] == policy
    assert QuoteFigures.from_json(measured.to_json()) == measured
    assert len({(each.criterion, each.line) for each in needs}) == len(needs)


@given(st.lists(rows, max_size=8), percents, percents)
def test_giving_more_never_asks_a_lower_level(policy: list[PolicyRow], one: Decimal, more: Decimal) -> None:
    low, high = sorted((one, more))
    asked = list(L).index

    assert asked(highest_level(quote_needs(policy, QuoteFigures({}, low)))) <= asked(
        highest_level(quote_needs(policy, QuoteFigures({}, high)))
    )


@pytest.mark.parametrize(
    ("case", "given_rows", "path"),
    [
        ("less than nothing", [PolicyRow(C.AMOUNT, D(-1), L.MANAGER)], ("rows", "0", "threshold")),
        ("too many decimals", [PolicyRow(C.AMOUNT, D("0.0000001"), L.MANAGER)], ("rows", "0", "threshold")),
        ("twice the same", [POLICY[0], PolicyRow(C.QUOTE_DEPTH, D(5), L.DIRECTOR)], ("rows", "1")),
        ("too many", [PolicyRow(C.AMOUNT, D(each), L.MANAGER) for each in range(31)], ("rows",)),
    ],
)
def test_a_policy_without_clear_meaning(
    case: str, given_rows: list[PolicyRow], path: tuple[str, ...]
) -> None:
    assert [each.path for each in check_policy(given_rows)] == [path], case
    assert check_policy(POLICY) == [] and check_policy([PolicyRow(C.MARGIN, D(-5), L.DIRECTOR)]) == []


def test_qt_07_where_the_price_is_from() -> None:
    assert price_source("Q-1", 2) == "quote Q-1 v2"


# AX confirms a quote that was never sent; ours does not (rule book 9): the one answer of QT-10 that differs.
@pytest.mark.parametrize(
    ("case", "status", "writing", "action", "in_ax", "ours"),
    [
        ("QT-10 confirm from created", Q.DRAFT, R.DRAFT, A.ACCEPT, "ok", "error"),
        ("QT-10 confirm from sent", Q.SENT, None, A.ACCEPT, "ok", "ok"),
        ("QT-10 lose from confirmed", Q.CONVERTED, None, A.DECLINE, "error", "error"),
        ("QT-10 cancel from confirmed", Q.CONVERTED, None, A.WITHDRAW, "error", "error"),
        ("QT-10 edit when sent", Q.SENT, None, A.EDIT, "error", "error"),
        ("QT-10 create a new version", Q.SENT, None, A.REVISE, "ok", "ok"),
        ("one revision is written at a time", Q.SENT, R.DRAFT, A.REVISE, "error", "error"),
    ],
)
def test_state_guards(
    case: str, status: QuoteStatus, writing: RevisionStatus | None, action: QuoteAction, in_ax: str, ours: str
) -> None:
    if ours == "ok":
        demand_quote_action(status, writing, action)
        return
    with pytest.raises(InvalidTransition):
        demand_quote_action(status, writing, action)


@pytest.mark.parametrize(
    ("case", "named", "given_hash", "code", "text"),
    [
        (
            "QT-08 v1 while v2 is sent",
            R.SUPERSEDED,
            b"1",
            ErrorCode.INVALID_TRANSITION,
            "superseded by revision 2",
        ),
        ("what is being written", R.DRAFT, b"1", ErrorCode.NOT_FOUND, "Not found"),
        ("another text", R.SENT, b"2", ErrorCode.INVALID, "not what the revision says"),
        ("no hash", R.SENT, None, ErrorCode.INVALID, "not what the revision says"),
    ],
)
def test_an_answer_names_what_the_customer_has(
    case: str, named: RevisionStatus, given_hash: bytes | None, code: ErrorCode, text: str
) -> None:
    with pytest.raises(Refusal) as refused:
        demand_current(named, b"1", given_hash, 2)
    assert refused.value.code is code and text in str(refused.value), case
    demand_current(R.SENT, b"1", b"1", 2)


TARGETS = {
    A.EDIT: (None, R.DRAFT), A.SUBMIT: (None, R.APPROVED), A.APPROVE: (None, R.APPROVED), A.REJECT: (None, R.DRAFT),
    A.SEND: (Q.SENT, R.SENT), A.REVISE: (None, None), A.WITHDRAW: (Q.WITHDRAWN, None), A.CONVERT: (Q.CONVERTED, None),
    A.COUNTER: (Q.COUNTERED, None), A.ACCEPT: (Q.ACCEPTED, None), A.DECLINE: (Q.DECLINED, None),
    A.APPROVE_ACCEPTANCE: (Q.ACCEPTED, None), A.REFUSE_ACCEPTANCE: (Q.SENT, None),
    A.WITHDRAW_REQUEST: (Q.WITHDRAWN, None),
}  # fmt: skip


@pytest.mark.parametrize("status", list(Q))
@pytest.mark.parametrize("writing", [None, *R])
def test_every_possible_act_has_a_move(status: QuoteStatus, writing: RevisionStatus | None) -> None:
    for action in possible_quote_actions(status, writing):
        of_quote, of_revision = TARGETS[action]
        # A quote that was requested is one that is written once somebody works on it.
        stands = move_quote(status, Q.DRAFT) if status is Q.REQUESTED and action is A.SEND else status
        if of_quote is not None:
            assert move_quote(stands, of_quote) is of_quote
        if of_revision is not None and of_revision is not writing:
            assert writing is not None and move_revision(writing, of_revision) is of_revision
    assert set(REVISION_MOVES) == set(R) and set(QUOTE_MOVES) == set(Q)


def test_the_end_is_the_end() -> None:
    for status in (Q.CONVERTED, Q.WITHDRAWN):
        assert not QUOTE_MOVES[status]
        assert all(possible_quote_actions(status, writing) == frozenset() for writing in [None, *R])


@pytest.mark.parametrize(
    ("case", "now", "over"),
    [
        ("in the last minute", datetime(2026, 3, 31, 21, 59, tzinfo=UTC), False),
        ("at midnight in Madrid, two hours before UTC's", datetime(2026, 3, 31, 22, 0, tzinfo=UTC), True),
        ("on the day before", datetime(2026, 3, 30, 22, 0, tzinfo=UTC), False),
    ],
)
def test_the_last_day_counts_whole_where_the_seller_is(case: str, now: datetime, over: bool) -> None:
    day = date(2026, 3, 31)
    assert is_over(day, now, MADRID) is over, case
    for status in Q:
        expected = Q.EXPIRED if over and status in OPEN_OFFERS else status
        assert status_on(status, day, now.astimezone(MADRID).date()) is expected
        assert status_on(status, None, now.date()) is status


@pytest.mark.parametrize(
    ("case", "share", "payments", "due", "reached"),
    [
        ("nothing asked", "0", (), "0.00", True),
        ("nothing paid", "30", (), "36.30", False),
        ("two halves", "30", ("18.15", "18.15"), "36.30", True),
        ("a cent short", "30", ("18.15", "18.14"), "36.30", False),
    ],
)
def test_deposits(case: str, share: str, payments: tuple[str, ...], due: str, reached: bool) -> None:
    found = deposit(D("121.00"), D(share), list(map(D, payments)))
    assert (found.due, found.is_reached) == (D(due), reached), case


# 1 is plain; 2 brings 3 free; 4 and 5 may be taken for 2; 6 is an option with its charge 7.
CHOICES = (
    Choice(1), Choice(2), Choice(3, parent=2), Choice(4, alternative_to=2), Choice(5, alternative_to=2),
    Choice(6, is_optional=True), Choice(7, parent=6),
)  # fmt: skip


@pytest.mark.parametrize(
    ("case", "chosen", "taken"),
    [
        ("nothing said", (), [1, 2, 3]),
        ("the option with its charge", (6,), [1, 2, 3, 6, 7]),
        ("an alternative, and what was free of the other goes", (4,), [1, 4]),
        ("both", (5, 6), [1, 5, 6, 7]),
    ],
)
def test_what_is_taken(case: str, chosen: tuple[int, ...], taken: list[int]) -> None:
    assert taken_lines(CHOICES, chosen) == taken, case


@pytest.mark.parametrize(
    ("case", "chosen"),
    [
        ("two alternatives", (4, 5)),
        ("what is no option", (1,)),
        ("what follows", (7,)),
        ("what is not", (9,)),
    ],
)
def test_what_cannot_be_chosen(case: str, chosen: tuple[int, ...]) -> None:
    with pytest.raises(Refusal) as refused:
        taken_lines(CHOICES, chosen)
    assert (refused.value.code, refused.value.path) == (ErrorCode.INVALID, ("lineIds",)), case


@pytest.mark.parametrize(
    ("case", "lines", "paths"),
    [
        ("all well", CHOICES, []),
        ("to itself", (Choice(1, alternative_to=1), Choice(2)), [("0", "alternativeTo")]),
        ("to nothing", (Choice(1), Choice(2, alternative_to=9)), [("1", "alternativeTo")]),
        (
            "to an alternative",
            (Choice(1), Choice(2, alternative_to=1), Choice(3, alternative_to=2)),
            [("2", "alternativeTo")],
        ),
        ("both", (Choice(1), Choice(2, is_optional=True, alternative_to=1)), [("1", "isOptional")]),
        ("options only", (Choice(1, is_optional=True),), [("lines",)]),
    ],
)
def test_choices_that_make_no_sense(
    case: str, lines: tuple[Choice, ...], paths: list[tuple[str, ...]]
) -> None:
    found = check_choices(lines, [(str(index),) for index in range(len(lines))])
    assert [each.path for each in found] == paths, case


def _line(sku: str, quantity: str = "1", price: str = "10.00", **more: object) -> Compared:
    return Compared(sku, D(quantity), D(price), line_amount(D(quantity), D(price)), **more)  # type: ignore[arg-type]


def test_the_difference_between_revisions() -> None:
    before = [_line("A"), _line("B", "2"), _line("C"), _line("C", "5")]
    after = [_line("B", "2", "9.00"), _line("A"), _line("D"), _line("C")]

    found = revision_difference(before, after)

    assert [(each.kind, (each.after or each.before).sku) for each in found] == [  # type: ignore[union-attr]
        (ChangeKind.CHANGED, "B"), (ChangeKind.ADDED, "D"), (ChangeKind.REMOVED, "C"),
    ]  # fmt: skip
    assert [each.amount for each in found] == [D("-2.00"), D("10.00"), D("-50.00")]


compared = st.builds(
    _line, st.sampled_from("ABC"), st.sampled_from(["1", "2"]), st.sampled_from(["10.00", "9.00"])
)


@given(st.lists(compared, max_size=6), st.lists(compared, max_size=6))
def test_differences_sum_to_the_difference(before: list[Compared], after: list[Compared]) -> None:
    found = revision_difference(before, after)

    whole = sum((each.net_amount for each in after), ZERO) - sum((each.net_amount for each in before), ZERO)
    assert sum((each.amount for each in found), ZERO) == whole
    assert revision_difference(after, after) == []


def test_the_hash_is_of_the_content_alone() -> None:
    content = {"lines": [{"sku": "A", "quantity": "1"}], "gross": "12.10"}

    assert content_hash(content) == content_hash(dict(reversed(content.items())))
    assert content_hash(content) != content_hash(content | {"gross": "12.11"})
