"""A real server whose sessions have no browser, for tests of bad input; at the end of each test nothing may be left of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import psutil
import pytest

from bench import stage
from bench.client import Client, Frame
from bench.server import Server
from tests.process.hostile import PATIENCE

FPS = 20
TIMEOUT = 3  # seconds


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with stage.synthetic(viewer_timeout=TIMEOUT, encoders=1) as running:
        yield running
    assert running.process.returncode == 0, "\n".join(running.log)


@pytest.fixture(scope="module")
def session(server: Server) -> Iterator[str]:
    with stage.session(server, stage.feed("text", fps=FPS)) as id:
        yield id


@pytest.fixture(autouse=True)
def nothing_is_left(server: Server, session: str) -> Iterator[None]:
    process = psutil.Process(server.process.pid)
    become(lambda: server.get(f"/api/session/{session}/info")["viewers"] == 0, "a viewer is left of before")
    before, lines = process.num_fds(), len(server.log)
    yield
    become(lambda: server.get(f"/api/session/{session}/info")["viewers"] == 0, "a viewer is left")
    become(lambda: process.num_fds() <= before, lambda: f"{before} descriptors have become {process.num_fds()}")
    unexplained = [line for line in server.log[lines:] if "Traceback" in line or "ERROR" in line or "WARNING" in line]
    assert not unexplained, "\n".join(server.log[lines:])


def become(condition: Callable[[], bool], what: str | Callable[[], str]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, what if isinstance(what, str) else what()
        time.sleep(0.05)


def assert_streams(server: Server, session: str, frames: int = 5) -> None:
    """Somebody new can still watch."""
    with Client(server.address) as viewer:
        viewer.subscribe(session)
        seen = 0
        while seen < frames:
            seen += isinstance(viewer.receive(PATIENCE), Frame)
