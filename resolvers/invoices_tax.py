"""The tax of invoices: gathers the facts of any number of lines in three statements, and asks the one rule."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from models.customers import Customer, TaxEvidence
from models.invoices_reads import (
    EvidenceRow,
    InvoicedCustomerRow,
    ProductTaxRow,
    invoiced_customers,
    product_taxes,
    visible_evidence,
)
from models.products import Product
from resolvers.context import Context
from resolvers.customers import seller
from rules.documents import DocumentAddress
from rules.money import ZERO
from rules.states import ProductKind, TaxEvidenceKind, TaxRegime
from rules.tax import (
    DatedRate,
    ReverseChargeGroup,
    Supply,
    TaxDetermination,
    VatStatus,
    ViesEvidence,
    determine_tax,
)
from rules.tax_territories import TaxTerritory, territory_of

_STATUS: Mapping[TaxRegime, VatStatus] = {
    TaxRegime.DOMESTIC: VatStatus.DOMESTIC,
    TaxRegime.EQUIVALENCE_SURCHARGE: VatStatus.SURCHARGE,
    TaxRegime.INTRA_EU: VatStatus.EU_REGISTERED,
    TaxRegime.EXPORT: VatStatus.OUTSIDE,
    TaxRegime.EXEMPT: VatStatus.EXEMPT,
}


@dataclass(frozen=True, slots=True)
class TaxedPiece:
    """A line as far as its tax depends on it; `fallback` is the order's tax, for a line without a product."""

    customer_id: UUID
    product_id: UUID | None
    ship_to: dict[str, Any]
    billed_to: dict[str, Any]
    supplied_on: date
    net: Decimal
    fallback: tuple[str, Decimal] = ("S", ZERO)


@dataclass(slots=True)
class TaxFacts:
    """What is known of customers and products when tax is determined."""

    seller: TaxTerritory
    customers: Mapping[UUID, InvoicedCustomerRow]
    evidence: Mapping[UUID, list[EvidenceRow]] = field(default_factory=dict)
    products: Mapping[UUID, list[ProductTaxRow]] = field(default_factory=dict)

    def determine(self, lines: Sequence[TaxedPiece]) -> list[TaxDetermination]:
        """
        The tax of an invoice's lines; reverse charge looks at the nets of all its lines together.

        Raises:
            Refusal(INVALID): a rate is missing.
        """
        supplies = [self._supply(line) for line in lines]
        reversed_net = sum(
            (
                line.net
                for line, supply in zip(lines, supplies, strict=True)
                if supply is not None and supply.reverse_charge_group is not None
            ),
            ZERO,
        )
        return [
            TaxDetermination(line.fallback[0], "S1", line.fallback[1])
            if supply is None
            else determine_tax(replace(supply, reverse_charge_net=reversed_net))
            for line, supply in zip(lines, supplies, strict=True)
        ]

    def _supply(self, line: TaxedPiece) -> Supply | None:
        if line.product_id is None:
            return None
        product = self.products[line.product_id]
        evidence = self.evidence.get(line.customer_id, [])
        on = line.supplied_on
        status = _STATUS[self.customers[line.customer_id].tax_regime]
        reseller = _proof(evidence, TaxEvidenceKind.RESELLER, on)
        if status == VatStatus.DOMESTIC and reseller:
            status = VatStatus.RESELLER
        return Supply(
            seller=self.seller,
            ship_to=_territory(line.ship_to),
            established=_territory(line.billed_to),
            status=status,
            kind=ProductKind(product[0].kind),
            supplied_on=on,
            rates=_rates(product),
            product_category=product[0].category,
            # Which of the law's groups it is makes no difference to the tax.
            reverse_charge_group=ReverseChargeGroup.PHONES if product[0].is_reverse_charge else None,
            vies=_vies(evidence),
            reseller_evidence=reseller,
            transport_evidence=_proof(evidence, TaxEvidenceKind.EXPORT, on),
            exemption_evidence=_proof(evidence, TaxEvidenceKind.EXEMPTION, on),
        )


def _territory(address: dict[str, Any]) -> TaxTerritory | None:
    where = DocumentAddress.from_json(address)
    return territory_of(where.country, where.postal_code)


def _rates(rows: Iterable[ProductTaxRow]) -> list[DatedRate]:
    known = {each.value for each in TaxTerritory}
    return [
        DatedRate(
            TaxTerritory(row.territory),
            row.percent,
            row.valid_from,
            row.valid_until,
            row.surcharge_percent or None,  # none of its own: that of the law
        )
        for row in rows
        if row.territory in known and row.percent is not None and row.valid_from is not None
    ]


def _proof(rows: Iterable[EvidenceRow], kind: TaxEvidenceKind, on: date) -> str:
    """The reference of the newest evidence of a kind that holds on a day; empty where there is none."""
    for row in rows:
        if row.kind == kind and row.is_valid and (row.valid_until is None or row.valid_until >= on):
            return row.number
    return ""


def _vies(rows: Iterable[EvidenceRow]) -> ViesEvidence | None:
    """The last answer of VIES, whatever it said."""
    for row in rows:
        if row.kind == TaxEvidenceKind.VIES:
            return ViesEvidence(row.number, row.request_identifier, row.verified_on, row.is_valid)
    return None


async def gather_tax_facts(
    ctx: Context, customer_ids: Iterable[UUID], product_ids: Iterable[UUID | None]
) -> TaxFacts:
    """What decides on the tax of lines of these customers and products; only visible customers are in it."""
    customer_ids = sorted(set(customer_ids))
    us = await seller(ctx)
    customers = [
        InvoicedCustomerRow(*row)
        for row in await ctx.session.execute(
            invoiced_customers(ctx.user).where(Customer.id.in_(customer_ids))
        )
    ]
    facts = TaxFacts(TaxTerritory(us.tax_territory), {row.id: row for row in customers})
    evidence: dict[UUID, list[EvidenceRow]] = {}
    for each in await ctx.session.execute(
        visible_evidence(ctx.user).where(TaxEvidence.customer_id.in_(customer_ids))
    ):
        row = EvidenceRow(*each)
        evidence.setdefault(row.customer_id, []).append(row)
    products: dict[UUID, list[ProductTaxRow]] = {}
    wanted = sorted({each for each in product_ids if each is not None})
    for each in await ctx.session.execute(product_taxes(ctx.user.seller_id).where(Product.id.in_(wanted))):
        tax = ProductTaxRow(*each)
        products.setdefault(tax.product_id, []).append(tax)
    facts.evidence, facts.products = evidence, products
    return facts
