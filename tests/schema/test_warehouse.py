"""An outside warehouse system, both ways: tasks are heard at least once, reports are done once."""

from datetime import date
from random import Random
from typing import Any

import pytest
from sqlalchemy import text

from app.metrics import Metrics
from app.metrics_serving import Work
from auth.permissions import Permission, Viewer
from auth.scopes import ALWAYS, ApiScope
from auth.views import Views
from resolvers.stock_counts import LINES_MAX
from schema.access import may_use
from schema.api import api
from schema.ids import decode_id
from tests import factories as make
from tests.schema.buying import came, drafted, make_supplier, of, sent
from tests.schema.delivering import balance, confirmed, order_of, released, value, warehouse_id
from tests.schema.importing import imported, integrator_of
from tests.schema.outside import Outside, machine, our_stock, published, report, tasks
from tests.schema.shop import NOW, Shop
from tests.schema.test_deliveries_lots import wine
from tests.schema.test_lots_by_customer import request

CONSUMERS = "{ warehouseConsumers { code warehouse acknowledgedTo openTasks oldestOpenAt isLate } }"


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_both_sides_have_the_same_stock_though_messages_are_doubled_lost_and_reordered(
    shop: Shop, seed: int
) -> None:
    async with shop.database.job() as session:
        wine = await make.make_product(
            session, shop.seller, price="10", stock=None, is_lot_tracked=True, sku="VINO"
        )
        corks = await make.make_product(session, shop.seller, price="1", stock=None, sku="CORK")
    viewer, place = await machine(shop), await warehouse_id(shop)
    outside = Outside(shop, viewer, place, Random(seed))
    figures = [
        {"sku": "VINO", "quantity": "6", "lotNumber": "L1", "expiresOn": "2026-09-01"},
        {"sku": "VINO", "quantity": "6", "lotNumber": "L2", "expiresOn": "2026-10-01"},
        {"sku": "CORK", "quantity": "50"},
    ]
    await outside.tell("countStock", "count-1", warehouseId=place, lines=figures)
    await outside.hear()
    assert outside.stock == {("VINO", "L1"): 6, ("VINO", "L2"): 6, ("CORK", None): 50}

    # A delivery of which two bottles are not found, and the others are of another lot.
    order = await confirmed(shop, (wine, 5), (corks, 20))
    delivery = await released(shop, order)
    await outside.hear()
    [task] = [each for each in outside.log if each["type"] == "delivery.released"]
    bottles = next(line for line in task["lines"] if line["sku"] == "VINO")
    assert (bottles["quantity"], bottles["lotNumber"], bottles["change"]) == ("5", "L1", "0")
    assert (task["documentNumber"], task["orderNumber"]) == (delivery["number"], "SO-2026-000001")
    picked: dict[str, Any] = {
        "deliveryId": task["documentId"],
        "expectedVersion": task["documentVersion"],
        "lines": [
            {
                "deliveryLineId": bottles["lineId"], "quantity": "3",
                "lots": [{"number": "L2", "quantity": "2"}, {"number": "L1", "quantity": "1"}],
            }
        ],
    }  # fmt: skip
    await outside.tell("pickDelivery", "pick-1", **picked)
    shipped = {"deliveryId": task["documentId"], "expectedVersion": 2, "trackingNumber": "TRACK-1"}
    await outside.tell("shipDelivery", "ship-1", **shipped)
    # The picking arrives a third time, after the goods left.
    late = await report(
        shop, viewer, "pickDelivery", externalReference={"namespace": "wms", "value": "pick-1"}, **picked
    )
    assert late["errors"] == [] and late["replayed"]

    # Goods come in, of a lot that is then blocked; then somebody counts.
    supplier = await make_supplier(shop, wine)
    bought = await sent(shop, await drafted(shop, supplier, (wine, 12)))
    goods = [came(bought["lines"][0], 12, lotNumber="L3", expiresOn="2027-01-31")]
    await outside.tell("receivePurchaseOrder", "in-1", **of(bought, lines=goods, deliveryNote="A-9"))
    counted = [{"sku": "CORK", "quantity": "28"}, {"sku": "VINO", "quantity": "11", "lotNumber": "L3"}]
    await outside.tell("countStock", "count-2", warehouseId=place, lines=counted)
    [lot] = (await shop.data(shop.logistics, '{ lots(search: "L3") { nodes { id } } }'))["lots"]["nodes"]
    await report(shop, shop.logistics, "blockLot", lotId=lot["id"], expectedVersion=1, reason="Corked")
    await outside.hear()

    expected = {("VINO", "L1"): 5, ("VINO", "L2"): 4, ("VINO", "L3"): 11, ("CORK", None): 28}
    ours = await our_stock(shop)
    del ours[shop.product.sku, None]  # there before anybody listened
    assert outside.stock == ours == expected
    assert await shop.broken() == []
    assert max(outside.seen.values()) >= 2  # it did hear some of it more than once
    assert sorted(each["type"] for each in outside.log) == [
        "delivery.picked", "delivery.released", "delivery.shipped", "lot.blocked", "purchaseOrder.sent",
        "receipt.posted", "stock.counted", "stock.counted",
    ]  # fmt: skip
    [consumer] = (await shop.data(shop.logistics, CONSUMERS))["warehouseConsumers"]
    assert (consumer["code"], consumer["openTasks"], consumer["oldestOpenAt"]) == ("wms", 0, None)
    # What was not found waits for another delivery.
    assert await value(shop, "select quantity_reserved from sales_order_line where sku = 'VINO'") == [(2,)]


