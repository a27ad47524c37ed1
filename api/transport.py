"""The wire's last metres: what uvicorn and python-engineio are made to do so that no frame is late, or copied for each viewer.

Small replacements, each for one server instance and none a patch of a module:

    StreamProtocol  uvicorn's WebSocket protocol; `send` returns only when the bytes are in the kernel, `give` sends at once
                    where it is clear, and the socket tells how congested it is (`api.link`)
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
from dataclasses import dataclass
from typing import Any

import orjson
from engineio.packet import MESSAGE, NOOP, PING, Packet
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from api.link import Wire

EXTENSION = "jiomosa.protocol"  # where a protocol puts itself in the ASGI scope
SEPARATOR = "\x1e"  # between the Engine.IO packets in the response to a poll
PING_MESSAGE, PONG = b"\x81\x012", b"3"  # as a WebSocket message; as the text of one
NOTHING = "6"  # an Engine.IO noop: every client ignores it
TEXT, BINARY = 0x81, 0x82  # first byte of a final WebSocket frame, RFC 6455 section 5.2
# Of one WebSocket message. It may have 2 MB (`api.entrance`), and small devices send as little as half a kilobyte at once.
MOST_FRAGMENTS = 4096
# Packets for a client that does not fetch them; a stream is one of them, whatever its rate. Beyond, the connection is ended.
MOST_PACKETS = 1000

Bytes = bytes | memoryview


class StreamProtocol(Wire, WebSocketsSansIOProtocol):
    """See the module's table. One a WebSocket connection. What is called back:

    on_clear  what it was given has left after all
    on_pong   an Engine.IO pong has come; True: python-engineio, several turns of the loop away, is to have it as well
    """

    on_clear: Callable[[], None] | None = None
    on_pong: Callable[[], bool] | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.tune(transport)

    def handle_ping(self) -> None:
        """As the base class, but a client that does not read is not answered: the pongs would pile up here."""
        if self.writable.is_set():
            super().handle_ping()
        else:
            self.conn.data_to_send()

    def handle_cont(self, event: Any) -> None:
        """As the base class, whose limit is one of bytes: of empty fragments there would be no end."""
        if len(self.frames) < MOST_FRAGMENTS:
            super().handle_cont(event)
        else:
            self.fail(1009, "The message comes in too many pieces.")

    def send_receive_event_to_app(self) -> None:
        """As the base class, which writes to the log what anybody may send."""
        pong = self.frames == [PONG] and self.curr_msg_data_type == "text" and not self.close_sent
        if pong and self.on_pong is not None and not self.on_pong():
            self.frames = []
            return
        try:
            if self.curr_msg_data_type == "text":
                b"".join(self.frames).decode()
        except UnicodeDecodeError:
            self.fail(1007, "The text is not UTF-8.")
        else:
            super().send_receive_event_to_app()

    def fail(self, code: int, reason: str) -> None:
        """Tell the client what it has done, and end the connection."""
        self.frames = []
        if not self.close_sent and not self.transport.is_closing():
            self.conn.fail(code, reason)
            self.handle_parser_exception()

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
        """Send what is encoded already; as `send`, it waits until the bytes have left for the kernel."""
        await self.writable.wait()
        if self.disconnected or self.close_sent:
            raise ClientDisconnected
        self.give(message)
        await self.writable.wait()

    @property
    def clear(self) -> bool:
        """Whether all that it was given has left for the kernel, and more may come."""
        return self.writable.is_set() and not self.disconnected and not self.close_sent

    def give(self, message: Prepared, *, ping: bool = False) -> None:
        """Send now, where it is `clear`; an attachment goes out right behind its text, with nothing in between.
        `ping`: with an Engine.IO ping behind it."""
        if ping:
            self.transport.writelines((message.on_the_wire(), PING_MESSAGE))
        else:
            self.transport.write(message.on_the_wire())

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.on_clear is not None:
            self.on_clear()


@dataclass(slots=True)
class Prepared:
    """A text message, encoded already, and the binary message that belongs behind it."""

    text: Bytes
    attachment: Bytes | None = None
    _wire: bytes = b""

    def on_the_wire(self) -> bytes:
        """As they go into a WebSocket; put together once, for all who get them."""
        if not self._wire:
            pieces: list[Bytes] = [_header(TEXT, self.text), self.text]
            if self.attachment is not None:
                pieces += [_header(BINARY, self.attachment), self.attachment]
            self._wire = b"".join(pieces)
        return self._wire

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
    on_full   the client fetches nothing, and what waits for it has become too much
    """

    on_idle: Callable[[], None] | None = None
    on_asked: Callable[[], None] | None = None
    on_given: Callable[[], None] | None = None
    on_ping: Callable[[], None] | None = None
    on_pong: Callable[[], None] | None = None
    on_full: Callable[[], None] | None = None

    def __init__(self) -> None:
        super().__init__()
        self._readers: deque[asyncio.Future[Any]] = deque()

    def put_nowait(self, packet: Any) -> None:
        if self.on_ping is not None and isinstance(packet, Packet) and packet.packet_type == PING:
            packet = Ping(self.on_ping)
        super().put_nowait(packet)
        if self.qsize() > MOST_PACKETS and self.on_full is not None:
            on_full, self.on_full = self.on_full, None
            on_full()
        while self._readers:
            reader = self._readers.popleft()
            if not reader.done():  # it may have given up
                self._give(reader)
                break

    @property
    def idle(self) -> bool:
        """Whether a reader waits."""
        for reader in self._readers:  # noqa: SIM110  # asked thrice a frame, and in this way in half the time
            if not reader.done():
                return True
        return False

    def ponged(self) -> None:
        if self.on_pong is not None:
            self.on_pong()

    def get(self) -> asyncio.Future[Any]:  # type: ignore[override]
        """As a queue's, but a future: python-engineio waits for it with a timeout, which would take a task for each coroutine."""
        while self._readers:  # polls whose client is gone, or asks twice: what comes is for the newest
            former = self._readers.popleft()
            if not former.done():
                former.set_result(Packet(NOOP))
                self._unfinished_tasks += 1  # type: ignore[attr-defined]  # the reader will say that one is done
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
