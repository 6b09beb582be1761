"""Credit: the exposure at every step of an order's life, holds for late invoices, and the desk that lets orders go."""

from decimal import Decimal
from typing import Any

from sqlalchemy import text

from schema.api import api
from schema.engine import Engine
from schema.ids import encode_id
from schema.throttle import Throttle
from tests import factories as make
from tests.safety.test_statements import counted
from tests.schema.invoicing import act, codes, drafted, invoiced, issued, ordered, ship
from tests.schema.paying import customer_id, pay, received
from tests.schema.shop import NOW, Shop

DESK = """{ creditDesk { nodes { order { id number version holdReasons allowedActions }
  limit { amount } exposure { amount } ordersOpen { amount } delivered { amount } invoices { amount }
  unapplied { amount } overdue { amount } daysOverdue freesOn paymentNeeded { amount } blockedBy
  condition { amountAwaited { amount } amountReceived { amount } validUntil reason } } totalCount } }"""


async def exposure(shop: Shop) -> str:
    answer = await shop.data(
        shop.finance, "query($id: ID!) { node(id: $id) { ... on Customer { credit { exposure { amount } } } } }",
        id=customer_id(shop),
    )  # fmt: skip
    found: str = answer["node"]["credit"]["exposure"]["amount"]
    return found


async def desk(shop: Shop) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await shop.data(shop.finance, DESK))["creditDesk"]["nodes"]
    return found


async def limit(shop: Shop, amount: str, **given: Any) -> dict[str, Any]:
    document = """mutation Set($input: SetCreditLimitInput!) { setCreditLimit(input: $input) {
        customer { credit { limit { amount } } } errors { code path } } }"""
    given = {"customerId": customer_id(shop), "limit": amount, "reason": "revisado"} | given
    answer = await shop.data(shop.finance, document, f"limit-{amount}-{len(str(given))}", input=given)
    payload: dict[str, Any] = answer["setCreditLimit"]
    return payload


async def set_overdue_days(shop: Shop, days: int | None) -> None:
    async with shop.database.job() as session:
        await session.execute(text("update seller set overdue_days_allowed = :days"), {"days": days})


def on_day(shop: Shop, month: int, day: int) -> None:
    """The shop's clock moves on."""
    moment = NOW.replace(month=month, day=day)
    shop.engine = Engine(api, shop.database, throttle=Throttle(10**9, 10**9), clock=lambda: moment)


async def test_the_exposure_stays_the_same_from_order_to_invoice_and_falls_with_the_payment(
    shop: Shop,
) -> None:
    assert await exposure(shop) == "0.00"
    order = await ordered(shop, (shop.product, 10))
    assert await exposure(shop) == "121.00"  # ordered
    delivery = await ship(shop, order["id"], 6)
    assert await exposure(shop) == "121.00"  # 72.60 delivered, the rest ordered
    (draft,) = await drafted(shop, deliveryIds=[delivery])
    assert await exposure(shop) == "121.00"  # a draft is not invoiced yet, and not forgotten
    (invoice,) = await issued(shop, draft)
    assert await exposure(shop) == "121.00"
    payment = await received(shop, "50.00")
    assert await exposure(shop) == "71.00"  # on account
    await pay(
        shop, "matchPayment", paymentId=payment["id"], expectedVersion=1,
        matches=[{"instalmentId": invoice["instalments"][0]["id"]}],
    )  # fmt: skip
    assert await exposure(shop) == "71.00"  # matched: less open, nothing on account
    await act(
        shop, shop.finance, "rectifyInvoice", invoiceId=invoice["id"], expectedVersion=invoice["version"],
        reason="rotas", lines=[{"invoiceLineId": invoice["lines"][0]["id"], "quantity": "5"}],
    )  # fmt: skip
    assert await exposure(shop) == "10.50"  # 72.60 - 50 - 60.50 leaves 37.90 to give back; 48.40 are ordered
    assert await shop.broken() == []
    cancelled = await shop.data(
        shop.buyer, "query($id: ID!) { order(by: {id: $id}) { version lines { id } } }", id=order["id"]
    )
    line = cancelled["order"]["lines"][0]["id"]
    await shop.act(
        shop.rep,
        "cancelOrderLine",
        orderLineId=line,
        quantity="4",
        reason="no",
        expectedVersion=cancelled["order"]["version"],
    )
    assert await exposure(shop) == "-37.90"


async def test_a_late_invoice_holds_the_next_order_and_a_payment_does_not_before_its_day(shop: Shop) -> None:
    await set_overdue_days(shop, 10)
    await invoiced(shop, (shop.product, 10))  # due on 2026-04-01
    on_day(shop, 4, 11)
    assert not (await ordered(shop, (shop.product, 1)))["isOnHold"]  # ten days are allowed

    on_day(shop, 4, 12)
    cart = await shop.fill(shop.buyer, (shop.product, 1))
    placed = await shop.place(shop.buyer, cart)

    assert placed["order"]["isOnHold"] and placed["order"]["lines"][0]["quantityReserved"] == "0"
    assert [each["code"] for each in placed["warnings"]] == ["ON_HOLD"]
    (entry,) = await desk(shop)
    assert entry["order"]["holdReasons"] == ["OVERDUE"] == entry["blockedBy"]
    assert entry["overdue"]["amount"] == "121.00" and entry["daysOverdue"] == 11
    assert entry["freesOn"] is None and entry["paymentNeeded"]["amount"] == "121.00"
    await set_overdue_days(shop, None)
    assert not (await ordered(shop, (shop.product, 1)))["isOnHold"]


