"""What exists for whom, as a table of its own, and that what is hidden is hidden everywhere (checks 2, 3, 7, 33, 34)."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import (
    GraphQLInputObjectType,
    GraphQLSchema,
    build_schema,
    get_introspection_query,
    get_named_type,
    parse,
    print_ast,
)
from sqlalchemy import text

from auth.permissions import CUSTOMER_ROLES, ROLE_GRANTS, Permission, Role
from auth.views import Views
from schema.access import may_use
from schema.sdl import sdl_of_view
from tests.safety.conftest import Scene
from tests.safety.examples import FULL
from tests.turns import IS_LONG

LETTERS = {
    "B": Role.BUYER, "A": Role.APPROVER, "C": Role.COMPANY_ADMIN, "X": Role.CUSTOMER_INTEGRATOR, "R": Role.SALES_REP,
    "M": Role.SALES_MANAGER, "L": Role.LOGISTICS, "F": Role.FINANCE, "I": Role.INTEGRATOR, "D": Role.ADMINISTRATOR,
}  # fmt: skip
ALL, BUYING, STAFF, SELLING = "BACXRMLFID", "BACX", "RMLFID", "RM"
INVOICED = "BACXRMFID"  # a buyer only where the company allows it: auth/viewers.py drops it else
AGREED = "BACXRMFID"
# Role x root field, written from SAFETY.md 2b and API.md, not from auth/permissions.py.
EXPECTED = {
    "node": ALL, "nodes": ALL, "viewer": ALL, "customers": ALL, "customer": ALL, "products": ALL, "product": ALL,
    "productCategories": ALL, "orders": ALL, "order": ALL, "salesReps": STAFF, "topCustomers": "RMFID", "warehouses": STAFF,
    "cart": BUYING, "checkLines": BUYING, "quickOrder": BUYING, "wishlists": BUYING, "wishlist": BUYING, "auditEvents": "D",
    "users": "D", "roleMatrix": "D", "createUser": "D", "setStaffRoles": "D", "disableUser": "D", "enableUser": "D",
    "approvalRequests": ALL,
    "addToCart": BUYING, "updateCartLine": BUYING, "removeCartLine": BUYING, "updateCart": BUYING, "clearCart": BUYING,
    "stockWaiting": "ML", "scarceProducts": "ML", "shareStock": "ML", "setDeliveryPriority": "ML", "holdCart": BUYING, "releaseCartHold": BUYING, "chooseDelivery": BUYING,
    "createQuickOrder": BUYING, "addQuickOrderToCart": BUYING, "addQuickOrderToWishlist": BUYING,
    "saveQuickOrderAsWishlist": BUYING, "saveCartAsWishlist": BUYING, "addWishlistToCart": BUYING, "reorder": BUYING, "createWishlist": BUYING, "updateWishlist": BUYING,
    "deleteWishlist": BUYING, "setWishlistItem": BUYING, "removeWishlistItem": BUYING, "placeOrder": BUYING,
    "placeCapturedOrder": BUYING,
    "confirmOrder": SELLING, "refuseOrder": SELLING, "cancelOrder": BUYING + SELLING,
    "cancelOrderLine": BUYING + SELLING, "holdOrder": SELLING + "F", "releaseOrder": SELLING + "F",
    "concessionLimits": "MD", "setConcessionLimit": "MD", "approveConcession": "M", "refuseConcession": "M",
    "withdrawConcession": SELLING, "addFreeOrderLine": SELLING,
    "discountOrderLine": SELLING, "setOrderLinePrice": "M", "createAddress": "C", "updateAddress": "C", "updateCustomerNote": SELLING,
    "apiClients": "CD", "apiScopes": "CD", "createApiClient": "CD", "updateApiClient": "CD",
    "rotateApiClientSecret": "CD", "disableApiClient": "CD",
    "invoiceIssued": INVOICED,
    "events": "CXFID", "jobs": ALL, "job": ALL, "retryJob": "D", "startImport": "ID", "importShapes": "ID", "orderChanged": ALL, "jobProgressed": ALL,
    "deliveries": ALL, "delivery": ALL, "releaseDelivery": "L", "shipDelivery": "LD", "cancelDelivery": "L",
    "updateDelivery": "L", "pickDelivery": "LD", "countStock": "LD", "warehouseTasks": "LD", "warehouseConsumers": "LD",
    "acknowledgeEvents": "LD", "endWarehouseConsumer": "LD",
    "deliveryCalendar": ALL, "onTimeFigures": ALL, "setCalendarLink": ALL,
    "approveOrder": "AC", "refuseApproval": "AC", "withdrawApproval": BUYING, "inviteUser": "C", "revokeInvitation": "C",
    "setMembershipRoles": "C", "removeMember": "C", "setSpendLimit": "C", "setCustomerSpendLimit": "D", "saveApprovalRule": "C", "endApprovalRule": "C",
    "payments": INVOICED, "payment": INVOICED, "openInstalments": INVOICED, "statement": INVOICED,
    "bankLines": "F", "creditDesk": "F", "recordPayment": "F", "setPaymentQuote": "F", "matchPayment": "F", "matchCredit": "F",
    "unmatchPayment": "F", "reversePayment": "F", "importBankFile": "F", "assignBankLine": "F", "ignoreBankLine": "F",
    "releaseOrderWhenPaid": "F", "setCreditLimit": "F", "activateCustomer": "F",
    "invoices": INVOICED, "invoice": INVOICED, "invoiceChain": "FD", "journalEntries": "FD",
    "createInvoices": "F", "discardInvoice": "F", "issueInvoices": "F", "rectifyInvoice": "F", "answerInvoice": "AC",
    "recordTaxEvidence": "F",
    "freeGoodsRules": "RMD", "createFreeGoodsRule": "MD", "updateFreeGoodsRule": "MD", "deactivateFreeGoodsRule": "MD",
    "priceSimulation": "RMID", "paymentTerms": "RMID", "productSuggestions": ALL, "availability": ALL, "suggestionPerformance": "MD", "recordSuggestions": BUYING + SELLING,
    "refreshSuggestions": "D",
    "chargeRules": "RMD", "createChargeRule": "MD", "updateChargeRule": "MD", "deactivateChargeRule": "MD",
    "salesAgreements": AGREED, "salesAgreement": AGREED, "sharedCommitments": AGREED, "createSalesAgreement": SELLING,
    "saveSalesAgreementDraft": SELLING, "amendSalesAgreement": SELLING, "proposeSalesAgreement": "M",
    "withdrawSalesAgreement": "M", "acceptSalesAgreement": "AC", "declineSalesAgreement": "AC",
    "closeSalesAgreement": "M", "cancelSalesAgreement": "M",
    "quotes": AGREED, "quote": AGREED, "quoteChanged": AGREED, "quotePolicy": "RMFD", "setQuotePolicy": "D",
    "requestQuote": "BAC", "counterQuote": "BAC", "acceptQuote": "BAC", "declineQuote": "BAC", "withdrawQuoteRequest": "BAC",
    "markQuoteOpened": "BAC",
    "approveQuoteAcceptance": "AC", "refuseQuoteAcceptance": "AC", "createQuote": SELLING, "setQuoteLines": SELLING,
    "submitQuote": SELLING, "approveQuote": "MF", "rejectQuote": "MF", "sendQuote": SELLING, "reviseQuote": SELLING,
    "withdrawQuote": SELLING, "convertQuote": SELLING,
    "addQuoteMessage": "BACRMF", "addQuoteAttachment": "BACRMF",
    "tradeAgreementJournals": "RMID", "tradeAgreementJournal": "RMID", "tradeAgreementRows": "RMID",
    "createTradeAgreementJournal": "MD", "addTradeAgreementRows": "MD", "removeTradeAgreementRows": "MD",
    "copyTradeAgreementRows": "MD", "postTradeAgreementJournal": "MD", "setCustomerPricingGroups": "MD",
    "schedulingSettings": "MLFID", "saveCalendar": "LD", "setEntryDeadline": "LD", "setTransportTime": "LD",
    "setWarehouseTimes": "LD", "setDeliveryControl": "LD", "setSellableDays": "LD", "setAvailabilityDisplay": "LD",
    "setCustomerCalendar": "LD", "setSharingPolicy": "LD", "setHoldLimits": "LD", "deliveryConditions": ALL,
    "setProductPricing": "MD", "pricingSettings": "RMID", "setPricingSettings": "MD",
    "discountRules": SELLING + "D", "discountRule": SELLING + "D", "discountGroups": SELLING + "D", "segments": SELLING + "D",
    "discountBacktest": SELLING + "D",
    "suppliers": "MLFID", "supplier": "MLFID", "purchaseOrders": "MLFID", "purchaseOrder": "MLFID",
    "purchaseProposals": "MLFID", "createSupplier": "LD", "updateSupplier": "LD", "retireSupplier": "LD",
    "saveSupplierProduct": "LD", "retireSupplierProduct": "LD", "createPurchaseOrder": "LD", "createDirectDelivery": "LD", "sendPurchaseOrder": "LD",
    "confirmPurchaseOrder": "LD", "receivePurchaseOrder": "LD", "cancelPurchaseOrder": "LD", "closePurchaseOrder": "LD",
    "setPurchasePeg": "LD", "deliveryAlternatives": "RM", "rescheduleOrderLine": "RM",
    "requestLots": "RM", "selectLots": "RM", "banLot": "RML", "allowLot": "RML", "setLotSelection": "RM", "lots": "LD", "blockLot": "L", "unblockLot": "L",
    "createDiscountRule": "MD", "updateDiscountRule": "MD", "activateDiscountRule": "MD", "deactivateDiscountRule": "MD",
    "createDiscountGroup": "MD", "updateDiscountGroup": "MD", "saveSegment": "MD", "addCoupon": BUYING,
    "setCartAgreement": BUYING, "answerFreeGoods": BUYING, "removeCoupon": BUYING,
}  # fmt: skip
# The sensitive fields, and for whom they exist.
SENSITIVE = {
    "Product.standardCost": "MFD", "OrderLine.unitCost": "MFD", "DiscountBacktest.marginBefore": "MD",
    "BacktestLine.marginAfter": "MD", "BacktestRule.draft": "MD", "Customer.internalNote": "RMD",
    "Availability.free": STAFF, "Availability.byWarehouse": STAFF, "Availability.lots": "LD",
    "Credit.limit": "RMFD", "Credit.exposure": "RMFD", "Credit.overdue": "RMFD", "Credit.available": "ACRMFD", "Customer.credit": "ACRMFD",
    "Customer.taxId": "CF", "Order.customerTaxId": "CF", "Customer.users": "BACRMFD",
    "ScheduleLine.warehouse": STAFF, "Product.price": "BACXRMFID", "Order.totals": "BACXRMFID",
    "Order.grossAmount": "BACXRMFID", "OrderLine.unitPrice": "BACXRMFID", "OrderWhere.gross": "BACXRMFID",
    "OrderLine.manualPriceReason": STAFF, "Order.onBehalfReason": STAFF, "OrderEvent.actorName": STAFF,
    "ApiClient.secrets": "CD", "CreateApiClientPayload.secret": "CD",
    "AuditEvent.reason": "D", "Job.detail": "D", "Job.dataImport": "ID", "WarehouseStock.onHand": STAFF, "LotStock.onHand": "LD", "Lot.number": "LD", "LotPlace.onHand": "LD", "LotRecipient.customerName": "LD",
    "OrderLine.requestedLots": "RMLD", "OrderLine.lotSelection": "RMLD", "Customer.lotBans": "RMLD",
    "Customer.lotSelection": "RMLD", "RequestedLot.number": "RMLD", "LotBan.lotNumber": "RMLD",
    "Delivery.internalNote": "RMLD", "DeliveryLine.unitCost": "MFD", "DeliveryLine.lots": BUYING + "LD",
    "Invoice.customerTaxId": "CF", "JournalEntry.lines": "FD",
    "Customer.pricingGroups": "RMID", "Product.pricing": "RMID", "TradeAgreementRow.unitPrice": "RMID",
    "PricingSettings.marginFloorPercent": "MD", "SetPricingSettingsInput.marginFloorPercent": "MD",
    "SalesAgreement.createdByName": "RMFID", "AgreementVersion.acceptedByName": "AC" + STAFF.replace("L", ""),
    "QuoteRevision.marginPercent": "MFD", "QuoteMessage.isInternal": "RMF", "QuoteAttachment.isInternal": "RMF", "QuoteRevision.marginBand": "RMF",
    "QuoteRevision.depthPercent": "RMF", "QuoteRevision.needs": "RMF", "QuoteLine.reason": "RMF",
    "QuoteAcceptance.acceptedByName": "AC" + STAFF.replace("L", ""), "QuoteCounter.createdByName": "AC" + STAFF.replace("L", ""),
    "Quote.nextStep": "RMF", "Quote.waitsSince": "RMF", "Quote.isStalled": "RMF",
    "QuoteRevision.internalNotes": "RMF", "QuoteRevision.discountReason": "RMF",
    "Quote.approval": "RMF", "Quote.draft": "RMF", "Quote.createdByName": "RMF",
    "SupplierProduct.unitPrice": "MFD", "PurchaseOrderLine.unitPrice": "MFD", "PurchaseReceiptLine.lotNumber": "LD",
    "Delivery.warehouse": STAFF, "WarehouseTask.lines": "LD", "Order.releasable": "L", "OrderWhere.isReleasable": "L",
}  # fmt: skip
SECRETS = sorted(each for each, roles in SENSITIVE.items() if not set(roles) & set(BUYING))
VIEWS = Views(FULL, may_use)


def view_of(role: Role) -> GraphQLSchema:
    return VIEWS.view(frozenset(ROLE_GRANTS[role]))


def has(view: GraphQLSchema, coordinate: str) -> bool:
    type_name, _, field = coordinate.partition(".")
    named: Any = view.get_type(type_name)
    return named is not None and field in named.fields


def roots(view: GraphQLSchema) -> set[str]:
    kinds = (view.query_type, view.mutation_type, view.subscription_type)
    return {name for each in kinds if each is not None for name in each.fields}


def test_the_table_knows_every_root_field_and_role() -> None:
    assert set(EXPECTED) == roots(FULL), "say in tests/safety/test_roles.py who may use it"
    assert set(LETTERS.values()) == set(Role)


@pytest.mark.parametrize("letter", LETTERS)
def test_roles_have_these_root_fields_and_no_others(letter: str) -> None:
    assert roots(view_of(LETTERS[letter])) == {name for name, roles in EXPECTED.items() if letter in roles}


@pytest.mark.parametrize("coordinate", SENSITIVE)
def test_sensitive_fields_exist_for_these_roles_only(coordinate: str) -> None:
    assert has(FULL, coordinate), "the field was renamed: mend the table"
    found = {letter for letter, role in LETTERS.items() if has(view_of(role), coordinate)}

    assert found == set(SENSITIVE[coordinate])


def names_in(schema: GraphQLSchema) -> Iterator[str]:
    for named in schema.type_map.values():
        for name in getattr(named, "fields", None) or ():
            yield f"{named.name}.{name}"


@pytest.mark.parametrize("role", sorted(CUSTOMER_ROLES))
def test_secrets_are_in_no_word_a_customer_gets_of_the_schema(role: Role) -> None:
    view, known = view_of(role), set(names_in(view_of(role)))
    sdl = sdl_of_view(view)
    for coordinate in SECRETS:
        assert coordinate not in known
        field = coordinate.partition(".")[2]
        if not any(each.endswith(f".{field}") for each in known):
            # A scope has a colon too (`warehouse:report`), a field a blank after it.
            assert f" {field}: " not in sdl and f" {field}(" not in sdl, coordinate
    for hidden in ("WarehouseStock", "LotStock", "AuditEvent"):
        assert f"type {hidden} " not in sdl and view.get_type(hidden) is None


WHO = {"B": "pbuyer", "A": "papprover", "C": "padmin", "X": "pintegrator", "R": "repa", "M": "manager", "L": "logistics",
       "F": "finance", "I": "integrator", "D": "administrator"}  # fmt: skip


def asking(coordinate: str) -> str | None:
    """A document that asks for a field wherever it hangs; None for fields of inputs."""
    type_name, _, field = coordinate.partition(".")
    selection = f"{{ {field} {'{ __typename }' if not is_leaf(coordinate) else ''} }}"
    around = {
        "Product": f"{{ products(first: 3) {{ nodes {selection} }} }}",
        "OrderLine": f"{{ orders(first: 3) {{ nodes {{ lines {selection} }} }} }}",
        "Customer": f"{{ customers(first: 3) {{ nodes {selection} }} }}",
        "OrderEvent": f"{{ orders(first: 3) {{ nodes {{ timeline {selection} }} }} }}",
        "Availability": f"{{ products(first: 3) {{ nodes {{ availability {selection} }} }} }}",
        "Credit": f"{{ customers(first: 3) {{ nodes {{ credit {selection} }} }} }}",
        "Order": f"{{ orders(first: 3) {{ nodes {selection} }} }}",
        "ScheduleLine": f"{{ orders(first: 3) {{ nodes {{ lines {{ scheduleLines {selection} }} }} }} }}",
        "Job": f"{{ jobs(first: 3) {{ nodes {selection} }} }}",
        "AuditEvent": f"{{ auditEvents(first: 3) {{ nodes {selection} }} }}",
        "WarehouseStock": f"{{ products(first: 3) {{ nodes {{ availability {{ byWarehouse {selection} }} }} }} }}",
        "LotStock": f"{{ products(first: 3) {{ nodes {{ availability {{ lots {selection} }} }} }} }}",
    }
    return around.get(type_name)


def is_leaf(coordinate: str) -> bool:
    type_name, _, field = coordinate.partition(".")
    named: Any = FULL.get_type(type_name)
    return not hasattr(get_named_type(named.fields[field].type), "fields")


@pytest.mark.parametrize("letter", WHO)
async def test_documents_meet_the_same_table(still: Scene, letter: str) -> None:
    """Asked for real: a hidden field is unknown before anything runs, a visible one is answered."""
    for coordinate, roles in SENSITIVE.items():
        document = asking(coordinate)
        if document is None:
            continue
        answer = await still.ask(WHO[letter], document)
        if letter in roles:
            assert "errors" not in answer, (coordinate, answer["errors"])
            continue
        messages = [each["message"] for each in answer["errors"]]
        assert "data" not in answer or answer["data"] is None
        assert any(each.startswith("Cannot query field") for each in messages), (coordinate, messages)
        # The same words as for a field that never was, and nothing that hints at a hidden one.
        field = coordinate.partition(".")[2]
        other = await still.ask(WHO[letter], document.replace(f" {field} ", f" {'z' * len(field)} "))
        if "'" + field + "'" in messages[0] and "zzz" in other["errors"][0]["message"]:
            assert messages[0].partition(" Did you")[0] == other["errors"][0]["message"].replace("z" * len(field), field).partition(" Did you")[0]  # fmt: skip


@pytest.mark.parametrize("letter", "BCRF")
async def test_suggestions_name_nothing_hidden(still: Scene, letter: str) -> None:
    view = view_of(LETTERS[letter])
    visible = {each.partition(".")[2] for each in names_in(view)} | set(view.type_map)
    visible |= {value for named in view.type_map.values() for value in getattr(named, "values", None) or ()}
    visible |= {each for named in view.type_map.values() for field in getattr(named, "fields", {}).values()
                for each in getattr(field, "args", None) or ()}  # fmt: skip
    hidden = sorted(({each.partition(".")[2] for each in names_in(FULL)} | set(FULL.type_map)) - visible)
    assert len(hidden) > 10, "a test of nothing proves nothing"
    unseen = set(hidden)
    documents = []
    # An eighth of the names for each viewer, another one for the next; all of them in the long run.
    asked = hidden if IS_LONG else hidden["BCRF".index(letter) :: 8]
    for name in asked:
        near = name[:-1] + ("x" if name[-1] != "x" else "y")
        documents += [
            f"{{ {near} products(first: 1) {{ nodes {{ {near} }} }} customers(first: 1) {{ nodes {{ {near} }} }}"
            f" orders(first: 1, {near}: 1, where: {{{near}: 1}}) {{ nodes {{ {near} }} }}"
            f" node(id: 1) {{ ... on {near} {{ id }} }} }}",
            f"mutation($v: {near}) {{ {near}(input: {{}}) {{ replayed }} }}",
        ]
    for document in documents:
        answer = await still.ask(WHO[letter], document)
        for error in answer.get("errors", []):
            suggested = re.findall(r"'([^']*)'", error["message"].partition("Did you mean")[2])
            assert unseen.isdisjoint(suggested), (document, error["message"])


@pytest.mark.parametrize("letter", WHO)
async def test_introspection_shows_the_view_and_no_more(still: Scene, letter: str) -> None:
    """Every signed-in viewer introspects their own view; client generators' standard query passes the guard."""
    answer = await still.ask(WHO[letter], get_introspection_query(descriptions=True))
    assert "errors" not in answer, answer
    types = {each["name"]: each for each in answer["data"]["__schema"]["types"]}
    shown = {
        f"{name}.{field['name']}"
        for name, each in types.items()
        if not name.startswith("__")
        for field in (each["fields"] or []) + (each["inputFields"] or [])
    }
    assert {each for each in shown if each in SENSITIVE} == {
        each for each, roles in SENSITIVE.items() if letter in roles
    }
    for coordinate, roles in SENSITIVE.items():
        if letter in roles:
            continue
        found = await still.ask(WHO[letter], f'{{ __type(name: "{coordinate.partition(".")[0]}") {{ fields {{ name }} inputFields {{ name }} }} }}')  # fmt: skip
        kind = found["data"]["__type"]
        listed = (
            [each["name"] for each in (kind["fields"] or []) + (kind["inputFields"] or [])] if kind else []
        )
        assert coordinate.partition(".")[2] not in listed


