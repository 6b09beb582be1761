"""What quotes hold: while they wait for our consent, while they are offered where the seller says so, and until the order."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from resolvers.context import LockedSession
from resolvers.stock_holds import expire_holds
from tests import factories as make
from tests.schema.quoting import Role, act, answer_to, done, drafted, line, manager_of, read, sent
from tests.schema.shop import NOW, Shop, engine_over

DEEP = line(quantity="10", discountPercent="12", reason="r")  # a manager has to consent


async def hold_while_sent(shop: Shop) -> None:
    async with shop.database.job() as session:
        admin = await make.make_user(session, shop.seller, roles=[Role.ADMINISTRATOR])
    viewer = await make.viewer_of(shop.database, admin)
    document = """mutation($i: SetQuotePolicyInput!) { setQuotePolicy(input: $i) {
        quotePolicy { holdWhileSent } errors { code path } } }"""
    row = {"criterion": "QUOTE_DEPTH", "threshold": "5", "level": "MANAGER"}
    given = {"rows": [row], "validityDays": 30, "expectedVersion": 0, "holdWhileSent": True}
    found = (await shop.data(viewer, document, i=given))["setQuotePolicy"]
    assert found == {"quotePolicy": {"holdWhileSent": True}, "errors": []}
    # What is not named stays.
    del given["holdWhileSent"]
    found = (await shop.data(viewer, document, i=given | {"expectedVersion": 1}))["setQuotePolicy"]
    assert found["quotePolicy"] == {"holdWhileSent": True}


async def _value(shop: Shop, statement: str) -> Any:
    async with shop.database.job() as session:
        return await session.scalar(text(statement))


async def _reserved(shop: Shop) -> Decimal:
    found: Decimal = await _value(shop, "select sum(reserved) from stock_balance")
    return found


async def _hold(shop: Shop, viewer: Any, quote: dict[str, Any]) -> Any:
    document = """query($n: String!) { quote(by: {number: $n}) {
        hold { until goods { quantity product { sku } } } } }"""
    return (await shop.data(viewer, document, n=quote["number"]))["quote"]["hold"]


async def test_goods_are_held_while_consent_is_waited_for(shop: Shop) -> None:
    manager = await manager_of(shop)
    waiting = await done(shop, shop.rep, "submitQuote", await drafted(shop, DEEP))
    assert await _reserved(shop) == 10
    due = await _value(shop, "select due_at from approval_request")
    assert await _hold(shop, shop.rep, waiting) == {
        "until": f"{due:%Y-%m-%dT%H:%M:%SZ}", "goods": [{"quantity": "10", "product": {"sku": "ACE-001"}}],
    }  # fmt: skip
    # Nobody of the customer's hears of it: they do not know that there is a quote.
    assert await _value(shop, "select count(*) from outbox_event where type = 'stock.held'") == 0

    rejected = await done(shop, manager, "rejectQuote", waiting, reason="no")
    assert await _reserved(shop) == 0
    again = await done(shop, shop.rep, "submitQuote", rejected)
    edited = await done(shop, shop.rep, "setQuoteLines", again, lines=[line(quantity="4")])
    assert await _reserved(shop) == 0
    deeper = await done(shop, shop.rep, "setQuoteLines", edited, lines=[DEEP])
    approved = await done(shop, manager, "approveQuote", await done(shop, shop.rep, "submitQuote", deeper))
    assert await _reserved(shop) == 10  # until it is sent, or the time is over
    await done(shop, shop.rep, "sendQuote", approved)
    assert await _reserved(shop) == 0  # the seller does not hold what is offered
    assert await shop.broken() == []


async def test_an_offer_holds_its_goods_until_its_end(shop: Shop) -> None:
    await hold_while_sent(shop)
    free = line(quantity="2", isFree=True, reason="r")
    offered = await sent(
        shop, line(quantity="60"), free, line(quantity="30", isOptional=True), validUntil="2026-03-10"
    )
    assert await _reserved(shop) == 62  # options are not held
    hold = await _hold(shop, shop.buyer, offered)
    assert hold["until"] == "2026-03-10T23:00:00Z"  # the last day counts whole, in Madrid
    assert hold["goods"] == [{"quantity": "62", "product": {"sku": "ACE-001"}}]

    declined = await act(shop, shop.buyer, "declineQuote", **answer_to(offered, reason="no"))
    assert declined["errors"] == [] and await _reserved(shop) == 0
    withdrawn = await sent(shop)
    assert await _reserved(shop) == 10
    await done(shop, shop.rep, "withdrawQuote", withdrawn, reason="r")
    assert await _reserved(shop) == 0
    await sent(shop, validUntil="2026-03-10")
    async with shop.database.job() as session:
        after = NOW.replace(day=10, hour=23)
        assert await expire_holds(LockedSession(session), after, after.date()) == 1
    assert await _reserved(shop) == 0
    assert await shop.broken() == []


async def test_a_revision_that_waits_takes_nothing_from_the_offer(shop: Shop) -> None:
    """Of both the larger quantity is held; once it is sent, what it says alone."""
    await hold_while_sent(shop)
    manager = await manager_of(shop)
    revised = await done(shop, shop.rep, "reviseQuote", await sent(shop, line(quantity="20")))
    less = await done(shop, shop.rep, "setQuoteLines", revised, lines=[DEEP])
    assert await _reserved(shop) == 20
    waiting = await done(shop, shop.rep, "submitQuote", less)
    assert await _reserved(shop) == 20
    approved = await done(shop, manager, "approveQuote", waiting)
    await done(shop, shop.rep, "sendQuote", approved)
    assert await _reserved(shop) == 10
    assert await shop.broken() == []


@pytest.mark.parametrize(("case", "held"), [("held", True), ("not held", False)])
async def test_what_is_held_is_the_orders(shop: Shop, case: str, held: bool) -> None:
    """All of the stock is held for the quote: nobody else gets any, and its own order gets it whole."""
    if held:
        await hold_while_sent(shop)
    await _value(shop, "update seller set out_of_stock_policy = 'REFUSE' returning 1")
    await _value(shop, "update stock_balance set on_hand = 10 returning 1")
    mine, other = await sent(shop), await sent(shop)

    tried = (await act(shop, shop.buyer, "acceptQuote", **answer_to(other)))["quote"]
    accepted = (await act(shop, shop.buyer, "acceptQuote", **answer_to(mine)))["quote"]

    if held:
        assert (tried["status"], tried["obstacle"]) == ("ACCEPTED", "STOCK"), case
        assert (accepted["status"], accepted["obstacle"]) == ("CONVERTED", None)
    else:
        assert (tried["status"], accepted["obstacle"]) == ("CONVERTED", "STOCK"), case
    assert await _reserved(shop) == 10
    kinds = "select count(*) from reservation where released_at is null and source_id is not null"
    assert await _value(shop, kinds) == 0
    assert await _hold(shop, shop.buyer, accepted) is None


async def test_a_conversion_that_fails_keeps_what_is_held(shop: Shop) -> None:
    await hold_while_sent(shop)
    offered = await sent(shop)
    await _value(shop, "update customer set status = 'BLOCKED' returning 1")
    accepted = (await act(shop, shop.buyer, "acceptQuote", **answer_to(offered)))["quote"]
    assert accepted["obstacle"] == "CUSTOMER" and await _reserved(shop) == 10
    await _value(shop, "update customer set status = 'ACTIVE' returning 1")

    # After its last day goods are free again; the acceptance stands.
    shop.engine = engine_over(shop.database, NOW + timedelta(days=40))
    assert await _hold(shop, shop.rep, await read(shop, shop.rep, accepted)) is None
    converted = await done(shop, shop.rep, "convertQuote", accepted)
    assert converted["status"] == "CONVERTED" and await _reserved(shop) == 10
    assert await shop.broken() == []
