"""Random charges for random carts, and a slow second way to say what a document is charged."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from random import Random

from rules.charges import (
    ChargeBand,
    ChargeBasis,
    ChargedLine,
    ChargeKind,
    ChargeMethod,
    ChargeRule,
    Destination,
)
from rules.money import round_money
from rules.pricing import PricedLine
from rules.pricing_facts import LineFacts, Party

D = Decimal
CUSTOMERS = ("", "", "", "us", "parent")
PLACES = (Destination("ES", "28001"), Destination("ES", "08 002"), Destination("PT", "1100"))
RATES = (D(21), D(10), D(4))


def random_charge_rules(random: Random) -> list[ChargeRule]:
    return [_rule(random, f"k{index}") for index in range(random.choice((0, 1, 2, 5)))]


def _rule(random: Random, key: str) -> ChargeRule:
    basis = random.choice(list(ChargeBasis))
    methods = [ChargeMethod.FIXED, ChargeMethod.PERCENT]
    if basis in (ChargeBasis.WEIGHT, ChargeBasis.QUANTITY):
        methods.append(ChargeMethod.RATE)
    starts = sorted({D(0), *(D(random.randint(1, 50_000)) / 100 for _ in range(random.randint(0, 2)))})
    ends = [*starts[1:], random.choice((None, None, starts[-1] + 100))]
    bands = tuple(
        ChargeBand(start, end, random.choice(methods), D(random.randint(0, 9_999_999)) / 10**5)
        for start, end in zip(starts, ends, strict=True)
    )
    product = random.choice(("", "", "A", "B"))
    countries = random.choice((frozenset(), frozenset({"ES"}), frozenset({"PT"})))
    return ChargeRule(
        key,
        key,
        random.choice(list(ChargeKind)),
        basis,
        random.choice(("EUR", "EUR", "EUR", "USD")),
        bands,
        priority=random.randint(0, 1),
        customer=random.choice(CUSTOMERS),
        product=product,
        category_path="" if product else random.choice(("", "", "/food/", "/drinks/")),
        countries=countries,
        postal_prefixes=random.choice((frozenset(), frozenset({"28", "080"}))) if countries else frozenset(),
        incoterms=random.choice((frozenset(), frozenset({"DAP"}))),
        free_from=random.choice((None, None, D(100), D(5000))),
    )


def charged_lines(
    random: Random, lines: Sequence[LineFacts], priced: Mapping[int, PricedLine]
) -> list[ChargedLine]:
    """The paid lines of a priced cart; a product has one rate and weight."""
    rates = {product: random.choice(RATES) for product in sorted({line.product for line in lines})}
    weights = {product: D(random.randint(0, 2500)) / 1000 for product in rates}
    return [
        ChargedLine(
            line.product,
            line.category_path,
            priced[line.number].quantity_paid,
            priced[line.number].net_amount,
            priced[line.number].quantity_paid * weights[line.product],
            "S",
            rates[line.product],
            number=line.number,
        )
        for line in lines
        if line.number in priced
    ]


def slow_charges(
    rules: Sequence[ChargeRule], party: Party, lines: Sequence[ChargedLine], to: Destination, incoterm: str
) -> dict[str, Decimal]:
    """What each rule charges, in fractions, by asking of every rule whether another one comes before it."""
    net = sum((Fraction(line.net) for line in lines), Fraction(0))
    reaching = [rule for rule in rules if _reaches(rule, party, to, incoterm)]
    found = {}
    for rule in reaching:
        rivals = [
            each
            for each in reaching
            if each is not rule
            and (each.kind, each.product, each.category_path) == (rule.kind, rule.product, rule.category_path)
        ]
        if any(_weight(each, party, to) > _weight(rule, party, to) for each in rivals):
            continue
        if rule.free_from is not None and net >= rule.free_from:
            continue
        amount = _amount(rule, lines, party.exponent)
        if amount:
            found[rule.id] = amount
    return found


def _postal(to: Destination) -> str:
    return to.postal_code.replace(" ", "")


def _reaches(rule: ChargeRule, party: Party, to: Destination, incoterm: str) -> bool:
    return (
        rule.currency == party.currency
        and (not rule.customer or rule.customer in party.customers)
        and (not rule.countries or to.country in rule.countries)
        and (not rule.postal_prefixes or any(_postal(to).startswith(each) for each in rule.postal_prefixes))
        and (not rule.incoterms or incoterm in rule.incoterms)
    )


def _weight(rule: ChargeRule, party: Party, to: Destination) -> tuple[int, int, int, bool, bool, str]:
    buyer = 0 if not rule.customer else 10 - party.customers.index(rule.customer)
    prefix = max((len(each) for each in rule.postal_prefixes if _postal(to).startswith(each)), default=0)
    return rule.priority, buyer, prefix, bool(rule.countries), bool(rule.incoterms), rule.id


def _amount(rule: ChargeRule, lines: Sequence[ChargedLine], exponent: int) -> Decimal:
    reached = [
        line
        for line in lines
        if (not rule.product or rule.product == line.product)
        and line.category_path.startswith(rule.category_path)
    ]
    if rule.basis is ChargeBasis.LINE:
        return sum((_of(rule, line.net, line.net, exponent) for line in reached), D(0))
    net = sum((line.net for line in reached), D(0))
    measure = {
        ChargeBasis.DOCUMENT: net,
        ChargeBasis.WEIGHT: sum((line.weight_kg for line in reached), D(0)),
        ChargeBasis.QUANTITY: sum((line.quantity for line in reached), D(0)),
    }[rule.basis]
    return _of(rule, measure, net, exponent) if reached else D(0)


def _of(rule: ChargeRule, measure: Decimal, net: Decimal, exponent: int) -> Decimal:
    for band in rule.bands:
        if band.from_value <= measure and (band.to_value is None or measure < band.to_value):
            exact = {
                ChargeMethod.FIXED: Fraction(band.value),
                ChargeMethod.PERCENT: Fraction(net) * Fraction(band.value) / 100,
                ChargeMethod.RATE: Fraction(measure) * Fraction(band.value),
            }[band.method]
            minor = exact * 10**exponent  # half up, of what is never below zero
            return round_money(D(int(minor + Fraction(1, 2))).scaleb(-exponent), exponent)
    return D(0)
