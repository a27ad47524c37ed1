"""Whoever says what it wants in time is heard, however slowly; whoever does not is let go after a bounded time."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from engine.requestclock import BYTES_PER_SECOND, RequestClock

SECONDS = 20.0


def test_a_head_has_a_time_that_what_comes_of_it_does_not_move() -> None:
    clock = RequestClock(SECONDS)
    assert clock.deadline == math.inf
    clock.begun(5)
    clock.begun(10)
    clock.received(10**6, 10)
    assert clock.deadline == 5 + SECONDS
    clock.head_complete(6)
    clock.complete()
    assert clock.deadline == math.inf


def test_time_in_which_we_did_not_read_is_not_the_clients() -> None:
    clock = RequestClock(SECONDS)
    clock.begun(0)
    clock.head_complete(1)
    clock.held(100)
    assert clock.deadline == 100 + SECONDS


@given(st.floats(1, 100), st.integers(1, 10_000))
def test_a_steady_body_is_let_in_by_its_rate(rate: float, size: int) -> None:
    """A piece of `size` bytes each `rate` seconds, for ten minutes."""
    clock = RequestClock(SECONDS)
    clock.begun(0)
    clock.head_complete(0)
    alive = 0.0
    now = rate
    while now < 600 and now < clock.deadline:
        clock.received(size, now)
        alive = now
        now += rate
    if rate < SECONDS and size / rate >= BYTES_PER_SECOND:
        assert now >= 600
    elif size / rate < BYTES_PER_SECOND / 2:
        assert alive < 2 * SECONDS + rate


@given(st.lists(st.tuples(st.floats(0, 30), st.integers(0, 5000)), max_size=50))
def test_the_time_of_a_body_is_bounded_by_its_size(pieces: list[tuple[float, int]]) -> None:
    clock = RequestClock(SECONDS)
    clock.begun(0)
    clock.head_complete(0)
    now, total = 0.0, 0
    for pause, size in pieces:
        now += pause
        if now >= clock.deadline:
            break
        total += size
        clock.received(size, now)
        assert clock.deadline <= SECONDS + total / BYTES_PER_SECOND + 1e-6
        assert clock.deadline <= now + SECONDS
