"""Money comes, is matched to what is open, matched otherwise, or was a mistake; every step is posted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import cast
from uuid import UUID

from sqlalchemy import Sequence as DatabaseSequence
from sqlalchemy import select

from models.base import new_id
from models.customers import Customer
from models.customers_reads import CustomerRow, visible_customers
from models.payments import Payment, PaymentMatch
from models.sellers import NumberSeries
from resolvers.context import Context, LockKind
from resolvers.customers import exponents_by_currency, seller
from resolvers.events import record
from resolvers.journal import Posted, post_all
from resolvers.orders_acts import checked_reason
from resolvers.orders_conditions import lock_waiting_orders, release_paid_orders
from resolvers.payments import match_of
from resolvers.payments_claims import Claims, lock_claims, lock_payment
from resolvers.payments_quotes import lock_quotes_paid, paid_for_quotes
from resolvers.prices import exchange_rate
from rules.invoice_numbers import demand_open_period
from rules.journal import JournalEvent, Posting, in_base, post_settlement
from rules.money import ZERO
from rules.quantities import plain
from rules.refusals import ErrorCode, InvalidTransition, Refusal
from rules.states import DocumentKind, JournalSource, PaymentMethod

REFERENCE_MAX, NOTE_MAX = 200, 500
MATCHES_MAX = 200
_NUMBERS = DatabaseSequence("payment_number_seq")
_DEFAULT_SERIES = ("PAY", 6)  # of a seller who named none


@dataclass(frozen=True, slots=True)
class MatchWanted:
    """An instalment to pay; `amount` above zero, None for as much as is open of it and left of the payment."""

    instalment_id: UUID
    amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """Money that came; `currency` None for the customer's."""

    customer_id: UUID
    method: PaymentMethod
    received_on: date
    amount: Decimal
    currency: str | None = None
    reference: str = ""
    note: str = ""
    matches: tuple[MatchWanted, ...] = ()
    quote_id: UUID | None = None


async def record_payment(ctx: Context, told: Receipt) -> UUID:
    """
    A payment by hand. What is more than is open of the instalments it names stays on account, with a warning.

    Raises:
        Refusal: PERIOD_CLOSED; INVALID for a day to come, an amount or a currency that cannot be.
    """
    (payment_id,) = await receive(ctx, [told])
    return payment_id


async def receive(ctx: Context, receipts: Sequence[Receipt], *, warns: bool = True) -> list[UUID]:
    """Payments in one transaction: checked first, then locked together, then written one after the other."""
    drafts = [await checked_draft(ctx, each) for each in receipts]
    quotes = await lock_quotes_paid(ctx, drafts)
    waiting = await lock_waiting_orders(ctx, {each.customer_id for each in receipts})
    claims = await lock_claims(ctx, [wanted.instalment_id for each in receipts for wanted in each.matches])
    entries = []
    for payment, told in zip(drafts, receipts, strict=True):
        payment.number = await _number(ctx)
        ctx.session.add(payment)
        await ctx.session.flush()
        settled = _match(ctx, payment, told.matches, claims, is_new=True)
        entries.append(_received(ctx, payment, settled, claims))
        if warns and payment.amount_matched < payment.amount:
            text = "{amount} {currency} stay on account."
            left = payment.amount - payment.amount_matched
            ctx.warn(ErrorCode.ON_ACCOUNT, text, ("amount",), amount=plain(left), currency=payment.currency)
        record(
            ctx, "payment.received", "Payment", payment.id, version=1, customer_id=payment.customer_id,
            changes={"number": payment.number, "amount": plain(payment.amount), "currency": payment.currency,
                     "matched": plain(payment.amount_matched)},
        )  # fmt: skip
    await ctx.session.flush()
    await post_all(ctx, entries)
    received = [(each.customer_id, in_base(each.amount, each.exchange_rate)) for each in drafts]
    await release_paid_orders(ctx, waiting, received)
    await ctx.session.flush()
    await paid_for_quotes(ctx, drafts, quotes, may_convert=not waiting)
    return [each.id for each in drafts]


