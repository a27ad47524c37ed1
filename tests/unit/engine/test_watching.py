"""What one viewer is owed when the motion ends, and why it was not shown a frame."""

from __future__ import annotations

from engine.adaptation import Adaptation, LinkSample
from engine.broadcast import Broadcast, Deliver, Encode, Packet, Release
from engine.flow import Flow
from engine.messages import Rendition
from engine.watching import Sharp, sharp_of


class Motion:
    """One viewer of quality 50 who is owed quality 90, and encoders that do each job at once."""

    def __init__(self) -> None:
        self.broadcast = Broadcast()
        self.low, self.high = Rendition("jpeg", 50), Rendition("jpeg", 90)
        self.broadcast.join(0.0, "viewer", self.low, 10, sharp=Sharp(self.high))
        self.qualities: list[tuple[int, int]] = []

    def work(self, now: float) -> None:
        self.broadcast.ready(now, "viewer")
        self.broadcast.tick(now)
        while (job := self.broadcast.next_job(now)) is not None:
            for action in self.broadcast.encoded(now, Packet(job.seq, job.rendition, b"", 0)):
                assert isinstance(action, Deliver | Release)
                if isinstance(action, Deliver):
                    self.qualities.append((action.packet.seq, action.packet.rendition.quality))


def test_when_the_motion_ends_the_picture_becomes_sharp_once() -> None:
    motion = Motion()
    for seq in range(1, 4):
        motion.broadcast.frame(seq / 10, seq, seq)
        motion.work(seq / 10)
    for now in (0.5, 0.6, 0.7, 1.0, 5.0):
        motion.work(now)
    assert motion.qualities == [(1, 50), (2, 50), (3, 50), (3, 90)]
    motion.broadcast.frame(6.0, 0, 4)
    motion.work(6.0)
    assert motion.qualities[-1] == (4, 50), "motion again, and it must be light"


def test_a_change_cancels_the_sharp_picture_that_is_being_made() -> None:
    motion = Motion()
    motion.broadcast.frame(0.0, 1, 1)
    motion.work(0.0)
    motion.broadcast.ready(0.1, "viewer")
    motion.broadcast.tick(1.0)
    job = motion.broadcast.next_job(1.0)
    assert job == Encode(1, 1, motion.high)
    motion.broadcast.frame(1.001, 2, 2)
    assert not any(isinstance(action, Deliver) for action in motion.broadcast.encoded(1.002, Packet(1, motion.high, b"", 0)))
    motion.work(1.003)
    assert motion.qualities == [(1, 50), (2, 50)]


def test_adapting_on_a_still_sharp_page_sends_nothing() -> None:
    motion = Motion()
    motion.broadcast.frame(0.0, 1, 1)
    motion.work(0.0)
    motion.work(1.0)
    assert motion.qualities == [(1, 50), (1, 90)]
    motion.broadcast.change(2.0, "viewer", Rendition("jpeg", 75), 20, owed=False, sharp=Sharp(motion.high))
    motion.work(3.0)
    motion.work(9.0)
    assert motion.qualities == [(1, 50), (1, 90)]


def test_what_was_skipped_is_counted_by_its_cause() -> None:
    broadcast = Broadcast()
    rendition = Rendition("jpeg", 75)
    broadcast.join(0.0, "viewer", rendition, 10)

    def serve(now: float) -> None:
        broadcast.ready(now, "viewer")
        job = broadcast.next_job(now)
        if job is not None:
            broadcast.encoded(now, Packet(job.seq, rendition, b"", 0))

    broadcast.frame(0.0, 1, 1)
    serve(0.0)
    for seq in (2, 3, 4):  # its link is busy
        broadcast.frame(seq / 100, seq % 4, seq)
    serve(0.06)
    serve(0.061)
    for seq in (5, 6, 7):  # it could take them, but may not be so fast
        broadcast.frame(0.06 + seq / 1000, seq % 4, seq)
    serve(1.0)
    broadcast.ready(2.0, "viewer")
    for seq in (8, 9):  # no encoder has time
        broadcast.frame(seq, seq % 4, seq)
    serve(9.5)
    statistics = broadcast.statistics("viewer")
    assert (statistics.sent, statistics.skipped, statistics.link, statistics.pace) == (4, 5, 2, 2)


def test_a_sharp_picture_that_takes_long_waits_longer() -> None:
    low, adaptation, flow = Rendition("jpeg", 50, width=320, height=200), Adaptation(), Flow()
    assert sharp_of(low, adaptation, flow) is None, "nothing was taken away"
    adaptation.sample(LinkSample(1.0, limited=False))
    assert sharp_of(low, adaptation, flow) == Sharp(Rendition("jpeg", 90, width=320, height=200), 0.0)
    flow.responded(0.0)
    flow.polled(0.1)
    flow.sent(1.0, 50_000, 50)
    flow.responded(1.0)
    flow.polled(1.1 + 5.0)
    sharp = sharp_of(low, adaptation, flow)
    assert sharp is not None
    assert 3 < sharp.patience < 5, "half of what nine seconds exceed a quick one by"
