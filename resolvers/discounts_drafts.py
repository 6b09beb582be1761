"""Discount rules as people write them: codes and ids are looked up, and a draft becomes a rule or a refusal."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from models.customers import Customer, CustomerGroup
from models.customers_reads import customer_in_scope
from models.discounts import Segment
from models.products import Product, ProductCategory
from models.sellers import Currency
from resolvers.context import Context
from rules.discounts_benefits import (
    AmountPerLine,
    AmountPerOrder,
    AmountPerUnit,
    Benefit,
    BenefitKind,
    LeastExpensive,
    Percent,
    SetPrice,
    Tier,
    Tiered,
    UnitPrice,
)
from rules.discounts_conditions import (
    BoughtBefore,
    BoughtTogether,
    BrandIs,
    ByChannel,
    CategoryIs,
    Condition,
    ConditionKind,
    CustomerGroupIs,
    CustomerIs,
    Extent,
    InSegment,
    InWishlist,
    Measure,
    Minimum,
    MixAndMatch,
    NearExpiry,
    OnFirstOrder,
    ProductIs,
    Window,
)
from rules.discounts_rules import Concurrency, Phase
from rules.pricing_facts import Channel
from rules.refusals import ErrorCode, Path, Refusal, refuse_all

CONDITIONS_MAX = 10
VALUES_MAX = 100
TIERS_MAX = 20
NAME_MAX = 200
CODE_MAX = 64


@dataclass(frozen=True, slots=True)
class MandatoryDraft:
    product_id: UUID
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class ConditionDraft:
    """One condition; each kind takes some of the fields and none of the others. Times are "HH:MM"."""

    kind: ConditionKind
    customer_ids: tuple[UUID, ...] | None = None
    product_ids: tuple[UUID, ...] | None = None
    codes: tuple[str, ...] | None = None
    is_excluded: bool | None = None
    weekdays: tuple[int, ...] | None = None
    from_time: str | None = None
    until_time: str | None = None
    days: int | None = None
    times: int | None = None
    months: int | None = None
    measure: Measure | None = None
    of: Extent | None = None
    least: Decimal | None = None
    below: Decimal | None = None
    quantity: Decimal | None = None
    mandatory: tuple[MandatoryDraft, ...] | None = None


@dataclass(frozen=True, slots=True)
class BenefitDraft:
    """What a rule or a tier gives; each kind takes some of the fields and none of the others."""

    kind: BenefitKind
    percent: Decimal | None = None
    amount: Decimal | None = None
    price_unit: Decimal | None = None
    quantity: Decimal | None = None
    per: Decimal | None = None
    measure: Measure | None = None
    of: Extent | None = None
    is_stepped: bool | None = None
    tiers: tuple["TierDraft", ...] | None = None


@dataclass(frozen=True, slots=True)
class TierDraft:
    """From `least` on, up to below `below` where it is said: then the next tier has to begin there."""

    least: Decimal
    benefit: BenefitDraft
    below: Decimal | None = None


@dataclass(frozen=True, slots=True)
class RuleDraft:
    """A rule as it shall be; `valid_until` is the day after the last."""

    group_id: UUID
    code: str
    name: str
    phase: Phase
    benefit: BenefitDraft
    conditions: tuple[ConditionDraft, ...] = ()
    priority: int = 0
    concurrency: Concurrency | None = None
    valid_from: date | None = None
    valid_until: date | None = None
    currency: str | None = None
    coupon: str = ""
    stops_further: bool = False
    amount_max: Decimal | None = None
    quantity_max: Decimal | None = None
    uses_max: int | None = None
    uses_per_customer_max: int | None = None


_LISTED = frozenset({"codes", "is_excluded"})
# Kind -> the fields it needs, and those it may have besides.
_CONDITIONS: Mapping[ConditionKind, tuple[frozenset[str], frozenset[str]]] = {
    ConditionKind.CUSTOMER: (frozenset({"customer_ids"}), frozenset({"is_excluded"})),
    ConditionKind.CUSTOMER_GROUP: (frozenset({"codes"}), _LISTED),
    ConditionKind.SEGMENT: (frozenset({"codes"}), _LISTED),
    ConditionKind.CHANNEL: (frozenset({"codes"}), frozenset()),
    ConditionKind.FIRST_ORDER: (frozenset(), frozenset()),
    ConditionKind.WINDOW: (frozenset(), frozenset({"weekdays", "from_time", "until_time"})),
    ConditionKind.PRODUCT: (frozenset({"product_ids"}), frozenset({"is_excluded"})),
    ConditionKind.CATEGORY: (frozenset({"codes"}), _LISTED),
    ConditionKind.BRAND: (frozenset({"codes"}), _LISTED),
    ConditionKind.NEAR_EXPIRY: (frozenset({"days"}), frozenset()),
    ConditionKind.BOUGHT_BEFORE: (frozenset({"times", "months"}), frozenset()),
    ConditionKind.WISHLIST: (frozenset(), frozenset()),
    ConditionKind.BOUGHT_TOGETHER: (frozenset(), frozenset()),
    ConditionKind.MINIMUM: (frozenset({"measure", "least"}), frozenset({"of", "below"})),
    ConditionKind.MIX_AND_MATCH: (frozenset({"quantity"}), frozenset({"mandatory"})),
}
_BENEFITS: Mapping[BenefitKind, tuple[frozenset[str], frozenset[str]]] = {
    BenefitKind.PERCENT: (frozenset({"percent"}), frozenset()),
    BenefitKind.AMOUNT_PER_UNIT: (frozenset({"amount"}), frozenset()),
    BenefitKind.AMOUNT_PER_LINE: (frozenset({"amount"}), frozenset()),
    BenefitKind.AMOUNT_PER_ORDER: (frozenset({"amount"}), frozenset()),
    BenefitKind.UNIT_PRICE: (frozenset({"amount"}), frozenset({"price_unit"})),
    BenefitKind.SET_PRICE: (frozenset({"amount", "quantity"}), frozenset()),
    BenefitKind.LEAST_EXPENSIVE: (frozenset({"percent", "quantity"}), frozenset({"per"})),
    BenefitKind.TIERED: (frozenset({"measure", "tiers"}), frozenset({"of", "is_stepped"})),
}


def camel(name: str) -> str:
    """A field's name as the input has it."""
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)


