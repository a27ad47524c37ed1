"""The invariants of a broadcast, under whatever order of events a session may meet."""

from __future__ import annotations

import math
from collections.abc import Hashable

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from engine.broadcast import FRAMES_IN_ENCODERS, Action, Broadcast, Deliver, Demand, Encode, Packet, Release
from engine.framering import SLOTS
from engine.messages import Rendition
from engine.watching import QUIET_SECONDS, Sharp

QUALITIES = st.sampled_from([50, 75, 90])
FPS = st.sampled_from([1.0, 10.0, 30.0, 60.0])
SHARP = st.sampled_from([None, Sharp(Rendition("jpeg", 95)), Sharp(Rendition("jpeg", 90), 1.0)])


class World(RuleBasedStateMachine):
    """A capture process with four slots, viewers and encoders, all doing what they may, in any order."""

    @initialize()
    def begin(self) -> None:
        self.broadcast = Broadcast()
        self.now = 1000.0
        self.free = set(range(SLOTS))
        self.seq = 0
        self.jobs: list[Encode] = []
        self.viewers: dict[Hashable, Rendition] = {}
        self.sharp: dict[Hashable, Sharp | None] = {}
        self.moved_at = 0.0
        self.fps: dict[Hashable, float] = {}
        self.ready: set[Hashable] = set()
        self.shown: dict[Hashable, tuple[int, Rendition]] = {}
        self.delivered_at: dict[Hashable, list[float]] = {}
        self.demand = 0.0
        self.number = 0

    def act(self, actions: list[Action]) -> None:
        for action in actions:
            match action:
                case Release(slot):
                    assert slot not in self.free, "a lease was given back twice"
                    assert slot not in {job.slot for job in self.jobs}, "a lease was given back under an encoder"
                    self.free.add(slot)
                case Demand(fps):
                    self.demand = fps
                case Deliver(viewer, packet):
                    assert viewer in self.ready, "a second frame was put on the way to one viewer"
                    seq, rendition = self.shown.get(viewer, (0, None))
                    assert packet.seq >= seq, "an older frame after a newer one"
                    if packet.rendition != self.viewers[viewer]:
                        sharp = self.sharp[viewer]
                        assert sharp is not None
                        assert packet.rendition == sharp.rendition
                        assert packet.seq == self.seq == seq, "a sharp picture of what has changed"
                        assert self.now >= self.moved_at + QUIET_SECONDS + sharp.patience, "a sharp picture in motion"
                    assert (packet.seq, packet.rendition) != (seq, rendition), "the same picture twice"
                    self.ready.discard(viewer)
                    self.shown[viewer] = (packet.seq, packet.rendition)
                    self.delivered_at.setdefault(viewer, []).append(self.now)

    def sharpest(self, viewer: Hashable) -> Rendition | None:
        sharp = self.sharp[viewer]
        return sharp.rendition if sharp else None

    @rule(quality=QUALITIES, fps=FPS, sharp=SHARP)
    def join(self, quality: int, fps: float, sharp: Sharp | None) -> None:
        self.number += 1
        viewer = f"viewer {self.number}"
        self.viewers[viewer], self.fps[viewer] = Rendition("jpeg", quality), fps
        self.sharp[viewer] = sharp
        self.act(self.broadcast.join(self.now, viewer, self.viewers[viewer], fps, sharp=sharp))

    @precondition(lambda self: self.viewers)
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        viewer = data.draw(st.sampled_from(sorted(self.viewers, key=str)))
        del self.viewers[viewer], self.fps[viewer]
        self.ready.discard(viewer)
        self.shown.pop(viewer, None)
        self.act(self.broadcast.leave(self.now, viewer))

    @precondition(lambda self: self.viewers)
    @rule(data=st.data(), quality=QUALITIES, fps=FPS, owed=st.booleans(), sharp=SHARP)
    def change(self, data: st.DataObject, quality: int, fps: float, owed: bool, sharp: Sharp | None) -> None:
        viewer = data.draw(st.sampled_from(sorted(self.viewers, key=str)))
        seq, rendition = self.shown.get(viewer, (0, None))
        before, plain = self.viewers[viewer], Rendition("jpeg", quality)
        if seq and (not owed or before == plain) and rendition in (before, self.sharpest(viewer)):
            self.shown[viewer] = (seq, plain)
        self.viewers[viewer], self.fps[viewer] = Rendition("jpeg", quality), fps
        self.delivered_at.pop(viewer, None)
        self.sharp[viewer] = sharp
        self.act(self.broadcast.change(self.now, viewer, self.viewers[viewer], fps, owed=owed, sharp=sharp))

    @precondition(lambda self: set(self.viewers) - self.ready)
    @rule(data=st.data())
    def become_ready(self, data: st.DataObject) -> None:
        viewer = data.draw(st.sampled_from(sorted(set(self.viewers) - self.ready, key=str)))
        self.ready.add(viewer)
        self.act(self.broadcast.ready(self.now, viewer))

    @precondition(lambda self: self.free)
    @rule()
    def grab(self) -> None:
        self.seq += 1
        self.moved_at = self.now
        self.act(self.broadcast.frame(self.now, self.free.pop(), self.seq))

    @rule()
    def start_job(self) -> None:
        job = self.broadcast.next_job(self.now)
        if job is None:
            return
        assert job.seq == self.seq, "a job was bound to a frame that is not the newest"
        assert job.slot not in self.free
        assert any(
            job.rendition in (self.viewers[viewer], self.sharpest(viewer)) and self.shown.get(viewer) != (job.seq, job.rendition)
            for viewer in self.ready
        ), "a job for a rendition that nobody can take"
        assert job.rendition not in {other.rendition for other in self.jobs}, "two jobs for one rendition"
        self.jobs.append(job)
        assert len({other.seq for other in self.jobs}) <= FRAMES_IN_ENCODERS

    @precondition(lambda self: self.jobs)
    @rule(data=st.data(), outcome=st.sampled_from(["encoded", "encoded", "encoded", "failed", "lost"]))
    def end_job(self, data: st.DataObject, outcome: str) -> None:
        job = self.jobs.pop(data.draw(st.integers(0, len(self.jobs) - 1)))
        if outcome == "encoded":
            self.act(self.broadcast.encoded(self.now, Packet(job.seq, job.rendition, b"", 0)))
        else:
            self.act(self.broadcast.failed(self.now, job.seq, job.rendition, again=outcome == "lost"))

    @rule(seconds=st.sampled_from([0.001, 0.01, 0.05, 1.5]))
    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        self.act(self.broadcast.tick(self.now))

    @invariant()
    def slots_are_somewhere(self) -> None:
        if self.seq:
            leased = set(range(SLOTS)) - self.free
            assert len(leased) == len({self.broadcast.newest_seq} | {job.seq for job in self.jobs})

    @invariant()
    def demand_is_the_fastest_viewer(self) -> None:
        assert self.demand == max(self.fps.values(), default=0.0)

    @invariant()
    def pace_is_kept(self) -> None:
        for viewer, times in self.delivered_at.items():
            if viewer in self.fps and len(times) > 3:
                span = times[-1] - times[0]
                # Every rate may start with a burst of one, and a new rendition is no reason to exceed the rate.
                assert len(times) - 2 <= span * self.fps[viewer] + 1e-6

    def teardown(self) -> None:
        """The motion ends: the last frame reaches everyone who goes on being ready, and all leases but one come back."""
        if not hasattr(self, "broadcast"):
            return
        self.settle()
        if any(self.shown.get(viewer, (0, None))[0] != self.seq for viewer in self.viewers):
            # Only a frame that could not be encoded at all may be missing, and the next one repairs it.
            self.grab()
            self.settle()
        if self.seq:
            for viewer, rendition in self.viewers.items():
                sharpest = self.sharpest(viewer) or rendition
                assert self.shown[viewer] in ((self.seq, rendition), (self.seq, sharpest)), (
                    "the last frame did not reach a viewer"
                )
            assert len(self.free) == SLOTS - 1
            self.grab()
            self.settle()
            for viewer, rendition in self.viewers.items():
                assert self.shown[viewer] == (self.seq, self.sharpest(viewer) or rendition), "a still page is not sharp"

    def settle(self) -> None:
        """Everyone does what they can until nobody has anything to do."""
        for _ in range(50):
            for viewer in sorted(set(self.viewers) - self.ready, key=str):
                self.ready.add(viewer)
                self.act(self.broadcast.ready(self.now, viewer))
            while (job := self.broadcast.next_job(self.now)) is not None:
                self.jobs.append(job)
            while self.jobs:
                job = self.jobs.pop()
                self.act(self.broadcast.encoded(self.now, Packet(job.seq, job.rendition, b"", 0)))
            if self.broadcast.deadline < math.inf:
                self.now = max(self.now, self.broadcast.deadline)
                self.act(self.broadcast.tick(self.now))