async def checked_draft(ctx: Context, told: Receipt) -> Payment:
    """The payment without its number, after all that can be said against it without looking at what is open."""
    found = (
        await ctx.session.execute(visible_customers(ctx.user).where(Customer.id == told.customer_id))
    ).first()
    if found is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("customerId",))
    customer = CustomerRow(*found)
    us = await seller(ctx)
    if told.received_on > ctx.today:
        raise Refusal(ErrorCode.INVALID, "The date is still to come.", ("receivedOn",))
    demand_open_period(told.received_on, us.books_closed_until, "receivedOn")
    currency = (told.currency or customer.currency).upper()
    rate = await exchange_rate(ctx, currency, told.received_on)
    if rate is None:
        text = "There is no exchange rate of {currency} for {day}."
        raise Refusal(ErrorCode.INVALID, text, ("currency",), currency=currency, day=told.received_on)
    exponent: int = await ctx.load(exponents_by_currency, currency)
    _demand_amount(told.amount, exponent, ("amount",))
    for length, value, field in (
        (REFERENCE_MAX, told.reference, "reference"),
        (NOTE_MAX, told.note, "note"),
    ):
        if len(value) > length:
            raise Refusal(ErrorCode.INVALID, "This text is too long.", (field,))
    return Payment(
        id=new_id(), seller_id=us.id, customer_id=customer.id, method=told.method, version=1,
        received_on=told.received_on, currency=currency, currency_exponent=exponent, exchange_rate=rate.rate,
        exchange_rate_on=rate.valid_from, amount=told.amount, amount_matched=ZERO, reference=told.reference.strip(),
        note=told.note.strip(), created_at=ctx.now, created_by_id=ctx.user.user_id, reversal_reason="",
        quote_id=told.quote_id,
    )  # fmt: skip


def _demand_amount(amount: Decimal, exponent: int, path: Sequence[str | int]) -> None:
    if amount <= 0 or amount >= Decimal(10) ** 14 or amount != round(amount, exponent):
        text = "An amount is above zero and has {decimals} decimals at most."
        raise Refusal(ErrorCode.INVALID, text, path, decimals=exponent)


async def _number(ctx: Context) -> str:
    """The next number; a dry run takes none, since a sequence cannot be rolled back."""
    if ctx.dry_run:
        return f"DRY-{new_id()}"
    series = (
        await ctx.session.execute(
            select(NumberSeries.prefix, NumberSeries.digits).where(
                NumberSeries.seller_id == ctx.user.seller_id, NumberSeries.kind == DocumentKind.PAYMENT
            )
        )
    ).first()
    prefix, digits = _DEFAULT_SERIES if series is None else series
    return f"{prefix}-{ctx.today.year}-{await ctx.session.scalar(select(_NUMBERS.next_value())):0{digits}d}"