def _misfits(draft: Any, needed: frozenset[str], optional: frozenset[str], path: Path) -> list[Refusal]:
    found = []
    for each in fields(draft):
        is_set = getattr(draft, each.name) is not None
        if each.name == "kind":
            continue
        if each.name in needed and not is_set:
            text = "This kind needs it."
        elif is_set and each.name not in needed | optional:
            text = "This kind takes no such value."
        else:
            continue
        found.append(Refusal(ErrorCode.INVALID, text, (*path, camel(each.name))))
    return found


def shape_refusals(draft: RuleDraft) -> list[Refusal]:
    """What is missing or left over, before anything is looked up."""
    found = []
    for name, most in (("code", CODE_MAX), ("name", NAME_MAX)):
        if not 1 <= len(getattr(draft, name).strip()) <= most:
            found.append(Refusal(ErrorCode.INVALID, "This has 1 to {limit} characters.", (name,), limit=most))
    if len(draft.coupon) > CODE_MAX:
        text = "This has 1 to {limit} characters."
        found.append(Refusal(ErrorCode.INVALID, text, ("coupon",), limit=CODE_MAX))
    if abs(draft.priority) > 1_000_000:
        text = "A priority is {limit} at most."
        found.append(Refusal(ErrorCode.INVALID, text, ("priority",), limit=1_000_000))
    for name in ("uses_max", "uses_per_customer_max"):
        most_uses = getattr(draft, name)
        if most_uses is not None and not 0 < most_uses <= 1_000_000_000:
            found.append(Refusal(ErrorCode.INVALID, "This must be above zero.", (camel(name),)))
    if len(draft.conditions) > CONDITIONS_MAX:
        text = "A rule has {limit} conditions at most."
        found.append(Refusal(ErrorCode.LIMIT_EXCEEDED, text, ("conditions",), limit=CONDITIONS_MAX))
    for index, condition in enumerate(draft.conditions):
        path = ("conditions", index)
        found += _misfits(condition, *_CONDITIONS[condition.kind], path)
        for name in ("customer_ids", "product_ids", "codes", "mandatory"):
            if len(getattr(condition, name) or ()) > VALUES_MAX:
                text = "A condition names {limit} at most."
                found.append(Refusal(ErrorCode.LIMIT_EXCEEDED, text, (*path, camel(name)), limit=VALUES_MAX))
    return found + _benefit_misfits(draft.benefit, ("benefit",))