@pytest.mark.parametrize("letter", WHO)
async def test_no_view_names_a_permission_that_its_viewer_lacks(still: Scene, letter: str) -> None:
    viewer = still.viewers[WHO[letter]]
    held = {each.name for each in viewer.permissions}
    sdl = sdl_of_view(still.engine.view(viewer))
    listed = await still.ask(WHO[letter], '{ __type(name: "Permission") { enumValues { name } } }')
    told = await still.ask(WHO[letter], "{ viewer { permissions } }")

    named = {
        each.strip() for found in re.findall(r"@access\(to: \[(.*?)\]\)", sdl) for each in found.split(",")
    }
    assert named <= held
    assert set(build_schema(sdl).type_map["Permission"].values) == held  # type: ignore[attr-defined]
    assert {each["name"] for each in listed["data"]["__type"]["enumValues"]} == held
    assert set(told["data"]["viewer"]["permissions"]) == held
    # Scopes are named like permissions; that they exist is in the public metadata.
    words = set(re.findall(r"\w+", re.sub(r"enum ApiScope \{.*?\n\}", "", sdl, flags=re.DOTALL)))
    assert not {each.name for each in Permission if each.name not in held} & words


@pytest.mark.parametrize("letter", WHO)
async def test_no_description_names_what_its_viewer_lacks(still: Scene, letter: str) -> None:
    """Root fields of two words or more that are no name of another field; one word alone may be one of the language."""
    view = still.engine.view(still.viewers[WHO[letter]])
    roots = [(FULL.query_type, view.query_type), (FULL.mutation_type, view.mutation_type)]
    hidden = {
        name
        for whole, part in roots
        for name in (whole.fields if whole else {})
        if name != name.lower() and name not in (part.fields if part else {})
    }

    names = {name for each in view.type_map.values() for name in getattr(each, "fields", ())}

    words = set(re.findall(r"\w+", sdl_of_view(view)))
    assert (hidden - names) & words == set()


