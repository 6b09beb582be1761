"""A small shop for tests of the schema: a seller, two companies that do not know each other, products, and everyone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any

from app.database import Database
from auth.permissions import Role, Viewer
from auth.views import Views
from models.customers import Customer
from models.invariants import INVARIANTS
from models.products import Product
from models.sellers import Seller
from schema.api import api
from schema.engine import Engine
from schema.throttle import Throttle
from tests import factories as make
from tests.snapshots import snapshot

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
_keys = count(1)
_views: dict[str, Views] = {}

CART = "id version totals { net { amount } tax { amount } gross { amount currency } }"
PLACE = """
mutation Place($input: PlaceOrderInput!) {
  placeOrder(input: $input) {
    order { id number status isOnHold version gross: grossAmount { amount }
            lines { id sku quantityOrdered quantityReserved quantityBackordered quantityCancelled } }
    errors { code message path ... on OutOfStock { sku requested available nextAvailableOn }
             ... on PriceChanged { expected { amount } actual { amount } lines { sku } } }
    warnings { code message path } replayed
  }
}
"""
ADD = f"""
mutation Add($lines: [CartLineInput!]!) {{
  addToCart(input: {{lines: $lines}}) {{ cart {{ {CART} }} errors {{ code message path }} }}
}}
"""


@dataclass
class Counter:
    """Where somebody buys. `ask` runs a document as a viewer, exactly as a request would."""

    database: Database
    engine: Engine

    async def ask(
        self,
        viewer: Viewer | None,
        document: str,
        key: str | None = None,
        locale: str = "en",
        **variables: Any,
    ) -> dict[str, Any]:
        return await self.engine.execute_document(
            viewer, document, variables, idempotency_key=key, locale=locale
        )

    async def data(
        self, viewer: Viewer, document: str, key: str | None = None, **variables: Any
    ) -> dict[str, Any]:
        """The data of an answer without top-level errors."""
        answer = await self.ask(viewer, document, key, **variables)
        assert "errors" not in answer, answer["errors"]
        found: dict[str, Any] = answer["data"]
        return found

    async def cart(self, viewer: Viewer) -> dict[str, Any]:
        found: dict[str, Any] = (await self.data(viewer, f"{{ cart {{ {CART} }} }}"))["cart"]
        return found

    async def fill(self, viewer: Viewer, *lines: tuple[Product | str, int | str]) -> dict[str, Any]:
        """Puts (product, quantity) into the viewer's cart and returns it."""
        inputs = [
            {"sku": p if isinstance(p, str) else p.sku, "quantity": str(quantity)} for p, quantity in lines
        ]
        answer = (await self.data(viewer, ADD, lines=inputs))["addToCart"]
        assert answer["errors"] == [], answer["errors"]
        return await self.cart(viewer)

    async def place(
        self, viewer: Viewer, cart: Mapping[str, Any], key: str | None = None, **given: Any
    ) -> dict[str, Any]:
        """Places the cart as it was seen; the payload."""
        values = {
            "cartId": cart["id"],
            "expectedVersion": cart["version"],
            "expectedTotal": cart["totals"]["gross"]["amount"],
        }
        answer = await self.data(viewer, PLACE, key or f"key-{next(_keys)}", input=values | given)
        placed: dict[str, Any] = answer["placeOrder"]
        return placed

    async def act(self, viewer: Viewer, mutation: str, **given: Any) -> dict[str, Any]:
        """An act on an order; the payload."""
        name = mutation[0].upper() + mutation[1:] + "Input"
        document = f"""mutation Act($input: {name}!) {{ {mutation}(input: $input) {{
            order {{ id status isOnHold holdReasons version allowedActions grossAmount {{ amount }}
                     lines {{ id sku unitPrice {{ amount }} quantityReserved quantityBackordered quantityCancelled
                              netAmount {{ amount }} grossAmount {{ amount }}
                              scheduleLines {{ quantity confirmedOn }} }} }}
            errors {{ code message path }} warnings {{ code message }} replayed }} }}"""
        answer = await self.data(viewer, document, f"key-{next(_keys)}", input=given)
        payload: dict[str, Any] = answer[mutation]
        return payload

    async def broken(self) -> list[str]:
        """The names of the invariants that do not hold; factories put no product into the search."""
        from sqlalchemy import text

        async with self.database.job() as session:
            return [
                name
                for name, query in INVARIANTS.items()
                if name != "every product is searchable" and (await session.execute(text(query))).first()
            ]

    async def snapshot(self) -> dict[str, list[str]]:
        """All business rows, to show that a refusal changed nothing."""
        return await snapshot(self.database)


@dataclass
class Shop(Counter):
    """What a test needs at hand."""

    seller: Seller
    customer: Customer
    other: Customer
    product: Product
    buyer: Viewer
    stranger: Viewer
    rep: Viewer
    finance: Viewer
    logistics: Viewer


def with_known_views(engine: Engine) -> Engine:
    """The engine with the views that an earlier one over the same schema made: 20 ms for each kind of viewer."""
    engine.views = _views.setdefault("api", engine.views)
    return engine


def engine_over(database: Database, now: datetime = NOW) -> Engine:
    return with_known_views(Engine(api, database, throttle=Throttle(10**9, 10**9), clock=lambda: now))


async def open_shop(database: Database) -> Shop:
    async with database.job() as session:
        seller = await make.make_seller(session)
        rep = await make.make_rep(session, seller)
        customer = await make.make_customer(session, seller, rep=rep, name="Bar Núñez SL")
        other = await make.make_customer(session, seller, name="Otra Empresa SL")
        product = await make.make_product(session, seller, price="10.00", stock=100, cost="6", sku="ACE-001")
        buyer = await make.make_user(session, seller, customer=customer, name="Berta Compra")
        stranger = await make.make_user(session, seller, customer=other)
        finance = await make.make_user(session, seller, roles=[Role.FINANCE])
        logistics = await make.make_user(session, seller, roles=[Role.LOGISTICS])
    return Shop(
        database,
        engine_over(database),
        seller,
        customer,
        other,
        product,
        await make.viewer_of(database, buyer),
        await make.viewer_of(database, stranger),
        await make.viewer_of(database, rep),
        await make.viewer_of(database, finance),
        await make.viewer_of(database, logistics),
    )
