"""Attempts: how soon to start again what has failed, and when to give up. Pure.

The first failure costs nothing, each further one within `window` seconds twice the time of the one before; that beyond `limit` is
the last.

Invariants: no more than `limit` attempts in any `window`; the delays of failures in a row never fall.
"""

from __future__ import annotations

from collections import deque


class Attempts:
    """Delays of 0, `first`, twice that, and so on up to `longest` seconds. `limit` 0: never give up."""

    def __init__(self, first: float, longest: float, window: float, limit: int = 0) -> None:
        self._first, self._longest, self._window, self._limit = first, longest, window, limit
        self._failures: deque[float] = deque()

    def failed(self, now: float) -> float | None:
        """It has failed: the seconds to wait before the next attempt; None: give up."""
        while self._failures and self._failures[0] <= now - self._window:
            self._failures.popleft()
        self._failures.append(now)
        failures = len(self._failures)
        if self._limit and failures > self._limit:
            return None
        while len(self._failures) > 64:  # far beyond the longest delay
            self._failures.popleft()
        return 0.0 if failures == 1 else min(self._longest, self._first * 2.0 ** (failures - 2))
