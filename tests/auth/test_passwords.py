"""Hashes: their parameters, how they are renewed, and how many are computed at once."""

import asyncio
import threading
from typing import Literal

import pytest
from argon2 import PasswordHasher, extract_parameters
from sqlalchemy import select, update

from auth import passwords
from auth.passwords import Passwords, hash_password, is_outdated, verify_password
from auth.people import set_password
from models.users import UserCredential
from rules.refusals import ErrorCode, Refusal
from tests.auth.conftest import Door, get_token
from tests.factories import MOMENT, PASSWORD, make_customer, make_seller, make_user

WEAKER = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1)


def test_parameters_are_those_we_promise() -> None:
    made = extract_parameters(hash_password(PASSWORD))

    assert (made.type.name, made.memory_cost, made.time_cost, made.parallelism) == ("ID", 19 * 1024, 2, 1)


@pytest.mark.parametrize(
    ("case", "password", "accepted"),
    [
        ("one too short", "a" * 11, False),
        ("just long enough", "a" * 12, True),
        ("as long as may be", "a" * 256, True),
        ("one too long", "a" * 257, False),
        ("empty", "", False),
        ("letters of every kind", "contraseña ñandú 密碼", True),
        ("half a character", "a" * 11 + "\ud800", True),
    ],
)
def test_length_is_checked_when_a_password_is_set(case: str, password: str, accepted: bool) -> None:
    if accepted:
        assert verify_password(hash_password(password), password)
        return
    with pytest.raises(Refusal) as refused:
        hash_password(password)
    assert (refused.value.code, refused.value.path) == (ErrorCode.INVALID, ("password",))


@pytest.mark.parametrize(
    ("case", "stored", "given", "right"),
    [
        ("the same", "contraseña larga", "contraseña larga", True),
        ("accent composed differently", "contraseña larga", "contrasen\u0303a larga", True),
        ("another case", "contraseña larga", "Contraseña larga", False),
        ("longer", "contraseña larga", "contraseña larga ", False),
        ("equal up to the limit", "a" * 256, "a" * 257, False),
    ],
)
def test_what_counts_as_the_same_password(case: str, stored: str, given: str, right: bool) -> None:
    assert verify_password(hash_password(stored), given) is right


def test_no_password_is_right_for_an_account_without_one() -> None:
    assert not verify_password(None, PASSWORD)
    assert not verify_password(None, "nobody has this password")
    assert not verify_password("no hash", PASSWORD)


async def test_hash_of_older_parameters_is_renewed_by_signing_in(door: Door) -> None:
    async with door.database.job() as session:
        seller = await make_seller(session)
        user = await make_user(session, seller, await make_customer(session, seller))
        # Shorter than what is taken today.
        old = WEAKER.hash("short")
        await session.execute(update(UserCredential).values(password_hash=old))
    browser = await door.browser()
    assert is_outdated(old)

    assert (await get_token(browser, user.email, "wrong")).status_code == 401
    assert (await get_token(browser, user.email, "short")).status_code == 200

    async with door.database.auth() as session:
        row = await session.scalar(select(UserCredential))
    assert row is not None
    assert not is_outdated(row.password_hash)
    assert row.changed_at == MOMENT  # the password is the same one, so sessions stay
    assert (await get_token(browser, user.email, "short")).status_code == 200


async def test_one_at_a_time_off_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    inside, most, threads = 0, 0, set()
    real = passwords.verify_password
    went_on, loop = threading.Event(), asyncio.get_running_loop()

    def watched(password_hash: str | None, password: str) -> bool:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        threads.add(threading.get_ident())
        loop.call_soon_threadsafe(went_on.set)
        try:
            # Were the loop busy with this, it could not answer.
            assert went_on.wait(10)
            went_on.clear()
            return real(password_hash, password)
        finally:
            inside -= 1

    monkeypatch.setattr(passwords, "verify_password", watched)
    hasher, stored = Passwords(), hash_password(PASSWORD)

    answers = await asyncio.gather(*(hasher.verify(stored, PASSWORD) for _ in range(5)))

    assert answers == [True] * 5
    assert most == 1
    assert threading.get_ident() not in threads


@pytest.mark.parametrize("known", [True, False])
def test_unknown_account_costs_the_work_of_a_known_one(monkeypatch: pytest.MonkeyPatch, known: bool) -> None:
    """Said by what is computed, as a clock would say it of the machine as well."""
    stored = hash_password(PASSWORD)
    compared: list[str] = []

    class Watched(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
            compared.append(str(hash))
            return super().verify(hash, password)

    monkeypatch.setattr(passwords, "_HASHER", Watched())
    assert not verify_password(stored if known else None, "wrong password")

    (given,) = compared
    assert (given == stored) == known
    assert extract_parameters(given) == extract_parameters(stored)


async def test_password_changed_while_the_old_one_is_verified_wins(door: Door) -> None:
    async with door.database.job() as session:
        seller = await make_seller(session)
        user = await make_user(session, seller, await make_customer(session, seller))

    class Overtaken(Passwords):
        async def verify(self, password_hash: str | None, password: str) -> bool:
            right = await super().verify(password_hash, password)
            async with door.database.job() as session:
                # At the same instant by the clock, so that only the lock can tell.
                await set_password(session, user.id, hash_password("another long password"), door.clock.now)
            return right

    door.auth.passwords = Overtaken()

    assert (await get_token(await door.browser(), user.email)).status_code == 401
    assert await door.sessions() == 0
