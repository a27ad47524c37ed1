"""Sessions: one after the other in full motion at 30 fps, until frames are lost. Does a session cost the same however many
there are?

Each session is a Chromium of its own that shows the canvas page, watched by one viewer at 30 fps and quality 75.

worst       frames a second of the session that got fewest; below 29 frames are lost, and no more sessions are added
CPU each    of all processes of the server, browsers included, divided by the number of sessions
flat        the dearest session of 1 to 3 over the cheapest, by CPU each
"""

from __future__ import annotations

import contextlib

from bench import crowd, stage
from bench.crowd import Crowd
from bench.load import Plan, Watch
from bench.result import Result, percentile
from bench.scenario import Options, Steps
from bench.server import Server

FPS = 30
LOST_BELOW = 29
JUDGED = 3  # sessions that the targets speak of
MOST = 6


def run(options: Options, steps: Steps) -> Result:
    result = Result("sessions", axes=("sessions", "CPU of a session, %"))
    steps.begin(options.runs * MOST)
    with stage.browsers() as (server, site):
        runs = [
            _add_until_lost(server, f"{site}/canvas.html", options, steps, f"run {number + 1} of {options.runs}")
            for number in range(options.runs)
        ]
    for count in range(1, max(map(len, runs)) + 1):
        present = [crowds[count - 1] for crowds in runs if len(crowds) >= count]
        worst = [min(crowd.rates) for crowd in present]
        target = f">= {LOST_BELOW}" if count <= JUDGED else ""
        result.add(f"{count}: worst", worst, "/s", "frames a second of the session that got fewest", target)
        each = [crowd.cost.total / count for crowd in present]
        result.add(f"{count}: CPU each", each, "%", "CPU of all processes / sessions")
        result.curves.setdefault("CPU each", []).append((float(count), percentile(each, 0.5)))
    reached = [sum(min(crowd.rates) >= LOST_BELOW for crowd in crowds) for crowds in runs]
    result.add("sessions without loss", reached, "", f"sessions that all got {LOST_BELOW} fps or more", f">= {JUDGED}")
    flat = []
    for crowds in runs:
        each = [crowd.cost.total / (count + 1) for count, crowd in enumerate(crowds[:JUDGED])]
        flat.append(max(each) / min(each))
    result.add("flat", flat, "", f"CPU each of 1 to {JUDGED} sessions: the largest over the smallest", "<= 1.1")
    return result


def _add_until_lost(server: Server, url: str, options: Options, steps: Steps, suffix: str) -> list[Crowd]:
    """What 1, 2, ... sessions gave; at least as many as are judged, then until frames are lost."""
    crowds: list[Crowd] = []
    with contextlib.ExitStack() as open_now:
        ids: list[str] = []
        while len(crowds) < JUDGED or (len(crowds) < MOST and min(crowds[-1].rates) >= LOST_BELOW):
            steps.step(f"{len(ids) + 1} sessions, {suffix}")
            ids.append(open_now.enter_context(stage.session(server, url)))
            plan = Plan(server.address, [Watch(id, FPS, stage.QUALITY) for id in ids], options.seconds)
            crowds.append(crowd.watch(server, plan))
    return crowds
