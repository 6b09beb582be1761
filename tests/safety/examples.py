"""
A valid input for every mutation of the schema. The tests of guarantees and of ids are made from it.

A new mutation fails `test_every_mutation_has_an_example` until it stands here; its example names every ID that its
input can take, so that each of them is tried with foreign ones.
"""

import base64
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
)
from sqlalchemy import text

from schema.access import KeyRequired, directive_of
from schema.api import api
from schema.ids import decode_id, encode_id
from tests.safety.conftest import Scene
from tests.safety.world import MEMBERS, NOW, company_of, global_id

Input = dict[str, Any]
FULL: GraphQLSchema = api._schema
COMMON = ("errors", "warnings", "replayed", "secret", "conflicts")  # and what is told once


@dataclass(frozen=True)
class Example:
    """
    Who may do it, and with what; `spoilt` makes a refusal of it where there is no version to be stale.

    `others` are further ways to ask, where an input takes one of several things.
    """

    viewer: str
    build: Callable[[Scene, str], Awaitable[Input]]
    spoilt: Input | None = None
    others: tuple[Callable[[Scene, str], Awaitable[Input]], ...] = ()

    async def inputs(self, scene: Scene) -> list[Input]:
        """Every way to ask."""
        return [await build(scene, self.viewer) for build in (self.build, *self.others)]


async def facts(scene: Scene, name: str) -> Input:
    """What the viewer's own pages would know: cart, list, order, address."""
    document = """{ cart { id version lines { id } totals { gross { amount } } }
        wishlists { nodes { id version isMine visibility items { id } } }
        viewer { customer { addresses { id } } } products { nodes { id sku } } }"""
    answer = await scene.ask(name, document)
    data: Input = answer["data"]
    own = next(
        each for each in data["wishlists"]["nodes"] if each["isMine"] and each["visibility"] == "PRIVATE"
    )
    product = next(each["id"] for each in data["products"]["nodes"] if each["sku"] == "ACE-2")
    address = data["viewer"]["customer"]["addresses"][-1]["id"]
    return {"cart": data["cart"], "list": own, "product": product, "address": address}


async def order_of(scene: Scene, reader: str, placer: str) -> Input:
    document = "query($id: ID!) { order(by: {id: $id}) { id version lines { id } } }"
    answer = await scene.ask(reader, document, {"id": scene.world.orders[placer][0]})
    found: Input = answer["data"]["order"]
    return found


async def _add_to_cart(scene: Scene, name: str) -> Input:
    known = await facts(scene, name)
    lines = [{"sku": "ACE-1", "quantity": "1"}, {"productId": known["product"], "quantity": "2"}]
    return {"lines": lines, "expectedVersion": known["cart"]["version"]}


def _cart_act(**more: str) -> Callable[[Scene, str], Awaitable[Input]]:
    async def build(scene: Scene, name: str) -> Input:
        known = await facts(scene, name)
        values = {"line": known["cart"]["lines"][0]["id"], "address": known["address"]}
        given = {field: values.get(value, value) for field, value in more.items()}
        return given | {"expectedVersion": known["cart"]["version"]}

    return build


async def _choose_delivery(scene: Scene, name: str) -> Input:
    cart = (await scene.ask(name, "{ cart { version lines { id quantity } } }"))["data"]["cart"]
    line = cart["lines"][0]
    parts = [{"quantity": line["quantity"]}]
    return {"lineId": line["id"], "parts": parts, "expectedVersion": cart["version"]}


async def _answer_gift(scene: Scene, name: str) -> Input:
    document = "{ cart { version lines { id freeGoods { product { id } isProposed } } } }"
    cart = (await scene.ask(name, document))["data"]["cart"]
    line = cart["lines"][0]
    assert line["freeGoods"][0]["isProposed"]
    return {
        "lineId": line["id"], "productId": line["freeGoods"][0]["product"]["id"], "isAccepted": True,
        "expectedVersion": cart["version"],
    }  # fmt: skip


async def _set_agreement(scene: Scene, name: str) -> Input:
    known = await facts(scene, name)
    document = "query($id: ID!) { cart { agreementChoices { id } } salesAgreement(by: {id: $id}) { id } }"
    found = (await scene.ask(name, document, {"id": scene.world.agreements["parent"]}))["data"]
    assert found["salesAgreement"] in found["cart"]["agreementChoices"]
    return {"agreementId": found["salesAgreement"]["id"], "expectedVersion": known["cart"]["version"]}


async def _wishlist_to_cart(scene: Scene, name: str) -> Input:
    known = await facts(scene, name)
    items = [each["id"] for each in known["list"]["items"]]
    return {"wishlistId": known["list"]["id"], "itemIds": items, "expectedVersion": known["cart"]["version"]}


async def _reorder(scene: Scene, name: str) -> Input:
    known, order = await facts(scene, name), await order_of(scene, name, name)
    lines = [each["id"] for each in order["lines"]]
    return {"orderId": order["id"], "lineIds": lines, "expectedVersion": known["cart"]["version"]}


async def _create_list(scene: Scene, name: str) -> Input:
    known = await facts(scene, name)
    items = [{"sku": "ACE-0", "quantity": "1"}, {"productId": known["product"], "quantity": "2", "note": "n"}]
    return {"name": "Barra", "visibility": "COMPANY", "items": items}


def _list_act(**more: str) -> Callable[[Scene, str], Awaitable[Input]]:
    async def build(scene: Scene, name: str) -> Input:
        known = await facts(scene, name)
        values = {"product": known["product"], "item": known["list"]["items"][0]["id"]}
        given = {field: values.get(value, value) for field, value in more.items()}
        return given | {"wishlistId": known["list"]["id"], "expectedVersion": known["list"]["version"]}

    return build


async def _place(scene: Scene, name: str) -> Input:
    known = await facts(scene, name)
    cart = known["cart"]
    return {"cartId": cart["id"], "expectedVersion": cart["version"], "note": "hola", "purchaseOrderNumber": "PO-1",
            "expectedTotal": cart["totals"]["gross"]["amount"], "deliveryAddressId": known["address"]}  # fmt: skip


async def _captured(scene: Scene, name: str) -> Input:
    """The lines of the viewer's cart, as a page without network would have kept them."""
    known = await facts(scene, name)
    return {"lines": [{"sku": "ACE-0", "quantity": "2", "seenUnitPrice": "9.9"}], "purchaseOrderNumber": "PO-2",
            "expectedTotal": known["cart"]["totals"]["gross"]["amount"], "note": "hola",
            "deliveryAddressId": known["address"]}  # fmt: skip


def _order_act(placer: str, **more: str) -> Callable[[Scene, str], Awaitable[Input]]:
    async def build(scene: Scene, name: str) -> Input:
        order = await order_of(scene, name, placer)
        return {"orderId": order["id"], "expectedVersion": order["version"], **more}

    return build


def _line_act(placer: str, **more: str) -> Callable[[Scene, str], Awaitable[Input]]:
    async def build(scene: Scene, name: str) -> Input:
        order = await order_of(scene, name, placer)
        return {"orderLineId": order["lines"][0]["id"], "expectedVersion": order["version"], **more}

    return build


