"""
One order from the cart to the last credit, through the API alone, each act by whoever does it in the house.

After every step stock, exposure, journal, statement and order are what the arithmetic below says. Nothing there is
taken from the code that is tested: quantities, prices and rates are given, and each line is rounded once.

    oil     20 at 7.35 less 2.5 %     147.00 - 3.68 (3.675)         = 143.32 net, 14.33 of 10 %, 157.65
    bread    7 at 12.40                                             =  86.80 net, 18.23 of 21 %, 105.03
                                                                             in all 262.68, before the discount 266.73
    first delivery: 12 oil, 3 bread   143.32 x 12/20 =  85.99       8.60
                                       86.80 x 3/7   =  37.20       7.81                         gross 139.60
                                      costs 12 x 4.10 + 3 x 8.00 = 73.20
    second: what is left              143.32 - 85.99 =  57.33       5.73
                                       86.80 - 37.20 =  49.60      10.42                         gross 123.08
                                      costs  8 x 4.10 + 4 x 8.00 = 64.80
    paid 60 % after 30 days, the rest after 60: 83.76 and 55.84 of the first, 73.85 and 49.23 of the second
"""

import base64
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

import pytest

from auth.permissions import Role, Viewer
from models.customers import Customer
from models.products import Product
from models.sellers import PaymentTerm, PaymentTermInstalment
from schema.ids import encode_id
from tests import factories as make
from tests.schema.invoicing import read
from tests.schema.shop import Shop
from tests.schema.test_credit import on_day

SEEN = """query Seen($order: ID!, $customer: ID!, $skus: [String!]!) {
  order(by: {id: $order}) { status isOnHold version deliveryState invoiceState grossAmount { amount }
    lines { id sku quantityReserved quantityShipped } }
  customer(by: {id: $customer}) { credit { exposure { amount } ordersOpen { amount } delivered { amount }
    invoices { amount } unapplied { amount } overdue { amount } } }
  products(where: {sku: {in: $skus}}) { nodes { sku availability { byWarehouse { onHand reserved free } } } }
  journalEntries(first: 100) { nodes { source lines { account debit { amount } credit { amount } } } }
}"""
STATEMENT = """query Account { statement { closing { amount } lines { kind amount { amount } balance { amount } }
  ageing { notDue { amount } days1To30 { amount } days31To60 { amount } overdue { amount } unapplied { amount }
           total { amount } } }
  openInstalments { invoiceNumber position dueOn openAmount { amount } daysOverdue } }"""
LOTS = """query Lots($skus: [String!]!) { products(where: {sku: {in: $skus}}) {
  nodes { availability { lots { lotNumber onHand } } } } }"""
_keys = count(1)


