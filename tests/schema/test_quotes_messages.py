"""Messages and files beside quotes: who reads what, what is refused, and that nothing of it changes the offer."""

from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from auth.permissions import Viewer
from resolvers.files import quote_file
from resolvers.uploads import ATTACHMENTS, CSV, JPEG, PDF, PNG, TABLES, XLSX, media_type_of, store_upload
from rules.quotes_messages import attachment_name
from rules.refusals import Refusal
from schema.ids import encode_id
from tests import factories as make
from tests.rules.test_order_files import workbook
from tests.schema.quoting import act, drafted, sent
from tests.schema.shop import NOW, Shop

SHOWN = """{ quote(by: {number: $n}) { status version
    messages { totalCount nodes { body isOurs author %s } }
    attachments { isOurs author purpose file { name mediaType byteSize path } %s } } }"""


async def shown(shop: Shop, viewer: Viewer, quote: dict[str, Any]) -> Any:
    more = "isInternal" if viewer.is_staff else ""
    found = await shop.data(viewer, "query($n: String!) " + SHOWN % (more, more), n=quote["number"])
    return found["quote"]


async def upload(shop: Shop, viewer: Viewer, name: str, content: bytes) -> str:
    row = await make.do(shop.database, viewer, lambda ctx: store_upload(ctx, name, content, ATTACHMENTS), NOW)
    return encode_id("Upload", row.id)


async def events(shop: Shop, *types: str) -> list[tuple[str, bool]]:
    async with shop.database.job() as session:
        rows = await session.execute(
            text("select type, customer_id is null from outbox_event where type = any (:types) order by id"),
            {"types": list(types)},
        )
    return [tuple(row) for row in rows]


async def test_both_sides_write_and_notes_stay_ours(shop: Shop) -> None:
    quote = await sent(shop)
    asked = await act(shop, shop.buyer, "addQuoteMessage", quoteId=quote["id"], body="  ¿Cuándo llega?  ")
    told = await act(shop, shop.rep, "addQuoteMessage", quoteId=quote["id"], body="El <b>lunes</b>")
    noted = await act(shop, shop.rep, "addQuoteMessage", quoteId=quote["id"], body="Insiste", isInternal=True)
    assert [each["errors"] for each in (asked, told, noted)] == [[], [], []]

    theirs, ours = await shown(shop, shop.buyer, quote), await shown(shop, shop.rep, quote)

    assert theirs["messages"] == {
        "totalCount": 2,
        "nodes": [
            {"body": "El <b>lunes</b>", "isOurs": True, "author": shop.rep.name},
            {"body": "¿Cuándo llega?", "isOurs": False, "author": shop.buyer.name},
        ],
    }
    assert [(each["body"], each["isInternal"]) for each in ours["messages"]["nodes"]] == [
        ("Insiste", True), ("El <b>lunes</b>", False), ("¿Cuándo llega?", False),
    ]  # fmt: skip
    assert ours["version"] == quote["version"]
    assert await events(shop, "quote.messageAdded") == [
        ("quote.messageAdded", False), ("quote.messageAdded", False), ("quote.messageAdded", True),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("case", "who", "given", "code", "path"),
    [
        ("nothing said", "buyer", {"body": " \n"}, "INVALID", ["body"]),
        ("too long", "rep", {"body": "x" * 4001}, "INVALID", ["body"]),
        ("a buyer's note", "buyer", {"body": "x", "isInternal": True}, "NOT_PERMITTED", ["isInternal"]),
        ("another's quote", "stranger", {"body": "x"}, "NOT_FOUND", ["quoteId"]),
    ],
)
async def test_refused_messages_store_nothing(
    shop: Shop, case: str, who: str, given: dict[str, Any], code: str, path: list[str]
) -> None:
    quote = await sent(shop)
    before = await shop.snapshot()

    tried = await act(shop, getattr(shop, who), "addQuoteMessage", quoteId=quote["id"], **given)

    assert [(each["code"], each["path"]) for each in tried["errors"]] == [(code, path)], case
    assert await shop.snapshot() == before


async def test_a_draft_is_written_about_by_our_side_alone(shop: Shop) -> None:
    quote = await drafted(shop)
    tried = await act(shop, shop.buyer, "addQuoteMessage", quoteId=quote["id"], body="x")
    assert [each["code"] for each in tried["errors"]] == ["NOT_FOUND"]
    assert (await act(shop, shop.rep, "addQuoteMessage", quoteId=quote["id"], body="x"))["errors"] == []


KINDS = [
    ("a PDF by its name and content", "oferta.pdf", b"%PDF-1.7 x", PDF, "oferta.pdf"),
    ("a PDF that calls itself a table", "x.csv", b"%PDF-1.7 x", PDF, "x.pdf"),
    ("a drawing", "plano.PNG", b"\x89PNG\r\n\x1a\nx", PNG, "plano.png"),
    ("a photo", "../../foto", b"\xff\xd8\xff\xe0x", JPEG, "foto.jpg"),
    ("a table", "a.b.txt", b"a;b\n1;2\n", CSV, "a.b.csv"),
    ("a workbook", "datos.pdf", workbook([["a"]]), XLSX, "datos.xlsx"),
]


@pytest.mark.parametrize(("case", "name", "content", "media_type", "kept"), KINDS)
def test_what_a_file_is_follows_from_its_content(
    case: str, name: str, content: bytes, media_type: str, kept: str
) -> None:
    assert media_type_of(content, ATTACHMENTS) == media_type, case
    assert attachment_name(name, media_type) == kept


