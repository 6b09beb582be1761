"""Imports: a file's rows in batches, each with its account in one transaction, so that whoever comes next goes on."""

import asyncio
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from jobs.imports_agreements import plan_agreement_lines
from jobs.imports_base import Fate, Ground, MakePlan, Plan
from jobs.imports_customers import plan_customers
from jobs.imports_prices import plan_prices
from jobs.imports_products import plan_products
from jobs.imports_purchases import plan_purchase_orders
from jobs.imports_stock import plan_stock
from jobs.imports_suppliers import plan_supplier_products, plan_suppliers
from jobs.imports_trade import plan_trade_agreements
from jobs.kinds import JobKind
from jobs.runs import ErrorRow, Run
from models.base import new_id
from models.imports import DataImport
from models.jobs import JobErrorRow
from models.products import File, FileChunk
from models.sellers import Seller
from resolvers.messages import translate
from rules.import_files import OpenFile, open_file
from rules.import_values import SHOWN_MAX
from rules.imports import ImportRow, Layout, report_headers, report_row
from rules.refusals import ErrorCode, Refusal
from rules.spreadsheet_text import write_csv
from rules.states import ImportKind

BATCH_ROWS = 1_000
# A large file on a slow machine; what was committed by then is not done again.
SECONDS = 1_800
DELIMITERS = {"es": ";", "en": ","}
PLANS: Mapping[ImportKind, MakePlan] = {
    ImportKind.PRODUCTS: plan_products,
    ImportKind.CUSTOMERS: plan_customers,
    ImportKind.PRICES: plan_prices,
    ImportKind.STOCK: plan_stock,
    ImportKind.TRADE_AGREEMENTS: plan_trade_agreements,
    ImportKind.AGREEMENT_LINES: plan_agreement_lines,
    ImportKind.SUPPLIERS: plan_suppliers,
    ImportKind.SUPPLIER_PRODUCTS: plan_supplier_products,
    ImportKind.PURCHASE_ORDERS: plan_purchase_orders,
}


@dataclass(frozen=True, slots=True)
class _Begun:
    """An import as this attempt finds it."""

    file: DataImport
    ground: Ground
    content: bytes


async def take_rows(run: Run) -> None:
    """
    Takes the rows of an import, or only says what would come of them.

    An attempt begins behind the last batch that was committed. Where nothing is stored there is nothing to go on
    from, so a verification begins at the first row.
    """
    begun = await _begin(run)
    opened = await asyncio.to_thread(open_file, begun.file.kind, begun.content)
    rows, done = opened.rows, begun.file.rows_done
    await asyncio.to_thread(_pass_over, rows, done)
    while batch := await asyncio.to_thread(lambda: list(islice(rows, BATCH_ROWS))):
        done += len(batch)
        async with run.step(done) as session:
            plan = await PLANS[begun.file.kind](session, begun.ground, batch)
            if not begun.ground.is_verify_only:
                for write in plan.writes:
                    await write(session)
            run.error_rows += [
                _error_row(opened.layout, row, each)
                for row in batch
                for each in plan.faults.get(row.number, ())
            ]
            await _account(session, begun.file.id, plan, len(batch))
    await _finish(run, begun)


def _pass_over(rows: Iterator[ImportRow], count: int) -> None:
    """They are read all the same: a row further down may say the same as one of them."""
    for _ in islice(rows, count):
        pass


