"""Killed at any moment, nothing is lost and nothing doubled: the API and PostgreSQL under retrying clients (P05)."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient, Response, TransportError
from sqlalchemy import text

from app.database import Database, ensure_database, migrate
from models.invariants import INVARIANTS
from rules.states import SessionKind
from tests import factories as make
from tests.cluster import folder_of_run
from tests.conftest import PREFIX
from tests.safety.killing import Postgres, Service, running
from tests.schema.shop import PLACE

ADD = """mutation Add($input: AddToCartInput!) { addToCart(input: $input) {
    cart { id version totals { gross { amount } } } errors { code message } } }"""
ALL_SECONDS = 840
PLACES = "select count(*) from sales_order"


@dataclass
class Answer:
    """What a client was told of the order under its key, and what it had asked."""

    given: dict[str, Any]
    payload: dict[str, Any]


@dataclass
class House:
    """PostgreSQL, the API and a worker as processes of their own, and clients at the API's door."""

    postgres: Postgres
    api: Service
    worker: Service
    base_url: str
    database: Database
    tokens: list[str]
    skus: list[str]
    answers: dict[str, Answer] = field(default_factory=dict)
    retries: int = 0
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def ask(self, http: AsyncClient, document: str, key: str, given: dict[str, Any]) -> dict[str, Any]:
        """
        The payload of a mutation, asked under one key until it is answered.

        A client asks again where the line broke, and where it is told 503, after the seconds it is told.
        """
        body = {"query": document, "variables": {"input": given}}
        while True:
            try:
                answer = await http.post("/graphql", json=body, headers={"Idempotency-Key": key})
            except TransportError:
                self.retries += 1
                await asyncio.sleep(0.1)
                continue
            if answer.status_code != 503:
                return payload_of(answer)
            self.retries += 1
            await asyncio.sleep(int(answer.headers["Retry-After"]))

    async def place(self, http: AsyncClient, key: str, lines: list[dict[str, str]]) -> None:
        cart = (await self.ask(http, ADD, f"{key}-cart", {"lines": lines}))["cart"]
        given = {
            "cartId": cart["id"], "expectedVersion": cart["version"], "purchaseOrderNumber": key,
            "expectedTotal": cart["totals"]["gross"]["amount"],
        }  # fmt: skip
        self.answers[key] = Answer(given, await self.ask(http, PLACE, key, given))
        self.news.set()

    async def client(self, who: int, orders: int) -> None:
        """One person's orders, one after the other; the quantities differ."""
        async with self.at(who) as http:
            for number in range(orders):
                lines = [
                    {"sku": sku, "quantity": str(1 + (who + number + at) % 3)}
                    for at, sku in enumerate(self.skus)
                ]
                await self.place(http, f"order-{who}-{number}", lines)

    def at(self, who: int) -> AsyncClient:
        headers = {"Authorization": f"Bearer {self.tokens[who]}"}
        return AsyncClient(base_url=self.base_url, headers=headers, timeout=30, trust_env=False)

    async def replays(self, who: int) -> None:
        """Asks once more under each key of a client; the answer has to be the same one."""
        async with self.at(who) as http:
            for key, first in self.answers.items():
                if key.startswith(f"order-{who}-"):
                    again = await self.ask(http, PLACE, key, first.given)
                    assert again == first.payload | {"replayed": True}

    async def answered(self, number: int) -> None:
        while len(self.answers) < number:
            self.news.clear()
            await self.news.wait()

    async def kill_api(self) -> None:
        """When an order is stored whose client does not know it yet."""
        while await self.value(PLACES) <= len(self.answers):
            await asyncio.sleep(0)
        self.api.kill()

    async def kill_postgres(self) -> None:
        """Just after a client was told that an order is stored."""
        await self.database.close()
        await self.answered(len(self.answers) + 1)
        self.postgres.kill()
        await self.postgres.restart()

    async def value(self, statement: str) -> Any:
        async with self.database.job() as session:
            return await session.scalar(text(statement))

    async def rows(self, statement: str) -> list[tuple[Any, ...]]:
        async with self.database.job() as session:
            return [tuple(row) for row in await session.execute(text(statement))]

    async def published(self) -> None:
        """Until every event has its position and every job its end."""
        left = """select (select count(*) from outbox_event where position is null)
            + (select count(*) from job where state not in ('SUCCEEDED', 'FAILED'))"""
        while await self.value(left):
            await asyncio.sleep(0.05)


