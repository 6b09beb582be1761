"""Quotes through the API: asked for, written, consented to, sent, countered, accepted, and made orders."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from auth.permissions import ON_BEHALF_GRANTS, Permission, Viewer
from models.approvals import SpendLimit
from models.quotes import QuoteLine, QuoteRevision
from models.users import User
from resolvers.orders_quotes_converting import HEAD_COPIED, LINE_COPIED
from resolvers.quotes_acts import content_of
from resolvers.quotes_due import expire_quotes, lapse_quote_requests
from rules.quotes_content import content_hash
from rules.states import LimitPeriod
from schema.ids import decode_id, encode_id
from tests import factories as make
from tests.schema.agreeing import in_force
from tests.schema.quoting import (
    Role,
    act,
    answer_to,
    done,
    drafted,
    line,
    manager_of,
    member_of,
    read,
    sent,
)
from tests.schema.shop import NOW, Shop, engine_over


async def test_a_quote_goes_from_the_request_to_the_order(shop: Shop) -> None:
    asked = await act(
        shop, shop.buyer, "requestQuote", lines=[{"sku": "ACE-001", "quantity": "10"}], message="Para mayo"
    )
    assert asked["errors"] == []
    quote = asked["quote"]
    assert (quote["number"], quote["status"], quote["revisions"]) == ("Q-2026-000001", "REQUESTED", [])
    assert quote["requestLines"] == [{"sku": "ACE-001", "quantity": "10", "requestedOn": None}]
    assert quote["allowedActions"] == ["WITHDRAW_REQUEST"] and await read(shop, shop.stranger, quote) is None

    seen = await read(shop, shop.rep, quote)
    assert seen["allowedActions"] == ["EDIT", "SUBMIT", "WITHDRAW"]
    assert seen["draft"]["number"] == 1 and seen["revisions"][0]["grossAmount"] == {"amount": "121.00"}
    edited = await done(
        shop, shop.rep, "setQuoteLines", seen,
        lines=[line(unitPrice="9.60", reason="Cliente de siempre")], terms={"message": "Hasta fin de mes"},
    )  # fmt: skip
    assert (edited["status"], edited["revisions"][0]["netAmount"]["amount"]) == ("DRAFT", "96.00")
    assert (await read(shop, shop.buyer, quote))["revisions"] == []
    submitted = await done(shop, shop.rep, "submitQuote", edited)
    offered = await done(shop, shop.rep, "sendQuote", submitted)
    assert (offered["status"], offered["validUntil"]) == ("SENT", "2026-04-01")

    seen = await read(shop, shop.buyer, quote)
    assert seen["allowedActions"] == ["COUNTER", "ACCEPT", "DECLINE"]
    accepted = await act(shop, shop.buyer, "acceptQuote", **answer_to(seen, purchaseOrderNumber="P-77"))
    assert accepted["errors"] == [] and accepted["warnings"] == []
    quote = accepted["quote"]
    assert (quote["status"], quote["obstacle"]) == ("CONVERTED", None)
    assert quote["order"]["grossAmount"] == {"amount": "116.16"}
    assert quote["order"]["purchaseOrderNumber"] == "P-77"
    assert quote["order"]["quote"] == {"number": "Q-2026-000001"}
    assert quote["acceptance"]["priceSource"] == "quote Q-2026-000001 v1"
    assert await shop.broken() == []


async def _br(shop: Shop) -> None:
    """The products of QT-01 and QT-02."""
    async with shop.database.job() as session:
        await make.make_product(session, shop.seller, sku="BR-12", price="15.32", cost="9.52", stock=100)
        await make.make_product(session, shop.seller, sku="BR-14", price="13.75", cost="7.48", stock=100)


@pytest.mark.parametrize(
    ("case", "header", "on_line", "expected"),
    [
        ("QT-01 as it is", "0", "0", ("318.20", "133.24", "41.87")),
        ("QT-01 header 15 %", "15", "0", ("270.47", "85.51", "31.62")),
        ("QT-02 line BR-12 10 %", "0", "10", ("302.88", "117.92", "38.93")),
    ],
)
async def test_what_is_simulated_is_what_is_stored(
    shop: Shop, case: str, header: str, on_line: str, expected: tuple[str, str, str]
) -> None:
    await _br(shop)
    manager = await manager_of(shop)
    simulate = """query($c: ID!, $s: [PriceScenarioInput!]!) { priceSimulation(customerId: $c, scenarios: $s) {
        totals { net { amount } } margin { amount } marginPercent } }"""
    lines = [line("BR-12", "10", discountPercent=on_line), line("BR-14", "12")]
    scenario = {"name": "a", "lines": lines, "discountPercent": header}
    customer = encode_id("Customer", shop.customer.id)
    [simulated] = (await shop.data(manager, simulate, c=customer, s=[scenario]))["priceSimulation"]

    lines[0]["reason"] = "r"
    quote = await drafted(shop, *lines, discountPercent=header, discountReason="r")
    figures = "query($n: String!) { quote(by: {number: $n}) { draft { netAmount { amount } margin { amount } marginPercent } } }"
    stored = (await shop.data(manager, figures, n=quote["number"]))["quote"]["draft"]

    assert tuple(simulated[each] for each in ("totals", "margin", "marginPercent")) == (
        {"net": {"amount": expected[0]}}, {"amount": expected[1]}, expected[2],
    ), case  # fmt: skip
    assert stored == {
        "netAmount": {"amount": expected[0]}, "margin": {"amount": expected[1]}, "marginPercent": expected[2],
    }  # fmt: skip
    if on_line == "10":
        assert quote["revisions"][0]["lines"][0]["netAmount"] == {"amount": "137.88"}


async def test_qt_04_a_target_margin_is_what_is_left(shop: Shop) -> None:
    """A margin of 100.00 asks for 284.96: 33.24 less, 10.45 %."""
    await _br(shop)
    quote = await drafted(
        shop, line("BR-12", "10"), line("BR-14", "12"), discountPercent="10.446260", discountReason="r"
    )
    figures = (
        "query($n: String!) { quote(by: {number: $n}) { draft { netAmount { amount } margin { amount } } } }"
    )

    stored = (await shop.data(await manager_of(shop), figures, n=quote["number"]))["quote"]["draft"]

    assert stored == {"netAmount": {"amount": "284.96"}, "margin": {"amount": "100.00"}}


MATRIX = [
    {"criterion": "QUOTE_DEPTH", "threshold": "5", "level": "MANAGER"},
    {"criterion": "QUOTE_DEPTH", "threshold": "15", "level": "DIRECTOR"},
    {"criterion": "MARGIN", "threshold": "10", "level": "DIRECTOR"},
]


async def _policy(shop: Shop, *rows: dict[str, Any], version: int = 0) -> dict[str, Any]:
    async with shop.database.job() as session:
        admin = await make.make_user(session, shop.seller, roles=[Role.ADMINISTRATOR])
    viewer = await make.viewer_of(shop.database, admin)
    document = """mutation($i: SetQuotePolicyInput!) { setQuotePolicy(input: $i) {
        quotePolicy { version validityDays rows { criterion threshold level } } errors { code path } } }"""
    given = {"rows": list(rows), "validityDays": 10, "expectedVersion": version}
    found: dict[str, Any] = (await shop.data(viewer, document, i=given))["setQuotePolicy"]
    return found


# The margin of 12 % less is 8 % where 100.00 of list price cost 80.96.
@pytest.mark.parametrize(
    ("case", "percent", "cost", "level"),
    [
        ("QT-05 4 %", "4", "6", "NONE"),
        ("QT-05 12 %", "12", "6", "MANAGER"),
        ("QT-05 12 % with margin 8 %", "12", "8.096", "DIRECTOR"),
        ("QT-05 20 %", "20", "6", "DIRECTOR"),
    ],
)
async def test_the_highest_level_asked_for_consents(
    shop: Shop, case: str, percent: str, cost: str, level: str
) -> None:
    assert (await _policy(shop, *MATRIX))["errors"] == []
    manager = await manager_of(shop)
    async with shop.database.job() as session:
        product = await make.make_product(session, shop.seller, sku="P", price="10.00", cost=cost, stock=50)
    quote = await drafted(shop, line(product.sku, discountPercent=percent, reason="Volumen"))
    submitted = await done(shop, shop.rep, "submitQuote", quote)
    assert submitted["revisions"][0]["validUntil"] == "2026-03-12"
    if level == "NONE":
        assert (submitted["draft"]["status"], submitted["approval"]) == ("APPROVED", None), case
        return
    assert (submitted["draft"]["status"], submitted["approval"]["level"]) == ("PENDING_APPROVAL", level), case
    assert submitted["allowedActions"] == ["EDIT", "WITHDRAW"]  # nobody consents to their own

    before = await shop.snapshot()
    tried = await act(
        shop, manager, "approveQuote", quoteId=quote["id"], expectedVersion=submitted["version"]
    )
    if level == "DIRECTOR":
        assert [each["code"] for each in tried["errors"]] == ["NOT_PERMITTED"]
        assert await shop.snapshot() == before
        approved = await done(shop, shop.finance, "approveQuote", submitted)
    else:
        assert tried["errors"] == []
        approved = tried["quote"]
    assert (approved["draft"]["status"], approved["draft"]["needs"]) == ("APPROVED", [])
    assert approved["approval"]["decidedByName"]


async def test_nobody_consents_to_their_own_and_an_edit_reopens_what_changed(shop: Shop) -> None:
    manager = await manager_of(shop)
    customer = encode_id("Customer", shop.customer.id)
    mine = (await act(
        shop, manager, "createQuote", customerId=customer, lines=[line(discountPercent="12", reason="r")]
    ))["quote"]  # fmt: skip
    waiting = await done(shop, manager, "submitQuote", mine)
    before = await shop.snapshot()
    tried = await act(shop, manager, "approveQuote", quoteId=mine["id"], expectedVersion=waiting["version"])
    assert [(each["code"], each["path"]) for each in tried["errors"]] == [("NOT_PERMITTED", ["quoteId"])]
    assert await shop.snapshot() == before

    approved = await done(shop, shop.finance, "approveQuote", waiting, reason="Vale")
    edited = await done(shop, shop.rep, "setQuoteLines", approved,
                        lines=[line(quantity="11", discountPercent="11", reason="r")])  # fmt: skip
    assert (edited["draft"]["status"], edited["draft"]["needs"]) == ("DRAFT", [])
    deeper = await done(
        shop, shop.rep, "setQuoteLines", edited, lines=[line(discountPercent="13", reason="r")]
    )
    assert [(each["criterion"], each["value"]) for each in deeper["draft"]["needs"]] == [
        ("QUOTE_DEPTH", "13")
    ]
    again = await done(shop, shop.rep, "submitQuote", deeper)
    rejected = await done(shop, manager, "rejectQuote", again, reason="Demasiado")
    assert (rejected["draft"]["status"], rejected["approval"]["status"]) == ("DRAFT", "REFUSED")
    assert rejected["approval"]["decisionReason"] == "Demasiado"


async def test_what_was_submitted_is_what_is_consented_to(shop: Shop) -> None:
    """An edit while it waits takes the request back: there is nothing left to consent to."""
    manager = await manager_of(shop)
    waiting = await done(
        shop, shop.rep, "submitQuote", await drafted(shop, line(discountPercent="12", reason="r"))
    )
    edited = await done(
        shop, shop.rep, "setQuoteLines", waiting, lines=[line(discountPercent="14", reason="r")]
    )
    assert (edited["draft"]["status"], edited["approval"]["status"]) == ("DRAFT", "WITHDRAWN")

    stale = await act(
        shop, manager, "approveQuote", quoteId=waiting["id"], expectedVersion=waiting["version"]
    )
    late = await act(shop, manager, "approveQuote", quoteId=waiting["id"], expectedVersion=edited["version"])
    assert [each["errors"][0]["code"] for each in (stale, late)] == ["STALE_VERSION", "INVALID_TRANSITION"]


async def test_qt_07_the_order_keeps_the_price(shop: Shop) -> None:
    """Quoted at 9.00; what the rules give now is 9.50: the order is of 9.00, from the quote's second revision."""
    quote = await sent(shop, line(quantity="10", unitPrice="9.60", reason="Tarifa"))
    revised = await done(shop, shop.rep, "reviseQuote", quote)
    priced = await done(
        shop, shop.rep, "setQuoteLines", revised, lines=[line(unitPrice="9.00", reason="Volumen")]
    )
    waiting = await done(shop, shop.rep, "submitQuote", priced)
    approved = await done(shop, await manager_of(shop), "approveQuote", waiting)
    offered = await done(shop, shop.rep, "sendQuote", approved)
    async with shop.database.job() as session:
        await session.execute(text("update list_price set unit_price = 9.50"))

    accepted = await act(shop, shop.buyer, "acceptQuote", **answer_to(offered))

    assert accepted["errors"] == []
    order = accepted["quote"]["order"]
    assert order["grossAmount"] == {"amount": "108.90"}
    assert accepted["quote"]["acceptance"]["priceSource"] == f"quote {quote['number']} v2"
    assert accepted["quote"]["acceptance"]["revision"] == {"number": 2}
    async with shop.database.job() as session:
        told = "select changes->>'priceSource' from audit_event where action = 'order.placed'"
        assert await session.scalar(text(told)) == f"quote {quote['number']} v2"