# Acknowledging


async def acknowledge(shop: Shop, viewer: Viewer, place: str, **given: Any) -> dict[str, Any]:
    fields = "consumer { acknowledgedTo openTasks isLate(afterMinutes: 15) }"
    values = {"warehouseId": place, "consumer": "wms"} | given
    return await report(shop, viewer, "acknowledgeEvents", fields, **values)


async def counts(shop: Shop, viewer: Viewer, place: str, *figures: int) -> None:
    """As many tasks as figures; the log has nothing else."""
    for figure in figures:
        lines = [{"sku": shop.product.sku, "quantity": str(figure)}]
        assert (await report(shop, viewer, "countStock", warehouseId=place, lines=lines))["errors"] == []
    await published(shop)


async def test_single_tasks_are_acknowledged_in_any_order_and_the_mark_follows(shop: Shop) -> None:
    viewer, place = await machine(shop), await warehouse_id(shop)
    await counts(shop, viewer, place, 101, 102, 103)
    assert await open_positions(shop, viewer, place) == [1, 2, 3]

    marks = []
    for positions in ([3], [3], [1], [2], [1]):
        done = await acknowledge(shop, viewer, place, positions=positions)
        assert done["errors"] == []
        marks.append((done["consumer"]["acknowledgedTo"], done["consumer"]["openTasks"]))

    assert marks == [(0, 2), (0, 2), (1, 1), (3, 0), (3, 0)]
    assert await open_positions(shop, viewer, place) == []
    assert await value(shop, "select count(*) from warehouse_acknowledgement") == [(0,)]
    done = await acknowledge(shop, viewer, place, upTo=1)  # overtaken by later ones
    assert done["consumer"] == {"acknowledgedTo": 3, "openTasks": 0, "isLate": False}
    # Another consumer and another warehouse have marks of their own.
    assert [each["position"] for each in await tasks(shop, viewer, place, consumer="other")] == [1, 2, 3]


async def open_positions(shop: Shop, viewer: Viewer, place: str) -> list[int]:
    return [each["position"] for each in await tasks(shop, viewer, place, consumer="wms")]


@pytest.mark.parametrize(
    ("case", "given", "code", "path"),
    [
        ("a position that the log has not reached", {"upTo": 3}, "INVALID", ["upTo"]),
        ("a position without a task", {"positions": [1, 9]}, "NOT_FOUND", ["positions", "1"]),
        ("none at all", {"positions": []}, "INVALID", ["positions"]),
        ("both ways", {"positions": [1], "upTo": 1}, "INVALID", ["upTo"]),
        ("neither way", {}, "INVALID", ["upTo"]),
        ("no name", {"consumer": " ", "upTo": 1}, "INVALID", ["consumer"]),
    ],
)
async def test_what_is_unknown_is_not_acknowledged(
    shop: Shop, case: str, given: dict[str, Any], code: str, path: list[str]
) -> None:
    viewer, place = await machine(shop), await warehouse_id(shop)
    await counts(shop, viewer, place, 101, 102)
    before = await shop.snapshot()

    refused = await acknowledge(shop, viewer, place, **given)

    assert [(each["code"], each["path"]) for each in refused["errors"]] == [(code, path)], case
    assert await shop.snapshot() == before and await open_positions(shop, viewer, place) == [1, 2]


