"""Slow links: how old is what a viewer sees, how much of the link is used, and how soon does the viewer's quality follow it?

A server and a viewer in two network namespaces with an emulated link between them (bench/links): the same rate both ways, half
the round trip each way, a queue of half a second. The page is like a photograph and always in motion, so that it demands more
than any of these links carries. Adaptive mode is on, as it is by default, and has a few seconds to settle.

age        from the grab's begin to the message's last byte at the viewer, by the frame's timestamp
of floor   the median age as a multiple of its floor: the message's transmission, half a round trip, and what grab, encoding and
           delivery cost this machine where there is no link to speak of
fps        frames a second at the viewer
use        the messages' bytes as a share of the link's rate; headers of TCP, IP and WebSocket (4%) are not in it
halved     seconds from the moment at which the rate halves until the first of three frames in a row whose ages are within 1.5
           floors of the new rate
doubled    seconds from the moment at which it doubles until a second's messages fill 0.8 of it, or it carries what is asked for
stalled    age of the first frame that was grabbed after a standstill of six seconds; and how many older ones came before it:
           one that was on its way, and one more where the next had been started in the round trip before anybody could know
sharp      seconds from the last frame of a motion until the still picture is there in the top quality
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from bench import crowd, stage
from bench.links import pair
from bench.links.pair import Link
from bench.links.watcher import Arrival, Transport, Watcher
from bench.load import Plan, Watch
from bench.result import Result, percentile
from bench.scenario import Options, Steps
from bench.server import Server

Way = tuple[Transport, Literal["base64", "binary"]]
MBITS, RTTS = (20.0, 5.0, 2.0, 1.0, 0.256), (40, 100, 400)
WAYS: tuple[Way, ...] = (("websocket", "base64"), ("polling", "base64"), ("websocket", "binary"), ("polling", "binary"))
BINARY_RTTS = (100,)  # what the format changes is the size of a message, whatever the round trip
QUICK_MBITS, QUICK_RTTS = (5.0, 0.256), (100,)
CHANGING_RTT = 100  # of the links that halve, double and stand still
KIND = "photo"
SETTLE_SECONDS, FRAMES_TO_SETTLE = 3.0, 4  # and as long as so many frames of the beginning take
MOST_SETTLE_SECONDS = 12.0
MOST_SECONDS = 5.0  # that one cell is measured, for there are thirty
HALVED_SECONDS, DOUBLED_SECONDS, STALL_SECONDS = 6.0, 15.0, 6.0
FLOORS, IN_A_ROW = 1.5, 3
HEADERS = 1500 / 1448  # of TCP and IP
STEP_SECONDS = 0.1
FAST_VIEWERS, SLOW_MBIT = 10, 0.8  # 100 KB/s


@dataclass(slots=True)
class Cell:
    """Of one run. `ages` in ms."""

    ages: list[float] = field(default_factory=list)
    floors: float = 0.0
    fps: float = 0.0
    use: float = 0.0
    quality: int = 0


def run(options: Options, steps: Steps) -> Result:
    result = Result("links")
    mbits, rtts = (QUICK_MBITS, QUICK_RTTS) if options.quick else (MBITS, RTTS)
    cells = [(way, mbit, rtt) for way in WAYS for mbit in mbits for rtt in (rtts if way[1] == "base64" else BINARY_RTTS)]
    steps.begin(options.runs * (len(cells) + 2 * len(mbits) + 1))
    runs: dict[tuple[Way, float, int], list[Cell]] = {cell: [] for cell in cells}
    changes: dict[str, list[float]] = {}
    with (
        pair.link(pair.order(1000, 1)) as link,
        link.near(),
        stage.synthetic(host=pair.SERVER, auth="none", max_fps=60) as server,
    ):
        with stage.session(server, stage.feed(KIND)) as id:
            for number in range(options.runs):
                of = f"run {number + 1} of {options.runs}"
                base = _base(link, server, id)
                for way, mbit, rtt in cells:
                    steps.step(f"{_name(way)}, {mbit:g} Mbit/s, {rtt} ms, {of}")
                    link.change(pair.order(mbit, rtt))
                    with Watcher(link, server.address, id, way[0], format=way[1]) as watcher:
                        _settle(watcher)
                        runs[way, mbit, rtt].append(_measure(watcher, mbit, rtt, base, min(MOST_SECONDS, options.seconds)))
                for mbit in mbits:
                    steps.step(f"{mbit:g} Mbit/s halves, doubles and stands still, {of}")
                    for name, value in _changes(link, server, id, mbit, base).items():
                        changes.setdefault(f"websocket, {mbit:g} Mbit/s, {CHANGING_RTT} ms: {name}", []).append(value)
        for number in range(options.runs):
            of = f"run {number + 1} of {options.runs}"
            for mbit in mbits:
                steps.step(f"{mbit:g} Mbit/s, the motion ends, {of}")
                name = f"websocket, {mbit:g} Mbit/s, {CHANGING_RTT} ms: sharp"
                changes.setdefault(name, []).append(_sharp(link, server, mbit))
            steps.step(f"one slow viewer among fast ones, {of}")
            for name, value in _among(link, server, options.seconds).items():
                changes.setdefault(name, []).append(value)
    for (way, mbit, rtt), measured in runs.items():
        _figures(result, f"{_name(way)}, {mbit:g} Mbit/s, {rtt} ms", way[0], measured)
    for name, values in changes.items():
        unit, definition, target = EXTRA[name.rpartition(": ")[2]]
        result.add(name, values, unit, definition, target)
    return result


EXTRA = {
    "halved": ("s", "from halving until three frames in a row are within 1.5 floors", ""),
    "doubled": ("s", "from doubling until 0.8 of the rate is used, or all that is asked for is carried", ""),
    "stalled, age": ("ms", "age of the first frame grabbed after a standstill of six seconds", ""),
    "stalled, older": ("", "frames grabbed before that arrived after it", "<= 1"),
    "sharp": ("s", "from the last frame of a motion until it is there in the top quality", ""),
    "fast viewers lose": ("", "frames that ten fast viewers miss of those they would have had without the slow one", "<= 0"),
    "fast viewers' p99": ("", "their p99 age, as a multiple of that without the slow one", "<= 1.1"),
}


def _name(way: Way) -> str:
    return way[0] if way[1] == "base64" else f"{way[0]}, {way[1]}"


def _base(link: Link, server: Server, id: str) -> float:
    """Seconds that grab, encoding and delivery cost, at the viewer's beginning quality."""
    with Watcher(link, server.address, id, near=True) as watcher:
        time.sleep(1.5)
        begin = time.time()
        time.sleep(1.5)
        return percentile([arrival.age for arrival in watcher.since(begin)], 0.5)


