"""Reading a customer's account: its movements, and what was open of it on a day."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Date, Select, and_, cast, func, literal, or_, select, union_all

from auth.permissions import Viewer
from models.invoices import Invoice, InvoiceInstalment
from models.invoices_reads import invoice_in_scope
from models.payments import Payment, PaymentMatch
from models.payments_reads import payment_in_scope
from rules.statements import StatementKind
from rules.states import InvoiceKind, InvoiceStatus


def account_movements(
    viewer: Viewer, customer_id: UUID, currency: str, zone: str
) -> Select[*tuple[Any, ...]]:
    """Everything that changed what a customer owes in a currency; columns `on`, `kind`, `number`, `reference`,
    `due_on` and `amount`."""
    due_on = (
        select(func.max(InvoiceInstalment.due_on))
        .where(
            InvoiceInstalment.invoice_id == Invoice.id,
            InvoiceInstalment.customer_id == Invoice.customer_id,
        )
        .correlate(Invoice)
        .scalar_subquery()
    )
    no_day = cast(None, Date)
    invoices = [
        select(
            Invoice.issued_on.label("on"), literal(kind.value).label("kind"), Invoice.number.label("number"),
            Invoice.purchase_order_number.label("reference"), day.label("due_on"),
            Invoice.gross_amount.label("amount"),
        ).where(
            invoice_in_scope(viewer), Invoice.customer_id == customer_id, Invoice.currency == currency,
            Invoice.status == InvoiceStatus.ISSUED, Invoice.kind == stored,
        )
        for kind, stored, day in (
            (StatementKind.INVOICE, InvoiceKind.INVOICE, due_on),
            (StatementKind.CREDIT, InvoiceKind.RECTIFYING, no_day),
        )
    ]  # fmt: skip
    reversed_on = cast(func.timezone(zone, Payment.reversed_at), Date)
    payments = [
        select(
            day.label("on"), literal(kind.value).label("kind"), Payment.number.label("number"),
            Payment.reference.label("reference"), no_day.label("due_on"), amount.label("amount"),
        ).where(
            payment_in_scope(viewer), Payment.customer_id == customer_id, Payment.currency == currency, condition,
        )
        for kind, day, amount, condition in (
            (StatementKind.PAYMENT, Payment.received_on, -Payment.amount, Payment.id.is_not(None)),
            (StatementKind.REVERSAL, reversed_on, Payment.amount, Payment.reversed_at.is_not(None)),
        )
    ]  # fmt: skip
    moved = union_all(*invoices, *payments).subquery()
    return select(
        moved.c.on, moved.c.kind, moved.c.number, moved.c.reference, moved.c.due_on, moved.c.amount
    ).order_by(moved.c.on, moved.c.number, moved.c.kind)


def _live(day: date, zone: str) -> Any:
    """Whether a match stood at the end of a day."""
    undone_on = cast(func.timezone(zone, PaymentMatch.undone_at), Date)
    return and_(PaymentMatch.matched_on <= day, or_(PaymentMatch.undone_at.is_(None), undone_on > day))


def open_on(
    viewer: Viewer, customer_id: UUID, currency: str, day: date, zone: str
) -> Select[*tuple[Any, ...]]:
    """(due on, open) of each instalment as it stood at the end of a day."""
    matched = (
        select(func.coalesce(func.sum(PaymentMatch.amount), 0))
        .where(
            PaymentMatch.customer_id == InvoiceInstalment.customer_id,
            or_(
                PaymentMatch.instalment_id == InvoiceInstalment.id,
                PaymentMatch.credit_instalment_id == InvoiceInstalment.id,
            ),
            _live(day, zone),
        )
        .correlate(InvoiceInstalment)
        .scalar_subquery()
    )
    left = InvoiceInstalment.amount - func.sign(InvoiceInstalment.amount) * matched
    return (
        select(InvoiceInstalment.due_on, left)
        .join(
            Invoice,
            and_(
                Invoice.id == InvoiceInstalment.invoice_id,
                Invoice.customer_id == InvoiceInstalment.customer_id,
            ),
        )
        .where(
            invoice_in_scope(viewer), Invoice.customer_id == customer_id, Invoice.currency == currency,
            Invoice.status == InvoiceStatus.ISSUED, Invoice.issued_on <= day,
        )
    )  # fmt: skip


def on_account_on(
    viewer: Viewer, customer_id: UUID, currency: str, day: date, zone: str
) -> Select[*tuple[Any, ...]]:
    """What was on account of all payments together at the end of a day."""
    matched = (
        select(func.coalesce(func.sum(PaymentMatch.amount), 0))
        .where(
            PaymentMatch.payment_id == Payment.id,
            PaymentMatch.customer_id == Payment.customer_id,
            _live(day, zone),
        )
        .correlate(Payment)
        .scalar_subquery()
    )
    reversed_on = cast(func.timezone(zone, Payment.reversed_at), Date)
    return select(func.coalesce(func.sum(Payment.amount - matched), 0)).where(
        payment_in_scope(viewer), Payment.customer_id == customer_id, Payment.currency == currency,
        Payment.received_on <= day, or_(Payment.reversed_at.is_(None), reversed_on > day),
    )  # fmt: skip
