"""Northwind: what becomes of each row, that a second run writes nothing, and logins that open the door."""

import csv
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest

from app.database import Database
from app.imports import ImportFault, ImportReport, import_northwind
from tests.app.imports.sources import (
    DATA,
    LATER,
    NORTHWIND,
    NOW,
    fingerprint,
    needs_data,
    northwind_in,
    query,
)
from tests.conftest import Cluster, run
from tests.factories import make_customer, make_product, make_seller

CENT = Decimal("0.01")


async def test_small_set_balances_and_names_its_reasons(database: Database, tmp_path: Path) -> None:
    report = await import_northwind(database, northwind_in(tmp_path), NOW)

    balance = {each.file: (each.rows, each.taken, each.mended, each.refused) for each in report.files}
    assert balance == {
        "region.csv": (1, 1, 0, 0),
        "territories.csv": (2, 1, 1, 0),
        "employees.csv": (2, 2, 0, 0),
        "employee_territories.csv": (2, 1, 0, 1),
        "categories.csv": (2, 2, 0, 0),
        "suppliers.csv": (2, 2, 0, 0),
        "shippers.csv": (1, 1, 0, 0),
        "products.csv": (3, 1, 1, 1),
        "customers.csv": (2, 0, 2, 0),
        "orders.csv": (3, 1, 1, 1),
        "order_details.csv": (4, 2, 0, 2),
    }
    reasons = {
        (row.file, row.number): row.reason for rows in report.read.values() for row in rows if row.reason
    }
    assert reasons == {
        ("territories.csv", 3): "region_id: there is no region '8'",
        ("employee_territories.csv", 3): "there is no employee 9",
        ("products.csv", 2): "quantity_per_unit: needless spaces taken out",
        ("products.csv", 4): "product_name is empty",
        ("customers.csv", 2): "company_name: needless spaces taken out",
        ("customers.csv", 3): "country: 'Narnia' is no country known here: stored as ZZ (unknown)",
        ("orders.csv", 3): "ship_via: there is no shipper '7'",
        ("orders.csv", 4): "there is no customer ZZZZZ",
        ("order_details.csv", 4): "its order was refused: there is no customer ZZZZZ",
        ("order_details.csv", 5): "there is no product 9",
    }


async def test_small_set_is_stored(database: Database, tmp_path: Path) -> None:
    await import_northwind(database, northwind_in(tmp_path), NOW)

    history = await query(
        database,
        "select source_key, kind, sku, quantity, discount_percent, discount_amount, net_amount, h.currency,"
        " month::text, substr(c.number, 4), r.name from sales_history h join customer c on c.id = h.customer_id"
        " join sales_rep r on r.user_id = h.sales_rep_id order by source_key",
    )
    assert history == [
        ("50/1", "SALE", "NW-0001", 3, 10, Decimal("2.81"), Decimal("25.24"), "USD", "1997-01-01", "AAAAA", "Ana Ruiz"),
        ("50/freight", "SERVICE", "NW-FREIGHT-1", 1, 0, 0, Decimal("3.25"), "USD", "1997-01-01", "AAAAA", "Ana Ruiz"),
        ("51/2", "SALE", "NW-0002", 5, 0, 0, 20, "USD", "1997-02-01", "BBBBB", "Ana Ruiz"),
        ("51/freight", "SERVICE", "NW-FREIGHT", 1, 0, 0, 0, "USD", "1997-02-01", "BBBBB", "Ana Ruiz"),
    ]  # fmt: skip
    products = await query(
        database,
        "select sku, brand, description, active_until::text, unit_price, valid_from::text, on_hand from product p"
        " left join list_price l on l.product_id = p.id left join stock_balance s on s.product_id = p.id order by sku",
    )
    assert products == [
        ("NW-0001", "Mar Nosa", "12 - 1 kg bags", None, Decimal("10.5"), "2026-03-02", 7),
        ("NW-0002", "Mar Nosa", "20 bags", "2026-03-02", 4, "2026-03-02", 0),
        ("NW-FREIGHT-1", "Quick Vans", "", "2026-03-02", None, None, None),
    ]
    addresses = await query(
        database, "select label, street, is_default_delivery from customer_address order by label, street"
    )
    assert addresses == [("Vigo", "Rúa 1", True), ("York", "High St 2", True), ("York", "Low St 9", False)]
    teams = await query(
        database,
        "select t.name, m.name, r.name from sales_team t left join app_user m on m.id = t.manager_id"
        " join sales_rep r on r.sales_team_id = t.id order by 1",
    )
    assert teams == [
        ("Northwind North", "Leo Gil", "Ana Ruiz"),
        ("Northwind without region", None, "Leo Gil"),
    ]
    assert await query(database, "select count(*) from user_credential") == [(0,)]
    assert await query(
        database,
        "select s.code, s.name, s.lead_time_days, count(p.id) from supplier s left join supplier_product p"
        " on p.supplier_id = s.id group by s.id order by s.code",
    ) == [("NW-1", "Mar Nosa", 14, 2), ("NW-2", "Nobody's", 14, 0)]
    assert await query(
        database,
        "select o.number, o.status, l.sku, part.quantity, part.requested_on::text, part.confirmed_on"
        " from purchase_order o join purchase_order_line l on l.purchase_order_id = o.id"
        " join purchase_schedule_line part on part.purchase_order_line_id = l.id",
    ) == [("NW-ORDER-1", "SENT", "NW-0001", 20, "2026-03-16", None)]


