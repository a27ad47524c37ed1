"""One direction of a link: packets queue for a bottleneck, pass it one after the other, then travel. Pure.

    arrive --queue (bytes)--> bottleneck (bytes a second) --delay (seconds), loss--> depart

What is full is dropped at the tail. A stalled bottleneck keeps what it has and passes nothing; what has passed it still arrives.
"""

from __future__ import annotations

import math
import random
from collections import deque

import msgspec


class Shape(msgspec.Struct, frozen=True, omit_defaults=True):  # JSON knows no infinity: what is unlimited is left out
    """`rate`: bytes a second; `delay`: seconds one way; `loss`: share of packets, 0 to 1; `queue`: bytes that may wait."""

    rate: float = math.inf
    delay: float = 0.0
    loss: float = 0.0
    queue: float = math.inf


class Shaper:
    """`carried`: bytes that have passed the bottleneck; `dropped`: packets that found the queue full; `lost`: that loss took."""

    def __init__(self, shape: Shape, seed: int = 1) -> None:
        self.shape = shape
        self.carried = self.dropped = self.lost = 0
        self._random = random.Random(seed)
        self._stalled = False
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._left = 0.0  # bytes of the first one that have not passed yet
        self._passing_since = 0.0
        self._travelling: deque[tuple[float, bytes]] = deque()

    @property
    def next_at(self) -> float:
        """When something happens next; infinity when nothing does."""
        travelling = self._travelling[0][0] if self._travelling else math.inf
        return min(travelling, self._passed_at() if self._waiting else math.inf)

    def change(self, now: float, shape: Shape, *, stalled: bool = False) -> None:
        """From `now` on the link is so."""
        self._pass(now)
        if self._waiting and not self._stalled and self.shape.rate < math.inf:
            self._left -= (now - self._passing_since) * self.shape.rate
        self._passing_since = now
        self.shape, self._stalled = shape, stalled

    def arrive(self, now: float, packet: bytes) -> None:
        """A packet has come to the link's near end."""
        self._pass(now)
        if self._waiting_bytes + len(packet) > self.shape.queue:
            self.dropped += 1
            return
        if not self._waiting:
            self._left, self._passing_since = len(packet), now
        self._waiting.append(packet)
        self._waiting_bytes += len(packet)
        self._pass(now)

    def depart(self, now: float) -> list[bytes]:
        """The packets that have come to the far end by `now`."""
        self._pass(now)
        arrived = []
        while self._travelling and self._travelling[0][0] <= now:
            arrived.append(self._travelling.popleft()[1])
        return arrived

    def _passed_at(self) -> float:
        """When the first one that waits will have passed."""
        return math.inf if self._stalled else self._passing_since + max(0.0, self._left) / self.shape.rate

    def _pass(self, now: float) -> None:
        while self._waiting and (at := self._passed_at()) <= now:
            packet = self._waiting.popleft()
            self._waiting_bytes -= len(packet)
            self.carried += len(packet)
            if self.shape.loss and self._random.random() < self.shape.loss:
                self.lost += 1
            else:
                # A delay that has become shorter lets no packet overtake another.
                due = max(at + self.shape.delay, self._travelling[-1][0] if self._travelling else 0.0)
                self._travelling.append((due, packet))
            if self._waiting:
                self._left, self._passing_since = len(self._waiting[0]), at
