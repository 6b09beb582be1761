"""Promises that time breaks: made again once, told once, and left alone while they hold."""

from datetime import date, datetime, timedelta

import pytest

from jobs.catalogue import make_catalogue
from jobs.kinds import NewJob, add_jobs
from jobs.runs import begin
from models.base import new_id
from rules.states import OutOfStockPolicy
from tests import factories as make
from tests.jobs.test_mails import MailPlace, Postbox, postbox, run_jobs, shop
from tests.jobs.trials import NOW
from tests.schema.buying import done, drafted, make_supplier, of, parts, sent
from tests.schema.delivering import balance, confirmed, order_of, released, shipped, value
from tests.schema.shop import Shop
from tests.schema.test_availability import run

__all__ = ["postbox", "shop"]
# The rest is not reserved any more: what is free, 5, would be enough for it and not for the whole.
LOOSE = """with gone as (
        update reservation set released_at = now() where released_at is null and quantity = 2
        returning product_id, quantity
    ), line as (
        update sales_order_line set quantity_reserved = 0 where quantity_reserved = 2
        returning id
    ), balance as (
        update stock_balance set reserved = reserved - gone.quantity from gone
        where stock_balance.product_id = gone.product_id
    )
    update sales_order_schedule_line set warehouse_id = null from line where order_line_id = line.id"""
DAYS = "select quantity, ship_on, confirmed_on from sales_order_schedule_line where quantity > 0 order by position"
TOLD = "select count(*) from outbox_event where type = 'order.promised'"


async def keep_promises(shop: Shop, now: datetime) -> None:
    await run_kind(shop, "promises.keep", now)


async def run_kind(shop: Shop, name: str, now: datetime) -> None:
    catalogue = make_catalogue(MailPlace())
    async with shop.database.job() as session:
        [(job_id, kind)] = await add_jobs(session, [NewJob(name, str(new_id()), {})], now)
    run = await begin(shop.database, lambda: now, job_id)
    assert run is not None
    await catalogue.kinds[kind].handle(run)


async def made(shop: Shop, case: str) -> None:
    """An order, promised, and what then happens to it."""
    async with shop.database.job() as session:
        product = await make.make_product(
            session, shop.seller, price="10", stock=0 if "supplier" in case else 9,
            out_of_stock_policy=OutOfStockPolicy.BACKORDER,
        )  # fmt: skip
    if "supplier" not in case:
        order = await confirmed(shop, (product, 6), requestedOn="2026-03-05")
        if "a part left" in case:
            await shipped(shop, await released(shop, order, 4))
            if "packed" in case:
                await released(shop, await order_of(shop, order["id"], shop.logistics), 1)
            if "loose" in case:
                await run(shop, LOOSE)
        elif "left" in case:
            await shipped(shop, await released(shop, order))
        elif "hold" in case:
            await shop.act(shop.rep, "holdOrder", orderId=order["id"], expectedVersion=2, reason="r")
        return
    supplier = await make_supplier(shop, product)
    bought = await sent(shop, await drafted(shop, supplier, (product, 6)))
    said = parts(bought["lines"][0], (6, "2026-03-05"))
    bought = await done(shop, "confirmPurchaseOrder", **of(bought, lines=[said]))
    order = await confirmed(shop, (product, 6))
    if "gone" in case:
        await done(shop, "cancelPurchaseOrder", **of(bought, reason="Nada"))
    elif "pegged" in case:
        line = {"lineId": bought["lines"][0]["id"], "orderLineId": order["lines"][0]["id"]}
        await done(shop, "setPurchasePeg", **of(bought, quantity="6", **line))


def at(day: int) -> datetime:
    return NOW.replace(day=day)


# March 2026; the 2nd is today.
@pytest.mark.parametrize(
    ("case", "day", "before", "after"),
    [
        ("it is still to leave", 4, 5, 5),
        ("its day has passed", 10, 5, 10),
        ("it left", 10, 5, 5),
        ("a part left, and the rest is still to leave", 4, 5, 5),
        ("a part left, and the day of the rest has passed", 10, 5, 10),
        ("a part left, and some of the rest is packed", 10, 5, 5),
        ("a part left, and the rest is loose but there", 4, 5, 5),
        ("on hold", 10, 5, 5),
        ("the supplier is still to come", 4, 5, 5),
        ("the supplier is gone", 3, 5, None),
        ("the supplier is late", 10, 5, 11),
        ("the pegged supplier is still to come", 4, 5, 5),
        ("the pegged supplier is late", 10, 5, 11),
    ],
)
async def test_what_breaks_is_promised_again_and_told_once(
    shop: Shop, case: str, day: int, before: int, after: int | None
) -> None:
    await made(shop, case)
    stood = [(6, date(2026, 3, before), date(2026, 3, before))]
    assert await value(shop, DAYS) == stood, case
    [(told,)] = await value(shop, TOLD)
    versions = await value(shop, "select version from sales_order")

    for _ in range(2):
        await keep_promises(shop, at(day))

    expected = (None, None) if after is None else (date(2026, 3, after),) * 2
    assert await value(shop, DAYS) == [(6, *expected)], case
    is_moved = after != before
    assert await value(shop, TOLD) == [(told + is_moved,)], case
    assert await value(shop, "select version from sales_order") == [(versions[0][0] + is_moved,)], case
    assert await shop.broken() == []


async def test_the_buyer_is_told_the_new_days_in_their_language(
    shop: Shop, postbox: tuple[Postbox, MailPlace]
) -> None:
    box, place = postbox
    await made(shop, "its day has passed")
    [(jobs,)] = await value(shop, "select count(*) from outbox_event")
    await keep_promises(shop, at(10))

    await run_jobs(shop, place, jobs)

    [told] = [each for each in box.to(shop.buyer.email) if "Nuevas" in str(each["Subject"])]
    assert str(told["Subject"]) == "Nuevas fechas de entrega de su pedido SO-2026-000001"
    body = told.get_body(("plain",))
    assert body is not None and "10 de marzo de 2026" in body.get_content()


async def test_what_a_cart_held_too_long_is_free_and_told(shop: Shop) -> None:
    """The job of the clock; what it frees and what not is shown in tests/schema/test_holds.py."""
    await shop.fill(shop.buyer, (shop.product, 7))
    document = "mutation { holdCart(input: {}) { errors { code } } }"
    assert (await shop.data(shop.buyer, document, "key"))["holdCart"]["errors"] == []
    assert await balance(shop) == (100, 7)

    for minutes in (29, 30, 31):
        await run_kind(shop, "stock.expire_holds", NOW + timedelta(minutes=minutes))

    assert await balance(shop) == (100, 0)
    told = "select count(*) from outbox_event where type = 'stock.holdExpired'"
    assert await value(shop, told) == [(1,)]
