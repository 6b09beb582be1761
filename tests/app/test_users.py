"""`./ventas user`: who is added can sign in, and a refusal stores nothing."""

import io

import pytest
from sqlalchemy import func, select

from app.cli import build_parser
from app.database import Database
from app.users import run_user
from auth.passwords import verify_password
from auth.people import user_by_email
from auth.permissions import Role
from models.users import StaffRole, User, UserCredential
from rules.refusals import Refusal
from tests.factories import make_customer, make_seller

PASSWORD = "correct horse battery"


async def command(
    database: Database, monkeypatch: pytest.MonkeyPatch, *words: str, password: str = PASSWORD
) -> int:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
    return await run_user(database, build_parser().parse_args(["user", *words]))


async def count_users(database: Database) -> int:
    async with database.job() as session:
        return await session.scalar(select(func.count()).select_from(User)) or 0


async def test_somebody_added_has_role_and_password(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with database.job() as session:
        await make_seller(session)
    add = ("add", "eva@example.com", "--name", "Eva Gil", "--role", "sales_rep")

    assert await command(database, monkeypatch, *add) == 0
    assert (
        await command(database, monkeypatch, "password", "EVA@example.com", password="another password") == 0
    )

    async with database.job() as session:
        user_id = await user_by_email(session, "eva@example.com")
        roles = await session.scalars(select(StaffRole.role).where(StaffRole.user_id == user_id))
        stored = await session.scalar(
            select(UserCredential.password_hash).where(UserCredential.user_id == user_id)
        )
    assert list(roles) == [Role.SALES_REP]
    assert verify_password(stored, "another password")
    assert not verify_password(stored, PASSWORD)


@pytest.mark.parametrize(
    ("words", "password", "said"),
    [
        (("add", "a@b.es", "--name", "A", "--role", "KING"), PASSWORD, "Roles are"),
        (("add", "a@b.es", "--name", "A", "--role", "BUYER"), PASSWORD, "name it with --customer"),
        (
            ("add", "a@b.es", "--name", "A", "--role", "BUYER", "--customer", "none"),
            PASSWORD,
            "no customer of this",
        ),
        (
            ("add", "a@b.es", "--name", "A", "--role", "FINANCE", "--customer", "1"),
            PASSWORD,
            "leave --customer out",
        ),
        (("add", "nobody", "--name", "A", "--role", "FINANCE"), PASSWORD, "no email address"),
        (("add", "a@b.es", "--name", "A", "--role", "FINANCE"), "short", "at least"),
        (("password", "a@b.es"), PASSWORD, "no user with this email"),
    ],
)
async def test_what_cannot_be_done_is_refused_and_stores_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], password: str, said: str
) -> None:
    async with database.job() as session:
        await make_customer(session, await make_seller(session))
    before = await count_users(database)

    with pytest.raises(Refusal, match=said):
        await command(database, monkeypatch, *words, password=password)

    assert await count_users(database) == before
