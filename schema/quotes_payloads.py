"""What the acts on quotes share: their inputs' fields, and the payload that answers with the quote."""

from typing import Self
from uuid import UUID

import strawberry

from resolvers.context import Context
from resolvers.quotes import quotes_by_id
from schema.ids import decode_id
from schema.payloads import Payload
from schema.quotes import Quote


def of_quote() -> strawberry.ID:
    return strawberry.field(description="The quote.")  # type: ignore[no-any-return]


def version_seen() -> int:
    return strawberry.field(description="The quote's version you saw; a newer one is refused.")  # type: ignore[no-any-return]


def why() -> str:
    return strawberry.field(description="Why, 500 characters; kept and shown.")  # type: ignore[no-any-return]


def remark() -> str:
    return strawberry.field(default="", description="A remark, 500 characters; kept and shown.")  # type: ignore[no-any-return]


class QuotePayload(Payload):
    entity_type = "Quote"

    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:
        row = await ctx.load(quotes_by_id, entity_id)
        return cls(quote=None if row is None else Quote.of(row))  # type: ignore[call-arg]


def one_quote() -> Quote | None:
    return strawberry.field(default=None, description="The quote; null when refused.")  # type: ignore[no-any-return]


def quote_key(text: strawberry.ID) -> UUID:
    return decode_id(text, "Quote", path=("quoteId",))
