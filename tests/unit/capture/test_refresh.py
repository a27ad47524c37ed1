"""The screen's refresh rate: what it is for which demand, and when it changes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.refresh import PAGE_RATE, RUNGS, USUAL, RefreshRate, rung

HELD = 60  # the most that viewers may want where pages are held at PAGE_RATE
FULL = 2 * PAGE_RATE


def move(rate: RefreshRate, begin: float, seconds: float, most: float = 240) -> float:
    """The page moves as fast as the screen lets it, or `most`, looked at once a second; returns when that ends."""
    now, look = begin, begin + 1
    while now < begin + seconds:
        rate.damaged(now)
        now += 1 / min(rate.rate, most)
        if now >= look:
            rate.decide(now)
            look = now + 1
    return now


@pytest.mark.parametrize(
    ("fps", "hz"),
    [(0, 10), (1, 20), (10, 20), (20, 20), (21, 30), (30, 30), (31, 60), (60, 60), (61, 120), (120, 120), (500, 240)],
)
def test_the_lowest_rung_that_serves(fps: float, hz: int) -> None:
    assert rung(fps) == hz


@given(st.floats(0.1, 240))
def test_no_viewer_is_slowed(fps: float) -> None:
    assert rung(fps) >= fps


def test_a_still_page_stays_at_the_full_rate_whatever_the_demand() -> None:
    rate = RefreshRate(0.0, HELD)
    for fps in (0, 1, 10, 30):
        rate.wants(fps)
        assert rate.decide(100.0 + fps) == FULL


@pytest.mark.parametrize("fps", [0, 5, 10, 30])
def test_motion_is_slowed_to_the_demand_and_stillness_ends_it(fps: float) -> None:
    rate = RefreshRate(0.0, HELD)
    rate.wants(fps)
    now = move(rate, 10.0, 3.0)
    assert rate.rate == rung(fps)
    now = move(rate, now, 5.0)
    assert rate.rate == rung(fps), "it does not swing"
    assert rate.decide(now + 1.1) == FULL


def test_what_a_page_paints_at_its_own_rate_has_a_screen_of_twice_that() -> None:
    rate = RefreshRate(0.0, HELD)
    rate.wants(60)
    now = move(rate, 10.0, 5.0, most=PAGE_RATE * 1.4)
    assert rate.rate == FULL
    now = move(rate, now, 3.0)  # what moves without the page, as an animated transform does
    assert rate.rate == 60
    assert rate.decide(now + 1.1) == FULL


def test_pages_that_are_not_held_have_the_demands_rung() -> None:
    rate = RefreshRate(0.0, 120)
    for fps, hz in ((0, USUAL), (60, 60), (90, 120), (120, 120)):
        rate.wants(fps)
        assert rate.decide(10.0) == hz


def test_demand_input_and_loads_are_followed_at_once() -> None:
    rate = RefreshRate(0.0, 240)
    rate.wants(10)
    now = move(rate, 10.0, 3.0)
    rate.wants(60)
    assert rate.decide(now) == 60
    rate.wants(120)
    assert rate.decide(now) == 120
    rate.wants(10)
    now = move(rate, now, 3.0)
    assert rate.rate == 20
    rate.needed(now)
    assert rate.decide(now) == USUAL
    now = move(rate, now, 3.0)
    assert rate.rate == 20
    rate.loads += 1
    move(rate, now, 3.0)
    assert rate.rate == USUAL


def test_damage_that_comes_together_is_one_painting() -> None:
    rate = RefreshRate(0.0, HELD)
    rate.wants(30)
    for frame in range(25):  # 25 a second, in ten pieces each
        for piece in range(10):
            rate.damaged(10 + frame / 25 + piece * 0.0005)
    assert rate.decide(11.0) == FULL


def test_rungs_rise() -> None:
    assert list(RUNGS) == sorted(set(RUNGS))
    assert USUAL in RUNGS
