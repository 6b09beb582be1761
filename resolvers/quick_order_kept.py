"""Quick orders: lines kept for a day, verified at each look, and put into the cart or on a list as a whole."""

import asyncio
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from auth.permissions import Viewer
from models.base import new_id
from models.quick_orders import QuickOrder
from models.rows import by_key, columns_of
from resolvers.carts import LineDraft, ResolvedLine, changed, lock_cart, put_lines
from resolvers.context import Context
from resolvers.customers import acting_customer
from resolvers.events import record
from resolvers.quick_order import Checked, CheckedRow, CheckedStatus, check_lines
from resolvers.uploads import XLSX, UploadedFile, take_upload
from resolvers.wishlists import ItemDraft, create_wishlist, put_items
from rules.order_files import lines_of_csv
from rules.order_lines import LineFault, OrderLine
from rules.refusals import ErrorCode, Path, Refusal
from rules.sheets import lines_of_workbook
from rules.states import QuickOrderSource, WishlistVisibility

KEPT = timedelta(hours=24)
# How many a user keeps; the oldest goes when another comes.
KEPT_MAX = 20


class InvalidLines(StrEnum):
    """What to do about lines that cannot be ordered."""

    REFUSE = "REFUSE"
    LEAVE_OUT = "LEAVE_OUT"


@dataclass(frozen=True, slots=True)
class QuickOrderRow:
    id: UUID
    source: QuickOrderSource
    file_name: str
    line_count: int
    created_at: datetime
    expires_at: datetime


def visible_quick_orders(viewer: Viewer, now: datetime) -> Select[*tuple[Any, ...]]:
    """The viewer's own, at the customer they act for, until they expire."""
    return select(*columns_of(QuickOrder, QuickOrderRow)).where(
        QuickOrder.customer_id == viewer.customer_id,
        QuickOrder.user_id == viewer.user_id,
        QuickOrder.expires_at > now,
    )


async def quick_orders_by_id(ctx: Context, keys: Sequence[UUID]) -> list[QuickOrderRow | None]:
    rows = await ctx.session.execute(visible_quick_orders(ctx.user, ctx.now).where(QuickOrder.id.in_(keys)))
    return by_key(keys, (QuickOrderRow(*each) for each in rows))


async def checked_by_quick_order(ctx: Context, keys: Sequence[UUID]) -> list[Checked | None]:
    """The lines of each, verified now; once per operation however many of its fields are asked."""
    statement = visible_quick_orders(ctx.user, ctx.now).with_only_columns(QuickOrder.id, QuickOrder.lines)
    rows = await ctx.session.execute(statement.where(QuickOrder.id.in_(keys)))
    found = {row[0]: row[1] for row in rows}
    return [await check_lines(ctx, _read(found[key])) if key in found else None for key in keys]


def _written(lines: Sequence[OrderLine]) -> list[list[Any]]:
    return [
        [
            None if value is None else value if isinstance(value, int) else str(value)
            for value in astuple(line)
        ]
        for line in lines
    ]


def _read(stored: Sequence[Sequence[Any]]) -> list[OrderLine]:
    return [
        OrderLine(
            number,
            text,
            code,
            None if quantity is None else Decimal(quantity),
            None if fault is None else LineFault(fault),
            column,
            typed,
        )
        for number, text, code, quantity, fault, column, typed in stored
    ]


async def keep_lines(
    ctx: Context, lines: Sequence[OrderLine], source: QuickOrderSource, path: Path, file_name: str = ""
) -> UUID:
    """Keeps lines for a day, to be verified and ordered as a whole."""
    customer = await acting_customer(ctx)
    if not lines:
        raise Refusal(ErrorCode.INVALID, "Name at least one line.", path)
    mine = (QuickOrder.customer_id == customer.id, QuickOrder.user_id == ctx.user.user_id)
    newest = select(QuickOrder.id).where(*mine, QuickOrder.expires_at > ctx.now)
    newest = newest.order_by(QuickOrder.created_at.desc(), QuickOrder.id.desc()).limit(KEPT_MAX - 1)
    await ctx.session.execute(delete(QuickOrder).where(*mine, QuickOrder.id.not_in(newest)))
    kept = QuickOrder(
        id=new_id(),
        customer_id=customer.id,
        user_id=ctx.user.user_id,
        source=source,
        file_name=file_name,
        lines=_written(lines),
        line_count=len(lines),
        created_at=ctx.now,
        expires_at=ctx.now + KEPT,
    )
    ctx.session.add(kept)
    await ctx.session.flush()
    changes = {"source": source.value, "lines": str(len(lines))}
    record(ctx, "quickOrder.created", "QuickOrder", kept.id, version=1, customer_id=customer.id, changes=changes,
           published=False)  # fmt: skip
    await ctx.session.flush()
    return kept.id


