"""Keeping rules of free goods and of charges: what is the same for both."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Protocol, TypeVar
from uuid import UUID

from sqlalchemy import Select, and_, or_, select

from models.charges import StoredChargeRule
from models.filters import escape_like
from models.free_goods import StoredFreeGoodsRule
from models.price_rules import rule_in_scope
from resolvers.context import Context, LockKind
from rules.refusals import ErrorCode, Refusal, StaleVersion
from rules.texts import fold

Rule = TypeVar("Rule", StoredChargeRule, StoredFreeGoodsRule)


class Ending(Protocol):
    @property
    def active_until(self) -> date | None: ...


def is_ended(row: Ending, today: date) -> bool:
    return row.active_until is not None and row.active_until <= today


def matching(
    statement: Select[*tuple[Any, ...]], table: Any, search: str | None, include_ended: bool, today: date
) -> Select[*tuple[Any, ...]]:
    """Those whose name has the text in it; those that ended only when asked."""
    if search:
        statement = statement.where(table.name_sort.like(f"%{escape_like(fold(search))}%", escape="\\"))
    return statement if include_ended else statement.where(_goes_on(table, today))


def _goes_on(table: Any, today: date) -> Any:
    return or_(table.active_until.is_(None), table.active_until > today)


async def lock_rule(ctx: Context, table: type[Rule], rule_id: UUID, expected_version: int) -> Rule:
    """
    The rule, locked for change.

    Raises, in this order: NOT_FOUND, StaleVersion, INVALID_TRANSITION where it has ended.
    """
    statement = select(table).where(table.id == rule_id, rule_in_scope(ctx.user, table))
    rule: Rule | None = await ctx.session.scalar(ctx.locked(LockKind.DOCUMENT, statement))
    if rule is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("ruleId",))
    if rule.version != expected_version:
        raise StaleVersion(rule.version)
    if is_ended(rule, ctx.today):
        raise Refusal(ErrorCode.INVALID_TRANSITION, "The rule has ended; make a new one.", ("ruleId",))
    return rule


async def warn_of_rivals(
    ctx: Context, rule: StoredChargeRule | StoredFreeGoodsRule, also: Sequence[str]
) -> None:
    """
    Rules of the same reach and priority: the newer one wins, and whoever saves is told.

    Args:
        also: the further columns in which rules have to agree to be rivals.
    """
    table: Any = type(rule)
    names = (
        "customer_id", "customer_group_id", "segment", "product_id", "category_id", "priority", *also,
    )  # fmt: skip
    same = [getattr(table, name).is_not_distinct_from(getattr(rule, name)) for name in names]
    until = rule.valid_until
    rivals = await ctx.session.scalars(
        select(table.name)
        .where(
            rule_in_scope(ctx.user, table),
            table.id != rule.id,
            _goes_on(table, ctx.today),
            and_(*same),
            or_(table.valid_until.is_(None), table.valid_until > rule.valid_from),
            table.valid_from < until if until is not None else table.valid_from.is_not(None),
        )
        .order_by(table.id)
        .limit(3)
    )
    for name in rivals:
        text = (
            "“{name}” is for the same buyers and goods with the same priority: the newer of the two applies."
        )
        ctx.warn(ErrorCode.ALREADY_EXISTS, text, ("priority",), name=name)
