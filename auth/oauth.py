"""
The OAuth 2.1 server for machine clients, on Authlib: tokens by client credentials, revocation, introspection.

Authlib's server is synchronous: it is made anew for each request around the request's session and runs inside
`session.run_sync`. It returns its errors, so that what happened before them is committed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from authlib.oauth2.rfc6749 import AuthorizationServer, OAuth2Request
from authlib.oauth2.rfc6749.errors import InvalidClientError, InvalidGrantError
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant
from authlib.oauth2.rfc6749.models import ClientMixin, TokenMixin
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc6749.util import scope_to_list
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7662 import IntrospectionEndpoint
from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from auth.client_secrets import is_one_of
from auth.session_secrets import hash_of, looks_like_secret, new_secret
from auth.viewers import is_allowed_from
from models.api_clients import SECRETS_MAX, OAuthClient, OAuthClientSecret
from models.base import new_id
from models.users import User, UserSession
from rules.states import SessionKind

TOKEN_LIFE = timedelta(minutes=5)
AUTH_METHODS = ["client_secret_basic", "client_secret_post"]
# One sentence for all of them, so that nobody learns which clients there are.
NOT_AUTHENTICATED = (
    "The client is unknown or disabled, its secret is wrong or over, or it may not call from this address."
)
_NO_CLIENT = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Answer:
    """What Authlib answers: an HTTP status and a JSON object; `client_id` where the client authenticated."""

    status: int
    body: Mapping[str, Any]
    headers: Mapping[str, str]
    client_id: UUID | None


@dataclass(frozen=True, slots=True)
class Client(ClientMixin):  # type: ignore[misc]
    """A client as Authlib asks about it; an unknown one has no id, and no secret fits."""

    id: UUID | None
    user_id: UUID
    scopes: frozenset[str]
    secret_hashes: Sequence[bytes] = field(repr=False)
    is_welcome: bool

    def get_client_id(self) -> str:
        return str(self.id)

    def get_default_redirect_uri(self) -> None:
        return None

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return False

    def check_response_type(self, response_type: str) -> bool:
        return False

    def check_grant_type(self, grant_type: str) -> bool:
        return bool(grant_type == ClientCredentialsGrant.GRANT_TYPE)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method in AUTH_METHODS

    def check_client_secret(self, client_secret: str) -> bool:
        right = is_one_of(client_secret, self.secret_hashes, SECRETS_MAX)
        return right and self.id is not None and self.is_welcome

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """The scopes asked for, all of the client's where none is; None where it asks for one it does not have."""
        asked = frozenset(scope_to_list(scope) or self.scopes)
        return " ".join(sorted(asked)) if asked <= self.scopes else None


@dataclass(frozen=True, slots=True)
class Token(TokenMixin):  # type: ignore[misc]
    """An access token as Authlib asks about it."""

    session_id: UUID
    client_id: UUID
    user_id: UUID
    scopes: Sequence[str]
    issued_at: datetime
    expires_at: datetime
    is_over: bool

    def check_client(self, client: Client) -> bool:
        return self.client_id == client.id

    def get_scope(self) -> str:
        return " ".join(self.scopes)

    def get_expires_in(self) -> int:
        return int((self.expires_at - self.issued_at).total_seconds())

    def is_expired(self) -> bool:
        return self.is_over

    def is_revoked(self) -> bool:
        return False  # a revoked token's row is gone


class Request(OAuth2Request):  # type: ignore[misc]
    """The parameters of a form, each given once."""

    def __init__(self, uri: str, fields: Mapping[str, str], headers: Mapping[str, str]) -> None:
        super().__init__("POST", uri, headers=headers)
        self.payload = BasicOAuth2Payload(dict(fields))

    @property
    def form(self) -> Mapping[str, str]:
        found: Mapping[str, str] = self.payload.data
        return found


