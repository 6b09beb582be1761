"""Which open instalments a payment settles: by what it names, by who pays, by its amount."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from rules.bank_files import BankLine
from rules.instalments import DueInstalment
from rules.money import ZERO
from rules.texts import fold, item_key

_WORD = re.compile(r"[A-Z0-9]+")
_MIN_KEY = 4  # shorter numbers stand in any text
_MAX_WORDS = 6  # of a number as "A - 2026 - 0007"


class MatchOutcome(StrEnum):
    """
    What is proposed for a line.

    EXACT settles instalments in full. PARTIAL pays less than what it names, OVER more: the rest stays on account.
    ON_ACCOUNT: the payer is known, and nothing of theirs is open or fits. SUGGESTED needs a person's eye: only the
    amount fits, or several customers do. UNKNOWN: nothing fits. DUPLICATE was posted before. OUTGOING is no payment
    to us. OTHER_CURRENCY: what it names is in another one.
    """

    EXACT = "EXACT"
    PARTIAL = "PARTIAL"
    OVER = "OVER"
    ON_ACCOUNT = "ON_ACCOUNT"
    SUGGESTED = "SUGGESTED"
    UNKNOWN = "UNKNOWN"
    DUPLICATE = "DUPLICATE"
    OUTGOING = "OUTGOING"
    OTHER_CURRENCY = "OTHER_CURRENCY"


class MatchBasis(StrEnum):
    """By what the instalments were found."""

    REFERENCE = "REFERENCE"
    CUSTOMER = "CUSTOMER"
    AMOUNT = "AMOUNT"
    NONE = "NONE"


@dataclass(frozen=True, slots=True)
class OpenItem:
    """An instalment to match; one of a settled invoice has nothing open, so that a payment that names it is known."""

    key: str
    invoice_number: str
    customer: str
    instalment: DueInstalment
    open: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Payer:
    """How a customer shows in bank texts."""

    customer: str
    names: tuple[str, ...]
    tax_id: str = ""


@dataclass(frozen=True, slots=True)
class Settled:
    """A part of a payment and the instalment it goes to."""

    item: OpenItem
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Match:
    """A line's proposal; what it settles and `rest` sum to its amount. `customer` is whose account the rest goes to."""

    line: BankLine
    outcome: MatchOutcome
    basis: MatchBasis
    settled: tuple[Settled, ...]
    rest: Decimal
    customer: str | None

    @property
    def is_certain(self) -> bool:
        """Whether it may be posted without being looked at."""
        return self.outcome in (MatchOutcome.EXACT, MatchOutcome.PARTIAL, MatchOutcome.OVER)


def fill_oldest(amount: Decimal, items: Sequence[OpenItem]) -> tuple[list[Settled], Decimal]:
    """
    A payment over instalments in the order of their due dates, and what is left of it.

    Args:
        amount: not below zero, in the items' currency.
    """
    settled = []
    for item in _by_due_date(items):
        part = min(amount, item.open)
        if part > 0:
            settled.append(Settled(item, part))
            amount -= part
    return settled, amount


def match_lines(
    lines: Sequence[BankLine],
    items: Sequence[OpenItem],
    payers: Sequence[Payer],
    posted_fingerprints: Collection[str] = (),
) -> list[Match]:
    """
    A proposal for each line, in their order; no instalment is given more than is open of it.

    Args:
        lines: of one file, or of several.
        items: open instalments, and those of settled invoices with nothing open.
        posted_fingerprints: of lines that were posted before.
    """
    matcher = _Matcher(items, payers, posted_fingerprints)
    return [matcher.match(line) for line in lines]


def _by_due_date(items: Iterable[OpenItem]) -> list[OpenItem]:
    return sorted(
        items, key=lambda item: (item.instalment.due_on, item.invoice_number, item.instalment.position)
    )


