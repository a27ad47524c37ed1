"""Pacing: no more than so many frames a second, without a free-running timer. Pure."""

from __future__ import annotations

import math

# How much of an interval a frame may come early. Without it one late frame would shift the phase and every later frame
# would wait for it; with a quarter, a source at exactly our rate may jitter by that much and no frame is held back.
SLACK = 0.25


class Pace:
    """At most `fps` takes a second in the long run; `fps` 0 allows none. Times are seconds of one monotonic clock."""

    def __init__(self, fps: float) -> None:
        self.fps = fps
        self._due = -math.inf

    def set_fps(self, fps: float) -> None:
        """Change the rate; a slower interval that has begun is cut to the new one, so that going faster works at once."""
        if fps != self.fps and self.fps > 0 and fps > 0:
            self._due += min(0.0, 1 / fps - 1 / self.fps)
        self.fps = fps

    @property
    def ready_at(self) -> float:
        """From when on a take is allowed; infinity when `fps` is 0."""
        return self._due - SLACK / self.fps if self.fps > 0 else math.inf

    def allows(self, now: float) -> bool:
        return now >= self.ready_at

    def take(self, now: float) -> None:
        """A frame was taken at `now`: the next is due one interval after this one was, or after now if that is long past."""
        interval = 1 / self.fps
        self._due = max(self._due, now - interval) + interval
