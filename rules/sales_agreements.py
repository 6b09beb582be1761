"""
Sales agreements: which commitment a line is linked to, at what price, and what it consumes (rule book 3).

Where the rule book speaks twice about the choice, this is our reading. Section 0.2 (29) orders by header, own company,
ancestor, lower net, earliest expiration, id; section 3.3 orders by the kind of commitment, then expiration, then id.
The kind says how specific a commitment is and is compared after whose it is and before what it costs: a subsidiary's
own frame beats its parent's product price, and SA-08 holds whatever the nets are.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_DOWN, Decimal, localcontext
from enum import StrEnum

from rules.money import ZERO, line_amount, round_money
from rules.pricing_facts import LineFacts, Party
from rules.quantities import plain
from rules.refusals import ErrorCode, Path, Refusal

_PRECISION = 60


class CommitmentType(StrEnum):
    """What is committed, the most specific first."""

    PRODUCT_QUANTITY = "PRODUCT_QUANTITY"
    PRODUCT_VALUE = "PRODUCT_VALUE"
    CATEGORY_VALUE = "CATEGORY_VALUE"
    OVERALL_VALUE = "OVERALL_VALUE"


class AgreementPricing(StrEnum):
    """FIXED beats what the rules give, also when dearer (SA-07); CEILING takes the lower of the two."""

    FIXED = "FIXED"
    CEILING = "CEILING"


class AgreementStatus(StrEnum):
    """PROPOSED is confirmed by us and waits for the customer; EXPIRED is derived from the day, never stored."""

    DRAFT = "DRAFT"
    PROPOSED = "PROPOSED"
    EFFECTIVE = "EFFECTIVE"
    EXPIRED = "EXPIRED"
    CLOSED = "CLOSED"
    CANCELLED = "CANCELLED"


_SPECIFICITY = {kind: rank for rank, kind in enumerate(CommitmentType)}


@dataclass(frozen=True, slots=True)
class Commitment:
    """
    One line of an agreement in force, with what is left of it.

    Args:
        agreement: the agreement's id; `number` and `label` are what people know it and the line by.
        holder: the id of the customer that holds it, the buyer's own company or an ancestor.
        product: a product's id, for the two product types; `category_path`, as "/food/oil/", for CATEGORY_VALUE.
        committed: a quantity in `unit_code` for PRODUCT_QUANTITY, an amount in `currency` for the others, as is
            `released`, what order lines consumed so far.
        unit_price: of `price_unit` units in `unit_code`, for PRODUCT_QUANTITY alone; None leaves the rules' price.
        cash_discount_amount: off one unit in `unit_code`, before the percent; PRODUCT_QUANTITY alone.
        valid_until: the day after the last.
        max_enforced: more than is committed is never linked.
        is_price_fixed: a manual price or discount on an order line breaks its link (SA-05).
        min_release, max_release: net amounts of one line; outside them there is a message, never a refusal.
    """

    id: str
    agreement: str
    number: str
    label: str
    type: CommitmentType
    pricing: AgreementPricing
    holder: str
    committed: Decimal
    released: Decimal
    currency: str
    valid_from: date
    valid_until: date
    product: str = ""
    category_path: str = ""
    unit_code: str = ""
    unit_price: Decimal | None = None
    price_unit: Decimal = Decimal(1)
    discount_percent: Decimal = ZERO
    cash_discount_amount: Decimal = ZERO
    max_enforced: bool = False
    is_price_fixed: bool = False
    min_release: Decimal | None = None
    max_release: Decimal | None = None
    stackable_with_promotions: bool = False
    include_in_total_discount: bool = True
    exclude_from_rebate: bool = False

    @property
    def left(self) -> Decimal:
        return max(self.committed - self.released, ZERO)

    @property
    def is_quantity(self) -> bool:
        return self.type is CommitmentType.PRODUCT_QUANTITY


class LinkChoiceKind(StrEnum):
    """What can be done with a line that an enforced commitment has not enough left for (SA-02)."""

    REDUCE = "REDUCE"
    SPLIT = "SPLIT"
    KEEP_UNLINKED = "KEEP_UNLINKED"


@dataclass(frozen=True, slots=True)
class LinkChoice:
    """Quantities in the line's own unit: what would be linked, and what would be ordered at the rules' price."""

    kind: LinkChoiceKind
    quantity_linked: Decimal
    quantity_unlinked: Decimal


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Why a commitment that is about the line's product does not take it; `reason` is a message id over `data`."""

    commitment: Commitment
    reason: str
    data: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Link:
    """
    The one commitment that a line consumes.

    Args:
        consumed: in the commitment's unit, or its currency.
        net: the line's net after the agreement's price and discount, before promotions and total discount.
    """

    commitment: Commitment
    consumed: Decimal
    net: Decimal
    warnings: tuple[Exclusion, ...] = ()


