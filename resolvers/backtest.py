"""A discount rule over past sales: what they would have come to, with nothing stored."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal, localcontext
from itertools import groupby
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, text

from auth.permissions import Permission
from models.discounts_reads import DiscountGroupRow, DiscountRuleRow
from models.past_sales_reads import PastSaleRow, once, past_sales, purchases
from resolvers.context import Context
from resolvers.customers import exponents_by_currency, seller
from resolvers.discounts import segments_by_customer
from resolvers.discounts_acts import checked_rule, discount_rule_by_code, discount_rules_by_id
from resolvers.discounts_drafts import RuleDraft
from resolvers.discounts_groups import discount_groups_by_id
from resolvers.house import as_house
from resolvers.prices import exchange_rate
from resolvers.suggestions_facts import affinities
from resolvers.trade_agreements import pricing_groups_for
from rules.backtest import UNTOLD, Backtest, PastLine, backtest
from rules.discounts_conditions import BoughtTogether, InSegment, OnFirstOrder
from rules.discounts_rules import DiscountGroup, DiscountRule, facts_asked
from rules.money import round_money
from rules.pricing_facts import Party
from rules.refusals import ErrorCode, Refusal

LINES_MAX = 20_000
DRAFT = "draft"


@dataclass(frozen=True, slots=True)
class Replayed:
    """
    What a rule would have done to the sales of a period, in one currency.

    `is_complete` is false where there were more lines than are replayed: then it is the newest whole documents.
    """

    rule: DiscountRule
    currency: str
    since: date
    until: date
    is_complete: bool
    found: Backtest


async def replay_rule(
    ctx: Context, rule: UUID | str | RuleDraft, since: date, until: date, currency: str | None = None
) -> Replayed:
    """
    Replays the sales to the customers that the viewer sees, both days included.

    Args:
        rule: a kept one's id or code, or one that is only thought of.

    Over the history and the orders placed here, for neither holds all: imports come into the one, our orders stay in
    the other. The rule counts on every day of the period, whatever its own dates, and a coupon as entered; groups,
    segments and what is bought together are those of today.

    Raises:
        Refusal(NOT_FOUND): the rule. Refusal(INVALID): the dates, or what the past does not tell.
    """
    if since > until:
        raise Refusal(ErrorCode.INVALID, "The first day is after the last.", ("from",))
    tested, group = await _rule(ctx, rule)
    if any(isinstance(each, UNTOLD) for each in tested.conditions):
        text_ = "Past sales do not tell the channel, what was on a list, or what was about to expire."
        raise Refusal(ErrorCode.INVALID, text_, ("rule",))
    currency = currency or tested.currency or (await seller(ctx)).currency
    begins, ends = _midnight(ctx, since), _midnight(ctx, until + timedelta(days=1))
    statement = past_sales(ctx.user, begins, ends, currency, LINES_MAX + 1)
    rows = [PastSaleRow(*row) for row in await ctx.session.execute(statement)]
    is_complete = len(rows) <= LINES_MAX
    if not is_complete:
        rows = _whole_documents(rows)
    rows = once(rows)
    lines = await _lines(ctx, rows, tested, currency)
    parties = await _parties(ctx, rows, tested, currency)
    firsts = await _first_documents(ctx, rows, tested, ends)
    # Pricing takes a while; other requests go on meanwhile.
    found = await asyncio.to_thread(backtest, lines, [tested], [group], parties, firsts)
    return Replayed(tested, currency, since, until, is_complete, found)


def _midnight(ctx: Context, day: date) -> datetime:
    return datetime.combine(day, time.min, ctx.zone)


def _whole_documents(rows: Sequence[PastSaleRow]) -> list[PastSaleRow]:
    """Without the oldest document, of which lines may be missing."""
    last = rows[-1]
    cut = (last.customer_id, last.document)
    return [each for each in rows if (each.customer_id, each.document) != cut]


async def _rule(ctx: Context, given: UUID | str | RuleDraft) -> tuple[DiscountRule, DiscountGroup]:
    """The rule with its whole limits and without dates."""
    if isinstance(given, RuleDraft):
        rule, group = await checked_rule(ctx, given)
        limits = (given.uses_max, given.uses_per_customer_max)
        rule = replace(rule, id=DRAFT)
    else:
        row: DiscountRuleRow | None = (
            await discount_rule_by_code(ctx, given)
            if isinstance(given, str)
            else await ctx.load(discount_rules_by_id, given)
        )
        if row is None:
            raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("rule",))
        stored: DiscountGroupRow | None = await ctx.load(discount_groups_by_id, row.group_id)
        assert stored is not None, "a rule has a group by foreign key"
        group = stored.to_rules()
        rule, limits = row.to_rules(group.code), (row.uses_max, row.uses_per_customer_max)
    whole = replace(
        rule, valid_from=None, valid_until=None, remaining=limits[0], remaining_for_customer=limits[1]
    )
    return whole, group


# The lines


async def _lines(
    ctx: Context, rows: Sequence[PastSaleRow], rule: DiscountRule, currency: str
) -> list[PastLine]:
    costs = await _costs(ctx, rows, currency)
    bought = await _times_bought(ctx, rows, rule)
    together: dict[str, set[str]] = {}
    if any(isinstance(each, BoughtTogether) for each in rule.conditions):
        products = sorted({row.product_id for row in rows if row.product_id is not None})
        async with as_house(ctx) as session:
            for product, other, *_ in await affinities(session, products):
                together.setdefault(str(product), set()).add(str(other))
    return [
        PastLine(
            key=row.key,
            document=row.document,
            customer=str(row.customer_id),
            sold_at=row.sold_at.astimezone(ctx.zone),
            product=row.sku if row.product_id is None else str(row.product_id),
            sku=row.sku,
            quantity=row.quantity,
            unit_price=row.unit_price,
            net_amount=row.net_amount,
            price_unit=row.price_unit,
            discount_percent=row.discount_percent,
            unit_cost=costs.get(row.key),
            category_path=row.category_path,
            brand=row.brand,
            times_bought=bought.get(row.key, {}),
            bought_together=frozenset(together.get(str(row.product_id), ())),
        )
        for row in rows
    ]


_COSTS = text(
    """
    select product_id, valid_from, valid_until, unit_cost, currency from standard_cost
    where product_id = any (:products) order by product_id, valid_from
    """
).bindparams(bindparam("products", type_=ARRAY(Uuid)))


async def _costs(ctx: Context, rows: Sequence[PastSaleRow], currency: str) -> dict[str, Decimal]:
    """
    What a unit cost, by line: the order's own cost, else the standard cost of the day, else the first one known.

    Nothing for those who see no margins.
    """
    if not ctx.user.may(Permission.MARGIN_READ):
        return {}
    products = sorted({row.product_id for row in rows if row.product_id is not None})
    async with as_house(ctx) as session:
        stored = (await session.execute(_COSTS, {"products": products})).all()
    standard = {key: list(each) for key, each in groupby(stored, key=lambda cost: cost.product_id)}
    found: dict[str, tuple[Decimal, str]] = {}
    for row in rows:
        if row.unit_cost is not None and row.cost_currency is not None:
            found[row.key] = row.unit_cost, row.cost_currency
        elif row.product_id in standard:
            day = row.sold_at.astimezone(ctx.zone).date()
            known = standard[row.product_id]
            then = [
                each
                for each in known
                if each.valid_from <= day and (each.valid_until is None or each.valid_until > day)
            ]
            cost = then[0] if then else known[0]
            found[row.key] = cost.unit_cost, cost.currency
    rates = await _rates(ctx, {each for _, each in found.values()}, currency)
    with localcontext(prec=60):
        return {key: round_money(cost * rates[own], 6) for key, (cost, own) in found.items() if own in rates}


async def _rates(ctx: Context, currencies: Iterable[str], currency: str) -> dict[str, Decimal]:
    """What one unit of each is worth in `currency` today; those without a rate are left out."""
    own, rates = await exchange_rate(ctx, currency), {currency: Decimal(1)}
    for each in sorted(set(currencies) - {currency}):
        rate = await exchange_rate(ctx, each)
        if own is not None and rate is not None:
            with localcontext(prec=60):
                rates[each] = rate.rate / own.rate
    return rates


async def _times_bought(
    ctx: Context, rows: Sequence[PastSaleRow], rule: DiscountRule
) -> dict[str, Mapping[int, int]]:
    """Months looked back -> earlier documents with the product, by line; only where the rule asks."""
    spans = facts_asked([rule]).months
    if not spans or not rows:
        return {}
    first, last = min(row.sold_at for row in rows), max(row.sold_at for row in rows)
    since = _months_before(first, max(spans))
    customers = sorted({row.customer_id for row in rows})
    bought: dict[tuple[UUID, UUID | None], list[datetime]] = {}
    for customer, product, _, moment in await ctx.session.execute(
        purchases(ctx.user, customers, since, last)
    ):
        bought.setdefault((customer, product), []).append(moment)
    found: dict[str, Mapping[int, int]] = {}
    for row in rows:
        moments = bought.get((row.customer_id, row.product_id), ())
        found[row.key] = {
            span: sum(_months_before(row.sold_at, span) <= each < row.sold_at for each in moments)
            for span in spans
        }
    return found


def _months_before(moment: datetime, months: int) -> datetime:
    """The same day so many months before, or the last one of that month."""
    index = moment.year * 12 + moment.month - 1 - months
    year, month = divmod(index, 12)
    following = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    last = (following - timedelta(days=1)).day
    return moment.replace(year=year, month=month + 1, day=min(moment.day, last))


# The buyers

_GROUPS = text(
    """
    select customer.id, customer_group.code from customer
    join customer_group on customer_group.id = customer.customer_group_id
    where customer.id = any (:customers)
    """
).bindparams(bindparam("customers", type_=ARRAY(Uuid)))


async def _parties(
    ctx: Context, rows: Sequence[PastSaleRow], rule: DiscountRule, currency: str
) -> dict[str, Party]:
    """Every customer as the rule meets it, read as the house: companies above a customer need not be the viewer's."""
    customers = sorted({row.customer_id for row in rows})
    exponent: int = await ctx.load(exponents_by_currency, currency)
    segments: dict[UUID, frozenset[str]] = {}
    async with as_house(ctx) as session:
        chains = (await pricing_groups_for(session, customers, ())).chains
        groups = {row[0]: row[1] for row in await session.execute(_GROUPS, {"customers": customers})}
        if any(isinstance(each, InSegment) for each in rule.conditions):
            segments = await segments_by_customer(session, customers, ctx.today)
    return {
        str(key): Party(
            customers=tuple(map(str, chains[key])),
            currency=currency,
            exponent=exponent,
            customer_group=groups.get(key, ""),
            segments=segments.get(key, frozenset()),
            coupons=frozenset({rule.coupon}) if rule.coupon else frozenset(),
        )
        for key in customers
    }


async def _first_documents(
    ctx: Context, rows: Sequence[PastSaleRow], rule: DiscountRule, until: datetime
) -> dict[str, str] | None:
    """Each customer's first document ever; only where the rule asks."""
    if not any(isinstance(each, OnFirstOrder) for each in rule.conditions):
        return None
    customers = sorted({row.customer_id for row in rows})
    found = await ctx.session.execute(purchases(ctx.user, customers, None, until))
    firsts: dict[str, tuple[datetime, str]] = {}
    for customer, _, document, moment in found:
        key, own = str(customer), (moment, document)
        firsts[key] = min(firsts.get(key, own), own)
    return {key: document for key, (_, document) in firsts.items()}
