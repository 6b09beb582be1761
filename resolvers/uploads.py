"""Files on their way in: stored for a quarter of an hour under an id that one input takes, once."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, and_, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.uploads import Upload
from resolvers.context import Context, LockKind
from rules.order_files import decode
from rules.refusals import ErrorCode, Path, Refusal
from rules.sheets import is_workbook, is_zip

BYTES_MAX = 10 * 1024 * 1024
KEPT = timedelta(minutes=15)
# How many a user may have waiting: what is sent and not taken cannot fill the disk.
WAITING_MAX = 10
NAME_MAX = 200
CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PDF, PNG, JPEG = "application/pdf", "image/png", "image/jpeg"
# What inputs that read rows take, and what may stand beside a document.
TABLES = frozenset({CSV, XLSX})
ATTACHMENTS = TABLES | {PDF, PNG, JPEG}
# Content of these beginnings is text by chance only.
_BINARY: Mapping[bytes, str] = MappingProxyType(
    {
        b"%PDF-": "PDF",
        b"\xd0\xcf\x11\xe0": "XLS",
        b"\x89PNG": "PNG",
        b"\xff\xd8\xff": "JPEG",
        b"\x1f\x8b": "GZIP",
    }
)
_MEDIA_TYPES: Mapping[str, str] = MappingProxyType({"PDF": PDF, "PNG": PNG, "JPEG": JPEG})
_KINDS: Mapping[str, str] = MappingProxyType({each: kind for kind, each in _MEDIA_TYPES.items()})
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class UploadRow:
    id: UUID
    name: str
    media_type: str
    byte_size: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """What an input took; it stands nowhere any more once the act has committed."""

    name: str
    media_type: str
    content: bytes


def media_type_of(content: bytes, takes: frozenset[str] = TABLES) -> str:
    """
    What a file is, by its content and never by its name.

    Args:
        takes: what the input that it is for takes; with pictures among it, a page or drawing in text is no table.
    Raises:
        Refusal(FILE_INVALID): it is nothing that the input takes.
    """
    if is_workbook(content):
        return XLSX
    kind = next((kind for start, kind in _BINARY.items() if content.startswith(start)), None)
    if kind is None and is_zip(content):
        kind = "ZIP"
    if kind is not None:
        media_type = _MEDIA_TYPES.get(kind)
        if media_type is None or media_type not in takes:
            raise _other_kind(kind, takes, ("file",))
        return media_type
    try:
        written = decode(content)
    except Refusal as refusal:
        raise Refusal(refusal.code, refusal.text, ("file",)) from None
    if takes is not TABLES and written.lstrip("\ufeff \t\r\n").startswith("<"):
        raise _other_kind("HTML", takes, ("file",))
    return CSV


def _other_kind(kind: str, takes: frozenset[str], path: Path) -> Refusal:
    text = "This is a file of kind {kind}; send CSV or XLSX."
    if PDF in takes:
        text = "This is a file of kind {kind}; send PDF, PNG, JPEG, CSV or XLSX."
    return Refusal(ErrorCode.FILE_INVALID, text, path, kind=kind)


def printable_name(name: str) -> str:
    """The last part of a file's name, to be shown as text; it names nothing of ours."""
    last = re.split(r"[/\\]", _UNPRINTABLE.sub("", name))[-1].strip()
    return last[-NAME_MAX:] or "file"


def _own(ctx: Context) -> ColumnElement[bool]:
    viewer = ctx.user
    return and_(
        Upload.user_id == viewer.user_id,
        Upload.seller_id == viewer.seller_id,
        Upload.customer_id.is_not_distinct_from(viewer.customer_id),
    )


async def store_upload(ctx: Context, name: str, content: bytes, takes: frozenset[str] = TABLES) -> UploadRow:
    """Keeps a file for the input that will take it, which looks at its kind again."""
    if not content:
        raise Refusal(ErrorCode.FILE_INVALID, "The file is empty.", ("file",))
    if len(content) > BYTES_MAX:
        text = "A file has {limit} MB at most."
        raise Refusal(ErrorCode.LIMIT_EXCEEDED, text, ("file",), limit=BYTES_MAX // 1024**2)
    media_type = media_type_of(content, takes)
    await ctx.session.execute(delete(Upload).where(_own(ctx), Upload.expires_at <= ctx.now))
    if await ctx.session.scalar(select(func.count()).select_from(Upload).where(_own(ctx))) >= WAITING_MAX:
        text = "{limit} files of yours wait already. Use them, or try again in a quarter of an hour."
        raise Refusal(ErrorCode.LIMIT_EXCEEDED, text, ("file",), limit=WAITING_MAX)
    viewer = ctx.user
    # A random id, unlike the ids of rows: who has it has the file, if it is theirs.
    upload = Upload(
        id=uuid4(),
        seller_id=viewer.seller_id,
        customer_id=viewer.customer_id,
        user_id=viewer.user_id,
        name=printable_name(name),
        media_type=media_type,
        content=content,
        created_at=ctx.now,
        expires_at=ctx.now + KEPT,
    )
    ctx.session.add(upload)
    await ctx.session.flush()
    return UploadRow(upload.id, upload.name, media_type, len(content), upload.expires_at)


async def take_upload(
    ctx: Context, upload_id: UUID, path: Path, takes: frozenset[str] = TABLES
) -> UploadedFile:
    """
    The file behind an id, which from now on is used up; an act that is refused gives it back.

    Raises:
        Refusal(FILE_INVALID): of a kind that this input does not take.
        Refusal(NOT_FOUND): unknown, another's, expired or used: the four are not told apart.
    """
    ctx.locking(LockKind.DOCUMENT)
    taken = (
        await ctx.session.execute(
            delete(Upload)
            .where(Upload.id == upload_id, _own(ctx), Upload.expires_at > ctx.now)
            .returning(Upload.name, Upload.media_type, Upload.content)
        )
    ).first()
    if taken is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", path)
    file = UploadedFile(*taken)
    if file.media_type not in takes:
        raise _other_kind(_KINDS[file.media_type], takes, path)
    return file


async def delete_expired_uploads(session: AsyncSession, now: datetime) -> int:
    """Clears away what nobody took; how many there were. For the job role, every few minutes."""
    gone = await session.scalars(delete(Upload).where(Upload.expires_at <= now).returning(Upload.id))
    return len(gone.all())
