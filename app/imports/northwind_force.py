"""Northwind's sales force: employees as reps, regions as teams, territories and who works in which."""

from collections import Counter
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from app.imports.common import Files, Row, accepted, most_frequent, named
from app.imports.ground import Ground
from auth.permissions import Role
from models.sellers import SalesRep, SalesRepTerritory, SalesTeam, Territory
from models.users import StaffRole, User


async def put_sales_force(ground: Ground, files: Files) -> dict[str, UUID]:
    """Employees as reps that nobody can sign in as, regions as teams, territories; the reps by employee."""
    store = ground.store
    regions = named(files["region.csv"], "region_id", "region_description")
    region_of = await _put_territories(ground, files["territories.csv"], regions)
    names: dict[str, str] = {}
    superiors: dict[str, str] = {}
    for row in files["employees.csv"]:
        key, name = row.key("employee_id"), f"{row.text('first_name')} {row.text('last_name')}".strip()
        if name:
            names[key] = name
            superiors[key] = row.text("reports_to")
        else:
            row.refuse("the employee has no name")
    for row in accepted(files["employees.csv"]):
        superior = superiors[row.key("employee_id")]
        if superior and superior not in names:
            row.mend(f"reports_to: there is no employee {superior}")
    users = {key: store.refer("User", f"employee/{key}") for key in names}
    assigned = _assignments(files["employee_territories.csv"], names, region_of)
    await store.put(
        User,
        [
            {
                "id": users[key], "seller_id": store.seller_id, "email": f"employee{key}@northwind.example",
                "name": name, "locale": "en", "is_active": True, "created_at": store.now,
            }
            for key, name in names.items()
        ],
        initial=("email", "locale", "is_active", "created_at"),
    )  # fmt: skip
    chiefs = {superior for superior in superiors.values() if superior in names}
    roles = [
        {
            "user_id": users[key], "role": (Role.SALES_MANAGER if key in chiefs else Role.SALES_REP).value,
        }
        for key in names
    ]  # fmt: skip
    # Roles are given once: whoever changes them here later has the last word.
    new = store.new_references("User")
    await store.put(StaffRole, [row for row in roles if row["user_id"] in new], keys=("user_id", "role"))
    await _put_teams(ground, regions, region_of, names, superiors, users, assigned)
    await store.put(
        SalesRepTerritory,
        [
            {"sales_rep_id": users[key], "territory_id": store.refer("Territory", territory)}
            for key, territories in assigned.items()
            for territory in territories
        ],
        keys=("sales_rep_id", "territory_id"),
    )
    return users


async def _put_territories(ground: Ground, rows: list[Row], regions: Mapping[str, str]) -> dict[str, str]:
    """The region of each territory; "" where the file's is unknown."""
    store, region_of, values = ground.store, dict[str, str](), list[dict[str, Any]]()
    names = named(rows, "territory_id", "territory_description")
    for row in accepted(rows):
        key, region = row.key("territory_id"), row.text("region_id")
        name = names[key]
        if region in regions:
            name = f"{name} ({regions[region]})"
        else:
            row.mend(f"region_id: there is no region {region!r}")
        region_of[key] = region if region in regions else ""
        values.append(
            {
                "id": store.refer("Territory", key), "seller_id": store.seller_id, "code": f"NW-{key}",
                "name": name[:200],
            }
        )  # fmt: skip
    await store.put(Territory, values, initial=("seller_id", "code"))
    return region_of


def _assignments(
    rows: list[Row], employees: Mapping[str, str], region_of: Mapping[str, str]
) -> dict[str, list[str]]:
    assigned: dict[str, list[str]] = {}
    for row in rows:
        employee, territory = row.key("employee_id"), row.key("territory_id")
        if employee not in employees:
            row.refuse(f"there is no employee {employee}")
        elif territory not in region_of:
            row.refuse(f"there is no territory {territory}")
        else:
            assigned.setdefault(employee, []).append(territory)
    return assigned


async def _put_teams(
    ground: Ground,
    regions: Mapping[str, str],
    region_of: Mapping[str, str],
    names: Mapping[str, str],
    superiors: Mapping[str, str],
    users: Mapping[str, UUID],
    assigned: Mapping[str, list[str]],
) -> None:
    """A team per region, led by the superior of most of its reps; a rep belongs where most of their territories are."""
    store = ground.store
    team_of = {
        key: most_frequent(region_of[each] for each in assigned.get(key, ()) if region_of[each]) or ""
        for key in names
    }
    teams = dict(regions)
    if "" in team_of.values():
        teams[""] = "without region"
    leads: dict[str, Counter[str]] = {key: Counter() for key in teams}
    for key, team in team_of.items():
        if superiors[key] in users:
            leads[team][superiors[key]] += 1
    managers = {team: _leader(found) for team, found in leads.items()}
    await store.put(
        SalesTeam,
        [
            {
                "id": store.refer("SalesTeam", f"region/{key}"), "seller_id": store.seller_id,
                "code": f"NW-{key}" if key else "NW", "name": f"Northwind {name}"[:200],
                "manager_id": users.get(managers[key]),
            }
            for key, name in teams.items()
        ],
        initial=("seller_id", "code", "manager_id"),
    )  # fmt: skip
    await store.put(
        SalesRep,
        [
            {
                "user_id": users[key], "seller_id": store.seller_id, "code": f"NW-{key}", "name": name,
                "sales_team_id": store.refer("SalesTeam", f"region/{team_of[key]}"),
                "email": f"employee{key}@northwind.example", "phone": "",
            }
            for key, name in names.items()
        ],
        keys=("user_id",),
        initial=("seller_id", "code", "sales_team_id", "email", "phone"),
    )  # fmt: skip


def _leader(leads: Counter[str]) -> str:
    """Who leads most; of equals the lower key; "" where nobody leads."""
    return min(leads, key=lambda each: (-leads[each], each), default="")
