"""Issuing: numbers without gaps, dates that never go back, a chain that shows every change."""

import asyncio
from collections import Counter
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import text

from models.base import new_id
from resolvers.invoices_sources import DELIVERIES_MAX
from schema.api import api
from schema.engine import Engine
from schema.ids import encode_id
from schema.throttle import Throttle
from tests import factories as make
from tests.safety.test_statements import counted
from tests.schema.invoicing import (
    HEAD,
    act,
    codes,
    drafted,
    invoiced,
    issued,
    ordered,
    ship,
    uuid_of,
)
from tests.schema.shop import NOW, Shop

ISSUE = f"""mutation($input: IssueInvoicesInput!) {{ issueInvoices(input: $input) {{
    invoices {{ {HEAD} }} errors {{ code path }} warnings {{ code path }} replayed }} }}"""
CHAIN = "{ invoiceChain { length isSound lastHash fault { fault position number } } }"


async def some_drafts(shop: Shop, number: int) -> list[dict[str, Any]]:
    """Drafts of one delivery each, four an order."""
    deliveries: list[Any] = []
    while len(deliveries) < number:
        order = await ordered(shop, (shop.product, 1), (shop.product.sku, 3))
        for _ in range(min(4, number - len(deliveries))):
            deliveries.append(await ship(shop, order["id"], 1))
    made: list[dict[str, Any]] = []
    for at in range(0, number, DELIVERIES_MAX):
        chosen = deliveries[at : at + DELIVERIES_MAX]
        answer = await act(shop, shop.finance, "createInvoices", deliveryIds=chosen)
        assert answer["errors"] == []
        made += answer["invoices"]
    return made


def on(shop: Shop, days: int) -> Shop:
    """The same shop some days later."""
    engine = Engine(
        api, shop.database, throttle=Throttle(10**9, 10**9), clock=lambda: NOW + timedelta(days=days)
    )
    return Shop(
        shop.database, engine, shop.seller, shop.customer, shop.other, shop.product, shop.buyer, shop.stranger,
        shop.rep, shop.finance, shop.logistics,
    )  # fmt: skip


async def chain_of(shop: Shop) -> dict[str, Any]:
    found: dict[str, Any] = (await shop.data(shop.finance, CHAIN))["invoiceChain"]
    return found


async def test_drafts_stand_alone(shop: Shop) -> None:
    """What cannot be issued is told; the rest issue, without a gap."""
    one, two, three = await some_drafts(shop, 3)
    await act(shop, shop.finance, "discardInvoice", invoiceId=two["id"], expectedVersion=1)

    done = await act(shop, shop.finance, "issueInvoices", invoiceIds=[one["id"], two["id"], three["id"]])

    assert done["errors"] == []
    assert [(each["status"], each["number"]) for each in done["invoices"]] == [
        ("ISSUED", "A-2026-0001"), ("DISCARDED", None), ("ISSUED", "A-2026-0002"),
    ]  # fmt: skip
    assert [(each["code"], each["path"]) for each in done["warnings"]] == [
        ("INVALID_TRANSITION", ["invoiceIds", "1"])
    ]
    assert await shop.broken() == []


async def test_a_retry_issues_once(shop: Shop) -> None:
    drafts = await some_drafts(shop, 2)
    given = {"invoiceIds": [each["id"] for each in drafts]}

    first = await shop.data(shop.finance, ISSUE, "one-key", input=given)
    again = await shop.data(shop.finance, ISSUE, "one-key", input=given)

    assert again["issueInvoices"] == first["issueInvoices"] | {"replayed": True}
    assert [each["number"] for each in again["issueInvoices"]["invoices"]] == ["A-2026-0001", "A-2026-0002"]
    assert (await chain_of(shop))["length"] == 2


async def test_a_dry_run_numbers_nothing(shop: Shop) -> None:
    (draft,) = await some_drafts(shop, 1)
    before = await shop.snapshot()

    tried = await act(shop, shop.finance, "issueInvoices", "@dryRun", invoiceIds=[draft["id"]])

    assert tried["errors"] == []
    assert tried["invoices"][0]["status"] == "ISSUED" and tried["invoices"][0]["number"] is None
    assert await shop.snapshot() == before


async def test_in_17_a_posting_that_rolls_back_leaves_no_gap(shop: Shop) -> None:
    one, two, three = await some_drafts(shop, 3)

    async def post(draft: dict[str, Any], directives: str = "") -> dict[str, Any]:
        return await act(shop, shop.finance, "issueInvoices", directives, invoiceIds=[draft["id"]])

    answers = await asyncio.gather(post(one), post(two, "@dryRun"), post(three))

    numbers = [each["invoices"][0]["number"] for each in answers]
    assert numbers[1] is None and sorted(filter(None, numbers)) == ["A-2026-0001", "A-2026-0002"]
    assert await shop.broken() == []


