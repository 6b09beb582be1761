"""Streams of events from a real server: WebSocket and SSE, who is told what, and how they end."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
from httpx import AsyncClient
from sqlalchemy import text
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from app.database import Database
from app.server import DrainingServer, create_app, make_server
from app.settings import Settings
from app.streams import streaming
from auth.permissions import Viewer
from auth.signing_in import utc_now
from jobs.kinds import Catalogue
from jobs.outbox import publish
from models.users import User
from rules.states import SessionKind
from schema import sockets, streams
from schema.ids import encode_id
from schema.sockets import PROTOCOL
from tests import factories as make
from tests.schema.invoicing import invoiced
from tests.schema.shop import Shop, open_shop

SECONDS = 10
ORDERS = """subscription Follow($id: ID) { orderChanged(orderId: $id) {
    event { position type version entityType entityId } order { number status } } }"""
INVOICES = """subscription { invoiceIssued {
    event { type entityType entityId } invoice { number status grossAmount { amount currency } } } }"""
NOTHING = Catalogue({}, {})


@dataclass
class Place:
    """A running server over a small shop; `publish` is what the worker does."""

    shop: Shop
    server: DrainingServer
    running: asyncio.Task[None]
    port: int

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    async def publish(self) -> None:
        async with self.shop.database.job() as session:
            await publish(session, NOTHING, utc_now())

    async def token(self, viewer: Viewer) -> str:
        """A bearer token of a new session of theirs."""
        async with self.shop.database.job() as session:
            user = await session.get(User, viewer.user_id)
            assert user is not None
        async with self.shop.database.auth() as session:
            customer = self.shop.other if viewer is self.shop.stranger else self.shop.customer
            return await make.make_session(
                session, user, customer=None if viewer.is_staff else customer, kind=SessionKind.BEARER,
                now=utc_now(),
            )  # fmt: skip

    async def ticket(self, viewer: Viewer, token: str | None = None) -> str:
        headers = {"Authorization": f"Bearer {token or await self.token(viewer)}"}
        async with AsyncClient(base_url=self.url) as client:
            answer = await client.post("/auth/ticket", headers=headers)
        assert answer.status_code == 200, answer.text
        assert answer.json()["expires_in"] == 60 and answer.headers["cache-control"] == "no-store"
        return str(answer.json()["ticket"])

    @asynccontextmanager
    async def socket(self, viewer: Viewer, token: str | None = None) -> AsyncIterator[ClientConnection]:
        """A socket that was opened by a ticket."""
        async with connect(f"ws://localhost:{self.port}/graphql", subprotocols=[PROTOCOL]) as line:  # type: ignore[list-item]
            await send(line, type="connection_init", payload={"ticket": await self.ticket(viewer, token)})
            assert await receive(line) == {"type": "connection_ack"}
            yield line

    async def listening(self, count: int = 1) -> None:
        """Waits until that many subscriptions have begun: what happens from here on is told."""
        async with asyncio.timeout(SECONDS):
            while sum(len(each.listeners) for each in self.open) != count:
                await asyncio.sleep(0.005)

    @property
    def open(self) -> set[streams.Stream]:
        found: streams.Streams = self.server.config.app.state.streams  # type: ignore[union-attr]
        return found.open

    async def place(self, viewer: Viewer | None = None) -> dict[str, Any]:
        buyer = viewer or self.shop.buyer
        placed = await self.shop.place(buyer, await self.shop.fill(buyer, (self.shop.product, 1)))
        assert placed["errors"] == []
        order: dict[str, Any] = placed["order"]
        return order


async def send(line: ClientConnection, **message: Any) -> None:
    await line.send(json.dumps(message))


async def receive(line: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(SECONDS):
        found: dict[str, Any] = json.loads(await line.recv())
        return found


async def follow(line: ClientConnection, key: str = "1", query: str = ORDERS, **variables: Any) -> None:
    await send(line, id=key, type="subscribe", payload={"query": query, "variables": variables})


async def closed(line: ClientConnection) -> tuple[int, str]:
    """The code with which the server ends the socket."""
    async with asyncio.timeout(SECONDS):
        with pytest.raises(ConnectionClosed) as end:
            while True:
                await line.recv()
    assert end.value.rcvd is not None
    return end.value.rcvd.code, end.value.rcvd.reason


@pytest.fixture
async def place(database: Database, settings: Settings) -> AsyncIterator[Place]:
    async for each in running(database, settings):
        yield each


async def running(database: Database, settings: Settings) -> AsyncIterator[Place]:
    shop = await open_shop(database)
    app = create_app(settings, database)
    listener = socket.create_server(("127.0.0.1", 0))
    started = asyncio.Event()
    server = make_server(app, settings, started.set)
    async with streaming(database, app.state.streams, utc_now) as reader:
        task = asyncio.create_task(server.serve(sockets=[listener]))
        await asyncio.wait_for(started.wait(), SECONDS)
        await asyncio.wait_for(reader.started.wait(), SECONDS)
        try:
            yield Place(shop, server, task, listener.getsockname()[1])
        finally:
            server.should_exit = True
            await asyncio.wait_for(task, SECONDS)


# WebSocket


async def test_an_order_is_followed_over_a_socket(place: Place) -> None:
    async with place.socket(place.shop.buyer) as line:
        await follow(line)
        await place.listening()
        order = await place.place()
        await place.publish()

        told = await receive(line)
        assert told == {"id": "1", "type": "next", "payload": {"data": {"orderChanged": {
            "event": {"position": 1, "type": "order.placed", "version": 1, "entityType": "Order", "entityId": order["id"]},
            "order": {"number": order["number"], "status": "PLACED"},
        }}}}  # fmt: skip
        await place.shop.act(place.shop.rep, "confirmOrder", orderId=order["id"], expectedVersion=1)
        await place.publish()
        change = (await receive(line))["payload"]["data"]["orderChanged"]
        assert (change["event"]["position"], change["event"]["type"]) == (2, "order.confirmed")
        assert change["order"]["status"] == "CONFIRMED"


async def test_each_is_told_what_they_may_see_and_what_they_asked_for(place: Place) -> None:
    shop = place.shop
    async with shop.database.job() as session:
        mate = await make.make_user(session, shop.seller, customer=shop.customer)
    mate_viewer = await make.viewer_of(shop.database, mate)
    first = await place.place()
    await place.publish()
    async with (
        place.socket(shop.rep) as rep,
        place.socket(shop.finance) as finance,
        place.socket(mate_viewer) as other,
    ):
        await follow(rep)
        await follow(finance, id=first["id"])
        await follow(other)  # a buyer reaches their own orders only
        await place.listening(3)
        second = await place.place()
        await shop.act(shop.rep, "confirmOrder", orderId=first["id"], expectedVersion=1)
        third = await place.place(mate_viewer)
        await place.publish()

        heard = [(await receive(rep))["payload"]["data"]["orderChanged"]["order"]["number"] for _ in range(3)]
        assert heard == [second["number"], first["number"], third["number"]]
        only = (await receive(finance))["payload"]["data"]["orderChanged"]
        assert (only["order"]["number"], only["event"]["type"]) == (first["number"], "order.confirmed")
        own = (await receive(other))["payload"]["data"]["orderChanged"]
        assert own["order"]["number"] == third["number"]


async def test_subscription_documents_go_through_the_gate_and_the_view(place: Place) -> None:
    order = encode_id("Order", UUID(int=7))
    cases: list[tuple[dict[str, Any], str, str]] = [
        ({"query": "subscription {"}, "GRAPHQL_PARSE_FAILED", "Syntax Error"),
        ({"query": "subscription { orderChanged { order { internalNote } } }"}, "GRAPHQL_VALIDATION_FAILED", "Cannot query"),
        ({"query": "subscription { orderChanged { order { customerTaxId } } }"}, "GRAPHQL_VALIDATION_FAILED", "Cannot query"),
        ({"query": "{ viewer { isStaff } }"}, "BAD_REQUEST", "Only subscriptions"),
        ({"query": ORDERS, "variables": {"id": "x\u0000"}}, "BAD_REQUEST", "NUL"),
        ({"query": ORDERS, "variables": {"id": 1.5}}, "BAD_USER_INPUT", "Variable"),
        ({"query": ORDERS, "variables": {"id": order}}, "NOT_FOUND", "No se ha encontrado."),
        ({"query": ORDERS, "variables": {"id": "nonsense"}}, "NOT_FOUND", "No se ha encontrado."),
        ({"query": 7}, "BAD_REQUEST", "must be a GraphQL document"),
        ({"query": "subscription { a: orderChanged { __typename } b: orderChanged { __typename } }"},
         "GRAPHQL_VALIDATION_FAILED", "one"),
    ]  # fmt: skip
    async with place.socket(place.shop.buyer) as line:
        for number, (payload, code, words) in enumerate(cases):
            await send(line, id=str(number), type="subscribe", payload=payload)
            answer = await receive(line)
            assert (answer["id"], answer["type"]) == (str(number), "error"), answer
            assert answer["payload"][0]["extensions"]["code"] == code, answer
            assert words in answer["payload"][0]["message"], answer
        await follow(line)
        await place.listening()  # and the socket is as good as before


async def test_a_posted_subscription_is_told_where_to_go(place: Place) -> None:
    answer = await place.shop.ask(place.shop.buyer, ORDERS)
    assert answer["errors"][0]["message"] == "Subscriptions are opened over WebSocket or SSE."


async def test_the_protocol_is_kept(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"ws://localhost:{place.port}/graphql"
    for protocols in (None, ["graphql-ws"]):
        async with connect(url, subprotocols=protocols) as line:  # type: ignore[arg-type]
            assert (await closed(line))[0] == 4406
    wrong: list[tuple[str, int]] = [
        ("not json", 4400), ("[]", 4400), ('{"a": 1}', 4400), (json.dumps({"type": "subscribe", "id": "1"}), 4401),
        (json.dumps({"type": "connection_init"}), 4403),
        (json.dumps({"type": "connection_init", "payload": {"ticket": "A" * 43}}), 4403),
        (json.dumps({"type": "connection_init", "payload": {"ticket": {"a": 1}}}), 4403),
        ("[" * 60_000, 4400),
    ]  # fmt: skip
    for message, code in wrong:
        async with connect(url, subprotocols=[PROTOCOL]) as line:  # type: ignore[list-item]
            await line.send(message)
            assert (await closed(line))[0] == code, message[:50]
    async with connect(url, subprotocols=[PROTOCOL]) as line:  # type: ignore[list-item]
        await line.send(b"\x00\x01")
        assert (await closed(line))[0] == 4400
    after: list[tuple[dict[str, Any], int]] = [
        ({"type": "connection_init"}, 4429), ({"type": "hello"}, 4400), ({"type": "subscribe", "id": ""}, 4400),
    ]  # fmt: skip
    for message_, code in after:
        async with place.socket(place.shop.buyer) as line:
            await send(line, **message_)
            assert (await closed(line))[0] == code, message_
    async with place.socket(place.shop.buyer) as line:
        await send(line, type="ping")
        assert await receive(line) == {"type": "pong"}
        await follow(line)
        await place.listening()
        await follow(line)
        assert (await closed(line))[0] == 4409
    monkeypatch.setattr(sockets, "INIT_SECONDS", 0.05)
    async with connect(url, subprotocols=[PROTOCOL]) as line:  # type: ignore[list-item]
        assert (await closed(line))[0] == 4408


async def test_a_subscription_is_ended_by_the_client(place: Place) -> None:
    async with place.socket(place.shop.buyer) as line:
        await follow(line)
        await place.listening()
        await send(line, id="1", type="complete")
        await place.listening(0)
        await place.place()
        await send(line, type="ping")
        assert await receive(line) == {"type": "pong"}, (
            "nothing is told of the order, and the line is open still"
        )
    async with asyncio.timeout(SECONDS):
        while place.open:
            await asyncio.sleep(0.005)


async def test_pages_of_other_origins_open_nothing(place: Place) -> None:
    url = f"ws://localhost:{place.port}/graphql"
    for origin in ("https://evil.example.com", "null", f"http://localhost.evil.example.com:{place.port}"):
        with pytest.raises(InvalidStatus) as refused:
            async with connect(url, subprotocols=[PROTOCOL], origin=origin):  # type: ignore[arg-type,list-item]
                pass
        assert refused.value.response.status_code == 403, origin
    async with connect(url, subprotocols=[PROTOCOL], origin=place.url) as line:  # type: ignore[arg-type,list-item]
        await send(line, type="connection_init", payload={"ticket": await place.ticket(place.shop.buyer)})
        assert await receive(line) == {"type": "connection_ack"}


async def test_five_streams_per_user_and_no_more(place: Place) -> None:
    lines = [place.socket(place.shop.buyer) for _ in range(streams.STREAMS_PER_USER_MAX)]
    for line in lines:
        await line.__aenter__()
    try:
        url = f"ws://localhost:{place.port}/graphql"
        async with connect(url, subprotocols=[PROTOCOL]) as line_:  # type: ignore[list-item]
            await send(
                line_, type="connection_init", payload={"ticket": await place.ticket(place.shop.buyer)}
            )
            assert (await closed(line_))[0] == 4429
        async with place.socket(place.shop.rep):
            pass  # others are not concerned
    finally:
        for line in lines:
            await line.__aexit__(None, None, None)


# Tickets


async def test_a_ticket_opens_one_stream_within_a_minute(place: Place) -> None:
    ticket = await place.ticket(place.shop.buyer)
    url = f"{place.url}/graphql/stream?" + urlencode({"ticket": ticket, "query": ORDERS})
    async with AsyncClient() as client:
        async with client.stream("GET", url) as answer:
            assert answer.status_code == 200
        again = await client.get(url)
        assert (again.status_code, again.json()["errors"][0]["extensions"]["code"]) == (403, "NOT_SIGNED_IN")
        late = await place.ticket(place.shop.buyer)
        async with place.shop.database.auth() as session:
            await session.execute(text("update stream_ticket set expires_at = now()"))
        answer = await client.get(
            f"{place.url}/graphql/stream?" + urlencode({"ticket": late, "query": ORDERS})
        )
        assert answer.status_code == 403


async def test_tickets_are_for_those_who_are_signed_in_and_for_our_own_pages(place: Place) -> None:
    async with place.shop.database.auth() as session:
        user = await session.get(User, place.shop.buyer.user_id)
        assert user is not None
        cookie = await make.make_session(session, user, customer=place.shop.customer, now=utc_now())
    async with AsyncClient(base_url=place.url) as client:
        assert (await client.post("/auth/ticket")).status_code == 401
        wrong = await client.post("/auth/ticket", headers={"Authorization": "Bearer " + "A" * 43})
        assert wrong.status_code == 401
        own = {"Cookie": f"ventas={cookie}"}
        assert (await client.post("/auth/ticket", headers=own)).status_code == 200
        for foreign in ({"Origin": "https://evil.example.com"}, {"Sec-Fetch-Site": "cross-site"}):
            assert (await client.post("/auth/ticket", headers=own | foreign)).status_code == 403
        assert (await client.get("/auth/ticket", headers=own)).status_code == 404


# Server-sent events


@dataclass
class Events:
    """The lines of a stream, read as EventSource reads them."""

    lines: AsyncIterator[str]

    async def next(self) -> tuple[str, str]:
        kind = data = ""
        async with asyncio.timeout(SECONDS):
            while True:
                line = await anext(self.lines)
                if line.startswith("event: "):
                    kind = line[7:]
                elif line.startswith("data: "):
                    data = line[6:]
                elif not line and kind:
                    return kind, data


@asynccontextmanager
async def event_source(
    place: Place, viewer: Viewer, token: str | None = None, query: str = ORDERS
) -> AsyncIterator[Events]:
    asked = urlencode({"ticket": await place.ticket(viewer, token), "query": query})
    async with (
        AsyncClient(timeout=SECONDS) as client,
        client.stream("GET", f"{place.url}/graphql/stream?{asked}") as answer,
    ):
        assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/event-stream")
        yield Events(answer.aiter_lines())


async def test_an_order_is_followed_over_server_sent_events(place: Place) -> None:
    async with event_source(place, place.shop.buyer) as events:
        await place.listening()
        order = await place.place()
        await place.publish()
        kind, data = await events.next()

    assert kind == "next"
    assert json.loads(data)["data"]["orderChanged"]["order"]["number"] == order["number"]
    async with asyncio.timeout(SECONDS):
        while place.open:  # the reader has gone: so has the stream
            await asyncio.sleep(0.005)


async def test_invoices_are_told_as_they_are_issued(place: Place) -> None:
    shop = place.shop
    async with shop.database.job() as session:
        await session.execute(text("update customer set buyers_see_invoices = true"))
    async with (
        place.socket(shop.buyer) as buyer,
        place.socket(shop.stranger) as stranger,
        event_source(place, shop.finance, query=INVOICES) as finance,
    ):
        await follow(buyer, query=INVOICES)
        await follow(stranger, query=INVOICES)
        await place.listening(3)
        first = await invoiced(shop, (shop.product, 1))
        second = await invoiced(shop, (shop.product, 2), buyer=shop.stranger)
        await place.publish()

        told = (await receive(buyer))["payload"]["data"]["invoiceIssued"]
        assert told == {
            "event": {"type": "invoice.issued", "entityType": "Invoice", "entityId": first["id"]},
            "invoice": {"number": first["number"], "status": "ISSUED", "grossAmount": first["grossAmount"]},
        }
        # Of the drafts, and of the other's invoice, nothing was told.
        only = (await receive(stranger))["payload"]["data"]["invoiceIssued"]
        assert only["invoice"]["number"] == second["number"]
        heard = [json.loads((await finance.next())[1])["data"]["invoiceIssued"] for _ in range(2)]
        assert [each["invoice"]["number"] for each in heard] == [first["number"], second["number"]]


async def test_invoices_are_not_told_to_those_who_may_not_read_them(place: Place) -> None:
    async with place.socket(place.shop.logistics) as line:
        await follow(line, query=INVOICES)

        refused = await receive(line)

    assert refused["type"] == "error"
    assert refused["payload"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


async def test_a_document_is_posted_for_server_sent_events(place: Place) -> None:
    address = f"{place.url}/graphql/stream?ticket="
    body = {"query": ORDERS, "variables": {}}
    async with AsyncClient(timeout=SECONDS) as client:
        ticket = await place.ticket(place.shop.buyer)
        async with client.stream("POST", address + ticket, json=body) as answer:
            assert answer.status_code == 200
            await place.listening()
            await place.place()
            await place.publish()
            assert (await Events(answer.aiter_lines()).next())[0] == "next"
        wrong = await client.post(
            address + await place.ticket(place.shop.buyer), json={"query": "{ viewer { isStaff } }"}
        )
        assert (wrong.status_code, wrong.json()["errors"][0]["extensions"]["code"]) == (400, "BAD_REQUEST")
        form = await client.post(address + ticket, data={"query": ORDERS})
        assert form.status_code == 415
    assert not place.open


async def test_streams_take_no_place_among_the_requests(database: Database, settings: Settings) -> None:
    async for place in running(database, replace(settings, max_requests=2)):
        async with event_source(place, place.shop.buyer), event_source(place, place.shop.buyer):
            await place.listening(2)
            async with AsyncClient() as client:
                assert (await client.get(f"{place.url}/login")).status_code == 200


async def test_a_slow_reader_is_ended_rather_than_waited_for(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "WAITING_MAX", 2)
    async with place.socket(place.shop.buyer) as line:
        await follow(line)
        await place.listening()
        [stream] = place.open
        [listener] = stream.listeners
        async with place.shop.database.job() as session:
            await session.execute(text("select 1"))
        listener.waiting = asyncio.Queue(1)  # nobody takes from it
        for _ in range(2):
            await place.place()
        await place.publish()

        assert (await closed(line))[0] == 1013


# Rights


async def take_session(place: Place, viewer: Viewer) -> None:
    async with place.shop.database.auth() as session:
        await session.execute(
            text("update user_session set revoked_at = now() where user_id = :u"), {"u": viewer.user_id}
        )


async def disable(place: Place, viewer: Viewer) -> None:
    async with place.shop.database.job() as session:
        await session.execute(
            text("update app_user set is_active = false where id = :u"), {"u": viewer.user_id}
        )


async def change_role(place: Place, viewer: Viewer) -> None:
    async with place.shop.database.job() as session:
        await session.execute(
            text("insert into staff_role (user_id, role) values (:u, 'FINANCE')"), {"u": viewer.user_id}
        )


async def change_territory(place: Place, viewer: Viewer) -> None:
    async with place.shop.database.job() as session:
        territory = await make.make_territory(session, place.shop.seller)
        await session.execute(
            text("insert into sales_rep_territory (sales_rep_id, territory_id) values (:u, :t)"),
            {"u": viewer.user_id, "t": territory.id},
        )


@pytest.mark.parametrize("take", [take_session, disable, change_role, change_territory])
async def test_streams_end_by_themselves_when_rights_change(
    place: Place, take: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No event is needed. The watch looks every two seconds; here it looks sooner, the test waits for it anyway."""
    assert 2 * streams.CHECK_SECONDS < 5
    monkeypatch.setattr(streams, "CHECK_SECONDS", 0.05)
    rep = place.shop.rep
    async with (
        place.socket(rep) as line,
        event_source(place, rep) as events,
        place.socket(place.shop.buyer) as other,
    ):
        await follow(line)
        await follow(other)
        await place.listening(3)
        await take(place, rep)

        assert (await closed(line))[0] == 4403
        kind, data = await events.next()
        assert (kind, json.loads(data)["errors"][0]["extensions"]["code"]) == ("next", "RIGHTS_CHANGED")
        assert await events.next() == ("complete", "")
        await place.place()  # those whose rights are the same are told as before
        await place.publish()
        assert (await receive(other))["type"] == "next"