async def test_a_consumer_that_leaves_tasks_lying_is_seen_until_it_is_ended(shop: Shop) -> None:
    viewer, place = await machine(shop), await warehouse_id(shop)
    await acknowledge(shop, viewer, place, upTo=0)
    await counts(shop, viewer, place, 101, 102)
    async with shop.database.job() as session:
        await session.execute(
            text("update outbox_event set occurred_at = occurred_at - interval '16 minutes'")
        )

    document = "{ warehouseConsumers { id code openTasks isLate wait: isLate(afterMinutes: 17) } }"
    [seen] = (await shop.data(shop.logistics, document))["warehouseConsumers"]
    metrics = Metrics({})
    work = Work(metrics, shop.database, (), lambda: NOW)
    await work.sample()

    assert (seen["code"], seen["openTasks"], seen["isLate"], seen["wait"]) == ("wms", 2, True, False)
    told = metrics.registry.get_sample_value
    code = (await value(shop, "select code from warehouse where id = :id", id=decode_id(place, "Warehouse")))[
        0
    ][0]
    assert told("ventas_warehouse_open_tasks", {"warehouse": code}) == 2
    assert told("ventas_warehouse_oldest_task_seconds", {"warehouse": code}) == 960

    done = await report(shop, shop.logistics, "endWarehouseConsumer", warehouseConsumerId=seen["id"])
    await work.sample()
    assert done["errors"] == [] and (await shop.data(shop.logistics, document))["warehouseConsumers"] == []
    assert told("ventas_warehouse_open_tasks", {"warehouse": code}) is None


STOCK = """warehouse,sku,lot,expires_on,quantity
MAD,VINO,L1,2026-09-01,{first}
MAD,VINO,L2,2026-10-01,{second}
MAD,ACE-001,,,{oil}
BCN,ACE-001,,,7
"""


async def test_an_imported_stock_is_heard_by_warehouse_and_lot(shop: Shop) -> None:
    async with shop.database.job() as session:
        await make.make_product(session, shop.seller, stock=None, is_lot_tracked=True, sku="VINO")
        await make.make_warehouse(session, shop.seller, "BCN")
    viewer, sender = await machine(shop), await integrator_of(shop)
    places = {code: await warehouse_id(shop, code) for code in ("MAD", "BCN")}
    there = Outside(shop, viewer, places["MAD"], Random(1), {("ACE-001", None): 100})
    elsewhere = Outside(shop, viewer, places["BCN"], Random(2))

    first = STOCK.format(first=6, second=4, oil=90)
    await imported(shop, sender, "STOCK", first)
    await imported(shop, sender, "STOCK", first)  # moves nothing, and nothing of it is heard
    done = await imported(shop, sender, "STOCK", STOCK.format(first=2, second=8, oil=90))
    assert done.counts == (0, 2, 2, 0)
    checked = STOCK.format(first=1, second=1, oil=1)
    await imported(shop, sender, "STOCK", checked, verifyOnly=True)
    await there.hear()
    await elsewhere.hear()

    counts = [
        sorted((line["sku"], line["lotNumber"], line["quantity"], line["change"]) for line in each["lines"])
        for each in sorted(there.log, key=lambda task: int(task["position"]))
    ]
    assert counts == [
        [("ACE-001", None, "90", "-10"), ("VINO", "L1", "6", "6"), ("VINO", "L2", "4", "4")],
        [("VINO", "L1", "2", "-4"), ("VINO", "L2", "8", "4")],
    ]
    assert {each["type"] for each in there.log} == {"stock.counted"}
    assert there.stock == {("VINO", "L1"): 2, ("VINO", "L2"): 8, ("ACE-001", None): 90}
    assert elsewhere.stock == {("ACE-001", None): 7} and len(elsewhere.log) == 1
    ours = await value(
        shop,
        "select sku, on_hand::int from stock_balance join product on product.id = product_id"
        " join warehouse on warehouse.id = warehouse_id where warehouse.code = 'MAD' order by 1",
    )
    assert [tuple(each) for each in ours] == [("ACE-001", 90), ("VINO", 10)] and await shop.broken() == []


