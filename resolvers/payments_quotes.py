"""Payments for quotes: what comes before an order adds up, and makes the quote one in the moment it is enough."""

from collections.abc import Sequence
from uuid import UUID

from models.payments import Payment
from resolvers.context import Context
from resolvers.events import record
from resolvers.orders_quotes_converting import convert_if_possible
from resolvers.payments import payments_by_id
from resolvers.payments_claims import lock_payment
from resolvers.quotes_acts import LockedQuote, done, find_quote
from resolvers.quotes_deposits import lock_payable
from rules.quantities import plain
from rules.quotes import ObstacleText, QuoteStatus
from rules.refusals import ErrorCode, InvalidTransition, Refusal


async def lock_quotes_paid(ctx: Context, drafts: Sequence[Payment]) -> dict[UUID, LockedQuote]:
    """The quotes that payments are for, each once and in one order."""
    asked = {each.quote_id: each for each in drafts if each.quote_id is not None}
    return {
        quote_id: await lock_payable(ctx, quote_id, asked[quote_id].customer_id, asked[quote_id].currency)
        for quote_id in sorted(asked)
    }


async def paid_for_quotes(
    ctx: Context, payments: Sequence[Payment], quotes: dict[UUID, LockedQuote], *, may_convert: bool = True
) -> None:
    """
    Tells what came for quotes; the payment that reaches a deposit makes its quote an order, in its own transaction.

    Args:
        may_convert: not where the act has locked more already than an order may be begun after. The job does it then,
            as where several quotes are paid at once: what an order locks comes before what the one before it locked.
    """
    for each in payments:
        if each.quote_id is not None:
            quote = quotes[each.quote_id].quote
            done(
                ctx, quote, "quote.paid", payment=each.number, amount=plain(each.amount - each.amount_matched)
            )
    await ctx.session.flush()
    waiting = [each for each in quotes.values() if each.quote.status == QuoteStatus.ACCEPTED]
    if not may_convert or len(waiting) != 1:
        return
    obstacle = await convert_if_possible(ctx, waiting[0])
    if obstacle is not None:
        ctx.warn(ErrorCode.ON_HOLD, ObstacleText[obstacle.name].value, ("quoteId",))


async def set_payment_quote(
    ctx: Context, payment_id: UUID, expected_version: int, quote_id: UUID | None
) -> UUID:
    """
    Says for which quote money is that came already, as from a bank file; None takes it back.

    Raises:
        Refusal(NOT_FOUND): the payment, or a quote that is not of its customer.
        InvalidTransition: the quote that it was for is an order already, or nothing can come of the new one.
    """
    payment = await ctx.load(payments_by_id, payment_id)
    if payment is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("paymentId",))
    if payment.quote_id is not None and payment.quote_id != quote_id:
        before = (await find_quote(ctx, ctx.session, payment.quote_id)).quote
        if before.status == QuoteStatus.CONVERTED:
            raise InvalidTransition(before.status, "UNPAID", [], ("quoteId",))
        done(ctx, before, "quote.unpaid", payment=payment.number)
    quotes: dict[UUID, LockedQuote] = {}
    if quote_id is not None:
        quotes[quote_id] = await lock_payable(ctx, quote_id, payment.customer_id, payment.currency)
    # After the quotes, as where money is recorded; the version tells whether it is still for what was just locked.
    locked = await lock_payment(ctx, payment_id, expected_version)
    locked.quote_id, locked.version = quote_id, locked.version + 1
    record(
        ctx, "payment.assigned", "Payment", locked.id, version=locked.version, customer_id=locked.customer_id,
        changes={"number": locked.number, "quote": "" if quote_id is None else str(quote_id)},
    )  # fmt: skip
    await ctx.session.flush()
    await paid_for_quotes(ctx, [locked], quotes)
    return payment_id
