"""Charges on a document: freight, small order, deposit, packaging, raw material (rule book 0.2, 40)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from enum import StrEnum

from rules.money import ZERO, allocate, round_money
from rules.pricing_facts import Party
from rules.reach import check_targets, check_validity, in_force, reach_of_goods, reach_of_party
from rules.refusals import ErrorCode, Path, Refusal


class ChargeKind(StrEnum):
    FREIGHT = "FREIGHT"
    SMALL_ORDER = "SMALL_ORDER"
    DEPOSIT = "DEPOSIT"
    PACKAGING = "PACKAGING"
    SURCHARGE = "SURCHARGE"


class ChargeBasis(StrEnum):
    """What a charge's bands measure: the goods' net, each line's net, their weight in kg, their quantity."""

    DOCUMENT = "DOCUMENT"
    LINE = "LINE"
    WEIGHT = "WEIGHT"
    QUANTITY = "QUANTITY"


class ChargeMethod(StrEnum):
    """What a band charges: an amount, a percent of the net, or so much per kg or unit."""

    FIXED = "FIXED"
    PERCENT = "PERCENT"
    RATE = "RATE"


@dataclass(frozen=True, slots=True)
class ChargeBand:
    """From `from_value` up to `to_value`, which belongs to the next band; None has no end. `value` by `method`."""

    from_value: Decimal
    to_value: Decimal | None
    method: ChargeMethod
    value: Decimal

    def holds(self, measure: Decimal) -> bool:
        return self.from_value <= measure and (self.to_value is None or measure < self.to_value)


@dataclass(frozen=True, slots=True)
class ChargeRule:
    """
    What a document is charged besides its goods.

    Args:
        currency: a rule in another currency than the document's is ignored, never converted.
        customer: an id, this customer's or an ancestor's; `customer_group` and `segment` are codes. At most one.
        product: an id; `category_path` as "/glass/". At most one; none is all goods. Only goods reached are measured.
        countries: where the goods go, two-letter codes; empty is anywhere. `postal_prefixes` narrow that down.
        incoterms: the delivery terms that leave the charge to the buyer; empty is any.
        free_from: nothing is charged once the net of all goods reaches it.
        valid_until: the day after the last; None has no end.
    """

    id: str
    name: str
    kind: ChargeKind
    basis: ChargeBasis
    currency: str
    bands: tuple[ChargeBand, ...]
    priority: int = 0
    customer: str = ""
    customer_group: str = ""
    segment: str = ""
    product: str = ""
    category_path: str = ""
    countries: frozenset[str] = frozenset()
    postal_prefixes: frozenset[str] = frozenset()
    incoterms: frozenset[str] = frozenset()
    free_from: Decimal | None = None
    valid_from: date | None = None
    valid_until: date | None = None


@dataclass(frozen=True, slots=True)
class ChargedLine:
    """
    A paid line of goods: what charges are measured on, and the tax they follow.

    Args:
        number: the line's place in the document; it tells equal lines apart, and decides nothing else.
    """

    product: str
    category_path: str
    quantity: Decimal
    net: Decimal
    weight_kg: Decimal
    tax_category: str
    tax_percent: Decimal
    surcharge_percent: Decimal = ZERO
    number: int = 0

    @property
    def rate(self) -> tuple[str, Decimal, Decimal]:
        return self.tax_category, self.tax_percent, self.surcharge_percent

    @property
    def rank(self) -> tuple[object, ...]:
        """The order that lines are treated in, whatever order they were entered in."""
        return self.product, self.quantity, self.net, self.weight_kg, *self.rate, self.number


@dataclass(frozen=True, slots=True)
class Destination:
    country: str
    postal_code: str = ""


@dataclass(frozen=True, slots=True)
class ChargePart:
    """The net of a charge that is taxed at one rate."""

    tax_category: str
    tax_percent: Decimal
    surcharge_percent: Decimal
    net: Decimal


@dataclass(frozen=True, slots=True)
class ChargeShare:
    """What one line bears of a charge that follows its lines, and the band that says so."""

    line: ChargedLine
    net: Decimal
    band: ChargeBand


@dataclass(frozen=True, slots=True)
class Charge:
    """
    A charge of a document; `parts` sum to `net`.

    Args:
        basis_value: what was measured: a net, kg or units, over all lines reached.
        band: what holds the measure; None for a charge by line, each of which has a band of its own.
        shares: by line, where the charge is by line or by quantity: it then follows what becomes of the line. They
            sum to `net` too. Empty where it is the document's as a whole.
        waived: what would have been charged, had the goods' net not reached `free_from`; `net` is then nothing.
        to_free: how much more goods would make it free; None where nothing would.
    """

    rule: ChargeRule
    net: Decimal
    basis_value: Decimal
    parts: tuple[ChargePart, ...]
    band: ChargeBand | None = None
    shares: tuple[ChargeShare, ...] = ()
    waived: Decimal = ZERO
    to_free: Decimal | None = None


