"""Faults of what surrounds a server. It runs in a small world of its own: /dev/shm and RUNTIME_DIR are file systems of a mount
namespace that nobody else sees, and its Chromium can be told not to start.
"""

from __future__ import annotations

import contextlib
import os
import resource
import shlex
import signal
import socket
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import requests

from bench import server as bench_server
from bench.faults import processes, remains
from bench.faults.victims import Outcome, Stage, Victim, victim
from bench.server import Server
from engine.settings import Settings

SHM, DISK = "400m", "400m"
HOLD_SECONDS = 2.0  # for which the fault lasts
LEFT_DESCRIPTORS = 3
REFUSING = "refuse"


@dataclass(frozen=True)
class World:
    """`folder`: ours, on the machine's own file system; `disk`: where the server, and only it, has a file system."""

    folder: Path

    @property
    def disk(self) -> Path:
        return self.folder / "disk"

    def inside(self, server: Server, path: str | Path) -> Path:
        """How a path of the server's world is reached from outside."""
        return Path(f"/proc/{server.process.pid}/root{path}")


@contextlib.contextmanager
def world() -> Iterator[World]:
    """Its folder. For root."""
    with tempfile.TemporaryDirectory(prefix="bench-faults-", dir="/tmp") as name:
        made = World(Path(name))
        made.folder.chmod(0o755)
        made.disk.mkdir()
        chromium = made.folder / "chromium"
        refusing = shlex.quote(str(made.folder / REFUSING))
        chromium.write_text(f'#!/bin/sh\n[ -e {refusing} ] && exit 1\nexec {shlex.quote(Settings().chromium)} "$@"\n')
        chromium.chmod(0o755)
        yield made


@contextlib.contextmanager
def serve(made: World, **settings: object) -> Iterator[Server]:
    """A server in that world, whose clock can jump."""
    mounts = f"mount -t tmpfs -o size={SHM} tmpfs /dev/shm && mount -t tmpfs -o size={DISK},mode=1777 tmpfs {made.disk}"
    within = ("unshare", "--mount", "--propagation", "private", "sh", "-c", f'{mounts} && exec "$@"', "sh")
    chosen = {"runtime_dir": made.disk, "chromium": made.folder / "chromium", "encoders": 2, "session_timeout": 3600} | settings
    with bench_server.run("bench.faults.jumpy", within=within, **chosen) as server:
        yield server


@contextlib.contextmanager
def _full(folder: Path) -> Iterator[None]:
    """No byte is left on the file system of `folder`."""
    path = folder / "filler"
    with path.open("wb") as file:
        for size in (1 << 24, 1 << 20, 1 << 16, 1 << 12):
            with contextlib.suppress(OSError):
                while True:
                    os.posix_fallocate(file.fileno(), os.fstat(file.fileno()).st_size, size)
    try:
        yield
    finally:
        path.unlink()


def _attempt(server: Server) -> str:
    """What becomes of asking for one more session: `made`, or the error's code. An answer without a sentence is a failure."""
    answer = requests.post(f"{server.address}/api/session/create", json={"width": 320, "height": 240}, timeout=60)
    if answer.status_code == 201:
        server.post(f"/api/session/{answer.json()['session_id']}/close")
        return "made"
    body = answer.json()
    if answer.status_code == 500 or not body["error"].endswith("."):
        raise RuntimeError(f"not explained: {answer.status_code} {body}")
    return str(body["code"])


def _through(session: Victim, meanwhile: str, since: float) -> Outcome:
    """What a fault did to a stream that should not have noticed, now that it is over; and that there is room again."""
    found = session.outcome(since, told=False)
    found.detail = f"a new session meanwhile: {meanwhile}; afterwards: {_attempt(session.stage.server)}"
    found.kept = ["viewers", "session"] if "viewers" in found.kept else ["session"]
    return found


def full_shared_memory(stage: Stage, made: World) -> Outcome:
    with victim(stage, 1.0) as session:
        since = time.monotonic()
        with _full(made.inside(stage.server, "/dev/shm")):
            meanwhile = _attempt(stage.server)
            time.sleep(HOLD_SECONDS)
        return _through(session, meanwhile, since)