async def test_second_run_on_a_later_day_writes_nothing(database: Database, tmp_path: Path) -> None:
    northwind_in(tmp_path)
    await import_northwind(database, tmp_path, NOW)
    before = await fingerprint(database)

    again = await import_northwind(database, tmp_path, LATER)

    assert again.written == 0
    assert await fingerprint(database) == before


async def test_changed_file_changes_what_changed(database: Database, tmp_path: Path) -> None:
    await import_northwind(database, northwind_in(tmp_path), NOW)
    products = [
        ("1", "Octopus", "1", "1", "12 - 1 kg  bags", "11", "99", "0", "0", "0"),
        *NORTHWIND["products.csv"][1][1:],
    ]
    details = [("50", "1", "9.35", "4", "0.1"), *NORTHWIND["order_details.csv"][1][1:]]
    northwind_in(tmp_path, products=products, order_details=details)

    again = await import_northwind(database, tmp_path, LATER)

    assert again.inserted == {"list_price": 1}
    assert again.updated == {"list_price": 1, "sales_history": 1}
    assert await query(
        database,
        "select unit_price, valid_from::text, valid_until::text from list_price l join product p on p.id = product_id"
        " where sku = 'NW-0001' order by valid_from",
    ) == [(Decimal("10.5"), "2026-03-02", "2026-05-04"), (11, "2026-05-04", None)]
    # Stock lives by its moves once it was opened: 99 in the file is not 92 more in the warehouse.
    assert await query(
        database, "select sum(on_hand), (select sum(quantity) from stock_move) from stock_balance"
    ) == [(7, 7)]
    assert await query(database, "select net_amount from sales_history where source_key = '50/1'") == [
        (Decimal("33.66"),)  # 37.40 less 3.74
    ]


async def test_a_price_changed_on_the_same_day_is_corrected(database: Database, tmp_path: Path) -> None:
    await import_northwind(database, northwind_in(tmp_path), NOW)
    products = [
        ("1", "Octopus", "1", "1", "12 - 1 kg  bags", "11", "7", "0", "0", "0"),
        *NORTHWIND["products.csv"][1][1:],
    ]
    northwind_in(tmp_path, products=products)

    again = await import_northwind(database, tmp_path, NOW)

    assert (again.inserted, again.updated) == ({}, {"list_price": 1})
    assert await query(
        database,
        "select unit_price from list_price l join product p on p.id = product_id where sku = 'NW-0001'",
    ) == [(11,)]


async def test_a_price_planned_for_later_stays_planned(database: Database, tmp_path: Path) -> None:
    await import_northwind(database, northwind_in(tmp_path), NOW)
    of_product = "product_id = (select id from product where sku = 'NW-0001')"
    async with database.owner() as connection:
        await connection.exec_driver_sql(
            f"update list_price set valid_until = '2026-07-01' where {of_product}"
        )
        await connection.exec_driver_sql(
            "insert into list_price (id, product_id, currency, unit_code, from_quantity, unit_price, valid_from)"
            " select gen_random_uuid(), product_id, currency, unit_code, 0, 15, '2026-07-01' from list_price"
            f" where {of_product}"
        )
    products = [
        ("1", "Octopus", "1", "1", "12 - 1 kg  bags", "11", "7", "0", "0", "0"),
        *NORTHWIND["products.csv"][1][1:],
    ]
    northwind_in(tmp_path, products=products)

    await import_northwind(database, tmp_path, LATER)

    assert await query(
        database,
        f"select unit_price, valid_from::text, valid_until::text from list_price where {of_product}"
        " order by valid_from",
    ) == [
        (Decimal("10.5"), "2026-03-02", "2026-05-04"),
        (11, "2026-05-04", "2026-07-01"),
        (15, "2026-07-01", None),
    ]


