"""A page that nobody looks at is frozen, as a browser freezes a tab in the background, and wakes before anyone needs it.

    awake --nobody for `freeze_after` seconds--> freezing --> frozen --somebody--> waking --> awake

Somebody is demand, a page that loads, input, a poll. A frozen page runs no script, paints nothing and costs nothing; its last
picture stays on the screen. It is told (`visibilitychange`, `freeze`, `resume`), like any page in a background tab. Chromium
freezes only what it believes hidden, and what makes it believe otherwise again at once is emulated focus: 12 to 60 ms from there
to fresh pixels, where a lower refresh rate of the screen takes 200 ms at 10 Hz, and 1 to 2 s at the 1 Hz that it would take to
cost as little.
"""

from __future__ import annotations

import asyncio
import math

from capture.bidi import CommandFailed
from capture.page import ShownPage
from engine import logs
from engine.errors import JiomosaError

log = logs.logger("jiomosa.capture")


class Attention:
    """Since when nobody needs the page. Pure; times are seconds of one monotonic clock. `freeze_after` 0: it never freezes."""

    def __init__(self, now: float, freeze_after: float) -> None:
        self._freeze_after = freeze_after
        self._last = now
        self._demand = False
        self._busy = 0

    def wants(self, now: float, fps: float) -> None:
        """The demand is now `fps` frames a second."""
        self._demand = fps > 0
        self._last = now

    def used(self, now: float) -> None:
        """Somebody has done something that concerns the page."""
        self._last = now

    def begin(self) -> None:
        """Something begins that needs the page until its `end`: a load."""
        self._busy += 1

    def end(self, now: float) -> None:
        self._busy -= 1
        self._last = now

    @property
    def freeze_at(self) -> float:
        """When to freeze it; infinity while somebody needs it."""
        return math.inf if self._demand or self._busy or not self._freeze_after else self._last + self._freeze_after


class Freezer:
    """Freezes and wakes `page` as its `attention` says."""

    def __init__(self, page: ShownPage, freeze_after: float) -> None:
        self._page = page
        self._loop = asyncio.get_running_loop()
        self._attention = Attention(self._loop.time(), freeze_after)
        self._frozen = False
        self._turn = asyncio.Lock()  # to freeze and to wake are two commands each, which must not mix
        self._timer: asyncio.TimerHandle | None = None
        self._freezing: asyncio.Task[None] | None = None
        self._schedule()

    def wants(self, fps: float) -> None:
        """The demand is now `fps` frames a second. With demand, `wake` must follow."""
        self._attention.wants(self._loop.time(), fps)
        self._schedule()

    def begin(self) -> None:
        self._attention.begin()

    def end(self) -> None:
        self._attention.end(self._loop.time())
        self._schedule()

    def switched(self) -> None:
        """Another tab is shown, which runs."""
        self._frozen = False
        self._attention.used(self._loop.time())
        self._schedule()

    def is_frozen(self) -> bool:
        return self._frozen

    async def wake(self) -> bool:
        """Somebody needs the page: return once it runs, or does not answer. True if it was frozen and runs now."""
        self._attention.used(self._loop.time())
        self._schedule()
        if not self.is_frozen():
            return False
        async with self._turn:
            if not self.is_frozen():
                return False  # somebody else woke it
            try:
                await self._page.cdp("Page.setWebLifecycleState", state="active")
                await self._page.cdp("Emulation.setFocusEmulationEnabled", enabled=True)
            except (CommandFailed, JiomosaError) as error:
                log.debug("page not woken", reason=str(error))
                return False
            self._frozen = False
        self._schedule()
        return True

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._freezing is not None:
            self._freezing.cancel()

    def _schedule(self) -> None:
        when = self._attention.freeze_at
        if when == math.inf or self._frozen or self._timer is not None:
            return
        self._timer = self._loop.call_later(max(0.0, when - self._loop.time()), self._due)

    def _due(self) -> None:
        self._timer = None
        if self._attention.freeze_at > self._loop.time():
            self._schedule()  # somebody has been there meanwhile
        elif not self._frozen:
            self._frozen = True
            self._freezing = self._loop.create_task(self._freeze())

    async def _freeze(self) -> None:
        try:
            async with self._turn:
                if self._frozen:
                    await self._page.cdp("Emulation.setFocusEmulationEnabled", enabled=False)
                    await self._page.cdp("Page.setWebLifecycleState", state="frozen")
        except (CommandFailed, JiomosaError) as error:
            log.debug("page not frozen", reason=str(error))
            self._frozen = False
            self._attention.used(self._loop.time())
            self._schedule()
