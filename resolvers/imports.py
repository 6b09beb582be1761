"""Imports: a file of products, customers, prices or stock goes to a job, once its header was understood."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

from models.base import new_id
from models.imports import DataImport, DataImportRow, visible_imports
from models.rows import by_key
from resolvers.context import Context
from resolvers.jobs import start_job
from resolvers.uploads import take_upload
from rules.import_files import count_rows
from rules.refusals import Refusal
from rules.states import ImportKind


async def start_import(ctx: Context, kind: ImportKind, upload_id: UUID, is_verify_only: bool) -> UUID:
    """
    Starts the job that takes an uploaded file's rows; the job's id.

    Raises:
        Refusal(FILE_INVALID, LIMIT_EXCEEDED): the file as a whole cannot be read, or its columns are not the kind's.
            Rows that cannot be taken are the job's to tell.
    """
    path = ("uploadId",)
    file = await take_upload(ctx, upload_id, path)
    try:
        # Unpacking and reading take a while; other requests go on meanwhile.
        rows = await asyncio.to_thread(count_rows, kind, file.content)
    except Refusal as refusal:
        raise Refusal(refusal.code, refusal.text, path, **refusal.data) from None
    arguments = {"kind": kind.value, "isVerifyOnly": is_verify_only}
    job_id = await start_job(ctx, f"import.{kind.value.lower()}", arguments, total=rows)
    ctx.session.add(
        DataImport(
            id=new_id(), seller_id=ctx.user.seller_id, job_id=job_id, kind=kind, is_verify_only=is_verify_only,
            locale=ctx.locale, file_name=file.name, content=file.content, rows_total=rows, created_at=ctx.now,
        )
    )  # fmt: skip
    await ctx.session.flush()
    return job_id


async def imports_by_job(ctx: Context, keys: Sequence[UUID]) -> list[DataImportRow | None]:
    """What the visible jobs import; None for other kinds of jobs."""
    rows = await ctx.session.execute(visible_imports(ctx.user).where(DataImport.job_id.in_(keys)))
    return by_key(keys, (DataImportRow(*each) for each in rows), "job_id")
