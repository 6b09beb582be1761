"""What both sides write about a quote and put beside it; nothing of it changes what was offered."""

import hashlib
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select

from auth.permissions import Permission
from models.base import new_id
from models.products import File, FileChunk
from models.quotes import Quote
from models.quotes_messages import QuoteAttachment, QuoteMessage
from models.quotes_messages_reads import AttachmentRow, MessageRow, visible_attachments, visible_messages
from models.rows import grouped
from resolvers.context import Context
from resolvers.events import record
from resolvers.house import as_house
from resolvers.paging import Page, PageArgs, SortKey, page
from resolvers.quotes_acts import find_quote
from resolvers.uploads import ATTACHMENTS, PDF, take_upload
from rules.quotes_messages import ATTACHMENTS_MAX, BODY_MAX, AttachmentPurpose, attachment_name
from rules.refusals import ErrorCode, Refusal


async def quote_messages(ctx: Context, quote_id: UUID, args: PageArgs) -> Page[MessageRow]:
    """What was written about a quote that the viewer may see, newest first."""
    statement = visible_messages(ctx.user).where(QuoteMessage.quote_id == quote_id)
    return await page(ctx, statement, [SortKey("id", QuoteMessage.id, descending=True)], args, MessageRow)


async def attachments_by_quote(ctx: Context, keys: Sequence[UUID]) -> list[list[AttachmentRow]]:
    """The files beside each quote, oldest first; at most 20."""
    statement = visible_attachments(ctx.user).where(QuoteAttachment.quote_id.in_(keys))
    rows = await ctx.session.execute(statement.order_by(QuoteAttachment.id))
    return grouped(keys, (AttachmentRow(*each) for each in rows), "quote_id")


def may_write(ctx: Context, customer_id: UUID) -> bool:
    """Whoever answers quotes of the customer, or works on them with us."""
    viewer = ctx.user
    permissions = (
        (Permission.QUOTES_MANAGE, Permission.QUOTES_APPROVE)
        if viewer.is_staff
        else (Permission.QUOTES_ANSWER,)
    )
    return any(viewer.reaches(each, customer_id) for each in permissions)


def author_shown(ctx: Context, row: MessageRow | AttachmentRow) -> str:
    """Who wrote it: ours to everybody; the customer's to our people, themselves and those who decide there."""
    viewer = ctx.user
    shown = (
        row.is_ours
        or viewer.is_staff
        or row.created_by_id == viewer.user_id
        or viewer.may(Permission.APPROVALS_DECIDE)
    )
    return row.created_by_name if shown else ""


async def add_quote_message(ctx: Context, quote_id: UUID, body: str, is_internal: bool) -> UUID:
    """
    Writes to the other side, or a note for our side alone. The quote's version stays: nobody's work is made stale.

    Raises:
        Refusal(INVALID): nothing is written, or more than 4,000 characters.
        Refusal(NOT_PERMITTED): a buyer's internal note, or somebody who only reads.
    """
    body = body.strip()
    if not 1 <= len(body) <= BODY_MAX:
        text = "A message has 1 to {limit} characters."
        raise Refusal(ErrorCode.INVALID, text, ("body",), limit=BODY_MAX)
    _demand_ours(ctx, is_internal)
    async with as_house(ctx) as session:
        quote = (await find_quote(ctx, session, quote_id)).quote
        _demand_writer(ctx, quote.customer_id)
        session.add(
            QuoteMessage(
                id=new_id(), quote_id=quote.id, customer_id=quote.customer_id, created_at=ctx.now,
                created_by_id=ctx.user.user_id, created_by_name=ctx.user.name, is_ours=ctx.user.is_staff,
                is_internal=is_internal, body=body,
            )
        )  # fmt: skip
        tell_beside(ctx, quote, "quote.messageAdded", is_internal)
        await session.flush()
    return quote_id


async def add_quote_attachment(
    ctx: Context, quote_id: UUID, upload_id: UUID, purpose: AttachmentPurpose, is_internal: bool
) -> UUID:
    """
    Puts a file beside a quote: PDF, PNG, JPEG, CSV or XLSX by content, 10 MB at most, 20 a quote.

    A signed offer is kept as evidence. It accepts nothing: acceptance is the customer's own act.

    Raises:
        Refusal(FILE_INVALID): a file of another kind; it stays where it was.
        Refusal(LIMIT_EXCEEDED): there are 20 already.
        Refusal(INVALID): a signed offer that is no PDF.
        Refusal(NOT_PERMITTED): a buyer's internal file or signed offer, or somebody who only reads.
    """
    _demand_ours(ctx, is_internal)
    if purpose is AttachmentPurpose.SIGNED_OFFER and not ctx.user.is_staff:
        text = "Accept the offer here; a signed copy is filed by the seller."
        raise Refusal(ErrorCode.NOT_PERMITTED, text, ("purpose",))
    file = await take_upload(ctx, upload_id, ("uploadId",), ATTACHMENTS)
    if purpose is AttachmentPurpose.SIGNED_OFFER and file.media_type != PDF:
        raise Refusal(ErrorCode.INVALID, "A signed offer is a PDF.", ("uploadId",))
    async with as_house(ctx) as session:
        quote = (await find_quote(ctx, session, quote_id)).quote
        _demand_writer(ctx, quote.customer_id)
        own = (QuoteAttachment.quote_id == quote.id, QuoteAttachment.customer_id == quote.customer_id)
        if await session.scalar(select(func.count()).where(*own)) >= ATTACHMENTS_MAX:
            text = "A quote has {limit} files at most."
            raise Refusal(ErrorCode.LIMIT_EXCEEDED, text, ("uploadId",), limit=ATTACHMENTS_MAX)
        stored = File(
            id=new_id(), seller_id=ctx.user.seller_id, name=attachment_name(file.name, file.media_type),
            media_type=file.media_type, byte_size=len(file.content),
            sha256=hashlib.sha256(file.content).digest(), created_at=ctx.now,
        )  # fmt: skip
        session.add(stored)
        await session.flush()
        session.add_all(
            [
                FileChunk(file_id=stored.id, position=0, content=file.content),
                QuoteAttachment(
                    id=new_id(), quote_id=quote.id, customer_id=quote.customer_id, created_at=ctx.now,
                    created_by_id=ctx.user.user_id, created_by_name=ctx.user.name, is_ours=ctx.user.is_staff,
                    is_internal=is_internal, purpose=purpose, file_id=stored.id,
                ),
            ]
        )  # fmt: skip
        tell_beside(ctx, quote, "quote.fileAdded", is_internal)
        await session.flush()
    return quote_id


def tell_beside(ctx: Context, quote: Quote, event: str, is_internal: bool) -> None:
    """Records it under the quote; what is internal is of no customer, so that only our people hear of it."""
    customer_id = None if is_internal else quote.customer_id
    changes = {"number": quote.number, "isInternal": is_internal}
    record(ctx, event, "Quote", quote.id, version=quote.version, customer_id=customer_id, changes=changes)


def _demand_ours(ctx: Context, is_internal: bool) -> None:
    if is_internal and not ctx.user.is_staff:
        raise Refusal(ErrorCode.NOT_PERMITTED, "Internal notes are the seller's.", ("isInternal",))


def _demand_writer(ctx: Context, customer_id: UUID) -> None:
    if not may_write(ctx, customer_id):
        raise Refusal(ErrorCode.NOT_PERMITTED, "You may not do this with this quote.", ("quoteId",))
