"""Signing in and out, and whose request it is: the same rules for the form's cookie and the API's bearer token."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from auth.csrf import Cookies
from auth.links import Link, find_link, follow_link, request_password
from auth.passwords import Passwords, is_outdated
from auth.session_secrets import looks_like_secret
from auth.sessions import (
    NewSession,
    begin_on_behalf,
    choose_customer,
    choose_locale,
    create_session,
    delete_session,
    note_acting,
)
from auth.throttling import Counter, count_attempt, counters_of, drop_old, forgive
from auth.tickets import NewTicket, issue_ticket
from auth.viewers import AuthDatabase, Visit, find_visit, load_visit
from models.users import User, UserCredential
from rules.states import LinkKind, SessionKind

LOCALES = ("es", "en")
# Calendar programs carry neither cookie nor header: the secret is part of the address.
CALENDAR_ADDRESS = re.compile(r"/calendar/([^/]*)\.ics")
REASON_MAX = 500


class AuthSettings(Protocol):
    """What signing in needs to know of the settings."""

    @property
    def base_url(self) -> str: ...
    @property
    def cookie_secure(self) -> bool: ...
    @property
    def session_days(self) -> int: ...


class AuthCode(StrEnum):
    """Stable codes of what is answered at the door."""

    INVALID = "INVALID"
    INVALID_CREDENTIALS = "INVALID_CREDENTIALS"
    NOT_PERMITTED = "NOT_PERMITTED"
    NOT_SIGNED_IN = "NOT_SIGNED_IN"
    REASON_REQUIRED = "REASON_REQUIRED"
    SELECT_CUSTOMER = "SELECT_CUSTOMER"
    THROTTLED = "THROTTLED"
    UNAVAILABLE = "UNAVAILABLE"
    UNKNOWN_CUSTOMER = "UNKNOWN_CUSTOMER"


class SignInRefused(Exception):
    """Nobody is signed in. `retry_after` are the seconds to wait, where waiting helps."""

    def __init__(self, code: AuthCode, retry_after: int | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Attempt:
    """
    One attempt to sign in.

    Args:
        address: the client's, for the throttle.
        customer_number: the customer to act for, where the user belongs to several.
        locale: chosen before signing in; None leaves the user's.
        old_token: of the session that this browser had, which ends.
    """

    email: str
    password: str
    address: str
    kind: SessionKind
    customer_number: str | None = None
    locale: str | None = None
    old_token: str | None = None


@dataclass(frozen=True, slots=True)
class OnBehalfAsked:
    """The customer's number, the email address of a person there ("" for none), and why."""

    customer_number: str
    email: str
    reason: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    session: NewSession
    visit: Visit


@dataclass(frozen=True, slots=True)
class _Credential:
    user_id: UUID
    password_hash: str


def utc_now() -> datetime:
    return datetime.now(UTC)


