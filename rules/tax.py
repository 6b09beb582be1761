"""Which tax a line bears and why: territory, customer, product and date in; category, rate and legal reason out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from rules.money import ZERO
from rules.refusals import ErrorCode, Refusal, refuse_all
from rules.states import ProductKind
from rules.tax_territories import SPAIN, TaxTerritory

T = TaxTerritory

# Ley 37/1992 art. 84.Uno.2.g): to businesses that do not resell, from above this net on one invoice.
REVERSE_CHARGE_ABOVE = Decimal("10000.00")
VIES_MAX_AGE_DAYS = 365  # ours: an older check says nothing about the time of supply

# Recargo de equivalencia by rate of VAT: Ley 37/1992 art. 161, and the passing rates of oil (RDL 20/2022, 4/2024).
_SURCHARGES = {
    Decimal(21): Decimal("5.2"),
    Decimal(10): Decimal("1.4"),
    Decimal(4): Decimal("0.5"),
    Decimal("7.5"): Decimal(1),
    Decimal(5): Decimal("0.62"),
    Decimal(2): Decimal("0.26"),
    ZERO: ZERO,
}


class VatStatus(StrEnum):
    """
    What a customer is for VAT. UNKNOWN is taxed like DOMESTIC, with a warning.

    EXEMPT: an embassy, consulate or international organisation with its certificate (Ley 37/1992 art. 22.Ocho).
    """

    UNKNOWN = "UNKNOWN"
    DOMESTIC = "DOMESTIC"
    SURCHARGE = "SURCHARGE"
    RESELLER = "RESELLER"
    EU_REGISTERED = "EU_REGISTERED"
    EU_UNREGISTERED = "EU_UNREGISTERED"
    OUTSIDE = "OUTSIDE"
    EXEMPT = "EXEMPT"


class ReverseChargeGroup(StrEnum):
    """Goods whose tax the buyer owes: Ley 37/1992 art. 84.Uno.2.g)."""

    PHONES = "PHONES"
    CONSOLES = "CONSOLES"
    LAPTOPS = "LAPTOPS"
    TABLETS = "TABLETS"


@dataclass(frozen=True, slots=True)
class ViesEvidence:
    """What the VIES service said of a VAT number, kept as evidence: `request_id` is its consultation number."""

    number: str
    request_id: str
    checked_on: date
    is_valid: bool


@dataclass(frozen=True, slots=True)
class DatedRate:
    """A rate of a tax category; `valid_until` is exclusive. A null surcharge is that of the law for the rate."""

    territory: TaxTerritory
    percent: Decimal
    valid_from: date
    valid_until: date | None = None
    surcharge_percent: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Supply:
    """
    What decides on a line's tax.

    Args:
        seller: where the goods leave from.
        ship_to: where they go; None where the address does not say.
        established: where the customer has its seat, which places services; None as `ship_to`.
        rates: those of the product's tax category.
        supplied_on: day of supply; an order's is an estimate.
        product_category: letter of the product's own tax category: S, or E and O for what is never taxed.
        reverse_charge_net: net of all goods of reverse-charge groups on the invoice.
        vies: the last check of the customer's VAT number.
        reseller_evidence: reference of the customer's certificate that it resells; empty where there is none.
        transport_evidence: reference of what proves that the goods left (consignment note, export declaration).
        exemption_evidence: reference of the certificate of an EXEMPT customer; empty where there is none.
    """

    seller: TaxTerritory
    ship_to: TaxTerritory | None
    status: VatStatus
    kind: ProductKind
    supplied_on: date
    rates: Sequence[DatedRate]
    product_category: str = "S"
    established: TaxTerritory | None = None
    reverse_charge_group: ReverseChargeGroup | None = None
    reverse_charge_net: Decimal = ZERO
    vies: ViesEvidence | None = None
    reseller_evidence: str = ""
    transport_evidence: str = ""
    exemption_evidence: str = ""


@dataclass(frozen=True, slots=True)
class Remark:
    """A text for the operator with the field it is about; a `str.format` template as a refusal's."""

    text: str
    path: tuple[str, ...]
    data: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TaxDetermination:
    """
    A line's tax.

    category: UNTDID 5305 letter. qualification: VERI*FACTU's CalificacionOperacion (S1, S2, N1, N2) or
    OperacionExenta (E1 to E6). regime: its ClaveRegimen. tax_code: its Impuesto (01 IVA, 02 IPSI, 03 IGIC).
    reason_code: VATEX code, and reason: the legal text, both empty where tax is charged.
    missing: evidence without which the invoice is refused. needs_own_series: RD 1619/2012 art. 6.1.a.
    """

    category: str
    qualification: str
    percent: Decimal
    surcharge_percent: Decimal = ZERO
    regime: str = "01"
    tax_code: str = "01"
    reason_code: str = ""
    reason: str = ""
    needs_own_series: bool = False
    missing: tuple[Remark, ...] = ()
    warnings: tuple[Remark, ...] = ()


