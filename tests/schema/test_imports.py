"""Imports: who may, which files are refused, what each row comes to, and that sending twice is as sending once."""

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from auth.permissions import Role
from jobs import imports
from jobs.imports import BATCH_ROWS
from jobs.kinds import JobKind
from resolvers.quick_order_files import as_workbook
from rules.states import ImportKind
from tests import factories as make
from tests.jobs.trials import worker_of
from tests.schema.importing import (
    START,
    error_file,
    imported,
    integrator_of,
    key_of,
    outcome,
    rows,
    send,
    start,
    table_of,
)
from tests.schema.shop import Shop

PRODUCTS = """SKU;Nombre;Categoría;tax_category;unit;weight-kg
IMP-1;Aceite de oliva;general;STANDARD;PCE;1.5
IMP-2;"=HYPERLINK(""x"")";general;STANDARD;PCE;
ACE-001;Aceite virgen;general;STANDARD;PCE;2
IMP-4;Sin familia;nowhere;STANDARD;PCE;1
IMP-5;Peso malo;general;STANDARD;PCE;1,5
imp 1;Otra vez;general;STANDARD;PCE;1
ACE001;Casi igual;general;STANDARD;PCE;1
"""


async def test_products_are_made_changed_and_refused_row_by_row(shop: Shop) -> None:
    viewer = await integrator_of(shop)
    done = await imported(shop, viewer, "PRODUCTS", PRODUCTS)

    assert done.counts == (2, 1, 0, 4)
    assert done.errors == [
        (5, "category", "nowhere", "NOT_FOUND"), (6, "weight_kg", "1,5", "INVALID"),
        (7, "sku", "imp 1", "ALREADY_EXISTS"), (8, "sku", "ACE001", "ALREADY_EXISTS"),
    ]  # fmt: skip
    stored = await rows(shop, "select sku, name, weight_kg from product order by sku")
    assert stored == [
        ("ACE-001", "Aceite virgen", Decimal(2)), ("IMP-1", "Aceite de oliva", Decimal("1.5")),
        ("IMP-2", '=HYPERLINK("x")', None),
    ]  # fmt: skip
    found = await shop.data(viewer, 'query { products(search: "oliva") { nodes { sku } } }')
    assert found == {"products": {"nodes": [{"sku": "IMP-1"}]}}
    trail = await rows(
        shop, "select action, count(*) from audit_event where entity_type = 'Product' group by 1 order by 1"
    )
    assert trail == [("product.changed", 1), ("product.created", 2)]


async def test_the_error_file_is_mended_and_sent_again(shop: Shop) -> None:
    viewer = await integrator_of(shop)
    sent = (
        "sku,name,category,tax_category,unit\nA-1,=1+1,nowhere,STANDARD,PCE\nA-2,Dos,general,STANDARD,PCE\n"
    )
    await imported(shop, viewer, "PRODUCTS", sent, locale="es")
    content = await error_file(shop)

    header, refused = table_of(content, ";")
    assert header == ["sku", "name", "category", "tax_category", "unit", "import_row", "import_column",
                      "import_value", "import_code", "import_message"]  # fmt: skip
    assert refused == ["A-1", "'=1+1", "nowhere", "STANDARD", "PCE", "2", "category", "nowhere", "NOT_FOUND",
                       "No existe «nowhere»."]  # fmt: skip
    mended = content.replace(b"'=1+1;nowhere;STANDARD", b"'=1+1;general;STANDARD")
    done = await imported(shop, viewer, "PRODUCTS", mended)
    assert done.counts == (1, 0, 0, 0)
    assert await rows(shop, "select name from product where sku = 'A-1'") == [("=1+1",)]


CUSTOMERS = """number,name,tax_id,payment_term,delivery_term,parent,street,postal_code,city
C-A,Matriz SA,B12345674,30D,DAP,,Calle Uno 1,28001,Madrid
C-B,Filial SL,,30D,DAP,C-A,Calle Dos 2,28002,Madrid
C-C,Nif malo,B12345670,30D,DAP,,,,
C-D,Sin matriz,,30D,DAP,C-Z,,,
C-E,Media dirección,,30D,DAP,,Calle Tres 3,,
"""


