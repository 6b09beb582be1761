"""How long goods are held: a buyer's minutes, made longer once; our people's days, with a reason."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rules.holds import HoldEnd, HoldLimits, hold_end, may_extend
from rules.refusals import ErrorCode, Refusal

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
LIMITS = HoldLimits(cart_minutes=30, staff_days=2)


def after(minutes: int, is_extended: bool = False) -> HoldEnd:
    return HoldEnd(NOW + timedelta(minutes=minutes), is_extended)


@pytest.mark.parametrize(
    ("case", "asked", "expected"),
    [
        ("as long as a buyer may", {}, after(30)),
        ("for less", {"minutes": 5}, after(5)),
        ("longer, once", {"current": after(10)}, after(30, True)),
        ("never shorter by a buyer", {"current": after(20), "minutes": 5}, after(20, True)),
        ("anew when it is over", {"current": after(0, True)}, after(30)),
        ("for a customer, as long as a buyer", {"is_staff": True}, after(30)),
        ("for a customer, for a day", {"is_staff": True, "minutes": 1440, "reason": "r"}, after(1440)),
        (
            "again by our people, also shorter",
            {"is_staff": True, "current": after(99, True)},
            after(30, True),
        ),
    ],
)
def test_until_when(case: str, asked: dict[str, Any], expected: HoldEnd) -> None:
    assert hold_end(NOW, LIMITS, **asked) == expected, case


@pytest.mark.parametrize(
    ("case", "limits", "asked", "code"),
    [
        ("longer than a buyer may", LIMITS, {"minutes": 31}, ErrorCode.INVALID),
        ("no time", LIMITS, {"minutes": 0}, ErrorCode.INVALID),
        (
            "longer than our people may",
            LIMITS,
            {"is_staff": True, "minutes": 2881, "reason": "r"},
            ErrorCode.INVALID,
        ),
        (
            "for a customer without a reason",
            LIMITS,
            {"is_staff": True, "minutes": 31},
            ErrorCode.REASON_REQUIRED,
        ),
        ("longer, twice", LIMITS, {"current": after(10, True)}, ErrorCode.INVALID_TRANSITION),
        ("nothing is held", HoldLimits(0, 2), {}, ErrorCode.INVALID_TRANSITION),
        ("a long reason", LIMITS, {"reason": "x" * 501}, ErrorCode.INVALID),
    ],
)
def test_what_is_refused(case: str, limits: HoldLimits, asked: dict[str, Any], code: ErrorCode) -> None:
    with pytest.raises(Refusal) as refused:
        hold_end(NOW, limits, **asked)
    assert refused.value.code is code, case


@pytest.mark.parametrize(
    ("case", "current", "limits", "is_staff", "expected"),
    [
        ("nothing is held yet", None, LIMITS, False, True),
        ("held", after(5), LIMITS, False, True),
        ("held for longer already", after(5, True), LIMITS, False, False),
        ("that is over", after(0, True), LIMITS, False, True),
        ("by our people", after(5, True), LIMITS, True, True),
        ("not at all", None, HoldLimits(0, 0), True, False),
        ("by our people alone", None, HoldLimits(0, 2), True, True),
        ("not by buyers", None, HoldLimits(0, 2), False, False),
    ],
)
def test_who_may_hold(
    case: str, current: HoldEnd | None, limits: HoldLimits, is_staff: bool, expected: bool
) -> None:
    assert may_extend(NOW, current, limits, is_staff) is expected, case
