"""What most scenarios need: a server of our own, the pages of bench/pages, sessions that show them."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
from collections.abc import Iterator
from typing import Any

import requests

from bench import server as bench_server
from bench import site
from bench.frames import FRAMES
from bench.scenario import CannotRun
from bench.server import Server
from engine.settings import from_environment

WIDTH, HEIGHT, QUALITY = 1280, 720, 75
_numbers = itertools.count(1)


@contextlib.contextmanager
def browsers(module: str = "api.cli", **settings: Any) -> Iterator[tuple[Server, str]]:
    """A server with real browsers, and the address of the pages; `module`: what is started.

    Raises `CannotRun` where there are none.
    """
    present = from_environment(os.environ)
    for program in (present.chromium, present.chromedriver, "Xvfb"):
        if shutil.which(program) is None:
            raise CannotRun(f"{program} is not installed; `make setup` brings it.")
    with site.serve() as address, bench_server.run(module, **settings) as server:
        yield server, address


@contextlib.contextmanager
def session(server: Server, url: str) -> Iterator[str]:
    """A session of 1280x720 that shows `url`, closed at the end; its id."""
    id = f"bench-{next(_numbers)}"
    created = server.post("/api/session/create", session_id=id, width=WIDTH, height=HEIGHT, url=url)
    if "load_error" in created:
        raise RuntimeError(f"{url} did not load: {created['load_error']}")
    try:
        yield id
    finally:
        with contextlib.suppress(requests.ConnectionError):  # a server that has died has said so already
            server.post(f"/api/session/{id}/close")


@contextlib.contextmanager
def synthetic(**settings: Any) -> Iterator[Server]:
    """A server whose sessions show recorded frames; see `bench.synthetic`. Raises `CannotRun` where there are none."""
    if not any(FRAMES.glob("*-0.*")):
        raise CannotRun("There are no recorded frames; `python -m bench.record` makes them.")
    with bench_server.run("bench.front", **settings) as server:
        yield server


def feed(kind: str, *, fps: float | None = None, copy: bool = True, frames: int | None = None, time: bool = False) -> str:
    """The page that makes a synthetic session show frames of `kind`, with `frames` only so many of them, with `time` with the
    time in the picture."""
    rate = "" if fps is None else f"&fps={fps:g}"
    end = "" if frames is None else f"&frames={frames}"
    clock = "&time=1" if time else ""
    return f"http://synthetic/{kind}?copy={int(copy)}{rate}{end}{clock}"
