"""What both sources write alike: products, the assortment they are sold in, and past sales."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from app.imports.ground import UNIT, Ground
from models.products import AssortmentProduct
from models.sales_history import SalesHistory
from rules.states import ProductKind
from rules.texts import item_key, sort_key

PRODUCT_INITIAL = (
    "seller_id", "kind", "sku", "sku_key", "tax_category_id", "unit_code", "pack_size", "is_lot_tracked",
    "out_of_stock_policy", "created_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Article:
    product_id: UUID
    sku: str
    name: str


def product_values(ground: Ground, article: Article, **given: Any) -> dict[str, Any]:
    """A product's columns; those of PRODUCT_INITIAL are the house's to change afterwards."""
    return {
        "id": article.product_id, "seller_id": ground.store.seller_id, "kind": ProductKind.GOODS, "sku": article.sku,
        "sku_key": item_key(article.sku), "name": article.name, "name_sort": sort_key(article.name),
        "description": "", "brand": "", "tax_category_id": ground.tax_category_id, "unit_code": UNIT,
        "pack_size": Decimal(1), "is_lot_tracked": False, "out_of_stock_policy": None,
        "created_at": ground.store.now,
    } | given  # fmt: skip


async def put_assortment(ground: Ground, product_ids: Iterable[UUID]) -> None:
    rows = [{"assortment_id": ground.assortment_id, "product_id": each} for each in product_ids]
    await ground.store.put(
        AssortmentProduct,
        rows,
        keys=("assortment_id", "product_id"),
        where=AssortmentProduct.assortment_id == ground.assortment_id,
    )


async def put_history(ground: Ground, lines: list[dict[str, Any]]) -> None:
    """Lines of the source into the sales history; `source_key` tells them apart."""
    store = ground.store
    rows = [
        line | {"seller_id": store.seller_id, "source": store.namespace, "currency": store.currency}
        for line in lines
    ]
    await store.put(
        SalesHistory,
        rows,
        keys=("source_key",),
        initial=("seller_id", "source", "currency"),
        where=(SalesHistory.seller_id == store.seller_id) & (SalesHistory.source == store.namespace),
    )
