"""
Consents to quotes that nobody gives: asked of the next level after the seller's days, called to mind before the end.

The scheduler calls these on a session of `Database.job()` and commits; there is no viewer. What they write stands in
the audit under whoever submitted, since nobody else acted, and is told to the seller's people alone.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

REMIND_BEFORE = timedelta(days=1)

# Who could consent before still can: the next level is asked besides.
_ESCALATE = text("""
    update approval_request request set version = request.version + 1,
        act = request.act || jsonb_build_object('level', 'DIRECTOR', 'escalatedAt', cast(:told as text))
    from quote_policy policy
    where policy.seller_id = request.seller_id and policy.escalate_days > 0 and request.subject_type = 'Quote'
        and request.status = 'PENDING' and request.act->>'level' = 'MANAGER' and request.due_at > :now
        and request.requested_at + make_interval(days => policy.escalate_days) <= :now
    returning request.id
""")
_REMIND = text("""
    update approval_request set reminded_at = :now
    where subject_type in ('Quote', 'QuoteAcceptance') and status = 'PENDING' and reminded_at is null
        and due_at > :now and due_at <= :soon
    returning id
""")
# No customer: what the seller's people ask each other for is in no log of theirs.
_TOLD = (
    """insert into audit_event (month, occurred_at, seller_id, actor_id, request_id, action, entity_type, entity_id,
            entity_version, reason, changes)
        select date_trunc('month', cast(:now as timestamptz)), :now, request.seller_id, requested_by_id, '', :action,
            'Quote', quote.id, quote.version, '', jsonb_build_object('number', quote.number, 'level', act->>'level')
        from approval_request request join quote on quote.id = request.quote_id
        where request.id = any (cast(:keys as uuid[]))""",
    """insert into outbox_event (event_id, type, entity_type, entity_id, entity_version, occurred_at, seller_id,
            actor_id)
        select gen_random_uuid(), :action, 'Quote', quote.id, quote.version, :now, request.seller_id, requested_by_id
        from approval_request request join quote on quote.id = request.quote_id
        where request.id = any (cast(:keys as uuid[]))""",
)


async def escalate_quotes(session: AsyncSession, now: datetime) -> list[UUID]:
    """Asks the next level where nobody of the one that was asked decided in time; returns the requests, each once."""
    found = list(await session.scalars(_ESCALATE, {"now": now, "told": now.isoformat()}))
    return await _tell(session, found, "quote.escalated", now)


async def remind_quote_requests(session: AsyncSession, now: datetime) -> list[UUID]:
    """Tells once of the consents that lapse within a day; returns the requests."""
    found = list(await session.scalars(_REMIND, {"now": now, "soon": now + REMIND_BEFORE}))
    return await _tell(session, found, "quote.consentReminded", now)


async def _tell(session: AsyncSession, requests: list[UUID], action: str, now: datetime) -> list[UUID]:
    if requests:
        for told in _TOLD:
            await session.execute(text(told), {"keys": requests, "action": action, "now": now})
    return requests
