"""
A program's day: a token by client credentials, a question, the next page, and the token's end. Standard library only.

    VENTAS=http://localhost:8000 CLIENT_ID=… CLIENT_SECRET=… python oauth_client.py
"""

import base64
import json
import os
import time
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

PRODUCTS = """query ($after: String) {
  products(first: 2, after: $after) { nodes { sku name } pageInfo { hasNextPage endCursor } }
}"""


class Ventas:
    """Asks as a client; fetches a new token when the last one is about to end."""

    def __init__(self, base: str, client_id: str, secret: str, scope: str = "") -> None:
        self.base = base
        self.scope = scope
        told = f"{urllib.parse.quote(client_id)}:{urllib.parse.quote(secret)}"
        self.basic = "Basic " + base64.b64encode(told.encode()).decode()
        self.server = _answer(urllib.request.Request(f"{base}/.well-known/oauth-authorization-server"))
        self.token = ""
        self.ends_at = 0.0

    def ask(self, document: str, **variables: Any) -> dict[str, Any]:
        if time.monotonic() > self.ends_at - 30:
            told = self._post("token_endpoint", grant_type="client_credentials", scope=self.scope)
            self.token, self.ends_at = told["access_token"], time.monotonic() + told["expires_in"]
        body = json.dumps({"query": document, "variables": variables}).encode()
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
        answer = _answer(urllib.request.Request(f"{self.base}/graphql", body, headers))
        if answer.get("errors"):
            raise RuntimeError(answer["errors"][0]["message"])
        data: dict[str, Any] = answer["data"]
        return data

    def sign_off(self) -> None:
        self._post("revocation_endpoint", token=self.token)
        self.token, self.ends_at = "", 0.0

    def _post(self, endpoint: str, **fields: str) -> dict[str, Any]:
        form = urllib.parse.urlencode(fields).encode()
        return _answer(urllib.request.Request(self.server[endpoint], form, {"Authorization": self.basic}))


def _answer(request: urllib.request.Request) -> dict[str, Any]:
    """The JSON of the answer, errors of GraphQL included; waits once where it is told to."""
    for left in (1, 0):
        try:
            with urllib.request.urlopen(request) as answer:
                return json.load(answer)  # type: ignore[no-any-return]
        except urllib.error.HTTPError as fault:
            if left and fault.code in (429, 503):
                time.sleep(int(fault.headers.get("Retry-After", "1")))
            elif fault.headers.get_content_type() == "application/json":
                told: dict[str, Any] = json.load(fault)
                if "error" in told:
                    raise RuntimeError(f"{told['error']}: {told.get('error_description', '')}") from None
                return told
            else:
                raise
    raise AssertionError("the second try returns or raises")


def main() -> None:
    ventas = Ventas(os.environ["VENTAS"], os.environ["CLIENT_ID"], os.environ["CLIENT_SECRET"])
    after = None
    while True:
        products = ventas.ask(PRODUCTS, after=after)["products"]
        for product in products["nodes"]:
            print(product["sku"], product["name"])
        if not products["pageInfo"]["hasNextPage"]:
            break
        after = products["pageInfo"]["endCursor"]
    ventas.sign_off()


if __name__ == "__main__":
    main()
