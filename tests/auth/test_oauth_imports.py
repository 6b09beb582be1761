"""A program imports by its own token, from the upload to the refused rows; and only by the scope for it."""

from sqlalchemy import text

from auth.scopes import ApiScope as S
from jobs.imports import IMPORT_KINDS
from schema.ids import decode_id
from tests.auth.oauth_world import Gate
from tests.jobs.trials import worker_of

START = """mutation($i: StartImportInput!) {
  startImport(input: $i) @idempotent(key: "stock-2026-03-02") { job { id } errors { code } }
}"""
FOLLOW = """query($id: ID!) { job(by: {id: $id}) {
  state dataImport { rowsChanged rowsRefused } resultFile { path }
} }"""


async def send(gate: Gate, token: str, content: bytes) -> str:
    files = {"file": ("stock.csv", content)}
    answer = await gate.http.post("/upload", files=files, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["uploadId"])


async def test_a_program_imports_stock_and_fetches_what_was_refused(gate: Gate) -> None:
    client = await gate.new_client(gate.seller, S.IMPORTS_WRITE, S.JOBS_READ, S.CATALOG_READ)
    token = await gate.token(client)
    upload = await send(gate, token, b"warehouse,sku,quantity\nMAD,ACE-1,70\nMAD,NADA,1\n")
    given = {"kind": "STOCK", "uploadId": upload}
    less = await gate.token(client, scope="jobs:read catalog:read")
    refused = (await gate.ask(less, START, i=given)).json()
    assert "data" not in refused

    job = (await gate.data(token, START, i=given))["startImport"]["job"]["id"]
    kind = next(each for each in IMPORT_KINDS if each.name == "import.stock")
    await worker_of(gate.database, clock=gate.clock).attempt(kind, decode_id(job, "Job"))
    done = (await gate.data(token, FOLLOW, id=job))["job"]

    assert (done["state"], done["dataImport"]) == ("SUCCEEDED", {"rowsChanged": 1, "rowsRefused": 1})
    report = await gate.http.get(done["resultFile"]["path"], headers={"Authorization": f"Bearer {token}"})
    assert report.status_code == 200
    assert (
        report.content.decode("utf-8-sig")
        .splitlines()[1]
        .replace(";", ",")
        .startswith("MAD,NADA,1,3,sku,NADA,")
    )
    async with gate.database.job() as session:
        actor = "select kind from app_user join audit_event on actor_id = app_user.id where action like 'product.%'"
        assert list(await session.scalars(text(actor))) == ["MACHINE"]
        assert await session.scalar(text("select on_hand::int from stock_balance")) == 70
