"""The wire's last metres: what uvicorn and python-engineio are made to do so that no frame is copied, queued or late.

Small replacements, each for one server instance and none a patch of a module:

    StreamProtocol  uvicorn's WebSocket protocol; `send` returns only when the bytes are in the kernel, without copying them,
                    and the socket tells how congested it is (`api.link`)
    HttpProtocol    uvicorn's HTTP protocol; lets a response be written piece by piece in the same way
    StreamSocket    python-engineio's WebSocket adapter; finds the StreamProtocol that carries a connection
    Outbox          the queue of an Engine.IO connection; tells when its reader, the writer task or a poll, has nothing left to
                    send: only then is a viewer ready for a frame
    FramePacket     an Engine.IO packet that binds the newest frame when it is written, not when it is queued

These lean on internals of the two libraries, whose versions are pinned; tests/unit/api/test_transport.py names each of them.
"""

from __future__ import annotations

import asyncio
import base64
import json
import struct
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

import engineio
import orjson
from engineio.async_drivers import asgi as engineio_asgi
from engineio.packet import MESSAGE, PING, Packet
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from api.link import Wire

EXTENSION = "jiomosa.protocol"  # where a protocol puts itself in the ASGI scope
SEPARATOR = "\x1e"  # between the Engine.IO packets in the response to a poll
PONG = "3"
NOTHING = "6"  # an Engine.IO noop: every client ignores it
TEXT, BINARY = 0x81, 0x82  # first byte of a final WebSocket frame, RFC 6455 section 5.2

MAX_HEAD_BYTES = 64 * 1024  # of a request, before a piece that ends it
HEAD_SECONDS = 20.0  # for the first request of a connection to begin and be read

Bytes = bytes | memoryview


class StreamProtocol(Wire, WebSocketsSansIOProtocol):
    """See the module's table. One a WebSocket connection."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.tune(transport)

    async def run_asgi(self) -> None:
        extensions: dict[str, Any] = self.scope["extensions"]
        extensions[EXTENSION] = self
        await super().run_asgi()

    async def send(self, message: Any) -> None:
        """As the base class; for data it waits until the bytes have left for the kernel."""
        if message["type"] != "websocket.send" or not self.handshake_complete or self.close_sent:
            await super().send(message)
            if message["type"] == "websocket.http.response.body":
                self.handshake_complete = True  # as with a close, or the base class logs an error for each that is refused
            return
        await self.writable.wait()
        if self.disconnected:
            raise ClientDisconnected
        body = message.get("bytes")
        first_byte, body = (TEXT, message["text"].encode()) if body is None else (BINARY, body)
        self.transport.writelines((_header(first_byte, body), body))
        await self.writable.wait()

    async def send_prepared(self, message: Prepared) -> None:
        """Send what is encoded already; an attachment goes out right behind its text, with nothing in between."""
        await self.writable.wait()
        if self.disconnected or self.close_sent:
            raise ClientDisconnected
        pieces: list[Bytes] = [_header(TEXT, message.text), message.text]
        if message.attachment is not None:
            pieces += [_header(BINARY, message.attachment), message.attachment]
        self.transport.writelines(pieces)
        await self.writable.wait()


class HttpProtocol(Wire, HttpToolsProtocol):
    """See the module's table. One an HTTP connection."""

    disconnected = False
    _heading = True  # what comes next belongs to the head of a request
    _head_bytes = 0

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.tune(transport)
        self._patience = self.loop.call_later(HEAD_SECONDS, transport.close)

    def data_received(self, data: bytes) -> None:
        """The parser keeps a head whole until it has all of it, and asks nobody how much that may be."""
        self._head_bytes += len(data)
        super().data_received(data)
        if self._heading and self._head_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("The head of the request is too large.")

    def on_headers_complete(self) -> None:
        self._heading, self._head_bytes = False, 0
        self._patience.cancel()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._heading, self._head_bytes = True, 0
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self.disconnected = True
        self._patience.cancel()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        scope: dict[str, Any] = self.scope  # type: ignore[assignment]
        scope["extensions"] = {EXTENSION: self}

    def stream(self, scope: Any) -> bool:
        """Make the response to the request of `scope` one whose body is all that is written until it ends.

        False where there is another request behind it already, which such a response leaves no way to answer.
        """
        if self.cycle.scope is not scope:
            return False
        self.cycle.chunked_encoding = False  # neither chunks nor a length: every client can read that
        self.cycle.keep_alive = False
        self.keep_alive_probes()
        return True

    async def write(self, *pieces: Bytes) -> None:
        """Send `pieces` of the body; returns when they have left for the kernel. Raises `ClientDisconnected`."""
        await self.flow.drain()
        if not self.disconnected:
            self.transport.writelines(pieces)
            await self.flow.drain()
        if self.disconnected:
            raise ClientDisconnected