async def test_customers_come_with_their_parents_and_addresses(shop: Shop) -> None:
    viewer = await integrator_of(shop)
    verified = await imported(shop, viewer, "CUSTOMERS", CUSTOMERS, verifyOnly=True)
    assert await rows(shop, "select count(*) from customer where number like 'C-_'") == [(0,)]
    done = await imported(shop, viewer, "CUSTOMERS", CUSTOMERS)
    again = await imported(shop, viewer, "CUSTOMERS", CUSTOMERS)

    assert verified.counts == done.counts == (2, 0, 0, 3)
    assert verified.errors == done.errors == [
        (4, "tax_id", "B12345670", "INVALID"), (5, "parent", "C-Z", "NOT_FOUND"),
        (6, "postal_code", "", "INVALID"), (6, "city", "", "INVALID"),
    ]  # fmt: skip
    assert again.counts == (0, 0, 2, 3)
    stored = "select c.name, p.number, a.street, a.is_default_billing, c.currency, c.locale from customer c"
    stored += " join customer_address a on a.customer_id = c.id left join customer p on p.id = c.parent_id"
    assert await rows(shop, stored + " where c.number like 'C-_' order by c.number") == [
        ("Matriz SA", None, "Calle Uno 1", True, "EUR", "es"),
        ("Filial SL", "C-A", "Calle Dos 2", True, "EUR", "es"),
    ]
    moved = CUSTOMERS.replace("Calle Dos 2", "Calle Nueva 9").replace("Matriz SA", "Matriz y Cía SA")
    assert (await imported(shop, viewer, "CUSTOMERS", moved)).counts == (0, 2, 0, 3)
    assert await rows(shop, "select version from customer where number like 'C-_' order by number") == [
        (2,),
        (1,),
    ]


async def test_nobody_stands_above_themself(shop: Shop) -> None:
    viewer = await integrator_of(shop)
    head = "number,name,payment_term,delivery_term,parent\n"
    sent = head + "K-1,Uno,30D,DAP,\nK-2,Dos,30D,DAP,K-1\nK-3,Tres,30D,DAP,K-2\nK-4,Cuatro,30D,DAP,K-4\n"
    first = await imported(shop, viewer, "CUSTOMERS", sent)
    turned = await imported(shop, viewer, "CUSTOMERS", head + "K-1,Uno,30D,DAP,K-3\nK-2,Dos,30D,DAP,K-2\n")

    assert (first.counts, first.errors) == ((3, 0, 0, 1), [(5, "parent", "K-4", "NOT_FOUND")])
    assert turned.errors == [(2, "parent", "K-3", "INVALID"), (3, "parent", "K-2", "INVALID")]
    assert await shop.broken() == []


PRICES = """sku,from_quantity,valid_from,price,valid_until
ACE-001,0,2026-06-01,12.5,
ACE-001,10,2026-01-01,9,2026-02-01
ACE-001,0,2026-04-01,11,
ACE-002,0,2026-01-01,1,
ACE-001,0,2026-07-01,5,2026-06-01
"""


async def test_a_price_ends_where_the_next_one_begins(shop: Shop) -> None:
    viewer = await integrator_of(shop)
    done = await imported(shop, viewer, "PRICES", PRICES)
    again = await imported(shop, viewer, "PRICES", PRICES)

    assert done.counts == (3, 0, 0, 2)
    assert done.errors == [(5, "sku", "ACE-002", "NOT_FOUND"), (6, "valid_until", "2026-06-01", "INVALID")]
    assert again.counts == (0, 0, 3, 2)
    stored = "select from_quantity::int, valid_from::text, valid_until::text, trim_scale(unit_price)::text"
    assert await rows(shop, stored + " from list_price order by 1, 2") == [
        (0, "2026-01-01", "2026-04-01", "10"), (0, "2026-04-01", "2026-06-01", "11"),
        (0, "2026-06-01", None, "12.5"), (10, "2026-01-01", "2026-02-01", "9"),
    ]  # fmt: skip
    assert await shop.broken() == []


STOCK = """warehouse,sku,lot,quantity,expires_on
MAD,ACE-001,,40,
MAD,LOT-1,L1,3,2027-01-31
MAD,LOT-1,L2,0.5,
BCN,ACE-001,,7,
MAD,ACE-001,X,1,
MAD,LOT-1,,1,
"""