async def test_an_event_after_the_rights_have_gone_is_not_told(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The watch never looks here: the event itself does."""
    monkeypatch.setattr(streams, "CHECK_SECONDS", 3600)
    async for place in running(database, settings):
        async with place.socket(place.shop.rep) as line:
            await follow(line)
            await place.listening()
            await disable(place, place.shop.rep)
            await place.place()
            await place.publish()

            assert await closed(line) == (4403, "Your rights have changed")


async def test_a_customer_that_changes_hands_is_not_told_to_its_old_rep(place: Place) -> None:
    async with place.socket(place.shop.rep) as line:
        await follow(line)
        await place.listening()
        await place.place()
        await place.publish()
        assert (await receive(line))["type"] == "next"
        async with place.shop.database.job() as session:
            await session.execute(
                text("update customer set sales_rep_id = null where id = :c"), {"c": place.shop.customer.id}
            )
            await session.execute(
                text("update customer set sales_rep_id = :r where id = :c"),
                {"c": place.shop.other.id, "r": place.shop.rep.user_id},
            )
        await place.place()
        other = await place.place(place.shop.stranger)
        await place.publish()
        # The one in between was told to nobody: the next message is of the customer they have now.
        assert (await receive(line))["payload"]["data"]["orderChanged"]["order"]["number"] == other["number"]


# The end


async def test_a_stop_tells_the_readers_that_the_server_goes(database: Database, settings: Settings) -> None:
    async for place in running(database, settings):
        async with place.socket(place.shop.buyer) as line, event_source(place, place.shop.buyer) as events:
            await follow(line)
            await place.listening(2)
            place.server.handle_exit(15, None)

            assert await closed(line) == (1001, "The server is stopping")
            _, data = await events.next()
            assert json.loads(data)["errors"][0]["extensions"]["code"] == "STOPPING"
            assert await events.next() == ("complete", "")
        await asyncio.wait_for(asyncio.shield(place.running), SECONDS)
