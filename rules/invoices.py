"""Invoices: their acts, the state of their payment, and what their lines and tax groups come to."""

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from rules.money import ZERO, TaxedLine, TaxGroup, allocate, tax_by_group
from rules.partials import PartialGroup, PartialLine, take_piece
from rules.refusals import InvalidTransition
from rules.states import BuyerInvoiceStatus, InvoiceKind, InvoiceStatus, PaymentState
from rules.tax import TaxDetermination


class InvoiceAction(StrEnum):
    ISSUE = "ISSUE"
    DISCARD = "DISCARD"
    RECTIFY = "RECTIFY"
    ANSWER = "ANSWER"


S = InvoiceStatus
INVOICE_MOVES: Mapping[InvoiceStatus, frozenset[InvoiceStatus]] = {
    S.DRAFT: frozenset({S.ISSUED, S.DISCARDED}),
    S.ISSUED: frozenset(),
    S.DISCARDED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class InvoiceFacts:
    """What decides on an invoice's acts; `is_creditable`: something of it is not credited yet."""

    status: InvoiceStatus
    kind: InvoiceKind
    is_creditable: bool
    buyer_status: BuyerInvoiceStatus | None


def possible_invoice_actions(facts: InvoiceFacts) -> frozenset[InvoiceAction]:
    """The acts that the state allows, whoever asks."""
    if facts.status == S.DRAFT:
        return frozenset({InvoiceAction.ISSUE, InvoiceAction.DISCARD})
    if facts.status == S.DISCARDED:
        return frozenset()
    actions = set()
    if facts.kind == InvoiceKind.INVOICE and facts.is_creditable:
        actions.add(InvoiceAction.RECTIFY)
    if facts.buyer_status != BuyerInvoiceStatus.PAID:
        actions.add(InvoiceAction.ANSWER)
    return frozenset(actions)


def allowed_invoice_actions(facts: InvoiceFacts, permitted: Collection[InvoiceAction]) -> list[InvoiceAction]:
    """The acts the state allows and the viewer is permitted, in the enum's order."""
    possible = possible_invoice_actions(facts)
    return [action for action in InvoiceAction if action in possible and action in permitted]


def demand_invoice_action(facts: InvoiceFacts, action: InvoiceAction) -> None:
    """Refuses an act that the state does not allow."""
    if action not in possible_invoice_actions(facts):
        raise InvalidTransition(facts.status, action, sorted(INVOICE_MOVES[facts.status]))


def payment_state(amount: Decimal, matched: Decimal) -> PaymentState:
    """Of an invoice or a credit: what is matched of its instalments against their sum; nothing to pay is paid."""
    if amount == matched:
        return PaymentState.PAID
    return PaymentState.PARTIAL if matched else PaymentState.OPEN


@dataclass(frozen=True, slots=True)
class ChargedLine:
    """A line's net and the tax it bears; `rank` orders lines independently of their entry."""

    net: Decimal
    tax: TaxDetermination
    rank: Hashable


@dataclass(frozen=True, slots=True)
class LineAmounts:
    net: Decimal
    tax: Decimal
    surcharge: Decimal

    @property
    def gross(self) -> Decimal:
        return self.net + self.tax + self.surcharge


@dataclass(frozen=True, slots=True)
class ChargedGroup:
    """A row of the tax table with its legal ground; what has another ground is another row."""

    category: str
    percent: Decimal
    surcharge_percent: Decimal
    exemption_code: str
    qualification: str
    reason: str
    base: Decimal
    tax: Decimal
    surcharge: Decimal


@dataclass(frozen=True, slots=True)
class Charges:
    """A document's amounts: one entry a line in the order given, and its tax groups; the lines sum to the groups."""

    lines: tuple[LineAmounts, ...]
    groups: tuple[ChargedGroup, ...]

    @property
    def net(self) -> Decimal:
        return sum((line.net for line in self.lines), ZERO)

    @property
    def tax(self) -> Decimal:
        return sum((group.tax for group in self.groups), ZERO)

    @property
    def surcharge(self) -> Decimal:
        return sum((group.surcharge for group in self.groups), ZERO)

    @property
    def gross(self) -> Decimal:
        return self.net + self.tax + self.surcharge


def charge_lines(lines: Sequence[ChargedLine], exponent: int = 2) -> Charges:
    """
    Tax and surcharge by (category, rate, surcharge rate, legal ground) on the summed nets, shared out over the lines.

    Source: EN 16931 BR-CO-17; rule book 13.1 (IN-01, IN-02, IN-04).
    """
    amounts = [LineAmounts(line.net, ZERO, ZERO) for line in lines]
    groups: list[ChargedGroup] = []
    for ground in sorted({(line.tax.reason_code, line.tax.qualification) for line in lines}):
        indexes = [
            i for i, each in enumerate(lines) if (each.tax.reason_code, each.tax.qualification) == ground
        ]
        taxed = [
            TaxedLine(
                lines[i].net,
                lines[i].tax.category,
                lines[i].tax.percent,
                lines[i].rank,
                lines[i].tax.surcharge_percent,
            )
            for i in indexes
        ]
        found, _ = tax_by_group(taxed, exponent)
        for group in found:
            inside = [i for i, line in zip(indexes, taxed, strict=True) if _is_of(line, group)]
            reason = lines[inside[0]].tax.reason
            groups.append(_charged(group, ground[0], ground[1], reason))
            for i, share in zip(inside, _shares(group, [lines[i] for i in inside], exponent), strict=True):
                amounts[i] = share
    return Charges(tuple(amounts), tuple(groups))


def _is_of(line: TaxedLine, group: TaxGroup) -> bool:
    return (line.category, line.percent, line.surcharge_percent) == (
        group.category,
        group.percent,
        group.surcharge_percent,
    )


def _charged(group: TaxGroup, code: str, qualification: str, reason: str) -> ChargedGroup:
    return ChargedGroup(
        group.category,
        group.percent,
        group.surcharge_percent,
        code,
        qualification,
        reason,
        group.base,
        group.tax,
        group.surcharge,
    )


def _shares(group: TaxGroup, lines: Sequence[ChargedLine], exponent: int) -> list[LineAmounts]:
    """A group's tax and surcharge over its lines, by largest remainder on their nets."""
    order = sorted(range(len(lines)), key=lambda i: (str(lines[i].rank), i))
    weights = [abs(lines[i].net) for i in order]
    taxes = dict(zip(order, allocate(group.tax, weights, exponent), strict=True))
    surcharges = dict(zip(order, allocate(group.surcharge, weights, exponent), strict=True))
    return [LineAmounts(line.net, taxes[i], surcharges[i]) for i, line in enumerate(lines)]


@dataclass(frozen=True, slots=True)
class CreditedLine:
    """A line of an invoice with its legal ground, and what earlier credits took of it."""

    line: PartialLine
    exemption_code: str
    rank: Hashable


def credit_lines(
    lines: Sequence[CreditedLine],
    groups: Sequence[ChargedGroup],
    done: Sequence[ChargedGroup],
    quantities: Sequence[Decimal],
    exponent: int = 2,
) -> Charges:
    """
    What crediting these quantities of an invoice takes back: amounts below zero, by cumulative rounding.

    Line nets, tax groups and totals of all credits together never exceed the invoice, and make it exactly when
    everything is credited, however it is split (rule book 0 (2), 10.4).

    Args:
        lines: all n lines of the invoice. groups: all its tax groups.
        done: the tax groups of earlier credits of it, as they were booked (below zero).
        quantities: n quantities, zero for lines left out.
    Returns:
        n amounts, zero for lines left out, and the groups that were touched.
    Raises:
        Refusal(QUANTITY_INVALID), or Refusals: more than is left.
    """
    piece = take_piece([each.line for each in lines], _partial(groups, done), quantities, exponent)
    amounts = [LineAmounts(ZERO, ZERO, ZERO)] * len(lines)
    found: list[ChargedGroup] = []
    for group in piece.groups:
        key = (group.category, group.percent, group.surcharge_percent)
        inside = [i for i, each in enumerate(lines) if each.line.key == key and quantities[i]]
        ranked = sorted(inside, key=lambda i: (str(lines[i].rank), i))
        weights = [piece.nets[i] for i in ranked]
        shares = zip(
            ranked,
            allocate(group.tax, weights, exponent),
            allocate(group.surcharge, weights, exponent),
            strict=True,
        )
        for i, tax, surcharge in shares:
            amounts[i] = LineAmounts(-piece.nets[i], -tax, -surcharge)
        for code in sorted({lines[i].exemption_code for i in inside}):
            whole = next(each for each in groups if _key_of(each) == key and each.exemption_code == code)
            own = [amounts[i] for i in inside if lines[i].exemption_code == code]
            found.append(
                ChargedGroup(
                    *key,
                    code,
                    whole.qualification,
                    whole.reason,
                    sum((each.net for each in own), ZERO),
                    sum((each.tax for each in own), ZERO),
                    sum((each.surcharge for each in own), ZERO),
                )
            )
    return Charges(tuple(amounts), tuple(found))


def _key_of(group: ChargedGroup) -> tuple[str, Decimal, Decimal]:
    return group.category, group.percent, group.surcharge_percent


def _partial(groups: Sequence[ChargedGroup], done: Sequence[ChargedGroup]) -> list[PartialGroup]:
    """The invoice's groups by rate; grounds of the same rate are untaxed and share one."""
    partial = []
    for key in sorted({_key_of(group) for group in groups}):
        mine = [group for group in groups if _key_of(group) == key]
        taken = [group for group in done if _key_of(group) == key]
        whole = TaxGroup(
            key[0],
            key[1],
            sum((group.base for group in mine), ZERO),
            sum((group.tax for group in mine), ZERO),
            key[2],
            sum((group.surcharge for group in mine), ZERO),
        )
        partial.append(
            PartialGroup(
                whole,
                -sum((group.tax for group in taken), ZERO),
                -sum((group.surcharge for group in taken), ZERO),
            )
        )
    return partial
