"""Order on the road, as the server sees it: a shell that is nobody's, products to keep, and one order at a time."""

import json
from typing import Any

import pytest
from httpx import AsyncClient

from storefront.portal.road import PRODUCTS_MAX
from tests.storefront.visitor import BUYER, LOGISTICS, REP, Form, Visitor


@pytest.fixture
async def buyer(demo_client: AsyncClient) -> Visitor:
    visitor = Visitor(demo_client)
    await visitor.sign_in(BUYER)
    return visitor


async def token_of(visitor: Visitor) -> str:
    page = await visitor.open("/road")
    return next(given["data-token"] for _, given in page.tags if given.get("id") == "road")


async def send(visitor: Visitor, order: Any, **more: str) -> Any:
    fields = {
        "csrf_token": await token_of(visitor),
        "act": "send",
        "key": "k" * 24,
        "order": json.dumps(order),
    }
    return await visitor.client.post("/road", data=fields | more)


async def test_the_shell_is_the_same_for_everyone_and_nobody_s(buyer: Visitor) -> None:
    for locale, lang in (("es", "es"), ("en", "en"), ("xx", "es")):
        seen = await buyer.client.get(f"/road/offline?locale={locale}")
        assert seen.status_code == 200 and f'<html lang="{lang}">' in seen.text
        assert BUYER not in seen.text and "csrf" not in seen.text and "La Parra" not in seen.text
        assert 'data-user=""' in seen.text and 'data-token=""' in seen.text
    signed_in = (await buyer.client.get("/road/offline?locale=es")).text
    buyer.client.cookies.clear()
    assert (await buyer.client.get("/road/offline?locale=es")).text == signed_in


async def test_the_worker_reaches_this_page_only(demo_client: AsyncClient) -> None:
    answer = await demo_client.get("/road/worker.js?v=1&locale=es")

    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["service-worker-allowed"] == "/road"
    assert answer.headers["content-security-policy"].startswith("default-src 'self';")


async def test_the_products_to_keep_are_bounded_and_priced(buyer: Visitor) -> None:
    told = (await buyer.client.get("/road/products")).json()

    skus = [each["sku"] for each in told["products"]]
    assert told["customer"] == "C-00001" and 0 < len(skus) <= PRODUCTS_MAX
    assert len(skus) == len(set(skus)) and any(each["price"] for each in told["products"])


async def test_an_order_is_sent_once_and_told_as_data(buyer: Visitor) -> None:
    told = (await buyer.client.get("/road/products")).json()["products"]
    sku = next(each["sku"] for each in told if each["price"] and each["availability"]["band"] == "IN_STOCK"
               and each["packSize"] == "1")  # fmt: skip
    order = {"lines": [{"sku": sku, "quantity": "1", "seen": None}], "total": "0", "purchaseOrderNumber": "RUTA-9",
             "note": "", "requestedOn": ""}  # fmt: skip

    asked = (await send(buyer, order)).json()
    (error,) = asked["errors"]
    assert (
        asked["number"] is None
        and error["code"] == "PRICE_CHANGED"
        and error["expected"] == {"amount": "0.00"}
    )
    agreed = order | {"total": error["actual"]["amount"]}
    placed, again = (await send(buyer, agreed)).json(), (await send(buyer, agreed)).json()

    assert (
        placed["errors"] == [] and placed["number"].startswith("SO-") and again["number"] == placed["number"]
    )
    page = await buyer.open("/orders?search=RUTA-9")
    assert len({each for each in page.links if each.startswith("/orders/SO-")}) == 1


@pytest.mark.parametrize(
    "order", [None, [], {}, "x", {"lines": [{}], "total": "1"}, {"lines": 3, "total": "1"}, {"lines": None}]
)
async def test_what_is_no_order_is_refused(buyer: Visitor, order: Any) -> None:
    assert (await send(buyer, order)).status_code == 400


async def test_another_session_s_order_is_not_sent(buyer: Visitor) -> None:
    assert (await send(buyer, {}, csrf_token="another")).status_code == 403


async def test_a_rep_chooses_a_customer_first_and_comes_back_here(demo_client: AsyncClient) -> None:
    rep = Visitor(demo_client)
    await rep.sign_in(REP)
    await rep.open("/road")
    await rep.check_absent("/road/products")
    assert (await send(rep, {})).status_code == 404

    page = await rep.open("/road?search=Parra")
    form: Form = next(each for each in page.forms if each.action == "/act-on-behalf")
    await rep.submit(form)

    assert rep.path == "/road"
    told = (await rep.client.get("/road/products")).json()
    assert told["customer"] == "C-00001"


async def test_others_have_no_such_page(demo_client: AsyncClient) -> None:
    visitor = Visitor(demo_client)
    await visitor.sign_in(LOGISTICS)
    await visitor.check_absent("/road", "/road/products")
