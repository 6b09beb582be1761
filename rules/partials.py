"""Pieces of a whole: partial invoices of an order and credits of an invoice, which sum to it to the cent."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext

from rules.money import ZERO, TaxGroup, round_money
from rules.quantities import plain
from rules.refusals import ErrorCode, Refusal, refuse_all

_PRECISION = 60
_Key = tuple[str, Decimal, Decimal]


def cumulative_part(
    total: Decimal, cumulated: Decimal, whole: Decimal, already: Decimal, exponent: int = 2
) -> Decimal:
    """
    The next piece of a total: round(total x cumulated / whole) - already.

    Args:
        total: a rounded amount.
        cumulated: what is consumed of `whole`, this piece included; of nothing, everything is consumed.
        already: the sum of the pieces before.
    Source: rule book 0 (2).
    """
    if cumulated == whole:
        return total - already
    with localcontext(prec=_PRECISION):
        return round_money(total * cumulated / whole, exponent) - already


@dataclass(frozen=True, slots=True)
class PartialLine:
    """
    A line of the whole (an order's to invoice, an invoice's to credit) and what earlier pieces took of it.

    Quantities are above zero for the whole and from zero to it for what is done, in one unit of measure.
    """

    sku: str
    category: str
    percent: Decimal
    surcharge_percent: Decimal
    quantity: Decimal
    net: Decimal
    quantity_done: Decimal = ZERO
    net_done: Decimal = ZERO

    @property
    def quantity_left(self) -> Decimal:
        return self.quantity - self.quantity_done

    @property
    def key(self) -> _Key:
        return self.category, self.percent, self.surcharge_percent


@dataclass(frozen=True, slots=True)
class PartialGroup:
    """A tax group of the whole, and what earlier pieces took of its tax and surcharge."""

    whole: TaxGroup
    tax_done: Decimal = ZERO
    surcharge_done: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Piece:
    """One partial invoice or credit: a net per line in the order given, and the tax groups that it touches."""

    nets: tuple[Decimal, ...]
    groups: tuple[TaxGroup, ...]

    @property
    def net(self) -> Decimal:
        return sum(self.nets, ZERO)

    @property
    def tax(self) -> Decimal:
        """Tax and surcharge."""
        return sum((group.tax + group.surcharge for group in self.groups), ZERO)

    @property
    def gross(self) -> Decimal:
        return self.net + self.tax


def quantities_left(lines: Sequence[PartialLine]) -> list[Decimal]:
    """What is left of each line: taking it makes the pieces exactly the whole."""
    return [line.quantity_left for line in lines]


def take_piece(
    lines: Sequence[PartialLine],
    groups: Sequence[PartialGroup],
    quantities: Sequence[Decimal],
    exponent: int = 2,
) -> Piece:
    """
    The next piece of a whole, by quantities.

    Each line's net and each group's tax are cumulative shares of the whole's, so that the pieces sum to it however
    it is split, and none passes it. A group's tax may so be a cent away from base x rate, which EN 16931 allows
    (BR-CO-17). Amounts are those of the whole, positive for an invoice's credit; the credit turns their sign.

    Args:
        lines: all n lines of the whole.
        groups: all tax groups of the whole, one for every (category, rate, surcharge rate) of the lines.
        quantities: n quantities of this piece, zero for lines left out.
    Raises:
        Refusal(QUANTITY_INVALID), or Refusals with several: below zero, or more than is left.
    """
    refuse_all(
        [
            refusal
            for index, (line, wanted) in enumerate(zip(lines, quantities, strict=True))
            if (refusal := _check(line, wanted, index)) is not None
        ]
    )
    nets = [
        cumulative_part(line.net, line.quantity_done + wanted, line.quantity, line.net_done, exponent)
        if wanted
        else ZERO
        for line, wanted in zip(lines, quantities, strict=True)
    ]
    touched = {line.key for line, wanted in zip(lines, quantities, strict=True) if wanted}
    return Piece(
        tuple(nets),
        tuple(
            _part_of_group(group, lines, nets, exponent) for group in groups if _key(group.whole) in touched
        ),
    )


def _check(line: PartialLine, wanted: Decimal, index: int) -> Refusal | None:
    path = ("lines", index, "quantity")
    if wanted < 0:
        text = "The quantity of {sku} must not be negative."
        return Refusal(ErrorCode.QUANTITY_INVALID, text, path, sku=line.sku)
    if wanted > line.quantity_left:
        text = "Of {sku}, {left} are left; {wanted} are too many."
        left = plain(line.quantity_left)
        return Refusal(ErrorCode.QUANTITY_INVALID, text, path, sku=line.sku, left=left, wanted=plain(wanted))
    return None


def _key(group: TaxGroup) -> _Key:
    return group.category, group.percent, group.surcharge_percent


def _part_of_group(
    group: PartialGroup, lines: Sequence[PartialLine], nets: Sequence[Decimal], exponent: int
) -> TaxGroup:
    """The group's share by the cumulated base; when all its lines are through, what is left of it."""
    whole = group.whole
    members = [index for index, line in enumerate(lines) if line.key == _key(whole)]
    base = sum((nets[index] for index in members), ZERO)
    cumulated = base + sum((lines[index].net_done for index in members), ZERO)
    return TaxGroup(
        whole.category,
        whole.percent,
        base,
        cumulative_part(whole.tax, cumulated, whole.base, group.tax_done, exponent),
        whole.surcharge_percent,
        cumulative_part(whole.surcharge, cumulated, whole.base, group.surcharge_done, exponent),
    )
