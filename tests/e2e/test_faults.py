"""Whatever part of a session dies or hangs: its viewers get frames again, and the sessions not concerned notice nothing."""

from __future__ import annotations

import contextlib
import math
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import psutil
import pytest
import requests

from bench.client import Client, Event, Frame
from bench.server import Server, run
from engine.precedence import FIRST, USUAL

HANG_SECONDS = 2
TOLD_BESIDES = ("cursor", "page", "tab:list", "focus")  # what viewers are told in peace, too
HANGING = ("capture", "Xvfb", "chromedriver", "chromium")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with run(encoders=1, hang_timeout=HANG_SECONDS, max_session_memory=700) as running:
        yield running
    assert running.process.returncode == 0, "\n".join(running.log)


class Watched:
    """A session of `server` that somebody watches."""

    def __init__(self, server: Server, id: str, url: str) -> None:
        self.server, self.id = server, id
        server.post("/api/session/create", session_id=id, width=320, height=240, url=url)
        self.client = Client(server.address)
        self.client.emit("subscribe", {"session_id": id, "fps": 10, "adaptive": False})
        self.seq = self.client.wait_for_frame().fields["seq"]

    def process(self, kind: str) -> psutil.Process:
        return process_of(self.server, self.id, kind)

    def comes_back(self, seconds: float) -> list[str]:
        """Wait until it has another browser, and new frames of the page come; the codes that were told."""
        codes: list[str] = []
        deadline = time.monotonic() + seconds
        loaded = False
        while time.monotonic() < deadline:
            event = self.client.receive(deadline - time.monotonic())
            if isinstance(event, Frame):
                assert event.fields["seq"] >= self.seq, "an older frame after a newer one"
                self.seq = event.fields["seq"]
                if loaded:
                    return codes
            elif isinstance(event, Event) and event.name not in TOLD_BESIDES:
                assert event.name == "status", event
                codes += [event.payload["code"]] if "code" in event.payload else []
                loaded |= event.name == "status" and event.payload["message"].startswith("Loaded")
        raise AssertionError(f"{self.id} has no frames again; it was told {codes}")

    def close(self) -> None:
        self.client.close()
        self.server.post(f"/api/session/{self.id}/close")


def process_of(server: Server, id: str, kind: str) -> psutil.Process:
    """A process of a session, by its name."""
    front = psutil.Process(server.process.pid)
    (capture,) = (child for child in front.children() if title(child) == f"jiomosa: capture {id}")
    if kind == "capture":
        return capture
    below = capture.children(recursive=True)
    if kind == "renderer":  # of several, that of the page: it works
        renderers = [process for process in below if "--type=renderer" in title(process).split()]
        before = {process: work_of(process) for process in renderers}
        time.sleep(1)
        return max(renderers, key=lambda process: work_of(process) - before[process])
    return next(process for process in below if process.name() == kind and "--type=" not in title(process))


def work_of(process: psutil.Process) -> float:
    """Seconds of CPU; of one that has ended none: a browser keeps a spare one."""
    with contextlib.suppress(psutil.Error):
        return process.cpu_times().user
    return -math.inf


def logged(server: Server, *words: str) -> bool:
    """Whether a line of the server's log has all of these."""
    return any(all(word in line for word in words) for line in server.log)


def page_info(server: Server, id: str) -> Any:
    """What the session shows, once its browser has the time to say so: a busy one is told to ask again."""
    deadline = time.monotonic() + 30
    while True:
        answer = requests.get(f"{server.address}/api/session/{id}/info", timeout=60)
        if answer.status_code != 503 or time.monotonic() > deadline:
            assert answer.ok, (id, answer.text, [line for line in server.log if id in line])
            return answer.json()["page_info"]
        time.sleep(0.2)


def title(process: psutil.Process) -> str:
    with contextlib.suppress(psutil.Error):
        return " ".join(process.cmdline()).strip()
    return ""


@pytest.fixture
def watch(server: Server) -> Iterator[Callable[[str, str], Watched]]:
    with contextlib.ExitStack() as opened:

        def open_one(id: str, url: str) -> Watched:
            session = Watched(server, id, url)
            opened.callback(session.close)
            return session

        yield open_one


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_what_streams_goes_before_what_browses(server: Server, watch: Callable[[str, str], Watched], site: str) -> None:
    session = watch("precedence", f"{site}/canvas.html")
    front = psutil.Process(server.process.pid)
    (encoder,) = (child for child in front.children() if title(child).startswith("jiomosa: encoder"))
    assert [front.nice(), encoder.nice()] == [FIRST, FIRST]
    assert {kind: session.process(kind).nice() for kind in HANGING} == dict.fromkeys(HANGING, USUAL)


@pytest.mark.parametrize("kind", ["renderer", *HANGING])
def test_any_process_of_a_session_may_be_killed(watch: Callable[[str, str], Watched], site: str, kind: str) -> None:
    session = watch(f"killed-{kind}", f"{site}/canvas.html")
    session.process(kind).kill()
    assert session.comes_back(30)[:2] == ["rebuilding", "rebuilt"]


def test_a_renderer_that_hangs_while_somebody_watches_is_noticed(watch: Callable[[str, str], Watched], site: str) -> None:
    session = watch("hung-renderer", f"{site}/canvas.html")
    session.process("renderer").suspend()
    assert session.comes_back(60)[:2] == ["rebuilding", "rebuilt"]


def test_any_process_of_a_session_may_hang_and_no_other_session_notices(
    server: Server, watch: Callable[[str, str], Watched], site: str
) -> None:
    bystander = watch("bystander", f"{site}/canvas.html")
    for kind in HANGING:
        server.post("/api/session/create", session_id=f"hung-{kind}", width=320, height=240, url=f"{site}/page/{kind}")
        process_of(server, f"hung-{kind}", kind).suspend()
    waiting = [("browser rebuilt", f"session=hung-{kind}") for kind in HANGING]
    deadline = time.monotonic() + 60
    while not all(logged(server, *words) for words in waiting) and time.monotonic() < deadline:
        event = bystander.client.receive(1)
        assert event is None or isinstance(event, Frame) or event.name in TOLD_BESIDES, event
    for kind in HANGING:
        assert page_info(server, f"hung-{kind}") == {"title": kind, "url": f"{site}/page/{kind}"}
        server.post(f"/api/session/hung-{kind}/close")


def test_a_page_in_an_endless_loop_comes_back_with_its_cookies_and_its_storage(
    watch: Callable[[str, str], Watched], site: str
) -> None:
    session = watch("loop", f"{site}/fault.html")
    assert session.comes_back(30)[:2] == ["rebuilding", "rebuilt"]
    assert session.server.get("/api/session/loop/info")["page_info"]["title"] == "kept 1 1"


def test_a_page_that_takes_too_much_memory_is_ended_and_not_opened_again(
    server: Server, watch: Callable[[str, str], Watched], site: str
) -> None:
    session = watch("greedy", f"{site}/greedy.html")
    told: list[str] = []
    while "rebuilt" not in told:
        event = session.client.wait_for("status", 60)
        told.append(event.payload.get("code", event.payload["message"]))
        if told[-1] == "rebuilding":
            assert "700 MB, MAX_SESSION_MEMORY" in event.payload["message"]
    assert page_info(server, "greedy")["url"] == "about:blank"
    server.post("/api/session/greedy/load", url=f"{site}/still.html")
    assert page_info(server, "greedy")["title"] == "Still"