async def test_qt_08_a_superseded_revision_is_accepted_by_nobody(shop: Shop) -> None:
    first = await sent(shop)
    revised = await done(shop, shop.rep, "reviseQuote", first)
    assert (revised["status"], revised["offer"]["number"]) == ("SENT", 1)  # it holds until the next is sent
    second = await done(shop, shop.rep, "sendQuote", await done(shop, shop.rep, "submitQuote", revised))
    assert [(each["number"], each["status"]) for each in second["revisions"]] == [
        (2, "SENT"),
        (1, "SUPERSEDED"),
    ]
    before = await shop.snapshot()

    for mutation, given in (
        ("acceptQuote", {}),
        ("declineQuote", {"reason": "no"}),
        ("counterQuote", {"message": "menos"}),
    ):
        tried = await act(shop, shop.buyer, mutation, **answer_to(first, **given))
        assert [(each["code"], each["path"]) for each in tried["errors"]] == [
            ("INVALID_TRANSITION", ["revisionId"])
        ]
        assert "superseded by revision 2" in tried["errors"][0]["message"]
    wrong = await act(
        shop, shop.buyer, "acceptQuote", **answer_to(second, contentHash=first["offer"]["contentHash"])
    )
    assert [(each["code"], each["path"]) for each in wrong["errors"]] == [("INVALID", ["contentHash"])] or (
        first["offer"]["contentHash"] == second["offer"]["contentHash"]
    )
    assert await shop.snapshot() == before


