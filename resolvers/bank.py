"""Statements of our bank: read, matched as far as it is certain, and the rest kept for a person."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select

from models.base import new_id
from models.customers import Customer
from models.customers_reads import customer_in_scope
from models.filters import Where, conditions
from models.invoices import Invoice
from models.payments import BankFile, BankLine
from models.payments_reads import (
    IS_OPEN,
    BankLineRow,
    OpenInstalmentRow,
    issued_instalments,
    visible_bank_lines,
)
from models.rows import by_key, columns_of
from resolvers.context import Context, LockKind
from resolvers.customers import seller
from resolvers.events import record
from resolvers.messages import stored_values, translate, values_of
from resolvers.orders_acts import checked_reason
from resolvers.paging import Page, PageArgs, SortKey, page
from resolvers.payments import payments_by_id
from resolvers.payments_acts import MatchWanted, Receipt, checked_draft, receive
from rules.bank_files import BankLine as Movement
from rules.bank_parsing import parse_bank_file
from rules.instalments import DueInstalment
from rules.matching import Match, MatchOutcome, OpenItem, Payer, match_lines
from rules.money import ZERO
from rules.refusals import ErrorCode, InvalidTransition, Refusal, refuse_all
from rules.states import BankLineStatus, InvoiceStatus, PaymentMethod

LINES_MAX = 2000
SETTLED_DAYS = 400  # how long a settled invoice is still known by its number


def said(text: str) -> str:
    """Marks a text for the catalogue."""
    return text


_WAITING = {
    MatchOutcome.SUGGESTED: said("Only the amount, or several customers, fit; a person has to look."),
    MatchOutcome.UNKNOWN: said("No customer and no invoice is named that we know."),
    MatchOutcome.OTHER_CURRENCY: said("What it names is in another currency."),
}
BANK_LINE_COLUMNS: Mapping[str, Any] = {
    "status": BankLine.status,
    "booked_on": BankLine.booked_on,
    "file": BankLine.bank_file_id,
}


@dataclass(frozen=True, slots=True)
class BankFileRow:
    id: UUID
    name: str
    format: str
    imported_at: Any


async def bank_files_by_id(ctx: Context, keys: Sequence[UUID]) -> list[BankFileRow | None]:
    rows = await ctx.session.execute(
        select(*columns_of(BankFile, BankFileRow)).where(
            BankFile.id.in_(keys), BankFile.seller_id == ctx.user.seller_id
        )
    )
    return by_key(keys, (BankFileRow(*each) for each in rows))


async def bank_lines(ctx: Context, where: Where | None, args: PageArgs) -> Page[BankLineRow]:
    """The lines of all files, newest first."""
    statement = visible_bank_lines(ctx.user).where(conditions(where, BANK_LINE_COLUMNS))
    return await page(ctx, statement, [SortKey("id", BankLine.id, True)], args, BankLineRow)


async def bank_lines_by_id(ctx: Context, keys: Sequence[UUID]) -> list[BankLineRow | None]:
    rows = await ctx.session.execute(visible_bank_lines(ctx.user).where(BankLine.id.in_(keys)))
    return by_key(keys, (BankLineRow(*each) for each in rows))


async def bank_lines_by_file(ctx: Context, keys: Sequence[UUID]) -> list[list[BankLineRow]]:
    """The lines of each file, in the file's order."""
    rows = await ctx.session.execute(
        visible_bank_lines(ctx.user)
        .where(BankLine.bank_file_id.in_(keys))
        .order_by(BankLine.bank_file_id, BankLine.position)
    )
    found: dict[UUID, list[BankLineRow]] = {key: [] for key in keys}
    for row in rows:
        line = BankLineRow(*row)
        found[line.bank_file_id].append(line)
    return [found[key] for key in keys]


