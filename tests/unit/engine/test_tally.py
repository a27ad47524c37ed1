"""Tallies only rise, and several together are their sum."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.tally import BOUNDS, Histogram, Pulse, Tally


@given(st.lists(st.floats(0, 20)), st.lists(st.floats(0, 20)))
def test_each_time_is_in_the_first_bucket_that_holds_it(first: list[float], second: list[float]) -> None:
    one, other = Histogram(), Histogram()
    for seconds in first:
        one.observe(seconds)
    for seconds in second:
        other.observe(seconds)
    one.add(other)
    for index, bound in enumerate(BOUNDS):
        assert sum(one.counts[: index + 1]) == sum(seconds <= bound for seconds in first + second)
    assert sum(one.counts) == len(first + second)
    assert abs(one.sum - sum(first + second)) < 1e-6


def test_tallies_add_up() -> None:
    total, part = Tally(), Tally()
    part.grabbed, part.encoded = 3, 2
    part.sent["websocket"] += 5
    part.dropped["link"] += 1
    part.age.observe(0.01)
    part.stages["send"].observe(0.02)
    for _ in range(2):
        total.add(part)
    assert (total.grabbed, total.encoded, total.sent["websocket"], total.dropped["link"]) == (6, 4, 10, 2)
    assert (sum(total.age.counts), sum(total.stages["send"].counts)) == (2, 2)
    assert part.grabbed == 3


def test_a_pulse_tells_of_the_last_second() -> None:
    pulse = Pulse(10.0)
    for _ in range(30):
        pulse.sent(1000)
    pulse.beat(11.0)
    assert (pulse.fps, pulse.bytes_per_second) == (30, 30_000)
    pulse.beat(12.0)
    assert (pulse.fps, pulse.frames) == (0, 30)
