"""Idle: sessions that show a still page and are watched. Nothing is painted, so nothing should be captured, encoded or sent.

CPU a session is that of all processes of the server, browsers included, divided by the number of sessions; a process's CPU time
is counted by the kernel in steps of 10 ms. The viewers read what comes and answer pings, as every client library does.
"""

from __future__ import annotations

import contextlib

from bench import crowd, stage
from bench.load import Plan, Watch
from bench.machine import Cost
from bench.result import Result
from bench.scenario import Options, Steps
from bench.server import Server

SESSIONS = 3
WARM_SECONDS = 5.0  # the pictures that a new session shows, and what it does right after
LEAST_SECONDS = 10.0  # so that one step of the kernel's counting is 0.1% of a core


def run(options: Options, steps: Steps) -> Result:
    result = Result("idle")
    steps.begin(options.runs)
    runs: list[tuple[Cost, int]] = []
    for number in range(options.runs):
        steps.step(f"{SESSIONS} still sessions, run {number + 1} of {options.runs}")
        with stage.browsers() as (server, site):
            runs.append(_watch(server, site, max(LEAST_SECONDS, options.seconds)))
    each = [cost.total / SESSIONS for cost, _ in runs]
    result.add("CPU a session", each, "%", f"all processes of the server / {SESSIONS} sessions", "<= 1")
    for role in sorted({role for cost, _ in runs for role in cost.by_role} - {"other"}):
        shares = [cost.by_role.get(role, 0.0) / SESSIONS for cost, _ in runs]
        result.add(f"CPU a session: {role}", shares, "%", f"processes of this kind / {SESSIONS} sessions")
    result.add("pictures", [frames for _, frames in runs], "", "sent in all while nothing changed", "<= 0")
    return result


def _watch(server: Server, site: str, seconds: float) -> tuple[Cost, int]:
    """The cost of still sessions, and how many frames they sent."""
    with contextlib.ExitStack() as open_now:
        ids = [open_now.enter_context(stage.session(server, f"{site}/still.html")) for _ in range(SESSIONS)]
        viewers = [Watch(id, 60, stage.QUALITY) for id in ids]
        crowd_ = crowd.watch(server, Plan(server.address, viewers, seconds, warm=WARM_SECONDS))
        return crowd_.cost, sum(len(seen.seqs) for seen in crowd_.seen)