async def test_qt_10_state_guards(shop: Shop) -> None:
    """What is not sent is not accepted (AX allows it, ours does not); what is an order is neither lost nor cancelled."""
    draft = await drafted(shop)
    revision = draft["revisions"][0]
    named = {"quoteId": draft["id"], "revisionId": revision["id"], "contentHash": "00"}
    unseen = await act(shop, shop.buyer, "acceptQuote", **named)
    assert [each["code"] for each in unseen["errors"]] == ["NOT_FOUND"]

    offered = await done(shop, shop.rep, "sendQuote", await done(shop, shop.rep, "submitQuote", draft))
    edit = {"quoteId": draft["id"], "expectedVersion": offered["version"], "lines": [line()]}
    tried = await act(shop, shop.rep, "setQuoteLines", **edit)
    assert [each["code"] for each in tried["errors"]] == [
        "INVALID_TRANSITION"
    ]  # write the next revision instead

    accepted = (await act(shop, shop.buyer, "acceptQuote", **answer_to(offered)))["quote"]
    assert accepted["status"] == "CONVERTED"
    before = await shop.snapshot()
    lost = await act(shop, shop.buyer, "declineQuote", **answer_to(offered, reason="no"))
    cancelled = await act(
        shop, shop.rep, "withdrawQuote", quoteId=draft["id"], expectedVersion=accepted["version"], reason="no"
    )
    again = await act(shop, shop.buyer, "acceptQuote", **answer_to(offered))
    for refused in (lost, cancelled, again):
        assert [each["code"] for each in refused["errors"]] == ["INVALID_TRANSITION"]
    assert await shop.snapshot() == before


