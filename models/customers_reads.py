"""Reading customers: who may see which, and their rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, false, func, or_, select, true, union_all

from auth.permissions import Permission, RowClass, Viewer
from models.customers import (
    Customer,
    CustomerAddress,
    CustomerContact,
    CustomerGroup,
    CustomerItemNumber,
    Membership,
)
from models.filters import escape_like
from models.rows import columns_of
from models.sellers import SalesRepTerritory, Seller
from models.users import User
from rules.states import CustomerStatus
from rules.texts import fold


def customer_in_scope(viewer: Viewer, column: Any = Customer.id) -> ColumnElement[bool]:
    """Whether a customer id is one whose rows the viewer may see; row security repeats it underneath."""
    if viewer.row_class is RowClass.CUSTOMER:
        return or_(false(), column.in_(viewer.customer_ids))
    mine = select(Customer.id).where(Customer.seller_id == viewer.seller_id)
    if viewer.row_class is RowClass.TERRITORY:
        territories = select(SalesRepTerritory.territory_id).where(
            SalesRepTerritory.sales_rep_id.in_(viewer.sales_rep_ids)
        )
        mine = mine.where(
            or_(Customer.sales_rep_id.in_(viewer.sales_rep_ids), Customer.territory_id.in_(territories))
        )
    return or_(false(), column.in_(mine))


def own_only(viewer: Viewer, columns: Sequence[Any], name: str, customer_id: Any) -> list[Any]:
    """The columns, of which one is null for a buyer but in rows of the company they act for: not its subsidiaries'."""
    if viewer.row_class is not RowClass.CUSTOMER:
        return list(columns)
    return [
        case((customer_id == viewer.customer_id, each)).label(name) if each.key == name else each
        for each in columns
    ]


@dataclass(frozen=True, slots=True)
class CustomerRow:
    id: UUID
    number: str
    name: str
    status: CustomerStatus
    country: str
    tax_id: str | None
    parent_id: UUID | None
    customer_group_id: UUID | None
    assortment_id: UUID | None
    sales_rep_id: UUID | None
    payment_term_id: UUID
    delivery_term_id: UUID
    currency: str
    locale: str
    internal_note: str
    version: int
    created_at: datetime
    active_until: date | None


def visible_customers(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """The customers the viewer may see, as columns of CustomerRow."""
    return select(*own_only(viewer, columns_of(Customer, CustomerRow), "tax_id", Customer.id)).where(
        Customer.seller_id == viewer.seller_id, customer_in_scope(viewer)
    )


def customer_matches(search: str) -> ColumnElement[bool]:
    """Name or number contains the text; accents and case do not matter."""
    text = escape_like(fold(search))
    # In the sort key ñ stands apart from n; here it is forgiven.
    name = func.replace(Customer.name_sort, "n~", "n")
    return or_(
        name.like(f"%{text}%", escape="\\"),
        func.lower(Customer.number).like(f"%{text}%", escape="\\"),
    )


@dataclass(frozen=True, slots=True)
class AddressRow:
    id: UUID
    customer_id: UUID
    label: str
    name: str
    street: str
    postal_code: str
    city: str
    region: str
    country: str
    phone: str
    is_default_delivery: bool
    is_default_billing: bool


def visible_addresses(viewer: Viewer, today: date) -> Select[*tuple[Any, ...]]:
    """Addresses in use of visible customers, defaults first."""
    return (
        select(*columns_of(CustomerAddress, AddressRow))
        .where(
            customer_in_scope(viewer, CustomerAddress.customer_id),
            or_(CustomerAddress.active_until.is_(None), CustomerAddress.active_until > today),
        )
        .order_by(CustomerAddress.is_default_delivery.desc(), CustomerAddress.label, CustomerAddress.id)
    )


@dataclass(frozen=True, slots=True)
class ContactRow:
    customer_id: UUID
    name: str
    title: str
    email: str
    phone: str


def visible_contacts(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    return (
        select(*columns_of(CustomerContact, ContactRow))
        .where(customer_in_scope(viewer, CustomerContact.customer_id))
        .order_by(CustomerContact.name, CustomerContact.id)
    )


@dataclass(frozen=True, slots=True)
class UserRow:
    id: UUID
    email: str
    name: str
    locale: str
    is_active: bool


def people_in_scope(viewer: Viewer) -> ColumnElement[bool]:
    """A company reads its own people, never its subsidiaries'; staff those of the customers they may see."""
    if viewer.row_class is RowClass.CUSTOMER:
        return Membership.customer_id == viewer.customer_id
    return customer_in_scope(viewer, Membership.customer_id)


def visible_users(viewer: Viewer, every: bool) -> Select[*tuple[Any, ...]]:
    """The users of visible customers (`every`), or the viewer alone; row security lets reps see their colleagues."""
    statement = select(*columns_of(User, UserRow))
    if viewer.may(Permission.USERS_WRITE):
        return statement.where(User.seller_id == viewer.seller_id)  # those who keep the accounts
    if not every:
        return statement.where(User.id == viewer.user_id)
    members = select(Membership.user_id).where(people_in_scope(viewer))
    return statement.where(or_(User.id == viewer.user_id, User.id.in_(members)))


def visible_names(viewer: Viewer, keys: Sequence[UUID]) -> Select[*tuple[Any, ...]]:
    """(id, name) of people and visible customers among the keys, for the seller's people."""
    people = select(User.id, User.name).where(
        User.seller_id == viewer.seller_id, User.id.in_(keys), true() if viewer.is_staff else false()
    )
    companies = select(Customer.id, Customer.name).where(Customer.id.in_(keys), customer_in_scope(viewer))
    both = union_all(people, companies).subquery()
    return select(both.c.id, both.c.name)


def memberships(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """(customer_id, user_id, role) of visible customers."""
    return select(Membership.customer_id, Membership.user_id, Membership.role).where(people_in_scope(viewer))


def own_memberships(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """(customer_id, role) of the viewer, whichever customer they act for now."""
    return select(Membership.customer_id, Membership.role).where(Membership.user_id == viewer.user_id)


def item_numbers(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """(product_id, item_number, item_key) of the customer the viewer acts for; nothing for staff."""
    return select(
        CustomerItemNumber.product_id, CustomerItemNumber.item_number, CustomerItemNumber.item_key
    ).where(CustomerItemNumber.customer_id == viewer.customer_id)


@dataclass(frozen=True, slots=True)
class ItemNumberRow:
    """What a customer calls a product."""

    customer_id: UUID
    product_id: UUID
    item_number: str
    item_key: str


def visible_item_numbers(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """ItemNumberRow of visible customers."""
    table = CustomerItemNumber
    return select(table.customer_id, table.product_id, table.item_number, table.item_key).where(
        customer_in_scope(viewer, table.customer_id)
    )


def availability_displays(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """(customer, what they are told of stock): their group's setting, or else the seller's."""
    return (
        select(Customer.id, func.coalesce(CustomerGroup.availability_display, Seller.availability_display))
        .join(Seller, Seller.id == Customer.seller_id)
        .outerjoin(CustomerGroup, CustomerGroup.id == Customer.customer_group_id)
        .where(customer_in_scope(viewer, Customer.id))
    )
