"""A session's stream of frames: `engine.broadcast` decides, this carries it out between the capture process, the encoders and the
viewers.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from typing import Any

from api.encoders import EncoderPool
from api.watcher import Straight, Taker, Watcher
from engine.broadcast import Action as BroadcastAction
from engine.broadcast import Broadcast, Deliver, Demand, Encode, Packet, Release
from engine.errors import JiomosaError, Unavailable
from engine.figures import Journey
from engine.leases import Leases, Place
from engine.messages import Notice, Rendition, ToCapture, Wants
from engine.messages import Release as ReleaseMessage
from engine.tally import Tally
from engine.watching import ViewerStatistics

SAMPLE_SECONDS = 1.0  # between two looks at each viewer's link
WAIT_FPS = 10.0  # what a poll that waits for a change counts as: below this rate Chromium takes long to become quicker again
POLL_SECONDS = 10.0  # the most that a poll waits for its picture


class _Poll:
    """Takes one packet."""

    def __init__(self) -> None:
        self.packet: asyncio.Future[Packet] = asyncio.get_running_loop().create_future()

    def offer(self, packet: Packet) -> None:
        if not self.packet.done():
            self.packet.set_result(packet)


class Stream:
    """One session's. `send` reaches its capture process; `ring` is what that fills; `ring_free(ring)`: it is used no more."""

    def __init__(self, ring: str, pool: EncoderPool, send: Callable[[ToCapture], None], ring_free: Callable[[str], None]) -> None:
        self._leases = Leases(ring)
        self._ring_free = ring_free
        self._pool = pool
        self._send = send
        self._broadcast = Broadcast()
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = math.inf
        self._viewers: set[Watcher] = set()
        self._sampler: asyncio.TimerHandle | None = None
        self._polls: set[_Poll] = set()
        self._waiting: set[asyncio.Future[bool]] = set()  # for a newer frame
        self._demands: dict[float, asyncio.TimerHandle] = {}  # rates that somebody polled at lately, until when
        self._ended = False
        self._journey = Journey()

    @property
    def viewers(self) -> set[Watcher]:
        return self._viewers

    @property
    def newest_seq(self) -> int:
        return self._broadcast.newest_seq

    @property
    def leased(self) -> int:
        """Slots of the frame ring that the front holds."""
        return len(self._leases)

    def statistics(self, viewer: Watcher) -> ViewerStatistics:
        return self._broadcast.statistics(viewer)

    def tally(self) -> Tally:
        """All so far, that of viewers who are gone included."""
        total = Tally()
        total.add(self._journey.tally)
        for viewer in self._viewers:
            total.dropped.update(_drops(self.statistics(viewer)))
        return total

    # ---- viewers and polls

    def watch(self, viewer: Watcher) -> None:
        self._viewers.add(viewer)
        self._apply(self._broadcast.join(self._now(), viewer, viewer.rendition, viewer.adaptation.fps, sharp=viewer.sharp))
        viewer.attach(self._viewer_ready, self._journey)
        if self._sampler is None:
            self._sampler = self._loop.call_later(SAMPLE_SECONDS, self._sample)

    def unwatch(self, viewer: Watcher) -> None:
        viewer.detach()
        if viewer in self._viewers:
            self._viewers.discard(viewer)
            self._journey.tally.dropped.update(_drops(self.statistics(viewer)))
        if not self._ended:
            self._apply(self._broadcast.leave(self._now(), viewer))

    def changed(self, viewer: Watcher, *, owed: bool = True) -> None:
        """The viewer's quality or rate has been changed; see `Broadcast.change`."""
        rendition, fps = viewer.rendition, viewer.adaptation.fps
        self._apply(self._broadcast.change(self._now(), viewer, rendition, fps, owed=owed, sharp=viewer.sharp))

    async def poll(self, rendition: Rendition, demand_seconds: float | None) -> Packet:
        """The newest frame as `rendition`; counts as a demand of one frame in `demand_seconds` for as long, None: as none."""
        if demand_seconds is not None:
            self._demand(1 / demand_seconds, demand_seconds)
        poll = _Poll()
        self._polls.add(poll)
        self._apply(self._broadcast.join(self._now(), poll, rendition, 1.0, demands=False))
        self._ready(poll)
        try:
            packet = await asyncio.wait_for(poll.packet, POLL_SECONDS)
        except TimeoutError:
            raise Unavailable(f"There was no picture within {POLL_SECONDS:g} seconds; try again.") from None
        else:
            self._journey.tally.sent["request"] += 1
            self._journey.tally.sent_bytes["request"] += len(packet.data)
            return packet
        finally:
            self._polls.discard(poll)
            if not self._ended:
                self._apply(self._broadcast.leave(self._now(), poll))

    async def newer(self, seq: int, seconds: float, demand_seconds: float) -> bool:
        """Wait, at most so many seconds, for a frame after `seq`; whether one has come. A demand of WAIT_FPS.

        That demand stays for `demand_seconds` more, so that the page does not slow down until the same client waits again.
        """
        newer: asyncio.Future[bool] = self._loop.create_future()
        self._waiting.add(newer)
        self._update_demand()
        try:
            if self.newest_seq > seq:
                return True
            async with asyncio.timeout(seconds):
                return await newer
        except TimeoutError:
            return False
        finally:
            self._waiting.discard(newer)
            if not self._ended:
                self._demand(WAIT_FPS, demand_seconds)

    def _demand(self, fps: float, seconds: float) -> None:
        """Have a demand of `fps` for so many seconds from now."""
        if (last := self._demands.get(fps)) is not None:
            last.cancel()
        self._demands[fps] = self._loop.call_later(seconds, self._end_demand, fps)
        self._update_demand()

    def _end_demand(self, fps: float) -> None:
        del self._demands[fps]
        self._update_demand()

    def _update_demand(self) -> None:
        waiting = [WAIT_FPS] if self._waiting else []
        self._apply(self._broadcast.demand(max([*self._demands, *waiting], default=0.0)))

    def _ready(self, taker: Taker) -> None:
        if not self._ended:
            self._apply(self._broadcast.ready(self._now(), taker))

    def _viewer_ready(self, viewer: Watcher) -> None:
        if viewer.flow.tells:  # before the next frame is bound, which would take as long as this one did
            self._adapt(viewer)
        self._ready(viewer)

    def _sample(self) -> None:
        self._sampler = self._loop.call_later(SAMPLE_SECONDS, self._sample) if self._viewers else None
        for viewer in list(self._viewers):
            self._adapt(viewer)
            viewer.pulse.beat(self._now())
            viewer.tell_statistics(self.statistics(viewer))

    def _adapt(self, viewer: Watcher) -> None:
        adaptation = viewer.adaptation
        link = viewer.sample_link()
        quality, fps = adaptation.quality, adaptation.fps
        if link is None or not adaptation.sample(link):
            return
        self.changed(viewer, owed=False)  # adapting is no reason to send a still page again
        if adaptation.quality != quality:
            viewer.tell("quality:updated", {"quality": adaptation.quality})
        if adaptation.fps != fps:
            viewer.tell("fps:updated", {"fps": adaptation.fps})

    # ---- the capture process and the encoders

    def noticed(self, notice: Notice) -> None:
        self._journey.grabbed(self._now(), notice.seq, notice.grab_begin_ns / 1e9, notice.grab_end_ns / 1e9)
        self._apply(self._broadcast.frame(self._now(), self._leases.take(notice.slot), notice.seq))
        for newer in self._waiting:
            if not newer.done():
                newer.set_result(True)

    def renew(self, ring: str) -> None:
        """Another capture process fills `ring` from now on; what there is of the old one stays until there is something newer."""
        self._ring_goes(self._leases.renew(ring))

    def tell(self, event: str, payload: dict[str, Any]) -> None:
        """Tell all viewers."""
        for viewer in self._viewers:
            viewer.tell(event, payload)

    def tell_error(self, error: JiomosaError) -> None:
        """Tell all viewers."""
        for viewer in list(self._viewers):
            viewer.tell_error(error)

    def resized(self, ring: str, width: int, height: int) -> None:
        """From now on the frames are of this size, and lie in `ring`."""
        self.renew(ring)
        for viewer in self._viewers:
            viewer.view = viewer.view.of_screen(width, height)
            self.changed(viewer, owed=False)
            viewer.tell("resized", {"width": viewer.view.width, "height": viewer.view.height})

    def resume(self) -> None:
        """That capture process is ready: tell it what is wanted."""
        self._send(Wants(self._broadcast.fps_wanted))

    def _ring_goes(self, ring: str | None) -> None:
        if ring is not None:
            self._pool.unmap(ring)
            self._ring_free(ring)

    def place(self, work: Encode) -> Place:
        return self._leases.place(work.slot)

    def next_job(self) -> Encode | None:
        now = self._now()
        work = None if self._ended else self._broadcast.next_job(now)
        if work is not None:
            self._journey.bound(now, work.seq, work.rendition)
        return work

    def encoded(self, packet: Packet) -> None:
        if not self._ended:
            self._journey.encoded(self._now(), packet.seq, packet.rendition, packet.seconds)
            actions = self._broadcast.encoded(self._now(), packet)
            self._journey.tally.encoded += 1
            self._journey.tally.unclaimed += not any(isinstance(action, Deliver) for action in actions)
            self._apply(actions)

    def job_failed(self, work: Encode, *, again: bool) -> None:
        if not self._ended:
            if again:
                self._journey.tally.repeated += 1
            else:
                self._journey.tally.failed += 1
            self._apply(self._broadcast.failed(self._now(), work.seq, work.rendition, again=again))

    def end(self) -> None:
        """The session is over: nothing is asked of anybody any more."""
        self._ended = True
        for viewer in self._viewers:
            viewer.detach()
            self._journey.tally.dropped.update(_drops(self.statistics(viewer)))
        self._viewers.clear()
        futures: list[asyncio.Future[Any]] = [*(poll.packet for poll in self._polls), *self._waiting]
        for waiting in futures:
            if not waiting.done():
                waiting.set_exception(Unavailable("The session has ended.", code="session_closed"))
        self._pool.forget(self)
        for ring in self._leases.rings:
            self._pool.unmap(ring)
        for timer in (self._timer, self._sampler, *self._demands.values()):
            if timer is not None:
                timer.cancel()

    # ---- carrying out

    def _now(self) -> float:
        return time.monotonic()  # uvloop's own clock stands still within an iteration

    def _apply(self, actions: list[BroadcastAction]) -> None:
        if self._ended:
            return
        straight: list[Straight] = []
        for action in actions:
            match action:
                case Deliver(viewer, packet):
                    link = viewer.offer(packet)  # type: ignore[attr-defined]  # every viewer of a Broadcast of ours is a Taker
                    if link is not None:
                        straight.append(link)
                case Release(lease):
                    slot, ring = self._leases.end(lease)
                    if slot is not None:
                        self._send(ReleaseMessage(slot, self._leases.ring))
                    self._ring_goes(ring)
                case Demand(fps):
                    self._send(Wants(fps))
        # All writes in one go. With other work in between the picture leaves the processor's cache, and a client on this machine
        # falls asleep before each: a third more for a hundred viewers, and three hundred get a third of their frames.
        for link in straight:
            link.write()
        for link in straight:
            link.written()
        if self._broadcast.eager:
            self._pool.want(self)
        deadline = self._broadcast.deadline
        if deadline != self._timer_at:
            if self._timer is not None:
                self._timer.cancel()
            self._timer_at = deadline
            self._timer = self._loop.call_later(deadline - self._now(), self._tick) if deadline < math.inf else None

    def _tick(self) -> None:
        self._timer_at = math.inf
        self._timer = None
        self._apply(self._broadcast.tick(max(self._now(), self._broadcast.deadline)))


def _drops(statistics: ViewerStatistics) -> dict[str, int]:
    return {"link": statistics.link, "pace": statistics.pace, "encoder": statistics.encoder}