async def _begin(run: Run) -> _Begun:
    async with run.step() as session:
        file = await session.scalar(select(DataImport).where(DataImport.job_id == run.job_id))
        if file is None or file.content is None or run.started_by_id is None:
            raise Refusal(ErrorCode.NOT_FOUND, "The file of this import is gone. Send it again.")
        seller = await session.get_one(Seller, file.seller_id)
        if file.is_verify_only:
            await session.execute(delete(JobErrorRow).where(JobErrorRow.job_id == run.job_id))
            file.rows_done = file.rows_created = file.rows_changed = file.rows_unchanged = (
                file.rows_refused
            ) = 0
        written = select(func.count()).select_from(JobErrorRow).where(JobErrorRow.job_id == run.job_id)
        run.faults_written = await session.scalar(written) or 0
        run.rows_at_fault = file.rows_refused
        await session.flush()
        session.expunge(file)
        session.expunge(seller)
    now = run.clock()
    today = now.astimezone(ZoneInfo(seller.time_zone)).date()
    ground = Ground(seller, file.id, run.started_by_id, now, today, file.is_verify_only)
    return _Begun(file, ground, file.content)


def _error_row(layout: Layout, row: ImportRow, refusal: Refusal) -> ErrorRow:
    column = refusal.path[-1] if refusal.path else ""
    data = {"value": layout.cell_of(row, column)[:SHOWN_MAX]} | refusal.data
    return ErrorRow(row.number, refusal.code.value, refusal.text, column, data)


async def _account(session: AsyncSession, import_id: UUID, plan: Plan, count: int) -> None:
    counted: dict[str, Any] = {
        f"rows_{fate.value}": getattr(DataImport, f"rows_{fate.value}") + plan.count(fate) for fate in Fate
    }
    counted["rows_done"] = DataImport.rows_done + count
    await session.execute(update(DataImport).where(DataImport.id == import_id).values(counted))


async def _finish(run: Run, begun: _Begun) -> None:
    """The refused rows as a file to mend and send again; what was sent is not kept beyond that."""
    async with run.final() as session:
        found = await session.scalars(
            select(JobErrorRow).where(JobErrorRow.job_id == run.job_id).order_by(JobErrorRow.position)
        )
        faults: dict[int, list[JobErrorRow]] = {}
        for each in found:
            faults.setdefault(each.row_number, []).append(each)
        if faults:
            report = await asyncio.to_thread(_report, begun, faults)
            run.result_file_id = await _keep(session, begun, report)
        await session.execute(update(DataImport).where(DataImport.id == begun.file.id).values(content=None))


def _report(begun: _Begun, faults: Mapping[int, list[JobErrorRow]]) -> bytes:
    locale = begun.file.locale
    opened: OpenFile = open_file(begun.file.kind, begun.content)
    table = [report_headers(opened.layout)]
    for row in opened.rows:
        stored = faults.get(row.number)
        if stored is None:
            continue
        refusals = tuple(
            Refusal(ErrorCode(each.code), each.message, (each.column_name,) if each.column_name else (),
                    **each.message_data)
            for each in stored
        )  # fmt: skip
        said = [translate(each.text, each.data, locale) for each in refusals]
        table.append(report_row(opened.layout, replace(row, faults=refusals), said))
    return write_csv(table, DELIMITERS.get(locale, ","))


async def _keep(session: AsyncSession, begun: _Begun, content: bytes) -> UUID:
    file_id = new_id()
    stem = begun.file.file_name.rpartition(".")[0] or begun.file.file_name
    await session.execute(
        insert(File).values(
            id=file_id, seller_id=begun.file.seller_id, name=f"{stem[:180]}-refused.csv", media_type="text/csv",
            byte_size=len(content), sha256=hashlib.sha256(content).digest(), created_at=begun.ground.now,
        )
    )  # fmt: skip
    pieces = range(0, len(content), _CHUNK)
    await session.execute(insert(FileChunk), [
        {"file_id": file_id, "position": place, "content": content[start : start + _CHUNK]}
        for place, start in enumerate(pieces)
    ])  # fmt: skip
    return file_id


_CHUNK = 10 * 1024 * 1024
# One of a kind at a time: two files about the same rows would wait for each other's locks.
IMPORT_KINDS = tuple(
    JobKind(f"import.{kind.value.lower()}", take_rows, seconds=SECONDS, at_once=1) for kind in PLANS
)