def _match(
    ctx: Context, payment: Payment, wanted: Sequence[MatchWanted], claims: Claims, *, is_new: bool
) -> list[tuple[PaymentMatch, Decimal]]:
    """
    Sets the payment against locked instalments: the matches, each with what it settles in the seller's currency.

    Args:
        is_new: of a payment that comes now, more than is open stays on account; else it is refused.
    """
    if len(wanted) > MATCHES_MAX or len({each.instalment_id for each in wanted}) != len(wanted):
        text = "Choose at most {limit} instalments, each once."
        raise Refusal(ErrorCode.LIMIT_EXCEEDED, text, ("matches",), limit=MATCHES_MAX)
    done = []
    for index, each in enumerate(wanted):
        path = ("matches", index)
        claim = claims.demand(each.instalment_id, payment.customer_id, payment.currency, path)
        if claim.open <= 0:
            if is_new and each.amount is None:
                continue
            raise _nothing_open(claim.number, path)
        left = payment.amount - payment.amount_matched
        amount = min(claim.open, left) if each.amount is None else each.amount
        if each.amount is not None:
            _demand_amount(amount, payment.currency_exponent, (*path, "amount"))
            if amount > left:
                text = "Only {left} {currency} of the payment are left to match."
                raise Refusal(
                    ErrorCode.INVALID, text, (*path, "amount"), left=plain(left), currency=payment.currency
                )
            if amount > claim.open and not is_new:
                text = "Only {open} {currency} of {invoice} are open."
                raise Refusal(
                    ErrorCode.INVALID, text, (*path, "amount"),
                    open=plain(claim.open), currency=payment.currency, invoice=claim.number,
                )  # fmt: skip
            amount = min(amount, claim.open)
        if amount <= 0:
            continue
        settled = claims.settle(each.instalment_id, amount)
        payment.amount_matched += amount
        match = PaymentMatch(
            id=new_id(), customer_id=payment.customer_id, payment_id=payment.id, instalment_id=each.instalment_id,
            amount=amount, matched_on=ctx.today, matched_at=ctx.now, matched_by_id=ctx.user.user_id,
        )  # fmt: skip
        ctx.session.add(match)
        done.append((match, settled))
    return done


def _nothing_open(number: str, path: Sequence[str | int]) -> Refusal:
    text = "Nothing is open of this instalment of {invoice}."
    return Refusal(ErrorCode.INVALID, text, (*path, "instalmentId"), invoice=number)


def _received(
    ctx: Context, payment: Payment, settled: Sequence[tuple[PaymentMatch, Decimal]], claims: Claims
) -> Posted:
    """Bank to customers for what is matched at once, and to advances for the rest."""
    rate, exponent = payment.exchange_rate, claims.base_exponent
    left = payment.amount - payment.amount_matched
    posting = post_settlement(
        JournalEvent.PAYMENT,
        bank=in_base(payment.amount, rate, exponent),
        advances=-in_base(left, rate, exponent),
        customers=-sum((each for _, each in settled), ZERO),
    )
    document = post_settlement(
        JournalEvent.PAYMENT, bank=payment.amount, advances=-left, customers=-payment.amount_matched
    )
    return _posted(
        ctx, claims, JournalSource.PAYMENT, payment.id, payment, payment.received_on, posting, document
    )


def _posted(
    ctx: Context,
    claims: Claims,
    source: JournalSource,
    source_id: UUID,
    payment: Payment,
    on: date,
    posting: Posting,
    document: Posting,
) -> Posted:
    own = None if payment.currency == claims.base_currency else document.lines
    return Posted(
        source, source_id, payment.customer_id, on, payment.number, posting.lines, payment.currency, own
    )


def _advance(payment: Payment, exponent: int) -> Decimal:
    """What stands on the account of advances for the payment now, in the seller's currency."""
    return in_base(payment.amount - payment.amount_matched, payment.exchange_rate, exponent)


async def match_payment(
    ctx: Context, payment_id: UUID, expected_version: int, wanted: Sequence[MatchWanted]
) -> UUID:
    """What is on account of a payment, set against instalments; no instalment is ever paid more than it is."""
    us = await seller(ctx)
    demand_open_period(ctx.today, us.books_closed_until)
    if not wanted:
        raise Refusal(ErrorCode.INVALID, "Choose what the payment is for.", ("matches",))
    payment = await lock_payment(ctx, payment_id, expected_version)
    claims = await lock_claims(ctx, [each.instalment_id for each in wanted])
    rate, exponent, before = payment.exchange_rate, claims.base_exponent, payment.amount_matched
    entries = []
    done = _match(ctx, payment, wanted, claims, is_new=False)
    if not done:
        raise Refusal(ErrorCode.INVALID, "Nothing of the payment is left to match.", ("matches",))
    await ctx.session.flush()
    for match, settled in done:
        left = payment.amount - before
        used = in_base(left, rate, exponent) - in_base(left - match.amount, rate, exponent)
        before += match.amount
        posting = post_settlement(JournalEvent.ADVANCE_APPLIED, advances=used, customers=-settled)
        document = post_settlement(
            JournalEvent.ADVANCE_APPLIED, advances=match.amount, customers=-match.amount
        )
        entries.append(
            _posted(ctx, claims, JournalSource.MATCH, match.id, payment, ctx.today, posting, document)
        )
    await post_all(ctx, entries)
    payment.version += 1
    record(
        ctx, "payment.matched", "Payment", payment.id, version=payment.version, customer_id=payment.customer_id,
        changes={"matches": [str(match.id) for match, _ in done], "matched": plain(payment.amount_matched)},
    )  # fmt: skip
    await ctx.session.flush()
    return payment.id


