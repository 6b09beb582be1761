"""The one-use links of mails: used twice, expired, forged, taken back; nobody learns who has an account."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import text

from auth.links import make_link
from auth.permissions import Role
from models.invitations import Invitation
from models.users import User
from rules.states import LinkKind
from tests import factories as make
from tests.auth.conftest import Door, form_token, sign_in, whoami

NEW = "una frase muy larga"


class Post:
    """A company whose admin invited somebody, and the mail's secret."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.admin: User
        self.invitation: Invitation
        self.ids: dict[str, Any] = {}

    async def open(self, **given: Any) -> str:
        now = self.door.clock()
        async with self.door.database.job() as session:
            seller = await make.make_seller(session)
            customer = await make.make_customer(session, seller, name="Bar Núñez SL")
            self.admin = await make.make_user(session, seller, customer, Role.COMPANY_ADMIN)
            self.ids = {"seller": seller, "customer": customer}
            values: dict[str, Any] = {
                "email": "nueva@example.com", "name": "Nueva Persona", "locale": "es", "roles": ["BUYER", "APPROVER"],
                "created_at": now, "expires_at": now + timedelta(days=7), "accepted_at": None, "revoked_at": None,
            }  # fmt: skip
            self.invitation = await make.add(
                session,
                Invitation(seller_id=seller.id, customer_id=customer.id, invited_by_id=self.admin.id,
                           invited_by_name="Alba", **(values | given)),
            )  # fmt: skip
            return await make_link(session, LinkKind.INVITATION, now, invitation_id=self.invitation.id)

    async def reset_link(self, user: User) -> str:
        async with self.door.database.job() as session:
            return await make_link(session, LinkKind.PASSWORD, self.door.clock(), user_id=user.id)

    async def follow(self, path: str, password: str = NEW, again: str | None = None) -> str:
        browser = await self.door.browser()
        token = await form_token(browser)
        fields = {"password": password, "again": password if again is None else again, "csrf_token": token}
        answer = await browser.post(path, data=fields)
        assert answer.status_code == 303
        return answer.headers["location"]

    async def count(self, table: str) -> int:
        async with self.door.database.job() as session:
            found: int = await session.scalar(text(f"select count(*) from {table}"))
            return found


@pytest.fixture
def post(door: Door) -> Post:
    return Post(door)


async def roles_of(post: Post, browser: AsyncClient) -> list[str]:
    said = await whoami(browser)
    found: list[str] = said["viewer"]["roles"]
    return found


async def test_whoever_is_invited_sets_a_password_and_is_in(post: Post) -> None:
    secret = await post.open()

    assert await post.follow(f"/invitation/{secret}") == "/login?done=invitation"

    browser = await post.door.browser()
    await sign_in(browser, "nueva@example.com", NEW)
    assert await roles_of(post, browser) == ["APPROVER", "BUYER"]
    async with post.door.database.job() as session:
        stored = (
            await session.execute(text("select token_hash, used_at is not null from account_link"))
        ).one()
        acts = (await session.scalars(text("select action from audit_event"))).all()
    assert secret.encode() not in bytes(stored[0]) and stored[1] is True
    assert acts == ["invitation.accepted"]


async def test_a_link_works_once_even_in_a_race(post: Post) -> None:
    path = f"/invitation/{await post.open()}"

    answers = await asyncio.gather(*(post.follow(path) for _ in range(4)))

    assert sorted(answers) == ["/invitation" + path.removeprefix("/invitation")] * 3 + [
        "/login?done=invitation"
    ]
    assert await post.count("membership") == 3  # the admin's one, the two roles
    assert await post.follow(path, "otra frase muy larga") == path
    browser = await post.door.browser()
    await sign_in(browser, "nueva@example.com", "otra frase muy larga")
    assert (await whoami(browser))["session"] is None


@pytest.mark.parametrize(
    ("label", "statement"),
    [
        ("it was taken back", "update invitation set revoked_at = now()"),
        ("whoever invited is no admin any more", "update membership set role = 'BUYER'"),
        ("whoever invited was disabled", "update app_user set is_active = false"),
        ("the invited account is disabled", "insert into app_user (id, seller_id, email, name, locale, is_active, created_at)"
         " select gen_random_uuid(), id, 'NUEVA@example.com', 'x', 'es', false, now() from seller"),
        ("the address is one of our own people's", "with p as (insert into app_user (id, seller_id, email, name, locale,"
         " is_active, created_at) select gen_random_uuid(), id, 'nueva@example.com', 'x', 'es', true, now() from seller"
         " returning id) insert into staff_role (user_id, role) select id, 'FINANCE' from p"),
    ],
)  # fmt: skip
async def test_links_that_open_nothing(post: Post, label: str, statement: str) -> None:
    path = f"/invitation/{await post.open()}"
    async with post.door.database.job() as session:
        await session.execute(text(statement))
    before = (
        await post.count("app_user"),
        await post.count("membership"),
        await post.count("user_credential"),
    )

    assert await post.follow(path) == path, label

    after = (
        await post.count("app_user"),
        await post.count("membership"),
        await post.count("user_credential"),
    )
    assert after == before