World.TestCase.settings = settings(max_examples=200, stateful_step_count=60, deadline=None)
TestWorld = World.TestCase


def test_the_newest_frame_is_there_for_whoever_comes_late() -> None:
    broadcast = Broadcast()
    rendition = Rendition("jpeg", 75)
    broadcast.join(0.0, "first", rendition, 60)
    broadcast.ready(0.0, "first")
    broadcast.frame(0.0, 0, 1)
    assert broadcast.next_job(0.0) == Encode(0, 1, rendition)
    packet = Packet(1, rendition, b"x", 1)
    assert broadcast.encoded(0.0, packet) == [Deliver("first", packet)]
    broadcast.join(5.0, "late", rendition, 60)
    assert broadcast.ready(5.0, "late") == [Deliver("late", packet)]
    assert not broadcast.eager


def test_another_quality_on_a_still_page_is_one_new_picture() -> None:
    broadcast = Broadcast()
    broadcast.join(0.0, "viewer", Rendition("jpeg", 75), 30)
    broadcast.ready(0.0, "viewer")
    broadcast.frame(0.0, 0, 1)
    job = broadcast.next_job(0.0)
    assert job is not None
    broadcast.encoded(0.0, Packet(1, job.rendition, b"", 0))
    broadcast.ready(0.1, "viewer")
    better = Rendition("jpeg", 90)
    broadcast.change(1.0, "viewer", better, 30)
    assert broadcast.next_job(1.0) == Encode(0, 1, better)
    assert broadcast.encoded(1.0, Packet(1, better, b"", 0)) == [Deliver("viewer", Packet(1, better, b"", 0))]
    broadcast.ready(1.1, "viewer")
    assert broadcast.next_job(2.0) is None


