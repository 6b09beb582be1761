"""Sessions of signed-in users: a secret that only the client holds, its hash in a row, one life for both kinds."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from auth.permissions import Viewer
from auth.session_secrets import hash_of, looks_like_secret, new_secret
from models.base import new_id
from models.customers import Customer, Membership
from models.events import AuditEvent
from models.users import StaffRole, User, UserSession
from rules.states import SessionKind

# Three days bridge a weekend. An absolute end (VENTAS_SESSION_DAYS) comes besides.
IDLE = timedelta(hours=72)
# Use is noted this often at most, so that reading pages writes almost nothing.
SEEN_EVERY = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session just made; `token` is nowhere else and cannot be had again."""

    id: UUID
    token: str
    expires_at: datetime


async def create_session(
    session: AsyncSession,
    user_id: UUID,
    kind: SessionKind,
    now: datetime,
    life: timedelta,
    customer_id: UUID | None = None,
    locale: str | None = None,
) -> NewSession:
    """Adds a session, and drops those of this user that are over."""
    await session.execute(
        delete(UserSession).where(UserSession.user_id == user_id, UserSession.expires_at <= now)
    )
    made = NewSession(new_id(), new_secret(), now + life)
    await session.execute(
        insert(UserSession).values(
            id=made.id, kind=kind, token_hash=hash_of(made.token), csrf_token=new_secret(), user_id=user_id,
            customer_id=customer_id, locale=locale, created_at=now, last_seen_at=now, expires_at=made.expires_at,
        )
    )  # fmt: skip
    return made


async def delete_session(session: AsyncSession, token: str) -> None:
    """Ends the session of the token; one that is not there is ended already."""
    if looks_like_secret(token):
        await session.execute(delete(UserSession).where(UserSession.token_hash == hash_of(token)))


async def choose_customer(session: AsyncSession, session_id: UUID, customer_id: UUID | None) -> bool:
    """
    Makes the session act for a customer, or for the seller where None.

    Returns:
        False, and nothing changed, where the session's user is no member of it (or has no role at the seller).
    """
    user_id = select(UserSession.user_id).where(UserSession.id == session_id).scalar_subquery()
    if customer_id is None:
        may = select(StaffRole.user_id).where(StaffRole.user_id == user_id)
    else:
        may = select(Membership.user_id).where(
            Membership.user_id == user_id, Membership.customer_id == customer_id
        )
    changed = await session.execute(
        update(UserSession)
        .where(UserSession.id == session_id, may.exists())
        # Forms drawn for the one company must not act for the other: their token ends here.
        .values(customer_id=customer_id, csrf_token=new_secret(), on_behalf_reason=None, on_behalf_of_id=None)
        .returning(UserSession.id)
    )
    return changed.scalar() is not None


async def begin_on_behalf(
    session: AsyncSession, session_id: UUID, seller_id: UUID, number: str, email: str, reason: str
) -> bool:
    """
    Makes a staff session act in the place of a customer, for the person of that email address there if one is named.

    Whether they reach the customer is asked when the session is read, now and at each request: the caller looks, and
    rolls back where they do not.

    Returns:
        False, and nothing changed, where there is no such customer or person.
    """
    customer_id = await session.scalar(
        select(Customer.id).where(Customer.seller_id == seller_id, Customer.number == number)
    )
    person_id = None
    if customer_id is not None and email:
        person_id = await session.scalar(
            select(User.id)
            .join(Membership, Membership.user_id == User.id)
            .where(
                func.lower(User.email) == func.lower(email),
                User.is_active,
                Membership.customer_id == customer_id,
            )
            .limit(1)
        )
    if customer_id is None or (email and person_id is None):
        return False
    await session.execute(
        update(UserSession)
        .where(UserSession.id == session_id)
        .values(
            customer_id=customer_id,
            on_behalf_reason=reason,
            on_behalf_of_id=person_id,
            csrf_token=new_secret(),
        )
    )
    return True


async def note_acting(
    session: AsyncSession, viewer: Viewer, session_id: UUID, action: str, now: datetime
) -> None:
    """Writes into the audit trail that somebody began or ended to act in a customer's place."""
    assert viewer.on_behalf is not None and viewer.customer_id is not None
    # Inline, for the door may add to the trail but read nothing of it, not even the new row's number.
    row = insert(AuditEvent.__table__).inline()  # type: ignore[arg-type]
    await session.execute(
        row.values(
            month=now.date().replace(day=1), occurred_at=now, seller_id=viewer.seller_id,
            customer_id=viewer.customer_id, actor_id=viewer.user_id, subject_id=viewer.subject_id,
            session_id=session_id, request_id="", action=action, entity_type="Customer",
            entity_id=viewer.customer_id, entity_version=1, reason=viewer.on_behalf.reason, changes={},
        )
    )  # fmt: skip


async def choose_locale(session: AsyncSession, session_id: UUID, locale: str) -> None:
    await session.execute(update(UserSession).where(UserSession.id == session_id).values(locale=locale))


async def note_use(session: AsyncSession, session_id: UUID, now: datetime) -> None:
    """Moves the end of idleness; conditional, so that of many requests at once one writes."""
    await session.execute(
        update(UserSession)
        .where(UserSession.id == session_id, UserSession.last_seen_at <= now - SEEN_EVERY)
        .values(last_seen_at=now)
    )
