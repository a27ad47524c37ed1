"""Congestion control: what does the kernel's choice, CONGESTION_CONTROL, make of a long link and of one that loses packets?

As `links` (which see for the definitions), with each of BBR and CUBIC that this system has. CUBIC takes each lost packet for a
sign that the link is full. BBR does not; what else it does that costs a long link dearly `engine.renewal` keeps it from.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from bench.links import cells, lanes
from bench.links.cells import Case, Cell
from bench.links.lanes import Lane
from bench.result import Result
from bench.scenario import Options, Steps

AVAILABLE = Path("/proc/sys/net/ipv4/tcp_available_congestion_control")
KINDS = ("bbr", "cubic")
CASES = (
    Case("websocket", "base64", 20, 400),
    Case("websocket", "base64", 5, 400),
    Case("websocket", "base64", 1, 400),
    Case("polling", "base64", 20, 400),
    Case("websocket", "base64", 5, 100, 0.001),
    Case("websocket", "base64", 5, 100, 0.01),
)
QUICK_CASES = CASES[-1:]


def run(options: Options, steps: Steps) -> Result:
    result = Result("congestion")
    cases = QUICK_CASES if options.quick else CASES
    kinds = [kind for kind in KINDS if kind in AVAILABLE.read_text().split()]
    steps.begin(options.runs * len(cases) * len(kinds))
    runs: dict[tuple[str, Case], list[Cell]] = {(kind, case): [] for kind in kinds for case in cases}

    def watch(kind: str, case: Case, lane: Lane) -> None:
        steps.step(f"{kind}, {case.name}")
        runs[kind, case].append(cells.measure(lane.link, lane.server, lane.id, case, lane.base, options.seconds))

    for _ in range(options.runs):
        for kind in kinds:
            lanes.carry_out([(case.mbit, partial(watch, kind, case)) for case in cases], congestion_control=kind)
    for (kind, case), measured in runs.items():
        cells.figures(result, case, measured, prefix=f"{kind}: ", floors="")
    return result
