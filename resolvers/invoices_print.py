"""An issued invoice as it is printed: gathered from what its rows copied, never from master data."""

from uuid import UUID

from models.invoices_reads import InvoiceLineRow, InvoiceRow, TaxGroupRow
from resolvers.context import Context
from resolvers.customers import seller
from resolvers.invoices import (
    instalments_by_invoice,
    invoices_by_id,
    lines_by_invoice,
    rectifications,
    tax_groups_by_invoice,
)
from rules.documents import DocumentAddress, DocumentParty, DocumentPaymentTerms
from rules.einvoice import (
    PrintedInvoice,
    PrintedKind,
    PrintedLine,
    PrintedParty,
    PrintedTaxGroup,
    RectifiedReference,
    total_document,
)
from rules.instalments import DueInstalment, early_payment
from rules.journal import in_base
from rules.money import TaxGroup
from rules.states import InvoiceKind, InvoiceStatus
from rules.verifactu import qr_address

TRANSFER = "30"  # UNTDID 4461


async def printed_invoice(
    ctx: Context, invoice_id: UUID, *, verifactu: str
) -> tuple[InvoiceRow, PrintedInvoice] | None:
    """
    A visible issued invoice and everything it says; None for a draft and for what cannot be seen.

    Args:
        verifactu: "off" for no QR code, "test" or "production" for which of AEAT's addresses it holds.
    """
    row = await ctx.load(invoices_by_id, invoice_id)
    if row is None or row.status != InvoiceStatus.ISSUED or row.number is None or row.issued_on is None:
        return None
    lines = await ctx.load(lines_by_invoice, row.id)
    groups = await ctx.load(tax_groups_by_invoice, row.id)
    due = await ctx.load(instalments_by_invoice, row.id)
    us, party = await seller(ctx), DocumentParty.from_json(row.seller_party)
    is_credit = row.kind == InvoiceKind.RECTIFYING
    corrected = await ctx.load(rectifications, row.id) if is_credit else []
    terms = DocumentPaymentTerms.from_json(row.payment_terms)
    billing = DocumentAddress.from_json(row.billing_address)
    ship_to = DocumentAddress.from_json(row.delivery_address)
    orders = {line.order_number for line in lines if line.order_number}
    deliveries = {line.delivery_number for line in lines if line.delivery_number}
    is_foreign = row.currency != us.currency
    with_qr = party.country == "ES" and verifactu != "off"
    return row, PrintedInvoice(
        kind=PrintedKind.CREDIT if is_credit else PrintedKind.INVOICE,
        number=row.number,
        issued_on=row.issued_on,
        currency=row.currency,
        exponent=row.currency_exponent,
        seller=_seller(party),
        buyer=PrintedParty(row.customer_name, row.customer_tax_id or "", billing, row.customer_number),
        lines=tuple(_line(line) for line in lines),
        tax_groups=tuple(_group(group) for group in groups),
        totals=total_document([line.net_amount for line in lines], [_sums(group) for group in groups]),
        instalments=tuple(DueInstalment(each.position, each.due_on, each.amount) for each in due),
        verifactu_type=row.type.value,
        supplied_on=row.supplied_on,
        ship_to=None if ship_to == billing else ship_to,
        purchase_order_number=row.purchase_order_number,
        order_number=orders.pop() if len(orders) == 1 else "",
        delivery_number=deliveries.pop() if len(deliveries) == 1 else "",
        payment_terms="" if is_credit else terms.name,
        early_payment=None
        if is_credit
        else early_payment(row.gross_amount, terms, row.issued_on, row.currency_exponent),
        payment_means=TRANSFER if party.bank_account else "",
        iban=party.bank_account,
        rectified=tuple(
            RectifiedReference(each.number, each.issued_on)
            for each in corrected
            if each.number is not None and each.issued_on is not None
        ),
        rectification_mode="I" if is_credit else "",
        rectification_reason=row.reason,
        tax_currency=us.currency if is_foreign else "",
        tax_in_base=in_base(row.tax_amount + row.surcharge_amount, row.exchange_rate) if is_foreign else None,
        qr_address=qr_address(
            party.tax_id,
            row.number,
            row.issued_on,
            in_base(row.gross_amount, row.exchange_rate),
            is_production=verifactu == "production",
        )
        if with_qr
        else "",
    )


def _seller(party: DocumentParty) -> PrintedParty:
    address = DocumentAddress(
        "", party.name, party.street, party.postal_code, party.city, "", party.country, party.phone
    )
    return PrintedParty(party.name, party.tax_id, address, email=party.email)


def _line(line: InvoiceLineRow) -> PrintedLine:
    return PrintedLine(
        position=line.position,
        sku=line.sku,
        description=line.description,
        quantity=line.quantity,
        unit_code=line.unit_code,
        unit_price=line.unit_price,
        net=line.net_amount,
        category=line.tax_category,
        percent=line.tax_percent,
        surcharge_percent=line.surcharge_percent,
        price_unit=line.price_unit,
        list_unit_price=line.list_unit_price,
        discount_percent=line.discount_percent,
        customer_item_number=line.customer_item_number or "",
        order_number=line.order_number,
        delivery_number=line.delivery_number,
    )


def _sums(row: TaxGroupRow) -> TaxGroup:
    return TaxGroup(
        row.category,
        row.percent,
        row.base_amount,
        row.tax_amount,
        row.surcharge_percent,
        row.surcharge_amount,
    )


def _group(row: TaxGroupRow) -> PrintedTaxGroup:
    return PrintedTaxGroup(
        row.category,
        row.percent,
        row.base_amount,
        row.tax_amount,
        row.surcharge_percent,
        row.surcharge_amount,
        row.exemption_code,
        row.exemption_reason,
    )
