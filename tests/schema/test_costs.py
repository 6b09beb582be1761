"""What the portal's documents cost, and that the budget of a document follows from the dearest of them."""

import pytest
from graphql import OperationDefinitionNode, parse

from auth.permissions import Role, combine_grants
from schema.api import api
from schema.guard import COST_MAX, guard
from storefront.documents import Documents

# Objects at most, with the page sizes that the documents name; a change here is a change of what pages may cost.
DEAR = {
    "AgreementBookings": 4200,
    "Cart": 7300,
    "CheckedQuickOrder": 1700,
    "Checkout": 6200,
    "Deliveries": 6300,
    "DirectDelivery": 4300,
    "ImportBankFile": 2100,
    "Journal": 3300,
    "Order": 7000,
    "OrderLineWays": 2400,
    "OrdersToRelease": 5300,
    "Products": 2100,
    "PurchaseDesk": 2200,
    "Quote": 2600,
    "Scheduling": 3200,
    "QuoteBoard": 2500,
    "QuotesToApprove": 5900,
    "Simulator": 4300,
    "StaffConcessions": 4700,
    "StaffDeliveries": 6400,
    "StaffDiscount": 2900,
    "StaffDiscounts": 7300,
    "StaffOrder": 8100,
    "StaffQuote": 3100,
    "StaffSegments": 2300,
    "Statement": 3100,
    "StatementOfCustomer": 3100,
    "Suppliers": 4200,
}
OTHERWISE = 1600


def cost_of(operation: str) -> int:
    documents = Documents.read()
    roles = [Role(name) for name in documents.definitions[operation].roles]
    document = parse(documents.document(operation, combine_grants(roles)))
    node = next(each for each in document.definitions if isinstance(each, OperationDefinitionNode))
    return guard(api._schema, document, node, {}, 10**9).requested


@pytest.mark.parametrize("operation", [each.name for each in Documents.read().operations])
def test_an_operation_costs_what_it_should(operation: str) -> None:
    assert cost_of(operation) <= DEAR.get(operation, OTHERWISE)


def test_the_budget_is_four_times_the_dearest_portal_document() -> None:
    dearest = max(cost_of(each.name) for each in Documents.read().operations)

    assert 4 * dearest == COST_MAX
