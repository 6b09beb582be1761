"""Rules of charges with their bands, and their rows as people and the pricing function read them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Select,
    SmallInteger,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import String

from auth.permissions import Viewer
from models.base import (
    Amount,
    Base,
    Code,
    CurrencyCode,
    Id,
    Moment,
    Name,
    NameSort,
    Quantity,
    Stored,
    UnitPrice,
    one_of,
)
from models.customers import CustomerGroup
from models.price_rules import may_reach, reach_of, rule_in_scope
from models.products import ProductCategory
from models.rows import Reads, columns_of
from rules.charges import ChargeBand, ChargeBasis, ChargeKind, ChargeMethod, ChargeRule


class StoredChargeRule(Base):
    """
    `rules.charges.ChargeRule` as stored; `valid_until` is the day after the last.

    At most one of customer, group and segment, and at most one of product and category: none is everybody, and all.
    """

    __tablename__ = "charge_rule"
    __table_args__ = (
        one_of("kind", ChargeKind),
        one_of("basis", ChargeBasis),
        CheckConstraint("num_nonnulls(customer_id, customer_group_id, segment) <= 1", name="one_buyer"),
        CheckConstraint("num_nonnulls(product_id, category_id) <= 1", name="one_product"),
        CheckConstraint("free_from is null or free_from > 0", name="free_from_positive"),
        CheckConstraint(
            "cardinality(postal_prefixes) = 0 or cardinality(countries) > 0", name="prefixes_of_a_country"
        ),
        CheckConstraint("valid_until is null or valid_until > valid_from", name="validity_order"),
        Index(None, "seller_id", "name_sort", "id"),
        Index(None, "customer_id"),
    )
    id: Mapped[Id]
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("seller.id"))
    name: Mapped[Name]
    name_sort: Mapped[NameSort]
    kind: Mapped[ChargeKind] = mapped_column(Stored(ChargeKind))
    basis: Mapped[ChargeBasis] = mapped_column(Stored(ChargeBasis))
    currency: Mapped[CurrencyCode] = mapped_column(ForeignKey("currency.code"))
    priority: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey("customer.id"))
    customer_group_id: Mapped[UUID | None] = mapped_column(ForeignKey("customer_group.id"))
    segment: Mapped[Code | None]
    product_id: Mapped[UUID | None] = mapped_column(ForeignKey("product.id"))
    category_id: Mapped[UUID | None] = mapped_column(ForeignKey("product_category.id"))
    countries: Mapped[list[str]] = mapped_column(ARRAY(String(2)))
    postal_prefixes: Mapped[list[str]] = mapped_column(ARRAY(String(16)))
    incoterms: Mapped[list[str]] = mapped_column(ARRAY(String(16)))
    free_from: Mapped[Amount | None]
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[Moment]
    active_until: Mapped[date | None]


class StoredChargeBand(Base):
    """A half-open band of a rule. That bands follow one another without gap is held by `rules.charges.check_bands`."""

    __tablename__ = "charge_band"
    __table_args__ = (
        one_of("method", ChargeMethod),
        CheckConstraint("from_value >= 0 and (to_value is null or to_value > from_value)", name="half_open"),
        CheckConstraint("value >= 0 and (method <> 'PERCENT' or value <= 100)", name="value_range"),
    )
    rule_id: Mapped[UUID] = mapped_column(ForeignKey("charge_rule.id"), primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    from_value: Mapped[Quantity]
    to_value: Mapped[Quantity | None]
    method: Mapped[ChargeMethod] = mapped_column(Stored(ChargeMethod))
    value: Mapped[UnitPrice]


@dataclass(frozen=True, slots=True)
class ChargeRuleRow:
    id: UUID
    name: str
    kind: ChargeKind
    basis: ChargeBasis
    currency: str
    priority: int
    customer_id: UUID | None
    customer_group_id: UUID | None
    segment: str | None
    product_id: UUID | None
    category_id: UUID | None
    countries: list[str]
    postal_prefixes: list[str]
    incoterms: list[str]
    free_from: Decimal | None
    valid_from: date
    valid_until: date | None
    version: int
    created_at: datetime
    active_until: date | None


@dataclass(frozen=True, slots=True)
class ChargeBandRow:
    rule_id: UUID
    position: int
    from_value: Decimal
    to_value: Decimal | None
    method: ChargeMethod
    value: Decimal


def visible_charges(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    return select(*columns_of(StoredChargeRule, ChargeRuleRow)).where(rule_in_scope(viewer, StoredChargeRule))


def visible_charge_bands(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """In order, of rules that the viewer sees."""
    return (
        select(*columns_of(StoredChargeBand, ChargeBandRow))
        .join(StoredChargeRule, StoredChargeRule.id == StoredChargeBand.rule_id)
        .where(rule_in_scope(viewer, StoredChargeRule))
        .order_by(StoredChargeBand.rule_id, StoredChargeBand.position)
    )


def _of_party() -> Select[*tuple[Any, ...]]:
    table, band = StoredChargeRule, StoredChargeBand
    parts = (band.from_value, band.to_value, band.method, band.value)
    bands = [
        select(func.array_agg(aggregate_order_by(part, band.position)))
        .where(band.rule_id == table.id)
        .scalar_subquery()
        .label(f"band_{part.key}")
        for part in parts
    ]
    return (
        select(
            table.__table__,
            CustomerGroup.code.label("group_code"),
            ProductCategory.path.label("category_path"),
            *bands,
        )
        .outerjoin(CustomerGroup, CustomerGroup.id == table.customer_group_id)
        .outerjoin(ProductCategory, ProductCategory.id == table.category_id)
        .where(*may_reach(table))
        .order_by(table.id)
    )


_OF_PARTY = _of_party()


async def charge_rules_for(
    session: Reads, *, seller_id: UUID, customers: Sequence[UUID], groups: Sequence[str], today: date
) -> list[ChargeRule]:
    """
    The rules that may reach a buyer's document today, in one statement; read as the house.

    Args:
        customers: the buyer and its ancestors; `groups` the codes of its customer group. Rules of segments come
            too: the pricing function knows which ones hold the buyer.
    """
    found = await session.execute(
        _OF_PARTY,
        {
            "seller": seller_id,
            "customers": list(customers),
            "groups": list(groups),
            "first": today,
            "last": today,
        },
    )
    return [as_charge_rule(row) for row in found]


def as_charge_rule(row: Any) -> ChargeRule:
    """The stored rule, with its group's code, its category's path and its bands, as the pricing function takes it."""
    bands = zip(row.band_from_value, row.band_to_value, row.band_method, row.band_value, strict=True)
    return ChargeRule(
        **reach_of(row),
        kind=row.kind,
        basis=row.basis,
        currency=row.currency,
        bands=tuple(
            ChargeBand(start, end, ChargeMethod(method), value) for start, end, method, value in bands
        ),
        countries=frozenset(row.countries),
        postal_prefixes=frozenset(row.postal_prefixes),
        incoterms=frozenset(row.incoterms),
        free_from=row.free_from,
    )
