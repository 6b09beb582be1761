"""Credit: exposure against the limit of whoever holds it, tested under a lock."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import text

from resolvers.context import Context, LockedSession, LockKind
from resolvers.customers import seller
from resolvers.house import as_house
from rules.credit import OpenInstalment
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
# Everyone under each root who has no account of their own: the credit is theirs together.
_TREE = """
    with recursive tree(holder, id) as (
        select holder, holder from unnest(cast(:holders as uuid[])) holder
        union all
        select tree.holder, customer.id from customer join tree on customer.parent_id = tree.id
        where not exists (select from credit_account where customer_id = customer.id)
    )
"""
# Rule book 0.2 (27), in the seller's base currency: open orders, delivered and not invoiced (a draft counts as not
# invoiced), open invoices, and what is unapplied. What was cancelled of a line no longer counts.
_EXPOSURE = (
    _TREE
    + """
    select holder, coalesce(sum(ordered), 0), coalesce(sum(delivered), 0), coalesce(sum(invoiced), 0),
        coalesce(sum(unapplied), 0), coalesce(sum(invoiced) filter (where due_on < cast(:today as date)), 0),
        coalesce(sum(invoiced) filter (
            where due_on < cast(:today as date) - (select overdue_days_allowed from seller where id = :seller)), 0),
        min(due_on)
    from (
        select tree.holder,
            line.gross_amount * sales_order.exchange_rate / line.quantity_ordered
                * greatest(line.quantity_ordered - line.quantity_cancelled
                           - greatest(line.quantity_shipped, line.quantity_invoiced), 0) as ordered,
            line.gross_amount * sales_order.exchange_rate / line.quantity_ordered
                * greatest(line.quantity_shipped - line.quantity_returned - line.quantity_invoiced, 0) as delivered,
            0 as invoiced, 0 as unapplied, cast(null as date) as due_on
        from tree
        join sales_order on sales_order.customer_id = tree.id
            and sales_order.status in ('PENDING_APPROVAL', 'PLACED', 'CONFIRMED')
        join sales_order_line line on line.customer_id = sales_order.customer_id and line.order_id = sales_order.id
        union all
        select tree.holder, 0, invoice.gross_amount * invoice.exchange_rate, 0, 0, null
        from tree join invoice on invoice.customer_id = tree.id and invoice.status = 'DRAFT'
        union all
        select tree.holder, 0, 0,
            greatest(part.amount - part.amount_matched, 0) * invoice.exchange_rate,
            greatest(part.amount_matched - part.amount, 0) * invoice.exchange_rate,
            case when part.amount > part.amount_matched then part.due_on end
        from tree
        join invoice_instalment part on part.customer_id = tree.id and part.amount <> part.amount_matched
        join invoice on invoice.id = part.invoice_id and invoice.customer_id = part.customer_id
            and invoice.status = 'ISSUED'
        union all
        select tree.holder, 0, 0, 0, (payment.amount - payment.amount_matched) * payment.exchange_rate, null
        from tree
        join payment on payment.customer_id = tree.id and payment.amount_matched < payment.amount
            and payment.reversed_at is null
    ) as parts
    group by holder
"""
)
_OPEN_INSTALMENTS = (
    _TREE
    + """
    select tree.holder, invoice.number, part.due_on, (part.amount - part.amount_matched) * invoice.exchange_rate
    from tree
    join invoice_instalment part on part.customer_id = tree.id and part.amount > part.amount_matched
    join invoice on invoice.id = part.invoice_id and invoice.customer_id = part.customer_id
        and invoice.status = 'ISSUED'
    order by part.due_on, invoice.number, part.position
"""
)
_RATES = """
    select distinct on (currency) currency, rate from exchange_rate
    where seller_id = :seller and currency = any (cast(:currencies as text[])) and valid_from <= :today
    order by currency, valid_from desc