class StreamSocket(engineio_asgi.WebSocket):  # type: ignore[misc]
    """See the module's table. `handler` is the bound method of the Engine.IO connection it serves."""

    def __init__(self, handler: Any, server: Any) -> None:
        super().__init__(handler, server)
        self._connection = handler.__self__
        self._protocol: StreamProtocol | None = None

    async def __call__(self, environ: dict[str, Any]) -> Any:
        self._protocol = environ["asgi.scope"].get("extensions", {}).get(EXTENSION)
        self._connection.protocol = self._protocol
        return await super().__call__(environ)

    async def wait(self) -> Any:
        message = await super().wait()
        if message == PONG:
            self._connection.queue.ponged()
        return message

    async def send(self, message: Any) -> None:
        if isinstance(message, Prepared) and self._protocol is not None:
            await self._protocol.send_prepared(message)
        elif isinstance(message, Prepared):
            await super().send(str(message.text, "ascii"))
            if message.attachment is not None:
                await super().send(bytes(message.attachment))
        else:
            await super().send(message)


class Prepared(NamedTuple):
    """A text message, encoded already, and the binary message that belongs behind it."""

    text: Bytes
    attachment: Bytes | None = None

    def for_poll(self) -> str:
        """As they go into the response to a poll."""
        text = str(self.text, "ascii")
        if self.attachment is None:
            return text
        return f"{text}{SEPARATOR}b{base64.b64encode(self.attachment).decode('ascii')}"


class FramePacket(Packet):  # type: ignore[misc]
    """See the module's table. `take()` gives the newest packet of the viewer; None if it has none any more."""

    def __init__(self, take: Callable[[], Prepared | None]) -> None:
        super().__init__(MESSAGE, "")
        self._take = take

    def encode(self, b64: bool = False) -> Prepared | str:
        """What goes into a WebSocket message; with `b64`, into the response to a poll."""
        prepared = self._take()
        if prepared is None:
            return NOTHING
        return prepared.for_poll() if b64 else prepared


class Ping(Packet):  # type: ignore[misc]
    """An Engine.IO ping that tells when it is written."""

    def __init__(self, on_written: Callable[[], None]) -> None:
        super().__init__(PING)
        self._on_written = on_written

    def encode(self, b64: bool = False) -> Any:
        self._on_written()
        return super().encode(b64)


class Outbox(asyncio.Queue[Any]):
    """See the module's table. What is called back, beside that:

    on_asked  a reader has come: what it was given before has left, or the client has it and polls again
    on_given  the reader goes with something
    on_ping   a ping is being written, Engine.IO's own or another
    on_pong   the client has answered one
    """

    on_idle: Callable[[], None] | None = None
    on_asked: Callable[[], None] | None = None
    on_given: Callable[[], None] | None = None
    on_ping: Callable[[], None] | None = None
    on_pong: Callable[[], None] | None = None

    def __init__(self) -> None:
        super().__init__()
        self._readers: deque[asyncio.Future[Any]] = deque()

    def put_nowait(self, packet: Any) -> None:
        if self.on_ping is not None and isinstance(packet, Packet) and packet.packet_type == PING:
            packet = Ping(self.on_ping)
        super().put_nowait(packet)
        while self._readers:
            reader = self._readers.popleft()
            if not reader.done():  # it may have given up
                self._give(reader)
                break

    @property
    def idle(self) -> bool:
        """Whether a reader waits."""
        return any(not reader.done() for reader in self._readers)

    def ponged(self) -> None:
        if self.on_pong is not None:
            self.on_pong()

    def get(self) -> asyncio.Future[Any]:  # type: ignore[override]
        """As a queue's, but a future: python-engineio waits for it with a timeout, which would take a task for each coroutine."""
        if self.on_asked is not None:
            self.on_asked()
        reader: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        if not self.empty():
            self._give(reader)
            return reader
        self._readers.append(reader)
        if self.on_idle is not None:
            self.on_idle()  # may put a packet at once
        return reader

    def _give(self, reader: asyncio.Future[Any]) -> None:
        if self.on_given is not None:
            self.on_given()
        reader.set_result(self.get_nowait())


def _header(first_byte: int, body: Bytes) -> bytes:
    """The header of one unfragmented, unmasked WebSocket message; apart from the body, which is not copied."""
    length = len(body)
    if length < 126:
        return struct.pack("!BB", first_byte, length)
    if length < 65536:
        return struct.pack("!BBH", first_byte, 126, length)
    return struct.pack("!BBQ", first_byte, 127, length)


class StreamEngine(engineio.AsyncServer):  # type: ignore[misc]
    """An Engine.IO server with the replacements of this module."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        modules: dict[str, Any] = self._async
        self._async: dict[str, Any] = {**modules, "websocket": StreamSocket}

    def create_queue(self, *args: Any, **kwargs: Any) -> Outbox:
        return Outbox()


class Json:
    """The JSON module of python-socketio: orjson, which is 14 times as fast, and the standard one for what orjson refuses.

    NaN is not JSON, but Python clients send it; it has to get as far as the check that can name it.
    """

    @staticmethod
    def dumps(value: Any, **_: Any) -> str:
        return orjson.dumps(value).decode()

    @staticmethod
    def loads(text: str | bytes, **_: Any) -> Any:
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            try:
                return json.loads(text)
            except RecursionError:
                raise ValueError("nested too deeply") from None
