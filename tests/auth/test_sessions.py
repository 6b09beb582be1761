"""Cookies and bearer tokens: how a session begins, what it is good for, and when it ends."""

import hashlib
from typing import Any

from sqlalchemy import delete, select, update

from app.database import Database
from auth.passwords import hash_password
from auth.people import set_password
from auth.permissions import Role
from models.customers import Membership
from models.users import StaffRole, User, UserSession
from tests.auth.conftest import Door, carry, form_token, get_token, sign_in, whoami
from tests.factories import make_customer, make_member, make_seller, make_user


async def _buyer(database: Database, **given: Any) -> User:
    async with database.job() as session:
        seller = await make_seller(session)
        return await make_user(session, seller, await make_customer(session, seller), **given)


async def test_sign_in_gives_a_cookie_and_its_user_is_recognised(door: Door) -> None:
    buyer = await _buyer(door.database)
    browser = await door.browser()

    answer = await sign_in(browser, buyer.email.upper(), next="/orders?page=2")

    assert (answer.status_code, answer.headers["location"]) == (303, "/orders?page=2")
    said = await whoami(browser)
    assert said["viewer"]["user"] == str(buyer.id)
    assert said["session"]["email"] == buyer.email
    assert said["session"]["other_customers"] == 0


async def test_cookie_on_http_and_on_https(door: Door, https_door: Door) -> None:
    buyer = await _buyer(door.database)

    plain = await sign_in(await door.browser(), buyer.email)
    secure = await sign_in(await https_door.browser(), buyer.email)

    cookies = [each for each in plain.headers.get_list("set-cookie") if each.startswith("ventas=")]
    assert len(cookies) == 1
    parts = {part.strip().lower() for part in cookies[0].split(";")[1:]}
    assert {"httponly", "samesite=lax", "path=/", "max-age=1209600"} <= parts
    assert "secure" not in parts
    cookies = [each for each in secure.headers.get_list("set-cookie") if each.startswith("__Host-ventas=")]
    assert len(cookies) == 1
    parts = {part.strip().lower() for part in cookies[0].split(";")[1:]}
    assert {"httponly", "samesite=lax", "path=/", "secure"} <= parts
    assert not any(part.startswith("domain") for part in parts)


async def test_only_the_hash_of_a_token_is_stored(door: Door) -> None:
    buyer = await _buyer(door.database)
    browser = await door.browser()

    await sign_in(browser, buyer.email)

    token = browser.cookies["ventas"]
    assert len(token) == 43
    async with door.database.auth() as session:
        row = await session.scalar(select(UserSession))
    assert row is not None
    assert row.token_hash == hashlib.sha256(token.encode()).digest()
    assert token not in {row.csrf_token, str(row.id)}


async def test_fixation_sign_in_changes_the_id_and_ends_the_old_one(door: Door) -> None:
    buyer = await _buyer(door.database)
    browser, attacker = await door.browser(), await door.browser()
    planted = "A" * 43
    carry(browser, planted)
    await sign_in(browser, buyer.email)
    first = browser.cookies["ventas"]

    await sign_in(browser, buyer.email)

    assert len({planted, first, browser.cookies["ventas"]}) == 3
    for stale in (planted, first):
        carry(attacker, stale)
        assert (await whoami(attacker))["viewer"] is None
    assert await door.sessions() == 1


async def test_sign_out_ends_the_session_itself(door: Door) -> None:
    buyer = await _buyer(door.database)
    browser, thief = await door.browser(), await door.browser()
    await sign_in(browser, buyer.email)
    carry(thief, browser.cookies["ventas"])

    answer = await browser.post("/logout", data={"csrf_token": await form_token(browser)})

    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert "ventas" not in browser.cookies
    assert (await whoami(thief))["viewer"] is None
    assert await door.sessions() == 0


async def test_malformed_cookies_open_nothing(door: Door) -> None:
    await _buyer(door.database)
    browser = await door.browser()
    for cookie in ("", "x", "A" * 42, "A" * 44, "A" * 42 + "%", "A" * 42 + "=", "A" * 8000, "é" * 43):
        answer = await browser.get("/whoami", headers=[(b"cookie", f"ventas={cookie}".encode())])
        assert answer.status_code == 200
        assert answer.json()["viewer"] is None


async def test_session_ends_after_its_days_and_after_idleness(door: Door) -> None:
    buyer = await _buyer(door.database)
    browser, idle = await door.browser(), await door.browser()
    await sign_in(browser, buyer.email)
    await sign_in(idle, buyer.email)
    for _ in range(6):
        door.clock.pass_by(hours=48)
        assert (await whoami(browser))["viewer"] is not None

    door.clock.pass_by(hours=47)

    assert (await whoami(browser))["viewer"] is not None  # day 13.96, last seen 47 hours ago
    assert (await whoami(idle))["viewer"] is None
    door.clock.pass_by(hours=1)
    assert (await whoami(browser))["viewer"] is None


