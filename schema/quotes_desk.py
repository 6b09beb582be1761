"""That a customer read what was offered."""

from typing import Annotated

import strawberry

from auth.permissions import Permission as P
from resolvers import quotes_desk
from resolvers.context import Context
from schema.access import access
from schema.quotes import Quote
from schema.quotes_payloads import QuotePayload, of_quote, one_quote, quote_key

Info = strawberry.Info[Context, None]
_ANSWER = [access(P.QUOTES_ANSWER)]


@strawberry.input(description="A quote whose offer you read.", directives=_ANSWER)
class MarkQuoteOpenedInput:
    quote_id: strawberry.ID = of_quote()


@strawberry.type(description="Answer of markQuoteOpened.", directives=_ANSWER)
class MarkQuoteOpenedPayload(QuotePayload):
    quote: Quote | None = one_quote()


@strawberry.type
class QuoteDeskMutations:
    @strawberry.mutation(
        description="Says that you read the present offer, as a portal does when it shows it: the seller sees when that"
        " was for the first time. It changes nothing of the quote.",
        directives=_ANSWER,
    )
    async def mark_quote_opened(
        self,
        info: Info,
        input: Annotated[MarkQuoteOpenedInput, strawberry.argument(description="Which one.")],
    ) -> MarkQuoteOpenedPayload:
        done = await quotes_desk.mark_quote_opened(info.context, quote_key(input.quote_id))
        return await MarkQuoteOpenedPayload.of(info.context, done)
