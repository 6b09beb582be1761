"""Statements of account as PDF, CSV and workbook (GET /documents/statements/{customer}.pdf …), and the journal."""

import csv
import io
from collections.abc import Awaitable, Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import xlsxwriter
from babel.dates import format_date
from babel.numbers import format_decimal
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from app.database import Database
from app.logs import logger
from app.papers.press import Press, PressBusy, PressError
from auth.permissions import Permission
from resolvers.account_statements import Statement, statement
from resolvers.context import Context, LockedSession
from resolvers.customers import SellerRow, seller
from resolvers.journal import journal_export
from resolvers.sellers import time_zone_of
from rules.refusals import Refusal
from rules.spreadsheet_text import harmless
from schema.endpoint import viewer_of_request
from schema.ids import try_decode_id

log = logger("ventas.papers")
_KINDS = {
    "pdf": "application/pdf",
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "on": "Day", "kind": "Document", "number": "Number", "reference": "Reference", "due_on": "Due on",
        "amount": "Amount", "balance": "Balance", "INVOICE": "Invoice", "CREDIT": "Rectifying invoice",
        "PAYMENT": "Payment", "REVERSAL": "Payment taken back", "opening": "Opening balance",
        "closing": "Closing balance", "file": "statement",
    },
    "es": {
        "on": "Fecha", "kind": "Documento", "number": "Número", "reference": "Referencia", "due_on": "Vencimiento",
        "amount": "Importe", "balance": "Saldo", "INVOICE": "Factura", "CREDIT": "Factura rectificativa",
        "PAYMENT": "Cobro", "REVERSAL": "Cobro anulado", "opening": "Saldo inicial", "closing": "Saldo final",
        "file": "extracto",
    },
}  # fmt: skip
_COLUMNS = ("on", "kind", "number", "reference", "due_on", "amount", "balance")
_Cell = str | date | Decimal | None


def statement_routes(
    database: Database, clock: Callable[[], datetime], press: Press | None = None
) -> list[BaseRoute]:
    """Unknown, foreign and forbidden customers, and nobody at all, get the same 404."""
    shared = press or Press()
    return [
        Route(f"/documents/statements/{{id}}.{ending}", _endpoint(database, clock, ending, shared), methods=["GET"])
        for ending in _KINDS
    ]  # fmt: skip


def journal_routes(database: Database, clock: Callable[[], datetime]) -> list[BaseRoute]:
    """GET /documents/journal.csv?from=&until=: every line posted in a period (the year so far), for finance."""

    async def journal(request: Request) -> Response:
        viewer = await viewer_of_request(request)
        if viewer is None or not viewer.may(Permission.JOURNAL_READ):
            return Response(status_code=404)
        try:
            since, until = _day_of(request, "from"), _day_of(request, "until")
        except ValueError:
            return Response(status_code=404)
        async with database.read(viewer) as session:
            zone: ZoneInfo = await time_zone_of(session, viewer.seller_id)
            ctx = Context(
                viewer, clock(), zone, request.state.locale, request.state.request_id,
                open_session=LockedSession(session),
            )  # fmt: skip
            last = until or ctx.today
            rows = await journal_export(ctx, since or last.replace(month=1, day=1), last)
        made = io.StringIO(newline="")
        writer = csv.writer(made)
        writer.writerow(
            (
                "day",
                "entry",
                "source",
                "document",
                "account",
                "debit",
                "credit",
                "document_amount",
                "currency",
            )
        )
        for row in rows:
            zero = Decimal(0)
            writer.writerow(
                (
                    row.posted_on.isoformat(), row.entry_id, row.source, _written(row.description), row.account,
                    _written(max(row.amount, zero)), _written(max(-row.amount, zero)), _written(row.document_amount),
                    row.currency,
                )
            )  # fmt: skip
        headers = {
            "Content-Disposition": f'attachment; filename="journal-{last}.csv"',
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        }
        return Response(b"\xef\xbb\xbf" + made.getvalue().encode(), 200, headers, media_type=_KINDS["csv"])

    return [Route("/documents/journal.csv", journal, methods=["GET"])]


def _day_of(request: Request, name: str) -> date | None:
    told = request.query_params.get(name)
    return date.fromisoformat(told) if told else None