def surcharge_of(percent: Decimal) -> Decimal:
    """
    The equivalence surcharge that the law sets for a rate of VAT.

    Raises:
        Refusal(INVALID): the law knows none for it; give the rate its own.
    """
    if percent not in _SURCHARGES:
        text = "No equivalence surcharge is known for {percent} %."
        raise Refusal(ErrorCode.INVALID, text, ("surchargePercent",), percent=percent)
    return _SURCHARGES[percent]


def rate_on(rates: Sequence[DatedRate], territory: TaxTerritory, on: date) -> DatedRate:
    """
    The rate in force in a territory on a day.

    Raises:
        Refusal(INVALID): there is none.
    """
    for rate in rates:
        started = rate.valid_from <= on
        if rate.territory == territory and started and (rate.valid_until is None or on < rate.valid_until):
            return rate
    text = "There is no tax rate for {territory} on {on}."
    raise Refusal(ErrorCode.INVALID, text, ("taxCategory",), territory=territory.value, on=on)


def determine_tax(supply: Supply) -> TaxDetermination:
    """
    The tax of a line; evidence that is missing is named in the answer and refused by `demand_evidence`.

    Raises:
        Refusal(INVALID): no rate is in force.
    Source: rule book 0.2 (38) and 13.1; Ley 37/1992 arts. 20, 21, 25, 68, 69, 84, 154 to 163.
    """
    if supply.product_category == "E":
        return _untaxed("E", "E1", "VATEX-EU-132", "Operación exenta: art. 20 de la Ley 37/1992")
    if supply.product_category == "O":
        return _untaxed("O", "N1", "VATEX-EU-O", "Operación no sujeta: art. 7 de la Ley 37/1992")
    if supply.status == VatStatus.EXEMPT:
        reason = "Operación exenta: art. 22.Ocho de la Ley 37/1992"
        missing = () if supply.exemption_evidence else (_NO_EXEMPTION,)
        return _untaxed("E", "E3", "VATEX-EU-151", reason, *missing)
    if supply.kind == ProductKind.SERVICE:
        return _service(supply)
    destination = supply.ship_to
    if destination is None:
        return _taxed(supply, _UNKNOWN_PLACE)
    if destination == supply.seller:
        return _domestic(supply)
    if destination == T.EUROPEAN_UNION and supply.seller == T.MAINLAND:
        return _intra_community(supply)
    return _export(supply, destination)


def demand_evidence(determinations: Iterable[TaxDetermination]) -> None:
    """
    Refuses to invoice while evidence is missing; each field is named once.

    Raises:
        Refusal(EVIDENCE_REQUIRED), or Refusals with several.
    """
    missing = {remark.path: remark for each in determinations for remark in each.missing}
    refuse_all(
        [
            Refusal(ErrorCode.EVIDENCE_REQUIRED, remark.text, path, **remark.data)
            for path, remark in missing.items()
        ]
    )


_UNKNOWN_PLACE = Remark(
    "The place of delivery says no tax territory; the domestic tax is charged.", ("shipTo", "postalCode")
)
_UNKNOWN_STATUS = Remark(
    "The customer's VAT status is not known; the domestic tax is charged.", ("customer", "vatStatus")
)
_NO_FOREIGN_NUMBER = Remark(
    "The customer has no VAT number of another member state; the domestic tax is charged.",
    ("customer", "vatNumber"),
)
_NO_TRANSPORT = Remark(
    "The exemption needs evidence that the goods left: give the reference of the transport document.",
    ("transportEvidence",),
)
_NO_VIES = Remark(
    "The exemption needs a valid check of the customer's VAT number in VIES.", ("customer", "vatNumber")
)
_NO_EXEMPTION = Remark(
    "The exemption needs the customer's certificate of it.", ("customer", "exemptionEvidence")
)
_NO_RESELLER = Remark(
    "The reverse charge needs the customer's certificate that it resells.", ("customer", "resellerEvidence")
)


def _taxed(supply: Supply, *warnings: Remark) -> TaxDetermination:
    """The seller's own tax: IVA on the mainland, IGIC on the Canary Islands, IPSI in Ceuta and Melilla."""
    rate = rate_on(supply.rates, supply.seller, supply.supplied_on)
    if supply.status == VatStatus.UNKNOWN:
        warnings = (*warnings, _UNKNOWN_STATUS)
    if supply.seller == T.CANARY_ISLANDS:
        return TaxDetermination("L", "S1", rate.percent, tax_code="03", warnings=warnings)
    if supply.seller in (T.CEUTA, T.MELILLA):
        return TaxDetermination("M", "S1", rate.percent, tax_code="02", warnings=warnings)
    category = "S" if rate.percent else "Z"
    if supply.status == VatStatus.SURCHARGE and supply.kind == ProductKind.GOODS:
        stated = rate.surcharge_percent
        surcharge = surcharge_of(rate.percent) if stated is None else stated
        return TaxDetermination(category, "S1", rate.percent, surcharge, regime="18", warnings=warnings)
    return TaxDetermination(category, "S1", rate.percent, warnings=warnings)


