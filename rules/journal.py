"""
What each event posts: balanced lines in the seller's currency, by the accounts of the Spanish chart.

Accounts are those of the Plan General de Contabilidad (RD 1514/2007). Document amounts come with the rate stored on
the document: units of the seller's currency for one of the document's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from enum import StrEnum

from rules.money import ZERO, round_money
from rules.partials import cumulative_part

_PRECISION = 60
ONE = Decimal(1)


class Account(StrEnum):
    """The accounts that events post to."""

    STOCK = "300"
    CUSTOMERS = "430"
    ADVANCES = "438"
    VAT_CHARGED = "477"
    BANK = "572"
    COST_OF_GOODS = "600"
    OTHER_LOSSES = "659"
    EXCHANGE_LOSSES = "668"
    SALES = "700"
    SALES_RETURNS = "708"
    OTHER_INCOME = "759"
    EXCHANGE_GAINS = "768"


class JournalEvent(StrEnum):
    INVOICE = "INVOICE"
    CREDIT = "CREDIT"
    SHIPMENT = "SHIPMENT"
    RETURN = "RETURN"
    PAYMENT = "PAYMENT"
    ADVANCE = "ADVANCE"
    ADVANCE_APPLIED = "ADVANCE_APPLIED"
    WRITE_OFF = "WRITE_OFF"
    REFUND = "REFUND"


@dataclass(frozen=True, slots=True)
class PostingLine:
    """`amount` in the seller's currency: above zero in the debit, below in the credit. Never zero."""

    account: Account
    amount: Decimal

    @property
    def debit(self) -> Decimal:
        return max(self.amount, ZERO)

    @property
    def credit(self) -> Decimal:
        return max(-self.amount, ZERO)


@dataclass(frozen=True, slots=True)
class Posting:
    """One event's lines, which sum to zero."""

    event: JournalEvent
    lines: tuple[PostingLine, ...]

    def __post_init__(self) -> None:
        assert sum((line.amount for line in self.lines), ZERO) == 0, "a posting balances"


def _post(event: JournalEvent, *amounts: tuple[Account, Decimal]) -> Posting:
    """Lines that say nothing are left out."""
    return Posting(event, tuple(PostingLine(account, amount) for account, amount in amounts if amount))


def in_base(amount: Decimal, rate: Decimal, exponent: int = 2) -> Decimal:
    """An amount of a document in the seller's currency, rounded to its minor unit."""
    with localcontext(prec=_PRECISION):
        return round_money(amount * rate, exponent)


def post_invoice(
    net: Decimal, tax: Decimal, surcharge: Decimal = ZERO, rate: Decimal = ONE, exponent: int = 2
) -> Posting:
    """
    Customer to sales and VAT charged; the surcharge is owed to the treasury as the VAT is.

    What the customer owes and the taxes are converted each by itself, as they are declared and collected; sales take
    what the rounding of the conversion leaves.
    """
    owed = in_base(net + tax + surcharge, rate, exponent)
    taxes = [in_base(each, rate, exponent) for each in (tax, surcharge)]
    return _post(
        JournalEvent.INVOICE,
        (Account.CUSTOMERS, owed),
        (Account.SALES, -(owed - sum(taxes, ZERO))),
        *((Account.VAT_CHARGED, -each) for each in taxes),
    )


def post_credit(
    net: Decimal,
    tax: Decimal,
    surcharge: Decimal = ZERO,
    rate: Decimal = ONE,
    exponent: int = 2,
    *,
    returns_goods: bool = True,
) -> Posting:
    """
    A rectifying invoice that gives back; amounts above zero, at the rate of the invoice that it corrects.

    Args:
        returns_goods: False for a reduction of the sale itself, which is taken off sales and not shown as returns.
    """
    mirrored = {Account.SALES: Account.SALES_RETURNS if returns_goods else Account.SALES}
    return Posting(
        JournalEvent.CREDIT,
        tuple(
            PostingLine(mirrored.get(line.account, line.account), -line.amount)
            for line in post_invoice(net, tax, surcharge, rate, exponent).lines
        ),
    )


@dataclass(frozen=True, slots=True)
class CostLine:
    """A quantity that leaves or comes back, with the cost of its snapshot in the seller's currency."""

    quantity: Decimal
    unit_cost: Decimal


def cost_of(lines: Sequence[CostLine], exponent: int = 2) -> Decimal:
    """Each line's cost rounded once, then summed."""
    with localcontext(prec=_PRECISION):
        return sum((round_money(line.quantity * line.unit_cost, exponent) for line in lines), ZERO)


def post_shipment(lines: Sequence[CostLine], exponent: int = 2) -> Posting:
    """Cost of goods from stock, by the cost snapshots of what leaves."""
    cost = cost_of(lines, exponent)
    return _post(JournalEvent.SHIPMENT, (Account.COST_OF_GOODS, cost), (Account.STOCK, -cost))


