"""Keeping discount groups, and segments of customers as saved queries."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select

from models.base import new_id
from models.customers import Customer, CustomerGroup
from models.customers_reads import visible_customers
from models.discounts import Segment, StoredDiscountGroup
from models.discounts_reads import DiscountGroupRow, SegmentRow, visible_discount_groups, visible_segments
from models.products import Product
from models.rows import by_key
from models.sellers import Currency, Territory
from resolvers.context import Context, LockKind
from resolvers.discounts import segments_by_customer
from resolvers.discounts_drafts import camel
from resolvers.events import record
from resolvers.house import as_house
from rules.discounts_checks import check_group
from rules.discounts_rules import DiscountGroup, Stacking
from rules.money import ZERO
from rules.refusals import ErrorCode, Refusal, StaleVersion, refuse_all

GROUPS_MAX = 20
SEQUENCE_MAX = 1_000_000
SEGMENTS_MAX = 100
VALUES_MAX = 20


async def discount_groups(ctx: Context) -> list[DiscountGroupRow]:
    """In the order in which they run."""
    found = await ctx.session.execute(
        visible_discount_groups(ctx.user)
        .order_by(StoredDiscountGroup.sequence, StoredDiscountGroup.code)
        .limit(GROUPS_MAX)
    )
    return [DiscountGroupRow(*row) for row in found]


async def discount_groups_by_id(ctx: Context, keys: Sequence[UUID]) -> list[DiscountGroupRow | None]:
    found = await ctx.session.execute(
        visible_discount_groups(ctx.user).where(StoredDiscountGroup.id.in_(keys))
    )
    return by_key(keys, [DiscountGroupRow(*row) for row in found])


async def segments(ctx: Context) -> list[SegmentRow]:
    found = await ctx.session.execute(visible_segments(ctx.user).order_by(Segment.code).limit(SEGMENTS_MAX))
    return [SegmentRow(*row) for row in found]


async def segments_by_id(ctx: Context, keys: Sequence[UUID]) -> list[SegmentRow | None]:
    found = await ctx.session.execute(visible_segments(ctx.user).where(Segment.id.in_(keys)))
    return by_key(keys, [SegmentRow(*row) for row in found])


def recorded(ctx: Context, action: str, entity: str, key: UUID, version: int) -> None:
    """Audited, and told to nobody else."""
    record(ctx, action, entity, key, version=version, customer_id=None, published=False)


@dataclass(frozen=True, slots=True)
class GroupDraft:
    code: str
    name: str
    sequence: int
    stacking: Stacking
    suppresses: tuple[str, ...] = ()
    competes_with: str = ""


def _check_names(code: str, name: str) -> list[Refusal]:
    text_ = "This has 1 to {limit} characters."
    return [
        Refusal(ErrorCode.INVALID, text_, (field,), limit=most)
        for field, value, most in (("code", code, 64), ("name", name, 200))
        if not 1 <= len(value.strip()) <= most
    ]


async def create_group(ctx: Context, draft: GroupDraft) -> UUID:
    refuse_all(_check_names(draft.code, draft.name))
    code = draft.code.strip()
    others = await discount_groups(ctx)
    if any(each.code == code for each in others):
        raise Refusal(ErrorCode.ALREADY_EXISTS, "There is one with this code already.", ("code",))
    if len(others) >= GROUPS_MAX:
        raise Refusal(
            ErrorCode.LIMIT_EXCEEDED, "There are {limit} groups at most.", ("code",), limit=GROUPS_MAX
        )
    _checked_group(draft, code, others)
    stored = StoredDiscountGroup(
        id=new_id(), seller_id=ctx.user.seller_id, code=code, name=draft.name.strip(), sequence=draft.sequence,
        stacking=draft.stacking, suppresses=sorted(set(draft.suppresses)), competes_with=draft.competes_with,
        version=1, created_at=ctx.now,
    )  # fmt: skip
    ctx.session.add(stored)
    recorded(ctx, "discountGroup.created", "DiscountGroup", stored.id, 1)
    await ctx.session.flush()
    return stored.id


def _checked_group(draft: GroupDraft, code: str, others: Sequence[DiscountGroupRow]) -> DiscountGroup:
    if abs(draft.sequence) > SEQUENCE_MAX:
        text_ = "A sequence is {limit} at most."
        raise Refusal(ErrorCode.INVALID, text_, ("sequence",), limit=SEQUENCE_MAX)
    group = DiscountGroup(
        code, draft.sequence, draft.stacking, frozenset(draft.suppresses), draft.competes_with
    )
    refuse_all(check_group(group, [each.to_rules() for each in others]))
    return group


async def save_group(ctx: Context, group_id: UUID, draft: GroupDraft, expected_version: int) -> DiscountGroup:
    """All of a group but its code, by which others name it; what `draft.code` says does not count."""
    statement = select(StoredDiscountGroup).where(
        StoredDiscountGroup.id == group_id, StoredDiscountGroup.seller_id == ctx.user.seller_id
    )
    stored: StoredDiscountGroup | None = await ctx.session.scalar(ctx.locked(LockKind.DOCUMENT, statement))
    if stored is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("groupId",))
    if stored.version != expected_version:
        raise StaleVersion(stored.version)
    refuse_all(_check_names(stored.code, draft.name))
    others = [each for each in await discount_groups(ctx) if each.id != group_id]
    group = _checked_group(draft, stored.code, others)
    stored.name, stored.sequence, stored.stacking = draft.name.strip(), draft.sequence, draft.stacking
    stored.suppresses, stored.competes_with = sorted(set(draft.suppresses)), draft.competes_with
    stored.version += 1
    recorded(ctx, "discountGroup.updated", "DiscountGroup", stored.id, stored.version)
    await ctx.session.flush()
    return group


async def customers_in_segments(ctx: Context, keys: Sequence[UUID]) -> list[int]:
    """How many customers that the viewer may see are in each segment today; whom it is for is the house's to know."""
    codes = {
        row.id: row.code for row in await ctx.loader(segments_by_id).load_many(list(keys)) if row is not None
    }
    customers = list(await ctx.session.scalars(visible_customers(ctx.user).with_only_columns(Customer.id)))
    async with as_house(ctx) as session:
        found = await segments_by_customer(session, customers, ctx.today)
    counts = Counter(code for inside in found.values() for code in inside)
    return [counts[codes.get(key, "")] for key in keys]


