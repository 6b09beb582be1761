"""Payments: reading them, and what is open to be matched."""

from collections.abc import Sequence
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select

from auth.permissions import Permission
from models.filters import Where, conditions
from models.invoices import Invoice, InvoiceInstalment
from models.payments import Payment, PaymentMatch
from models.payments_reads import (
    IS_OPEN,
    PAYMENT_COLUMNS,
    MatchRow,
    OpenInstalmentRow,
    PaymentRow,
    issued_instalments,
    payment_matches,
    visible_matches,
    visible_payments,
)
from models.rows import by_key, grouped
from resolvers.context import Context
from resolvers.paging import Page, PageArgs, SortKey, page
from rules.refusals import ErrorCode, Refusal

SEARCH_MAX = 200
OPEN_MAX = 200  # instalments offered at once to be matched
NEWEST = (SortKey("RECEIVED_ON", Payment.received_on, True), SortKey("id", Payment.id, True))


class PaymentAction(StrEnum):
    MATCH = "MATCH"
    UNMATCH = "UNMATCH"
    REVERSE = "REVERSE"


async def payments(ctx: Context, where: Where | None, search: str | None, args: PageArgs) -> Page[PaymentRow]:
    """The payments the viewer may see, newest first."""
    statement = visible_payments(ctx.user).where(conditions(where, PAYMENT_COLUMNS))
    if search and search.strip():
        if len(search) > SEARCH_MAX:
            text = "A search has {limit} characters at most."
            raise Refusal(ErrorCode.LIMIT_EXCEEDED, text, ("search",), limit=SEARCH_MAX)
        statement = statement.where(payment_matches(search))
    return await page(ctx, statement, list(NEWEST), args, PaymentRow)


async def payments_by_id(ctx: Context, keys: Sequence[UUID]) -> list[PaymentRow | None]:
    rows = await ctx.session.execute(visible_payments(ctx.user).where(Payment.id.in_(keys)))
    return by_key(keys, (PaymentRow(*each) for each in rows))


async def payment_by_number(ctx: Context, number: str) -> PaymentRow | None:
    found = (await ctx.session.execute(visible_payments(ctx.user).where(Payment.number == number))).first()
    return None if found is None else PaymentRow(*found)


async def matches_by_payment(ctx: Context, keys: Sequence[UUID]) -> list[list[MatchRow]]:
    """What each payment is matched to now."""
    rows = await ctx.session.execute(
        visible_matches(ctx.user).where(PaymentMatch.payment_id.in_(keys), PaymentMatch.undone_at.is_(None))
    )
    return grouped(keys, (MatchRow(*each) for each in rows), "payment_id")


async def matches_by_invoice(ctx: Context, keys: Sequence[UUID]) -> list[list[MatchRow]]:
    """What covers each invoice now: payments and credits."""
    rows = await ctx.session.execute(
        visible_matches(ctx.user).where(Invoice.id.in_(keys), PaymentMatch.undone_at.is_(None))
    )
    return grouped(keys, (MatchRow(*each) for each in rows), "invoice_id")


async def matches_by_id(ctx: Context, keys: Sequence[UUID]) -> list[MatchRow | None]:
    rows = await ctx.session.execute(visible_matches(ctx.user).where(PaymentMatch.id.in_(keys)))
    return by_key(keys, (MatchRow(*each) for each in rows))


async def open_instalments(ctx: Context, customer_id: UUID) -> list[OpenInstalmentRow]:
    """What is open of a customer, credits included, the first due first; at most `OPEN_MAX`."""
    rows = await ctx.session.execute(
        issued_instalments(ctx.user)
        .where(InvoiceInstalment.customer_id == customer_id, IS_OPEN)
        .limit(OPEN_MAX)
    )
    return [OpenInstalmentRow(*each) for each in rows]


async def open_by_customer(ctx: Context, keys: Sequence[UUID]) -> list[list[OpenInstalmentRow]]:
    """Everything open of each customer, credits included, the first due first."""
    rows = await ctx.session.execute(
        issued_instalments(ctx.user).where(InvoiceInstalment.customer_id.in_(keys), IS_OPEN)
    )
    return grouped(keys, (OpenInstalmentRow(*each) for each in rows), "customer_id")


async def on_account_by_customer(ctx: Context, keys: Sequence[UUID]) -> list[list[PaymentRow]]:
    """The payments of each customer with something on account, oldest first."""
    rows = await ctx.session.execute(
        visible_payments(ctx.user)
        .where(
            Payment.customer_id.in_(keys),
            Payment.amount_matched < Payment.amount,
            Payment.reversed_at.is_(None),
        )
        .order_by(Payment.received_on, Payment.id)
    )
    return grouped(keys, (PaymentRow(*each) for each in rows), "customer_id")


def payment_actions(ctx: Context, row: PaymentRow) -> list[PaymentAction]:
    """What the viewer may do with the payment now."""
    if not ctx.user.may(Permission.PAYMENTS_MANAGE) or row.reversed_at is not None:
        return []
    actions = [PaymentAction.MATCH] if row.on_account else []
    if row.amount_matched:
        actions.append(PaymentAction.UNMATCH)
    return [*actions, PaymentAction.REVERSE]


async def match_of(ctx: Context, match_id: UUID) -> PaymentMatch | None:
    """The match, where it is of a customer in the viewer's sight."""
    visible = await ctx.load(matches_by_id, match_id)
    if visible is None:
        return None
    found: PaymentMatch | None = await ctx.session.scalar(
        select(PaymentMatch).where(
            PaymentMatch.id == match_id, PaymentMatch.customer_id == visible.customer_id
        )
    )
    return found
