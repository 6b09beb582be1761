"""Sources for the tests: small files made up here, the real ones where they lie beside the project, and counting."""

import csv
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from app.database import Database
from app.settings import ROOT

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
LATER = datetime(2026, 5, 4, 10, tzinfo=UTC)
DATA = ROOT.parent / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.exists(), reason="the real data sets do not lie in ../shared/data")

NORTHWIND: Mapping[str, tuple[str, Sequence[Sequence[str]]]] = {
    "region.csv": ("region_id,region_description", [("1", "North")]),
    "territories.csv": ("territory_id,territory_description,region_id", [("T1", "Harbour", "1"), ("T2", "Hills", "8")]),
    "employees.csv": (
        "employee_id,last_name,first_name,title,city,country,reports_to",
        [("1", "Ruiz", "Ana", "Rep", "Vigo", "Spain", "2"), ("2", "Gil", "Leo", "Manager", "Vigo", "Spain", "")],
    ),
    "employee_territories.csv": ("employee_id,territory_id", [("1", "T1"), ("9", "T1")]),
    "categories.csv": ("category_id,category_name,description", [("1", "Seafood", "Fish"), ("2", "Teas", "Leaves")]),
    "suppliers.csv": (
        "supplier_id,company_name,country,phone",
        [("1", "Mar Nosa", "Spain", "1"), ("2", "Nobody's", "France", "2")],
    ),
    "shippers.csv": ("shipper_id,company_name,phone", [("1", "Quick Vans", "3")]),
    "products.csv": (
        "product_id,product_name,supplier_id,category_id,quantity_per_unit,unit_price,units_in_stock,units_on_order,"
        "reorder_level,discontinued",
        [
            ("1", "Octopus", "1", "1", "12 - 1 kg  bags", "10.5", "7", "20", "0", "0"),
            ("2", "Green Tea", "1", "2", "20 bags", "4", "0", "0", "0", "1"),
            ("3", "", "1", "2", "20 bags", "4", "0", "0", "0", "0"),
        ],
    ),
    "customers.csv": (
        "customer_id,company_name,contact_name,contact_title,address,city,region,postal_code,country,phone,fax",
        [
            ("AAAAA", "  Casa   Pulpo ", "Eva Mar", "Owner", "Rúa 1", "Vigo", "", "36201", "Spain", "9", ""),
            ("BBBBB", "Tea Shop", "Tom Leaf", "", "High St 2", "York", "", "Y1", "Narnia", "8", ""),
        ],
    ),
    "orders.csv": (
        "order_id,customer_id,employee_id,order_date,required_date,shipped_date,ship_via,freight,ship_name,"
        "ship_address,ship_city,ship_region,ship_postal_code,ship_country",
        [
            ("50", "AAAAA", "1", "1997-01-31", "", "", "1", "3.25", "Pulpo", "Rúa 1", "Vigo", "", "36201", "Spain"),
            ("51", "BBBBB", "1", "1997-02-01", "", "", "7", "0", "Store", "Low St 9", "York", "", "Y2", "UK"),
            ("52", "ZZZZZ", "1", "1997-02-01", "", "", "1", "0", "Store", "Low St 9", "York", "", "Y2", "UK"),
        ],
    ),
    "order_details.csv": (
        "order_id,product_id,unit_price,quantity,discount",
        # 3 x 9.35 = 28.05, a tenth of which is 2.805: half up takes 2.81 off.
        [
            ("50", "1", "9.35", "3", "0.1"), ("51", "2", "4", "5", "0"), ("52", "1", "1", "1", "0"),
            ("51", "9", "1", "1", "0"),
        ],
    ),
}  # fmt: skip

RETAIL_HEAD = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
RETAIL: Sequence[Sequence[str]] = [
    ("700", "11111A", "RED MUG", "6", "2011-06-30T23:30", "1.25", "501", "United Kingdom"),
    ("700", "11111A", "RED MUG", "2", "2011-06-30T23:30", "1.25", "501", "United Kingdom"),
    ("701", "11111a", "RED MUG WITH DOTS", "1", "2011-07-01T09:00", "2.10", "", "EIRE"),
    ("702", "11111A", "RED  MUG ", "12", "2011-07-02T09:00", "0.85", "502", "Spain"),
    ("703", "11111A", "RED MUG", "3", "2011-07-03T09:00", "0.85", "502", "France"),
    ("C704", "11111A", "RED MUG", "-1", "2011-07-04T09:00", "0.85", "502", "Spain"),
    ("705", "11111A", "damaged", "-4", "2011-07-05T09:00", "0", "", "United Kingdom"),
    ("706", "22222", "", "5", "2011-12-06T09:00", "0", "", "Unspecified"),
    ("707", "POST", "POSTAGE", "1", "2011-12-06T09:00", "18", "503", "Unspecified"),
    ("C708", "D", "Discount", "-1", "2011-12-06T09:00", "27.505", "503", "Unspecified"),
    ("709", "33333", "BIG JAR", "74215", "2011-12-06T09:00", "1.04", "503", "Unspecified"),
]


def write(path: Path, head: str, rows: Iterable[Sequence[str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        stream.write(head + "\n")
        csv.writer(stream, lineterminator="\n").writerows(rows)
    return path


def northwind_in(folder: Path, **changed: Sequence[Sequence[str]]) -> Path:
    """The small data set; `changed` gives other rows for a file, by its name without ending."""
    for name, (head, rows) in NORTHWIND.items():
        write(folder / name, head, changed.get(name.removesuffix(".csv"), rows))
    return folder


def retail_in(folder: Path, rows: Iterable[Sequence[str]] = RETAIL) -> Path:
    return write(folder / "lines.csv", RETAIL_HEAD, rows)


async def fingerprint(database: Database) -> dict[str, tuple[int, str]]:
    """Every table's number of rows and a digest of their content."""
    found: dict[str, tuple[int, str]] = {}
    async with database.owner() as connection:
        tables = await connection.scalars(
            text("select tablename from pg_tables where schemaname = 'public' order by 1")
        )
        for table in list(tables):
            rows = await connection.execute(text(f'select t::text from "{table}" t order by 1'))
            digest, count = hashlib.sha256(), 0
            for (row,) in rows:
                digest.update(row.encode())
                count += 1
            found[table] = (count, digest.hexdigest())
    return found


async def query(database: Database, statement: str, **values: object) -> list[tuple[object, ...]]:
    async with database.job() as session:
        return [tuple(row) for row in await session.execute(text(statement), values)]
