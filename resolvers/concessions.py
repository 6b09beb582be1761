"""What the seller's people give on orders by hand: within their limit at once, beyond it with somebody's consent."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from auth.permissions import ROLE_GRANTS, Permission, Role
from models.approvals import ApprovalRequest
from models.approvals_reads import ApprovalRow
from models.base import new_id
from models.concessions import (
    ConcessionLimitRow,
    OrderLineConcession,
    StoredConcessionLimit,
    conceded_in,
    limits_of,
    lines_judged_with,
    visible_concession_limits,
    waived_of,
)
from models.orders import SalesOrder, SalesOrderLine
from models.rows import by_key
from resolvers.approvals import Reason, due_at, open_request
from resolvers.company import check_amount
from resolvers.context import Context, LockKind
from resolvers.customers import sales_reps_by_id, seller
from resolvers.events import record
from resolvers.house import as_house
from rules.concessions import Quoted, concession_depth
from rules.concessions_limits import (
    NO_LIMIT,
    ConcessionLimit,
    ConcessionNeed,
    check_limit,
    concession_needs,
    widest,
)
from rules.money import ZERO, round_money
from rules.pricing_concessions import ConcededPrice, concede
from rules.pricing_facts import Concessions
from rules.pricing_trace import PriceStep
from rules.quantities import plain
from rules.refusals import ErrorCode, Refusal, StaleVersion, refuse_all
from rules.spending import SpendPeriod, period_of
from rules.states import ApprovalStatus, ApprovalSubject, LimitPeriod, LineKind
from rules.transitions import OrderAction

# Whose limits count: a role that may give nothing by hand limits nobody.
GIVING_ROLES = tuple(
    sorted(role for role, grants in ROLE_GRANTS.items() if Permission.ORDERS_DISCOUNT in grants)
)

# What waits gives goods without charge, or lets the buyer off a charge; else it is the order's act.
GIVE = "GIVE"
WAIVE = "WAIVE"


def priced_with(line: SalesOrderLine, given: Concessions) -> ConcededPrice:
    """What a line costs with just this given on it."""
    steps = [PriceStep.from_json(each) for each in line.price_trace]
    return concede(
        line.quantity_ordered, line.list_unit_price, line.price_unit, line.currency_exponent, given, steps
    )


def is_given_by_hand(line: SalesOrderLine) -> bool:
    """Whether somebody gave the line whole; what a rule gives follows the line that earned it."""
    return line.is_free and line.parent_line_id is None


@dataclass(frozen=True, slots=True)
class Given:
    """
    What a line would come to: by the rules, and as it is offered.

    Args:
        is_whole: it is given without charge.
        is_charge: it is a charge beside the goods, as the rules ask for it or waived.
    """

    line_id: UUID
    rules_net: Decimal
    quoted_net: Decimal
    is_whole: bool = False
    is_charge: bool = False

    @property
    def amount(self) -> Decimal:
        return max(self.rules_net - self.quoted_net, ZERO)


def given_on(line: SalesOrderLine, quoted_net: Decimal | None = None) -> Given:
    """What is given on a line, or would be with another net amount."""
    if line.kind == LineKind.CHARGE:
        return Given(line.id, line.net_amount, line.net_amount, is_charge=True)
    rules_net = priced_with(line, Concessions()).net_amount
    quoted = line.net_amount if quoted_net is None else quoted_net
    return Given(line.id, rules_net, quoted, is_given_by_hand(line))


async def concession_asks(
    ctx: Context, order: SalesOrder, lines: Sequence[SalesOrderLine], given: Given
) -> list[ConcessionNeed]:
    """
    Why the viewer may not give this alone; the limits are locked, so that two at once never pass a budget together.

    The act has locked the order, and the commitments of its lines; the stock comes after.
    """
    ctx.locking(LockKind.FUND)
    roles = [role for role in GIVING_ROLES if role in ctx.user.roles]
    async with as_house(ctx) as session:
        found = [ConcessionLimitRow(*each) for each in await session.execute(limits_of(ctx.user, roles))]
        limit = _limit_of(found, roles)
        spent = ZERO
        if limit.budget is not None:
            since, until = period_of(ctx.today, limit.period)
            statement = conceded_in(ctx.user.user_id, since, until, given.line_id)
            spent = await session.scalar(statement) or ZERO
    if limit == NO_LIMIT:
        return []
    exponent, rate = order.currency_exponent, order.exchange_rate
    own = None
    if not given.is_whole and not given.is_charge:
        own = concession_depth(Quoted(given.rules_net, given.quoted_net), exponent)
    judged = [*lines, *await _judged_with(ctx, order)]
    whole = [_kept(line, given_on(line)) for line in judged if line.id != given.line_id] + [given]
    depth = concession_depth(_quoted([*whole, *await _waived(ctx, judged)]), exponent)
    return concession_needs(limit, own, depth, spent, round_money(given.amount * rate), rate)


async def _judged_with(ctx: Context, order: SalesOrder) -> list[SalesOrderLine]:
    """What else counts as one document with the order: its customer's others of the last days, as the seller set it."""
    days = (await seller(ctx)).judged_together_days
    if not days:
        return []
    since = ctx.now - timedelta(days=days)
    async with as_house(ctx) as session:
        statement = lines_judged_with(order.customer_id, order.currency, order.id, since)
        return list(await session.scalars(statement))


