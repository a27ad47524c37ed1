"""Memory: what a session and a viewer take, and that an hour's coming and going leaves nothing behind.

PSS, proportional set size: each process's own memory and its share of what it has in common with others, so that sums count
nothing twice. Sessions show the canvas page and are watched at 30 fps, so that rings and packets are as full as they get.

own part    what three sessions take more than one, halved, Chromium's processes excluded: capture process, ChromeDriver, Xvfb,
            frame ring, and what front and encoders keep for it
chromium    the same of Chromium's processes alone
viewer      what 100 viewers of one session add to the front, divided by 100
churn       once, whatever the number of runs: sessions without a browser (bench.synthetic), each created, watched by three
            viewers, and closed, as many as an hour would see with one every 15 seconds; then as many again, over which is
            counted what front and encoders hold more: memory (growth of PSS divided by the sessions), descriptors, threads,
            segments in /dev/shm
"""

from __future__ import annotations

import contextlib
import time

import psutil

from bench import machine, stage
from bench.client import Client
from bench.glass import open_viewer
from bench.holdings import RELEASE_SECONDS, Holdings, holdings
from bench.result import Result
from bench.scenario import CannotRun, Options, Steps
from bench.server import Server

SESSIONS = 3
VIEWERS = 100
WATCH_SECONDS = 2.0
CHURN = 240  # a session every 15 seconds, for an hour
QUICK_CHURN = 20
VIEWERS_EACH = 3


def run(options: Options, steps: Steps) -> Result:
    result = Result("memory", axes=("sessions", "PSS, MB"))
    steps.begin(options.runs * (SESSIONS + 1) + 1)
    by_count: list[list[dict[str, float]]] = []
    each_viewer: list[float] = []
    for number in range(options.runs):
        suffix = f"run {number + 1} of {options.runs}"
        by_count.append(_sessions(steps, suffix))
        steps.step(f"{VIEWERS} viewers, {suffix}")
        each_viewer.append(_viewers())
    _session_figures(result, by_count)
    result.add("a viewer", each_viewer, "kB", f"growth of the front's PSS by {VIEWERS} viewers / {VIEWERS}")
    count = QUICK_CHURN if options.quick else CHURN
    steps.step(f"{2 * count} sessions come and go")
    before, after = _churn(count)
    for name in ("front", "encoders"):
        growth = (getattr(after, name) - getattr(before, name)) / count
        definition = f"growth of PSS over {count} sessions with {VIEWERS_EACH} viewers each, after as many; for each session"
        result.add(f"churn: {name}", [growth], "kB", definition, "<= 1")
    for name in ("descriptors", "threads", "segments"):
        more = getattr(after, name) - getattr(before, name)
        result.add(f"churn: {name}", [more], "", f"{name} more than before, front and encoders", "<= 0")
    return result


def _session_figures(result: Result, by_count: list[list[dict[str, float]]]) -> None:
    def own(roles: dict[str, float]) -> float:
        return sum(roles.values()) - roles.get("chromium", 0.0)

    more = [(own(run[-1]) - own(run[0])) / (SESSIONS - 1) for run in by_count]
    result.add("own part of a session", more, "MB", f"({SESSIONS} sessions - 1) / {SESSIONS - 1}, without Chromium", "<= 100")
    more = [(run[-1]["chromium"] - run[0]["chromium"]) / (SESSIONS - 1) for run in by_count]
    result.add("Chromium of a further session", more, "MB", f"({SESSIONS} sessions - 1) / {SESSIONS - 1}, Chromium's processes")
    for count in range(1, SESSIONS + 1):
        for role in sorted(by_count[0][count - 1]):
            values = [run[count - 1].get(role, 0.0) for run in by_count]
            target = "<= 80" if role == "front" else ""
            result.add(
                f"{count} session{'s' if count > 1 else ''}: {role}", values, "MB", "PSS of the processes of this kind", target
            )
            result.curves.setdefault(role, []).append((float(count), sorted(values)[len(values) // 2]))


def _sessions(steps: Steps, suffix: str) -> list[dict[str, float]]:
    """PSS in MB by role, of 1, 2, ... sessions."""
    found = []
    with stage.browsers() as (server, site), contextlib.ExitStack() as open_now:
        for count in range(1, SESSIONS + 1):
            steps.step(f"{count} sessions, {suffix}")
            id = open_now.enter_context(stage.session(server, f"{site}/canvas.html"))
            viewer = open_now.enter_context(open_viewer(server, id, stage.QUALITY, 30))
            deadline = time.monotonic() + WATCH_SECONDS
            while time.monotonic() < deadline:
                viewer.receive(0.1)
            found.append(_by_role(server))
    return found


def _by_role(server: Server) -> dict[str, float]:
    roles: dict[str, float] = {}
    for process in machine.family(server.process.pid):
        try:
            role, size = machine.role(process, server.process.pid), machine.pss_mb(process)
        except psutil.AccessDenied:
            raise CannotRun("The browsers run as users of their own; only root may read what memory they take.") from None
        except psutil.NoSuchProcess:
            continue
        roles[role] = roles.get(role, 0.0) + size
    return roles


def _viewers() -> float:
    """What a viewer adds to the front, in kB."""
    with stage.synthetic() as server, stage.session(server, stage.feed("mixed", fps=5)) as id:
        front = psutil.Process(server.process.pid)
        _visit(server, id, 10)
        before = machine.pss_mb(front)
        with contextlib.ExitStack() as open_now:
            clients = [open_now.enter_context(open_viewer(server, id, stage.QUALITY, 5)) for _ in range(VIEWERS)]
            for client in clients:
                client.wait_for_frame()
            return (machine.pss_mb(front) - before) * 1000 / VIEWERS


def _churn(count: int) -> tuple[Holdings, Holdings]:
    """What the front holds after `count` sessions have come and gone, and after twice as many."""
    with stage.synthetic() as server:
        held = []
        for _ in range(2):
            for _ in range(count):
                with stage.session(server, stage.feed("text", copy=False)) as id:
                    _visit(server, id, VIEWERS_EACH)
            time.sleep(RELEASE_SECONDS)
            held.append(holdings(server))
        return held[0], held[1]


def _visit(server: Server, id: str, viewers: int) -> None:
    for _ in range(viewers):
        with Client(server.address) as client:
            client.emit("subscribe", {"session_id": id})
            client.wait_for_frame()
