"""Churn: 300 viewers join and leave at random for two minutes. Is every lease given back, and does anything stay behind?

Three sessions without a browser (bench.synthetic) show recorded frames at 5 a second. Viewers come from everywhere at once: three
qualities, three rates, WebSocket and, one in ten, stream.mjpeg; each stays for four seconds on average, at most 300 at a time.
A quarter each closes its connection, is cut off, has never read anything, or unsubscribes before it goes. One more viewer of the
first session stays all the time. It is done once for a minute, so that everything is loaded and as much memory taken as so many
viewers take at once, then the server's processes are looked at, then for two minutes, and they are looked at again; each time
after what the front waits before it tidies up.

came           viewers in the two minutes
witness        frames that the one who stays has missed of those its session showed, and of all viewers, frames that were older
               than one before
lost           viewers whose connection the server ended
slots          of each session's frame ring, that have not come back once nobody watches (the newest frame keeps one)
left           viewers that the sessions still know of then
growth         of what front and encoders hold: memory (PSS) for each viewer that came, descriptors, threads, segments in /dev/shm
"""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import dataclass

from bench import crowd, stage
from bench.churn import Churn, Tally
from bench.client import Client, Frame
from bench.crowd import Crowd
from bench.holdings import RELEASE_SECONDS, Holdings, holdings
from bench.load import Plan, Watch
from bench.result import Result
from bench.scenario import Options, Steps
from bench.server import Server
from engine.framering import SLOTS

VIEWERS, STAY_SECONDS = 300, 4.0
SESSIONS, FPS = 3, 5.0
SECONDS, WARM_SECONDS = 120.0, 60.0  # the warm-up sees as many at once as what is counted
QUICK_VIEWERS, QUICK_SECONDS, QUICK_RELEASE_SECONDS = 60, 10.0, 5.0
SETTLE_SECONDS = 30.0
UNLIMITED = {"connections": 0, "request_rate": 0, "max_fps": 60}


@dataclass(frozen=True, slots=True)
class Outcome:
    """`missed`: frames the witness has; `slots`: that have not come back; `left`: viewers that are still known."""

    tally: Tally
    missed: int
    slots: int
    left: int


def run(options: Options, steps: Steps) -> Result:
    result = Result("churn")
    most, seconds, release = (
        (QUICK_VIEWERS, QUICK_SECONDS, QUICK_RELEASE_SECONDS) if options.quick else (VIEWERS, SECONDS, RELEASE_SECONDS)
    )
    steps.begin(4)
    with stage.synthetic(**UNLIMITED) as server, contextlib.ExitStack() as opened:
        ids = [opened.enter_context(stage.session(server, stage.feed("text", fps=FPS, copy=False))) for _ in range(SESSIONS)]
        steps.step("a few come and go")
        come_and_go(server, ids, most=most, seconds=min(seconds, WARM_SECONDS))
        before = _held(server, release)
        steps.step(f"at most {most} viewers for {seconds:g} s")
        outcome = come_and_go(server, ids, most=most, seconds=seconds)
        steps.step("what is left is counted")
        after = _held(server, release)
        steps.step("all slots are in use again")
        again = crowd.watch(server, Plan(server.address, [Watch(id, 60) for id in ids], min(options.seconds, 10)))
    _figures(result, outcome, before, after, again)
    return result


def come_and_go(server: Server, ids: list[str], *, most: int, seconds: float) -> Outcome:
    """Have viewers of the sessions `ids` come and go, until the server knows of none any more."""
    churn = Churn(server.address, ids, most=most, stay=STAY_SECONDS)
    seqs: list[int] = []
    closing = threading.Event()
    witness = threading.Thread(target=_stay, args=(server, ids[0], seqs, closing))
    witness.start()
    try:
        churn.run(seconds)
    finally:
        closing.set()
        witness.join()
    deadline = time.monotonic() + SETTLE_SECONDS
    while (left := sum(_viewers(server, id) for id in ids)) and time.monotonic() < deadline:
        time.sleep(0.1)
    missed = seqs[-1] - seqs[0] + 1 - len(set(seqs)) if seqs else 1
    return Outcome(churn.tally, missed, sum(_slots_out(server, id) for id in ids), left)


def _stay(server: Server, id: str, seqs: list[int], closing: threading.Event) -> None:
    with Client(server.address) as client:
        client.subscribe(id, adaptive=False, fps=60)
        while not closing.is_set():
            event = client.receive(0.2)
            if isinstance(event, Frame):
                seqs.append(event.fields["seq"])


def _viewers(server: Server, id: str) -> int:
    return int(server.get(f"/api/session/{id}/info")["viewers"])


def _slots_out(server: Server, id: str) -> int:
    """Slots beside the newest frame's that the capture process has not got back, as soon as nothing is encoded any more."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        free = int(server.get(f"/api/session/{id}/info")["page_info"]["title"].split()[0])
        if free >= SLOTS - 1 or time.monotonic() > deadline:
            return SLOTS - 1 - free
        time.sleep(0.1)


def _held(server: Server, release: float) -> Holdings:
    time.sleep(release)
    return holdings(server)


def _figures(result: Result, outcome: Outcome, before: Holdings, after: Holdings, again: Crowd) -> None:
    tally = outcome.tally
    came = sum(tally.came.values())
    result.add("came", [came], "", "viewers in all: " + ", ".join(f"{count} {way}" for way, count in sorted(tally.came.items())))
    result.add("at once", [tally.most], "", "viewers at the fullest moment")
    result.add("witness: missed", [outcome.missed], "", "frames that the viewer who stays has not had", "<= 0")
    result.add("backwards", [tally.backwards], "", f"of {tally.frames} frames: older than one before at the same viewer", "<= 0")
    result.add("lost", [len(tally.lost)], "", "viewers whose connection the server ended", "<= 0")
    result.add("slots", [outcome.slots], "", "of the frame rings, not given back", "<= 0")
    result.add("left", [outcome.left], "", "viewers that are still known", "<= 0")
    for name in ("front", "encoders"):
        growth = (getattr(after, name) - getattr(before, name)) / max(1, came)
        result.add(f"growth: {name}", [growth], "kB", "of PSS, for each viewer that came", "<= 1")
    for name in ("descriptors", "threads", "segments"):
        result.add(f"growth: {name}", [getattr(after, name) - getattr(before, name)], "", f"{name} more than before", "<= 0")
    result.add(
        "afterwards", [min(again.rates)], "/s", f"frames of {FPS:g} a second at the worst of one viewer a session", ">= 4.9"
    )
    result.notes += sorted(set(tally.lost))[:5]
