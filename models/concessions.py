"""What the seller's people may give by hand without asking, and what they gave."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Select,
    UniqueConstraint,
    case,
    func,
    or_,
    select,
)
from sqlalchemy.orm import Mapped, mapped_column

from auth.permissions import Role, Viewer
from models.base import Amount, Base, Id, Moment, Percent, Stored, one_of
from models.orders import SalesOrder, SalesOrderLine
from models.rows import columns_of
from models.users import StaffRole, User
from rules.states import LimitPeriod, LineKind, OrderStatus


class StoredConcessionLimit(Base):
    """
    `rules.concessions_limits.ConcessionLimit` as stored: of a role, or of one person, in the role's place.

    The row is locked while a concession is tested against its budget, so that two at once never pass it together.
    """

    __tablename__ = "concession_limit"
    __table_args__ = (
        one_of("period", LimitPeriod),
        UniqueConstraint("seller_id", "role"),
        UniqueConstraint("seller_id", "user_id"),
        CheckConstraint("(role is null) <> (user_id is null)", name="role_or_person"),
        CheckConstraint(
            "per_line_percent between 0 and 100 and per_order_percent between 0 and 100", name="percent_range"
        ),
        CheckConstraint("budget >= 0", name="budget_not_negative"),
    )
    id: Mapped[Id]
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("seller.id"))
    role: Mapped[Role | None] = mapped_column(Stored(Role))
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("app_user.id"))
    per_line_percent: Mapped[Percent | None]
    per_order_percent: Mapped[Percent | None]
    budget: Mapped[Amount | None]
    period: Mapped[LimitPeriod] = mapped_column(Stored(LimitPeriod))
    version: Mapped[int] = mapped_column(server_default="1")
    updated_at: Mapped[Moment]


class OrderLineConcession(Base):
    """
    What somebody gives on an order line by hand, all of it together, in the seller's currency; whose budget it is of.

    What is cancelled of the line counts no more: the share is taken when the budget is added up, not here.
    """

    __tablename__ = "order_line_concession"
    __table_args__ = (
        ForeignKeyConstraint(
            ["customer_id", "order_line_id"], ["sales_order_line.customer_id", "sales_order_line.id"]
        ),
        CheckConstraint("amount >= 0", name="amount_not_negative"),
        Index(None, "given_by_id", "given_on"),
    )
    order_line_id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID]
    given_by_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))
    given_on: Mapped[date]
    amount: Mapped[Amount]
    # Somebody else consented: it is of nobody's budget.
    is_approved: Mapped[bool]


@dataclass(frozen=True, slots=True)
class ConcessionLimitRow:
    id: UUID
    role: Role | None
    user_id: UUID | None
    per_line_percent: Decimal | None
    per_order_percent: Decimal | None
    budget: Decimal | None
    period: LimitPeriod
    version: int


def visible_concession_limits(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """The seller's limits: those of roles first, then those of persons."""
    table = StoredConcessionLimit
    return (
        select(*columns_of(table, ConcessionLimitRow))
        .where(table.seller_id == viewer.seller_id)
        .order_by(table.role.asc().nulls_last(), table.id)
    )


def conceded_in(user_id: UUID, since: date, until: date, besides: UUID) -> Select[*tuple[Any, ...]]:
    """
    What a person gave in [since, until) without asking, in the seller's currency; read as the house.

    Args:
        besides: an order line that is left out: it is about to be given anew.
    """
    given, line = OrderLineConcession, SalesOrderLine
    # A charge is waived by cancelling its line: all of it is given.
    kept = case(
        (line.kind == LineKind.CHARGE, given.amount),
        else_=given.amount * (line.quantity_ordered - line.quantity_cancelled) / line.quantity_ordered,
    )
    return (
        select(func.coalesce(func.sum(func.round(kept, 2)), 0))
        .select_from(given)
        .join(line, line.id == given.order_line_id)
        .where(
            given.given_by_id == user_id,
            given.given_on >= since,
            given.given_on < until,
            given.is_approved.is_(False),
            given.order_line_id != besides,
        )
    )


def lines_judged_with(
    customer_id: UUID, currency: str, order_id: UUID, since: datetime
) -> Select[*tuple[Any, ...]]:
    """The lines of a customer's other orders in a currency since a moment, but of those that ended; as the house."""
    order, line = SalesOrder, SalesOrderLine
    ended = (OrderStatus.CANCELLED, OrderStatus.REFUSED)
    return (
        select(line)
        .join(order, order.id == line.order_id)
        .where(
            order.customer_id == customer_id,
            order.currency == currency,
            order.id != order_id,
            order.placed_at >= since,
            order.status.not_in(ended),
        )
        .order_by(line.id)
    )


def waived_of(lines: Sequence[UUID]) -> Select[*tuple[Any, ...]]:
    """Of lines of charges those that were waived, with what that came to in the order's currency; read as the house."""
    given, line = OrderLineConcession, SalesOrderLine
    return (
        select(given.order_line_id, line.net_amount)
        .join(line, line.id == given.order_line_id)
        .where(given.order_line_id.in_(lines), line.kind == LineKind.CHARGE)
    )


def limits_of(viewer: Viewer, roles: Sequence[Role]) -> Select[*tuple[Any, ...]]:
    """The limits that may hold for a person: their own, and those of their roles; locked as the house, by id."""
    table = StoredConcessionLimit
    return (
        select(*columns_of(table, ConcessionLimitRow))
        .where(
            table.seller_id == viewer.seller_id,
            or_(table.user_id == viewer.user_id, table.role.in_(roles)),
        )
        .order_by(table.id)
        .with_for_update(key_share=True)
    )


def giver_roles(seller_id: UUID, user_id: UUID) -> Select[*tuple[Any, ...]]:
    """The roles that one of the seller's people, if not disabled, holds now; read as the house."""
    return (
        select(StaffRole.role)
        .join(User, User.id == StaffRole.user_id)
        .where(User.seller_id == seller_id, StaffRole.user_id == user_id, User.is_active)
    )