def full_disk(stage: Stage, made: World) -> Outcome:
    with victim(stage, 1.0) as session:
        since = time.monotonic()
        with _full(made.inside(stage.server, made.disk)):
            meanwhile = _attempt(stage.server)
            time.sleep(HOLD_SECONDS)
        return _through(session, meanwhile, since)


def no_descriptors(stage: Stage, made: World) -> Outcome:
    """The front may open no more; connections that come must not keep it busy, and those there are go on."""
    front = stage.server.process.pid
    where = urlsplit(stage.server.address)
    before = resource.prlimit(front, resource.RLIMIT_NOFILE)
    with victim(stage, 1.0) as session, requests.Session() as connection, contextlib.ExitStack() as opened:
        connection.get(f"{stage.server.address}/health", timeout=10)  # one that is open already, to ask over
        since = time.monotonic()
        open_now = len(os.listdir(f"/proc/{front}/fd"))
        resource.prlimit(front, resource.RLIMIT_NOFILE, (open_now + LEFT_DESCRIPTORS, before[1]))
        try:
            for _ in range(LEFT_DESCRIPTORS + 5):
                with contextlib.suppress(OSError):
                    opened.callback(socket.create_connection((where.hostname, where.port), 1).close)
            answer = connection.post(f"{stage.server.address}/api/session/create", json={}, timeout=60)
            if answer.status_code == 500:
                raise RuntimeError(f"not explained: {answer.text}")
            meanwhile = str(answer.json().get("code", "made"))
            if answer.status_code == 201:
                connection.post(f"{stage.server.address}/api/session/{answer.json()['session_id']}/close", timeout=60)
            time.sleep(HOLD_SECONDS)
        finally:
            resource.prlimit(front, resource.RLIMIT_NOFILE, before)
        opened.close()
        return _through(session, meanwhile, since)


def no_browser(stage: Stage, made: World) -> Outcome:
    """Chromium is killed, and refuses to start until a little later. Recovery counts from when it would start."""
    refusing = made.folder / REFUSING
    with victim(stage) as session:
        refusing.touch()
        try:
            processes.of_session(stage.server, session.id, "chromium").kill()
            begin = time.monotonic()
            session.wait(lambda: session.viewers[0].heard("rebuilding", begin) is not None)
            meanwhile = _attempt(stage.server)
        finally:
            refusing.unlink()
        since = time.monotonic()
        found = session.outcome(since, told=True)
        found.detail = f"a new session meanwhile: {meanwhile}"
        return found


def clock_jumps(stage: Stage, made: World) -> Outcome:
    """An hour forward, and back again."""
    with victim(stage, 1.0) as session:
        since = time.monotonic()
        for number in (signal.SIGUSR1, signal.SIGUSR2):
            stage.server.process.send_signal(number)
            time.sleep(HOLD_SECONDS)
        return _through(session, _attempt(stage.server), since)


def front_killed(stage: Stage) -> Outcome:
    """All that it had ends by itself, the next start removes what is left, and a client begins anew. A server of its own."""
    with bench_server.run(encoders=1) as server:
        session = Victim(Stage(server, stage.audience, stage.site, stage.bystander), 1.0)
        had = remains.of(server)
        since = time.monotonic()
        server.process.kill()
        server.process.wait()
        session.wait(lambda: not remains.processes_of(had), 30)
        ended = time.monotonic() - since
        with bench_server.run(encoders=1) as again:
            another = Victim(Stage(again, stage.audience, stage.site, stage.bystander), 0.0)
            flows = another.flows_since(since)
            assert flows is not None
            left = remains.left(had)
            another.close()
        session.close()
        if left:
            raise RuntimeError(f"left behind: {left}")
        detail = f"all its processes had ended after {ended:.1f} s"
        return Outcome(recovered=flows - since, missing=round((flows - since) * 30), kept=[], detail=detail)