def _benefit_misfits(draft: BenefitDraft, path: Path) -> list[Refusal]:
    found = _misfits(draft, *_BENEFITS[draft.kind], path)
    tiers = draft.tiers or ()
    if len(tiers) > TIERS_MAX:
        text = "There are {limit} tiers at most."
        return [Refusal(ErrorCode.LIMIT_EXCEEDED, text, (*path, "tiers"), limit=TIERS_MAX)]
    for index, tier in enumerate(tiers):
        at = (*path, "tiers", index)
        if tier.benefit.kind in (BenefitKind.TIERED, BenefitKind.SET_PRICE, BenefitKind.LEAST_EXPENSIVE):
            text = "A tier gives a percent, an amount or a price."
            found.append(Refusal(ErrorCode.INVALID, text, (*at, "benefit", "kind")))
            continue
        following = tiers[index + 1].least if index + 1 < len(tiers) else None
        if tier.below is not None and tier.below != following:
            text = "There is a gap: a tier reaches up to the next one, and the last has no end."
            found.append(Refusal(ErrorCode.INVALID, text, (*at, "below")))
        found += _benefit_misfits(tier.benefit, (*at, "benefit"))
    return found


def benefit_of(draft: BenefitDraft) -> Benefit:
    """The benefit of a draft whose shape is sound."""
    percent, amount = draft.percent or Decimal(0), draft.amount or Decimal(0)
    quantity = draft.quantity or Decimal(0)
    if draft.kind is BenefitKind.TIERED:
        tiers = tuple(Tier(each.least, benefit_of(each.benefit)) for each in draft.tiers or ())  # type: ignore[arg-type]
        assert draft.measure is not None, "its shape is sound"
        return Tiered(draft.measure, draft.of or Extent.ELIGIBLE_LINES, tiers, bool(draft.is_stepped))
    made: Mapping[BenefitKind, Benefit] = {
        BenefitKind.PERCENT: Percent(percent),
        BenefitKind.AMOUNT_PER_UNIT: AmountPerUnit(amount),
        BenefitKind.AMOUNT_PER_LINE: AmountPerLine(amount),
        BenefitKind.AMOUNT_PER_ORDER: AmountPerOrder(amount),
        BenefitKind.UNIT_PRICE: UnitPrice(
            amount, Decimal(1) if draft.price_unit is None else draft.price_unit
        ),
        BenefitKind.SET_PRICE: SetPrice(amount, quantity),
        BenefitKind.LEAST_EXPENSIVE: LeastExpensive(percent, quantity, draft.per),
    }
    return made[draft.kind]


@dataclass(frozen=True, slots=True)
class Known:
    """What the drafts name, as far as the seller has it and the viewer sees it."""

    customers: Collection[UUID] = ()
    products: Collection[UUID] = ()
    groups: Collection[str] = ()
    segments: Collection[str] = ()
    currencies: Collection[str] = ()
    paths: Mapping[str, str] = field(default_factory=dict)


async def known_to(ctx: Context, draft: RuleDraft) -> Known:
    """Looks up everything a draft names: one statement for each kind of thing."""
    conditions = draft.conditions
    customers = {key for each in conditions for key in each.customer_ids or ()}
    products = {key for each in conditions for key in each.product_ids or ()}
    products |= {one.product_id for each in conditions for one in each.mandatory or ()}

    def codes(kind: ConditionKind) -> set[str]:
        return {code for each in conditions if each.kind is kind for code in each.codes or ()}

    async def found(column: Any, wanted: Collection[Any], *where: Any) -> frozenset[Any]:
        if not wanted:
            return frozenset()
        return frozenset(await ctx.session.scalars(select(column).where(column.in_(wanted), *where)))

    seller = ctx.user.seller_id
    wanted = codes(ConditionKind.CATEGORY)
    paths = {}
    if wanted:
        statement = select(ProductCategory.code, ProductCategory.path).where(
            ProductCategory.seller_id == seller, ProductCategory.code.in_(wanted)
        )
        paths = {row[0]: row[1] for row in await ctx.session.execute(statement)}
    return Known(
        await found(Customer.id, customers, customer_in_scope(ctx.user)),
        await found(Product.id, products, Product.seller_id == seller),
        await found(
            CustomerGroup.code, codes(ConditionKind.CUSTOMER_GROUP), CustomerGroup.seller_id == seller
        ),
        await found(Segment.code, codes(ConditionKind.SEGMENT), Segment.seller_id == seller),
        await found(Currency.code, [draft.currency] if draft.currency else []),
        paths,
    )


