"""Expiry: when a session that nobody uses ends. Pure.

Activity is input, load, keepalive, polling a frame, and watching; asking about a session is not. A watched session never
expires; its time begins when the last viewer goes.
"""

from __future__ import annotations

import math


class Expiry:
    """One session's. Times are seconds of one monotonic clock."""

    def __init__(self, now: float, timeout: float) -> None:
        self._timeout = timeout
        self._watched = 0
        self._last_activity = now

    def active(self, now: float) -> None:
        self._last_activity = max(self._last_activity, now)

    def watch(self, now: float) -> None:
        """A viewer has come."""
        self._watched += 1
        self.active(now)

    def unwatch(self, now: float) -> None:
        """A viewer has gone."""
        self._watched -= 1
        self.active(now)

    def last_activity(self, now: float) -> float:
        """A watched session is active all the time."""
        return now if self._watched else self._last_activity

    @property
    def expires_at(self) -> float:
        """Infinity while it is watched."""
        return math.inf if self._watched else self._last_activity + self._timeout
