"""The mouse: through X, whose events are real ones; or through DevTools, where modifier keys that X does not know of are held.

A button goes up by the way by which it went down, and what moves meanwhile moves by that way, too.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterable, Set
from typing import Any

from capture.keyboard import Call, bits_of
from capture.pointer import Pointer
from engine.inputs import Button, Modifier

BUTTON_BITS: dict[Button, int] = {"left": 1, "right": 2, "middle": 4}  # as DevTools has them
# A page sees one move a frame, so faster ones are lost to it; and what is dragged wants a few moves before it comes along.
STEP_SECONDS, STEP_PIXELS, FEWEST_STEPS, MOST_STEPS = 1 / 60, 25, 4, 30

Point = tuple[int, int]


class Mouse:
    """`call(calls)` makes DevTools calls; where it has `pointed`, the browser must first have read what X has for it.

    modifiers  the keys that are held
    scale      pixels of the screen in one of CSS
    """

    def __init__(self, pointer: Pointer, call: Callable[[list[Call]], Awaitable[None]], scale: float) -> None:
        self._pointer = pointer
        self._call = call
        self._scale = scale
        self.modifiers: Set[str] = frozenset()
        self.pointed = False
        self._by_devtools: set[Button] = set()  # buttons that went down by that way

    async def move(self, x: int, y: int) -> None:
        if self._by_devtools:
            await self._devtools("mouseMoved", x, y, next(iter(self._by_devtools)))
        else:
            self.pointed = True
            self._pointer.move(x, y)

    async def click(self, x: int, y: int, button: Button, modifiers: Iterable[Modifier] = ()) -> None:
        """Move to (x, y), press and release."""
        bits = bits_of((*modifiers, *self.modifiers))
        if bits:
            for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
                await self._devtools(kind, x, y, button, bits)
        else:
            self.pointed = True
            self._pointer.click(x, y, button)

    async def down(self, x: int, y: int, button: Button) -> None:
        """Move to (x, y) and press."""
        if self.modifiers:
            self._by_devtools.add(button)
            await self._devtools("mousePressed", x, y, button)
        else:
            self.pointed = True
            self._pointer.down(x, y, button)

    async def up(self, x: int | None, y: int | None, button: Button) -> None:
        """Move to (x, y), where these are given, and release."""
        if x is None or y is None:
            x, y = self._pointer.x, self._pointer.y
        if button in self._by_devtools:
            self._by_devtools.discard(button)
            await self._devtools("mouseReleased", x, y, button)
        else:
            self.pointed = True
            self._pointer.move(x, y)
            self._pointer.up(button)

    async def drag(self, start: Point, end: Point, button: Button) -> None:
        """Press at `start`, move to `end` in steps, release."""
        steps = min(MOST_STEPS, max(FEWEST_STEPS, math.ceil(math.dist(start, end) / STEP_PIXELS)))
        await self.move(*start)
        await self.down(*start, button)
        try:
            for step in range(1, steps + 1):
                await asyncio.sleep(STEP_SECONDS)
                await self.move(*(a + round((b - a) * step / steps) for a, b in zip(start, end, strict=True)))
            await asyncio.sleep(STEP_SECONDS)
        finally:
            await self.up(*end, button)

    async def wheel(self, x: int | None, y: int | None, dx: float, dy: float, *, popup: bool) -> None:
        """Scroll by (dx, dy) pixels of the screen what lies there, or under the pointer. An open `popup` only knows X's wheel."""
        if popup:
            if x is not None and y is not None:
                self._pointer.move(x, y)
            self._pointer.wheel(dx, dy)
            return
        if x is not None and y is not None:
            self._pointer.x, self._pointer.y = x, y
        await self._call([("Input.dispatchMouseEvent", {"type": "mouseWheel", **self._at(), **self._distance(dx, dy)})])

    async def _devtools(self, kind: str, x: int, y: int, button: Button, bits: int | None = None) -> None:
        self._pointer.x, self._pointer.y = x, y
        event: dict[str, Any] = {
            "type": kind,
            **self._at(),
            "modifiers": bits_of(self.modifiers) if bits is None else bits,
            "buttons": BUTTON_BITS[button] if kind != "mouseReleased" and (self._by_devtools or kind == "mousePressed") else 0,
            **({"button": button, "clickCount": 1} if kind != "mouseMoved" else {}),
        }
        await self._call([("Input.dispatchMouseEvent", event)])

    def _at(self) -> dict[str, float]:
        return {"x": self._pointer.x / self._scale, "y": self._pointer.y / self._scale}

    def _distance(self, dx: float, dy: float) -> dict[str, float]:
        return {"deltaX": dx / self._scale, "deltaY": dy / self._scale}