async def test_bearer_session_is_the_same_row_and_life(door: Door) -> None:
    buyer = await _buyer(door.database)
    browser = await door.browser()

    answer = await get_token(browser, buyer.email)

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    granted = answer.json()
    assert (granted["token_type"], granted["expires_in"]) == ("Bearer", 1209600)
    assert (await whoami(browser, granted["access_token"]))["viewer"]["user"] == str(buyer.id)
    door.clock.pass_by(hours=72)
    answer = await browser.get("/whoami", headers={"Authorization": f"Bearer {granted['access_token']}"})
    assert answer.status_code == 401
    assert answer.json()["errors"][0]["extensions"]["code"] == "NOT_SIGNED_IN"


async def test_bearer_token_can_be_given_back(door: Door) -> None:
    buyer = await _buyer(door.database)
    browser = await door.browser()
    headers = {"Authorization": f"Bearer {(await get_token(browser, buyer.email)).json()['access_token']}"}

    answer = await browser.delete("/auth/token", headers=headers)

    assert answer.status_code == 204
    assert (await browser.get("/whoami", headers=headers)).status_code == 401
    assert (await browser.delete("/auth/token", headers=headers)).status_code == 401
    assert (await browser.delete("/auth/token")).status_code == 401


async def test_a_cookie_is_no_bearer_token_nor_the_other_way_round(door: Door) -> None:
    buyer = await _buyer(door.database)
    browser, other = await door.browser(), await door.browser()
    await sign_in(browser, buyer.email)
    bearer = (await get_token(other, buyer.email)).json()["access_token"]

    carry(other, bearer)

    assert (await whoami(other))["viewer"] is None
    headers = {"Authorization": f"Bearer {browser.cookies['ventas']}"}
    assert (await other.get("/whoami", headers=headers)).status_code == 401


async def test_malformed_authorization_is_refused_even_beside_a_good_cookie(door: Door) -> None:
    buyer = await _buyer(door.database)
    browser = await door.browser()
    await sign_in(browser, buyer.email)
    for header in (
        "",
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Basic QTpC",
        "Bearer " + "A" * 43,
        "bearer " + "é" * 43,
    ):
        answer = await browser.get("/whoami", headers=[(b"authorization", header.encode())])
        assert answer.status_code == 401, header
        assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_disabled_user_is_out_at_the_next_request_and_cannot_return(door: Door) -> None:
    buyer = await _buyer(door.database)
    browser = await door.browser()
    await sign_in(browser, buyer.email)
    async with door.database.job() as session:
        await session.execute(update(User).where(User.id == buyer.id).values(is_active=False))

    assert (await whoami(browser))["viewer"] is None

    answer = await sign_in(await door.browser(), buyer.email)
    assert answer.headers["location"] == "/login?error=credentials"


async def test_removed_membership_and_role_end_at_the_next_request(door: Door) -> None:
    async with door.database.job() as session:
        seller = await make_seller(session)
        buyer = await make_user(session, seller, await make_customer(session, seller))
        clerk = await make_user(session, seller, roles=[Role.FINANCE, Role.LOGISTICS])
    buying, clerking = await door.browser(), await door.browser()
    await sign_in(buying, buyer.email)
    await sign_in(clerking, clerk.email)
    assert (await whoami(clerking))["viewer"]["roles"] == ["FINANCE", "LOGISTICS"]
    async with door.database.job() as session:
        await session.execute(delete(Membership).where(Membership.user_id == buyer.id))
        await session.execute(
            delete(StaffRole).where(StaffRole.user_id == clerk.id, StaffRole.role == Role.FINANCE.value)
        )

    assert (await whoami(buying))["session"] is None
    assert (await whoami(clerking))["viewer"]["roles"] == ["LOGISTICS"]


async def test_new_password_ends_the_sessions_before_it(door: Door) -> None:
    buyer = await _buyer(door.database)
    browser = await door.browser()
    await sign_in(browser, buyer.email)
    door.clock.pass_by(seconds=1)
    async with door.database.job() as session:
        await set_password(session, buyer.id, hash_password("another long password"), door.clock.now)

    assert (await whoami(browser))["viewer"] is None

    assert (await sign_in(browser, buyer.email)).headers["location"] == "/login?error=credentials"
    await sign_in(browser, buyer.email, "another long password")
    assert (await whoami(browser))["viewer"] is not None


async def test_user_without_any_role_gets_the_answer_of_a_wrong_password(door: Door) -> None:
    async with door.database.job() as session:
        nobody = await make_user(session, await make_seller(session))

    answer = await sign_in(await door.browser(), nobody.email)

    assert answer.headers["location"] == "/login?error=credentials"
    assert await door.sessions() == 0


