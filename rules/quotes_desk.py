"""What a quote waits for, as the seller's desk sorts it."""

from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum

from rules.quotes import QuoteAction, QuoteStatus, RevisionStatus, possible_quote_actions

# An offer that nobody answered for so many days is asked about again.
STALLED_DAYS = 7


class QuoteStep(StrEnum):
    """The next step, whoever has to take it."""

    ANSWER = "ANSWER"
    SUBMIT = "SUBMIT"
    CONSENT = "CONSENT"
    SEND = "SEND"
    CUSTOMER = "CUSTOMER"
    COLLEAGUE = "COLLEAGUE"
    CONVERT = "CONVERT"
    NONE = "NONE"


# What is possible names the step: an act of ours before one of the customer's.
_STEPS = (
    (QuoteAction.SUBMIT, QuoteStep.SUBMIT),
    (QuoteAction.APPROVE, QuoteStep.CONSENT),
    (QuoteAction.SEND, QuoteStep.SEND),
    (QuoteAction.ACCEPT, QuoteStep.CUSTOMER),
    (QuoteAction.APPROVE_ACCEPTANCE, QuoteStep.COLLEAGUE),
    (QuoteAction.CONVERT, QuoteStep.CONVERT),
)


def next_step(status: QuoteStatus, writing: RevisionStatus | None) -> QuoteStep:
    """
    What a quote waits for.

    Args:
        status: as of the day, see rules.quotes.status_on.
        writing: the state of the revision that is being written; None where none is.
    """
    asked = status is QuoteStatus.REQUESTED and writing is RevisionStatus.DRAFT
    if asked or (status is QuoteStatus.COUNTERED and writing is None):
        return QuoteStep.ANSWER
    possible = possible_quote_actions(status, writing)
    return next((step for action, step in _STEPS if action in possible), QuoteStep.NONE)


def stalled_before(today: date, zone: tzinfo) -> datetime:
    """What was sent before this moment and is not answered is stalled."""
    return datetime.combine(today - timedelta(days=STALLED_DAYS - 1), time(), zone)