@pytest.mark.parametrize("takes_option", [False, True])
async def test_an_order_equals_its_revision_to_the_byte(shop: Shop, takes_option: bool) -> None:
    """Also after every master record behind it was changed; an option taken spreads the cents of the tax anew."""
    await _br(shop)
    await in_force(shop)
    offered = await _sent_by_consent(
        shop,
        line("ACE-001", "10"), line("BR-12", "10", discountPercent="3", reason="r"),
        line("BR-14", "2", isFree=True, reason="muestra"), line("BR-14", "5", isOptional=True),
        line("BR-14", "4", alternativeTo=1),
        discountPercent="1", discountReason="r",
    )  # fmt: skip
    async with shop.database.job() as session:
        for change in (
            "update list_price set unit_price = unit_price * 2",
            "update product set name = 'otro'",
            "update customer set name = 'otra', sales_rep_id = null",
            "update customer_address set street = 'otra'",
            "update tax_rate set percent = 10",
        ):
            await session.execute(text(change))
    revision = offered["revisions"][0]
    options = [each["id"] for each in revision["lines"] if each["isOptional"]] if takes_option else []

    accepted = await act(shop, shop.buyer, "acceptQuote", **answer_to(offered, lineIds=options))

    assert accepted["errors"] == [], accepted["errors"]
    names = LINE_COPIED if takes_option else (*LINE_COPIED, "tax_amount", "gross_amount")
    pairs, (head, order) = await _copies(shop, decode_id(offered["id"], "Quote"), names)
    assert len(pairs) == 3 + takes_option  # two sold, one given; the alternative is left
    for of_quote, of_order in pairs:
        assert of_quote == of_order
    assert head == order
    if not takes_option:
        assert accepted["quote"]["order"]["grossAmount"] == revision["grossAmount"]
    assert await shop.broken() == []


async def _sent_by_consent(shop: Shop, *lines: dict[str, Any], **terms: Any) -> dict[str, Any]:
    submitted = await done(shop, shop.rep, "submitQuote", await drafted(shop, *lines, **terms))
    if submitted["draft"]["status"] == "PENDING_APPROVAL":
        submitted = await done(shop, shop.finance, "approveQuote", submitted)
    return await done(shop, shop.rep, "sendQuote", submitted)


async def _copies(
    shop: Shop, quote_id: UUID, columns: Sequence[str]
) -> tuple[list[tuple[Any, Any]], tuple[Any, Any]]:
    """(of the quote, of the order) of every line that became one, and of the heads, as JSON texts."""
    names = ", ".join(columns)
    statement = f"""
        select (select to_jsonb(x)::text from (select line.{names.replace(", ", ", line.")}, line.quantity) x),
            (select to_jsonb(x)::text from (select made.{names.replace(", ", ", made.")},
                made.quantity_ordered as quantity) x)
        from quote join quote_revision revision on revision.quote_id = quote.id
        join quote_line line on line.revision_id = revision.id
        join sales_order_line made on made.id = line.order_line_id and made.order_id = quote.order_id
        where quote.id = :quote order by line.position
    """
    heads = ", ".join(HEAD_COPIED)
    of_heads = f"""
        select (select to_jsonb(x)::text from (select revision.{heads.replace(", ", ", revision.")}) x),
            (select to_jsonb(x)::text from (select made.{heads.replace(", ", ", made.")}) x)
        from quote join quote_revision revision on revision.quote_id = quote.id
        join sales_order made on made.id = quote.order_id where quote.id = :quote
    """
    async with shop.database.job() as session:
        pairs = (await session.execute(text(statement), {"quote": quote_id})).all()
        head = (await session.execute(text(of_heads), {"quote": quote_id})).one()
    return [(row[0], row[1]) for row in pairs], (head[0], head[1])