async def _reschedule(scene: Scene, name: str) -> Input:
    given = await _line_act("pbuyer")(scene, name)
    document = "query($id: ID!) { node(id: $id) { ... on Order { lines { quantityOrdered } } } }"
    order = await order_of(scene, name, "pbuyer")
    line = (await scene.ask(name, document, {"id": order["id"]}))["data"]["node"]["lines"][0]
    place = (await scene.ask(name, "{ warehouses { id } }"))["data"]["warehouses"][0]["id"]
    part = {"quantity": line["quantityOrdered"], "warehouseId": place, "requestedOn": "2026-05-04"}
    return given | {"parts": [part]}


def _lots_act(**more: Any) -> Callable[[Scene, str], Awaitable[Input]]:
    """On the line of a product that is tracked by lots."""

    async def build(scene: Scene, name: str) -> Input:
        document = "query($id: ID!) { order(by: {id: $id}) { version lines { id } } }"
        answer = await scene.ask(name, document, {"id": scene.world.orders["pbuyer"][1]})
        order = answer["data"]["order"]
        return {"orderLineId": order["lines"][0]["id"], "expectedVersion": order["version"], **more}

    return build


async def _request_lots(scene: Scene, name: str) -> Input:
    async with scene.database.job() as session:
        number = await session.scalar(
            text("select number from lot join product on product.id = product_id where sku = 'LOT-0'")
        )
    return await _lots_act(lots=[{"number": number, "quantity": "1"}])(scene, name)


_BANNED = """
    insert into customer_lot_ban (customer_id, lot_id, banned_at, banned_by_id, banned_by_name)
    select :customer, lot.id, :now, :user, '' from lot where number = 'BLOCKED'
    on conflict do nothing
"""


def _ban_act(*names: str, **more: str) -> Callable[[Scene, str], Awaitable[Input]]:
    async def build(scene: Scene, name: str) -> Input:
        known = await _update_note(scene, name)
        values = {each: known[each] for each in ("customerId", "expectedVersion")} | more
        if "lotId" in names:
            given = {
                "customer": scene.world.customers["parent"],
                "user": scene.world.users["repa"],
                "now": NOW,
            }
            async with scene.database.job() as session:
                await session.execute(text(_BANNED), given)
                lot = await session.scalar(text("select lot_id from customer_lot_ban order by 1 limit 1"))
            values["lotId"] = global_id("Lot", lot)
        return values

    return build


_CONCESSION = """
    insert into approval_request (id, seller_id, customer_id, subject_type, order_id, status, reasons, act, requested_at,
        requested_by_id, requested_by_name, due_at)
    select gen_random_uuid(), seller_id, customer_id, 'OrderConcession', id, 'PENDING', cast(:reasons as jsonb),
        cast(:act as jsonb), :now, :rep, 'Rita', :due
    from sales_order where id = :order
    on conflict (order_id) where status = 'PENDING' do update set version = approval_request.version returning id
"""


def _concession_act(**more: str) -> Callable[[Scene, str], Awaitable[Input]]:
    """What the rep of the team would give on an order, and waits."""

    async def build(scene: Scene, name: str) -> Input:
        order = await order_of(scene, name, "papprover")
        reason = {
            "code": "OVER_BUDGET",
            "limit": "1",
            "amount": "2",
            "currency": "EUR",
            "rule": "",
            "categories": [],
        }
        line = decode_id(order["lines"][0]["id"], "OrderLine")
        act = {"act": "DISCOUNT", "lineId": str(line), "sku": "ACE-1", "value": "10", "reason": "feria"}
        values = {
            "order": decode_id(order["id"], "Order"), "rep": scene.world.users["repa"], "now": NOW,
            "due": NOW + timedelta(days=5), "reasons": json.dumps([reason]), "act": json.dumps(act),
        }  # fmt: skip
        async with scene.database.job() as session:
            key = await session.scalar(text(_CONCESSION), values)
        return {"approvalRequestId": global_id("ApprovalRequest", key), "expectedVersion": 1, **more}

    return build


async def _concession_limit(scene: Scene, name: str) -> Input:
    async with scene.database.job() as session:
        await session.execute(
            text(
                "insert into concession_limit (id, seller_id, user_id, period, updated_at)"
                " select gen_random_uuid(), seller_id, id, 'MONTH', :now from app_user where id = :rep"
                " on conflict do nothing"
            ),
            {"rep": scene.world.users["repa"], "now": NOW},
        )
    return {"expectedVersion": 1, "salesRepId": global_id("SalesRep", scene.world.users["repa"]),
            "perLinePercent": "5", "perOrderPercent": "4", "budget": "100", "period": "MONTH"}  # fmt: skip


ADDRESS = {"label": "Obra", "name": "Obra", "street": "Calle 1", "postalCode": "28001", "city": "Madrid", "country": "ES",
           "isDefaultDelivery": True}  # fmt: skip


async def _create_address(scene: Scene, name: str) -> Input:
    return dict(ADDRESS)


async def _update_address(scene: Scene, name: str) -> Input:
    return ADDRESS | {"addressId": (await facts(scene, name))["address"]}


async def _member(scene: Scene, name: str) -> Input:
    return {"userId": global_id("User", scene.world.users["pmate"])}


async def _roles(scene: Scene, name: str) -> Input:
    return {**await _member(scene, name), "roles": ["BUYER", "APPROVER"]}


async def _limit(scene: Scene, name: str) -> Input:
    return {**await _member(scene, name), "perOrder": "250", "perPeriod": "1000", "period": "QUARTER"}


async def _customer_limit(scene: Scene, name: str) -> Input:
    return {**await _limit(scene, name), "customerId": global_id("Customer", scene.world.customers["parent"])}


async def _invite(scene: Scene, name: str) -> Input:
    return {"email": "nueva@example.com", "name": "Nueva", "roles": ["BUYER"]}


async def _company(scene: Scene, name: str) -> Input:
    document = "{ viewer { customer { approvalRules { id } invitations { id } } } productCategories { id } }"
    answer = await scene.ask(name, document)
    data: Input = answer["data"]
    return data


async def _invitation(scene: Scene, name: str) -> Input:
    known = await _company(scene, name)
    return {"invitationId": known["viewer"]["customer"]["invitations"][0]["id"]}


async def _rule(scene: Scene, name: str) -> Input:
    known = await _company(scene, name)
    return {"ruleId": known["viewer"]["customer"]["approvalRules"][0]["id"]}


async def _save_rule(scene: Scene, name: str) -> Input:
    category = (await _company(scene, name))["productCategories"][0]["id"]
    return {**await _rule(scene, name), "name": "Otra", "fromAmount": "1500", "categoryId": category}


async def _create_user(scene: Scene, name: str) -> Input:
    return {"email": "nuevo@example.com", "name": "Nuevo", "locale": "en", "roles": ["FINANCE"]}


async def _staff_roles(scene: Scene, name: str) -> Input:
    return {"userId": global_id("User", scene.world.users["logistics"]), "roles": ["LOGISTICS", "FINANCE"]}


async def _disable(scene: Scene, name: str) -> Input:
    return {"userId": global_id("User", scene.world.users["logistics"]), "reason": "se fue"}


async def _enable(scene: Scene, name: str) -> Input:
    return {"userId": global_id("User", scene.world.users["left"]), "reason": "vuelve"}


async def _create_client(scene: Scene, name: str) -> Input:
    return {"name": "ERP", "scopes": ["CATALOG_READ", "ORDERS_READ"], "addresses": ["203.0.113.7"]}


