"""Rates: what a bucket lets through in any stretch of time is bounded, and whoever keeps below the rate is never refused."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import tokenbucket
from engine.tokenbucket import BURST_SECONDS, Flood, Limiter, Places, TokenBucket

rates = st.floats(0.1, 1000)
pauses = st.lists(st.floats(0, 5), max_size=60)


@given(rates, pauses)
def test_in_no_stretch_of_time_more_than_the_rate_and_a_burst(rate: float, pauses: list[float]) -> None:
    bucket, now, taken = TokenBucket(rate, 0.0), 0.0, []
    for pause in pauses:
        now += pause
        if bucket.take(now):
            taken.append(now)
    for first, begin in enumerate(taken):
        for count, end in enumerate(taken[first:], 1):
            assert count <= max(1.0, rate * BURST_SECONDS) + rate * (end - begin) + 1e-6


@given(rates, st.lists(st.floats(1.001, 5), max_size=60))
def test_whoever_keeps_below_the_rate_is_never_refused(rate: float, pauses: list[float]) -> None:
    bucket, now = TokenBucket(rate, 0.0), 0.0
    for pause in pauses:
        now += pause / rate
        assert bucket.take(now)


def test_a_rate_of_nothing_is_no_limit() -> None:
    bucket, limiter = TokenBucket(0, 0.0), Limiter(0)
    assert all(bucket.take(0.0) and limiter.take("a", 0.0) for _ in range(1000))


@given(st.floats(0.5, 100), st.lists(st.floats(0, 3), max_size=60))
def test_a_flood_is_told_once_and_counted_whole(rate: float, pauses: list[float]) -> None:
    flood, now, told, dropped = Flood(rate, 0.0), 0.0, 0, []
    for pause in pauses:
        now += pause
        taken, begins = flood.take(now)
        assert not (taken and begins)
        told += begins
        if not taken:
            dropped.append(now)
    assert flood.dropped == len(dropped)
    gaps = sum(later - earlier >= Flood.QUIET_SECONDS for earlier, later in itertools.pairwise(dropped))
    assert told == (gaps + 1 if dropped else 0)


def test_keys_do_not_disturb_one_another() -> None:
    limiter = Limiter(1)
    assert [limiter.take("a", 0.0) for _ in range(3)] == [True, True, False]
    assert limiter.take("b", 0.0)
    assert limiter.take("a", 1.0)


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokenbucket, "MOST_KEYS", 3)
    limiter = Limiter(0.5)
    assert limiter.take("a", 0.0)
    assert not limiter.take("a", 0.0)
    assert all(limiter.take(key, 0.0) for key in "bc")
    assert not limiter.take("a", 0.0), "the busiest is not the one to forget"
    assert all(limiter.take(key, 0.0) for key in "defg")
    assert len(limiter._buckets) == 3


@given(st.integers(1, 3), st.lists(st.tuples(st.sampled_from("ab"), st.booleans())))
def test_places_are_counted(most: int, steps: list[tuple[str, bool]]) -> None:
    places, held = Places(most), {"a": 0, "b": 0}
    for key, comes in steps:
        if comes:
            assert places.take(key) == (held[key] < most)
            held[key] = min(most, held[key] + 1)
        elif held[key]:
            places.leave(key)
            held[key] -= 1
    assert len(places) == sum(count > 0 for count in held.values())


def test_places_without_end() -> None:
    places = Places(0)
    assert all(places.take("a") for _ in range(1000))
