"""Patience: when a process that owes an answer is to be called hung. Pure.

Answers come in the order of the questions, so the time of each begins when the one before it has come. Whoever asks must look at
`deadline`. If that look comes late, the asker itself stood still, and maybe the whole machine: then the time begins again. Who
is seen to work on the answer may be granted more time for it, once.

Invariants: nothing is called hung that owes nothing, or that was asked or has answered less than `seconds` ago; whatever never
answers is called hung at the first look that is in time, or at the second where it was granted more.
"""

from __future__ import annotations

import math

LATE = 0.5  # of the time itself


class Patience:
    """With one process, which may take `seconds` for an answer. Times are seconds of one monotonic clock."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._owed = 0
        self._since = -math.inf
        self._granted = 0.0

    def asked(self, now: float) -> None:
        if not self._owed:
            self._since, self._granted = now, 0.0
        self._owed += 1

    def answered(self, now: float) -> None:
        self._owed = max(0, self._owed - 1)
        self._since, self._granted = now, 0.0

    def grant(self, seconds: float) -> bool:
        """The answer that is owed may take so much longer. False: it has been granted that already."""
        if self._granted:
            return False
        self._granted = seconds
        return True

    @property
    def owed(self) -> int:
        """Answers that have not come."""
        return self._owed

    @property
    def deadline(self) -> float:
        """When to look; infinity while nothing is owed."""
        return self._since + self._seconds + self._granted if self._owed else math.inf

    def over(self, now: float) -> bool:
        """Whether it hangs."""
        if now >= self.deadline + self._seconds * LATE:
            self._since = now
        return now >= self.deadline