def _client_act(**more: Any) -> Callable[[Scene, str], Awaitable[Input]]:
    async def build(scene: Scene, name: str) -> Input:
        document = "{ apiClients(where: {isDisabled: {eq: false}}) { nodes { id version } } }"
        answer = await scene.ask(name, document)
        client = answer["data"]["apiClients"]["nodes"][0]
        return {"apiClientId": client["id"], "expectedVersion": client["version"], **more}

    return build


async def _release(scene: Scene, name: str) -> Input:
    """An order that waits in the world, ready to leave."""
    order = await order_of(scene, name, "cadmin")
    warehouses = (await scene.ask(name, "{ warehouses { id } }"))["data"]["warehouses"]
    lines = [{"orderLineId": each["id"], "quantity": "1"} for each in order["lines"]]
    return {"orderId": order["id"], "warehouseId": warehouses[0]["id"], "lines": lines,
            "plannedOn": NOW.date().isoformat(), "expectedVersion": order["version"]}  # fmt: skip


def _delivery_act(**more: str) -> Callable[[Scene, str], Awaitable[Input]]:
    async def build(scene: Scene, name: str) -> Input:
        document = "query($id: ID!) { delivery(by: {id: $id}) { id version } }"
        found = (await scene.ask(name, document, {"id": scene.world.deliveries["RELEASED"]}))["data"][
            "delivery"
        ]
        return {"deliveryId": found["id"], "expectedVersion": found["version"], **more}

    return build


async def _pick(scene: Scene, name: str) -> Input:
    document = "query($id: ID!) { delivery(by: {id: $id}) { id version lines { id quantity } } }"
    found = (await scene.ask(name, document, {"id": scene.world.deliveries["RELEASED"]}))["data"]["delivery"]
    line = found["lines"][0]
    lines = [{"deliveryLineId": line["id"], "quantity": line["quantity"]}]
    return {"deliveryId": found["id"], "expectedVersion": found["version"], "lines": lines}


async def _warehouse(scene: Scene, name: str) -> str:
    return str((await scene.ask(name, "{ warehouses { id } }"))["data"]["warehouses"][0]["id"])


async def _count(scene: Scene, name: str) -> Input:
    reference = {"namespace": "wms", "value": "count-1"}
    lines = [{"sku": "ACE-2", "quantity": "77"}]
    return {"warehouseId": await _warehouse(scene, name), "lines": lines, "externalReference": reference}


async def _acknowledge(scene: Scene, name: str) -> Input:
    return {"warehouseId": await _warehouse(scene, name), "consumer": "other", "upTo": 0}


async def _end_consumer(scene: Scene, name: str) -> Input:
    answer = await scene.ask(name, "{ warehouseConsumers { id } }")
    return {"warehouseConsumerId": answer["data"]["warehouseConsumers"][0]["id"]}


async def _own_key(scene: Scene, name: str, table: str, type_name: str) -> str:
    """The id of what the viewer keeps at the company they act for."""
    viewer = scene.viewers[name]
    statement = text(f"select id from {table} where user_id = :user and customer_id = :customer limit 1")
    async with scene.database.job() as session:
        key = await session.scalar(statement, {"user": viewer.user_id, "customer": viewer.customer_id})
    return global_id(type_name, key)


async def _send_file(scene: Scene, name: str) -> Input:
    return {"uploadId": await _own_key(scene, name, "upload", "Upload")}


def _quick_order_act(*fields: str, **more: str) -> Callable[[Scene, str], Awaitable[Input]]:
    async def build(scene: Scene, name: str) -> Input:
        known = await facts(scene, name)
        values: Input = {"wishlistId": known["list"]["id"], "expectedVersion": known["cart"]["version"]}
        if "wishlistId" in fields:
            values["expectedVersion"] = known["list"]["version"]
        given = {
            "quickOrderId": await _own_key(scene, name, "quick_order", "QuickOrder"),
            "invalidLines": "LEAVE_OUT",
        }
        return given | {field: values[field] for field in fields} | more

    return build


async def _invoice_deliveries(scene: Scene, name: str) -> Input:
    return {"deliveryIds": [scene.world.deliveries["SHIPPED"]]}


async def _invoice_order(scene: Scene, name: str) -> Input:
    order = await order_of(scene, name, "sbuyer")
    return {
        "order": {
            "orderId": order["id"],
            "lines": [{"orderLineId": order["lines"][0]["id"], "quantity": "1"}],
        }
    }


async def _invoice_period(scene: Scene, name: str) -> Input:
    customer = global_id("Customer", scene.world.customers["stranger"])
    return {"period": {"customerId": customer, "from": "2026-01-01", "until": "2026-12-31"}}


async def _issue(scene: Scene, name: str) -> Input:
    return {"invoiceIds": [scene.world.invoices["padmin"]]}


def _invoice_act(whose: str, **more: Any) -> Callable[[Scene, str], Awaitable[Input]]:
    async def build(scene: Scene, name: str) -> Input:
        document = "query($id: ID!) { invoice(by: {id: $id}) { id version lines { id } } }"
        found = (await scene.ask(name, document, {"id": scene.world.invoices[whose]}))["data"]["invoice"]
        lines = [{"invoiceLineId": found["lines"][0]["id"], "quantity": "1"}]
        given = {key: lines if value == "lines" else value for key, value in more.items()}
        return {"invoiceId": found["id"], "expectedVersion": found["version"], **given}

    return build


async def _update_note(scene: Scene, name: str) -> Input:
    customer = scene.world.customers["parent"]
    asked = "query($i: ID!) { customer(by: {id: $i}) { id version } }"
    known = (await scene.ask(name, asked, {"i": str(encode_id("Customer", customer))}))["data"]["customer"]
    return {"customerId": known["id"], "expectedVersion": known["version"], "note": "Paga tarde."}


async def _save_cart(scene: Scene, name: str) -> Input:
    return {"name": "Del carrito", "visibility": "COMPANY"}


async def _evidence(scene: Scene, name: str) -> Input:
    return {"customerId": global_id("Customer", scene.world.customers["parent"]), "kind": "EXPORT",
            "number": "CMR 1", "verifiedOn": "2026-03-01"}  # fmt: skip


def _money(*names: str, **more: Any) -> Callable[[Scene, str], Awaitable[Input]]:
    """Ids of the world's money; `matches` pays a cent of the open instalment."""

    async def build(scene: Scene, name: str) -> Input:
        known = scene.world.money
        customer = global_id("Customer", scene.world.customers["stranger"])
        values: Input = {
            "customerId": customer, "paymentId": known["payment"], "matchId": known["match"],
            "instalmentId": known["instalment"], "creditInstalmentId": known["credit"],
            "bankLineId": known["line"], "quoteId": scene.world.quotes["stranger"], "matches": [{"instalmentId": known["instalment"], "amount": "0.01"}],
        }  # fmt: skip
        if "expectedVersion" in names:
            asked = "query($id: ID!) { payment(by: {id: $id}) { version } }"
            answer = await scene.ask(name, asked, {"id": known["payment"]})
            values["expectedVersion"] = answer["data"]["payment"]["version"]
        return {each: values[each] for each in names} | more

    return build


