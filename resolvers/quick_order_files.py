"""The lines of a quick order that want another look, as a file to correct and send again."""

import io
from collections.abc import Sequence
from uuid import UUID

import xlsxwriter

from resolvers.context import Context
from resolvers.messages import translate
from resolvers.quick_order import CheckedRow, CheckedStatus, suggestions
from resolvers.quick_order_kept import checked_by_quick_order
from rules.quantities import plain
from rules.spreadsheet_text import write_csv

# Suggesting costs more than reading; past so many rows the file goes without.
SUGGESTED_ROWS_MAX = 500
# The words by which rules.order_lines knows the first two columns again.
HEADERS = {
    "es": ("Referencia", "Cantidad", "Fila", "Estado", "Motivo", "Cantidad posible", "Sugerencias"),
    "en": ("Reference", "Quantity", "Row", "Status", "Reason", "Possible quantity", "Suggestions"),
}
STATUSES = {
    "es": {CheckedStatus.ADJUSTED: "Ajustada", CheckedStatus.INVALID: "No válida"},
    "en": {CheckedStatus.ADJUSTED: "Adjusted", CheckedStatus.INVALID: "Invalid"},
}
DELIMITERS = {"es": ";", "en": ","}


async def problem_table(ctx: Context, quick_order_id: UUID) -> list[list[str]] | None:
    """A header and a row for each line that was adjusted or cannot be ordered; None where it is not the viewer's."""
    checked = await ctx.load(checked_by_quick_order, quick_order_id)
    if checked is None:
        return None
    rows = [row for row in checked.rows if row.status is not CheckedStatus.VALID]
    alike = await suggestions(ctx, rows[:SUGGESTED_ROWS_MAX])
    locale = ctx.locale if ctx.locale in HEADERS else "en"
    found = [[product.sku for product in each] for each in alike]
    found += [[] for _ in rows[SUGGESTED_ROWS_MAX:]]
    table = [list(HEADERS[locale])]
    table += [_row(row, skus, locale) for row, skus in zip(rows, found, strict=True)]
    return table


def _row(row: CheckedRow, skus: Sequence[str], locale: str) -> list[str]:
    point = "," if locale == "es" else "."
    return [
        row.line.code,
        row.line.typed if row.requested is None else plain(row.requested).replace(".", point),
        ", ".join(map(str, row.line_numbers)),
        STATUSES[locale][row.status],
        "" if row.problem is None else translate(row.problem.text, row.problem.data, locale),
        "" if row.quantity is None else plain(row.quantity).replace(".", point),
        ", ".join(skus),
    ]


def as_csv(table: Sequence[Sequence[str]], locale: str) -> bytes:
    return write_csv(table, DELIMITERS.get(locale, ","))


def as_workbook(table: Sequence[Sequence[str]]) -> bytes:
    """A workbook whose cells are all text: nothing in it is a formula, a link or a number."""
    made = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(made, options) as workbook:
        text = workbook.add_format({"num_format": "@"})
        head = workbook.add_format({"num_format": "@", "bold": True})
        sheet = workbook.add_worksheet()
        for place, row in enumerate(table):
            for column, cell in enumerate(row):
                sheet.write_string(place, column, cell, text if place else head)
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, 1, 18)
        sheet.set_column(2, 3, 10)
        sheet.set_column(4, 6, 40)
    return made.getvalue()
