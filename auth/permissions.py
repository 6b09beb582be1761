"""Permissions, roles and the viewer: a leaf that every room may import. Source of the role matrix."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID


class Permission(StrEnum):
    """One thing a viewer may do; the schema's @access names these, nothing else decides which fields exist."""

    ADDRESSES_WRITE = "addresses:write"
    ADMIN = "admin"
    AGREEMENTS_ACCEPT = "agreements:accept"
    AGREEMENTS_CONFIRM = "agreements:confirm"
    AGREEMENTS_MANAGE = "agreements:manage"
    AGREEMENTS_READ = "agreements:read"
    API_CLIENTS_MANAGE = "api-clients:manage"
    APPROVALS_DECIDE = "approvals:decide"
    AUDIT_READ = "audit:read"
    CARTS_USE = "carts:use"
    CATALOG_READ = "catalog:read"
    CHARGES_MANAGE = "charges:manage"
    CHARGES_READ = "charges:read"
    COMPANY_MANAGE = "company:manage"
    CONCESSIONS_DECIDE = "concessions:decide"
    CONCESSIONS_MANAGE = "concessions:manage"
    COSTS_READ = "costs:read"
    CREDIT_AVAILABLE_READ = "credit-available:read"
    CREDIT_READ = "credit:read"
    CREDIT_RELEASE = "credit:release"
    CUSTOMERS_READ = "customers:read"
    DELIVERIES_MANAGE = "deliveries:manage"
    DELIVERIES_READ = "deliveries:read"
    DISCOUNTS_MANAGE = "discounts:manage"
    DISCOUNTS_READ = "discounts:read"
    EVENTS_READ = "events:read"
    FREE_GOODS_MANAGE = "free-goods:manage"
    FREE_GOODS_READ = "free-goods:read"
    IMPORTS_WRITE = "imports:write"
    INVOICES_MANAGE = "invoices:manage"
    INVOICES_READ = "invoices:read"
    JOBS_MANAGE = "jobs:manage"
    JOBS_READ = "jobs:read"
    JOURNAL_READ = "journal:read"
    LOTS_READ = "lots:read"
    MARGIN_READ = "margin:read"
    NOTES_INTERNAL = "notes:internal"
    NOTES_WRITE = "notes:write"
    ON_BEHALF_ACT = "on-behalf:act"
    ORDERS_CANCEL = "orders:cancel"
    ORDERS_DISCOUNT = "orders:discount"
    ORDERS_MANAGE = "orders:manage"
    ORDERS_PLACE = "orders:place"
    ORDERS_PRICE = "orders:price"
    ORDERS_READ = "orders:read"
    PAYMENTS_MANAGE = "payments:manage"
    PRICES_READ = "prices:read"
    PRICES_SIMULATE = "prices:simulate"
    PURCHASING_MANAGE = "purchasing:manage"
    PURCHASING_READ = "purchasing:read"
    QUOTES_ANSWER = "quotes:answer"
    QUOTES_APPROVE = "quotes:approve"
    QUOTES_DIRECT = "quotes:direct"
    QUOTES_MANAGE = "quotes:manage"
    QUOTES_READ = "quotes:read"
    SALES_HISTORY_READ = "sales-history:read"
    SIGNED_IN = "signed-in"
    STAFF = "staff"
    STOCK_QUANTITY_READ = "stock-quantity:read"
    STOCK_READ = "stock:read"
    SUGGESTIONS_MEASURE = "suggestions:measure"
    TAX_ID_READ = "tax-id:read"
    TRADE_AGREEMENTS_MANAGE = "trade-agreements:manage"
    TRADE_AGREEMENTS_READ = "trade-agreements:read"
    USERS_READ = "users:read"
    USERS_WRITE = "users:write"
    WISHLISTS_USE = "wishlists:use"


class RowScope(StrEnum):
    """Which rows a permission reaches."""

    SELF = "SELF"
    COMPANY = "COMPANY"
    DESCENDANTS = "DESCENDANTS"
    TERRITORY = "TERRITORY"
    TEAM = "TEAM"
    ALL = "ALL"


class RowClass(StrEnum):
    """The class of row scope; one database role and one row security policy each."""

    CUSTOMER = "customer"
    TERRITORY = "territory"
    STAFF = "staff"


