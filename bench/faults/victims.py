"""Faults of one process: a session under a live stream with three viewers has something happen to it, and recovers.

Another session, the bystander, streams beside it all the time.
"""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import psutil
import requests

from bench.faults import processes, remains
from bench.faults.audience import Audience, Spectator
from bench.server import Server
from engine.settings import Settings

VIEWERS = 3
WIDTH, HEIGHT = 320, 240
KEPT_SECONDS = 3.0  # after a load cookies and storage are kept (`capture.keepsake`); what comes sooner would not be
PATIENCE_SECONDS = 60.0
BUSY_SECONDS = 0.5  # in which the encoder that works has been seen to
_numbers = itertools.count(1)


class Outcome(msgspec.Struct):
    """What became of one injection. Seconds count from the fault, or from its end where that is what ends the interruption.

    noticed   until viewers were told of it; None: they were not, or did not need to be
    recovered until frames flowed again for all viewers; None: they did not
    missing   frames that one viewer would have had in the time without any
    kept      what was still there afterwards, of `viewers`, `page`, `cookie`, `storage`, `session`
    others    frames that the bystander did not get
    detail    anything to tell, in a few words
    """

    noticed: float | None = None
    recovered: float | None = None
    missing: int = 0
    kept: list[str] = []
    others: int = 0
    detail: str = ""


@dataclass
class Stage:
    """A server, its spectators, the address of the pages, and the bystander. `seen`: the processes that victims have had."""

    server: Server
    audience: Audience
    site: str
    bystander: Spectator
    seen: set[psutil.Process] = field(default_factory=set)


def create(server: Server, id: str, url: str) -> None:
    """A session that shows `url`."""
    made = server.post("/api/session/create", session_id=id, width=WIDTH, height=HEIGHT, url=url)
    if "load_error" in made:
        raise RuntimeError(made["load_error"])


class Victim:
    """A session that shows a moving page to three viewers. Raises TimeoutError where frames do not begin to flow."""

    def __init__(self, stage: Stage, settle: float = KEPT_SECONDS) -> None:
        self.stage = stage
        self.id = f"victim-{next(_numbers)}"
        self.url = f"{stage.site}/fragile.html"
        create(stage.server, self.id, self.url)
        since = time.monotonic()
        self.viewers = [stage.audience.seat(stage.server.address, self.id) for _ in range(VIEWERS)]
        try:
            self.wait(lambda: self.flows_since(since) is not None)
        except BaseException:
            self.close()
            raise
        time.sleep(max(0.0, since + settle - time.monotonic()))
        stage.seen |= remains.descendants(stage.server)

    def flows_since(self, since: float) -> float | None:
        """From when on frames flow for all viewers."""
        begins = [viewer.flows_since(since) for viewer in self.viewers]
        return max((begin for begin in begins if begin is not None), default=None) if None not in begins else None

    def wait(self, condition: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f"nothing came of {self.id} within {seconds:g} s: {self.viewers[0].told}")
            time.sleep(0.02)

    def outcome(self, since: float, *, told: bool) -> Outcome:
        """Wait until frames flow again; `told`: only after the viewers were told that the browser is another one."""
        if told:
            self.wait(lambda: all(viewer.heard("rebuilt", since) for viewer in self.viewers))
        after = max((viewer.heard("rebuilt", since) or since for viewer in self.viewers), default=since)
        self.wait(lambda: self.flows_since(after) is not None)
        end = self.flows_since(after)
        assert end is not None
        if not told:  # nothing may have been missed at all: then it is the longest pause
            until = time.monotonic()
            worst = max(viewer.longest_gap(since, until) for viewer in self.viewers)
            end = end if worst > 1.0 else since + worst
        noticed = [at - since for viewer in self.viewers if (at := viewer.heard("rebuilding", since))]
        missing = min(sum(since <= at < end for at, _ in viewer.frames) for viewer in self.viewers)
        return Outcome(
            noticed=max(noticed, default=None),
            recovered=end - since,
            missing=max(0, round((end - since) * 30) - missing),
            kept=self.kept(),
        )

    def kept(self) -> list[str]:
        found = [] if any(viewer.lost for viewer in self.viewers) else ["viewers"]
        page = self.page()
        if page["url"] == self.url:
            found.append("page")
        cookie, _, storage = page["title"].partition(" ")
        return found + ["cookie"] * (cookie not in ("", "0", "1")) + ["storage"] * (storage not in ("", "0", "1"))

    def page(self) -> dict[str, str]:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            answer = requests.get(f"{self.stage.server.address}/api/session/{self.id}/info", timeout=60)
            if answer.status_code != 503 or time.monotonic() > deadline:
                return dict(answer.json().get("page_info") or {"url": "", "title": ""})
            time.sleep(0.1)

    def close(self) -> None:
        with contextlib.suppress(psutil.NoSuchProcess):
            self.stage.seen |= remains.descendants(self.stage.server)
        for viewer in self.viewers:
            self.stage.audience.dismiss(viewer)
        with contextlib.suppress(requests.RequestException):
            self.stage.server.post(f"/api/session/{self.id}/close")


