"""The report a person reads and the CSV of it, the progress shown, and the command that wires them."""

import csv
import io
from pathlib import Path

import pytest

from app.database import Database
from app.imports import ImportFault, Progress, import_online_retail, print_report, run_import, write_report
from app.imports.common import most_frequent, read_rows
from tests.app.imports.sources import LATER, NOW, northwind_in, query, retail_in, write


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


async def test_report_lists_every_row_and_says_unchanged(database: Database, tmp_path: Path) -> None:
    file = retail_in(tmp_path)
    first = await import_online_retail(database, file, NOW)
    write_report(first, tmp_path / "report.csv")
    with (tmp_path / "report.csv").open(encoding="utf-8", newline="") as stream:
        listed = list(csv.DictReader(stream))

    assert [row["row"] for row in listed] == [str(number) for number in range(2, 13)]
    assert listed[0] == {"file": "lines.csv", "row": "2", "outcome": "taken", "reason": ""}
    assert listed[3] == {
        "file": "lines.csv", "row": "5", "outcome": "mended", "reason": "Description: needless spaces taken out",
    }  # fmt: skip
    said, again = io.StringIO(), io.StringIO()
    print_report(first, said)
    print_report(await import_online_retail(database, file, LATER), again)
    assert f"  {'lines.csv':<26}{11:>9}{4:>9}{7:>9}{0:>9}\n" in said.getvalue()
    assert "Unchanged" not in said.getvalue()
    assert "Unchanged: everything was already there, nothing was written." in again.getvalue()


def test_progress_is_a_bar_on_a_terminal_and_ten_lines_elsewhere() -> None:
    screen, log = Terminal(), io.StringIO()

    assert list(Progress(screen).over(range(1000), "Reading")) == list(range(1000))
    list(Progress(log).over(range(1000), "Reading"))

    assert screen.getvalue().count("\r") == 101
    assert screen.getvalue().endswith("[##############################] 100 %\n")
    assert [line.split(" (")[0] for line in log.getvalue().splitlines()] == [
        f"Reading: {percent} %" for percent in range(0, 101, 10)
    ]


def test_columns_may_come_in_any_order_with_others_among_them(tmp_path: Path) -> None:
    file = write(tmp_path / "some.csv", "\ufeffb,extra,a", [("2", "x", "1")])

    (row,) = read_rows(file, ("a", "b"))

    assert (row.number, row.text("a"), row.text("b")) == (2, "1", "2")


def test_texts_are_cut_and_cleaned_with_a_reason(tmp_path: Path) -> None:
    file = write(tmp_path / "some.csv", "a,b,c", [("x" * 201, "tab\tand  two ", "bell\x07")])

    (row,) = read_rows(file, ("a", "b", "c"))

    assert (row.text("a"), row.text("b"), row.text("c")) == ("x" * 200, "tab and two", "bell")
    assert (
        row.reason
        == "a: cut to 200 characters; b: needless spaces taken out; c: control characters taken out"
    )


@pytest.mark.parametrize(
    ("case", "values", "chosen"),
    [("none", "", None), ("one", "a", "a"), ("most", "aba", "a"), ("of equals the latest", "abba", "a")],
)
def test_most_frequent(case: str, values: str, chosen: str | None) -> None:
    assert most_frequent(values) == chosen


async def test_command_imports_reports_and_refuses_logins_without_people(
    database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = await run_import(
        "northwind", northwind_in(tmp_path), database, tmp_path / "rows.csv", "correct horse battery"
    )

    assert code == 0
    assert "customers.csv" in capsys.readouterr().out
    assert (
        (tmp_path / "rows.csv")
        .read_text(encoding="utf-8")
        .startswith("file,row,outcome,reason\nregion.csv,2,taken,\n")
    )
    assert await query(database, "select count(*) from user_credential") == [(2,)]
    with pytest.raises(ImportFault, match="names no people"):
        await run_import("online-retail", retail_in(tmp_path), database, None, "correct horse battery")
