"""Products as the viewer may see them: what they are, what they cost, whether they are there."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry

from auth.permissions import Permission as P
from models.products import Product as ProductTable
from models.products_reads import CategoryRow, ProductRow
from models.stock_reads import WarehouseRow
from resolvers import pricing, products, stock, trade_agreements
from resolvers.context import Context
from resolvers.paging import PageArgs, SortKey
from resolvers.promises import PromiseKey
from resolvers.suppliers import sources_by_product
from rules.pricing_facts import Rung
from rules.states import AvailabilityBand, ProductKind, RelationKind
from schema.access import access, described_enum, list_size
from schema.connections import After, Before, Connection, First, Last, SortDirection, connection
from schema.enums import ProductKindFilter
from schema.filters import BooleanFilter, IDFilter, StringFilter, one_key_of, where_of
from schema.ids import Node, encode_id, node_loader, try_decode_id
from schema.prices import TRACE, PriceStep, steps_of
from schema.pricing_groups import ProductPricing
from schema.rows import fill
from schema.scalars import Money

if TYPE_CHECKING:
    from schema.suppliers import SupplierProduct

Info = strawberry.Info[Context, None]
_CATALOG = [access(P.CATALOG_READ)]
_PRICES = [access(P.PRICES_READ)]


@strawberry.type(description="A node of the category tree.", directives=_CATALOG)
class ProductCategory(Node):
    code: str = strawberry.field(description="Its code, unique for the seller.")
    name: str = strawberry.field(description="Its name in the viewer's language.")
    level: int = strawberry.field(description="How deep it lies; 0 at the top.")
    parent_id: strawberry.ID | None = strawberry.field(description="The category above; null at the top.")

    @classmethod
    def of(cls, row: CategoryRow) -> "ProductCategory":
        return cls(
            id=encode_id("ProductCategory", row.id),
            code=row.code,
            name=row.name,
            level=row.path.count("/") - 2,
            parent_id=None if row.parent_id is None else encode_id("ProductCategory", row.parent_id),
        )


@strawberry.type(description="How a product is counted.", directives=_CATALOG)
class UnitOfMeasure:
    code: str = strawberry.field(description="Its code, as orders take it.")
    name: str = strawberry.field(description="Its name, in the seller's language.")
    decimals: int = strawberry.field(description="How many decimals a quantity in it may have.")


@strawberry.type(description="Another unit in which a product may be ordered.", directives=_CATALOG)
class ProductUnit:
    unit: str = strawberry.field(description="The unit's code.")
    factor: Decimal = strawberry.field(description="How many of the product's own unit one of it is.")


@strawberry.type(description="A property of a product.", directives=_CATALOG)
class ProductAttribute:
    name: str = strawberry.field(description="The property's name in the viewer's language.")
    value: str = strawberry.field(description="Its value.")


@strawberry.type(description="A picture of a product.", directives=_CATALOG)
class Picture:
    url: str = strawberry.field(description="Where to get it, with the viewer's own session or token.")
    alt: str = strawberry.field(description="What it shows: the product's name.")


DeliveryPromiseType = Annotated["DeliveryPromise", strawberry.lazy("schema.availability")]  # type: ignore[name-defined]  # noqa: F821


@strawberry.type(description="A warehouse.", directives=[access(P.STOCK_QUANTITY_READ, P.ORDERS_READ)])
class Warehouse(Node):
    code: str = strawberry.field(description="Its code.")
    name: str = strawberry.field(description="Its name.")
    city: str = strawberry.field(description="Where it is.")

    @classmethod
    def of(cls, row: WarehouseRow) -> "Warehouse":
        return fill(cls, row, id=encode_id("Warehouse", row.id))


@strawberry.type(
    description="A product's stock in one warehouse, in its own unit.",
    directives=[access(P.STOCK_QUANTITY_READ)],
)
class WarehouseStock:
    warehouse: Warehouse = strawberry.field(description="The warehouse.")
    on_hand: Decimal = strawberry.field(description="What lies there.")
    reserved: Decimal = strawberry.field(description="What of it is held for orders.")
    free: Decimal = strawberry.field(description="On hand less reserved.")


@strawberry.type(description="What lies in a warehouse of one lot.", directives=[access(P.LOTS_READ)])
class LotStock:
    lot_number: str = strawberry.field(description="The lot's number.")
    expires_on: date | None = strawberry.field(description="The day it expires; null where it does not.")
    warehouse: Warehouse = strawberry.field(description="The warehouse.")
    on_hand: Decimal = strawberry.field(description="What lies there, in the product's own unit.")


@strawberry.type(description="Whether a product is there.", directives=[access(P.STOCK_READ)])
class Availability:
    band: AvailabilityBand | None = strawberry.field(
        description="How much is free, without a figure; null where your company is told nothing of stock."
    )
    allows_backorder: bool = strawberry.field(description="Whether more than what is free may be ordered.")
    free: Decimal = strawberry.field(
        description="What is free in all warehouses, in the product's own unit.",
        directives=[access(P.STOCK_QUANTITY_READ)],
    )
    product_id: strawberry.Private[UUID]
    product: strawberry.Private[ProductRow]

    @strawberry.field(
        description="When a quantity could be had, if it alone were ordered now; null for services, for what is"
        " not above zero, and where your company is told nothing of stock."
    )
    async def promise(
        self,
        info: Info,
        quantity: Annotated[
            Decimal, strawberry.argument(description="How many, in the product's own unit.")
        ] = Decimal(1),
        requested_on: Annotated[
            date | None,
            strawberry.argument(description="The day of receipt asked for; null: as early as possible."),
        ] = None,
    ) -> DeliveryPromiseType | None:
        from schema.availability import promise_of

        return await promise_of(info.context, PromiseKey(self.product, quantity, requested_on))

    @strawberry.field(description="By warehouse.", directives=[access(P.STOCK_QUANTITY_READ), list_size(20)])
    def by_warehouse(self, info: Info) -> list[WarehouseStock]:
        return info.context.soon(_stock_by_warehouse, self.product_id)  # type: ignore[no-any-return]

    @strawberry.field(
        description="By lot, first to expire first.", directives=[access(P.LOTS_READ), list_size(50)]
    )
    async def lots(self, info: Info) -> list[LotStock]:
        places = {row.id: row for row in await stock.warehouses_in_use(info.context)}
        rows = await info.context.load(stock.lots_by_product, self.product_id)
        return [
            LotStock(
                lot_number=row.number,
                expires_on=row.expires_on,
                warehouse=Warehouse.of(places[row.warehouse_id]),
                on_hand=row.on_hand,
            )
            for row in rows
            if row.warehouse_id in places
        ]


@strawberry.type(description="A price from a quantity on, before promotions.", directives=_PRICES)
class PriceBreak:
    from_quantity: Decimal = strawberry.field(
        description="The quantity it begins at, in the product's own unit."
    )
    unit_price: Money = strawberry.field(description="The price of `priceUnit` units.")
    price_unit: Decimal = strawberry.field(description="How many units the price is for.")
    more: Decimal = strawberry.field(
        description="How many units more than asked it takes; 0 where the quantity asked reaches it."
    )
    saves_percent: Decimal = strawberry.field(
        description="What a unit costs less, in percent with 2 decimals: as `nextBreak` less than now, among `breaks` "
        "less than on the first; negative where it costs more."
    )

    @classmethod
    def of(cls, row: Rung, currency: str) -> "PriceBreak":
        return fill(cls, row, unit_price=Money.of(row.unit_price, currency))


@strawberry.type(
    description="What a product costs the viewer's company today, before tax.", directives=_PRICES
)
class ProductPrice:
    price_unit: Decimal = strawberry.field(description="How many units the price is for.")
    quantity: Decimal = strawberry.field(description="The quantity asked, in the product's own unit.")
    tax_percent: Decimal = strawberry.field(description="The rate of value added tax, in percent.")
    offer: strawberry.Private[pricing.Offer]

    @classmethod
    def of(cls, offer: pricing.Offer) -> "ProductPrice":
        return fill(cls, offer, price_unit=offer.price.price_unit, offer=offer)

    def _money(self, amount: Decimal) -> Money:
        return Money.of(amount, self.offer.currency)

    @strawberry.field(description="The price of `priceUnit` units at the quantity asked.")
    def unit_price(self) -> Money:
        return self._money(self.offer.price.unit_price)

    @strawberry.field(description="The list price at that quantity.")
    def list_unit_price(self) -> Money:
        return self._money(self.offer.price.list_unit_price)

    @strawberry.field(description="What the quantity costs.")
    def net_amount(self) -> Money:
        return self._money(self.offer.price.net_amount)

    @strawberry.field(
        description="Your prices by quantity, by list and trade agreements; none where a sales agreement sets it.",
        directives=[list_size(10)],
    )
    def breaks(self) -> list[PriceBreak]:
        return [PriceBreak.of(each, self.offer.currency) for each in self.offer.ladder()]

    @strawberry.field(description="From how many on it is cheaper; null at the last.")
    def next_break(self) -> PriceBreak | None:
        found = self.offer.price.next_break
        return None if found is None else PriceBreak.of(found, self.offer.currency)

    @strawberry.field(description=TRACE, directives=[list_size(5)])
    def steps(self, info: Info) -> list[PriceStep]:
        return steps_of(info.context, self.offer.price.steps, self.offer.currency)


@strawberry.type(description="A product.", directives=_CATALOG)
class Product(Node):
    sku: str = strawberry.field(description="Our number of it.")
    name: str = strawberry.field(description="Its name in the viewer's language.")
    description: str = strawberry.field(description="What it is, in the viewer's language; may be empty.")
    brand: str = strawberry.field(description="Its brand; may be empty.")
    kind: ProductKind = strawberry.field(description="Goods or a service.")
    barcode: str | None = strawberry.field(description="Its GTIN; null where it has none.")
    pack_size: Decimal = strawberry.field(description="Quantities are multiples of this, in its own unit.")
    weight_kg: Decimal | None = strawberry.field(description="Weight of one unit, in kilograms.")
    is_lot_tracked: bool = strawberry.field(description="Whether it is stored by lot.")
    shelf_life_days: int | None = strawberry.field(
        description="How long it keeps, in days; null where it does."
    )
    row: strawberry.Private[ProductRow]

    @classmethod
    def of(cls, row: ProductRow) -> "Product":
        return fill(cls, row, id=encode_id("Product", row.id), row=row)

    @strawberry.field(description="Whether it is still sold.")
    def is_active(self, info: Info) -> bool:
        return self.row.active_until is None or self.row.active_until > info.context.today

    @strawberry.field(description="Its place in the category tree.")
    async def category(self, info: Info) -> ProductCategory:
        row = await info.context.load(products.categories_by_id, self.row.category_id)
        assert row is not None, "a product's category exists by foreign key"
        return ProductCategory.of(row)

    @strawberry.field(description="The unit it is counted in.")
    async def unit(self, info: Info) -> UnitOfMeasure:
        row = await info.context.load(products.units_by_code, self.row.unit_code)
        assert row is not None, "a product's unit exists by foreign key"
        return fill(UnitOfMeasure, row)

    @strawberry.field(description="Other units it may be ordered in.", directives=[list_size(5)])
    async def units(self, info: Info) -> list[ProductUnit]:
        rows = await info.context.load(products.units_by_product, self.row.id)
        return [ProductUnit(unit=row.unit_code, factor=row.factor) for row in rows]

    @strawberry.field(
        description="What the viewer's company calls it; null where it does not, and for staff."
    )
    async def customer_item_number(self, info: Info) -> str | None:
        return await info.context.load(products.item_numbers_by_product, self.row.id)

    @strawberry.field(description="Its properties.", directives=[list_size(20)])
    async def attributes(self, info: Info) -> list[ProductAttribute]:
        return [
            fill(ProductAttribute, row)
            for row in await info.context.load(products.attributes_by_product, self.row.id)
        ]

    @strawberry.field(description="Its pictures, the main one first.", directives=[list_size(5)])
    async def pictures(self, info: Info) -> list[Picture]:
        rows = await info.context.load(products.pictures_by_product, self.row.id)
        return [Picture(url=f"/files/{row.file_id}", alt=self.name) for row in rows]

    @strawberry.field(
        description="What it costs the viewer's company today; null where no price is in force.",
        directives=_PRICES,
    )
    def price(
        self,
        info: Info,
        quantity: Annotated[
            Decimal | None,
            strawberry.argument(description="For how many, in its own unit; one pack when nothing is said."),
        ] = None,
    ) -> ProductPrice | None:
        return info.context.soon(_prices, (self.row, quantity))  # type: ignore[no-any-return]

    @strawberry.field(
        description="What it counts as for trade agreements.", directives=[access(P.TRADE_AGREEMENTS_READ)]
    )
    async def pricing(self, info: Info) -> ProductPricing:
        return ProductPricing.of(await info.context.load(trade_agreements.pricing_by_product, self.row.id))

    @strawberry.field(
        description="Who sells it to us, the preferred source first.",
        directives=[access(P.PURCHASING_READ), list_size(5)],
    )
    async def sources(
        self, info: Info
    ) -> list[Annotated["SupplierProduct", strawberry.lazy("schema.suppliers")]]:
        from schema.suppliers import SupplierProduct

        rows = await info.context.load(sources_by_product, self.row.id)
        return [SupplierProduct.of(row) for row in rows]

    @strawberry.field(description="Whether it is there.", directives=[access(P.STOCK_READ)])
    def availability(self, info: Info) -> Availability:
        return info.context.soon(_availabilities, self.row)  # type: ignore[no-any-return]

    @strawberry.field(description="Products that go with it or stand in for it.", directives=[list_size(10)])
    async def related(self, info: Info) -> list["RelatedProduct"]:
        rows = await info.context.load(products.relations_by_product, self.row.id)
        found = await info.context.loader(products.products_by_id).load_many(
            [row.related_product_id for row in rows]
        )
        return [
            RelatedProduct(kind=row.kind, product=Product.of(product))
            for row, product in zip(rows, found, strict=True)
            if product is not None
        ]

    @strawberry.field(
        description="What a unit costs us today; null where it is not known.",
        directives=[access(P.COSTS_READ)],
    )
    async def standard_cost(self, info: Info) -> Money | None:
        row = await info.context.load(products.costs_by_product, self.row.id)
        return None if row is None else Money.of(row.unit_cost, row.currency)


@strawberry.type(description="A product with how it is related.", directives=_CATALOG)
class RelatedProduct:
    kind: RelationKind = strawberry.field(description="How it is related.")
    product: Product = strawberry.field(description="The related product.")


async def _prices(
    ctx: Context, keys: Sequence[tuple[ProductRow, Decimal | None]]
) -> list[ProductPrice | None]:
    return [None if each is None else ProductPrice.of(each) for each in await pricing.offers(ctx, keys)]


async def _availabilities(ctx: Context, keys: Sequence[ProductRow]) -> list[Availability]:
    found = await stock.free_by_product(ctx, keys)
    return [
        fill(Availability, row, product_id=product.id, product=product)
        for product, row in zip(keys, found, strict=True)
    ]


async def _stock_by_warehouse(ctx: Context, keys: Sequence[UUID]) -> list[list[WarehouseStock]]:
    places = {row.id: Warehouse.of(row) for row in await stock.warehouses_in_use(ctx)}
    balances = await ctx.loader(stock.balances_by_product).load_many(keys)
    return [
        [
            WarehouseStock(
                warehouse=places[row.warehouse_id], on_hand=row.on_hand, reserved=row.reserved, free=row.free
            )
            for row in found
        ]
        for found in balances
    ]


class ProductOrderField(StrEnum):
    NAME = "NAME"
    SKU = "SKU"
    CREATED_AT = "CREATED_AT"


described_enum(
    ProductOrderField,
    "What products may be ordered by; with a search and no order, the best hits come first.",
    {
        "NAME": "By name, as Spanish sorts.",
        "SKU": "By our number.",
        "CREATED_AT": "By the time they were added.",
    },
)
_SORTS = {
    ProductOrderField.NAME: ProductTable.name_sort,
    ProductOrderField.SKU: ProductTable.sku,
    ProductOrderField.CREATED_AT: ProductTable.created_at,
}


@strawberry.input(description="An order of products.", directives=_CATALOG)
class ProductOrder:
    field: ProductOrderField = strawberry.field(description="By what.")
    direction: SortDirection = strawberry.field(default=SortDirection.ASC, description="Which way.")


@strawberry.input(description="Conditions on products; all must hold.", directives=_CATALOG)
class ProductWhere:
    category: IDFilter | None = strawberry.field(
        default=None, description="In one of these categories or below them."
    )
    sku: StringFilter | None = strawberry.field(default=None, description="On our number.")
    name: StringFilter | None = strawberry.field(
        default=None, description="On the name in the seller's language."
    )
    brand: StringFilter | None = strawberry.field(default=None, description="On the brand.")
    barcode: StringFilter | None = strawberry.field(default=None, description="On the barcode.")
    kind: ProductKindFilter | None = strawberry.field(default=None, description="On the kind.")
    in_stock: BooleanFilter | None = strawberry.field(
        default=None, description="Whether something of it is free."
    )
    purchased: BooleanFilter | None = strawberry.field(
        default=None, description="Whether the viewer's company has bought it before."
    )


@strawberry.input(description="Names one product.", one_of=True, directives=_CATALOG)
class ProductBy:
    id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="Its global id.")
    sku: str | None = strawberry.field(
        default=strawberry.UNSET, description="Our number; case and separators do not matter."
    )
    barcode: str | None = strawberry.field(default=strawberry.UNSET, description="Its barcode.")
    customer_item_number: str | None = strawberry.field(
        default=strawberry.UNSET, description="The viewer's company's own number of it."
    )


async def product_row(ctx: Context, by: ProductBy) -> ProductRow | None:
    """The product that a lookup names, if the viewer sees it."""
    kind, value = one_key_of(by)
    if kind != "id":
        return await products.product_by(ctx, kind, value)
    key = try_decode_id(value, "Product")
    return None if key is None else await ctx.load(products.products_by_id, key)


@strawberry.type
class ProductQueries:
    @strawberry.field(description="The products you may see.", directives=_CATALOG)
    async def products(
        self,
        info: Info,
        where: Annotated[ProductWhere | None, strawberry.argument(description="Which ones.")] = None,
        search: Annotated[
            str | None,
            strawberry.argument(
                description="Words, parts of codes, a barcode or your own item number; typos and accents are forgiven."
            ),
        ] = None,
        order_by: Annotated[
            list[ProductOrder] | None, strawberry.argument(description="By name when nothing is said.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Product]:
        within = None
        if where is not None and where.category is not None:
            ids = where.category.to_model("ProductCategory")
            within = ids.in_ if ids.in_ is not None else () if ids.eq is None else (ids.eq,)
            where.category = None
        sort = [
            SortKey(each.field.value, _SORTS[each.field], each.direction is SortDirection.DESC)
            for each in order_by or ()
        ]
        args = PageArgs(first, after, last, before)
        page = await products.products(info.context, where_of(where), within, search, sort, args)
        return connection(page, Product.of)

    @strawberry.field(description="One product; null where there is none you may see.", directives=_CATALOG)
    async def product(
        self, info: Info, by: Annotated[ProductBy, strawberry.argument(description="Which one.")]
    ) -> Product | None:
        row = await product_row(info.context, by)
        return None if row is None else Product.of(row)

    @strawberry.field(
        description="The whole category tree, parents before children.",
        directives=[access(P.CATALOG_READ), list_size(200)],
    )
    async def product_categories(self, info: Info) -> list[ProductCategory]:
        return [ProductCategory.of(row) for row in await products.category_tree(info.context)]

    @strawberry.field(
        description="The warehouses in use.", directives=[access(P.STOCK_QUANTITY_READ), list_size(20)]
    )
    async def warehouses(self, info: Info) -> list[Warehouse]:
        return [Warehouse.of(row) for row in await stock.warehouses_in_use(info.context)]


@node_loader("Product")
async def products_of(ctx: Context, keys: Sequence[UUID]) -> Sequence[Product | None]:
    return [None if row is None else Product.of(row) for row in await products.products_by_id(ctx, keys)]


@node_loader("ProductCategory")
async def _categories(ctx: Context, keys: Sequence[UUID]) -> Sequence[ProductCategory | None]:
    return [
        None if row is None else ProductCategory.of(row) for row in await products.categories_by_id(ctx, keys)
    ]


@node_loader("Warehouse")
async def _warehouses(ctx: Context, keys: Sequence[UUID]) -> Sequence[Warehouse | None]:
    return [None if row is None else Warehouse.of(row) for row in await stock.warehouses_by_id(ctx, keys)]