async def match_credit(ctx: Context, credit_id: UUID, instalment_id: UUID, amount: Decimal | None) -> UUID:
    """
    The negative instalment of a rectifying invoice, set against an open one of the same customer and currency.

    Returns:
        The match.
    """
    us = await seller(ctx)
    demand_open_period(ctx.today, us.books_closed_until)
    claims = await lock_claims(ctx, [credit_id, instalment_id])
    credit = claims.demand(credit_id, None, None, (), "creditInstalmentId")
    claim = claims.demand(instalment_id, credit.customer_id, credit.currency, ())
    if credit.amount >= 0:
        text = "This is no credit: {invoice} gives nothing back."
        raise Refusal(ErrorCode.INVALID, text, ("creditInstalmentId",), invoice=credit.number)
    if credit.open >= 0:
        text = "Nothing is left of the credit {invoice}."
        raise Refusal(ErrorCode.INVALID, text, ("creditInstalmentId",), invoice=credit.number)
    if claim.open <= 0:
        raise _nothing_open(claim.number, ())
    most = min(-credit.open, claim.open)
    wanted = most if amount is None else amount
    _demand_amount(wanted, claim.exponent, ("amount",))
    if wanted > most:
        text = "At most {most} {currency} can be set against each other."
        raise Refusal(ErrorCode.INVALID, text, ("amount",), most=plain(most), currency=claim.currency)
    moved = claims.settle(instalment_id, wanted) + claims.settle(credit_id, wanted)
    match = PaymentMatch(
        id=new_id(), customer_id=claim.customer_id, credit_instalment_id=credit_id, instalment_id=instalment_id,
        amount=wanted, matched_on=ctx.today, matched_at=ctx.now, matched_by_id=ctx.user.user_id,
    )  # fmt: skip
    ctx.session.add(match)
    await ctx.session.flush()
    await _post_credit(ctx, claims, match, -moved)
    record(
        ctx, "credit.matched", "PaymentMatch", match.id, version=1, customer_id=match.customer_id,
        changes={"amount": plain(wanted), "credit": credit.number, "invoice": claim.number},
    )  # fmt: skip
    await ctx.session.flush()
    return match.id


async def _post_credit(
    ctx: Context, claims: Claims, match: PaymentMatch, difference: Decimal, *, undoes: bool = False
) -> None:
    """A credit and an invoice of one currency differ only where their rates do."""
    claim = claims[match.instalment_id]
    posting = post_settlement(JournalEvent.ADVANCE_APPLIED, customers=difference, undoes=undoes)
    entry = Posted(
        JournalSource.MATCH, match.id, match.customer_id, ctx.today, claim.number, posting.lines, claim.currency, ()
    )  # fmt: skip
    await post_all(ctx, [entry])