async def import_bank_file(ctx: Context, name: str, content: bytes) -> UUID:
    """
    Reads a file whole or not at all: certain lines become payments, the others wait, and none is lost.

    Raises:
        Refusals(INVALID): what is wrong, at ("content", line, field).
        Refusal(ALREADY_EXISTS): the same file was read before.
    """
    if not 1 <= len(name.strip()) <= 200:
        raise Refusal(ErrorCode.INVALID, "A name has 1 to 200 characters.", ("name",))
    digest = hashlib.sha256(content).digest()
    us = await seller(ctx)
    before = await ctx.session.scalar(
        select(BankFile.imported_at).where(BankFile.seller_id == us.id, BankFile.sha256 == digest)
    )
    if before is not None:
        text = "This file was read on {day}."
        day = before.astimezone(ctx.zone).date()
        raise Refusal(ErrorCode.ALREADY_EXISTS, text, ("content",), day=day)
    parsed = parse_bank_file(content, currency=us.currency)
    refuse_all(
        [
            Refusal(ErrorCode.INVALID, each.text, ("content", each.line, each.field), **each.data)
            for each in parsed.problems
        ]
    )
    if len(parsed.lines) > LINES_MAX:
        text = "A file has at most {limit} movements."
        raise Refusal(ErrorCode.LIMIT_EXCEEDED, text, ("content",), limit=LINES_MAX)
    found = await _matches(ctx, parsed.lines)
    file = BankFile(
        id=new_id(), seller_id=us.id, name=name.strip(), format=parsed.format.value, sha256=digest,
        imported_at=ctx.now, imported_by_id=ctx.user.user_id,
    )  # fmt: skip
    ctx.session.add(file)
    await ctx.session.flush()
    rows = [_line(ctx, file, position, each) for position, each in enumerate(found, start=1)]
    await _receive(ctx, rows, found)
    ctx.session.add_all(rows)
    record(
        ctx, "bankFile.imported", "BankFile", file.id, version=1, customer_id=None,
        changes={"format": file.format, "lines": str(len(rows))}, published=False,
    )  # fmt: skip
    await ctx.session.flush()
    return file.id


async def _matches(ctx: Context, lines: Sequence[Movement]) -> list[Match]:
    """What each line pays, by what is open, who could pay, and what was read before."""
    recent = Invoice.issued_on >= ctx.today - timedelta(days=SETTLED_DAYS)
    rows = await ctx.session.execute(
        issued_instalments(ctx.user).where(Invoice.status == InvoiceStatus.ISSUED, or_(IS_OPEN, recent))
    )
    items = []
    for each in rows:
        row = OpenInstalmentRow(*each)
        due = DueInstalment(row.position, row.due_on, row.amount)
        items.append(
            OpenItem(
                str(row.id), row.invoice_number, str(row.customer_id), due, max(row.open, ZERO), row.currency
            )
        )
    customers = await ctx.session.execute(
        select(Customer.id, Customer.name, Customer.tax_id).where(customer_in_scope(ctx.user))
    )
    payers = [Payer(str(key), (name,), tax_id or "") for key, name, tax_id in customers]
    marks = [bytes.fromhex(line.fingerprint) for line in lines]
    posted = await ctx.session.scalars(
        select(BankLine.fingerprint).where(
            BankLine.seller_id == ctx.user.seller_id,
            BankLine.fingerprint.in_(marks),
            BankLine.status != BankLineStatus.DUPLICATE,
        )
    )
    return match_lines(lines, items, payers, {each.hex() for each in posted})


def _line(ctx: Context, file: BankFile, position: int, found: Match) -> BankLine:
    """The line as it is before its money is received."""
    line = found.line
    statuses = {
        MatchOutcome.OUTGOING: BankLineStatus.IGNORED,
        MatchOutcome.DUPLICATE: BankLineStatus.DUPLICATE,
    }
    return BankLine(
        id=new_id(), bank_file_id=file.id, seller_id=file.seller_id, position=position, booked_on=line.booked_on,
        amount=line.amount, currency=line.currency, remitter=line.counterparty[:200],
        reference=" ".join(each for each in (line.reference, line.text) if each),
        fingerprint=bytes.fromhex(line.fingerprint), status=statuses.get(found.outcome, BankLineStatus.UNKNOWN),
        problem=_WAITING.get(found.outcome, ""),
    )  # fmt: skip