@contextlib.contextmanager
def victim(stage: Stage, settle: float = KEPT_SECONDS) -> Iterator[Victim]:
    session = Victim(stage, settle)
    try:
        yield session
    finally:
        session.close()


def browser_fault(stage: Stage, kind: str, injure: Callable[[psutil.Process], object]) -> Outcome:
    """Something happens to a process of a session."""
    with victim(stage) as session:
        process = processes.of_session(stage.server, session.id, kind)
        since = time.monotonic()
        injure(process)
        return session.outcome(since, told=True)


def no_fault(stage: Stage) -> Outcome:
    """What the victim's coming and going does to others by itself: starting a browser takes a small machine's cores."""
    with victim(stage) as session:
        return session.outcome(time.monotonic(), told=False)


def loop_fault(stage: Stage) -> Outcome:
    """The page loses itself in an endless loop."""
    with victim(stage) as session:
        since = time.monotonic()
        session.viewers[0].click()
        return session.outcome(since, told=True)


def encoder_fault(stage: Stage, injure: Callable[[psutil.Process], object]) -> Outcome:
    """Something happens to the encoder that works (one that hangs with nothing to do is not noticed); another takes its place."""
    with victim(stage, 1.0) as session:
        encoders = [f"encoder {number}" for number in range(Settings().encoder_count)]
        before = {name: _work_of(stage, name) for name in encoders}
        time.sleep(BUSY_SECONDS)
        since = _replaced(session, max(encoders, key=lambda name: _work_of(stage, name) - before[name]), injure)
        found = session.outcome(since, told=False)
        found.kept = ["viewers", "session"] if "viewers" in found.kept else ["session"]
        return found


def egress_fault(stage: Stage, injure: Callable[[psutil.Process], object]) -> Outcome:
    """Something happens to the process through which pages reach the network; it has recovered when a page loads again."""
    with victim(stage, 1.0) as session:
        since = _replaced(session, "egress", injure)
        session.wait(lambda: _loads(session))
        found = session.outcome(since, told=False)
        found.recovered = time.monotonic() - since
        found.kept = ["viewers", "session"] if "viewers" in found.kept else ["session"]
        return found


def _work_of(stage: Stage, name: str) -> int:
    """Nanoseconds of CPU: half a second of small pictures is less than the step in which the kernel counts for others."""
    threads = Path(f"/proc/{processes.ours(stage.server, name).pid}/task").glob("*/schedstat")
    return sum(int(thread.read_text().split()[0]) for thread in threads)


def _replaced(session: Victim, name: str, injure: Callable[[psutil.Process], object]) -> float:
    """Injure a child of the front and wait until another one is there; when it was injured."""
    server = session.stage.server
    process = processes.ours(server, name)
    since = time.monotonic()
    injure(process)

    def there() -> bool:
        with contextlib.suppress(ValueError, psutil.Error):
            return processes.ours(server, name).pid != process.pid
        return False

    session.wait(there)
    return since


def _loads(session: Victim) -> bool:
    answer = requests.post(f"{session.stage.server.address}/api/session/{session.id}/load", json={"url": session.url}, timeout=60)
    return answer.ok


def front_stop(stage: Stage, seconds: float = 3.0) -> Outcome:
    """The front stands still for a while, as on a machine that is suspended: nobody else may be blamed for it."""
    with victim(stage, 1.0) as session:
        front = psutil.Process(stage.server.process.pid)
        front.suspend()
        time.sleep(seconds)
        since = time.monotonic()
        front.resume()
        found = session.outcome(since, told=False)
        blamed = sum(code == "rebuilding" for viewer in session.viewers for _, code in viewer.told)
        found.detail = f"{blamed} browsers were wrongly started again" if blamed else ""
        return found
