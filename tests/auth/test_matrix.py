"""The role matrix: the grants against SAFETY's table, retold here by hand, and the printed page."""

from itertools import product

import pytest
from graphql import GraphQLSchema

from auth.matrix import ROLES_FILE, coordinates, matrix_page
from auth.permissions import CUSTOMER_ROLES, ROLE_GRANTS, STAFF_ROLES, Grants, Role, RowScope, combine_grants
from auth.permissions import Permission as P
from auth.views import build_view
from schema.access import may_use
from schema.api import api

ROLES = (
    Role.BUYER, Role.APPROVER, Role.COMPANY_ADMIN, Role.CUSTOMER_INTEGRATOR, Role.SALES_REP, Role.SALES_MANAGER,
    Role.LOGISTICS, Role.FINANCE, Role.INTEGRATOR, Role.ADMINISTRATOR,
)  # fmt: skip
LETTERS = {"-": None, "self": RowScope.SELF, "own": RowScope.COMPANY, "terr": RowScope.TERRITORY,
           "team": RowScope.TEAM, "all": RowScope.ALL}  # fmt: skip
# One line per permission; columns in the order of ROLES: By Ap CA CInt Rep Mgr Log Fin Int Adm.
EXPECTED = {
    P.SIGNED_IN:             "own  own  own  own  terr team all all all all",
    P.AGREEMENTS_READ:       "own  own  own  own  terr team -   all all all",
    P.AGREEMENTS_ACCEPT:     "-    own  own  -    -    -    -   -   -   -",
    P.AGREEMENTS_MANAGE:     "-    -    -    -    terr team -   -   -   -",
    P.AGREEMENTS_CONFIRM:    "-    -    -    -    -    team -   -   -   -",
    P.STAFF:                 "-    -    -    -    terr team all all all all",
    P.ADMIN:                 "-    -    -    -    -    -    -   -   -   all",
    P.CATALOG_READ:          "own  own  own  own  terr team all all all all",
    P.PRICES_READ:           "own  own  own  own  terr team -   all all all",
    P.COSTS_READ:            "-    -    -    -    -    team -   all -   all",
    P.MARGIN_READ:           "-    -    -    -    -    team -   all -   all",
    P.PRICES_SIMULATE:       "-    -    -    -    terr team -   -   all all",
    P.STOCK_READ:            "own  own  own  own  terr team all all all all",
    P.STOCK_QUANTITY_READ:   "-    -    -    -    terr team all all all all",
    P.LOTS_READ:             "-    -    -    -    -    -    all -   -   all",
    P.CUSTOMERS_READ:        "own  own  own  own  terr team all all all all",
    P.SALES_HISTORY_READ:    "own  own  own  own  terr team -   all all all",
    P.ORDERS_READ:           "self own  own  own  terr team all all all all",
    P.ORDERS_PLACE:          "own  own  own  own  -    -    -   -   -   -",
    P.ORDERS_CANCEL:         "self self own  own  terr team -   -   -   -",
    P.ORDERS_MANAGE:         "-    -    -    -    terr team -   -   -   -",
    P.ORDERS_DISCOUNT:       "-    -    -    -    terr team -   -   -   -",
    P.CREDIT_AVAILABLE_READ: "-    own  own  -    terr team -   all -   all",
    P.CREDIT_READ:           "-    -    -    -    terr team -   all -   all",
    P.CREDIT_RELEASE:        "-    -    -    -    -    -    -   all -   -",
    P.TAX_ID_READ:           "-    -    own  -    -    -    -   all -   -",
    P.NOTES_INTERNAL:        "-    -    -    -    terr team -   -   -   all",
    P.NOTES_WRITE:           "-    -    -    -    terr team -   -   -   -",
    P.USERS_READ:            "self self own  -    terr team -   all -   all",
    P.ADDRESSES_WRITE:       "-    -    own  -    -    -    -   -   -   -",
    P.CARTS_USE:             "self self self self -    -    -   -   -   -",
    P.WISHLISTS_USE:         "own  own  own  own  -    -    -   -   -   -",
    P.ORDERS_PRICE:          "-    -    -    -    -    team -   -   -   -",
    P.ON_BEHALF_ACT:         "-    -    -    -    terr team -   -   -   -",
    P.APPROVALS_DECIDE:      "-    own  own  -    -    -    -   -   -   -",
    P.COMPANY_MANAGE:        "-    -    own  -    -    -    -   -   -   -",
    P.DELIVERIES_READ:       "self own  own  own  terr team all all all all",
    P.DELIVERIES_MANAGE:     "-    -    -    -    -    -    all -   -   -",
    P.WAREHOUSE_REPORT:      "-    -    -    -    -    -    all -   -   all",
    P.IMPORTS_WRITE:         "-    -    -    -    -    -    -   -   all all",
    P.INVOICES_READ:         "self own  own  own  terr team -   all all all",
    P.INVOICES_MANAGE:       "-    -    -    -    -    -    -   all -   -",
    P.PAYMENTS_MANAGE:       "-    -    -    -    -    -    -   all -   -",
    P.JOURNAL_READ:          "-    -    -    -    -    -    -   all -   all",
    P.USERS_WRITE:           "-    -    -    -    -    -    -   -   -   all",
    P.AUDIT_READ:            "-    -    -    -    -    -    -   -   -   all",
    P.API_CLIENTS_MANAGE:    "-    -    own  -    -    -    -   -   -   all",
    P.EVENTS_READ:           "-    -    own  own  -    -    -   all all all",
    P.JOBS_READ:             "self self self self self team self self self all",
    P.DISCOUNTS_READ:        "-    -    -    -    terr team -   -   -   all",
    P.DISCOUNTS_MANAGE:      "-    -    -    -    -    team -   -   -   all",
    P.JOBS_MANAGE:           "-    -    -    -    -    -    -   -   -   all",
    P.TRADE_AGREEMENTS_READ: "-    -    -    -    terr team -   -   all all",
    P.TRADE_AGREEMENTS_MANAGE: "-  -    -    -    -    team -   -   -   all",
    P.FREE_GOODS_READ:       "-    -    -    -    terr team -   -   -   all",
    P.FREE_GOODS_MANAGE:     "-    -    -    -    -    team -   -   -   all",
    P.CHARGES_READ:          "-    -    -    -    terr team -   -   -   all",
    P.CHARGES_MANAGE:        "-    -    -    -    -    team -   -   -   all",
    P.CONCESSIONS_MANAGE:    "-    -    -    -    -    team -   -   -   all",
    P.CONCESSIONS_DECIDE:    "-    -    -    -    -    team -   -   -   -",
    P.PURCHASING_READ:       "-    -    -    -    -    team all all all all",
    P.PURCHASING_MANAGE:     "-    -    -    -    -    -    all -   -   all",
    P.STOCK_SHARE:           "-    -    -    -    -    team all -   -   -",
    P.QUOTES_READ:           "own  own  own  own  terr team -   all all all",
    P.QUOTES_ANSWER:         "own  own  own  -    -    -    -   -   -   -",
    P.QUOTES_MANAGE:         "-    -    -    -    terr team -   -   -   -",
    P.QUOTES_APPROVE:        "-    -    -    -    -    team -   all -   -",
    P.QUOTES_DIRECT:         "-    -    -    -    -    -    -   all -   -",
    P.SUGGESTIONS_MEASURE:   "-    -    -    -    -    team -   -   -   all",
}  # fmt: skip


