"""Whom and what a stored price rule is for: ids and codes of an input, looked up among what the viewer sees."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select

from models.customers import Customer, CustomerGroup
from models.customers_reads import visible_customers
from models.products import Product
from models.products_reads import visible_products
from resolvers.context import Context
from resolvers.products import category_tree
from rules.refusals import ErrorCode, Refusal

NAME_MAX = 200
PRIORITY_MAX = 1_000
NEVER = date(2999, 12, 31)


@dataclass(frozen=True, slots=True)
class Target:
    """As a client names it: customers, products and categories by id, groups and segments by code."""

    customer_id: UUID | None = None
    customer_group: str = ""
    segment: str = ""
    product_id: UUID | None = None
    category_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class FoundTarget:
    """As it is stored, and the category's path, which the rules compare."""

    customer_id: UUID | None
    customer_group_id: UUID | None
    segment: str | None
    product_id: UUID | None
    category_id: UUID | None
    category_path: str


def _unknown(field: str) -> Refusal:
    return Refusal(ErrorCode.NOT_FOUND, "Not found.", (field,))


async def find_target(
    ctx: Context, target: Target, products: Sequence[tuple[UUID, str]] = ()
) -> tuple[FoundTarget, list[Refusal]]:
    """
    What the input names, and a refusal for each name that is not the viewer's to see.

    Args:
        products: further products by id, each with the field that names it.
    """
    wrong: list[Refusal] = []
    group_id: UUID | None = None
    if target.customer_id is not None:
        statement = visible_customers(ctx.user).with_only_columns(Customer.id)
        if await ctx.session.scalar(statement.where(Customer.id == target.customer_id)) is None:
            wrong.append(_unknown("customerId"))
    if target.customer_group:
        group_id = await ctx.session.scalar(
            select(CustomerGroup.id).where(
                CustomerGroup.seller_id == ctx.user.seller_id, CustomerGroup.code == target.customer_group
            )
        )
        if group_id is None:
            wrong.append(_unknown("customerGroup"))
    named = [*products] if target.product_id is None else [*products, (target.product_id, "productId")]
    if named:
        statement = visible_products(ctx.user, ctx.today, ctx.locale).with_only_columns(Product.id)
        found = set(
            await ctx.session.scalars(
                statement.where(Product.id.in_([product_id for product_id, _ in named]))
            )
        )
        wrong += [_unknown(field) for product_id, field in named if product_id not in found]
    path = ""
    if target.category_id is not None:
        path = next((row.path for row in await category_tree(ctx) if row.id == target.category_id), "")
        if not path:
            wrong.append(_unknown("categoryId"))
    return (
        FoundTarget(
            target.customer_id, group_id, target.segment.strip() or None, target.product_id, target.category_id, path
        ),
        wrong,
    )  # fmt: skip


def checked_head(name: str, priority: int, segment: str) -> list[Refusal]:
    """What is wrong with a rule's name, priority and segment, beyond what its own rules say."""
    found = []
    if len(name) > NAME_MAX:
        found.append(Refusal(ErrorCode.INVALID, "This text is too long.", ("name",)))
    if abs(priority) > PRIORITY_MAX:
        text = "A priority lies between -{most} and {most}."
        found.append(Refusal(ErrorCode.INVALID, text, ("priority",), most=PRIORITY_MAX))
    if len(segment) > 64:
        found.append(Refusal(ErrorCode.INVALID, "This text is too long.", ("segment",)))
    return found


def day_after(last: date | None) -> date | None:
    """From the last day as people say it to the day after, as it is stored."""
    return None if last is None else min(last, NEVER) + timedelta(days=1)


def day_before(until: date | None) -> date | None:
    """From the day after the last, as it is stored, to the last as people say it."""
    return None if until is None else until - timedelta(days=1)
