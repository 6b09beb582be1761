"""Quotes: what is written on our side, what was offered to the customer, and which act moves which of the two where."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import Decimal
from enum import StrEnum

from rules.money import ZERO, percent_of
from rules.refusals import ErrorCode, InvalidTransition, Refusal


class QuoteStatus(StrEnum):
    """Where a quote stands between the two sides: the first axis. DRAFT: nothing was offered yet."""

    REQUESTED = "REQUESTED"
    DRAFT = "DRAFT"
    SENT = "SENT"
    COUNTERED = "COUNTERED"
    ACCEPTANCE_PENDING = "ACCEPTANCE_PENDING"
    ACCEPTED = "ACCEPTED"
    CONVERTED = "CONVERTED"
    DECLINED = "DECLINED"
    EXPIRED = "EXPIRED"
    WITHDRAWN = "WITHDRAWN"


class RevisionStatus(StrEnum):
    """What became of one revision on our side: the second axis. From SENT on it never changes."""

    DRAFT = "DRAFT"
    PENDING_APPROVAL = "PENDING_APPROVAL"
    APPROVED = "APPROVED"
    SENT = "SENT"
    SUPERSEDED = "SUPERSEDED"


class QuoteAction(StrEnum):
    EDIT = "EDIT"
    SUBMIT = "SUBMIT"
    APPROVE = "APPROVE"
    REJECT = "REJECT"
    SEND = "SEND"
    REVISE = "REVISE"
    WITHDRAW = "WITHDRAW"
    CONVERT = "CONVERT"
    COUNTER = "COUNTER"
    ACCEPT = "ACCEPT"
    DECLINE = "DECLINE"
    APPROVE_ACCEPTANCE = "APPROVE_ACCEPTANCE"
    REFUSE_ACCEPTANCE = "REFUSE_ACCEPTANCE"
    WITHDRAW_REQUEST = "WITHDRAW_REQUEST"


class ConversionObstacle(StrEnum):
    """Why an accepted quote is no order yet."""

    CUSTOMER = "CUSTOMER"
    PRODUCT = "PRODUCT"
    CREDIT = "CREDIT"
    OVERDUE = "OVERDUE"
    AGREEMENT = "AGREEMENT"
    STOCK = "STOCK"
    DEPOSIT = "DEPOSIT"
    PROSPECT = "PROSPECT"


class ObstacleText(StrEnum):
    """What people read of an obstacle; the names are the obstacles', the texts message ids."""

    CUSTOMER = "The company cannot place orders at present; the quote is accepted, and waits."
    PRODUCT = "A product is not for sale any more; the quote is accepted, and waits."
    CREDIT = "The order would pass the credit limit; the quote is accepted, and waits."
    OVERDUE = "Invoices are overdue; the quote is accepted, and waits."
    AGREEMENT = "The sales agreement has not enough left, or has ended; the quote is accepted, and waits."
    STOCK = "There is not enough stock; the quote is accepted, and waits."
    DEPOSIT = "The deposit is not paid yet; the quote is accepted, and waits."
    PROSPECT = "The company is no customer yet; the quote is accepted, and waits for our finance department."


Q, R, A = QuoteStatus, RevisionStatus, QuoteAction

# Rule book 9. SENT to SENT: the next revision takes the place of the one that was there.
QUOTE_MOVES: Mapping[QuoteStatus, frozenset[QuoteStatus]] = {
    Q.REQUESTED: frozenset({Q.DRAFT, Q.WITHDRAWN}),
    Q.DRAFT: frozenset({Q.SENT, Q.WITHDRAWN}),
    Q.SENT: frozenset(
        {Q.SENT, Q.COUNTERED, Q.ACCEPTANCE_PENDING, Q.ACCEPTED, Q.DECLINED, Q.EXPIRED, Q.WITHDRAWN}
    ),
    Q.COUNTERED: frozenset({Q.SENT, Q.DECLINED, Q.EXPIRED, Q.WITHDRAWN}),
    Q.ACCEPTANCE_PENDING: frozenset({Q.SENT, Q.ACCEPTED, Q.EXPIRED, Q.WITHDRAWN}),
    Q.ACCEPTED: frozenset({Q.CONVERTED, Q.WITHDRAWN}),
    Q.CONVERTED: frozenset(),
    Q.DECLINED: frozenset({Q.SENT, Q.WITHDRAWN}),
    Q.EXPIRED: frozenset({Q.SENT, Q.WITHDRAWN}),
    Q.WITHDRAWN: frozenset(),
}
REVISION_MOVES: Mapping[RevisionStatus, frozenset[RevisionStatus]] = {
    R.DRAFT: frozenset({R.PENDING_APPROVAL, R.APPROVED}),
    R.PENDING_APPROVAL: frozenset({R.APPROVED, R.DRAFT}),
    R.APPROVED: frozenset({R.SENT, R.DRAFT}),
    R.SENT: frozenset({R.SUPERSEDED}),
    R.SUPERSEDED: frozenset(),
}
# While the customer answers, or answered, for good, nothing new is offered.
_REVISABLE = frozenset({Q.SENT, Q.COUNTERED, Q.DECLINED, Q.EXPIRED})
_WRITABLE = _REVISABLE | {Q.REQUESTED, Q.DRAFT}
_WRITING = frozenset({R.DRAFT, R.PENDING_APPROVAL, R.APPROVED})
# What an offer's last day ends.
OPEN_OFFERS = frozenset({Q.SENT, Q.COUNTERED, Q.ACCEPTANCE_PENDING})


