"""Tokens by client credentials: who gets one, what they are told who do not, and when a token ends."""

import asyncio
import hmac
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from sqlalchemy import event, select

from app.database import Database
from app.settings import Settings
from auth.client_secrets import hash_of_secret, hint_of, new_client_secret
from auth.oauth import NOT_AUTHENTICATED
from auth.scopes import ApiScope
from auth.throttling import CLIENT_ADDRESS_FAILURES_MAX, CLIENT_FAILURES_MAX
from models.api_clients import OAuthClientSecret
from models.users import User, UserSession
from rules.states import SessionKind
from tests.auth.conftest import SHOP
from tests.auth.oauth_world import Credentials, Gate, open_gate
from tests.factories import MOMENT, make_session, make_user

S = ApiScope
WHO = "{ viewer { isStaff roles permissions } }"
WRONG = {"error": "invalid_client", "error_description": NOT_AUTHENTICATED}


def strange(client: Credentials) -> Credentials:
    return replace(client, secret=new_client_secret())


# A token


async def test_client_gets_a_token_of_five_minutes(gate: Gate) -> None:
    client = await gate.new_client(gate.seller, S.CATALOG_READ, S.ORDERS_READ)

    answer = await gate.ask_token(client)

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["pragma"] == "no-cache"
    told = answer.json()
    token = told.pop("access_token")
    assert told == {"token_type": "Bearer", "expires_in": 300, "scope": "catalog:read orders:read"}
    assert len(token) == 43
    viewer = (await gate.data(token, WHO))["viewer"]
    assert viewer == {
        "isStaff": True, "roles": ["INTEGRATOR"], "permissions": ["CATALOG_READ", "DELIVERIES_READ", "ORDERS_READ", "SIGNED_IN"],
    }  # fmt: skip


async def test_credentials_may_stand_in_the_form(gate: Gate) -> None:
    client = await gate.new_client(gate.parent)

    answer = await gate.http.post("/oauth/token", data={"grant_type": "client_credentials", **client.form})

    assert answer.status_code == 200
    viewer = (await gate.data(answer.json()["access_token"], WHO))["viewer"]
    assert viewer["roles"] == ["CUSTOMER_INTEGRATOR"]


async def test_only_the_hash_of_secret_and_token_is_stored(gate: Gate) -> None:
    client = await gate.new_client(gate.seller)
    token = await gate.token(client)

    async with gate.database.owner() as connection:
        rows = [
            str(row)
            for table in (UserSession.__table__, OAuthClientSecret.__table__)
            for row in await connection.execute(select(table))
        ]

    assert len(rows) == 2
    assert not any(token in row or client.secret in row for row in rows)


async def test_token_asks_for_fewer_scopes(gate: Gate) -> None:
    client = await gate.new_client(gate.seller, S.CATALOG_READ, S.ORDERS_READ, S.COSTS_READ)

    answer = await gate.ask_token(client, scope="catalog:read")

    assert answer.json()["scope"] == "catalog:read"
    viewer = (await gate.data(answer.json()["access_token"], WHO))["viewer"]
    assert viewer["permissions"] == ["CATALOG_READ", "SIGNED_IN"]


@pytest.mark.parametrize(
    "scope", ["orders:read", "catalog:read orders:read", "everything", "catalog:read admin"]
)
async def test_token_never_asks_for_more(gate: Gate, scope: str) -> None:
    client = await gate.new_client(gate.seller, S.CATALOG_READ)

    answer = await gate.ask_token(client, scope=scope)

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")
    assert await gate.tokens() == 0


# Nobody


async def test_wrong_unknown_expired_and_disabled_are_told_the_same(gate: Gate) -> None:
    client = await gate.new_client(gate.seller)
    over = await gate.new_client(gate.seller, secret_days=1)
    disabled = await gate.new_client(gate.seller, disabled_at=MOMENT)
    fenced = await gate.new_client(gate.seller, addresses=["198.51.100.0/24"])
    sleeping = await gate.new_client(gate.seller)
    async with gate.database.job() as session:
        (await session.get_one(User, sleeping.row.user_id)).is_active = False
    unknown = replace(client, id="0198c5f0-0000-7000-8000-000000000000")
    nonsense = replace(client, id="nobody")

    seen = set()
    for each in (
        strange(client),
        over,
        disabled,
        fenced,
        sleeping,
        unknown,
        nonsense,
        replace(client, id="\u00f1\x00"),
    ):
        answer = await gate.ask_token(each)
        assert answer.headers["www-authenticate"].startswith("Basic")
        seen.add((answer.status_code, answer.text))
        form = await gate.http.post("/oauth/token", data={"grant_type": "client_credentials", **each.form})
        seen.add((form.status_code, form.text))

    assert len(seen) == 1
    assert seen.pop()[0] == 401
    assert answer.json() == WRONG
    assert await gate.tokens() == 0