@dataclass(frozen=True, slots=True)
class Linking:
    """
    What became of one line.

    Args:
        number: the line's place in the document.
        excluded: commitments on the line's product that do not take it, by the order of choice.
        choices: what the buyer may choose where an enforced commitment had not enough left and nothing else took
            the line; of the commitment that would have been chosen.
    """

    number: int
    link: Link | None
    excluded: tuple[Exclusion, ...] = ()
    choices: tuple[LinkChoice, ...] = ()


def agreement_of_all(linkings: Iterable[Linking | None]) -> str | None:
    """The id of the agreement that every line is linked to; None where there are several, or one is linked to none."""
    found = {
        None if each is None or each.link is None else each.link.commitment.agreement for each in linkings
    }
    return found.pop() if len(found) == 1 else None


class Ineligibility(StrEnum):
    """Why a commitment on a line's product may not take it: message ids over what `Exclusion.data` holds."""

    OUT_OF_DATES = "The agreement holds from {valid_from} to {valid_to}."
    OTHER_CURRENCY = "The agreement is in {currency}."
    NO_CONVERSION = "The agreement counts in {unit}, which this line cannot be converted to."
    PRICE_BROKEN = "A manual price or discount breaks the link: the agreement's price is fixed."
    NO_PRICE = "The agreement has no price of its own, and nothing else has one in {currency}."


NOT_ENOUGH_LEFT = "Only {left} of {committed} are left in the agreement."
BELOW_MIN_RELEASE = "The agreement expects at least {limit} per line."
ABOVE_MAX_RELEASE = "The agreement expects at most {limit} per line."


def concerns(commitment: Commitment, party: Party, line: LineFacts) -> bool:
    """Whether the commitment is the buyer's or an ancestor's, and about the line's product."""
    if commitment.holder not in party.customers:
        return False
    match commitment.type:
        case CommitmentType.PRODUCT_QUANTITY | CommitmentType.PRODUCT_VALUE:
            return commitment.product == line.product
        case CommitmentType.CATEGORY_VALUE:
            return line.category_path.startswith(commitment.category_path)
        case CommitmentType.OVERALL_VALUE:
            return True


def eligible(commitment: Commitment, party: Party, line: LineFacts, day: date) -> Ineligibility | None:
    """
    Why a commitment that concerns the line may not take it, as a message id; None where it may.

    Args:
        day: the ship date derived from the requested date (SA-04; rule book 0.2, 28).
    """
    if not commitment.valid_from <= day < commitment.valid_until:
        return Ineligibility.OUT_OF_DATES
    if commitment.currency != party.currency:
        return Ineligibility.OTHER_CURRENCY
    if commitment.is_quantity and unit_factor(commitment.unit_code, line.unit_code, line.units) is None:
        return Ineligibility.NO_CONVERSION
    given = line.concessions
    if commitment.is_price_fixed and (given.unit_price is not None or given.discount_percent):
        return Ineligibility.PRICE_BROKEN
    return None


def unit_factor(unit: str, line_unit: str, units: Mapping[str, Decimal]) -> Decimal | None:
    """How many of the line's own unit one `unit` is; None where nothing says so."""
    return Decimal(1) if unit == line_unit else units.get(unit)


def consumed(
    commitment: Commitment, quantity: Decimal, unit: str, units: Mapping[str, Decimal], net: Decimal
) -> Decimal:
    """
    What a line takes of a commitment: its quantity in the commitment's unit (SA-14), or its net amount.

    Raises:
        Refusal(UNIT_MISMATCH): nothing converts the line's unit into the commitment's.
    """
    if not commitment.is_quantity:
        return net
    factor = unit_factor(commitment.unit_code, unit, units)
    if factor is None:
        raise Refusal(ErrorCode.UNIT_MISMATCH, Ineligibility.NO_CONVERSION, unit=commitment.unit_code)
    with localcontext(prec=_PRECISION):
        return round_money(quantity / factor, 6)


