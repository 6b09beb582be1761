"""What every document copies of its parties: addresses and terms."""

from decimal import Decimal
from typing import Any

import strawberry

from auth.permissions import Permission as P
from rules import documents
from schema.access import access, list_size
from schema.rows import fill

_READ = [access(P.ORDERS_READ)]


@strawberry.type(description="An address as the document copied it.", directives=_READ)
class DocumentAddress:
    label: str = strawberry.field(description="What the company called it.")
    name: str = strawberry.field(description="Whom it named.")
    street: str = strawberry.field(description="Street and number.")
    postal_code: str = strawberry.field(description="Postal code.")
    city: str = strawberry.field(description="City.")
    region: str = strawberry.field(description="Region; may be empty.")
    country: str = strawberry.field(description="Country, ISO 3166-1 alpha-2.")
    phone: str = strawberry.field(description="Telephone; may be empty.")


@strawberry.type(description="A part of the total and when it is due after the invoice.", directives=_READ)
class Instalment:
    share_percent: Decimal = strawberry.field(description="Its share of the total, in percent.")
    due_days: int = strawberry.field(description="Days after the invoice.")
    end_of_month: bool = strawberry.field(description="Whether it then waits for the end of the month.")
    payment_day: int | None = strawberry.field(
        description="The day of the month it then waits for; null for none."
    )


@strawberry.type(description="Payment terms as the document copied them.", directives=_READ)
class DocumentPaymentTerms:
    code: str = strawberry.field(description="Their code.")
    name: str = strawberry.field(description="Their name.")
    instalments: list[Instalment] = strawberry.field(
        description="The parts of the total.", directives=[list_size(12)]
    )


def address_of(stored: dict[str, Any]) -> DocumentAddress:
    """An address as a document stored it."""
    return fill(DocumentAddress, documents.DocumentAddress.from_json(stored))


def payment_terms_of(stored: dict[str, Any]) -> DocumentPaymentTerms:
    """Payment terms as a document stored them."""
    terms = documents.DocumentPaymentTerms.from_json(stored)
    return fill(
        DocumentPaymentTerms, terms, instalments=[fill(Instalment, each) for each in terms.instalments]
    )


@strawberry.type(description="Delivery terms as the document copied them.", directives=_READ)
class DocumentDeliveryTerms:
    code: str = strawberry.field(description="Their code.")
    name: str = strawberry.field(description="Their name.")
    incoterm: str = strawberry.field(description="The Incoterms 2020 rule.")
    place: str = strawberry.field(description="The place it names.")


def delivery_terms_of(stored: dict[str, Any]) -> DocumentDeliveryTerms:
    """Delivery terms as a document stored them."""
    return fill(DocumentDeliveryTerms, documents.DocumentDeliveryTerms.from_json(stored))
