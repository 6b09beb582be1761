"""Lines of sales agreements of a file: put into the drafts that our people write, as if they had typed them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from jobs.imports_base import Fate, Ground, Plan, Touched, Trail, codes_of, unknown
from models.products import Product, ProductCategory, ProductUnit
from models.sales_agreements import AgreementLine, AgreementVersion, SalesAgreement
from models.sellers import Currency
from rules.imports import ImportRow, fault, in_column
from rules.money import ZERO
from rules.refusals import ErrorCode, Refusal, Refusals, refuse_all
from rules.sales_agreement_terms import (
    LINES_MAX,
    AgreementLineTerms,
    AgreementTerms,
    ConsumedLine,
    VersionStatus,
    check_amendment,
    check_terms,
    numbered,
)
from rules.sales_agreements import AgreementStatus, CommitmentType
from rules.texts import item_key
from rules.trade_rows import first_day_without

# A field's name in the API -> the column that says it.
COLUMNS = {
    "number": "line", "discountPercent": "discount", "penaltyPercent": "penalty", "unitPrice": "price",
    "cashDiscountAmount": "amount_off", "priceUnit": "price_unit", "minRelease": "min_release",
    "maxRelease": "max_release", "validFrom": "valid_from", "validTo": "last_day",
}  # fmt: skip
# A column -> the field of a line's terms that it says, and what an empty cell means.
_FIELDS: Mapping[str, tuple[str, Any]] = {
    "price": ("unit_price", None), "price_unit": ("price_unit", Decimal(1)), "discount": ("discount_percent", ZERO),
    "amount_off": ("cash_discount_amount", ZERO), "valid_from": ("valid_from", None),
    "max_enforced": ("max_enforced", False), "price_fixed": ("is_price_fixed", False),
    "min_release": ("min_release", None), "max_release": ("max_release", None), "penalty": ("penalty_percent", ZERO),
    "promotions": ("stackable_with_promotions", False), "total_discount": ("include_in_total_discount", True),
    "exclude_from_rebate": ("exclude_from_rebate", False),
}  # fmt: skip
_PRODUCT_TYPES = (CommitmentType.PRODUCT_QUANTITY, CommitmentType.PRODUCT_VALUE)


@dataclass(slots=True)
class _Draft:
    """An agreement that is being written, its terms as rows change them, and what was consumed of it."""

    agreement_id: UUID
    customer_id: UUID
    version_id: UUID
    version: int
    terms: AgreementTerms
    consumed: list[ConsumedLine] = field(default_factory=list)
    is_changed: bool = False


@dataclass(frozen=True, slots=True)
class _Facts:
    """What a batch is compared with."""

    known: frozenset[str]
    drafts: Mapping[str, _Draft]
    products: Mapping[str, Any]
    units: frozenset[tuple[UUID, str]]
    categories: Mapping[str, Any]
    exponents: Mapping[str, int]


async def _read_drafts(
    session: AsyncSession, ground: Ground, numbers: Sequence[str]
) -> tuple[frozenset[str], dict[str, _Draft]]:
    """The agreements that are known, and those of them whose draft may be written, locked in the order of their ids."""
    agreements = (
        await session.execute(
            select(
                SalesAgreement.number,
                SalesAgreement.id,
                SalesAgreement.customer_id,
                SalesAgreement.version,
                SalesAgreement.status,
                SalesAgreement.valid_until,
            )
            .where(SalesAgreement.seller_id == ground.seller.id, SalesAgreement.number.in_(numbers))
            .order_by(SalesAgreement.id)
            .with_for_update()
        )
    ).all()
    versions = {
        row.agreement_id: row
        for row in await session.execute(
            select(AgreementVersion.agreement_id, AgreementVersion.id, AgreementVersion.content).where(
                AgreementVersion.agreement_id.in_([row.id for row in agreements]),
                AgreementVersion.status == VersionStatus.DRAFT,
            )
        )
    }
    over = (AgreementStatus.CLOSED, AgreementStatus.CANCELLED)
    drafts = {}
    for number, key, customer_id, version, status, until in agreements:
        is_ended = status in over or (status == AgreementStatus.EFFECTIVE and until <= ground.today)
        if key in versions and not is_ended:
            found = versions[key]
            drafts[number] = _Draft(
                key, customer_id, found.id, version, AgreementTerms.from_json(found.content)
            )
    by_id = {each.agreement_id: each for each in drafts.values()}
    line = AgreementLine
    for row in await session.execute(
        select(
            line.agreement_id,
            line.number,
            line.type,
            line.product_id,
            line.category_id,
            line.unit_code,
            line.released,
        ).where(line.agreement_id.in_(list(by_id)), line.released > 0)
    ):
        subject = (CommitmentType(row[2]), str(row[3] or ""), str(row[4] or ""), row[5] or "")
        by_id[row[0]].consumed.append(ConsumedLine(row[1], subject, row[6]))
    return frozenset(row.number for row in agreements), drafts


async def _facts(session: AsyncSession, ground: Ground, rows: Sequence[ImportRow]) -> _Facts:
    numbers = sorted({str(row.values["agreement"]) for row in rows})
    known, drafts = await _read_drafts(session, ground, numbers)
    keys = {item_key(str(row.values["sku"])) for row in rows if row.values.get("sku")}
    keys |= {item_key(line.sku) for each in drafts.values() for line in each.terms.lines if line.sku}
    products = {
        row.sku_key: row
        for row in await session.execute(
            select(Product.sku_key, Product.id, Product.sku, Product.name, Product.unit_code).where(
                Product.seller_id == ground.seller.id, Product.sku_key.in_(keys)
            )
        )
    }
    units = await session.execute(
        select(ProductUnit.product_id, ProductUnit.unit_code).where(
            ProductUnit.product_id.in_([row.id for row in products.values()])
        )
    )
    category = ProductCategory
    if "categories" not in ground.memory:
        found = await session.execute(
            select(category.code, category.id, category.path, category.name).where(
                category.seller_id == ground.seller.id
            )
        )
        ground.memory["categories"] = {row.code: row for row in found}
    exponents = await codes_of(session, ground, "exponent", select(Currency.code, Currency.exponent))
    pairs = frozenset((product_id, code) for product_id, code in units)
    return _Facts(known, drafts, products, pairs, ground.memory["categories"], exponents)


def _subject(row: ImportRow, facts: _Facts, old: AgreementLineTerms | None) -> AgreementLineTerms:
    """
    The line with what it is about; what the file has no column for stays as it is.

    Raises:
        Refusal(NOT_FOUND, UNIT_MISMATCH): a code of the row stands for nothing, or the product is not sold so.
    """
    values = row.values
    kind = CommitmentType(str(values.get("type") or (old.type if old else CommitmentType.PRODUCT_QUANTITY)))
    committed = Decimal(str(values["committed"]))
    line = replace(old, type=kind, committed=committed) if old else AgreementLineTerms(0, kind, committed)
    line = replace(line, product="", sku="", category="", category_path="", name="", unit_code="")
    if kind in _PRODUCT_TYPES:
        sku = str(values.get("sku") or (old.sku if old and "sku" not in values else ""))
        product = facts.products.get(item_key(sku))
        if product is None:
            raise unknown("sku", sku)
        line = replace(line, product=str(product.id), sku=product.sku, name=product.name)
        if kind is CommitmentType.PRODUCT_QUANTITY:
            kept = old.unit_code if old and "unit" not in values and old.product == line.product else ""
            unit = str(values.get("unit") or kept or product.unit_code)
            if unit != product.unit_code and (product.id, unit) not in facts.units:
                told = "{sku} is not sold by {unit}."
                raise fault(ErrorCode.UNIT_MISMATCH, "unit", told, sku=product.sku, unit=unit)
            line = replace(line, unit_code=unit)
    elif kind is CommitmentType.CATEGORY_VALUE:
        kept = old.category_path.rstrip("/").rpartition("/")[2] if old and "category" not in values else ""
        code = str(values.get("category") or kept)
        category = facts.categories.get(code)
        if category is None:
            raise unknown("category", code)
        line = replace(line, category=str(category.id), category_path=category.path, name=category.name)
    return line


def _told(row: ImportRow, line: AgreementLineTerms) -> AgreementLineTerms:
    """The line with all else that the row says; an empty cell takes a value back to what it is without one."""
    given: dict[str, Any] = {}
    for column, (name, empty) in _FIELDS.items():
        if column in row.values:
            value = row.values[column]
            given[name] = empty if value is None else value
    if "last_day" in row.values:
        last = row.values["last_day"]
        given["valid_until"] = first_day_without(last if isinstance(last, date) else None)
    return replace(line, **given)


def _known_line(row: ImportRow, draft: _Draft, facts: _Facts) -> AgreementLineTerms | None:
    """The draft's line that the row is about: by its number, or else by what it commits to; None for a new one."""
    number = row.values.get("line")
    if number is not None:
        return next((each for each in draft.terms.lines if each.number == number), None)
    made = _subject(row, facts, None)
    same = [
        each for each in draft.terms.lines
        if each.subject == made.subject and each.valid_from == row.values.get("valid_from")
    ]  # fmt: skip
    if len(same) > 1:
        raise fault(ErrorCode.INVALID, "line", "Several lines are about this: say the number of the line.")
    return same[0] if same else None


