"""The sales agreement that a cart is ordered under, and the terms that an order by it takes over."""

from datetime import date, timedelta
from typing import Annotated

import strawberry

from auth.permissions import Permission as P
from resolvers import carts_agreements, carts_terms
from resolvers.context import Context
from schema.access import access
from schema.carts import Version, cart_payload
from schema.documents import DocumentDeliveryTerms, DocumentPaymentTerms, Instalment
from schema.ids import decode_id, encode_id
from schema.rows import fill

Info = strawberry.Info[Context, None]
_USE = [access(P.CARTS_USE)]


@strawberry.type(
    description="A sales agreement in force that the viewer's company may order under: its own, or that of a company "
    "above it.",
    directives=_USE,
)
class AgreementChoice:
    id: strawberry.ID = strawberry.field(description="The agreement's id, for setCartAgreement.")
    number: str = strawberry.field(description="Its number.")
    title: str = strawberry.field(
        description="What it is called; empty where it is of a company above, whose texts are its own."
    )
    is_shared: bool = strawberry.field(description="Whether it is of a company above the viewer's.")
    valid_to: date = strawberry.field(description="Its last day.")

    @classmethod
    def of(cls, row: carts_terms.AgreementChoice) -> "AgreementChoice":
        return fill(
            cls, row, id=encode_id("SalesAgreement", row.id), valid_to=row.valid_until - timedelta(days=1)
        )


@strawberry.type(
    description="The terms that the cart, ordered now, would have: those of the agreement that it is linked to, where "
    "that has any, or else the customer's own.",
    directives=_USE,
)
class CartTerms:
    agreement: AgreementChoice | None = strawberry.field(
        description="The agreement that the order would be linked to: the one chosen, or else the one that all of its "
        "lines consume."
    )
    is_own: bool = strawberry.field(
        description="Whether the customer's own terms hold whatever was agreed, as the seller's people chose."
    )
    payment_terms: DocumentPaymentTerms = strawberry.field(description="When it would be to be paid.")
    delivery_terms: DocumentDeliveryTerms = strawberry.field(description="How it would be delivered.")

    @classmethod
    def of(cls, row: carts_terms.CartTerms, is_own: bool) -> "CartTerms":
        instalments = [fill(Instalment, each) for each in row.payment.instalments]
        return cls(
            agreement=None if row.agreement is None else AgreementChoice.of(row.agreement),
            is_own=is_own,
            payment_terms=fill(DocumentPaymentTerms, row.payment, instalments=instalments),
            delivery_terms=fill(DocumentDeliveryTerms, row.delivery),
        )


@strawberry.input(description="The agreement to order the cart under.", directives=_USE)
class SetCartAgreementInput:
    agreement_id: strawberry.ID | None = strawberry.field(
        default=None, description="One of the cart's agreementChoices; null leaves it to each line."
    )
    keep_own_terms: bool = strawberry.field(
        default=False,
        description="The customer's own terms and addresses hold whatever was agreed; for the seller's people, in the "
        "customer's place.",
    )
    expected_version: int | None = Version


SetCartAgreementPayload = cart_payload("setCartAgreement")


@strawberry.type
class CartAgreementMutations:
    @strawberry.mutation(
        description="Chooses the sales agreement that all of the viewer's cart is ordered under: its commitments come "
        "first, and an order by the cart takes its terms.",
        directives=_USE,
    )
    async def set_cart_agreement(
        self,
        info: Info,
        input: Annotated[SetCartAgreementInput, strawberry.argument(description="The agreement.")],
    ) -> SetCartAgreementPayload:  # type: ignore[valid-type]
        key = None
        if input.agreement_id is not None:
            key = decode_id(input.agreement_id, "SalesAgreement", path=("agreementId",))
        done = await carts_agreements.set_agreement(
            info.context, key, input.keep_own_terms, input.expected_version
        )
        return await SetCartAgreementPayload.of(info.context, done)
