"""The schema, put together from its subjects. The object is called `api`."""

import strawberry

from schema.api_clients import ApiClientMutations, ApiClientQueries
from schema.audit import AuditQueries
from schema.bank import BankMutations, BankQueries
from schema.building import NodeQueries, build_api
from schema.carts import CartMutations, CartQueries
from schema.credit import CreditMutations, CreditQueries
from schema.customers import CustomerMutations, CustomerQueries
from schema.customers_notes import CustomerNoteMutations
from schema.deliveries import DeliveryQueries
from schema.deliveries_acts import DeliveryMutations
from schema.invoices import InvoiceQueries
from schema.invoices_acts import InvoiceMutations
from schema.journal import JournalQueries
from schema.orders import OrderQueries
from schema.orders_acts import OrderMutations
from schema.payments import PaymentQueries
from schema.payments_acts import PaymentMutations
from schema.products import ProductQueries
from schema.quick_order import QuickOrderMutations, QuickOrderQueries
from schema.statements import StatementQueries
from schema.wishlists import WishlistMutations, WishlistQueries


@strawberry.type
class Query(
    NodeQueries,
    CustomerQueries,
    ProductQueries,
    CartQueries,
    QuickOrderQueries,
    WishlistQueries,
    OrderQueries,
    InvoiceQueries,
    PaymentQueries,
    BankQueries,
    CreditQueries,
    StatementQueries,
    JournalQueries,
    DeliveryQueries,
    AuditQueries,
    ApiClientQueries,
):
    """Everything that can be asked."""


@strawberry.type
class Mutation(
    CartMutations,
    QuickOrderMutations,
    WishlistMutations,
    OrderMutations,
    DeliveryMutations,
    InvoiceMutations,
    PaymentMutations,
    BankMutations,
    CreditMutations,
    CustomerMutations,
    CustomerNoteMutations,
    ApiClientMutations,
):
    """Everything that can be done."""


api = build_api(Query, Mutation)
