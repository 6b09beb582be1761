"""Online Retail: dirty lines, every one with a place; prices drawn from sales; nothing invented."""

import csv
import gzip
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest

from app.database import Database
from app.imports import ImportFault, ImportReport, import_northwind, import_online_retail
from tests.app.imports.sources import (
    DATA,
    LATER,
    NOW,
    RETAIL,
    RETAIL_HEAD,
    fingerprint,
    needs_data,
    northwind_in,
    query,
    retail_in,
    write,
)
from tests.conftest import Cluster, run

FILE = DATA / "online_retail" / "lines.csv.gz"
CENT = Decimal("0.01")


async def test_every_small_line_has_its_kind(database: Database, tmp_path: Path) -> None:
    report = await import_online_retail(database, retail_in(tmp_path), NOW)

    found = await query(
        database,
        "select source_key, h.kind, h.sku, substr(c.number, 4), h.description, net_amount, month::text, p.sku"
        " from sales_history h"
        " join customer c on c.id = h.customer_id left join product p on p.id = h.product_id order by source_key",
    )
    assert found == [
        ("700/11111A/1", "SALE", "OR-11111A", "501", "RED MUG", Decimal("7.50"), "2011-06-01", "OR-11111A"),
        ("700/11111A/2", "SALE", "OR-11111A", "501", "RED MUG", Decimal("2.50"), "2011-06-01", "OR-11111A"),
        ("701/11111a/1", "SALE", "OR-11111A", "CASH", "RED MUG WITH DOTS", Decimal("2.10"), "2011-07-01", "OR-11111A"),
        ("702/11111A/1", "SALE", "OR-11111A", "502", "RED MUG", Decimal("10.20"), "2011-07-01", "OR-11111A"),
        ("703/11111A/1", "SALE", "OR-11111A", "502", "RED MUG", Decimal("2.55"), "2011-07-01", "OR-11111A"),
        ("705/11111A/1", "ADJUSTMENT", "OR-11111A", "CASH", "damaged", 0, "2011-07-01", "OR-11111A"),
        ("706/22222/1", "ADJUSTMENT", "OR-22222", "CASH", "Article 22222", 0, "2011-12-01", "OR-22222"),
        ("707/POST/1", "SERVICE", "POST", "503", "POSTAGE", 18, "2011-12-01", None),
        ("709/33333/1", "SALE", "OR-33333", "503", "BIG JAR", Decimal("77183.60"), "2011-12-01", "OR-33333"),
        ("C704/11111A/1", "CANCELLATION", "OR-11111A", "502", "RED MUG", Decimal("-0.85"), "2011-07-01", "OR-11111A"),
        # Half up, away from zero: a credit is minus an invoice.
        ("C708/D/1", "SERVICE", "D", "503", "Discount", Decimal("-27.51"), "2011-12-01", None),
    ]  # fmt: skip
    (balance,) = report.files
    assert (balance.rows, balance.taken, balance.mended, balance.refused) == (11, 4, 7, 0)
    reasons = {row.number: row.reason for row in report.read["lines.csv"] if row.reason}
    unknown = "Country: 'Unspecified' is no country known here: stored as ZZ (unknown)"
    assert reasons == {
        4: "CustomerID: empty, counted as a cash sale; StockCode: another spelling of the same code (upper and lower"
        " case)",
        5: "Description: needless spaces taken out",
        8: "CustomerID: empty, counted as a cash sale",
        9: f"CustomerID: empty, counted as a cash sale; {unknown}; Description: empty, taken from the article",
        10: unknown, 11: unknown, 12: unknown,
    }  # fmt: skip


async def test_small_products_and_customers(database: Database, tmp_path: Path) -> None:
    await import_online_retail(database, retail_in(tmp_path), NOW)

    products = await query(
        database,
        "select sku, name, unit_price, l.currency, valid_from::text, out_of_stock_policy, active_until::text"
        " from product p left join list_price l on l.product_id = p.id order by sku",
    )
    assert products == [
        # 1.25 twice and 0.85 twice: of equals the latest; 2.10 came once.
        ("OR-11111A", "RED MUG", Decimal("0.85"), "GBP", "2026-03-02", "BACKORDER", None),
        ("OR-22222", "Article 22222", None, None, None, "BACKORDER", "2026-03-02"),
        ("OR-33333", "BIG JAR", Decimal("1.04"), "GBP", "2026-03-02", "BACKORDER", None),
    ]
    assert await query(database, "select number, country, currency from customer order by number") == [
        ("OR-501", "GB", "GBP"), ("OR-502", "ES", "GBP"), ("OR-503", "ZZ", "GBP"), ("OR-CASH", "GB", "GBP"),
    ]  # fmt: skip
    assert await query(database, "select count(*) from stock_move") == [(0,)]
    # 23:30 in a British summer is an hour earlier in UTC, and June's all the same.
    assert await query(
        database,
        "select to_char(sold_at, 'YYYY-MM-DD HH24:MI') from sales_history where source_key = '700/11111A/1'",
    ) == [("2011-06-30 22:30",)]


