"""A sent revision as it is printed: what its rows copied, and who the two sides are."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from auth.permissions import Viewer
from models.quotes import Quote, QuoteRevision
from models.quotes_reads import quote_in_scope


@dataclass(frozen=True, slots=True)
class OfferHeadRow:
    revision_id: UUID
    quote_id: UUID
    customer_id: UUID
    number: str
    sent_at: datetime
    content_hash: bytes
    billing_address: dict[str, Any]
    seller_terms: dict[str, Any]


def visible_offers(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """The revisions that were sent, of quotes the viewer may see, newest first."""
    return (
        select(
            QuoteRevision.id, Quote.id, Quote.customer_id, Quote.number, QuoteRevision.sent_at,
            QuoteRevision.content_hash, QuoteRevision.billing_address, QuoteRevision.seller_terms,
        )
        .join(Quote, (Quote.id == QuoteRevision.quote_id) & (Quote.customer_id == QuoteRevision.customer_id))
        .where(quote_in_scope(viewer), QuoteRevision.sent_at.is_not(None))
        .order_by(QuoteRevision.number.desc())
    )  # fmt: skip