async def keep_file(ctx: Context, upload_id: UUID) -> UUID:
    """The lines of an uploaded file, which is used up by it."""
    path = ("uploadId",)
    file = await take_upload(ctx, upload_id, path)
    try:
        # Unpacking and parsing take a while; other requests go on meanwhile.
        lines = await asyncio.to_thread(_lines_of_file, file)
    except Refusal as refusal:
        raise Refusal(refusal.code, refusal.text, path, **refusal.data) from None
    return await keep_lines(ctx, lines, QuickOrderSource.FILE, path, file.name)


def _lines_of_file(file: UploadedFile) -> list[OrderLine]:
    return lines_of_workbook(file.content) if file.media_type == XLSX else lines_of_csv(file.content)


async def _orderable(ctx: Context, quick_order_id: UUID, invalid: InvalidLines) -> list[CheckedRow]:
    """What of a quick order can be ordered now; refused where something cannot and must not be left out."""
    checked = await ctx.load(checked_by_quick_order, quick_order_id)
    if checked is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("quickOrderId",))
    orderable, left_out = checked.orderable, checked.count(CheckedStatus.INVALID)
    if not orderable:
        raise Refusal(ErrorCode.INVALID, "None of these lines can be ordered.", ("quickOrderId",))
    if left_out and invalid is InvalidLines.REFUSE:
        text = "{count} lines cannot be ordered. Correct them, or have them left out."
        raise Refusal(ErrorCode.INVALID, text, ("invalidLines",), count=left_out)
    if left_out:
        text = "{count} lines cannot be ordered and were left out."
        ctx.warn(ErrorCode.INVALID, text, ("quickOrderId",), count=left_out)
    adjusted = checked.count(CheckedStatus.ADJUSTED)
    if adjusted:
        text = "{count} quantities were rounded up to what is sold."
        ctx.warn(ErrorCode.PACK_SIZE, text, ("quickOrderId",), count=adjusted)
    return orderable


async def add_to_cart(
    ctx: Context, quick_order_id: UUID, invalid: InvalidLines, expected_version: int | None
) -> UUID:
    """Puts what can be ordered into the viewer's cart, in a constant number of statements."""
    rows = await _orderable(ctx, quick_order_id, invalid)
    resolved = [
        ResolvedLine(
            LineDraft(row.quantity, ("lines", row.line_numbers[0]), product_id=row.product.id),
            row.product,
            row.quantity,
        )
        for row in rows
        if row.product is not None and row.quantity is not None
    ]
    cart = await lock_cart(ctx, expected_version)
    await put_lines(ctx, cart, resolved)
    return await changed(ctx, cart, "cart.filledFromQuickOrder", lines=len(resolved))


def _items(rows: Sequence[CheckedRow]) -> list[ItemDraft]:
    return [
        ItemDraft(("lines", row.line_numbers[0]), row.quantity, product_id=row.product.id)
        for row in rows
        if row.product is not None and row.quantity is not None
    ]


async def add_to_wishlist(
    ctx: Context, quick_order_id: UUID, invalid: InvalidLines, wishlist_id: UUID, expected_version: int | None
) -> UUID:
    """Puts what can be ordered on a list; the quantities replace what the list says of the same products."""
    rows = await _orderable(ctx, quick_order_id, invalid)
    return await put_items(ctx, wishlist_id, _items(rows), expected_version)


async def save_as_wishlist(
    ctx: Context, quick_order_id: UUID, invalid: InvalidLines, name: str, visibility: WishlistVisibility
) -> UUID:
    """Makes a list of what can be ordered."""
    rows = await _orderable(ctx, quick_order_id, invalid)
    return await create_wishlist(ctx, name, visibility, _items(rows))


async def delete_expired_quick_orders(session: AsyncSession, now: datetime) -> int:
    """Clears away what is over; how many there were. For the job role, every hour."""
    statement = delete(QuickOrder).where(QuickOrder.expires_at <= now).returning(QuickOrder.id)
    return len((await session.scalars(statement)).all())