@pytest.mark.parametrize(
    ("file", "rows", "said"),
    [
        ("orders", [("50", "AAAAA", "1", "31/01/1997", *[""] * 10)], "orders.csv, row 2, column order_date"),
        ("order_details", [("50", "1", "1", "1", "0"), ("50", "2", "x", "1", "0")],
         "order_details.csv, row 3, column unit_price: 'x' is no number"),
        ("order_details", [("50", "1", "1", "1e30", "0")], "row 2, column quantity: '1e30' is out of range"),
        ("order_details", [("50", "1", "1", "NaN", "0")], "row 2, column quantity: 'NaN' is out of range"),
        ("order_details", [("50", "1", "1", "1")], "row 2, column discount: 4 fields where the head has 5"),
        ("order_details", [("50", "1", "1", "1", "0")] * 2, "row 3, column product_id: 50/1 came before, in row 2"),
        ("region", [("", "North")], "region.csv, row 2, column region_id: is empty"),
        ("products", [("1", "Tea", "1", "1", "", "-1", "0", "0", "0", "0")], "column unit_price: -1 is negative"),
        ("products", [("1", "Tea", "1", "1", "", "1", "0", "0", "0", "no")], "discontinued: 'no' is neither 0 nor 1"),
    ],
)  # fmt: skip
async def test_unreadable_row_is_named_and_stores_nothing(
    database: Database, tmp_path: Path, file: str, rows: list[tuple[str, ...]], said: str
) -> None:
    before = await fingerprint(database)
    northwind_in(tmp_path, **{file: rows})

    with pytest.raises(ImportFault) as fault:
        await import_northwind(database, tmp_path, NOW)

    assert said in str(fault.value)
    assert await fingerprint(database) == before


async def test_beside_other_data_it_changes_none_of_them(database: Database, tmp_path: Path) -> None:
    async with database.job() as session:
        seller = await make_seller(session, code="HOUSE")
        await make_customer(session, seller, number="C-1", name="Bar Pepe")
        await make_product(session, seller, sku="0001", name="Aceite")
    mine = (
        "select (select c::text from customer c where number = 'C-1'),"
        " (select p::text from product p where sku = '0001'), (select s::text from seller s)"
    )
    before = await query(database, mine)

    await import_northwind(database, northwind_in(tmp_path), NOW)

    assert await query(database, mine) == before
    assert await query(
        database, "select count(*) from customer where seller_id = (select id from seller)"
    ) == [(3,)]


async def test_logins_are_for_contacts_and_made_once(database: Database, tmp_path: Path) -> None:
    from argon2 import PasswordHasher

    await import_northwind(database, northwind_in(tmp_path), NOW, logins_password="correct horse battery")
    async with database.owner() as connection:
        # Somebody has taken their real address meanwhile, and stays who they are.
        await connection.exec_driver_sql(
            "update app_user set email = 'tom@tea.example' where email = 'bbbbb@northwind.example'"
        )
    before = await fingerprint(database)

    again = await import_northwind(database, tmp_path, LATER, logins_password="another horse battery")

    assert again.written == 0
    assert await fingerprint(database) == before
    people = await query(
        database,
        "select email, u.name, c.number, m.role, password_hash from app_user u join membership m on m.user_id = u.id"
        " join customer c on c.id = m.customer_id join user_credential k on k.user_id = u.id order by email",
    )
    assert [row[:4] for row in people] == [
        ("aaaaa@northwind.example", "Eva Mar", "NW-AAAAA", "BUYER"),
        ("tom@tea.example", "Tom Leaf", "NW-BBBBB", "BUYER"),
    ]
    assert PasswordHasher().verify(str(people[0][4]), "correct horse battery")


# The real files


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
            return await import_northwind(database, DATA / "northwind", NOW)
        finally:
            await database.close()

    yield Imported(name, run(load()))
    cluster.drop(name)


@pytest.fixture
async def stored(cluster: Cluster, imported: Imported) -> AsyncIterator[Database]:
    database = cluster.database(imported.database)
    yield database
    await database.close()


