"""Reading trade agreements: journals and rows for those who keep them, and what holds for a price."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Date,
    Select,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    false,
    func,
    or_,
    select,
    text,
)

from auth.permissions import Viewer
from models.customers_reads import customer_in_scope
from models.rows import columns_of
from models.trade_agreements import (
    CustomerPricingGroup,
    ProductPricing,
    TradeAgreementJournal,
    TradeAgreementRow,
)
from rules.pricing_facts import PercentBase, Scope, TradeRelation, TradeRow
from rules.trade_rows import TradeJournalStatus


@dataclass(frozen=True, slots=True)
class JournalRow:
    id: UUID
    number: str
    description: str
    status: TradeJournalStatus
    version: int
    row_count: int
    created_at: datetime
    created_by_id: UUID
    posted_at: datetime | None
    posted_by_id: UUID | None


@dataclass(frozen=True, slots=True)
class TradeRowRow:
    """A stored row, draft or posted; `valid_until` is the first day without it."""

    id: UUID
    journal_id: UUID
    position: int
    is_posted: bool
    relation: TradeRelation
    customer_scope: Scope
    customer_id: UUID | None
    customer_group: str | None
    item_scope: Scope
    product_id: UUID | None
    item_group: str | None
    currency: str
    is_generic_currency: bool
    unit_code: str | None
    from_quantity: Decimal
    to_quantity: Decimal | None
    valid_from: date | None
    valid_until: date | None
    find_next: bool
    unit_price: Decimal | None
    price_unit: Decimal
    amount: Decimal
    percent1: Decimal
    percent2: Decimal
    percent_base: PercentBase
    replaces_id: UUID | None

    def as_rule(self, label: str = "") -> TradeRow:
        """The row as the rules know it."""
        return TradeRow(
            str(self.id), self.relation, self.customer_scope,
            str(self.customer_id) if self.customer_id is not None else self.customer_group or "",
            self.item_scope,
            str(self.product_id) if self.product_id is not None else self.item_group or "",
            self.currency, self.unit_code, self.from_quantity, self.to_quantity, self.valid_from, self.valid_until,
            self.find_next, self.unit_price, self.price_unit, self.amount, self.percent1, self.percent2,
            self.percent_base, self.is_generic_currency, label,
        )  # fmt: skip


def _of_no_other_s_customer(viewer: Viewer) -> ColumnElement[bool]:
    """Rows of customers whose rows the viewer may see, and of no customer in particular; never a buyer's business."""
    if not viewer.is_staff:
        return false()
    return or_(
        TradeAgreementRow.customer_id.is_(None), customer_in_scope(viewer, TradeAgreementRow.customer_id)
    )