def post_return(lines: Sequence[CostLine], exponent: int = 2) -> Posting:
    """Goods back in stock, by the cost snapshots they left with."""
    cost = cost_of(lines, exponent)
    return _post(JournalEvent.RETURN, (Account.STOCK, cost), (Account.COST_OF_GOODS, -cost))


@dataclass(frozen=True, slots=True)
class Claim:
    """
    What an invoice (or an advance) stands for in two currencies, and how much of it is settled.

    gross, settled: in the document's currency. gross_base, settled_base: in the seller's, as posted.
    """

    gross: Decimal
    gross_base: Decimal
    settled: Decimal = ZERO
    settled_base: Decimal = ZERO

    @property
    def open(self) -> Decimal:
        return self.gross - self.settled

    def base_of(self, amount: Decimal, exponent: int = 2) -> Decimal:
        """The share of the posted amount that settling `amount` takes; the shares sum to it."""
        return cumulative_part(
            self.gross_base, self.settled + amount, self.gross, self.settled_base, exponent
        )


def post_payment(claim: Claim, amount: Decimal, rate: Decimal = ONE, exponent: int = 2) -> Posting:
    """
    Bank to customer; the difference between the rates of payment and invoice is an exchange loss or gain.

    Args:
        amount: in the document's currency, at most what is open; the rest is an advance.
        rate: of the day of payment.
    """
    received = in_base(amount, rate, exponent)
    settled = claim.base_of(amount, exponent)
    return _post(
        JournalEvent.PAYMENT,
        (Account.BANK, received),
        (Account.CUSTOMERS, -settled),
        _exchange(settled - received),
    )


def post_advance(amount: Decimal, rate: Decimal = ONE, exponent: int = 2) -> Posting:
    """A payment on account: bank to advances of customers."""
    received = in_base(amount, rate, exponent)
    return _post(JournalEvent.ADVANCE, (Account.BANK, received), (Account.ADVANCES, -received))


def post_advance_applied(advance: Claim, invoice: Claim, amount: Decimal, exponent: int = 2) -> Posting:
    """An advance settles an invoice of the same currency, each at the amount it was posted with."""
    used = advance.base_of(amount, exponent)
    settled = invoice.base_of(amount, exponent)
    return _post(
        JournalEvent.ADVANCE_APPLIED,
        (Account.ADVANCES, used),
        (Account.CUSTOMERS, -settled),
        _exchange(settled - used),
    )


def post_refund(credit: Claim, amount: Decimal, rate: Decimal = ONE, exponent: int = 2) -> Posting:
    """What we owe the customer, paid back; `credit` has amounts above zero."""
    paid = in_base(amount, rate, exponent)
    settled = credit.base_of(amount, exponent)
    return _post(
        JournalEvent.REFUND, (Account.CUSTOMERS, settled), (Account.BANK, -paid), _exchange(paid - settled)
    )


def post_write_off(claim: Claim, amount: Decimal, exponent: int = 2) -> Posting:
    """
    The cents that a payment was short of, or over: below zero where the customer paid too much.

    Args:
        amount: in the document's currency.
    """
    lost = claim.base_of(amount, exponent)
    return _post(
        JournalEvent.WRITE_OFF,
        (Account.OTHER_LOSSES if lost > 0 else Account.OTHER_INCOME, lost),
        (Account.CUSTOMERS, -lost),
    )


def post_settlement(
    event: JournalEvent,
    bank: Decimal = ZERO,
    advances: Decimal = ZERO,
    customers: Decimal = ZERO,
    *,
    undoes: bool = False,
) -> Posting:
    """
    Money, advances and what customers owe, moved at once; what is missing to balance is the exchange's.

    Args:
        bank, advances, customers: debits above zero, credits below, in the seller's currency. Of the customers' part
            each amount is the difference of two states of `Claim`, so that matching, undoing and matching again sum
            to what was posted.
        undoes: what was lost then is taken back from the losses, and is no gain.
    """
    loss = -(bank + advances + customers)
    account, _ = _exchange(-loss if undoes else loss)
    return _post(
        event,
        (Account.BANK, bank),
        (Account.ADVANCES, advances),
        (Account.CUSTOMERS, customers),
        (account, loss),
    )


def settled_base(gross: Decimal, gross_base: Decimal, settled: Decimal, exponent: int = 2) -> Decimal:
    """The part of a posted amount that stands for what is settled of it: a state, whichever way it was reached."""
    with localcontext(prec=_PRECISION):
        return round_money(gross_base * settled / gross, exponent) if gross else ZERO


def _exchange(loss: Decimal) -> tuple[Account, Decimal]:
    return (Account.EXCHANGE_LOSSES if loss > 0 else Account.EXCHANGE_GAINS), loss
