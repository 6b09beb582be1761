"""
The worked cases of the rule book that contain a document, as plain data: what is sold, to whom, by which rules, for how
much. `facts_of` makes of one what the pure pricing takes; other tests may store its parts and ask the API for the same.

Keys are names: of products (their SKU as well), of customers, of groups. Whoever stores a case gives them ids.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from rules.discounts_benefits import (
    Benefit,
    Percent,
)
from rules.discounts_conditions import Condition
from rules.discounts_rules import DiscountGroup, DiscountRule, Phase, Stacking
from rules.free_goods import FreeGoodsRule
from rules.pricing import DocumentFacts, PriceBook
from rules.pricing_facts import (
    Break,
    Concessions,
    GroupMembership,
    LineFacts,
    LineMultilineMode,
    Party,
    Scope,
    TradeRelation,
    TradeRow,
)
from rules.sales_agreements import AgreementPricing, Commitment, CommitmentType
from rules.trade_agreements import TradeBook

D = Decimal
DAY = date(2026, 3, 2)
CUSTOMER = "C1"
PRICE = TradeRelation.PRICE
LINE = TradeRelation.LINE_DISCOUNT
MULTILINE = TradeRelation.MULTILINE_DISCOUNT
TOTAL = TradeRelation.TOTAL_DISCOUNT


@dataclass(frozen=True)
class Product:
    """
    Args:
        price: the list price of `price_unit` units; None where no list has one.
        boxes: how many of its own unit, EA, a BOX holds; None where it is sold in its own unit alone.
    """

    sku: str
    price: str | None = None
    price_unit: str = "1"
    category_path: str = "/"
    brand: str = ""
    line_group: str = ""
    multiline_group: str = ""
    boxes: str | None = None
    unit_cost: str | None = None


@dataclass(frozen=True)
class Asked:
    """A line of the document; `unit_price` and `discount` are what a person gives."""

    sku: str
    quantity: str
    unit_price: str | None = None
    discount: str = "0"
    ships_on: date = DAY


@dataclass(frozen=True)
class Case:
    """
    A document and what it has to come to.

    Args:
        nets: by line, in the order asked.
        links: by line, the id of the commitment that it consumes, "" for none.
        consumed: by line, of that commitment.
        free: (product, quantity) of each line of goods without charge.
        running: the running prices of the first line's applied steps, where the case tells them.
        cost, margin, ratio: of the document with its free goods; None where the case tells none.
        tax_percent, tax: on the whole.
    """

    id: str
    products: Sequence[Product]
    lines: Sequence[Asked]
    nets: Sequence[str]
    rows: Sequence[TradeRow] = ()
    commitments: Sequence[Commitment] = ()
    groups: Sequence[DiscountGroup] = ()
    rules: Sequence[DiscountRule] = ()
    free_goods: Sequence[FreeGoodsRule] = ()
    currency: str = "EUR"
    rates: Mapping[str, str] = field(default_factory=dict)
    trade_groups: Mapping[TradeRelation, Mapping[str, int]] = field(default_factory=dict)
    mode: LineMultilineMode = LineMultilineMode.SUM
    links: Sequence[str] | None = None
    consumed: Sequence[str] | None = None
    free: Sequence[tuple[str, str]] = ()
    paid: Sequence[str] | None = None
    running: Sequence[str] = ()
    cost: str | None = None
    margin: str | None = None
    ratio: str | None = None
    tax_percent: str = "0"
    tax: str | None = None

    def product(self, sku: str) -> Product:
        return next(each for each in self.products if each.sku == sku)


def facts_of(case: Case) -> DocumentFacts:
    return DocumentFacts(
        Party(
            (CUSTOMER,),
            case.currency,
            trade_groups={
                relation: tuple(GroupMembership(code, priority) for code, priority in groups.items())
                for relation, groups in case.trade_groups.items()
            },
            rates={currency: D(rate) for currency, rate in case.rates.items()},
            line_multiline_mode=case.mode,
        ),
        tuple(_line(case, number, asked) for number, asked in enumerate(case.lines)),
        datetime(DAY.year, DAY.month, DAY.day, 12, tzinfo=UTC),
        PriceBook(TradeBook(case.rows), case.commitments, case.groups, case.rules, case.free_goods),
    )


def _line(case: Case, number: int, asked: Asked) -> LineFacts:
    product = case.product(asked.sku)
    breaks = () if product.price is None else (Break(D(0), D(product.price), D(product.price_unit)),)
    return LineFacts(
        number,
        product.sku,
        product.sku,
        D(asked.quantity),
        asked.ships_on,
        breaks,
        category_path=product.category_path,
        brand=product.brand,
        line_discount_group=product.line_group,
        multiline_discount_group=product.multiline_group,
        units={} if product.boxes is None else {"BOX": D(product.boxes)},
        concessions=Concessions(
            None if asked.unit_price is None else D(asked.unit_price),
            discount_percent=D(asked.discount),
        ),
    )


def row(key: str, relation: TradeRelation, customer: str = "", item: str = "", **values: Any) -> TradeRow:
    """`customer` and `item`: a key, "g:" and a group's code, or empty for all; figures as texts."""

    def scope(text: str) -> tuple[Scope, str]:
        if not text:
            return Scope.ALL, ""
        return (Scope.GROUP, text[2:]) if text.startswith("g:") else (Scope.ONE, text)

    currency = values.pop("currency", "EUR")
    terms: dict[str, Any] = {
        name: D(value) if type(value) is str else value for name, value in values.items()
    }
    return TradeRow(key, relation, *scope(customer), *scope(item), currency, **terms)


def commitment(key: str, kind: CommitmentType, committed: str, **values: Any) -> Commitment:
    is_quantity = kind is CommitmentType.PRODUCT_QUANTITY
    terms: dict[str, Any] = {
        "valid_from": date(2026, 1, 1),
        "valid_until": date(2026, 7, 1),
        "released": "0",
        "pricing": AgreementPricing.FIXED,
        "unit_code": "EA" if is_quantity else "",
        **values,
    }
    for name in ("released", "unit_price", "discount_percent", "cash_discount_amount"):
        if isinstance(terms.get(name), str):
            terms[name] = D(terms[name])
    return Commitment(
        id=key,
        agreement="SA1",
        number="SA-1",
        label=key,
        type=kind,
        holder=CUSTOMER,
        committed=D(committed),
        currency="EUR",
        **terms,
    )


def rule(key: str, benefit: Benefit | str, *conditions: Condition, **values: Any) -> DiscountRule:
    """A text as its benefit is a percent."""
    given = Percent(D(benefit)) if isinstance(benefit, str) else benefit
    known: dict[str, Any] = {"group": "G", "phase": Phase.LINE, **values}
    return DiscountRule(key, key, known.pop("group"), known.pop("phase"), given, conditions, **known)


def group(
    code: str = "G", stacking: Stacking = Stacking.CASCADED, sequence: int = 10, **values: Any
) -> DiscountGroup:
    return DiscountGroup(code, sequence, stacking, **values)


def free(key: str, per: str, quantity: str, **values: Any) -> FreeGoodsRule:
    return FreeGoodsRule(key, key, D(per), D(quantity), **values)