def charges(
    rules: Sequence[ChargeRule],
    party: Party,
    net: Decimal,
    lines: Sequence[ChargedLine],
    destination: Destination,
    incoterm: str,
    day: date,
) -> list[Charge]:
    """
    What a document is charged, by kind, then by the goods it is for; the order of its lines changes nothing.

    Of the rules of one kind for the same goods one wins: the highest priority, then the most specific of buyer,
    place and delivery term, then the newest. Where the winner charges nothing, nothing is charged.

    Args:
        net: of all goods, after every discount; what `free_from` is compared with.
        lines: paid lines of goods.
    """
    found = charges_and_waivers(rules, party, net, lines, destination, incoterm, day)
    return [each for each in found if each.net]


def charges_and_waivers(
    rules: Sequence[ChargeRule],
    party: Party,
    net: Decimal,
    lines: Sequence[ChargedLine],
    destination: Destination,
    incoterm: str,
    day: date,
) -> list[Charge]:
    """The same as `charges`, with those that the goods' net made free among them."""
    winners: dict[tuple[ChargeKind, str, str], tuple[tuple[object, ...], ChargeRule]] = {}
    for rule in rules:
        specificity = _reach(rule, party, destination, incoterm, day)
        if specificity is None:
            continue
        key = (rule.kind, rule.category_path, rule.product)
        rank = (rule.priority, *specificity, rule.id)  # ids grow with time: the newest is the largest
        if key not in winners or rank > winners[key][0]:
            winners[key] = (rank, rule)
    kinds = list(ChargeKind)
    ordered = sorted(winners, key=lambda key: (kinds.index(key[0]), *key[1:]))
    ranked = sorted(lines, key=lambda line: line.rank)
    found = [_charge(winners[key][1], net, ranked, party.exponent) for key in ordered]
    return [each for each in found if each is not None]


def _reach(
    rule: ChargeRule, party: Party, destination: Destination, incoterm: str, day: date
) -> tuple[tuple[int, int], int, bool, bool] | None:
    """How specifically a rule reaches the document; None where it does not."""
    buyer = reach_of_party(
        party, customer=rule.customer, customer_group=rule.customer_group, segment=rule.segment
    )
    postal_code = destination.postal_code.replace(" ", "").upper()
    prefixes = [len(prefix) for prefix in rule.postal_prefixes if postal_code.startswith(prefix)]
    if (
        buyer is None
        or rule.currency != party.currency
        or not in_force(rule.valid_from, rule.valid_until, day)
        or (rule.countries and destination.country not in rule.countries)
        or (rule.postal_prefixes and not prefixes)
        or (rule.incoterms and incoterm not in rule.incoterms)
    ):
        return None
    return buyer, max(prefixes, default=0), bool(rule.countries), bool(rule.incoterms)


def _charge(rule: ChargeRule, net: Decimal, lines: Sequence[ChargedLine], exponent: int) -> Charge | None:
    reached = [
        line
        for line in lines
        if reach_of_goods(
            line.product, line.category_path, of_product=rule.product, of_category=rule.category_path
        )
        is not None
    ]
    if not reached:
        return None
    reached_net = sum((line.net for line in reached), ZERO)
    measures = {
        ChargeBasis.DOCUMENT: reached_net,
        ChargeBasis.LINE: reached_net,
        ChargeBasis.WEIGHT: sum((line.weight_kg for line in reached), ZERO),
        ChargeBasis.QUANTITY: sum((line.quantity for line in reached), ZERO),
    }
    measure = measures[rule.basis]
    band: ChargeBand | None = None
    if rule.basis is ChargeBasis.LINE:
        shares = [
            ChargeShare(line, _of_band(own, line.net, line.net, exponent), own)
            for line in reached
            if (own := _band(rule, line.net)) is not None
        ]
        amount = sum((share.net for share in shares), ZERO)
    else:
        band = _band(rule, measure)
        amount = ZERO if band is None else _of_band(band, measure, reached_net, exponent)
        shares = _shares(band, amount, reached, exponent) if rule.basis is ChargeBasis.QUANTITY else []
    if not amount:
        return None
    if rule.free_from is not None and net >= rule.free_from:
        return Charge(rule, ZERO, measure, (), band, waived=amount)
    shares = [share for share in shares if share.net]
    parts = _parts_of(shares) if shares else _parts(amount, reached, exponent)
    to_free = None if rule.free_from is None else rule.free_from - net
    return Charge(rule, amount, measure, parts, band, tuple(shares), to_free=to_free)


def _band(rule: ChargeRule, measure: Decimal) -> ChargeBand | None:
    """The band that holds the measure; none below the first and above a last one that ends."""
    return next((each for each in rule.bands if each.holds(measure)), None)


