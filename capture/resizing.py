"""Another size of a session's screen, while it is shown: one step after the other, so that no frame mixes two sizes.

grabbing --pause--> screen, windows and page change --page painted, or does not in time--> grabbing into another ring
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from capture.attention import Freezer
from capture.bidi import CommandFailed
from capture.grabber import Grabber
from capture.page import ShownPage
from capture.pointer import Pointer
from capture.refresh import ScreenRate
from capture.windows import Windows
from engine.errors import Unavailable
from engine.exchange import Resize, Resized
from engine.framering import FrameRing
from engine.messages import Message

PAINT_SECONDS = 0.6  # a page that has not painted at its new size by then is shown as it is
# Until the page has the size, but for a scroll bar, and has handed over a frame of it.
AT_SIZE = """new Promise((done) => {
  const end = performance.now() + 500, view = visualViewport;
  const near = (length, pixels) => Math.abs(length * view.scale * devicePixelRatio - pixels) < 48;
  const look = () => near(view.width, %d) && near(view.height, %d) || performance.now() > end
    ? requestAnimationFrame(() => requestAnimationFrame(() => done(0))) : requestAnimationFrame(look);
  look();
})"""


class Resizing:
    """The parts of a session that have to do with its size, and the ring that frames go into."""

    def __init__(
        self,
        ring: FrameRing,
        grabber: Grabber,
        windows: Windows,
        rate: ScreenRate,
        pointer: Pointer,
        page: ShownPage,
        freezer: Freezer,
        send: Callable[[Message], None],
    ) -> None:
        self._ring = ring
        self._grabber = grabber
        self._windows = windows
        self._rate = rate
        self._pointer = pointer
        self._page = page
        self._freezer = freezer
        self._send = send

    async def resize(self, wanted: Resize) -> None:
        """Returns once frames of the new size go into the ring that was named, and that has been told."""
        self._rate.needed()
        await self._freezer.wake()
        ring = FrameRing.attach(wanted.ring)
        self._grabber.pause()
        self._rate.resize(wanted.width, wanted.height)
        self._windows.resize(wanted.width, wanted.height)
        self._pointer.move(min(self._pointer.x, wanted.width - 1), min(self._pointer.y, wanted.height - 1))
        with contextlib.suppress(Unavailable, CommandFailed, TimeoutError):
            async with asyncio.timeout(PAINT_SECONDS):
                await self._page.cdp("Runtime.evaluate", expression=AT_SIZE % (wanted.width, wanted.height), awaitPromise=True)
        before, self._ring = self._ring, ring
        self._send(Resized(wanted.token, ring.name, wanted.width, wanted.height))
        self._grabber.renew(ring)
        before.close()

    def released(self, slot: int, ring: str) -> None:
        """The front gives `slot` back; one of a ring of before says nothing any more."""
        if ring in ("", self._ring.name):
            self._grabber.released(slot)

    def close(self) -> None:
        self._ring.close()
