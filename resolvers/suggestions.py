"""Suggestions for customers, each with its reason, and what became of them."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert

from models.customers import Customer
from models.customers_reads import customer_in_scope, visible_customers
from models.products import Product
from models.products_reads import visible_products
from models.suggestions import SuggestionEvent
from resolvers.carts import cart_lines
from resolvers.context import Context, LockedSession
from resolvers.customers import acting_customer
from resolvers.events import record
from resolvers.house import as_house
from resolvers.jobs import start_job
from resolvers.messages import translate
from resolvers.suggestions_agreements import agreement_shortfalls
from resolvers.suggestions_facts import affinities, buyable, peers_of, purchases, related
from rules.refusals import ErrorCode, Refusal
from rules.suggestions import (
    Candidate,
    SuggestionPlace,
    SuggestionReason,
    SuggestionStage,
    overdue,
    rank,
    said,
)

COUNT_MAX = 8
RECORDED_MAX = 20
MONTHS_MAX = 60
# Which of a customer's own products lead to others.
BASE_PRODUCTS = 10

# Reasons that are about what a customer buys already.
_OF_WHAT_IS_BOUGHT = (SuggestionReason.AGREEMENT, SuggestionReason.REPLENISHMENT)

_REPLENISH = said("Bought every {usual} days, last on {day}.")
_ACCESSORY = said("Goes with {sku}.")
_UPGRADE = said("The better one than {sku}.")
_TOGETHER = said("Often bought with {sku}.")
_PEERS = said("{count} companies of the group {group} buy it.")

# What else knows of suggestions, such as agreements that fall short of what was committed: (house's session,
# customers, day) -> candidates by customer.
Source = Callable[[LockedSession, Sequence[UUID], date], Awaitable[Mapping[UUID, Sequence[Candidate]]]]
SOURCES: Sequence[Source] = (agreement_shortfalls,)


@dataclass(frozen=True, slots=True)
class SuggestionRow:
    """A product, why it is suggested, and the reason in the reader's words."""

    product_id: UUID
    reason: SuggestionReason
    words: str


@dataclass(slots=True)
class _Asked:
    """For whom, from which products, and without which; gathers its candidates."""

    customer_id: UUID
    base: list[UUID]
    without: set[str]
    candidates: list[Candidate] = field(default_factory=list)


async def product_suggestions(ctx: Context, product_id: UUID) -> list[SuggestionRow]:
    """What goes with a product that the viewer sees."""
    candidates: list[Candidate] = []
    async with as_house(ctx) as session:
        candidates += await _of_products(session, [product_id])
    return await _shown(ctx, candidates, {str(product_id)})


async def cart_suggestions(ctx: Context, cart_id: UUID) -> list[SuggestionRow]:
    """What goes with a cart, what its company usually has bought again by now, and what peers buy."""
    customer = await acting_customer(ctx)
    base = [line.product_id for line in await cart_lines(ctx, cart_id)]
    asked = _Asked(customer.id, base, {str(each) for each in base})
    await _gather(ctx, [asked])
    return await _shown(ctx, asked.candidates, asked.without)


async def suggestions_by_customer(ctx: Context, keys: Sequence[UUID]) -> list[list[SuggestionRow]]:
    """What to offer to visible customers: a constant number of statements, however many they are."""
    statement = visible_customers(ctx.user).with_only_columns(Customer.id)
    seen = set(await ctx.session.scalars(statement.where(Customer.id.in_(keys))))
    asked = {key: _Asked(key, [], set()) for key in keys if key in seen}
    if asked:
        await _gather(ctx, list(asked.values()))
    products = {UUID(each.product) for one in asked.values() for each in one.candidates}
    visible = await _visible(ctx, products)
    return [
        _rows(ctx, [each for each in asked[key].candidates if UUID(each.product) in visible], ())
        if key in asked
        else []
        for key in keys
    ]


