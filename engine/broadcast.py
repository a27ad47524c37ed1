"""Broadcast: the frames, viewers and renditions of one session -> jobs, deliveries, slots to give back, the demand. Pure.

A frame (a slot of a ring, leased to the front; called by the number of its lease, see `engine.leases`) is *newest* until the next
one comes. Its lease ends when it is neither newest nor in an encoder. A viewer passes through

    waiting --ready()--> ready --Deliver--> taking --ready()--> ready ...

and is served when it is ready, its pace allows, and it has not been shown the newest frame in its present rendition. A
rendition that has such a viewer is *eager*: `next_job` binds the newest frame to it when an encoder is free, never earlier. When
the motion ends, a viewer may be owed the newest frame once more, in a sharper rendition (`engine.watching`).

Invariants (each a property test):
- A viewer is never delivered an older frame after a newer one, nor two packets without a `ready` between them.
- The newest frame reaches every viewer that goes on being ready, however slow.
- No job for a rendition that has no viewer who is ready for it; at most one job a rendition at a time, and at most
  FRAMES_IN_ENCODERS distinct frames in encoders.
- Every lease is given back exactly once, whatever is lost.
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

from engine.messages import Rendition
from engine.pacing import Pace
from engine.watching import Sharp, ViewerStatistics, Watch

FRAMES_IN_ENCODERS = 2  # newest + being filled + these make the ring's four slots


@dataclass(frozen=True, slots=True)
class Packet:
    """A frame ready for the wire. `size`: bytes of the picture itself; `data`: what is sent; `seconds`: so long it took.

    `prepared`: room for what the front makes of it once for all its viewers.
    """

    seq: int
    rendition: Rendition
    data: bytes
    size: int
    seconds: float = 0.0
    prepared: list[Any] = field(default_factory=list, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Deliver:
    """Send `packet` to `viewer`, who is ready for it."""

    viewer: Hashable
    packet: Packet


@dataclass(frozen=True, slots=True)
class Release:
    """Give ring slot `slot` back to the capture process."""

    slot: int


@dataclass(frozen=True, slots=True)
class Demand:
    """The frames a second that somebody wants have changed; 0: nobody wants any."""

    fps: float


Action = Deliver | Release | Demand


@dataclass(frozen=True, slots=True)
class Encode:
    """A job: encode `slot`, which holds frame `seq`, as `rendition`."""

    slot: int
    seq: int
    rendition: Rendition


@dataclass(slots=True)
class _Frame:
    slot: int
    seq: int
    since: float
    jobs: int = 0


@dataclass(slots=True)
class _Stream:
    """One rendition: who watches it, its last packet, the frame that is being encoded for it."""

    ready: dict[Hashable, Watch] = field(default_factory=dict)
    viewers: int = 0
    packet: Packet | None = None
    encoding: bool = False
    refused: int = 0  # the frame that could not be encoded
    eager: bool = False


class Broadcast:
    """One session's. Times are seconds of one monotonic clock."""

    def __init__(self) -> None:
        self._viewers: dict[Hashable, Watch] = {}
        self._streams: dict[Rendition, _Stream] = {}
        self._newest: _Frame | None = None
        self._encoding: dict[tuple[int, Rendition], _Frame] = {}
        self._extra_demand = 0.0
        self._demand = 0.0
        self._actions: list[Action] = []
        self.deadline = math.inf

    # ---- what is asked

    @property
    def newest_seq(self) -> int:
        """Sequence number of the newest frame; 0 before the first."""
        return self._newest.seq if self._newest else 0

    @property
    def eager(self) -> bool:
        """Whether `next_job` may have one."""
        for stream in self._streams.values():  # noqa: SIM110  # asked for each picture of each viewer
            if stream.eager:
                return True
        return False

    @property
    def fps_wanted(self) -> float:
        """The last `Demand`."""
        return self._demand

    @property
    def viewers(self) -> int:
        return len(self._viewers)

    def statistics(self, viewer: Hashable) -> ViewerStatistics:
        return self._viewers[viewer].statistics()

    # ---- viewers come, change and go

    def join(
        self, now: float, viewer: Hashable, rendition: Rendition, fps: float, *, demands: bool = True, sharp: Sharp | None = None
    ) -> list[Action]:
        """A viewer who is not ready yet. One that does not `demand` takes what there is without asking for more."""
        self._viewers[viewer] = Watch(Pace(fps), rendition, demands, sharp)
        self._streams.setdefault(rendition, _Stream()).viewers += 1
        self._update_demand()
        return self._take_actions()

    def change(
        self, now: float, viewer: Hashable, rendition: Rendition, fps: float, *, owed: bool = True, sharp: Sharp | None = None
    ) -> list[Action]:
        """The viewer gets another rendition or rate; if `owed`, another rendition comes at once, even of a still page."""
        entry = self._viewers[viewer]
        entry.pace.fps = fps
        self._move(viewer, entry, entry.change(rendition, sharp, owed=owed))
        self._update_demand()
        if entry.ready:
            self._review_one(now, viewer, entry, self._streams[entry.rendition])
        return self._take_actions()

    def leave(self, now: float, viewer: Hashable) -> list[Action]:
        entry = self._viewers.pop(viewer)
        self._leave_stream(viewer, entry)
        self._update_demand()
        return self._take_actions()

    def demand(self, fps: float) -> list[Action]:
        """Demand that comes from no viewer: somebody polls."""
        self._extra_demand = fps
        self._update_demand()
        return self._take_actions()

    def ready(self, now: float, viewer: Hashable) -> list[Action]:
        """All that was sent to `viewer` has left: it can take a frame."""
        entry = self._viewers[viewer]
        entry.ready = True
        stream = self._streams[entry.rendition]
        stream.ready[viewer] = entry
        self._review_one(now, viewer, entry, stream)
        return self._take_actions()

    # ---- frames and jobs

    def frame(self, now: float, slot: int, seq: int) -> list[Action]:
        """The capture process has handed over `slot` with frame `seq`, newer than all before."""
        old, self._newest = self._newest, _Frame(slot, seq, now)
        if old is not None and old.jobs == 0:
            self._actions.append(Release(old.slot))
        for viewer, entry in self._viewers.items():
            entry.supersede(now, old.seq if old else 0)
            self._move(viewer, entry, entry.plain)
        for stream in self._streams.values():
            self._review(now, stream)
        return self._take_actions()

    def next_job(self, now: float) -> Encode | None:
        """A job on the newest frame for the rendition served longest ago; the caller must do it. None: there is none now."""
        newest = self._newest
        if newest is None or (newest.jobs == 0 and len({seq for seq, _ in self._encoding}) >= FRAMES_IN_ENCODERS):
            return None
        for rendition, stream in self._streams.items():
            if not stream.eager or stream.encoding:
                continue
            stream.eager = False
            if any(entry.lacks(newest.seq) and entry.pace.allows(now) for entry in stream.ready.values()):
                stream.encoding = True
                newest.jobs += 1
                self._encoding[newest.seq, rendition] = newest
                self._streams[rendition] = self._streams.pop(rendition)  # to the end of the line
                return Encode(newest.slot, newest.seq, rendition)
        return None

    def encoded(self, now: float, packet: Packet) -> list[Action]:
        """A job's result."""
        stream = self._end_job(packet.seq, packet.rendition)
        if stream is not None:
            stream.packet = packet
            self._review(now, stream, just_encoded=True)
        return self._take_actions()

    def failed(self, now: float, seq: int, rendition: Rendition, *, again: bool) -> list[Action]:
        """A job came to nothing. `again`: its encoder died, so another does it; else this frame is not tried again."""
        stream = self._end_job(seq, rendition)
        if stream is not None:
            if not again:
                stream.refused = seq
            self._review(now, stream)
        return self._take_actions()

    def tick(self, now: float) -> list[Action]:
        """To be called at `deadline`: somebody's pace allows a frame again."""
        if now >= self.deadline:
            self.deadline = math.inf
            for stream in list(self._streams.values()):  # a sharp picture may make a new one
                self._review(now, stream)
        return self._take_actions()

    # ---- within

    def _review(self, now: float, stream: _Stream, *, just_encoded: bool = False) -> None:
        """Serve every ready viewer of a rendition, or make it eager."""
        for viewer, entry in list(stream.ready.items()):
            self._review_one(now, viewer, entry, stream, just_encoded)

    def _review_one(self, now: float, viewer: Hashable, entry: Watch, stream: _Stream, just_encoded: bool = False) -> None:
        newest, packet = self._newest, stream.packet
        if newest is None:
            return
        if not entry.lacks(newest.seq):
            sharp_at = entry.sharp_at(newest.seq, newest.since, self._demand)
            if sharp_at is None:
                return
            if now < sharp_at:
                self.deadline = min(self.deadline, sharp_at)
                return
            assert entry.sharp is not None
            self._move(viewer, entry, entry.sharp.rendition)
            stream = self._streams[entry.rendition]
            packet, just_encoded = stream.packet, False
        if not entry.pace.allows(now):
            self.deadline = min(self.deadline, entry.pace.ready_at)
            return
        # A packet that was overtaken while it was made is the newest there is to show; one from the cache is so only if its frame
        # is the newest, or the newest cannot be encoded.
        current = packet is not None and (just_encoded or newest.seq in (packet.seq, stream.refused))
        if packet is not None and current and packet.seq >= entry.shown[0] and entry.lacks(packet.seq):
            entry.pace.take(now)
            del stream.ready[viewer]
            entry.show(packet.seq, packet.rendition)
            self._actions.append(Deliver(viewer, packet))
        elif stream.refused != newest.seq:
            stream.eager = True

    def _end_job(self, seq: int, rendition: Rendition) -> _Stream | None:
        frame = self._encoding.pop((seq, rendition))
        frame.jobs -= 1
        if frame.jobs == 0 and frame is not self._newest:
            self._actions.append(Release(frame.slot))
        stream = self._streams.get(rendition)
        if stream is not None:
            stream.encoding = False
            stream.eager = False  # the review that follows knows better
            if not stream.viewers:
                del self._streams[rendition]
                return None
        return stream

    def _move(self, viewer: Hashable, entry: Watch, rendition: Rendition) -> None:
        """To the viewers of another rendition."""
        if rendition == entry.rendition:
            return
        self._leave_stream(viewer, entry)
        entry.rendition = rendition
        stream = self._streams.setdefault(rendition, _Stream())
        stream.viewers += 1
        if entry.ready:
            stream.ready[viewer] = entry

    def _leave_stream(self, viewer: Hashable, entry: Watch) -> None:
        stream = self._streams[entry.rendition]
        stream.ready.pop(viewer, None)
        stream.viewers -= 1
        if not stream.viewers and not stream.encoding:
            del self._streams[entry.rendition]

    def _update_demand(self) -> None:
        demand = max((entry.pace.fps for entry in self._viewers.values() if entry.demands), default=0.0)
        demand = max(demand, self._extra_demand)
        if demand != self._demand:
            self._demand = demand
            self._actions.append(Demand(demand))

    def _take_actions(self) -> list[Action]:
        actions, self._actions = self._actions, []
        return actions
