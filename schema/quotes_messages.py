"""Writing to the other side of a quote, and putting files beside it."""

from typing import Annotated

import strawberry

from auth.permissions import Permission as P
from resolvers import quotes_messages
from resolvers.context import Context
from rules.quotes_messages import ATTACHMENTS_MAX, BODY_MAX, AttachmentPurpose
from schema.access import access
from schema.ids import decode_id
from schema.quotes import Quote
from schema.quotes_payloads import QuotePayload, of_quote, one_quote, quote_key

Info = strawberry.Info[Context, None]
_BOTH = [access(P.QUOTES_ANSWER, P.QUOTES_MANAGE, P.QUOTES_APPROVE)]


@strawberry.input(description="A message about a quote.", directives=_BOTH)
class AddQuoteMessageInput:
    quote_id: strawberry.ID = of_quote()
    body: str = strawberry.field(description=f"What to say, 1 to {BODY_MAX} characters of plain text.")
    is_internal: bool = strawberry.field(
        default=False, description="For the seller's side alone; refused from a customer."
    )


@strawberry.type(description="Answer of addQuoteMessage.", directives=_BOTH)
class AddQuoteMessagePayload(QuotePayload):
    quote: Quote | None = one_quote()


@strawberry.input(description="A file to be put beside a quote.", directives=_BOTH)
class AddQuoteAttachmentInput:
    quote_id: strawberry.ID = of_quote()
    upload_id: strawberry.ID = strawberry.field(
        description="A file that was sent to /upload?for=attachment: PDF, PNG, JPEG, CSV or XLSX by its content."
    )
    purpose: AttachmentPurpose = strawberry.field(
        default=AttachmentPurpose.INFORMATION,
        description="What it is for; a signed offer is filed by the seller, and accepts nothing.",
    )
    is_internal: bool = strawberry.field(
        default=False, description="For the seller's side alone; refused from a customer."
    )


@strawberry.type(description="Answer of addQuoteAttachment.", directives=_BOTH)
class AddQuoteAttachmentPayload(QuotePayload):
    quote: Quote | None = one_quote()


@strawberry.type
class QuoteMessageMutations:
    @strawberry.mutation(
        description="Writes to the other side of a quote, or a note for the seller's side alone.",
        directives=_BOTH,
    )
    async def add_quote_message(
        self,
        info: Info,
        input: Annotated[AddQuoteMessageInput, strawberry.argument(description="What to say.")],
    ) -> AddQuoteMessagePayload:
        done = await quotes_messages.add_quote_message(
            info.context, quote_key(input.quote_id), input.body, input.is_internal
        )
        return await AddQuoteMessagePayload.of(info.context, done)

    @strawberry.mutation(
        description=f"Puts a file beside a quote, 10 MB at most, {ATTACHMENTS_MAX} a quote.", directives=_BOTH
    )
    async def add_quote_attachment(
        self,
        info: Info,
        input: Annotated[AddQuoteAttachmentInput, strawberry.argument(description="Which file, and why.")],
    ) -> AddQuoteAttachmentPayload:
        upload = decode_id(input.upload_id, "Upload", path=("uploadId",))
        done = await quotes_messages.add_quote_attachment(
            info.context, quote_key(input.quote_id), upload, input.purpose, input.is_internal
        )
        return await AddQuoteAttachmentPayload.of(info.context, done)
