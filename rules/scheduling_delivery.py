"""What is set of delivery control, shelf life and what buyers are told of stock: checked before it is stored."""

from dataclasses import dataclass
from decimal import Decimal

from rules.money import ZERO
from rules.refusals import ErrorCode, Refusal
from rules.scheduling import DAYS_MAX
from rules.states import AvailabilityDisplay, DeliveryControl, LotCriterion

HORIZON_MAX, SELLABLE_MAX, THRESHOLD_MAX = 730, 3_650, Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class ControlDraft:
    """
    What a promise rests on (rule book 8.1, 8.2), as it shall be; the defaults are those without any setting.

    Args:
        purchase_lead_days: under CTP, days until a purchase made now is there.
        horizon_days: how far ahead supply and demand are looked at.
        supply_fence_days, demand_fence_days: what is later than so many days does not count; None: all of it does.
        supply_offset_days, demand_offset_days: when what is late and counts is expected, in days from today.
    """

    method: DeliveryControl = DeliveryControl.ATP
    sales_lead_days: int = 0
    issue_margin_days: int = 0
    purchase_lead_days: int | None = None
    horizon_days: int = 90
    supply_fence_days: int | None = None
    demand_fence_days: int | None = None
    supply_offset_days: int = 1
    demand_offset_days: int = 0
    is_unlimited_after_horizon: bool = False
    lot_criterion: LotCriterion = LotCriterion.EXPIRY


def check_days(field: str, days: int | None, most: int = DAYS_MAX) -> list[Refusal]:
    if days is None or 0 <= days <= most:
        return []
    return [Refusal(ErrorCode.INVALID, "Give from 0 to {most} days.", (field,), most=most)]


def check_control(draft: ControlDraft) -> list[Refusal]:
    """What is wrong with a delivery control, each at its field."""
    wrong = [
        each
        for field, days in (
            ("salesLeadDays", draft.sales_lead_days),
            ("issueMarginDays", draft.issue_margin_days),
            ("purchaseLeadDays", draft.purchase_lead_days),
            ("supplyFenceDays", draft.supply_fence_days),
            ("demandFenceDays", draft.demand_fence_days),
            ("supplyOffsetDays", draft.supply_offset_days),
            ("demandOffsetDays", draft.demand_offset_days),
        )
        for each in check_days(field, days)
    ]
    if not 1 <= draft.horizon_days <= HORIZON_MAX:
        text = "Look from 1 to {most} days ahead."
        wrong.append(Refusal(ErrorCode.INVALID, text, ("horizonDays",), most=HORIZON_MAX))
    if draft.method is DeliveryControl.CTP and draft.purchase_lead_days is None:
        text = "To promise what is bought first, say how many days a purchase takes."
        wrong.append(Refusal(ErrorCode.INVALID, text, ("purchaseLeadDays",)))
    return wrong


def check_display(
    group: str | None, display: AvailabilityDisplay | None, threshold: Decimal | None, standing: Decimal
) -> list[Refusal]:
    """
    What is wrong with what buyers are told of stock, each at its field.

    Args:
        group: the customer group; None: everybody.
        threshold: from which quantity down stock is low; None leaves the `standing` one.
    """
    wrong = []
    if group is None and display is None:
        text = "Say what everybody is told of stock."
        wrong.append(Refusal(ErrorCode.INVALID, text, ("display",)))
    if group is not None and threshold is not None:
        text = "Stock is low from the same quantity down for everybody."
        wrong.append(Refusal(ErrorCode.INVALID, text, ("lowStockThreshold",)))
    elif threshold is not None and not ZERO <= threshold <= THRESHOLD_MAX:
        text = "Give a quantity from 0 to {most}."
        wrong.append(
            Refusal(ErrorCode.QUANTITY_INVALID, text, ("lowStockThreshold",), most=f"{THRESHOLD_MAX:f}")
        )
    elif display is AvailabilityDisplay.BAND and (standing if threshold is None else threshold) <= ZERO:
        text = "A band needs its bound: say from which quantity down stock is low."
        wrong.append(Refusal(ErrorCode.INVALID, text, ("lowStockThreshold",)))
    return wrong
