"""When to grab, and into which slot. Pure: no X, no clock, no channel.

What happens is told by `damaged`, `released`, `wants` and `refresh`; `next(now)` then says what to do, one thing at a time until
None, and `wake_at` when to ask again should nothing happen.

    a grab needs   damage since the last frame
             and   a free slot
             and   demand, or a refresh that waits
             and   the pace's leave (the pace is that of the demand; of `max_fps` while there is none)

Invariants:
- A slot is ours or leased; it is filled only while it is ours, and each `released` ends exactly one lease.
- `seq` rises by one each grab.
- A refresh is answered exactly once: at once where nothing has changed since the last frame, else right after the next grab.
"""

from __future__ import annotations

import math
from collections import deque
from typing import NamedTuple

from engine.damage import Band, StaleRows
from engine.pacing import Pace


class Grab(NamedTuple):
    """Fetch the rows `fetch` into `slot`, which then holds frame `seq`; it differs from the one before in the rows `changed`."""

    slot: int
    seq: int
    fetch: Band
    changed: Band


class Answer(NamedTuple):
    """The refresh `token` is done; the newest frame is `seq` (0: there is none)."""

    token: int
    seq: int


class Schedule:
    """Decides for a ring of `slots` slots and frames of `height` rows, which follow `seq`. Times are of one monotonic clock."""

    def __init__(self, slots: int, height: int, max_fps: float, seq: int = 0) -> None:
        self.seq = seq
        self._slots = slots
        # Last in, first out: the slot that came back last is the one least out of date, and warm in the caches.
        self._free = list(range(slots))
        self._rows = StaleRows(slots, height)
        self._max_fps = max_fps
        self._fps = 0.0
        self._pace = Pace(max_fps)
        self._refreshes: list[int] = []  # wait for a grab
        self._answers: deque[int] = deque()  # wait to be told

    def renew(self, height: int) -> None:
        """Another ring of as many slots, for frames of `height` rows; nothing of it is leased."""
        self._free = list(range(self._slots))
        self._rows = StaleRows(self._slots, height)

    def damaged(self, top: int, bottom: int) -> None:
        """Rows [top, bottom) of the screen have changed."""
        self._rows.damaged(top, bottom)

    def released(self, slot: int) -> None:
        """A lease has ended. Raises ValueError where there was none."""
        if not 0 <= slot < self._slots or slot in self._free:
            raise ValueError(f"slot {slot} was released but not leased")
        self._free.append(slot)

    def wants(self, fps: float) -> None:
        """The demand is now `fps` frames a second; 0: none."""
        self._fps = max(0.0, fps)
        self._pace.fps = self._fps or self._max_fps

    def refresh(self, token: int) -> None:
        """A picture is asked for that is at least as new as all damage told so far."""
        if self._stale:
            self._refreshes.append(token)
        else:
            self._answers.append(token)

    def next(self, now: float) -> Grab | Answer | None:
        """What to do now; a returned `Grab` counts as done."""
        if self._answers:
            return Answer(self._answers.popleft(), self.seq)
        if not self._may_grab or not self._pace.allows(now):
            return None
        self._pace.take(now)
        self.seq += 1
        slot = self._free.pop()
        self._answers.extend(self._refreshes)
        self._refreshes.clear()
        return Grab(slot, self.seq, *self._rows.fill(slot))

    @property
    def wake_at(self) -> float:
        """When the pace alone will allow what is due; infinity when it is not the pace that is waited for."""
        return self._pace.ready_at if self._may_grab else math.inf

    @property
    def _stale(self) -> bool:
        return self._rows.since_last_frame.rows > 0

    @property
    def _may_grab(self) -> bool:
        return bool(self._free) and (self._fps > 0 or bool(self._refreshes)) and self._stale
