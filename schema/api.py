"""The schema, put together from its subjects. The object is called `api`."""

import strawberry

from schema.api_clients import ApiClientMutations, ApiClientQueries
from schema.audit import AuditQueries
from schema.building import NodeQueries, build_api
from schema.carts import CartMutations, CartQueries
from schema.customers import CustomerMutations, CustomerQueries
from schema.customers_notes import CustomerNoteMutations
from schema.orders import OrderQueries
from schema.orders_acts import OrderMutations
from schema.products import ProductQueries
from schema.sales import SalesQueries
from schema.wishlists import WishlistMutations, WishlistQueries


@strawberry.type
class Query(
    NodeQueries,
    CustomerQueries,
    ProductQueries,
    CartQueries,
    WishlistQueries,
    OrderQueries,
    AuditQueries,
    SalesQueries,
    ApiClientQueries,
):
    """Everything that can be asked."""


@strawberry.type
class Mutation(
    CartMutations,
    WishlistMutations,
    OrderMutations,
    CustomerMutations,
    CustomerNoteMutations,
    ApiClientMutations,
):
    """Everything that can be done."""


api = build_api(Query, Mutation)
