"""What fails once is started at once; what fails again and again is not a loop."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.attempts import Attempts


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(0, 20), max_size=60), st.integers(1, 6))
def test_no_more_attempts_in_a_window_than_the_limit(gaps: list[float], limit: int) -> None:
    attempts, now = Attempts(0.5, 4.0, 60.0, limit), 100.0
    made: list[float] = []
    for gap in gaps:
        now += gap
        delay = attempts.failed(now)
        if delay is None:
            assert sum(time > now - 60.0 for time in made) >= limit, "it gave up too early"
            return
        assert 0.0 <= delay <= 4.0
        made.append(now)
        assert sum(time > now - 60.0 for time in made) <= limit
        now += delay


def test_the_first_is_free_and_the_others_wait_longer_each_time() -> None:
    attempts = Attempts(0.5, 4.0, 60.0)
    assert [attempts.failed(0.0) for _ in range(7)] == [0.0, 0.5, 1.0, 2.0, 4.0, 4.0, 4.0]
    assert all(attempts.failed(1.0) == 4.0 for _ in range(2000)), "the delay is no number any more"


def test_what_has_lasted_is_forgiven() -> None:
    attempts = Attempts(0.5, 4.0, 60.0, 2)
    assert [attempts.failed(0.0), attempts.failed(1.0), attempts.failed(61.0)] == [0.0, 0.5, 0.0]
    assert [attempts.failed(62.0), attempts.failed(63.0)] == [0.5, None]
