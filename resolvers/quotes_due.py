"""
What time does to quotes: offers whose last day is over, and consents that nobody gave.

The scheduler calls this on a session of `Database.job()` and commits; there is no viewer. What it writes stands in the
audit under whoever sent the offer, or asked for the consent, since nobody else acted.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

BATCH = 100

# Locked as every act locks: the quote first. Those that somebody answers right now are left for the next time.
_OVER = """
    select quote.id from quote join seller on seller.id = quote.seller_id
    where quote.status in ('SENT', 'COUNTERED', 'ACCEPTANCE_PENDING')
        and quote.valid_until < cast(cast(:now as timestamptz) at time zone seller.time_zone as date)
    order by quote.valid_until, quote.id limit :batch
    for update of quote skip locked
"""
_EXPIRE = """
    update quote set status = 'EXPIRED', ended_at = :now, version = version + 1
    where id = any (cast(:quotes as uuid[]))
"""
_LAPSE_ACCEPTANCES = """
    update approval_request set status = 'LAPSED', version = version + 1
    where quote_id = any (cast(:quotes as uuid[])) and status = 'PENDING' and subject_type = 'QuoteAcceptance'
"""
_LAPSED = """
    select quote.id from quote
    where exists (
        select from approval_request request
        where request.quote_id = quote.id and request.status = 'PENDING' and request.due_at <= :now
    )
    order by quote.id limit :batch
    for update of quote skip locked
"""
_LAPSE = """
    update approval_request set status = 'LAPSED', version = version + 1
    where quote_id = any (cast(:quotes as uuid[])) and status = 'PENDING' and due_at <= :now
    returning quote_id, subject_type
"""
_BACK = {
    # What waited for ours is a draft again, and what waited for the customer's own consent an open offer.
    "Quote": """
        update quote_revision set status = 'DRAFT'
        where quote_id = any (cast(:quotes as uuid[])) and status = 'PENDING_APPROVAL'
    """,
    "QuoteAcceptance": """
        update quote set status = 'SENT'
        where id = any (cast(:quotes as uuid[])) and status = 'ACCEPTANCE_PENDING'
    """,
}
_RAISE = "update quote set version = version + 1 where id = any (cast(:quotes as uuid[]))"
_TOLD = (
    """insert into audit_event (month, occurred_at, seller_id, customer_id, actor_id, request_id, action, entity_type,
            entity_id, entity_version, reason, changes)
        select date_trunc('month', cast(:now as timestamptz)), :now, seller_id, customer_id, created_by_id, '', :action,
            'Quote', id, version, '', jsonb_build_object('number', number, 'status', status)
        from quote where id = any (cast(:quotes as uuid[]))""",
    """insert into outbox_event (event_id, type, entity_type, entity_id, entity_version, occurred_at, seller_id,
            customer_id, actor_id)
        select gen_random_uuid(), :action, 'Quote', id, version, :now, seller_id, customer_id, created_by_id
        from quote where id = any (cast(:quotes as uuid[]))""",
)


async def expire_quotes(session: AsyncSession, now: datetime) -> list[UUID]:
    """
    Ends the offers whose last day is over where their seller is; returns them, at most BATCH.

    The acts see it from the day after on by themselves; this tells of it, and ends what waits.
    """
    quotes = list(await session.scalars(text(_OVER), {"now": now, "batch": BATCH}))
    if quotes:
        await session.execute(text(_EXPIRE), {"quotes": quotes, "now": now})
        await session.execute(text(_LAPSE_ACCEPTANCES), {"quotes": quotes})
        await _tell(session, quotes, "quote.expired", now)
    return quotes


async def lapse_quote_requests(session: AsyncSession, now: datetime) -> list[UUID]:
    """Ends the requests for consent whose time is over; returns their quotes, at most BATCH."""
    quotes = list(await session.scalars(text(_LAPSED), {"now": now, "batch": BATCH}))
    if not quotes:
        return []
    lapsed = (await session.execute(text(_LAPSE), {"quotes": quotes, "now": now})).all()
    for subject, back in _BACK.items():
        of_subject = [row.quote_id for row in lapsed if row.subject_type == subject]
        await session.execute(text(back), {"quotes": of_subject})
    await session.execute(text(_RAISE), {"quotes": quotes})
    await _tell(session, quotes, "quote.lapsed", now, audited_only=True)
    return quotes


async def _tell(
    session: AsyncSession, quotes: list[UUID], action: str, now: datetime, audited_only: bool = False
) -> None:
    audited, told = _TOLD
    for statement in (audited,) if audited_only else (audited, told):
        await session.execute(text(statement), {"quotes": quotes, "action": action, "now": now})