class Role(StrEnum):
    """A named set of permissions. Buyer to company admin are held per customer, the others by the seller's people."""

    BUYER = "BUYER"
    APPROVER = "APPROVER"
    COMPANY_ADMIN = "COMPANY_ADMIN"
    SALES_REP = "SALES_REP"
    SALES_MANAGER = "SALES_MANAGER"
    LOGISTICS = "LOGISTICS"
    FINANCE = "FINANCE"
    INTEGRATOR = "INTEGRATOR"
    CUSTOMER_INTEGRATOR = "CUSTOMER_INTEGRATOR"
    ADMINISTRATOR = "ADMINISTRATOR"


CUSTOMER_ROLES = frozenset({Role.BUYER, Role.APPROVER, Role.COMPANY_ADMIN, Role.CUSTOMER_INTEGRATOR})
STAFF_ROLES = frozenset(Role) - CUSTOMER_ROLES

P = Permission
Grants = Mapping[Permission, RowScope]


def _grants(scope: RowScope, permissions: Iterable[Permission], **other: RowScope) -> Grants:
    grants = dict.fromkeys(permissions, scope)
    grants |= {Permission[name]: value for name, value in other.items()}
    return MappingProxyType(grants)


_SHOPPING = (
    P.SIGNED_IN, P.CATALOG_READ, P.PRICES_READ, P.STOCK_READ, P.CUSTOMERS_READ, P.WISHLISTS_USE,
    P.SALES_HISTORY_READ, P.ORDERS_PLACE, P.AGREEMENTS_READ, P.QUOTES_READ,
)  # fmt: skip
_SELLING = (
    P.SIGNED_IN, P.STAFF, P.CATALOG_READ, P.PRICES_READ, P.STOCK_READ, P.STOCK_QUANTITY_READ, P.CUSTOMERS_READ,
    P.SALES_HISTORY_READ, P.ORDERS_READ, P.ORDERS_MANAGE, P.ORDERS_CANCEL, P.ORDERS_DISCOUNT, P.CREDIT_READ,
    P.CREDIT_AVAILABLE_READ, P.NOTES_INTERNAL, P.NOTES_WRITE, P.USERS_READ, P.DELIVERIES_READ, P.INVOICES_READ,
    P.ON_BEHALF_ACT, P.PRICES_SIMULATE, P.TRADE_AGREEMENTS_READ, P.FREE_GOODS_READ, P.CHARGES_READ, P.AGREEMENTS_READ,
    P.AGREEMENTS_MANAGE, P.DISCOUNTS_READ, P.QUOTES_READ, P.QUOTES_MANAGE,
)  # fmt: skip

