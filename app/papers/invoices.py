"""Invoices as PDF/A-3 with their EN 16931 XML inside, and the XML by itself."""

import io
from collections.abc import Awaitable, Callable
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import segno
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from app.database import Database
from app.papers.press import Attachment
from app.papers.routes import Paper, PaperKind, read_visible, safe_name
from auth.permissions import Permission
from resolvers.context import Context
from resolvers.invoices_print import printed_invoice
from rules.einvoice import PrintedInvoice, PrintedKind, PrintedLine, PrintedParty, PrintedTaxGroup
from rules.einvoice_cii import write_cii
from rules.states import InvoiceType
from rules.verifactu import QR_CAPTION, QR_PHRASE

XML_NAME = "factur-x.xml"
SOFTWARE, SOFTWARE_VERSION = (
    "Ventas",
    "1.0",
)  # what the self-responsible declaration is about (RD 1007/2023 art. 13)
# Which article of Ley 37/1992 a correction is by (AEAT list L2).
ARTICLES = {
    InvoiceType.R1: "art. 80.Uno, Dos y Seis LIVA",
    InvoiceType.R2: "art. 80.Tres LIVA",
    InvoiceType.R3: "art. 80.Cuatro LIVA",
}
QUIET_ZONE = 4  # modules around a QR code (ISO/IEC 18004)


def invoice_kind(verifactu: str) -> PaperKind:
    """GET /documents/invoices/{id}.pdf"""

    async def read(ctx: Context, invoice_id: UUID) -> Paper | None:
        return await invoice_paper(ctx, invoice_id, verifactu)

    return PaperKind("invoices", "Invoice", Permission.INVOICES_READ, read)


async def invoice_paper(ctx: Context, invoice_id: UUID, verifactu: str) -> Paper | None:
    """An issued invoice, in the language of the document whoever asks."""
    found = await printed_invoice(ctx, invoice_id, verifactu=verifactu)
    if found is None:
        return None
    row, invoice = found
    assert row.issued_at is not None, "it is issued"
    xml = Attachment(XML_NAME, write_cii(invoice), "text/xml", "alternative", "EN 16931")
    return Paper(
        invoice.number, "invoice.typ", _Told(invoice, row.locale).data(), row.issued_at, ("a-3b",), (xml,)
    )


def invoice_xml_routes(database: Database, clock: Callable[[], datetime], verifactu: str) -> list[BaseRoute]:
    """GET /documents/invoices/{id}.xml: the same bytes that the PDF carries."""

    async def read(ctx: Context, invoice_id: UUID) -> tuple[str, bytes] | None:
        found = await printed_invoice(ctx, invoice_id, verifactu=verifactu)
        return None if found is None else (found[1].number, write_cii(found[1]))

    reader: Callable[[Context, UUID], Awaitable[tuple[str, bytes] | None]] = read

    async def xml(request: Request) -> Response:
        found = await read_visible(request, database, clock, "Invoice", Permission.INVOICES_READ, reader)
        if found is None:
            return Response(status_code=404)
        headers = {
            "Content-Disposition": f'attachment; filename="{safe_name(found[0])}.xml"',
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        }
        return Response(found[1], 200, headers, media_type="application/xml")

    return [Route("/documents/invoices/{id}.xml", xml, methods=["GET"])]


