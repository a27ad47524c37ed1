"""WebDriver BiDi, the small part of it that we speak: commands with answers, and events, over one WebSocket to ChromeDriver.

    -> {"id": 7, "method": "...", "params": {...}}
    <- {"id": 7, "type": "success", "result": {...}}  or  {"id": 7, "type": "error", "error": "code", "message": "..."}
    <- {"type": "event", "method": "...", "params": {...}}

Commands are sent in the order of the calls. Several may be under way; each is answered when it is done. Through
`goog:cdp.sendCommand` the Chrome DevTools Protocol goes the same way (2 ms a command), so no second client is needed.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec
from websockets.exceptions import ConnectionClosed

from engine.errors import ChildGone

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

Event = Callable[[str, dict[str, Any]], None]
Result = dict[str, Any]


class CommandFailed(Exception):
    """The browser has refused a command. `code` is a word of the BiDi specification, the message the browser's own."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Bidi:
    """A connection; make with `open`. After `lost` has been called, or `close`, every call raises `ChildGone`."""

    def __init__(self, connection: ClientConnection, on_event: Event, lost: Callable[[], None]) -> None:
        self._connection = connection
        self._on_event = on_event
        self._lost = lost
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Result]] = {}
        self._open = True
        self._reader = asyncio.create_task(self._read(), name="BiDi reader")

    @classmethod
    async def open(cls, url: str, on_event: Event, lost: Callable[[], None]) -> Bidi:
        """Connect to `url`. `on_event(method, params)` gets each event; `lost()` is called when the other side goes."""
        from websockets.asyncio.client import connect  # 40 ms that nobody has to wait for: see capture.browser

        # The other end is a process of ours on this machine: no proxy, no compression, no pings, no limit.
        connection = await connect(url, compression=None, max_size=None, ping_interval=None, proxy=None, close_timeout=0.5)
        return cls(connection, on_event, lost)

    async def call(self, method: str, /, **params: Any) -> Result:
        """Send a command and wait for its result. Raises `CommandFailed` or `ChildGone`; cancelling it forgets the answer."""
        if not self._open:
            raise ChildGone("The connection to the browser is closed.")
        number = next(self._ids)
        answer: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            await self._connection.send(msgspec.json.encode({"id": number, "method": method, "params": params}), text=True)
            return await answer
        except ConnectionClosed as error:
            raise ChildGone("The connection to the browser was lost.") from error
        finally:
            del self._waiting[number]

    async def close(self) -> None:
        """Close without calling `lost`."""
        self._open = False
        await self._connection.close()
        await self._reader

    async def _read(self) -> None:
        with contextlib.suppress(ConnectionClosed):  # a regular close just ends the loop, that of a killed ChromeDriver is none
            async for data in self._connection:
                self._received(msgspec.json.decode(data))
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(ChildGone("The connection to the browser was lost."))
        if self._open:
            self._open = False
            self._lost()

    def _received(self, message: dict[str, Any]) -> None:
        if message["type"] == "event":
            self._on_event(message["method"], message["params"])
        elif (answer := self._waiting.get(message["id"])) is not None and not answer.done():
            if message["type"] == "success":
                answer.set_result(message["result"])
            else:
                answer.set_exception(CommandFailed(message["error"], message["message"]))
