"""A frame starts when the link has room for it, and only a link that is full says how fast it is."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.adaptation import LinkSample
from engine.flow import BEYOND_VOTES, FIRST_PINGS, LEAST_SECONDS, MARGIN, PING_SECONDS, RECHECK_SECONDS, ROOM, Flow

MSS = 1448


@dataclass
class Told:
    mss: int = MSS
    rate: float = 0.0
    min_rtt: float = 0.0
    rtt: float = 0.0
    notsent: int = 0


class Link:
    """A link of `rate` bytes a second and a round trip of `rtt` seconds, a viewer who wants `fps` frames of `size`, and the
    socket between them. Acknowledgements come as the bottleneck passes bytes, a round trip later."""

    def __init__(self, rate: float, rtt: float, size: int, fps: float = 1000.0, kernel_rate: float | None = None) -> None:
        self.rate, self.rtt, self.size, self.fps = rate, rtt, size, fps
        self.now = 1000.0
        self.flow = Flow()
        self.kernel_rate = rate if kernel_rate is None else kernel_rate
        self.sent = 0.0
        self.free_at = 0.0
        self.passing: deque[tuple[float, float]] = deque()  # (when its first byte passes, bytes)
        self.due = 0.0
        self.started: list[tuple[float, float]] = []  # (when, outstanding) of each frame
        self.stalled_since: float | None = None

    @property
    def outstanding(self) -> float:
        now = self.now if self.stalled_since is None else self.stalled_since
        left = 0.0
        for begin, size in self.passing:
            passed = (now - self.rtt - begin) * self.rate
            left += size - min(size, max(0.0, passed))
        return left

    def look(self) -> None:
        queued = max(0.0, self.free_at - self.now)
        told = Told(rate=self.kernel_rate, min_rtt=self.rtt, rtt=self.rtt + queued)
        self.flow.told(self.now, round(self.outstanding), told)

    def run(self, seconds: float) -> list[LinkSample | None]:
        """So long, with a sample a second."""
        samples, end, sample_at = [], self.now + seconds, self.now + 1
        while self.now < end:
            self.look()
            wait = self.flow.wait(self.now)
            if not wait and self.now >= self.due:
                self.started.append((self.now, self.outstanding))
                begin = max(self.now, self.free_at)
                self.free_at = begin + self.size / self.rate
                self.passing.append((begin, self.size))
                self.flow.sent(self.now, self.size, 75)
                self.due = max(self.due + 1 / self.fps, self.now)
                wait = 0.003  # to encode the next one
            self.now += max(wait, 0.002)
            if self.now >= sample_at:
                self.look()
                samples.append(self.flow.sample(self.now))
                sample_at += 1
            while len(self.passing) > 200:
                self.passing.popleft()
        return samples


LINKS = st.tuples(st.sampled_from([32e3, 125e3, 625e3, 2.5e6]), st.sampled_from([0.01, 0.04, 0.1, 0.4]))


@settings(max_examples=12, deadline=None)
@given(link=LINKS, size=st.sampled_from([20_000, 80_000, 200_000]), kernel=st.sampled_from([0.3, 1.0, 3.0]))
def test_a_full_link_is_measured_whatever_the_kernel_says(link: tuple[float, float], size: int, kernel: float) -> None:
    rate, rtt = link
    world = Link(rate, rtt, size, kernel_rate=kernel * rate)
    full = [sample for sample in world.run(10 + 3 * size / rate) if sample and not sample.limited]
    assert full
    assert full[-1].mbit * 1e6 / 8 == pytest.approx(rate, rel=0.15)
    assert (full[-1].frame, full[-1].quality) == (size, 75)


@settings(max_examples=12, deadline=None)
@given(link=LINKS, size=st.sampled_from([20_000, 80_000, 200_000]))
def test_a_frame_starts_when_little_more_than_a_round_trips_bytes_are_outstanding(link: tuple[float, float], size: int) -> None:
    rate, rtt = link
    world = Link(rate, rtt, size)
    world.run(6 + 3 * size / rate)
    most = max(2 * MSS, rate * max(LEAST_SECONDS, (1 + MARGIN) * rtt))
    late = [outstanding for when, outstanding in world.started if when > 1004]
    assert max(late) <= 1.25 * most + 0.1 * size, "frames queue"
    starts = [when for when, _ in world.started if when > 1002]
    busy = size * (len(starts) - 1) / (starts[-1] - starts[0])
    assert busy >= 0.85 * rate, "the link stands idle"


@given(size=st.sampled_from([5_000, 50_000]), fps=st.sampled_from([1.0, 5.0, 10.0]))
@settings(max_examples=8, deadline=None)
def test_a_link_that_is_not_full_shows_only_what_it_carries_at_least(size: int, fps: float) -> None:
    samples = [sample for sample in Link(10e6, 0.04, size, fps).run(5) if sample]
    assert samples
    assert all(sample.limited for sample in samples)


def test_a_quiet_page_has_no_samples() -> None:
    world = Link(125e3, 0.04, 10_000, fps=1e-6)
    assert world.run(3)[1:] == [None, None]


def test_a_standstill_says_nothing_of_the_rate() -> None:
    world = Link(125e3, 0.1, 40_000)
    world.run(5)
    world.stalled_since = world.now
    started = len(world.started)
    assert not any(sample for sample in world.run(6)[1:])
    assert len(world.started) <= started + 1, "at most one frame goes into a link that stands still"
    assert world.flow.rate == pytest.approx(125e3, rel=0.2)


def test_on_a_short_fast_link_waiting_is_a_matter_of_milliseconds() -> None:
    flow = Flow()
    flow.sent(0.0, 10**6)
    flow.told(0.0, 10**6, Told(rate=10e6, min_rtt=0.0001, rtt=0.02))
    assert flow.budget == pytest.approx(10e6 * LEAST_SECONDS + MSS)
    assert 0 < flow.wait(0.0) <= RECHECK_SECONDS[1]


@pytest.mark.parametrize(("rate", "rtt"), [(0, 0.0), (0, 0.4), (1, 0.4), (1e9, 1e-5)])
def test_the_wait_is_bounded(rate: float, rtt: float) -> None:
    flow = Flow()
    flow.told(0.0, 10**9, Told(rate=rate, min_rtt=rtt, rtt=10))
    assert RECHECK_SECONDS[0] <= flow.wait(0.0) <= RECHECK_SECONDS[2]


def test_where_nothing_queues_more_may_be_sent_than_our_estimate_says() -> None:
    flow = Flow()
    for rtt, notsent, goes in ((0.1, 0, True), (0.2, 0, False), (0.1, 100_000, False)):
        flow.told(0.0, round(1.2 * 125_000), Told(rate=1e6, min_rtt=0.1, rtt=rtt, notsent=notsent))
        assert (flow.wait(0.0) == 0) is goes
    flow.told(0.0, round(1.1 * ROOM * 125_000), Told(rate=1e6, min_rtt=0.1, rtt=0.1))
    assert flow.wait(0.0) > 0


# ---- what the client says


def beyond(delay: float, frames: int = 20) -> tuple[Flow, float]:
    """A socket that takes everything at once, and a client whose pongs come `delay` seconds after each frame."""
    flow, now = Flow(), 0.0
    for _ in range(frames):
        flow.told(now, 0, Told(rate=50e6, min_rtt=0.0002, rtt=0.0002))
        flow.sent(now, 50_000, 75)
        if flow.wants_ping(now):
            flow.pinged(now)
            flow.told(now + 0.001, 0, Told(rate=50e6, min_rtt=0.0002, rtt=0.0002))
            flow.ponged(now + delay)
        now += max(delay, PING_SECONDS)
    return flow, now


def test_pongs_that_the_socket_does_not_explain_show_a_narrow_place_beyond_it() -> None:
    flow, now = beyond(0.5)
    assert flow.beyond
    flow.sent(now, 50_000, 75)
    assert flow.wants_ping(now)
    flow.pinged(now)
    flow.told(now, 0, Told(rate=50e6, min_rtt=0.0002, rtt=0.0002))
    assert flow.wait(now) > 0, "the socket is free, the way beyond it is not"
    flow.ponged(now + 0.5)
    assert flow.wait(now + 0.5) == 0


def test_pongs_in_time_change_nothing() -> None:
    flow, now = beyond(0.01)
    assert not flow.beyond
    assert flow.wait(now) == 0


def test_an_answer_that_is_overdue_holds_frames_back_before_it_comes() -> None:
    flow, now = beyond(0.01)
    flow.pinged(now)
    flow.told(now, 0, Told(rate=50e6, min_rtt=0.0002, rtt=0.0002))
    assert flow.wait(now + 0.1) == 0
    assert flow.wait(now + 0.5) > 0
    flow.ponged(now + 0.6)
    assert flow.wait(now + 0.6) == 0
    assert not flow.beyond


def test_at_first_two_frames_at_most_go_ahead_of_the_answers() -> None:
    flow = Flow()
    flow.pinged(0.0)
    for number in range(2):
        flow.told(0.0, 0, Told(rate=50e6, min_rtt=0.0002, rtt=0.0002))
        assert (flow.wait(0.0) == 0) is (number == 0)
        flow.sent(0.0, 50_000, 75)
        assert flow.wants_ping(0.0)
        flow.pinged(0.0)
    for _ in range(FIRST_PINGS):
        flow.ponged(0.01)
    assert flow.wait(0.01) == 0


def test_one_late_pong_is_no_proxy() -> None:
    assert BEYOND_VOTES > 1
    assert not beyond(0.5, frames=1)[0].beyond


def test_a_narrow_place_beyond_the_socket_is_measured_by_pongs() -> None:
    flow, now = Flow(), 0.0
    flow.told(now, 0, Told(rate=50e6, min_rtt=0.0002, rtt=0.0002))
    flow.pinged(now)
    flow.ponged(now + 0.1)  # before anything is on the way
    samples = []
    for _ in range(20):
        now += 3
        flow.told(now, 0, Told(rate=50e6, min_rtt=0.0002, rtt=0.0002))
        flow.sent(now, 100_000, 75)
        flow.pinged(now)
        flow.ponged(now + 0.1 + 1.0)
        samples.append(flow.sample(now + 2))
    assert flow.beyond
    last = samples[-1]
    assert last is not None
    assert last.mbit == pytest.approx(0.8, rel=0.05)
    assert not last.limited


def test_a_pong_that_nobody_waits_for_is_ignored() -> None:
    flow = Flow()
    flow.ponged(1.0)
    assert not flow.beyond


def test_polls_tell_of_the_link() -> None:
    flow, now = Flow(), 10.0
    flow.responded(now)
    flow.polled(now + 0.1)  # something small: the round trip
    samples = []
    for _ in range(5):
        now += 2
        flow.sent(now, 50_000, 50)
        flow.responded(now)
        flow.polled(now + 0.1 + 0.4)
        samples.append(flow.sample(now + 1))
    assert flow.rtt == pytest.approx(0.1)
    last = samples[-1]
    assert last is not None
    assert last == LinkSample(pytest.approx(1.0), False, 50_000, 50)  # type: ignore[arg-type]
    assert flow.sample(now + 2) is None
    assert flow.seconds(100) == pytest.approx(0.8)