async def test_what_was_sent_never_changes_and_its_hash_is_of_it(shop: Shop) -> None:
    offered = await sent(shop)
    key = decode_id(offered["offer"]["id"], "QuoteRevision")
    async with shop.database.job() as session:
        revision = await session.get_one(QuoteRevision, key)
        lines = list(await session.scalars(select(QuoteLine).where(QuoteLine.revision_id == key)))
        assert revision.content_hash is not None
        assert content_hash(content_of(revision, lines)).hex() == offered["offer"]["contentHash"]
    for statement in (
        "update quote_revision set message = 'otra'",
        "delete from quote_line",
        "update quote_line set net_amount = 0, gross_amount = tax_amount",
    ):
        with pytest.raises(DBAPIError, match="is posted"):
            async with shop.database.job() as session:
                await session.execute(text(statement))


async def test_a_counter_offer_leads_to_the_next_revision(shop: Shop) -> None:
    offered = await sent(shop)
    first = offered["revisions"][0]["lines"][0]["id"]
    countered = await act(
        shop, shop.buyer, "counterQuote", **answer_to(offered, message="Con 20 %",
        lines=[{"lineId": first, "quantity": "20", "unitPrice": "9.20", "requestedOn": "2026-05-04"}]),
    )  # fmt: skip
    assert countered["errors"] == []
    quote = countered["quote"]
    assert (quote["status"], quote["allowedActions"]) == ("COUNTERED", ["DECLINE"])
    assert quote["counters"] == [{
        "message": "Con 20 %", "revisionNumber": 1,
        "lines": [{"lineId": first, "quantity": "20", "unitPrice": {"amount": "9.20"}, "requestedOn": "2026-05-04",
                   "substitute": None}],
    }]  # fmt: skip

    seen = await read(shop, shop.rep, quote)
    revised = await done(shop, shop.rep, "reviseQuote", seen)
    priced = await done(
        shop,
        shop.rep,
        "setQuoteLines",
        revised,
        lines=[line(quantity="20", unitPrice="9.60", reason="Medio")],
    )
    second = await done(shop, shop.rep, "sendQuote", await done(shop, shop.rep, "submitQuote", priced))
    document = """query($n: String!) { quote(by: {number: $n}) { offer { number difference {
        kind sku before { quantity unitPrice { amount } } after { quantity unitPrice { amount } } } } } }"""
    seen = (await shop.data(shop.buyer, document, n=quote["number"]))["quote"]["offer"]
    assert seen == {"number": 2, "difference": [{
        "kind": "CHANGED", "sku": "ACE-001", "before": {"quantity": "10", "unitPrice": {"amount": "10.00"}},
        "after": {"quantity": "20", "unitPrice": {"amount": "9.60"}},
    }]}  # fmt: skip
    declined = await act(shop, shop.buyer, "declineQuote", **answer_to(second, reason="Muy caro"))
    assert (declined["quote"]["status"], declined["quote"]["statusReason"]) == ("DECLINED", "Muy caro")


@pytest.mark.parametrize(
    ("case", "given", "path"),
    [
        ("nothing said", {}, ["lines"]),
        ("less than nothing", {"lines": [{"quantity": "-1"}]}, ["lines", "0", "quantity"]),
        ("absurdly much", {"lines": [{"quantity": "1000000000000"}]}, ["lines", "0", "quantity"]),
        ("a negative price", {"lines": [{"unitPrice": "-0.01"}]}, ["lines", "0", "unitPrice"]),
        ("a day that is over", {"lines": [{"requestedOn": "2026-03-01"}]}, ["lines", "0", "requestedOn"]),
        ("a line without a wish", {"lines": [{}]}, ["lines", "0"]),
        ("a product nobody knows", {"lines": [{"substituteSku": "NADA"}]}, ["lines", "0", "substituteSku"]),
        ("no product at all", {"lines": [{"substituteSku": ""}]}, ["lines", "0", "substituteSku"]),
        (
            "what is offered already",
            {"lines": [{"substituteSku": "ace 001"}]},
            ["lines", "0", "substituteSku"],
        ),
        (
            "what is not sold any more",
            {"lines": [{"substituteSku": "OLD-1"}]},
            ["lines", "0", "substituteSku"],
        ),
        ("what others may buy", {"lines": [{"substituteSku": "HID-1"}]}, ["lines", "0", "substituteSku"]),
        ("too many words", {"message": "x" * 2001}, ["message"]),
    ],
)
async def test_absurd_counter_offers_are_refused(
    shop: Shop, case: str, given: dict[str, Any], path: list[str]
) -> None:
    offered = await sent(shop)
    await _other_products(shop)
    first = offered["revisions"][0]["lines"][0]["id"]
    lines = [{"lineId": first, **each} for each in given.get("lines", [])]
    before = await shop.snapshot()

    tried = await act(shop, shop.buyer, "counterQuote", **answer_to(offered, **given | {"lines": lines}))

    assert [each["path"] for each in tried["errors"]] == [path], case
    assert await shop.snapshot() == before


