"""What a quote waits for, by its two axes."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from rules.quotes import QuoteStatus as Q
from rules.quotes import RevisionStatus as R
from rules.quotes_desk import QuoteStep as S
from rules.quotes_desk import next_step, stalled_before


@pytest.mark.parametrize(
    ("case", "status", "writing", "step"),
    [
        ("asked for", Q.REQUESTED, R.DRAFT, S.ANSWER),
        ("asked for, and submitted as it is", Q.REQUESTED, R.PENDING_APPROVAL, S.CONSENT),
        ("being written", Q.DRAFT, R.DRAFT, S.SUBMIT),
        ("waits for a manager", Q.DRAFT, R.PENDING_APPROVAL, S.CONSENT),
        ("may be sent", Q.DRAFT, R.APPROVED, S.SEND),
        ("offered", Q.SENT, None, S.CUSTOMER),
        ("offered, and rewritten", Q.SENT, R.DRAFT, S.SUBMIT),
        ("countered", Q.COUNTERED, None, S.ANSWER),
        ("countered, and rewritten", Q.COUNTERED, R.DRAFT, S.SUBMIT),
        ("accepted by one of two", Q.ACCEPTANCE_PENDING, None, S.COLLEAGUE),
        ("accepted, and no order", Q.ACCEPTED, None, S.CONVERT),
        ("an order", Q.CONVERTED, None, S.NONE),
        ("declined", Q.DECLINED, None, S.NONE),
        ("over", Q.EXPIRED, None, S.NONE),
        ("over, and rewritten", Q.EXPIRED, R.APPROVED, S.SEND),
        ("taken back", Q.WITHDRAWN, R.DRAFT, S.NONE),
    ],
)
def test_a_quote_waits_for_one_thing(case: str, status: Q, writing: R | None, step: S) -> None:
    assert next_step(status, writing) is step, case


def test_an_offer_is_stalled_from_the_seventh_day_on() -> None:
    limit = stalled_before(date(2026, 3, 9), ZoneInfo("Europe/Madrid"))

    assert limit == datetime(2026, 3, 2, 23, tzinfo=UTC)
    assert datetime(2026, 3, 2, 22, 59, tzinfo=UTC) < limit  # the 2nd in Madrid, to the last minute
