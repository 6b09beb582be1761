"""POST /upload, and the lines to correct: who may, what is taken, and what a browser is told about it."""

import base64
import io
from typing import Any

import pytest
from httpx import AsyncClient, Response
from python_calamine import load_workbook
from sqlalchemy import text

from app.database import Database
from app.uploads import BODY_BYTES
from resolvers.uploads import BYTES_MAX, WAITING_MAX, XLSX
from tests.storefront.visitor import BUYER, PASSWORD, REP, Visitor

CSV = b"SKU;Quantity\nNOPE-1;2\n"
CREATE = """mutation($input: CreateQuickOrderInput!) { createQuickOrder(input: $input) {
    quickOrder { csv: problemFilePath(format: CSV) xlsx: problemFilePath } errors { code } } }"""


async def token_of(client: AsyncClient, email: str) -> dict[str, str]:
    answer = await client.post("/auth/token", json={"email": email, "password": PASSWORD})
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


async def send(client: AsyncClient, content: bytes = CSV, name: str = "a.csv", **given: Any) -> Response:
    return await client.post("/upload", files={"file": (name, content)}, **given)


def code(response: Response) -> str:
    return str(response.json()["errors"][0]["extensions"]["code"])


async def stored(database: Database) -> list[Any]:
    async with database.job() as session:
        return list(await session.execute(text("select name, media_type, octet_length(content) from upload")))


async def ask(client: AsyncClient, headers: dict[str, str], document: str, **variables: Any) -> Any:
    answer = await client.post("/graphql", json={"query": document, "variables": variables}, headers=headers)
    return answer.json()["data"]


async def test_a_file_is_stored_under_a_random_id(demo_client: AsyncClient, demo: Database) -> None:
    bearer = await token_of(demo_client, BUYER)

    answer = await send(demo_client, name="../../etc/p\u202easswd.csv", headers=bearer)

    assert answer.status_code == 201
    told = answer.json()
    assert {name: told[name] for name in ("name", "mediaType", "byteSize")} == {
        "name": "passwd.csv",
        "mediaType": "text/csv",
        "byteSize": len(CSV),
    }
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert base64.urlsafe_b64decode(told["uploadId"] + "==").split(b"-")[2][:1] == b"4"  # no time in it
    assert await stored(demo) == [("passwd.csv", "text/csv", len(CSV))]


async def test_what_was_sent_is_not_served(demo_client: AsyncClient) -> None:
    bearer = await token_of(demo_client, BUYER)
    key = base64.urlsafe_b64decode(
        (await send(demo_client, headers=bearer)).json()["uploadId"] + "=="
    ).decode()

    for path in (f"/files/{key.partition(':')[2]}", f"/upload/{key.partition(':')[2]}", "/upload"):
        assert (await demo_client.get(path, headers=bearer)).status_code in (404, 405)


@pytest.mark.parametrize(
    ("case", "content", "status", "refused"),
    [
        ("empty", b"", 415, "FILE_INVALID"),
        ("a picture with a name of text", b"\x89PNG\r\n\x1a\n" + b"x" * 50, 415, "FILE_INVALID"),
        ("a document", b"%PDF-1.7 text all the same", 415, "FILE_INVALID"),
        ("an old workbook", b"\xd0\xcf\x11\xe0" + b"x" * 50, 415, "FILE_INVALID"),
        ("an archive", b"PK\x03\x04" + b"x" * 50, 415, "FILE_INVALID"),
        ("a program", b"\x7fELF\x02\x01\x01\x00\x00", 415, "FILE_INVALID"),
        ("too large", b"a" * (BYTES_MAX + 1), 413, "LIMIT_EXCEEDED"),
    ],
)
async def test_what_no_input_takes_is_not_stored(
    demo_client: AsyncClient, demo: Database, case: str, content: bytes, status: int, refused: str
) -> None:
    answer = await send(demo_client, content, headers=await token_of(demo_client, BUYER))

    assert (answer.status_code, code(answer)) == (status, refused)
    assert await stored(demo) == []


async def test_a_file_of_the_largest_size_is_taken(demo_client: AsyncClient, demo: Database) -> None:
    content = b"SKU;Quantity\n" + b" " * (BYTES_MAX - 13)

    answer = await send(demo_client, content, headers=await token_of(demo_client, BUYER))

    assert answer.status_code == 201
    assert [row[2] for row in await stored(demo)] == [BYTES_MAX]


async def test_a_body_past_the_limit_is_not_read(demo_client: AsyncClient) -> None:
    headers = {"Content-Length": str(100 * 1024**2), "Content-Type": "multipart/form-data; boundary=x"}

    answer = await demo_client.post("/upload", headers=headers, content=b"--x")

    assert answer.status_code == 413 and str(BODY_BYTES) in answer.text
    # Everywhere else the limit is what it was.
    headers["Content-Length"] = str(2 * 1024**2)
    assert (await demo_client.post("/graphql", headers=headers, content=b"{")).status_code == 413


async def test_who_is_not_signed_in_stores_nothing(demo_client: AsyncClient, demo: Database) -> None:
    # Without a session there is no form token either.
    assert (await send(demo_client)).status_code == 403
    assert (await send(demo_client, headers={"Authorization": "Bearer nonsense"})).status_code == 401
    assert await stored(demo) == []


