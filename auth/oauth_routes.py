"""The OAuth endpoints over HTTP: forms in, JSON out, every attempt counted before its secret is looked at."""

import binascii
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl

from authlib.oauth2.rfc6749.errors import OAuth2Error
from authlib.oauth2.rfc6749.util import extract_basic_authorization
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from auth.oauth import AUTH_METHODS, Answer, Request, Server
from auth.scopes import ApiScope
from auth.signing_in import Auth, client_address
from auth.throttling import client_counters_of, count_attempt, drop_old, forgive

BODY_BYTES_MAX = 16 * 1024
FIELDS_MAX = 20
METADATA_PATH = "/.well-known/oauth-authorization-server"
ENDPOINTS = {"token": "/oauth/token", "revocation": "/oauth/revoke", "introspection": "/oauth/introspect"}
_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class _Refused(Exception):
    """The request is no OAuth request; the text says why."""


def oauth_routes(auth: Auth) -> Sequence[BaseRoute]:
    door = _OAuthDoor(auth)
    return [
        Route(METADATA_PATH, door.metadata, methods=["GET"]),
        Route(ENDPOINTS["token"], door.token, methods=["POST"]),
        Route(ENDPOINTS["revocation"], door.revoke, methods=["POST"]),
        Route(ENDPOINTS["introspection"], door.introspect, methods=["POST"]),
    ]


def server_metadata(issuer: str) -> dict[str, object]:
    """RFC 8414, section 2. There is no authorization endpoint yet, so no response type either."""
    return {
        "issuer": issuer,
        **{f"{name}_endpoint": issuer + path for name, path in ENDPOINTS.items()},
        **{f"{name}_endpoint_auth_methods_supported": AUTH_METHODS for name in ENDPOINTS},
        "grant_types_supported": ["client_credentials"],
        "response_types_supported": [],
        "scopes_supported": [scope.value for scope in ApiScope],
        "service_documentation": f"{issuer}/help/api",
    }


class _OAuthDoor:
    def __init__(self, auth: Auth) -> None:
        self.auth = auth
        self.issuer = auth.base_url.rstrip("/")

    async def metadata(self, request: HttpRequest) -> Response:
        return JSONResponse(server_metadata(self.issuer), headers={"Cache-Control": "public, max-age=300"})

    async def token(self, request: HttpRequest) -> Response:
        return await self._answer("token", request)

    async def revoke(self, request: HttpRequest) -> Response:
        return await self._answer("revocation", request)

    async def introspect(self, request: HttpRequest) -> Response:
        return await self._answer("introspection", request)

    async def _answer(self, endpoint: str, request: HttpRequest) -> Response:
        try:
            fields = await _fields(request)
            named = _client_named(request.headers, fields)
            asked = Request(self.issuer + ENDPOINTS[endpoint], fields, request.headers)
        except _Refused as refused:
            return _refusal(400, "invalid_request", str(refused))
        except OAuth2Error as insecure:  # no https, and not this machine either
            return _refusal(400, str(insecure.error), str(insecure.description))
        now, address = self.auth.clock(), client_address(request)
        client, network = client_counters_of(named, address)
        async with self.auth.database.auth() as session:
            wait = await count_attempt(session, (client, network), now)
        if wait is not None:
            response = _refusal(429, "temporarily_unavailable", "Too many attempts. Try again later.")
            response.headers["Retry-After"] = str(wait)
            return response
        async with self.auth.database.auth() as session:
            answer: Answer = await session.run_sync(
                lambda inner: Server(inner, self.issuer, now, address).answer(endpoint, asked)
            )
            if answer.client_id is not None:
                await forgive(session, client, network)
                await drop_old(session, now)
        headers = {name: value for name, value in answer.headers.items() if name != "Content-Type"}
        return JSONResponse(dict(answer.body), answer.status, headers | _NO_STORE)


async def _fields(request: HttpRequest) -> Mapping[str, str]:
    """
    The form's parameters; empty ones count as absent (RFC 6749, 3.2).

    Raises:
        _Refused: no form, one that is too large, or one that names a parameter twice.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise _Refused("Send a form: application/x-www-form-urlencoded.")
    body = await request.body()
    if len(body) > BODY_BYTES_MAX:
        raise _Refused("The form is too large.")
    try:
        pairs = parse_qsl(body.decode("ascii"), max_num_fields=FIELDS_MAX, errors="strict")
    except ValueError:
        raise _Refused("The form cannot be read.") from None
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise _Refused("A parameter is given twice.")
    return fields


def _client_named(headers: Mapping[str, str], fields: Mapping[str, str]) -> str:
    """
    The client that the request says it is, for counting; "" where it names none.

    Raises:
        _Refused: credentials in two places, or a header that cannot be read.
    """
    if "authorization" not in headers:
        return fields.get("client_id", "")
    try:
        named, _ = extract_basic_authorization(headers)
    except (binascii.Error, ValueError):
        raise _Refused("The Authorization header cannot be read.") from None
    if named is None:
        raise _Refused("The Authorization header is not of the scheme Basic.")
    if "client_secret" in fields or fields.get("client_id", named) != named:
        raise _Refused("Send the client's credentials in one place only.")
    return str(named)


def _refusal(status: int, error: str, description: str) -> JSONResponse:
    return JSONResponse({"error": error, "error_description": description}, status, _NO_STORE)