@dataclass(frozen=True, slots=True)
class AgreedTerms:
    """
    A commitment's price and discount in the line's own unit.

    Args:
        unit_price: of `price_unit` of the line's units; None leaves the rules' price.
        cash_discount_amount: off `cash_price_unit` of the line's units, before the percent.
    """

    unit_price: Decimal | None
    price_unit: Decimal
    discount_percent: Decimal
    cash_discount_amount: Decimal
    cash_price_unit: Decimal


def agreed_terms(commitment: Commitment, line: LineFacts) -> AgreedTerms:
    """
    What the commitment gives the line; quotients are left as price units, so nothing is rounded here.

    Raises:
        Refusal(UNIT_MISMATCH): nothing converts the line's unit into the commitment's; `eligible` says so before.
    """
    if not commitment.is_quantity:
        return AgreedTerms(None, Decimal(1), commitment.discount_percent, ZERO, Decimal(1))
    factor = unit_factor(commitment.unit_code, line.unit_code, line.units)
    if factor is None:
        raise Refusal(ErrorCode.UNIT_MISMATCH, Ineligibility.NO_CONVERSION, unit=commitment.unit_code)
    return AgreedTerms(
        commitment.unit_price,
        commitment.price_unit * factor,
        commitment.discount_percent,
        commitment.cash_discount_amount,
        factor,
    )


def agreed_unit_net(terms: AgreedTerms, unit_price: Decimal, price_unit: Decimal) -> Decimal:
    """
    The exact net of `price_unit` units after the agreement's discount: the amount first, then the percent.

    Args:
        unit_price: the agreement's own price, or the rules' where it has none, of `price_unit` units.
    Returns:
        With as many digits as 60 allow, never below zero; the line amount is rounded once from it.
    """
    with localcontext(prec=_PRECISION):
        cash = terms.cash_discount_amount * price_unit / terms.cash_price_unit
        return max(unit_price - cash, ZERO) * (100 - terms.discount_percent) / 100


def agreed_net(
    commitment: Commitment, line: LineFacts, rules_price: Decimal, rules_price_unit: Decimal, exponent: int
) -> Decimal:
    """The line's net with the agreement alone: its own price, or the rules' price before their discounts."""
    terms = agreed_terms(commitment, line)
    price, unit = (
        (rules_price, rules_price_unit) if terms.unit_price is None else (terms.unit_price, terms.price_unit)
    )
    return line_amount(line.quantity, agreed_unit_net(terms, price, unit), unit, exponent)


def takes_agreed_net(commitment: Commitment, agreed: Decimal, by_rules: Decimal) -> bool:
    """Whether the agreement's net is the line's: always when FIXED, when not dearer than the rules as a CEILING."""
    return commitment.pricing is AgreementPricing.FIXED or agreed <= by_rules


PriceOf = Callable[[LineFacts, Commitment], Decimal | None]


def choose(
    commitments: Sequence[Commitment],
    party: Party,
    lines: Sequence[LineFacts],
    price_of: PriceOf,
    *,
    header: str | None = None,
) -> list[Linking]:
    """
    Links each line to one commitment or none, whatever order the lines were entered in.

    Lines are served by rank, and what one takes is not left for the next. Commitments are tried in this order: of the
    agreement chosen on the header, of the own company before ancestors (nearest first), by type (deepest category
    first), lower net, earliest expiration, id. An enforced one without enough left is passed over.

    Args:
        price_of: the line's net with a commitment's price and discount, before promotions and total discount; its
            reading of FIXED or CEILING included. Called for eligible pairs only; None where neither the commitment nor
            the rules have a price.
        header: the id of the agreement chosen on the document.
    Returns:
        n results, one per line, in the order of `lines`.
    """
    by_product: dict[str, list[Commitment]] = {}
    general: list[Commitment] = []
    for each in commitments:
        by_product.setdefault(each.product, []).append(each) if each.product else general.append(each)
    taken: dict[str, Decimal] = {}
    linked: dict[int, Linking] = {}
    for line in sorted(lines, key=lambda line: line.rank):
        candidates = [c for c in [*by_product.get(line.product, []), *general] if concerns(c, party, line)]
        result = _link(candidates, party, line, taken, price_of, header)
        if result.link is not None:
            taken[result.link.commitment.id] = (
                taken.get(result.link.commitment.id, ZERO) + result.link.consumed
            )
        linked[line.number] = result
    return [linked[line.number] for line in lines]