def _untaxed(
    category: str,
    qualification: str,
    reason_code: str,
    reason: str,
    *missing: Remark,
    regime: str = "01",
    tax_code: str = "01",
    needs_own_series: bool = False,
) -> TaxDetermination:
    return TaxDetermination(
        category,
        qualification,
        ZERO,
        regime=regime,
        tax_code=tax_code,
        reason_code=reason_code,
        reason=reason,
        needs_own_series=needs_own_series,
        missing=missing,
    )


def _domestic(supply: Supply) -> TaxDetermination:
    """Art. 84.Uno.2.g): the buyer owes the tax of phones and the like when it resells, or above 10,000.00."""
    business_here = supply.status in (VatStatus.DOMESTIC, VatStatus.SURCHARGE, VatStatus.RESELLER)
    if supply.reverse_charge_group is None or supply.seller != T.MAINLAND or not business_here:
        return _taxed(supply)
    is_large = supply.reverse_charge_net > REVERSE_CHARGE_ABOVE
    if not is_large and supply.status != VatStatus.RESELLER:
        return _taxed(supply)
    missing = () if is_large or supply.reseller_evidence else (_NO_RESELLER,)
    reason = "Inversión del sujeto pasivo: art. 84.Uno.2.º g) de la Ley 37/1992"
    return _untaxed("AE", "S2", "VATEX-EU-AE", reason, *missing, needs_own_series=True)


def _intra_community(supply: Supply) -> TaxDetermination:
    if supply.status != VatStatus.EU_REGISTERED or _is_spanish(supply.vies):
        return _taxed(supply, _NO_FOREIGN_NUMBER)
    reason = "Entrega intracomunitaria exenta: art. 25 de la Ley 37/1992"
    missing = _without_vies(supply) + _without_transport(supply)
    return _untaxed("K", "E5", "VATEX-EU-IC", reason, *missing)


def _export(supply: Supply, destination: TaxTerritory) -> TaxDetermination:
    """Out of the territory of the seller's tax; who buys does not matter, that the goods left does."""
    if supply.seller == T.MAINLAND:
        reason, tax_code = "Exportación exenta: art. 21 de la Ley 37/1992", "01"
        if destination in SPAIN:
            reason = "Exportación exenta (envío a Canarias, Ceuta o Melilla): art. 21 de la Ley 37/1992"
    elif supply.seller == T.CANARY_ISLANDS:
        reason, tax_code = "Exportación exenta: art. 11 de la Ley 20/1991", "03"
    else:
        reason, tax_code = "Exportación exenta: art. 8 de la Ley 8/1991", "02"
    missing = _without_transport(supply)
    return _untaxed("G", "E2", "VATEX-EU-G", reason, *missing, regime="02", tax_code=tax_code)


def _service(supply: Supply) -> TaxDetermination:
    """Services between businesses are supplied where the customer is established (art. 69.Uno.1)."""
    place = supply.established or supply.ship_to
    if place is None:
        return _taxed(supply, _UNKNOWN_PLACE)
    if place == supply.seller or supply.status == VatStatus.UNKNOWN:
        return _taxed(supply)
    if place == T.EUROPEAN_UNION:
        if supply.status != VatStatus.EU_REGISTERED or _is_spanish(supply.vies):
            return _taxed(supply, _NO_FOREIGN_NUMBER)
        reason = (
            "Inversión del sujeto pasivo: art. 196 de la Directiva 2006/112/CE y art. 69 de la Ley 37/1992"
        )
        return _untaxed("AE", "N2", "VATEX-EU-AE", reason, *_without_vies(supply))
    reason = "Operación no sujeta por reglas de localización: art. 69 de la Ley 37/1992"
    return _untaxed("O", "N2", "VATEX-EU-O", reason)


def _is_spanish(vies: ViesEvidence | None) -> bool:
    return vies is not None and vies.number.strip().upper().startswith("ES")


def _without_transport(supply: Supply) -> tuple[Remark, ...]:
    return () if supply.transport_evidence else (_NO_TRANSPORT,)


def _without_vies(supply: Supply) -> tuple[Remark, ...]:
    """What is wrong with the evidence of the customer's number: absent, refused by VIES, unnamed or stale."""
    vies = supply.vies
    if vies is None or not vies.is_valid or not vies.request_id or not vies.number:
        return (_NO_VIES,)
    if vies.checked_on + timedelta(days=VIES_MAX_AGE_DAYS) < supply.supplied_on:
        text = "The VIES check of {number} is of {checked_on}; check the number again."
        data: dict[str, object] = {"number": vies.number, "checked_on": vies.checked_on}
        return (Remark(text, ("customer", "vatNumber"), data),)
    return ()
