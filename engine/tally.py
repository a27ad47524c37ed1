"""Tallies: what a stream has done so far, in numbers that only ever rise, for metrics to be read from at any time. Pure.

Adding to one is a few list and integer operations, since it happens for each frame and viewer; whoever wants text out of it makes
that when somebody asks (`api.metrics`).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter

# Upper bounds, seconds: each twice the one before, from what a good stage takes to what nobody waits for.
BOUNDS = (0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024, 2.048, 4.096, 8.192)

# Those of `engine.figures`, and the part of `wait` until the front has heard of the frame.
STAGES = ("grab", "notice", "wait", "job", "encode", "queue", "send")


class Histogram:
    """Times in buckets: `counts[i]` of them were at most `BOUNDS[i]` seconds and above the bound before; the last: above all."""

    __slots__ = ("counts", "sum")

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS) + 1)
        self.sum = 0.0

    def observe(self, seconds: float) -> None:
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.sum += seconds

    def add(self, other: Histogram) -> None:
        self.counts = [mine + theirs for mine, theirs in zip(self.counts, other.counts, strict=True)]
        self.sum += other.sum


class Tally:
    """One stream's, or that of several together.

    stages       how long each stage took; `age`: from the grab's begin until a fresh frame is given to a viewer's link
    grabbed      frames; `encoded`: packets; `unclaimed`: those of them that nobody took at once; `failed`: jobs that came to
                 nothing; `repeated`: jobs that were done again, since their encoder died
    sent         frames given to links, by transport; `sent_bytes` likewise
    dropped      frames that a viewer was not shown, by cause: `link`, `pace`, `encoder` (see `engine.watching`), `gone`: it
                 went, or its session did, before the frame was written
    events_dropped  by cause: `cursor`: one that was overtaken by another before it was written
    """

    __slots__ = (
        *("stages", "age", "grabbed", "encoded", "unclaimed", "failed", "repeated"),
        *("sent", "sent_bytes", "dropped", "events_dropped"),
    )

    def __init__(self) -> None:
        self.stages = {stage: Histogram() for stage in STAGES}
        self.age = Histogram()
        self.grabbed = self.encoded = self.unclaimed = self.failed = self.repeated = 0
        self.sent: Counter[str] = Counter()
        self.sent_bytes: Counter[str] = Counter()
        self.dropped: Counter[str] = Counter()
        self.events_dropped: Counter[str] = Counter()

    def add(self, other: Tally) -> None:
        """Take in what `other` has counted; it stays as it is."""
        for stage, histogram in self.stages.items():
            histogram.add(other.stages[stage])
        self.age.add(other.age)
        self.grabbed += other.grabbed
        self.encoded += other.encoded
        self.unclaimed += other.unclaimed
        self.failed += other.failed
        self.repeated += other.repeated
        self.sent.update(other.sent)
        self.sent_bytes.update(other.sent_bytes)
        self.dropped.update(other.dropped)
        self.events_dropped.update(other.events_dropped)


class Pulse:
    """What one viewer has got, and how much of it in the second before the last beat."""

    __slots__ = ("_beaten_at", "_before", "bytes", "bytes_per_second", "fps", "frames")

    def __init__(self, now: float) -> None:
        self.frames = self.bytes = 0
        self.fps = self.bytes_per_second = 0.0
        self._before = (0, 0)
        self._beaten_at = now

    def sent(self, size: int) -> None:
        self.frames += 1
        self.bytes += size

    def beat(self, now: float) -> None:
        """To be called once a second."""
        seconds = max(now - self._beaten_at, 1e-3)
        frames, size = self._before
        self.fps = round((self.frames - frames) / seconds, 1)
        self.bytes_per_second = round((self.bytes - size) / seconds)
        self._before, self._beaten_at = (self.frames, self.bytes), now
