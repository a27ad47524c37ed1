"""What a session's viewers hold down: `engine.holding` decides, this presses and lets go in the browser and watches the time."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from engine.errors import JiomosaError
from engine.holding import Held, HeldKey, Holding
from engine.inputs import Input, Key, Touch, TouchPoint, Up

log = logging.getLogger("jiomosa.session")

Inject = Callable[[Callable[[int], Input]], Coroutine[Any, Any, None]]


class Holder(Protocol):
    """A viewer who may hold something."""

    def __hash__(self) -> int: ...
    @property
    def heard_at(self) -> float:
        """When it last said anything, by the monotonic clock."""

    def ask(self) -> None:
        """Have it say something, if it is there."""


class Grip:
    """One session's. `inject(build)` gives input to its page."""

    def __init__(self, inject: Inject) -> None:
        self._inject = inject
        self._holding: Holding[Holder] = Holding()
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._releases: set[asyncio.Task[None]] = set()

    async def press(self, holder: Holder, thing: Held, build: Callable[[int], Input], again: Callable[[int], Input]) -> None:
        """`holder` holds `thing` from now on: inject `build`, or `again` where it is down already. Raises `JiomosaError`."""
        pressed = self._holding.down(time.monotonic(), holder, thing)
        self._watch()
        try:
            await self._inject(build if pressed else again)
        except JiomosaError:
            # A page that is too busy to answer may have got it all the same.
            if self._holding.up(holder, thing):
                self._let_go(thing)
            raise

    async def release(
        self, holder: Holder, thing: Held, build: Callable[[int], Input], again: Callable[[int], Input] | None = None
    ) -> None:
        """`holder` lets go: inject `build`; or `again`, if any, where others hold it or it is not down. Raises `JiomosaError`."""
        wanted = build if self._holding.up(holder, thing) else again
        if wanted is not None:
            await self._inject(wanted)

    async def touch(self, holder: Holder, points: list[TouchPoint]) -> None:
        """Fingers of `holder` come down or move. Raises `JiomosaError`."""
        self._holding.touch(time.monotonic(), holder, points)
        self._watch()
        await self._send_touch()

    async def lift(self, holder: Holder, ids: list[int] | None, *, cancel: bool = False) -> None:
        """Fingers of `holder` leave the page; None: all. Raises `JiomosaError`."""
        if self._holding.lift(holder, ids):
            await self._send_touch(cancel=cancel)

    def touches(self, holder: Holder, id: int) -> bool:
        return self._holding.touches(holder, id)

    def leave(self, holder: Any) -> None:
        """`holder`, who need not hold anything, has gone: let go of what it held."""
        touching = self._holding.touching
        for thing in self._holding.leave(holder):
            self._let_go(thing)
        if self._holding.touching != touching:
            self._later(self._send_touch(cancel=True))

    def forget(self) -> None:
        """The browser has gone, and all that was down in it."""
        self._holding.forget()

    def close(self) -> None:
        self.forget()
        if self._timer is not None:
            self._timer.cancel()
        for task in self._releases:
            task.cancel()

    # ---- within

    async def _send_touch(self, *, cancel: bool = False) -> None:
        points = self._holding.touching
        await self._inject(lambda token: Touch(token, points, cancel))

    def _let_go(self, thing: Held) -> None:
        if isinstance(thing, HeldKey):
            self._later(self._inject(lambda token: Key(token, thing.key, action="up")))
        else:
            self._later(self._inject(lambda token: Up(token, button=thing.button)))

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(self._try(work))
        self._releases.add(task)
        task.add_done_callback(self._releases.discard)

    async def _try(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except JiomosaError as error:  # with the browser goes what is down in it
            log.debug("what a viewer held was not let go: %s", error)

    def _watch(self) -> None:
        when = self._holding.look_at()
        if self._timer is None and when < float("inf"):
            self._timer = self._loop.call_later(max(0.0, when - time.monotonic()), self._look)

    def _look(self) -> None:
        self._timer = None
        now = time.monotonic()
        for holder in self._holding.holders:
            self._holding.heard(holder.heard_at, holder)
        for holder in self._holding.silent(now):
            self.leave(holder)
        for holder in self._holding.unsure(now):
            holder.ask()
        self._watch()
