"""Imports: a file of products, customers, prices, stock or trade agreements, taken row by row by a job."""

from typing import Annotated, Self
from uuid import UUID

import strawberry

from auth.permissions import Permission as P
from resolvers import imports, jobs
from resolvers.context import Context
from rules.imports import ROWS_MAX, SHAPES
from rules.states import ImportKind
from schema.access import access, key_required, list_size
from schema.ids import decode_id
from schema.jobs import Job
from schema.payloads import Payload

Info = strawberry.Info[Context, None]
_WRITE = [access(P.IMPORTS_WRITE)]


@strawberry.type(description="A column that a kind of import knows.", directives=_WRITE)
class ImportColumn:
    name: str = strawberry.field(description="As the header calls it, in whichever case.")
    also_named: list[str] = strawberry.field(
        description="Other names, most of them Spanish.", directives=[list_size(5)]
    )
    is_compulsory: bool = strawberry.field(description="Every file has it.")
    is_needed: bool = strawberry.field(description="A new row needs it, and it is never emptied.")


@strawberry.type(description="What a file of a kind looks like.", directives=_WRITE)
class ImportShape:
    kind: ImportKind = strawberry.field(description="What its rows are.")
    columns: list[ImportColumn] = strawberry.field(
        description="The columns it may have, in any order.", directives=[list_size(20)]
    )

    @classmethod
    def of(cls, kind: ImportKind) -> "ImportShape":
        shape = SHAPES[kind]
        columns = [
            ImportColumn(
                name=each.name,
                also_named=list(each.also),
                is_compulsory=each.name in shape.compulsory,
                is_needed=each.is_needed or each.is_key,
            )
            for each in shape.columns
        ]
        return cls(kind=kind, columns=columns)


@strawberry.type
class ImportQueries:
    @strawberry.field(
        description="The columns of each kind of import.", directives=[*_WRITE, list_size(len(SHAPES))]
    )
    def import_shapes(self) -> list[ImportShape]:
        return [ImportShape.of(kind) for kind in SHAPES]


@strawberry.input(description="A file to import.", directives=_WRITE)
class StartImportInput:
    kind: ImportKind = strawberry.field(description="What its rows are; each kind has its own columns.")
    upload_id: strawberry.ID = strawberry.field(
        description=(
            "The file, from `POST /upload`: CSV in UTF-8 or XLSX with a header, 10 MB and "
            f"{ROWS_MAX:,} rows at most. It is used up by this."
        )
    )
    verify_only: bool = strawberry.field(
        default=False, description="Say what would come of each row, and store nothing of them."
    )


@strawberry.type(description="Answer of startImport.", directives=_WRITE)
class StartImportPayload(Payload):
    entity_type = "Job"
    job: Job | None = strawberry.field(
        default=None, description="The job; follow it by `jobProgressed` or `job`. Null when refused."
    )

    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:
        row = await ctx.load(jobs.jobs_by_id, entity_id)
        return cls(job=None if row is None else Job.of(row))


@strawberry.type
class ImportMutations:
    @strawberry.mutation(
        description=(
            "Starts a job that takes a file's rows: new ones are made, those that differ changed, those at fault "
            "refused one by one. Sent again, the same file changes nothing. A file that cannot be read as a whole, or "
            "whose columns are not those of its kind, is refused here. With @dryRun only that much is looked at; "
            "`verifyOnly` looks at every row."
        ),
        directives=[*_WRITE, key_required()],
    )
    async def start_import(
        self, info: Info, input: Annotated[StartImportInput, strawberry.argument(description="The file.")]
    ) -> StartImportPayload:
        upload_id = decode_id(input.upload_id, "Upload", path=("uploadId",))
        done = await imports.start_import(info.context, input.kind, upload_id, input.verify_only)
        return await StartImportPayload.of(info.context, done)