async def _staff_upload(scene: Scene, name: str) -> Input:
    async with scene.database.job() as session:
        user = {"user": scene.viewers[name].user_id}
        key = await session.scalar(text("select id from upload where user_id = :user limit 1"), user)
    return {"uploadId": global_id("Upload", key)}


async def _start_import(scene: Scene, name: str) -> Input:
    return {"kind": "PRODUCTS", **await _staff_upload(scene, name)}


BANK_FILE = base64.b64encode(b"fecha;importe;concepto\n02/03/2026;3,00;x\n").decode()


async def _retry_job(scene: Scene, name: str) -> Input:
    job_id = scene.world.dead_job
    assert job_id is not None
    return {"jobId": global_id("Job", job_id), "expectedVersion": 1}


def _price_rule(type_name: str, *ids: str, **more: Any) -> Callable[[Scene, str], Awaitable[Input]]:
    """A sound rule of free goods or charges; `ids` name what it is for, and "ruleId" one that is there."""

    async def build(scene: Scene, name: str) -> Input:
        known = {
            "customerId": global_id("Customer", scene.world.customers["parent"]),
            "productId": global_id("Product", scene.world.products["ACE-0"]),
            "freeProductId": global_id("Product", scene.world.products["ACE-1"]),
            "categoryId": "",
            "ruleId": scene.world.rules[type_name],
        }
        if "categoryId" in ids:
            asked = "{ productCategories { id } }"
            known["categoryId"] = (await scene.ask(name, asked))["data"]["productCategories"][0]["id"]
        version = {"expectedVersion": 1} if "ruleId" in ids else {}
        return {each: known[each] for each in ids} | version | more

    return build


def _trade(*names: str, **more: Any) -> Callable[[Scene, str], Awaitable[Input]]:
    """What the world has of trade agreements; `rows` is one that names everything a row can."""

    async def build(scene: Scene, name: str) -> Input:
        world = scene.world
        row = {
            "relation": "PRICE", "customerId": global_id("Customer", world.customers["parent"]),
            "productId": global_id("Product", world.products["ACE-2"]), "unitPrice": "8", "validFrom": "2035-01-01",
            "replacesId": world.trade["posted"],
        }  # fmt: skip
        values: Input = {
            "journalId": world.trade["draft"], "rows": [row], "rowIds": [world.trade["row"]],
            "postedIds": [world.trade["posted"]], "customerId": row["customerId"], "productId": row["productId"],
            "groups": [{"relation": "LINE_DISCOUNT", "code": "BARES", "priority": 2}],
        }  # fmt: skip
        asked = "query($id: ID!) { node(id: $id) { ... on TradeAgreementJournal { version } ... on Customer { version } } }"
        versioned = next((each for each in ("journalId", "customerId") if each in names), None)
        given = {{"postedIds": "rowIds"}.get(each, each): values[each] for each in names} | more
        if versioned is not None:
            answer = await scene.ask(name, asked, {"id": values[versioned]})
            given["expectedVersion"] = answer["data"]["node"]["version"]
        return given

    return build


GIFT = {"name": "Diez y una", "perQuantity": "10", "freeQuantity": "1", "minimumQuantity": "1000000",
        "validFrom": "2026-01-01"}  # fmt: skip
FREIGHT = {"name": "Portes", "kind": "FREIGHT", "basis": "WEIGHT", "currency": "EUR", "validFrom": "2026-01-01",
           "bands": [{"from": "1000000", "value": "9"}]}  # fmt: skip


async def _suggestions(scene: Scene, name: str) -> Input:
    told = [{"productId": global_id("Product", scene.world.products["ACE-0"]), "reason": "RELATED"}]
    customer = global_id("Customer", scene.world.customers[company_of(name) if name in MEMBERS else "parent"])
    return {"stage": "SHOWN", "place": "CART", "suggestions": told, "customerId": customer}


async def _months(scene: Scene, name: str) -> Input:
    return {"months": 12}


async def _copy_where(scene: Scene, name: str) -> Input:
    given = await _trade("journalId", validFrom="2036-01-01")(scene, name)
    world = scene.world
    customer = global_id("Customer", world.customers["parent"])
    product = global_id("Product", world.products["ACE-2"])
    return given | {"where": {"customer": {"eq": customer}, "product": {"in": [product]}}}


async def _rule_of(scene: Scene, name: str) -> Input:
    """A rule that names a customer and products in every place where it can."""
    product = global_id("Product", scene.world.products["ACE-0"])
    return {
        "groupId": scene.world.discounts["group"], "code": "NUEVA", "name": "Nueva", "phase": "LINE",
        "benefit": {"kind": "PERCENT", "percent": "5"},
        "conditions": [
            {"kind": "CUSTOMER", "customerIds": [global_id("Customer", scene.world.customers["parent"])]},
            {"kind": "PRODUCT", "productIds": [product]},
            {"kind": "MIX_AND_MATCH", "quantity": "3", "mandatory": [{"productId": product, "quantity": "1"}]},
        ],
    }  # fmt: skip


async def _changed_rule(scene: Scene, name: str) -> Input:
    return await _rule_of(scene, name) | {"ruleId": scene.world.discounts["inactive"], "expectedVersion": 1}


def _rule_act(state: str) -> Callable[[Scene, str], Awaitable[Input]]:
    async def build(scene: Scene, name: str) -> Input:
        return {"ruleId": scene.world.discounts[state], "expectedVersion": 1}

    return build


async def _group(scene: Scene, name: str) -> Input:
    return {"code": "OTRO", "name": "Otro", "sequence": 2, "stacking": "SUMMED", "suppresses": ["PROMO"]}


async def _changed_group(scene: Scene, name: str) -> Input:
    group = scene.world.discounts["group"]
    return {"groupId": group, "expectedVersion": 1, "name": "Otra", "sequence": 5, "stacking": "BEST"}


async def _segment(scene: Scene, name: str) -> Input:
    product = global_id("Product", scene.world.products["ACE-0"])
    return {
        "segmentId": scene.world.discounts["segment"], "expectedVersion": 1, "code": "ES", "name": "Es",
        "countries": ["ES"], "productIds": [product],
    }  # fmt: skip


async def _settings(scene: Scene, name: str) -> Input:
    answer = await scene.ask(name, "{ pricingSettings { version } }", {})
    return {
        "expectedVersion": answer["data"]["pricingSettings"]["version"], "lineMultilineMode": "MAX",
        "inactiveCells": [{"relation": "PRICE", "customerScope": "ALL", "itemScope": "ONE"}],
    }  # fmt: skip


WHY = {"reason": "porque sí"}
AGREED = {"title": "Otro", "currency": "EUR", "validFrom": "2026-01-01", "validTo": "2026-12-31", "lines": [
    {"type": "PRODUCT_QUANTITY", "sku": "ACE-1", "committed": "50", "unitPrice": "3"},
    {"type": "OVERALL_VALUE", "committed": "1000", "discountPercent": "2"},
]}  # fmt: skip


def _agreement_act(which: str, **more: Any) -> Callable[[Scene, str], Awaitable[Input]]:
    async def build(scene: Scene, name: str) -> Input:
        document = "query($id: ID!) { salesAgreement(by: {id: $id}) { id version } }"
        answer = await scene.ask(name, document, {"id": scene.world.agreements[which]})
        found = answer["data"]["salesAgreement"]
        return {"agreementId": found["id"], "expectedVersion": found["version"], **more}

    return build


