"""A customer's statement: opening balance, what moved it, closing balance, and the age of what is open."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select

from models.customers import Customer
from models.customers_reads import CustomerRow, visible_customers
from models.statements_reads import account_movements, on_account_on, open_on
from resolvers.context import Context
from rules.money import ZERO
from rules.refusals import ErrorCode, Refusal
from rules.statements import Ageing, Movement, StatementKind, StatementLine, age, running

LINES_MAX = 1000


@dataclass(frozen=True, slots=True)
class Statement:
    """The account of a customer in one currency from a day to another, both included."""

    customer: CustomerRow
    currency: str
    since: date
    until: date
    opening: Decimal
    lines: tuple[StatementLine, ...]
    ageing: Ageing

    @property
    def closing(self) -> Decimal:
        return self.lines[-1].balance if self.lines else self.opening


async def statement(
    ctx: Context, customer_id: UUID | None, since: date | None, until: date | None, currency: str | None
) -> Statement | None:
    """
    The statement of a customer the viewer may see; None where there is none.

    Args:
        customer_id: None for the company the viewer acts for.
        since, until: the year so far when nothing is said.
        currency: the customer's when nothing is said.
    Raises:
        Refusal: INVALID for a period that ends before it begins, LIMIT_EXCEEDED for one with too many lines.
    """
    key = customer_id or ctx.user.customer_id
    if key is None:
        return None
    row = (await ctx.session.execute(visible_customers(ctx.user).where(Customer.id == key))).first()
    if row is None:
        return None
    customer = CustomerRow(*row)
    last = until or ctx.today
    first = since or last.replace(month=1, day=1)
    if first > last:
        raise Refusal(ErrorCode.INVALID, "The period ends before it begins.", ("until",))
    code = (currency or customer.currency).upper()
    zone = str(ctx.zone)
    moves = account_movements(ctx.user, customer.id, code, zone).subquery()
    opening = await ctx.session.scalar(
        select(func.coalesce(func.sum(moves.c.amount), 0)).where(moves.c.on < first)
    )
    rows = (
        await ctx.session.execute(
            select(moves)
            .where(moves.c.on.between(first, last))
            .order_by(moves.c.on, moves.c.number, moves.c.kind)
            .limit(LINES_MAX + 1)
        )
    ).all()
    if len(rows) > LINES_MAX:
        text = "The period has more than {limit} movements; choose a shorter one."
        raise Refusal(ErrorCode.LIMIT_EXCEEDED, text, ("from",), limit=LINES_MAX)
    movements = [
        Movement(on, StatementKind(kind), number, reference, due_on, amount)
        for on, kind, number, reference, due_on, amount in rows
    ]
    open_ = (await ctx.session.execute(open_on(ctx.user, customer.id, code, last, zone))).all()
    on_account = await ctx.session.scalar(on_account_on(ctx.user, customer.id, code, last, zone))
    ageing = age([(due_on, left) for due_on, left in open_], on_account or ZERO, last)
    return Statement(
        customer, code, first, last, Decimal(opening), tuple(running(Decimal(opening), movements)), ageing
    )
