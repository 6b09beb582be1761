"""What an agreement says: its terms as one value, checked, kept as JSON, and hashed when a side confirms it."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from rules.money import ZERO
from rules.quantities import plain
from rules.refusals import ErrorCode, Path, Refusal
from rules.sales_agreements import AgreementPricing, AgreementStatus, CommitmentType

LINES_MAX = 100
TEXT_MAX = 4_000
TITLE_MAX = 200
AMOUNT_MAX = Decimal(10) ** 12  # wider ones fit no column


class VersionStatus(StrEnum):
    """What became of one version of an agreement's terms. All but a DRAFT stay as they are for good."""

    DRAFT = "DRAFT"
    PROPOSED = "PROPOSED"
    IN_FORCE = "IN_FORCE"
    SUPERSEDED = "SUPERSEDED"
    DECLINED = "DECLINED"
    WITHDRAWN = "WITHDRAWN"


class AgreementAction(StrEnum):
    """What somebody may do with an agreement."""

    EDIT = "EDIT"
    AMEND = "AMEND"
    PROPOSE = "PROPOSE"
    WITHDRAW = "WITHDRAW"
    ACCEPT = "ACCEPT"
    DECLINE = "DECLINE"
    CLOSE = "CLOSE"
    CANCEL = "CANCEL"


def possible_agreement_actions(
    status: AgreementStatus, open_version: VersionStatus | None
) -> frozenset[AgreementAction]:
    """
    The acts that the state allows, whoever asks.

    Args:
        status: as of the day, so EXPIRED where it has.
        open_version: the version that is written or proposed now; None where there is none.
    """
    if status in (AgreementStatus.CLOSED, AgreementStatus.CANCELLED):
        return frozenset()
    actions = set()
    if status in (AgreementStatus.EFFECTIVE, AgreementStatus.EXPIRED):
        actions.add(AgreementAction.CLOSE)
    if status is AgreementStatus.EXPIRED:
        return frozenset(actions)
    actions.add(AgreementAction.CANCEL)
    match open_version:
        case VersionStatus.DRAFT:
            actions |= {AgreementAction.EDIT, AgreementAction.PROPOSE}
        case VersionStatus.PROPOSED:
            actions |= {AgreementAction.WITHDRAW, AgreementAction.ACCEPT, AgreementAction.DECLINE}
        case _:
            actions.add(AgreementAction.AMEND)
    return frozenset(actions)