def _take(row: ImportRow, draft: _Draft, facts: _Facts) -> Fate:
    """
    Puts the row's line into the draft.

    Raises:
        Refusal, Refusals: what is wrong with it; the draft stays as it was.
    """
    old = _known_line(row, draft, facts)
    number = old.number if old else int(str(row.values.get("line") or 0))
    line = replace(_told(row, _subject(row, facts, old)), number=number)
    known = draft.terms.lines
    if line == old:
        return Fate.UNCHANGED
    if old is None and len(known) >= LINES_MAX:
        told = "An agreement has {limit} lines at most."
        raise fault(ErrorCode.LIMIT_EXCEEDED, "agreement", told, limit=LINES_MAX)
    place = len(known) if old is None else known.index(old)
    terms = replace(draft.terms, lines=numbered((*known[:place], line, *known[place + 1 :])))
    wrong = [
        *check_terms(terms, facts.exponents[terms.currency]), *check_amendment(terms, draft.consumed)
    ]  # fmt: skip
    refuse_all(
        [
            in_column(each, COLUMNS.get(str(each.path[-1]), str(each.path[-1])))
            for each in wrong
            if each.path[:2] == ("lines", str(place))
        ]
    )
    draft.terms, draft.is_changed = terms, True
    return Fate.CREATED if old is None else Fate.CHANGED