async def _create_agreement(scene: Scene, name: str) -> Input:
    return {"customerId": global_id("Customer", scene.world.customers["parent"]), "terms": AGREED}


def _quote_act(which: str, **more: Any) -> Callable[[Scene, str], Awaitable[Input]]:
    """An act of our people, or a colleague's consent, on the world's quote of that name."""

    async def build(scene: Scene, name: str) -> Input:
        found = await _quote(scene, name, which)
        return {"quoteId": found["id"], "expectedVersion": found["version"], **more}

    return build


async def _quote(scene: Scene, name: str, which: str) -> Input:
    document = """query($id: ID!) { quote(by: {id: $id}) {
        id version offer { id contentHash lines { id isOptional } } } }"""
    found: Input = (await scene.ask(name, document, {"id": scene.world.quotes[which]}))["data"]["quote"]
    return found


async def _quote_note(scene: Scene, name: str) -> Input:
    return {"quoteId": (await _quote(scene, name, "parent"))["id"], "body": "m"}


async def _quote_file(scene: Scene, name: str) -> Input:
    given = await _send_file(scene, name)
    return given | {"quoteId": (await _quote(scene, name, "parent"))["id"]}


def _quote_answer(named: str = "", **more: Any) -> Callable[[Scene, str], Awaitable[Input]]:
    """An answer to what the parent was sent; `named` is where the input names lines."""

    async def build(scene: Scene, name: str) -> Input:
        found = await _quote(scene, name, "parent")
        offer = found["offer"]
        given = {
            "quoteId": found["id"],
            "revisionId": offer["id"],
            "contentHash": offer["contentHash"],
            **more,
        }
        first = next(each["id"] for each in offer["lines"] if not each["isOptional"])
        if named == "lines":
            given["lines"] = [{"lineId": first, "quantity": "3", "unitPrice": "1", "substituteSku": "ACE-2"}]
        elif named:
            given[named] = [each["id"] for each in offer["lines"] if each["isOptional"]]
        return given

    return build


async def _opened_quote(scene: Scene, name: str) -> Input:
    return {"quoteId": (await _quote(scene, name, "parent"))["id"]}


async def _create_quote(scene: Scene, name: str) -> Input:
    return {"customerId": global_id("Customer", scene.world.customers["parent"]), **QUOTED}


async def _quote_terms(scene: Scene, name: str) -> Input:
    """With an address of the customer's, as every input is tried with foreign ones."""
    document = "query($id: ID!) { customer(by: {id: $id}) { addresses { id } } }"
    customer = global_id("Customer", scene.world.customers["parent"])
    found = (await scene.ask(name, document, {"id": customer}))["data"]["customer"]
    return {"deliveryAddressId": found["addresses"][0]["id"]}


async def _create_quote_to(scene: Scene, name: str) -> Input:
    return await _create_quote(scene, name) | {"terms": await _quote_terms(scene, name)}


async def _set_quote_lines(scene: Scene, name: str) -> Input:
    return await _quote_act("draft", **QUOTED)(scene, name) | {"terms": await _quote_terms(scene, name)}


QUOTED: Input = {"lines": [{"sku": "ACE-1", "quantity": "2", "discountPercent": "1", "reason": "r"}]}
NO_LINES: Input = {"lines": []}
OTHER_HASH: Input = {"contentHash": "00"}
QUOTE_POLICY: Input = {
    "rows": [{"criterion": "QUOTE_DEPTH", "threshold": "5", "level": "MANAGER"}], "validityDays": 15,
    "expectedVersion": 0,
}  # fmt: skip


async def _quote_policy(scene: Scene, name: str) -> Input:
    return QUOTE_POLICY


async def _request_quote(scene: Scene, name: str) -> Input:
    return {"lines": [{"sku": "ACE-1", "quantity": "2"}], "message": "m"}


SUPPLIER: Input = {"code": "NUEVO", "name": "Nuevo SL", "currency": "EUR", "locale": "es", "leadTimeDays": 5}


def _supplier(of: str = "", product: str = "", **more: Any) -> Callable[[Scene, str], Awaitable[Input]]:
    async def build(scene: Scene, name: str) -> Input:
        if not of:
            return dict(more)
        document = "query($id: ID!) { supplier(by: {id: $id}) { id version } }"
        found = (await scene.ask(name, document, {"id": scene.world.buying[of]}))["data"]["supplier"]
        named = {"productId": global_id("Product", scene.world.products[product])} if product else {}
        return {"supplierId": found["id"], "expectedVersion": found["version"], **named, **more}

    return build


def _lot(status: str) -> Callable[[Scene, str], Awaitable[Input]]:
    async def build(scene: Scene, name: str) -> Input:
        document = (
            "query($status: LotStatus) { lots(status: $status, includeGone: true) { nodes { id version } } }"
        )
        lot = (await scene.ask(name, document, {"status": status}))["data"]["lots"]["nodes"][0]
        return {"lotId": lot["id"], "expectedVersion": lot["version"], **WHY}

    return build


async def _share(scene: Scene, name: str) -> Input:
    place = (await scene.ask(name, "{ warehouses { id } }"))["data"]["warehouses"][0]["id"]
    product = global_id("Product", scene.world.products["ACE-1"])
    document = "query($id: ID!) { stockWaiting(productId: $id) { lines { orderLineId } } }"
    lines = (await scene.ask(name, document, {"id": product}))["data"]["stockWaiting"]["lines"]
    named = [each["orderLineId"] for each in lines[:1]]
    return {"productId": product, "warehouseId": place, "policy": "EQUALLY", "orderLineIds": named}


async def _prospect(scene: Scene, name: str) -> Input:
    """The stranger, as it was before finance checked it."""
    stranger = scene.world.customers["stranger"]
    async with scene.database.job() as session:
        before = text("update customer set status = 'PROSPECT' where id = :id returning version")
        version = await session.scalar(before, {"id": stranger})
    return {"customerId": global_id("Customer", stranger), "expectedVersion": version, "reason": "r"}


async def _priority(scene: Scene, name: str) -> Input:
    document = "query($id: ID!) { customer(by: {id: $id}) { id version } }"
    key = global_id("Customer", scene.world.customers["child"])
    found = (await scene.ask(name, document, {"id": key}))["data"]["customer"]
    return {"customerId": found["id"], "priority": 2, "expectedVersion": found["version"]}


async def _purchase(scene: Scene, name: str) -> Input:
    place = (await scene.ask(name, "{ warehouses { id } }"))["data"]["warehouses"][0]["id"]
    peg = {"orderLineId": scene.world.buying["lacking"], "quantity": "1"}
    product = global_id("Product", scene.world.products["ACE-1"])
    lines = [{"productId": product, "quantity": "3", "pegs": [peg]}]
    return {"supplierId": scene.world.buying["supplier"], "warehouseId": place, "lines": lines}


async def _direct(scene: Scene, name: str) -> Input:
    order = await order_of(scene, name, "cadmin")
    lines = [{"orderLineId": order["lines"][0]["id"], "quantity": "1"}]
    head = {"orderId": order["id"], "supplierId": scene.world.buying["supplier"]}
    return {**head, "lines": lines, "expectedVersion": order["version"]}


