"""Free goods: what a quantity bought earns, which rule wins, and what is owed back after a return (rule book 5)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_DOWN, ROUND_HALF_UP, ROUND_UP, Decimal, localcontext
from enum import StrEnum

from rules.money import ZERO, line_amount
from rules.pricing_facts import LineFacts, Party
from rules.pricing_trace import PriceComponent, PriceStep, ValueKind
from rules.quantities import plain
from rules.reach import check_targets, check_validity, in_force, reach_of_goods, reach_of_party
from rules.refusals import ErrorCode, Path, Refusal


class FreeKind(StrEnum):
    """Whether what is free is part of what was ordered, or comes on top."""

    INCLUSIVE = "INCLUSIVE"
    EXCLUSIVE = "EXCLUSIVE"


class FreeCalculation(StrEnum):
    """How a quantity that is no multiple of "per" is treated. Source: SAP data element KNRRR (FG-01)."""

    PROPORTIONAL = "PROPORTIONAL"
    UNIT_REFERENCE = "UNIT_REFERENCE"
    WHOLE_UNIT = "WHOLE_UNIT"


class FreeRounding(StrEnum):
    """To whole units, for PROPORTIONAL alone; sources disagree on the direction, so it is a field (FG-02)."""

    DOWN = "DOWN"
    HALF_UP = "HALF_UP"
    UP = "UP"


class FreeStockPolicy(StrEnum):
    """What becomes of a gift that is out of stock; SUBSTITUTE gives a substitute of the product, if one is free."""

    DROP = "DROP"
    BACKORDER = "BACKORDER"
    SUBSTITUTE = "SUBSTITUTE"


_ROUNDINGS = {
    FreeRounding.DOWN: ROUND_DOWN,
    FreeRounding.HALF_UP: ROUND_HALF_UP,
    FreeRounding.UP: ROUND_UP,
}


@dataclass(frozen=True, slots=True)
class FreeGoodsRule:
    """
    From `minimum_quantity` on, `free_quantity` per `per_quantity` bought.

    Args:
        customer: an id, this customer's or an ancestor's; `customer_group` and `segment` are codes. At most one of
            the three; none is everybody.
        product: an id; `category_path` as "/food/oil/". At most one; none is every product.
        free_product: an id; empty gives the product that was bought.
        only_once: `free_quantity` once per order, however much is bought (FG-08).
        is_optional: proposed, and added when the buyer chooses it.
        is_chargeable: an accessory that is priced normally instead of given.
        valid_until: the day after the last; None has no end.
        max_per_order: of the free product, over all lines of the order.
        offer_of: the agreement line that the rule is an offer of; empty holds everywhere.
    """

    id: str
    name: str
    per_quantity: Decimal
    free_quantity: Decimal
    minimum_quantity: Decimal = ZERO
    kind: FreeKind = FreeKind.EXCLUSIVE
    calculation: FreeCalculation = FreeCalculation.UNIT_REFERENCE
    rounding: FreeRounding = FreeRounding.DOWN
    priority: int = 0
    customer: str = ""
    customer_group: str = ""
    segment: str = ""
    product: str = ""
    category_path: str = ""
    free_product: str = ""
    only_once: bool = False
    is_optional: bool = False
    is_chargeable: bool = False
    valid_from: date | None = None
    valid_until: date | None = None
    max_per_order: Decimal | None = None
    offer_of: str = ""
    out_of_stock: FreeStockPolicy = FreeStockPolicy.DROP

    @property
    def is_offer(self) -> bool:
        """Whether the buyer is asked: nothing that costs is added unasked either."""
        return self.is_optional or self.is_chargeable


def free_quantity(rule: FreeGoodsRule, quantity: Decimal) -> Decimal:
    """What a quantity bought on one line earns, before what the order allows at most (FG-01, 02, 04, 05, 07, 08)."""
    if quantity < rule.minimum_quantity:
        return ZERO
    multiples = quantity // rule.per_quantity
    if rule.only_once:
        return rule.free_quantity if multiples else ZERO
    if rule.calculation is FreeCalculation.UNIT_REFERENCE:
        return rule.free_quantity * multiples
    if rule.calculation is FreeCalculation.WHOLE_UNIT:
        return ZERO if quantity % rule.per_quantity else rule.free_quantity * multiples
    with localcontext(prec=60):
        exact = rule.free_quantity * quantity / rule.per_quantity
        return exact.quantize(Decimal(1), rounding=_ROUNDINGS[rule.rounding])


@dataclass(frozen=True, slots=True)
class FreeGoods:
    """
    What a line earns.

    Args:
        parent: the line that earns it; the free line follows it.
        product: the id of what is free.
        quantity: of what is free.
        quantity_paid: of the parent: less than was ordered for INCLUSIVE, all of it for EXCLUSIVE (FG-03, FG-04).
        is_proposed: offered and not yet chosen; nothing is added, nothing taken off what is paid.
    """

    parent: LineFacts
    rule: FreeGoodsRule
    product: str
    quantity: Decimal
    quantity_paid: Decimal
    is_proposed: bool = False


def derive(
    rules: Sequence[FreeGoodsRule],
    party: Party,
    lines: Sequence[LineFacts],
    day: date,
    *,
    agreement_lines: Mapping[int, str] | None = None,
    chosen: frozenset[str] = frozenset(),
) -> list[FreeGoods]:
    """
    What the paid lines of a document earn, whatever order they were entered in.

    Of the rules that give a line the same product one wins: the highest priority, then the most specific of buyer
    and goods, then the newest. Rules that give different products stand side by side. At most one rule takes
    inclusive goods out of a line.

    Args:
        lines: paid lines; free ones earn nothing.
        agreement_lines: by line number, the agreement line that it takes from; offers of others do not reach it.
        chosen: ids of optional rules that the buyer took; what is charged stays an offer: whoever takes it
            orders it.
    Returns:
        By the lines' rank, then by product. Lines of one product count the larger first against a limit of the order.
    """
    takes_from = agreement_lines or {}
    given: dict[str, Decimal] = {}
    found: list[FreeGoods] = []
    for line in sorted(lines, key=lambda each: each.rank):
        for rule in _winners(rules, party, line, day, takes_from.get(line.number, "")):
            quantity = free_quantity(rule, line.quantity)
            is_proposed = rule.is_offer and (rule.is_chargeable or rule.id not in chosen)
            # An offer is for what it would give: limits of the order count for it as well.
            quantity = min(quantity, _left(rule, given.get(rule.id, ZERO)))
            given[rule.id] = given.get(rule.id, ZERO) + quantity
            if quantity <= 0:
                continue
            is_inclusive = rule.kind is FreeKind.INCLUSIVE
            found.append(
                FreeGoods(
                    parent=line,
                    rule=rule,
                    product=rule.free_product or line.product,
                    quantity=quantity,
                    quantity_paid=line.quantity - quantity if is_inclusive else line.quantity,
                    is_proposed=is_proposed,
                )
            )
    return found


def _left(rule: FreeGoodsRule, given: Decimal) -> Decimal:
    """What the order still allows of a rule; a rule that gives once has given all when it gave anything."""
    limits = [] if rule.max_per_order is None else [rule.max_per_order - given]
    if rule.only_once:
        limits.append(rule.free_quantity - given)
    return min(limits, default=Decimal("Infinity"))


def _winners(
    rules: Sequence[FreeGoodsRule], party: Party, line: LineFacts, day: date, agreement_line: str
) -> list[FreeGoodsRule]:
    """One rule per free product, by product."""
    candidates: dict[str, list[tuple[tuple[int, tuple[int, int], int, str], FreeGoodsRule]]] = {}
    for rule in rules:
        buyer = reach_of_party(
            party, customer=rule.customer, customer_group=rule.customer_group, segment=rule.segment
        )
        goods = reach_of_goods(
            line.product, line.category_path, of_product=rule.product, of_category=rule.category_path
        )
        if buyer is None or goods is None or not in_force(rule.valid_from, rule.valid_until, day):
            continue
        if rule.offer_of and rule.offer_of != agreement_line:
            continue
        if free_quantity(rule, line.quantity) > 0:
            rank = (rule.priority, buyer, goods, rule.id)  # ids grow with time: the newest is the largest
            candidates.setdefault(rule.free_product or line.product, []).append((rank, rule))
    return [max(candidates[product], key=lambda each: each[0])[1] for product in sorted(candidates)]


def free_line_steps(
    goods: FreeGoods, list_unit_price: Decimal, price_unit: Decimal, exponent: int
) -> tuple[PriceStep, ...]:
    """
    The trace of a free line: its list price, then 100 % off, so that value, cost and statistics survive (FG-13).

    The steps replay to 0.
    """
    amount = line_amount(goods.quantity, list_unit_price, price_unit, exponent)
    return (
        PriceStep(PriceComponent.LIST_PRICE, "list", list_unit_price, list_unit_price),
        PriceStep(
            PriceComponent.FREE_GOODS,
            goods.rule.name,
            Decimal(100),
            ZERO,
            rule_id=goods.rule.id,
            value_kind=ValueKind.PERCENT,
            discount=amount,
            basis=amount,
            data=_terms(goods.rule),
        ),
    )


def _terms(rule: FreeGoodsRule) -> tuple[tuple[str, str], ...]:
    """What an order keeps of a rule, so that a gift follows its line whatever becomes of the rule."""
    return (
        ("per", plain(rule.per_quantity)),
        ("free", plain(rule.free_quantity)),
        ("minimum", plain(rule.minimum_quantity)),
        ("kind", rule.kind.value),
        ("calculation", rule.calculation.value),
        ("rounding", rule.rounding.value),
        ("once", "1" if rule.only_once else ""),
    )


def rule_of(steps: Sequence[PriceStep]) -> FreeGoodsRule | None:
    """The rule that a free line's trace keeps; None where the line is not free, or keeps none."""
    step = next((each for each in steps if each.component is PriceComponent.FREE_GOODS and each.data), None)
    if step is None:
        return None
    terms = dict(step.data)
    return FreeGoodsRule(
        step.rule_id,
        step.rule,
        Decimal(terms["per"]),
        Decimal(terms["free"]),
        Decimal(terms["minimum"]),
        FreeKind(terms["kind"]),
        FreeCalculation(terms["calculation"]),
        FreeRounding(terms["rounding"]),
        only_once=bool(terms["once"]),
    )