async def _other_products(shop: Shop) -> None:
    """NEW-1 may be bought, OLD-1 by nobody any more, HID-1 is not in the customer's assortment."""
    async with shop.database.job() as session:
        await make.make_product(session, shop.seller, sku="NEW-1", name="Aceite nuevo")
        await make.make_product(session, shop.seller, sku="OLD-1", active_until=NOW.date())
        await make.make_product(session, shop.seller, sku="HID-1")
        values = {"id": str(shop.product.id), "seller": shop.seller.id, "customer": shop.customer.id}
        for statement in (
            "insert into assortment values (cast(:id as uuid), :seller, 'A', 'A')",
            "insert into assortment_product select cast(:id as uuid), id from product where sku <> 'HID-1'",
            "update customer set assortment_id = cast(:id as uuid) where id = :customer",
        ):
            await session.execute(text(statement), values)


async def test_a_counter_offer_names_another_product(shop: Shop) -> None:
    offered = await sent(shop)
    await _other_products(shop)
    first = offered["revisions"][0]["lines"][0]["id"]

    countered = await act(
        shop, shop.buyer, "counterQuote",
        **answer_to(offered, lines=[{"lineId": first, "substituteSku": "new 1"}]),
    )  # fmt: skip

    assert countered["errors"] == []
    [seen] = (await read(shop, shop.rep, countered["quote"]))["counters"]
    assert seen["lines"] == [{
        "lineId": first, "quantity": None, "unitPrice": None, "requestedOn": None,
        "substitute": {"sku": "NEW-1", "description": "Aceite nuevo"},
    }]  # fmt: skip


async def test_a_request_is_taken_back_while_nothing_was_offered(shop: Shop) -> None:
    asked = (await act(shop, shop.buyer, "requestQuote", lines=[{"sku": "ACE-001", "quantity": "10"}]))[
        "quote"
    ]
    named = {"quoteId": asked["id"], "expectedVersion": asked["version"]}
    before = await shop.snapshot()
    for case, viewer, given, code in (
        ("without a reason", shop.buyer, {"reason": " "}, "REASON_REQUIRED"),
        ("of a version before", shop.buyer, {"reason": "r", "expectedVersion": 0}, "STALE_VERSION"),
        ("somebody else's", shop.stranger, {"reason": "r"}, "NOT_FOUND"),
    ):
        refused = await act(shop, viewer, "withdrawQuoteRequest", **named | given)
        assert [each["code"] for each in refused["errors"]] == [code], case
    assert await shop.snapshot() == before
    offered = await sent(shop)
    late = {"quoteId": offered["id"], "expectedVersion": offered["version"], "reason": "r"}
    refused = await act(shop, shop.buyer, "withdrawQuoteRequest", **late)
    assert [each["code"] for each in refused["errors"]] == ["INVALID_TRANSITION"]

    withdrawn = await done(shop, shop.buyer, "withdrawQuoteRequest", asked, reason="Ya no hace falta")

    assert (withdrawn["status"], withdrawn["statusReason"]) == ("WITHDRAWN", "Ya no hace falta")
    assert (await read(shop, shop.rep, asked))["allowedActions"] == []
    assert await shop.broken() == []


@pytest.mark.parametrize(
    ("case", "lines", "terms", "errors"),
    [
        ("no line", [], {}, [("INVALID", "lines")]),
        ("an unknown product", [line("NADA")], {}, [("UNKNOWN_SKU", "lines.0.sku")]),
        ("nothing of it", [line(quantity="0")], {}, [("QUANTITY_INVALID", "lines.0.quantity")]),
        (
            "a discount without a reason",
            [line(discountPercent="5")],
            {},
            [("REASON_REQUIRED", "lines.0.reason")],
        ),
        (
            "more than all",
            [line(discountPercent="101", reason="r")],
            {},
            [("INVALID", "lines.0.discountPercent")],
        ),
        ("less than nothing", [line(unitPrice="-1", reason="r")], {}, [("INVALID", "lines.0.unitPrice")]),
        (
            "given at a price",
            [line(isFree=True, unitPrice="1", reason="r")],
            {},
            [("INVALID", "lines.0.isFree")],
        ),
        ("options only", [line(isOptional=True)], {}, [("INVALID", "lines")]),
        ("in its own place", [line(), line(alternativeTo=1)], {}, [("INVALID", "lines.1.alternativeTo")]),
        ("over already", [line()], {"validUntil": "2026-03-01"}, [("PAST_DATE", "terms.validUntil")]),
        ("terms nobody has", [line()], {"paymentTermCode": "NADA"}, [("NOT_FOUND", "terms.paymentTermCode")]),
        (
            "a header without a reason",
            [line()],
            {"discountPercent": "1"},
            [("REASON_REQUIRED", "terms.discountReason")],
        ),
    ],
)
async def test_quotes_that_cannot_be_written(
    shop: Shop, case: str, lines: list[Any], terms: dict[str, Any], errors: list[tuple[str, str]]
) -> None:
    before = await shop.snapshot()
    customer = encode_id("Customer", shop.customer.id)

    tried = await act(shop, shop.rep, "createQuote", customerId=customer, lines=lines, terms=terms)

    assert [(each["code"], ".".join(each["path"])) for each in tried["errors"]] == errors, case
    assert await shop.snapshot() == before


