"""The terms that sales agreements in force bring, whoever of the company's line of parents holds them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, text

from resolvers.context import Context, LockedSession


@dataclass(frozen=True, slots=True)
class AgreedTerms:
    """What an agreement says of payment and delivery; None, or an empty Incoterm, leaves the customer's own."""

    payment_term_id: UUID | None
    incoterm: str


_AGREED = text(
    """
    with recursive up(id, parent_id, level) as (
        select id, parent_id, 0 from customer where id = :customer
        union all
        select customer.id, customer.parent_id, up.level + 1
        from customer join up on customer.id = up.parent_id where up.level < 20
    )
    select agreement.id, agreement.payment_term_id, coalesce(delivery_term.incoterm, '')
    from sales_agreement agreement
    join up on up.id = agreement.customer_id
    left join delivery_term on delivery_term.id = agreement.delivery_term_id
    where agreement.id = any (:agreements) and agreement.seller_id = :seller and agreement.status = 'EFFECTIVE'
        and agreement.valid_from <= :today and agreement.valid_until > :today
    """
).bindparams(bindparam("agreements", type_=ARRAY(Uuid)))


async def agreed_terms(
    ctx: Context, session: LockedSession, customer_id: UUID, agreements: Sequence[UUID]
) -> dict[UUID, AgreedTerms]:
    """The terms of those of the agreements that hold for the customer today; read as the house."""
    values = {
        "customer": customer_id, "agreements": list(agreements), "seller": ctx.user.seller_id, "today": ctx.today,
    }  # fmt: skip
    found = await session.execute(_AGREED, values)
    return {row[0]: AgreedTerms(row[1], row[2]) for row in found}
