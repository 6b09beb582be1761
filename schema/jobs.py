"""Jobs: work that goes on after the answer, how far it is, and the dead ones that may be tried again."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

import strawberry

from auth.permissions import Permission as P
from models.imports import DataImportRow
from models.jobs_reads import JobRow
from resolvers import jobs
from resolvers.context import Context
from resolvers.customers import users_by_id
from resolvers.files import FileRow, files_by_id
from resolvers.imports import imports_by_job
from resolvers.messages import translate
from resolvers.paging import PageArgs
from rules.states import ImportKind, JobState
from schema.access import access, described_enum, list_size
from schema.connections import After, Before, Connection, First, Last, connection
from schema.customers import User
from schema.enums import JobStateFilter
from schema.filters import DateTimeFilter, IDFilter, StringFilter, one_key_of, where_of
from schema.ids import Node, decode_id, encode_id, node_loader, try_decode_id
from schema.payloads import Payload
from schema.rows import fill

Info = strawberry.Info[Context, None]
_READ = [access(P.JOBS_READ)]
_MANAGE = [access(P.JOBS_MANAGE)]


class JobAction(StrEnum):
    """What may be done with a job."""

    RETRY = "RETRY"


described_enum(JobAction, "What a viewer may do with a job now.", {"RETRY": "Have it tried again."})


@strawberry.type(description="How far a job is, in steps.", directives=_READ)
class JobProgress:
    done: int = strawberry.field(description="Steps done.")
    total: int | None = strawberry.field(description="Steps in all; null where nobody knows yet.")


@strawberry.type(description="A row of a file that was not taken.", directives=_READ)
class JobErrorRow:
    row_number: int = strawberry.field(description="Its number in the file, the first one being 1.")
    column_name: str = strawberry.field(description="The column at fault; empty for the row as a whole.")
    code: str = strawberry.field(description="Stable code, as in user errors.")
    message: str = strawberry.field(description="Why, in your language.")
    value: str = strawberry.field(
        description="What stood there, shortened; empty where the fault has no value."
    )


described_enum(
    ImportKind,
    "What the rows of an import are.",
    {
        "PRODUCTS": "Products, by their SKU.",
        "CUSTOMERS": "Customers, by their number.",
        "PRICES": "List prices, by SKU, currency, unit, quantity and first day.",
        "STOCK": "What is on hand, by warehouse, SKU and lot.",
        "TRADE_AGREEMENTS": "Rows of trade agreements, posted as one journal.",
        "AGREEMENT_LINES": "Lines of drafts of sales agreements, by the agreement's number.",
        "SUPPLIERS": "Suppliers, by their number.",
        "SUPPLIER_PRODUCTS": "What suppliers sell us, by supplier and SKU.",
        "PURCHASE_ORDERS": "Lines of purchase orders that are still to come, by order and SKU.",
    },
)


@strawberry.type(
    description="The file of an import and the account of its rows: the four counts make `rowsDone`.",
    directives=[access(P.IMPORTS_WRITE)],
)
class DataImport:
    kind: ImportKind = strawberry.field(description="What its rows are.")
    is_verify_only: bool = strawberry.field(description="Whether it only says what would come of the rows.")
    file_name: str = strawberry.field(description="The name of the file that was sent.")
    rows_total: int = strawberry.field(description="Rows below the header.")
    rows_done: int = strawberry.field(description="Rows that were looked at and, unless refused, stored.")
    rows_created: int = strawberry.field(description="Rows that made something new.")
    rows_changed: int = strawberry.field(description="Rows that changed something.")
    rows_unchanged: int = strawberry.field(description="Rows that say what is so already.")
    rows_refused: int = strawberry.field(description="Rows that were not taken; `Job.resultFile` has them.")

    @classmethod
    def of(cls, row: DataImportRow) -> "DataImport":
        return fill(cls, row)


@strawberry.type(description="A file to download.", directives=[access(P.SIGNED_IN)])
class FileLink:
    name: str = strawberry.field(description="Its name.")
    media_type: str = strawberry.field(description="Its kind, as `text/csv`.")
    byte_size: int = strawberry.field(description="Its size in bytes.")
    row: strawberry.Private[FileRow]

    @strawberry.field(description="Its path on this server; fetch it with your session or token.")
    def path(self) -> str:
        return f"/files/{self.row.id}"


@strawberry.type(
    description="Work that goes on after the answer: an import, a calculation, mail.", directives=_READ
)
class Job(Node):
    kind: str = strawberry.field(description='What it does, as "mail.order_placed".')
    state: JobState = strawberry.field(description="How far it is.")
    failures: int = strawberry.field(description="Attempts that failed; the fifth is the last one.")
    error_row_count: int = strawberry.field(description="Rows of its file that were not taken.")
    version: int = strawberry.field(description="Rises with every change; acts need it.")
    created_at: datetime = strawberry.field(description="When it was asked for.")
    begun_at: datetime | None = strawberry.field(description="When it was first begun.")
    ended_at: datetime | None = strawberry.field(description="When it succeeded or failed for good.")
    detail: str = strawberry.field(
        description="The last fault in our words; may be empty.", directives=_MANAGE
    )
    row: strawberry.Private[JobRow]

    @classmethod
    def of(cls, row: JobRow) -> "Job":
        return fill(cls, row, id=encode_id("Job", row.id), row=row)

    @strawberry.field(description="How far it is, in steps.")
    def progress(self) -> JobProgress:
        return JobProgress(done=self.row.progress_done, total=self.row.progress_total)

    @strawberry.field(description="Why the last attempt failed, in your language; empty where none did.")
    def reason(self, info: Info) -> str:
        return (
            translate(self.row.reason, self.row.reason_data, info.context.locale) if self.row.reason else ""
        )

    @strawberry.field(description="Who started it; null where nobody did, or you may not see them.")
    async def started_by(self, info: Info) -> User | None:
        if self.row.started_by_id is None:
            return None
        row = await info.context.load(users_by_id, self.row.started_by_id)
        return None if row is None else User.of(row)

    @strawberry.field(description="What it made; null where it makes no file, or has not yet.")
    async def result_file(self, info: Info) -> FileLink | None:
        if self.row.result_file_id is None:
            return None
        row = await info.context.load(files_by_id, self.row.result_file_id)
        return None if row is None else fill(FileLink, row, row=row)

    @strawberry.field(
        description=f"The first {jobs.ERROR_ROWS_MAX} rows of its file that were not taken.",
        directives=[list_size(jobs.ERROR_ROWS_MAX)],
    )
    async def error_rows(self, info: Info) -> list[JobErrorRow]:
        if not self.row.error_row_count:
            return []
        rows = await info.context.load(jobs.error_rows_by_job, self.row.id)
        locale = info.context.locale
        return [
            fill(
                JobErrorRow,
                row,
                message=translate(row.message, row.message_data, locale),
                value=str(row.message_data.get("value", "")),
            )
            for row in rows
        ]

    @strawberry.field(
        description="The import that it is; null for other jobs.", directives=[access(P.IMPORTS_WRITE)]
    )
    async def data_import(self, info: Info) -> DataImport | None:
        if not self.kind.startswith("import."):
            return None
        row = await info.context.load(imports_by_job, self.row.id)
        return None if row is None else DataImport.of(row)

    @strawberry.field(description="What you may do with it now.", directives=[list_size(1)])
    def allowed_actions(self, info: Info) -> list[JobAction]:
        return [JobAction.RETRY] if jobs.may_retry(info.context, self.state) else []


@strawberry.input(description="Conditions on jobs; all must hold.", directives=_READ)
class JobWhere:
    kind: StringFilter | None = strawberry.field(default=None, description="On what it does.")
    state: JobStateFilter | None = strawberry.field(default=None, description="On how far it is.")
    started_by: IDFilter | None = strawberry.field(default=None, description="On who started it.")
    created_at: DateTimeFilter | None = strawberry.field(
        default=None, description="On when it was asked for."
    )
    and_: list["JobWhere"] | None = strawberry.field(
        name="and", default=None, description="All of these hold."
    )
    or_: list["JobWhere"] | None = strawberry.field(
        name="or", default=None, description="One of these holds."
    )
    not_: "JobWhere | None" = strawberry.field(name="not", default=None, description="This does not hold.")


@strawberry.input(description="Names one job.", one_of=True, directives=_READ)
class JobBy:
    id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="Its global id.")


@strawberry.type
class JobQueries:
    @strawberry.field(
        description="The jobs you started, your team's where you manage one, all for administrators; newest first.",
        directives=_READ,
    )
    async def jobs(
        self,
        info: Info,
        where: Annotated[JobWhere | None, strawberry.argument(description="Which ones.")] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Job]:
        args = PageArgs(first, after, last, before)
        return connection(
            await jobs.list_jobs(info.context, where_of(where, {"started_by": ("User",)}), args), Job.of
        )

    @strawberry.field(description="One job; null where there is none you may see.", directives=_READ)
    async def job(
        self, info: Info, by: Annotated[JobBy, strawberry.argument(description="Which one.")]
    ) -> Job | None:
        _, text = one_key_of(by)
        key = try_decode_id(text, "Job")
        row = None if key is None else await info.context.load(jobs.jobs_by_id, key)
        return None if row is None else Job.of(row)


@strawberry.input(description="A job that failed for good, to be tried again.", directives=_MANAGE)
class RetryJobInput:
    job_id: strawberry.ID = strawberry.field(description="The job.")
    expected_version: int = strawberry.field(description="The job's version you saw; a newer one is refused.")


@strawberry.type(description="Answer of retryJob.", directives=_MANAGE)
class RetryJobPayload(Payload):
    entity_type = "Job"
    job: Job | None = strawberry.field(default=None, description="The job; null when refused.")

    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:
        row = await ctx.load(jobs.jobs_by_id, entity_id)
        return cls(job=None if row is None else Job.of(row))


@strawberry.type
class JobMutations:
    @strawberry.mutation(
        description="Has a job that failed for good tried again, with five attempts before it.",
        directives=_MANAGE,
    )
    async def retry_job(
        self, info: Info, input: Annotated[RetryJobInput, strawberry.argument(description="Which one.")]
    ) -> RetryJobPayload:
        job_id = decode_id(input.job_id, "Job", path=("jobId",))
        done = await jobs.retry_job(info.context, job_id, input.expected_version)
        return await RetryJobPayload.of(info.context, done)


@node_loader("Job")
async def load_jobs(ctx: Context, keys: Sequence[UUID]) -> Sequence[Job | None]:
    return [None if row is None else Job.of(row) for row in await jobs.jobs_by_id(ctx, keys)]