def _endpoint(
    database: Database, clock: Callable[[], datetime], ending: str, press: Press
) -> Callable[[Request], Awaitable[Response]]:
    async def paper(request: Request) -> Response:
        viewer = await viewer_of_request(request)
        key = try_decode_id(request.path_params["id"], "Customer")
        if viewer is None or key is None or not viewer.may(Permission.INVOICES_READ):
            return Response(status_code=404)
        try:
            since, until = _day_of(request, "from"), _day_of(request, "until")
        except ValueError:
            return Response(status_code=404)
        currency = request.query_params.get("currency", "")[:3] or None
        async with database.read(viewer) as session:
            zone: ZoneInfo = await time_zone_of(session, viewer.seller_id)
            ctx = Context(
                viewer, clock(), zone, request.state.locale, request.state.request_id,
                open_session=LockedSession(session),
            )  # fmt: skip
            try:
                found = await statement(ctx, key, since, until, currency)
            except Refusal:
                return Response(status_code=404)
            us = await seller(ctx)
        if found is None:
            return Response(status_code=404)
        locale = ctx.locale if ctx.locale in _WORDS else "es"
        try:
            content = await _made(press, ending, found, us, locale, ctx.now)
        except PressBusy:
            return Response(status_code=503, headers={"Retry-After": "5"})
        except PressError as fault:
            log.error("paper failed", template="statement.typ", cause=str(fault), request_id=ctx.request_id)
            return Response(status_code=500)
        name = f"{_WORDS[locale]['file']}-{found.customer.number}-{found.until}.{ending}"
        headers = {
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        }
        return Response(content, 200, headers, media_type=_KINDS[ending])

    return paper


async def _made(
    press: Press, ending: str, found: Statement, us: SellerRow, locale: str, now: datetime
) -> bytes:
    if ending == "pdf":
        return await press.print("statement.typ", statement_data(found, us, locale), made_at=now)
    return statement_csv(found, locale) if ending == "csv" else statement_xlsx(found, locale)


def _rows(found: Statement, locale: str) -> list[list[_Cell]]:
    words = _WORDS[locale]
    rows: list[list[_Cell]] = [[found.since, words["opening"], "", "", None, None, found.opening]]
    for line in found.lines:
        move = line.movement
        rows.append(
            [move.on, words[move.kind], move.number, move.reference, move.due_on, move.amount, line.balance]
        )
    rows.append([found.until, words["closing"], "", "", None, None, found.closing])
    return rows


def statement_csv(found: Statement, locale: str) -> bytes:
    """
    Comma-separated, days as ISO, amounts with a point; a text that a spreadsheet would compute begins with an
    apostrophe.
    """
    made = io.StringIO(newline="")
    writer = csv.writer(made)
    writer.writerow([_WORDS[locale][each] for each in _COLUMNS])
    for row in _rows(found, locale):
        writer.writerow([_written(each) for each in row])
    return b"\xef\xbb\xbf" + made.getvalue().encode()


def _written(cell: _Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, Decimal):
        return f"{cell:.2f}"
    return harmless(cell)


def statement_xlsx(found: Statement, locale: str) -> bytes:
    """A workbook of texts, days and numbers; no cell is a formula, whatever it begins with."""
    made = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(made, options) as workbook:
        bold = workbook.add_format({"bold": True})
        money = workbook.add_format({"num_format": "#,##0.00"})
        day = workbook.add_format({"num_format": "yyyy-mm-dd"})
        sheet = workbook.add_worksheet()
        for column, name in enumerate(_COLUMNS):
            sheet.write_string(0, column, _WORDS[locale][name], bold)
        for index, row in enumerate(_rows(found, locale), start=1):
            for column, cell in enumerate(row):
                if isinstance(cell, Decimal):
                    sheet.write_number(index, column, cell, money)
                elif isinstance(cell, date):
                    sheet.write_datetime(index, column, cell, day)
                elif cell:
                    sheet.write_string(index, column, cell)
        sheet.set_column(0, 6, 16)
    return made.getvalue()


def statement_data(found: Statement, us: SellerRow, locale: str) -> dict[str, object]:
    """What `statement.typ` prints: amounts and days as texts."""

    def money(amount: Decimal) -> str:
        return f"{format_decimal(amount, '#,##0.00', locale=locale)} {found.currency}"

    def day(value: date | None) -> str:
        return "" if value is None else format_date(value, "short", locale=locale)

    age = found.ageing
    return {
        "locale": locale,
        "number": f"{day(found.since)} – {day(found.until)}",
        "seller": {
            "name": us.name,
            "tax_id": us.tax_id,
            "contact": us.email,
            "lines": [us.street, f"{us.postal_code} {us.city}"],
        },
        "customer": {"name": found.customer.name, "lines": [found.customer.number]},
        "columns": [_WORDS[locale][each] for each in _COLUMNS],
        "rows": [
            [money(each) if isinstance(each, Decimal) else day(each) if isinstance(each, date) else each or ""
             for each in row]
            for row in _rows(found, locale)
        ],
        "ageing": [
            money(each)
            for each in (
                age.not_due, age.days_1_to_30, age.days_31_to_60, age.days_61_to_90, age.days_over_90, age.unapplied,
                age.total,
            )
        ],
    }  # fmt: skip