async def unmatch_payment(ctx: Context, match_id: UUID) -> UUID:
    """Undoes a match: the instalment is open again, and the money on account, or the credit unapplied."""
    us = await seller(ctx)
    demand_open_period(ctx.today, us.books_closed_until)
    match = await match_of(ctx, match_id)
    if match is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("matchId",))
    payment = None if match.payment_id is None else await lock_payment(ctx, match.payment_id, None)
    keys = [match.instalment_id] + ([match.credit_instalment_id] if match.credit_instalment_id else [])
    claims = await lock_claims(ctx, keys)
    locked = select(PaymentMatch).where(
        PaymentMatch.id == match.id, PaymentMatch.customer_id == match.customer_id
    )
    match = cast("PaymentMatch | None", await ctx.session.scalar(ctx.locked(LockKind.LINES, locked)))
    assert match is not None, "matches are never deleted"
    if match.undone_at is not None:
        raise InvalidTransition("UNDONE", "UNDONE", [], ("matchId",))
    match.undone_at = ctx.now
    if payment is None:
        assert match.credit_instalment_id is not None, "a match has one source"
        moved = claims.settle(match.instalment_id, -match.amount)
        moved += claims.settle(match.credit_instalment_id, -match.amount)
        await _post_credit(ctx, claims, match, -moved, undoes=True)
        version = 2
    else:
        await post_all(ctx, [_undo(ctx, claims, payment, [match], JournalSource.MATCH, match.id)])
        payment.version += 1
        version = payment.version
    record(
        ctx, "payment.unmatched" if payment else "credit.unmatched", "Payment" if payment else "PaymentMatch",
        payment.id if payment else match.id, version=version, customer_id=match.customer_id,
        changes={"match": str(match.id), "amount": plain(match.amount)},
    )  # fmt: skip
    await ctx.session.flush()
    return match.id


def _undo(
    ctx: Context,
    claims: Claims,
    payment: Payment,
    matches: Sequence[PaymentMatch],
    source: JournalSource,
    source_id: UUID,
    *,
    repaid: bool = False,
) -> Posted:
    """What undoing matches posts, and with `repaid` the money's going away with it."""
    exponent = claims.base_exponent
    before, total = _advance(payment, exponent), sum((each.amount for each in matches), ZERO)
    settled = sum((claims.settle(each.instalment_id, -each.amount) for each in matches), ZERO)
    own_before = payment.amount - payment.amount_matched
    payment.amount_matched -= total
    if repaid:
        bank, own_bank = in_base(payment.amount, payment.exchange_rate, exponent), payment.amount
        advances, own_advances = before, own_before
    else:
        bank, own_bank = ZERO, ZERO
        advances, own_advances = before - _advance(payment, exponent), -total
    event = JournalEvent.PAYMENT if repaid else JournalEvent.ADVANCE_APPLIED
    posting = post_settlement(event, bank=-bank, advances=advances, customers=-settled, undoes=True)
    document = post_settlement(event, bank=-own_bank, advances=own_advances, customers=total)
    return _posted(ctx, claims, source, source_id, payment, ctx.today, posting, document)


async def reverse_payment(ctx: Context, payment_id: UUID, expected_version: int, reason: str) -> UUID:
    """A payment that was none, or was returned: what it paid is open again, and the bank's posting is taken back."""
    reason = checked_reason(reason)
    us = await seller(ctx)
    demand_open_period(ctx.today, us.books_closed_until)
    payment = await lock_payment(ctx, payment_id, expected_version)
    live = select(PaymentMatch).where(
        PaymentMatch.payment_id == payment.id,
        PaymentMatch.customer_id == payment.customer_id,
        PaymentMatch.undone_at.is_(None),
    )
    # The payment is locked, so that no match of it comes or goes any more.
    matches = list(await ctx.session.scalars(live.order_by(PaymentMatch.id)))
    claims = await lock_claims(ctx, [each.instalment_id for each in matches])
    for each in matches:
        each.undone_at = ctx.now
    entry = _undo(ctx, claims, payment, matches, JournalSource.PAYMENT, payment.id, repaid=True)
    payment.reversed_at, payment.reversal_reason = ctx.now, reason
    payment.version += 1
    await ctx.session.flush()
    await post_all(ctx, [entry])
    record(
        ctx, "payment.reversed", "Payment", payment.id, version=payment.version, customer_id=payment.customer_id,
        reason=reason, changes={"number": payment.number, "amount": plain(payment.amount)},
    )  # fmt: skip
    await ctx.session.flush()
    return payment.id
