"""What the front knows of a connection beside its pictures: who it is, until when, and how much it says."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from engine.identity import Identity
from engine.tokenbucket import Flood

LONGEST_SLEEP = 86_400.0  # seconds; event loops do not take timers of any length


class Guest:
    """`flood`: how much it may say, `input_rate` events a second.

    `on_expiry()` is called once, when the identity's time is up before `leave()`.
    """

    def __init__(self, identity: Identity, on_expiry: Callable[[], None], input_rate: float = 0.0) -> None:
        self.identity = identity
        self.flood = Flood(input_rate, time.monotonic())
        self._on_expiry = on_expiry
        self._timer: asyncio.TimerHandle | None = None
        if identity.expires_at < float("inf"):
            self._look()

    def _look(self) -> None:
        left = self.identity.expires_at - time.time()
        loop = asyncio.get_running_loop()
        if left > 0:
            self._timer = loop.call_later(min(left, LONGEST_SLEEP), self._look)
        else:
            self._timer = loop.call_soon(self._on_expiry)  # type: ignore[assignment]

    def leave(self) -> None:
        """The connection is over."""
        if self._timer is not None:
            self._timer.cancel()
