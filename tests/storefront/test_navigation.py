"""The console's navigation leads to pages that exist, under the permission that its page takes, with icons that exist."""

import re

import pytest

from auth.permissions import ROLE_GRANTS, STAFF_ROLES, Permission, Role
from storefront.pages import PAGES, STATIC
from storefront.staff.navigation import NAVIGATION, entries_for


def test_every_entry_leads_to_a_page_that_it_may_open() -> None:
    known = {each.path: each.needs for each in PAGES if each.get is not None}

    assert [each.path for each in NAVIGATION if each.path not in known] == []
    assert len({each.path for each in NAVIGATION}) == len(NAVIGATION)
    for role in STAFF_ROLES:
        held = {each.value for each in ROLE_GRANTS[role]}
        for entry in entries_for(held.__contains__):
            assert known[entry.path] in held, (role, entry.path)


def test_entries_name_permissions_and_icons_that_exist() -> None:
    sprite = set(re.findall(r'id="([a-z-]+)"', (STATIC / "icons.svg").read_text()))

    assert {each.needs for each in NAVIGATION} <= {each.value for each in Permission}
    assert {each.icon for each in NAVIGATION} <= sprite


def test_the_short_bar_has_room() -> None:
    assert len([each for each in NAVIGATION if each.tab]) <= 5


@pytest.mark.parametrize(
    ("role", "paths"),
    [
        (Role.SALES_REP, ["/staff", "/staff/orders", "/staff/customers", "/products"]),
        (
            Role.ADMINISTRATOR,
            ["/staff", "/staff/orders", "/staff/customers", "/products", "/staff/api-clients"],
        ),
    ],
)
def test_an_entry_is_shown_to_whoever_holds_its_permission(role: Role, paths: list[str]) -> None:
    shown = [each.path for each in entries_for({each.value for each in ROLE_GRANTS[role]}.__contains__)]

    assert [path for path in paths if path not in shown] == []
    assert ("/staff/api-clients" in shown) is (role is Role.ADMINISTRATOR)
