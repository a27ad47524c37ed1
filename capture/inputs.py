"""Input: one queue, in the order in which it came, each answered once it has been injected.

Pointer and wheel-over-a-popup go through the X server, everything else through the browser's DevTools protocol. The two ways are
not ordered against each other: a click that X has delivered may still lie unread when the browser gets a text. So after pointer
input, the next input of the other kind waits for one round trip through the page; by then the browser has read what X had for it.

A page that hangs cannot hold up the queue: what it does not take within ANSWER_SECONDS (`capture.page`) is refused, and with it
all that waits for the page by then.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from capture.attention import Freezer
from capture.bidi import CommandFailed
from capture.keyboard import key_calls, text_calls
from capture.page import ShownPage
from capture.pointer import Pointer
from capture.windows import Windows
from engine.errors import JiomosaError
from engine.messages import Click, Done, Key, Message, Move, Refused, Scroll, Text

Input = Click | Move | Scroll | Text | Key


class Inputs:
    """`put` what comes; `run` it. `seq()` is the newest frame, for the answers."""

    def __init__(
        self,
        pointer: Pointer,
        windows: Windows,
        page: ShownPage,
        freezer: Freezer,
        send: Callable[[Message], None],
        seq: Callable[[], int],
    ) -> None:
        self._pointer = pointer
        self._windows = windows
        self._page = page
        self._freezer = freezer
        self._send = send
        self._seq = seq
        self._queue: deque[Input] = deque()
        self._some = asyncio.Event()
        self._pointed = False

    def put(self, message: Input) -> None:
        self._queue.append(message)
        self._some.set()

    async def run(self) -> None:
        """Never returns."""
        while True:
            await self._some.wait()
            while self._queue:
                await self._one()
            self._some.clear()

    async def _one(self) -> None:
        message = self._queue.popleft()
        tokens = [message.token]
        try:
            await self._freezer.wake()
            match message:
                case Click(_, x, y, button):
                    self._pointed = True
                    self._pointer.click(x, y, button)
                case Move(_, x, y):
                    self._pointed = True
                    self._pointer.move(x, y)
                case Scroll():
                    await self._scroll(message, tokens)
                case Text(_, text):
                    await self._call(text_calls(text))
                case Key(_, key, modifiers):
                    await self._call(key_calls(key, modifiers))
        except JiomosaError as error:
            if error.code == "page_busy":
                tokens += self._give_up()
            for token in tokens:
                self._send(Refused(token, error.code, error.message))
        except CommandFailed as error:
            for token in tokens:
                self._send(Refused(token, "unavailable", f"The browser did not take the input: {error}."))
        else:
            for token in tokens:
                self._send(Done(token, self._seq()))

    def _give_up(self) -> list[int]:
        """Take all that waits for the page out of the queue, or each would wait as long again; returns the tokens."""
        waiting, self._queue = self._queue, deque(message for message in self._queue if isinstance(message, Click | Move))
        return [message.token for message in waiting if not isinstance(message, Click | Move)]

    async def _scroll(self, scroll: Scroll, tokens: list[int]) -> None:
        """Scroll, together with whatever more of it waits for the same place, whose tokens are added to `tokens`."""
        dx, dy = scroll.dx, scroll.dy
        while (
            self._queue
            and isinstance(more := self._queue[0], Scroll)
            and (more.x, more.y) in ((scroll.x, scroll.y), (None, None))
        ):
            self._queue.popleft()
            tokens.append(more.token)
            dx, dy = dx + more.dx, dy + more.dy
        if self._windows.popup_open:
            if scroll.x is not None and scroll.y is not None:
                self._pointer.move(scroll.x, scroll.y)
            self._pointer.wheel(dx, dy)
            return
        if scroll.x is not None and scroll.y is not None:
            self._pointer.x, self._pointer.y = scroll.x, scroll.y
        wheel = {"type": "mouseWheel", "x": self._pointer.x, "y": self._pointer.y, "deltaX": dx, "deltaY": dy}
        await self._call([("Input.dispatchMouseEvent", wheel)])

    async def _call(self, calls: list[tuple[str, dict[str, object]]]) -> None:
        if self._pointed:
            await self._page.cdp("Runtime.evaluate", expression="0")
            self._pointed = False
        for method, params in calls:
            await self._page.cdp(method, **params)
