"""Soak: sessions, viewers and loads come and go, processes are killed, and in the end all is as it was in the beginning.

It lasts two minutes, or as `--seconds` says (hours, on demand). A round creates two sessions, has viewers come and go and pages
loaded in them, kills a process of one (each kind in turn, an encoder and the egress process too), and closes both. After a first
round, which is not counted, it is noted what the server has of each thing while it has no session; the same is done at the end.

memory      of all processes of the server, what they share counted once; it may end a tenth and 20 MB above what it was
left        processes, descriptors of the front, its threads and segments beyond those of the beginning
"""

from __future__ import annotations

import random
import time
from collections import Counter
from typing import Any

import psutil
import requests

from bench import stage
from bench.faults import processes, remains
from bench.faults.audience import Audience
from bench.result import Result
from bench.scenario import Options, Steps
from bench.server import Server

SECONDS, QUICK_SECONDS = 120.0, 20.0
PAGES = ("canvas.html", "scroll.html", "text.html", "still.html", "photo.html")
KILLED = ("renderer", "encoder", "chromium", "egress", "capture", "xvfb", "chromedriver")
VIEWERS, LOADS = 4, 3
LOOK_SECONDS = 0.4
SETTLE_SECONDS = 45.0  # connections are let go of 30 s after they have ended (`api.tidy`)
MORE_SHARE, MORE_BYTES = 0.1, 20e6


def run(options: Options, steps: Steps) -> Result:
    seconds = options.length or (QUICK_SECONDS if options.quick else SECONDS)
    result = Result("soak", axes=("rounds", "memory, MB"))
    steps.begin(4)
    rounds = 0
    killed: Counter[str] = Counter()
    # What pages may not open has them go through the egress process.
    settings: dict[str, Any] = {"encoders": 2, "session_timeout": 3600, "denied_destinations": "denied.example"}
    with stage.browsers(**settings) as (server, site), Audience() as audience:
        choose = random.Random(1)
        steps.step("a first round")
        _round(server, site, audience, choose, "renderer")
        before, memory_before = _rest(server, None)
        curve = [(0.0, memory_before / 1e6)]
        steps.step(f"{seconds:g} s of churn")
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            kind = KILLED[rounds % len(KILLED)]
            killed[kind] += _round(server, site, audience, choose, kind)
            rounds += 1
            curve.append((float(rounds), _memory(server) / 1e6))
        steps.step("coming to rest")
        after, memory_after = _rest(server, before)
        errors = [line for line in server.log if "failed inside" in line or "Traceback" in line]
    result.add("rounds", [rounds], "", f"of 2 sessions, {VIEWERS} viewers, {LOADS} loads and a kill", ">= 1")
    result.add("kinds killed", [sum(map(bool, killed.values()))], "", ", ".join(KILLED), f">= {min(rounds, len(KILLED))}")
    limit = memory_before * (1 + MORE_SHARE) + MORE_BYTES
    result.add("memory before", [memory_before / 1e6], "MB", "of all processes of the server, without a session")
    result.add("memory after", [memory_after / 1e6], "MB", "the same at the end", f"<= {limit / 1e6:.0f}")
    for kind, count in after.items():
        result.add(f"left: {kind}", [max(0, count - before[kind])], "", "beyond those of the beginning", "<= 0")
    result.add("errors inside", [len(errors)], "", "lines of the log that nobody foresaw", "<= 0")
    result.add("exit code", [server.process.returncode], "", "of the server, which is told to stop at the end", "<= 0")
    result.curves["memory"] = curve
    result.notes += errors[:5]
    return result


def _round(server: Server, site: str, audience: Audience, choose: random.Random, kind: str) -> bool:
    """Whether there was a process of that `kind` to be killed."""
    ids = []
    for _ in range(2):
        made = server.post("/api/session/create", width=320, height=240, url=f"{site}/{choose.choice(PAGES)}")
        ids.append(made["session_id"])
    viewers = [audience.seat(server.address, choose.choice(ids), choose.choice((5, 30, 60))) for _ in range(VIEWERS)]
    time.sleep(LOOK_SECONDS)
    for _ in range(LOADS):
        _load(server, choose.choice(ids), f"{site}/{choose.choice(PAGES)}")
    for viewer in viewers[: VIEWERS // 2]:
        audience.dismiss(viewer)
    victim = _victim(server, ids[0], f"encoder {choose.randrange(2)}" if kind == "encoder" else kind)
    if victim is not None:
        victim.kill()
    time.sleep(LOOK_SECONDS)
    _load(server, ids[0], f"{site}/canvas.html")
    requests.get(f"{server.address}/api/session/{ids[1]}/frame", timeout=60)
    for id in ids:
        server.post(f"/api/session/{id}/close")
    for viewer in viewers[VIEWERS // 2 :]:
        audience.dismiss(viewer)
    return victim is not None


def _victim(server: Server, id: str, kind: str) -> psutil.Process | None:
    try:
        if kind.startswith(("encoder", "egress")):
            return processes.ours(server, kind)
        return processes.of_session(server, id, kind)
    except (StopIteration, ValueError):
        return None  # its successor is just being started; a page that does not move has no renderer that works


def _load(server: Server, id: str, url: str) -> None:
    """Whether it loads is not the question: its browser may just have been killed. An answer without a sentence is a failure."""
    answer = requests.post(f"{server.address}/api/session/{id}/load", json={"url": url}, timeout=60)
    if answer.status_code == 500:
        raise RuntimeError(f"not explained: {answer.text}")


def _rest(server: Server, before: dict[str, int] | None) -> tuple[dict[str, int], float]:
    """What the server has once nothing goes any more: no more than `before`, or when that has not come about in time."""
    deadline = time.monotonic() + SETTLE_SECONDS
    counted = remains.counts(server)
    while time.monotonic() < deadline:
        last, counted = counted, remains.counts(server)
        if before is None and counted == last and not server.get("/api/sessions")["sessions"]:
            break
        if before is not None and all(counted[kind] <= before[kind] for kind in before):
            break
        time.sleep(1.0)
    return counted, _memory(server)


def _memory(server: Server) -> float:
    front = psutil.Process(server.process.pid)
    total = 0.0
    for process in [front, *front.children(recursive=True)]:
        try:
            total += process.memory_full_info().pss
        except psutil.Error:
            continue
    return total
