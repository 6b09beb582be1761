"""Statements authored once for every shape of viewer, and run with the values of each."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from sqlalchemy import ARRAY, BindParameter, ColumnElement, Date, Select, String, Uuid, any_, bindparam

from auth.permissions import Viewer
from resolvers.context import Context

STATEMENTS_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Asked:
    """
    What a statement is authored with: parameters that stand for the viewer's ids, the day and the language.

    `viewer` has the class, grants and number of customers of the real ones, so the select functions of models
    decide on it as ever. A function that looked at an id itself would fail at once: a parameter has no truth.
    """

    viewer: Viewer
    today: Any
    locale: Any

    def one_of(self, column: Any, name: str = "keys", kind: Any = Uuid) -> ColumnElement[bool]:
        """The column is one of the keys; the text is the same for any number of them."""
        keys: BindParameter[Any] = bindparam(name, type_=ARRAY(kind))
        return cast("ColumnElement[bool]", column == any_(keys))


Statement = Select[*tuple[Any, ...]]
Author = Callable[[Asked], Statement]
# Authoring a select and naming it for SQLAlchemy's cache of compiled ones costs more than running it.
_authored: OrderedDict[Hashable, Statement] = OrderedDict()


def _many(name: str, ids: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(bindparam(f"{name}_{index}", type_=Uuid) for index in range(len(ids)))


def _asked(viewer: Viewer) -> Asked:
    standing: dict[str, Any] = {
        "user_id": bindparam("viewer_user_id", type_=Uuid),
        "seller_id": bindparam("viewer_seller_id", type_=Uuid),
        "customer_id": None if viewer.customer_id is None else bindparam("viewer_customer_id", type_=Uuid),
        "customer_ids": _many("viewer_customer", viewer.customer_ids),
        "sales_rep_ids": _many("viewer_rep", viewer.sales_rep_ids),
    }
    return Asked(
        replace(viewer, **standing), bindparam("today", type_=Date), bindparam("locale", type_=String)
    )


def _statement(author: Author, viewer: Viewer) -> Statement:
    shape = (
        author, viewer.row_class, frozenset(viewer.grants.items()), viewer.customer_id is None,
        len(viewer.customer_ids), len(viewer.sales_rep_ids),
    )  # fmt: skip
    found = _authored.get(shape)
    if found is not None:
        _authored.move_to_end(shape)
        return found
    made = _authored[shape] = author(_asked(viewer))
    if len(_authored) > STATEMENTS_MAX:
        _authored.popitem(last=False)
    return made


async def rows(ctx: Context, author: Author, **values: Any) -> Sequence[Any]:
    """
    The rows of a select of columns.

    Args:
        author: makes the select; a function of a module, for it is asked once per shape of viewer.
        values: of the parameters that the author put in besides the viewer's.
    """
    viewer = ctx.user
    given = {
        "viewer_user_id": viewer.user_id, "viewer_seller_id": viewer.seller_id,
        "viewer_customer_id": viewer.customer_id, "today": ctx.today, "locale": ctx.locale,
    }  # fmt: skip
    given |= {f"viewer_customer_{index}": each for index, each in enumerate(viewer.customer_ids)}
    given |= {f"viewer_rep_{index}": each for index, each in enumerate(viewer.sales_rep_ids)}
    return await ctx.session.rows(_statement(author, viewer), given | values)
