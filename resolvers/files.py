"""Stored files that a viewer may fetch. In this landing these are the pictures of products they may see."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from models.products import File, FileChunk, Product, ProductPicture
from models.products_reads import visible_products
from resolvers.context import Context

# Kinds a browser shows without running anything in them.
PICTURE_TYPES = frozenset({"image/png", "image/webp", "image/jpeg"})


@dataclass(frozen=True, slots=True)
class StoredFile:
    media_type: str
    sha256: bytes
    content: bytes


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
    chunks = await ctx.session.scalars(
        select(FileChunk.content).where(FileChunk.file_id == file_id).order_by(FileChunk.position)
    )
    return StoredFile(head.media_type, head.sha256, b"".join(chunks))
