"""Products: lists, search and what hangs from them."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context as DecimalContext
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, String, or_, select

from models.customers import CustomerItemNumber
from models.customers_reads import item_numbers
from models.filters import Where, conditions
from models.products import (
    Product,
    ProductAttribute,
    ProductPicture,
    ProductRelation,
    ProductUnit,
    StandardCost,
    UnitOfMeasure,
)
from models.products_reads import (
    CategoryRow,
    ProductRow,
    categories,
    in_category,
    product_columns,
    visible_products,
)
from models.rows import by_key, columns_of, grouped
from models.search import search_hits
from resolvers.context import Context
from resolvers.paging import Page, PageArgs, SortKey, page
from resolvers.statements import Asked, rows
from rules.refusals import ErrorCode, Path, Refusal
from rules.states import RelationKind
from rules.texts import item_key

SEARCH_CHARACTERS_MAX = 200
_WIDE = DecimalContext(prec=60)
# The score of a hit in the page's order; product_id breaks ties.
RELEVANCE = "RELEVANCE"


async def products(
    ctx: Context,
    where: Where | None,
    category_ids: tuple[UUID, ...] | None,
    search: str | None,
    sort: Sequence[SortKey] | None,
    args: PageArgs,
) -> Page[ProductRow]:
    """The products the viewer may see; by relevance when they are searched for and no order is asked."""
    statement = visible_products(ctx.user, ctx.today, ctx.locale).where(
        conditions(where, product_columns(ctx.user))
    )
    if category_ids is not None:
        statement = statement.where(in_category(category_ids))
    keys = list(sort or ())
    if search and search.strip():
        if len(search) > SEARCH_CHARACTERS_MAX:
            text = "A search has {limit} characters at most."
            raise Refusal(ErrorCode.LIMIT_EXCEEDED, text, ("search",), limit=SEARCH_CHARACTERS_MAX)
        viewer = ctx.user
        hits = search_hits(viewer.customer_id, viewer.seller_id, search, ctx.locale).subquery("hits")
        statement = statement.join(hits, hits.c.product_id == Product.id)
        keys = keys or [SortKey(RELEVANCE, hits.c.score, descending=True)]
    keys = keys or [SortKey("NAME", Product.name_sort)]
    # The same direction throughout lets a page be one range of an index.
    return await page(
        ctx, statement, [*keys, SortKey("id", Product.id, keys[0].descending)], args, ProductRow
    )


async def products_by_id(ctx: Context, keys: Sequence[UUID]) -> list[ProductRow | None]:
    found = await rows(ctx, _products_by_id, keys=list(keys))
    return by_key(keys, (ProductRow(*each) for each in found))


def _products_by_id(asked: Asked) -> Any:
    return visible_products(asked.viewer, asked.today, asked.locale).where(asked.one_of(Product.id))


async def _one(ctx: Context, condition: ColumnElement[bool]) -> ProductRow | None:
    statement = visible_products(ctx.user, ctx.today, ctx.locale).where(condition)
    found = (await ctx.session.execute(statement.order_by(Product.id).limit(1))).first()
    return None if found is None else ProductRow(*found)


async def product_by(ctx: Context, kind: str, value: str) -> ProductRow | None:
    """One product by `sku`, `barcode` or `customer_item_number`."""
    if kind == "sku":
        return await _one(ctx, Product.sku_key == item_key(value))
    if kind == "barcode":
        return await _one(ctx, Product.barcode == value.strip())
    own = item_numbers(ctx.user).subquery()
    return await _one(ctx, Product.id.in_(select(own.c.product_id).where(own.c.item_key == item_key(value))))


async def products_by_code(ctx: Context, codes: Sequence[str]) -> dict[str, ProductRow]:
    """
    The products that people mean by these codes: our SKU, their own item number, or a barcode.

    Args:
        codes: as typed; compared without case and separators.
    Returns:
        By item_key of the code; the customer's own number wins over our SKU, that over a barcode. Two statements.
    """
    keys = {item_key(code) for code in codes if item_key(code)}
    if not keys:
        return {}
    own = item_numbers(ctx.user).where(CustomerItemNumber.item_key.in_(keys))
    mine = {product_id: key for product_id, _, key in await ctx.session.execute(own)}
    statement = visible_products(ctx.user, ctx.today, ctx.locale).where(
        or_(Product.sku_key.in_(keys), Product.barcode.in_(keys), Product.id.in_(mine))
    )
    rows = [ProductRow(*each) for each in await ctx.session.execute(statement)]
    found = {row.barcode: row for row in rows if row.barcode in keys}
    found |= {item_key(row.sku): row for row in rows if item_key(row.sku) in keys}
    found |= {mine[row.id]: row for row in rows if row.id in mine}
    return {key: row for key, row in found.items() if key is not None}


async def category_tree(ctx: Context) -> list[CategoryRow]:
    """The whole tree, parents first; read once per operation."""
    return await ctx.load(_trees, ctx.user.seller_id)


async def _trees(ctx: Context, keys: Sequence[UUID]) -> list[list[CategoryRow]]:
    rows = [CategoryRow(*each) for each in await ctx.session.execute(categories(ctx.user, ctx.locale))]
    return [rows for _ in keys]


async def categories_by_id(ctx: Context, keys: Sequence[UUID]) -> list[CategoryRow | None]:
    return by_key(keys, await category_tree(ctx))


@dataclass(frozen=True, slots=True)
class UnitRow:
    code: str
    name: str
    decimals: int


async def check_decimals(ctx: Context, sku: str, unit_code: str, quantity: Decimal, path: Path) -> None:
    """Refuses a quantity with more decimals than its unit has."""
    unit = await ctx.load(units_by_code, unit_code)
    assert unit is not None, "a line's unit exists by its product's foreign key"
    # Any quantity that can be written fits; whether there is so much is judged elsewhere.
    if quantity != quantity.quantize(Decimal(1).scaleb(-unit.decimals), context=_WIDE):
        text = "The quantity of {sku} ({unit}) may have {decimals} decimals at most."
        raise Refusal(ErrorCode.QUANTITY_INVALID, text, path, sku=sku, unit=unit.code, decimals=unit.decimals)


async def units_by_code(ctx: Context, keys: Sequence[str]) -> list[UnitRow | None]:
    found = await rows(ctx, _units, keys=list(keys))
    return by_key(keys, (UnitRow(*each) for each in found), "code")


def _units(asked: Asked) -> Any:
    return select(*columns_of(UnitOfMeasure, UnitRow)).where(asked.one_of(UnitOfMeasure.code, kind=String))


@dataclass(frozen=True, slots=True)
class ProductUnitRow:
    product_id: UUID
    unit_code: str
    factor: Decimal


async def units_by_product(ctx: Context, keys: Sequence[UUID]) -> list[list[ProductUnitRow]]:
    statement = select(*columns_of(ProductUnit, ProductUnitRow)).where(ProductUnit.product_id.in_(keys))
    rows = await ctx.session.execute(statement.order_by(ProductUnit.product_id, ProductUnit.factor))
    return grouped(keys, (ProductUnitRow(*each) for each in rows), "product_id")


@dataclass(frozen=True, slots=True)
class AttributeRow:
    product_id: UUID
    name: str
    value: str


async def attributes_by_product(ctx: Context, keys: Sequence[UUID]) -> list[list[AttributeRow]]:
    """In the reader's language; a product whose attributes are in one language only shows that."""
    table = ProductAttribute
    statement = select(table.product_id, table.name, table.value, table.locale).where(
        table.product_id.in_(keys)
    )
    rows = (
        await ctx.session.execute(statement.order_by(table.product_id, table.position, table.locale))
    ).all()
    translated = {product_id for product_id, _, _, locale in rows if locale == ctx.locale}
    chosen = (
        AttributeRow(product_id, name, value)
        for product_id, name, value, locale in rows
        if locale == ctx.locale or product_id not in translated
    )
    return grouped(keys, chosen, "product_id")