@pytest.mark.parametrize(
    ("case", "content", "takes"),
    [
        ("a page", b" \n<!doctype html><script>", ATTACHMENTS), ("a drawing in text", b"<svg/>", ATTACHMENTS),
        ("a program", b"MZ\x00\x01", ATTACHMENTS), ("an archive", b"\x1f\x8bx", ATTACHMENTS),
        ("an old workbook", b"\xd0\xcf\x11\xe0", ATTACHMENTS), ("a PDF for an import", b"%PDF-1", TABLES),
    ],
)  # fmt: skip
def test_other_kinds_are_refused(case: str, content: bytes, takes: frozenset[str]) -> None:
    with pytest.raises(Refusal) as refused:
        media_type_of(content, takes)
    assert refused.value.code == "FILE_INVALID", case


async def test_files_go_with_the_quote_and_are_had_by_its_readers(shop: Shop) -> None:
    quote = await sent(shop)
    photo, signed, note = b"\xff\xd8\xff\xe0foto", b"%PDF-1.7 firmado", b"a;b\n1;2\n"
    theirs = await upload(shop, shop.buyer, "foto.jpg", photo)
    given = {"quoteId": quote["id"], "uploadId": theirs}
    assert (await act(shop, shop.buyer, "addQuoteAttachment", **given))["errors"] == []
    given["uploadId"] = await upload(shop, shop.rep, "firmado.pdf", signed)
    assert (await act(shop, shop.rep, "addQuoteAttachment", purpose="SIGNED_OFFER", **given))["errors"] == []
    given["uploadId"] = await upload(shop, shop.rep, "coste.csv", note)
    filed = await act(shop, shop.rep, "addQuoteAttachment", isInternal=True, **given)
    assert filed["errors"] == [] and filed["quote"]["status"] == "SENT" and not filed["quote"]["acceptance"]

    mine, ours = await shown(shop, shop.buyer, quote), await shown(shop, shop.rep, quote)

    assert [(each["file"]["name"], each["purpose"], each["isOurs"]) for each in mine["attachments"]] == [
        ("foto.jpg", "INFORMATION", False), ("firmado.pdf", "SIGNED_OFFER", True),
    ]  # fmt: skip
    assert [each["file"]["name"] for each in ours["attachments"]] == ["foto.jpg", "firmado.pdf", "coste.csv"]
    assert [each["isInternal"] for each in ours["attachments"]] == [False, False, True]
    keys = [UUID(each["file"]["path"].removeprefix("/files/")) for each in ours["attachments"]]
    had = {}
    for name in ("buyer", "rep", "stranger"):
        found = [
            await make.do(shop.database, getattr(shop, name), partial(quote_file, file_id=key), NOW)
            for key in keys
        ]
        had[name] = [None if each is None else each.content for each in found]
    assert had == {
        "buyer": [photo, signed, None], "rep": [photo, signed, note], "stranger": [None, None, None],
    }  # fmt: skip


async def test_refused_files_store_nothing(shop: Shop) -> None:
    quote = await sent(shop)
    given = {"quoteId": quote["id"]}
    for number in range(20):
        given["uploadId"] = await upload(shop, shop.rep, f"{number}.csv", b"a;b\n")
        assert (await act(shop, shop.rep, "addQuoteAttachment", **given))["errors"] == []
    table = await upload(shop, shop.rep, "tabla.csv", b"a;b\n")
    photo = await upload(shop, shop.buyer, "foto.png", b"\x89PNG\r\n\x1a\n")
    cases: list[tuple[Viewer, dict[str, Any], str, list[str]]] = [
        (shop.rep, {"uploadId": table}, "LIMIT_EXCEEDED", ["uploadId"]),
        (shop.rep, {"uploadId": table, "purpose": "SIGNED_OFFER"}, "INVALID", ["uploadId"]),
        (shop.rep, {"uploadId": photo}, "NOT_FOUND", ["uploadId"]),  # another's
        (shop.buyer, {"uploadId": photo, "purpose": "SIGNED_OFFER"}, "NOT_PERMITTED", ["purpose"]),
        (shop.buyer, {"uploadId": photo, "isInternal": True}, "NOT_PERMITTED", ["isInternal"]),
        (shop.stranger, {"uploadId": await upload(shop, shop.stranger, "x.csv", b"a;b\n")}, "NOT_FOUND", ["quoteId"]),
    ]  # fmt: skip
    before = await shop.snapshot()
    for who, more, code, path in cases:
        tried = await act(shop, who, "addQuoteAttachment", **(given | more))
        assert [(each["code"], each["path"]) for each in tried["errors"]] == [(code, path)]
        assert await shop.snapshot() == before
    with pytest.raises(AssertionError, match="LIMIT_EXCEEDED"):
        await upload(shop, shop.rep, "grande.pdf", b"%PDF-" + bytes(10 * 1024 * 1024 - 4))
    assert await shop.snapshot() == before


async def test_an_upload_for_a_document_is_no_import(shop: Shop) -> None:
    """What was stored as an attachment is looked at again by whoever takes it."""
    key = await upload(shop, shop.buyer, "x.pdf", b"%PDF-1.7")
    document = (
        """mutation($i: CreateQuickOrderInput!) { createQuickOrder(input: $i) { errors { code path } } }"""
    )
    answer = await shop.data(shop.buyer, document, "k1", i={"uploadId": key})
    assert answer["createQuickOrder"]["errors"] == [{"code": "FILE_INVALID", "path": ["uploadId"]}]