async def test_two_companies_one_is_chosen_first(door: Door) -> None:
    async with door.database.job() as session:
        seller = await make_seller(session)
        one = await make_customer(session, seller, name="Alfa SL")
        two = await make_customer(session, seller, name="Beta SL")
        foreign = await make_customer(session, seller, name="Gamma SL")
        await make_user(session, seller, foreign)
        buyer = await make_user(session, seller, one)
        await make_member(session, buyer, two, Role.COMPANY_ADMIN)
    browser = await door.browser()

    answer = await sign_in(browser, buyer.email, next="/cart")

    assert answer.headers["location"] == "/select-company?next=%2Fcart"
    said = await whoami(browser)
    assert said["viewer"] is None
    assert [each["name"] for each in said["session"]["customers"]] == ["Alfa SL", "Beta SL"]
    answer = await browser.post("/graphql", json={})
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (403, "SELECT_CUSTOMER")

    for refused in (str(foreign.id), "", "x", "%00"):
        token = await form_token(browser)
        answer = await browser.post("/select-company", data={"customer": refused, "csrf_token": token})
        assert answer.headers["location"].startswith("/select-company?error=unknown")
        assert (await whoami(browser))["viewer"] is None

    stale = await form_token(browser)
    answer = await browser.post(
        "/select-company", data={"customer": str(two.id), "csrf_token": stale, "next": "/cart"}
    )

    assert answer.headers["location"] == "/cart"
    said = await whoami(browser)
    assert said["viewer"] == {"user": str(buyer.id), "customer": str(two.id), "roles": ["COMPANY_ADMIN"]}
    assert said["session"]["other_customers"] == 1
    # A form drawn for the company before must not act for this one.
    answer = await browser.post("/select-company", data={"customer": str(one.id), "csrf_token": stale})
    assert answer.status_code == 403


async def test_lost_membership_of_the_chosen_company_asks_again(door: Door) -> None:
    async with door.database.job() as session:
        seller = await make_seller(session)
        one, two = await make_customer(session, seller), await make_customer(session, seller)
        buyer = await make_user(session, seller, one, roles=[Role.SALES_REP])
        await make_member(session, buyer, two)
    browser = await door.browser()
    await sign_in(browser, buyer.email)
    assert (await whoami(browser))["viewer"]["roles"] == [
        "SALES_REP"
    ]  # staff, as long as no customer is chosen
    token = await form_token(browser)
    await browser.post("/select-company", data={"customer": str(one.id), "csrf_token": token})
    assert (await whoami(browser))["viewer"]["customer"] == str(one.id)
    async with door.database.job() as session:
        await session.execute(delete(Membership).where(Membership.customer_id == one.id))

    said = await whoami(browser)

    assert said["viewer"] is None
    assert said["session"]["must_choose_customer"]
    await browser.post("/select-company", data={"customer": "", "csrf_token": await form_token(browser)})
    assert (await whoami(browser))["session"]["is_staff"]


async def test_bearer_names_its_customer(door: Door) -> None:
    async with door.database.job() as session:
        seller = await make_seller(session)
        one, two = await make_customer(session, seller), await make_customer(session, seller)
        foreign = await make_customer(session, seller)
        buyer = await make_user(session, seller, one)
        await make_member(session, buyer, two)
    browser = await door.browser()

    undecided = (await get_token(browser, buyer.email)).json()
    chosen = (await get_token(browser, buyer.email, customer=two.number)).json()
    refused = await get_token(browser, buyer.email, customer=foreign.number)

    assert undecided["customer"] is None
    assert {each["number"] for each in undecided["customers"]} == {one.number, two.number}
    answer = await browser.post("/graphql", headers={"Authorization": f"Bearer {undecided['access_token']}"})
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (403, "SELECT_CUSTOMER")
    assert (await whoami(browser, chosen["access_token"]))["viewer"]["customer"] == str(two.id)
    assert (refused.status_code, refused.json()["errors"][0]["extensions"]["code"]) == (
        403,
        "UNKNOWN_CUSTOMER",
    )
    assert await door.sessions() == 2


async def test_language_of_session_user_and_stranger(door: Door) -> None:
    buyer = await _buyer(door.database, locale="en")
    browser = await door.browser()
    assert (await whoami(browser))["locale"] == "es"
    await sign_in(browser, buyer.email)
    assert (await whoami(browser))["locale"] == "en"

    for locale, then in (("es", "es"), ("fr", "es"), ("en", "en"), ("es", "es")):
        token = await form_token(browser)
        await browser.post("/locale", data={"locale": locale, "csrf_token": token, "next": "/"})
        assert (await whoami(browser))["locale"] == then

    await browser.post("/logout", data={"csrf_token": await form_token(browser)})
    await browser.post("/locale", data={"locale": "en", "csrf_token": await form_token(browser)})
    assert (await whoami(browser))["locale"] == "en"


async def test_expired_sessions_of_a_user_are_dropped_when_they_come_back(door: Door) -> None:
    buyer = await _buyer(door.database)
    await sign_in(await door.browser(), buyer.email)
    door.clock.pass_by(days=14)

    await sign_in(await door.browser(), buyer.email)

    assert await door.sessions() == 1