def _purchase_act(of: str, **more: Any) -> Callable[[Scene, str], Awaitable[Input]]:
    """`line` in what is given stands for the purchase order's line."""

    async def build(scene: Scene, name: str) -> Input:
        document = "query($id: ID!) { purchaseOrder(by: {id: $id}) { id version } }"
        found = (await scene.ask(name, document, {"id": scene.world.buying[of]}))["data"]["purchaseOrder"]
        given = {"purchaseOrderId": found["id"], "expectedVersion": found["version"], **more}
        line = scene.world.buying[f"{of}_line"]
        if "lines" in given:
            given["lines"] = [{"lineId": line, **each} for each in given["lines"]]
        if given.pop("pegs", False):
            given |= {"lineId": line, "orderLineId": scene.world.buying["lacking"]}
        return given

    return build


def _scheduling(*ids: str, **more: Any) -> Callable[[Scene, str], Awaitable[Input]]:
    """`ids` names those of the input that it takes."""

    async def build(scene: Scene, name: str) -> Input:
        document = """{ schedulingSettings { version } warehouses { id } customers(first: 1) { nodes { id } }
            products(first: 1) { nodes { id } } }"""
        found = (await scene.ask(name, document))["data"]
        known = {
            "warehouseId": found["warehouses"][0]["id"],
            "customerId": found["customers"]["nodes"][0]["id"],
            "productId": found["products"]["nodes"][0]["id"],
        }
        head = {each: known[each] for each in ids}
        return {**head, "expectedVersion": found["schedulingSettings"]["version"], **more}

    return build


async def _calendar_link(scene: Scene, name: str) -> Input:
    return {"isActive": True}


