"""The world's quotes: every company was sent one, and the parent has one in each state that acts begin from."""

from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from uuid import UUID

from sqlalchemy import text

from app.database import Database
from auth.permissions import Viewer
from resolvers.quotes_acts import create_quote, request_quote, send_quote
from resolvers.quotes_answers import CounterLine, counter_quote
from resolvers.quotes_approval import submit_quote
from resolvers.quotes_pricing import QuoteLineDraft, QuoteTerms
from schema.ids import encode_id
from tests import factories as make

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)

_ACCEPTED = """
insert into quote_acceptance (quote_id, revision_id, customer_id, content_hash, positions, purchase_order_number,
    accepted_at, accepted_by_id, accepted_by_name, locale)
select quote_id, id, customer_id, content_hash, array[1], 'P-1', :now, :by, 'x', 'es' from quote_revision
where quote_id = :quote
"""
_WAITS = """
insert into approval_request (id, seller_id, customer_id, subject_type, quote_id, status, reasons, act, requested_at,
    requested_by_id, requested_by_name, due_at)
select gen_random_uuid(), :seller, customer_id, 'QuoteAcceptance', quote_id, 'PENDING', '[]',
    jsonb_build_object('act', 'acceptQuote', 'revisionId', id, 'contentHash', encode(content_hash, 'hex'),
        'positions', jsonb_build_array(1), 'purchaseOrderNumber', '', 'locale', 'es'),
    :now, :by, '', cast(:now as timestamptz) + interval '7 days'
from quote_revision where quote_id = :quote
"""


_BESIDE = """
with made as (
    insert into file (id, seller_id, name, media_type, byte_size, sha256, created_at)
    select gen_random_uuid(), :seller, 'f.csv', 'text/csv', 1, sha256('x'), :now from generate_series(1, 2) returning id
), chunks as (
    insert into file_chunk (file_id, position, content) select id, 0, 'x' from made
), files as (
    insert into quote_attachment (id, quote_id, customer_id, created_at, created_by_id, created_by_name, is_ours,
        is_internal, purpose, file_id)
    select gen_random_uuid(), quote.id, customer_id, :now, created_by_id, 'x', true,
        row_number() over () = 1, 'INFORMATION', made.id from quote, made where quote.id = :quote
), messages as (
    insert into quote_message (id, quote_id, customer_id, created_at, created_by_id, created_by_name, is_ours,
        is_internal, body)
    select gen_random_uuid(), id, customer_id, :now, created_by_id, 'x', true, internal, 'x'
    from quote, (values (true), (false)) as kinds (internal) where id = :quote
), link as (
    insert into quote_link (id, quote_id, revision_id, customer_id, secret_hash, created_at, created_by_id,
        created_by_name, expires_at)
    select gen_random_uuid(), quote_id, id, customer_id, sha256(uuid_send(id)), :now, created_by_id, 'x',
        cast(:now as timestamptz) + interval '30 days' from quote_revision where quote_id = :quote returning *
)
insert into quote_link_use (id, link_id, customer_id, used_at, act, name)
select gen_random_uuid(), id, customer_id, :now, 'OPENED', 'x' from link
"""


async def quote_all(
    database: Database, viewers: dict[str, Viewer], users: dict[str, UUID], customers: dict[str, UUID]
) -> dict[str, str]:
    """
    Returns:
        Global ids: by company what it was sent, and of the parent by state: draft, pending, approved, countered,
        waiting, accepted, requested.
    """
    rep, other = viewers["repa"], viewers["repb"]
    made = {
        "parent": await _sent(database, rep, customers["parent"]),
        "child": await _sent(database, rep, customers["child"]),
        "stranger": await _sent(database, other, customers["stranger"]),
        "draft": await _draft(database, rep, customers["parent"]),
        "pending": await _submitted(database, rep, customers["parent"], Decimal(12)),
        "approved": await _submitted(database, rep, customers["parent"]),
        "waiting": await _sent(database, rep, customers["parent"]),
        "accepted": await _sent(database, rep, customers["parent"]),
    }
    asked = [QuoteLineDraft("ACE-1", Decimal(1))]
    made["requested"] = await make.do(
        database, viewers["pbuyer"], lambda ctx: request_quote(ctx, asked, "m"), NOW
    )
    answered = [
        ("countered", await _sent(database, rep, customers["parent"]), viewers["padmin"]),
        ("countered_by_stranger", await _sent(database, other, customers["stranger"]), viewers["sadmin"]),
    ]
    for name, key, viewer in answered:
        await _counter(database, viewer, key)
        made[name] = key
    async with database.job() as session:
        by = {"now": NOW, "by": users["pmate"]}
        await session.execute(text(_ACCEPTED), {"quote": made["accepted"], **by})
        await session.execute(text(_WAITS), {"quote": made["waiting"], "seller": rep.seller_id, **by})
        for company in ("parent", "child", "stranger"):
            given = {"quote": made[company], "seller": rep.seller_id, "now": NOW}
            await session.execute(text(_BESIDE), given)
        moved = "update quote set status = :status, obstacle = :obstacle where id = :quote"
        for name, status, obstacle in (
            ("accepted", "ACCEPTED", "CREDIT"),
            ("waiting", "ACCEPTANCE_PENDING", None),
        ):
            values = {"status": status, "obstacle": obstacle, "quote": made[name]}
            await session.execute(text(moved), values)
    return {name: str(encode_id("Quote", key)) for name, key in made.items()}


async def _draft(database: Database, rep: Viewer, customer: UUID, percent: Decimal = Decimal(0)) -> UUID:
    lines = [
        QuoteLineDraft("ACE-1", Decimal(1), discount_percent=percent, reason="r" if percent else ""),
        QuoteLineDraft("ACE-2", Decimal(1), is_optional=True),
    ]
    return await make.do(
        database, rep, lambda ctx: create_quote(ctx, customer, lines, QuoteTerms(message="m")), NOW
    )


async def _submitted(database: Database, rep: Viewer, customer: UUID, percent: Decimal = Decimal(0)) -> UUID:
    key = await _draft(database, rep, customer, percent)
    await make.do(database, rep, partial(submit_quote, quote_id=key, expected_version=1), NOW)
    return key


async def _sent(database: Database, rep: Viewer, customer: UUID) -> UUID:
    key = await _submitted(database, rep, customer)
    await make.do(database, rep, partial(send_quote, quote_id=key, expected_version=2), NOW)
    return key


async def _counter(database: Database, viewer: Viewer, quote: UUID) -> None:
    async with database.job() as session:
        found = "select revision.id, encode(content_hash, 'hex'), line.id from quote_revision revision"
        found += " join quote_line line on line.revision_id = revision.id and line.position = 1 where quote_id = :quote"
        revision, content_hash, line = (await session.execute(text(found), {"quote": quote})).one()
    lines = [CounterLine(line, quantity=Decimal(2))]
    counter = partial(
        counter_quote,
        quote_id=quote,
        revision_id=revision,
        content_hash=content_hash,
        lines=lines,
        message="m",
    )
    await make.do(database, viewer, counter, NOW)