async def test_stock_comes_to_the_file_s_figures_by_moves(shop: Shop) -> None:
    viewer = await integrator_of(shop)
    async with shop.database.job() as session:
        await make.make_product(session, shop.seller, sku="LOT-1", is_lot_tracked=True, stock=10)
        await make.make_warehouse(session, shop.seller, "BCN")
    sent = STOCK.replace("0.5", "2")
    assert (await imported(shop, viewer, "STOCK", STOCK)).errors[0] == (
        4,
        "quantity",
        "0.5",
        "QUANTITY_INVALID",
    )
    done = await imported(shop, viewer, "STOCK", sent)
    moves = await rows(shop, "select count(*) from stock_move")
    again = await imported(shop, viewer, "STOCK", sent)

    assert done.counts == (1, 0, 3, 2)
    assert done.errors == [(6, "lot", "X", "INVALID"), (7, "lot", "", "INVALID")]
    assert again.counts == (0, 0, 4, 2)
    assert await rows(shop, "select count(*) from stock_move") == moves
    held = "select w.code, p.sku, b.on_hand::int from stock_balance b join product p on p.id = b.product_id"
    held += " join warehouse w on w.id = b.warehouse_id order by 1, 2"
    assert await rows(shop, held) == [("BCN", "ACE-001", 7), ("MAD", "ACE-001", 40), ("MAD", "LOT-1", 15)]
    assert await shop.broken() == []


async def test_stock_is_never_counted_below_what_is_promised(shop: Shop) -> None:
    viewer = await integrator_of(shop)
    cart = await shop.fill(shop.buyer, (shop.product, 30))
    assert (await shop.place(shop.buyer, cart))["errors"] == []
    before = await rows(shop, "select * from stock_balance")
    done = await imported(shop, viewer, "STOCK", "warehouse;sku;quantity\nMAD;ACE-001;29\n")

    assert (done.counts, done.errors) == ((0, 0, 0, 1), [(2, "quantity", "29", "OUT_OF_STOCK")])
    assert await rows(shop, "select * from stock_balance") == before
    assert (await imported(shop, viewer, "STOCK", "warehouse;sku;quantity\nMAD;ACE-001;30\n")).counts == (
        0,
        1,
        0,
        0,
    )
    assert await shop.broken() == []


async def test_lots_change_places_while_orders_wait(shop: Shop) -> None:
    viewer = await integrator_of(shop)
    async with shop.database.job() as session:
        made = await make.make_product(session, shop.seller, sku="LOT-1", is_lot_tracked=True, stock=None)
        await make.make_stock(session, made, 10, lot="L1")
    cart = await shop.fill(shop.buyer, (made, 8))
    assert (await shop.place(shop.buyer, cart))["errors"] == []
    sent = "warehouse,sku,lot,quantity\nMAD,LOT-1,L1,0\nMAD,LOT-1,L2,9\n"
    done = await imported(shop, viewer, "STOCK", sent)

    assert (done.counts, done.errors) == ((1, 1, 0, 0), [])
    assert await rows(
        shop,
        "select on_hand::int, reserved::int from stock_balance b join product p on p.id = product_id where sku = 'LOT-1'",
    ) == [(9, 8)]
    assert await shop.broken() == []


HEAD = "sku,name,category,tax_category,unit\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(b"sku,name\nA,caf\xe9\n", "byte 0xE9 at place 15, in line 2", id="latin-1"),
        pytest.param("sku,name\nA,x\n".encode("utf-16"), "byte 0xFF at place 1, in line 1", id="utf-16"),
        pytest.param(b"sku,name,colour\nA,x,y\n", "Row 1 names columns that are not known: colour.", id="unknown"),
        pytest.param(b"name,brand\nA,x\n", "Row 1 lacks the columns sku.", id="missing"),
        pytest.param(b"sku,Referencia\nA,A\n", "Row 1 names the column sku twice.", id="twice"),
        pytest.param(b"sku|name:A\n", "Row 1 names columns that are not known: name:A", id="delimiter"),
        pytest.param(b"sku,name\n", "The file has no lines.", id="no rows"),
        pytest.param(b'sku,name\nA,x\nB,"y\n', "Row 3 cannot be read", id="open quotation"),
    ],
)  # fmt: skip
async def test_a_file_that_cannot_be_read_is_refused_and_nothing_changed(
    shop: Shop, content: bytes, said: str
) -> None:
    viewer = await integrator_of(shop)
    upload = await send(shop, viewer, content)
    before = await shop.snapshot()
    answer = await shop.data(viewer, START, "k", i={"kind": "PRODUCTS", "uploadId": upload})

    [error] = answer["startImport"]["errors"]
    assert (error["code"], error["path"], said in error["message"]) == ("FILE_INVALID", ["uploadId"], True), (
        error
    )
    assert await shop.snapshot() == before


