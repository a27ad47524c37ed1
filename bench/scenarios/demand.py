"""Demand: what a page in full motion costs by how often it is wanted, and how soon it is there again.

The canvas page at quality 75, watched by one viewer at 60 fps, then at 10, then by nobody, in turns in one session; a new
session for each run. Unwatched in two states: before the server freezes the page, and after it has (its setting FREEZE_AFTER,
here at 0 for never and at 2 s to save waiting for its default).

CPU             of all processes of the server, the browser included
10 / 60         CPU watched at 10 fps, as a share of that at 60
current         from `subscribe` of an unwatched session to the first frame
fresh           from `subscribe` to the first frame whose clock was painted after it
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, fields
from typing import Any

from bench import clock, stage
from bench.client import Client
from bench.glass import Glass, open_viewer, watch
from bench.machine import Meter
from bench.result import Result
from bench.scenario import Options, Steps
from bench.server import Server
from engine.settings import Settings

FREEZE_SETTING = "freeze_after"
FREEZE_SECONDS = 2.0
SETTLE_SECONDS = 3.0  # after FREEZE_SECONDS: for the browser to follow when nobody watches any more
WAKES = 5  # a run


@dataclass(slots=True)
class Runs:
    """What one state of unwatched sessions gave, one entry a run."""

    unwatched: list[float] = field(default_factory=list)
    current: list[list[float]] = field(default_factory=list)
    fresh: list[list[float]] = field(default_factory=list)


def run(options: Options, steps: Steps) -> Result:
    result = Result("demand")
    states: dict[str, dict[str, Any]] = {"not frozen": {}}
    if any(entry.name == FREEZE_SETTING for entry in fields(Settings)):
        states = {"not frozen": {FREEZE_SETTING: 0}, "frozen": {FREEZE_SETTING: FREEZE_SECONDS}}
    steps.begin(options.runs * (2 + 2 * len(states)))
    watched: dict[int, list[Glass]] = {60: [], 10: []}
    seen = {state: Runs() for state in states}
    for number in range(options.runs):
        suffix = f"run {number + 1} of {options.runs}"
        for state, settings in states.items():
            with stage.browsers(**settings) as (server, site), stage.session(server, f"{site}/canvas.html") as id:
                for fps in watched if state == "not frozen" else ():
                    steps.step(f"watched at {fps} fps, {suffix}")
                    with open_viewer(server, id, stage.QUALITY, fps) as client:
                        watched[fps].append(watch(server, client, options.seconds))
                steps.step(f"unwatched, {state}, {suffix}")
                seen[state].unwatched.append(_unwatched(server, options.seconds))
                steps.step(f"watched again, {state}, {suffix}")
                wakes = [_wake(server, id) for _ in range(WAKES)]
                seen[state].current.append([current for current, _ in wakes])
                seen[state].fresh.append([fresh for _, fresh in wakes])
    _figures(result, watched, seen)
    return result


def _figures(result: Result, watched: dict[int, list[Glass]], seen: dict[str, Runs]) -> None:
    for fps, runs in watched.items():
        result.add(f"watched at {fps}: CPU", [glass.cost.total for glass in runs], "%", "CPU of all processes")
        rates = [glass.distinct_fps for glass in runs]
        result.add(f"watched at {fps}: fps", rates, "/s", "distinct pictures a second", f">= {fps - 0.5}")
    ratios = [slow.cost.total / fast.cost.total for slow, fast in zip(watched[10], watched[60], strict=True)]
    result.add("10 / 60", ratios, "", "CPU watched at 10 fps / at 60", "<= 0.5")
    for state, found in seen.items():
        result.add(f"unwatched, {state}: CPU", found.unwatched, "%", "CPU of all processes, the page in full motion", "<= 2")
        result.add_latencies(f"current, {state}", found.current, "from `subscribe` to the first frame", "<= 50")
        result.add_latencies(f"fresh, {state}", found.fresh, "from `subscribe` to the first frame painted after it", "<= 250")


def _unwatched(server: Server, seconds: float) -> float:
    time.sleep(FREEZE_SECONDS + SETTLE_SECONDS)
    meter = Meter(server.process.pid)
    time.sleep(seconds)
    return meter.read().total


def _wake(server: Server, id: str) -> tuple[float, float]:
    """Milliseconds from `subscribe` to the first frame, and to the first painted after it, of a session that nobody watched."""
    time.sleep(FREEZE_SECONDS + SETTLE_SECONDS)
    with Client(server.address) as client:
        client.emit("fps:set", {"fps": 60})
        client.wait_for("fps:updated")
        begin = clock.now()
        client.emit("subscribe", {"session_id": id})
        frame = client.wait_for_frame()
        first = frame.arrived
        while (reading := clock.read(frame.jpeg)) is None or reading.age_ms(begin) > 0:
            frame = client.wait_for_frame()
        return (first - begin) * 1000, (frame.arrived - begin) * 1000
