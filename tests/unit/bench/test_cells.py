"""When a link is full, from what has come."""

from __future__ import annotations

import pytest

from bench.links.cells import Case, floor, opened
from bench.links.watcher import Arrival


def arrivals(rates: list[float], *, mbit: float, fps: int = 5) -> list[Arrival]:
    """So many frames a second, for a second at each share of `mbit`."""
    times = [(second + (number + 1) / fps, rate) for second, rate in enumerate(rates) for number in range(fps)]
    return [Arrival(at, 0.1, round(rate * mbit * 1e6 / 8 / fps), number, 50) for number, (at, rate) in enumerate(times)]


@pytest.mark.parametrize(
    ("rates", "seconds"),
    [([1.0, 1.0], 1.2), ([0.2, 0.5, 0.95, 0.95], 3.0), ([0.5, 0.5, 0.5], 3.0), ([], 0.0)],
)
def test_a_link_is_open_once_a_seconds_frames_fill_nine_tenths(rates: list[float], seconds: float) -> None:
    assert opened(arrivals(rates, mbit=4), 0.0, 4) == pytest.approx(seconds)


def test_a_case_says_what_it_is() -> None:
    assert Case("websocket", "base64", 20, 400).name == "websocket, 20 Mbit/s, 400 ms"
    assert Case("polling", "binary", 0.256, 40, 0.01).name == "polling, binary, 0.256 Mbit/s, 40 ms, 1% lost"
    assert Case("stream.mjpeg", "binary", 5, 40).name == "stream.mjpeg, 5 Mbit/s, 40 ms"


def test_the_floor_is_transmission_half_the_round_trip_and_the_base() -> None:
    assert floor(Arrival(0, 0, 144_800, 1, 50), 1.2, 100, 0.01) == pytest.approx(1.0 + 0.05 + 0.01)
