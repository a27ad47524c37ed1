"""Rounds: whether a link stood idle in the last round trips, so that more may be on its way than was estimated. Pure.

The shortest round trip that was seen within one says it: a frame makes a queue by itself, but a link that is full never empties
it.
"""

from __future__ import annotations

import math

# Budgets that may be outstanding where the link stood idle in the last round trip: our estimate of it is too low. One such round
# trip may come from a slow encoder; several in a row, or all since the beginning, are a link that is still to be found out.
ROOM, MUCH_ROOM, ROUNDS_OF_ROOM = 1.25, 2.0, 3
IDLE_SHARE, IDLE_SECONDS = 0.5, 0.002  # of the margin: a queue that has been shorter than that was empty, or nearly


class Rounds:
    """Times are seconds of one monotonic clock."""

    def __init__(self) -> None:
        self._least = math.inf  # of the round trip that is under way
        self._ends_at = -math.inf
        self._arrived = -math.inf  # bytes, until it began
        self._idle = 0  # in a row
        self._queued = False  # whether something has ever queued for a whole one

    def look(self, now: float, arrived: float, rtt: float, min_rtt: float, margin: float) -> None:
        """`arrived`: bytes, in all; `margin`: seconds that may queue on purpose."""
        self._least = min(self._least, rtt)
        if now < self._ends_at or arrived <= self._arrived:
            return  # a link on which nothing arrives is not idle: it may stand still
        idle = self._least <= min_rtt + max(IDLE_SECONDS, IDLE_SHARE * margin)
        self._idle = self._idle + 1 if idle else 0
        self._queued = self._queued or not idle
        self._least, self._ends_at, self._arrived = rtt, now + min_rtt, arrived

    @property
    def room(self) -> float:
        """Budgets that may be outstanding."""
        if not self._idle:
            return 1.0
        return ROOM if self._queued and self._idle <= ROUNDS_OF_ROOM else MUCH_ROOM
