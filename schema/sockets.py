"""Subscriptions over WebSocket: the protocol graphql-transport-ws and no other, opened by a ticket."""

import asyncio
from contextlib import suppress
from typing import Any
from uuid import uuid4

import orjson
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from schema.endpoint import PATH
from schema.engine import Engine
from schema.gate import BadRequest, make_request, read_json
from schema.streams import End, NotOpened, Stream, Streams
from schema.subscribing import NotSubscribed, subscribe

PROTOCOL = "graphql-transport-ws"
INIT_SECONDS = 5.0
SEND_SECONDS = 10.0
SUBSCRIPTIONS_MAX = 20
# The protocol's own codes; 1001 is the WebSocket's for a server that goes away.
BAD_MESSAGE, UNAUTHORISED, FORBIDDEN, PROTOCOL_UNKNOWN, INIT_TIMEOUT = 4400, 4401, 4403, 4406, 4408
ALREADY_THERE, TOO_MANY, GOING_AWAY, TRY_LATER = 4409, 4429, 1001, 1013
_ENDS = {
    End.RIGHTS_CHANGED: (FORBIDDEN, "Your rights have changed"),
    End.SLOW: (TRY_LATER, "You read too slowly"),
    End.STOPPING: (GOING_AWAY, "The server is stopping"),
}


class _Close(Exception):
    """The socket ends with this code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def socket_routes(engine: Engine, streams: Streams) -> list[BaseRoute]:
    async def serve(websocket: WebSocket) -> None:
        await _Socket(engine, streams, websocket).serve()

    return [WebSocketRoute(PATH, serve)]


class _Socket:
    """One socket from its handshake to its end."""

    def __init__(self, engine: Engine, streams: Streams, websocket: WebSocket) -> None:
        self.engine = engine
        self.streams = streams
        self.websocket = websocket
        self.running: dict[str, asyncio.Task[None]] = {}
        self.locale: str | None = None

    async def serve(self) -> None:
        if not self.streams.room():
            await self.websocket.close(TRY_LATER)  # before it is accepted: HTTP 403
            return
        if PROTOCOL not in self.websocket.scope.get("subprotocols", ()):
            await self.websocket.accept()
            await self._close(PROTOCOL_UNKNOWN, f"Speak {PROTOCOL}")
            return
        await self.websocket.accept(PROTOCOL)
        stream: Stream | None = None
        try:
            stream = await self._initialise()
            await self._run(stream)
        except _Close as end:
            await self._close(end.code, end.reason)
        except (WebSocketDisconnect, TimeoutError, OSError):
            pass  # gone, or it does not read: nobody is there to be told
        finally:
            if stream is not None:
                self.streams.leave(stream)
            for task in self.running.values():
                task.cancel()
            await asyncio.gather(*self.running.values(), return_exceptions=True)

    async def _initialise(self) -> Stream:
        try:
            async with asyncio.timeout(INIT_SECONDS):
                message = await self._receive()
                while message["type"] == "ping":
                    await self._send({"type": "pong"})
                    message = await self._receive()
        except TimeoutError:
            raise _Close(INIT_TIMEOUT, "Connection initialisation timeout") from None
        if message["type"] != "connection_init":
            raise _Close(UNAUTHORISED, "Unauthorized")
        payload = message.get("payload")
        payload = payload if isinstance(payload, dict) else {}
        try:
            stream = await self.streams.enter(payload.get("ticket"))
        except NotOpened as refused:
            code = TOO_MANY if refused.code == "LIMIT" else FORBIDDEN
            raise _Close(code, str(refused)) from None
        self.locale = payload.get("locale") if isinstance(payload.get("locale"), str) else None
        try:
            await self._send({"type": "connection_ack"})
        except BaseException:
            self.streams.leave(stream)
            raise
        return stream

    async def _run(self, stream: Stream) -> None:
        """Until the client leaves, breaks the protocol, or the stream is ended."""
        reading = asyncio.create_task(self._read(stream))
        ending = asyncio.create_task(stream.ended.wait())
        try:
            await asyncio.wait({reading, ending}, return_when=asyncio.FIRST_COMPLETED)
            if reading.done():
                reading.result()
        finally:
            for task in (reading, ending):
                task.cancel()
            await asyncio.gather(reading, ending, return_exceptions=True)
        assert stream.why is not None
        raise _Close(*_ENDS[stream.why])

    async def _read(self, stream: Stream) -> None:
        while True:
            message = await self._receive()
            kind = message["type"]
            if kind == "ping":
                await self._send({"type": "pong"})
            elif kind == "subscribe":
                self._subscribe(stream, message)
            elif kind == "complete":
                task = self.running.pop(str(message.get("id")), None)
                if task is not None:
                    task.cancel()
            elif kind == "connection_init":
                raise _Close(TOO_MANY, "Too many initialisation requests")
            elif kind != "pong":
                raise _Close(BAD_MESSAGE, "Unknown type of message")

    def _subscribe(self, stream: Stream, message: dict[str, Any]) -> None:
        key, payload = message.get("id"), message.get("payload")
        if not isinstance(key, str) or not key or len(key) > 100 or not isinstance(payload, dict):
            raise _Close(BAD_MESSAGE, "A subscription has an id and a payload")
        if key in self.running:
            raise _Close(ALREADY_THERE, f"Subscriber for {key} already exists")
        if len(self.running) >= SUBSCRIPTIONS_MAX:
            raise _Close(TOO_MANY, f"At most {SUBSCRIPTIONS_MAX} subscriptions per socket")
        task = asyncio.create_task(self._follow(stream, key, payload))
        self.running[key] = task
        task.add_done_callback(lambda done: self._forget(key, done))

    def _forget(self, key: str, task: asyncio.Task[None]) -> None:
        if self.running.get(key) is task:
            del self.running[key]
        if not task.cancelled():
            task.exception()  # the reader of this socket has gone; its own loop notices

    async def _follow(self, stream: Stream, key: str, payload: dict[str, Any]) -> None:
        try:
            request = make_request(
                payload.get("query"), payload.get("variables"), payload.get("operationName")
            )
            results = await subscribe(self.engine, stream, request, uuid4().hex, self.locale)
        except BadRequest as refused:
            error = {"message": str(refused), "extensions": {"code": refused.code}}
            await self._send({"id": key, "type": "error", "payload": [error]})
            return
        except NotSubscribed as refused:
            await self._send({"id": key, "type": "error", "payload": refused.errors})
            return
        try:
            async for body in results:
                await self._send({"id": key, "type": "next", "payload": body})
            await self._send({"id": key, "type": "complete"})
        except (TimeoutError, OSError):
            stream.end(End.SLOW)
        finally:
            await results.close()

    async def _receive(self) -> dict[str, Any]:
        """The next message; a socket that sends anything else than JSON objects with a type ends."""
        try:
            text = await self.websocket.receive_text()
            message = read_json(text.encode())
        except (BadRequest, KeyError, UnicodeEncodeError):
            raise _Close(BAD_MESSAGE, "Send JSON as text") from None
        if not isinstance(message, dict) or not isinstance(message.get("type"), str):
            raise _Close(BAD_MESSAGE, "A message is an object with a type")
        return message

    async def _send(self, message: dict[str, Any]) -> None:
        async with asyncio.timeout(SEND_SECONDS):
            await self.websocket.send_text(orjson.dumps(message).decode())

    async def _close(self, code: int, reason: str) -> None:
        with suppress(RuntimeError, OSError, TimeoutError, WebSocketDisconnect):
            async with asyncio.timeout(SEND_SECONDS):
                await self.websocket.close(code, reason)
