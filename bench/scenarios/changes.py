"""Links that change: how soon does what a viewer sees follow, when its link's rate halves, doubles, or nothing passes at all?

On the links of `links` (which see) with a round trip of 100 ms; below 20 Mbit/s two at once.

halved           seconds from the moment at which the rate halves until the first of three frames in a row whose ages are within
                 1.5 floors of the new rate
doubled          seconds from the moment at which it doubles until a second's messages fill 0.8 of it, or it carries what is
                 asked for
stalled          three standstills of six seconds, in which nothing passes and nothing is lost, at whatever moment of a frame:
  age            of the first frame that was grabbed after one (the worst)
  older          frames grabbed before its end that came after it (the most): one that was on its way, and one more where that was
                 about to end, and the next had been started before the first acknowledgement was missed
  unaware        of these, frames that were started more than a round trip after its begin, when the sender could know (the most)
sharp            seconds from the last frame of a motion until the still picture is there in the top quality
fast viewers     ten at the near end, without and with one on a link of 100 KB/s, in turns, eight times at least; what p99s are
                 in five seconds differs by a factor of two from turn to turn, so their medians are compared
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from functools import partial

from bench import crowd, stage
from bench.crowd import Crowd
from bench.links import cells, lanes, pair
from bench.links.cells import KIND, STEP_SECONDS, floor, settle
from bench.links.lanes import Lane
from bench.links.pair import Link
from bench.links.watcher import Arrival, Watcher
from bench.load import Plan, Watch
from bench.result import Result, percentile
from bench.scenario import Options, Steps
from bench.server import Server

MBITS, QUICK_MBITS = (20.0, 5.0, 2.0, 1.0, 0.256), (5.0, 0.256)
RTT = 100
HALVED_SECONDS, DOUBLED_SECONDS, STALL_SECONDS = 6.0, 15.0, 6.0
STALLS, RECOVER_SECONDS = 3, 2.3  # no multiple of any frame's time
FLOORS, IN_A_ROW = 1.5, 3
FAST_VIEWERS, SLOW_MBIT, TURNS = 10, 0.8, 8  # 100 KB/s

EXTRA = {
    "halved": ("s", "from halving until three frames in a row are within 1.5 floors", ""),
    "doubled": ("s", "from doubling until 0.8 of the rate is used, or all that is asked for is carried", ""),
    "stalled, age": ("ms", "age of the first frame grabbed after a standstill of six seconds", ""),
    "stalled, older": ("", "frames grabbed before that arrived after it", "<= 1"),
    "stalled, unaware": ("", "of these: started when the standstill could be known", "<= 0"),
    "sharp": ("s", "from the last frame of a motion until it is there in the top quality", ""),
    "fast viewers lose": ("", "frames that ten fast viewers miss of those they would have had without the slow one", "<= 0"),
    "fast viewers' p99, alone": ("ms", "their p99 age without the slow one", ""),
    "fast viewers' p99, among": ("ms", "their p99 age with it", ""),
}


def run(options: Options, steps: Steps) -> Result:
    result = Result("changes")
    mbits = QUICK_MBITS if options.quick else MBITS
    turns = max(options.runs, 1 if options.quick else TURNS)
    steps.begin(options.runs * 2 * len(mbits) + turns)
    found: dict[str, list[float]] = {}

    def change(mbit: float, lane: Lane) -> None:
        steps.step(f"{mbit:g} Mbit/s halves, doubles and stands still")
        for name, value in _changes(lane.link, lane.server, lane.id, mbit, lane.base).items():
            found.setdefault(f"websocket, {mbit:g} Mbit/s, {RTT} ms: {name}", []).append(value)

    def end(mbit: float, lane: Lane) -> None:
        steps.step(f"{mbit:g} Mbit/s, the motion ends")
        found.setdefault(f"websocket, {mbit:g} Mbit/s, {RTT} ms: sharp", []).append(_sharp(lane.link, lane.server, mbit))

    for _ in range(options.runs):
        lanes.carry_out([(mbit, partial(work, mbit)) for mbit in reversed(mbits) for work in (change, end)])
    with lanes.lane() as lane:
        for turn in range(turns):
            steps.step("one slow viewer among fast ones")
            for name, value in _among(lane.link, lane.server, options.seconds, alone_first=turn % 2 == 0).items():
                found.setdefault(name, []).append(value)
    for name in sorted(found):
        unit, definition, target = EXTRA[name.rpartition(": ")[2]]
        result.add(name, found[name], unit, definition, target)
    alone, among = (statistics.median(found[f"fast viewers' p99, {which}"]) for which in ("alone", "among"))
    result.add("fast viewers' p99, ratio", [among / alone], "", "of the medians, with / without the slow one", "<= 1.1")
    result.notes.append(f"Congestion control: {cells.congestion_control()}.")
    return result


def _changes(link: Link, server: Server, id: str, mbit: float, base: float) -> dict[str, float]:
    link.change(pair.order(mbit, RTT))
    found: dict[str, float] = {}
    with Watcher(link, server.address, id) as watcher:
        settle(watcher, RTT)
        link.change(pair.order(mbit / 2, RTT))
        begin = time.time()
        time.sleep(HALVED_SECONDS)
        found["halved"] = _halved(watcher.since(begin), begin, lambda a: floor(a, mbit / 2, RTT, base))
        link.change(pair.order(mbit, RTT))
        begin = time.time()
        found["doubled"] = _doubled(watcher, begin, mbit)
        stalls = [_stalled(link, watcher) for _ in range(STALLS)]
    for index, name in enumerate(("stalled, age", "stalled, older", "stalled, unaware")):
        found[name] = max(stall[index] for stall in stalls)
    return found


def _stalled(link: Link, watcher: Watcher) -> tuple[float, float, float]:
    """Age of the first fresh frame, ms; how many older ones came before it; how many of these were started unaware."""
    time.sleep(RECOVER_SECONDS)
    begin = time.time()
    link.stall(True)
    time.sleep(STALL_SECONDS)
    end = time.time()
    link.stall(False)
    while not (fresh := [a for a in watcher.since(end) if a.at - a.age > end]) and time.time() < end + DOUBLED_SECONDS:
        time.sleep(STEP_SECONDS)
    older = [a.at - a.age for a in watcher.since(end, fresh[0].at if fresh else None) if a.at - a.age <= end]
    age = fresh[0].age if fresh else DOUBLED_SECONDS
    return 1000 * age, float(len(older)), float(len([grabbed for grabbed in older if grabbed > begin + RTT / 1000]))


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
    link.change(pair.order(mbit, RTT))
    with stage.session(server, stage.feed(KIND)) as id, Watcher(link, server.address, id) as watcher:
        settle(watcher, RTT)
        server.post(f"/api/session/{id}/load", url=stage.feed(KIND, frames=3))
        begin = time.time()
        top = 90
        while time.time() < begin + 2 * DOUBLED_SECONDS:
            time.sleep(STEP_SECONDS)
            arrivals = watcher.since(begin)
            if arrivals and arrivals[-1].quality >= top and time.time() - arrivals[-1].at > 1:
                return arrivals[-1].age
        return 2 * DOUBLED_SECONDS


def _among(link: Link, server: Server, seconds: float, *, alone_first: bool) -> dict[str, float]:
    """Ten viewers at the near end, without and with one at the far end of a link of 100 KB/s."""
    link.change(pair.order(SLOW_MBIT, RTT))
    with stage.session(server, stage.feed(KIND, fps=30)) as id:
        plan = Plan(server.address, [Watch(id, 60) for _ in range(FAST_VIEWERS)], seconds)

        def alone() -> Crowd:
            return crowd.watch(server, plan)

        def among() -> Crowd:
            with Watcher(link, server.address, id) as watcher:
                settle(watcher, RTT)
                found = crowd.watch(server, plan)
                watcher.since(0)
            return found

        crowds = [alone(), among()] if alone_first else [among(), alone()][::-1]
    p99 = [percentile([age for seen in found.seen for age in seen.ages], 0.99) for found in crowds]
    lost = [max(seen.seqs[-1] - seen.seqs[0] + 1 - len(seen.seqs) for seen in found.seen) for found in crowds]
    return {
        "fast viewers lose": float(max(0, lost[1] - lost[0])),
        "fast viewers' p99, alone": p99[0],
        "fast viewers' p99, among": p99[1],
    }