# The role matrix (rows: roles; columns: permissions; values: the rows each permission reaches).
ROLE_GRANTS: Mapping[Role, Grants] = MappingProxyType(
    {
        Role.BUYER: _grants(
            RowScope.COMPANY,
            (*_SHOPPING, P.QUOTES_ANSWER),
            CARTS_USE=RowScope.SELF,
            JOBS_READ=RowScope.SELF,
            ORDERS_READ=RowScope.SELF,
            ORDERS_CANCEL=RowScope.SELF,
            USERS_READ=RowScope.SELF,
            DELIVERIES_READ=RowScope.SELF,
            INVOICES_READ=RowScope.SELF,  # the company's or none, as it says: auth/viewers.py
        ),
        Role.APPROVER: _grants(
            RowScope.COMPANY,
            (*_SHOPPING, P.ORDERS_READ, P.CREDIT_AVAILABLE_READ, P.DELIVERIES_READ, P.INVOICES_READ,
             P.APPROVALS_DECIDE, P.AGREEMENTS_ACCEPT, P.QUOTES_ANSWER),
            CARTS_USE=RowScope.SELF,
            JOBS_READ=RowScope.SELF,
            ORDERS_CANCEL=RowScope.SELF,
            USERS_READ=RowScope.SELF,
        ),
        Role.COMPANY_ADMIN: _grants(
            RowScope.COMPANY,
            (*_SHOPPING, P.ORDERS_READ, P.ORDERS_CANCEL, P.CREDIT_AVAILABLE_READ, P.USERS_READ, P.TAX_ID_READ,
             P.ADDRESSES_WRITE, P.DELIVERIES_READ, P.INVOICES_READ, P.APPROVALS_DECIDE, P.COMPANY_MANAGE,
             P.API_CLIENTS_MANAGE, P.EVENTS_READ, P.AGREEMENTS_ACCEPT, P.QUOTES_ANSWER),
            CARTS_USE=RowScope.SELF,
            JOBS_READ=RowScope.SELF,
        ),
        Role.CUSTOMER_INTEGRATOR: _grants(
            RowScope.COMPANY,
            (*_SHOPPING, P.ORDERS_READ, P.ORDERS_CANCEL, P.DELIVERIES_READ, P.INVOICES_READ, P.EVENTS_READ),
            CARTS_USE=RowScope.SELF,
            JOBS_READ=RowScope.SELF,
        ),
        Role.SALES_REP: _grants(RowScope.TERRITORY, _SELLING, JOBS_READ=RowScope.SELF),
        Role.SALES_MANAGER: _grants(
            RowScope.TEAM,
            (*_SELLING, P.COSTS_READ, P.MARGIN_READ, P.ORDERS_PRICE, P.JOBS_READ, P.TRADE_AGREEMENTS_MANAGE,
             P.FREE_GOODS_MANAGE,
             P.CHARGES_MANAGE, P.AGREEMENTS_CONFIRM, P.DISCOUNTS_MANAGE, P.SUGGESTIONS_MEASURE,
             P.CONCESSIONS_MANAGE, P.CONCESSIONS_DECIDE, P.PURCHASING_READ, P.QUOTES_APPROVE),
        ),
        Role.LOGISTICS: _grants(
            RowScope.ALL,
            (P.SIGNED_IN, P.STAFF, P.CATALOG_READ, P.STOCK_READ, P.STOCK_QUANTITY_READ, P.LOTS_READ, P.CUSTOMERS_READ,
             P.ORDERS_READ, P.DELIVERIES_READ, P.DELIVERIES_MANAGE, P.PURCHASING_READ, P.PURCHASING_MANAGE),
            JOBS_READ=RowScope.SELF,
        ),
        Role.FINANCE: _grants(
            RowScope.ALL,
            (P.SIGNED_IN, P.STAFF, P.CATALOG_READ, P.PRICES_READ, P.STOCK_READ, P.STOCK_QUANTITY_READ,
             P.CUSTOMERS_READ, P.SALES_HISTORY_READ, P.ORDERS_READ, P.CREDIT_READ, P.CREDIT_AVAILABLE_READ,
             P.CREDIT_RELEASE, P.TAX_ID_READ, P.USERS_READ, P.COSTS_READ, P.MARGIN_READ, P.DELIVERIES_READ,
             P.INVOICES_READ, P.INVOICES_MANAGE, P.PAYMENTS_MANAGE, P.JOURNAL_READ, P.EVENTS_READ, P.AGREEMENTS_READ,
             P.PURCHASING_READ, P.QUOTES_READ, P.QUOTES_APPROVE, P.QUOTES_DIRECT),
            JOBS_READ=RowScope.SELF,
        ),
        Role.INTEGRATOR: _grants(
            RowScope.ALL,
            (P.SIGNED_IN, P.STAFF, P.CATALOG_READ, P.PRICES_READ, P.PRICES_SIMULATE, P.STOCK_READ,
             P.STOCK_QUANTITY_READ,
             P.CUSTOMERS_READ, P.SALES_HISTORY_READ, P.ORDERS_READ, P.DELIVERIES_READ, P.INVOICES_READ,
             P.EVENTS_READ, P.IMPORTS_WRITE, P.TRADE_AGREEMENTS_READ, P.AGREEMENTS_READ, P.PURCHASING_READ,
             P.QUOTES_READ),
            JOBS_READ=RowScope.SELF,
        ),
        Role.ADMINISTRATOR: _grants(
            RowScope.ALL,
            (P.SIGNED_IN, P.STAFF, P.ADMIN, P.CATALOG_READ, P.PRICES_READ, P.PRICES_SIMULATE, P.STOCK_READ,
             P.STOCK_QUANTITY_READ,
             P.LOTS_READ, P.CUSTOMERS_READ, P.SALES_HISTORY_READ, P.ORDERS_READ, P.USERS_READ, P.AUDIT_READ,
             P.COSTS_READ, P.MARGIN_READ, P.CREDIT_READ, P.CREDIT_AVAILABLE_READ, P.NOTES_INTERNAL, P.DELIVERIES_READ,
             P.INVOICES_READ, P.JOURNAL_READ, P.USERS_WRITE, P.API_CLIENTS_MANAGE, P.EVENTS_READ, P.JOBS_READ,
             P.JOBS_MANAGE, P.IMPORTS_WRITE, P.TRADE_AGREEMENTS_READ, P.TRADE_AGREEMENTS_MANAGE, P.FREE_GOODS_READ,
             P.FREE_GOODS_MANAGE, P.CHARGES_READ, P.CHARGES_MANAGE, P.AGREEMENTS_READ, P.DISCOUNTS_READ,
             P.DISCOUNTS_MANAGE, P.SUGGESTIONS_MEASURE, P.CONCESSIONS_MANAGE, P.PURCHASING_READ, P.PURCHASING_MANAGE,
             P.QUOTES_READ),
        ),
    }
)  # fmt: skip

