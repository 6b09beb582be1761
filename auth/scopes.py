"""OAuth scopes: what each stands for, and the most that a machine client may be given. A leaf like the permissions."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType

from auth.permissions import ROLE_GRANTS, Grants, Permission, Role, RowScope

P = Permission


class ApiScope(StrEnum):
    """What a token may be good for; scopes take away from what its owner may do and never add to it."""

    AGREEMENTS_READ = "agreements:read"
    AUDIT_READ = "audit:read"
    CATALOG_READ = "catalog:read"
    COSTS_READ = "costs:read"
    CUSTOMERS_READ = "customers:read"
    CUSTOMERS_WRITE = "customers:write"
    EVENTS_READ = "events:read"
    FINANCE_READ = "finance:read"
    IMPORTS_WRITE = "imports:write"
    INVOICES_READ = "invoices:read"
    JOBS_READ = "jobs:read"
    LISTS_WRITE = "lists:write"
    ORDERS_READ = "orders:read"
    ORDERS_WRITE = "orders:write"
    PRICES_READ = "prices:read"
    PURCHASING_READ = "purchasing:read"
    QUOTES_READ = "quotes:read"
    SALES_HISTORY_READ = "sales-history:read"
    STOCK_READ = "stock:read"
    TRADE_AGREEMENTS_READ = "trade-agreements:read"
    USERS_READ = "users:read"


# The one table from scopes to permissions. A new permission stands here or among WITHOUT_SCOPE: a test asks.
SCOPE_PERMISSIONS: Mapping[ApiScope, frozenset[Permission]] = MappingProxyType(
    {
        ApiScope.AGREEMENTS_READ: frozenset({P.AGREEMENTS_READ}),
        ApiScope.AUDIT_READ: frozenset({P.AUDIT_READ}),
        ApiScope.CATALOG_READ: frozenset({P.CATALOG_READ}),
        ApiScope.COSTS_READ: frozenset({P.COSTS_READ, P.MARGIN_READ}),
        ApiScope.CUSTOMERS_READ: frozenset({P.CUSTOMERS_READ, P.STAFF}),  # the seller's reps come with it
        ApiScope.CUSTOMERS_WRITE: frozenset({P.ADDRESSES_WRITE}),
        ApiScope.EVENTS_READ: frozenset({P.EVENTS_READ}),
        ApiScope.FINANCE_READ: frozenset({P.CREDIT_READ, P.CREDIT_AVAILABLE_READ, P.TAX_ID_READ}),
        ApiScope.IMPORTS_WRITE: frozenset({P.IMPORTS_WRITE}),
        ApiScope.INVOICES_READ: frozenset({P.INVOICES_READ}),
        ApiScope.JOBS_READ: frozenset({P.JOBS_READ}),
        ApiScope.LISTS_WRITE: frozenset({P.WISHLISTS_USE}),
        ApiScope.ORDERS_READ: frozenset({P.ORDERS_READ, P.DELIVERIES_READ}),
        ApiScope.ORDERS_WRITE: frozenset({P.CARTS_USE, P.ORDERS_PLACE, P.ORDERS_CANCEL}),
        ApiScope.PRICES_READ: frozenset({P.PRICES_READ, P.PRICES_SIMULATE}),
        ApiScope.PURCHASING_READ: frozenset({P.PURCHASING_READ}),
        ApiScope.QUOTES_READ: frozenset({P.QUOTES_READ}),
        ApiScope.SALES_HISTORY_READ: frozenset({P.SALES_HISTORY_READ}),
        ApiScope.STOCK_READ: frozenset({P.STOCK_READ, P.STOCK_QUANTITY_READ}),
        ApiScope.TRADE_AGREEMENTS_READ: frozenset({P.TRADE_AGREEMENTS_READ}),
        ApiScope.USERS_READ: frozenset({P.USERS_READ}),
    }
)
_BY_TEXT = {scope.value: permissions for scope, permissions in SCOPE_PERMISSIONS.items()}
# Every token has this one, or it could not even ask who it is.
ALWAYS = frozenset({P.SIGNED_IN})
# What only people may do: no scope leads there.
WITHOUT_SCOPE = frozenset(
    {
        P.ADMIN, P.API_CLIENTS_MANAGE, P.APPROVALS_DECIDE, P.CHARGES_MANAGE, P.CHARGES_READ, P.COMPANY_MANAGE,
        P.CONCESSIONS_DECIDE, P.CONCESSIONS_MANAGE,
        P.CREDIT_RELEASE, P.DELIVERIES_MANAGE, P.FREE_GOODS_MANAGE, P.FREE_GOODS_READ, P.AGREEMENTS_ACCEPT,
        P.AGREEMENTS_CONFIRM, P.AGREEMENTS_MANAGE,
        P.DISCOUNTS_MANAGE, P.DISCOUNTS_READ, P.INVOICES_MANAGE, P.JOBS_MANAGE, P.JOURNAL_READ, P.LOTS_READ,
        P.NOTES_INTERNAL,
        P.NOTES_WRITE, P.ON_BEHALF_ACT,
        P.ORDERS_DISCOUNT, P.ORDERS_MANAGE, P.ORDERS_PRICE, P.PAYMENTS_MANAGE, P.PURCHASING_MANAGE,
        P.TRADE_AGREEMENTS_MANAGE,
        P.QUOTES_ANSWER, P.QUOTES_APPROVE, P.QUOTES_DIRECT, P.QUOTES_MANAGE,
        P.USERS_WRITE, P.SUGGESTIONS_MEASURE,
    }
)  # fmt: skip


def _wider(role: Role, scope: RowScope, *more: Permission) -> Grants:
    return MappingProxyType({**ROLE_GRANTS[role], **dict.fromkeys(more, scope)})


# What the machine behind a client may do at the most, before scopes limit it: the integrator's role, and what of
# SAFETY.md 2b a machine gets by scope only. Never more than whoever makes clients: administrator, company admin.
SELLER_ROLE, CUSTOMER_ROLE = Role.INTEGRATOR, Role.CUSTOMER_INTEGRATOR
SELLER_MACHINE = _wider(
    SELLER_ROLE,
    RowScope.ALL,
    P.AUDIT_READ,
    P.COSTS_READ,
    P.MARGIN_READ,
    P.CREDIT_READ,
    P.CREDIT_AVAILABLE_READ,
    P.USERS_READ,
)
CUSTOMER_MACHINE = _wider(
    CUSTOMER_ROLE, RowScope.COMPANY, P.ADDRESSES_WRITE, P.CREDIT_AVAILABLE_READ, P.TAX_ID_READ, P.USERS_READ
)


def machine_grants(*, of_customer: bool) -> Grants:
    """What a client of a customer, or of the seller, may do at the most."""
    return CUSTOMER_MACHINE if of_customer else SELLER_MACHINE


def limited(grants: Grants, *ceilings: Iterable[str]) -> Grants:
    """
    The grants that every one of the ceilings allows.

    Args:
        ceilings: scopes as texts, such as the client's and the token's; unknown ones allow nothing.
    """
    allowed = frozenset(grants)
    for scopes in ceilings:
        allowed &= permissions_of(scopes)
    return MappingProxyType(
        {permission: grants[permission] for permission in grants if permission in allowed}
    )


def permissions_of(scopes: Iterable[str]) -> frozenset[Permission]:
    """What the scopes stand for, and what every token has."""
    return ALWAYS.union(*(_BY_TEXT.get(each, frozenset()) for each in scopes))


def grantable_scopes(held: frozenset[Permission], *, of_customer: bool) -> tuple[ApiScope, ...]:
    """
    The scopes that whoever holds these permissions may give a client, in their order.

    A scope is left out where it would stand for nothing, or for something its giver may not do themself.
    """
    most = frozenset(machine_grants(of_customer=of_customer))
    return tuple(
        scope
        for scope, permissions in SCOPE_PERMISSIONS.items()
        if permissions & most and permissions & most <= held
    )