def _quoted(whole: Sequence[Given]) -> Quoted:
    """An order with all that is given on it."""
    sold = [each for each in whole if not each.is_whole and not each.is_charge]
    charges = [each for each in whole if each.is_charge]
    return Quoted(
        sum((each.rules_net for each in sold), ZERO),
        sum((each.quoted_net for each in sold), ZERO),
        sum((each.rules_net for each in whole if each.is_whole), ZERO),
        sum((each.rules_net for each in charges), ZERO),
        sum((each.quoted_net for each in charges), ZERO),
    )


async def _waived(ctx: Context, lines: Sequence[SalesOrderLine]) -> list[Given]:
    """The charges that somebody waived before; those that went with their goods are nobody's concession."""
    gone = [line.id for line in lines if line.kind == LineKind.CHARGE and line.quantity_cancelled]
    if not gone:
        return []
    async with as_house(ctx) as session:
        found = (await session.execute(waived_of(gone))).all()
    return [Given(line_id, amount, ZERO, is_charge=True) for line_id, amount in found]


def _limit_of(found: Sequence[ConcessionLimitRow], roles: Sequence[Role]) -> ConcessionLimit:
    """A person's own limit, or else the widest of their roles'."""
    own = next((each for each in found if each.user_id is not None), None)
    if own is not None:
        return limit_from(own)
    by_role = {each.role: limit_from(each) for each in found}
    return widest([by_role.get(role) for role in roles])


def limit_from(row: ConcessionLimitRow) -> ConcessionLimit:
    return ConcessionLimit(
        row.per_line_percent, row.per_order_percent, row.budget, SpendPeriod(row.period.value)
    )


def _kept(line: SalesOrderLine, given: Given) -> Given:
    """The share that is not cancelled."""
    kept = line.quantity_ordered - line.quantity_cancelled
    if kept == line.quantity_ordered:
        return given

    def part(amount: Decimal) -> Decimal:
        return round_money(amount * kept / line.quantity_ordered, line.currency_exponent)

    return replace(given, rules_net=part(given.rules_net), quoted_net=part(given.quoted_net))


async def book_concession(
    ctx: Context, order: SalesOrder, given: Given, approved_for: UUID | None = None
) -> None:
    """
    Keeps what is given on a line now, for whoever gives it.

    Args:
        approved_for: who asked for it, where somebody else consented; it is of nobody's budget then.
    """
    values = {
        "given_by_id": approved_for or ctx.user.user_id,
        "given_on": ctx.today,
        "amount": round_money(given.amount * order.exchange_rate),
        "is_approved": approved_for is not None,
    }
    statement = insert(OrderLineConcession).values(
        order_line_id=given.line_id, customer_id=order.customer_id, **values
    )
    await ctx.session.flush()
    async with as_house(ctx) as session:
        await session.execute(
            statement.on_conflict_do_update(index_elements=[OrderLineConcession.order_line_id], set_=values)
        )


async def lessen_concession(ctx: Context, order: SalesOrder, given: Given) -> None:
    """Keeps that less is given on a line than was; whose budget it is of stays."""
    key = OrderLineConcession.order_line_id == given.line_id
    statement: Any = (
        update(OrderLineConcession).where(key).values(amount=round_money(given.amount * order.exchange_rate))
        if given.amount
        else delete(OrderLineConcession).where(key)
    )
    async with as_house(ctx) as session:
        await session.execute(statement)


async def demand_nothing_waits(ctx: Context, order_id: UUID) -> None:
    """While a concession waits for consent, nothing else is given on the order: what is decided is what was asked."""
    statement = select(ApprovalRequest.id).where(
        ApprovalRequest.order_id == order_id,
        ApprovalRequest.subject_type == ApprovalSubject.CONCESSION.value,
        ApprovalRequest.status == ApprovalStatus.PENDING,
    )
    if await ctx.session.scalar(statement) is not None:
        text = "A concession on this order waits for consent; nothing else is given until then."
        raise Refusal(ErrorCode.INVALID_TRANSITION, text, ("orderLineId",))


