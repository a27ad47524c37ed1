"""Input: one queue, in the order in which it came, each answered once it has been injected.

Pointer and wheel-over-a-popup go through the X server, everything else through the browser's DevTools protocol. The two ways are
not ordered against each other: a click that X has delivered may still lie unread when the browser gets a text. So after pointer
input, the next input of the other kind waits for one round trip through the page; by then the browser has read what X had for it.

A page that hangs cannot hold up the queue: what it does not take within ANSWER_SECONDS (`capture.page`) is refused, and with it
all that waits for the page by then, except for what lets go of something: nothing may stay down.

Modifier keys that are held count for all keys, clicks and drags meanwhile. X does not know of them, so pointer input goes through
DevTools then (`capture.mouse`).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from capture.attention import Freezer
from capture.bidi import CommandFailed
from capture.keyboard import MODIFIER_BITS, Call, key_calls, text_calls
from capture.mouse import Mouse
from capture.page import ShownPage
from capture.pointer import Pointer
from capture.windows import Windows
from engine.errors import JiomosaError
from engine.inputs import Click, Down, Drag, Input, Key, Move, Scroll, Text, Touch, TouchPoint, Up
from engine.messages import Done, Message, Refused


class Inputs:
    """`put` what comes; `run` it. `seq()` is the newest frame, for the answers. `scale`: pixels of the screen in one of CSS."""

    def __init__(
        self,
        pointer: Pointer,
        windows: Windows,
        page: ShownPage,
        freezer: Freezer,
        send: Callable[[Message], None],
        seq: Callable[[], int],
        scale: float = 1.0,
    ) -> None:
        self._windows = windows
        self._page = page
        self._freezer = freezer
        self._send = send
        self._seq = seq
        self._scale = scale
        self._queue: deque[Input] = deque()
        self._some = asyncio.Event()
        self._mouse = Mouse(pointer, self._call, scale)
        self._keys: set[str] = set()  # that are down
        self._fingers: dict[int, TouchPoint] = {}  # that are down

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
        mouse = self._mouse
        try:
            await self._freezer.wake()
            mouse.modifiers = MODIFIER_BITS.keys() & self._keys
            match message:
                case Click(_, x, y, button, modifiers):
                    await mouse.click(x, y, button, modifiers)
                case Move(_, x, y):
                    await mouse.move(x, y)
                case Down(_, x, y, button):
                    await mouse.down(x, y, button)
                case Up(_, x, y, button):
                    await mouse.up(x, y, button)
                case Drag(_, x, y, to_x, to_y, button):
                    await mouse.drag((x, y), (to_x, to_y), button)
                case Scroll():
                    await self._scroll(message, tokens)
                case Text(_, text):
                    await self._call(text_calls(text))
                case Key():
                    await self._key(message)
                case Touch():
                    await self._touch(message, tokens)
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
        waiting, self._queue = self._queue, deque(message for message in self._queue if not _waits(message))
        return [message.token for message in waiting if _waits(message)]

    async def _key(self, key: Key) -> None:
        calls = key_calls(key.key, (*key.modifiers, *self._mouse.modifiers), key.action, again=key.key in self._keys)
        if key.action == "down":
            self._keys.add(key.key)
        else:
            self._keys.discard(key.key)
        await self._call(calls)

    async def _touch(self, touch: Touch, tokens: list[int]) -> None:
        """Touch; of a movement the newest that waits, the others' tokens are added to `tokens`."""
        while (
            self._queue
            and isinstance(more := self._queue[0], Touch)
            and _fingers(touch) == _fingers(more) == frozenset(self._fingers)
        ):
            tokens.append(self._queue.popleft().token)
            touch = more
        before, self._fingers = self._fingers, {point.id: point for point in touch.points}
        lifted = [point for id, point in before.items() if id not in self._fingers]
        moved = [point for id, point in self._fingers.items() if id in before and before[id] != point]
        new = [point for id, point in self._fingers.items() if id not in before]
        if touch.cancel and lifted and not self._fingers:
            await self._call([("Input.dispatchTouchEvent", {"type": "touchCancel", "touchPoints": []})])
            return
        for kind, points in (("touchEnd", lifted), ("touchMove", moved), ("touchStart", new)):
            if points:
                places = [{"id": point.id, "x": point.x / self._scale, "y": point.y / self._scale} for point in points]
                await self._call([("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})])

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
        await self._mouse.wheel(scroll.x, scroll.y, dx, dy, popup=self._windows.popup_open)

    async def _call(self, calls: list[Call]) -> None:
        if self._mouse.pointed:
            await self._page.cdp("Runtime.evaluate", expression="0")
            self._mouse.pointed = False
        for method, params in calls:
            await self._page.cdp(method, **params)


def _waits(message: Input) -> bool:
    """Whether it waits for the page, and may be given up."""
    match message:
        case Click() | Move() | Down() | Up() | Drag() | Key(action="up"):
            return False
        case Touch(_, points):
            return bool(points)
    return True


def _fingers(touch: Touch) -> frozenset[int]:
    return frozenset(point.id for point in touch.points)