async def test_dates_rise_within_a_series(shop: Shop) -> None:
    one, two, three = await some_drafts(shop, 3)
    later = on(shop, 3)
    await issued(later, one, issuedOn="2026-03-04")
    before = await shop.snapshot()

    back = await act(later, shop.finance, "issueInvoices", invoiceIds=[two["id"]], issuedOn="2026-03-03")
    ahead = await act(later, shop.finance, "issueInvoices", invoiceIds=[two["id"]], issuedOn="2026-03-06")

    assert codes(back) == ["PAST_DATE"] and codes(ahead) == ["INVALID"]
    assert await shop.snapshot() == before
    (next_year,) = await issued(on(shop, 310), three)
    assert next_year["number"] == "A-2027-0001"


async def test_a_closed_period_takes_nothing(shop: Shop) -> None:
    (draft,) = await some_drafts(shop, 1)
    async with shop.database.job() as session:
        await session.execute(text("update seller set books_closed_until = date '2026-03-02'"))
    before = await shop.snapshot()

    refused = await act(shop, shop.finance, "issueInvoices", invoiceIds=[draft["id"]])

    assert codes(refused) == ["PERIOD_CLOSED"]
    assert await shop.snapshot() == before


@pytest.mark.parametrize("ids", [0, 201, "twice"])
async def test_a_batch_has_its_limits(shop: Shop, ids: int | str) -> None:
    draft = {"id": encode_id("Invoice", new_id())}
    given = [draft["id"]] * (2 if ids == "twice" else int(ids))

    refused = await act(shop, shop.finance, "issueInvoices", invoiceIds=given)

    assert codes(refused) == ["LIMIT_EXCEEDED"]


async def test_issuing_posts_tells_and_closes(shop: Shop) -> None:
    order = await ordered(shop, (shop.product, 10))
    deliveries = [await ship(shop, order["id"], 4), await ship(shop, order["id"], 6)]
    first, second = await drafted(shop, deliveryIds=deliveries)
    status = "query($id: ID!) { order(by: {id: $id}) { status invoiceState } }"

    await issued(shop, first)
    assert (await shop.data(shop.rep, status, id=order["id"]))["order"]["status"] == "CONFIRMED"
    await issued(shop, second)

    assert (await shop.data(shop.rep, status, id=order["id"]))["order"] == {
        "status": "CLOSED", "invoiceState": "DONE",
    }  # fmt: skip
    journal = """{ journalEntries(where: {source: {eq: INVOICE}}) { nodes { source description postedOn amount { amount }
        lines { account debit { amount } credit { amount } } } } }"""
    entries = (await shop.data(shop.finance, journal))["journalEntries"]["nodes"]
    assert [(each["description"], each["amount"]["amount"]) for each in entries] == [
        ("A-2026-0002", "72.60"), ("A-2026-0001", "48.40"),
    ]  # fmt: skip
    assert [(line["account"], line["debit"]["amount"], line["credit"]["amount"]) for line in entries[1]["lines"]] == [
        ("430", "48.40", "0.00"), ("700", "0.00", "40.00"), ("477", "0.00", "8.40"),
    ]  # fmt: skip
    async with shop.database.job() as session:
        told = await session.execute(
            text("select type from outbox_event where entity_type = 'Invoice' order by id")
        )
        assert [row.type for row in told] == ["invoice.issued", "invoice.issued"]


async def test_a_batch_costs_a_constant_number_of_statements(shop: Shop) -> None:
    drafts = await some_drafts(shop, 10)

    def ids(some: list[dict[str, Any]]) -> dict[str, Any]:
        return {"invoiceIds": [each["id"] for each in some]}

    with counted(shop.database) as few:
        await act(shop, shop.finance, "issueInvoices", **ids(drafts[:4]))
    with counted(shop.database) as many:
        await act(shop, shop.finance, "issueInvoices", **ids(drafts[4:]))

    kinds = [Counter(each[:40] for each in seen) for seen in (few, many)]
    assert len(many) <= len(few), kinds[1] - kinds[0]  # the first one also makes chain and series