async def ask_concession(
    ctx: Context, order: SalesOrder, needs: Sequence[ConcessionNeed], act: dict[str, Any]
) -> None:
    """What the viewer may not give alone waits; the order goes on at the prices it has."""
    reasons = [Reason(each.reason, each.limit, each.amount, order.currency) for each in needs]
    by = (ctx.user.user_id, ctx.user.name)
    request = open_request(ctx, order, ApprovalSubject.CONCESSION, reasons, await due_at(ctx), act, by)
    # No customer: what the seller's people ask each other for is in no log of theirs.
    record(
        ctx, "concession.requested", "ApprovalRequest", request.id, version=1, customer_id=None,
        changes={"orderId": str(order.id), "reasons": [each.reason.value for each in needs]},
    )  # fmt: skip
    await ctx.session.flush()
    text = (
        "This is more than you may give alone: it waits for a sales manager, and the order goes on as it is."
    )
    ctx.warn(ErrorCode.APPROVAL_REQUIRED, text)


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asked to give, as people read it; what it is not is None."""

    sku: str
    currency: str
    reason: str
    percent: Decimal | None = None
    unit_price: Decimal | None = None
    free_quantity: Decimal | None = None
    is_waived: bool = False


def asked_of(row: ApprovalRow) -> Asked | None:
    """What a request would give; None where it is about a whole order."""
    if row.subject_type != ApprovalSubject.CONCESSION:
        return None
    act, currency = row.act, Reason.from_json(row.reasons[0]).currency
    sku, reason = act["sku"], act["reason"]
    if act["act"] == GIVE:
        return Asked(sku, currency, reason, free_quantity=Decimal(act["quantity"]))
    if act["act"] == WAIVE:
        return Asked(sku, currency, reason, is_waived=True)
    value = None if act["value"] is None else Decimal(act["value"])
    if act["act"] == OrderAction.DISCOUNT:
        return Asked(sku, currency, reason, percent=value)
    return Asked(sku, currency, reason, unit_price=value)


async def concession_limits(ctx: Context) -> list[ConcessionLimitRow]:
    return [
        ConcessionLimitRow(*each) for each in await ctx.session.execute(visible_concession_limits(ctx.user))
    ]


async def concession_limits_by_id(ctx: Context, keys: Sequence[UUID]) -> list[ConcessionLimitRow | None]:
    statement = visible_concession_limits(ctx.user).where(StoredConcessionLimit.id.in_(keys))
    return by_key(keys, (ConcessionLimitRow(*each) for each in await ctx.session.execute(statement)))


async def set_concession_limit(
    ctx: Context,
    role: Role | None,
    user_id: UUID | None,
    limit: ConcessionLimit,
    expected_version: int | None,
) -> UUID:
    """
    What a role, or one person in its place, may give by hand without asking, from now on.

    Args:
        expected_version: of the limit that is there; None where none is.
    """
    if (role is None) == (user_id is None):
        raise Refusal(ErrorCode.INVALID, "Name a role or a person, and not both.", ("role",))
    if role is not None and role not in GIVING_ROLES:
        raise Refusal(ErrorCode.INVALID, "This role gives nothing by hand.", ("role",))
    if user_id is not None and await ctx.load(sales_reps_by_id, user_id) is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("salesRepId",))
    if user_id == ctx.user.user_id or (role is not None and role in ctx.user.roles):
        raise Refusal(
            ErrorCode.NOT_PERMITTED, "Nobody sets their own limit.", ("role" if role else "salesRepId",)
        )
    refuse_all(check_limit(limit))
    await check_amount(ctx, limit.budget, (await seller(ctx)).currency, "budget")
    table = StoredConcessionLimit
    named = table.role == role if role is not None else table.user_id == user_id
    statement = select(table).where(table.seller_id == ctx.user.seller_id, named)
    stored: StoredConcessionLimit | None = await ctx.session.scalar(ctx.locked(LockKind.FUND, statement))
    if (None if stored is None else stored.version) != expected_version:
        raise StaleVersion(0 if stored is None else stored.version)
    if stored is None:
        stored = table(id=new_id(), seller_id=ctx.user.seller_id, role=role, user_id=user_id, version=0)
        ctx.session.add(stored)
    stored.per_line_percent, stored.per_order_percent = limit.per_line_percent, limit.per_order_percent
    stored.budget, stored.period = limit.budget, LimitPeriod(limit.period.value)
    stored.version, stored.updated_at = stored.version + 1, ctx.now
    told = {
        "perLinePercent": limit.per_line_percent, "perOrderPercent": limit.per_order_percent, "budget": limit.budget,
    }  # fmt: skip
    record(
        ctx, "concessionLimit.set", "ConcessionLimit", stored.id, version=stored.version, customer_id=None,
        published=False,
        changes={name: None if value is None else plain(value) for name, value in told.items()}
        | {"period": limit.period.value, "role": role, "userId": None if user_id is None else str(user_id)},
    )  # fmt: skip
    await ctx.session.flush()
    return stored.id
