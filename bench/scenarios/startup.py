"""Startup: from asking for a session to its first frame at a viewer; the server runs already, and its encoders.

warm   the machine has run Chromium before, so its files are in memory
cold   the kernel's page cache was dropped right before (root only)
pool   from a small pool of warm browsers, where the server has that setting

bare   POST /api/session/create without a page, then `subscribe` on a connection that is open: to the first frame
page   the same with a page: to the first frame that shows the page's clock
"""

from __future__ import annotations

import itertools
import os
import subprocess
import time
from dataclasses import fields
from pathlib import Path
from typing import Any

from bench import clock, stage
from bench.client import Client
from bench.result import Result
from bench.scenario import Options, Steps
from bench.server import Server
from engine.settings import Settings

POOL_SETTING = "warm_sessions"
POOL_SIZE = 2
POOL_FILLS_SECONDS = 6.0
ATTEMPTS = 3  # creations a run
DROP_CACHES = Path("/proc/sys/vm/drop_caches")
SETTLE_SECONDS = 1.0
_numbers = itertools.count(1)


def run(options: Options, steps: Steps) -> Result:
    result = Result("startup")
    kinds = ["warm"]
    if os.access(DROP_CACHES, os.W_OK):
        kinds.append("cold")
    else:
        result.notes.append("cold was not measured: only root may drop the kernel's page cache.")
    if any(entry.name == POOL_SETTING for entry in fields(Settings)):
        kinds.append("pool")
    else:
        result.notes.append(f"pool was not measured: this version has no setting `{POOL_SETTING}`.")
    steps.begin(options.runs * len(kinds))
    times: dict[tuple[str, str], list[list[float]]] = {(kind, what): [] for kind in kinds for what in ("bare", "page")}
    for number in range(options.runs):
        for kind in kinds:
            steps.step(f"{kind}, run {number + 1} of {options.runs}")
            settings: dict[str, Any] = {POOL_SETTING: POOL_SIZE} if kind == "pool" else {}
            with stage.browsers(**settings) as (server, site):
                _create(server, None)  # whatever only the first session of a server pays is not the session's
                for what in ("bare", "page"):
                    page = f"{site}/click.html" if what == "page" else None
                    times[kind, what].append([_attempt(server, kind, page) for _ in range(ATTEMPTS)])
    for (kind, what), runs in times.items():
        shown = "its first frame" if what == "bare" else "the first frame with the page's clock"
        target = "<= 200" if kind == "pool" else "<= 1200"
        result.add_latencies(f"{kind}, {what}", runs, f"{kind}: from POST create to {shown}", target)
    result.figures = [figure for figure in result.figures if not figure.name.endswith("p99")]  # of a handful it says nothing
    return result


def _attempt(server: Server, kind: str, page: str | None) -> float:
    if kind == "cold":
        subprocess.run(["sync"], check=True)
        DROP_CACHES.write_text("3")
    time.sleep(POOL_FILLS_SECONDS if kind == "pool" else SETTLE_SECONDS)
    return _create(server, page)


def _create(server: Server, page: str | None) -> float:
    """Create a session and wait for its picture; the time that took in ms. The session is closed afterwards."""
    id = f"startup-{next(_numbers)}"
    with Client(server.address) as client:
        begin = time.time()
        server.post(
            "/api/session/create", session_id=id, width=stage.WIDTH, height=stage.HEIGHT, **({"url": page} if page else {})
        )
        client.emit("subscribe", {"session_id": id})
        frame = client.wait_for_frame()
        while page and clock.read(frame.jpeg) is None:
            frame = client.wait_for_frame()
    server.post(f"/api/session/{id}/close")
    return (frame.arrived - begin) * 1000
