"""Making, changing and ending API clients: by whom, and that a secret is told once and stands nowhere."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text

from app.logs import configure_logs
from auth.permissions import Role
from auth.scopes import ApiScope
from models.base import Base
from schema.ids import encode_id
from tests.auth.oauth_world import Credentials, Gate

S = ApiScope
CLIENT = """apiClient { id clientId name scopes addresses version disabledAt allowedActions createdBy { id }
    customer { number } secrets { hint expiresAt } } errors { code message path ... on InvalidTransition { from } }
    warnings { code message } replayed"""
CREATE = f"mutation($i: CreateApiClientInput!) {{ createApiClient(input: $i) {{ {CLIENT} secret }} }}"
UPDATE = f"mutation($i: UpdateApiClientInput!) {{ updateApiClient(input: $i) {{ {CLIENT} }} }}"
ROTATE = (
    f"mutation($i: RotateApiClientSecretInput!) {{ rotateApiClientSecret(input: $i) {{ {CLIENT} secret }} }}"
)
DISABLE = f"mutation($i: DisableApiClientInput!) {{ disableApiClient(input: $i) {{ {CLIENT} }} }}"
LIST = "{ apiClients { nodes { id name customer { number } allowedActions secrets { hint } } } apiScopes }"
GIVEN = {"name": "ERP", "scopes": ["CATALOG_READ", "ORDERS_READ"]}


async def act(gate: Gate, who: str, document: str, **given: Any) -> dict[str, Any]:
    data = await gate.data(who, document, i=given)
    payload: dict[str, Any] = next(iter(data.values()))
    return payload


def credentials(payload: dict[str, Any]) -> Credentials:
    return Credentials(payload["apiClient"]["clientId"], payload["secret"], None)  # type: ignore[arg-type]


def named(payload: dict[str, Any]) -> dict[str, Any]:
    """How the next act names the client."""
    return {"apiClientId": payload["apiClient"]["id"], "expectedVersion": payload["apiClient"]["version"]}


async def rows(gate: Gate) -> dict[str, list[str]]:
    """Every row of the database, as text."""
    async with gate.database.owner() as connection:
        return {
            table.name: sorted(
                str(row) for row in await connection.scalars(text(f"select t::text from {table.name} t"))
            )
            for table in Base.metadata.sorted_tables
        }


async def test_company_admin_makes_a_client_for_the_company(gate: Gate) -> None:
    admin = await gate.person(Role.COMPANY_ADMIN, gate.parent)

    made = await act(gate, admin, CREATE, **GIVEN, addresses=["192.0.2.1", "2001:DB8::/32"], secretDays=30)

    assert made["errors"] == []
    client = made["apiClient"]
    assert client["customer"] == {"number": gate.parent.number}
    assert client["scopes"] == ["CATALOG_READ", "ORDERS_READ"]
    assert client["addresses"] == ["192.0.2.1/32", "2001:db8::/32"]
    assert client["allowedActions"] == ["UPDATE", "ROTATE_SECRET", "DISABLE"]
    assert made["secret"].startswith("ventas_cs_")
    assert [each["hint"] for each in client["secrets"]] == [made["secret"][-4:]]
    token = await gate.token(credentials(made))
    seen = await gate.data(token, "{ viewer { roles permissions customers { number } } }")
    assert seen["viewer"]["roles"] == ["CUSTOMER_INTEGRATOR"]
    assert seen["viewer"]["customers"] == []  # it chooses none
    assert seen["viewer"]["permissions"] == ["CATALOG_READ", "DELIVERIES_READ", "ORDERS_READ", "SIGNED_IN"]


async def test_administrator_makes_the_sellers_clients_and_stops_the_others(gate: Gate) -> None:
    administrator = await gate.person(Role.ADMINISTRATOR)
    admin = await gate.person(Role.COMPANY_ADMIN, gate.parent)
    theirs = await act(gate, admin, CREATE, **GIVEN)

    made = await act(gate, administrator, CREATE, name="Almacén", scopes=["STOCK_READ", "COSTS_READ"])
    token = await gate.token(credentials(made))

    assert made["apiClient"]["customer"] is None
    assert (await gate.data(token, "{ viewer { isStaff permissions } }"))["viewer"] == {
        "isStaff": True, "permissions": ["COSTS_READ", "MARGIN_READ", "SIGNED_IN", "STOCK_QUANTITY_READ", "STOCK_READ"],
    }  # fmt: skip
    before = await rows(gate)
    for document in (UPDATE, ROTATE):
        refused = await act(gate, administrator, document, **named(theirs))
        assert [each["code"] for each in refused["errors"]] == ["NOT_PERMITTED"]
    assert await rows(gate) == before
    stopped = await act(gate, administrator, DISABLE, **named(theirs))
    assert stopped["errors"] == [] and stopped["apiClient"]["allowedActions"] == []
    assert (await gate.ask_token(credentials(theirs))).status_code == 401


async def test_each_admin_sees_their_own_and_no_others(gate: Gate) -> None:
    parent, child, stranger = [
        await gate.person(Role.COMPANY_ADMIN, each) for each in (gate.parent, gate.child, gate.stranger)
    ]
    mine = await act(gate, stranger, CREATE, **GIVEN)
    below = await act(gate, child, CREATE, **GIVEN)
    before = await rows(gate)

    assert (await gate.data(parent, LIST))["apiClients"]["nodes"] == []
    node = await gate.data(parent, "query($id: ID!) { node(id: $id) { id } }", id=mine["apiClient"]["id"])
    assert node == {"node": None}
    for document in (UPDATE, ROTATE, DISABLE):
        foreign = await act(gate, parent, document, **named(mine))
        lower = await act(gate, parent, document, **named(below))
        unknown = await act(
            gate, parent, document, apiClientId=encode_id("ApiClient", gate.seller.id), expectedVersion=1
        )
        assert foreign == unknown == lower
        assert [each["code"] for each in foreign["errors"]] == ["NOT_FOUND"]
    assert await rows(gate) == before
    for role in (Role.BUYER, Role.APPROVER, Role.CUSTOMER_INTEGRATOR):
        assert "Cannot query field" in (await gate.ask(await gate.person(role, gate.parent), LIST)).text
    for role in (Role.FINANCE, Role.INTEGRATOR, Role.LOGISTICS):
        assert "Cannot query field" in (await gate.ask(await gate.person(role), LIST)).text


async def test_nobody_gives_what_they_may_not_do(gate: Gate) -> None:
    admin = await gate.person(Role.COMPANY_ADMIN, gate.parent)
    administrator = await gate.person(Role.ADMINISTRATOR)
    before = await rows(gate)

    offered = set((await gate.data(admin, LIST))["apiScopes"])
    theirs = set((await gate.data(administrator, LIST))["apiScopes"])

    assert offered == {each.name for each in ApiScope} - {
        "COSTS_READ", "AUDIT_READ", "IMPORTS_WRITE", "TRADE_AGREEMENTS_READ", "PURCHASING_READ",
        "WAREHOUSE_REPORT",
    }  # fmt: skip
    # An administrator places no orders, so none of their clients does.
    assert theirs == {each.name for each in ApiScope} - {"ORDERS_WRITE", "LISTS_WRITE", "CUSTOMERS_WRITE"}
    for who, scope in ((admin, "COSTS_READ"), (admin, "AUDIT_READ"), (administrator, "ORDERS_WRITE")):
        refused = await act(gate, who, CREATE, name="ERP", scopes=["CATALOG_READ", scope])
        assert [(each["code"], each["path"]) for each in refused["errors"]] == [
            ("NOT_PERMITTED", ["scopes", "1"])
        ]
        assert refused["secret"] is None
    assert await rows(gate) == before


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ({"name": " "}, "INVALID", ["name"]),
        ({"name": "x" * 201}, "INVALID", ["name"]),
        ({"scopes": []}, "INVALID", ["scopes"]),
        ({"addresses": ["192.0.2.0/24", "here"]}, "INVALID", ["addresses", "1"]),
        ({"addresses": ["192.0.2.1"] * 21}, "LIMIT_EXCEEDED", ["addresses"]),
        ({"secretDays": 0}, "INVALID", ["secretDays"]),
        ({"secretDays": 731}, "INVALID", ["secretDays"]),
    ],
)
async def test_bad_input_names_its_field(
    gate: Gate, given: dict[str, Any], code: str, path: list[str]
) -> None:
    admin = await gate.person(Role.COMPANY_ADMIN, gate.parent)
    before = await rows(gate)

    refused = await act(gate, admin, CREATE, **(GIVEN | given))

    assert [(each["code"], each["path"]) for each in refused["errors"]] == [(code, path)]
    assert await rows(gate) == before


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    configure_logs("json", "debug", stream)
    yield stream
    configure_logs(None, "info")


async def test_secret_is_told_once_and_stands_nowhere(gate: Gate, log: io.StringIO) -> None:
    admin = await gate.person(Role.COMPANY_ADMIN, gate.parent)
    create = CREATE.replace(
        "createApiClient(input: $i)", 'createApiClient(input: $i) @idempotent(key: "one")'
    )
    made = await act(gate, admin, create, **GIVEN)
    rotate = ROTATE.replace("Secret(input: $i)", 'Secret(input: $i) @idempotent(key: "two")')
    rotated = await act(gate, admin, rotate, **named(made))
    token = await gate.token(credentials(rotated | {"apiClient": made["apiClient"]}))

    again = await act(gate, admin, create, **GIVEN)
    rotated_again = await act(gate, admin, rotate, **named(made))

    assert again["replayed"] and again["apiClient"]["id"] == made["apiClient"]["id"]
    assert rotated_again["replayed"]
    assert again["secret"] is None and rotated_again["secret"] is None
    tried = await act(gate, admin, CREATE.replace("(input: $i)", "(input: $i) @dryRun"), **GIVEN)
    assert tried["apiClient"]["name"] == "ERP" and tried["secret"] is None
    told = [row for stored in (await rows(gate)).values() for row in stored] + [log.getvalue()]
    assert log.getvalue().count('"path": "/oauth/token"') == 1
    for secret in (made["secret"], rotated["secret"], token):
        assert not any(secret in each or secret.removeprefix("ventas_cs_") in each for each in told)
    assert "secret_hash" not in str(made)


async def test_two_secrets_then_the_older_ends(gate: Gate) -> None:
    admin = await gate.person(Role.COMPANY_ADMIN, gate.parent)
    made = await act(gate, admin, CREATE, **GIVEN)
    first = credentials(made)

    rotated = await act(gate, admin, ROTATE, **named(made), keepOldHours=2)
    second = Credentials(first.id, rotated["secret"], first.row)

    assert len(rotated["apiClient"]["secrets"]) == 2 and rotated["warnings"] == []
    assert [(await gate.ask_token(each)).status_code for each in (first, second)] == [200, 200]
    admin = await gate.person(Role.COMPANY_ADMIN, gate.parent)
    rotated_again = await act(gate, admin, ROTATE, **named(rotated), keepOldHours=2)
    third = Credentials(first.id, rotated_again["secret"], first.row)
    assert [each["code"] for each in rotated_again["warnings"]] == ["LIMIT_EXCEEDED"]
    assert [(await gate.ask_token(each)).status_code for each in (first, second, third)] == [401, 200, 200]
    gate.clock.pass_by(hours=2)
    assert [(await gate.ask_token(each)).status_code for each in (first, second, third)] == [401, 401, 200]
    at_once = await act(gate, admin, ROTATE, **named(rotated_again), keepOldHours=0)
    fourth = Credentials(first.id, at_once["secret"], first.row)
    assert [(await gate.ask_token(each)).status_code for each in (third, fourth)] == [401, 200]


async def test_changes_and_end_count_at_once(gate: Gate) -> None:
    admin = await gate.person(Role.COMPANY_ADMIN, gate.parent)
    made = await act(gate, admin, CREATE, **GIVEN)
    token = await gate.token(credentials(made))
    who = "{ viewer { permissions } }"

    changed = await act(gate, admin, UPDATE, **named(made), scopes=["ORDERS_READ"], name="ERP 2")
    assert (await gate.data(token, who))["viewer"]["permissions"] == [
        "DELIVERIES_READ",
        "ORDERS_READ",
        "SIGNED_IN",
    ]
    assert changed["apiClient"]["name"] == "ERP 2" and changed["apiClient"]["version"] == 2
    fenced = await act(gate, admin, UPDATE, **named(changed), addresses=["198.51.100.0/24"])
    assert (await gate.ask(token, who)).status_code == 401
    opened = await act(gate, admin, UPDATE, **named(fenced), addresses=[])
    assert (await gate.ask(token, who)).status_code == 200
    ended = await act(gate, admin, DISABLE, **named(opened))
    assert (await gate.ask(token, who)).status_code == 401
    assert (await gate.ask_token(credentials(made))).status_code == 401
    for document in (UPDATE, ROTATE, DISABLE):
        again = await act(gate, admin, document, **named(ended))
        assert [(each["code"], each["from"]) for each in again["errors"]] == [
            ("INVALID_TRANSITION", "DISABLED")
        ]


async def test_trail_names_actor_and_act_and_no_secret(gate: Gate) -> None:
    admin = await gate.person(Role.COMPANY_ADMIN, gate.parent)
    made = await act(gate, admin, CREATE, **GIVEN)
    await act(gate, admin, ROTATE, **named(made))

    async with gate.database.owner() as connection:
        found = list(await connection.execute(text(
            "select action, customer_id, changes from audit_event where entity_type = 'ApiClient' order by id")))  # fmt: skip

    assert [tuple(row) for row in found] == [
        ("apiClient.created", gate.parent.id, {"scopes": ["catalog:read", "orders:read"], "addresses": 0}),
        ("apiClient.secretRotated", gate.parent.id, {"secretDays": 365, "keepOldHours": 24}),
    ]


async def test_machines_are_no_members_and_cannot_sign_in(gate: Gate) -> None:
    admin = await gate.person(Role.COMPANY_ADMIN, gate.parent)
    made = await act(gate, admin, CREATE, **GIVEN)
    email = f"{made['apiClient']['clientId']}@clients.invalid"

    answer = await gate.http.post("/auth/token", json={"email": email, "password": made["secret"]})
    people = await gate.data(admin, "{ viewer { customer { users { user { email } } } } }")

    assert answer.status_code == 401
    assert email not in [each["user"]["email"] for each in people["viewer"]["customer"]["users"]]


async def test_only_a_clients_machine_can_be_added_by_an_admin(gate: Gate) -> None:
    """What the database lets the writing role of customers do to users, asked of the database itself."""
    from sqlalchemy.exc import DBAPIError

    from auth.session_secrets import hash_of
    from auth.viewers import load_visit
    from rules.states import SessionKind

    token = await gate.person(Role.COMPANY_ADMIN, gate.parent)
    async with gate.database.auth() as session:
        visit = await load_visit(session, token, SessionKind.BEARER, gate.clock())
    assert hash_of(token) and visit is not None and visit.viewer is not None
    statement = """insert into app_user (id, seller_id, email, name, locale, is_active, created_at, kind)
        values (gen_random_uuid(), :seller, 'x@example.com', 'x', 'es', true, now(), :kind)"""
    for kind in ("PERSON", "MACHINE"):
        with pytest.raises(DBAPIError, match="row-level security"):
            async with gate.database.write(visit.viewer) as session:
                await session.execute(text(statement), {"seller": gate.seller.id, "kind": kind})
