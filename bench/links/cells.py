"""One viewer on one link: its frames' ages, how much of the link they use, and how long both take to settle.

What is measured begins only after a warm-up: three seconds and twelve round trips, for TCP's window opens by a factor a round
trip, and as long as the first four frames take. It then lasts five seconds; for a stream with a round trip of 400 ms 71, so that
it has one of the looks at the shortest round trip that BBR takes once in so long (`engine.renewal`), for which it lets the link
stand idle.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

from bench.links import pair
from bench.links.pair import Link
from bench.links.watcher import Arrival, Transport, Watcher
from bench.result import Result, percentile
from bench.server import Server
from engine.renewal import REST_EVERY_SECONDS, REST_SECONDS

KIND = "photo"
SETTLE_SECONDS, SETTLE_ROUNDS, FRAMES_TO_SETTLE = 3.0, 12, 4
MOST_SETTLE_SECONDS = 15.0
MOST_SECONDS, CYCLE_SECONDS, LONG_RTT = 5.0, REST_EVERY_SECONDS + REST_SECONDS, 400
PATIENCE_SECONDS = 11.0
HEADERS = 1500 / 1448  # of TCP and IP
STEP_SECONDS, DRAIN_SECONDS = 0.1, 0.5
USED = 0.9
STREAMS = ("websocket", "stream.mjpeg")
SOCKETIO = ("websocket", "polling")
FEWEST = 3  # frames that tell something
LEAST_SPAN_SECONDS, LEAST_FRAMES = 1.0, 3  # over which the use of a moment is counted
CONGESTION = Path("/proc/sys/net/ipv4/tcp_congestion_control")


class Case(NamedTuple):
    """What a viewer is on. `rtt`: ms; `loss`: share of packets."""

    transport: Transport
    format: Literal["base64", "binary"]
    mbit: float
    rtt: int
    loss: float = 0.0

    @property
    def name(self) -> str:
        binary = self.format == "binary" and self.transport in SOCKETIO
        way = f"{self.transport}, binary" if binary else self.transport
        lossy = f", {100 * self.loss:g}% lost" if self.loss else ""
        return f"{way}, {self.mbit:g} Mbit/s, {self.rtt} ms{lossy}"


@dataclass(slots=True)
class Cell:
    """Of one run. `ages` in ms; `opened`: seconds from the viewer's connecting until it used nine tenths of the link."""

    ages: list[float] = field(default_factory=list)
    floors: float = 0.0
    fps: float = 0.0
    use: float = 0.0
    opened: float = 0.0
    quality: int = 0


def congestion_control() -> str:
    """What this system's TCP has unless it is told otherwise."""
    return CONGESTION.read_text().strip()


def base(link: Link, server: Server, id: str) -> float:
    """Seconds that grab, encoding and delivery cost, at the viewer's beginning quality, where there is no link to speak of."""
    with Watcher(link, server.address, id, near=True) as watcher:
        time.sleep(1.5)
        begin = time.time()
        time.sleep(1.5)
        return percentile([arrival.age for arrival in watcher.since(begin)], 0.5)


def floor(arrival: Arrival, mbit: float, rtt: float, base: float) -> float:
    """Seconds: the message's transmission, half the round trip, and what it costs where there is no link."""
    return arrival.wire * HEADERS * 8 / 1e6 / mbit + rtt / 2000 + base


def settle(watcher: Watcher, rtt: float) -> None:
    begin = time.monotonic()
    while (passed := time.monotonic() - begin) < MOST_SETTLE_SECONDS:
        if passed >= SETTLE_SECONDS + SETTLE_ROUNDS * rtt / 1000 and len(watcher.since(0)) >= FRAMES_TO_SETTLE:
            return
        time.sleep(STEP_SECONDS)


def measure(link: Link, server: Server, id: str, case: Case, base: float, seconds: float) -> Cell:
    """Let a viewer on such a link settle, and watch what it gets."""
    link.change(pair.order(1000, 1))
    time.sleep(DRAIN_SECONDS)  # what the last viewer left in the link's queue is not this one's
    link.change(pair.order(case.mbit, case.rtt, loss=case.loss))
    options: dict[str, Any] = {"format": case.format} if case.transport in SOCKETIO else {}
    with Watcher(link, server.address, id, case.transport, **options) as watcher:
        settle(watcher, case.rtt)
        begin = time.time()
        cycle = case.rtt >= LONG_RTT and case.transport in STREAMS
        time.sleep(CYCLE_SECONDS if cycle else min(seconds, MOST_SECONDS))
        while len(arrivals := watcher.since(begin)) < FEWEST and time.time() < begin + PATIENCE_SECONDS:
            time.sleep(STEP_SECONDS)
        cell = Cell(opened=opened(watcher.since(0), watcher.began, case.mbit))
    if len(arrivals) < FEWEST:
        raise RuntimeError(f"{case.name}: only {len(arrivals)} frames came in {PATIENCE_SECONDS:g} s")
    # Whole intervals between arrivals, so that a link of one frame a second is not judged by how many happen to fit.
    span = max(arrivals[-1].at - arrivals[0].at, STEP_SECONDS)
    later = arrivals[1:]
    cell.ages = [1000 * arrival.age for arrival in arrivals]
    cell.floors = percentile([arrival.age / floor(arrival, case.mbit, case.rtt, base) for arrival in arrivals], 0.5)
    cell.fps = len(later) / span
    cell.use = sum(arrival.wire for arrival in later) * 8 / 1e6 / span / case.mbit
    cell.quality = arrivals[-1].quality
    return cell


def opened(arrivals: Sequence[Arrival], began: float, mbit: float) -> float:
    """Seconds until a second's frames, three at least, first filled nine tenths of the link; all that was watched where they
    never did."""
    first = 0
    for last in range(LEAST_FRAMES, len(arrivals)):
        while last - first > LEAST_FRAMES and arrivals[last].at - arrivals[first + 1].at >= LEAST_SPAN_SECONDS:
            first += 1
        span = arrivals[last].at - arrivals[first].at
        sent = sum(arrival.wire for arrival in arrivals[first + 1 : last + 1])
        if span >= LEAST_SPAN_SECONDS and sent * 8 / 1e6 >= USED * mbit * span:
            return arrivals[last].at - began
    return arrivals[-1].at - began if arrivals else 0.0


def figures(result: Result, case: Case, cells: list[Cell], *, prefix: str = "", floors: str = "<= 1.5") -> None:
    name, streams = prefix + case.name, case.transport in STREAMS
    result.add_latencies(f"{name}: age", [cell.ages for cell in cells], "from the grab's begin to the last byte")
    result.add(f"{name}: of floor", [cell.floors for cell in cells], "", "median of age / floor", floors)
    result.add(f"{name}: fps", [cell.fps for cell in cells], "/s", "frames a second at the viewer")
    # A client that polls asks again only when it has all: the link stands idle for a round trip a frame.
    target = ">= 0.9" if streams and not case.loss else ""
    result.add(f"{name}: use", [cell.use for cell in cells], "", "messages' bytes as a share of the link's rate", target)
    if streams:
        result.add(f"{name}: opened", [cell.opened for cell in cells], "s", "from connecting until 0.9 of the link was used")
    if cells[0].quality:
        result.add(f"{name}: quality", [float(cell.quality) for cell in cells], "", "JPEG quality in force at the end")