async def test_with_a_cookie_the_form_must_be_ours(demo_client: AsyncClient, demo: Database) -> None:
    visitor = Visitor(demo_client)
    await visitor.sign_in(BUYER)
    await visitor.open("/quick-order")
    token = visitor.form(act="file").fields["csrf_token"]

    for form, headers in (
        ({}, {}),
        ({"csrf_token": "x" * 43}, {}),
        ({"csrf_token": token}, {"Origin": "https://evil.example"}),
        ({"csrf_token": token}, {"Sec-Fetch-Site": "cross-site"}),
    ):
        assert (await send(demo_client, data=form, headers=headers)).status_code == 403
    assert await stored(demo) == []
    assert (await send(demo_client, data={"csrf_token": token})).status_code == 201


@pytest.mark.parametrize(
    ("case", "given"),
    [
        ("no file", {"data": {"a": "b"}, "files": {"other": ("a", b"x")}}),
        ("a field in its place", {"data": {"file": "text"}, "files": {"other": ("a", b"x")}}),
        ("two files", {"files": [("file", ("a", CSV)), ("file", ("b", CSV))]}),
        (
            "a broken body",
            {"content": b"--nothing", "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
        ),
    ],
)
async def test_a_form_without_one_file_is_refused(
    demo_client: AsyncClient, demo: Database, case: str, given: Any
) -> None:
    headers = await token_of(demo_client, BUYER) | given.pop("headers", {})

    answer = await demo_client.post("/upload", headers=headers, **given)

    assert (answer.status_code, code(answer)) == (400, "BAD_REQUEST")
    assert await stored(demo) == []


async def test_only_forms_are_taken(demo_client: AsyncClient) -> None:
    headers = await token_of(demo_client, BUYER)

    answer = await demo_client.post("/upload", headers=headers, json={"file": "x"})

    assert (answer.status_code, code(answer)) == (415, "UNSUPPORTED_MEDIA_TYPE")


async def test_so_many_files_wait_and_no_more(demo_client: AsyncClient, demo: Database) -> None:
    headers = await token_of(demo_client, BUYER)
    for _ in range(WAITING_MAX):
        assert (await send(demo_client, headers=headers)).status_code == 201

    assert (await send(demo_client, headers=headers)).status_code == 413
    assert len(await stored(demo)) == WAITING_MAX
    async with demo.job() as session:
        await session.execute(text("update upload set expires_at = now() - interval '1 minute'"))
    assert (await send(demo_client, headers=headers)).status_code == 201
    assert len(await stored(demo)) == 1


async def test_the_lines_to_correct_are_their_owners_alone(demo_client: AsyncClient, demo: Database) -> None:
    buyer, rep = await token_of(demo_client, BUYER), await token_of(demo_client, REP)
    colleague = await token_of(demo_client, "admin@laparra.example")
    content = b'SKU;Quantity\n"=HYPERLINK(""http://x"")";2\n+4;1\nNOPE;x\n'
    sent = (await send(demo_client, content, headers=buyer)).json()["uploadId"]
    made = (await ask(demo_client, buyer, CREATE, input={"uploadId": sent}))["createQuickOrder"]
    paths = made["quickOrder"]

    csv = await demo_client.get(paths["csv"], headers=buyer)
    xlsx = await demo_client.get(paths["xlsx"], headers=buyer)

    for answer in (csv, xlsx):
        assert answer.headers["content-disposition"].startswith('attachment; filename="')
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
    assert csv.headers["content-type"] == "text/csv; charset=utf-8"
    lines = csv.content.decode("utf-8-sig").splitlines()
    assert lines[0] == "Referencia;Cantidad;Fila;Estado;Motivo;Cantidad posible;Sugerencias"
    assert lines[1].startswith('"\'=HYPERLINK(""http://x"")";2;2;No válida;')
    assert lines[2].startswith("'+4;1;3;No válida;")
    assert lines[3].startswith('NOPE;x;4;No válida;"Fila 4, columna B: la cantidad «x» no se entiende')
    assert xlsx.headers["content-type"] == XLSX
    rows = load_workbook(io.BytesIO(xlsx.content)).get_sheet_by_index(0).to_python()
    assert rows[1][:2] == ['=HYPERLINK("http://x")', "2"] and rows[2][:2] == ["+4", "1"]
    for headers in (rep, colleague, {}):
        for path in (paths["csv"], paths["xlsx"]):
            refused = await demo_client.get(path, headers=headers)
            assert (refused.status_code, refused.content) == (404, b"")
    for path in ("/quick-orders/x/problems.csv", paths["csv"].replace(".csv", ".html")):
        assert (await demo_client.get(path, headers=buyer)).status_code == 404
    async with demo.job() as session:
        await session.execute(text("update quick_order set expires_at = now()"))
    assert (await demo_client.get(paths["csv"], headers=buyer)).status_code == 404


async def test_the_lines_to_correct_are_read_again(demo_client: AsyncClient) -> None:
    """Sent again as they are they say the same, in either format."""
    headers = await token_of(demo_client, BUYER)
    content = b"SKU;Quantity\n=A;2\n-B;1,5\nNOPE;3\n"
    sent = (await send(demo_client, content, headers=headers)).json()["uploadId"]
    made = (await ask(demo_client, headers, CREATE, input={"uploadId": sent}))["createQuickOrder"][
        "quickOrder"
    ]
    first = (await demo_client.get(made["csv"], headers=headers)).content

    for kind in ("csv", "xlsx"):
        file = (await demo_client.get(made[kind], headers=headers)).content
        sent = (await send(demo_client, file, headers=headers)).json()["uploadId"]
        again = (await ask(demo_client, headers, CREATE, input={"uploadId": sent}))["createQuickOrder"][
            "quickOrder"
        ]
        assert (await demo_client.get(again["csv"], headers=headers)).content == first