def move_quote(current: QuoteStatus, target: QuoteStatus) -> QuoteStatus:
    """The new state; refuses a move that the table does not know."""
    if target not in QUOTE_MOVES[current]:
        raise InvalidTransition(current, target, sorted(QUOTE_MOVES[current]))
    return target


def move_revision(current: RevisionStatus, target: RevisionStatus) -> RevisionStatus:
    """The new state; refuses a move that the table does not know."""
    if target not in REVISION_MOVES[current]:
        raise InvalidTransition(current, target, sorted(REVISION_MOVES[current]))
    return target


def is_over(valid_until: date, now: datetime, zone: tzinfo) -> bool:
    """Whether an offer's last day, which counts whole, has passed where the seller is (QT-06)."""
    return now.astimezone(zone).date() > valid_until


def status_on(status: QuoteStatus, valid_until: date | None, today: date) -> QuoteStatus:
    """The state as of a day: EXPIRED from the day after the last on, whether the job came by already or not."""
    is_past = valid_until is not None and valid_until < today
    return QuoteStatus.EXPIRED if is_past and status in OPEN_OFFERS else status


def possible_quote_actions(status: QuoteStatus, writing: RevisionStatus | None) -> frozenset[QuoteAction]:
    """
    The acts that the state allows, whoever asks.

    Args:
        status: as of the day, see `status_on`.
        writing: the state of the revision that is being written; None where none is.
    """
    actions = {A.WITHDRAW} if Q.WITHDRAWN in QUOTE_MOVES[status] else set()
    if writing in _WRITING and status in _WRITABLE:
        actions.add(A.EDIT)
        match writing:
            case R.DRAFT:
                actions.add(A.SUBMIT)
            case R.PENDING_APPROVAL:
                actions |= {A.APPROVE, A.REJECT}
            case _:
                actions.add(A.SEND)
    if writing is None and status in _REVISABLE:
        actions.add(A.REVISE)
    match status:
        case Q.REQUESTED | Q.DRAFT:
            actions.add(A.WITHDRAW_REQUEST)
        case Q.SENT:
            actions |= {A.COUNTER, A.ACCEPT, A.DECLINE}
        case Q.COUNTERED:
            actions.add(A.DECLINE)
        case Q.ACCEPTANCE_PENDING:
            actions |= {A.APPROVE_ACCEPTANCE, A.REFUSE_ACCEPTANCE}
        case Q.ACCEPTED:
            actions.add(A.CONVERT)
        case _:
            pass
    return frozenset(actions)


def allowed_quote_actions(
    status: QuoteStatus, writing: RevisionStatus | None, permitted: Collection[QuoteAction]
) -> list[QuoteAction]:
    """The acts the state allows and the viewer is permitted, in the enum's order."""
    possible = possible_quote_actions(status, writing)
    return [action for action in QuoteAction if action in possible and action in permitted]


def demand_quote_action(status: QuoteStatus, writing: RevisionStatus | None, action: QuoteAction) -> None:
    """Refuses an act that the state does not allow."""
    if action not in possible_quote_actions(status, writing):
        raise InvalidTransition(status, action, sorted(QUOTE_MOVES[status]))


def demand_current(
    named: RevisionStatus, named_hash: bytes | None, given_hash: bytes | None, current: int | None
) -> None:
    """
    Refuses an answer to anything but the revision that the customer has, and to exactly what it says (QT-08).

    Args:
        named: the state of the revision that the answer names; `named_hash` is of what it says.
        given_hash: of what the customer saw; None where it is none of ours.
        current: the number of the revision that was sent last; None where none is.
    """
    path = ("revisionId",)
    if named is RevisionStatus.SUPERSEDED and current is not None:
        text = "This revision was superseded by revision {current}; answer that one."
        raise Refusal(ErrorCode.INVALID_TRANSITION, text, path, current=current)
    if named is not RevisionStatus.SENT:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", path)
    if given_hash is None or given_hash != named_hash:
        text = "This is not what the revision says; load it again."
        raise Refusal(ErrorCode.INVALID, text, ("contentHash",))


def price_source(number: str, revision: int) -> str:
    """Where the prices of a quote's order are from (QT-07)."""
    return f"quote {number} v{revision}"


@dataclass(frozen=True, slots=True)
class Deposit:
    """What is to be paid before a quote becomes an order: `due` of the gross, and whether it was."""

    due: Decimal
    paid: Decimal

    @property
    def is_reached(self) -> bool:
        return self.paid >= self.due


def deposit(
    gross: Decimal, share_percent: Decimal, payments: Collection[Decimal], exponent: int = 2
) -> Deposit:
    """The share rounded once, against the sum of the payments: two halves are a whole."""
    return Deposit(percent_of(gross, share_percent, exponent), sum(payments, ZERO))
