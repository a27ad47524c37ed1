"""Where each millisecond of a frame went, stage by stage."""

from __future__ import annotations

from engine.figures import REMEMBERED, Figures, Journey
from engine.messages import Rendition

JPEG = Rendition("jpeg", 75)


def test_each_stage_begins_where_the_one_before_ends() -> None:
    journey, figures = Journey(), Figures(100.0)
    for seq in (1, 2):
        journey.grabbed(100.002 + seq, seq, 99.995 + seq, 100.0 + seq)
        journey.bound(100.01 + seq, seq, JPEG)
        journey.encoded(100.03 + seq, seq, JPEG, 0.015)
        figures.sent(100.06 + seq, 5000, journey.of(seq, JPEG))
        figures.left(0.1)
    assert figures.take(104.0) == {
        "fps": 0.5,
        "bytes_per_second": 2500,
        "latency_ms": {"grab": 5.0, "wait": 10.0, "job": 5.0, "encode": 15.0, "queue": 30.0, "send": 100.0},
    }
    assert figures.take(105.0) == {"fps": 0, "bytes_per_second": 0, "latency_ms": {}}


def test_a_packet_that_nobody_knows_is_sent_all_the_same() -> None:
    figures = Figures(0.0)
    figures.sent(0.5, 100, Journey().of(7, JPEG))
    assert figures.take(1.0) == {"fps": 1.0, "bytes_per_second": 100, "latency_ms": {}}


def test_a_journey_forgets() -> None:
    journey = Journey()
    for seq in range(3 * REMEMBERED):
        journey.grabbed(seq, seq, seq, seq)
        journey.bound(seq + 0.5, seq, JPEG)
    assert journey.of(0, JPEG) is None
    times = journey.of(3 * REMEMBERED - 1, JPEG)
    assert times is not None
    assert times.bound - times.grabbed == 0.5
    journey.encoded(1.0, 0, JPEG, 0.5)  # too late for anybody
    journey.bound(9.0, 0, JPEG)
    times = journey.of(0, JPEG)
    assert times is not None
    assert times.grabbed == 9.0, "its grab is forgotten, so the wait is unknown"