@dataclass(frozen=True, slots=True)
class Entitlement:
    """After a return: what is kept of what was paid, what that still earns, and what was given beyond it."""

    kept: Decimal
    entitled: Decimal
    surplus: Decimal

    def charge(self, unit_price: Decimal, price_unit: Decimal = Decimal(1), exponent: int = 2) -> Decimal:
        """What the surplus costs where the customer keeps it."""
        return line_amount(self.surplus, unit_price, price_unit, exponent)


def entitlement_after_return(
    rule: FreeGoodsRule, bought: Decimal, free: Decimal, returned: Decimal
) -> Entitlement:
    """
    Entitlement recomputed on what is kept (FG-11).

    Args:
        bought: the quantity paid; for INCLUSIVE without the free part.
        free: what was given for it.
        returned: of what was paid, in all returns so far.
    """
    kept = bought - returned
    entitled = min(free, free_quantity(rule, kept))
    if rule.kind is FreeKind.INCLUSIVE:
        # What is free counts among what was ordered: the largest gift that the quantity with it still earns.
        entitled, earned = free, min(free, free_quantity(rule, kept + free))
        while earned < entitled:
            entitled, earned = earned, free_quantity(rule, kept + earned)
    return Entitlement(kept, entitled, free - entitled)


def check_free_goods(rule: FreeGoodsRule, path: Path = ()) -> list[Refusal]:
    """What is wrong with a rule to be saved, one refusal per field at fault."""

    def problem(field: str, text: str) -> Refusal:
        return Refusal(ErrorCode.INVALID, text, (*path, field))

    found = check_validity(rule.valid_from, rule.valid_until, (*path, "validUntil"))
    found += check_targets(
        (rule.customer, rule.customer_group, rule.segment), (rule.product, rule.category_path), path
    )
    if not rule.name.strip():
        found.append(problem("name", "Give the rule a name."))
    if rule.per_quantity <= 0:
        found.append(problem("perQuantity", "The quantity must be above zero."))
    if rule.free_quantity <= 0:
        found.append(problem("freeQuantity", "The quantity must be above zero."))
    if rule.minimum_quantity < 0:
        found.append(problem("minimumQuantity", "The quantity cannot be below zero."))
    if rule.max_per_order is not None and rule.max_per_order < rule.free_quantity:
        found.append(
            problem("maxPerOrder", "The rule could never apply: the most per order is less than it gives.")
        )
    if rule.rounding is not FreeRounding.DOWN and rule.calculation is not FreeCalculation.PROPORTIONAL:
        found.append(problem("rounding", "Only a proportional quantity is rounded."))
    if rule.kind is FreeKind.INCLUSIVE:
        if rule.free_product and rule.free_product != rule.product:
            found.append(
                problem("freeProductId", "What is free among the goods ordered must be the same product.")
            )
        if rule.free_quantity >= rule.per_quantity:
            found.append(problem("freeQuantity", "Less must be free than is ordered."))
        if rule.rounding is not FreeRounding.DOWN:
            found.append(problem("rounding", "What is free among the goods ordered is rounded down."))
        if rule.is_optional or rule.is_chargeable:
            found.append(
                problem("kind", "What is free among the goods ordered is neither optional nor charged.")
            )
    return found