def _link(
    candidates: Sequence[Commitment],
    party: Party,
    line: LineFacts,
    taken: Mapping[str, Decimal],
    price_of: PriceOf,
    header: str | None,
) -> Linking:
    excluded: list[Exclusion] = []
    nets: dict[str, Decimal] = {}
    for each in candidates:
        reason = eligible(each, party, line, line.ship_day)
        net = price_of(line, each) if reason is None else None
        if net is not None:
            nets[each.id] = net
        else:
            excluded.append(Exclusion(each, reason or Ineligibility.NO_PRICE, _data_of(each)))
    excluded.sort(key=lambda each: each.commitment.id)
    choices: tuple[LinkChoice, ...] = ()
    ranked = sorted(
        (each for each in candidates if each.id in nets),
        key=lambda each: _order_of_choice(each, party, nets[each.id], header),
    )
    for each in ranked:
        wanted = consumed(each, line.quantity, line.unit_code, line.units, nets[each.id])
        left = max(each.left - taken.get(each.id, ZERO), ZERO)
        if not each.max_enforced or wanted <= left:
            link = Link(each, wanted, nets[each.id], release_warnings(each, nets[each.id]))
            return Linking(line.number, link, tuple(excluded))
        data = (("left", plain(left)), ("committed", plain(each.committed)))
        excluded.append(Exclusion(each, NOT_ENOUGH_LEFT, data))
        choices = choices or choices_for(each, line, left)
    return Linking(line.number, None, tuple(excluded), choices)


def _order_of_choice(
    commitment: Commitment, party: Party, net: Decimal, header: str | None
) -> tuple[bool, int, int, int, Decimal, date, str]:
    return (
        header is None or commitment.agreement != header,
        party.customers.index(commitment.holder),
        _SPECIFICITY[commitment.type],
        -commitment.category_path.count("/"),
        net,
        commitment.valid_until,
        commitment.id,
    )


def _data_of(commitment: Commitment) -> tuple[tuple[str, str], ...]:
    """What the reasons of `eligible` are templates over; the last day is the one before `valid_until`."""
    last = date.fromordinal(commitment.valid_until.toordinal() - 1)
    return (
        ("valid_from", commitment.valid_from.isoformat()),
        ("valid_to", last.isoformat()),
        ("currency", commitment.currency),
        ("unit", commitment.unit_code),
    )


def choices_for(commitment: Commitment, line: LineFacts, left: Decimal) -> tuple[LinkChoice, ...]:
    """
    What may be done with a line that wants more than is `left` (SA-02), in the line's own unit.

    A quantity that fits is known for quantity commitments only: how much of an amount is left says little about
    quantities while breaks and packs decide on the price.
    """
    unlinked = LinkChoice(LinkChoiceKind.KEEP_UNLINKED, ZERO, line.quantity)
    factor = unit_factor(commitment.unit_code, line.unit_code, line.units)
    if not commitment.is_quantity or factor is None or not left:
        return (unlinked,)
    with localcontext(prec=_PRECISION):
        fits = (left * factor).quantize(Decimal("0.000001"), ROUND_DOWN).normalize()
    fits = Decimal(plain(fits))
    return (
        LinkChoice(LinkChoiceKind.REDUCE, fits, ZERO),
        LinkChoice(LinkChoiceKind.SPLIT, fits, line.quantity - fits),
        unlinked,
    )


def release_warnings(commitment: Commitment, net: Decimal) -> tuple[Exclusion, ...]:
    """Messages where one line's net is outside what the agreement expects of a release; nothing is refused."""
    found: list[Exclusion] = []
    low, high = commitment.min_release, commitment.max_release
    if low is not None and net < low:
        found.append(Exclusion(commitment, BELOW_MIN_RELEASE, (("limit", plain(low)),)))
    if high is not None and net > high:
        found.append(Exclusion(commitment, ABOVE_MAX_RELEASE, (("limit", plain(high)),)))
    return tuple(found)


def demand_room(commitment: Commitment, wanted: Decimal, path: Path = ()) -> Commitment:
    """
    The commitment after a release of `wanted` (in its unit).

    Raises:
        Refusal(COMMITMENT_EXCEEDED): the maximum is enforced and less is left (SA-13, SA-16).
    """
    if commitment.max_enforced and commitment.released + wanted > commitment.committed:
        raise commitment_exceeded(commitment.number, commitment.label, commitment.left, path)
    return replace(commitment, released=commitment.released + wanted)


def commitment_exceeded(number: str, label: str, left: Decimal, path: Path = ()) -> Refusal:
    text = "Agreement {number} has only {left} left of {label}."
    return Refusal(ErrorCode.COMMITMENT_EXCEEDED, text, path, number=number, label=label, left=plain(left))