async def test_unknown_client_costs_the_same_work(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same statements and the same comparisons, so that no clock can tell which clients there are."""
    client = await gate.new_client(gate.seller)
    work: list[str] = []
    event.listen(
        gate.database.engine.sync_engine, "before_cursor_execute", lambda *given: work.append(str(given[2]))
    )
    compare = hmac.compare_digest

    def compare_digest(given: bytes, known: bytes) -> bool:
        work.append("compare")
        return compare(given, known)

    monkeypatch.setattr(hmac, "compare_digest", compare_digest)

    async def work_of(each: Credentials) -> list[str]:
        work.clear()
        assert (await gate.ask_token(each)).status_code == 401
        return list(work)

    wrong = await work_of(strange(client))
    unknown = await work_of(replace(client, id="0198c5f0-0000-7000-8000-000000000000"))

    assert wrong == unknown
    assert wrong.count("compare") == 2


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"scope": "catalog:read"}, "unsupported_grant_type"),
        ({"grant_type": "password", "username": "a", "password": "b"}, "unsupported_grant_type"),
        ({"grant_type": "authorization_code", "code": "x"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials", "client_secret": "twice"}, "invalid_request"),
        ({"grant_type": "client_credentials", "client_id": "another"}, "invalid_request"),
        ({"grant_type": ["client_credentials", "client_credentials"]}, "invalid_request"),
    ],
)
async def test_other_requests_are_refused_in_oauths_words(
    gate: Gate, fields: dict[str, Any], error: str
) -> None:
    client = await gate.new_client(gate.seller)

    answer = await gate.http.post("/oauth/token", data=fields, headers=client.basic)

    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert answer.headers["cache-control"] == "no-store"
    assert await gate.tokens() == 0


@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/revoke", "/oauth/introspect"])
async def test_what_is_no_form_is_refused(gate: Gate, path: str) -> None:
    client = await gate.new_client(gate.seller)
    body = {"grant_type": "client_credentials", "token": "x"}
    form = {"Content-Type": "application/x-www-form-urlencoded"}

    as_json = await gate.http.post(path, json=body, headers=client.basic)
    large = await gate.http.post(path, data=body | {"scope": "x" * 17_000}, headers=client.basic)
    bytes_ = await gate.http.post(path, content=b"grant_type=\xff\xfe", headers=client.basic | form)
    many = await gate.http.post(path, content=b"a=1&" * 500, headers=client.basic | form)
    for answer in (as_json, large, bytes_, many):
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    for header in ("Basic !!!", "Basic \xff", "Basic /////w==", "Bearer abc", "Digest x", "Basic", ""):
        answer = await gate.http.post(path, data=body, headers={b"Authorization": header.encode("latin-1")})
        assert answer.status_code in (400, 401), header
        assert answer.json()["error"] in ("invalid_request", "invalid_client")
    assert (await gate.http.post(path, data=body)).json() == WRONG  # no credentials at all
    assert (await gate.http.get(path)).status_code in (404, 405)


# Guessing


async def test_a_client_is_throttled_by_address(gate: Gate) -> None:
    client = await gate.new_client(gate.seller)
    for _ in range(CLIENT_FAILURES_MAX):
        assert (await gate.ask_token(strange(client))).status_code == 401

    answer = await gate.ask_token(client)  # with the right secret

    assert (answer.status_code, answer.json()["error"]) == (429, "temporarily_unavailable")
    assert answer.headers["retry-after"] == "900"
    # Who knows a client's id cannot shut it out: elsewhere it still gets its token.
    assert (await gate.ask_token(client, await gate.at("198.51.100.7"))).status_code == 200
    gate.clock.pass_by(minutes=15)
    assert (await gate.ask_token(client)).status_code == 200


async def test_an_address_is_throttled_whatever_client_it_names(gate: Gate) -> None:
    client = await gate.new_client(gate.seller)
    for number in range(CLIENT_ADDRESS_FAILURES_MAX):
        answer = await gate.ask_token(replace(client, id=f"guess-{number}"))
        assert answer.status_code == 401

    assert (await gate.ask_token(client)).status_code == 429
    signed_in = await gate.http.post("/auth/token", json={"email": "a@example.com", "password": "x" * 12})
    assert signed_in.status_code == 401  # people of that address are not locked out


async def test_success_clears_the_count(gate: Gate) -> None:
    client = await gate.new_client(gate.seller)
    for _ in range(3):
        for _ in range(CLIENT_FAILURES_MAX - 1):
            assert (await gate.ask_token(strange(client))).status_code == 401
        assert (await gate.ask_token(client)).status_code == 200


async def test_parallel_fetches_each_get_their_own(gate: Gate) -> None:
    client = await gate.new_client(gate.seller)

    answers = await asyncio.gather(*(gate.ask_token(client) for _ in range(12)))

    assert [each.status_code for each in answers] == [200] * 12
    assert len({each.json()["access_token"] for each in answers}) == 12


# Two secrets


async def test_two_secrets_are_valid_at_once_each_for_its_time(gate: Gate) -> None:
    client = await gate.new_client(gate.seller, secret_days=30)
    second = new_client_secret()
    async with gate.database.job() as session:
        session.add(OAuthClientSecret(
            client_id=client.row.id, slot=2, secret_hash=hash_of_secret(second), hint=hint_of(second),
            created_at=MOMENT, expires_at=MOMENT + timedelta(days=60),
        ))  # fmt: skip
    newer = replace(client, secret=second)

    assert [(await gate.ask_token(each)).status_code for each in (client, newer)] == [200, 200]
    gate.clock.now = MOMENT + timedelta(days=30)
    assert [(await gate.ask_token(each)).status_code for each in (client, newer)] == [401, 200]
    gate.clock.now = MOMENT + timedelta(days=60)
    assert [(await gate.ask_token(each)).status_code for each in (client, newer)] == [401, 401]


# A token's end


async def test_token_is_over_after_five_minutes(gate: Gate) -> None:
    token = await gate.token(await gate.new_client(gate.seller))

    gate.clock.pass_by(seconds=299)
    assert (await gate.ask(token, WHO)).status_code == 200
    gate.clock.pass_by(seconds=1)
    answer = await gate.ask(token, WHO)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'


async def test_expired_tokens_are_dropped_with_the_next(gate: Gate) -> None:
    client = await gate.new_client(gate.seller)
    for _ in range(3):
        await gate.token(client)
        gate.clock.pass_by(minutes=5)
    await gate.token(client)

    assert await gate.tokens() == 1


@pytest.mark.parametrize(
    "forged", ["", "x", "x" * 43, "A" * 44, "a.b.c", "\u00f1" * 43, "eyJhbGciOiJub25lIn0.e30."]
)
async def test_forged_token_opens_nothing(gate: Gate, forged: str) -> None:
    await gate.token(await gate.new_client(gate.seller))

    answer = await gate.http.post(
        "/graphql",
        json={"query": WHO},
        headers={b"Authorization": f"Bearer {forged}".encode()},
    )

    assert answer.status_code == 401


async def test_a_clients_token_is_no_cookie_and_a_session_is_no_token(gate: Gate) -> None:
    client = await gate.new_client(gate.seller)
    token = await gate.token(client)
    async with gate.database.job() as session:
        user = await make_user(session, gate.seller, gate.parent)
    async with gate.database.auth() as session:
        cookie = await make_session(session, user, now=gate.clock())
        bearer = await make_session(session, user, kind=SessionKind.BEARER, now=gate.clock())

    gate.http.cookies.set("ventas", token, domain="localhost.local", path="/")
    assert (await gate.http.post("/graphql", json={"query": WHO})).status_code == 401
    gate.http.cookies.clear()
    for theirs in (cookie, bearer):
        told = await gate.http.post("/oauth/introspect", data={"token": theirs}, headers=client.basic)
        assert told.json() == {"active": False}
        await gate.http.post("/oauth/revoke", data={"token": theirs}, headers=client.basic)
    assert (await gate.ask(bearer, WHO)).status_code == 200


async def test_disabling_and_narrowing_count_at_the_next_request(gate: Gate) -> None:
    client = await gate.new_client(gate.seller, S.CATALOG_READ, S.ORDERS_READ)
    token = await gate.token(client)

    await gate.change(client, scopes=[S.ORDERS_READ.value, S.COSTS_READ.value])
    viewer = (await gate.data(token, WHO))["viewer"]
    assert viewer["permissions"] == [
        "DELIVERIES_READ",
        "ORDERS_READ",
        "SIGNED_IN",
    ]  # less at once; more only with a new token
    await gate.change(client, disabled_at=gate.clock())
    assert (await gate.ask(token, WHO)).status_code == 401


async def test_addresses_hold_for_token_and_use(gate: Gate) -> None:
    client = await gate.new_client(gate.seller, addresses=["198.51.100.0/24", "2001:db8::/32"])
    inside, outside = await gate.at("198.51.100.7"), await gate.at("203.0.113.9")

    assert (await gate.ask_token(client, outside)).json() == WRONG
    token = (await gate.ask_token(client, inside)).json()["access_token"]
    for address, status in (("198.51.100.9", 200), ("2001:db8::1", 200), ("::ffff:198.51.100.9", 200),
                            ("203.0.113.9", 401), ("2001:db9::1", 401), ("nowhere", 401)):  # fmt: skip
        assert (await gate.ask(token, WHO, await gate.at(address))).status_code == status, address


# Revocation and introspection


async def test_revoked_token_is_dead_at_the_next_request(gate: Gate) -> None:
    client = await gate.new_client(gate.seller)
    token, other = await gate.token(client), await gate.token(client)

    answer = await gate.http.post("/oauth/revoke", data={"token": token}, headers=client.basic)

    assert (answer.status_code, answer.json()) == (200, {})
    assert answer.headers["cache-control"] == "no-store"
    assert (await gate.ask(token, WHO)).status_code == 401
    assert (await gate.ask(other, WHO)).status_code == 200
    again = await gate.http.post("/oauth/revoke", data={"token": token}, headers=client.basic)
    assert again.status_code == 200  # unknown by now, and that is what was wanted (RFC 7009, 2.2)


async def test_a_stranger_revokes_and_learns_nothing(gate: Gate) -> None:
    client, stranger = await gate.new_client(gate.parent), await gate.new_client(gate.stranger)
    token = await gate.token(client)

    revoked = await gate.http.post("/oauth/revoke", data={"token": token}, headers=stranger.basic)
    unknown = await gate.http.post("/oauth/revoke", data={"token": "x" * 43}, headers=stranger.basic)
    told = await gate.http.post("/oauth/introspect", data={"token": token}, headers=stranger.basic)
    nobody = await gate.http.post("/oauth/introspect", data={"token": token})

    assert (revoked.status_code, revoked.text) == (unknown.status_code, unknown.text)
    assert told.json() == {"active": False}
    assert (nobody.status_code, nobody.json()) == (401, WRONG)
    assert (await gate.ask(token, WHO)).status_code == 200


async def test_introspection_tells_the_client_of_its_token(gate: Gate) -> None:
    client = await gate.new_client(gate.parent, S.CATALOG_READ, S.PRICES_READ)
    token = await gate.token(client)
    issued = int(gate.clock().timestamp())

    told = (await gate.http.post("/oauth/introspect", data={"token": token}, headers=client.basic)).json()

    assert told == {
        "active": True, "client_id": client.id, "sub": str(client.row.user_id), "scope": "catalog:read prices:read",
        "token_type": "Bearer", "iat": issued, "exp": issued + 300, "iss": gate.base_url,
    }  # fmt: skip
    gate.clock.pass_by(minutes=5)
    over = (await gate.http.post("/oauth/introspect", data={"token": token}, headers=client.basic)).json()
    assert over == {"active": False}
    missing = await gate.http.post("/oauth/introspect", headers=client.basic, data={"x": "y"})
    assert (missing.status_code, missing.json()["error"]) == (400, "invalid_request")


# Around it


async def test_metadata_is_what_rfc_8414_wants(gate: Gate) -> None:
    told = (await gate.http.get("/.well-known/oauth-authorization-server")).json()

    assert told["token_endpoint"] == f"{gate.base_url}/oauth/token"
    assert told["scopes_supported"] == [scope.value for scope in ApiScope]
    for name in ("token", "revocation", "introspection"):
        path = told[f"{name}_endpoint"].removeprefix(gate.base_url)
        assert (await gate.http.post(path, data={"token": "x"})).status_code in (400, 401), path
    secure = {
        name: value.replace(gate.base_url, "https://ventas.example.com") if isinstance(value, str) else value
        for name, value in told.items()
    }
    assert secure["response_types_supported"] == []  # required, and there is no authorization endpoint yet
    AuthorizationServerMetadata(secure | {"response_types_supported": ["none"]}).validate()


async def test_plain_http_over_the_network_is_refused(database: Database, settings: Settings) -> None:
    gate = await open_gate(database, replace(settings, base_url="http://ventas.example.com"))
    client = await gate.new_client(gate.seller)

    answer = await gate.ask_token(client)

    assert (answer.status_code, answer.json()["error"]) == (400, "insecure_transport")
    await gate.close()


async def test_foreign_pages_use_tokens_but_get_none(gate: Gate) -> None:
    client = await gate.new_client(gate.seller)
    token = await gate.token(client)
    headers = {"Authorization": f"Bearer {token}", "Origin": SHOP}

    used = await gate.http.post("/graphql", json={"query": WHO}, headers=headers)
    got = await gate.http.post("/oauth/token", data={"grant_type": "client_credentials"},
                               headers=client.basic | {"Origin": SHOP})  # fmt: skip

    assert (used.status_code, used.headers["access-control-allow-origin"]) == (200, SHOP)
    # A secret has no business in a browser.
    assert got.status_code == 403
