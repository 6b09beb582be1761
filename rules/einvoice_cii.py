"""
An invoice as EN 16931 XML in the syntax of UN/CEFACT's Cross Industry Invoice D16B.

The equivalence surcharge has no place of its own in EN 16931: it is stated as part of the rate (26.2 for 21 and 5.2)
and told apart in a note. A credit by differences is type 381, whose amounts are above zero. The elements' order is
that of the schema.
"""

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from xml.etree import ElementTree as ET

from rules.documents import DocumentAddress
from rules.einvoice import (
    DocumentAllowance,
    PrintedInvoice,
    PrintedKind,
    PrintedLine,
    PrintedParty,
    PrintedTaxGroup,
)
from rules.quantities import plain
from rules.tax_territories import TaxTerritory, territory_of

GUIDELINE = "urn:cen.eu:en16931:2017"
_NAMESPACES = {
    "xmlns:rsm": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
    "xmlns:ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
    "xmlns:qdt": "urn:un:unece:uncefact:data:standard:QualifiedDataType:100",
    "xmlns:udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
}
# UN/ECE Recommendations 20 and 21 for our units; what is not here counts as "one".
_UNITS = {
    "ud": "H87",
    "kg": "KGM",
    "g": "GRM",
    "l": "LTR",
    "m": "MTR",
    "caja": "XBX",
    "palé": "XPX",
    "paq": "XPK",
}
_ONE = "C62"
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_cii(invoice: PrintedInvoice) -> bytes:
    """The invoice as UTF-8 XML; the same invoice gives the same bytes."""
    content: bytes = ET.tostring(_Writer(invoice).document(), encoding="utf-8", xml_declaration=True)
    return content


def unit_of(unit_code: str) -> str:
    """The UN/ECE code of one of our units of measure."""
    return _UNITS.get(unit_code, _ONE)


def vat_id(party: PrintedParty) -> str:
    """The party's VAT number with its prefix (BT-31, BT-48); empty where it has none of a member state."""
    country, tax_id = party.address.country, party.tax_id.replace(" ", "").upper()
    territory = territory_of(country, party.address.postal_code)
    if not tax_id or territory == TaxTerritory.OUTSIDE:
        return ""
    prefix = {"GR": "EL", "MC": "FR"}.get(country, country)
    return tax_id if tax_id.startswith(prefix) else f"{prefix}{tax_id}"


def _add(parent: ET.Element, name: str, text: str | None = None, **attributes: str) -> ET.Element:
    child = ET.SubElement(parent, name, attributes)
    if text is not None:
        child.text = _NOT_XML.sub("", text)
    return child


def _add_if(parent: ET.Element, name: str, text: str) -> None:
    if text:
        _add(parent, name, text)


def _add_date(parent: ET.Element, name: str, day: date, inner: str = "udt:DateTimeString") -> None:
    _add(_add(parent, name), inner, day.strftime("%Y%m%d"), format="102")


