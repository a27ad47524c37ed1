"""The wire's last metres: what uvicorn and python-engineio are made to do so that no frame is copied, queued or late.

Small replacements, each for one server instance and none a patch of a module:

    StreamProtocol  uvicorn's WebSocket protocol; `send` returns only when the bytes are in the kernel, without copying them,
                    and the socket tells how congested it is (`unsent`, `link`)
    StreamSocket    python-engineio's WebSocket adapter; finds the StreamProtocol that carries a connection
    Outbox          the queue of an Engine.IO connection; tells when its reader, the writer task or a poll, has nothing left to
                    send: only then is a viewer ready for a frame
    FramePacket     an Engine.IO packet that binds the newest frame when it is written, not when it is queued

These lean on internals of the two libraries, whose versions are pinned; tests/unit/api/test_transport.py names each of them.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import socket
import struct
from collections.abc import Callable
from typing import Any, NamedTuple

import engineio
import orjson
from engineio.async_drivers import asgi as engineio_asgi
from engineio.packet import MESSAGE, Packet
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

EXTENSION = "jiomosa.protocol"  # where a StreamProtocol puts itself in the ASGI scope

# linux/tcp.h; the socket module lacks some of these before Python 3.12.
TCP_USER_TIMEOUT, TCP_NOTSENT_LOWAT = 18, 25
SIOCOUTQ = 0x5411
TCP_INFO_BYTES = 168
_mss = struct.Struct("=I").unpack_from
_u64 = struct.Struct("=Q").unpack_from

# A client that stops reading is otherwise never let go: its task waits in `send` for good (DESIGN.md, section 6).
USER_TIMEOUT_MS = 20_000
# The kernel calls the socket writable only below this many unsent bytes: what waits there must not be seconds old.
NOTSENT_LOWAT_BYTES = 16 * 1024
NOTHING = "6"  # an Engine.IO noop: every client ignores it
TEXT, BINARY = 0x81, 0x82  # first byte of a final WebSocket frame, RFC 6455 section 5.2


class Link:
    """What a TCP socket tells of its link. Units: bytes, seconds."""

    __slots__ = ("app_limited", "min_rtt", "mss", "rate")

    def __init__(self, info: bytes) -> None:
        self.mss = _mss(info, 16)[0]
        self.app_limited = bool(info[7] & 1)
        self.min_rtt = _mss(info, 148)[0] / 1e6
        self.rate = _u64(info, 160)[0]


class StreamProtocol(WebSocketsSansIOProtocol):
    """See the module's table. One a WebSocket connection."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=0)
        self._fd = -1
        end = transport.get_extra_info("socket")
        if end is not None and end.family in (socket.AF_INET, socket.AF_INET6):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            end.setsockopt(socket.IPPROTO_TCP, TCP_USER_TIMEOUT, USER_TIMEOUT_MS)
            end.setsockopt(socket.IPPROTO_TCP, TCP_NOTSENT_LOWAT, NOTSENT_LOWAT_BYTES)
            self._fd = end.fileno()
            self._end = end

    async def run_asgi(self) -> None:
        extensions: dict[str, Any] = self.scope["extensions"]
        extensions[EXTENSION] = self
        await super().run_asgi()

    async def send(self, message: Any) -> None:
        """As the base class; for data it waits until the bytes have left for the kernel."""
        if message["type"] != "websocket.send" or not self.handshake_complete or self.close_sent:
            await super().send(message)
            return
        await self.writable.wait()
        if self.disconnected:
            raise ClientDisconnected
        body = message.get("bytes")
        self.write_message(TEXT if body is None else BINARY, message["text"].encode() if body is None else body)
        await self.writable.wait()

    async def send_text_bytes(self, body: bytes) -> None:
        """Send a text message that is encoded already."""
        await self.writable.wait()
        if self.disconnected or self.close_sent:
            raise ClientDisconnected
        self.write_message(TEXT, body)
        await self.writable.wait()

    def write_message(self, first_byte: int, body: bytes) -> None:
        """Hand one unfragmented, unmasked WebSocket message to the transport, header and body apart."""
        length = len(body)
        if length < 126:
            header = struct.pack("!BB", first_byte, length)
        elif length < 65536:
            header = struct.pack("!BBH", first_byte, 126, length)
        else:
            header = struct.pack("!BBQ", first_byte, 127, length)
        self.transport.writelines((header, body))

    def unsent(self) -> int:
        """Bytes that the other end has not acknowledged, in the kernel or behind it; 0 where the socket does not tell."""
        if self._fd < 0 or self.disconnected:
            return 0
        return int(struct.unpack("i", fcntl.ioctl(self._fd, SIOCOUTQ, b"\0\0\0\0"))[0])

    def link(self) -> Link | None:
        """The link's state; None where the socket does not tell."""
        if self._fd < 0 or self.disconnected:
            return None
        return Link(self._end.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TCP_INFO_BYTES))


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

    async def send(self, message: Any) -> None:
        if isinstance(message, Prepared) and self._protocol is not None:
            await self._protocol.send_text_bytes(message.text)
        else:
            await super().send(message.text.decode() if isinstance(message, Prepared) else message)


class Prepared(NamedTuple):
    """A text message, encoded already."""

    text: bytes


class FramePacket(Packet):  # type: ignore[misc]
    """See the module's table. `take()` gives the newest packet of the viewer; None if it has none any more."""

    def __init__(self, take: Callable[[], bytes | None]) -> None:
        super().__init__(MESSAGE, "")
        self._take = take

    def encode(self, b64: bool = False) -> Prepared | str:
        """What goes into a WebSocket message; with `b64`, into the response to a poll."""
        text = self._take()
        if text is None:
            return NOTHING
        return text.decode("ascii") if b64 else Prepared(text)


class Outbox(asyncio.Queue[Any]):
    """See the module's table."""

    idle = False
    on_idle: Callable[[], None] | None = None

    async def get(self) -> Any:
        if self.empty():
            self.idle = True
            if self.on_idle is not None:
                self.on_idle()  # may put a packet at once
        try:
            return await super().get()
        finally:
            self.idle = False


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
