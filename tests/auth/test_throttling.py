"""Guessing passwords: counted per attempt, alike for accounts that do not exist."""

import asyncio

from sqlalchemy import select

from auth.passwords import Passwords
from auth.throttling import counters_of
from models.users import LoginThrottle
from tests.auth.conftest import Door, get_token, sign_in, whoami
from tests.factories import make_customer, make_seller, make_user


class CountingPasswords(Passwords):
    """The real thing, and how often it was asked for which kind of account."""

    def __init__(self) -> None:
        super().__init__()
        self.verified: list[bool] = []

    async def verify(self, password_hash: str | None, password: str) -> bool:
        self.verified.append(password_hash is not None)
        return await super().verify(password_hash, password)


async def _email(door: Door) -> str:
    async with door.database.job() as session:
        seller = await make_seller(session)
        return (await make_user(session, seller, await make_customer(session, seller))).email


async def test_five_failures_then_even_the_right_password_waits(door: Door) -> None:
    email = await _email(door)
    browser = await door.browser()
    for _ in range(5):
        assert (await sign_in(browser, email, "wrong password")).headers[
            "location"
        ] == "/login?error=credentials"

    answer = await sign_in(browser, email)

    assert answer.headers["location"] == "/login?error=throttled&minutes=15"
    assert answer.headers["retry-after"] == "900"
    assert email not in answer.headers["location"]
    door.clock.pass_by(minutes=14, seconds=59)
    program = await get_token(browser, email)
    assert (program.status_code, program.headers["retry-after"]) == (429, "1")
    assert program.json()["errors"][0]["extensions"]["code"] == "THROTTLED"
    door.clock.pass_by(seconds=1)
    assert (await get_token(browser, email)).status_code == 200


async def test_spelling_of_the_address_makes_no_other_account(door: Door) -> None:
    email = await _email(door)
    browser = await door.browser()
    for spelled in (email, email.upper(), f" {email}", email.title(), f"{email} "):
        assert (await get_token(browser, spelled, "wrong password")).status_code == 401

    assert (await get_token(browser, email)).status_code == 429


async def test_parallel_attempts_are_counted_before_they_are_tried(door: Door) -> None:
    email = await _email(door)
    door.auth.passwords = counting = CountingPasswords()
    await door.database.open()
    browsers = [await door.browser(f"192.0.2.{number}") for number in range(20)]

    answers = await asyncio.gather(*(get_token(browser, email, "wrong password") for browser in browsers))

    assert sorted(answer.status_code for answer in answers) == [401] * 5 + [429] * 15
    assert counting.verified == [True] * 5


async def test_success_clears_the_account_but_not_the_address(door: Door) -> None:
    email = await _email(door)
    browser = await door.browser()
    for _ in range(4):
        await get_token(browser, email, "wrong password")

    assert (await get_token(browser, email)).status_code == 200

    _, address = counters_of(email, "192.0.2.1")
    async with door.database.auth() as session:
        rows = list(await session.scalars(select(LoginThrottle)))
    assert [(row.key, row.failures) for row in rows] == [(address.key, 4)]
    for _ in range(5):
        assert (await get_token(browser, email, "wrong password")).status_code == 401


async def test_one_address_may_not_try_many_accounts(door: Door) -> None:
    email = await _email(door)
    door.auth.passwords = counting = CountingPasswords()
    browser = await door.browser("2001:db8::1")
    neighbour = await door.browser("2001:db8::ffff:2")  # of the same household
    other = await door.browser("2001:db8:0:1::1")
    for number in range(50):
        assert (await get_token(browser, f"guess{number}@example.com", "x")).status_code == 401

    assert (await get_token(neighbour, email)).status_code == 429
    assert len(counting.verified) == 50
    assert (await get_token(other, email)).status_code == 200


async def test_unknown_disabled_and_wrong_are_one_answer_after_the_same_work(door: Door) -> None:
    async with door.database.job() as session:
        seller = await make_seller(session)
        customer = await make_customer(session, seller)
        known = await make_user(session, seller, customer)
        disabled = await make_user(session, seller, customer, is_active=False)
        no_password = await make_user(session, seller, customer, password=None)
    door.auth.passwords = counting = CountingPasswords()
    answers = []
    odd = ["nobody@example.com", "", "no address", "nul\x00@example.com", "\ufffe@example.com", "x" * 5000]
    for number, email in enumerate([known.email, disabled.email, no_password.email, *odd]):
        browser = await door.browser(f"192.0.2.{number}")
        # Only the first has a password that could be right; it gets a wrong one.
        password = "wrong password" if email == known.email else "correct horse battery"
        form, program = await sign_in(browser, email, password), await get_token(browser, email, password)
        answers.append((form.status_code, form.headers["location"], program.status_code, program.content))

    assert len(set(answers)) == 1
    assert answers[0][:3] == (303, "/login?error=credentials", 401)
    assert counting.verified == [True, True] + [False, False] * (len(answers) - 1)
    # An unknown account is throttled like a known one.
    browser = await door.browser("198.51.100.1")
    codes = [(await get_token(browser, "nobody@example.com", "x")).status_code for _ in range(4)]
    assert codes == [401, 401, 401, 429]


async def test_counters_hold_nothing_personal_and_old_ones_are_dropped(door: Door) -> None:
    email = await _email(door)
    browser = await door.browser()
    for number in range(3):
        await get_token(browser, f"guess{number}@example.com", "x")
    async with door.database.auth() as session:
        keys = list(await session.scalars(select(LoginThrottle.key)))
    assert {len(key) for key in keys} == {32}
    assert len(keys) == 4
    door.clock.pass_by(minutes=15)

    await sign_in(browser, email)

    assert (await whoami(browser))["viewer"] is not None
    async with door.database.auth() as session:
        assert len(list(await session.scalars(select(LoginThrottle.key)))) == 1