def visible_journals(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """The journals the viewer may see, as columns of JournalRow."""
    statement = select(*columns_of(TradeAgreementJournal, JournalRow))
    if not viewer.is_staff:
        return statement.where(false())
    return statement.where(TradeAgreementJournal.seller_id == viewer.seller_id)


def visible_trade_rows(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """The rows the viewer may see, drafts too, as columns of TradeRowRow."""
    return select(*columns_of(TradeAgreementRow, TradeRowRow)).where(
        TradeAgreementRow.seller_id == viewer.seller_id, _of_no_other_s_customer(viewer)
    )


def holds_on(day: date) -> ColumnElement[bool]:
    table = TradeAgreementRow
    return and_(
        or_(table.valid_from.is_(None), table.valid_from <= day),
        or_(table.valid_until.is_(None), table.valid_until > day),
    )


def rows_by_cell(seller_id: UUID, day: date) -> Select[TradeRelation, Scope, Scope, int]:
    """How many posted rows hold on a day, by relation, customer scope and item scope."""
    table = TradeAgreementRow
    cell = (table.relation, table.customer_scope, table.item_scope)
    return (
        select(*cell, func.count())
        .where(table.seller_id == seller_id, table.is_posted, holds_on(day))
        .group_by(*cell)
    )


JOURNAL_COLUMNS: Mapping[str, Any] = {
    "status": TradeAgreementJournal.status,
    "number": TradeAgreementJournal.number,
}
ROW_COLUMNS: Mapping[str, Any] = {
    "relation": TradeAgreementRow.relation,
    "customer": TradeAgreementRow.customer_id,
    "customer_group": TradeAgreementRow.customer_group,
    "product": TradeAgreementRow.product_id,
    "item_group": TradeAgreementRow.item_group,
    "currency": TradeAgreementRow.currency,
    "journal": TradeAgreementRow.journal_id,
}


def key_of_customer(customer_id: UUID) -> str:
    return f"C:{customer_id}"


def key_of_product(product_id: UUID) -> str:
    return f"P:{product_id}"


def key_of_group(code: str) -> str:
    return f"G:{code}"


FOR_ALL = "ALL"


def _held_rows() -> Select[*tuple[Any, ...]]:
    table = TradeAgreementRow
    first, last = bindparam("first", type_=Date), bindparam("last", type_=Date)
    return (
        select(
            *columns_of(table, TradeRowRow),
            TradeAgreementJournal.number,
        )
        .join(TradeAgreementJournal, TradeAgreementJournal.id == table.journal_id)
        .where(
            table.is_posted,
            table.customer_key == any_(bindparam("customer_keys", type_=ARRAY(Text))),
            table.item_key == any_(bindparam("item_keys", type_=ARRAY(Text))),
            table.seller_id == bindparam("seller_id", type_=Uuid),
            or_(table.valid_from.is_(None), table.valid_from <= last),
            or_(table.valid_until.is_(None), table.valid_until > first),
        )
    )


# One statement for any number of customers and products; columns of TradeRowRow, and the number of the journal.
HELD_ROWS = _held_rows()
# Posted rows for the same customers and items: what a posting must not stand in the way of.
RIVAL_ROWS = (
    select(*columns_of(TradeAgreementRow, TradeRowRow))
    .where(
        TradeAgreementRow.is_posted,
        TradeAgreementRow.seller_id == bindparam("seller_id", type_=Uuid),
        TradeAgreementRow.customer_key == any_(bindparam("customer_keys", type_=ARRAY(Text))),
        TradeAgreementRow.item_key == any_(bindparam("item_keys", type_=ARRAY(Text))),
    )
    .order_by(TradeAgreementRow.id)
)

# Each customer with its ancestors, nearest first, and the groups that each of them is in.
GROUPS_UPWARDS = text(
    """
    with recursive up(customer_id, candidate, parent_id, level) as (
        select id, id, parent_id, 0 from customer where id = any(:customers)
        union all
        select up.customer_id, customer.id, customer.parent_id, up.level + 1
        from up join customer on customer.id = up.parent_id
        where up.level < 20
    )
    select up.customer_id, up.candidate, up.level, own.relation, own.group_code, own.priority
    from up left join customer_pricing_group own on own.customer_id = up.candidate
    order by up.customer_id, up.level, own.relation, own.priority desc, own.group_code
    """
).bindparams(bindparam("customers", type_=ARRAY(Uuid)))


@dataclass(frozen=True, slots=True)
class ProductPricingRow:
    """A product's groups for discounts; the defaults are those of a product of which nothing is said."""

    product_id: UUID
    line_discount_group: str = ""
    multiline_discount_group: str = ""
    is_in_total_discount: bool = True
    version: int = 0


PRICING_OF_PRODUCTS = select(*columns_of(ProductPricing, ProductPricingRow)).where(
    ProductPricing.product_id == any_(bindparam("products", type_=ARRAY(Uuid)))
)


@dataclass(frozen=True, slots=True)
class PricingGroupRow:
    customer_id: UUID
    relation: TradeRelation
    group_code: str
    priority: int


def visible_pricing_groups(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """The customers' own groups, as columns of PricingGroupRow, the deciding one first."""
    table = CustomerPricingGroup
    return (
        select(*columns_of(table, PricingGroupRow))
        .where(customer_in_scope(viewer, table.customer_id) if viewer.is_staff else false())
        .order_by(table.relation, table.priority.desc(), table.group_code)
    )
