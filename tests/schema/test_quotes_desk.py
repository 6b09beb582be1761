"""The seller's desk of quotes through the API: next steps, age, what was opened, what is stalled, our notes."""

from datetime import timedelta
from typing import Any

from sqlalchemy import text

from schema.ids import decode_id
from tests.schema.quoting import act, answer_to, done, drafted, line, manager_of, read, sent
from tests.schema.shop import NOW, Shop, engine_over

DESK = """query($w: QuoteWhere) { quotes(where: $w, first: 50) {
    nodes { number nextStep waitsSince isStalled openedAt expiresInDays } } }"""
STEPS = ("ANSWER", "SUBMIT", "CONSENT", "SEND", "CUSTOMER", "COLLEAGUE", "CONVERT", "NONE")


async def desk(shop: Shop, viewer: Any, **where: Any) -> dict[str, dict[str, Any]]:
    """The quotes that the filter finds, by number."""
    found = (await shop.data(viewer, DESK, w=where or None))["quotes"]["nodes"]
    return {each.pop("number"): each for each in found}


async def test_the_desk_says_what_each_quote_waits_for(shop: Shop) -> None:
    manager = await manager_of(shop)
    asked = await act(shop, shop.buyer, "requestQuote", lines=[{"sku": "ACE-001", "quantity": "10"}])
    draft = await drafted(shop)
    deep = line(discountPercent="12", reason="r")
    pending = await done(shop, shop.rep, "submitQuote", await drafted(shop, deep))
    approved = await done(shop, shop.rep, "submitQuote", await drafted(shop))
    offered, countered, declined = [await sent(shop) for _ in range(3)]
    await act(shop, shop.buyer, "counterQuote", **answer_to(countered, message="Más barato"))
    await act(shop, shop.buyer, "declineQuote", **answer_to(declined, reason="No"))
    expected = {
        asked["quote"]["number"]: "ANSWER", draft["number"]: "SUBMIT", pending["number"]: "CONSENT",
        approved["number"]: "SEND", offered["number"]: "CUSTOMER", countered["number"]: "ANSWER",
        declined["number"]: "NONE",
    }  # fmt: skip

    seen = await desk(shop, shop.rep)

    assert {number: each["nextStep"] for number, each in seen.items()} == expected
    assert {each["waitsSince"] for number, each in seen.items() if expected[number] != "NONE"} == {
        "2026-03-02T10:00:00Z"
    }
    assert seen[declined["number"]]["waitsSince"] is None
    assert seen[offered["number"]]["expiresInDays"] == 30
    # The filter and the field follow one rule.
    for step in STEPS:
        wanted = {number for number, each in expected.items() if each == step}
        assert set(await desk(shop, shop.rep, step={"eq": step})) == wanted, step
    mine = await desk(shop, shop.rep, isMine={"eq": True})
    assert set(mine) == set(expected)  # the rep's own, and those of the rep's customers
    assert await desk(shop, manager, isMine={"eq": True}) == {}
    for name in ("step", "isStalled"):
        given = {name: {"eq": "SUBMIT" if name == "step" else True}}
        document = "query($w: QuoteWhere) { quotes(where: $w) { nodes { id } } }"
        answer = await shop.ask(shop.buyer, document, w=given)
        assert answer["errors"], name