def problem_of(ctx: Context, line: BankLineRow) -> str:
    """Why a line waits, in the reader's language; or the reason of whoever put it aside, in their own words."""
    if line.status == BankLineStatus.IGNORED or not line.problem:
        return line.problem
    return translate(line.problem, values_of(line.problem_data), ctx.locale)


async def _receive(ctx: Context, rows: Sequence[BankLine], found: Sequence[Match]) -> None:
    """Payments of what is certain; what cannot be posted waits, and says why."""
    taken: list[tuple[BankLine, Receipt]] = []
    for row, match in zip(rows, found, strict=True):
        if not (match.is_certain or match.outcome == MatchOutcome.ON_ACCOUNT):
            continue
        if match.customer is None:
            row.problem = _WAITING[MatchOutcome.SUGGESTED]
            continue
        matches = tuple(MatchWanted(UUID(each.item.key), each.amount) for each in match.settled)
        receipt = _receipt(row, UUID(match.customer), row.booked_on, matches)
        try:
            await checked_draft(ctx, receipt)
        except Refusal as refusal:
            row.problem, row.problem_data = refusal.text, stored_values(refusal.data)
            continue
        taken.append((row, receipt))
    if not taken:
        return
    keys = await receive(ctx, [receipt for _, receipt in taken], warns=False)
    await _settle(ctx, [row for row, _ in taken], keys)


def _receipt(row: BankLine, customer_id: UUID, on: date, matches: tuple[MatchWanted, ...]) -> Receipt:
    return Receipt(
        customer_id,
        PaymentMethod.TRANSFER,
        on,
        row.amount,
        row.currency,
        row.reference[:200],
        matches=matches,
    )


async def _settle(ctx: Context, rows: Sequence[BankLine], payment_ids: Sequence[UUID]) -> None:
    """What became of lines whose money was received."""
    payments = await ctx.loader(payments_by_id).load_many(list(payment_ids))
    for row, payment in zip(rows, payments, strict=True):
        assert payment is not None, "it was just recorded for a customer in sight"
        row.payment_id = payment.id
        row.problem, row.problem_data = "", {}
        if not payment.amount_matched:
            row.status = BankLineStatus.ON_ACCOUNT
        elif payment.on_account:
            row.status = BankLineStatus.PARTLY_MATCHED
        else:
            row.status = BankLineStatus.MATCHED


async def _lock_line(ctx: Context, line_id: UUID) -> BankLine:
    statement = select(BankLine).where(BankLine.id == line_id, BankLine.seller_id == ctx.user.seller_id)
    row: BankLine | None = await ctx.session.scalar(ctx.locked(LockKind.DOCUMENT, statement))
    if row is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("bankLineId",))
    if row.status != BankLineStatus.UNKNOWN:
        raise InvalidTransition(row.status, BankLineStatus.MATCHED, [], ("bankLineId",))
    return row


async def assign_bank_line(
    ctx: Context, line_id: UUID, customer_id: UUID, received_on: date | None, matches: tuple[MatchWanted, ...]
) -> UUID:
    """
    A person says whose money a waiting line is, and what it pays.

    Args:
        received_on: the day it is posted; the line's when nothing is said.
    """
    row = await _lock_line(ctx, line_id)
    receipt = _receipt(row, customer_id, received_on or row.booked_on, matches)
    keys = await receive(ctx, [receipt])
    await _settle(ctx, [row], keys)
    record(
        ctx, "bankLine.assigned", "BankLine", row.id, version=1, customer_id=customer_id,
        changes={"payment": str(keys[0]), "status": str(row.status)}, published=False,
    )  # fmt: skip
    await ctx.session.flush()
    return row.id


async def ignore_bank_line(ctx: Context, line_id: UUID, reason: str) -> UUID:
    """A waiting line that is no customer's payment."""
    reason = checked_reason(reason)
    row = await _lock_line(ctx, line_id)
    row.status, row.problem, row.problem_data = BankLineStatus.IGNORED, reason, {}
    record(
        ctx,
        "bankLine.ignored",
        "BankLine",
        row.id,
        version=1,
        customer_id=None,
        reason=reason,
        published=False,
    )
    await ctx.session.flush()
    return row.id