async def test_the_last_day_counts_whole_and_the_job_tells_of_the_next(shop: Shop) -> None:
    offered = await sent(shop, validUntil="2026-03-10")
    at_night = NOW.replace(day=10, hour=22, minute=59)  # 23:59 in Madrid
    after = at_night + timedelta(minutes=1)

    async with shop.database.job() as session:
        assert await expire_quotes(session, at_night) == []
    seen = (await _at(shop, at_night, shop.buyer, offered))["allowedActions"]
    assert seen == ["COUNTER", "ACCEPT", "DECLINE"]
    seen = await _at(shop, after, shop.buyer, offered)
    assert (seen["status"], seen["allowedActions"]) == ("EXPIRED", [])  # before any job came by
    before = await shop.snapshot()
    late = shop.engine
    shop.engine = engine_over(shop.database, after)
    tried = await act(shop, shop.buyer, "acceptQuote", **answer_to(offered))
    assert [each["code"] for each in tried["errors"]] == ["INVALID_TRANSITION"]
    assert await shop.snapshot() == before
    async with shop.database.job() as session:
        assert await expire_quotes(session, after) == [decode_id(offered["id"], "Quote")]
        assert await expire_quotes(session, after) == []
    seen = await read(shop, shop.rep, offered)
    assert (seen["status"], seen["allowedActions"]) == ("EXPIRED", ["REVISE", "WITHDRAW"])
    shop.engine = late


async def _at(shop: Shop, now: Any, viewer: Viewer, quote: dict[str, Any]) -> Any:
    engine, shop.engine = shop.engine, engine_over(shop.database, now)
    seen = await read(shop, viewer, quote)
    shop.engine = engine
    return seen


async def _limit(shop: Shop, viewer: Viewer, amount: str) -> None:
    async with shop.database.job() as session:
        session.add(
            SpendLimit(
                user_id=viewer.user_id, customer_id=shop.customer.id, per_order=amount, per_period=None,
                period=LimitPeriod.MONTH, currency="EUR", updated_at=NOW,
            )
        )  # fmt: skip


async def test_an_acceptance_beyond_a_limit_waits_for_a_colleague(shop: Shop) -> None:
    await _limit(shop, shop.buyer, "100")
    approver = await member_of(shop, Role.APPROVER)
    offered = await sent(shop)

    accepted = await act(shop, shop.buyer, "acceptQuote", **answer_to(offered, purchaseOrderNumber="P-1"))
    assert [each["code"] for each in accepted["warnings"]] == ["APPROVAL_REQUIRED"]
    waiting = accepted["quote"]
    assert (waiting["status"], waiting["order"]) == ("ACCEPTANCE_PENDING", None)
    assert waiting["acceptanceRequest"]["isMine"] and waiting["acceptance"] is None
    own = await act(
        shop, await _as_approver(shop), "approveQuoteAcceptance", quoteId=waiting["id"],
        expectedVersion=waiting["version"],
    )  # fmt: skip
    assert [each["code"] for each in own["errors"]] == ["NOT_PERMITTED"]

    refused = await done(shop, approver, "refuseQuoteAcceptance", waiting, reason="Todavía no")
    assert (refused["status"], refused["acceptanceRequest"]["status"]) == ("SENT", "REFUSED")
    again = (await act(shop, shop.buyer, "acceptQuote", **answer_to(offered)))["quote"]
    consented = await done(shop, approver, "approveQuoteAcceptance", again)

    assert consented["status"] == "CONVERTED"
    assert consented["acceptance"]["acceptedByName"] == "Berta Compra"
    assert consented["acceptance"]["consentedByName"] == "Ana Directora"
    assert consented["order"]["placedByName"] == "Berta Compra"  # it is the buyer's order
    assert await shop.broken() == []


async def _as_approver(shop: Shop) -> Viewer:
    """The buyer, who may decide besides."""
    async with shop.database.job() as session:
        values = {"u": shop.buyer.user_id, "c": shop.customer.id}
        await session.execute(
            text(
                "insert into membership (user_id, customer_id, role, created_at) values (:u, :c, 'APPROVER', now())"
            ),
            values,
        )
        person = await session.get_one(User, shop.buyer.user_id)
    return await make.viewer_of(shop.database, person)


async def test_what_nobody_consented_to_in_time_goes_back(shop: Shop) -> None:
    await _limit(shop, shop.buyer, "100")
    waiting = await done(
        shop, shop.rep, "submitQuote", await drafted(shop, line(discountPercent="12", reason="r"))
    )
    offered = await sent(shop)
    accepted = (await act(shop, shop.buyer, "acceptQuote", **answer_to(offered)))["quote"]
    later = NOW + timedelta(days=20)

    async with shop.database.job() as session:
        assert await lapse_quote_requests(session, NOW) == []
        assert len(await lapse_quote_requests(session, later)) == 2
        assert await lapse_quote_requests(session, later) == []

    back = await read(shop, shop.rep, waiting)
    assert (back["draft"]["status"], back["approval"]["status"]) == ("DRAFT", "LAPSED")
    back = await read(shop, shop.buyer, accepted)
    assert (back["status"], back["acceptanceRequest"]["status"]) == ("SENT", "LAPSED")