async def test_a_long_import_is_heard_in_tasks_of_bearable_length(shop: Shop) -> None:
    async with shop.database.job() as session:
        await make.make_product(session, shop.seller, stock=None, is_lot_tracked=True, sku="VINO")
    viewer, sender, place = await machine(shop), await integrator_of(shop), await warehouse_id(shop)
    lots = "".join(f"MAD,VINO,L{index:03},1\n" for index in range(LINES_MAX + 1))
    await imported(shop, sender, "STOCK", f"warehouse,sku,lot,quantity\n{lots}")

    outside = Outside(shop, viewer, place, Random(1), {("ACE-001", None): 100})
    await outside.hear()

    assert sorted(len(each["lines"]) for each in outside.log) == [1, LINES_MAX]
    assert outside.stock == await our_stock(shop)


# Reporting


async def test_something_else_under_the_same_reference_is_refused(shop: Shop) -> None:
    viewer, place = await machine(shop), await warehouse_id(shop)
    reference = {"namespace": "wms", "value": "C-1"}
    first: dict[str, Any] = {
        "warehouseId": place,
        "lines": [{"sku": shop.product.sku, "quantity": "90"}],
        "externalReference": reference,
    }
    assert (await report(shop, viewer, "countStock", **first))["errors"] == []
    before = await shop.snapshot()

    other = first | {"lines": [{"sku": shop.product.sku, "quantity": "91"}]}
    order = await confirmed(shop)
    delivery = await released(shop, order)
    after = await shop.snapshot()
    refused = [
        await report(shop, viewer, "countStock", **other),
        await report(
            shop,
            viewer,
            "shipDelivery",
            deliveryId=delivery["id"],
            expectedVersion=1,
            externalReference=reference,
        ),
    ]

    assert [each["errors"][0]["code"] for each in refused] == ["IDEMPOTENCY_CONFLICT"] * 2
    assert all(each["errors"][0]["path"] == ["externalReference"] for each in refused)
    assert await shop.snapshot() == after and before != after
    again = await report(shop, viewer, "countStock", **first)
    assert again["replayed"] and (await balance(shop))[0] == 90


async def test_a_refused_report_leaves_its_reference_free(shop: Shop) -> None:
    viewer, place = await machine(shop), await warehouse_id(shop)
    await confirmed(shop, (shop.product, 10))
    reference = {"namespace": "wms", "value": "C-1"}
    before = await shop.snapshot()

    def figure(quantity: str) -> dict[str, Any]:
        lines = [{"sku": shop.product.sku, "quantity": quantity}]
        return {"warehouseId": place, "lines": lines, "externalReference": reference}

    refused = await report(shop, viewer, "countStock", **figure("9"))
    assert [(each["code"], each["path"]) for each in refused["errors"]] == [
        ("OUT_OF_STOCK", ["lines", "0", "quantity"])
    ]
    assert await shop.snapshot() == before

    done = await report(shop, viewer, "countStock", **figure("10"))
    assert done["errors"] == [] and not done["replayed"]
    assert await balance(shop) == (10, 10) and await shop.broken() == []