async def _gather(ctx: Context, asked: Sequence[_Asked]) -> None:
    """The candidates of each; only what the customer may buy."""
    customers = [each.customer_id for each in asked]
    seller_id, today, zone = ctx.user.seller_id, ctx.today, ctx.zone.key
    async with as_house(ctx) as session:
        bought = await purchases(session, customers, seller_id=seller_id, today=today, zone=zone)
        groups, peers = await peers_of(session, customers, seller_id=seller_id, today=today, zone=zone)
        by_customer: dict[UUID, list[Any]] = {}
        for row in bought:
            by_customer.setdefault(row.customer_id, []).append(row)
        for each in asked:
            mine = by_customer.get(each.customer_id, [])
            each.candidates += _habits(mine, today)
            if not mine and each.customer_id in groups:
                group_id, name = groups[each.customer_id]
                each.candidates += [
                    Candidate(
                        str(row.product_id), SuggestionReason.PEERS, _PEERS,
                        (("count", str(row.buyers)), ("group", name)), row.times, row.quantity, row.last_on,
                    )
                    for row in peers
                    if row.group_id == group_id
                ]  # fmt: skip
            if not each.base:
                usual = sorted(mine, key=lambda row: (-row.times, -row.quantity, str(row.product_id)))
                each.base += [row.product_id for row in usual[:BASE_PRODUCTS]]
                each.without |= {str(row.product_id) for row in mine if not _is_due(each, row.product_id)}
        base = sorted({product for each in asked for product in each.base})
        of_products: dict[str, list[Candidate]] = {}
        for source, candidate in await _by_product(session, base):
            of_products.setdefault(source, []).append(candidate)
        for each in asked:
            for product in each.base:
                each.candidates += of_products.get(str(product), [])
        for know in SOURCES:
            more = await know(session, customers, today)
            for each in asked:
                each.candidates += more.get(each.customer_id, ())
        pairs = sorted({(each.customer_id, UUID(one.product)) for each in asked for one in each.candidates})
        allowed = await buyable(session, pairs, seller_id=seller_id, today=today)
    for each in asked:
        each.candidates = [
            one
            for one in each.candidates
            if (each.customer_id, UUID(one.product)) in allowed
            and (one.product not in each.without or one.reason in _OF_WHAT_IS_BOUGHT)
        ]


def _is_due(asked: _Asked, product_id: UUID) -> bool:
    return any(each.product == str(product_id) for each in asked.candidates)


def _habits(mine: Sequence[Any], today: date) -> list[Candidate]:
    found = []
    for row in mine:
        habit = overdue(row.days, today)
        if habit is not None:
            data = (("usual", str(habit.usual_days)), ("day", habit.last_on.isoformat()))
            found.append(
                Candidate(
                    str(row.product_id), SuggestionReason.REPLENISHMENT, _REPLENISH, data, row.times, row.quantity,
                    habit.last_on,
                )
            )  # fmt: skip
    return found


async def _of_products(session: LockedSession, products: Sequence[UUID]) -> list[Candidate]:
    return [candidate for _, candidate in await _by_product(session, products)]


async def _by_product(session: LockedSession, products: Sequence[UUID]) -> list[tuple[str, Candidate]]:
    """(product it comes from, candidate): what is related to the products, and what is bought with them."""
    if not products:
        return []
    known = await session.execute(
        text("select id, sku from product where id = any (cast(:products as uuid[]))"),
        {"products": list(products)},
    )
    skus = {row[0]: row[1] for row in known}
    found: list[tuple[str, Candidate]] = []
    for product_id, other_id, kind, position in await related(session, products):
        words = _ACCESSORY if kind == "ACCESSORY" else _UPGRADE
        # The position that people gave decides among the related ones: the first counts as the most often bought.
        candidate = Candidate(
            str(other_id), SuggestionReason.RELATED, words, (("sku", skus[product_id]),), times=-position
        )
        found.append((str(product_id), candidate))
    for product_id, other_id, support, lift in await affinities(session, products):
        data = (("sku", skus[product_id]),)
        candidate = Candidate(
            str(other_id), SuggestionReason.BOUGHT_TOGETHER, _TOGETHER, data, support, Decimal(lift)
        )
        found.append((str(product_id), candidate))
    return found


async def _visible(ctx: Context, products: set[UUID]) -> set[UUID]:
    if not products:
        return set()
    statement = visible_products(ctx.user, ctx.today, ctx.locale).with_only_columns(Product.id)
    return set(await ctx.session.scalars(statement.where(Product.id.in_(products))))


async def _shown(ctx: Context, candidates: Sequence[Candidate], without: set[str]) -> list[SuggestionRow]:
    visible = await _visible(ctx, {UUID(each.product) for each in candidates})
    kept = [each for each in candidates if UUID(each.product) in visible]
    return _rows(ctx, kept, without)


