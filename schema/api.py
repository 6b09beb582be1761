"""The schema, put together from its subjects. The object is called `api`."""

import strawberry

from schema.audit import AuditQueries
from schema.building import NodeQueries, build_api
from schema.carts import CartMutations, CartQueries
from schema.customers import CustomerMutations, CustomerQueries
from schema.deliveries import DeliveryQueries
from schema.deliveries_acts import DeliveryMutations
from schema.invoices import InvoiceQueries
from schema.invoices_acts import InvoiceMutations
from schema.journal import JournalQueries
from schema.orders import OrderQueries
from schema.orders_acts import OrderMutations
from schema.products import ProductQueries
from schema.wishlists import WishlistMutations, WishlistQueries


@strawberry.type
class Query(
    NodeQueries,
    CustomerQueries,
    ProductQueries,
    CartQueries,
    WishlistQueries,
    OrderQueries,
    InvoiceQueries,
    JournalQueries,
    DeliveryQueries,
    AuditQueries,
):
    """Everything that can be asked."""


@strawberry.type
class Mutation(
    CartMutations, WishlistMutations, OrderMutations, DeliveryMutations, InvoiceMutations, CustomerMutations
):
    """Everything that can be done."""


api = build_api(Query, Mutation)
