"""
The one-use links of mails: into a company that invited somebody, and back into an account whose password is lost.

Whoever follows one has no viewer. All of this runs on a session of `Database.job()`, by the few statements here, after
the link's secret was found: the sign-in role can make no persons and no memberships.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, String, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from auth.people import create_user, set_password
from auth.permissions import Role
from auth.session_secrets import hash_of, looks_like_secret, new_secret
from models.customers import Membership
from models.events import AuditEvent, OutboxEvent
from models.invitations import AccountLink, Invitation
from models.users import User
from rules.states import LinkKind

PASSWORD_LIFE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Link:
    """What a link that still works is for. `needs_password` is False for whoever has an account already."""

    id: UUID
    kind: LinkKind
    email: str
    name: str
    company: str
    needs_password: bool
    row: Any


async def make_link(
    session: AsyncSession,
    kind: LinkKind,
    now: datetime,
    *,
    user_id: UUID | None = None,
    invitation_id: UUID | None = None,
) -> str:
    """
    The secret of a new link, for the mail that is being written; earlier ones for the same purpose end.

    Args:
        user_id: whose password may be set, within PASSWORD_LIFE. invitation_id: what may be accepted, in its time.
    """
    if user_id is not None:
        # Asked for twice at once: without waiting, neither would see the other's link, and both would work.
        await session.execute(select(User.id).where(User.id == user_id).with_for_update(key_share=True))
    same = (
        AccountLink.user_id == user_id
        if invitation_id is None
        else AccountLink.invitation_id == invitation_id
    )
    await session.execute(update(AccountLink).where(same, AccountLink.used_at.is_(None)).values(used_at=now))
    until = now + PASSWORD_LIFE
    if invitation_id is not None:
        until = (
            await session.scalars(select(Invitation.expires_at).where(Invitation.id == invitation_id))
        ).one()
    token = new_secret()
    session.add(
        AccountLink(
            kind=kind, token_hash=hash_of(token), user_id=user_id, invitation_id=invitation_id, created_at=now,
            expires_at=until,
        )
    )  # fmt: skip
    await session.flush()
    return token


# An invitation works as long as whoever sent it may still invite; it never lets the seller's own people in, nor
# somebody of another seller, nor a disabled account.
_FOUND = """
    select link.id, link.user_id, link.invitation_id, person.id as person_id, invitation.seller_id,
           invitation.customer_id, invitation.locale, invitation.roles,
           coalesce(person.email, invitation.email) as email, coalesce(person.name, invitation.name) as name,
           coalesce(customer.name, '') as company,
           link.kind = 'PASSWORD' or not exists (select from user_credential k where k.user_id = person.id)
               as needs_password
    from account_link link
    left join invitation on invitation.id = link.invitation_id
    left join customer on customer.id = invitation.customer_id
    left join app_user person on person.id = link.user_id or lower(person.email) = lower(invitation.email)
    where link.token_hash = :hash and link.kind = :kind and link.used_at is null and link.expires_at > :now
        and (person.id is null or person.is_active)
        and (link.kind = 'PASSWORD' and person.id is not null
             or invitation.accepted_at is null and invitation.revoked_at is null
                and (person.id is null or person.seller_id = invitation.seller_id
                     and not exists (select from staff_role where staff_role.user_id = person.id))
                and exists (select from membership m join app_user sender on sender.id = m.user_id
                            where m.user_id = invitation.invited_by_id and m.customer_id = invitation.customer_id
                                and m.role = :admin and sender.is_active))
"""


async def find_link(
    session: AsyncSession, token: str, kind: LinkKind, now: datetime, lock: bool = False
) -> Link | None:
    """The link of a secret; None where it opens nothing: forged, used, over, taken back."""
    if not looks_like_secret(token):
        return None
    statement = text(_FOUND + (" for update of link" if lock else "")).columns(roles=ARRAY(String))
    values = {"hash": hash_of(token), "kind": kind.value, "now": now, "admin": Role.COMPANY_ADMIN.value}
    row = (await session.execute(statement, values)).one_or_none()
    if row is None:
        return None
    return Link(row.id, kind, row.email, row.name, row.company, row.needs_password, row)


async def follow_link(
    session: AsyncSession, token: str, kind: LinkKind, now: datetime, password_hash: str | None
) -> bool:
    """
    Does what the link is for, once; False where it opens nothing (any more).

    Args:
        password_hash: the new password's; compulsory where the link needs one, else not looked at.
    """
    link = await find_link(session, token, kind, now, lock=True)
    if link is None or (link.needs_password and password_hash is None):
        return False
    if kind is LinkKind.PASSWORD:
        assert password_hash is not None, "tested above"
        await set_password(session, link.row.user_id, password_hash, now)
    else:
        await _accept(session, link, now, password_hash)
    await session.execute(update(AccountLink).where(AccountLink.id == link.id).values(used_at=now))
    return True


async def _accept(session: AsyncSession, link: Link, now: datetime, password_hash: str | None) -> None:
    row = link.row
    roles = [Role(each) for each in row.roles]
    user_id = row.person_id
    if user_id is None:
        user_id = await create_user(
            session, seller_id=row.seller_id, email=link.email, name=link.name, now=now,
            password_hash=password_hash, locale=row.locale, memberships={row.customer_id: roles},
        )  # fmt: skip
    else:
        joined = [
            {"user_id": user_id, "customer_id": row.customer_id, "role": role.value, "created_at": now}
            for role in roles
        ]
        await session.execute(insert(Membership).values(joined).on_conflict_do_nothing())
        if link.needs_password and password_hash is not None:
            await set_password(session, user_id, password_hash, now)
    await session.execute(
        update(Invitation).where(Invitation.id == row.invitation_id).values(accepted_at=now)
    )
    _record(session, "invitation.accepted", "Invitation", row.invitation_id, 2, row.seller_id, row.customer_id,
            user_id, now, {"roles": [role.value for role in roles]})  # fmt: skip


def _record(
    session: AsyncSession,
    action: str,
    entity_type: str,
    entity_id: UUID,
    version: int,
    seller_id: UUID,
    customer_id: UUID | None,
    actor_id: UUID,
    now: datetime,
    changes: dict[str, Any],
) -> None:
    common = {
        "entity_type": entity_type, "entity_id": entity_id, "entity_version": version, "occurred_at": now,
        "seller_id": seller_id, "customer_id": customer_id, "actor_id": actor_id,
    }  # fmt: skip
    session.add(
        AuditEvent(month=now.date().replace(day=1), request_id="", action=action, changes=changes, **common)
    )
    session.add(OutboxEvent(type=action, **common))


async def request_password(session: AsyncSession, email: str, now: datetime) -> None:
    """
    Tells the mail writer that somebody asked for a new password; of an unknown or disabled account nothing is told.

    Nothing secret is made here: the link is, when its mail is written.
    """
    row = (
        await session.execute(
            select(User.id, User.seller_id).where(
                func.lower(User.email) == func.lower(email.strip()), User.is_active
            )
        )
    ).one_or_none()
    if row is not None:
        _record(session, "password.requested", "User", row.id, 1, row.seller_id, None, row.id, now, {})
        await session.flush()
