"""Reading users as those who run the system do: everybody of the seller, our people and the customers'."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, false, func, or_, select

from auth.permissions import Permission, Viewer
from models.customers import Customer, Membership
from models.customers_reads import UserRow
from models.filters import escape_like
from models.rows import columns_of
from models.users import StaffRole, User


def every_user(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """The users of the viewer's seller, as columns of UserRow; none for whoever does not administer them."""
    statement = select(*columns_of(User, UserRow)).where(User.seller_id == viewer.seller_id)
    return statement if viewer.may(Permission.USERS_WRITE) else statement.where(false())


def user_matches(search: str) -> ColumnElement[bool]:
    """Name or email address contains the text; case does not matter."""
    pattern = f"%{escape_like(search.strip().lower())}%"
    return or_(
        func.lower(User.name).like(pattern, escape="\\"), func.lower(User.email).like(pattern, escape="\\")
    )


USER_COLUMNS: Mapping[str, Any] = {
    "is_active": User.is_active,
    "is_staff": select(StaffRole.user_id).where(StaffRole.user_id == User.id).exists(),
}


def staff_roles() -> Select[*tuple[Any, ...]]:
    """(user_id, role); row security shows everybody but those who run the house their own only."""
    return select(StaffRole.user_id, StaffRole.role).order_by(StaffRole.user_id, StaffRole.role)


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """A customer that somebody belongs to, with one role."""

    user_id: UUID
    number: str
    name: str
    role: str


def places(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """Where users belong to, by customer."""
    return (
        select(Membership.user_id, Customer.number, Customer.name, Membership.role)
        .join(Customer, Customer.id == Membership.customer_id)
        .where(Customer.seller_id == viewer.seller_id)
        .order_by(Membership.user_id, Customer.name_sort, Customer.id, Membership.role)
    )