def _settle(watcher: Watcher) -> None:
    begin = time.monotonic()
    while (passed := time.monotonic() - begin) < MOST_SETTLE_SECONDS:
        if passed >= SETTLE_SECONDS and len(watcher.since(0)) >= FRAMES_TO_SETTLE:
            return
        time.sleep(STEP_SECONDS)


def _measure(watcher: Watcher, mbit: float, rtt: float, base: float, seconds: float) -> Cell:
    begin = time.time()
    time.sleep(seconds)
    arrivals = watcher.since(begin)
    if not arrivals:
        return Cell([1000 * seconds], seconds / base)
    # Whole intervals between arrivals, so that a link of one frame a second is not judged by how many happen to fit.
    span = max(arrivals[-1].at - arrivals[0].at, STEP_SECONDS)
    later = arrivals[1:] or arrivals
    return Cell(
        ages=[1000 * arrival.age for arrival in arrivals],
        floors=percentile([arrival.age / _floor(arrival, mbit, rtt, base) for arrival in arrivals], 0.5),
        fps=len(later) / span,
        use=sum(arrival.wire for arrival in later) * 8 / 1e6 / span / mbit,
        quality=arrivals[-1].quality,
    )


def _floor(arrival: Arrival, mbit: float, rtt: float, base: float) -> float:
    return arrival.wire * HEADERS * 8 / 1e6 / mbit + rtt / 2000 + base