async def test_who_reads_an_offer_first_is_told_once(shop: Shop) -> None:
    draft = await drafted(shop)
    quote = await sent(shop)
    opened = {"quoteId": quote["id"]}
    before = await shop.snapshot()
    for viewer, given, code in (
        (shop.stranger, opened, "NOT_FOUND"),
        (shop.buyer, {"quoteId": draft["id"]}, "NOT_FOUND"),
    ):
        refused = await act(shop, viewer, "markQuoteOpened", **given)
        assert [each["code"] for each in refused["errors"]] == [code]
    asked = (await act(shop, shop.buyer, "requestQuote", lines=[{"sku": "ACE-001", "quantity": "1"}]))[
        "quote"
    ]
    refused = await act(shop, shop.buyer, "markQuoteOpened", quoteId=asked["id"])
    assert [(each["code"], each["path"]) for each in refused["errors"]] == [
        ("INVALID_TRANSITION", ["quoteId"])
    ]
    assert "errors" in await shop.ask(
        shop.rep, "mutation($i: MarkQuoteOpenedInput!) { markQuoteOpened(input: $i) { replayed } }", i=opened
    )
    assert (await desk(shop, shop.rep))[quote["number"]]["openedAt"] is None
    assert before != await shop.snapshot()  # the request alone

    first = await act(shop, shop.buyer, "markQuoteOpened", **opened)
    again = await act(shop, shop.buyer, "markQuoteOpened", **opened)

    assert first["errors"] == again["errors"] == []
    assert first["quote"]["version"] == again["quote"]["version"] == quote["version"]
    assert (await desk(shop, shop.rep))[quote["number"]]["openedAt"] == "2026-03-02T10:00:00Z"
    assert await told(shop, quote, "quote.opened") == 1

    # A new offer was not read yet.
    revised = await done(shop, shop.rep, "reviseQuote", first["quote"])
    await done(shop, shop.rep, "sendQuote", await done(shop, shop.rep, "submitQuote", revised))
    assert (await desk(shop, shop.rep))[quote["number"]]["openedAt"] is None


async def told(shop: Shop, quote: dict[str, Any], event: str) -> int:
    statement = text("select count(*) from outbox_event where entity_id = :id and type = :type")
    async with shop.database.job() as session:
        found = await session.scalar(statement, {"id": decode_id(quote["id"], "Quote"), "type": event})
    return int(found or 0)


async def test_what_nobody_answers_is_stalled_after_a_week(shop: Shop) -> None:
    quote, answered = await sent(shop), await sent(shop)
    await act(shop, shop.buyer, "counterQuote", **answer_to(answered, message="Más barato"))

    for days, stalled in ((6, False), (7, True), (31, False)):  # then it is over
        shop.engine = engine_over(shop.database, NOW + timedelta(days=days))
        seen = {number: each["isStalled"] for number, each in (await desk(shop, shop.rep)).items()}
        assert seen == {quote["number"]: stalled, answered["number"]: False}, days
        found = await desk(shop, shop.rep, isStalled={"eq": True})
        assert list(found) == ([quote["number"]] if stalled else []), days


async def test_notes_are_our_own_and_the_next_revision_begins_with_them(shop: Shop) -> None:
    asked = (
        "query($n: String!) { quote(by: {number: $n}) { revisions { number internalNotes discountReason } } }"
    )
    draft = await drafted(
        shop, internalNotes="Paga tarde", discountPercent="1", discountReason="Feria", message="Hola"
    )
    quote = await done(shop, shop.rep, "sendQuote", await done(shop, shop.rep, "submitQuote", draft))
    await done(shop, shop.rep, "reviseQuote", quote)

    found = (await shop.data(shop.rep, asked, n=quote["number"]))["quote"]["revisions"]
    assert found == [
        {"number": 2, "internalNotes": "Paga tarde", "discountReason": "Feria"},
        {"number": 1, "internalNotes": "Paga tarde", "discountReason": "Feria"},
    ]
    for field in ("internalNotes", "discountReason"):
        answer = await shop.ask(
            shop.buyer, f"query($n: String!) {{ quote(by: {{number: $n}}) {{ offer {{ {field} }} }} }}",
            n=quote["number"],
        )  # fmt: skip
        assert answer["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert "Paga tarde" not in str(await read(shop, shop.buyer, quote))

    before = await shop.snapshot()
    long = await act(
        shop, shop.rep, "createQuote", customerId=(await customer_of(shop, quote)), lines=[line()],
        terms={"internalNotes": "x" * 2001},
    )  # fmt: skip
    assert [(each["code"], each["path"]) for each in long["errors"]] == [
        ("INVALID", ["terms", "internalNotes"])
    ]
    assert await shop.snapshot() == before


async def customer_of(shop: Shop, quote: dict[str, Any]) -> str:
    document = "query($n: String!) { quote(by: {number: $n}) { customer { id } } }"
    found: str = (await shop.data(shop.rep, document, n=quote["number"]))["quote"]["customer"]["id"]
    return found
