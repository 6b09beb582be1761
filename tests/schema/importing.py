"""Imports in tests: a file sent as somebody, taken by the job as the worker takes it, and what came of it."""

import csv
import io
from dataclasses import dataclass
from itertools import count
from typing import Any
from uuid import UUID

from sqlalchemy import text

from auth.permissions import Role, Viewer
from jobs.imports import IMPORT_KINDS
from schema.ids import decode_id, encode_id
from tests import factories as make
from tests.jobs.trials import worker_of
from tests.schema.shop import NOW, Shop

START = """
mutation Start($i: StartImportInput!) {
  startImport(input: $i) { job { id kind progress { total } dataImport { rowsTotal } } errors { code message path } replayed }
}
"""
JOB = """
query Job($by: JobBy!) {
  job(by: $by) {
    state errorRowCount progress { done total }
    errorRows { rowNumber columnName value code message }
    resultFile { name }
    dataImport { kind isVerifyOnly fileName rowsTotal rowsDone rowsCreated rowsChanged rowsUnchanged rowsRefused }
  }
}
"""
_keys = count(1)
_kinds = {each.name: each for each in IMPORT_KINDS}


@dataclass(frozen=True)
class Imported:
    """What a job says when it has ended; `counts` are created, changed, unchanged, refused."""

    job: dict[str, Any]

    @property
    def counts(self) -> tuple[int, int, int, int]:
        account = self.job["dataImport"]
        found = tuple(account[f"rows{each}"] for each in ("Created", "Changed", "Unchanged", "Refused"))
        assert sum(found) == account["rowsDone"] == account["rowsTotal"] == self.job["progress"]["done"]
        return found

    @property
    def errors(self) -> list[tuple[int, str, str, str]]:
        """(row, column, value, code) of each fault."""
        return [
            (each["rowNumber"], each["columnName"], each["value"], each["code"])
            for each in self.job["errorRows"]
        ]


async def integrator_of(shop: Shop, role: Role = Role.INTEGRATOR) -> Viewer:
    async with shop.database.job() as session:
        user = await make.make_user(session, shop.seller, roles=[role])
    return await make.viewer_of(shop.database, user)


async def send(shop: Shop, viewer: Viewer, content: bytes | str, name: str = "file.csv") -> str:
    content = content.encode() if isinstance(content, str) else content
    async with shop.database.job() as session:
        upload = await make.make_upload(session, viewer, NOW, content, name=name)
    return encode_id("Upload", upload.id)


async def start(
    shop: Shop, viewer: Viewer, kind: str, content: bytes | str, locale: str = "en", **given: Any
) -> dict[str, Any]:
    """The payload of startImport."""
    values = {"kind": kind, "uploadId": await send(shop, viewer, content), **given}
    answer = await shop.ask(viewer, START, f"import-{next(_keys)}", locale, i=values)
    assert "errors" not in answer, answer["errors"]
    payload: dict[str, Any] = answer["data"]["startImport"]
    return payload


def key_of(job: dict[str, Any]) -> UUID:
    return decode_id(job["id"], "Job")


async def outcome(shop: Shop, viewer: Viewer, job_id: str) -> Imported:
    return Imported((await shop.data(viewer, JOB, by={"id": job_id}))["job"])


async def imported(
    shop: Shop, viewer: Viewer, kind: str, content: bytes | str, locale: str = "en", **given: Any
) -> Imported:
    """A file sent, and taken by its job."""
    payload = await start(shop, viewer, kind, content, locale, **given)
    assert payload["errors"] == [], payload["errors"]
    job = payload["job"]
    await worker_of(shop.database).attempt(_kinds[job["kind"]], key_of(job))
    found = await outcome(shop, viewer, job["id"])
    assert found.job["state"] == "SUCCEEDED", found.job
    return found


async def error_file(shop: Shop) -> bytes:
    """The newest file of refused rows."""
    async with shop.database.job() as session:
        statement = text("select content from file_chunk order by file_id desc limit 1")
        return bytes((await session.execute(statement)).scalar_one())


def table_of(content: bytes, delimiter: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=delimiter))


async def rows(shop: Shop, statement: str) -> list[tuple[Any, ...]]:
    async with shop.database.job() as session:
        return [tuple(each) for each in await session.execute(text(statement))]
