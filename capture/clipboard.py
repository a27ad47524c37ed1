"""The clipboard of the session's screen: X's selection CLIPBOARD, which the browser copies to and pastes from.

    somebody else's --set--> ours --somebody copies--> somebody else's, and told

What we set we hand out ourselves to whoever pastes (ICCCM, section 2); of what is copied XFixes tells us at once, whichever tab,
frame or script did it, and the text is asked for then. Large texts come in pieces (INCR).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import xcffib.xfixes
from xcffib import xproto

from capture.display import Display
from engine.exchange import MAX_CLIPBOARD

READ_SECONDS = 2.0  # whoever has copied and does not hand it over by then is busy, or gone
TELL_SECONDS = 0.3  # between two texts that are told: a page may copy as often as it likes


class ScreenClipboard:
    """`told(text, truncated)` is called for each text that is copied."""

    def __init__(self, display: Display, told: Callable[[str, bool], None]) -> None:
        self._display = display
        self._core = display.core
        self._told = told
        self._loop = asyncio.get_running_loop()
        self._text: bytes | None = None  # what we own
        self._answer: asyncio.Future[bool] | None = None  # to the question for a text
        self._piece: asyncio.Future[None] | None = None
        self._turn = asyncio.Lock()
        self._reading: asyncio.Task[None] | None = None
        self._again = False
        names = ("CLIPBOARD", "TARGETS", "INCR", "JIOMOSA_TEXT", "UTF8_STRING", "text/plain;charset=utf-8", "text/plain")
        self._clipboard, self._targets, self._incr, self._property, *self._texts = map(display.atom, names)
        self._window: int = display.connection.generate_id()
        parent, kind, mask = xproto.WindowClass.CopyFromParent, xproto.WindowClass.InputOutput, xproto.EventMask.PropertyChange
        self._core.CreateWindowChecked(
            parent, self._window, display.root, *(-1, -1, 1, 1, 0), kind, 0, xproto.CW.EventMask, [mask]
        ).check()
        fixes = display.connection(xcffib.xfixes.key)
        fixes.QueryVersion(5, 0).reply()
        display.on(xcffib.xfixes.SelectionNotifyEvent, self._owner_changed)
        display.on(xproto.SelectionNotifyEvent, self._answered)
        display.on(xproto.SelectionRequestEvent, self._asked)
        display.on(xproto.SelectionClearEvent, self._lost)
        display.on(xproto.PropertyNotifyEvent, self._property_changed)
        fixes.SelectSelectionInput(self._window, self._clipboard, xcffib.xfixes.SelectionEventMask.SetSelectionOwner)
        display.flush()

    def set(self, text: str) -> None:
        """Returns once whoever pastes gets `text`."""
        self._text = text.encode()
        self._core.SetSelectionOwner(self._window, self._clipboard, xproto.Time.CurrentTime)
        self._display.round_trip()

    async def get(self) -> tuple[str, bool]:
        """(the text, whether it was longer than that); empty where there is none."""
        if self._text is not None:
            return self._text.decode(), False
        async with self._turn:
            data = await self._read()
        text = data[:MAX_CLIPBOARD].decode("utf-8", "ignore")
        return text, len(data) > MAX_CLIPBOARD

    def close(self) -> None:
        if self._reading is not None:
            self._reading.cancel()

    # ---- what others copy

    def _owner_changed(self, event: xcffib.xfixes.SelectionNotifyEvent) -> None:
        if event.owner in (0, self._window):
            return
        self._text = None
        self._again = True
        if self._reading is None or self._reading.done():
            self._reading = self._loop.create_task(self._tell())

    async def _tell(self) -> None:
        while self._again:
            self._again = False
            text, truncated = await self.get()
            if text and self._text is None:
                self._told(text, truncated)
            await asyncio.sleep(TELL_SECONDS)

    async def _read(self) -> bytes:
        self._answer = self._loop.create_future()
        self._core.ConvertSelection(self._window, self._clipboard, self._texts[0], self._property, xproto.Time.CurrentTime)
        self._display.flush()
        data = b""
        try:
            async with asyncio.timeout(READ_SECONDS):
                if not await self._answer:
                    return b""
                self._piece = self._loop.create_future()
                kind, data = self._take()
                if kind != self._incr:
                    return data
                data = b""
                while True:
                    await self._piece
                    self._piece = self._loop.create_future()
                    _, more = self._take()
                    if not more:
                        return data
                    data = (data + more)[: MAX_CLIPBOARD + 4]
        except TimeoutError:
            return data
        finally:
            self._answer = self._piece = None

    def _take(self) -> tuple[int, bytes]:
        """What lies in our property, which is then gone: (its type, its content)."""
        reply = self._core.GetProperty(True, self._window, self._property, xproto.GetPropertyType.Any, 0, 0x1FFFFFFF).reply()
        return int(reply.type), bytes(reply.value.buf()) if reply.value_len else b""

    def _answered(self, event: xproto.SelectionNotifyEvent) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(event.property != xproto.Atom._None)

    def _property_changed(self, event: xproto.PropertyNotifyEvent) -> None:
        new = event.window == self._window and event.atom == self._property and event.state == xproto.Property.NewValue
        if new and self._piece is not None and not self._piece.done():
            self._piece.set_result(None)

    # ---- what we have

    def _lost(self, event: xproto.SelectionClearEvent) -> None:
        self._text = None

    def _asked(self, event: xproto.SelectionRequestEvent) -> None:
        place = event.property or event.target
        if self._text is None:
            place = xproto.Atom._None
        elif event.target == self._targets:
            targets = [self._targets, *self._texts]
            self._core.ChangeProperty(
                xproto.PropMode.Replace, event.requestor, place, xproto.Atom.ATOM, 32, len(targets), targets
            )
        elif event.target in self._texts:
            text = self._text
            self._core.ChangeProperty(xproto.PropMode.Replace, event.requestor, place, event.target, 8, len(text), text)
        else:
            place = xproto.Atom._None
        notify: Any = xproto.SelectionNotifyEvent
        answer = notify.synthetic(event.time, event.requestor, event.selection, event.target, place)
        self._core.SendEvent(False, event.requestor, 0, answer.pack())
        self._display.flush()
