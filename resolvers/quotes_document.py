"""An offer as it is printed: gathered from what its rows copied, with who the two sides are."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select

from models.quotes import Quote, QuoteRevision
from models.quotes_document_reads import OfferHeadRow, visible_offers
from models.quotes_reads import QuoteLineRow, RevisionRow
from resolvers.context import Context
from resolvers.customers import SellerRow, customers_by_id, seller
from resolvers.quotes import quote_lines_by_revision, revisions_by_id
from rules.documents import DocumentAddress, DocumentDeliveryTerms, DocumentPaymentTerms


@dataclass(frozen=True, slots=True)
class PrintedOffer:
    """All that the paper of a sent revision says; `sent_on` is the day where the seller is."""

    number: str
    revision: RevisionRow
    lines: list[QuoteLineRow]
    sent_at: datetime
    sent_on: date
    content_hash: str
    seller: SellerRow
    customer_name: str
    customer_number: str
    customer_tax_id: str
    customer_locale: str
    billing_address: DocumentAddress
    delivery_address: DocumentAddress
    payment_terms: str
    delivery_terms: str
    seller_terms: dict[str, Any]

    def terms_in(self, locale: str) -> str:
        """The seller's terms in a language, else in whichever they were written; empty where there are none."""
        return str(self.seller_terms.get(locale) or next(iter(self.seller_terms.values()), ""))


async def printed_offer(ctx: Context, revision_id: UUID) -> PrintedOffer | None:
    """A revision that was sent; None for one that was not, and for what cannot be seen."""
    return await _read(ctx, visible_offers(ctx.user).where(QuoteRevision.id == revision_id))


async def offer_of_number(ctx: Context, number: str) -> PrintedOffer | None:
    """What the customer has of a quote: the revision that was sent last."""
    return await _read(ctx, visible_offers(ctx.user).where(Quote.number == number).limit(1))


async def _read(ctx: Context, statement: Select[*tuple[Any, ...]]) -> PrintedOffer | None:
    found = (await ctx.session.execute(statement)).first()
    if found is None:
        return None
    head = OfferHeadRow(*found)
    revision = await ctx.load(revisions_by_id, head.revision_id)
    customer = await ctx.load(customers_by_id, head.customer_id)
    assert revision is not None and customer is not None, "whoever sees an offer sees its customer"
    billing = DocumentAddress.from_json(head.billing_address)
    delivery = DocumentDeliveryTerms.from_json(revision.delivery_terms)
    return PrintedOffer(
        number=head.number,
        revision=revision,
        lines=await ctx.load(quote_lines_by_revision, revision.id),
        sent_at=head.sent_at,
        sent_on=head.sent_at.astimezone(ctx.zone).date(),
        content_hash=head.content_hash.hex(),
        seller=await seller(ctx),
        customer_name=customer.name,
        customer_number=customer.number,
        customer_tax_id=customer.tax_id or "",
        customer_locale=customer.locale,
        billing_address=billing,
        delivery_address=DocumentAddress.from_json(revision.delivery_address),
        payment_terms=DocumentPaymentTerms.from_json(revision.payment_terms).name,
        delivery_terms=" ".join(part for part in (delivery.incoterm, delivery.place, delivery.name) if part),
        seller_terms=head.seller_terms,
    )
