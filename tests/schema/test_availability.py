"""Availability by date: for any number of products in one call, and what of it each viewer is told."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from sqlalchemy import event, text

from auth.permissions import Viewer
from models.base import Base
from models.customers import CustomerGroup
from models.products import Product
from models.scheduling import (
    CalendarHoliday,
    CustomerCalendar,
    DeliverySetting,
    EntryDeadline,
    SellableDays,
    TransportTime,
    WorkCalendar,
)
from rules.states import AvailabilityDisplay, DeliveryControl, LotCriterion
from schema.ids import encode_id
from tests import factories as make
from tests.schema.buying import done, drafted, make_supplier, of, parts, sent
from tests.schema.delivering import confirmed, released
from tests.schema.shop import Shop, engine_over
from tests.schema.test_deliveries_lots import lots_of

PROMISE = "promise { shipOn receiptOn isAtRisk movedFrom parts { quantity shipOn } why { reason on } }"
ASK = f"""query($products: [AvailabilityInput!]!, $customer: ID) {{
  availability(products: $products, customerId: $customer) {{
    sku product {{ sku }} quantity display band free incoming {{ on quantity }} ladder {{ on quantity }} {PROMISE} }} }}"""
STAFF = """query($products: [AvailabilityInput!]!, $customer: ID, $places: [ID!]) {
  availability(products: $products, customerId: $customer, warehouseIds: $places) {
    free onHand ladder { on quantity } promise { shipOn receiptOn toPurchase parts { quantity shipOn } }
    byWarehouse { warehouse { code } onHand reserved free ladder { on quantity } promise { shipOn } } } }"""
LOTS = """query($products: [AvailabilityInput!]!, $customer: ID) {
  availability(products: $products, customerId: $customer) {
    ladder { on quantity } promise { receiptOn } lots { number free isSellable bestBeforeOn } } }"""


def wanted(*found: tuple[Product | str, int] | tuple[Product | str, int, str]) -> list[dict[str, Any]]:
    lines = []
    for product, quantity, *day in found:
        line = {"sku": product if isinstance(product, str) else product.sku, "quantity": str(quantity)}
        lines.append(line | ({"requestedOn": day[0]} if day else {}))
    return lines


async def asked(
    shop: Shop, *found: Any, viewer: Viewer | None = None, document: str = ASK, **given: Any
) -> list[dict[str, Any]]:
    data = await shop.data(viewer or shop.buyer, document, products=wanted(*found), **given)
    answers: list[dict[str, Any]] = data["availability"]
    return answers


async def keep(shop: Shop, *rows: Base) -> None:
    async with shop.database.job() as session:
        session.add_all(rows)


async def workdays(shop: Shop, *holidays: date, code: str = "LAB") -> WorkCalendar:
    """A calendar from Monday to Friday."""
    async with shop.database.job() as session:
        calendar = WorkCalendar(seller_id=shop.seller.id, code=code, name=code, weekdays=[0, 1, 2, 3, 4])
        session.add(calendar)
        await session.flush()
        session.add_all([CalendarHoliday(calendar_id=calendar.id, day=day) for day in holidays])
    return calendar


async def run(shop: Shop, statement: str, **values: Any) -> None:
    async with shop.database.job() as session:
        await session.execute(text(statement), values)


async def show(shop: Shop, display: AvailabilityDisplay) -> None:
    """Puts the customer into a group that is told so much of stock."""
    async with shop.database.job() as session:
        group = CustomerGroup(seller_id=shop.seller.id, code="G", name="G", availability_display=display)
        session.add(group)
        await session.flush()
        await session.execute(
            text("update customer set customer_group_id = :group where id = :customer"),
            {"group": group.id, "customer": shop.customer.id},
        )


async def warehouse_id(shop: Shop) -> Any:
    async with shop.database.job() as session:
        return (await make.make_warehouse(session, shop.seller)).id


async def test_a_buyer_is_told_when_and_why_but_no_figures(shop: Shop) -> None:
    [answer] = await asked(shop, (shop.product, 5))

    assert answer == {
        "sku": "ACE-001", "product": {"sku": "ACE-001"}, "quantity": "5", "display": "BAND", "band": "IN_STOCK",
        "free": None, "incoming": [], "ladder": [],
        "promise": {
            "shipOn": "2026-03-02", "receiptOn": "2026-03-02", "isAtRisk": False, "movedFrom": None,
            "parts": [{"quantity": "5", "shipOn": "2026-03-02"}],
            "why": [
                {"reason": "ORDER_ENTRY", "on": "2026-03-02"},
                {"reason": "ON_HAND", "on": "2026-03-02"},
                {"reason": "TRANSPORT", "on": "2026-03-02"},
            ],
        },
    }  # fmt: skip


@pytest.mark.parametrize(
    ("display", "band", "free", "ladder", "is_promised"),
    [
        ("EXACT", "IN_STOCK", "100", [{"on": "2026-03-02", "quantity": "100"}], True),
        ("BAND", "IN_STOCK", None, [], True),
        ("NONE", None, None, [], False),
    ],
)
async def test_what_buyers_see_is_their_groups_setting(
    shop: Shop, display: str, band: str | None, free: str | None, ladder: list[Any], is_promised: bool
) -> None:
    await show(shop, AvailabilityDisplay(display))

    [answer] = await asked(shop, (shop.product, 5))

    assert (answer["display"], answer["band"], answer["free"], answer["ladder"]) == (
        display, band, free, ladder,
    )  # fmt: skip
    assert (answer["promise"] is not None) is is_promised


async def test_what_is_not_to_be_had_and_what_nobody_knows(shop: Shop) -> None:
    much, unknown = await asked(shop, (shop.product, 101), ("NADA", 1))

    assert (much["promise"]["shipOn"], much["promise"]["receiptOn"], much["promise"]["parts"]) == (
        None,
        None,
        [],
    )
    assert much["promise"]["why"][-1] == {"reason": "NOT_AVAILABLE", "on": None}
    assert (unknown["sku"], unknown["product"], unknown["band"], unknown["promise"]) == (
        "NADA",
        None,
        None,
        None,
    )


async def test_everybodys_open_demand_counts_once(shop: Shop) -> None:
    """10 on hand, one open line of 6 reserved: 4 (rule book 0.2: 32)."""
    async with shop.database.job() as session:
        product = await make.make_product(session, shop.seller, stock=10)
    await shop.place(shop.stranger, await shop.fill(shop.stranger, (product, 6)))

    [answer] = await asked(shop, (product, 4), viewer=shop.rep, document=STAFF)
    [more] = await asked(shop, (product, 5), viewer=shop.rep, document=STAFF)

    assert (answer["onHand"], answer["free"]) == ("10", "4")
    assert answer["ladder"] == [{"on": "2026-03-02", "quantity": "4"}]
    assert answer["promise"]["shipOn"] == "2026-03-02"
    assert more["promise"]["shipOn"] is None


async def test_the_unreserved_rest_of_a_backorder_counts_too(shop: Shop) -> None:
    async with shop.database.job() as session:
        product = await make.make_product(session, shop.seller, stock=10, out_of_stock_policy="BACKORDER")
    await shop.place(shop.stranger, await shop.fill(shop.stranger, (product, 15)))
    async with shop.database.job() as session:
        await make.make_stock(session, product, 8)

    [answer] = await asked(shop, (product, 4), viewer=shop.rep, document=STAFF)

    # 18 there, 10 reserved, 5 of the same order still to be served.
    assert (answer["free"], answer["ladder"][-1]["quantity"]) == ("8", "3")


async def test_calendars_deadline_and_transport_move_the_day(shop: Shop) -> None:
    place = await warehouse_id(shop)
    calendar = await workdays(shop, date(2026, 3, 5))
    await run(shop, "update warehouse set calendar_id = :id, handling_days = 1", id=calendar.id)
    await keep(
        shop,
        EntryDeadline(warehouse_id=place, weekday=0, at=time(10, 30)),
        TransportTime(warehouse_id=place, days=9),
        TransportTime(warehouse_id=place, country="ES", days=2),
        TransportTime(warehouse_id=place, country="FR", days=5),
        CustomerCalendar(customer_id=shop.customer.id, calendar_id=calendar.id),
    )

    # It is Monday 11:00 in Madrid, past the deadline: Tuesday's order, which leaves on Wednesday, is under way until
    # Friday.
    [answer] = await asked(shop, (shop.product, 5))
    assert answer["promise"]["why"] == [
        {"reason": "ORDER_ENTRY", "on": "2026-03-04"},
        {"reason": "ON_HAND", "on": "2026-03-02"},
        {"reason": "TRANSPORT", "on": "2026-03-06"},
    ]
    # Asked for on a Sunday: moved to the Monday, for which it leaves on the Friday before.
    [moved] = await asked(shop, (shop.product, 5, "2026-03-15"))
    assert (moved["promise"]["movedFrom"], moved["promise"]["shipOn"], moved["promise"]["receiptOn"]) == (
        "2026-03-15", "2026-03-13", "2026-03-16",
    )  # fmt: skip

    # A group's own deadline wins over everybody's.
    await show(shop, AvailabilityDisplay.BAND)
    group = await _value(shop, "select customer_group_id from customer where id = :id", id=shop.customer.id)
    await keep(shop, EntryDeadline(warehouse_id=place, weekday=0, at=time(12), customer_group_id=group))
    [earlier] = await asked(shop, (shop.product, 5))
    assert earlier["promise"]["shipOn"] == "2026-03-03"


async def test_deadlines_follow_the_clock_of_the_site(shop: Shop) -> None:
    place = await warehouse_id(shop)
    await run(shop, "update warehouse set time_zone = 'Atlantic/Canary'")
    await keep(shop, EntryDeadline(warehouse_id=place, weekday=0, at=time(10, 30)))

    # 11:00 in Madrid is 10:00 on the Canaries; half an hour later it is past the deadline there too.
    [in_time] = await asked(shop, (shop.product, 5))
    late = Shop(
        **(shop.__dict__ | {"engine": engine_over(shop.database, datetime(2026, 3, 2, 10, 31, tzinfo=UTC))})
    )
    [too_late] = await asked(late, (shop.product, 5))

    assert in_time["promise"]["shipOn"] == "2026-03-02"
    assert too_late["promise"]["shipOn"] == "2026-03-03"


async def test_an_unknown_time_zone_is_refused(shop: Shop) -> None:
    await run(shop, "update warehouse set time_zone = 'Europe/Madird'")

    answer = await shop.ask(shop.buyer, ASK, products=wanted((shop.product, 5)))

    assert answer["errors"][0]["extensions"]["code"] == "INVALID"
    assert "There is no time zone Europe/Madird." in answer["errors"][0]["message"]


@pytest.mark.parametrize(
    ("label", "setting", "ship", "bought"),
    [
        ("NONE looks at no stock", {"method": "NONE"}, "2026-03-02", "0"),
        ("a sales lead time", {"method": "SALES_LEAD_TIME", "sales_lead_days": 4}, "2026-03-06", "0"),
        ("CTP buys what is missing", {"method": "CTP", "purchase_lead_days": 6}, "2026-03-08", "20"),
        ("ATP: not to be had", {"method": "ATP"}, None, "0"),
        ("ATP: any quantity after the horizon", {"method": "ATP", "horizon_days": 10, "is_unlimited_after_horizon": True},
         "2026-03-13", "0"),
    ],
)  # fmt: skip
async def test_delivery_control_of_the_product_or_else_the_seller(
    shop: Shop, label: str, setting: dict[str, Any], ship: str | None, bought: str
) -> None:
    given = setting | {"method": DeliveryControl(setting["method"])}
    await keep(
        shop,
        DeliverySetting(seller_id=shop.seller.id, method=DeliveryControl.SALES_LEAD_TIME, sales_lead_days=30),
        DeliverySetting(seller_id=shop.seller.id, product_id=shop.product.id, **given),
    )
    async with shop.database.job() as session:
        other = await make.make_product(session, shop.seller)

    mine, by_seller = await asked(shop, (shop.product, 120), (other, 1), viewer=shop.rep, document=STAFF)

    assert (mine["promise"]["shipOn"], mine["promise"]["toPurchase"]) == (ship, bought), label
    assert by_seller["promise"]["shipOn"] == "2026-04-01"


async def test_several_warehouses_serve_together_what_none_has_alone(shop: Shop) -> None:
    async with shop.database.job() as session:
        product = await make.make_product(session, shop.seller, stock=6)
        north = await make.make_warehouse(session, shop.seller, code="BIO", priority=2)
        await make.make_stock(session, product, 7, north)
    await keep(shop, TransportTime(warehouse_id=north.id, days=3))

    few, many = await asked(shop, (product, 7), (product, 13), viewer=shop.rep, document=STAFF)
    [there] = await asked(
        shop, (product, 7), viewer=shop.rep, document=STAFF, places=[encode_id("Warehouse", north.id)]
    )

    assert few["promise"]["parts"] == [{"quantity": "7", "shipOn": "2026-03-02"}]  # not split without need
    assert many["promise"]["parts"] == [
        {"quantity": "6", "shipOn": "2026-03-02"},
        {"quantity": "7", "shipOn": "2026-03-02"},
    ]
    assert many["promise"]["receiptOn"] == "2026-03-05"
    assert many["ladder"] == [{"on": "2026-03-02", "quantity": "13"}]
    assert [(each["warehouse"]["code"], each["free"]) for each in many["byWarehouse"]] == [
        ("MAD", "6"),
        ("BIO", "7"),
    ]
    assert [each["warehouse"]["code"] for each in there["byWarehouse"]] == ["BIO"]
    assert there["free"] == "7"


async def cheese(shop: Shop) -> Product:
    """L1 expires on the 4th, L2 in April, L3 in April too but is blocked."""
    async with shop.database.job() as session:
        product = await make.make_product(session, shop.seller, stock=None, is_lot_tracked=True, sku="QUESO")
        for number, expires in (
            ("L1", date(2026, 3, 4)),
            ("L2", date(2026, 4, 20)),
            ("L3", date(2026, 4, 30)),
        ):
            await make.make_stock(session, product, 5, lot=number, expires_on=expires)
        await session.execute(text("update lot set status = 'BLOCKED' where number = 'L3'"))
        await session.execute(
            text(
                """update stock_balance set blocked = lot_balance.on_hand from lot_balance join lot on lot.id = lot_balance.lot_id
                where lot.number = 'L3' and stock_balance.product_id = lot.product_id
                and stock_balance.warehouse_id = lot_balance.warehouse_id"""
            )
        )
    return product


async def test_lots_count_while_they_keep_for_the_customer(shop: Shop) -> None:
    product = await cheese(shop)

    [answer] = await asked(shop, (product, 10), viewer=shop.logistics, document=LOTS)
    assert answer["ladder"] == [{"on": "2026-03-02", "quantity": "10"}]
    assert [(lot["number"], lot["free"], lot["isSellable"]) for lot in answer["lots"]] == [
        ("L1", "5", True), ("L2", "5", True), ("L3", "5", False),
    ]  # fmt: skip

    days = SellableDays(seller_id=shop.seller.id, days=10)
    strict = SellableDays(
        seller_id=shop.seller.id, customer_id=shop.customer.id, product_id=product.id, days=60
    )
    await keep(shop, days, strict)

    customer = encode_id("Customer", shop.customer.id)
    [others] = await asked(shop, (product, 5), viewer=shop.logistics, document=LOTS)
    [theirs] = await asked(shop, (product, 5), viewer=shop.logistics, document=LOTS, customer=customer)
    assert others["ladder"] == [{"on": "2026-03-02", "quantity": "5"}]
    assert [lot["isSellable"] for lot in others["lots"]] == [False, True, False]
    assert theirs["ladder"] == [{"on": "2026-03-02", "quantity": "0"}]
    assert theirs["promise"]["receiptOn"] is None
    [buyers] = await asked(shop, (product, 1))
    assert buyers["promise"]["receiptOn"] is None


async def test_lots_keep_as_the_nearest_category_says_before_all(shop: Shop) -> None:
    product = await cheese(shop)
    async with shop.database.job() as session:
        top = await make.make_category(session, shop.seller)
        near, other = [
            await make.make_category(session, shop.seller, code, top) for code in ("fresh", "fresh-2")
        ]
    await run(shop, "update product set category_id = :near where id = :key", near=near.id, key=product.id)
    for category, days in ((top, 60), (near, 10), (other, 60)):
        await keep(shop, SellableDays(seller_id=shop.seller.id, category_id=category.id, days=days))

    found = []
    for change in (
        "update sellable_days set days = days",
        "delete from sellable_days where days = 10",
        "insert into sellable_days (id, seller_id, product_id, days)"
        " select gen_random_uuid(), seller_id, id, 0 from product where is_lot_tracked",
    ):
        await run(shop, change)
        [answer] = await asked(shop, (product, 1), viewer=shop.logistics, document=LOTS)
        found.append(answer["ladder"][-1]["quantity"])

    assert found == ["5", "0", "10"], "the category's own, the one above, the product's"


async def test_what_is_reserved_takes_the_lots_that_expire_first(shop: Shop) -> None:
    product = await cheese(shop)
    await shop.place(shop.stranger, await shop.fill(shop.stranger, (product, 5)))

    [answer] = await asked(shop, (product, 5, "2026-04-10"), viewer=shop.logistics, document=LOTS)

    assert answer["promise"]["receiptOn"] == "2026-04-10"
    assert answer["ladder"] == [{"on": "2026-03-02", "quantity": "5"}]


@pytest.mark.parametrize(
    ("label", "products", "code", "path"),
    [
        ("nothing", [{"sku": "ACE-001", "quantity": "0"}], "QUANTITY_INVALID", "products.0.quantity"),
        ("less than nothing", [{"sku": "A"}, {"sku": "ACE-001", "quantity": "-1"}], "QUANTITY_INVALID", "products.1.quantity"),
        ("too many products", [{"sku": "ACE-001"}] * 1001, "LIMIT_EXCEEDED", "products"),
    ],
)  # fmt: skip
async def test_what_cannot_be_asked(
    shop: Shop, label: str, products: list[dict[str, Any]], code: str, path: str
) -> None:
    document = "query($products: [AvailabilityInput!]!) { availability(products: $products) { band } }"

    answer = await shop.ask(shop.buyer, document, products=products)

    assert answer["data"] is None or answer["data"]["availability"] is None, label
    assert answer["errors"][0]["extensions"]["code"] == code


async def test_a_buyer_asks_for_nobody_else_and_sees_no_figures_of_staff(shop: Shop) -> None:
    answer = await shop.ask(
        shop.buyer, ASK, products=wanted((shop.product, 1)), customer=encode_id("Customer", shop.other.id)
    )
    assert answer["errors"][0]["extensions"]["code"] == "NOT_FOUND"

    for field in (
        "onHand",
        "byWarehouse { free }",
        "lots { number }",
        "promise { toPurchase }",
        "incoming { source }",
    ):
        document = f'{{ availability(products: [{{sku: "ACE-001"}}]) {{ {field} }} }}'
        answer = await shop.ask(shop.buyer, document)
        assert "Cannot query field" in answer["errors"][0]["message"], field


async def test_the_number_of_statements_does_not_depend_on_the_number_of_products(shop: Shop) -> None:
    async with shop.database.job() as session:
        many = [await make.make_product(session, shop.seller) for _ in range(12)]
    await shop.place(shop.stranger, await shop.fill(shop.stranger, *[(product, 6) for product in many]))
    counted: list[str] = []

    def listen(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        counted.append(statement)

    async def count(products: Sequence[Product]) -> int:
        counted.clear()
        await asked(shop, *[(product, 95) for product in products], viewer=shop.logistics, document=STAFF)
        return len(counted)

    event.listen(shop.database.engine.sync_engine, "before_cursor_execute", listen)
    one, twelve = await count(many[:1]), await count(many)

    assert one == twelve


async def test_a_document_costs_what_it_asks_for(shop: Shop) -> None:
    document = """query($products: [AvailabilityInput!]!) { availability(products: $products) {
        product { sku } ladder { on } promise { shipOn parts { shipOn } why { on } } } }"""
    costs = []
    for number in (1, 10):
        answer = await shop.ask(shop.buyer, document, products=wanted((shop.product, 1)) * number)
        costs.append(answer["extensions"]["cost"]["requested"])

    assert costs == [14, 140]


async def _value(shop: Shop, query: str, **values: Any) -> Any:
    async with shop.database.job() as session:
        return await session.scalar(text(query), values)


DATES = """query($id: ID!) { order(by: {id: $id}) { status lines { sku
    scheduleLines { quantity requestedOn confirmedOn shipOn } } } }"""


async def dates(shop: Shop, order_id: str) -> list[Any]:
    data = await shop.data(shop.rep, DATES, id=order_id)
    return [tuple(each.values()) for line in data["order"]["lines"] for each in line["scheduleLines"]]


async def test_placing_promises_each_schedule_line(shop: Shop) -> None:
    """10 are there and leave now; 5 have to be bought, which takes six days; transport takes two."""
    place = await warehouse_id(shop)
    async with shop.database.job() as session:
        product = await make.make_product(session, shop.seller, stock=10, out_of_stock_policy="BACKORDER")
    await keep(
        shop,
        TransportTime(warehouse_id=place, days=2),
        DeliverySetting(seller_id=shop.seller.id, method=DeliveryControl.CTP, purchase_lead_days=6),
    )

    order = (await shop.place(shop.buyer, await shop.fill(shop.buyer, (product, 15))))["order"]

    assert await dates(shop, order["id"]) == [
        ("10", None, "2026-03-04", "2026-03-02"),
        ("5", None, "2026-03-10", "2026-03-08"),
    ]
    confirmed = await shop.act(shop.rep, "confirmOrder", orderId=order["id"], expectedVersion=1)
    assert confirmed["errors"] == []
    assert [each[2] for each in await dates(shop, order["id"])] == ["2026-03-04", "2026-03-10"]


async def test_what_nobody_knows_when_to_have_is_not_promised(shop: Shop) -> None:
    async with shop.database.job() as session:
        product = await make.make_product(session, shop.seller, stock=10, out_of_stock_policy="BACKORDER")

    order = (await shop.place(shop.buyer, await shop.fill(shop.buyer, (product, 15))))["order"]

    assert await dates(shop, order["id"]) == [
        ("10", None, "2026-03-02", "2026-03-02"),
        ("5", None, None, None),
    ]


async def test_a_closed_day_is_moved_with_a_warning(shop: Shop) -> None:
    calendar = await workdays(shop)
    await keep(shop, CustomerCalendar(customer_id=shop.customer.id, calendar_id=calendar.id))
    cart = await shop.fill(shop.buyer, (shop.product, 5))

    placed = await shop.place(shop.buyer, cart, requestedOn="2026-03-15")

    assert [(each["code"], each["message"]) for each in placed["warnings"]] == [
        ("DATE_MOVED", "No goods are brought or taken on Mar 15, 2026: the next working day is meant.")
    ]
    assert await dates(shop, placed["order"]["id"]) == [("5", "2026-03-15", "2026-03-16", "2026-03-16")]


async def test_an_order_on_hold_is_promised_when_it_is_released(shop: Shop) -> None:
    await run(shop, "update credit_account set credit_limit = 1 where customer_id = :id", id=shop.customer.id)
    placed = await shop.place(shop.buyer, await shop.fill(shop.buyer, (shop.product, 5)))
    order = placed["order"]
    assert order["isOnHold"]
    assert await dates(shop, order["id"]) == [("5", None, None, None)]

    released = await shop.act(
        shop.finance, "releaseOrder", orderId=order["id"], expectedVersion=order["version"], reason="Pagado."
    )

    assert released["errors"] == []
    assert await dates(shop, order["id"]) == [("5", None, "2026-03-02", "2026-03-02")]
    assert await shop.broken() == []


async def test_lines_say_when_they_could_be_had(shop: Shop) -> None:
    place = await warehouse_id(shop)
    await keep(shop, TransportTime(warehouse_id=place, days=2))
    await shop.fill(shop.buyer, (shop.product, 5))
    document = """query($paste: String!) {
      product(by: {sku: "ACE-001"}) { availability { band
        one: promise { receiptOn } many: promise(quantity: "101") { receiptOn }
        later: promise(quantity: "1", requestedOn: "2026-03-09") { receiptOn shipOn } none: promise(quantity: "0") { shipOn } } }
      cart { lines { promise { receiptOn } } }
      checkLines(input: {text: $paste}) { lines { promise { receiptOn } } } }"""

    found = await shop.data(shop.buyer, document, paste="ACE-001 100\nNADA 1")

    assert found["product"]["availability"] == {
        "band": "IN_STOCK",
        "one": {"receiptOn": "2026-03-04"},
        "many": {"receiptOn": None},
        "later": {"receiptOn": "2026-03-09", "shipOn": "2026-03-07"},
        "none": None,
    }
    assert found["cart"]["lines"] == [{"promise": {"receiptOn": "2026-03-04"}}]
    assert found["checkLines"]["lines"] == [{"promise": {"receiptOn": "2026-03-04"}}, {"promise": None}]


async def test_whoever_is_told_nothing_of_stock_is_told_nothing_anywhere(shop: Shop) -> None:
    await show(shop, AvailabilityDisplay.NONE)
    document = (
        '{ product(by: {sku: "ACE-001"}) { availability { band allowsBackorder promise { shipOn } } } }'
    )

    mine = await shop.data(shop.buyer, document)
    others = await shop.data(shop.stranger, document)
    staffs = await shop.data(shop.rep, document)

    assert mine["product"]["availability"] == {"band": None, "allowsBackorder": False, "promise": None}
    for found in (others, staffs):
        assert found["product"]["availability"]["band"] == "IN_STOCK"
        assert found["product"]["availability"]["promise"] == {"shipOn": "2026-03-02"}


async def test_what_is_promised_is_released_with_lots_that_keep_for_the_customer(shop: Shop) -> None:
    product = await cheese(shop)
    await keep(
        shop,
        SellableDays(seller_id=shop.seller.id, customer_id=shop.customer.id, product_id=product.id, days=10),
    )
    [answer] = await asked(shop, (product, 5))
    assert answer["promise"]["receiptOn"] == "2026-03-02"
    order = await confirmed(shop, (product, 5))

    delivery = await released(shop, order)

    # L1 expires first, but too soon for this customer.
    assert await lots_of(shop, delivery["id"]) == [("L2", "5")]
    assert await shop.broken() == []


async def test_lots_are_released_by_the_products_criterion(shop: Shop) -> None:
    product = await cheese(shop)
    await run(shop, "update lot set best_before_on = '2026-03-03' where number = 'L2'")
    await keep(
        shop,
        DeliverySetting(
            seller_id=shop.seller.id, product_id=product.id, method=DeliveryControl.ATP,
            lot_criterion=LotCriterion.BEST_BEFORE,
        ),
    )  # fmt: skip

    delivery = await released(shop, await confirmed(shop, (product, 5)))

    assert await lots_of(shop, delivery["id"]) == [("L2", "5")]


async def test_what_suppliers_are_to_send_is_promised_for_its_day(shop: Shop) -> None:
    """Pegged supply and the demand it is meant for cancel out; what goes straight to a customer is neither."""
    async with shop.database.job() as session:
        product = await make.make_product(session, shop.seller, stock=0, out_of_stock_policy="BACKORDER")
    order = await confirmed(shop, (product, 6), (shop.product, 15), requestedOn="2026-03-20")
    supplier = await make_supplier(shop, product, shop.product)
    pegs = [{"orderLineId": order["lines"][0]["id"], "quantity": "6"}]
    drafted_only = await drafted(shop, supplier, (product, 10), pegs=pegs)
    assert (await asked(shop, (product, 1), viewer=shop.rep))[0]["incoming"] == []

    bought = await sent(shop, drafted_only)
    [answer] = await asked(shop, (product, 4), viewer=shop.rep)
    assert (answer["incoming"], answer["ladder"][-1]) == (
        [{"on": "2026-03-09", "quantity": "10"}], {"on": "2026-03-09", "quantity": "4"},
    )  # fmt: skip

    confirmation = [parts(bought["lines"][0], (7, "2026-03-10"), (2, "2026-03-12"))]
    await done(shop, "confirmPurchaseOrder", **of(bought, lines=confirmation))
    [answer] = await asked(shop, (product, 3), viewer=shop.rep)
    assert [each["quantity"] for each in answer["incoming"]] == ["7", "2"]
    assert (answer["promise"]["shipOn"], answer["ladder"][-1]["quantity"]) == ("2026-03-12", "3")
