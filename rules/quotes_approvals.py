"""Whose consent a quote needs before it is sent: a policy as data, and what of it was consented to before."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext
from enum import StrEnum
from typing import Any

from rules.money import ZERO, round_money
from rules.quantities import plain
from rules.refusals import ErrorCode, Path, Refusal

VALUE_MAX = Decimal(10) ** 12
ROWS_MAX = 30


class ApprovalLevel(StrEnum):
    NONE = "NONE"
    MANAGER = "MANAGER"
    DIRECTOR = "DIRECTOR"


_RANK = {level: rank for rank, level in enumerate(ApprovalLevel)}


class ApprovalCriterion(StrEnum):
    """What is measured. Of MARGIN a lower value asks for more, of all others a higher one."""

    LINE_DEPTH = "LINE_DEPTH"
    QUOTE_DEPTH = "QUOTE_DEPTH"
    MARGIN = "MARGIN"
    FLOOR = "FLOOR"
    AMOUNT = "AMOUNT"
    PAYMENT_TERM = "PAYMENT_TERM"
    FREE_GOODS = "FREE_GOODS"


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """
    From where on a level has to consent.

    Args:
        threshold: more than this, for MARGIN less than this, asks. Percents of what the rules give for both depths, of
            sales for MARGIN; lines for FLOOR; the seller's currency before tax for AMOUNT and FREE_GOODS; days for
            PAYMENT_TERM.
    """

    criterion: ApprovalCriterion
    threshold: Decimal
    level: ApprovalLevel

    def to_json(self) -> dict[str, Any]:
        return {
            "criterion": self.criterion.value, "threshold": plain(self.threshold), "level": self.level.value,
        }  # fmt: skip

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "PolicyRow":
        return cls(
            ApprovalCriterion(kept["criterion"]), Decimal(kept["threshold"]), ApprovalLevel(kept["level"])
        )

    def asks(self, value: Decimal) -> bool:
        if self.criterion is ApprovalCriterion.MARGIN:
            return value < self.threshold
        return value > self.threshold


@dataclass(frozen=True, slots=True)
class QuoteNeed:
    """Why somebody of a level has to consent: what passes without, and what it comes to; `line` by its position."""

    criterion: ApprovalCriterion
    level: ApprovalLevel
    threshold: Decimal
    value: Decimal
    line: int | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "criterion": self.criterion.value, "level": self.level.value, "threshold": plain(self.threshold),
            "value": plain(self.value), "line": self.line,
        }  # fmt: skip

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "QuoteNeed":
        return cls(
            ApprovalCriterion(kept["criterion"]), ApprovalLevel(kept["level"]), Decimal(kept["threshold"]),
            Decimal(kept["value"]), kept["line"],
        )  # fmt: skip

    def covers(self, other: "QuoteNeed") -> bool:
        """Whether who consented to this consented to the other too: the same thing, and no deeper."""
        if (self.criterion, self.line) != (other.criterion, other.line):
            return False
        if _RANK[self.level] < _RANK[other.level]:
            return False
        if self.criterion is ApprovalCriterion.MARGIN:
            return self.value <= other.value
        return self.value >= other.value


@dataclass(frozen=True, slots=True)
class QuoteFigures:
    """
    What a policy measures of a revision.

    Args:
        line_depths: percent below what the rules give, by the line's position.
        margin_percent: None where a cost is not known: nobody is asked about it then.
        lines_below_floor: how many are sold below the seller's lowest margin.
        amount, given: in the seller's currency before tax; `given` by hand without charge.
        extra_days: how much longer the payment term is than the customer's own.
        conceded, reference: what `quote_depth` is of, in the seller's currency: what is given of what the rules give.
    """

    line_depths: Mapping[int, Decimal]
    quote_depth: Decimal
    margin_percent: Decimal | None = None
    lines_below_floor: int = 0
    amount: Decimal = ZERO
    extra_days: int = 0
    given: Decimal = ZERO
    conceded: Decimal = ZERO
    reference: Decimal = ZERO

    def together(self, others: Iterable["QuoteFigures"]) -> "QuoteFigures":
        """
        With others of the same customer, so that what is split does not pass under a limit (rule book 0.2, 30).

        Amounts add up, and goods given. The depth is that of all of them, never less than its own; of a document that
        gives nothing by hand it stays none.
        """
        found = list(others)
        conceded = self.conceded + sum((each.conceded for each in found), ZERO)
        reference = self.reference + sum((each.reference for each in found), ZERO)
        depth = self.quote_depth
        if self.conceded > 0 and reference:
            with localcontext(prec=60):
                depth = max(depth, round_money(conceded * 100 / reference, 6))
        given = self.given + (sum((each.given for each in found), ZERO) if self.given else ZERO)
        amount = self.amount + sum((each.amount for each in found), ZERO)
        return replace(
            self, quote_depth=depth, amount=amount, given=given, conceded=conceded, reference=reference
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "lineDepths": {str(line): plain(depth) for line, depth in self.line_depths.items()},
            "quoteDepth": plain(self.quote_depth),
            "marginPercent": None if self.margin_percent is None else plain(self.margin_percent),
            "linesBelowFloor": self.lines_below_floor,
            "amount": plain(self.amount),
            "extraDays": self.extra_days,
            "given": plain(self.given),
            "conceded": plain(self.conceded),
            "reference": plain(self.reference),
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "QuoteFigures":
        margin = kept["marginPercent"]
        return cls(
            {int(line): Decimal(depth) for line, depth in kept["lineDepths"].items()},
            Decimal(kept["quoteDepth"]), None if margin is None else Decimal(margin), kept["linesBelowFloor"],
            Decimal(kept["amount"]), kept["extraDays"], Decimal(kept["given"]), Decimal(kept.get("conceded", 0)),
            Decimal(kept.get("reference", 0)),
        )  # fmt: skip

    def values(self) -> Iterable[tuple[ApprovalCriterion, int | None, Decimal]]:
        for line, depth in sorted(self.line_depths.items()):
            yield ApprovalCriterion.LINE_DEPTH, line, depth
        yield ApprovalCriterion.QUOTE_DEPTH, None, self.quote_depth
        if self.margin_percent is not None:
            yield ApprovalCriterion.MARGIN, None, self.margin_percent
        yield ApprovalCriterion.FLOOR, None, Decimal(self.lines_below_floor)
        yield ApprovalCriterion.AMOUNT, None, self.amount
        yield ApprovalCriterion.PAYMENT_TERM, None, Decimal(self.extra_days)
        yield ApprovalCriterion.FREE_GOODS, None, self.given


# Where the seller says nothing: the matrix of rule book 9, and nothing below the lowest margin alone.
DEFAULT_POLICY = (
    PolicyRow(ApprovalCriterion.QUOTE_DEPTH, Decimal(5), ApprovalLevel.MANAGER),
    PolicyRow(ApprovalCriterion.QUOTE_DEPTH, Decimal(15), ApprovalLevel.DIRECTOR),
    PolicyRow(ApprovalCriterion.MARGIN, Decimal(10), ApprovalLevel.DIRECTOR),
    PolicyRow(ApprovalCriterion.FLOOR, ZERO, ApprovalLevel.MANAGER),
)


def quote_needs(policy: Sequence[PolicyRow], figures: QuoteFigures) -> list[QuoteNeed]:
    """Whose consent is needed and why, one need for each thing measured: the row of the highest level that asks."""
    needs = []
    for criterion, line, value in figures.values():
        asking = [row for row in policy if row.criterion is criterion and row.asks(value)]
        rows = [row for row in asking if row.level is not ApprovalLevel.NONE]
        if rows:
            row = max(rows, key=lambda each: (_RANK[each.level], -abs(each.threshold - value)))
            needs.append(QuoteNeed(criterion, row.level, row.threshold, value, line))
    return needs


def highest_level(needs: Iterable[QuoteNeed]) -> ApprovalLevel:
    """The highest level wins (QT-05)."""
    return max((need.level for need in needs), key=_RANK.__getitem__, default=ApprovalLevel.NONE)


def open_needs(needs: Sequence[QuoteNeed], granted: Sequence[QuoteNeed]) -> list[QuoteNeed]:
    """What is still to be consented to: an edit reopens what it made deeper, and nothing else."""
    return [need for need in needs if not any(each.covers(need) for each in granted)]


def may_consent(level: ApprovalLevel, held: ApprovalLevel) -> bool:
    """Whether a holder of one level may consent where another is asked for."""
    return _RANK[held] >= _RANK[level]


def check_policy(rows: Sequence[PolicyRow], path: Path = ("rows",)) -> list[Refusal]:
    """What is wrong with a policy that somebody enters; two levels at one threshold have no clear meaning."""
    found: list[Refusal] = []
    if len(rows) > ROWS_MAX:
        text = "A policy has {limit} rows at most."
        found.append(Refusal(ErrorCode.LIMIT_EXCEEDED, text, path, limit=ROWS_MAX))
    seen: Collection[tuple[ApprovalCriterion, Decimal]] = set()
    for index, row in enumerate(rows[:ROWS_MAX]):
        if not -VALUE_MAX < row.threshold < VALUE_MAX or row.threshold != round(row.threshold, 6):
            text = "This number is out of range, or has too many decimals."
            found.append(Refusal(ErrorCode.INVALID, text, (*path, index, "threshold")))
        if row.threshold < 0 and row.criterion is not ApprovalCriterion.MARGIN:
            found.append(Refusal(ErrorCode.INVALID, "This is not negative.", (*path, index, "threshold")))
        if (row.criterion, row.threshold) in seen:
            text = "Two rows measure the same from the same number on."
            found.append(Refusal(ErrorCode.INVALID, text, (*path, index)))
        seen = {*seen, (row.criterion, row.threshold)}
    return found
