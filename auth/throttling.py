"""Sign-in attempts are counted by account and by address, each before its password is looked at."""

import hashlib
import ipaddress
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import case, delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from models.users import LoginThrottle

WINDOW = timedelta(minutes=15)
ACCOUNT_FAILURES_MAX = 5
ADDRESS_FAILURES_MAX = 50
# Nobody guesses a client's secret; these keep a program that repeats a wrong one from keeping us busy. They are
# apart from people's counters, so that a broken program does not lock its office out.
CLIENT_FAILURES_MAX = 30
CLIENT_ADDRESS_FAILURES_MAX = 150


@dataclass(frozen=True, slots=True)
class Counter:
    """What is counted: a hash, so that the table holds nothing personal, and how much is allowed in a window."""

    key: bytes
    most: int


def email_key(email: str) -> str:
    """An email address as accounts are told apart: spelling of letters and case do not matter."""
    return unicodedata.normalize("NFC", email.strip()).casefold()


def counters_of(email: str, address: str) -> tuple[Counter, Counter]:
    """The account's counter, kept for unknown accounts too, and the address's."""
    return (
        Counter(_hash("account", email_key(email)), ACCOUNT_FAILURES_MAX),
        Counter(_hash("address", _network(address)), ADDRESS_FAILURES_MAX),
    )


def client_counters_of(client_id: str, address: str) -> tuple[Counter, Counter]:
    """
    The counters of an OAuth client, known or not, and of the address it calls from.

    A client is counted by address: its id is no secret, and whoever knows it must not be able to shut it out.
    """
    network = _network(address)
    return (
        Counter(_hash("client", f"{client_id}@{network}"), CLIENT_FAILURES_MAX),
        Counter(_hash("client-address", network), CLIENT_ADDRESS_FAILURES_MAX),
    )


def _hash(kind: str, text: str) -> bytes:
    return hashlib.sha256(f"{kind}:{text}".encode("utf-8", "surrogatepass")).digest()


def _network(address: str) -> str:
    """One household of IPv6 has 2^64 addresses: they count as one."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is None:
            return str(ipaddress.ip_network((found, 64), strict=False))
        return str(found.ipv4_mapped)
    return str(found)


async def count_attempt(session: AsyncSession, counters: Sequence[Counter], now: datetime) -> int | None:
    """
    Counts one attempt against each counter as if it had failed already.

    Counting first, in one atomic statement, leaves no moment in which parallel attempts are free.

    Returns:
        None where the attempt may go on; else the seconds after which a next one may.
    """
    # In the order of the keys, so that two attempts never wait for each other.
    rows = [
        {"key": each.key, "failures": 1, "window_started_at": now}
        for each in sorted(counters, key=lambda c: c.key)
    ]
    statement = insert(LoginThrottle).values(rows)
    over = LoginThrottle.window_started_at <= now - WINDOW
    counted = await session.execute(
        statement.on_conflict_do_update(
            index_elements=[LoginThrottle.key],
            set_={
                "failures": case((over, 1), else_=LoginThrottle.failures + 1),
                "window_started_at": case((over, now), else_=LoginThrottle.window_started_at),
            },
        ).returning(LoginThrottle.key, LoginThrottle.failures, LoginThrottle.window_started_at)
    )
    most = {each.key: each.most for each in counters}
    waits = [
        (started + WINDOW - now).total_seconds()
        for key, failures, started in counted
        if failures > most[bytes(key)]
    ]
    return max(1, ceil(max(waits))) if waits else None


async def forgive(session: AsyncSession, account: Counter, address: Counter) -> None:
    """
    The attempt succeeded: the account begins anew, the address gets its one attempt back, no more.

    An attacker with an account of their own could otherwise clear their address whenever they like.
    """
    fewer = (
        update(LoginThrottle)
        .where(LoginThrottle.key == address.key, LoginThrottle.failures > 0)
        .values(failures=LoginThrottle.failures - 1)
    )
    cleared = delete(LoginThrottle).where(LoginThrottle.key == account.key)
    # Locked in the order in which attempts are counted.
    for statement in (fewer, cleared) if address.key < account.key else (cleared, fewer):
        await session.execute(statement)


async def drop_old(session: AsyncSession, now: datetime) -> None:
    """Forgets the counters whose window is over, except those that an attempt is counting on right now."""
    old = select(LoginThrottle.key).where(LoginThrottle.window_started_at <= now - WINDOW)
    await session.execute(
        delete(LoginThrottle).where(LoginThrottle.key.in_(old.with_for_update(skip_locked=True).limit(1000)))
    )