@dataclass(slots=True)
class _Matcher:
    """What is left open while the lines go by."""

    items: Sequence[OpenItem]
    payers: Sequence[Payer]
    posted: Collection[str]
    seen: set[str] = field(default_factory=set)
    left: dict[str, Decimal] = field(init=False)
    by_number: dict[str, list[OpenItem]] = field(init=False)
    by_customer: dict[str, list[OpenItem]] = field(init=False)
    by_tax_id: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.left = {item.key: item.open for item in self.items}
        self.by_number, self.by_customer = {}, {}
        for item in self.items:
            self.by_number.setdefault(item_key(item.invoice_number), []).append(item)
            self.by_customer.setdefault(item.customer, []).append(item)
        self.by_tax_id = {
            f"{prefix}{item_key(payer.tax_id)}": payer.customer
            for payer in self.payers
            if payer.tax_id
            for prefix in ("", "ES")  # banks write Spanish ids with and without their country
        }

    def match(self, line: BankLine) -> Match:
        if line.amount <= 0:
            return self.nothing(line, MatchOutcome.OUTGOING)
        if line.fingerprint and (line.fingerprint in self.posted or line.fingerprint in self.seen):
            return self.nothing(line, MatchOutcome.DUPLICATE)
        self.seen.add(line.fingerprint)
        keys = _keys(f"{line.reference} {line.text}")
        named = [item for key in keys for item in self.by_number.get(key, ())]
        if named:
            return self.match_named(line, named)
        customers = self.customers_of(line, keys)
        if len(customers) == 1:
            return self.match_customer(line, customers.pop())
        return self.match_amount(line)

    def match_named(self, line: BankLine, named: Sequence[OpenItem]) -> Match:
        """The line names invoices: an instalment of exactly its amount, or else the oldest of them first."""
        customers = {item.customer for item in named}
        customer = customers.pop() if len(customers) == 1 else None
        mine = self.open_of(named, line.currency)
        if not mine and not any(item.currency == line.currency for item in named):
            return self.nothing(line, MatchOutcome.OTHER_CURRENCY, customer)
        exact = [item for item in mine if item.open == line.amount]
        settled, rest = fill_oldest(line.amount, exact[:1] or mine)
        if customer is None and rest:
            return self.take(line, MatchOutcome.SUGGESTED, MatchBasis.REFERENCE, settled, rest, None)
        is_short = any(part.amount < part.item.open for part in settled)
        outcome = MatchOutcome.PARTIAL if is_short else MatchOutcome.OVER if rest else MatchOutcome.EXACT
        return self.take(line, outcome, MatchBasis.REFERENCE, settled, rest, customer)

    def match_customer(self, line: BankLine, customer: str) -> Match:
        """The line names its payer only: certain where it is one instalment, or all up to a date."""
        mine = self.open_of(self.by_customer.get(customer, ()), line.currency)
        exact = [item for item in mine if item.open == line.amount]
        settled, rest = fill_oldest(line.amount, exact[:1] or mine)
        if settled and not rest and all(part.amount == part.item.open for part in settled):
            return self.take(line, MatchOutcome.EXACT, MatchBasis.CUSTOMER, settled, rest, customer)
        return self.take(line, MatchOutcome.ON_ACCOUNT, MatchBasis.CUSTOMER, [], line.amount, customer)

    def match_amount(self, line: BankLine) -> Match:
        """Nobody is named: one open instalment of exactly this amount is worth a look."""
        same = [item for item in self.items if self.left[item.key] == line.amount]
        fitting = self.open_of(same, line.currency)
        if len(fitting) != 1:
            return self.nothing(line, MatchOutcome.UNKNOWN)
        settled = [Settled(fitting[0], line.amount)]
        return self.take(line, MatchOutcome.SUGGESTED, MatchBasis.AMOUNT, settled, ZERO, fitting[0].customer)

    def customers_of(self, line: BankLine, keys: Collection[str]) -> set[str]:
        found = {self.by_tax_id[key] for key in keys if key in self.by_tax_id}
        name = fold(line.counterparty)
        if not found and name:
            found = {payer.customer for payer in self.payers if name in map(fold, payer.names)}
        return found

    def open_of(self, items: Iterable[OpenItem], currency: str) -> list[OpenItem]:
        """Those in the currency with something left, as it is after the lines before."""
        return _by_due_date(
            OpenItem(
                item.key,
                item.invoice_number,
                item.customer,
                item.instalment,
                self.left[item.key],
                item.currency,
            )
            for item in {item.key: item for item in items}.values()
            if item.currency == currency and self.left[item.key] > 0
        )

    def take(
        self,
        line: BankLine,
        outcome: MatchOutcome,
        basis: MatchBasis,
        settled: Sequence[Settled],
        rest: Decimal,
        customer: str | None,
    ) -> Match:
        """What is only suggested is taken too, or two lines would be offered one instalment."""
        for part in settled:
            self.left[part.item.key] -= part.amount
        return Match(line, outcome, basis, tuple(settled), rest, customer)

    def nothing(self, line: BankLine, outcome: MatchOutcome, customer: str | None = None) -> Match:
        return Match(line, outcome, MatchBasis.NONE, (), line.amount, customer)


def _keys(text: str) -> dict[str, None]:
    """Every run of words as one key, so that "A-2026-0007", "A 2026/0007" and "A20260007" are the same number."""
    words = _WORD.findall(fold(text).upper())
    return dict.fromkeys(
        key
        for start in range(len(words))
        for end in range(start + 1, min(start + _MAX_WORDS, len(words)) + 1)
        if len(key := "".join(words[start:end])) >= _MIN_KEY
    )
