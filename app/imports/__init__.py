"""Imports: sources of others read into customers, products, prices, stock and past sales."""

from datetime import UTC, datetime
from pathlib import Path

from app.database import Database
from app.imports.common import ImportFault, Progress
from app.imports.northwind import import_northwind
from app.imports.online_retail import import_online_retail
from app.imports.report import ImportReport, print_report, write_report

SOURCES = ("northwind", "online-retail")


async def run_import(
    source: str,
    path: Path,
    database: Database,
    report_file: Path | None = None,
    logins_password: str | None = None,
) -> int:
    """
    Imports from the command line: progress on standard error, the report on standard output.

    Raises:
        ImportFault: the source cannot be read, or the report cannot be written.
    """
    now, progress = datetime.now(UTC), Progress.on_stderr()
    if source == "northwind":
        report = await import_northwind(database, path, now, progress, logins_password)
    elif logins_password is not None:
        raise ImportFault("Online Retail names no people, so there is nobody to give a login to.")
    else:
        report = await import_online_retail(database, path, now, progress)
    print_report(report)
    if report_file is not None:
        try:
            write_report(report, report_file)
        except OSError as fault:
            raise ImportFault(f"The import is stored, but its report is not: {fault}") from fault
    return 0


__all__ = [
    "SOURCES", "ImportFault", "ImportReport", "Progress", "import_northwind", "import_online_retail", "print_report",
    "run_import", "write_report",
]  # fmt: skip
