"""A viewer's quality and rate follow what its link has shown, and only that."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.adaptation import (
    RUNGS,
    SAMPLES_DOWN,
    SAMPLES_TRY,
    SAMPLES_TRY_MOST,
    SAMPLES_UP,
    START_FPS,
    START_QUALITY,
    UP_MARGIN,
    Adaptation,
    LinkSample,
)

TOP: tuple[int, float] = (90, 30)
MIDDLE: tuple[int, float] = (75, 20)
BOTTOM: tuple[int, float] = (50, 10)
SPEEDS = st.floats(0, 50)


def force(adaptation: Adaptation) -> tuple[int, float]:
    return adaptation.quality, adaptation.fps


def link(mbit: float) -> LinkSample:
    """The link was the limit: evidence in both directions."""
    return LinkSample(mbit, limited=False)


def quiet(mbit: float) -> LinkSample:
    """The sender was the limit: evidence of at least this much."""
    return LinkSample(mbit, limited=True)


def settled(mbit: float) -> Adaptation:
    adaptation = Adaptation()
    for _ in range(20):
        adaptation.sample(link(mbit))
    return adaptation


def test_a_viewer_begins_at_quality_75_and_30_fps() -> None:
    assert force(Adaptation()) == (75, 30) == (START_QUALITY, START_FPS)


@pytest.mark.parametrize(
    ("mbit", "expected"),
    [(100, TOP), (5.01, TOP), (4.9, MIDDLE), (2.01, MIDDLE), (1.9, BOTTOM), (0.1, BOTTOM), (0, BOTTOM)],
)
def test_the_documents_tiers(mbit: float, expected: tuple[int, float]) -> None:
    assert force(settled(mbit)) == expected


@pytest.mark.parametrize(("mbit", "expected"), [(20, TOP), (3, MIDDLE), (1, BOTTOM)])
def test_the_first_evidence_counts_at_once(mbit: float, expected: tuple[int, float]) -> None:
    adaptation = Adaptation()
    assert adaptation.sample(link(mbit))
    assert force(adaptation) == expected


def test_a_hand_set_value_replaces_the_top_tiers_and_caps_the_others() -> None:
    adaptation = Adaptation()
    adaptation.set_fps(60)
    assert force(adaptation) == (75, 60)
    adaptation.sample(link(20))
    assert force(adaptation) == (90, 60)
    adaptation.set_quality(30)
    assert force(adaptation) == (30, 60)
    for _ in range(SAMPLES_DOWN):
        adaptation.sample(link(3))
    assert force(adaptation) == (30, 20)
    adaptation.set_quality(80)
    assert force(adaptation) == (75, 20)
    adaptation.set_fps(5)
    assert force(adaptation) == (75, 5)
    for _ in range(SAMPLES_DOWN):
        adaptation.sample(link(0.5))
    assert force(adaptation) == (50, 5)


def test_going_down_is_quick_and_as_deep_as_need_be() -> None:
    adaptation = settled(20)
    assert [adaptation.sample(link(0.5)) for _ in range(SAMPLES_DOWN)] == [False] * (SAMPLES_DOWN - 1) + [True]
    assert force(adaptation) == BOTTOM


def test_going_up_is_careful_and_one_tier_at_a_time() -> None:
    adaptation = settled(0.5)
    changes = [adaptation.sample(link(50)) for _ in range(2 * SAMPLES_UP)]
    assert changes == ([False] * (SAMPLES_UP - 1) + [True]) * 2
    assert force(adaptation) == TOP
    assert SAMPLES_UP > SAMPLES_DOWN


def test_one_outlier_moves_nothing() -> None:
    adaptation = settled(3)
    for outlier in (0.1, 50.0):
        assert not adaptation.sample(link(outlier))
        assert not adaptation.sample(link(3))
        assert not adaptation.sample(link(outlier))
        assert not adaptation.sample(link(3))
    assert force(adaptation) == MIDDLE


def test_votes_for_up_and_down_do_not_add_up() -> None:
    adaptation = settled(3)
    for _ in range(10):
        assert not adaptation.sample(link(50))
        assert not adaptation.sample(link(0.1))
    assert force(adaptation) == MIDDLE


def test_a_vote_for_the_other_direction_begins_anew() -> None:
    adaptation = settled(3)
    adaptation.sample(link(0.1))
    assert [adaptation.sample(link(50)) for _ in range(SAMPLES_UP)] == [False] * (SAMPLES_UP - 1) + [True]
    adaptation.sample(link(50))
    adaptation.sample(link(50))
    assert [adaptation.sample(link(0.1)) for _ in range(SAMPLES_DOWN)] == [False] * (SAMPLES_DOWN - 1) + [True]
    assert force(adaptation) == BOTTOM


@pytest.mark.parametrize(("bound", "low"), [(5.0, MIDDLE), (2.0, BOTTOM)])
def test_a_link_at_a_bound_does_not_swing(bound: float, low: tuple[int, float]) -> None:
    adaptation = settled(bound + 0.01)
    changes = 0
    for number in range(100):
        # Four below and four above: enough for each direction, were there no hysteresis.
        changes += adaptation.sample(link(bound - 0.1 if number % 8 < 4 else bound * UP_MARGIN - 0.01))
    assert changes == 1
    assert force(adaptation) == low


@given(before=SPEEDS, samples=st.lists(SPEEDS, max_size=30))
def test_a_quiet_page_never_takes_anything_away(before: float, samples: list[float]) -> None:
    adaptation = settled(before)
    quality, fps = force(adaptation)
    for mbit in samples:
        adaptation.sample(quiet(mbit))
        assert adaptation.quality >= quality
        assert adaptation.fps >= fps
        quality, fps = force(adaptation)


@given(samples=st.lists(st.floats(0, 4.99), max_size=30))
def test_a_quiet_page_says_nothing_to_a_viewer_whose_link_is_unknown(samples: list[float]) -> None:
    adaptation = Adaptation()
    assert not any(adaptation.sample(quiet(mbit)) for mbit in samples)
    assert force(adaptation) == (START_QUALITY, START_FPS)


def test_a_quiet_page_may_show_that_the_link_is_faster() -> None:
    adaptation = settled(0.5)
    for _ in range(2 * SAMPLES_UP):
        adaptation.sample(quiet(30))
    assert force(adaptation) == TOP


@given(samples=st.lists(st.builds(LinkSample, SPEEDS, st.booleans()), max_size=30))
def test_without_adaptation_what_was_set_by_hand_is_exact(samples: list[LinkSample]) -> None:
    adaptation = settled(0.5)
    adaptation.set_quality(95)
    adaptation.set_fps(48)
    assert force(adaptation) == BOTTOM
    adaptation.enable(False)
    assert force(adaptation) == (95, 48)
    assert not any(adaptation.sample(sample) for sample in samples)
    assert force(adaptation) == (95, 48)
    adaptation.set_fps(12.5)
    assert force(adaptation) == (95, 12.5)


def test_without_adaptation_what_was_not_set_stays_as_it_is() -> None:
    adaptation = settled(3)
    adaptation.enable(False)
    assert force(adaptation) == MIDDLE
    adaptation.enable(True)
    adaptation.set_quality(60)
    adaptation.enable(False)
    assert force(adaptation) == (60, 20)


def test_switched_on_again_it_goes_on_from_what_the_link_had_shown() -> None:
    adaptation = settled(3)
    adaptation.set_quality(95)
    adaptation.enable(False)
    for mbit in (0.1, 50.0):
        assert not any(adaptation.sample(link(mbit)) for _ in range(10))
    adaptation.enable(True)
    assert force(adaptation) == MIDDLE


@given(
    steps=st.lists(
        st.one_of(
            st.builds(LinkSample, SPEEDS, st.booleans()),
            st.integers(10, 100),
            st.floats(1, 60),
            st.booleans(),
        ),
        max_size=40,
    )
)
def test_sample_says_whether_something_changed_and_ceilings_hold(steps: list[LinkSample | int | float | bool]) -> None:
    adaptation = Adaptation()
    hand_quality, hand_fps = 100, 60.0
    for step in steps:
        before = force(adaptation)
        match step:
            case bool():
                adaptation.enable(step)
            case int():
                adaptation.set_quality(hand_quality := step)
            case float():
                adaptation.set_fps(hand_fps := step)
            case LinkSample():
                assert adaptation.sample(step) == (force(adaptation) != before)
        assert 10 <= adaptation.quality <= hand_quality
        assert 1 <= adaptation.fps <= hand_fps


# ---- below the last tier


def carrying(fps: float, quality: int = 50, size: int = 40_000) -> LinkSample:
    """A link below 2 Mbit/s that carries `fps` frames a second of the page that is shown, in `quality`."""
    return LinkSample(fps * size * 8 / 1e6, limited=False, frame=size, quality=quality)


@pytest.mark.parametrize(
    ("fps", "expected"),
    [
        (5, (50, 10)),
        (3.7, (40, 10)),
        (2.6, (30, 10)),
        (1.7, (20, 8)),
        (1.2, (15, 6)),
        (0.4, (10, 5)),
        (0.2, (10, 2)),
        (0.1, (10, 1)),
    ],
)
def test_below_the_last_tier_the_page_and_the_link_together_choose(fps: float, expected: tuple[int, float]) -> None:
    adaptation = Adaptation()
    adaptation.sample(carrying(fps))
    assert force(adaptation) == expected


@given(fps=st.floats(0.01, 50), steps=st.integers(1, 40))
@example(fps=1.78125, steps=2)
@example(fps=0.59375, steps=3)
def test_a_steady_link_below_the_last_tier_settles(fps: float, steps: int) -> None:
    """However wrong the first guess of what a quality costs was: sizes here go with the quality itself."""
    adaptation = Adaptation()
    for _ in range(60):
        size = 1000 * adaptation.quality
        adaptation.sample(LinkSample(fps * 50_000 * 8 / 1e6 if fps < 5 else 1.9, False, size, adaptation.quality))
    settled_at = force(adaptation)
    for _ in range(steps):
        size = 1000 * adaptation.quality
        assert not adaptation.sample(LinkSample(fps * 50_000 * 8 / 1e6 if fps < 5 else 1.9, False, size, adaptation.quality))
    assert force(adaptation) == settled_at


def test_a_faster_link_leads_out_of_the_depths() -> None:
    adaptation = Adaptation()
    adaptation.sample(carrying(0.1))
    assert force(adaptation) == (10, 1)
    seen = []
    for _ in range(60):
        adaptation.sample(LinkSample(20, False, 1000 * adaptation.quality, adaptation.quality))
        seen.append(force(adaptation))
    assert seen[-1] == TOP
    assert [quality for quality, _ in seen] == sorted(quality for quality, _ in seen)


def test_where_frames_flow_freely_the_next_tier_is_tried_and_a_try_that_failed_costs_patience() -> None:
    adaptation = settled(3)
    tries = []
    for number in range(200):
        if adaptation.sample(quiet(2)):
            tries.append(number)
            while force(adaptation) != MIDDLE:
                adaptation.sample(link(3))
    assert tries[0] == SAMPLES_TRY - 1
    gaps = [later - earlier for earlier, later in itertools.pairwise(tries)]
    assert gaps == sorted(gaps)
    assert gaps[-1] == SAMPLES_TRY_MOST > gaps[0] == 2 * SAMPLES_TRY


def test_a_blinking_caret_is_no_reason_to_try_more() -> None:
    adaptation = settled(3)
    assert not any(adaptation.sample(quiet(0.1)) for _ in range(100))


@given(samples=st.lists(st.builds(LinkSample, SPEEDS, st.booleans(), st.integers(0, 500_000), st.integers(10, 100)), max_size=40))
def test_qualities_come_from_a_short_ladder_and_the_ceiling_is_what_the_link_takes_away(samples: list[LinkSample]) -> None:
    adaptation = Adaptation()
    for sample in samples:
        adaptation.sample(sample)
        assert force(adaptation) in [(tier.quality, tier.fps) for tier in RUNGS] + [(START_QUALITY, START_FPS)]
        assert adaptation.ceiling >= adaptation.quality
    adaptation.set_quality(95)
    assert adaptation.ceiling == 95
    adaptation.enable(False)
    assert adaptation.ceiling == adaptation.quality == 95