async def plan_agreement_lines(session: AsyncSession, ground: Ground, rows: Sequence[ImportRow]) -> Plan:
    """Lines that are new in their drafts, or differ; nobody has confirmed them yet."""
    plan = Plan()
    sound = plan.sound(rows)
    facts = await _facts(session, ground, sound)
    for row in sound:
        number = str(row.values["agreement"])
        draft = facts.drafts.get(number)
        if number not in facts.known:
            plan.refuse(row, unknown("agreement", number))
        elif draft is None:
            told = "Agreement {number} is not being written: begin a new version of it first."
            plan.refuse(row, fault(ErrorCode.INVALID_TRANSITION, "agreement", told, number=number))
        else:
            try:
                plan.fates[row.number] = _take(row, draft, facts)
            except Refusals as refused:
                plan.refuse(row, *refused.refusals)
            except Refusal as refused:
                plan.refuse(row, refused)
    changed = [each for each in facts.drafts.values() if each.is_changed]
    if changed:
        plan.writes.append(lambda session: _write(session, ground, changed))
    return plan


_CONTENT = text("update agreement_version set content = cast(:content as jsonb) where id = :key")
_VERSION = text("update sales_agreement set version = version + 1 where id = any (cast(:keys as uuid[]))")


async def _write(session: AsyncSession, ground: Ground, drafts: Sequence[_Draft]) -> None:
    values = [{"key": each.version_id, "content": json.dumps(each.terms.to_json())} for each in drafts]
    await session.execute(_CONTENT, values)
    await session.execute(_VERSION, {"keys": [each.agreement_id for each in drafts]})
    trail = Trail(ground, "salesAgreement.imported", "SalesAgreement")
    await trail.write(
        session, [Touched(each.agreement_id, each.version + 1, each.customer_id) for each in drafts]
    )
