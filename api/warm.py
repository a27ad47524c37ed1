"""Warm sessions: browsers that have been started before anybody asks, so that who asks has one at once.

    missing --start--> starting --ready--> waiting --take--> somebody's
       ^--- it failed, or ended ---'----------'

Refilling waits a little after each take: a browser that starts takes the cores from the page that was just asked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from api.session import Session
from engine import logs
from engine.device import Device
from engine.errors import JiomosaError, Unavailable

log = logs.logger("jiomosa.warm")

REFILL_SECONDS = 3.0
FIRST_BACKOFF_SECONDS, LONGEST_BACKOFF_SECONDS = 2.0, 60.0


class WarmSessions:
    """Keeps `wanted` sessions that are as `device`, each made by `make(on_end)`."""

    def __init__(self, wanted: int, device: Device, make: Callable[[Callable[[Session], None]], Session]) -> None:
        self._wanted = wanted
        self._device = device
        self._make = make
        self._waiting: list[Session] = []
        self._starting: set[Session] = set()
        self._failures = 0
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    @property
    def all(self) -> list[Session]:
        """Those that wait, and those that start."""
        return [*self._waiting, *self._starting]

    def fill(self) -> None:
        """Start what is missing; returns at once."""
        self._timer = None
        for _ in range(self._wanted - len(self._waiting) - len(self._starting)):
            try:
                session = self._make(self._ended)
            except (JiomosaError, OSError) as error:
                self._failed(error)
                return
            self._starting.add(session)
            task = asyncio.get_running_loop().create_task(self._start(session))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def has(self, device: Device) -> bool:
        """Whether one like this waits."""
        return bool(self._waiting) and device == self._device

    def take(self, device: Device) -> Session | None:
        """One that waits, if it is like this; whoever takes it must call its `adopt`."""
        if not self.has(device):
            return None
        self._fill_in(REFILL_SECONDS)
        return self._waiting.pop(0)

    async def close(self) -> None:
        """End all of them."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        reason = Unavailable("The server is shutting down.", code="shutting_down")
        await asyncio.gather(*(session.close(reason) for session in [*self._waiting, *self._starting]))
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _start(self, session: Session) -> None:
        try:
            await session.start()
        except JiomosaError as error:
            self._failed(error)
        else:
            self._failures = 0
            if not session.closed:
                self._waiting.append(session)
        finally:
            self._starting.discard(session)

    def _failed(self, error: Exception) -> None:
        if self._closed:
            return
        self._failures += 1
        delay = min(LONGEST_BACKOFF_SECONDS, FIRST_BACKOFF_SECONDS * 2 ** (self._failures - 1))
        log.error("warm session not started", reason=str(error), next_try_seconds=delay)
        self._fill_in(delay)

    def _ended(self, session: Session) -> None:
        if session in self._waiting:
            self._waiting.remove(session)
            self._fill_in(REFILL_SECONDS)

    def _fill_in(self, seconds: float) -> None:
        if self._closed:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, self.fill)