async def test_who_may_import(shop: Shop) -> None:
    upload = await send(shop, shop.finance, "sku,name\nA,x\n")
    given = {"kind": "PRODUCTS", "uploadId": upload}
    for viewer in (shop.finance, shop.buyer, shop.rep, shop.logistics):
        assert "data" not in await shop.ask(viewer, START, "k", i=given)
    other = await integrator_of(shop)
    answer = await shop.data(other, START, "k", i=given)
    assert answer["startImport"]["errors"][0]["code"] == "NOT_FOUND"  # another's file
    admin = await integrator_of(shop, Role.ADMINISTRATOR)
    assert (await start(shop, admin, "PRODUCTS", "sku,name\nACE-001,x\n"))["errors"] == []


async def test_an_import_is_started_once_a_key_and_not_at_all_in_a_dry_run(shop: Shop) -> None:
    viewer = await integrator_of(shop)
    given = {"kind": "PRODUCTS", "uploadId": await send(shop, viewer, "sku,name\nACE-001,x\n")}
    before = await shop.snapshot()
    dry = await shop.data(
        viewer, START.replace("startImport(input: $i)", "startImport(input: $i) @dryRun"), i=given
    )
    assert dry["startImport"]["job"]["dataImport"] == {"rowsTotal": 1}
    assert await shop.snapshot() == before

    first = (await shop.data(viewer, START, "k", i=given))["startImport"]
    again = (await shop.data(viewer, START, "k", i=given))["startImport"]
    assert (first["replayed"], again["replayed"]) == (False, True)
    assert first["job"] == again["job"]
    assert await rows(shop, "select count(*) from data_import") == [(1,)]


async def test_a_workbook_is_read_like_text(shop: Shop) -> None:
    viewer = await integrator_of(shop)
    table = [["SKU", "Nombre"], ["ACE-001", "=1+1"], ["", ""], ["NEW-1", "Sin categoría"]]
    done = await imported(shop, viewer, "PRODUCTS", as_workbook(table))

    assert done.counts == (0, 1, 0, 1)
    assert [each[:2] for each in done.errors] == [(4, "category"), (4, "tax_category"), (4, "unit")]
    assert done.job["errorRowCount"] == 1
    assert await rows(shop, "select name from product") == [("=1+1",)]


async def test_a_dead_import_keeps_its_file_and_its_rows(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A poison row takes its batch with it, not those before; tried again when mended, nothing is lost or doubled."""
    count = BATCH_ROWS + 5
    sent = HEAD + "".join(f"P-{n},Producto {n},general,STANDARD,PCE\n" for n in range(count))
    viewer = await integrator_of(shop)
    job = (await start(shop, viewer, "PRODUCTS", sent))["job"]
    healthy = imports.PLANS

    async def fail(session: Any) -> None:
        await session.execute(text("select 1/0"))

    async def poisoned(session: Any, ground: Any, batch: Any) -> Any:
        plan = await healthy[ImportKind.PRODUCTS](session, ground, batch)
        if any(row.values["sku"] == f"P-{count - 1}" for row in batch):
            plan.writes.append(fail)
        return plan

    monkeypatch.setattr(imports, "PLANS", {**healthy, ImportKind.PRODUCTS: poisoned})
    kind = JobKind("import.products", imports.take_rows, tries=1)

    await worker_of(shop.database).attempt(kind, key_of(job))
    dead = await outcome(shop, viewer, job["id"])
    assert (dead.job["state"], dead.job["dataImport"]["rowsDone"]) == ("FAILED", BATCH_ROWS)
    assert await rows(shop, "select count(*) from product where sku like 'P-%'") == [(BATCH_ROWS,)]

    monkeypatch.setattr(imports, "PLANS", healthy)
    async with shop.database.job() as session:
        await session.execute(text("update job set state = 'QUEUED'"))
    await worker_of(shop.database).attempt(kind, key_of(job))
    assert (await outcome(shop, viewer, job["id"])).counts == (count, 0, 0, 0)
    assert await rows(shop, "select count(*) from product where sku like 'P-%'") == [(count,)]
    assert await rows(shop, "select content from data_import") == [(None,)]
