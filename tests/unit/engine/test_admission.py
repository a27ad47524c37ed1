"""A session is let in exactly where there is room for all that it needs, and else told what is missing."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.admission import REASONS, RINGS, SPARE_SHARED_MEMORY, UNLIMITED, Limits, Room, refusal

LIMITS = Limits(2, 400e6, 4.0)


@pytest.mark.parametrize(
    ("room", "sessions", "missing"),
    [
        (UNLIMITED, 2, "2 sessions"),
        (Room(399e6, math.inf, 0.0), 0, "400 MB of memory"),
        (Room(math.inf, 30e6, 0.0), 0, "/dev/shm"),
        (Room(math.inf, math.inf, 4.1), 0, "4.1 tasks"),
    ],
)
def test_what_is_missing_is_said(room: Room, sessions: int, missing: str) -> None:
    refused = refusal(LIMITS, room, sessions, 15_000_000)
    assert refused is not None
    assert refused.reason in REASONS
    error = refused.error
    assert missing in error.message
    assert (error.code, error.status) == ("full", 503)
    assert error.retry_after


@settings(max_examples=100, deadline=None)
@given(st.floats(0, 1e9), st.floats(0, 1e9), st.floats(0, 9), st.integers(0, 5), st.integers(0, 100_000_000))
def test_who_is_let_in_finds_room(memory: float, shared: float, load: float, sessions: int, ring: int) -> None:
    fits = sessions < 2 and memory >= 400e6 and shared >= RINGS * ring + SPARE_SHARED_MEMORY and load <= 4.0
    assert (refusal(LIMITS, Room(memory, shared, load), sessions, ring) is None) == fits


@given(st.integers(0, 5), st.integers(0, 5))
def test_one_user_may_have_so_many_and_is_told_so_first(limit: int, own: int) -> None:
    refused = refusal(Limits(0, 0, 0, limit), UNLIMITED, 100, 1, own)
    assert (refused is not None) == (0 < limit <= own)
    if refused is not None:
        assert refused.reason in REASONS
        assert (refused.error.code, refused.error.status) == ("too_many_sessions", 429)
        assert f"You have {own} sessions" in refused.error.message


def test_zero_is_no_limit() -> None:
    assert refusal(Limits(0, 0, 0), Room(0, math.inf, 1000), 1000, 1) is None