def full() -> GraphQLSchema:
    return api._schema


@pytest.mark.parametrize(("role", "permission"), list(product(ROLES, P)))
def test_grants_are_those_of_the_table(role: Role, permission: P) -> None:
    expected = LETTERS[EXPECTED[permission].split()[ROLES.index(role)]]

    assert ROLE_GRANTS[role].get(permission) is expected


def test_table_is_complete() -> None:
    assert set(EXPECTED) == set(P)
    assert set(ROLES) == set(Role) == CUSTOMER_ROLES | STAFF_ROLES
    assert {len(line.split()) for line in EXPECTED.values()} == {len(ROLES)}


def test_customers_never_hold_what_is_the_sellers() -> None:
    never = {P.STAFF, P.ADMIN, P.COSTS_READ, P.CREDIT_READ, P.CREDIT_RELEASE, P.NOTES_INTERNAL, P.ORDERS_MANAGE,
             P.ORDERS_DISCOUNT, P.LOTS_READ, P.STOCK_QUANTITY_READ, P.AUDIT_READ,
             P.JOBS_MANAGE, P.TRADE_AGREEMENTS_READ, P.TRADE_AGREEMENTS_MANAGE}  # fmt: skip
    for role in CUSTOMER_ROLES:
        assert not never & set(ROLE_GRANTS[role])
        assert set(ROLE_GRANTS[role].values()) <= {RowScope.SELF, RowScope.COMPANY}


