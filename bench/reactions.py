"""Inputs one after the other, each timed to the picture that shows it."""

from __future__ import annotations

import time
from collections.abc import Callable

from bench.client import Client
from bench.glass import Reactor

WARM = 6  # inputs before the first that counts; even, so that what alternates goes on in turns
LEAST = 10  # however short the run


def measure(client: Client, seconds: float, choose: Callable[[int], tuple[str, dict[str, object]]]) -> list[float]:
    """Send `choose(0)`, `choose(1)`, ... for `seconds`; the reaction to each, in ms."""
    reactor = Reactor(client)
    for index in range(WARM):
        reactor.react(*choose(index))
    samples: list[float] = []
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline or len(samples) < LEAST:
        samples.append(reactor.react(*choose(len(samples))))
    return samples
