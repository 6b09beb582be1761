"""What stored rules of free goods and of charges have in common: whom they reach, when, and who reads them."""

from typing import Any

from sqlalchemy import ColumnElement, any_, bindparam, or_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Date, String, Uuid

from auth.permissions import RowClass, Viewer
from models.customers import CustomerGroup
from models.customers_reads import customer_in_scope


def rule_in_scope(viewer: Viewer, table: Any) -> Any:
    """A rep reads the rules for everybody and for their own customers."""
    ours = table.seller_id == viewer.seller_id
    if viewer.row_class is RowClass.STAFF:
        return ours
    return ours & or_(table.customer_id.is_(None), customer_in_scope(viewer, table.customer_id))


def may_reach(table: Any) -> tuple[ColumnElement[bool], ...]:
    """
    The rules that may reach a buyer on some day between two: conditions of a select that joins the customer group.

    Parameters: `seller`, `customers` (ids), `groups` (codes), `first`, `last`.
    """
    first = bindparam("first", type_=Date)
    return (
        table.seller_id == bindparam("seller", type_=Uuid),
        or_(table.active_until.is_(None), table.active_until > first),
        table.valid_from <= bindparam("last", type_=Date),
        or_(table.valid_until.is_(None), table.valid_until > first),
        or_(
            table.customer_id.is_(None), table.customer_id == any_(bindparam("customers", type_=ARRAY(Uuid)))
        ),
        or_(
            table.customer_group_id.is_(None),
            CustomerGroup.code == any_(bindparam("groups", type_=ARRAY(String))),
        ),
    )


def reach_of(row: Any) -> dict[str, Any]:
    """The arguments that the pure rules share, of a row with its `group_code` and `category_path`."""

    def text(value: object) -> str:
        return "" if value is None else str(value)

    ends = [each for each in (row.valid_until, row.active_until) if each is not None]
    return {
        "id": text(row.id),
        "name": row.name,
        "priority": row.priority,
        "customer": text(row.customer_id),
        "customer_group": text(row.group_code),
        "segment": text(row.segment),
        "product": text(row.product_id),
        "category_path": text(row.category_path),
        "valid_from": row.valid_from,
        "valid_until": min(ends, default=None),
    }