@dataclass
class World:
    """
    The house and a company, and what all of it must look like now.

    on_hand, reserved: of oil and of bread. order: status, delivered and invoiced. exposure: of open orders, delivered,
    invoiced, unapplied. journal: account -> balance, debits above zero. open: invoice, position -> open amount.
    ageing: not due, 1 to 30, 31 to 60 days late, unapplied.
    """

    shop: Shop
    oil: Product
    bread: Product
    approver: Viewer
    admin: Viewer
    order: dict[str, Any] = field(default_factory=dict)
    first: dict[str, Any] = field(default_factory=dict)
    second: dict[str, Any] = field(default_factory=dict)
    wanted: dict[str, Any] = field(default_factory=dict)

    async def act(self, viewer: Viewer, mutation: str, wanted: str, **given: Any) -> dict[str, Any]:
        """A mutation that nobody refuses; its payload."""
        name = mutation[0].upper() + mutation[1:] + "Input"
        document = f"""mutation Act($input: {name}!) {{ {mutation}(input: $input) {{ {wanted}
            errors {{ code message path }} warnings {{ code }} }} }}"""
        answer = await self.shop.data(viewer, document, f"cash-{next(_keys)}", input=given)
        payload: dict[str, Any] = answer[mutation]
        assert payload["errors"] == [], payload["errors"]
        return payload

    async def on_order(self, viewer: Viewer, mutation: str, **given: Any) -> dict[str, Any]:
        """An act on the order as it stands now."""
        seen = {"orderId": self.order["id"], "expectedVersion": await self.version(viewer)}
        if "orderLineId" in given:
            del seen["orderId"]
        return await self.act(viewer, mutation, "order { status isOnHold }", **(seen | given))

    async def version(self, viewer: Viewer) -> int:
        asked = "query($id: ID!) { order(by: {id: $id}) { version } }"
        return int((await self.shop.data(viewer, asked, id=self.order["id"]))["order"]["version"])

    async def expect(self, **wanted: Any) -> None:
        """All that somebody may look up, compared at once; only what a step changes is told."""
        self.wanted |= wanted
        assert await self.seen() == self.wanted
        assert await self.shop.broken() == []

    async def seen(self) -> dict[str, Any]:
        skus = [self.oil.sku, self.bread.sku]
        asked = {
            "order": self.order["id"],
            "customer": encode_id("Customer", self.shop.customer.id),
            "skus": skus,
        }
        told = await self.shop.data(self.shop.finance, SEEN, **asked)
        account = await self.shop.data(self.approver, STATEMENT)
        order, credit, ageing = told["order"], told["customer"]["credit"], account["statement"]["ageing"]
        stock = {each["sku"]: each["availability"]["byWarehouse"] for each in told["products"]["nodes"]}
        held = {
            sku: tuple(rows[0][name] for name in ("onHand", "reserved", "free"))
            for sku, rows in stock.items()
        }
        parts = [
            Decimal(credit[name]["amount"]) for name in ("ordersOpen", "delivered", "invoices", "unapplied")
        ]
        assert Decimal(credit["exposure"]["amount"]) == sum(parts[:3]) - parts[3]
        assert account["statement"]["closing"] == ageing["total"]
        # What is invoiced and not paid is the statement's closing balance, the journal's customers and the exposure's
        # last two parts: three ways to the same figure.
        journal = balances(told["journalEntries"]["nodes"])
        owed = Decimal(journal.get("430", "0")) + Decimal(journal.get("438", "0"))
        assert parts[2] - parts[3] == Decimal(ageing["total"]["amount"]) == owed
        late = Decimal(ageing["overdue"]["amount"])
        assert late == Decimal(credit["overdue"]["amount"])
        return {
            "order": (order["status"], order["isOnHold"], order["deliveryState"], order["invoiceState"]),
            "gross": order["grossAmount"]["amount"],
            "oil": held[self.oil.sku],
            "bread": held[self.bread.sku],
            "exposure": tuple(str(each) for each in parts),
            "journal": journal,
            "open": {
                (each["invoiceNumber"], each["position"]): each["openAmount"]["amount"]
                for each in account["openInstalments"]
            },
            "ageing": tuple(
                ageing[name]["amount"] for name in ("notDue", "days1To30", "days31To60", "unapplied")
            ),
        }  # fmt: skip


def balances(entries: list[dict[str, Any]]) -> dict[str, str]:
    """Account -> debits less credits; every entry balances by itself."""
    found: dict[str, Decimal] = {}
    for entry in entries:
        of_entry = {
            line["account"]: Decimal(line["debit"]["amount"]) - Decimal(line["credit"]["amount"])
            for line in entry["lines"]
        }
        assert sum(of_entry.values()) == 0, entry
        for account, amount in of_entry.items():
            found[account] = found.get(account, Decimal(0)) + amount
    return {account: str(amount) for account, amount in sorted(found.items()) if amount}


