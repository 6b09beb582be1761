"""The one pricing function: a document's lines priced phase by phase, whatever order they were entered in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from rules.discounts import apply_phase
from rules.discounts_rules import DiscountGroup, DiscountRule, Phase, RuleUse
from rules.free_goods import FreeGoods, FreeGoodsRule, FreeKind, derive, free_line_steps
from rules.money import ZERO, line_amount, percent_of, round_money
from rules.pricing_agreements import UnitPricing
from rules.pricing_base import BasePrice, base_price, next_break, restate
from rules.pricing_facts import LineFacts, Party, Rung
from rules.pricing_running import RunningDocument, RunningLine
from rules.pricing_trace import PriceComponent, PriceStep, ValueKind, shown_price
from rules.sales_agreements import Commitment, Link, Linking
from rules.trade_agreements import TradeBook, multiline_quantities, total_discount


@dataclass(frozen=True, slots=True)
class PriceBook:
    """Every rule that may have a say: what is in force for the party, its products and its days."""

    trade: TradeBook = field(default_factory=lambda: TradeBook(()))
    commitments: Sequence[Commitment] = ()
    groups: Sequence[DiscountGroup] = ()
    rules: Sequence[DiscountRule] = ()
    free_goods: Sequence[FreeGoodsRule] = ()


@dataclass(frozen=True, slots=True)
class DocumentFacts:
    """
    What a document's prices depend on.

    Args:
        lines: in any order; `number` tells them apart.
        now: the moment, in the seller's time zone: windows of rules are hours of its days.
        agreement: the sales agreement chosen for the document, None where none was.
        discount_percent: what a person gives on the whole document (phase 9).
        chosen: the ids of optional free goods that the buyer took.
    """

    party: Party
    lines: Sequence[LineFacts]
    now: datetime
    book: PriceBook = field(default_factory=PriceBook)
    agreement: str | None = None
    discount_percent: Decimal = ZERO
    discount_reason: str = ""
    chosen: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class PricedLine:
    """
    A line's price and why. Amounts are rounded; `unit_price` is the net price of `price_unit` units.

    After a discount on the amount `unit_price` is a quotient with 6 decimals, shown and never multiplied again (rule
    book 0.2, 26). `quantity_paid` is less than the quantity where part of it is free; `commitment` is the id of the
    agreement's line that it consumes.
    """

    list_unit_price: Decimal
    price_unit: Decimal
    break_from_quantity: Decimal
    unit_price: Decimal
    net_amount: Decimal
    next_break: Rung | None
    steps: tuple[PriceStep, ...]
    quantity_paid: Decimal
    commitment: str | None = None


@dataclass(frozen=True, slots=True)
class PricedDocument:
    """
    A document priced.

    Args:
        lines: by the number of their line; a line without a price is not there.
        free: goods without charge that the lines bring; what is proposed only is marked so.
        linkings: what the lines consume of sales agreements, and what else they might have, by number.
        uses: what each discount rule gave, for its limits.
    """

    lines: Mapping[int, PricedLine]
    free: tuple[FreeGoods, ...]
    linkings: Mapping[int, Linking]
    uses: tuple[RuleUse, ...]

    @property
    def net_amount(self) -> Decimal:
        return sum((line.net_amount for line in self.lines.values()), ZERO)


def price_document(facts: DocumentFacts) -> PricedDocument:
    """
    Prices every line of a document together: the phases of rule book 0.1 (15), all but charges and tax.

    The result depends on what the lines are, never on the order in which lines or rules were entered.
    """
    party, book = facts.party, facts.book
    found = {line.number: base_price(book.trade, party, line) for line in facts.lines}
    by_rules = {number: base for number, base in found.items() if base is not None}
    # What an agreement alone has a price for counts for nobody's multiline discount: whether it is sold is known later.
    quantities = multiline_quantities(line for line in facts.lines if line.number in by_rules)
    pricing = UnitPricing(book.trade, party, by_rules, quantities)
    linkings = pricing.link(book.commitments, facts.lines, facts.agreement)
    bases: dict[int, BasePrice] = {}
    running: dict[int, RunningLine] = {}
    for line in facts.lines:
        linking = linkings.get(line.number)
        base = by_rules.get(line.number) or pricing.agreed_base(line, linking)
        if base is not None:
            bases[line.number] = base
            running[line.number] = pricing.run(line, linking, base)
    links = {number: each.link for number, each in linkings.items() if each.link is not None}
    document = RunningDocument(list(running.values()), party.exponent)
    free = _free_goods(facts, running, links)
    uses = _later_phases(facts, document, links)
    priced = {
        number: PricedLine(
            list_unit_price=shown_price(
                restate(bases[number].list_unit_price, bases[number].price_unit, line.price_unit)
            ),
            price_unit=line.price_unit,
            break_from_quantity=bases[number].break_from_quantity,
            unit_price=line.running_price,
            net_amount=line.amount,
            next_break=None
            if number in links
            else next_break(
                book.trade, party, line.facts, pricing.by_rules(line.facts), bases[number], quantities
            ),
            steps=tuple(line.steps),
            quantity_paid=line.quantity_paid,
            commitment=links[number].commitment.id if number in links else None,
        )
        for number, line in running.items()
    }
    return PricedDocument(priced, tuple(free), linkings, tuple(uses))


def price_line(
    line: LineFacts, party: Party, now: datetime, book: PriceBook | None = None
) -> PricedLine | None:
    """A line's price as if it were all of its document; None where no price is in force for its quantity."""
    alone = DocumentFacts(party, (line,), now, PriceBook() if book is None else book)
    return price_document(alone).lines.get(line.number)


