"""Selects of discount rules, groups and segments: what staff see of them, and what prices are found with."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, false, select, true

from auth.permissions import Permission, Viewer
from models.discounts import Segment, StoredDiscountGroup, StoredDiscountRule
from models.rows import columns_of
from rules.discounts_rules import Concurrency, DiscountGroup, DiscountRule, Phase, Stacking
from rules.discounts_stored import benefit_from_json, conditions_from_json


@dataclass(frozen=True, slots=True)
class DiscountGroupRow:
    id: UUID
    code: str
    name: str
    sequence: int
    stacking: Stacking
    suppresses: list[str]
    competes_with: str
    version: int

    def to_rules(self) -> DiscountGroup:
        return DiscountGroup(
            self.code, self.sequence, self.stacking, frozenset(self.suppresses), self.competes_with
        )


@dataclass(frozen=True, slots=True)
class DiscountRuleRow:
    """A rule as stored; `uses` counts orders where it has a limit."""

    id: UUID
    group_id: UUID
    code: str
    name: str
    phase: Phase
    priority: int
    concurrency: Concurrency | None
    is_active: bool
    valid_from: date | None
    valid_until: date | None
    currency: str | None
    conditions: list[Any]
    benefit: dict[str, Any]
    coupon: str
    coupon_key: str
    stops_further: bool
    amount_max: Decimal | None
    quantity_max: Decimal | None
    uses_max: int | None
    uses_per_customer_max: int | None
    uses: int
    version: int
    created_at: datetime
    updated_at: datetime

    def to_rules(self, group: str, created_order: int = 0, uses_by_customer: int = 0) -> DiscountRule:
        """The rule as pricing takes it, with what is left of its limits."""
        per_customer = self.uses_per_customer_max
        return DiscountRule(
            id=str(self.id),
            name=self.name,
            group=group,
            phase=self.phase,
            benefit=benefit_from_json(self.benefit),
            conditions=conditions_from_json(self.conditions),
            priority=self.priority,
            valid_from=self.valid_from,
            valid_until=self.valid_until,
            currency=self.currency or "",
            concurrency=self.concurrency,
            most_amount=self.amount_max,
            most_quantity=self.quantity_max,
            remaining=None if self.uses_max is None else max(self.uses_max - self.uses, 0),
            remaining_for_customer=None if per_customer is None else max(per_customer - uses_by_customer, 0),
            coupon=self.coupon_key,
            stops_further=self.stops_further,
            created_order=created_order,
        )


@dataclass(frozen=True, slots=True)
class SegmentRow:
    id: UUID
    code: str
    name: str
    customer_groups: list[str]
    territories: list[str]
    countries: list[str]
    revenue_least: Decimal | None
    revenue_currency: str | None
    product_ids: list[UUID]
    months: int
    version: int
    updated_at: datetime


def _may_read(viewer: Viewer) -> ColumnElement[bool]:
    return true() if viewer.is_staff and viewer.may(Permission.DISCOUNTS_READ) else false()


def visible_discount_groups(viewer: Viewer) -> Select[Any]:
    """Its columns are DiscountGroupRow's fields, in their order."""
    return select(*columns_of(StoredDiscountGroup, DiscountGroupRow)).where(
        StoredDiscountGroup.seller_id == viewer.seller_id, _may_read(viewer)
    )


def visible_discount_rules(viewer: Viewer) -> Select[Any]:
    """Its columns are DiscountRuleRow's fields, in their order."""
    return select(*columns_of(StoredDiscountRule, DiscountRuleRow)).where(
        StoredDiscountRule.seller_id == viewer.seller_id, _may_read(viewer)
    )


def visible_segments(viewer: Viewer) -> Select[Any]:
    """Its columns are SegmentRow's fields, in their order."""
    return select(*columns_of(Segment, SegmentRow)).where(
        Segment.seller_id == viewer.seller_id, _may_read(viewer)
    )


RULE_COLUMNS: dict[str, Any] = {
    "id": StoredDiscountRule.id,
    "code": StoredDiscountRule.code,
    "name": StoredDiscountRule.name,
    "phase": StoredDiscountRule.phase,
    "is_active": StoredDiscountRule.is_active,
    "group_id": StoredDiscountRule.group_id,
    "valid_from": StoredDiscountRule.valid_from,
    "valid_until": StoredDiscountRule.valid_until,
    "coupon": StoredDiscountRule.coupon,
}