async def test_remarks_beside_a_price_of_nothing_name_no_article(database: Database, tmp_path: Path) -> None:
    lost = [(f"8{n}", "44444", "lost", "-1", "2011-07-05T09:00", "0", "", "United Kingdom") for n in range(3)]
    sold = ("90", "44444", "BLUE VASE", "1", "2011-07-01T09:00", "3", "501", "United Kingdom")

    await import_online_retail(database, retail_in(tmp_path, [sold, *lost]), NOW)

    assert await query(database, "select name from product") == [("BLUE VASE",)]
    assert await query(database, "select description, count(*) from sales_history group by 1 order by 1") == [
        ("BLUE VASE", 1),
        ("lost", 3),
    ]


async def test_second_run_on_a_later_day_writes_nothing(database: Database, tmp_path: Path) -> None:
    file = retail_in(tmp_path)
    await import_online_retail(database, file, NOW)
    before = await fingerprint(database)

    again = await import_online_retail(database, file, LATER)

    assert again.written == 0
    assert await fingerprint(database) == before


async def test_more_lines_are_added_and_codes_stay_one_product(database: Database, tmp_path: Path) -> None:
    await import_online_retail(database, retail_in(tmp_path), NOW)
    # The lower-case spelling is the more frequent one now, and the product must stay the same.
    more = [
        (f"71{n}", "11111a", "RED MUG", "1", "2011-12-07T09:00", "0.85", "501", "United Kingdom")
        for n in range(8)
    ]

    again = await import_online_retail(database, retail_in(tmp_path, [*RETAIL, *more]), LATER)

    assert again.inserted == {"sales_history": 8}
    assert again.updated == {}
    assert await query(database, "select sku from product where sku_key = 'OR11111A'") == [("OR-11111A",)]
    assert await query(database, "select distinct sku from sales_history where sku ilike 'OR-1%'") == [
        ("OR-11111A",)
    ]


async def test_both_sets_live_in_one_seller(database: Database, tmp_path: Path) -> None:
    (tmp_path / "nw").mkdir()
    await import_northwind(database, northwind_in(tmp_path / "nw"), NOW)
    await import_online_retail(database, retail_in(tmp_path), NOW)

    assert await query(
        database,
        "select (select count(*) from seller), (select count(*) from customer), (select count(*) from product)",
    ) == [(1, 6, 6)]
    # Each group sees its own part of the catalogue, priced in its currency.
    assert await query(
        database,
        "select g.code, count(*), min(l.currency), max(l.currency) from customer_group g"
        " join assortment_product a on a.assortment_id = g.assortment_id"
        " join list_price l on l.product_id = a.product_id group by 1 order by 1",
    ) == [("NORTHWIND", 2, "USD", "USD"), ("ONLINE-RETAIL", 2, "GBP", "GBP")]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (("1", "2", "X", "six", "2011-01-01T09:00", "1", "", "EIRE"), "row 3, column Quantity: 'six' is no number"),
        (("1", "2", "X", "1", "2011-13-01T09:00", "1", "", "EIRE"), "row 3, column InvoiceDate: '2011-13-01T09:00'"),
        (("1", "2", "X", "1", "2011-01-01T09:00Z", "1", "", "EIRE"), "'2011-01-01T09:00Z' has a time zone"),
        (("1", "", "X", "1", "2011-01-01T09:00", "1", "", "EIRE"), "row 3, column StockCode: is empty"),
        (("1", "2", "X", "1", "2011-01-01T09:00", "1.0000001", "", "EIRE"), "UnitPrice: '1.0000001' has more than"),
        (("1", "2", "X", "1", "2011-01-01T09:00", "1", ""), "lines.csv, row 3, column Country: 7 fields"),
    ],
)  # fmt: skip
async def test_unreadable_line_is_named_and_stores_nothing(
    database: Database, tmp_path: Path, row: tuple[str, ...], said: str
) -> None:
    before = await fingerprint(database)

    with pytest.raises(ImportFault) as fault:
        await import_online_retail(database, retail_in(tmp_path, [RETAIL[0], row]), NOW)

    assert said in str(fault.value)
    assert await fingerprint(database) == before