def payload_of(answer: Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert "errors" not in body, body["errors"]
    payload: dict[str, Any] = next(iter(body["data"].values()))
    assert payload["errors"] == [], payload["errors"]
    return payload


CLIENTS, STOCK = 8, 10_000


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    with folder_of_run() as folder, socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
        free.close()
        postgres = Postgres(folder)
        await postgres.start()
        database = Database(postgres.login_url, PREFIX, 3, postgres.owner_url)
        try:
            await ensure_database(postgres.owner_url)
            await migrate(postgres.login_url, postgres.owner_url, PREFIX)
            environment = {
                "DATABASE_URL": postgres.login_url, "MIGRATION_DATABASE_URL": postgres.owner_url,
                "VENTAS_PORT": str(port), "VENTAS_DATA_DIR": str(folder / "none"),
            }  # fmt: skip
            api, worker = (
                Service(each, environment, tmp_path / f"{each}.log") for each in ("serve", "worker")
            )
            tokens, skus = await furnish(database)
            yield House(postgres, api, worker, f"http://127.0.0.1:{port}", database, tokens, skus)
        finally:
            await database.close()
            postgres.stop()


async def furnish(database: Database) -> tuple[list[str], list[str]]:
    """Buyers' tokens, each of a company of its own, and the SKUs of what they all buy."""
    async with database.job() as session:
        seller = await make.make_seller(session)
        skus = [(await make.make_product(session, seller, stock=STOCK)).sku for _ in range(2)]
        people = []
        for _ in range(CLIENTS):
            customer = await make.make_customer(session, seller, credit_limit="1000000")
            people.append(await make.make_user(session, seller, customer=customer, password=None))
    async with database.auth() as session:
        tokens = [await make.make_session(session, each, kind=SessionKind.BEARER) for each in people]
    return tokens, skus


@pytest.mark.timeout(ALL_SECONDS + 60)
@pytest.mark.parametrize(
    ("orders", "kills"), [(40, 1), pytest.param(600, 3, marks=pytest.mark.long)], ids=["small", "whole"]
)
async def test_kills_lose_nothing_and_double_nothing(
    house: House, orders: int, kills: int, record_property: Callable[[str, object], None]
) -> None:
    """
    The numbers of orders come from a sequence: unique, and with gaps after a crash. Positions of events have none.
    """
    # A job that the worker had in hand waits 15 seconds for another one: the small version starts it at the end.
    at_once, at_the_end = ((house.api, house.worker), ()) if kills > 1 else ((house.api,), (house.worker,))
    async with asyncio.timeout(ALL_SECONDS), running(*at_once):
        async with asyncio.TaskGroup() as placing:
            for who in range(CLIENTS):
                placing.create_task(house.client(who, orders // CLIENTS))
            for kill in range(2 * kills):
                await house.answered(orders * (kill + 1) // (2 * kills + 1))
                await (house.kill_postgres() if kill % 2 else house.kill_api())
        await asyncio.gather(*(house.replays(who) for who in range(CLIENTS)))
        async with running(*at_the_end):
            await house.published()

    assert house.api.starts >= 1 + kills
    assert house.retries >= 2 * kills
    record_property("retries", house.retries)
    record_property("lost answers", sum(each.payload["replayed"] for each in house.answers.values()))
    answers = {key: each.payload["order"] for key, each in house.answers.items()}
    assert len(answers) == orders
    stored = await house.rows("select purchase_order_number, number, status from sales_order")
    assert sorted(stored) == sorted((key, each["number"], each["status"]) for key, each in answers.items())
    assert len({number for _, number, _ in stored}) == orders
    wanted: dict[str, Decimal] = dict.fromkeys(house.skus, Decimal())
    for order in answers.values():
        for line in order["lines"]:
            assert line["quantityReserved"] == line["quantityOrdered"]
            wanted[line["sku"]] += Decimal(line["quantityOrdered"])
    balances = "select sku, on_hand, reserved from stock_balance join product on product.id = product_id"
    assert {sku: (on_hand, reserved) for sku, on_hand, reserved in await house.rows(balances)} == {
        sku: (STOCK, quantity) for sku, quantity in wanted.items()
    }
    for trail in ("outbox_event where type = 'order.placed'", "audit_event where action = 'order.placed'",
                  "idempotency_record where mutation = 'placeOrder'"):  # fmt: skip
        assert await house.rows(f"select count(*), count(distinct entity_id) from {trail}") == [
            (orders, orders)
        ]
    assert await house.rows("select count(*), min(position), max(position) from outbox_event") == [
        (orders, 1, orders)
    ]
    assert await house.rows("select count(*), count(distinct recipient || subject) from mail_message") == [
        (orders, orders)
    ]
    broken = [name for name, query in INVARIANTS.items() if await house.rows(query)]
    assert broken == ["every product is searchable"], "the tests' factories put no product into the search"
