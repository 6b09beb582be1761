"""Adding users."""

from typing import Any

import pytest
from sqlalchemy import func, select

from app.database import Database
from auth.passwords import hash_password
from auth.people import create_user, set_password, user_by_email
from auth.permissions import Role
from models.users import User
from rules.refusals import ErrorCode, Refusal
from tests.auth.conftest import Door, get_token, whoami
from tests.factories import MOMENT, PASSWORD, make_customer, make_seller, make_user


async def test_made_user_can_sign_in(door: Door) -> None:
    async with door.database.job() as session:
        seller = await make_seller(session)
        customer = await make_customer(session, seller)
        await create_user(
            session, seller_id=seller.id, email=" Ana@Example.com ", name="Ana", now=MOMENT, locale="en",
            password_hash=hash_password(PASSWORD), memberships={customer.id: [Role.BUYER, Role.APPROVER]},
        )  # fmt: skip
    browser = await door.browser()

    granted = await get_token(browser, "ana@example.com")

    said = await whoami(browser, granted.json()["access_token"])
    assert said["viewer"]["roles"] == ["APPROVER", "BUYER"]
    assert (said["session"]["email"], said["locale"]) == ("Ana@Example.com", "en")


async def test_first_password_of_a_user_without_one(door: Door) -> None:
    async with door.database.job() as session:
        seller = await make_seller(session)
        user = await make_user(session, seller, roles=[Role.ADMINISTRATOR], password=None)
    browser = await door.browser()
    assert (await get_token(browser, user.email)).status_code == 401
    async with door.database.auth() as session:
        assert await user_by_email(session, user.email.upper()) == user.id
        await set_password(session, user.id, hash_password(PASSWORD), door.clock.now)

    assert (await get_token(browser, user.email)).status_code == 200


@pytest.mark.parametrize(
    ("case", "given", "code", "path"),
    [
        ("no address", {"email": "ana"}, ErrorCode.INVALID, "email"),
        ("half an address", {"email": "ana@"}, ErrorCode.INVALID, "email"),
        ("two lines", {"email": "ana@example.com\r\nBcc: x@y"}, ErrorCode.INVALID, "email"),
        ("taken, in capitals", {"email": "TAKEN@example.com"}, ErrorCode.ALREADY_EXISTS, "email"),
        ("no name", {"name": "  "}, ErrorCode.INVALID, "name"),
        ("another language", {"locale": "fr"}, ErrorCode.INVALID, "locale"),
        ("a buyer's role at the seller", {"staff_roles": [Role.BUYER]}, ErrorCode.INVALID, "role"),
    ],
)
async def test_refused_user_is_not_stored(
    database: Database, case: str, given: dict[str, Any], code: ErrorCode, path: str
) -> None:
    async with database.job() as session:
        seller = await make_seller(session)
        await make_user(session, seller, email="taken@example.com")
        values: dict[str, Any] = {
            "email": "ana@example.com",
            "name": "Ana",
            "seller_id": seller.id,
            "now": MOMENT,
        } | given

        with pytest.raises(Refusal) as refused:
            await create_user(session, **values)

        assert (refused.value.code, refused.value.path) == (code, (path,))
        assert await session.scalar(select(func.count()).select_from(User)) == 1
