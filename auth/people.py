"""Adding users and setting passwords: what the command line, the demo data and later the pages do it with."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from auth.permissions import CUSTOMER_ROLES, STAFF_ROLES, Role
from models.customers import Membership
from models.users import StaffRole, User, UserCredential
from rules.refusals import ErrorCode, Refusal

LOCALES = ("es", "en")


def check_person(email: str, name: str) -> tuple[str, str]:
    """
    An email address and a name without outer blanks.

    Raises:
        Refusal(INVALID): no email address, or no name.
    """
    email, name = email.strip(), name.strip()
    if "@" not in email[1:-1] or len(email) > 200 or not email.isprintable() or " " in email:
        raise Refusal(ErrorCode.INVALID, "This is no email address.", ("email",))
    if not name or len(name) > 200 or not name.isprintable():
        raise Refusal(ErrorCode.INVALID, "A name has 1 to 200 characters.", ("name",))
    return email, name


async def create_user(
    session: AsyncSession,
    *,
    seller_id: UUID,
    email: str,
    name: str,
    now: datetime,
    password_hash: str | None = None,
    locale: str = "es",
    staff_roles: Sequence[Role] = (),
    memberships: Mapping[UUID, Sequence[Role]] | None = None,
) -> UUID:
    """
    Adds a user, on a session of `Database.job()`.

    Args:
        password_hash: from `auth.passwords.hash_password`; None makes an account nobody can sign in to yet.
        memberships: customer id -> roles held there.
    Raises:
        Refusal(ALREADY_EXISTS): somebody has this email address.
        Refusal(INVALID): no email address, no name, an unknown language, or a role of the other side.
    """
    email, name = check_person(email, name)
    memberships = memberships or {}
    if locale not in LOCALES:
        raise Refusal(ErrorCode.INVALID, "This language is not available.", ("locale",))
    held = {role for roles in memberships.values() for role in roles}
    if not STAFF_ROLES.issuperset(staff_roles) or not CUSTOMER_ROLES.issuperset(held):
        raise Refusal(ErrorCode.INVALID, "This role cannot be held here.", ("role",))
    if await session.scalar(select(exists().where(func.lower(User.email) == func.lower(email)))):
        raise Refusal(
            ErrorCode.ALREADY_EXISTS, "There is already a user with this email address.", ("email",)
        )
    user = User(seller_id=seller_id, email=email, name=name, locale=locale, is_active=True, created_at=now)
    session.add(user)
    await session.flush()
    if password_hash is not None:
        session.add(UserCredential(user_id=user.id, password_hash=password_hash, changed_at=now))
    session.add_all(StaffRole(user_id=user.id, role=role.value) for role in staff_roles)
    session.add_all(
        Membership(user_id=user.id, customer_id=customer_id, role=role.value, created_at=now)
        for customer_id, roles in memberships.items()
        for role in roles
    )
    await session.flush()
    return user.id


async def set_password(session: AsyncSession, user_id: UUID, password_hash: str, now: datetime) -> None:
    """
    Gives the user this password, on a session of `Database.job()` or `Database.auth()`.

    Sessions older than the password open nothing any more (auth/viewers.py), so none has to be looked for here.
    """
    values = {"password_hash": password_hash, "changed_at": now}
    statement = insert(UserCredential).values(user_id=user_id, **values)
    await session.execute(
        statement.on_conflict_do_update(index_elements=[UserCredential.user_id], set_=values)
    )


async def user_by_email(session: AsyncSession, email: str) -> UUID | None:
    found: UUID | None = await session.scalar(
        select(User.id).where(func.lower(User.email) == func.lower(email.strip()))
    )
    return found