async def test_nobody_asks_nothing(still: Scene) -> None:
    for document in (
        "{ __typename }",
        "{ __schema { types { name } } }",
        "{ viewer { isStaff } }",
        "{ viewr }",
        "{",
    ):
        answer = await still.engine.execute_document(None, document)
        assert answer["errors"][0]["extensions"]["code"] == "NOT_SIGNED_IN" and len(answer) == 1
        assert "Did you mean" not in str(answer) and "viewer" not in str(answer)


@pytest.mark.parametrize("role", sorted(CUSTOMER_ROLES))
def test_hidden_fields_are_not_sorted_or_filtered_by(role: Role) -> None:
    """No order or condition of a customer's view speaks of a cost, a note or a quantity in stock (check 7)."""
    words = ("cost", "margin", "note", "limit", "exposure", "onhand", "reserved", "lot", "taxid", "credit")
    view = view_of(role)
    for named in view.type_map.values():
        if isinstance(named, GraphQLInputObjectType) and named.name.endswith(("Where", "Order")):
            names = [name.lower() for name in named.fields]
            enum = named.fields.get("field")
            if enum is not None:
                names += [
                    each.replace("_", "").lower() for each in getattr(get_named_type(enum.type), "values", {})
                ]
            assert not [name for name in names if any(word in name for word in words)], named.name