def _free_goods(
    facts: DocumentFacts, running: Mapping[int, RunningLine], links: Mapping[int, Link]
) -> list[FreeGoods]:
    """Derived once, after phase 3; what is free within a line's own quantity is not paid any more."""
    if not facts.book.free_goods:
        return []
    lines = [line.facts for line in running.values()]
    taken = {number: link.commitment.id for number, link in links.items()}
    free = derive(
        facts.book.free_goods,
        facts.party,
        lines,
        facts.now.date(),
        agreement_lines=taken,
        chosen=facts.chosen,
    )
    for each in free:
        line = running[each.parent.number]
        if each.is_proposed or each.rule.kind is not FreeKind.INCLUSIVE:
            continue
        line.quantity_paid = each.quantity_paid
        line.amount = line_amount(each.quantity_paid, line.unit_price, line.price_unit, facts.party.exponent)
    return free


def _later_phases(
    facts: DocumentFacts, document: RunningDocument, links: Mapping[int, Link]
) -> list[RuleUse]:
    """
    Phases 4 to 10, each on the running amounts that the one before left.

    A line that its agreement keeps from promotions does not count towards what they ask of the order either, as one
    that is kept from the total discount does not count towards its tiers.
    """
    party, book = facts.party, facts.book
    stackable = [
        line for line in document.lines
        if (link := links.get(line.facts.number)) is None or link.commitment.stackable_with_promotions
    ]  # fmt: skip
    promoted = RunningDocument(stackable, party.exponent)

    def promote(phase: Phase) -> list[RuleUse]:
        if not book.rules or not stackable:
            return []
        return apply_phase(promoted, party, book.rules, book.groups, phase, facts.now)

    uses = [*promote(Phase.LINE), *promote(Phase.ALLOWANCE)]
    for line in document.lines:
        given = line.facts.concessions
        if given.discount_percent:
            discount = percent_of(line.amount, given.discount_percent, document.exponent)
            line.take(
                discount, PriceComponent.MANUAL_DISCOUNT, "manual", given.discount_percent, ValueKind.PERCENT,
                reason=given.discount_reason,
            )  # fmt: skip
    uses += promote(Phase.ORDER)
    _total_discount(facts, document, links)
    _document_discount(facts, document)
    return [*uses, *promote(Phase.ALWAYS)]


def _total_discount(facts: DocumentFacts, document: RunningDocument, links: Mapping[int, Link]) -> None:
    """Phase 8: the tier by the amount of the lines that take part, spread over them."""
    taking_part = [
        line for line in document.lines
        if line.facts.is_in_total_discount
        and ((link := links.get(line.facts.number)) is None or link.commitment.include_in_total_discount)
    ]  # fmt: skip
    base = sum((line.amount for line in taking_part), ZERO)
    if not base:
        return
    day = min(line.facts.priced_on for line in taking_part)
    found = total_discount(facts.book.trade, facts.party, base, day)
    if not found:
        return
    discount = round_money(base - found.net_of(base), facts.party.exponent)
    label = ", ".join(row.label or row.id for row in found.rows)
    value, kind = (
        (found.percent, ValueKind.PERCENT) if not found.amount else (found.amount, ValueKind.AMOUNT_PER_ORDER)
    )
    for line, share in zip(taking_part, document.spread(discount, taking_part), strict=True):
        line.take(share, PriceComponent.TOTAL_DISCOUNT, label, value, kind, rule_id=found.rows[0].id)


def _document_discount(facts: DocumentFacts, document: RunningDocument) -> None:
    """Phase 9: what a person gives on the whole, spread over all lines."""
    if not facts.discount_percent:
        return
    discount = percent_of(document.amount, facts.discount_percent, document.exponent)
    for line, share in zip(document.lines, document.spread(discount, document.lines), strict=True):
        line.take(
            share, PriceComponent.DOCUMENT_DISCOUNT, "manual", facts.discount_percent, ValueKind.PERCENT,
            reason=facts.discount_reason,
        )  # fmt: skip


def price_free_line(
    document: DocumentFacts, line: LineFacts, goods: FreeGoods, parent: PricedLine | None = None
) -> PricedLine | None:
    """
    Goods without charge at their list or trade price, all of it taken off; None where they have no price.

    Args:
        parent: the line that brings them, as priced: more of a product that its agreement alone has a price for is free
            at that price.
    """
    base = base_price(document.book.trade, document.party, line)
    if base is None and parent is not None and goods.product == goods.parent.product:
        price = parent.list_unit_price
        base = BasePrice(price, parent.price_unit, ZERO, price, ())
    if base is None:
        return None
    exponent = document.party.exponent
    steps = free_line_steps(goods, base.unit_price, base.price_unit, exponent)
    return PricedLine(
        list_unit_price=shown_price(base.list_unit_price),
        price_unit=base.price_unit,
        break_from_quantity=base.break_from_quantity,
        unit_price=ZERO,
        net_amount=ZERO,
        next_break=None,
        steps=steps,
        quantity_paid=ZERO,
    )
