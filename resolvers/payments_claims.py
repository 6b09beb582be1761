"""What is open of invoices, locked while it is paid: in the document's currency and as it was posted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select

from models.invoices import Invoice, InvoiceInstalment
from models.invoices_reads import invoice_in_scope
from models.payments import Payment
from models.payments_reads import payment_in_scope
from resolvers.context import Context, LockKind
from resolvers.customers import exponents_by_currency, seller
from rules.journal import in_base, settled_base
from rules.money import ZERO
from rules.refusals import ErrorCode, InvalidTransition, Path, Refusal, StaleVersion
from rules.states import InvoiceStatus


@dataclass(slots=True)
class _Head:
    """An issued invoice; `settled` is what is matched of it as a whole, of the sign of `gross`."""

    number: str
    currency: str
    exponent: int
    gross: Decimal
    gross_base: Decimal
    settled: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class LockedClaim:
    """An instalment that is locked, with the invoice it is of. A credit's amounts are negative."""

    row: InvoiceInstalment
    head: _Head

    @property
    def number(self) -> str:
        return self.head.number

    @property
    def currency(self) -> str:
        return self.head.currency

    @property
    def exponent(self) -> int:
        return self.head.exponent

    @property
    def customer_id(self) -> UUID:
        return self.row.customer_id

    @property
    def amount(self) -> Decimal:
        return self.row.amount

    @property
    def open(self) -> Decimal:
        return self.row.amount - self.row.amount_matched


@dataclass(frozen=True, slots=True)
class Claims:
    """Locked instalments by id, and the seller's currency that they were posted in."""

    by_id: Mapping[UUID, LockedClaim]
    base_currency: str
    base_exponent: int

    def __getitem__(self, key: UUID) -> LockedClaim:
        return self.by_id[key]

    def demand(
        self,
        key: UUID,
        customer_id: UUID | None,
        currency: str | None,
        path: Path,
        field: str = "instalmentId",
    ) -> LockedClaim:
        """The claim, of this customer and in this currency; refused otherwise."""
        claim = self.by_id.get(key)
        if claim is None:
            raise Refusal(ErrorCode.NOT_FOUND, "Not found.", (*path, field))
        if customer_id is not None and claim.customer_id != customer_id:
            text = "{invoice} is of another customer."
            raise Refusal(ErrorCode.INVALID, text, (*path, field), invoice=claim.number)
        if currency is not None and claim.currency != currency:
            text = "{invoice} is in {currency}, the money is not."
            raise Refusal(
                ErrorCode.INVALID, text, (*path, field), invoice=claim.number, currency=claim.currency
            )
        return claim

    def settle(self, key: UUID, amount: Decimal) -> Decimal:
        """
        Counts an amount on an instalment; below zero takes it back.

        Returns:
            What that settles of what was posted, in the seller's currency, of the sign of the claim.
        """
        claim = self.by_id[key]
        head, signed = claim.head, amount if claim.amount > 0 else -amount
        before = settled_base(head.gross, head.gross_base, head.settled, self.base_exponent)
        head.settled += signed
        claim.row.amount_matched += signed
        return settled_base(head.gross, head.gross_base, head.settled, self.base_exponent) - before


async def lock_claims(ctx: Context, instalment_ids: Sequence[UUID]) -> Claims:
    """
    The instalments, locked with all others of their invoices: what an invoice has settled decides on cents.

    Those of drafts, or that the viewer may not see, are not among them.
    """
    us = await seller(ctx)
    exponent: int = await ctx.load(exponents_by_currency, us.currency)
    visible = select(Invoice.id).where(invoice_in_scope(ctx.user), Invoice.status == InvoiceStatus.ISSUED)
    wanted = select(InvoiceInstalment.invoice_id).where(
        InvoiceInstalment.id.in_(instalment_ids), InvoiceInstalment.invoice_id.in_(visible)
    )
    statement = select(InvoiceInstalment).where(InvoiceInstalment.invoice_id.in_(wanted))
    rows = list(
        await ctx.session.scalars(ctx.locked(LockKind.LINES, statement.order_by(InvoiceInstalment.id)))
    )
    found = await ctx.session.execute(
        select(
            Invoice.id, Invoice.number, Invoice.currency, Invoice.currency_exponent, Invoice.gross_amount,
            Invoice.exchange_rate,
        ).where(Invoice.id.in_({row.invoice_id for row in rows}), invoice_in_scope(ctx.user))
    )  # fmt: skip
    heads = {
        key: _Head(number, currency, own_exponent, gross, in_base(gross, rate, exponent))
        for key, number, currency, own_exponent, gross, rate in found
    }
    for row in rows:
        heads[row.invoice_id].settled += row.amount_matched
    return Claims({row.id: LockedClaim(row, heads[row.invoice_id]) for row in rows}, us.currency, exponent)


async def lock_payment(ctx: Context, payment_id: UUID, expected_version: int | None) -> Payment:
    """The payment, locked; refuses one that is not there, was changed, or is reversed."""
    statement = select(Payment).where(Payment.id == payment_id, payment_in_scope(ctx.user))
    payment: Payment | None = await ctx.session.scalar(ctx.locked(LockKind.DOCUMENT, statement))
    if payment is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("paymentId",))
    if expected_version is not None and payment.version != expected_version:
        raise StaleVersion(payment.version)
    if payment.reversed_at is not None:
        raise InvalidTransition("REVERSED", "MATCHED", [])
    return payment