EXAMPLES: dict[str, Example] = {
    "saveCalendar": Example(
        "logistics",
        _scheduling(
            code="LAB", name="Laborables", weekdays=[1, 2, 3, 4, 5], holidays=[{"day": "2026-12-25"}]
        ),
        {"weekdays": [0]},
    ),
    "setEntryDeadline": Example(
        "logistics", _scheduling("warehouseId", weekday=5, at="14:00"), {"weekday": 8}
    ),
    "setTransportTime": Example(
        "logistics", _scheduling("warehouseId", days=2, country="ES", postalPrefix="07"), {"days": -1}
    ),
    "setWarehouseTimes": Example(
        "logistics",
        _scheduling("warehouseId", calendarCode="LAB", handlingDays=1, timeZone="Atlantic/Canary"),
        {"timeZone": "Europe/Zaragoza"},
    ),
    "setDeliveryControl": Example(
        "logistics",
        _scheduling("productId", method="CTP", purchaseLeadDays=7, lotCriterion="FIFO"),
        {"salesLeadDays": -1},
        (_scheduling(method="SALES_LEAD_TIME", salesLeadDays=3),),
    ),
    "setSellableDays": Example(
        "logistics", _scheduling("customerId", "productId", days=30), {"days": -1}, (_scheduling(days=10),)
    ),
    "setAvailabilityDisplay": Example(
        "logistics", _scheduling(display="BAND", lowStockThreshold="7"), {"lowStockThreshold": "0"}
    ),
    "setSharingPolicy": Example(
        "logistics",
        _scheduling("productId", policy="EQUALLY"),
        {"productId": "nonsense"},
        (_scheduling(policy="BASIC"),),
    ),
    "setHoldLimits": Example("logistics", _scheduling(cartMinutes=45, staffDays=7), {"cartMinutes": -1}),
    "setCustomerCalendar": Example(
        "logistics", _scheduling("customerId", calendarCode="LAB"), {"calendarCode": "NONE"}
    ),
    "setCalendarLink": Example("pbuyer", _calendar_link, {"days": 0}),
    "addToCart": Example("pbuyer", _add_to_cart),
    "updateCartLine": Example("pbuyer", _cart_act(lineId="line", quantity="5")),
    "chooseDelivery": Example("pbuyer", _choose_delivery),
    "removeCartLine": Example("pbuyer", _cart_act(lineId="line")),
    "updateCart": Example("pbuyer", _cart_act(note="otra", deliveryAddressId="address")),
    "clearCart": Example("pbuyer", _cart_act()),
    "holdCart": Example("pbuyer", _cart_act()),
    "releaseCartHold": Example("pbuyer", _cart_act()),
    "addWishlistToCart": Example("pbuyer", _wishlist_to_cart),
    "reorder": Example("pbuyer", _reorder),
    "createQuickOrder": Example("pbuyer", _send_file, {"uploadId": "nonsense"}),
    "addQuickOrderToCart": Example("pbuyer", _quick_order_act("expectedVersion")),
    "addQuickOrderToWishlist": Example("pbuyer", _quick_order_act("wishlistId", "expectedVersion")),
    "saveQuickOrderAsWishlist": Example("pbuyer", _quick_order_act(name="Del fichero"), {"name": " "}),
    "saveCartAsWishlist": Example("pbuyer", _save_cart, {"name": " "}),
    "setCartAgreement": Example("pbuyer", _set_agreement),
    "answerFreeGoods": Example("pbuyer", _answer_gift),
    "addCoupon": Example("pmate", _cart_act(code="UNO")),
    "removeCoupon": Example("pbuyer", _cart_act(code="UNO")),
    "createDiscountRule": Example("manager", _rule_of, {"name": " "}),
    "updateDiscountRule": Example("manager", _changed_rule),
    "activateDiscountRule": Example("manager", _rule_act("inactive")),
    "deactivateDiscountRule": Example("manager", _rule_act("active")),
    "setPricingSettings": Example("manager", _settings, {"marginTargetPercent": "100"}),
    "createDiscountGroup": Example("manager", _group, {"name": " "}),
    "updateDiscountGroup": Example("manager", _changed_group, {"name": " "}),
    "saveSegment": Example("manager", _segment),
    "createWishlist": Example("pbuyer", _create_list, {"name": " "}),
    "updateWishlist": Example("pbuyer", _list_act(name="Otra", visibility="COMPANY")),
    "deleteWishlist": Example("pbuyer", _list_act()),
    "setWishlistItem": Example("pbuyer", _list_act(productId="product", quantity="7", note="nota")),
    "removeWishlistItem": Example("pbuyer", _list_act(itemId="item")),
    "placeOrder": Example("pbuyer", _place),
    "placeCapturedOrder": Example("pbuyer", _captured, {"lines": []}),
    "confirmOrder": Example("repa", _order_act("pbuyer")),
    "refuseOrder": Example("repa", _order_act("pbuyer", **WHY)),
    "cancelOrder": Example("pbuyer", _order_act("pbuyer", **WHY)),
    "cancelOrderLine": Example("pbuyer", _line_act("pbuyer", quantity="1", **WHY)),
    "holdOrder": Example("repa", _order_act("pbuyer", **WHY)),
    "releaseOrder": Example("repa", _order_act("papprover", **WHY)),
    "setConcessionLimit": Example("manager", _concession_limit, {"budget": "-1"}),
    "addFreeOrderLine": Example("repa", _order_act("pbuyer", sku="ACE-1", quantity="1", **WHY)),
    "approveConcession": Example("manager", _concession_act(**WHY)),
    "refuseConcession": Example("manager", _concession_act(**WHY)),
    "withdrawConcession": Example("repa", _concession_act()),
    "discountOrderLine": Example("repa", _line_act("pbuyer", percent="10", **WHY)),
    "setOrderLinePrice": Example("manager", _line_act("pbuyer", unitPrice="9.5", **WHY)),
    "requestLots": Example("repa", _request_lots),
    "selectLots": Example("repa", _lots_act(selection="ONE_ELSE_NONE")),
    "banLot": Example("repa", _ban_act(sku="ACE-0", lotNumber="AVAILABLE", reason="Alérgeno.")),
    "allowLot": Example("repa", _ban_act("lotId")),
    "setLotSelection": Example("repa", _ban_act(selection="ONE_ELSE_LESS")),
    "rescheduleOrderLine": Example("repa", _reschedule, {"parts": []}),
    "createSupplier": Example("logistics", _supplier(**SUPPLIER), {"code": ""}),
    "updateSupplier": Example("logistics", _supplier("supplier", **SUPPLIER)),
    "retireSupplier": Example("logistics", _supplier("idle")),
    "saveSupplierProduct": Example("logistics", _supplier("idle", "ACE-2", supplierSku="N", unitPrice="3")),
    "retireSupplierProduct": Example("logistics", _supplier("supplier", "ACE-1")),
    "blockLot": Example("logistics", _lot("AVAILABLE"), {"reason": ""}),
    "unblockLot": Example("logistics", _lot("BLOCKED"), {"reason": ""}),
    "createPurchaseOrder": Example("logistics", _purchase, {"lines": []}),
    "createDirectDelivery": Example("logistics", _direct, {"lines": []}),
    "sendPurchaseOrder": Example("logistics", _purchase_act("draft")),
    "confirmPurchaseOrder": Example(
        "logistics",
        _purchase_act(
            "pegged",
            supplierReference="r",
            lines=[{"parts": [{"quantity": "5", "confirmedOn": "2026-03-20"}]}],
        ),
    ),
    "receivePurchaseOrder": Example(
        "logistics", _purchase_act("pegged", deliveryNote="A-1", lines=[{"quantity": "2"}])
    ),
    "cancelPurchaseOrder": Example("logistics", _purchase_act("pegged", reason="r", releasesPegs=True)),
    "closePurchaseOrder": Example("logistics", _purchase_act("begun", reason="r")),
    "setPurchasePeg": Example("logistics", _purchase_act("waiting", quantity="1", pegs=True)),
    "releaseDelivery": Example("logistics", _release),
    "shipDelivery": Example("logistics", _delivery_act(carrier="Sol", trackingNumber="TS-1")),
    "pickDelivery": Example("logistics", _pick, {"lines": [{"deliveryLineId": "x", "quantity": "1"}]}),
    "countStock": Example("logistics", _count, {"lines": []}),
    "acknowledgeEvents": Example("logistics", _acknowledge, {"upTo": 9_000_000}),
    "endWarehouseConsumer": Example("logistics", _end_consumer, {"warehouseConsumerId": "x"}),
    "cancelDelivery": Example("logistics", _delivery_act(**WHY)),
    "updateDelivery": Example(
        "logistics", _delivery_act(carrier="Sol", trackingNumber="T", internalNote="n")
    ),
    "createInvoices": Example(
        "finance", _invoice_deliveries, {"deliveryIds": []}, (_invoice_order, _invoice_period)
    ),
    "discardInvoice": Example("finance", _invoice_act("padmin")),
    "issueInvoices": Example("finance", _issue, {"invoiceIds": []}),
    "rectifyInvoice": Example("finance", _invoice_act("pmate", lines="lines", **WHY)),
    "answerInvoice": Example("padmin", _invoice_act("pmate", status="REJECTED", **WHY)),
    "recordTaxEvidence": Example("finance", _evidence, {"number": " "}),
    "recordPayment": Example(
        "finance", _money("customerId", "matches", "quoteId", amount="5"), {"amount": "0"}
    ),
    "setPaymentQuote": Example("finance", _money("paymentId", "expectedVersion", "quoteId")),
    "matchPayment": Example("finance", _money("paymentId", "expectedVersion", "matches")),
    "matchCredit": Example(
        "finance", _money("creditInstalmentId", "instalmentId", amount="1"), {"amount": "0"}
    ),
    "unmatchPayment": Example("finance", _money("matchId"), {"matchId": "nonsense"}),
    "reversePayment": Example("finance", _money("paymentId", "expectedVersion", **WHY)),
    "importBankFile": Example(
        "finance", _money(name="b.csv", content=BANK_FILE), {"content": "???"}, (_staff_upload,)
    ),
    "assignBankLine": Example(
        "finance", _money("bankLineId", "customerId", "matches"), {"bankLineId": "nonsense"}
    ),
    "ignoreBankLine": Example("finance", _money("bankLineId", **WHY), {"reason": " "}),
    "releaseOrderWhenPaid": Example("finance", _order_act("both@stranger", amount="9", **WHY)),
    "activateCustomer": Example("finance", _prospect, {"reason": "x" * 501}),
    "setCreditLimit": Example("finance", _money("customerId", limit="900", **WHY), {"limit": "-1"}),
    "createFreeGoodsRule": Example(
        "manager",
        _price_rule("FreeGoodsRule", "customerId", "productId", "freeProductId", **GIFT),
        {"perQuantity": "0"},
        (_price_rule("FreeGoodsRule", "categoryId", **GIFT),),
    ),
    "updateFreeGoodsRule": Example(
        "manager",
        _price_rule("FreeGoodsRule", "ruleId", "customerId", "productId", "freeProductId", **GIFT),
        others=(_price_rule("FreeGoodsRule", "ruleId", "categoryId", **GIFT),),
    ),
    "deactivateFreeGoodsRule": Example("manager", _price_rule("FreeGoodsRule", "ruleId")),
    "createChargeRule": Example(
        "manager",
        _price_rule("ChargeRule", "customerId", "productId", **FREIGHT),
        {"bands": []},
        (_price_rule("ChargeRule", "categoryId", **FREIGHT),),
    ),
    "updateChargeRule": Example(
        "manager",
        _price_rule("ChargeRule", "ruleId", "customerId", "productId", **FREIGHT),
        others=(_price_rule("ChargeRule", "ruleId", "categoryId", **FREIGHT),),
    ),
    "deactivateChargeRule": Example("manager", _price_rule("ChargeRule", "ruleId")),
    "recordSuggestions": Example("pbuyer", _suggestions, {"suggestions": []}),
    "refreshSuggestions": Example("administrator", _months, {"months": 0}),
    "createTradeAgreementJournal": Example(
        "manager", _trade("rows", description="Tarifas"), {"rows": [{"relation": "PRICE"}]}
    ),
    "addTradeAgreementRows": Example("manager", _trade("journalId", "rows")),
    "removeTradeAgreementRows": Example("manager", _trade("journalId", "rowIds")),
    "copyTradeAgreementRows": Example(
        "manager",
        _trade("journalId", "postedIds", validFrom="2036-01-01", factor="1.1"),
        None,
        (_copy_where,),
    ),
    "postTradeAgreementJournal": Example("manager", _trade("journalId")),
    "setCustomerPricingGroups": Example("manager", _trade("customerId", "groups")),
    "setProductPricing": Example(
        "manager", _trade("productId", expectedVersion=0, lineDiscountGroup="ACEITE")
    ),
    "approveOrder": Example("papprover", _order_act("pintegrator", **WHY)),
    "refuseApproval": Example("papprover", _order_act("pintegrator", **WHY)),
    "withdrawApproval": Example("pintegrator", _order_act("pintegrator")),
    "inviteUser": Example("padmin", _invite, {"roles": []}),
    "revokeInvitation": Example("padmin", _invitation, {"invitationId": "x"}),
    "setMembershipRoles": Example("padmin", _roles, {"roles": []}),
    "removeMember": Example("padmin", _member, {"userId": "x"}),
    "setSpendLimit": Example("padmin", _limit, {"perOrder": "-1"}),
    "setCustomerSpendLimit": Example("administrator", _customer_limit, {"perOrder": "-1"}),
    "saveApprovalRule": Example("padmin", _save_rule, {"name": " "}),
    "endApprovalRule": Example("padmin", _rule, {"ruleId": "x"}),
    "createUser": Example("administrator", _create_user, {"roles": []}),
    "setStaffRoles": Example("administrator", _staff_roles, {"roles": []}),
    "disableUser": Example("administrator", _disable, {"reason": " "}),
    "enableUser": Example("administrator", _enable, {"reason": " "}),
    "createAddress": Example("padmin", _create_address, {"country": "España"}),
    "updateAddress": Example("padmin", _update_address, {"country": "España"}),
    "createApiClient": Example("padmin", _create_client, {"scopes": []}),
    "updateApiClient": Example("padmin", _client_act(name="Otro", scopes=["CATALOG_READ"], addresses=[])),
    "rotateApiClientSecret": Example("padmin", _client_act(secretDays=30, keepOldHours=1)),
    "disableApiClient": Example("padmin", _client_act()),
    "shareStock": Example("logistics", _share, {"productId": "nonsense"}),
    "setDeliveryPriority": Example("logistics", _priority, {"priority": 10}),
    "updateCustomerNote": Example("repa", _update_note, {"note": "x" * 2001}),
    "createSalesAgreement": Example("repa", _create_agreement, {"terms": AGREED | {"title": " "}}),
    "saveSalesAgreementDraft": Example("repa", _agreement_act("draft", terms=AGREED)),
    "amendSalesAgreement": Example("repa", _agreement_act("parent")),
    "proposeSalesAgreement": Example("manager", _agreement_act("draft")),
    "withdrawSalesAgreement": Example("manager", _agreement_act("proposed", **WHY)),
    "acceptSalesAgreement": Example("padmin", _agreement_act("proposed")),
    "declineSalesAgreement": Example("papprover", _agreement_act("proposed", **WHY)),
    "closeSalesAgreement": Example("manager", _agreement_act("parent", **WHY)),
    "cancelSalesAgreement": Example("manager", _agreement_act("draft", **WHY)),
    "requestQuote": Example("padmin", _request_quote, NO_LINES),
    "createQuote": Example("repa", _create_quote_to, NO_LINES),
    "setQuoteLines": Example("repa", _set_quote_lines),
    "submitQuote": Example("repa", _quote_act("draft")),
    "approveQuote": Example("manager", _quote_act("pending")),
    "rejectQuote": Example("manager", _quote_act("pending", **WHY)),
    "sendQuote": Example("repa", _quote_act("approved")),
    "reviseQuote": Example("repa", _quote_act("countered")),
    "withdrawQuote": Example("repa", _quote_act("parent", **WHY)),
    "convertQuote": Example("repa", _quote_act("accepted")),
    "counterQuote": Example("padmin", _quote_answer("lines", message="m"), OTHER_HASH),
    "acceptQuote": Example("padmin", _quote_answer("lineIds"), OTHER_HASH),
    "declineQuote": Example("papprover", _quote_answer(**WHY), OTHER_HASH),
    "markQuoteOpened": Example("padmin", _opened_quote, {"quoteId": "x"}),
    "withdrawQuoteRequest": Example("padmin", _quote_act("requested", **WHY)),
    "approveQuoteAcceptance": Example("padmin", _quote_act("waiting")),
    "refuseQuoteAcceptance": Example("papprover", _quote_act("waiting", **WHY)),
    "addQuoteMessage": Example("padmin", _quote_note, {"body": " "}),
    "addQuoteAttachment": Example("padmin", _quote_file, {"uploadId": "nonsense"}),
    "setQuotePolicy": Example("administrator", _quote_policy),
    "retryJob": Example("administrator", _retry_job),
    "startImport": Example("integrator", _start_import, {"uploadId": "nonsense"}),
}