async def test_expired_and_forged_links_open_nothing(post: Post) -> None:
    secret = await post.open()
    forged = secret[:-1] + ("A" if secret[-1] != "A" else "B")
    for path in (f"/invitation/{forged}", f"/password/{secret}", "/invitation/x"):
        assert await post.follow(path) == path
    post.door.clock.pass_by(days=7, seconds=1)

    assert await post.follow(f"/invitation/{secret}") == f"/invitation/{secret}"
    assert await post.count("app_user") == 1


async def test_a_newer_link_ends_the_earlier_one(post: Post) -> None:
    first = await post.open()
    async with post.door.database.job() as session:
        second = await make_link(
            session, LinkKind.INVITATION, post.door.clock(), invitation_id=post.invitation.id
        )

    assert await post.follow(f"/invitation/{first}") == f"/invitation/{first}"
    assert await post.follow(f"/invitation/{second}") == "/login?done=invitation"


async def test_a_person_of_another_company_joins_and_keeps_their_password(post: Post) -> None:
    secret = await post.open()
    async with post.door.database.job() as session:
        elsewhere = await make.make_customer(session, post.ids["seller"])
        person = await make.make_user(session, post.ids["seller"], elsewhere, email="Nueva@Example.com")

    assert await post.follow(f"/invitation/{secret}", "", "") == "/login?done=invitation"

    browser = await post.door.browser()
    await sign_in(browser, person.email)
    assert len((await whoami(browser))["session"]["customers"]) == 2


@pytest.mark.parametrize(
    ("password", "again", "error"), [("corta", "corta", "password"), (NEW, "otra", "differ")]
)
async def test_passwords_that_are_refused_use_nothing_up(
    post: Post, password: str, again: str, error: str
) -> None:
    path = f"/invitation/{await post.open()}"

    assert await post.follow(path, password, again) == f"{path}?error={error}"
    assert await post.count("app_user") == 1
    assert await post.follow(path) == "/login?done=invitation"


async def test_a_new_password_ends_the_sessions_of_the_old_one(post: Post) -> None:
    await post.open()
    browser = await post.door.browser()
    await sign_in(browser, post.admin.email)
    assert (await whoami(browser))["session"]
    post.door.clock.pass_by(minutes=1)
    secret = await post.reset_link(post.admin)

    assert await post.follow(f"/password/{secret}") == "/login?done=password"

    assert (await whoami(browser))["session"] is None
    await sign_in(browser, post.admin.email, NEW)
    assert (await whoami(browser))["session"]
    assert await post.follow(f"/password/{secret}") == f"/password/{secret}"


async def test_a_password_link_lasts_an_hour_and_not_for_the_disabled(post: Post) -> None:
    await post.open()
    late = await post.reset_link(post.admin)
    post.door.clock.pass_by(hours=1, seconds=1)
    assert await post.follow(f"/password/{late}") == f"/password/{late}"
    fresh = await post.reset_link(post.admin)
    async with post.door.database.job() as session:
        await session.execute(text("update app_user set is_active = false"))

    assert await post.follow(f"/password/{fresh}") == f"/password/{fresh}"


async def ask_for_password(post: Post, email: str, address: str = "192.0.2.9") -> tuple[int, str, str]:
    browser = await post.door.browser(address)
    token = await form_token(browser)
    answer = await browser.post("/forgotten", data={"email": email, "csrf_token": token})
    return answer.status_code, answer.headers["location"], answer.text


async def test_asking_for_a_password_says_the_same_to_everybody_and_is_throttled(post: Post) -> None:
    await post.open()
    asked = [
        post.admin.email,
        post.admin.email.upper(),
        "nadie@example.com",
        "",
        "x" * 300,
        "a\x00b@example.com",
    ]

    answers = {await ask_for_password(post, each) for each in asked}

    assert answers == {(303, "/forgotten?sent=1", "")}
    assert await post.count("outbox_event where type = 'password.requested'") == 2
    for _ in range(6):
        assert await ask_for_password(post, post.admin.email) == (303, "/forgotten?sent=1", "")
    assert await post.count("outbox_event where type = 'password.requested'") == 5


async def test_forms_of_other_sites_do_nothing(post: Post) -> None:
    path = f"/invitation/{await post.open()}"
    browser = await post.door.browser()
    for target, fields in (
        (path, {"password": NEW, "again": NEW}),
        ("/forgotten", {"email": post.admin.email}),
    ):
        answer = await browser.post(target, data=fields)
        assert answer.status_code == 403
    assert await post.count("app_user") == 1 and await post.count("outbox_event") == 0
