"""Percentiles, spreads and targets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.result import Figure, Result, percentile


@pytest.mark.parametrize(("share", "expected"), [(0.0, 1), (0.5, 51), (0.99, 100), (1.0, 100)])
def test_percentile(share: float, expected: float) -> None:
    assert percentile(range(100, 0, -1), share) == expected


@given(st.lists(st.floats(allow_nan=False), min_size=1), st.floats(0, 1))
def test_a_percentile_is_a_sample_that_enough_do_not_exceed(samples: list[float], share: float) -> None:
    found = percentile(samples, share)
    assert found in samples
    assert sum(sample <= found for sample in samples) >= share * len(samples)


def test_there_is_no_percentile_of_nothing() -> None:
    with pytest.raises(ValueError, match="no samples"):
        percentile([], 0.5)


@pytest.mark.parametrize(
    ("value", "target", "met"),
    [(20, "<= 20", True), (20.1, "<= 20", False), (29, ">= 29", True), (28.9, ">= 29", False), (1, "", None)],
)
def test_target(value: float, target: str, met: bool | None) -> None:
    assert Figure("x", value, "ms", "", target=target).met is met


def test_a_figure_is_the_median_of_its_runs_with_their_extremes() -> None:
    figure = Result("x").add("fps", [30, 10, 20], "/s", "frames")
    assert (figure.value, figure.low, figure.high) == (20, 10, 30)


def test_latencies_are_judged_run_by_run_and_drawn_together() -> None:
    result = Result("x")
    result.add_latencies("click", [[1, 2, 3], [4, 5, 6]], "from here to there", "<= 3", "<= 5")
    assert [(figure.name, figure.value, figure.met) for figure in result.figures] == [
        ("click: p50", 3.5, False),
        ("click: p99", 4.5, True),
    ]
    assert result.distributions == {"click": [1, 2, 3, 4, 5, 6]}