@dataclass(frozen=True, slots=True)
class SegmentDraft:
    """All that is set must hold; `months` is how far back revenue and purchases count."""

    code: str
    name: str
    customer_groups: tuple[str, ...] = ()
    territories: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    revenue_least: Decimal | None = None
    revenue_currency: str | None = None
    product_ids: tuple[UUID, ...] = ()
    months: int = 12


async def save_segment(
    ctx: Context, draft: SegmentDraft, segment_id: UUID | None, expected_version: int | None
) -> UUID:
    """A new segment, or the whole of one that exists."""
    await _check_segment(ctx, draft)
    if segment_id is None:
        count = await ctx.session.scalar(select(func.count()).where(Segment.seller_id == ctx.user.seller_id))
        if count >= SEGMENTS_MAX:
            text_ = "There are {limit} segments at most."
            raise Refusal(ErrorCode.LIMIT_EXCEEDED, text_, ("code",), limit=SEGMENTS_MAX)
        stored = Segment(id=new_id(), seller_id=ctx.user.seller_id, version=0, created_at=ctx.now)
    else:
        statement = select(Segment).where(Segment.id == segment_id, Segment.seller_id == ctx.user.seller_id)
        found: Segment | None = await ctx.session.scalar(ctx.locked(LockKind.DOCUMENT, statement))
        if found is None:
            raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("segmentId",))
        if found.version != expected_version:
            raise StaleVersion(found.version)
        stored = found
    taken = await ctx.session.scalar(
        select(Segment.id).where(Segment.seller_id == ctx.user.seller_id, Segment.code == draft.code.strip())
    )
    if taken is not None and taken != segment_id:
        raise Refusal(ErrorCode.ALREADY_EXISTS, "There is one with this code already.", ("code",))
    stored.code, stored.name = draft.code.strip(), draft.name.strip()
    stored.customer_groups, stored.territories = list(draft.customer_groups), list(draft.territories)
    stored.countries, stored.product_ids = list(draft.countries), list(draft.product_ids)
    stored.revenue_least, stored.revenue_currency = draft.revenue_least, draft.revenue_currency
    stored.months, stored.updated_at = draft.months, ctx.now
    stored.version += 1
    ctx.session.add(stored)
    recorded(ctx, "segment.saved", "Segment", stored.id, stored.version)
    await ctx.session.flush()
    return stored.id


async def _check_segment(ctx: Context, draft: SegmentDraft) -> None:
    wrong = _check_names(draft.code, draft.name)
    if not (
        draft.customer_groups or draft.territories or draft.countries or draft.product_ids
        or draft.revenue_least is not None
    ):  # fmt: skip
        wrong.append(
            Refusal(ErrorCode.INVALID, "A segment of everybody is none: say who is in it.", ("code",))
        )
    if draft.revenue_least is not None and not ZERO <= draft.revenue_least < Decimal(10) ** 12:
        wrong.append(Refusal(ErrorCode.INVALID, "A minimum is not below zero.", ("revenueLeast",)))
    if (draft.revenue_least is None) != (draft.revenue_currency is None):
        text_ = "It names amounts: say in which currency."
        wrong.append(Refusal(ErrorCode.INVALID, text_, ("revenueCurrency",)))
    if not 1 <= draft.months <= 60:
        wrong.append(Refusal(ErrorCode.INVALID, "Months are 1 to {most}.", ("months",), most=60))
    for name in ("customer_groups", "territories", "countries", "product_ids"):
        if len(getattr(draft, name)) > VALUES_MAX:
            text_ = "A condition names {limit} at most."
            wrong.append(Refusal(ErrorCode.LIMIT_EXCEEDED, text_, (camel(name),), limit=VALUES_MAX))
    refuse_all(wrong)
    own = ctx.user.seller_id
    lookups = (
        ("customerGroups", draft.customer_groups, select(CustomerGroup.code).where(CustomerGroup.seller_id == own)),
        ("territories", draft.territories, select(Territory.code).where(Territory.seller_id == own)),
        ("productIds", draft.product_ids, select(Product.id).where(
            Product.seller_id == own, Product.id.in_(draft.product_ids))),
        ("revenueCurrency", [draft.revenue_currency] if draft.revenue_currency else [], select(Currency.code)),
    )  # fmt: skip
    for name, wanted, statement in lookups:
        known = frozenset(await ctx.session.scalars(statement)) if wanted else frozenset()
        for index, each in enumerate(wanted):
            if each not in known:
                is_id = name == "productIds"
                code = ErrorCode.NOT_FOUND if is_id else ErrorCode.INVALID
                at = (name,) if name == "revenueCurrency" else (name, index)
                raise Refusal(code, "Not found." if is_id else "There is no such code.", at)