class _ClientCredentials(ClientCredentialsGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS = AUTH_METHODS


class _Revocation(RevocationEndpoint):  # type: ignore[misc]
    CLIENT_AUTH_METHODS = AUTH_METHODS

    def authenticate_token(self, request: Request, client: Client) -> Token | None:
        """A stranger's token is answered like one that is unknown, and stays as it is (RFC 7009, 2.2)."""
        try:
            found: Token | None = super().authenticate_token(request, client)
        except InvalidGrantError:
            return None
        return found

    def query_token(self, token_string: str, token_type_hint: str | None) -> Token | None:
        return self.server.find_token(token_string)  # type: ignore[no-any-return]

    def revoke_token(self, token: Token, request: Request) -> None:
        self.server.session.execute(delete(UserSession).where(UserSession.id == token.session_id))


class _Introspection(IntrospectionEndpoint):  # type: ignore[misc]
    CLIENT_AUTH_METHODS = AUTH_METHODS

    def query_token(self, token_string: str, token_type_hint: str | None) -> Token | None:
        return self.server.find_token(token_string)  # type: ignore[no-any-return]

    def check_permission(self, token: Token, client: Client, request: Request) -> bool:
        return token.check_client(client)

    def introspect_token(self, token: Token) -> dict[str, Any]:
        return {
            "active": True,
            "client_id": str(token.client_id),
            "sub": str(token.user_id),
            "scope": token.get_scope(),
            "token_type": "Bearer",
            "iat": int(token.issued_at.timestamp()),
            "exp": int(token.expires_at.timestamp()),
            "iss": self.server.issuer,
        }


class Server(AuthorizationServer):  # type: ignore[misc]
    """
    Authlib's server around one request's session, of the sign-in role.

    Args:
        address: the caller's, for clients that named the addresses they call from.
    """

    def __init__(self, session: Session, issuer: str, now: datetime, address: str) -> None:
        super().__init__()
        self.session = session
        self.issuer = issuer
        self.now = now
        self.address = address
        self.authenticated: Client | None = None
        self.register_grant(_ClientCredentials)
        self.register_endpoint(_Revocation)
        self.register_endpoint(_Introspection)
        self.register_token_generator(
            "default",
            # Without a generator of lives, Authlib's tokens live for ten days.
            BearerTokenGenerator(lambda **_: new_secret(), None, lambda *_: int(TOKEN_LIFE.total_seconds())),
        )

    def query_client(self, client_id: str) -> Client:
        """The client, or one that nobody knows the secret of: the same statement is sent for both."""
        try:
            key = UUID(client_id)
        except ValueError:
            key = _NO_CLIENT
        rows = self.session.execute(
            select(
                OAuthClient.id, OAuthClient.user_id, OAuthClient.scopes, OAuthClient.addresses,
                OAuthClientSecret.secret_hash,
            )
            .join(User, User.id == OAuthClient.user_id)
            .join(OAuthClientSecret, OAuthClientSecret.client_id == OAuthClient.id)
            .where(
                OAuthClient.id == key, OAuthClient.disabled_at.is_(None), User.is_active,
                OAuthClientSecret.expires_at > self.now,
            )
        ).all()  # fmt: skip
        if not rows:
            return Client(None, _NO_CLIENT, frozenset(), (), False)
        first = rows[0]
        welcome = is_allowed_from(first.addresses, self.address)
        hashes = [row.secret_hash for row in rows]
        return Client(first.id, first.user_id, frozenset(first.scopes), hashes, welcome)

    def authenticate_client(self, request: Request, methods: list[str], endpoint: str = "token") -> Client:
        try:
            self.authenticated = super().authenticate_client(request, methods, endpoint)
        except InvalidClientError:
            raise InvalidClientError(NOT_AUTHENTICATED, status_code=401) from None
        return self.authenticated

    def save_token(self, token: Mapping[str, Any], request: Request) -> None:
        client: Client = request.client
        ours = UserSession.client_id == client.id
        self.session.execute(delete(UserSession).where(ours, UserSession.expires_at <= self.now))
        self.session.execute(
            insert(UserSession).values(
                id=new_id(), kind=SessionKind.CLIENT, token_hash=hash_of(token["access_token"]),
                csrf_token=new_secret(), user_id=client.user_id, client_id=client.id,
                scopes=scope_to_list(token["scope"]), created_at=self.now, last_seen_at=self.now,
                expires_at=self.now + timedelta(seconds=token["expires_in"]),
            )
        )  # fmt: skip

    def find_token(self, text: str) -> Token | None:
        if not looks_like_secret(text):
            return None
        columns = (
            UserSession.id, UserSession.client_id, UserSession.user_id, UserSession.scopes, UserSession.created_at,
            UserSession.expires_at,
        )  # fmt: skip
        row = self.session.execute(
            select(*columns).where(
                UserSession.token_hash == hash_of(text), UserSession.kind == SessionKind.CLIENT
            )
        ).one_or_none()
        return None if row is None else Token(*row, is_over=row.expires_at <= self.now)

    def create_oauth2_request(self, request: Request) -> Request:
        return request

    def handle_response(self, status: int, body: Mapping[str, Any], headers: Any) -> Answer:
        known = self.authenticated.id if self.authenticated is not None else None
        return Answer(status, body, dict(headers), known)

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens."""

    def answer(self, endpoint: str, request: Request) -> Answer:
        """The answer of the endpoint `token`, `revocation` or `introspection`."""
        if endpoint == "token":
            found: Answer = self.create_token_response(request)
        else:
            found = self.create_endpoint_response(endpoint, request)
        return found


__all__ = ["AUTH_METHODS", "NOT_AUTHENTICATED", "TOKEN_LIFE", "Answer", "Request", "Server"]