@pytest.mark.parametrize(
    ("case", "quantity", "lots", "code", "path"),
    [
        ("more than was released", "9", {"L1": "9"}, "QUANTITY_INVALID", ["lines", "0", "quantity"]),
        ("lots that sum to less", "4", {"L1": "3"}, "QUANTITY_INVALID", ["lines", "0", "lots"]),
        ("no lots", "4", {}, "QUANTITY_INVALID", ["lines", "0", "lots"]),
        ("nothing", "0", {}, "QUANTITY_INVALID", ["lines"]),
        ("a lot that has expired", "4", {"OLD": "4"}, "OUT_OF_STOCK", ["lines", "0", "lots", "0", "number"]),
        ("more than a lot holds", "4", {"L2": "4"}, "OUT_OF_STOCK", ["lines", "0", "lots", "0", "quantity"]),
        ("a lot that is not there", "4", {"L9": "4"}, "NOT_FOUND", ["lines", "0", "lots", "0", "number"]),
    ],
)
async def test_what_is_not_picked(
    shop: Shop, case: str, quantity: str, lots: dict[str, str], code: str, path: list[str]
) -> None:
    async with shop.database.job() as session:
        wine = await make.make_product(session, shop.seller, stock=None, is_lot_tracked=True, sku="VINO")
        for number, there, expires in (
            ("L1", 5, date(2026, 9, 1)), ("L2", 3, date(2026, 10, 1)), ("OLD", 5, date(2026, 3, 2)),
        ):  # fmt: skip
            await make.make_stock(session, wine, there, lot=number, expires_on=expires)
    viewer = await machine(shop)
    delivery = await released(shop, await confirmed(shop, (wine, 4)))
    before = await shop.snapshot()
    line = {
        "deliveryLineId": delivery["lines"][0]["id"],
        "quantity": quantity,
        "lots": [{"number": number, "quantity": each} for number, each in lots.items()],
    }

    refused = await report(
        shop, viewer, "pickDelivery", deliveryId=delivery["id"], expectedVersion=1, lines=[line]
    )

    assert [(each["code"], each["path"]) for each in refused["errors"]] == [(code, path)], case
    assert await shop.snapshot() == before and await shop.broken() == []


def root_fields(permissions: frozenset[Permission]) -> set[str]:
    view = Views(api._schema, may_use).view(permissions)
    return {
        name for root in (view.query_type, view.mutation_type) if root is not None for name in root.fields
    }


async def test_a_lot_that_the_customer_asked_for_is_not_exchanged(shop: Shop) -> None:
    product, viewer = await wine(shop), await machine(shop)
    order = await confirmed(shop, (product, 4))
    assert (await request(shop, order, ("L1", "2")))["errors"] == []
    delivery = await released(shop, await order_of(shop, order["id"]))
    before = await shop.snapshot()

    def picked(**lots: str) -> dict[str, Any]:
        named = [{"number": number, "quantity": quantity} for number, quantity in lots.items()]
        line = {"deliveryLineId": delivery["lines"][0]["id"], "quantity": "3", "lots": named}
        return {"deliveryId": delivery["id"], "expectedVersion": 1, "lines": [line]}

    refused = await report(shop, viewer, "pickDelivery", **picked(L1="1", L2="2"))
    assert [(each["code"], each["path"]) for each in refused["errors"]] == [
        ("INVALID", ["lines", "0", "lots"])
    ]
    assert await shop.snapshot() == before

    done = await report(shop, viewer, "pickDelivery", **picked(L1="2", L2="1"))
    assert done["errors"] == [] and await shop.broken() == []
    done = await report(shop, viewer, "shipDelivery", deliveryId=delivery["id"], expectedVersion=2)
    assert done["errors"] == [] and await shop.broken() == []


async def test_a_machine_of_this_scope_does_this_and_nothing_else(shop: Shop) -> None:
    viewer = await machine(shop, ApiScope.WAREHOUSE_REPORT)
    assert viewer.permissions == {Permission.SIGNED_IN, Permission.WAREHOUSE_REPORT}
    fields = root_fields(viewer.permissions) - root_fields(ALWAYS)
    assert fields == {
        "warehouseTasks", "warehouseConsumers", "acknowledgeEvents", "endWarehouseConsumer", "pickDelivery",
        "shipDelivery", "receivePurchaseOrder", "countStock",
    }  # fmt: skip
    delivery = await released(shop, await confirmed(shop))
    for mutation in ("releaseDelivery", "cancelDelivery", "blockLot", "createPurchaseOrder"):
        answer = await shop.ask(viewer, f"mutation {{ {mutation}(input: {{}}) {{ errors {{ code }} }} }}")
        assert answer["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED", mutation
    done = await report(shop, viewer, "shipDelivery", deliveryId=delivery["id"], expectedVersion=1)
    assert done["errors"] == []
