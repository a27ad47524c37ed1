"""What a page and its viewers exchange besides pictures and input: cursor, clipboard, focus, files (`engine.exchange`)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from capture.bidi import Bidi, CommandFailed
from capture.clipboard import ScreenClipboard
from capture.cursor import CursorWatch
from capture.display import Display
from capture.files import FileRequests
from capture.focus import FocusWatch
from engine.errors import JiomosaError
from engine.exchange import Clipboard, GetClipboard, GiveFiles, Scales, SetClipboard
from engine.messages import Done, Message, Refused


class Exchange:
    """Of the browser on `display`. `seq()`: the newest frame. Hand all events to `on_event`."""

    def __init__(self, send: Callable[[Message], None], seq: Callable[[], int]) -> None:
        self._send = send
        self._seq = seq
        self._focus = FocusWatch(send)
        self._files = FileRequests(send)
        self._cursor: CursorWatch | None = None
        self._clipboard: ScreenClipboard | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self, bidi: Bidi, display: Display) -> None:
        self._cursor = CursorWatch(display, self._send)
        self._clipboard = ScreenClipboard(display, lambda text, truncated: self._send(Clipboard(0, text, truncated)))
        await self._focus.open(bidi)
        await self._files.open(bidi)

    def on_event(self, method: str, params: dict[str, Any]) -> None:
        self._focus.on_event(method, params)
        self._files.on_event(method, params)

    def received(self, message: Any) -> None:
        """A message of the front; those of others are let by."""
        if self._cursor is None or self._clipboard is None:
            return
        match message:
            case Scales(scales):
                self._cursor.wanted(scales)
            case SetClipboard(token, text):
                self._clipboard.set(text)
                self._send(Done(token, self._seq()))
            case GetClipboard(token):
                self._answer(token, self._tell_clipboard(token, self._clipboard))
            case GiveFiles(token):
                self._answer(token, self._give(message))

    def close(self) -> None:
        self._focus.close()
        self._files.close()
        if self._clipboard is not None:
            self._clipboard.close()
        for task in self._tasks:
            task.cancel()

    async def _tell_clipboard(self, token: int, clipboard: ScreenClipboard) -> None:
        self._send(Clipboard(token, *await clipboard.get()))

    async def _give(self, message: GiveFiles) -> None:
        await self._files.give(message)
        self._send(Done(message.token, self._seq()))

    def _answer(self, token: int, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(self._try(token, work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _try(self, token: int, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except JiomosaError as error:
            self._send(Refused(token, error.code, error.message))
        except CommandFailed as error:
            self._send(Refused(token, "bad_request", f"The browser did not take it: {str(error).rstrip('.')}."))
