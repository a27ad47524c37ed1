"""What carries Socket.IO: python-engineio, behind a door that lets nothing in which it would stumble over.

    StreamEngine  the server. A poll, or what is posted, is checked before python-engineio sees it, and refused in JSON
    StreamSocket  its WebSocket adapter: finds the StreamProtocol that carries a connection, checks each message, and bounds the
                  time that an upgrade may take

What is no Engine.IO packet closes a WebSocket (1008, with the reason) and is a 400 to a POST. These lean on internals of the
library, as `api.transport` does.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from typing import Any

import engineio
import msgspec
from engineio.async_drivers import asgi as engineio_asgi
from engineio.payload import Payload

from api.gate import refuse
from api.models import ErrorModel
from api.transport import EXTENSION, SEPARATOR, Outbox, Prepared, StreamProtocol
from engine.errors import BadRequest, JiomosaError, LengthRequired, NotAllowed, TooLarge

UPGRADE_SECONDS = 10.0  # for each step from polling to a WebSocket; what Socket.IO's own server allows
MOST_IN_ONE_POST = Payload.max_decode_packets
CLIENT_PACKETS = "123456"  # close, ping, pong, message, upgrade, noop: what a client may send


def check_packet(packet: str | bytes, *, in_poll: bool = False) -> None:
    """Raises `BadRequest` where it is no Engine.IO packet of a client."""
    if isinstance(packet, bytes):
        return
    if in_poll and packet[:1] == "b":
        try:
            base64.b64decode(packet[1:], validate=True)
        except (binascii.Error, ValueError):
            raise BadRequest("A binary packet is not base64.") from None
    elif not packet or packet[0] not in CLIENT_PACKETS:
        raise BadRequest("A message does not begin with the digit of an Engine.IO packet.")


def check_size(size: int, most: int) -> None:
    """Raises `TooLarge`."""
    if size > most:
        raise TooLarge(f"A message may have {most} bytes.")


class Gone(Exception):
    """The client has left before its request was whole; nobody waits for an answer."""


class StreamSocket(engineio_asgi.WebSocket):  # type: ignore[misc]
    """See the module. `handler` is the bound method of the Engine.IO connection it serves."""

    def __init__(self, handler: Any, server: Any) -> None:
        super().__init__(handler, server)
        self._connection = handler.__self__
        self._protocol: StreamProtocol | None = None

    async def __call__(self, environ: dict[str, Any]) -> Any:
        if self._connection.upgrading:
            raise BadRequest("This connection is being upgraded already.")
        self._protocol = environ["asgi.scope"].get("extensions", {}).get(EXTENSION)
        self._connection.protocol = self._protocol
        if self._protocol is not None:
            self._protocol.on_pong = self._ponged
        try:
            return await super().__call__(environ)
        finally:
            if not self._connection.upgraded:  # it failed, and python-engineio would have all polls wait for it
                self._connection.upgrading = False

    def _ponged(self) -> bool:
        self._connection.queue.ponged()
        return self._connection.last_ping is not None  # its own ping, which keeps the connection alive, is still unanswered

    async def wait(self) -> Any:
        """The next message. Raises OSError where there is none, and where it is none."""
        upgrading = not self._connection.upgraded
        try:
            async with asyncio.timeout(UPGRADE_SECONDS if upgrading else None):
                message = await super().wait()
            check_packet(message)
            check_size(len(message), self._connection.server.max_http_buffer_size)
        except TimeoutError:
            await self._fail(1008, "The upgrade takes too long.")
        except TooLarge as error:
            await self._fail(1009, error.message)
        except BadRequest as error:
            await self._fail(1008, error.message)
        return message

    async def _fail(self, code: int, reason: str) -> None:
        if self._protocol is not None:
            self._protocol.fail(code, reason)
        raise OSError(reason)

    async def send(self, message: Any) -> None:
        if isinstance(message, Prepared) and self._protocol is not None:
            await self._protocol.send_prepared(message)
        elif isinstance(message, Prepared):
            await super().send(str(message.text, "ascii"))
            if message.attachment is not None:
                await super().send(bytes(message.attachment))
        else:
            await super().send(message)


class Posted:
    """What python-engineio reads the body of a POST from."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def read(self, length: int | None = None) -> bytes:
        return self._body


class StreamEngine(engineio.AsyncServer):  # type: ignore[misc]
    """See the module."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        modules: dict[str, Any] = self._async
        self._async: dict[str, Any] = {
            **modules,
            "websocket": StreamSocket,
            "translate_request": self._translate,
            "make_response": _respond,
        }

    def create_queue(self, *args: Any, **kwargs: Any) -> Outbox:
        return Outbox()

    async def handle_request(self, scope: Any, receive: Any, send: Any) -> Any:
        try:
            return await super().handle_request(scope, receive, send)
        except JiomosaError as error:
            await refuse(scope, send, error)
        except Gone:
            pass

    async def _translate(self, scope: Any, receive: Any, send: Any) -> dict[str, Any]:
        """As python-engineio's, with the body of a POST read and checked. Raises `JiomosaError`, `Gone`."""
        environ: dict[str, Any] = await engineio_asgi.translate_request(scope, receive, send)
        if not environ:
            raise Gone
        if environ["REQUEST_METHOD"] not in ("GET", "POST", "OPTIONS"):
            raise NotAllowed("Socket.IO takes GET and POST.")
        if environ["REQUEST_METHOD"] == "POST":
            if "CONTENT_LENGTH" not in environ:
                raise LengthRequired("What is posted needs a Content-Length.")
            check_size(int(environ["CONTENT_LENGTH"]), self.max_http_buffer_size)
            body = await environ["wsgi.input"].read()
            if len(body) < int(environ["CONTENT_LENGTH"]):
                raise Gone
            check_post(body)
            environ["wsgi.input"] = Posted(body)
        return environ

    def _bad_request(self, message: str | None = None) -> dict[str, Any]:
        error = BadRequest(f"{message or 'That cannot be used'}.")
        return {
            "status": "400 BAD REQUEST",
            "headers": [("Content-Type", "application/json"), ("X-Content-Type-Options", "nosniff")],
            "response": msgspec.json.encode(ErrorModel(error.message, error.code)),
        }

    def _log_error_once(self, message: str, message_key: str) -> None:
        """Who has sent it is told; it is nothing of ours to log."""
        self.logger.debug("%s", message)


def check_post(body: bytes) -> None:
    """Raises `BadRequest` where `body` is not what a client may post."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise BadRequest("What is posted is not UTF-8.") from None
    packets = text.split(SEPARATOR) if text else []
    if len(packets) > MOST_IN_ONE_POST:
        raise BadRequest(f"What is posted may have {MOST_IN_ONE_POST} packets.")
    for packet in packets:
        check_packet(packet, in_poll=True)


async def _respond(status: str, headers: list[tuple[str, str]], payload: bytes, environ: dict[str, Any]) -> None:
    """As python-engineio's, but a WebSocket that is refused is told why."""
    if environ["asgi.scope"]["type"] != "websocket" or status.startswith("200"):
        await engineio_asgi.make_response(status, headers, payload, environ)
        return
    send, raw = environ["asgi.send"], [(name.encode(), value.encode()) for name, value in headers]
    await send({"type": "websocket.http.response.start", "status": int(status[:3]), "headers": raw})
    await send({"type": "websocket.http.response.body", "body": payload})
