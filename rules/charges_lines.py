"""How a document bears its charges: as lines of their own, taxed, traced, and following goods where they must."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from rules.charges import Charge, ChargeBand, ChargeBasis, ChargeMethod
from rules.money import ZERO, line_amount
from rules.pricing_trace import PriceComponent, PriceStep, ValueKind
from rules.quantities import plain
from rules.states import LineKind

ONE = Decimal(1)


class ChargeReason(StrEnum):
    """What a charge was measured on; the texts are message ids."""

    DOCUMENT = "For goods of {measure} net."
    LINE = "For a line of {measure} net."
    WEIGHT = "For goods of {measure} kg."
    QUANTITY = "For {measure} units of goods."
    FREE = "Free for goods of {free_from} net and more."


@dataclass(frozen=True, slots=True)
class ChargeLine:
    """
    A line of kind CHARGE; all lines of a charge sum to its net.

    A charge that follows its goods has a line for each of theirs, with its quantity: what is cancelled, shipped or
    invoiced of the goods is so in the same proportion of the charge. Any other has one line of quantity 1 per rate.

    Args:
        follows: the number of the line of goods, None for a charge on the document as a whole.
        unit_price: of `price_unit` units, and exactly so: `quantity` units cost `net_amount`.
    """

    charge: Charge
    follows: int | None
    quantity: Decimal
    unit_price: Decimal
    price_unit: Decimal
    net_amount: Decimal
    tax_category: str
    tax_percent: Decimal
    surcharge_percent: Decimal
    steps: tuple[PriceStep, ...]


def charge_lines(found: Sequence[Charge], exponent: int) -> list[ChargeLine]:
    """The lines that bear charges, in the order of the charges, then of the goods or the rates."""
    lines: list[ChargeLine] = []
    for charge in found:
        if charge.shares:
            lines += _following(charge, exponent)
            continue
        assert charge.band is not None or not charge.parts, "a charge on the whole has a band"
        for part in charge.parts:
            assert charge.band is not None
            step = _step(charge, charge.band, part.net, charge.basis_value)
            rate = (part.tax_category, part.tax_percent, part.surcharge_percent)
            lines.append(ChargeLine(charge, None, ONE, part.net, ONE, part.net, *rate, (step,)))
    return lines


def charge_step(charge: Charge) -> PriceStep:
    """A charge as a whole, traced; one that is waived says why."""
    if charge.waived:
        data = (("free_from", plain(charge.rule.free_from or ZERO)),)
        return PriceStep(
            PriceComponent.CHARGE, charge.rule.name, ZERO, ZERO, reason=ChargeReason.FREE, rule_id=charge.rule.id,
            value_kind=ValueKind.AMOUNT_PER_ORDER, basis=charge.basis_value, data=data,
        )  # fmt: skip
    if charge.band is not None:
        return _step(charge, charge.band, charge.net, charge.basis_value)
    by_line = ChargeBand(ZERO, None, ChargeMethod.FIXED, charge.net)
    step = _step(charge, by_line, charge.net, charge.basis_value)
    return replace(step, reason=ChargeReason.DOCUMENT, value_kind=ValueKind.AMOUNT_PER_ORDER)


def _following(charge: Charge, exponent: int) -> list[ChargeLine]:
    lines = []
    for share in sorted(charge.shares, key=lambda each: each.line.number):
        line = share.line
        unit_price, price_unit = share.net, line.quantity
        is_rate = share.band.method is ChargeMethod.RATE
        if is_rate and line_amount(line.quantity, share.band.value, exponent=exponent) == share.net:
            unit_price, price_unit = share.band.value, ONE
        measure = line.net if charge.rule.basis is ChargeBasis.LINE else line.quantity
        step = _step(charge, share.band, unit_price, measure)
        lines.append(
            ChargeLine(
                charge, line.number, line.quantity, unit_price, price_unit, share.net, *line.rate, (step,)
            )
        )
    return lines


def _step(charge: Charge, band: ChargeBand, unit_price: Decimal, measure: Decimal) -> PriceStep:
    rule = charge.rule
    whole = ValueKind.AMOUNT_PER_LINE if rule.basis is ChargeBasis.LINE else ValueKind.AMOUNT_PER_ORDER
    kinds = {
        ChargeMethod.FIXED: whole,
        ChargeMethod.PERCENT: ValueKind.PERCENT,
        ChargeMethod.RATE: ValueKind.AMOUNT_PER_UNIT,
    }
    return PriceStep(
        PriceComponent.CHARGE,
        rule.name,
        band.value,
        unit_price,
        reason=ChargeReason[rule.basis.name],
        rule_id=rule.id,
        value_kind=kinds[band.method],
        basis=measure,
        data=(("measure", plain(measure)),),
    )


@dataclass(frozen=True, slots=True)
class LineLeft:
    """A line of an order as far as its charges depend on it; `follows` the key of the goods that a charge follows."""

    key: UUID
    kind: LineKind
    ordered: Decimal
    cancelled: Decimal
    invoiced: Decimal
    follows: UUID | None = None

    @property
    def open(self) -> Decimal:
        """What of a charge is neither called off nor invoiced: it leaves no house."""
        return self.ordered - self.cancelled - self.invoiced


def called_off_with(lines: Sequence[LineLeft], key: UUID, quantity: Decimal) -> dict[UUID, Decimal]:
    """
    What charges go when `quantity` more of a line is called off, by their keys.

    Those that follow the line go in proportion; those of the document once none of its goods are left.
    """
    cuts: dict[UUID, Decimal] = {}
    goods_left = sum(
        (
            line.ordered - line.cancelled - (quantity if line.key == key else ZERO)
            for line in lines
            if line.kind is LineKind.GOODS
        ),
        ZERO,
    )
    for line in lines:
        if line.kind is not LineKind.CHARGE:
            continue
        if line.follows is not None:
            cut = min(quantity, line.open) if line.follows == key else ZERO
        else:
            cut = ZERO if goods_left else line.open
        if cut > 0:
            cuts[line.key] = cut
    return cuts


@dataclass(frozen=True, slots=True)
class Due:
    """A quantity of a charge to invoice, and which piece it goes with; None where nothing else is invoiced."""

    key: UUID
    quantity: Decimal
    piece: int | None


def charges_due(lines: Sequence[LineLeft], pieces: Sequence[tuple[UUID, Decimal]]) -> list[Due]:
    """
    What charges are invoiced with pieces of an order's lines, (key, quantity) oldest first.

    What follows goods goes with them in proportion, and with the last of them whole; what is the document's goes once,
    with the first goods, or with whatever comes after them, or alone where nothing does.
    """
    kinds = {line.key: line.kind for line in lines}
    goods = [index for index, (key, _) in enumerate(pieces) if kinds[key] is LineKind.GOODS]
    was_invoiced = any(line.invoiced for line in lines if line.kind is LineKind.GOODS)
    first = goods[0] if goods else 0 if pieces else None
    due: list[Due] = []
    for line in lines:
        if line.kind is not LineKind.CHARGE:
            continue
        if line.follows is None:
            if (goods or was_invoiced) and line.open > 0:
                due.append(Due(line.key, line.open, first))
            continue
        left = line.open
        for index, (key, quantity) in enumerate(pieces):
            taken = min(quantity, left) if key == line.follows else ZERO
            if taken > 0:
                left -= taken
                due.append(Due(line.key, taken, index))
    return due