async def test_the_sdl_of_the_portal_is_the_viewer_s(still: Scene) -> None:
    sdl = sdl_of_view(still.engine.view(still.viewers["pbuyer"]))
    assert "standardCost:" not in sdl and "confirmOrder(" not in sdl and "placeOrder(" in sdl
    assert "standardCost:" in sdl_of_view(still.engine.view(still.viewers["finance"]))
    assert print_ast(parse(sdl)).count("type Query") == 1


async def test_a_reason_a_cost_and_a_quantity_do_not_come_with_an_error(scene: Scene) -> None:
    """Data in an error obeys the same access: how much is free stays hidden from a buyer."""
    lines = [{"sku": "ACE-0", "quantity": "500000"}]
    document = "mutation($l: [CartLineInput!]!) { addToCart(input: {lines: $l}) { cart { lines { problems { code message ... on OutOfStock { available requested } } } } errors { code message } } }"  # fmt: skip
    answer = await scene.ask("pmate", document, {"l": lines})
    problems = [each for line in answer["data"]["addToCart"]["cart"]["lines"] for each in line["problems"]]
    assert [each["code"] for each in problems] == ["OUT_OF_STOCK"] and problems[0]["available"] is None
    async with scene.database.job() as session:
        free = await session.scalar(text("select b.on_hand - b.reserved from stock_balance b join product p"
                                         " on p.id = b.product_id where p.sku = 'ACE-0'"))  # fmt: skip
    assert f"{free:.0f}" not in str(problems)
