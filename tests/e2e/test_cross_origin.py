"""Front ends on origins of their own: an allowed one signs in and orders, any other is refused."""

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.conftest import Cluster
from tests.e2e.conftest import Surf
from tests.e2e.surfer import BUYER, MARKS, PASSWORD, Site, serving

pytestmark = MARKS
PAGE = b"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Another shop</title><link rel="icon" href="data:,"></head>
<body><h1>Another shop</h1><script>
async function post(url, body, headers) {
  const answer = await fetch(url, {
    method: "POST", headers: { "Content-Type": "application/json", ...headers }, body: JSON.stringify(body),
  });
  return { status: answer.status, body: await answer.json() };
}
async function signIn(base, email, password) {
  return post(base + "/auth/token", { email, password });
}
async function ask(base, token, query, variables, key) {
  const headers = { Authorization: "Bearer " + token, ...(key ? { "Idempotency-Key": key } : {}) };
  return post(base + "/graphql", { query, variables }, headers);
}
</script></body></html>"""
SIGN_IN = "([base, email, password]) => signIn(base, email, password)"
ASK = "([base, token, query, variables, key]) => ask(base, token, query, variables, key)"
ADD = """mutation Add($input: AddToCartInput!) { addToCart(input: $input) {
  errors { code } cart { id version totals { gross { amount } } } } }"""
PLACE = """mutation Place($input: PlaceOrderInput!) { placeOrder(input: $input) {
  errors { code } order { number purchaseOrderNumber } } }"""
CLEAR = "mutation { clearCart(input: {}) { errors { code } } }"
STOCK = (
    "{ products(where: {inStock: {eq: true}}, first: 50) { nodes { sku packSize availability { band } } } }"
)


class _Shop(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@contextlib.contextmanager
def shop() -> Iterator[str]:
    """A server with the one page, on a port and so on an origin of its own."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Shop) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def shops() -> Iterator[tuple[str, str]]:
    with shop() as allowed, shop() as stranger:
        yield allowed, stranger


@pytest.fixture(scope="module")
def site(
    cluster: Cluster, demo_template: str, tmp_path_factory: pytest.TempPathFactory, shops: tuple[str, str]
) -> Iterator[Site]:
    """The demo company, open to the first of the two shops."""
    name = cluster.clone(demo_template)
    with serving(cluster, name, tmp_path_factory.mktemp("site"), origins=shops[0]) as served:
        yield served
    cluster.drop(name)


async def test_an_allowed_front_end_signs_in_and_places_an_order(surf: Surf, shops: tuple[str, str]) -> None:
    person = await surf()
    person.origins.add(shops[0])
    await person.page.goto(shops[0])
    base = person.site.base

    granted = await person.page.evaluate(SIGN_IN, [base, BUYER, PASSWORD])
    assert granted["status"] == 200
    assert granted["body"]["token_type"] == "Bearer"
    assert await person.context.cookies() == []
    token = granted["body"]["access_token"]

    async def ask(query: str, variables: dict[str, Any] | None = None, key: str = "") -> dict[str, Any]:
        told = await person.page.evaluate(ASK, [base, token, query, variables or {}, key])
        assert told["status"] == 200, told
        assert "errors" not in told["body"], told
        return told["body"]["data"]  # type: ignore[no-any-return]

    await ask(CLEAR)
    product = next(
        each for each in (await ask(STOCK))["products"]["nodes"] if each["availability"]["band"] == "IN_STOCK"
    )
    line = {"sku": product["sku"], "quantity": product["packSize"]}
    cart = (await ask(ADD, {"input": {"lines": [line]}}))["addToCart"]["cart"]
    order = {
        "cartId": cart["id"],
        "expectedVersion": cart["version"],
        "expectedTotal": cart["totals"]["gross"]["amount"],
        "purchaseOrderNumber": "PC-OTRA-TIENDA",
    }
    placed = (await ask(PLACE, {"input": order}, "another-shop-0001"))["placeOrder"]
    assert placed["errors"] == []
    assert placed["order"]["purchaseOrderNumber"] == "PC-OTRA-TIENDA"

    await person.sign_in(BUYER)
    await person.open(f"/orders/{placed['order']['number']}")
    assert "PC-OTRA-TIENDA" in await person.read()


async def test_a_wrong_password_is_refused_readably(surf: Surf, shops: tuple[str, str]) -> None:
    person = await surf()
    person.origins.add(shops[0])
    person.expected.add(401)
    await person.page.goto(shops[0])

    told = await person.page.evaluate(SIGN_IN, [person.site.base, BUYER, "wrong"])

    assert told["status"] == 401
    assert "access_token" not in told["body"]


async def test_any_other_origin_is_refused(surf: Surf, shops: tuple[str, str]) -> None:
    person = await surf(BUYER)
    person.origins.add(shops[1])
    person.expected.add(403)
    await person.page.goto(shops[1])

    for call, given in (
        (SIGN_IN, [person.site.base, BUYER, PASSWORD]),
        (ASK, [person.site.base, "x", STOCK, {}, ""]),
    ):
        said = await person.page.evaluate(
            f"(given) => ({call})(given).then(() => 'let in', (fault) => fault.name)", given
        )
        assert said == "TypeError"  # what fetch says where the browser may not show the answer
    # A plain request, without a preflight and with the buyer's cookie, is refused by the server itself.
    simple = "(base) => fetch(base + '/auth/token', {method: 'POST', mode: 'no-cors', credentials: 'include', body: 'a=b'}).then(() => 'sent')"
    async with person.page.expect_response("**/auth/token") as answered:
        assert await person.page.evaluate(simple, person.site.base) == "sent"
    assert (await answered.value).status == 403
    # Chromium tells the console of each refusal by CORS, and once more that nothing came; that was wanted here.
    assert len([each for each in person.faults if "blocked by CORS policy" in each]) == 2
    wanted = ("blocked by CORS policy", "Failed to load resource: net::ERR_FAILED")
    person.faults[:] = [each for each in person.faults if not any(words in each for words in wanted)]