def mutations() -> dict[str, GraphQLField]:
    assert FULL.mutation_type is not None
    return dict(FULL.mutation_type.fields)


def input_type(name: str) -> GraphQLInputObjectType:
    named = get_named_type(mutations()[name].args["input"].type)
    assert isinstance(named, GraphQLInputObjectType)
    return named


def is_versioned(name: str) -> bool:
    return "expectedVersion" in input_type(name).fields


def needs_key(name: str) -> bool:
    return directive_of(mutations()[name], KeyRequired) is not None


def entity_field(name: str) -> str:
    payload = get_named_type(mutations()[name].type)
    assert isinstance(payload, GraphQLObjectType)
    (found,) = [str(each) for each in payload.fields if each not in COMMON]
    return found


def document(name: str, directives: str = "") -> str:
    """The mutation with all of its payload's common part and its entity's id, version and number."""
    payload = get_named_type(mutations()[name].type)
    assert isinstance(payload, GraphQLObjectType)
    field = entity_field(name)
    entity = get_named_type(payload.fields[field].type)
    inner = ""
    if isinstance(entity, GraphQLObjectType):
        inner = "{ " + " ".join(each for each in ("id", "version", "number") if each in entity.fields) + " }"
    return (
        f"mutation Act($input: {input_type(name).name}!) {{ {name}(input: $input) {directives} {{ {field} {inner}"
        " errors { code message path ... on StaleVersion { currentVersion } } warnings { code } replayed } }"
    )


def id_coordinates(named: GraphQLInputObjectType) -> set[str]:
    """Every place of an input where an ID can stand."""
    found: set[str] = set()
    for name, field in named.fields.items():
        inner = get_named_type(field.type)
        if inner.name == "ID":
            found.add(f"{named.name}.{name}")
        elif isinstance(inner, GraphQLInputObjectType):
            found |= id_coordinates(inner)
    return found


def ids_given(named: GraphQLInputObjectType, value: Input) -> list[tuple[str, tuple[str | int, ...]]]:
    """(coordinate, path) of every id in an input."""
    found: list[tuple[str, tuple[str | int, ...]]] = []
    for name, given in value.items():
        field_type = named.fields[name].type
        inner = get_named_type(field_type)
        bare = field_type.of_type if isinstance(field_type, GraphQLNonNull) else field_type
        many = isinstance(bare, GraphQLList)
        for index, each in enumerate(given if many else [given]):
            here = (name, index) if many else (name,)
            if inner.name == "ID":
                found.append((f"{named.name}.{name}", here))
            elif isinstance(inner, GraphQLInputObjectType):
                found += [(place, (*here, *rest)) for place, rest in ids_given(inner, each)]
    return found


__all__ = ["EXAMPLES", "company_of", "document", "global_id", "ids_given", "mutations"]
