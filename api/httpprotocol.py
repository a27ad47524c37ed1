"""uvicorn's HTTP protocol, made to let a response be written piece by piece, and to be patient only for so long.

What is refused before there is a request for the application to answer, is answered here, in JSON, and the connection closed:

    400  what is no HTTP; a head, or what surrounds the pieces of a body, of more than MAX_HEAD_BYTES
    408  a head or a body that does not come (`engine.requestclock`)

A connection that has never said anything is closed without a word.
"""

from __future__ import annotations

import time
from asyncio import TimerHandle
from typing import Any

import httptools
import msgspec
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.protocols.utils import ClientDisconnected

from api.link import Wire
from api.models import ErrorModel
from api.silent import Silent
from api.transport import EXTENSION, Bytes
from engine import logs
from engine.asking import Asking
from engine.requestclock import RequestClock

log = logs.logger("jiomosa.http")

MAX_HEAD_BYTES = 64 * 1024  # of a request, before a piece that ends it
LINGER_SECONDS = 2.0  # for a client to read what it was refused with, while it still sends
CODES = {400: "bad_request", 408: "timeout"}
HEADERS = b"content-type: application/json\r\nx-content-type-options: nosniff\r\nconnection: close\r\ncontent-length: %d\r\n\r\n"
NO_LIMIT = Silent(0)


class HttpProtocol(Wire, HttpToolsProtocol):
    """See the module. One an HTTP connection. `patience`: seconds a client may take to go on with what it says."""

    disconnected = False
    _in_head = True  # what comes next belongs to the head of a request
    _stray_bytes = 0  # since something that is not kept has come: of a head, of chunks' sizes, of trailers
    _timer: TimerHandle | None = None
    _silent = True
    _lingering = False
    asking: tuple[Any, Asking] | None = None  # whoever asks for one picture after the other over it, and for what

    def __init__(self, *arguments: Any, patience: float = 20.0, silent: Silent = NO_LIMIT, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._clock = RequestClock(patience)
        self._all_silent = silent

    # ---- how long, and how much

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.tune(transport)
        self._address = self.client[0] if self.client else ""
        self._all_silent.came(self._address, self)
        self._clock.begun(time.monotonic())
        self._watch()

    def _watch(self) -> None:
        """Have somebody look when the time of what is due is over. The timer does not move with it: that happens too often."""
        if self._timer is None and self._clock.deadline < float("inf"):
            self._timer = self.loop.call_later(max(0.0, self._clock.deadline - time.monotonic()), self._look)

    def _look(self) -> None:
        self._timer = None
        now = time.monotonic()
        if now < self._clock.deadline:
            self._watch()
        elif self.flow.read_paused:
            self._clock.held(now)
            self._watch()
        elif self._silent and not self._stray_bytes:
            self.transport.close()
        else:
            self.refuse(408, "The request did not come in time; send it faster.")

    def leave_silent(self) -> None:
        self._speaks()
        self.transport.close()

    def _speaks(self) -> None:
        if self._silent:
            self._silent = False
            self._all_silent.left(self._address, self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.disconnected = True
        self._end_of_http()
        super().connection_lost(exc)

    def _end_of_http(self) -> None:
        self._speaks()
        self._clock.complete()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def data_received(self, data: bytes) -> None:
        """As the base class, but refusals are ours, and there is an end to what the parser keeps of a head that is not whole."""
        if self._lingering or self.transport.is_closing():
            return
        self._unset_keepalive_if_required()
        if self._in_head:
            self._clock.begun(time.monotonic())
            self._watch()
        self._stray_bytes += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            if self._should_upgrade():
                self._upgrade()
                return
        except httptools.HttpParserError as error:
            log.debug("no HTTP", address=self._address, why=str(error))
            self.refuse(400, "That is no HTTP request.")
            return
        if self._stray_bytes > MAX_HEAD_BYTES:
            self.refuse(400, f"The head of the request is larger than {MAX_HEAD_BYTES // 1024} KiB.")

    def _upgrade(self) -> None:
        if self.cycle is not None and not self.cycle.response_complete:
            self.refuse(400, "A WebSocket needs a connection of its own: another request is being answered on this one.")
            return
        if self.scope["method"] != "GET" or not self.url.isascii():
            self.refuse(400, "That is no request for a WebSocket.")
            return
        self._end_of_http()
        self.handle_websocket_upgrade()
        protocol: Any = self.transport.get_protocol()
        if not protocol.handshake_initiated:  # it could not even be read, which nobody is told of
            self.refuse(400, "That is no request for a WebSocket, or it has too many headers.")

    def refuse(self, status: int, sentence: str) -> None:
        """Close the connection, with this answer where it belongs; requests that came whole before it are answered yet."""
        self._end_of_http()
        cycle = self.cycle
        answering = cycle is not None and not cycle.response_complete
        if answering and not cycle.more_body:
            cycle.keep_alive = False
            self.flow.pause_reading()
            return
        if answering and self.pipeline:
            self.transport.close()
            return
        if not answering or not cycle.response_started:
            body = msgspec.json.encode(ErrorModel(sentence, CODES[status]))
            self.transport.write(STATUS_LINE[status] + HEADERS % len(body) + body)
        if answering:  # the application is to hear that the client is gone
            cycle.disconnected, cycle.waiting_for_100_continue = True, False
            cycle.message_event.set()
        self._linger()

    def _linger(self) -> None:
        """Close what we send, and read on for a while: to close with something unread would take the answer from the client."""
        if self._lingering or not self.transport.can_write_eof():
            self.transport.close()
            return
        self._lingering = True
        self.flow.resume_reading()
        self.transport.write_eof()
        self._timer = self.loop.call_later(LINGER_SECONDS, self.transport.abort)

    # ---- what the parser finds

    def on_message_begin(self) -> None:
        super().on_message_begin()
        scope: dict[str, Any] = self.scope  # type: ignore[assignment]
        scope["extensions"] = {EXTENSION: self}

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_head:  # else it is a trailer, which nobody has asked for
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._in_head, self._stray_bytes = False, 0
        self._speaks()
        self._clock.head_complete(time.monotonic())
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._stray_bytes = 0
        self._clock.received(len(body), time.monotonic())
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._in_head, self._stray_bytes = True, 0
        self._clock.complete()
        self.renew(time.monotonic())  # a poll: its answer is still to be sent
        super().on_message_complete()

    # ---- a response that is written piece by piece

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