def _rows(ctx: Context, candidates: Sequence[Candidate], without: Collection[str]) -> list[SuggestionRow]:
    return [
        SuggestionRow(UUID(each.product), each.reason, translate(each.text, _values(each.data), ctx.locale))
        for each in rank(candidates, COUNT_MAX, without=without)
    ]


def _values(data: Sequence[tuple[str, str]]) -> dict[str, object]:
    """Days are written as the reader's language does."""
    return {name: date.fromisoformat(value) if name == "day" else value for name, value in data}


@dataclass(frozen=True, slots=True)
class Told:
    """A suggestion as a client names it."""

    product_id: UUID
    reason: SuggestionReason


async def record_suggestions(
    ctx: Context,
    stage: SuggestionStage,
    place: SuggestionPlace,
    told: Sequence[Told],
    customer_id: UUID | None,
) -> UUID:
    """
    Writes that suggestions were shown or accepted, each once a day.

    Args:
        customer_id: for staff; a buyer's is the company they act for.
    """
    if stage is SuggestionStage.ORDERED:
        raise Refusal(ErrorCode.INVALID, "What was ordered is known from the orders.", ("stage",))
    if not 1 <= len(told) <= RECORDED_MAX:
        text_ = "A number from {least} to {most} is needed."
        raise Refusal(ErrorCode.INVALID, text_, ("suggestions",), least=1, most=RECORDED_MAX)
    if ctx.user.customer_id is not None:
        if customer_id not in (None, ctx.user.customer_id):
            raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("customerId",))
        customer_id = ctx.user.customer_id
    else:
        statement = visible_customers(ctx.user).with_only_columns(Customer.id)
        if await ctx.session.scalar(statement.where(Customer.id == customer_id)) is None:
            raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("customerId",))
    visible = await _visible(ctx, {each.product_id for each in told})
    for index, each in enumerate(told):
        if each.product_id not in visible:
            raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("suggestions", index, "productId"))
    rows = [
        {
            "seller_id": ctx.user.seller_id, "customer_id": customer_id, "product_id": product_id, "cause": reason,
            "place": place, "stage": stage, "day": ctx.today, "occurred_at": ctx.now, "user_id": ctx.user.user_id,
        }
        for product_id, reason in sorted({(each.product_id, each.reason) for each in told})
    ]  # fmt: skip
    table = SuggestionEvent
    written = await ctx.session.execute(
        insert(table)
        .values(rows)
        .on_conflict_do_nothing(constraint="uq_suggestion_event_once")
        .returning(table.id)
    )
    new = len(written.all())
    if new:
        assert customer_id is not None
        record(
            ctx, f"suggestions.{stage.value.lower()}", "Customer", customer_id, version=1, customer_id=customer_id,
            changes={"count": new, "place": place.value}, published=False,
        )  # fmt: skip
        await ctx.session.flush()
    assert customer_id is not None
    return customer_id


@dataclass(frozen=True, slots=True)
class PerformanceRow:
    """How suggestions of a reason fared in a place, in customers x products x days."""

    reason: SuggestionReason
    place: SuggestionPlace
    shown: int
    accepted: int
    ordered: int


async def suggestion_performance(ctx: Context, first: date, last: date) -> list[PerformanceRow]:
    """Of visible customers, from the first day to the last, both included: one statement."""
    if last < first or (last - first) > timedelta(days=1100):
        raise Refusal(ErrorCode.INVALID, "Ask for at most three years, from the first day on.", ("until",))
    table = SuggestionEvent
    counts = [func.count().filter(table.stage == stage) for stage in SuggestionStage]
    rows = await ctx.session.execute(
        select(table.cause, table.place, *counts)
        .where(
            table.seller_id == ctx.user.seller_id,
            customer_in_scope(ctx.user, table.customer_id),
            table.day >= first,
            table.day <= last,
        )
        .group_by(table.cause, table.place)
    )
    reasons, places = list(SuggestionReason), list(SuggestionPlace)
    found = [PerformanceRow(*row) for row in rows]
    return sorted(found, key=lambda row: (reasons.index(row.reason), places.index(row.place)))


async def refresh_suggestions(ctx: Context, months: int) -> UUID:
    """Starts the job that counts anew what was bought together in the last months."""
    if not 1 <= months <= MONTHS_MAX:
        text_ = "A number from {least} to {most} is needed."
        raise Refusal(ErrorCode.INVALID, text_, ("months",), least=1, most=MONTHS_MAX)
    return await start_job(ctx, "suggestions.refresh", {"months": months})