@pytest.fixture
async def world(shop: Shop) -> World:
    """A company with an approver and an admin that pays 60 % after 30 days and the rest after 60, and two products."""
    async with shop.database.job() as session:
        term = await make.add(
            session, PaymentTerm(seller_id=shop.seller.id, code="60-40", name="30 y 60 días")
        )
        for position, (share, days) in enumerate(((60, 30), (40, 60)), 1):
            part = PaymentTermInstalment(
                payment_term_id=term.id, position=position, share_percent=Decimal(share), due_days=days,
                end_of_month=False,
            )  # fmt: skip
            await make.add(session, part)
        (await session.get_one(Customer, shop.customer.id)).payment_term_id = term.id
        reduced = await make.make_tax_category(session, shop.seller, "REDUCED", "10")
        oil = await make.make_product(
            session, shop.seller, price="7.35", cost="4.10", tax=reduced, stock=None, is_lot_tracked=True, sku="OIL-1"
        )  # fmt: skip
        await make.make_stock(session, oil, 5, lot="L-1", expires_on=date(2026, 9, 1))
        await make.make_stock(session, oil, 30, lot="L-2", expires_on=date(2026, 12, 1))
        bread = await make.make_product(
            session, shop.seller, price="12.40", cost="8", stock=20, sku="BREAD-1"
        )
        approver = await make.make_user(session, shop.seller, customer=shop.customer, role=Role.APPROVER)
        admin = await make.make_user(session, shop.seller, customer=shop.customer, role=Role.COMPANY_ADMIN)
    deciding = await make.viewer_of(shop.database, approver)
    return World(shop, oil, bread, deciding, await make.viewer_of(shop.database, admin))


async def placed_over_the_limit(world: World) -> None:
    shop = world.shop
    await world.act(
        world.admin, "setSpendLimit", "member { spendLimit { perOrder { amount } } }",
        userId=encode_id("User", shop.buyer.user_id), perOrder="250",
    )  # fmt: skip
    cart = await shop.fill(shop.buyer, (world.oil, 20), (world.bread, 7))
    assert cart["totals"]["gross"]["amount"] == "266.73"

    placed = await shop.place(shop.buyer, cart)

    assert placed["errors"] == [] and [each["code"] for each in placed["warnings"]] == ["APPROVAL_REQUIRED"]
    world.order = placed["order"]
    await world.expect(
        order=("PENDING_APPROVAL", False, "NONE", "NONE"), gross="266.73",
        oil=("35", "20", "15"), bread=("20", "7", "13"), exposure=("266.73", "0.00", "0.00", "0.00"),
        journal={}, open={}, ageing=("0.00", "0.00", "0.00", "0.00"),
    )  # fmt: skip


async def approved_by_a_colleague(world: World) -> None:
    await world.on_order(world.approver, "approveOrder", reason="Para la feria")
    await world.expect(order=("PLACED", False, "NONE", "NONE"))


async def discounted_and_confirmed(world: World) -> None:
    oil = world.order["lines"][0]["id"]
    await world.on_order(
        world.shop.rep, "discountOrderLine", orderLineId=oil, percent="2.5", reason="Por la feria"
    )
    await world.expect(gross="262.68", exposure=("262.68", "0.00", "0.00", "0.00"))
    await world.on_order(world.shop.rep, "confirmOrder")
    await world.expect(order=("CONFIRMED", False, "NONE", "NONE"))


async def released(world: World, *quantities: int) -> dict[str, Any]:
    shop = world.shop
    (warehouse,) = (await shop.data(shop.logistics, "{ warehouses { id } }"))["warehouses"]
    lines = [
        {"orderLineId": line["id"], "quantity": str(quantity)}
        for line, quantity in zip(world.order["lines"], quantities, strict=True)
    ]
    payload = await world.act(
        shop.logistics, "releaseDelivery", "delivery { id version lines { sku lots { lotNumber quantity } } }",
        orderId=world.order["id"], expectedVersion=await world.version(shop.logistics),
        warehouseId=warehouse["id"], lines=lines,
    )  # fmt: skip
    delivery: dict[str, Any] = payload["delivery"]
    return delivery


def lots_of(delivery: dict[str, Any]) -> list[tuple[str, str]]:
    oil = next(line for line in delivery["lines"] if line["sku"] == "OIL-1")
    return [(each["lotNumber"], each["quantity"]) for each in oil["lots"]]


