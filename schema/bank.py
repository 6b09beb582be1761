"""Statements of our bank: files that were read, their lines, and what a person does with those that wait."""

import base64
import binascii
from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

import strawberry

from auth.permissions import Permission as P
from models.payments_reads import BankLineRow
from resolvers import bank, payments
from resolvers.context import Context
from resolvers.paging import PageArgs
from resolvers.uploads import take_upload
from rules.refusals import ErrorCode, Refusal
from rules.states import BankLineStatus
from schema.access import access, key_required, list_size
from schema.connections import After, Before, Connection, First, Last, connection
from schema.enums import BankLineStatusFilter
from schema.filters import DateFilter, IDFilter, where_of
from schema.ids import Node, decode_id, encode_id, node_loader
from schema.payloads import Payload
from schema.payments import Payment
from schema.payments_acts import PaymentMatchInput, wanted_of
from schema.rows import fill
from schema.scalars import Money

Info = strawberry.Info[Context, None]
_MANAGE = [access(P.PAYMENTS_MANAGE)]
CONTENT_MAX = 700_000  # of base64: a request has 1 MB


@strawberry.type(description="A movement on our bank account.", directives=_MANAGE)
class BankLine(Node):
    position: int = strawberry.field(description="Its number within the file.")
    booked_on: date = strawberry.field(description="The day the bank booked it.")
    amount: Money = strawberry.field(description="How much came; below zero for what went.")
    remitter: str = strawberry.field(description="Who the bank says it is from; may be empty.")
    reference: str = strawberry.field(description="What else it says.")
    status: BankLineStatus = strawberry.field(description="What became of it.")
    row: strawberry.Private[BankLineRow]

    @classmethod
    def of(cls, row: BankLineRow) -> "BankLine":
        key = encode_id("BankLine", row.id)
        return fill(cls, row, id=key, amount=Money.of(row.amount, row.currency), row=row)

    @strawberry.field(description="Why it waits, or was put aside; empty otherwise.")
    def problem(self, info: Info) -> str:
        return bank.problem_of(info.context, self.row)

    @strawberry.field(description="The payment it became; null while it waits.")
    async def payment(self, info: Info) -> Payment | None:
        key = self.row.payment_id
        row = None if key is None else await info.context.load(payments.payments_by_id, key)
        return None if row is None else Payment.of(row)


@strawberry.type(description="A file of our bank that was read.", directives=_MANAGE)
class BankFile(Node):
    name: str = strawberry.field(description="The file's name.")
    format: str = strawberry.field(description="NORMA43, CAMT053 or CSV.")
    imported_at: datetime = strawberry.field(description="When it was read.")
    row: strawberry.Private[bank.BankFileRow]

    @classmethod
    def of(cls, row: bank.BankFileRow) -> "BankFile":
        return fill(cls, row, id=encode_id("BankFile", row.id), row=row)

    @strawberry.field(description="Its lines, in its order.", directives=[list_size(2000)])
    async def lines(self, info: Info) -> list[BankLine]:
        return [BankLine.of(row) for row in await info.context.load(bank.bank_lines_by_file, self.row.id)]


@strawberry.input(description="Conditions on bank lines; all must hold.", directives=_MANAGE)
class BankLineWhere:
    status: BankLineStatusFilter | None = strawberry.field(
        default=None, description="On what became of them."
    )
    booked_on: DateFilter | None = strawberry.field(default=None, description="On the day they were booked.")
    file: IDFilter | None = strawberry.field(default=None, description="Of one of these files.")