@dataclass(frozen=True, slots=True)
class AgreementLineTerms:
    """
    One line as it is agreed.

    Args:
        number: its place in the agreement for good: an amended line keeps its number, and what was consumed of it.
        product, category: ids, with what people know them by; a category's `path` is "/food/oil/".
        valid_until: the day after the last; None for the agreement's, as `valid_from`.
        penalty_percent: of what is missing when the agreement ends; 0 for none.
    """

    number: int
    type: CommitmentType
    committed: Decimal
    product: str = ""
    sku: str = ""
    category: str = ""
    category_path: str = ""
    name: str = ""
    unit_code: str = ""
    unit_price: Decimal | None = None
    price_unit: Decimal = Decimal(1)
    discount_percent: Decimal = ZERO
    cash_discount_amount: Decimal = ZERO
    valid_from: date | None = None
    valid_until: date | None = None
    max_enforced: bool = False
    is_price_fixed: bool = False
    min_release: Decimal | None = None
    max_release: Decimal | None = None
    penalty_percent: Decimal = ZERO
    stackable_with_promotions: bool = False
    include_in_total_discount: bool = True
    exclude_from_rebate: bool = False

    @property
    def is_quantity(self) -> bool:
        return self.type is CommitmentType.PRODUCT_QUANTITY

    @property
    def subject(self) -> tuple[CommitmentType, str, str, str]:
        """What the line is about; a line of which something was consumed stays about it."""
        return self.type, self.product, self.category, self.unit_code

    def to_json(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "type": self.type.value,
            "committed": plain(self.committed),
            "product": self.product,
            "sku": self.sku,
            "category": self.category,
            "categoryPath": self.category_path,
            "name": self.name,
            "unitCode": self.unit_code,
            "unitPrice": _text(self.unit_price),
            "priceUnit": plain(self.price_unit),
            "discountPercent": plain(self.discount_percent),
            "cashDiscountAmount": plain(self.cash_discount_amount),
            "validFrom": _day(self.valid_from),
            "validUntil": _day(self.valid_until),
            "maxEnforced": self.max_enforced,
            "isPriceFixed": self.is_price_fixed,
            "minRelease": _text(self.min_release),
            "maxRelease": _text(self.max_release),
            "penaltyPercent": plain(self.penalty_percent),
            "stackableWithPromotions": self.stackable_with_promotions,
            "includeInTotalDiscount": self.include_in_total_discount,
            "excludeFromRebate": self.exclude_from_rebate,
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "AgreementLineTerms":
        return cls(
            kept["number"],
            CommitmentType(kept["type"]),
            Decimal(kept["committed"]),
            kept["product"],
            kept["sku"],
            kept["category"],
            kept["categoryPath"],
            kept["name"],
            kept["unitCode"],
            _decimal(kept["unitPrice"]),
            Decimal(kept["priceUnit"]),
            Decimal(kept["discountPercent"]),
            Decimal(kept["cashDiscountAmount"]),
            _date(kept["validFrom"]),
            _date(kept["validUntil"]),
            kept["maxEnforced"],
            kept["isPriceFixed"],
            _decimal(kept["minRelease"]),
            _decimal(kept["maxRelease"]),
            Decimal(kept["penaltyPercent"]),
            kept["stackableWithPromotions"],
            kept["includeInTotalDiscount"],
            kept["excludeFromRebate"],
        )


@dataclass(frozen=True, slots=True)
class AgreementTerms:
    """
    What both sides confirm.

    Args:
        payment_term, delivery_term: codes of the seller's terms; empty for the customer's own.
        delivery_address: free text; empty for the address of each order.
        conditions: free text that both sides read.
        valid_until: the day after the last.
    """

    title: str
    currency: str
    pricing: AgreementPricing
    valid_from: date
    valid_until: date
    payment_term: str = ""
    delivery_term: str = ""
    delivery_address: str = ""
    conditions: str = ""
    lines: tuple[AgreementLineTerms, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "currency": self.currency,
            "pricing": self.pricing.value,
            "validFrom": self.valid_from.isoformat(),
            "validUntil": self.valid_until.isoformat(),
            "paymentTerm": self.payment_term,
            "deliveryTerm": self.delivery_term,
            "deliveryAddress": self.delivery_address,
            "conditions": self.conditions,
            "lines": [line.to_json() for line in self.lines],
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "AgreementTerms":
        return cls(
            kept["title"],
            kept["currency"],
            AgreementPricing(kept["pricing"]),
            date.fromisoformat(kept["validFrom"]),
            date.fromisoformat(kept["validUntil"]),
            kept["paymentTerm"],
            kept["deliveryTerm"],
            kept["deliveryAddress"],
            kept["conditions"],
            tuple(map(AgreementLineTerms.from_json, kept["lines"])),
        )


def _text(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)


def _decimal(value: str | None) -> Decimal | None:
    return None if value is None else Decimal(value)


def _day(value: date | None) -> str | None:
    return None if value is None else value.isoformat()


def _date(value: str | None) -> date | None:
    return None if value is None else date.fromisoformat(value)


def hash_of_terms(kept: Mapping[str, Any]) -> bytes:
    """SHA-256 of the terms as JSON with sorted keys: what a side confirmed, and nothing else."""
    text = json.dumps(kept, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).digest()


def check_terms(terms: AgreementTerms, exponent: int) -> list[Refusal]:
    """
    What is wrong with terms, each with its place in them.

    Args:
        exponent: the decimals of the agreement's currency.
    """
    found: list[Refusal] = []
    if not terms.title.strip():
        found.append(_invalid("Give the agreement a title.", ("title",)))
    if len(terms.title) > TITLE_MAX:
        found.append(_invalid("This text is too long.", ("title",)))
    for name, text in (("deliveryAddress", terms.delivery_address), ("conditions", terms.conditions)):
        if len(text) > TEXT_MAX:
            found.append(_invalid("This text is too long.", (name,)))
    if terms.valid_from >= terms.valid_until:
        found.append(_invalid("The last day is before the first.", ("validTo",)))
    if len(terms.lines) > LINES_MAX:
        text = "An agreement has {limit} lines at most."
        found.append(Refusal(ErrorCode.LIMIT_EXCEEDED, text, ("lines",), limit=LINES_MAX))
    numbers: set[int] = set()
    for index, line in enumerate(terms.lines):
        if line.number in numbers or not 1 <= line.number <= 10_000:
            found.append(
                _invalid("Each line has a number of its own, from 1 on.", ("lines", index, "number"))
            )
        numbers.add(line.number)
        found += _check_line(terms, line, exponent, ("lines", index))
    return found


def _check_line(
    terms: AgreementTerms, line: AgreementLineTerms, exponent: int, path: Sequence[str | int]
) -> list[Refusal]:
    found: list[Refusal] = []

    def refuse(text: str, name: str, **data: object) -> None:
        found.append(Refusal(ErrorCode.INVALID, text, (*path, name), **data))

    decimals = 6 if line.is_quantity else exponent
    if not 0 < line.committed < AMOUNT_MAX or line.committed != round(line.committed, decimals):
        refuse(
            "A commitment is above zero and has {decimals} decimals at most.", "committed", decimals=decimals
        )
    for name, percent in (
        ("discountPercent", line.discount_percent),
        ("penaltyPercent", line.penalty_percent),
    ):
        if not ZERO <= percent <= 100 or percent != round(percent, 6):
            refuse("A percent is from 0 to 100, with 6 decimals at most.", name)
    if not line.is_quantity and (line.unit_price is not None or line.cash_discount_amount):
        refuse("Only a quantity of a product carries a price or an amount off.", "unitPrice")
    for name, price in (("unitPrice", line.unit_price), ("cashDiscountAmount", line.cash_discount_amount)):
        if price is not None and (not ZERO <= price < AMOUNT_MAX or price != round(price, 6)):
            refuse("A price is not negative and has 6 decimals at most.", name)
    if not 0 < line.price_unit < AMOUNT_MAX or line.price_unit != round(line.price_unit, 6):
        refuse("A price is of more than zero units.", "priceUnit")
    for name, limit in (("minRelease", line.min_release), ("maxRelease", line.max_release)):
        if limit is not None and (not ZERO <= limit < AMOUNT_MAX or limit != round(limit, exponent)):
            refuse("A limit is not below zero and has {decimals} decimals at most.", name, decimals=exponent)
    if line.min_release is not None and line.max_release is not None and line.min_release > line.max_release:
        refuse("The least of a line is more than the most.", "maxRelease")
    begins, ends = line.valid_from or terms.valid_from, line.valid_until or terms.valid_until
    if begins >= ends:
        refuse("The last day is before the first.", "validTo")
    elif begins < terms.valid_from or ends > terms.valid_until:
        refuse("A line is valid within the agreement's own days.", "validFrom")
    return found


def _invalid(text: str, path: Path) -> Refusal:
    return Refusal(ErrorCode.INVALID, text, path)


@dataclass(frozen=True, slots=True)
class ConsumedLine:
    """A line in force: what it is about, and what was released of it."""

    number: int
    subject: tuple[CommitmentType, str, str, str]
    released: Decimal


def check_amendment(terms: AgreementTerms, consumed: Sequence[ConsumedLine]) -> list[Refusal]:
    """
    Why new terms cannot follow those in force.

    A line of which something was consumed keeps its product and unit, is not left out, and where its maximum is
    enforced it is not less than what was consumed.
    """
    places = {line.number: index for index, line in enumerate(terms.lines)}
    found: list[Refusal] = []
    for each in consumed:
        if not each.released:
            continue
        index = places.get(each.number)
        data: dict[str, object] = {"line": each.number, "released": plain(each.released)}
        if index is None:
            text = "Line {line} cannot be left out: {released} of it was ordered."
            found.append(Refusal(ErrorCode.INVALID, text, ("lines",), **data))
            continue
        line = terms.lines[index]
        if line.subject != each.subject:
            text = "Line {line} stays what it is: {released} of it was ordered. Add another line."
            found.append(Refusal(ErrorCode.INVALID, text, ("lines", index, "type"), **data))
        elif line.max_enforced and line.committed < each.released:
            text = "Line {line} cannot be less than the {released} that was ordered."
            found.append(Refusal(ErrorCode.INVALID, text, ("lines", index, "committed"), **data))
    return found


def numbered(lines: Sequence[AgreementLineTerms]) -> tuple[AgreementLineTerms, ...]:
    """The lines with numbers for those that have none (0): after the highest, in the order given."""
    last = max((line.number for line in lines), default=0)
    made = []
    for line in lines:
        if not line.number:
            last += 1
            line = replace(line, number=last)
        made.append(line)
    return tuple(made)