def _changes(link: Link, server: Server, id: str, mbit: float, base: float) -> dict[str, float]:
    link.change(pair.order(mbit, CHANGING_RTT))
    found: dict[str, float] = {}
    with Watcher(link, server.address, id) as watcher:
        _settle(watcher)
        link.change(pair.order(mbit / 2, CHANGING_RTT))
        begin = time.time()
        time.sleep(HALVED_SECONDS)
        found["halved"] = _halved(watcher.since(begin), begin, lambda a: _floor(a, mbit / 2, CHANGING_RTT, base))
        link.change(pair.order(mbit, CHANGING_RTT))
        begin = time.time()
        found["doubled"] = _doubled(watcher, begin, mbit)
        link.stall(True)
        time.sleep(STALL_SECONDS)
        end = time.time()
        link.stall(False)
        while not (fresh := [a for a in watcher.since(end) if a.at - a.age > end]) and time.time() < end + DOUBLED_SECONDS:
            time.sleep(STEP_SECONDS)
        if fresh:
            found["stalled, age"] = 1000 * fresh[0].age
            found["stalled, older"] = float(len([a for a in watcher.since(end, fresh[0].at) if a.at - a.age <= end]))
    return found


def _halved(arrivals: list[Arrival], begin: float, floor: Callable[[Arrival], float]) -> float:
    """When the first of so many frames in a row came that were young enough; HALVED_SECONDS where none did."""
    for first in range(len(arrivals)):
        few = arrivals[first : first + IN_A_ROW]
        if all(arrival.age <= FLOORS * floor(arrival) for arrival in few):
            return few[0].at - begin
    return HALVED_SECONDS


def _doubled(watcher: Watcher, begin: float, mbit: float) -> float:
    """Until the link is used again; the most that is waited for where it never is."""
    while (now := time.time()) < begin + DOUBLED_SECONDS:
        time.sleep(STEP_SECONDS)
        last = watcher.since(max(begin, now - 1))
        asked = [event.payload["fps"] for event in watcher.events if "fps" in event.payload][-1:]
        used = sum(arrival.wire for arrival in last) * 8 / 1e6 >= 0.8 * mbit * min(1.0, now - begin)
        if now > begin + 1 and (used or (asked and len(last) >= 0.9 * asked[0])):
            return max(0.0, now - begin - 1)
    return DOUBLED_SECONDS


def _sharp(link: Link, server: Server, mbit: float) -> float:
    link.change(pair.order(mbit, CHANGING_RTT))
    with stage.session(server, stage.feed(KIND)) as id, Watcher(link, server.address, id) as watcher:
        _settle(watcher)
        server.post(f"/api/session/{id}/load", url=stage.feed(KIND, frames=3))
        begin = time.time()
        top = 90
        while time.time() < begin + 2 * DOUBLED_SECONDS:
            time.sleep(STEP_SECONDS)
            arrivals = watcher.since(begin)
            if arrivals and arrivals[-1].quality >= top and time.time() - arrivals[-1].at > 1:
                return arrivals[-1].age
        return 2 * DOUBLED_SECONDS


def _among(link: Link, server: Server, seconds: float) -> dict[str, float]:
    """Ten viewers at the near end, without and with one at the far end of a link of 100 KB/s."""
    link.change(pair.order(SLOW_MBIT, CHANGING_RTT))
    with stage.session(server, stage.feed(KIND, fps=30)) as id:
        plan = Plan(server.address, [Watch(id, 60) for _ in range(FAST_VIEWERS)], seconds)
        alone = crowd.watch(server, plan)
        with Watcher(link, server.address, id) as watcher:
            _settle(watcher)
            among = crowd.watch(server, plan)
            watcher.since(0)
    p99 = [percentile([age for seen in crowd_.seen for age in seen.ages], 0.99) for crowd_ in (alone, among)]
    lost = [max(seen.seqs[-1] - seen.seqs[0] + 1 - len(seen.seqs) for seen in crowd_.seen) for crowd_ in (alone, among)]
    return {"fast viewers lose": float(max(0, lost[1] - lost[0])), "fast viewers' p99": p99[1] / p99[0]}


def _figures(result: Result, name: str, transport: Transport, cells: list[Cell]) -> None:
    result.add_latencies(f"{name}: age", [cell.ages for cell in cells], "from the grab's begin to the last byte")
    result.add(f"{name}: of floor", [cell.floors for cell in cells], "", "median of age / floor", "<= 1.5")
    result.add(f"{name}: fps", [cell.fps for cell in cells], "/s", "frames a second at the viewer")
    # A client that polls asks again only when it has all: the link stands idle for a round trip a frame.
    target = ">= 0.9" if transport == "websocket" else ""
    result.add(f"{name}: use", [cell.use for cell in cells], "", "messages' bytes as a share of the link's rate", target)
    result.add(f"{name}: quality", [float(cell.quality) for cell in cells], "", "JPEG quality in force at the end")