class Auth:
    """The door, wired: database, settings, clock."""

    def __init__(
        self, database: AuthDatabase, settings: AuthSettings, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self.database = database
        self.base_url = settings.base_url
        self.cookies = Cookies(settings.cookie_secure)
        self.life = timedelta(days=settings.session_days)
        self.clock = clock
        self.passwords = Passwords()

    async def sign_in(self, attempt: Attempt) -> SignedIn:
        """
        Makes a session for whoever knows the password.

        Unknown, disabled and roleless accounts get the answer of a wrong password, after the same work. No
        connection is held while a password is verified.

        Raises:
            SignInRefused: INVALID_CREDENTIALS, THROTTLED or UNKNOWN_CUSTOMER.
        """
        now = self.clock()
        account, address = counters_of(attempt.email, attempt.address)
        async with self.database.auth() as session:
            wait = await count_attempt(session, (account, address), now)
            credential = await _find_credential(session, attempt.email)
        if wait is not None:
            raise SignInRefused(AuthCode.THROTTLED, wait)
        stored = credential.password_hash if credential else None
        right = await self.passwords.verify(stored, attempt.password)
        if not right or credential is None:
            raise SignInRefused(AuthCode.INVALID_CREDENTIALS)
        fresh_hash = None
        if is_outdated(credential.password_hash):
            fresh_hash = await self.passwords.hash_again(attempt.password)
        async with self.database.auth() as session:
            await _hold(session, credential, fresh_hash)
            signed_in = await self._open(session, attempt, credential.user_id, now)
            await self._settle(session, account, address, now)
        return signed_in

    async def _open(self, session: AsyncSession, attempt: Attempt, user_id: UUID, now: datetime) -> SignedIn:
        """A session under a new id, for the customer that was named or is the only one."""
        if attempt.old_token is not None:
            await delete_session(session, attempt.old_token)
        made = await create_session(session, user_id, attempt.kind, now, self.life, locale=attempt.locale)
        visit = await load_visit(session, made.token, attempt.kind, now)
        wanted = visit.customer if visit else None
        if visit is not None and attempt.customer_number is not None:
            wanted = next((each for each in visit.customers if each.number == attempt.customer_number), None)
            if wanted is None:
                raise SignInRefused(AuthCode.UNKNOWN_CUSTOMER)
        if wanted is not None:
            await choose_customer(session, made.id, wanted.id)
            visit = await load_visit(session, made.token, attempt.kind, now)
        if visit is None:
            raise SignInRefused(AuthCode.INVALID_CREDENTIALS)  # no role anywhere
        return SignedIn(made, visit)

    @staticmethod
    async def _settle(session: AsyncSession, account: Counter, address: Counter, now: datetime) -> None:
        await forgive(session, account, address)
        await drop_old(session, now)

    async def sign_out(self, token: str, visit: Visit | None) -> None:
        """The session ends, and with it whatever its person did in a customer's place."""
        async with self.database.auth() as session:
            await self._note_end(session, visit)
            await delete_session(session, token)

    async def _note_end(self, session: AsyncSession, visit: Visit | None) -> None:
        if visit is not None and visit.viewer is not None and visit.viewer.on_behalf is not None:
            await note_acting(session, visit.viewer, visit.session_id, "onBehalf.ended", self.clock())

    async def issue_ticket(self, visit: Visit) -> NewTicket:
        """What opens one stream of events within a minute, as this visit."""
        async with self.database.auth() as session:
            return await issue_ticket(session, visit.session_id, self.clock())

    async def choose_customer(self, visit: Visit, customer_id: UUID | None) -> bool:
        """Acts for another of the user's customers from now on, or for the seller (None); False where they may not."""
        async with self.database.auth() as session:
            chosen = await choose_customer(session, visit.session_id, customer_id)
            if chosen:
                await self._note_end(session, visit)
            return chosen

    async def begin_on_behalf(
        self, visit: Visit, token: str, kind: SessionKind, asked: OnBehalfAsked
    ) -> None:
        """
        The session of one of the seller's people acts in a customer's place from now on.

        Raises:
            SignInRefused: NOT_PERMITTED to whoever may not (or does so already), REASON_REQUIRED, and
                UNKNOWN_CUSTOMER for a customer or person that is none or out of their reach. Nothing changed then.
        """
        if not visit.may_act_on_behalf or visit.viewer is None or visit.viewer.client_id is not None:
            raise SignInRefused(AuthCode.NOT_PERMITTED)
        reason = asked.reason.strip()
        if not reason or len(reason) > REASON_MAX or "\x00" in reason or not _is_text(reason):
            raise SignInRefused(AuthCode.REASON_REQUIRED)
        words = asked.customer_number + asked.email
        if "\x00" in words or len(words) > 400 or not _is_text(words):
            raise SignInRefused(AuthCode.UNKNOWN_CUSTOMER)
        async with self.database.auth() as session:
            begun = await begin_on_behalf(
                session,
                visit.session_id,
                visit.viewer.seller_id,
                asked.customer_number,
                asked.email.strip(),
                reason,
            )
            now = await load_visit(session, token, kind, self.clock()) if begun else None
            if now is None or now.viewer is None or now.viewer.on_behalf is None:
                raise SignInRefused(AuthCode.UNKNOWN_CUSTOMER)  # and what was written is rolled back
            await note_acting(session, now.viewer, visit.session_id, "onBehalf.begun", self.clock())

    async def choose_locale(self, visit: Visit, locale: str) -> None:
        async with self.database.auth() as session:
            await choose_locale(session, visit.session_id, locale)

    async def link_of(self, kind: LinkKind, token: str) -> Link | None:
        """What the link of a mail is for; None where it opens nothing."""
        if not looks_like_secret(token):
            return None
        async with self.database.job() as session:
            return await find_link(session, token, kind, self.clock())

    async def follow(self, kind: LinkKind, token: str, password: str, address: str) -> bool:
        """
        Follows the link of a mail, with the new password where it needs one; False where it opens nothing.

        Raises:
            SignInRefused(THROTTLED): too many attempts from there.
            Refusal(INVALID): no password that may be.
        """
        now = self.clock()
        await self._count(token, address, now)
        link = await self.link_of(kind, token)
        if link is None:
            return False
        password_hash = await self.passwords.hash(password) if link.needs_password else None
        async with self.database.job() as session:
            return await follow_link(session, token, kind, now, password_hash)

    async def request_password(self, email: str, address: str) -> None:
        """Has a mail sent to whoever has this address; the answer is the same whether anybody has."""
        now = self.clock()
        wanted = unicodedata.normalize("NFC", email.strip())
        if "\x00" in wanted or not 0 < len(wanted) <= 200 or not _is_text(wanted):
            return
        try:
            await self._count(f"password:{wanted}", address, now)
        except SignInRefused:
            return
        async with self.database.job() as session:
            await request_password(session, wanted, now)

    async def _count(self, account: str, address: str, now: datetime) -> None:
        async with self.database.auth() as session:
            wait = await count_attempt(session, counters_of(account, address), now)
        if wait is not None:
            raise SignInRefused(AuthCode.THROTTLED, wait)

    async def visit_of(self, request: Request) -> Visit | None:
        """
        The visit of the bearer token where there is an Authorization header, else of the cookie.

        At the address of a calendar it is the one of the secret in it, whatever else comes along.
        """
        address = CALENDAR_ADDRESS.fullmatch(request.url.path)
        if address is not None:
            return await find_visit(
                self.database, address[1], SessionKind.CALENDAR, self.clock(), client_address(request)
            )
        bearer = bearer_token(request)
        token, kind = request.cookies.get(self.cookies.session), SessionKind.COOKIE
        if bearer is not None:
            token, kind = bearer, SessionKind.BEARER
        if not token:
            return None
        return await find_visit(self.database, token, kind, self.clock(), client_address(request))


def bearer_token(request: Request) -> str | None:
    """The token of the Authorization header; "" for a header that holds none; None without a header."""
    header = request.headers.get("authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def client_address(request: Request) -> str:
    """The client's address as the server saw it; forwarded ones count only from the proxies of the settings."""
    return request.client.host if request.client else "unknown"


async def _find_credential(session: AsyncSession, email: str) -> _Credential | None:
    """The active account of an email address; the statement is the same, and is sent, for any text."""
    wanted = unicodedata.normalize("NFC", email.strip())
    if "\x00" in wanted or len(wanted) > 200 or not _is_text(wanted):
        wanted = ""
    row = (
        await session.execute(
            select(User.id, UserCredential.password_hash)
            .join(UserCredential, UserCredential.user_id == User.id)
            .where(func.lower(User.email) == func.lower(wanted), User.is_active)
        )
    ).one_or_none()
    return None if row is None else _Credential(*row)


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


async def _hold(session: AsyncSession, credential: _Credential, fresh_hash: str | None) -> None:
    """Locks the credential for the sign-in: a password changed while this one was verified counts."""
    row = select(UserCredential.password_hash).where(UserCredential.user_id == credential.user_id)
    if await session.scalar(row.with_for_update()) != credential.password_hash:
        raise SignInRefused(AuthCode.INVALID_CREDENTIALS)
    if fresh_hash is not None:
        await session.execute(
            update(UserCredential)
            .where(UserCredential.user_id == credential.user_id)
            .values(password_hash=fresh_hash)
        )
