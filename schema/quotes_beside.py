"""What stands beside the offers of a quote: messages and files of both sides."""

from datetime import datetime

import strawberry

from auth.permissions import Permission as P
from models.quotes_messages_reads import AttachmentRow, MessageRow
from models.quotes_reads import QuoteRow
from resolvers import quotes_messages
from resolvers.context import Context
from resolvers.files import files_by_id
from resolvers.paging import PageArgs
from rules.quotes_messages import ATTACHMENTS_MAX, AttachmentPurpose
from schema.access import access, described_enum, list_size
from schema.connections import After, Before, Connection, First, Last, connection
from schema.ids import encode_id
from schema.jobs import FileLink
from schema.rows import fill

Info = strawberry.Info[Context, None]
_READ = [access(P.QUOTES_READ)]
_OURS = [access(P.QUOTES_MANAGE, P.QUOTES_APPROVE)]
described_enum(
    AttachmentPurpose,
    "What a file beside a quote is for.",
    {
        "INFORMATION": "To be looked at: drawings, lists, conditions.",
        "SIGNED_OFFER": "A signed copy of the offer, filed as evidence; it accepts nothing.",
    },
)
_AUTHOR = (
    "Who it is from. Of the customer's own people it is told to the seller, themselves and those who decide there;"
    " else empty."
)


@strawberry.type(description="Something that one side wrote about a quote.", directives=_READ)
class QuoteMessage:
    id: strawberry.ID = strawberry.field(description="Stable for ever.")
    created_at: datetime = strawberry.field(description="When.")
    is_ours: bool = strawberry.field(description="Whether it is from the seller's side.")
    is_internal: bool = strawberry.field(
        description="Whether it is for the seller's side alone.", directives=_OURS
    )
    body: str = strawberry.field(description="What it says, as plain text.")
    row: strawberry.Private[MessageRow]

    @classmethod
    def of(cls, row: MessageRow) -> "QuoteMessage":
        return fill(cls, row, id=encode_id("QuoteMessage", row.id), row=row)

    @strawberry.field(description=_AUTHOR)
    def author(self, info: Info) -> str:
        return quotes_messages.author_shown(info.context, self.row)


@strawberry.type(description="A file beside a quote.", directives=_READ)
class QuoteAttachment:
    id: strawberry.ID = strawberry.field(description="Stable for ever.")
    created_at: datetime = strawberry.field(description="When.")
    is_ours: bool = strawberry.field(description="Whether it is from the seller's side.")
    is_internal: bool = strawberry.field(
        description="Whether it is for the seller's side alone.", directives=_OURS
    )
    purpose: AttachmentPurpose = strawberry.field(description="What it is for.")
    row: strawberry.Private[AttachmentRow]

    @classmethod
    def of(cls, row: AttachmentRow) -> "QuoteAttachment":
        return fill(cls, row, id=encode_id("QuoteAttachment", row.id), row=row)

    @strawberry.field(description=_AUTHOR)
    def author(self, info: Info) -> str:
        return quotes_messages.author_shown(info.context, self.row)

    @strawberry.field(description="The file, to be downloaded.")
    async def file(self, info: Info) -> FileLink | None:
        row = await info.context.load(files_by_id, self.row.file_id)
        return None if row is None else fill(FileLink, row, row=row)


@strawberry.type(description="What stands beside the offers of a quote.", directives=_READ)
class QuoteBeside:
    row: strawberry.Private[QuoteRow]

    @strawberry.field(description="What both sides wrote, newest first.", directives=_READ)
    async def messages(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[QuoteMessage]:
        args = PageArgs(first, after, last, before)
        return connection(
            await quotes_messages.quote_messages(info.context, self.row.id, args), QuoteMessage.of
        )

    @strawberry.field(
        description=f"Files of both sides, oldest first; {ATTACHMENTS_MAX} at most.",
        directives=[*_READ, list_size(5)],
    )
    async def attachments(self, info: Info) -> list[QuoteAttachment]:
        rows = await info.context.load(quotes_messages.attachments_by_quote, self.row.id)
        return [QuoteAttachment.of(row) for row in rows]