class _Told:
    """The invoice as texts in its language."""

    def __init__(self, invoice: PrintedInvoice, locale: str) -> None:
        self.invoice = invoice
        self.locale = locale

    def data(self) -> dict[str, object]:
        invoice, totals = self.invoice, self.invoice.totals
        is_credit = invoice.kind == PrintedKind.CREDIT
        early = invoice.early_payment
        return {
            "locale": self.locale,
            "title": "credit_note" if is_credit else "invoice",
            "number": invoice.number,
            "seller": self.seller(),
            "buyer": self.party(invoice.buyer),
            "ship_to": None if invoice.ship_to is None else self.party(
                PrintedParty(invoice.ship_to.name, "", invoice.ship_to)
            ),
            "issued_on": self.day(invoice.issued_on),
            "supplied_on": "" if invoice.supplied_on in (None, invoice.issued_on) else self.day(
                invoice.supplied_on or invoice.issued_on
            ),
            "customer_number": invoice.buyer.number,
            "order": invoice.order_number,
            "delivery": invoice.delivery_number,
            "purchase_order": invoice.purchase_order_number,
            "lines": [self.line(line) for line in invoice.lines],
            "with_surcharge": any(group.surcharge_percent for group in invoice.tax_groups),
            "groups": [self.group(group) for group in invoice.tax_groups],
            "net": self.money(totals.net),
            "tax": self.money(totals.tax),
            "gross": self.money(totals.gross),
            "tax_in_base": "" if invoice.tax_in_base is None else format_currency(
                invoice.tax_in_base, invoice.tax_currency, locale=self.locale
            ),
            "instalments": [
                {"due_on": self.day(each.due_on), "amount": self.money(each.amount)}
                for each in invoice.instalments
            ] if not is_credit else [],
            "terms": invoice.payment_terms,
            "early": None if early is None else {
                "until": self.day(early.until), "payable": self.money(early.payable),
            },
            "iban": "" if is_credit else invoice.iban,
            "rectified": [
                f"{each.number} ({self.day(each.issued_on)})" for each in invoice.rectified
            ],
            "rectification": " ".join(
                part for part in (invoice.verifactu_type, ARTICLES.get(InvoiceType(invoice.verifactu_type), ""))
                if part
            ) if is_credit else "",
            "reason": invoice.rectification_reason,
            "qr": _qr(invoice.qr_address) if invoice.qr_address else "",
            "qr_caption": QR_CAPTION,
            "qr_phrase": QR_PHRASE,
            "software": f"{SOFTWARE} {SOFTWARE_VERSION}",
        }  # fmt: skip

    def seller(self) -> dict[str, object]:
        seller = self.invoice.seller
        contact = " · ".join(part for part in (seller.email, seller.address.phone) if part)
        told = self.party(seller)
        return told | {"tax_id": seller.tax_id, "contact": contact}

    def party(self, party: PrintedParty) -> dict[str, object]:
        address = party.address
        return {
            "name": party.name,
            "tax_id": party.tax_id,
            "lines": [
                address.street,
                f"{address.postal_code} {address.city}".strip(),
                f"{address.region} {address.country}".strip(),
            ],
        }

    def line(self, line: PrintedLine) -> dict[str, object]:
        per = "" if line.price_unit == 1 else f" / {self.number(line.price_unit)}"
        return {
            "sku": line.sku,
            "own": line.customer_item_number,
            "description": line.description,
            "from": " · ".join(part for part in (line.order_number, line.delivery_number) if part),
            "quantity": self.number(line.quantity),
            "unit": line.unit_code,
            "price": self.number(line.unit_price, 2) + per,
            "discount": f"{self.number(line.discount_percent)} %" if line.discount_percent else "",
            "percent": f"{self.number(line.percent)} %"
            if line.category in ("S", "L", "M")
            else line.category,
            "net": self.money(line.net),
        }

    def group(self, group: PrintedTaxGroup) -> dict[str, object]:
        return {
            "category": group.category,
            "base": self.money(group.base),
            "percent": f"{self.number(group.percent)} %",
            "tax": self.money(group.tax),
            "surcharge_percent": f"{self.number(group.surcharge_percent)} %",
            "surcharge": self.money(group.surcharge),
            "reason": group.reason,
        }

    def money(self, amount: Decimal) -> str:
        return format_currency(amount, self.invoice.currency, locale=self.locale)

    def number(self, value: Decimal, decimals: int = 0) -> str:
        shape = "#,##0." + "0" * decimals + "#" * (6 - decimals)
        return format_decimal(value.normalize(), shape, locale=self.locale)

    def day(self, day: date) -> str:
        return format_date(day, "long", locale=self.locale)


def _qr(address: str) -> str:
    """The code as SVG, with error correction M as AEAT asks."""
    made = io.BytesIO()
    code = segno.make(address, error="m", micro=False, boost_error=False)
    code.save(made, kind="svg", border=QUIET_ZONE, xmldecl=False, nl=False)
    return made.getvalue().decode()
