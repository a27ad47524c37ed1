"""Pacing: no more than so many frames a second, without a free-running timer. Pure."""

from __future__ import annotations

import math

# How much of an interval a frame may come early. Without it one late frame would shift the phase and every later frame
# would wait for it; with a quarter, a source at exactly our rate may jitter by that much and no frame is held back.
SLACK = 0.25


class Pace:
    """At most `fps` takes a second in the long run; `fps` 0 allows none. Times are seconds of one monotonic clock.

    One that has rested has one take in reserve, and no more however its rate changes.
    """

    def __init__(self, fps: float) -> None:
        self.fps = fps  # may be changed at any time; the interval that has begun is then as long as the new rate says
        self._begin = -math.inf  # of the present interval
        self._taken = -math.inf

    @property
    def ready_at(self) -> float:
        """From when on a take is allowed; infinity when `fps` is 0."""
        if self.fps <= 0:
            return math.inf
        interval = 1 / self.fps
        # A slower rate may have left more than an interval of this one.
        return max(self._begin, self._taken - interval) + (1 - SLACK) * interval

    def allows(self, now: float) -> bool:
        return now >= self.ready_at

    def take(self, now: float) -> None:
        """A frame was taken at `now`: the next interval begins where this one ends, or one before now if that is long past."""
        interval = 1 / self.fps
        self._begin = max(self._begin + interval, self._taken, now - interval)
        self._taken = now
