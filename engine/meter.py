"""Meter: how fast a link is, from when what was sent into it is acknowledged. Pure.

Only a link that is full tells how fast it is. What is sent into one that is not is acknowledged from a round trip later on; then,
for as long as the link is full, as fast as it carries. That much, and no other time, is measured.
"""

from __future__ import annotations

import math

FULL = 0.8  # of a bandwidth-delay product outstanding: the link has no gap
STALL_SECONDS, STALL_ROUNDS = 0.5, 4  # without any acknowledgement: the link stands still, which says nothing of its rate
MEMORY_SECONDS = 0.5  # of what was measured before, when something new is
LEAST_EVIDENCE_SECONDS = 0.1  # of a full link in one sample
EXACT_SECONDS = 0.005  # a frame that a client had sooner than this was not held back by any link


class Meter:
    """What one sort of acknowledgement tells. `rate`: bytes a second, 0 while unknown; `rtt`: the shortest seen, seconds."""

    def __init__(self) -> None:
        self.rate = 0.0
        self.rtt = math.inf
        self.rounds = 0.0  # round trips that the last exact acknowledgement took
        self._sent = self._acknowledged = 0.0
        self._at = 0.0  # the last moment that was looked at, and what was acknowledged then
        self._base = 0.0
        self._was_full = False
        self._blind_until = 0.0
        self._bytes = self._seconds = 0.0  # of a full link since the last `take`
        self._before = (0.0, 0.0)

    @property
    def outstanding(self) -> float:
        return self._sent - self._acknowledged

    @property
    def evidence(self) -> float:
        """Seconds of a full link that have not been taken."""
        return self._seconds

    @property
    def sent_bytes(self) -> float:
        return self._sent

    @property
    def acknowledged_bytes(self) -> float:
        return self._acknowledged

    def sent(self, now: float, size: float) -> None:
        if not self._full():
            if now >= self._at:
                self._at = now + (self.rtt if self.rtt < math.inf else 0.0)
                self._base = self._sent
            self._was_full = False
        self._sent += size
        self._was_full = self._was_full or self._full()

    def acknowledged(self, now: float, total: float, *, exact: bool = False, idle: bool = False, held: bool = False) -> None:
        """Of all that was sent `total` bytes are there. `exact`: the last of them came just now. `idle`: the link has room.
        `held`: what is outstanding is kept back on this side, which says nothing of the link until a round trip after its end."""
        total = min(self._sent, total)
        self._acknowledged = max(self._acknowledged, total)
        if held:
            self._blind_until = now + self.rtt
        if now < self._blind_until:
            self._at, self._base, self._was_full = now, total, False
            return
        if now <= self._at or total < self._base:
            return
        bytes_, seconds = total - self._base, now - self._at
        if not bytes_:
            if not self.outstanding or seconds > max(STALL_SECONDS, STALL_ROUNDS * (self.rtt if self.rtt < math.inf else 0.0)):
                self._at = now  # what comes after a pause or a standstill says nothing of the time before
            return
        if (seconds >= EXACT_SECONDS) if exact else (self._was_full and self.outstanding > 0):
            self._bytes += bytes_
            self._seconds += seconds
            self.rounds = seconds / self.rtt
            self._update()
        self._at, self._base = now, total
        self._was_full = self._full() and not idle

    def take(self) -> float:
        """The rate of the full link since the last call; 0 where it was not full for long enough to tell."""
        rate = self._bytes / self._seconds if self._seconds >= LEAST_EVIDENCE_SECONDS else 0.0
        if rate:
            share = min(1.0, MEMORY_SECONDS / self._seconds)
            self._before = (self._bytes * share, self._seconds * share)
            self._bytes = self._seconds = 0.0
        return rate

    def _full(self) -> bool:
        return self.outstanding > 0 and (not self.rate or self.outstanding >= FULL * self.rate * self.rtt)

    def _update(self) -> None:
        bytes_, seconds = self._before[0] + self._bytes, self._before[1] + self._seconds
        if seconds > 0:
            self.rate = bytes_ / seconds