def lines_of(name: str) -> list[dict[str, str]]:
    with (DATA / "northwind" / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@needs_data
def test_real_set_balances(imported: Imported) -> None:
    balances = {each.file: each for each in imported.report.files}

    assert set(balances) == {path.name for path in (DATA / "northwind").glob("*.csv")}
    for name, each in balances.items():
        assert each.rows == len(lines_of(name))
        assert each.taken + each.mended + each.refused == each.rows
        assert each.refused * 100 <= each.rows, name
    assert sum(each.rows for each in balances.values()) == 3311


@needs_data
async def test_real_rows_are_all_there(stored: Database) -> None:
    assert await query(
        stored,
        "select (select count(*) from customer), (select count(*) from product where kind = 'GOODS'),"
        " (select count(*) from product where kind = 'SERVICE'), (select count(*) from sales_rep),"
        " (select count(*) from territory), (select count(*) from sales_rep_territory),"
        " (select count(*) from sales_team), (select count(*) from list_price),"
        " (select count(*) from sales_history where kind = 'SALE'),"
        " (select count(*) from sales_history where kind = 'SERVICE'), (select count(distinct brand) from product"
        " where kind = 'GOODS'), (select count(distinct product_id) from product_search)",
    ) == [(91, 77, 6, 9, 53, 49, 4, 77, 2155, 830, 29, 83)]
    stock = sum(int(line["units_in_stock"]) for line in lines_of("products.csv"))
    assert await query(
        stored, "select sum(on_hand), (select sum(quantity) from stock_move) from stock_balance"
    ) == [(stock, stock)]
    on_order: dict[str, int] = defaultdict(int)
    for line in lines_of("products.csv"):
        on_order[f"NW-ORDER-{line['supplier_id']}"] += int(line["units_on_order"])
    assert {str(number): quantity for number, quantity in await query(
        stored, "select number, sum(quantity_ordered) from purchase_order o join purchase_order_line l"
                " on l.purchase_order_id = o.id group by number")
    } == {number: quantity for number, quantity in on_order.items() if quantity}  # fmt: skip
    assert sum(on_order.values()) == 780
    assert await query(
        stored, "select (select count(*) from supplier), (select count(*) from supplier_product)"
    ) == [(29, 77)]
    ended = sorted(
        line["product_id"].zfill(4) for line in lines_of("products.csv") if line["discontinued"] == "1"
    )
    found = await query(
        stored, "select sku from product where kind = 'GOODS' and active_until is not null order by sku"
    )
    assert [row[0] for row in found] == [f"NW-{each}" for each in ended]


@needs_data
async def test_real_revenue_per_customer_and_month_is_the_files(stored: Database) -> None:
    orders = {line["order_id"]: line for line in lines_of("orders.csv")}
    expected: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for line in lines_of("order_details.csv"):
        order = orders[line["order_id"]]
        gross = (Decimal(line["unit_price"]) * Decimal(line["quantity"])).quantize(CENT, ROUND_HALF_UP)
        discount = (gross * Decimal(line["discount"])).quantize(CENT, ROUND_HALF_UP)
        expected[order["customer_id"], order["order_date"][:7], "SALE"] += gross - discount
    for order in orders.values():
        freight = Decimal(order["freight"]).quantize(CENT, ROUND_HALF_UP)
        expected[order["customer_id"], order["order_date"][:7], "SERVICE"] += freight

    for month in ("to_char(month, 'YYYY-MM')", "to_char(sold_at at time zone 'Europe/Madrid', 'YYYY-MM')"):
        found = await query(
            stored,
            f"select substr(c.number, 4), {month}, kind, sum(net_amount) from sales_history h"
            " join customer c on c.id = h.customer_id group by 1, 2, 3",
        )
        assert {row[:3]: row[3] for row in found} == expected


@needs_data
async def test_real_set_again_writes_nothing(stored: Database) -> None:
    before = await fingerprint(stored)

    again = await import_northwind(stored, DATA / "northwind", LATER)

    assert again.written == 0
    assert await fingerprint(stored) == before


@needs_data
async def test_real_customer_has_the_rep_of_most_of_its_orders(stored: Database) -> None:
    names = {
        line["employee_id"]: f"{line['first_name']} {line['last_name']}" for line in lines_of("employees.csv")
    }
    taken: dict[str, Counter[str]] = defaultdict(Counter)
    for line in lines_of("orders.csv"):
        taken[line["customer_id"]][names[line["employee_id"]]] += 1

    found = await query(
        stored,
        "select substr(number, 4), r.name from customer c left join sales_rep r on r.user_id = c.sales_rep_id",
    )

    # Two customers never ordered; of equally busy reps the one of the latest order is taken.
    assert sum(rep is None for _, rep in found) == 2
    assert all(
        taken[str(key)][str(rep)] == max(taken[str(key)].values()) for key, rep in found if rep is not None
    )