class _Writer:
    """One document; `sign` turns the amounts of a credit."""

    def __init__(self, invoice: PrintedInvoice) -> None:
        self.invoice = invoice
        self.sign = -1 if invoice.kind == PrintedKind.CREDIT else 1
        # BR-O-02 to BR-O-04: what is not subject to tax is invoiced without VAT numbers.
        self.is_outside_tax = any(group.category == "O" for group in invoice.tax_groups)

    def document(self) -> ET.Element:
        invoice = self.invoice
        root = ET.Element("rsm:CrossIndustryInvoice", _NAMESPACES)
        context = _add(root, "rsm:ExchangedDocumentContext")
        _add(_add(context, "ram:GuidelineSpecifiedDocumentContextParameter"), "ram:ID", GUIDELINE)
        header = _add(root, "rsm:ExchangedDocument")
        _add(header, "ram:ID", invoice.number)
        _add(header, "ram:TypeCode", invoice.kind.value)
        _add_date(header, "ram:IssueDateTime", invoice.issued_on)
        for note in self.notes():
            _add(_add(header, "ram:IncludedNote"), "ram:Content", note)
        transaction = _add(root, "rsm:SupplyChainTradeTransaction")
        for line in invoice.lines:
            self.line(transaction, line)
        self.agreement(transaction)
        self.delivery(transaction)
        self.settlement(transaction)
        return root

    def amount(self, amount: Decimal) -> str:
        return f"{self.sign * amount + 0:.{self.invoice.exponent}f}"

    def notes(self) -> Sequence[str]:
        invoice = self.invoice
        notes = [*invoice.notes]
        if invoice.rectification_reason:
            notes.append(invoice.rectification_reason)
        notes += [
            f"Recargo de equivalencia {plain(group.surcharge_percent)} %: {self.amount(group.surcharge)}"
            f" {invoice.currency} (base {self.amount(group.base)}, IVA {plain(group.percent)} %:"
            f" {self.amount(group.tax)})"
            for group in invoice.tax_groups
            if group.surcharge_percent
        ]
        return notes

    def line(self, transaction: ET.Element, line: PrintedLine) -> None:
        item = _add(transaction, "ram:IncludedSupplyChainTradeLineItem")
        document = _add(item, "ram:AssociatedDocumentLineDocument")
        _add(document, "ram:LineID", str(line.position))
        if line.note:
            _add(_add(document, "ram:IncludedNote"), "ram:Content", line.note)
        product = _add(item, "ram:SpecifiedTradeProduct")
        _add_if(product, "ram:SellerAssignedID", line.sku)
        _add_if(product, "ram:BuyerAssignedID", line.customer_item_number)
        _add(product, "ram:Name", line.description or line.sku)
        agreement = _add(item, "ram:SpecifiedLineTradeAgreement")
        if line.list_unit_price is not None and line.list_unit_price > line.unit_price:
            gross = self.price(agreement, "ram:GrossPriceProductTradePrice", line, line.list_unit_price)
            allowance = _add(gross, "ram:AppliedTradeAllowanceCharge")
            _add(_add(allowance, "ram:ChargeIndicator"), "udt:Indicator", "false")
            _add(allowance, "ram:ActualAmount", plain(line.list_unit_price - line.unit_price))
        self.price(agreement, "ram:NetPriceProductTradePrice", line, line.unit_price)
        delivered = _add(item, "ram:SpecifiedLineTradeDelivery")
        quantity = plain(self.sign * line.quantity)
        _add(delivered, "ram:BilledQuantity", quantity, unitCode=unit_of(line.unit_code))
        settlement = _add(item, "ram:SpecifiedLineTradeSettlement")
        tax = _add(settlement, "ram:ApplicableTradeTax")
        _add(tax, "ram:TypeCode", "VAT")
        _add(tax, "ram:CategoryCode", line.category)
        _add_rate(tax, line)
        total = _add(settlement, "ram:SpecifiedTradeSettlementLineMonetarySummation")
        _add(total, "ram:LineTotalAmount", self.amount(line.net))

    def price(self, agreement: ET.Element, name: str, line: PrintedLine, price: Decimal) -> ET.Element:
        element = _add(agreement, name)
        _add(element, "ram:ChargeAmount", plain(price))
        if line.price_unit != 1:
            _add(element, "ram:BasisQuantity", plain(line.price_unit), unitCode=unit_of(line.unit_code))
        return element

    def agreement(self, transaction: ET.Element) -> None:
        invoice = self.invoice
        agreement = _add(transaction, "ram:ApplicableHeaderTradeAgreement")
        self.party(agreement, "ram:SellerTradeParty", invoice.seller)
        self.party(agreement, "ram:BuyerTradeParty", invoice.buyer)
        for name, number in (
            ("ram:SellerOrderReferencedDocument", invoice.order_number),
            ("ram:BuyerOrderReferencedDocument", invoice.purchase_order_number),
        ):
            if number:
                _add(_add(agreement, name), "ram:IssuerAssignedID", number)

    def party(self, parent: ET.Element, name: str, party: PrintedParty) -> None:
        element = _add(parent, name)
        number = vat_id(party)
        _add_if(element, "ram:ID", party.number)
        _add(element, "ram:Name", party.name)
        if party.tax_id:
            _add(_add(element, "ram:SpecifiedLegalOrganization"), "ram:ID", party.tax_id)
        _address(element, party.address)
        if party.email:
            communication = _add(element, "ram:URIUniversalCommunication")
            _add(communication, "ram:URIID", party.email, schemeID="EM")
        if number and not self.is_outside_tax:
            _add(_add(element, "ram:SpecifiedTaxRegistration"), "ram:ID", number, schemeID="VA")

    def delivery(self, transaction: ET.Element) -> None:
        invoice = self.invoice
        delivery = _add(transaction, "ram:ApplicableHeaderTradeDelivery")
        place = invoice.ship_to or invoice.buyer.address
        party = _add(delivery, "ram:ShipToTradeParty")
        _add_if(party, "ram:Name", place.name)
        _address(party, place)
        event = _add(delivery, "ram:ActualDeliverySupplyChainEvent")
        _add_date(event, "ram:OccurrenceDateTime", invoice.supplied_on or invoice.issued_on)
        if invoice.delivery_number:
            document = _add(delivery, "ram:DespatchAdviceReferencedDocument")
            _add(document, "ram:IssuerAssignedID", invoice.delivery_number)

    def settlement(self, transaction: ET.Element) -> None:
        invoice = self.invoice
        settlement = _add(transaction, "ram:ApplicableHeaderTradeSettlement")
        _add(settlement, "ram:PaymentReference", invoice.number)
        if invoice.tax_in_base is not None:
            _add(settlement, "ram:TaxCurrencyCode", invoice.tax_currency)
        _add(settlement, "ram:InvoiceCurrencyCode", invoice.currency)
        if invoice.payment_means:
            means = _add(settlement, "ram:SpecifiedTradeSettlementPaymentMeans")
            _add(means, "ram:TypeCode", invoice.payment_means)
            if invoice.iban:
                account = _add(means, "ram:PayeePartyCreditorFinancialAccount")
                _add(account, "ram:IBANID", invoice.iban.replace(" ", ""))
        for group in invoice.tax_groups:
            self.tax_group(settlement, group)
        for allowance in invoice.allowances:
            self.allowance(settlement, allowance)
        self.terms(settlement)
        self.totals(settlement)
        for reference in invoice.rectified:
            document = _add(settlement, "ram:InvoiceReferencedDocument")
            _add(document, "ram:IssuerAssignedID", reference.number)
            _add_date(document, "ram:FormattedIssueDateTime", reference.issued_on, "qdt:DateTimeString")

    def tax_group(self, settlement: ET.Element, group: PrintedTaxGroup) -> None:
        tax = _add(settlement, "ram:ApplicableTradeTax")
        _add(tax, "ram:CalculatedAmount", self.amount(group.tax + group.surcharge))
        _add(tax, "ram:TypeCode", "VAT")
        _add_if(tax, "ram:ExemptionReason", group.reason)
        _add(tax, "ram:BasisAmount", self.amount(group.base))
        _add(tax, "ram:CategoryCode", group.category)
        _add_if(tax, "ram:ExemptionReasonCode", group.reason_code)
        _add_rate(tax, group)

    def allowance(self, settlement: ET.Element, allowance: DocumentAllowance) -> None:
        element = _add(settlement, "ram:SpecifiedTradeAllowanceCharge")
        indicator = "true" if allowance.is_charge else "false"
        _add(_add(element, "ram:ChargeIndicator"), "udt:Indicator", indicator)
        _add(element, "ram:ActualAmount", self.amount(allowance.amount))
        _add(element, "ram:Reason", allowance.reason)
        tax = _add(element, "ram:CategoryTradeTax")
        _add(tax, "ram:TypeCode", "VAT")
        _add(tax, "ram:CategoryCode", allowance.category)
        _add_rate(tax, allowance)

    def terms(self, settlement: ET.Element) -> None:
        """One due date has a place of its own (BT-9); several are told in the terms' text (BT-20)."""
        invoice = self.invoice
        if not invoice.instalments:
            return
        said = [invoice.payment_terms] if invoice.payment_terms else []
        if len(invoice.instalments) > 1:
            said += [
                f"{each.position}: {each.due_on.isoformat()} {self.amount(each.amount)} {invoice.currency}"
                for each in invoice.instalments
            ]
        if invoice.early_payment is not None:
            early = invoice.early_payment
            said.append(f"{early.until.isoformat()}: {self.amount(early.payable)} {invoice.currency}")
        terms = _add(settlement, "ram:SpecifiedTradePaymentTerms")
        _add_if(terms, "ram:Description", "\n".join(said))
        if len(invoice.instalments) == 1:
            _add_date(terms, "ram:DueDateDateTime", invoice.instalments[0].due_on)

    def totals(self, settlement: ET.Element) -> None:
        invoice, totals = self.invoice, self.invoice.totals
        element = _add(settlement, "ram:SpecifiedTradeSettlementHeaderMonetarySummation")
        _add(element, "ram:LineTotalAmount", self.amount(totals.lines))
        _add(element, "ram:ChargeTotalAmount", self.amount(totals.charges))
        _add(element, "ram:AllowanceTotalAmount", self.amount(totals.allowances))
        _add(element, "ram:TaxBasisTotalAmount", self.amount(totals.net))
        _add(element, "ram:TaxTotalAmount", self.amount(totals.tax), currencyID=invoice.currency)
        if invoice.tax_in_base is not None:
            base = f"{self.sign * invoice.tax_in_base + 0:.2f}"
            _add(element, "ram:TaxTotalAmount", base, currencyID=invoice.tax_currency)
        if totals.rounding:
            _add(element, "ram:RoundingAmount", self.amount(totals.rounding))
        _add(element, "ram:GrandTotalAmount", self.amount(totals.gross))
        if totals.prepaid:
            _add(element, "ram:TotalPrepaidAmount", self.amount(totals.prepaid))
        _add(element, "ram:DuePayableAmount", self.amount(totals.payable))


def _add_rate(tax: ET.Element, taxed: PrintedLine | PrintedTaxGroup | DocumentAllowance) -> None:
    """BR-O-05: what is not subject to tax has no rate, not even zero."""
    if taxed.category != "O":
        _add(tax, "ram:RateApplicablePercent", plain(taxed.percent + taxed.surcharge_percent))


def _address(parent: ET.Element, address: DocumentAddress) -> None:
    element = _add(parent, "ram:PostalTradeAddress")
    _add_if(element, "ram:PostcodeCode", address.postal_code)
    _add_if(element, "ram:LineOne", address.street)
    _add_if(element, "ram:CityName", address.city)
    _add(element, "ram:CountryID", address.country)
    _add_if(element, "ram:CountrySubDivisionName", address.region)
