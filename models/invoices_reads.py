"""Reading invoices: who may see which, their rows, and what there is to invoice."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, literal_column, or_, select

from auth.permissions import Permission, RowClass, RowScope, Viewer
from models.customers import Customer, TaxEvidence
from models.customers_reads import customer_in_scope, own_only
from models.deliveries import Delivery, DeliveryLine
from models.filters import escape_like
from models.invoices import (
    Invoice,
    InvoiceInstalment,
    InvoiceLine,
    InvoiceRecord,
    InvoiceRectification,
    InvoiceTaxGroup,
)
from models.products import Product
from models.rows import columns_of
from models.sellers import TaxCategory, TaxRate
from rules.states import (
    BuyerInvoiceStatus,
    DeliveryStatus,
    InvoiceKind,
    InvoiceRecordKind,
    InvoiceStatus,
    InvoiceType,
    InvoicingMode,
    LineKind,
    PaymentState,
    ProductKind,
    TaxEvidenceKind,
    TaxRegime,
)
from rules.texts import fold

# Drafts have no day and come before everything that has: a sort key must not be null.
LATEST = func.coalesce(Invoice.issued_on, literal_column("date '9999-12-31'"))


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    id: UUID
    customer_id: UUID
    kind: InvoiceKind
    type: InvoiceType
    status: InvoiceStatus
    version: int
    series_code: str
    number: str | None
    issued_on: date | None
    issued_at: datetime | None
    created_at: datetime
    supplied_from: date
    supplied_on: date
    reason: str
    buyer_status: BuyerInvoiceStatus | None
    buyer_status_on: date | None
    buyer_reason: str
    locale: str
    currency: str
    currency_exponent: int
    exchange_rate: Decimal
    exchange_rate_on: date
    seller_party: dict[str, Any]
    customer_number: str
    customer_name: str
    customer_tax_id: str | None
    billing_address: dict[str, Any]
    delivery_address: dict[str, Any]
    payment_terms: dict[str, Any]
    purchase_order_number: str
    net_amount: Decimal
    tax_amount: Decimal
    surcharge_amount: Decimal
    gross_amount: Decimal


def invoice_in_scope(viewer: Viewer) -> ColumnElement[bool]:
    """A company reads its own invoices once they are issued; staff those of their customers, drafts included."""
    if viewer.row_class is not RowClass.CUSTOMER:
        return and_(Invoice.seller_id == viewer.seller_id, customer_in_scope(viewer, Invoice.customer_id))
    issued = Invoice.status == InvoiceStatus.ISSUED
    if viewer.scope(Permission.INVOICES_READ) is RowScope.COMPANY:
        return and_(issued, Invoice.customer_id == viewer.customer_id)
    return and_(issued, customer_in_scope(viewer, Invoice.customer_id))


def visible_invoices(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """The invoices the viewer may see, as columns of InvoiceRow."""
    columns = own_only(viewer, columns_of(Invoice, InvoiceRow), "customer_tax_id", Invoice.customer_id)
    return select(*columns).where(invoice_in_scope(viewer))


def _visible_ids(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    return select(Invoice.id).where(invoice_in_scope(viewer))


def invoice_matches(search: str) -> ColumnElement[bool]:
    """Number, PO number, customer, or a line's order, delivery or SKU contains the text."""
    pattern = f"%{escape_like(search.strip().lower())}%"
    name = f"%{escape_like(fold(search))}%"
    in_line = exists().where(
        InvoiceLine.invoice_id == Invoice.id,
        InvoiceLine.customer_id == Invoice.customer_id,
        or_(
            func.lower(InvoiceLine.order_number).like(pattern, escape="\\"),
            func.lower(InvoiceLine.delivery_number).like(pattern, escape="\\"),
            func.lower(InvoiceLine.sku).like(pattern, escape="\\"),
        ),
    )
    return or_(
        func.lower(Invoice.number).like(pattern, escape="\\"),
        func.lower(Invoice.purchase_order_number).like(pattern, escape="\\"),
        func.lower(func.unaccent(Invoice.customer_name)).like(name, escape="\\"),
        func.lower(Invoice.customer_number).like(pattern, escape="\\"),
        in_line,
    )


def _of_instalments(what: Any) -> Any:
    return (
        select(what)
        .where(
            InvoiceInstalment.invoice_id == Invoice.id,
            InvoiceInstalment.customer_id == Invoice.customer_id,
        )
        .correlate(Invoice)
        .scalar_subquery()
    )