def _of_band(band: ChargeBand, measure: Decimal, net: Decimal, exponent: int) -> Decimal:
    with localcontext(prec=60):
        amounts = {
            ChargeMethod.FIXED: band.value,
            ChargeMethod.PERCENT: net * band.value / 100,
            ChargeMethod.RATE: measure * band.value,
        }
        return round_money(amounts[band.method], exponent)


def _shares(
    band: ChargeBand | None, amount: Decimal, lines: Sequence[ChargedLine], exponent: int
) -> list[ChargeShare]:
    """A charge by quantity, spread over its lines: by what the band measures of each."""
    if band is None:
        return []
    is_percent = band.method is ChargeMethod.PERCENT
    weights = [line.net if is_percent else line.quantity for line in lines]
    return [
        ChargeShare(line, net, band)
        for line, net in zip(lines, allocate(amount, weights, exponent), strict=True)
    ]


def _parts_of(shares: Sequence[ChargeShare]) -> tuple[ChargePart, ...]:
    """A charge that follows its lines has their rates."""
    nets: dict[tuple[str, Decimal, Decimal], Decimal] = {}
    for share in shares:
        nets[share.line.rate] = nets.get(share.line.rate, ZERO) + share.net
    return tuple(ChargePart(*rate, net) for rate, net in sorted(nets.items()))


def _parts(amount: Decimal, lines: Sequence[ChargedLine], exponent: int) -> tuple[ChargePart, ...]:
    """The charge in the share of its goods' rates: largest remainder on their nets."""
    nets: dict[tuple[str, Decimal, Decimal], Decimal] = {}
    for line in lines:
        nets[line.rate] = nets.get(line.rate, ZERO) + line.net
    rates = sorted(nets)
    shares = allocate(amount, [nets[rate] for rate in rates], exponent)
    return tuple(ChargePart(*rate, share) for rate, share in zip(rates, shares, strict=True) if share)


def check_charge(rule: ChargeRule, path: Path = ()) -> list[Refusal]:
    """What is wrong with a rule to be saved, one refusal per field at fault."""

    def problem(field: str, text: str) -> Refusal:
        return Refusal(ErrorCode.INVALID, text, (*path, field))

    found = check_validity(rule.valid_from, rule.valid_until, (*path, "validUntil"))
    found += check_targets(
        (rule.customer, rule.customer_group, rule.segment), (rule.product, rule.category_path), path
    )
    if not rule.name.strip():
        found.append(problem("name", "Give the rule a name."))
    if rule.postal_prefixes and not rule.countries:
        found.append(problem("postalPrefixes", "Name the country whose postal codes these are."))
    if any(len(country) != 2 or not country.isalpha() or not country.isupper() for country in rule.countries):
        found.append(problem("countries", "Countries are written as two capital letters, as ES."))
    if rule.free_from is not None and rule.free_from <= 0:
        found.append(problem("freeFrom", "The rule could never apply: it is free from nothing on."))
    return found + check_bands(rule.bands, rule.basis, (*path, "bands"))


def check_bands(bands: Sequence[ChargeBand], basis: ChargeBasis, path: Path) -> list[Refusal]:
    """Bands are half-open, ascending, without gaps and overlaps; the last may end (rule book 0.1, 18)."""
    if not bands:
        return [Refusal(ErrorCode.INVALID, "Give at least one band.", path)]
    found: list[Refusal] = []

    def problem_at(index: int, field: str, text: str) -> None:
        found.append(Refusal(ErrorCode.INVALID, text, (*path, index, field)))

    for index, band in enumerate(bands):
        previous = bands[index - 1] if index else None
        if band.from_value < 0:
            problem_at(index, "from", "A band cannot begin below zero.")
        elif previous is not None and band.from_value <= previous.from_value:
            problem_at(index, "from", "Bands must rise: this one begins below the one before it, or with it.")
        elif previous is not None and (previous.to_value is None or band.from_value < previous.to_value):
            problem_at(index, "from", "This band overlaps the one before it.")
        elif previous is not None and previous.to_value is not None and band.from_value > previous.to_value:
            problem_at(index, "from", "There is a gap between this band and the one before it.")
        if band.to_value is not None and band.to_value <= band.from_value:
            problem_at(index, "to", "A band must end above where it begins.")
        if band.value < 0:
            problem_at(index, "value", "A charge cannot be below zero.")
        if band.method is ChargeMethod.PERCENT and band.value > 100:
            problem_at(index, "value", "A percent lies between 0 and 100.")
        if band.method is ChargeMethod.RATE and basis in (ChargeBasis.DOCUMENT, ChargeBasis.LINE):
            problem_at(index, "method", "So much per unit needs a weight or a quantity to be measured.")
    if not found and not any(band.value for band in bands):
        problem_at(0, "value", "The rule could never apply: none of its bands charges anything.")
    return found
