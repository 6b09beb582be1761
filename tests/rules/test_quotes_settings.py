"""Until when goods are held for a quote, state by state."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from rules.quotes import QuoteStatus as Q
from rules.quotes import RevisionStatus as R
from rules.quotes_settings import QuoteSettings, draft_held_until, end_of_day, offer_held_until

MADRID = ZoneInfo("Europe/Madrid")
LAST = date(2026, 3, 10)
DUE = datetime(2026, 3, 7, 10, tzinfo=UTC)
HELD_OFFERS = {Q.SENT, Q.COUNTERED, Q.ACCEPTANCE_PENDING, Q.ACCEPTED}


@pytest.mark.parametrize("status", Q)
def test_an_offer_is_held_while_it_can_become_an_order(status: Q) -> None:
    until = offer_held_until(status, LAST, QuoteSettings(hold_while_sent=True), MADRID)

    assert until == (datetime(2026, 3, 10, 23, tzinfo=UTC) if status in HELD_OFFERS else None)
    assert offer_held_until(status, LAST, QuoteSettings(), MADRID) is None
    assert offer_held_until(status, None, QuoteSettings(hold_while_sent=True), MADRID) is None


@pytest.mark.parametrize("status", Q)
@pytest.mark.parametrize("written", [None, *R])
def test_a_revision_is_held_while_consent_is_waited_for(status: Q, written: R | None) -> None:
    waits = written in (R.PENDING_APPROVAL, R.APPROVED) and status not in (Q.CONVERTED, Q.WITHDRAWN)

    assert draft_held_until(status, written, DUE) == (DUE if waits else None)
    assert draft_held_until(status, written, None) is None  # nobody had to consent


def test_a_day_ends_where_the_seller_is() -> None:
    assert end_of_day(date(2026, 3, 28), MADRID) == datetime(2026, 3, 28, 23, tzinfo=UTC)
    assert end_of_day(date(2026, 3, 29), MADRID) == datetime(2026, 3, 29, 22, tzinfo=UTC)  # clocks go on


def test_what_is_not_given_stays() -> None:
    settings = QuoteSettings(hold_while_sent=True)

    assert settings.changed({"hold_while_sent": None, "rows": []}) == settings
    assert settings.changed({"hold_while_sent": False}) == QuoteSettings()
