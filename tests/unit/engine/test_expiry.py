"""When a session that nobody uses ends."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from engine.expiry import Expiry


def test_it_expires_a_timeout_after_the_last_activity() -> None:
    expiry = Expiry(100.0, 30.0)
    assert expiry.expires_at == 130.0
    expiry.active(120.0)
    assert expiry.expires_at == 150.0
    assert expiry.last_activity(140.0) == 120.0


def test_activity_in_the_past_shortens_nothing() -> None:
    expiry = Expiry(100.0, 30.0)
    expiry.active(50.0)
    assert expiry.expires_at == 130.0


def test_a_watched_session_never_expires_and_its_time_begins_when_the_last_viewer_goes() -> None:
    expiry = Expiry(0.0, 30.0)
    expiry.watch(10.0)
    expiry.watch(11.0)
    expiry.unwatch(500.0)
    assert expiry.expires_at == math.inf
    assert expiry.last_activity(700.0) == 700.0
    expiry.unwatch(1000.0)
    assert expiry.expires_at == 1030.0
    assert expiry.last_activity(1010.0) == 1000.0


@given(st.lists(st.tuples(st.sampled_from(["active", "watch", "unwatch"]), st.floats(0, 100)), max_size=30))
def test_it_is_infinity_exactly_while_somebody_watches(events: list[tuple[str, float]]) -> None:
    expiry, now, viewers, last = Expiry(0.0, 5.0), 0.0, 0, 0.0
    for what, gap in events:
        now += gap
        if what == "unwatch" and not viewers:
            continue
        viewers += {"active": 0, "watch": 1, "unwatch": -1}[what]
        getattr(expiry, what)(now)
        last = now
        assert expiry.expires_at == (math.inf if viewers else last + 5.0)
