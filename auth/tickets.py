"""Tickets: what opens a stream in place of the session or token, which belong in no address; one use, one minute."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from auth.permissions import Viewer
from auth.session_secrets import hash_of, looks_like_secret, new_secret
from auth.viewers import load_viewers
from models.sellers import SalesRepTerritory
from models.streams import StreamTicket

LIFE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class NewTicket:
    ticket: str
    expires_at: datetime


async def issue_ticket(session: AsyncSession, session_id: UUID, now: datetime) -> NewTicket:
    """A ticket of the session; those that nobody used in time go."""
    await session.execute(delete(StreamTicket).where(StreamTicket.expires_at <= now))
    made = NewTicket(new_secret(), now + LIFE)
    await session.execute(
        insert(StreamTicket).values(
            token_hash=hash_of(made.ticket), session_id=session_id, expires_at=made.expires_at
        )
    )
    return made


async def redeem_ticket(session: AsyncSession, ticket: str, now: datetime) -> UUID | None:
    """The session of a ticket, which is used up; None where it opens nothing."""
    if not looks_like_secret(ticket):
        return None
    found: UUID | None = await session.scalar(
        delete(StreamTicket)
        .where(StreamTicket.token_hash == hash_of(ticket), StreamTicket.expires_at > now)
        .returning(StreamTicket.session_id)
    )
    return found


async def rights_of_sessions(
    session: AsyncSession, session_ids: Collection[UUID], now: datetime
) -> Mapping[UUID, tuple[Viewer, frozenset[UUID]]]:
    """By session, where it is not over: its viewer as of now, and the territories of the reps they reach."""
    viewers = await load_viewers(session, session_ids, now)
    reps = {rep for viewer in viewers.values() for rep in viewer.sales_rep_ids}
    territories: dict[UUID, set[UUID]] = {}
    if reps:
        rows = await session.execute(
            select(SalesRepTerritory.sales_rep_id, SalesRepTerritory.territory_id).where(
                SalesRepTerritory.sales_rep_id.in_(reps)
            )
        )
        for rep, territory in rows:
            territories.setdefault(rep, set()).add(territory)
    return {
        key: (viewer, frozenset(each for rep in viewer.sales_rep_ids for each in territories.get(rep, ())))
        for key, viewer in viewers.items()
    }