def invoice_columns(today: date) -> Mapping[str, Any]:
    """What `where:` may filter invoices by."""
    open_amount = _of_instalments(
        func.coalesce(func.sum(InvoiceInstalment.amount - InvoiceInstalment.amount_matched), 0)
    )
    matched = _of_instalments(func.coalesce(func.sum(func.abs(InvoiceInstalment.amount_matched)), 0))
    issued = Invoice.status == InvoiceStatus.ISSUED
    overdue = exists().where(
        InvoiceInstalment.invoice_id == Invoice.id,
        InvoiceInstalment.customer_id == Invoice.customer_id,
        InvoiceInstalment.amount > InvoiceInstalment.amount_matched,
        InvoiceInstalment.due_on < today,
    )
    return {
        "number": Invoice.number,
        "status": Invoice.status,
        "kind": Invoice.kind,
        "type": Invoice.type,
        "buyer_status": Invoice.buyer_status,
        "customer": Invoice.customer_id,
        "issued_on": Invoice.issued_on,
        "gross": Invoice.gross_amount,
        "is_overdue": and_(issued, overdue),
        "state": case(
            (Invoice.status != InvoiceStatus.ISSUED, None),
            (open_amount == 0, PaymentState.PAID.value),
            (matched == 0, PaymentState.OPEN.value),
            else_=PaymentState.PARTIAL.value,
        ),
        "due_on": _of_instalments(
            func.min(
                case(
                    (
                        InvoiceInstalment.amount != InvoiceInstalment.amount_matched,
                        InvoiceInstalment.due_on,
                    )
                )
            )
        ),
    }


@dataclass(frozen=True, slots=True)
class InvoiceLineRow:
    id: UUID
    invoice_id: UUID
    position: int
    kind: LineKind
    order_line_id: UUID | None
    delivery_line_id: UUID | None
    rectified_line_id: UUID | None
    product_id: UUID | None
    order_number: str
    delivery_number: str
    sku: str
    customer_item_number: str | None
    description: str
    unit_code: str
    quantity: Decimal
    quantity_credited: Decimal
    list_unit_price: Decimal
    price_unit: Decimal
    discount_percent: Decimal
    unit_price: Decimal
    tax_category: str
    tax_percent: Decimal
    surcharge_percent: Decimal
    exemption_code: str
    net_amount: Decimal
    tax_amount: Decimal
    surcharge_amount: Decimal
    gross_amount: Decimal


