"""What a client says of its link: its pongs and its polls."""

from __future__ import annotations

import pytest

from engine.adaptation import LinkSample
from engine.flow import BEYOND_VOTES, FIRST_PINGS, PING_SECONDS, Flow
from tests.unit.engine.linking import Told


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
