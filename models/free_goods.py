"""Rules of free goods, and their rows as people and the pricing function read them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Select, SmallInteger, select
from sqlalchemy.orm import Mapped, mapped_column

from auth.permissions import Viewer
from models.base import Base, Code, Id, Moment, Name, NameSort, Quantity, Stored, one_of
from models.customers import CustomerGroup
from models.price_rules import may_reach, reach_of, rule_in_scope
from models.products import ProductCategory
from models.rows import Reads, columns_of
from rules.free_goods import FreeCalculation, FreeGoodsRule, FreeKind, FreeRounding, FreeStockPolicy


class StoredFreeGoodsRule(Base):
    """
    `rules.free_goods.FreeGoodsRule` as stored; `valid_until` is the day after the last.

    At most one of customer, group and segment, and at most one of product and category: none is everybody, and all.
    """

    __tablename__ = "free_goods_rule"
    __table_args__ = (
        one_of("kind", FreeKind),
        one_of("calculation", FreeCalculation),
        one_of("rounding", FreeRounding),
        one_of("out_of_stock", FreeStockPolicy),
        CheckConstraint("num_nonnulls(customer_id, customer_group_id, segment) <= 1", name="one_buyer"),
        CheckConstraint("num_nonnulls(product_id, category_id) <= 1", name="one_product"),
        CheckConstraint(
            "minimum_quantity >= 0 and per_quantity > 0 and free_quantity > 0", name="quantities_positive"
        ),
        CheckConstraint("max_per_order is null or max_per_order >= free_quantity", name="most_reached"),
        CheckConstraint(
            "kind = 'EXCLUSIVE' or free_quantity < per_quantity and not is_optional and not is_chargeable"
            " and (free_product_id is null or free_product_id = product_id)",
            name="inclusive_of_the_same",
        ),
        CheckConstraint("valid_until is null or valid_until > valid_from", name="validity_order"),
        Index(None, "seller_id", "name_sort", "id"),
        Index(None, "customer_id"),
    )
    id: Mapped[Id]
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("seller.id"))
    name: Mapped[Name]
    name_sort: Mapped[NameSort]
    priority: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey("customer.id"))
    customer_group_id: Mapped[UUID | None] = mapped_column(ForeignKey("customer_group.id"))
    segment: Mapped[Code | None]
    product_id: Mapped[UUID | None] = mapped_column(ForeignKey("product.id"))
    category_id: Mapped[UUID | None] = mapped_column(ForeignKey("product_category.id"))
    minimum_quantity: Mapped[Quantity]
    per_quantity: Mapped[Quantity]
    free_quantity: Mapped[Quantity]
    kind: Mapped[FreeKind] = mapped_column(Stored(FreeKind))
    calculation: Mapped[FreeCalculation] = mapped_column(Stored(FreeCalculation))
    rounding: Mapped[FreeRounding] = mapped_column(Stored(FreeRounding))
    free_product_id: Mapped[UUID | None] = mapped_column(ForeignKey("product.id"))
    is_only_once: Mapped[bool]
    is_optional: Mapped[bool]
    is_chargeable: Mapped[bool]
    max_per_order: Mapped[Quantity | None]
    out_of_stock: Mapped[FreeStockPolicy] = mapped_column(Stored(FreeStockPolicy))
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]
    # The line of a sales agreement that the rule is an offer of.
    agreement_line_id: Mapped[UUID | None]
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[Moment]
    active_until: Mapped[date | None]


@dataclass(frozen=True, slots=True)
class FreeGoodsRuleRow:
    id: UUID
    name: str
    priority: int
    customer_id: UUID | None
    customer_group_id: UUID | None
    segment: str | None
    product_id: UUID | None
    category_id: UUID | None
    minimum_quantity: Decimal
    per_quantity: Decimal
    free_quantity: Decimal
    kind: FreeKind
    calculation: FreeCalculation
    rounding: FreeRounding
    free_product_id: UUID | None
    is_only_once: bool
    is_optional: bool
    is_chargeable: bool
    max_per_order: Decimal | None
    out_of_stock: FreeStockPolicy
    valid_from: date
    valid_until: date | None
    agreement_line_id: UUID | None
    version: int
    created_at: datetime
    active_until: date | None


def visible_free_goods(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    return select(*columns_of(StoredFreeGoodsRule, FreeGoodsRuleRow)).where(
        rule_in_scope(viewer, StoredFreeGoodsRule)
    )


def _of_party() -> Select[*tuple[Any, ...]]:
    table = StoredFreeGoodsRule
    return (
        select(
            table.__table__,
            CustomerGroup.code.label("group_code"),
            ProductCategory.path.label("category_path"),
        )
        .outerjoin(CustomerGroup, CustomerGroup.id == table.customer_group_id)
        .outerjoin(ProductCategory, ProductCategory.id == table.category_id)
        .where(*may_reach(table))
        .order_by(table.id)
    )


_OF_PARTY = _of_party()


async def free_goods_rules_for(
    session: Reads,
    *,
    seller_id: UUID,
    customers: Sequence[UUID],
    groups: Sequence[str],
    first: date,
    last: date,
) -> list[FreeGoodsRule]:
    """
    The rules that may reach a buyer on some day from `first` to `last`, in one statement; read as the house.

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
            "first": first,
            "last": last,
        },
    )
    return [as_rule(row) for row in found]


def as_rule(row: Any) -> FreeGoodsRule:
    """The stored rule, with its group's code and its category's path, as the pricing function takes it."""
    return FreeGoodsRule(
        **reach_of(row),
        per_quantity=row.per_quantity,
        free_quantity=row.free_quantity,
        minimum_quantity=row.minimum_quantity,
        kind=row.kind,
        calculation=row.calculation,
        rounding=row.rounding,
        free_product=str(row.free_product_id or ""),
        only_once=row.is_only_once,
        is_optional=row.is_optional,
        is_chargeable=row.is_chargeable,
        max_per_order=row.max_per_order,
        offer_of=str(row.agreement_line_id or ""),
        out_of_stock=row.out_of_stock,
    )