async def test_wrong_files_are_told_apart(database: Database, tmp_path: Path) -> None:
    def fault_of(path: Path) -> str:
        with pytest.raises(ImportFault) as fault:
            run(import_online_retail(database, path, NOW))
        return str(fault.value)

    (tmp_path / "latin.csv").write_bytes(RETAIL_HEAD.encode() + b"\n1,2,CAF\xc9,1,2011-01-01T09:00,1,,EIRE\n")
    (tmp_path / "empty.csv").write_bytes(b"")
    (tmp_path / "no.csv.gz").write_bytes(b"InvoiceNo,StockCode")
    torn = gzip.compress((RETAIL_HEAD + "\n" + ",".join(RETAIL[0])).encode())
    (tmp_path / "torn.csv.gz").write_bytes(torn[:-12])
    write(tmp_path / "other.csv", "InvoiceNo,StockCode", [])

    assert "not UTF-8" in fault_of(tmp_path / "latin.csv")
    assert "empty.csv: the file is empty" in fault_of(tmp_path / "empty.csv")
    assert "no.csv.gz: cannot be read" in fault_of(tmp_path / "no.csv.gz")
    assert "torn.csv.gz: cannot be read" in fault_of(tmp_path / "torn.csv.gz")
    assert "other.csv, row 1: there is no column Description" in fault_of(tmp_path / "other.csv")
    assert "there is no such file" in fault_of(tmp_path / "nothing.csv")
    assert "cannot be read" in fault_of(tmp_path)


# The real file


@dataclass
class Imported:
    database: str
    report: ImportReport


@pytest.fixture(scope="module")
def imported(cluster: Cluster, template: str) -> Iterator[Imported]:
    name = cluster.clone(template)

    async def load() -> ImportReport:
        database = cluster.database(name)
        try:
            return await import_online_retail(database, FILE, NOW)
        finally:
            await database.close()

    yield Imported(name, run(load()))
    cluster.drop(name)


@pytest.fixture
async def stored(cluster: Cluster, imported: Imported) -> AsyncIterator[Database]:
    database = cluster.database(imported.database)
    yield database
    await database.close()


@pytest.fixture(scope="module")
def lines() -> list[dict[str, str]]:
    with gzip.open(FILE, "rt", encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@needs_data
def test_real_file_balances(imported: Imported, lines: list[dict[str, str]]) -> None:
    (balance,) = imported.report.files

    assert balance.file == "lines.csv.gz"
    assert balance.rows == len(lines) == 66_827
    assert balance.taken + balance.mended + balance.refused == balance.rows
    assert balance.refused * 100 <= balance.rows


@needs_data
async def test_real_revenue_per_customer_and_month_is_the_files(
    stored: Database, lines: list[dict[str, str]]
) -> None:
    expected: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for line in lines:
        amount = (Decimal(line["UnitPrice"]) * Decimal(line["Quantity"])).quantize(CENT, ROUND_HALF_UP)
        expected[line["CustomerID"] or "CASH", line["InvoiceDate"][:7]] += amount

    for month in ("to_char(month, 'YYYY-MM')", "to_char(sold_at at time zone 'Europe/London', 'YYYY-MM')"):
        found = await query(
            stored,
            f"select substr(c.number, 4), {month}, sum(net_amount) from sales_history h"
            " join customer c on c.id = h.customer_id group by 1, 2",
        )
        assert {row[:2]: row[2] for row in found} == expected


@needs_data
async def test_real_lines_have_a_place_each(stored: Database, lines: list[dict[str, str]]) -> None:
    services = {"POST", "D", "C2", "DOT", "M", "BANK CHARGES", "AMAZONFEE", "S", "CRUK", "23444", "23574"}
    expected: Counter[str] = Counter()
    for line in lines:
        if line["StockCode"] in services or line["StockCode"].startswith("gift_0001"):
            expected["SERVICE"] += 1
        elif line["InvoiceNo"].startswith("C"):
            expected["CANCELLATION"] += 1
        elif int(line["Quantity"]) < 0 or Decimal(line["UnitPrice"]) == 0:
            expected["ADJUSTMENT"] += 1
        else:
            expected["SALE"] += 1

    found = await query(stored, "select kind, count(*) from sales_history group by kind")

    assert {str(kind): count for kind, count in found} == expected
    assert await query(
        stored,
        "select (select count(*) from customer), (select quantity from sales_history where quantity = 74215),"
        " (select count(*) from sales_history where kind <> 'SERVICE' and product_id is null)",
    ) == [(3710, 74215, 0)]
    goods = {
        line["StockCode"].upper()
        for line in lines
        if line["StockCode"] not in services and not line["StockCode"].startswith("gift_0001")
    }
    assert await query(stored, "select count(*), count(distinct sku_key) from product") == [
        (len(goods), len(goods))
    ]


@needs_data
async def test_real_file_again_writes_nothing(stored: Database) -> None:
    before = await fingerprint(stored)

    again = await import_online_retail(stored, FILE, LATER)

    assert again.written == 0
    assert await fingerprint(stored) == before
