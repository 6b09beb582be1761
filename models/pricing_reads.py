"""Who buys, and which kinds of price rules there are for them: the read that says which others are needed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Date, String, Uuid, bindparam, column, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from rules.pricing_facts import GroupMembership, TradeRelation


@dataclass(frozen=True, slots=True)
class PartyRow:
    """
    Who buys, as prices see them, and of what there may be any; what is certainly not there need not be read.

    Args:
        chain: the customer's id, then its ancestors', nearest first; empty for nobody in particular.
        groups: of trade agreements, by relation; where it has none for one, its nearest ancestor's that has.
        has_segments, has_charges: whether the seller has any at all; the others: any that may reach this buyer.
    """

    chain: tuple[UUID, ...] = ()
    groups: Mapping[TradeRelation, tuple[GroupMembership, ...]] = field(default_factory=dict)
    customer_group: str = ""
    is_first_order: bool = False
    has_segments: bool = False
    has_trade_rows: bool = False
    has_commitments: bool = False
    has_discounts: bool = False
    has_free_goods: bool = False
    has_charges: bool = False

    @property
    def group_codes(self) -> tuple[str, ...]:
        """The codes of its groups of trade agreements, of all relations."""
        return tuple(sorted({each.code for groups in self.groups.values() for each in groups}))

    @property
    def has_categories(self) -> bool:
        """Whether any rule may ask in which category a product is."""
        return self.has_commitments or self.has_discounts or self.has_free_goods or self.has_charges


# Each "is there any" stops at the first row of an index. Validity is asked where few rows can have ended: of trade
# agreements many may, and looking through them would cost more than the read it saves.
PARTY = (
    text(
        """
        with recursive up(candidate, parent_id, level) as (
            select id, parent_id, 0 from customer where id = :customer
            union all
            select customer.id, customer.parent_id, up.level + 1
            from up join customer on customer.id = up.parent_id
            where up.level < 20
        ),
        own as (
            select up.level, own.relation, own.group_code, own.priority
            from up join customer_pricing_group own on own.customer_id = up.candidate
        )
        select
            array(select candidate from up order by level) as chain,
            (
                select jsonb_agg(
                    jsonb_build_array(level, relation, group_code, priority)
                    order by level, relation, priority desc, group_code
                ) from own
            ) as groups,
            coalesce((
                select customer_group.code from customer
                join customer_group on customer_group.id = customer.customer_group_id where customer.id = :customer
            ), '') as customer_group,
            not exists (
                select from sales_order where customer_id = :customer and status not in ('REFUSED', 'CANCELLED')
            ) as is_first_order,
            exists (select from segment where seller_id = :seller) as has_segments,
            exists (
                select from trade_agreement_row where is_posted and seller_id = :seller and customer_key = any (
                    array(
                        select 'ALL' union all select 'C:' || candidate from up
                        union all select 'G:' || group_code from own
                    )
                )
            ) as has_trade_rows,
            exists (
                select from agreement_line where customer_id = any (array(select candidate from up)) and is_active
                    and valid_until > :first
            ) as has_commitments,
            exists (
                select from discount_rule where seller_id = :seller and is_active
                    and (valid_from is null or valid_from <= :today) and (valid_until is null or valid_until > :today)
            ) as has_discounts,
            exists (
                select from free_goods_rule where seller_id = :seller and valid_from <= :today
                    and (valid_until is null or valid_until > :today)
                    and (active_until is null or active_until > :today)
            ) as has_free_goods,
            exists (select from charge_rule where seller_id = :seller) as has_charges
        """
    )
    .bindparams(
        bindparam("customer", type_=Uuid), bindparam("seller", type_=Uuid),
        bindparam("first", type_=Date), bindparam("today", type_=Date),
    )
    .columns(
        column("chain", ARRAY(Uuid)), column("groups", JSONB), column("customer_group", String),
        *(
            column(each, Boolean)
            for each in (
                "is_first_order", "has_segments", "has_trade_rows", "has_commitments", "has_discounts",
                "has_free_goods", "has_charges",
            )
        ),
    )
)  # fmt: skip


def party_of(row: Sequence[Any]) -> PartyRow:
    """A row of `PARTY`."""
    chain, groups, customer_group, is_first_order, *there_are = row
    level_of: dict[TradeRelation, int] = {}
    found: dict[TradeRelation, list[GroupMembership]] = {}
    for level, relation, code, priority in groups or ():
        kind = TradeRelation(relation)
        if level_of.setdefault(kind, level) == level:
            found.setdefault(kind, []).append(GroupMembership(code, priority))
    return PartyRow(
        tuple(dict.fromkeys(chain)),
        MappingProxyType({kind: tuple(each) for kind, each in found.items()}),
        customer_group,
        is_first_order and bool(chain),
        *there_are,
    )


def party_asked(customer_id: UUID | None, seller_id: UUID, first: date, today: date) -> dict[str, Any]:
    """The parameters of `PARTY`; `first` is the earliest day on which anything leaves."""
    return {"customer": customer_id, "seller": seller_id, "first": first, "today": today}