def visible_invoice_lines(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """The lines of visible invoices, by position."""
    return (
        select(*columns_of(InvoiceLine, InvoiceLineRow))
        .where(InvoiceLine.invoice_id.in_(_visible_ids(viewer)))
        .order_by(InvoiceLine.invoice_id, InvoiceLine.position)
    )


@dataclass(frozen=True, slots=True)
class TaxGroupRow:
    invoice_id: UUID
    category: str
    percent: Decimal
    surcharge_percent: Decimal
    exemption_code: str
    qualification: str
    exemption_reason: str
    base_amount: Decimal
    tax_amount: Decimal
    surcharge_amount: Decimal


def visible_tax_groups(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    return (
        select(*columns_of(InvoiceTaxGroup, TaxGroupRow))
        .where(InvoiceTaxGroup.invoice_id.in_(_visible_ids(viewer)))
        .order_by(
            InvoiceTaxGroup.invoice_id,
            InvoiceTaxGroup.category,
            InvoiceTaxGroup.percent,
            InvoiceTaxGroup.surcharge_percent,
            InvoiceTaxGroup.exemption_code,
        )
    )


@dataclass(frozen=True, slots=True)
class InstalmentRow:
    id: UUID
    invoice_id: UUID
    position: int
    due_on: date
    amount: Decimal
    amount_matched: Decimal

    @property
    def open(self) -> Decimal:
        return self.amount - self.amount_matched


def visible_instalments(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    return (
        select(*columns_of(InvoiceInstalment, InstalmentRow))
        .where(InvoiceInstalment.invoice_id.in_(_visible_ids(viewer)))
        .order_by(InvoiceInstalment.invoice_id, InvoiceInstalment.position)
    )


@dataclass(frozen=True, slots=True)
class RecordRow:
    """The legal record of an invoice's issue."""

    invoice_id: UUID
    kind: InvoiceRecordKind
    position: int
    previous_hash: str
    hash: str
    hashed_text: str
    recorded_at: datetime


def visible_records(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    return select(*columns_of(InvoiceRecord, RecordRow)).where(
        InvoiceRecord.invoice_id.in_(_visible_ids(viewer))
    )


def chain_of(seller_id: UUID) -> Select[*tuple[Any, ...]]:
    """Every record of a legal entity with what its invoice says now, in the chain's order; for finance."""
    return (
        select(
            *columns_of(InvoiceRecord, RecordRow),
            Invoice.seller_party,
            Invoice.number,
            Invoice.issued_on,
            Invoice.type,
            Invoice.tax_amount,
            Invoice.surcharge_amount,
            Invoice.gross_amount,
            Invoice.exchange_rate,
        )
        .outerjoin(
            Invoice,
            and_(Invoice.id == InvoiceRecord.invoice_id, Invoice.customer_id == InvoiceRecord.customer_id),
        )
        .where(InvoiceRecord.seller_id == seller_id)
        .order_by(InvoiceRecord.position, InvoiceRecord.id)
    )


def visible_rectifications(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """(rectifying_id, rectified_id) of visible invoices."""
    table = InvoiceRectification
    return (
        select(table.rectifying_id, table.rectified_id)
        .where(table.rectifying_id.in_(_visible_ids(viewer)), table.rectified_id.in_(_visible_ids(viewer)))
        .order_by(table.rectifying_id, table.rectified_id)
    )


@dataclass(frozen=True, slots=True)
class DeliveredRow:
    """A line of a delivery that left, and what is neither invoiced nor returned of it."""

    delivery_id: UUID
    delivery_number: str
    status: DeliveryStatus
    shipped_at: datetime | None
    customer_id: UUID
    order_id: UUID
    delivery_line_id: UUID
    order_line_id: UUID
    quantity: Decimal
    quantity_invoiced: Decimal
    quantity_returned: Decimal

    @property
    def left(self) -> Decimal:
        return self.quantity - self.quantity_returned - self.quantity_invoiced


def delivered_lines(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """Lines of visible deliveries, oldest shipment first, as DeliveredRow."""
    return (
        select(
            Delivery.id,
            Delivery.number,
            Delivery.status,
            Delivery.shipped_at,
            Delivery.customer_id,
            Delivery.order_id,
            DeliveryLine.id,
            DeliveryLine.order_line_id,
            DeliveryLine.quantity,
            DeliveryLine.quantity_invoiced,
            DeliveryLine.quantity_returned,
        )
        .join(
            DeliveryLine,
            and_(DeliveryLine.delivery_id == Delivery.id, DeliveryLine.customer_id == Delivery.customer_id),
        )
        .where(Delivery.seller_id == viewer.seller_id, customer_in_scope(viewer, Delivery.customer_id))
        .order_by(Delivery.shipped_at, Delivery.id, DeliveryLine.position)
    )


def uninvoiced() -> ColumnElement[bool]:
    """Of `delivered_lines`: those that left and of which something is to be invoiced."""
    left = DeliveryLine.quantity - DeliveryLine.quantity_returned - DeliveryLine.quantity_invoiced
    return and_(Delivery.status == DeliveryStatus.SHIPPED, left > 0)


def invoiced_nets(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """(order_line_id, net): what drafts and issued invoices took of order lines; credits are not counted."""
    return (
        select(InvoiceLine.order_line_id, func.sum(InvoiceLine.net_amount))
        .join(
            Invoice,
            and_(Invoice.id == InvoiceLine.invoice_id, Invoice.customer_id == InvoiceLine.customer_id),
        )
        .where(
            Invoice.seller_id == viewer.seller_id,
            Invoice.kind == InvoiceKind.INVOICE,
            Invoice.status != InvoiceStatus.DISCARDED,
        )
        .group_by(InvoiceLine.order_line_id)
    )


def drafted_lines(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """(order_line_id): the order lines that drafts hold something of."""
    return (
        select(InvoiceLine.order_line_id)
        .join(
            Invoice,
            and_(Invoice.id == InvoiceLine.invoice_id, Invoice.customer_id == InvoiceLine.customer_id),
        )
        .where(Invoice.seller_id == viewer.seller_id, Invoice.status == InvoiceStatus.DRAFT)
        .distinct()
    )


@dataclass(frozen=True, slots=True)
class InvoicedCustomerRow:
    """What of a customer decides on its invoices."""

    id: UUID
    number: str
    name: str
    tax_id: str | None
    invoicing_mode: InvoicingMode
    tax_regime: TaxRegime
    locale: str


def invoiced_customers(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    return select(*columns_of(Customer, InvoicedCustomerRow)).where(
        Customer.seller_id == viewer.seller_id, customer_in_scope(viewer)
    )


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    id: UUID
    customer_id: UUID
    kind: TaxEvidenceKind
    number: str
    request_identifier: str
    is_valid: bool
    verified_on: date
    valid_until: date | None
    note: str


def visible_evidence(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """What proves that customers may go untaxed, newest first."""
    return (
        select(*columns_of(TaxEvidence, EvidenceRow))
        .where(customer_in_scope(viewer, TaxEvidence.customer_id))
        .order_by(TaxEvidence.customer_id, TaxEvidence.verified_on.desc(), TaxEvidence.id.desc())
    )


@dataclass(frozen=True, slots=True)
class ProductTaxRow:
    """A product's kind and tax, one row for each rate of its category; the rate's columns are null without one."""

    product_id: UUID
    kind: ProductKind
    is_reverse_charge: bool
    category: str
    territory: str | None
    percent: Decimal | None
    surcharge_percent: Decimal | None
    valid_from: date | None
    valid_until: date | None


def product_taxes(seller_id: UUID) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Product.id,
            Product.kind,
            Product.is_reverse_charge,
            TaxCategory.untdid_5305,
            TaxRate.territory,
            TaxRate.percent,
            TaxRate.surcharge_percent,
            TaxRate.valid_from,
            TaxRate.valid_until,
        )
        .join(TaxCategory, TaxCategory.id == Product.tax_category_id)
        .outerjoin(TaxRate, TaxRate.tax_category_id == TaxCategory.id)
        .where(Product.seller_id == seller_id)
    )