def test_who_runs_the_system_has_no_say_in_business() -> None:
    acts = {
        P.ORDERS_PLACE,
        P.ORDERS_MANAGE,
        P.ORDERS_CANCEL,
        P.ORDERS_DISCOUNT,
        P.CREDIT_RELEASE,
        P.ADDRESSES_WRITE,
    }
    assert not acts & set(ROLE_GRANTS[Role.ADMINISTRATOR])


@pytest.mark.parametrize(("one", "other"), list(product(ROLES, ROLES)))
def test_two_roles_give_neither_less_nor_more(one: Role, other: Role) -> None:
    both: Grants = combine_grants([one, other])

    assert set(both) == set(ROLE_GRANTS[one]) | set(ROLE_GRANTS[other])
    widths = list(RowScope)
    for permission, scope in both.items():
        held = [ROLE_GRANTS[role][permission] for role in (one, other) if permission in ROLE_GRANTS[role]]
        assert scope is max(held, key=widths.index)


@pytest.mark.parametrize("role", ROLES)
def test_what_a_role_may_not_see_is_not_in_its_view(role: Role) -> None:
    """By the names of what would leak: whoever lacks the permission has no field of this name, anywhere."""
    # Data of an error exists for everybody and is null where it may not be read (API.md, "Who sees what"). Buyers are
    # told the lots that were sent to them, and logistics has a note of its own: tests/safety/test_roles.py says who.
    apart = {
        "CreditExceeded.exposure",
        "DeliveryLine.lots",
        # What a customer asked for, their rep knows.
        "Mutation.requestLots",
        "Mutation.selectLots",
        "Mutation.setLotSelection",
        "Customer.lotSelection",
        "OrderLine.lotSelection",
        "OrderLine.requestedLots",
        "RequestLotsInput.lots",
        "Delivery.internalNote",
        "UpdateDeliveryInput.internalNote",
        "QuoteRevision.internalNotes",  # whoever consents reads why it was asked for
        "QuoteRevision.marginBand",
        "DeliveryControlSetting.issueMarginDays",  # days beside stock, no money
        "SetDeliveryControlInput.issueMarginDays",
        "SimulatedScenario.marginBand",  # both for those who see no figure (rule book 0.2, 31)
    }
    view = build_view(full(), frozenset(ROLE_GRANTS[role]), may_use)
    fields = {each.partition(".")[2].lower() for each in coordinates(view) - apart}
    for permission, words in {
        P.COSTS_READ: ("cost", "margin"),
        P.NOTES_INTERNAL: ("internalnote",),
        P.CREDIT_READ: ("exposure", "creditlimit"),
        P.LOTS_READ: ("lots",),
    }.items():
        if permission not in ROLE_GRANTS[role]:
            assert not [name for name in fields if any(word in name for word in words)], permission


def test_page_is_what_the_code_says() -> None:
    """If this fails, run ./ventas roles and read the difference before committing it."""
    views = {role: build_view(full(), frozenset(held), may_use) for role, held in ROLE_GRANTS.items()}

    assert ROLES_FILE.read_text(encoding="utf-8") == matrix_page(views)