@strawberry.type
class BankQueries:
    @strawberry.field(description="The lines of our bank's files, the latest read first.", directives=_MANAGE)
    async def bank_lines(
        self,
        info: Info,
        where: Annotated[BankLineWhere | None, strawberry.argument(description="Which ones.")] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[BankLine]:
        found = where_of(where, {"file": ("BankFile",)})
        page = await bank.bank_lines(info.context, found, PageArgs(first, after, last, before))
        return connection(page, BankLine.of)


@strawberry.input(
    description="A file of our bank: notebook 43, camt.053, or CSV with a heading.", directives=_MANAGE
)
class ImportBankFileInput:
    upload_id: strawberry.ID | None = strawberry.field(
        default=None, description="The id that POST /upload answered for the file; it is used up."
    )
    name: str | None = strawberry.field(
        default=None, description="The file's name, 200 characters, with `content`."
    )
    content: str | None = strawberry.field(
        default=None,
        description="Instead of an upload: the file's bytes in base64, 700,000 characters at most.",
    )


@strawberry.input(description="Whose money a waiting line is.", directives=_MANAGE)
class AssignBankLineInput:
    bank_line_id: strawberry.ID = strawberry.field(description="The line.")
    customer_id: strawberry.ID = strawberry.field(description="Who paid.")
    received_on: date | None = strawberry.field(
        default=None, description="The day it is posted; the line's when nothing is said."
    )
    matches: list[PaymentMatchInput] | None = strawberry.field(
        default=None, description="What it pays, at most 200; the rest stays on account."
    )


@strawberry.input(description="A waiting line that is no customer's payment.", directives=_MANAGE)
class IgnoreBankLineInput:
    bank_line_id: strawberry.ID = strawberry.field(description="The line.")
    reason: str = strawberry.field(description="Why, 500 characters; kept and shown.")


@strawberry.type(description="Answer of importBankFile.", directives=_MANAGE)
class ImportBankFilePayload(Payload):
    entity_type = "BankFile"
    bank_file: BankFile | None = strawberry.field(default=None, description="The file; null when refused.")

    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:
        row = await ctx.load(bank.bank_files_by_id, entity_id)
        return cls(bank_file=None if row is None else BankFile.of(row))


class _LinePayload(Payload):
    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:
        row = await ctx.load(bank.bank_lines_by_id, entity_id)
        return cls(bank_line=None if row is None else BankLine.of(row))  # type: ignore[call-arg]


@strawberry.type(description="Answer of assignBankLine.", directives=_MANAGE)
class AssignBankLinePayload(_LinePayload):
    entity_type = "BankLine"
    bank_line: BankLine | None = strawberry.field(default=None, description="The line; null when refused.")


@strawberry.type(description="Answer of ignoreBankLine.", directives=_MANAGE)
class IgnoreBankLinePayload(_LinePayload):
    entity_type = "BankLine"
    bank_line: BankLine | None = strawberry.field(default=None, description="The line; null when refused.")


def _bytes_of(content: str) -> bytes:
    if len(content) > CONTENT_MAX:
        text = "The file is too large: {limit} characters of base64 at most."
        raise Refusal(ErrorCode.LIMIT_EXCEEDED, text, ("content",), limit=CONTENT_MAX)
    try:
        found = base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        raise Refusal(ErrorCode.INVALID, "The content is no base64.", ("content",)) from None
    if not found:
        raise Refusal(ErrorCode.INVALID, "The file is empty.", ("content",))
    return found


@strawberry.type
class BankMutations:
    @strawberry.mutation(
        description=(
            "Reads a file of our bank, whole or not at all. Certain lines become payments, the others wait; "
            "what is wrong is told by line and field."
        ),
        directives=[*_MANAGE, key_required()],
    )
    async def import_bank_file(
        self, info: Info, input: Annotated[ImportBankFileInput, strawberry.argument(description="The file.")]
    ) -> ImportBankFilePayload:
        if (input.upload_id is None) == (input.content is None):
            raise Refusal(ErrorCode.INVALID, "Give an upload or a content.", ("uploadId",))
        if input.upload_id is not None:
            key = decode_id(input.upload_id, "Upload", path=("uploadId",))
            file = await take_upload(info.context, key, ("uploadId",))
            done = await bank.import_bank_file(info.context, file.name, file.content)
        else:
            content = _bytes_of(input.content or "")
            done = await bank.import_bank_file(info.context, input.name or "", content)
        return await ImportBankFilePayload.of(info.context, done)

    @strawberry.mutation(
        description="Makes a waiting line a payment of a customer.", directives=[*_MANAGE, key_required()]
    )
    async def assign_bank_line(
        self, info: Info, input: Annotated[AssignBankLineInput, strawberry.argument(description="The line.")]
    ) -> AssignBankLinePayload:
        done = await bank.assign_bank_line(
            info.context,
            decode_id(input.bank_line_id, "BankLine", path=("bankLineId",)),
            decode_id(input.customer_id, "Customer", path=("customerId",)),
            input.received_on,
            wanted_of(input.matches),
        )
        return await AssignBankLinePayload.of(info.context, done)

    @strawberry.mutation(
        description="Puts a waiting line aside that is no customer's payment.",
        directives=[*_MANAGE, key_required()],
    )
    async def ignore_bank_line(
        self, info: Info, input: Annotated[IgnoreBankLineInput, strawberry.argument(description="The line.")]
    ) -> IgnoreBankLinePayload:
        key = decode_id(input.bank_line_id, "BankLine", path=("bankLineId",))
        done = await bank.ignore_bank_line(info.context, key, input.reason)
        return await IgnoreBankLinePayload.of(info.context, done)


@node_loader("BankFile")
async def _files(ctx: Context, keys: Sequence[UUID]) -> Sequence[BankFile | None]:
    return [None if row is None else BankFile.of(row) for row in await bank.bank_files_by_id(ctx, keys)]


@node_loader("BankLine")
async def _lines(ctx: Context, keys: Sequence[UUID]) -> Sequence[BankLine | None]:
    return [None if row is None else BankLine.of(row) for row in await bank.bank_lines_by_id(ctx, keys)]