# What one of the seller's people may do in a customer's place: what a buyer needs to order, and no more. Neither money
# nor approvals, no acts on orders that are placed, nobody's private things but their own.
ON_BEHALF_GRANTS: Grants = _grants(
    RowScope.COMPANY, (*_SHOPPING, P.ORDERS_READ), CARTS_USE=RowScope.SELF, USERS_READ=RowScope.SELF
)

_WIDTH = {scope: width for width, scope in enumerate(RowScope)}


def combine_grants(roles: Iterable[Role]) -> Grants:
    """The union of the roles' grants; where two roles hold one permission, the wider rows win."""
    grants: dict[Permission, RowScope] = {}
    for role in roles:
        for permission, scope in ROLE_GRANTS[role].items():
            if permission not in grants or _WIDTH[scope] > _WIDTH[grants[permission]]:
                grants[permission] = scope
    return MappingProxyType(grants)


def row_class_of(roles: Iterable[Role]) -> RowClass:
    """The widest class of row scope that the roles reach; it picks the database role."""
    held = frozenset(roles)
    if held & {Role.LOGISTICS, Role.FINANCE, Role.INTEGRATOR, Role.ADMINISTRATOR}:
        return RowClass.STAFF
    return RowClass.TERRITORY if held & {Role.SALES_REP, Role.SALES_MANAGER} else RowClass.CUSTOMER


@dataclass(frozen=True, slots=True)
class OnBehalf:
    """
    In whose place one of the seller's people acts, and the reason they gave when they began.

    `person_id` and `person_name` are those of somebody at the customer; None and "" for the customer as such.
    """

    reason: str
    person_id: UUID | None = None
    person_name: str = ""


@dataclass(frozen=True, slots=True)
class Viewer:
    """
    Who asks, built once per request from a session or token; no input may change it.

    `customer_id` is the customer a buyer acts for, None for staff; `customer_ids` those whose rows they may
    see (descendants where the seller allows it). `sales_rep_ids` are the reps whose customers a rep or manager
    reaches (own first), empty for others. `client_id` is the OAuth client whose token this is; its scopes have
    limited the grants. `on_behalf` is set while one of the seller's people acts in the customer's place: `user_id` is
    theirs, rows and permissions are a buyer's.
    """

    user_id: UUID
    name: str
    email: str
    seller_id: UUID
    row_class: RowClass
    roles: frozenset[Role]
    grants: Grants
    locale: str = "es"
    customer_id: UUID | None = None
    customer_ids: tuple[UUID, ...] = ()
    sales_rep_ids: tuple[UUID, ...] = ()
    session_id: UUID | None = None
    client_id: UUID | None = None
    on_behalf: OnBehalf | None = None
    permissions: frozenset[Permission] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "permissions", frozenset(self.grants))

    @property
    def is_staff(self) -> bool:
        return self.row_class is not RowClass.CUSTOMER

    @property
    def subject_id(self) -> UUID | None:
        """On whose behalf they act, for what records name: the person or else the customer; None for their own acts."""
        if self.on_behalf is None:
            return None
        return self.on_behalf.person_id or self.customer_id

    def may(self, permission: Permission) -> bool:
        return permission in self.permissions

    def reaches(self, permission: Permission, customer_id: UUID, user_id: UUID | None = None) -> bool:
        """
        Whether the permission reaches a visible row of that customer and, where it is about one's own, that person.

        Reading may go further down than acting: a parent that sees a subsidiary's orders cancels none of them.
        """
        scope = self.grants.get(permission)
        if scope is None or self.is_staff:
            return scope is not None  # staff see only rows that all their permissions reach
        if scope is RowScope.SELF:
            return customer_id == self.customer_id and user_id == self.user_id
        if scope is RowScope.COMPANY:
            return customer_id == self.customer_id
        return customer_id in self.customer_ids

    def scope(self, permission: Permission) -> RowScope | None:
        """The rows the permission reaches; None where the viewer does not hold it."""
        return self.grants.get(permission)
