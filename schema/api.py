"""The schema, put together from its subjects. The object is called `api`."""

import strawberry

from schema.api_clients import ApiClientMutations, ApiClientQueries
from schema.approvals import ApprovalQueries
from schema.audit import AuditQueries
from schema.building import NodeQueries, build_api
from schema.carts import CartMutations, CartQueries
from schema.company_acts import CompanyMutations
from schema.customers import CustomerMutations, CustomerQueries
from schema.customers_notes import CustomerNoteMutations
from schema.orders import OrderQueries
from schema.orders_acts import OrderMutations
from schema.products import ProductQueries
from schema.quick_order import QuickOrderMutations, QuickOrderQueries
from schema.users import UserMutations, UserQueries
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
    ApprovalQueries,
    AuditQueries,
    UserQueries,
    ApiClientQueries,
):
    """Everything that can be asked."""


@strawberry.type
class Mutation(
    CartMutations,
    QuickOrderMutations,
    WishlistMutations,
    OrderMutations,
    CustomerMutations,
    CustomerNoteMutations,
    ApiClientMutations,
    CompanyMutations,
    UserMutations,
):
    """Everything that can be done."""


api = build_api(Query, Mutation)