@pytest.mark.parametrize(
    ("case", "hinder", "obstacle", "mend"),
    [
        ("credit", "update credit_account set credit_limit = 1", "CREDIT",
         "update credit_account set credit_limit = 100000"),
        ("blocked", "update customer set status = 'BLOCKED'", "CUSTOMER", "update customer set status = 'ACTIVE'"),
        ("stock", "update stock_balance set on_hand = 0", "STOCK", "update stock_balance set on_hand = 100"),
        ("agreement", "update sales_agreement set status = 'CLOSED'", "AGREEMENT",
         "update sales_agreement set status = 'EFFECTIVE'"),
    ],
)  # fmt: skip
async def test_an_accepted_quote_waits_until_it_can_be_an_order(
    shop: Shop, case: str, hinder: str, obstacle: str, mend: str
) -> None:
    if obstacle == "AGREEMENT":
        await in_force(shop)
    offered = await sent(shop)
    async with shop.database.job() as session:
        if obstacle == "CREDIT":
            own = (
                "insert into credit_account (customer_id, credit_limit, currency) values (:c, 1, 'EUR')"
                " on conflict do nothing"
            )
            await session.execute(text(own), {"c": shop.customer.id})
        await session.execute(text("update seller set out_of_stock_policy = 'REFUSE'"))
        await session.execute(text(hinder))

    accepted = await act(shop, shop.buyer, "acceptQuote", **answer_to(offered))
    assert [each["code"] for each in accepted["warnings"]] == ["ON_HOLD"], case
    quote = accepted["quote"]
    assert (quote["status"], quote["obstacle"], quote["order"]) == ("ACCEPTED", obstacle, None)
    seen = await read(shop, shop.rep, quote)
    assert seen["allowedActions"] == ["WITHDRAW", "CONVERT"]
    before = await shop.snapshot()
    tried = await act(shop, shop.rep, "convertQuote", quoteId=quote["id"], expectedVersion=quote["version"])
    assert [(each["code"], each["path"]) for each in tried["errors"]] == [("ON_HOLD", ["quoteId"])]
    assert await shop.snapshot() == before

    async with shop.database.job() as session:
        await session.execute(text(mend))
    converted = await done(shop, shop.rep, "convertQuote", quote)

    assert (converted["status"], converted["obstacle"]) == ("CONVERTED", None)
    assert converted["order"]["placedByName"] == "Berta Compra"
    assert await shop.broken() == []
    again = await act(
        shop, shop.rep, "convertQuote", quoteId=quote["id"], expectedVersion=converted["version"]
    )
    assert [each["code"] for each in again["errors"]] == ["INVALID_TRANSITION"]


async def test_a_cart_is_asked_about_and_stays(shop: Shop) -> None:
    empty = await act(shop, shop.buyer, "requestQuote", message="x")
    assert [each["code"] for each in empty["errors"]] == ["CART_EMPTY"]
    cart = await shop.fill(shop.buyer, (shop.product, 3))

    asked = await act(shop, shop.buyer, "requestQuote")

    assert asked["quote"]["requestLines"] == [{"sku": "ACE-001", "quantity": "3", "requestedOn": None}]
    assert await shop.cart(shop.buyer) == cart


async def test_who_acts_for_a_customer_accepts_nothing_in_its_place(shop: Shop) -> None:
    """The one who offers is never the one who accepts: our people lack the permission, also in a buyer's place."""
    assert Permission.QUOTES_READ in ON_BEHALF_GRANTS and Permission.QUOTES_ANSWER not in ON_BEHALF_GRANTS
    offered = await sent(shop)
    before = await shop.snapshot()
    document = "mutation($i: AcceptQuoteInput!) { acceptQuote(input: $i) { errors { code } } }"

    tried = await shop.ask(shop.rep, document, key="k", i=answer_to(offered))

    assert "data" not in tried and "acceptQuote" in str(tried["errors"])
    assert await shop.snapshot() == before


async def test_a_rep_sees_that_margins_ask_but_not_the_figure(shop: Shop) -> None:
    await _policy(shop, {"criterion": "MARGIN", "threshold": "50", "level": "MANAGER"})
    quote = await drafted(shop)
    manager = await manager_of(shop)

    seen = [(await read(shop, viewer, quote))["draft"]["needs"] for viewer in (shop.rep, manager)]

    need = {"criterion": "MARGIN", "level": "MANAGER", "line": None}
    assert seen == [[need | {"threshold": None, "value": None}], [need | {"threshold": "50", "value": "40"}]]


async def test_a_policy_that_says_nothing_clear_is_refused(shop: Shop) -> None:
    assert (await _policy(shop, *MATRIX, MATRIX[0]))["errors"] == [{"code": "INVALID", "path": ["rows", "3"]}]
    assert (await _policy(shop, MATRIX[0] | {"level": "NONE"}))["errors"] == [
        {"code": "INVALID", "path": ["rows"]}
    ]
    assert (await _policy(shop, *MATRIX, version=3))["errors"] == [
        {"code": "STALE_VERSION", "path": ["expectedVersion"]}
    ]