async def shipped(world: World, delivery: dict[str, Any]) -> None:
    await world.act(
        world.shop.logistics, "shipDelivery", "delivery { status }", deliveryId=delivery["id"],
        expectedVersion=delivery["version"], carrier="Transportes Sol", trackingNumber="TS-1",
    )  # fmt: skip


async def lots_left(world: World) -> list[tuple[str, str]]:
    found = await world.shop.data(world.shop.logistics, LOTS, skus=["OIL-1"])
    (product,) = found["products"]["nodes"]
    return [(each["lotNumber"], each["onHand"]) for each in product["availability"]["lots"]]


async def invoiced(world: World, delivery: dict[str, Any]) -> dict[str, Any]:
    """
    The delivery's invoice: drafted, then issued; the draft takes its part of the order and changes nothing else.
    """
    finance = world.shop.finance
    drafts = await world.act(
        finance, "createInvoices", "invoices { id version }", deliveryIds=[delivery["id"]]
    )
    status, on_hold, shipped_so_far, _ = world.wanted["order"]
    await world.expect(order=(status, on_hold, shipped_so_far, shipped_so_far))
    (draft,) = drafts["invoices"]
    issued = await world.act(finance, "issueInvoices", "invoices { id }", invoiceIds=[draft["id"]])
    return await read(world.shop, finance, issued["invoices"][0]["id"])


async def delivered_in_two_parts(world: World) -> None:
    first = await released(world, 12, 3)
    assert lots_of(first) == [("L-1", "5"), ("L-2", "7")]
    await world.expect()
    on_day(world.shop, 3, 3)
    await shipped(world, first)
    assert await lots_left(world) == [("L-2", "23")]
    await world.expect(
        order=("CONFIRMED", False, "PARTIAL", "NONE"), oil=("23", "8", "15"), bread=("17", "4", "13"),
        exposure=("123.08", "139.60", "0.00", "0.00"), journal={"300": "-73.20", "600": "73.20"},
    )  # fmt: skip
    world.first = await invoiced(world, first)
    assert [line["netAmount"]["amount"] for line in world.first["lines"]] == ["85.99", "37.20"]
    assert [line["taxAmount"]["amount"] for line in world.first["lines"]] == ["8.60", "7.81"]
    assert [(part["dueOn"], part["amount"]["amount"]) for part in world.first["instalments"]] == [
        ("2026-04-02", "83.76"), ("2026-05-02", "55.84"),
    ]  # fmt: skip
    one = world.first["number"]
    await world.expect(
        order=("CONFIRMED", False, "PARTIAL", "PARTIAL"), exposure=("123.08", "0.00", "139.60", "0.00"),
        journal={"300": "-73.20", "430": "139.60", "477": "-16.41", "600": "73.20", "700": "-123.19"},
        open={(one, 1): "83.76", (one, 2): "55.84"}, ageing=("139.60", "0.00", "0.00", "0.00"),
    )  # fmt: skip

    on_day(world.shop, 3, 10)
    second = await released(world, 8, 4)
    assert lots_of(second) == [("L-2", "8")]
    await world.expect()
    await shipped(world, second)
    assert await lots_left(world) == [("L-2", "15")]
    await world.expect(
        order=("CONFIRMED", False, "DONE", "PARTIAL"), oil=("15", "0", "15"), bread=("13", "0", "13"),
        exposure=("0.00", "123.08", "139.60", "0.00"),
        journal={"300": "-138.00", "430": "139.60", "477": "-16.41", "600": "138.00", "700": "-123.19"},
    )  # fmt: skip
    world.second = await invoiced(world, second)
    assert [line["netAmount"]["amount"] for line in world.second["lines"]] == ["57.33", "49.60"]
    two = world.second["number"]
    await world.expect(
        order=("CLOSED", False, "DONE", "DONE"), exposure=("0.00", "0.00", "262.68", "0.00"),
        journal={"300": "-138.00", "430": "262.68", "477": "-32.56", "600": "138.00", "700": "-230.12"},
        open={(one, 1): "83.76", (one, 2): "55.84", (two, 1): "73.85", (two, 2): "49.23"},
        ageing=("262.68", "0.00", "0.00", "0.00"),
    )  # fmt: skip


