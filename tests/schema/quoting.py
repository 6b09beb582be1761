"""Quotes, as the tests ask for, write, send and answer them."""

import re
from itertools import count
from typing import Any

from auth.permissions import Permission, Role, Viewer
from schema.ids import encode_id
from tests.schema.agreeing import manager_of, member_of
from tests.schema.shop import Shop

__all__ = ["Role", "manager_of", "member_of"]
_keys = count(1)

LINES = """lines { id position parentPosition kind isFree isOptional alternativeTo sku quantity unit
    listUnitPrice { amount } unitPrice { amount } manualUnitPrice { amount } discountPercent
    netAmount { amount } taxAmount { amount } grossAmount { amount } requestedOn orderLineId
    priceTrace { component value } }"""
REVISION = f"""id number status contentHash validUntil message pricedOn discountPercent
    netAmount {{ amount }} taxAmount {{ amount }} grossAmount {{ amount }} {LINES}"""
SEEN = f"""id number status statusReason version validUntil obstacle allowedActions
    requestLines {{ sku quantity requestedOn }} requestMessage
    revisions {{ {REVISION} }} offer {{ id number contentHash }}
    counters {{ message revisionNumber lines {{ lineId quantity unitPrice {{ amount }} requestedOn substitute {{ sku description }} }} }}
    acceptance {{ acceptedByName consentedByName purchaseOrderNumber contentHash priceSource
                  revision {{ number }} }}
    acceptanceRequest {{ status requestedByName isMine decidedByName }}
    order {{ id number status placedByName grossAmount {{ amount }} purchaseOrderNumber quote {{ number }} }}"""
OURS = """ draft { id number status needs { criterion level line threshold value } depthPercent marginBand }
    approval { status level revisionNumber requestedByName isMine decidedByName decisionReason
               needs { criterion level } }"""


def fields(viewer: Viewer) -> str:
    """What the viewer's view of a quote has: who did something at the customer is for those who decide there."""
    if viewer.is_staff:
        return SEEN + OURS
    if viewer.may(Permission.APPROVALS_DECIDE):
        return SEEN
    return re.sub(r"\b(acceptedByName|consentedByName|requestedByName|decidedByName)\b", "", SEEN)


def line(sku: str = "ACE-001", quantity: str = "10", **given: Any) -> dict[str, Any]:
    return {"sku": sku, "quantity": quantity, **given}


async def act(
    shop: Shop, viewer: Viewer, mutation: str, directives: str = "", key: str = "", **given: Any
) -> dict[str, Any]:
    """An act on a quote; the payload."""
    name = mutation[0].upper() + mutation[1:] + "Input"
    document = f"""mutation Act($input: {name}!) {{ {mutation}(input: $input) {directives} {{
        quote {{ {fields(viewer)} }} errors {{ code message path }} warnings {{ code message path }} replayed }} }}"""
    answer = await shop.data(viewer, document, key or f"quote-{next(_keys)}", input=given)
    payload: dict[str, Any] = answer[mutation]
    return payload


async def done(
    shop: Shop, viewer: Viewer, mutation: str, quote: dict[str, Any], **given: Any
) -> dict[str, Any]:
    """An act of a version that goes through; the quote after it."""
    values = {"quoteId": quote["id"], "expectedVersion": quote["version"]}
    payload = await act(shop, viewer, mutation, **(values | given))
    assert payload["errors"] == [], payload["errors"]
    after: dict[str, Any] = payload["quote"]
    return after


def answer_to(quote: dict[str, Any], **given: Any) -> dict[str, Any]:
    """What an answer names: the quote, and the revision that was sent with its hash."""
    offer = quote["offer"]
    return {"quoteId": quote["id"], "revisionId": offer["id"], "contentHash": offer["contentHash"], **given}


async def drafted(shop: Shop, *lines: dict[str, Any], **terms: Any) -> dict[str, Any]:
    """A quote of the rep for the shop's customer: 10 of its product at the list's 10.00 where nothing is said."""
    customer = encode_id("Customer", shop.customer.id)
    given: dict[str, Any] = {"customerId": customer, "lines": list(lines) or [line()], "terms": terms}
    payload = await act(shop, shop.rep, "createQuote", **given)
    assert payload["errors"] == [], payload["errors"]
    made: dict[str, Any] = payload["quote"]
    return made


async def sent(shop: Shop, *lines: dict[str, Any], **terms: Any) -> dict[str, Any]:
    """A quote that nobody had to consent to, as the customer has it."""
    submitted = await done(shop, shop.rep, "submitQuote", await drafted(shop, *lines, **terms))
    assert submitted["draft"]["status"] == "APPROVED", submitted["draft"]
    return await done(shop, shop.rep, "sendQuote", submitted)


async def read(shop: Shop, viewer: Viewer, quote: dict[str, Any]) -> Any:
    document = f"query($n: String!) {{ quote(by: {{number: $n}}) {{ {fields(viewer)} }} }}"
    return (await shop.data(viewer, document, n=quote["number"]))["quote"]
