"""Reading a company's limits, rules and requests: who may see which, and their rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select

from auth.permissions import CUSTOMER_ROLES, ROLE_GRANTS, Permission, Viewer
from models.approvals import ApprovalRequest, ApprovalRule, SpendLimit
from models.customers import Membership
from models.customers_reads import customer_in_scope, people_in_scope
from models.orders import SalesOrder
from models.orders_reads import order_in_scope
from models.rows import columns_of
from models.users import User
from rules.states import ApprovalStatus, ApprovalSubject, LimitPeriod, OrderStatus

APPROVING_ROLES = tuple(
    sorted(role.value for role in CUSTOMER_ROLES if Permission.APPROVALS_DECIDE in ROLE_GRANTS[role])
)


@dataclass(frozen=True, slots=True)
class LimitRow:
    user_id: UUID
    customer_id: UUID
    per_order: Decimal | None
    per_period: Decimal | None
    period: LimitPeriod
    currency: str
    version: int


def visible_limits(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """The limits of the company's people; of a company one only looks into, none."""
    return select(*columns_of(SpendLimit, LimitRow)).where(_own_company(viewer, SpendLimit.customer_id))


@dataclass(frozen=True, slots=True)
class RuleRow:
    id: UUID
    customer_id: UUID
    name: str
    from_amount: Decimal | None
    currency: str
    category_id: UUID | None
    version: int
    created_at: datetime
    active_until: date | None


def visible_rules(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """The company's rules, ended ones too, oldest first."""
    return (
        select(*columns_of(ApprovalRule, RuleRow))
        .where(_own_company(viewer, ApprovalRule.customer_id))
        .order_by(ApprovalRule.id)
    )


def rules_in_force(viewer: Viewer, today: date) -> Select[*tuple[Any, ...]]:
    """The company's rules that hold today, oldest first."""
    return visible_rules(viewer).where(
        or_(ApprovalRule.active_until.is_(None), ApprovalRule.active_until > today)
    )


def _own_company(viewer: Viewer, column: Any) -> ColumnElement[bool]:
    if viewer.is_staff:
        return customer_in_scope(viewer, column)
    return and_(customer_in_scope(viewer, column), column == viewer.customer_id)


def spent_by_currency(
    viewer: Viewer, customer_id: UUID, user_id: UUID, since: datetime, until: datetime
) -> Select[*tuple[Any, ...]]:
    """(currency, gross) of a person's orders at a customer in [since, until), without refused and cancelled ones."""
    ended = (OrderStatus.REFUSED, OrderStatus.CANCELLED)
    return (
        select(SalesOrder.currency, func.sum(SalesOrder.gross_amount))
        .where(
            SalesOrder.seller_id == viewer.seller_id,
            SalesOrder.customer_id == customer_id,
            SalesOrder.placed_by_id == user_id,
            SalesOrder.placed_at >= since,
            SalesOrder.placed_at < until,
            SalesOrder.status.notin_(ended),
        )
        .group_by(SalesOrder.currency)
    )


@dataclass(frozen=True, slots=True)
class ApprovalRow:
    id: UUID
    customer_id: UUID
    order_id: UUID | None
    subject_type: str
    act: dict[str, Any]
    status: ApprovalStatus
    version: int
    reasons: list[Any]
    requested_at: datetime
    requested_by_id: UUID
    requested_by_name: str
    due_at: datetime
    decided_at: datetime | None
    decided_by_name: str
    decision_reason: str


def visible_approvals(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """
    The requests about orders that the viewer may see, as columns of ApprovalRow.

    What the seller's people ask each other for is theirs alone.
    """
    orders = select(SalesOrder.id).where(SalesOrder.seller_id == viewer.seller_id, order_in_scope(viewer))
    found = select(*columns_of(ApprovalRequest, ApprovalRow)).where(
        ApprovalRequest.seller_id == viewer.seller_id, ApprovalRequest.order_id.in_(orders)
    )
    return (
        found if viewer.is_staff else found.where(ApprovalRequest.subject_type == ApprovalSubject.ORDER.value)
    )


def approval_columns(viewer: Viewer) -> Mapping[str, Any]:
    """What `where:` may filter requests by."""
    return {
        "status": ApprovalRequest.status,
        "is_mine": ApprovalRequest.requested_by_id == viewer.user_id,
        "is_to_decide": _to_decide(viewer),
        "is_concession": ApprovalRequest.subject_type == ApprovalSubject.CONCESSION.value,
        "requested_at": ApprovalRequest.requested_at,
    }


def _to_decide(viewer: Viewer) -> ColumnElement[bool]:
    """Whether the viewer may decide it now: a colleague's, and within what they may spend themselves."""
    if viewer.may(Permission.CONCESSIONS_DECIDE):
        return and_(
            ApprovalRequest.status == ApprovalStatus.PENDING,
            ApprovalRequest.subject_type == ApprovalSubject.CONCESSION.value,
            ApprovalRequest.requested_by_id != viewer.user_id,
        )
    if viewer.is_staff or not viewer.may(Permission.APPROVALS_DECIDE):
        return false()
    beyond = (
        select(SpendLimit.user_id)
        .join(SalesOrder, SalesOrder.customer_id == SpendLimit.customer_id)
        .where(
            SalesOrder.id == ApprovalRequest.order_id,
            SpendLimit.user_id == viewer.user_id,
            SpendLimit.per_order < SalesOrder.gross_amount,
        )
        .exists()
    )
    return and_(
        ApprovalRequest.status == ApprovalStatus.PENDING,
        ApprovalRequest.customer_id == viewer.customer_id,
        ApprovalRequest.requested_by_id != viewer.user_id,
        ~beyond,
    )


def roles_of(viewer: Viewer, customer_id: UUID, user_id: UUID) -> Select[*tuple[Any, ...]]:
    """The roles that a person, if not disabled, holds at a customer now."""
    return (
        select(Membership.role)
        .join(User, User.id == Membership.user_id)
        .where(
            people_in_scope(viewer),
            Membership.customer_id == customer_id,
            Membership.user_id == user_id,
            User.is_active,
        )
    )


def approvers(viewer: Viewer, request_ids: Sequence[UUID]) -> Select[*tuple[Any, ...]]:
    """(request id, user id, name) of the people of the company who may decide each request, by name."""
    return (
        select(ApprovalRequest.id, User.id, User.name)
        .join(SalesOrder, SalesOrder.id == ApprovalRequest.order_id)
        .join(Membership, Membership.customer_id == ApprovalRequest.customer_id)
        .join(User, User.id == Membership.user_id)
        .outerjoin(
            SpendLimit,
            and_(SpendLimit.user_id == Membership.user_id, SpendLimit.customer_id == Membership.customer_id),
        )
        .where(
            ApprovalRequest.id.in_(request_ids),
            people_in_scope(viewer),
            Membership.role.in_(APPROVING_ROLES),
            User.is_active,
            User.id != ApprovalRequest.requested_by_id,
            or_(SpendLimit.per_order.is_(None), SpendLimit.per_order >= SalesOrder.gross_amount),
        )
        .distinct()
        .order_by(User.name, User.id)
    )
