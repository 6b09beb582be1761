"""
An issued invoice as it is printed, and the arithmetic of EN 16931 (BT numbers are its business terms).

`PrintedInvoice` is what both the PDF and the XML are made from: copies only, nothing that joins back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from rules.documents import DocumentAddress
from rules.instalments import DueInstalment, EarlyPayment
from rules.money import ZERO, TaxedLine, TaxGroup, allocate, tax_by_group


class PrintedKind(StrEnum):
    """
    The UNTDID 1001 code of a document (BT-3).

    INVOICE; CREDIT, a rectifying invoice by differences that gives back; CORRECTED, one that substitutes.
    """

    INVOICE = "380"
    CREDIT = "381"
    CORRECTED = "384"


@dataclass(frozen=True, slots=True)
class PrintedParty:
    """`tax_id` as it is printed, without a country where it is Spanish; empty where the party has none."""

    name: str
    tax_id: str
    address: DocumentAddress
    number: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class PrintedLine:
    """
    A line. `unit_price` is net of the line's discounts and for `price_unit` units; `net` is BT-131.

    Amounts and quantities of a credit by differences are below zero, as they are printed; prices never are.
    """

    position: int
    sku: str
    description: str
    quantity: Decimal
    unit_code: str
    unit_price: Decimal
    net: Decimal
    category: str
    percent: Decimal
    surcharge_percent: Decimal = ZERO
    price_unit: Decimal = Decimal(1)
    list_unit_price: Decimal | None = None
    discount_percent: Decimal = ZERO
    customer_item_number: str = ""
    order_number: str = ""
    delivery_number: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class DocumentAllowance:
    """
    An allowance (BG-20) or charge (BG-21) on the document, in the share of one rate.

    `amount` is above zero, and below in a credit by differences.
    """

    amount: Decimal
    category: str
    percent: Decimal
    reason: str
    is_charge: bool = False
    surcharge_percent: Decimal = ZERO

    @property
    def signed(self) -> Decimal:
        return self.amount if self.is_charge else -self.amount


@dataclass(frozen=True, slots=True)
class PrintedTaxGroup:
    """A row of the tax table; reason (and VATEX code) say why nothing is charged."""

    category: str
    percent: Decimal
    base: Decimal
    tax: Decimal
    surcharge_percent: Decimal = ZERO
    surcharge: Decimal = ZERO
    reason_code: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DocumentTotals:
    """Totals of EN 16931; `tax` includes the equivalence surcharge."""

    lines: Decimal  # BT-106
    allowances: Decimal  # BT-107
    charges: Decimal  # BT-108
    net: Decimal  # BT-109
    tax: Decimal  # BT-110
    gross: Decimal  # BT-112
    prepaid: Decimal  # BT-113
    rounding: Decimal  # BT-114
    payable: Decimal  # BT-115


@dataclass(frozen=True, slots=True)
class RectifiedReference:
    """An invoice that this one corrects (BG-3)."""

    number: str
    issued_on: date


@dataclass(frozen=True, slots=True)
class PrintedInvoice:
    """
    Everything an invoice says.

    Args:
        supplied_on: day of supply (BT-72); None where it is the day of issue.
        purchase_order_number: the buyer's (BT-13). order_number: ours (BT-14). delivery_number: BT-16, if one.
        ship_to: None where it is the buyer's own address.
        verifactu_type: F1, F2, F3 or R1 to R5. rectification_mode: S or I in a rectifying invoice.
        payment_means: UNTDID 4461 code (30 transfer, 48 card, 59 direct debit); empty where not stated.
        iban: the seller's account for transfers.
        tax_currency, tax_in_base: the seller's currency and the tax in it (BT-111), where the document's is another.
        qr_address: what the VERI*FACTU code holds; empty where the invoice has none.
    """

    kind: PrintedKind
    number: str
    issued_on: date
    currency: str
    exponent: int
    seller: PrintedParty
    buyer: PrintedParty
    lines: tuple[PrintedLine, ...]
    tax_groups: tuple[PrintedTaxGroup, ...]
    totals: DocumentTotals
    instalments: tuple[DueInstalment, ...]
    verifactu_type: str = "F1"
    supplied_on: date | None = None
    ship_to: DocumentAddress | None = None
    purchase_order_number: str = ""
    order_number: str = ""
    delivery_number: str = ""
    allowances: tuple[DocumentAllowance, ...] = ()
    payment_terms: str = ""
    early_payment: EarlyPayment | None = None
    payment_means: str = ""
    iban: str = ""
    rectified: tuple[RectifiedReference, ...] = ()
    rectification_mode: str = ""
    rectification_reason: str = ""
    rectified_net: Decimal | None = None
    rectified_tax: Decimal | None = None
    notes: tuple[str, ...] = ()
    tax_currency: str = ""
    tax_in_base: Decimal | None = None
    qr_address: str = ""

    def __post_init__(self) -> None:
        groups = [
            TaxGroup(g.category, g.percent, g.base, g.tax, g.surcharge_percent, g.surcharge)
            for g in self.tax_groups
        ]
        expected = total_document(
            [line.net for line in self.lines],
            groups,
            self.allowances,
            prepaid=self.totals.prepaid,
            rounding=self.totals.rounding,
        )
        assert expected == self.totals, "the totals are those of lines and tax groups"
        due = sum((each.amount for each in self.instalments), ZERO)
        assert not self.instalments or due == self.totals.payable, "the instalments sum to what is payable"


def split_allowance(
    amount: Decimal, groups: Sequence[TaxGroup], reason: str, *, is_charge: bool = False, exponent: int = 2
) -> list[DocumentAllowance]:
    """
    A document's allowance or charge in the shares of its lines' rates, by largest remainder on their bases.

    Each needs a tax category of its own (EN 16931 BR-32, BR-37); a charge is taxed in the share of the main goods'
    rates (rule book 0.2, 40).

    Args:
        amount: of any sign.
        groups: tax groups of the lines, one at least.
    """
    parts = allocate(amount, [abs(group.base) for group in groups], exponent)
    return [
        DocumentAllowance(part, group.category, group.percent, reason, is_charge, group.surcharge_percent)
        for part, group in zip(parts, groups, strict=True)
        if part
    ]


def groups_with_allowances(
    lines: Sequence[TaxedLine], allowances: Sequence[DocumentAllowance], exponent: int = 2
) -> list[TaxGroup]:
    """Tax groups of lines and document allowances: BT-116 = nets - allowances + charges, BT-117 = its rate of it."""
    extra = [
        TaxedLine(each.signed, each.category, each.percent, "", each.surcharge_percent) for each in allowances
    ]
    return tax_by_group([*lines, *extra], exponent)[0]


def total_document(
    line_nets: Sequence[Decimal],
    groups: Sequence[TaxGroup],
    allowances: Sequence[DocumentAllowance] = (),
    *,
    prepaid: Decimal = ZERO,
    rounding: Decimal = ZERO,
) -> DocumentTotals:
    """
    The totals of a document, exactly: BR-CO-10 to BR-CO-16.

    Args:
        line_nets: BT-131 of each line, rounded.
        groups: tax groups of lines and allowances; their bases sum to BT-109.
        rounding: BT-114, as for cash.
    """
    lines = sum(line_nets, ZERO)
    allowed = sum((each.amount for each in allowances if not each.is_charge), ZERO)
    charged = sum((each.amount for each in allowances if each.is_charge), ZERO)
    net = lines - allowed + charged
    assert sum((group.base for group in groups), ZERO) == net, "the tax groups' bases sum to the net"
    tax = sum((group.tax + group.surcharge for group in groups), ZERO)
    gross = net + tax
    return DocumentTotals(
        lines, allowed, charged, net, tax, gross, prepaid, rounding, gross - prepaid + rounding
    )