def conditions_of(drafts: Sequence[ConditionDraft], known: Known) -> tuple[Condition, ...]:
    """
    The conditions of drafts whose shape is sound.

    Raises:
        Refusal or Refusals: NOT_FOUND for ids, INVALID for codes that the seller does not have.
    """
    refusals: list[Refusal] = []
    made = [_condition(draft, known, ("conditions", index), refusals) for index, draft in enumerate(drafts)]
    refuse_all(refusals)
    return tuple(each for each in made if each is not None)


def _ids(
    given: Sequence[UUID], known: Collection[UUID], path: Path, refusals: list[Refusal]
) -> frozenset[str]:
    for index, key in enumerate(given):
        if key not in known:
            refusals.append(Refusal(ErrorCode.NOT_FOUND, "Not found.", (*path, index)))
    return frozenset(str(key) for key in given)


def _codes(draft: ConditionDraft, known: Known, path: Path, refusals: list[Refusal]) -> frozenset[str]:
    given = draft.codes or ()
    lists: Mapping[ConditionKind, Collection[str]] = {
        ConditionKind.CUSTOMER_GROUP: known.groups,
        ConditionKind.SEGMENT: known.segments,
        ConditionKind.CATEGORY: known.paths,
        ConditionKind.CHANNEL: [each.value for each in Channel],
    }
    allowed = lists.get(draft.kind)
    for index, code in enumerate(given):
        if allowed is not None and code not in allowed:
            refusals.append(Refusal(ErrorCode.INVALID, "There is no such code.", (*path, "codes", index)))
    if draft.kind is ConditionKind.CATEGORY:
        return frozenset(known.paths.get(code, code) for code in given)
    return frozenset(given)


def _time(text: str | None, path: Path, refusals: list[Refusal]) -> time | None:
    if text is None:
        return None
    try:
        return time.fromisoformat(text).replace(second=0, microsecond=0, tzinfo=None)
    except ValueError:
        refusals.append(Refusal(ErrorCode.INVALID, "A time is written as 08:30.", path))
        return None


def _condition(draft: ConditionDraft, known: Known, path: Path, refusals: list[Refusal]) -> Condition | None:
    kind, is_out = draft.kind, bool(draft.is_excluded)
    if kind is ConditionKind.CUSTOMER:
        at = (*path, "customerIds")
        return CustomerIs(_ids(draft.customer_ids or (), known.customers, at, refusals), is_out)
    if kind is ConditionKind.PRODUCT:
        at = (*path, "productIds")
        return ProductIs(_ids(draft.product_ids or (), known.products, at, refusals), is_out)
    if kind is ConditionKind.WINDOW:
        since = _time(draft.from_time, (*path, "fromTime"), refusals)
        until = _time(draft.until_time, (*path, "untilTime"), refusals)
        return Window(frozenset(draft.weekdays or ()), since, until)
    if kind is ConditionKind.MIX_AND_MATCH:
        mandatory = draft.mandatory or ()
        for index, each in enumerate(mandatory):
            if each.product_id not in known.products:
                at = (*path, "mandatory", index, "productId")
                refusals.append(Refusal(ErrorCode.NOT_FOUND, "Not found.", at))
        pairs = tuple((str(each.product_id), each.quantity) for each in mandatory)
        return MixAndMatch(draft.quantity or Decimal(0), pairs)
    if kind is ConditionKind.MINIMUM:
        assert draft.measure is not None and draft.least is not None, "its shape is sound"
        return Minimum(draft.measure, draft.least, draft.of or Extent.ELIGIBLE_LINES, draft.below)
    if kind in _CODED:
        codes = _codes(draft, known, path, refusals)
        made = _CODED[kind]
        return ByChannel(codes) if made is ByChannel else made(codes, is_out)
    plain: Mapping[ConditionKind, Condition] = {
        ConditionKind.FIRST_ORDER: OnFirstOrder(),
        ConditionKind.NEAR_EXPIRY: NearExpiry(draft.days or 0),
        ConditionKind.BOUGHT_BEFORE: BoughtBefore(draft.times or 0, draft.months or 0),
        ConditionKind.WISHLIST: InWishlist(),
        ConditionKind.BOUGHT_TOGETHER: BoughtTogether(),
    }
    return plain[kind]


_CODED: Mapping[ConditionKind, Any] = {
    ConditionKind.CUSTOMER_GROUP: CustomerGroupIs,
    ConditionKind.SEGMENT: InSegment,
    ConditionKind.CHANNEL: ByChannel,
    ConditionKind.CATEGORY: CategoryIs,
    ConditionKind.BRAND: BrandIs,
}
