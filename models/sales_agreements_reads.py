"""Reading sales agreements: who may see which, their rows, and the commitments that prices ask for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select

from auth.permissions import Viewer
from models.customers import Customer
from models.customers_reads import customer_in_scope
from models.filters import escape_like
from models.orders import SalesOrderLine
from models.products import ProductCategory
from models.rows import columns_of
from models.sales_agreements import AgreementConsumption, AgreementLine, AgreementVersion, SalesAgreement
from rules.sales_agreement_terms import VersionStatus
from rules.sales_agreements import AgreementPricing, AgreementStatus, Commitment, CommitmentType
from rules.texts import fold


@dataclass(frozen=True, slots=True)
class AgreementRow:
    """`status` as stored: what has expired is still EFFECTIVE here; `valid_until` is the day after the last."""

    id: UUID
    customer_id: UUID
    number: str
    status: AgreementStatus
    status_reason: str
    version: int
    title: str
    currency: str
    pricing: AgreementPricing
    valid_from: date
    valid_until: date
    created_at: datetime
    created_by_name: str
    proposed_at: datetime | None
    ended_at: datetime | None


def agreement_in_scope(viewer: Viewer) -> ColumnElement[bool]:
    """Of visible customers; customers do not see what we have never proposed."""
    mine = and_(
        SalesAgreement.seller_id == viewer.seller_id, customer_in_scope(viewer, SalesAgreement.customer_id)
    )
    return mine if viewer.is_staff else and_(mine, SalesAgreement.proposed_at.is_not(None))


def visible_agreements(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """The agreements the viewer may see, as columns of AgreementRow."""
    return select(*columns_of(SalesAgreement, AgreementRow)).where(agreement_in_scope(viewer))


def status_column(today: date) -> ColumnElement[str]:
    """The status as of a day: EXPIRED from the day after the last on."""
    has_ended = and_(
        SalesAgreement.status == AgreementStatus.EFFECTIVE.value, SalesAgreement.valid_until <= today
    )
    return case((has_ended, AgreementStatus.EXPIRED.value), else_=SalesAgreement.status)


def agreement_columns(today: date) -> dict[str, Any]:
    """What `where:` may filter agreements by."""
    return {
        "number": SalesAgreement.number,
        "status": status_column(today),
        "customer": SalesAgreement.customer_id,
        "valid_from": SalesAgreement.valid_from,
        "valid_until": SalesAgreement.valid_until,
        "is_waiting": exists().where(
            AgreementVersion.agreement_id == SalesAgreement.id,
            AgreementVersion.customer_id == SalesAgreement.customer_id,
            AgreementVersion.status == VersionStatus.PROPOSED,
            SalesAgreement.status.in_([AgreementStatus.PROPOSED, AgreementStatus.EFFECTIVE]),
            SalesAgreement.valid_until > today,
        ),
    }


def agreement_matches(search: str) -> ColumnElement[bool]:
    """Number, title or customer contains the text."""
    pattern = f"%{escape_like(search.strip().lower())}%"
    folded = f"%{escape_like(fold(search))}%"
    named = select(Customer.id).where(
        or_(
            func.lower(Customer.number).like(pattern, escape="\\"),
            func.lower(func.unaccent(Customer.name)).like(folded, escape="\\"),
        )
    )
    return or_(
        func.lower(SalesAgreement.number).like(pattern, escape="\\"),
        func.lower(func.unaccent(SalesAgreement.title)).like(folded, escape="\\"),
        SalesAgreement.customer_id.in_(named),
    )


@dataclass(frozen=True, slots=True)
class VersionRow:
    """`content` is AgreementTerms as JSON."""

    id: UUID
    agreement_id: UUID
    number: int
    status: VersionStatus
    content: dict[str, Any]
    content_hash: bytes | None
    created_at: datetime
    created_by_name: str
    confirmed_at: datetime | None
    confirmed_by_name: str
    accepted_at: datetime | None
    accepted_by_name: str
    answer_reason: str


def visible_versions(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """The versions of visible customers, newest first; customers do not see what we are writing."""
    statement = select(*columns_of(AgreementVersion, VersionRow)).where(
        customer_in_scope(viewer, AgreementVersion.customer_id)
    )
    if not viewer.is_staff:
        statement = statement.where(AgreementVersion.status != VersionStatus.DRAFT)
    return statement.order_by(AgreementVersion.number.desc())


@dataclass(frozen=True, slots=True)
class AgreementLineRow:
    id: UUID
    agreement_id: UUID
    number: int
    is_active: bool
    type: CommitmentType
    product_id: UUID | None
    category_id: UUID | None
    name: str
    unit_code: str | None
    committed: Decimal
    unit_price: Decimal | None
    price_unit: Decimal
    discount_percent: Decimal
    cash_discount_amount: Decimal
    valid_from: date
    valid_until: date
    max_enforced: bool
    is_price_fixed: bool
    min_release: Decimal | None
    max_release: Decimal | None
    penalty_percent: Decimal
    stackable_with_promotions: bool
    include_in_total_discount: bool
    exclude_from_rebate: bool
    released: Decimal
    delivered: Decimal
    invoiced: Decimal
    returned: Decimal


def visible_agreement_lines(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """The lines in force of visible customers, by number."""
    return (
        select(*columns_of(AgreementLine, AgreementLineRow))
        .where(AgreementLine.is_active, customer_in_scope(viewer, AgreementLine.customer_id))
        .order_by(AgreementLine.number)
    )


@dataclass(frozen=True, slots=True)
class ConsumptionRow:
    id: int
    agreement_line_id: UUID
    customer_id: UUID
    order_line_id: UUID
    event: str
    booked_at: datetime
    released: Decimal
    delivered: Decimal
    invoiced: Decimal
    returned: Decimal
    order_id: UUID


def visible_consumption(viewer: Viewer, lines: Sequence[UUID], most: int) -> Select[*tuple[Any, ...]]:
    """
    The latest bookings of each of the lines by visible customers' orders, newest first, as columns of ConsumptionRow.

    Never another company's of the same tree. Each line has its own `most`, so that a busy one hides no other.
    """
    table = AgreementConsumption
    place = func.row_number().over(partition_by=table.agreement_line_id, order_by=table.id.desc())
    placed = (
        select(
            table.id, table.agreement_line_id, table.customer_id, table.order_line_id, table.event, table.booked_at,
            table.released, table.delivered, table.invoiced, table.returned, SalesOrderLine.order_id,
            place.label("place"),
        )
        .join(
            SalesOrderLine,
            and_(SalesOrderLine.id == table.order_line_id, SalesOrderLine.customer_id == table.customer_id),
        )
        .where(table.agreement_line_id.in_(lines), customer_in_scope(viewer, table.customer_id))
        .subquery()
    )  # fmt: skip
    shown = [each for each in placed.c if each.key != "place"]
    return select(*shown).where(placed.c.place <= most).order_by(placed.c.id.desc())


def commitments_in_force(
    seller_id: UUID,
    customers: Sequence[UUID],
    currency: str,
    products: Sequence[UUID],
    first: date,
    last: date,
) -> Select[*tuple[Any, ...]]:
    """
    What `commitment_of` reads: the lines of effective agreements of these customers that are valid on any of the days,
    on one of the products, on a category, or on anything.

    It is not about what a viewer may see: prices are the house's, and a subsidiary buys under its parent's agreement.
    """
    line, agreement = AgreementLine, SalesAgreement
    return (
        select(
            line.id, agreement.id, agreement.number, line.name, line.type, agreement.pricing, line.customer_id,
            line.committed, line.released, agreement.currency, line.valid_from, line.valid_until, line.product_id,
            func.coalesce(ProductCategory.path, ""), func.coalesce(line.unit_code, ""), line.unit_price,
            line.price_unit, line.discount_percent, line.cash_discount_amount, line.max_enforced,
            line.is_price_fixed, line.min_release, line.max_release, line.stackable_with_promotions,
            line.include_in_total_discount, line.exclude_from_rebate,
        )
        .join(agreement, and_(agreement.id == line.agreement_id, agreement.customer_id == line.customer_id))
        .outerjoin(ProductCategory, ProductCategory.id == line.category_id)
        .where(
            agreement.seller_id == seller_id,
            line.customer_id.in_(customers),
            agreement.status == AgreementStatus.EFFECTIVE,
            agreement.currency == currency,
            line.is_active,
            or_(line.product_id.in_(products), line.product_id.is_(None)),
            line.valid_from <= last,
            line.valid_until > first,
        )
        .order_by(agreement.id, line.number)
    )  # fmt: skip


def commitment_of(row: Sequence[Any]) -> Commitment:
    """A row of `commitments_in_force` as the rules know it."""
    (
        key,
        agreement,
        number,
        label,
        kind,
        pricing,
        holder,
        committed,
        released,
        currency,
        begins,
        ends,
        product,
    ) = row[:13]
    return Commitment(
        str(key), str(agreement), number, label, CommitmentType(kind), AgreementPricing(pricing), str(holder),
        committed, released, currency, begins, ends, "" if product is None else str(product), *row[13:],
    )  # fmt: skip
