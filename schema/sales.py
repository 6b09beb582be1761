"""What was sold, summed: a customer's years and favourites, and who buys most."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

import strawberry

from auth.permissions import Permission as P
from models.sales_reads import FavouriteRow, SalesYearRow, TopCustomerRow
from resolvers import sales
from resolvers.context import Context
from resolvers.customers import customers_by_id
from resolvers.products import products_by_id
from schema.access import access, list_size
from schema.customers import Customer
from schema.products import Product
from schema.rows import fill
from schema.scalars import Money

Info = strawberry.Info[Context, None]
_READ = [access(P.SALES_HISTORY_READ)]


@strawberry.type(description="What a customer bought in a year, in one currency.", directives=_READ)
class SalesYear:
    year: int = strawberry.field(description="The year, at the seller.")
    net_amount: Money = strawberry.field(description="What it came to before tax, cancellations taken off.")
    documents: int = strawberry.field(description="How many documents it stands on.")

    @classmethod
    def of(cls, row: SalesYearRow) -> "SalesYear":
        return fill(cls, row, net_amount=Money.of(row.net_amount, row.currency))


@strawberry.type(description="A product that a customer buys often.", directives=_READ)
class Favourite:
    times_bought: int = strawberry.field(description="On how many documents it was sold.")
    quantity: Decimal = strawberry.field(description="How many, in its own unit, what came back taken off.")
    last_bought_at: datetime = strawberry.field(description="When it was last bought.")
    row: strawberry.Private[FavouriteRow]

    @classmethod
    def of(cls, row: FavouriteRow) -> "Favourite":
        return fill(cls, row, row=row)

    @strawberry.field(
        description="The product; null where you may not see it any more.",
        directives=[access(P.CATALOG_READ)],
    )
    async def product(self, info: Info) -> Product | None:
        row = await info.context.load(products_by_id, self.row.product_id)
        return None if row is None else Product.of(row)


@strawberry.type(description="A customer, and what they bought of late.", directives=_READ)
class TopCustomer:
    net_amount: Money = strawberry.field(description="What it came to before tax, cancellations taken off.")
    row: strawberry.Private[TopCustomerRow]

    @classmethod
    def of(cls, row: TopCustomerRow) -> "TopCustomer":
        return cls(net_amount=Money.of(row.net_amount, row.currency), row=row)

    @strawberry.field(description="The customer.", directives=[access(P.CUSTOMERS_READ)])
    async def customer(self, info: Info) -> Customer | None:
        row = await info.context.load(customers_by_id, self.row.customer_id)
        return None if row is None else Customer.of(row)


@strawberry.type
class SalesQueries:
    @strawberry.field(
        description="The customers you may see who bought most within the last 365 days, in the seller's currency.",
        directives=[access(P.STAFF), list_size(20)],
    )
    async def top_customers(
        self, info: Info, first: Annotated[int, strawberry.argument(description="How many, 20 at most.")] = 5
    ) -> list[TopCustomer]:
        return [TopCustomer.of(row) for row in await sales.top_of_the_year(info.context, first)]
