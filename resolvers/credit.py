"""Credit: exposure against the limit of whoever holds it, tested under a lock."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from resolvers.context import Context, LockedSession, LockKind
from rules.money import ZERO, round_money

# The customer itself or its nearest ancestor with a credit account holds the credit (rule book 0.2, 27).
_HOLDERS = """
    with recursive asked(id) as (select unnest(cast(:customers as uuid[]))),
    up(customer_id, candidate, parent_id, level) as (
        select customer.id, customer.id, customer.parent_id, 0 from customer join asked on asked.id = customer.id
        union all
        select up.customer_id, customer.id, customer.parent_id, up.level + 1
        from up join customer on customer.id = up.parent_id
        where up.level < 20 and not exists (select from credit_account where customer_id = up.candidate)
    )
    select up.customer_id, account.customer_id, account.credit_limit, account.currency
    from up join credit_account account on account.customer_id = up.candidate
"""
# Open orders of everyone under the holder who has no account of their own, in the seller's base currency.
# What was cancelled of a line no longer counts.
_EXPOSURE = """
    with recursive tree(holder, id) as (
        select holder, holder from unnest(cast(:holders as uuid[])) holder
        union all
        select tree.holder, customer.id from customer join tree on customer.parent_id = tree.id
        where not exists (select from credit_account where customer_id = customer.id)
    )
    select tree.holder, sum(line.gross_amount * (line.quantity_ordered - line.quantity_cancelled)
                            / line.quantity_ordered * sales_order.exchange_rate)
    from tree
    join sales_order on sales_order.customer_id = tree.id
        and sales_order.status in ('PENDING_APPROVAL', 'PLACED', 'CONFIRMED')
    join sales_order_line line on line.customer_id = sales_order.customer_id and line.order_id = sales_order.id
    group by tree.holder
"""
_RATES = """
    select distinct on (currency) currency, rate from exchange_rate
    where seller_id = :seller and currency = any (cast(:currencies as text[])) and valid_from <= :today
    order by currency, valid_from desc
"""


@dataclass(frozen=True, slots=True)
class CreditRow:
    """
    The limit and what of it is used, in the account's currency.

    `exposure` is the gross of open orders; invoices and payments join it when they exist.
    """

    holder_id: UUID
    limit: Decimal
    exposure: Decimal
    currency: str

    @property
    def available(self) -> Decimal:
        return max(self.limit - self.exposure, ZERO)


@asynccontextmanager
async def as_house(ctx: Context, role: str = "job") -> AsyncIterator[LockedSession]:
    """
    Reads as the house for a while: a subsidiary's order is tested against its parent's credit, which it never sees.

    Args:
        role: "auth" for sessions, which no other role may end.

    Nothing read here is shown to the viewer but their own available credit. Sibling resolvers share the session: they
    wait until it is the viewer's again, or their statements would run as the house too.
    """
    change = text(
        "select set_config('role', regexp_replace(current_user, '(customer|territory|staff)(_write)?$', :other), true)"
    )
    back = text("select set_config('role', :role, true)")
    async with ctx.session.alone() as session:
        own = await session.scalar(text("select current_user"))
        await session.execute(change, {"other": role})
        try:
            yield session
        except DBAPIError:
            raise  # the transaction is over and the role with it; another statement would hide the cause
        except BaseException:
            await session.execute(back, {"role": own})
            raise
        await session.execute(back, {"role": own})


async def _exposures(
    ctx: Context, session: LockedSession, currencies: Mapping[UUID, str]
) -> dict[UUID, Decimal]:
    """What is open of each holder, in the currency of their account: two statements, however many there are."""
    open_ = await session.execute(text(_EXPOSURE), {"holders": list(currencies)})
    base: dict[UUID, Decimal] = {row[0]: row[1] for row in open_}
    asked = {"seller": ctx.user.seller_id, "currencies": sorted(set(currencies.values())), "today": ctx.today}
    rates: dict[str, Decimal] = {row[0]: row[1] for row in await session.execute(text(_RATES), asked)}
    return {
        holder: round_money(base.get(holder, ZERO) / rates.get(currency, Decimal(1)))
        for holder, currency in currencies.items()
    }


async def lock_credit(ctx: Context, customer_id: UUID) -> CreditRow | None:
    """
    The credit of the customer with its row locked until the act ends; None where nobody holds a limit.

    Orders that race for the last of a limit pass here one after the other.
    """
    ctx.locking(LockKind.EXPOSURE)
    async with as_house(ctx) as session:
        found = (await session.execute(text(_HOLDERS), {"customers": [customer_id]})).first()
        if found is None:
            return None
        _, holder_id, _, currency = found
        locked = text("select credit_limit from credit_account where customer_id = :holder for update")
        limit = await session.scalar(locked, {"holder": holder_id})
        exposures = await _exposures(ctx, session, {holder_id: currency})
        return CreditRow(holder_id, limit, exposures[holder_id], currency)


async def credit_by_customer(ctx: Context, keys: Sequence[UUID]) -> list[CreditRow | None]:
    """What visible customers have left; a subsidiary is told what its holder has, and no more."""
    async with as_house(ctx) as session:
        rows = (await session.execute(text(_HOLDERS), {"customers": list(keys)})).all()
        used = await _exposures(ctx, session, {holder_id: currency for _, holder_id, _, currency in rows})
    found = {
        customer_id: CreditRow(holder_id, limit, used[holder_id], currency)
        for customer_id, holder_id, limit, currency in rows
    }
    return [found.get(key) for key in keys]
