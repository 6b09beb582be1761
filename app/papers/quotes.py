"""An offer as the customer has it: each revision that was sent, by its id, and the present one by the number."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from babel.dates import format_date
from babel.numbers import format_currency, format_decimal
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from app.database import Database
from app.papers.press import Press
from app.papers.routes import Paper, PaperKind, press_paper, read_as_viewer
from auth.permissions import Permission
from models.quotes_reads import QuoteLineRow
from resolvers.context import Context
from resolvers.quotes_document import PrintedOffer, offer_of_number, printed_offer
from rules.documents import DocumentAddress

_REGION = {"es": "es_ES", "en": "en_GB"}


async def revision_paper(ctx: Context, revision_id: UUID) -> Paper | None:
    """A revision that was sent, in the customer's language."""
    offer = await printed_offer(ctx, revision_id)
    return None if offer is None else offer_paper(offer)


def offer_paper(offer: PrintedOffer, locale: str = "") -> Paper:
    """In the customer's language, where no other that we speak is asked for."""
    locale = locale if locale in _REGION else offer.customer_locale
    name = offer.number if offer.revision.number == 1 else f"{offer.number}-v{offer.revision.number}"
    return Paper(name, "quote.typ", _Told(offer, locale).data(), offer.sent_at)


def quote_paper_routes(
    database: Database, clock: Callable[[], datetime], press: Press | None = None
) -> Sequence[BaseRoute]:
    """
    GET /quotes/{number}.pdf, with ?locale=en or es: what the customer has now.

    Nobody learns whether there is a quote that they may not see.
    """
    shared = press or Press()

    async def paper(request: Request) -> Response:
        number, locale = request.path_params["number"], request.query_params.get("locale", "")

        async def read(ctx: Context) -> Paper | None:
            offer = await offer_of_number(ctx, number)
            return None if offer is None else offer_paper(offer, locale)

        found = await read_as_viewer(request, database, clock, Permission.PRICES_READ, read)
        return await press_paper(request, shared, found)

    return [Route("/quotes/{number}.pdf", paper, methods=["GET"])]


class _Told:
    """The offer as texts in a language."""

    def __init__(self, offer: PrintedOffer, locale: str) -> None:
        self.offer = offer
        self.locale = locale if locale in _REGION else "es"

    def data(self) -> dict[str, object]:
        offer, revision = self.offer, self.offer.revision
        taken = [line for line in offer.lines if not line.is_optional and line.alternative_to is None]
        return {
            "locale": self.locale,
            "number": offer.number,
            "revision": str(revision.number),
            "seller": {
                "name": offer.seller.name,
                "tax_id": offer.seller.tax_id,
                "contact": offer.seller.email,
                "lines": [offer.seller.street, f"{offer.seller.postal_code} {offer.seller.city}"],
            },
            "customer": {
                "name": offer.customer_name,
                "lines": [*_lines(offer.billing_address), offer.customer_tax_id],
            },
            "address": {"name": offer.delivery_address.name, "lines": _lines(offer.delivery_address)},
            "customer_number": offer.customer_number,
            "day": self.day(offer.sent_on),
            "valid_until": self.day(revision.valid_until),
            "requested": "" if revision.requested_on is None else self.day(revision.requested_on),
            "payment": offer.payment_terms,
            "delivery": offer.delivery_terms,
            "message": revision.message,
            "lines": [self.line(line) for line in offer.lines],
            "has_choices": len(taken) < len(offer.lines),
            "discount": "" if not revision.discount_percent else self.percent(revision.discount_percent),
            "net": self.money(revision.net_amount),
            "tax": self.money(revision.tax_amount),
            "gross": self.money(revision.gross_amount),
            "terms": offer.terms_in(self.locale),
            "hash": offer.content_hash,
        }

    def line(self, line: QuoteLineRow) -> dict[str, object]:
        return {
            "position": str(line.position),
            "sku": line.sku,
            "own": line.customer_item_number or "",
            "description": line.description,
            "quantity": self.number(line.quantity),
            "unit": line.unit_code,
            "price": self.price(line.unit_price),
            "per": "" if line.price_unit == 1 else self.number(line.price_unit),
            "percent": self.percent(line.tax_percent),
            "net": self.money(line.net_amount),
            "day": self.own_day(line),
            "is_free": line.is_free,
            "is_optional": line.is_optional,
            "alternative_to": "" if line.alternative_to is None else str(line.alternative_to),
        }

    def own_day(self, line: QuoteLineRow) -> str:
        """Where it is another than the whole's."""
        on = line.requested_on
        return "" if on is None or on == self.offer.revision.requested_on else self.day(on)

    def day(self, value: date) -> str:
        return format_date(value, "long", locale=self.locale)

    def money(self, amount: Decimal) -> str:
        return format_currency(amount, self.offer.revision.currency, locale=_REGION[self.locale])

    def price(self, amount: Decimal) -> str:
        """With as many decimals as it has, and those of its currency at least."""
        exponent = self.offer.revision.currency_exponent
        scale = amount.normalize().as_tuple().exponent
        digits = max(exponent, -scale if isinstance(scale, int) else 0)
        return format_decimal(
            round(amount, digits), format=f"#,##0.{'0' * digits}", locale=_REGION[self.locale]
        )

    def number(self, quantity: Decimal) -> str:
        return format_decimal(quantity.normalize(), locale=_REGION[self.locale], decimal_quantization=False)

    def percent(self, value: Decimal) -> str:
        return f"{self.number(value)} %"


def _lines(address: DocumentAddress) -> list[str]:
    return [
        address.street,
        f"{address.postal_code} {address.city}",
        f"{address.region} {address.country}".strip(),
    ]


QUOTES = PaperKind("quotes", "QuoteRevision", Permission.PRICES_READ, revision_paper)
