"""`./ventas user`: adds a user or sets a password, typed at the terminal or read from standard input."""

import argparse
import getpass
import sys
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.database import Database
from auth.passwords import hash_password
from auth.people import create_user, set_password, user_by_email
from auth.permissions import CUSTOMER_ROLES, Role
from models.customers import Customer
from models.sellers import Seller
from rules.refusals import ErrorCode, Refusal


async def run_user(database: Database, options: argparse.Namespace) -> int:
    """
    Carries out what the command line asks.

    Raises:
        Refusal: it cannot be done, and nothing is stored.
    """
    # Typed before the transaction: nobody holds a connection while somebody thinks.
    password_hash = hash_password(read_password())
    async with database.job() as session:
        if options.act_on_user == "add":
            await _add(session, options, password_hash)
        else:
            await _change(session, options.email, password_hash)
    print("Done.")
    return 0


def read_password() -> str:
    """Twice from a terminal, once from a pipe; never an argument, which everybody on the machine could read."""
    if not sys.stdin.isatty():
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = getpass.getpass("Password: ")
        if getpass.getpass("Once more: ") != password:
            raise Refusal(ErrorCode.INVALID, "The two passwords differ.", ("password",))
    return password


async def _add(session: AsyncSession, options: argparse.Namespace, password_hash: str) -> None:
    try:
        role = Role(options.role.upper())
    except ValueError:
        text = "Roles are {roles}."
        raise Refusal(ErrorCode.INVALID, text, ("role",), roles=", ".join(Role)) from None
    seller_id = await session.scalar(select(Seller.id).limit(1))
    if seller_id is None:
        raise Refusal(ErrorCode.NOT_FOUND, "There is no seller yet: import something, or run ./ventas up.")
    for_customer = role in CUSTOMER_ROLES
    if for_customer != bool(options.customer):
        text = "This role is held for a customer: name it with --customer." if for_customer else (
            "This role is held for the seller: leave --customer out."
        )  # fmt: skip
        raise Refusal(ErrorCode.INVALID, text, ("customer",))
    memberships = {}
    if for_customer:
        found = await session.scalar(select(Customer.id).where(Customer.number == options.customer))
        if found is None:
            raise Refusal(ErrorCode.NOT_FOUND, "There is no customer of this number.", ("customer",))
        memberships[found] = [role]
    await create_user(
        session,
        seller_id=seller_id,
        email=options.email,
        name=options.name,
        locale=options.locale,
        now=datetime.now(UTC),
        password_hash=password_hash,
        staff_roles=() if for_customer else (role,),
        memberships=memberships,
    )


async def _change(session: AsyncSession, email: str, password_hash: str) -> None:
    user_id = await user_by_email(session, email)
    if user_id is None:
        raise Refusal(ErrorCode.NOT_FOUND, "There is no user with this email address.", ("email",))
    await set_password(session, user_id, password_hash, datetime.now(UTC))
