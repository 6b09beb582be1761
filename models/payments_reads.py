"""Reading payments: who may see which, their rows, and what is open to be paid."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from auth.permissions import Permission, RowClass, RowScope, Viewer
from models.customers import Customer
from models.customers_reads import customer_in_scope
from models.filters import escape_like
from models.invoices import Invoice, InvoiceInstalment
from models.invoices_reads import invoice_in_scope
from models.payments import BankLine, Payment, PaymentMatch
from models.rows import columns_of
from rules.states import BankLineStatus, InvoiceStatus, PaymentMethod
from rules.texts import fold


@dataclass(frozen=True, slots=True)
class PaymentRow:
    id: UUID
    customer_id: UUID
    number: str
    method: PaymentMethod
    version: int
    received_on: date
    currency: str
    exchange_rate: Decimal
    exchange_rate_on: date
    amount: Decimal
    amount_matched: Decimal
    reference: str
    note: str
    created_at: datetime
    reversed_at: datetime | None
    reversal_reason: str
    quote_id: UUID | None

    @property
    def on_account(self) -> Decimal:
        """What is neither matched nor reversed."""
        return self.amount - self.amount_matched if self.reversed_at is None else Decimal(0)


def payment_in_scope(viewer: Viewer) -> ColumnElement[bool]:
    """A company reads its own payments, as it reads its invoices; staff those of their customers."""
    if viewer.row_class is not RowClass.CUSTOMER:
        return and_(Payment.seller_id == viewer.seller_id, customer_in_scope(viewer, Payment.customer_id))
    if viewer.scope(Permission.INVOICES_READ) is RowScope.COMPANY:
        return Payment.customer_id == viewer.customer_id
    return customer_in_scope(viewer, Payment.customer_id)


def visible_payments(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """The payments the viewer may see, as columns of PaymentRow."""
    return select(*columns_of(Payment, PaymentRow)).where(payment_in_scope(viewer))


def payment_matches(search: str) -> ColumnElement[bool]:
    """Number, reference or customer contains the text."""
    pattern = f"%{escape_like(search.strip().lower())}%"
    named = select(Customer.id).where(
        or_(
            func.lower(Customer.number).like(pattern, escape="\\"),
            func.lower(func.unaccent(Customer.name)).like(f"%{escape_like(fold(search))}%", escape="\\"),
        )
    )
    return or_(
        func.lower(Payment.number).like(pattern, escape="\\"),
        func.lower(Payment.reference).like(pattern, escape="\\"),
        Payment.customer_id.in_(named),
    )


PAYMENT_COLUMNS: dict[str, Any] = {
    "number": Payment.number,
    "method": Payment.method,
    "received_on": Payment.received_on,
    "customer": Payment.customer_id,
    "is_on_account": and_(Payment.amount_matched < Payment.amount, Payment.reversed_at.is_(None)),
    "is_reversed": Payment.reversed_at.is_not(None),
}


@dataclass(frozen=True, slots=True)
class MatchRow:
    """
    An amount set against an instalment.

    `invoice_id` is of the instalment; `credit_invoice_id` of the credit that pays it, None where a payment does.
    """

    id: UUID
    customer_id: UUID
    payment_id: UUID | None
    credit_invoice_id: UUID | None
    instalment_id: UUID
    invoice_id: UUID
    invoice_number: str
    due_on: date
    amount: Decimal
    currency: str
    matched_on: date
    undone_at: datetime | None


def visible_matches(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """Matches against visible invoices, undone ones included, oldest first; as columns of MatchRow."""
    credit = InvoiceInstalment.__table__.alias("credit")
    return (
        select(
            PaymentMatch.id, PaymentMatch.customer_id, PaymentMatch.payment_id, credit.c.invoice_id,
            PaymentMatch.instalment_id, Invoice.id, Invoice.number, InvoiceInstalment.due_on, PaymentMatch.amount,
            Invoice.currency, PaymentMatch.matched_on, PaymentMatch.undone_at,
        )
        .join(
            InvoiceInstalment,
            and_(
                InvoiceInstalment.id == PaymentMatch.instalment_id,
                InvoiceInstalment.customer_id == PaymentMatch.customer_id,
            ),
        )
        .join(
            Invoice,
            and_(Invoice.id == InvoiceInstalment.invoice_id, Invoice.customer_id == PaymentMatch.customer_id),
        )
        .outerjoin(
            credit,
            and_(
                credit.c.id == PaymentMatch.credit_instalment_id,
                credit.c.customer_id == PaymentMatch.customer_id,
            ),
        )
        .where(invoice_in_scope(viewer))
        .order_by(PaymentMatch.matched_at, PaymentMatch.id)
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class OpenInstalmentRow:
    """An instalment of an issued invoice; of a credit, amounts are negative."""

    id: UUID
    invoice_id: UUID
    customer_id: UUID
    invoice_number: str
    position: int
    due_on: date
    amount: Decimal
    amount_matched: Decimal
    currency: str
    exchange_rate: Decimal

    @property
    def open(self) -> Decimal:
        return self.amount - self.amount_matched


def issued_instalments(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """Instalments of the issued invoices the viewer may see, the first due first; as OpenInstalmentRow's columns."""
    return (
        select(
            InvoiceInstalment.id, InvoiceInstalment.invoice_id, InvoiceInstalment.customer_id, Invoice.number,
            InvoiceInstalment.position, InvoiceInstalment.due_on, InvoiceInstalment.amount,
            InvoiceInstalment.amount_matched, Invoice.currency, Invoice.exchange_rate,
        )
        .join(
            Invoice,
            and_(
                Invoice.id == InvoiceInstalment.invoice_id,
                Invoice.customer_id == InvoiceInstalment.customer_id,
            ),
        )
        .where(invoice_in_scope(viewer), Invoice.status == InvoiceStatus.ISSUED)
        .order_by(InvoiceInstalment.due_on, Invoice.number, InvoiceInstalment.position)
    )  # fmt: skip


IS_OPEN = InvoiceInstalment.amount != InvoiceInstalment.amount_matched


@dataclass(frozen=True, slots=True)
class BankLineRow:
    id: UUID
    bank_file_id: UUID
    position: int
    booked_on: date
    amount: Decimal
    currency: str
    remitter: str
    reference: str
    status: BankLineStatus
    problem: str
    problem_data: dict[str, Any]
    payment_id: UUID | None


def visible_bank_lines(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """The lines of our bank's files; row security keeps them from everybody but the seller's whole house."""
    return select(*columns_of(BankLine, BankLineRow)).where(BankLine.seller_id == viewer.seller_id)
