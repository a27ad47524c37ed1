"""A pace keeps its rate in the long run and loses no frame of a source at exactly that rate."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.pacing import SLACK, Pace

# A pace may save up one take while nothing comes, and take a frame a quarter of an interval early.
BURST = 2 + SLACK


def taken(pace: Pace, times: list[float]) -> list[float]:
    """The moments of `times` at which a frame was taken by someone who takes all that is allowed."""
    result = []
    for now in times:
        if pace.allows(now):
            pace.take(now)
            result.append(now)
    return result


def running(gaps: list[float], start: float = 1000.0) -> list[float]:
    times = [start]
    for gap in gaps:
        times.append(times[-1] + gap)
    return times


def exceeds(times: list[float], fps: float, burst: float = BURST) -> bool:
    """Whether any stretch of `times` has more takes than `fps` allows."""
    return any(
        last - first + 1 > (times[last] - times[first]) * fps + burst + 1e-6
        for first in range(len(times))
        for last in range(first, len(times))
    )


@given(fps=st.sampled_from([1.0, 10.0, 29.97, 60.0, 240.0]), gaps=st.lists(st.floats(0, 0.2), min_size=1, max_size=80))
@example(fps=60.0, gaps=[1 / 240] * 80)
@example(fps=10.0, gaps=[0.0] * 80)
def test_the_rate_is_never_exceeded_in_any_stretch(fps: float, gaps: list[float]) -> None:
    assert not exceeds(taken(Pace(fps), running(gaps)), fps)


@given(
    fps=st.sampled_from([1.0, 24.0, 60.0]),
    jitter=st.lists(st.floats(0, SLACK, exclude_max=True), min_size=2, max_size=200),
    start=st.floats(0, 1e5),
)
def test_a_source_at_exactly_the_rate_loses_no_frame_to_jitter(fps: float, jitter: list[float], start: float) -> None:
    times = [start + (number + late) / fps for number, late in enumerate(jitter)]
    assert taken(Pace(fps), times) == times


@pytest.mark.parametrize(("source", "fps"), [(60, 30), (60, 20), (60, 24), (144, 60), (60, 10)])
def test_a_faster_source_is_thinned_to_the_rate(source: int, fps: int) -> None:
    times = [1000 + number / source for number in range(source * 20)]
    assert fps * 20 <= len(taken(Pace(fps), times)) <= fps * 20 + BURST


def test_after_a_pause_no_backlog_is_made_good() -> None:
    pace = Pace(10)
    assert taken(pace, [0.0]) == [0.0]
    assert len(taken(pace, [100 + number / 1000 for number in range(1000)])) <= 10 + BURST


def test_zero_allows_nothing_and_is_not_for_ever() -> None:
    pace = Pace(0)
    assert pace.ready_at == math.inf
    assert not pace.allows(1e9)
    pace.fps = 10
    assert pace.allows(0)
    pace.take(0)
    pace.fps = 0
    assert not pace.allows(1e9)


def test_going_faster_works_at_once() -> None:
    pace = Pace(1)
    times = taken(pace, [0.0, 0.001, 0.002])
    assert times
    assert not pace.allows(0.1)
    pace.fps = 60
    assert pace.ready_at <= 0.1 + 1 / 60


def test_ready_at_is_the_first_moment_allowed() -> None:
    pace = Pace(50)
    for _ in range(3):
        pace.take(5.0)
    assert pace.allows(pace.ready_at)
    assert not pace.allows(math.nextafter(pace.ready_at, 0))


@given(
    steps=st.lists(st.tuples(st.floats(0, 0.05), st.sampled_from([1.0, 30.0, 60.0])), min_size=1, max_size=60),
)
@example(steps=[(0.001, 1.0), (0.0, 60.0)] * 30)
def test_changing_the_rate_to_and_fro_does_not_exceed_the_highest(steps: list[tuple[float, float]]) -> None:
    pace, now, times = Pace(60), 1000.0, []
    for gap, fps in steps:
        now += gap
        pace.fps = fps
        times += taken(pace, [now] * 4)
    # What a slower rate had saved up is one take more at a faster one.
    assert not exceeds(times, 60.0, BURST + 1)