def test_viewers_of_one_quality_share_an_encode() -> None:
    broadcast = Broadcast()
    rendition = Rendition("jpeg", 75)
    for name in "abc":
        broadcast.join(0.0, name, rendition, 30)
        broadcast.ready(0.0, name)
    broadcast.frame(0.0, 0, 1)
    assert broadcast.next_job(0.0) is not None
    assert broadcast.next_job(0.0) is None
    actions = broadcast.encoded(0.01, Packet(1, rendition, b"", 0))
    assert [action.viewer for action in actions if isinstance(action, Deliver)] == ["a", "b", "c"]


def test_what_was_skipped_is_counted() -> None:
    broadcast = Broadcast()
    rendition = Rendition("jpeg", 75)
    broadcast.join(0.0, "slow", rendition, 60)
    for seq in (1, 5):
        broadcast.ready(seq, "slow")
        broadcast.frame(seq, seq % 4, seq)
        job = broadcast.next_job(seq)
        assert job is not None
        broadcast.encoded(seq, Packet(job.seq, rendition, b"", 0))
    statistics = broadcast.statistics("slow")
    assert (statistics.sent, statistics.skipped) == (2, 3)


def test_a_viewer_who_changes_rendition_is_not_shown_an_older_frame() -> None:
    broadcast = Broadcast()
    low, high = Rendition("jpeg", 50), Rendition("jpeg", 90)
    for name, rendition in (("a", high), ("b", low)):
        broadcast.join(0.0, name, rendition, 60)
        broadcast.ready(0.0, name)
    broadcast.frame(0.0, 0, 1)
    jobs = [broadcast.next_job(0.0), broadcast.next_job(0.0)]
    assert {job.rendition for job in jobs if job} == {low, high}
    broadcast.encoded(0.0, Packet(1, high, b"", 0))
    broadcast.ready(0.1, "a")
    broadcast.frame(0.1, 1, 2)
    assert broadcast.next_job(0.1) == Encode(1, 2, high)
    broadcast.encoded(0.1, Packet(2, high, b"", 0))
    # "a" has seen frame 2; the low rendition of frame 1 is still being made.
    broadcast.change(0.2, "a", low, 60)
    broadcast.ready(0.2, "a")
    delivered = [action for action in broadcast.encoded(0.2, Packet(1, low, b"", 0)) if isinstance(action, Deliver)]
    assert [action.viewer for action in delivered] == ["b"]
    assert broadcast.next_job(0.2) == Encode(1, 2, low)