@dataclass(frozen=True, slots=True)
class PictureRow:
    product_id: UUID
    file_id: UUID


async def pictures_by_product(ctx: Context, keys: Sequence[UUID]) -> list[list[PictureRow]]:
    statement = select(*columns_of(ProductPicture, PictureRow)).where(ProductPicture.product_id.in_(keys))
    rows = await ctx.session.execute(statement.order_by(ProductPicture.product_id, ProductPicture.position))
    return grouped(keys, (PictureRow(*each) for each in rows), "product_id")


@dataclass(frozen=True, slots=True)
class RelationRow:
    product_id: UUID
    kind: RelationKind
    related_product_id: UUID


async def relations_by_product(ctx: Context, keys: Sequence[UUID]) -> list[list[RelationRow]]:
    table = ProductRelation
    statement = select(*columns_of(table, RelationRow)).where(table.product_id.in_(keys))
    rows = await ctx.session.execute(
        statement.order_by(table.product_id, table.kind, table.position, table.related_product_id)
    )
    return grouped(keys, (RelationRow(*each) for each in rows), "product_id")


async def item_numbers_by_product(ctx: Context, keys: Sequence[UUID]) -> list[str | None]:
    """What the viewer's company calls the products."""
    if ctx.user.customer_id is None:
        return [None] * len(keys)
    found = {product_id: number for product_id, number, _ in await rows(ctx, _item_numbers, keys=list(keys))}
    return [found.get(key) for key in keys]


def _item_numbers(asked: Asked) -> Any:
    return item_numbers(asked.viewer).where(asked.one_of(CustomerItemNumber.product_id))


@dataclass(frozen=True, slots=True)
class CostRow:
    product_id: UUID
    unit_cost: Decimal
    currency: str


async def costs_by_product(ctx: Context, keys: Sequence[UUID]) -> list[CostRow | None]:
    """The standard cost in force today."""
    table = StandardCost
    statement = select(*columns_of(table, CostRow)).where(
        table.product_id.in_(keys),
        table.valid_from <= ctx.today,
        or_(table.valid_until.is_(None), table.valid_until > ctx.today),
    )
    return by_key(keys, (CostRow(*each) for each in await ctx.session.execute(statement)), "product_id")
