"""When a page is frozen: once nobody has needed it for a while, and never before."""

from __future__ import annotations

import math

from capture.attention import Attention


def test_it_freezes_after_the_time_and_use_begins_it_anew() -> None:
    attention = Attention(100.0, 30.0)
    assert attention.freeze_at == 130.0
    attention.used(120.0)
    assert attention.freeze_at == 150.0


def test_demand_keeps_it_awake_and_its_end_begins_the_time() -> None:
    attention = Attention(0.0, 30.0)
    attention.wants(10.0, 25.0)
    assert attention.freeze_at == math.inf
    attention.wants(1000.0, 0.0)
    assert attention.freeze_at == 1030.0


def test_loads_keep_it_awake_until_the_last_has_ended() -> None:
    attention = Attention(0.0, 30.0)
    attention.begin()
    attention.begin()
    attention.end(5.0)
    assert attention.freeze_at == math.inf
    attention.end(40.0)
    assert attention.freeze_at == 70.0


def test_zero_is_never() -> None:
    assert Attention(0.0, 0.0).freeze_at == math.inf
