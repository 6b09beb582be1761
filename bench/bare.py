"""
The other side of each ratio: Starlette routes with one asyncpg statement each, without sessions, roles or access.

    python -m bench.bare PORT DATABASE_URL CURRENCY SELLER_ID
"""

import json
import sys
import uuid
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import asyncpg
import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench import cases

POOL = 10
# Statements of each route, as they stand below.
STATEMENTS = {"Q1": 1, "Q2": 1, "Q3": 1, "M1": 10}


def respond(body: Any) -> Response:
    return Response(orjson.dumps(body), media_type="application/json")


def make_app(url: str, currency: str, seller_id: uuid.UUID) -> Starlette:
    pool: asyncpg.Pool[Any]

    async def catalogue(request: Request) -> Response:
        rows = await pool.fetch(cases.CATALOGUE, seller_id, currency)
        return respond(
            [
                {
                    "id": str(row[0]),
                    "sku": row[1],
                    "name": row[2],
                    "price": {"amount": str(row[3]), "currency": row[4]},
                    "stock": orjson.Fragment(row[5] or "[]"),
                }
                for row in rows
            ]
        )

    async def orders(request: Request) -> Response:
        rows = await pool.fetch(cases.ORDERS, uuid.UUID(request.query_params["customer"]))
        return respond(
            [
                {
                    "id": str(row[0]),
                    "number": row[1],
                    "status": row[2],
                    "placedAt": row[3],
                    "lines": orjson.Fragment(row[4] or "[]"),
                }
                for row in rows
            ]
        )

    async def viewer(request: Request) -> Response:
        row = await pool.fetchrow(cases.VIEWER, uuid.UUID(request.query_params["user"]))
        return respond({"locale": row[0], "role": row[1], "customer": {"number": row[2], "name": row[3]}})

    async def place(request: Request) -> Response:
        asked = orjson.loads(await request.body())
        async with pool.acquire() as connection, connection.transaction():
            answer = await place_order(connection, uuid.UUID(asked["cart"]), uuid.UUID(asked["user"]))
        return respond(answer)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> Any:
        nonlocal pool
        async with asyncpg.create_pool(url, min_size=POOL, max_size=POOL) as pool:
            yield

    handlers: list[tuple[str, Callable[[Request], Awaitable[Response]], str]] = [
        ("/q1", catalogue, "GET"),
        ("/q2", orders, "GET"),
        ("/q3", viewer, "GET"),
        ("/m1", place, "POST"),
    ]
    routes = [Route(path, handler, methods=[method]) for path, handler, method in handlers]
    return Starlette(routes=routes, lifespan=lifespan)


async def place_order(connection: Any, cart_id: uuid.UUID, user_id: uuid.UUID) -> dict[str, Any]:
    """An order of what is in the cart: locked, priced, tested, reserved, copied, and the cart emptied."""
    cart = await connection.fetchrow(cases.LOCK_CART, cart_id)
    customer_id, seller_id, currency = cart["customer_id"], cart["seller_id"], cart["currency"]
    lines = await connection.fetch(cases.PRICE_CART, cart_id, currency)
    net = sum((line["net"] for line in lines), Decimal(0))
    taxes = [round(line["net"] * line["percent"] / 100, 2) for line in lines]
    limit, open_ = await connection.fetchrow(cases.EXPOSURE, customer_id)
    if open_ + net > limit:
        raise ValueError("over the limit")
    stock: dict[uuid.UUID, tuple[uuid.UUID, Decimal]] = {}
    for row in await connection.fetch(cases.LOCK_STOCK, [line["product_id"] for line in lines]):
        stock.setdefault(row["product_id"], (row["warehouse_id"], row["free"]))
    places = [stock[line["product_id"]] for line in lines]
    if any(free < line["quantity"] for line, (_, free) in zip(lines, places, strict=True)):
        raise ValueError("out of stock")
    order_id = uuid.uuid4()
    address = json.dumps(
        {name: cart[name] for name in ("label", "street", "postal_code", "city", "region", "country")}
    )
    number = await connection.fetchval(
        cases.PUT_ORDER, order_id, customer_id, user_id, currency, cart["number"], cart["name"], address, net,
        sum(taxes, Decimal(0)), seller_id,
    )  # fmt: skip
    ids = [uuid.uuid4() for _ in lines]
    columns = [[line[name] for line in lines] for name in (
        "kind", "product_id", "sku", "name", "unit_code", "quantity", "unit_price", "price_unit", "from_quantity",
        "untdid_5305", "percent", "net")]  # fmt: skip
    await connection.execute(
        cases.PUT_LINES, order_id, customer_id, ids, list(range(1, len(ids) + 1)), *columns, taxes
    )
    quantities, warehouses, products = columns[5], [place[0] for place in places], columns[1]
    await connection.execute(cases.PUT_SCHEDULE, customer_id, ids, quantities, warehouses, products)
    await connection.execute(cases.TAKE_STOCK, products, warehouses, quantities)
    await connection.execute(cases.EMPTY_CART, cart_id)
    await connection.execute(cases.PUT_EVENTS, seller_id, customer_id, user_id, order_id)
    return {"id": str(order_id), "number": number, "gross": str(net + sum(taxes, Decimal(0)))}


def main() -> None:
    port, url, currency, seller_id = sys.argv[1:]
    app = make_app(url, currency, uuid.UUID(seller_id))
    uvicorn.run(
        app, port=int(port), loop="uvloop", http="httptools", ws="none", access_log=False, log_level="warning"
    )


if __name__ == "__main__":
    main()
