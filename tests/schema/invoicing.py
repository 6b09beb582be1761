"""What tests of invoices share: orders that are placed and shipped, drafts, and issued invoices."""

from datetime import datetime
from itertools import count
from typing import Any
from uuid import UUID

from auth.permissions import Viewer
from schema.ids import decode_id, encode_id
from tests import factories as make
from tests.schema.shop import NOW, Shop

INVOICE = """ id number status kind type version issuedOn dueOn state isOverdue reason buyerStatus buyerReason
  netAmount { amount } taxAmount { amount } surchargeAmount { amount } grossAmount { amount currency }
  openAmount { amount } allowedActions supplied: suppliedOn customerName purchaseOrderNumber
  lines { id sku quantity quantityCredited taxCategory taxPercent surchargePercent
          netAmount { amount } taxAmount { amount } grossAmount { amount } orderNumber deliveryNumber }
  taxGroups { category percent surchargePercent qualification exemptionCode
              base { amount } tax { amount } surcharge { amount } }
  instalments { id dueOn amount { amount } amountMatched { amount } openAmount { amount } state }
  record { position hash previousHash hashedText }
"""

HEAD = "id number status type version issuedOn grossAmount { amount }"


async def ship(shop: Shop, order_id: str, *quantities: int, when: datetime = NOW) -> str:
    """A delivery of an order's lines, in their order (all of them where nothing is said), that left; its global id."""
    key = await make.make_delivery(
        shop.database, shop.logistics, decode_id(order_id, "Order"), *quantities, now=when
    )
    return encode_id("Delivery", await make.ship(shop.database, shop.logistics, key, now=when))


async def ordered(shop: Shop, *lines: Any, buyer: Viewer | None = None, **given: Any) -> dict[str, Any]:
    """An order of (product, quantity) lines."""
    viewer = buyer or shop.buyer
    answer = await shop.place(viewer, await shop.fill(viewer, *lines), **given)
    assert answer["errors"] == [], answer["errors"]
    order: dict[str, Any] = answer["order"]
    return order


_keys = count(1)


async def act(
    shop: Shop, viewer: Viewer, mutation: str, directives: str = "", **given: Any
) -> dict[str, Any]:
    """An act on invoices; the payload."""
    name = mutation[0].upper() + mutation[1:] + "Input"
    many = mutation in ("createInvoices", "issueInvoices")
    field = f"invoices {{ {HEAD} }}" if many else f"invoice {{ {INVOICE} }}"
    document = f"""mutation Act($input: {name}!) {{ {mutation}(input: $input) {directives} {{
        {field} errors {{ code message path }} warnings {{ code message path }} replayed }} }}"""
    answer = await shop.data(viewer, document, f"invoicing-{next(_keys)}", input=given)
    payload: dict[str, Any] = answer[mutation]
    return payload


async def read(shop: Shop, viewer: Viewer, invoice_id: str) -> dict[str, Any]:
    """The invoice as the viewer sees it."""
    answer = await shop.data(
        viewer, f"query($id: ID!) {{ invoice(by: {{id: $id}}) {{ {INVOICE} }} }}", id=invoice_id
    )
    found: dict[str, Any] = answer["invoice"]
    return found


async def drafted(shop: Shop, **given: Any) -> list[dict[str, Any]]:
    payload = await act(shop, shop.finance, "createInvoices", **given)
    assert payload["errors"] == [], payload["errors"]
    return [await read(shop, shop.finance, each["id"]) for each in payload["invoices"]]


async def issued(shop: Shop, *drafts: dict[str, Any], **given: Any) -> list[dict[str, Any]]:
    payload = await act(
        shop, shop.finance, "issueInvoices", invoiceIds=[each["id"] for each in drafts], **given
    )
    assert payload["errors"] == [], payload["errors"]
    return [await read(shop, shop.finance, each["id"]) for each in payload["invoices"]]


async def invoiced(shop: Shop, *lines: Any, **given: Any) -> dict[str, Any]:
    """An order placed, shipped whole, invoiced and issued: the invoice."""
    order = await ordered(shop, *lines, **given)
    (draft,) = await drafted(shop, deliveryIds=[await ship(shop, order["id"])])
    (invoice,) = await issued(shop, draft)
    return invoice


def codes(payload: dict[str, Any]) -> list[str]:
    return [each["code"] for each in payload["errors"]]


def amounts(invoice: dict[str, Any]) -> tuple[str, ...]:
    """(net, tax, surcharge, gross) as text."""
    names = ("netAmount", "taxAmount", "surchargeAmount", "grossAmount")
    return tuple(invoice[name]["amount"] for name in names)


def uuid_of(node: dict[str, Any], type_name: str = "Invoice") -> UUID:
    return decode_id(node["id"], type_name)
