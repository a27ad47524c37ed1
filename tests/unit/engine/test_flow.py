"""A frame starts when the link has room for it, and only a link that is full says how fast it is."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.flow import (
    LEAST_SECONDS,
    LONGEST_RTT,
    MARGIN,
    RECHECK_SECONDS,
    Flow,
)
from engine.rounds import MUCH_ROOM, ROOM, ROUNDS_OF_ROOM
from tests.unit.engine.linking import MSS, Link, Told

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


@settings(max_examples=12, deadline=None)
@given(link=LINKS, phase=st.floats(0, 1))
def test_a_standstill_says_nothing_of_the_rate_and_catches_one_frame_more_at_most(
    link: tuple[float, float], phase: float
) -> None:
    rate, rtt = link
    world = Link(rate, rtt, 40_000)
    world.run(5 + phase + 120_000 / rate)
    world.stalled_since = world.now
    started = len(world.started)
    assert not any(sample for sample in world.run(6)[1:])
    caught = world.started[started:]
    assert len(caught) <= 1 + (ROOM - 1) * world.idle_budget / world.size, "frames go into a link that stands still"
    assert all(when <= world.stalled_since + rtt for when, _ in caught), "by then it could be known"
    assert world.flow.rate == pytest.approx(rate, rel=0.2)


def test_a_round_trip_that_began_behind_a_queue_is_not_taken_for_the_links() -> None:
    """The kernel's shortest round trip is three seconds, since it has never seen the link without a queue."""
    flow = Flow()
    flow.sent(0.0, 70_000, 75)
    for step in range(40):
        flow.told(0.1 * step, 70_000 - 3200 * min(step, 20), Told(rate=32_000, min_rtt=3.0, rtt=3.1))
        if step == 10:
            assert flow.wait(1.0) > 0
    sample = flow.sample(4.0)
    assert flow.budget == pytest.approx(32_000 * (LONGEST_RTT + 0.025) + MSS)
    assert sample is not None
    assert not sample.limited or sample.mbit < 0.3


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


def rounds(flow: Flow, rtts: list[float], outstanding: int = 0, notsent: int = 0) -> None:
    """As many round trips of a tenth of a second, with what the socket says in each."""
    for number, rtt in enumerate(rtts):
        flow.sent(0.1 * number, 1000)  # and as much arrives
        flow.told(0.1 * number, outstanding, Told(rate=1e6, min_rtt=0.1, rtt=rtt, notsent=notsent))


@pytest.mark.parametrize(
    ("rtts", "budgets"),
    [
        ([0.1] * 3, MUCH_ROOM),  # nothing has ever queued
        ([0.1, 0.2, 0.2, 0.2], 1.0),  # the link was not idle in the last round trip
        ([0.2, 0.2, 0.1, 0.1], ROOM),  # it was
        ([0.2, 0.2] + [0.1] * (ROUNDS_OF_ROOM + 3), MUCH_ROOM),  # and again and again
        ([0.1, 0.1, 0.5], 1.0),  # more queues now than one frame makes queue
    ],
)
def test_where_the_link_stands_idle_more_may_be_sent_than_our_estimate_says(rtts: list[float], budgets: float) -> None:
    for share, goes in ((0.98, True), (1.02, False)):
        flow = Flow()
        rounds(flow, rtts, outstanding=round(share * budgets * Link(1e6, 0.1, 0).idle_budget))
        assert (flow.wait(1.0) == 0) is goes


def test_nothing_goes_behind_what_the_kernel_has_not_sent() -> None:
    flow = Flow()
    rounds(flow, [0.1] * 3, outstanding=60_000, notsent=10_000)
    assert flow.wait(0.3) == 0, "less than the link carries meanwhile"
    rounds(flow, [0.1] * 3, outstanding=60_000, notsent=50_000)
    assert flow.wait(0.3) > 0


def test_a_kernel_that_closes_its_window_for_a_moment_says_nothing_of_the_link() -> None:
    """As BBR does to see the shortest round trip: for 0.2 s and a round trip nearly nothing is on the way."""
    world = Link(625e3, 0.4, 100_000)
    world.run(6)
    before = world.flow.rate
    told = Told(rate=625e3, min_rtt=0.4, rtt=0.4, notsent=90_000)
    world.flow.sent(world.now, 100_000, 75)
    for step in range(60):
        world.flow.told(world.now + 0.01 * step, 100_000 - 50 * step, told)
    assert world.flow.rate == pytest.approx(before, rel=0.02)
    assert world.flow.wait(world.now + 0.6) > 0


def test_a_window_that_stays_small_is_what_the_link_carries() -> None:
    """As one does on a link that loses packets: a tenth of what it could carry, most of each frame waiting in the kernel."""
    world = Link(625e3, 0.1, 100_000)
    world.run(6)
    now, outstanding = world.now, 0.0
    samples = []
    for step in range(800):
        now += 0.01
        outstanding -= 625
        if outstanding < 10_000:
            world.flow.sent(now, 100_000, 75)
            outstanding += 100_000
        told = Told(rate=625e3, min_rtt=0.1, rtt=0.1, notsent=max(0, round(outstanding) - 6_250))
        world.flow.told(now, round(outstanding), told)
        if step % 100 == 99:
            samples.append(world.flow.sample(now))
    full = [sample for sample in samples if sample and not sample.limited]
    assert full
    assert full[-1].mbit == pytest.approx(0.5, rel=0.1)