async def test_the_desk_tells_when_the_credit_frees_up(shop: Shop) -> None:
    assert (await limit(shop, "150"))["errors"] == []
    await invoiced(shop, (shop.product, 10))  # due on 2026-04-01
    order = await ordered(shop, (shop.product, 5))
    assert order["isOnHold"]

    (entry,) = await desk(shop)

    assert entry["order"]["number"] == order["number"] and entry["order"]["allowedActions"] == ["RELEASE"]
    assert entry["exposure"]["amount"] == "181.50" and entry["limit"]["amount"] == "150.00"
    assert entry["ordersOpen"]["amount"] == "60.50" and entry["invoices"]["amount"] == "121.00"
    assert entry["freesOn"] == "2026-04-01" and entry["paymentNeeded"]["amount"] == "31.50"


async def when_paid(shop: Shop, order: dict[str, Any], **given: Any) -> dict[str, Any]:
    document = """mutation Wait($input: ReleaseOrderWhenPaidInput!) { releaseOrderWhenPaid(input: $input) {
        order { version isOnHold } errors { code path } } }"""
    given = {"orderId": order["id"], "expectedVersion": 1, "amount": "100", "reason": "pagan hoy"} | given
    answer = await shop.data(
        shop.finance, document, f"wait-{order['id']}-{sorted(given.items())}"[:200], input=given
    )
    payload: dict[str, Any] = answer["releaseOrderWhenPaid"]
    return payload


async def held_order(shop: Shop) -> dict[str, Any]:
    await limit(shop, "100")
    order = await ordered(shop, (shop.product, 10))
    assert order["isOnHold"]
    return order


async def test_the_payment_that_completes_the_amount_releases_the_order(shop: Shop) -> None:
    order = await held_order(shop)
    done = await when_paid(shop, order, validUntil="2026-03-31")
    assert done == {"order": {"version": 2, "isOnHold": True}, "errors": []}
    assert (await desk(shop))[0]["condition"] == {
        "amountAwaited": {"amount": "100.00"}, "amountReceived": {"amount": "0.00"},
        "validUntil": "2026-03-31", "reason": "pagan hoy",
    }  # fmt: skip

    await received(shop, "40.00")
    (entry,) = await desk(shop)
    assert entry["condition"]["amountReceived"]["amount"] == "40.00"
    await received(shop, "60.00")

    assert await desk(shop) == []
    after = await shop.data(
        shop.finance, "query($id: ID!) { order(by: {id: $id}) { isOnHold version lines { quantityReserved } } }",
        id=order["id"],
    )  # fmt: skip
    assert after["order"] == {"isOnHold": False, "version": 3, "lines": [{"quantityReserved": "10"}]}
    assert await shop.broken() == []


async def test_money_of_whoever_shares_the_credit_releases_the_order(shop: Shop) -> None:
    """The limit is the parent's: a sister's and the parent's payments free it as well, a stranger's does not."""
    async with shop.database.job() as session:
        parent = await make.make_customer(session, shop.seller, credit_limit="100")
        sister = await make.make_customer(session, shop.seller, parent=parent, credit_limit=None)
        await session.execute(
            text("delete from credit_account where customer_id = :id"), {"id": shop.customer.id}
        )
        await session.execute(
            text("update customer set parent_id = :parent where id = :id"),
            {"parent": parent.id, "id": shop.customer.id},
        )
    order = await ordered(shop, (shop.product, 10))
    assert order["isOnHold"]
    assert (await when_paid(shop, order, amount="90"))["errors"] == []

    for payer, amount in ((shop.other, "500"), (sister, "40"), (parent, "50")):
        (entry,) = await desk(shop)
        assert entry["order"]["id"] == order["id"]
        paid = await pay(
            shop, "recordPayment", customerId=encode_id("Customer", payer.id), amount=amount, matches=[]
        )
        assert paid["errors"] == []

    assert await desk(shop) == []
    assert await shop.broken() == []


async def test_a_condition_past_its_day_releases_nothing(shop: Shop) -> None:
    order = await held_order(shop)
    await when_paid(shop, order, validUntil="2026-03-02")
    async with shop.database.job() as session:
        await session.execute(text("update credit_condition set valid_until = date '2026-03-01'"))

    await received(shop, "500.00")

    assert [each["order"]["id"] for each in await desk(shop)] == [order["id"]]


async def test_refusals_change_nothing(shop: Shop) -> None:
    order = await held_order(shop)
    before = await shop.snapshot()

    assert codes(await when_paid(shop, order, amount="0")) == ["INVALID"]
    assert codes(await when_paid(shop, order, validUntil="2026-03-01")) == ["PAST_DATE"]
    assert codes(await when_paid(shop, order, expectedVersion=7)) == ["STALE_VERSION"]
    assert codes(await when_paid(shop, order, reason="")) == ["REASON_REQUIRED"]
    assert codes(await limit(shop, "-1")) == ["INVALID"]
    assert codes(await limit(shop, "1.001")) == ["INVALID"]
    assert codes(await limit(shop, "10", reason=" ")) == ["REASON_REQUIRED"]
    assert codes(await limit(shop, "10", currency="ZZZ")) == ["INVALID"]
    assert await shop.snapshot() == before
    assert Decimal((await desk(shop))[0]["limit"]["amount"]) == 100


async def test_the_desk_costs_the_same_for_one_and_for_four_orders(shop: Shop) -> None:
    await held_order(shop)
    with counted(shop.database) as one:
        assert len(await desk(shop)) == 1
    for _ in range(3):
        await ordered(shop, (shop.product, 1))
    with counted(shop.database) as four:
        assert len(await desk(shop)) == 4

    assert len(four) == len(one)