"""


@dataclass(frozen=True, slots=True)
class Used:
    """
    What is open of a credit, gross and in its currency, by the stage it is in.

    `overdue` is past its day, `late` by more days than the seller allows; `oldest_due` the first open day.
    """

    orders: Decimal = ZERO
    delivered: Decimal = ZERO
    invoices: Decimal = ZERO
    unapplied: Decimal = ZERO
    overdue: Decimal = ZERO
    late: Decimal = ZERO
    oldest_due: date | None = None

    @property
    def exposure(self) -> Decimal:
        return self.orders + self.delivered + self.invoices - self.unapplied


@dataclass(frozen=True, slots=True)
class CreditRow:
    """
    The limit and what of it is used, in the account's currency.

    `exposure` is rule book 0.2 (27): open orders, delivered and not invoiced, open invoices, less what is unapplied.
    """

    holder_id: UUID
    limit: Decimal
    currency: str
    used: Used

    @property
    def exposure(self) -> Decimal:
        return self.used.exposure

    @property
    def available(self) -> Decimal:
        return max(self.limit - self.exposure, ZERO)


async def _exposures(
    ctx: Context, session: LockedSession, currencies: Mapping[UUID, str]
) -> dict[UUID, Used]:
    """What is open of each holder, in the currency of their account: two statements, however many there are."""
    asked = {"holders": list(currencies), "today": ctx.today, "seller": ctx.user.seller_id}
    open_ = {row[0]: row[1:] for row in await session.execute(text(_EXPOSURE), asked)}
    rates = await _rates(ctx, session, set(currencies.values()))
    found = {}
    for holder, currency in currencies.items():
        row = open_.get(holder)
        if row is None:
            found[holder] = Used()
            continue
        rate = rates.get(currency, Decimal(1))
        orders, delivered, invoices, unapplied, overdue, late = (round_money(each / rate) for each in row[:6])
        found[holder] = Used(orders, delivered, invoices, unapplied, overdue, late, row[6])
    return found


async def _rates(ctx: Context, session: LockedSession, currencies: Collection[str]) -> dict[str, Decimal]:
    asked = {"seller": ctx.user.seller_id, "currencies": sorted(currencies), "today": ctx.today}
    return {row[0]: row[1] for row in await session.execute(text(_RATES), asked)}


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
        used = await _exposures(ctx, session, {holder_id: currency})
        return CreditRow(holder_id, limit, currency, used[holder_id])


async def sharers_of_credit(ctx: Context, customer_ids: Collection[UUID]) -> dict[UUID, frozenset[UUID]]:
    """Who shares the credit of each customer, itself too (rule book 0.2, 27): the money of all of them frees it."""
    async with as_house(ctx) as session:
        asked = {"customers": sorted(customer_ids)}
        holders = {row[0]: row[1] for row in await session.execute(text(_HOLDERS), asked)}
        members: dict[UUID, set[UUID]] = {}
        tree = text(_TREE + "select holder, id from tree")
        if holders:
            for holder, key in await session.execute(tree, {"holders": sorted(set(holders.values()))}):
                members.setdefault(holder, set()).add(key)
    return {key: frozenset(members.get(holders.get(key, key), set()) | {key}) for key in customer_ids}


async def has_late_invoices(ctx: Context, customer_id: UUID) -> bool:
    """Whether a customer without any limit has an invoice that is later than the seller allows."""
    async with as_house(ctx) as session:
        return bool((await _exposures(ctx, session, {customer_id: ""}))[customer_id].late)


async def credit_by_customer(ctx: Context, keys: Sequence[UUID]) -> list[CreditRow | None]:
    """What visible customers have left; a subsidiary is told what its holder has, and no more."""
    async with as_house(ctx) as session:
        rows = (await session.execute(text(_HOLDERS), {"customers": list(keys)})).all()
        used = await _exposures(ctx, session, {holder_id: currency for _, holder_id, _, currency in rows})
    found = {
        customer_id: CreditRow(holder_id, limit, currency, used[holder_id])
        for customer_id, holder_id, limit, currency in rows
    }
    return [found.get(key) for key in keys]


@dataclass(frozen=True, slots=True)
class Account:
    """A customer's credit with the open instalments behind it: what dates are foretold from."""

    credit: CreditRow | None
    used: Used
    currency: str
    instalments: tuple[OpenInstalment, ...]


async def accounts_by_customer(ctx: Context, keys: Sequence[UUID]) -> list[Account]:
    """The account of each customer, or their own figures in the seller's currency where nobody holds a limit."""
    us = await seller(ctx)
    async with as_house(ctx) as session:
        rows = (await session.execute(text(_HOLDERS), {"customers": list(keys)})).all()
        held = {row[0]: row[1:] for row in rows}
        roots = {
            each: (held[each][0], held[each][2]) if each in held else (each, us.currency) for each in keys
        }
        currencies = dict(roots.values())
        used = await _exposures(ctx, session, currencies)
        rates = await _rates(ctx, session, set(currencies.values()))
        due: dict[UUID, list[OpenInstalment]] = {}
        asked = {"holders": list(currencies)}
        for root, number, due_on, amount in await session.execute(text(_OPEN_INSTALMENTS), asked):
            own = round_money(amount / rates.get(currencies[root], Decimal(1)))
            due.setdefault(root, []).append(OpenInstalment(number, due_on, own))
    found = []
    for key in keys:
        root, currency = roots[key]
        credit = CreditRow(root, held[key][1], currency, used[root]) if key in held else None
        found.append(Account(credit, used[root], currency, tuple(due.get(root, ()))))
    return found
