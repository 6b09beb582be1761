"""Stored files that a viewer may fetch: pictures of products they may see, what their jobs made, files of quotes."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from auth.permissions import Permission
from models.jobs import Job
from models.jobs_reads import job_in_scope
from models.products import File, FileChunk, Product, ProductPicture
from models.products_reads import visible_products
from models.quotes_messages import QuoteAttachment
from models.quotes_messages_reads import visible_attachments
from models.rows import by_key, columns_of
from resolvers.context import Context

# Kinds a browser shows without running anything in them.
PICTURE_TYPES = frozenset({"image/png", "image/webp", "image/jpeg"})


@dataclass(frozen=True, slots=True)
class StoredFile:
    media_type: str
    sha256: bytes
    content: bytes
    name: str = ""


@dataclass(frozen=True, slots=True)
class FileRow:
    id: UUID
    name: str
    media_type: str
    byte_size: int


async def picture(ctx: Context, file_id: UUID) -> StoredFile | None:
    """A picture of a product the viewer may see; None for anything else."""
    shown = (
        visible_products(ctx.user, ctx.today, ctx.locale)
        .with_only_columns(ProductPicture.file_id)
        .join(ProductPicture, ProductPicture.product_id == Product.id)
    )
    head = (
        await ctx.session.execute(
            select(File.media_type, File.sha256).where(
                File.id == file_id, File.seller_id == ctx.user.seller_id, File.id.in_(shown)
            )
        )
    ).first()
    if head is None or head.media_type not in PICTURE_TYPES:
        return None
    return StoredFile(head.media_type, head.sha256, await _content(ctx, file_id))


async def files_by_id(ctx: Context, keys: Sequence[UUID]) -> list[FileRow | None]:
    """What a file is, for whoever came to it through a document that they may see."""
    statement = select(*columns_of(File, FileRow)).where(
        File.id.in_(keys), File.seller_id == ctx.user.seller_id
    )
    return by_key(keys, (FileRow(*each) for each in await ctx.session.execute(statement)))


async def job_result(ctx: Context, file_id: UUID) -> StoredFile | None:
    """What a job made that the viewer may see; None for anything else."""
    made = select(Job.result_file_id).where(job_in_scope(ctx.user), Job.result_file_id == file_id)
    statement = select(File.media_type, File.sha256, File.name).where(File.id.in_(made))
    head = (await ctx.session.execute(statement)).first()
    if head is None:
        return None
    return StoredFile(head.media_type, head.sha256, await _content(ctx, file_id), head.name)


async def quote_file(ctx: Context, file_id: UUID) -> StoredFile | None:
    """A file beside a quote that the viewer may see; None for anything else."""
    if not ctx.user.may(Permission.QUOTES_READ):
        return None
    beside = visible_attachments(ctx.user).with_only_columns(QuoteAttachment.file_id)
    statement = select(File.media_type, File.sha256, File.name).where(
        File.id == file_id, File.id.in_(beside.where(QuoteAttachment.file_id == file_id))
    )
    head = (await ctx.session.execute(statement)).first()
    if head is None:
        return None
    return StoredFile(head.media_type, head.sha256, await _content(ctx, file_id), head.name)


async def _content(ctx: Context, file_id: UUID) -> bytes:
    chunks = await ctx.session.scalars(
        select(FileChunk.content).where(FileChunk.file_id == file_id).order_by(FileChunk.position)
    )
    return b"".join(chunks)
