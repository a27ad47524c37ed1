"""How much of something may be done: so many a second, and a few seconds' worth at once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable

BURST_SECONDS = 2.0  # what somebody who was quiet may do at once
MOST_KEYS = 10_000  # of whom a `Limiter` keeps a bucket; beyond, those longest quiet are forgotten, whose buckets are fullest


class TokenBucket:
    """`rate` a second; 0: without end. `now` never goes back."""

    __slots__ = ("_capacity", "_filled_at", "_rate", "_tokens")

    def __init__(self, rate: float, now: float) -> None:
        self._rate = rate
        self._capacity = max(1.0, rate * BURST_SECONDS)
        self._tokens = self._capacity
        self._filled_at = now

    def take(self, now: float) -> bool:
        """Whether one more may be done now; if so, it counts."""
        if not self._rate:
            return True
        self._tokens = min(self._capacity, self._tokens + (now - self._filled_at) * self._rate)
        self._filled_at = now
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True


class Flood:
    """Tells floods apart from single events too many: `begins` once for each, however many it drops.

    quiet --too many: tell--> flooding --as much as a second without any--> quiet
    """

    QUIET_SECONDS = 1.0

    __slots__ = ("_bucket", "_dropped_at", "dropped")

    def __init__(self, rate: float, now: float) -> None:
        self._bucket = TokenBucket(rate, now)
        self._dropped_at = float("-inf")
        self.dropped = 0

    def take(self, now: float) -> tuple[bool, bool]:
        """(whether it may be done, whether a flood begins with it)."""
        if self._bucket.take(now):
            return True, False
        begins = now - self._dropped_at >= self.QUIET_SECONDS
        self._dropped_at = now
        self.dropped += 1
        return False, begins


class Limiter:
    """One bucket for each key: an address, or a name."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._buckets: OrderedDict[Hashable, TokenBucket] = OrderedDict()

    def take(self, key: Hashable, now: float) -> bool:
        """Whether `key` may do one more now; if so, it counts."""
        if not self._rate:
            return True
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = TokenBucket(self._rate, now)
            if len(self._buckets) > MOST_KEYS:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(key)
        return bucket.take(now)


class Places:
    """How many each key holds of something at once; `most` 0: without end."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: dict[Hashable, int] = {}

    def take(self, key: Hashable) -> bool:
        """Whether `key` may hold one more; if so, it does, until `leave`."""
        held = self._held.get(key, 0)
        if self._most and held >= self._most:
            return False
        self._held[key] = held + 1
        return True

    def leave(self, key: Hashable) -> None:
        held = self._held.pop(key) - 1
        if held:
            self._held[key] = held

    def __len__(self) -> int:
        return len(self._held)
