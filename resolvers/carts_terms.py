"""What a cart's agreement says of it: those that may be chosen, and the terms that an order by it takes over."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import text

from models.customers_reads import AddressRow
from resolvers.context import Context
from resolvers.customers import (
    acting_customer,
    addresses_by_customer,
    delivery_terms_by_id,
    payment_terms_by_id,
)
from resolvers.house import as_house
from rules.documents import DocumentDeliveryTerms, DocumentPaymentTerms
from rules.refusals import ErrorCode, Refusal
from rules.sales_agreements import agreement_of_all
from rules.texts import fold

if TYPE_CHECKING:
    from resolvers.carts import CartRow, CartView

CHOICES_MAX = 50
PLACE_MAX = 200


@dataclass(frozen=True, slots=True)
class AgreementChoice:
    """
    An agreement in force that the buyer's company may order under.

    Args:
        title: empty where it is of a company above, whose texts are none of the buyer's.
        valid_until: the day after the last.
        payment_term_id, delivery_term_id: None leaves the customer's own.
        delivery_address: free text, or the label of one of the buyer's addresses; empty leaves the order's.
    """

    id: UUID
    number: str
    title: str
    is_shared: bool
    valid_until: date
    payment_term_id: UUID | None
    delivery_term_id: UUID | None
    delivery_address: str


_CHOICES = """
    with recursive up(id, parent_id, level) as (
        select id, parent_id, 0 from customer where id = :customer
        union all
        select customer.id, customer.parent_id, up.level + 1
        from customer join up on customer.id = up.parent_id where up.level < 20
    )
    select agreement.id, agreement.number, case when up.level = 0 then agreement.title else '' end, up.level > 0,
        agreement.valid_until, agreement.payment_term_id, agreement.delivery_term_id,
        coalesce(version.content ->> 'deliveryAddress', '')
    from up
    join sales_agreement agreement on agreement.customer_id = up.id and agreement.seller_id = :seller
        and agreement.status = 'EFFECTIVE' and agreement.currency = :currency and agreement.valid_until > :today
    left join agreement_version version on version.agreement_id = agreement.id and version.status = 'IN_FORCE'
    order by up.level, agreement.number
    limit :most
"""


async def choices_by_customer(ctx: Context, keys: Sequence[UUID]) -> list[list[AgreementChoice]]:
    """What the viewer's company may order under, its own first; nobody else's is told."""
    found: dict[UUID, list[AgreementChoice]] = {}
    if ctx.user.customer_id in keys:
        customer = await acting_customer(ctx)
        values = {
            "customer": customer.id, "seller": ctx.user.seller_id, "currency": customer.currency, "today": ctx.today,
            "most": CHOICES_MAX,
        }  # fmt: skip
        async with as_house(ctx) as session:
            rows = await session.execute(text(_CHOICES), values)
            found[customer.id] = [AgreementChoice(*row) for row in rows]
    return [found.get(key, []) for key in keys]


async def choice_of(ctx: Context, customer_id: UUID, agreement_id: UUID | None) -> AgreementChoice | None:
    """One of the choices; None where it is none, or not any more."""
    if agreement_id is None:
        return None
    choices: list[AgreementChoice] = await ctx.load(choices_by_customer, customer_id)
    return next((each for each in choices if each.id == agreement_id), None)


async def agreement_problem(ctx: Context, cart: "CartRow") -> Refusal | None:
    """That the agreement chosen for the cart ended meanwhile."""
    if cart.agreement_id is None or await choice_of(ctx, cart.customer_id, cart.agreement_id) is not None:
        return None
    told = "The agreement chosen is not in force any more; choose another, or none."
    return Refusal(ErrorCode.INVALID, told, ("agreementId",))


@dataclass(frozen=True, slots=True)
class CartTerms:
    """
    What an order by the cart copies: terms, and where the goods go; None where the company has no address.

    `agreement` is the one that the order is linked to: the one chosen, or else the one that all of its lines consume.
    Its terms hold unless the cart keeps the customer's own; a delivery address that the buyer chose holds always.
    """

    agreement: AgreementChoice | None
    payment: DocumentPaymentTerms
    delivery: DocumentDeliveryTerms
    address: AddressRow | None


async def cart_terms(ctx: Context, view: "CartView") -> CartTerms:
    """The terms that the cart, ordered now, would have."""
    cart, customer = view.row, await acting_customer(ctx)
    linked = cart.agreement_id
    if linked is None:
        common = agreement_of_all(line.priced.linking for line in view.lines if line.priced is not None)
        linked = None if common is None else UUID(common)
    agreement = await choice_of(ctx, customer.id, linked)
    held = None if cart.keeps_own_terms else agreement
    payment = await ctx.load(payment_terms_by_id, (held and held.payment_term_id) or customer.payment_term_id)
    delivery = await ctx.load(
        delivery_terms_by_id, (held and held.delivery_term_id) or customer.delivery_term_id
    )
    assert payment is not None and delivery is not None, "terms exist by foreign key"
    addresses: list[AddressRow] = await ctx.load(addresses_by_customer, customer.id)
    address = next((each for each in addresses if each.id == cart.delivery_address_id), None)
    if address is None:
        address = next(iter(addresses), None)
        wanted = "" if held is None else " ".join(held.delivery_address.split())
        named = next((each for each in addresses if wanted and fold(each.label) == fold(wanted)), None)
        if named is not None:
            address = named
        elif wanted:
            # Words that are no address of the customer's say where the risk passes: the terms' place.
            delivery = replace(delivery, place=wanted[:PLACE_MAX])
    return CartTerms(agreement, payment, delivery, address)
