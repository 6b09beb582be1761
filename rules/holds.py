"""How long goods are held before there is an order: by buyers for minutes, by our people for days and with a reason."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from rules.refusals import ErrorCode, Refusal

REASON_MAX, CART_MINUTES_MAX, STAFF_DAYS_MAX = 500, 24 * 60, 90


@dataclass(frozen=True, slots=True)
class HoldLimits:
    """What the seller allows: a buyer's minutes and our people's days; 0 is not at all."""

    cart_minutes: int
    staff_days: int

    def minutes_max(self, is_staff: bool) -> int:
        return max(self.cart_minutes, self.staff_days * 24 * 60) if is_staff else self.cart_minutes


def check_limits(limits: HoldLimits) -> list[Refusal]:
    """What is wrong with how long goods may be held, each at its field."""
    wrong = []
    if not 0 <= limits.cart_minutes <= CART_MINUTES_MAX:
        text = "Give from 0 to {most} minutes."
        wrong.append(Refusal(ErrorCode.INVALID, text, ("cartMinutes",), most=CART_MINUTES_MAX))
    if not 0 <= limits.staff_days <= STAFF_DAYS_MAX:
        text = "Give from 0 to {most} days."
        wrong.append(Refusal(ErrorCode.INVALID, text, ("staffDays",), most=STAFF_DAYS_MAX))
    return wrong


@dataclass(frozen=True, slots=True)
class HoldEnd:
    """Until when goods are held, and whether that was made longer once already."""

    until: datetime
    is_extended: bool = False


def may_extend(now: datetime, current: HoldEnd | None, limits: HoldLimits, is_staff: bool) -> bool:
    """Whether whoever holds may hold, or hold longer: a buyer's time is made longer once."""
    if not limits.minutes_max(is_staff):
        return False
    return is_staff or current is None or current.until <= now or not current.is_extended


def hold_end(
    now: datetime,
    limits: HoldLimits,
    *,
    current: HoldEnd | None = None,
    minutes: int | None = None,
    is_staff: bool = False,
    reason: str = "",
) -> HoldEnd:
    """
    The end of a hold that is asked for now.

    Args:
        current: of the hold that stands; it is made longer, and never shorter but by our people.
        minutes: how long from now; None is as long as a buyer may.
        is_staff: one of our people holds for a customer: longer, and again, but longer than a buyer with a reason only.
    Raises:
        Refusal(INVALID_TRANSITION): nothing is held, or a buyer's time was made longer already.
        Refusal(INVALID): longer than may be, or no time at all.
        Refusal(REASON_REQUIRED): longer than a buyer may, without saying why.
    """
    most = limits.minutes_max(is_staff)
    if not most:
        raise Refusal(ErrorCode.INVALID_TRANSITION, "Goods are not held for carts.", ())
    if len(reason) > REASON_MAX:
        raise Refusal(ErrorCode.INVALID, "This text is too long.", ("reason",))
    wanted = (limits.cart_minutes or most) if minutes is None else minutes
    if not 0 < wanted <= most:
        text = "Goods are held for {most} minutes at most."
        raise Refusal(ErrorCode.INVALID, text, ("minutes",), most=most)
    if wanted > limits.cart_minutes and not reason:
        raise Refusal(ErrorCode.REASON_REQUIRED, "Say why it is held for so long.", ("reason",))
    until = now + timedelta(minutes=wanted)
    if current is None or current.until <= now:
        return HoldEnd(until)
    if is_staff:
        return HoldEnd(until, is_extended=True)
    if current.is_extended:
        raise Refusal(ErrorCode.INVALID_TRANSITION, "The time was made longer once already.", ())
    return HoldEnd(max(until, current.until), is_extended=True)