TAMPER = {
    "an amount": (
        "update invoice set net_amount = net_amount - 1, gross_amount = gross_amount - 1 where number = 'A-2026-0002'",
        ("CHANGED", 2, "A-2026-0002"),
    ),
    "a date": ("update invoice set issued_on = issued_on - 1 where number = 'A-2026-0002'", ("CHANGED", 2, "A-2026-0002")),
    "a hash": ("update invoice_record set hash = repeat('A', 64) where position = 3", ("CHANGED", 3, "A-2026-0003")),
    "the text": (
        "update invoice_record set hashed_text = replace(hashed_text, 'F1', 'F2') where position = 2",
        ("CHANGED", 2, "A-2026-0002"),
    ),
    "a moment": (
        "update invoice_record set recorded_at = recorded_at + interval '1 hour' where position = 1",
        ("CHANGED", 1, "A-2026-0001"),
    ),
    "one taken out": ("delete from invoice_record where position = 2", ("MISSING", 2, "")),
    "the last one": ("delete from invoice_record where position = 3", ("MISSING", 3, "")),
    "one put in": (
        "insert into invoice_record (seller_id, customer_id, invoice_id, kind, position, previous_hash, hash,"
        " hashed_text, recorded_at) select seller_id, customer_id, invoice_id, kind, 4, hash, repeat('B', 64),"
        " hashed_text, recorded_at from invoice_record where position = 3",
        ("CHANGED", 4, "A-2026-0003"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", TAMPER)
async def test_the_chain_shows_what_was_tampered_with(shop: Shop, what: str) -> None:
    await issued(shop, *await some_drafts(shop, 3))
    sound = await chain_of(shop)
    assert sound["isSound"] and sound["length"] == 3 and sound["fault"] is None
    statement, (fault, position, number) = TAMPER[what]

    async with shop.database.owner() as connection:
        await connection.execute(text("set local session_replication_role = replica"))
        await connection.execute(text(statement))

    found = await chain_of(shop)
    assert not found["isSound"]
    assert found["fault"] == {"fault": fault, "position": position, "number": number}


async def test_the_zone_of_the_seller_may_change(shop: Shop) -> None:
    await invoiced(shop, (shop.product, 1))
    async with shop.database.job() as session:
        await session.execute(text("update seller set time_zone = 'Atlantic/Canary'"))

    assert (await chain_of(shop))["isSound"]


async def test_the_database_refuses_to_change_what_is_issued(shop: Shop) -> None:
    invoice = await invoiced(shop, (shop.product, 1))
    for statement in (
        "update invoice set reason = 'x' where id = :id",
        "delete from invoice_line where invoice_id = :id",
        "update invoice_tax_group set exemption_reason = 'x' where invoice_id = :id",
        "update invoice_record set hash = 'x' where invoice_id = :id",
    ):
        with pytest.raises(Exception, match=r"is posted|append-only|violates|permission denied"):
            async with shop.database.job() as session:
                await session.execute(text(statement), {"id": uuid_of(invoice)})


@pytest.mark.parametrize("number", [40, pytest.param(300, marks=pytest.mark.long)])
async def test_concurrent_issues_leave_no_gap(shop: Shop, number: int) -> None:
    """A quarter fail: refused under the chain's lock, or rolled back after the number was taken."""
    async with shop.database.job() as session:
        await make.make_stock(session, shop.product, 4 * number)
    opening = await some_drafts(shop, 1)
    await issued(shop, *opening)
    drafts = await some_drafts(shop, number)
    later, keys = on(shop, 1), count()

    async def client(index: int, draft: dict[str, Any]) -> str | None:
        given: dict[str, Any] = {"invoiceIds": [draft["id"]]}
        document = ISSUE
        if index % 8 == 0:
            given["issuedOn"] = "2026-03-01"  # before the series' last
        elif index % 8 == 4:
            document = ISSUE.replace("(input: $input) {", "(input: $input) @dryRun {")
        key = f"concurrent-{next(keys)}"
        while True:
            answer = await later.ask(later.finance, document, key, input=given)
            if "errors" not in answer:
                break
            assert answer["errors"][0]["extensions"]["code"] == "UNAVAILABLE", answer["errors"]
        payload = answer["data"]["issueInvoices"]
        if index % 8 == 0:
            assert [each["code"] for each in payload["errors"]] == ["PAST_DATE"]
            return None
        assert payload["errors"] == []
        found: str | None = payload["invoices"][0]["number"]
        return found

    numbers = await asyncio.gather(*(client(index, draft) for index, draft in enumerate(drafts)))

    taken = sorted(each for each in numbers if each is not None)
    good = number - number // 4
    assert taken == [f"A-2026-{n:04}" for n in range(2, good + 2)]
    async with shop.database.job() as session:
        rows = await session.execute(
            text("select issued_on from invoice where number is not null order by number")
        )
        days = [row.issued_on for row in rows]
    assert days == sorted(days)
    assert await chain_of(shop) | {"lastHash": ""} == {
        "length": good + 1, "isSound": True, "lastHash": "", "fault": None,
    }  # fmt: skip
    assert await shop.broken() == []
