"""How long a client may take to say what it wants: when a connection that is slow on purpose is let go. Pure.

    quiet --begun--> head --head_complete--> body --complete--> quiet

A head has to be whole within `seconds`. A body may stand still for as long, and earns that time back by what comes of it: a
second for each `BYTES_PER_SECOND`. So a large body over a slow link arrives, and one that comes a byte at a time does not.

Invariant: a request of n bytes of body is whole, or its time is over, 2 x seconds + n / BYTES_PER_SECOND after it has begun.
"""

from __future__ import annotations

import math

BYTES_PER_SECOND = 1000  # a fifth of what a phone of the 1990s sends


class RequestClock:
    """Of one connection, for one request after another. Times are seconds of one monotonic clock."""

    __slots__ = ("_in_body", "_seconds", "deadline")

    def __init__(self, seconds: float) -> None:
        self.deadline = math.inf  # when its time is over; infinity while it owes nothing
        self._seconds = seconds
        self._in_body = False

    def begun(self, now: float) -> None:
        """A head is due: the connection is new, or something has come after a whole request."""
        if self.deadline == math.inf:
            self.deadline = now + self._seconds

    def head_complete(self, now: float) -> None:
        self._in_body = True
        self.deadline = now + self._seconds

    def received(self, size: int, now: float) -> None:
        """So many bytes of the body have come."""
        if self._in_body:
            self.deadline = min(self.deadline + size / BYTES_PER_SECOND, now + self._seconds)

    def held(self, now: float) -> None:
        """It is we who do not read."""
        self.deadline = now + self._seconds

    def complete(self) -> None:
        self._in_body = False
        self.deadline = math.inf
