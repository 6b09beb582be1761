"""The printed invoice: EN 16931's arithmetic, and its XML in UN/CEFACT syntax."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.documents import DocumentAddress
from rules.einvoice import (
    DocumentAllowance,
    PrintedInvoice,
    PrintedKind,
    PrintedLine,
    PrintedParty,
    PrintedTaxGroup,
    RectifiedReference,
    groups_with_allowances,
    split_allowance,
    total_document,
)
from rules.einvoice_cii import unit_of, vat_id, write_cii
from rules.instalments import DueInstalment, EarlyPayment
from rules.money import ZERO, TaxedLine, TaxGroup, allocate, line_amount, round_money, tax_by_group

D = Decimal
RAM = "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"
NAMES = {"ram": RAM, "rsm": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"}
NAMES["udt"] = "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100"
NAMES["qdt"] = "urn:un:unece:uncefact:data:standard:QualifiedDataType:100"
REASONS = {
    "K": ("VATEX-EU-IC", "Entrega intracomunitaria exenta: art. 25 de la Ley 37/1992"),
    "AE": ("VATEX-EU-AE", "Inversión del sujeto pasivo: art. 84.Uno.2.º g) de la Ley 37/1992"),
    "G": ("VATEX-EU-G", "Exportación exenta: art. 21 de la Ley 37/1992"),
    "O": ("VATEX-EU-O", "Operación no sujeta por reglas de localización: art. 69 de la Ley 37/1992"),
}


def make_address(country: str = "ES", postal_code: str = "50001") -> DocumentAddress:
    return DocumentAddress("", "Casa", "Calle Mayor, 1", postal_code, "Zaragoza", "", country, "")


SELLER = PrintedParty(
    "Suministros Alborada, S.L.", "B99407116", make_address(), "", "facturas@alborada.example"
)
BUYER = PrintedParty("Casa García & Hijos <SA>", "B12345674", make_address(postal_code="46001"), "C-7")
GERMAN = PrintedParty("Kranz GmbH", "DE811193231", make_address("DE", "10115"))
AMERICAN = PrintedParty("Acme Inc.", "12-345", make_address("US", "10001"))


def make_line(
    position: int,
    net: str,
    percent: str = "21",
    category: str = "S",
    surcharge: str = "0",
) -> PrintedLine:
    sign = -1 if net.startswith("-") else 1
    return PrintedLine(
        position,
        f"SKU-{position}",
        f"Artículo {position}",
        D(sign),
        "ud",
        abs(D(net)),
        D(net),
        category,
        D(percent),
        D(surcharge),
    )


def make_invoice(
    lines: Sequence[PrintedLine],
    *,
    kind: PrintedKind = PrintedKind.INVOICE,
    buyer: PrintedParty = BUYER,
    allowances: Sequence[DocumentAllowance] = (),
    prepaid: Decimal = ZERO,
    due: Sequence[date] = (date(2026, 3, 31),),
) -> PrintedInvoice:
    taxed = [
        TaxedLine(each.net, each.category, each.percent, each.position, each.surcharge_percent)
        for each in lines
    ]
    groups = groups_with_allowances(taxed, allowances)
    totals = total_document([line.net for line in lines], groups, allowances, prepaid=prepaid)
    parts = allocate(totals.payable, [D(1)] * len(due))
    return PrintedInvoice(
        kind=kind,
        number="A-2026-0007",
        issued_on=date(2026, 3, 1),
        currency="EUR",
        exponent=2,
        seller=SELLER,
        buyer=buyer,
        lines=tuple(lines),
        tax_groups=tuple(
            PrintedTaxGroup(
                g.category,
                g.percent,
                g.base,
                g.tax,
                g.surcharge_percent,
                g.surcharge,
                *REASONS.get(g.category, ()),
            )
            for g in groups
        ),
        totals=totals,
        instalments=tuple(
            DueInstalment(n, day, part) for n, (day, part) in enumerate(zip(due, parts, strict=True), start=1)
        ),
        allowances=tuple(allowances),
    )


def read(invoice: PrintedInvoice) -> ET.Element:
    return ET.fromstring(write_cii(invoice))


def texts(root: ET.Element, path: str) -> list[str | None]:
    return [each.text for each in root.findall(f".//{path}", NAMES)]


SUM = "ram:SpecifiedTradeSettlementHeaderMonetarySummation/"


def test_lines_are_rounded_first() -> None:
    """IN-13: BT-106 is the sum of rounded lines, 1.02, and not 1.01."""
    nets = [line_amount(D("0.5"), D("0.67")) for _ in range(3)]

    totals = total_document(nets, [TaxGroup("S", D(21), D("1.02"), D("0.21"))])

    assert nets == [D("0.34")] * 3
    assert totals.lines == D("1.02")
    assert round_money(3 * D("0.5") * D("0.67")) == D("1.01")


def test_totals_with_allowance_charge_and_prepayment() -> None:
    """IN-14."""
    allowances = [
        DocumentAllowance(D("50.00"), "S", D(21), "Descuento"),
        DocumentAllowance(D("20.00"), "S", D(21), "Portes", is_charge=True),
    ]
    groups = groups_with_allowances([TaxedLine(D("1000.00"), "S", D(21), 1)], allowances)

    totals = total_document([D("1000.00")], groups, allowances, prepaid=D("100.00"))

    assert (totals.lines, totals.allowances, totals.charges) == (D("1000.00"), D("50.00"), D("20.00"))
    assert (totals.net, totals.tax) == (D("970.00"), D("203.70"))
    assert (totals.gross, totals.payable) == (D("1173.70"), D("1073.70"))


def test_cash_rounding() -> None:
    """IN-19."""
    groups = [TaxGroup("Z", ZERO, D("100.05"), ZERO)]

    totals = total_document([D("100.05")], groups, rounding=D("-0.05"))

    assert (totals.gross, totals.payable) == (D("100.05"), D("100.00"))


@pytest.mark.parametrize(
    ("case", "original", "correct"),
    [("IN-05", ("1000.00", "210.00", "1210.00"), ("800.00", "168.00", "968.00"))],
)
def test_rectification_by_substitution(
    case: str, original: tuple[str, str, str], correct: tuple[str, str, str]
) -> None:
    before, after = (make_invoice([make_line(1, each[0])]).totals for each in (original, correct))
    invoice = replace(
        make_invoice([make_line(1, correct[0])], kind=PrintedKind.CORRECTED),
        verifactu_type="R1",
        rectification_mode="S",
        rectified_net=before.net,
        rectified_tax=before.tax,
    )

    assert (before.net, before.tax, before.gross) == tuple(D(each) for each in original), case
    assert (after.net, after.tax, after.gross) == tuple(D(each) for each in correct), case
    assert (invoice.verifactu_type, invoice.rectification_mode) == ("R1", "S"), case
    assert (invoice.rectified_net, invoice.rectified_tax) == (D("1000.00"), D("210.00")), case
    assert texts(read(invoice), "rsm:ExchangedDocument/ram:TypeCode") == ["384"], case


def test_a_total_is_net_and_tax() -> None:
    """IN-07: 40.00 and 8.40 are 48.40; the page it is from prints 48.2."""
    assert make_invoice([make_line(1, "40.00")]).totals.gross == D("48.40")


def test_an_order_discount_is_split_by_rate() -> None:
    groups, _ = tax_by_group([TaxedLine(D("100.00"), "S", D(21), 1), TaxedLine(D("50.00"), "S", D(10), 2)])

    found = split_allowance(D("10.00"), groups, "Descuento")

    assert [(each.percent, each.amount) for each in found] == [(D(10), D("3.33")), (D(21), D("6.67"))]


@pytest.mark.parametrize(
    ("country", "postal_code", "tax_id", "found"),
    [
        ("ES", "50001", "B99407116", "ESB99407116"),
        ("ES", "50001", "ESB99407116", "ESB99407116"),
        ("DE", "10115", "DE811193231", "DE811193231"),
        ("DE", "10115", "811193231", "DE811193231"),
        ("GR", "10431", "094259216", "EL094259216"),
        ("US", "10001", "12-345", ""),
        ("ES", "50001", "", ""),
    ],
)
def test_vat_numbers_have_their_prefix(country: str, postal_code: str, tax_id: str, found: str) -> None:
    assert vat_id(PrintedParty("X", tax_id, make_address(country, postal_code))) == found


def test_units() -> None:
    assert [unit_of(each) for each in ("ud", "kg", "caja", "docena")] == ["H87", "KGM", "XBX", "C62"]


def test_the_document_in_xml() -> None:
    invoice = replace(
        make_invoice(
            [make_line(1, "100.00"), make_line(2, "50.00", "10")], due=[date(2026, 3, 31), date(2026, 4, 30)]
        ),
        notes=("Gracias\x0b",),
        purchase_order_number="PO/1",
        order_number="P-1",
        delivery_number="ALB-1",
        payment_terms="30 y 60 días",
        early_payment=EarlyPayment(date(2026, 3, 11), D("3.52"), D("172.48")),
        payment_means="30",
        iban="ES91 2100 0418 4502 0005 1332",
    )

    root = read(invoice)

    assert root.tag == f"{{{NAMES['rsm']}}}CrossIndustryInvoice"
    assert texts(root, "ram:GuidelineSpecifiedDocumentContextParameter/ram:ID") == ["urn:cen.eu:en16931:2017"]
    assert texts(root, "rsm:ExchangedDocument/ram:ID") == ["A-2026-0007"]
    assert texts(root, "ram:IssueDateTime/udt:DateTimeString") == ["20260301"]
    assert texts(root, "ram:IncludedNote/ram:Content") == ["Gracias"]
    assert texts(root, "ram:BuyerTradeParty/ram:Name") == ["Casa García & Hijos <SA>"]
    assert texts(root, "ram:SpecifiedTaxRegistration/ram:ID") == ["ESB99407116", "ESB12345674"]
    assert texts(root, "ram:IBANID") == ["ES9121000418450200051332"]
    assert texts(root, "ram:SpecifiedTradePaymentTerms/ram:Description") == [
        "30 y 60 días\n1: 2026-03-31 88.00 EUR\n2: 2026-04-30 88.00 EUR\n2026-03-11: 172.48 EUR"
    ]
    assert texts(root, "ram:DueDateDateTime/udt:DateTimeString") == []
    header = "ram:ApplicableHeaderTradeSettlement/ram:ApplicableTradeTax/"
    assert texts(root, f"{header}ram:BasisAmount") == ["50.00", "100.00"]
    assert texts(root, f"{header}ram:CalculatedAmount") == ["5.00", "21.00"]
    assert texts(root, f"{SUM}ram:LineTotalAmount") == ["150.00"]
    assert texts(root, f"{SUM}ram:TaxTotalAmount") == ["26.00"]
    assert texts(root, f"{SUM}ram:DuePayableAmount") == ["176.00"]


def test_the_same_invoice_gives_the_same_bytes() -> None:
    invoice = make_invoice([make_line(1, "100.00")])

    assert write_cii(invoice) == write_cii(replace(invoice))
    assert write_cii(invoice).startswith(
        b"<?xml version='1.0' encoding='utf-8'?>\n<rsm:CrossIndustryInvoice "
    )


def test_a_credit_has_positive_amounts_and_names_what_it_corrects() -> None:
    """Type 381: the sign is in the type."""
    invoice = replace(
        make_invoice([make_line(1, "-100.00")], kind=PrintedKind.CREDIT),
        rectified=(RectifiedReference("A-2026-0001", date(2026, 2, 1)),),
        rectification_reason="Devolución de mercancía",
    )

    root = read(invoice)

    assert texts(root, "rsm:ExchangedDocument/ram:TypeCode") == ["381"]
    assert texts(root, "ram:BilledQuantity") == ["1"]
    assert texts(root, f"{SUM}ram:GrandTotalAmount") == ["121.00"]
    assert texts(root, "ram:InvoiceReferencedDocument/ram:IssuerAssignedID") == ["A-2026-0001"]
    assert texts(root, "ram:FormattedIssueDateTime/qdt:DateTimeString") == ["20260201"]
    assert texts(root, "ram:IncludedNote/ram:Content") == ["Devolución de mercancía"]


def test_surcharge_is_part_of_the_rate_and_told_in_a_note() -> None:
    root = read(make_invoice([make_line(1, "1000.00", surcharge="5.2")]))

    assert texts(root, "ram:RateApplicablePercent") == ["26.2", "26.2"]
    assert texts(root, "ram:CalculatedAmount") == ["262.00"]
    assert texts(root, f"{SUM}ram:GrandTotalAmount") == ["1262.00"]
    assert texts(root, "ram:IncludedNote/ram:Content") == [
        "Recargo de equivalencia 5.2 %: 52.00 EUR (base 1000.00, IVA 21 %: 210.00)"
    ]


@pytest.mark.parametrize(
    ("category", "buyer", "vat_numbers"),
    [
        ("K", GERMAN, ["ESB99407116", "DE811193231"]),
        ("AE", BUYER, ["ESB99407116", "ESB12345674"]),
        ("G", AMERICAN, ["ESB99407116"]),
        ("O", AMERICAN, []),
    ],
)
def test_what_is_not_taxed_says_why(category: str, buyer: PrintedParty, vat_numbers: list[str]) -> None:
    root = read(make_invoice([make_line(1, "1000.00", "0", category)], buyer=buyer))

    code, reason = REASONS[category]
    assert texts(root, "ram:ExemptionReasonCode") == [code]
    assert texts(root, "ram:ExemptionReason") == [reason]
    assert texts(root, "ram:SpecifiedTaxRegistration/ram:ID") == vat_numbers
    assert texts(root, "ram:RateApplicablePercent") == ([] if category == "O" else ["0", "0"])
    assert texts(root, f"{SUM}ram:TaxTotalAmount") == ["0.00"]


def test_a_foreign_currency_states_the_tax_in_the_sellers() -> None:
    invoice = replace(
        make_invoice([make_line(1, "100.00")]), currency="USD", tax_currency="EUR", tax_in_base=D("19.44")
    )

    found = read(invoice).findall(f".//{SUM}ram:TaxTotalAmount", NAMES)

    assert [(each.text, each.attrib) for each in found] == [
        ("21.00", {"currencyID": "USD"}),
        ("19.44", {"currencyID": "EUR"}),
    ]


def test_prices_by_the_hundred_and_their_discount() -> None:
    line = replace(
        make_line(1, "15.00"),
        quantity=D(75),
        price_unit=D(50),
        unit_price=D("10.00"),
        list_unit_price=D("12.50"),
    )

    root = read(make_invoice([line]))

    assert texts(root, "ram:NetPriceProductTradePrice/ram:ChargeAmount") == ["10"]
    assert texts(root, "ram:GrossPriceProductTradePrice/ram:ChargeAmount") == ["12.5"]
    assert texts(root, "ram:AppliedTradeAllowanceCharge/ram:ActualAmount") == ["2.5"]
    assert texts(root, "ram:BasisQuantity") == ["50", "50"]


@pytest.mark.parametrize("field", ["lines", "net", "tax", "gross", "payable"])
def test_totals_that_do_not_add_up_cannot_be_printed(field: str) -> None:
    invoice = make_invoice([make_line(1, "100.00")])
    totals = {each: getattr(invoice.totals, each) for each in ("lines", "net", "tax", "gross", "payable")}

    with pytest.raises(AssertionError):
        replace(invoice, totals=replace(invoice.totals, **{field: totals[field] + D("0.01")}))


printed_lines = st.lists(
    st.tuples(st.decimals("0.01", "5000", places=2), st.sampled_from(["21", "10", "4"])),
    min_size=1,
    max_size=8,
)


@given(printed_lines, st.decimals("0", "50", places=2), st.booleans())
def test_what_is_printed_adds_up(drawn: list[tuple[Decimal, str]], amount: Decimal, is_charge: bool) -> None:
    lines = [make_line(n, f"{net:.2f}", percent) for n, (net, percent) in enumerate(drawn, start=1)]
    groups, _ = tax_by_group([TaxedLine(each.net, "S", each.percent, each.position) for each in lines])
    allowances = split_allowance(amount, groups, "Descuento", is_charge=is_charge)

    invoice = make_invoice(lines, allowances=allowances, due=[date(2026, 3, n) for n in (1, 2, 3)])

    assert sum(each.amount for each in allowances) == amount
    assert invoice.totals.tax == sum(group.tax for group in invoice.tax_groups)
    assert invoice.totals.net == sum(group.base for group in invoice.tax_groups)
    assert invoice.totals.gross == invoice.totals.net + invoice.totals.tax
    assert sum(each.amount for each in invoice.instalments) == invoice.totals.payable
    assert texts(read(invoice), f"{SUM}ram:TaxTotalAmount") == [f"{invoice.totals.tax:.2f}"]