async def paid_in_two_instalments(world: World) -> None:
    one, two, finance = world.first["number"], world.second["number"], world.shop.finance
    on_day(world.shop, 4, 2)
    told = f"fecha;importe;concepto;ordenante\n02/04/2026;83,76;Factura {one};BAR NUNEZ"
    taken = await world.act(
        finance, "importBankFile", "bankFile { lines { status payment { amount { amount } onAccount { amount } } } }",
        name="abril.csv", content=base64.b64encode(told.encode()).decode(),
    )  # fmt: skip
    assert taken["bankFile"]["lines"] == [
        {"status": "MATCHED", "payment": {"amount": {"amount": "83.76"}, "onAccount": {"amount": "0.00"}}}
    ]
    await world.expect(
        exposure=("0.00", "0.00", "178.92", "0.00"),
        journal={"300": "-138.00", "430": "178.92", "477": "-32.56", "572": "83.76", "600": "138.00", "700": "-230.12"},
        open={(one, 2): "55.84", (two, 1): "73.85", (two, 2): "49.23"}, ageing=("178.92", "0.00", "0.00", "0.00"),
    )  # fmt: skip

    on_day(world.shop, 5, 5)  # the second instalment is three days late, and the other invoice's first 26
    await world.expect(ageing=("49.23", "129.69", "0.00", "0.00"))
    paid = await world.act(
        finance, "recordPayment", "payment { onAccount { amount } }", amount="55.84", reference="TRF 7",
        customerId=encode_id("Customer", world.shop.customer.id),
        matches=[{"instalmentId": world.first["instalments"][1]["id"]}],
    )  # fmt: skip
    assert paid["warnings"] == [] and paid["payment"]["onAccount"]["amount"] == "0.00"
    await world.expect(
        exposure=("0.00", "0.00", "123.08", "0.00"),
        journal={"300": "-138.00", "430": "123.08", "477": "-32.56", "572": "139.60", "600": "138.00", "700": "-230.12"},
        open={(two, 1): "73.85", (two, 2): "49.23"}, ageing=("49.23", "73.85", "0.00", "0.00"),
    )  # fmt: skip


async def credited(world: World) -> None:
    """The second invoice is given back: what was sold, its tax and its claim; the goods are another matter."""
    on_day(world.shop, 5, 6)
    done = await world.act(
        world.shop.finance, "rectifyInvoice", "invoice { grossAmount { amount } openAmount { amount } state }",
        invoiceId=world.second["id"], expectedVersion=world.second["version"], reason="Llegó rota",
    )  # fmt: skip
    assert done["invoice"] == {
        "grossAmount": {"amount": "-123.08"}, "openAmount": {"amount": "0.00"}, "state": "PAID",
    }  # fmt: skip
    await world.expect(
        exposure=("0.00", "0.00", "0.00", "0.00"),
        journal={"300": "-138.00", "477": "-16.41", "572": "139.60", "600": "138.00", "700": "-230.12", "708": "106.93"},
        open={}, ageing=("0.00", "0.00", "0.00", "0.00"),
    )  # fmt: skip


async def test_an_order_from_the_cart_to_the_last_credit(world: World) -> None:
    await placed_over_the_limit(world)
    await approved_by_a_colleague(world)
    await discounted_and_confirmed(world)
    await delivered_in_two_parts(world)
    await paid_in_two_instalments(world)
    await credited(world)

    account = (await world.shop.data(world.approver, STATEMENT))["statement"]
    assert [(line["kind"], line["amount"]["amount"], line["balance"]["amount"]) for line in account["lines"]] == [
        ("INVOICE", "139.60", "139.60"), ("INVOICE", "123.08", "262.68"), ("PAYMENT", "-83.76", "178.92"),
        ("PAYMENT", "-55.84", "123.08"), ("CREDIT", "-123.08", "0.00"),
    ]  # fmt: skip
