"""Security: what do a login, policies and the egress proxy cost? The same load with all of them and with none, in turns.

glass    a real Chromium shows `canvas`, as in the scenario of that name; the page comes through the proxy where there is one
fanout   recorded frames at 30 fps for 100 viewers of one rendition, as in the scenario of that name; they have tokens or none
load     a picture page of 8 MB in 64 parts of 128 kB, loaded anew: what of it goes through the proxy shows here, if anywhere
ratio    with / without, of the medians of neighbouring runs; 1.03 is the most that is wanted

Without: nobody logs in, browsers have the machine's network and policies. With: HS256 tokens, a mount and a network namespace
for each browser with policies of ours, and every connection through the egress process.
"""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Iterator
from typing import Any

from bench import crowd, stage
from bench.crowd import Crowd
from bench.glass import Glass, open_viewer, watch
from bench.load import Plan, Watch
from bench.result import Result, percentile
from bench.scenario import Options, Steps
from bench.scenarios.fanout import FPS, KIND, PICTURE_BYTES, quality_for
from bench.server import Server

WITH: dict[str, Any] = {
    "auth_secret": "for this benchmark alone, long enough",
    "private_addresses": "deny",
    "allowed_destinations": "127.0.0.1",
    # All viewers come from one address here, which is let have only so many.
    "request_rate": 0,
    "connections": 0,
}
VIEWERS = 100
LOADS = 10
MOST = "<= 1.03"


def run(options: Options, steps: Steps) -> Result:
    result = Result("security")
    steps.begin(6 * options.runs)
    glass: list[list[Glass]] = [[], []]
    loads: list[list[float]] = [[], []]
    crowds: list[list[Crowd]] = [[], []]
    with contextlib.ExitStack() as stack:
        plain, site = stack.enter_context(stage.browsers("bench.unguarded", max_fps=60))
        guarded, _ = stack.enter_context(stage.browsers(max_fps=60, **WITH))
        for number in range(options.runs):
            for kind, server in _in_turns(plain, guarded, number):
                steps.step(f"glass {'with' if kind else 'without'}, run {number + 1} of {options.runs}")
                with stage.session(server, f"{site}/canvas.html") as id:
                    with open_viewer(server, id, stage.QUALITY, 60) as client:
                        glass[kind].append(watch(server, client, options.seconds))
                    steps.step(f"load {'with' if kind else 'without'}, run {number + 1} of {options.runs}")
                    loads[kind] += [_load(server, id, f"{site}/parts?{number}-{turn}") for turn in range(LOADS)]
    quality = quality_for(PICTURE_BYTES)
    with contextlib.ExitStack() as stack:
        plain = stack.enter_context(stage.synthetic(max_fps=60))
        guarded = stack.enter_context(stage.synthetic(max_fps=60, **WITH))
        for number in range(options.runs):
            for kind, server in _in_turns(plain, guarded, number):
                steps.step(f"fanout {'with' if kind else 'without'}, run {number + 1} of {options.runs}")
                with stage.session(server, stage.feed(KIND, fps=FPS)) as id:
                    viewers = [Watch(id, 2 * FPS, quality)] * VIEWERS
                    plan = Plan(server.address, viewers, options.seconds, warm=3.0, token=server.token)
                    crowds[kind].append(crowd.watch(server, plan))
    ages = [[percentile(run.ages, 0.5) for run in runs] for runs in glass]
    spent = [[10 * run.cost.total * run.seconds / max(1, run.distinct) for run in runs] for runs in glass]
    _compare(result, "glass: p50", ages, "ms", "age of a picture on arrival", MOST)
    _compare(result, "glass: CPU a frame", spent, "ms", "CPU of all processes for each distinct picture", MOST)
    _compare(result, "load", [[1000 * one for one in runs] for runs in loads], "ms", "a page of 8 MB in 64 parts, until loaded")
    fronts = [[run.cost.by_role["front"] for run in runs] for runs in crowds]
    _compare(result, "fanout: front", fronts, "%", f"CPU of the front, {VIEWERS} viewers", MOST)
    worst = [[min(run.rates) for run in runs] for runs in crowds]
    _compare(result, "fanout: worst", worst, "/s", "frames a second of the viewer who got fewest")
    return result


def _in_turns(plain: Server, guarded: Server, number: int) -> Iterator[tuple[int, Server]]:
    """Both, the one that comes first changing from run to run."""
    both = [(0, plain), (1, guarded)]
    yield from both if number % 2 == 0 else reversed(both)


def _load(server: Server, id: str, url: str) -> float:
    begin = time.monotonic()
    server.post(f"/api/session/{id}/load", url=url)
    return time.monotonic() - begin


def _compare(result: Result, name: str, runs: list[list[float]], unit: str, definition: str, target: str = "") -> None:
    for label, values in zip(("without", "with"), runs, strict=True):
        result.add(f"{name}, {label}", values, unit, definition)
    ratios = [guarded / plain for plain, guarded in zip(*runs, strict=True)]
    figure = f"with / without, {definition}"
    result.add(f"{name}, ratio", [statistics.median(ratios)] if len(ratios) > 50 else ratios, "", figure, target)
