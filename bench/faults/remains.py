"""What the machine holds of a server, and what is left of it."""

from __future__ import annotations

import contextlib
import os
import socket
from pathlib import Path

import psutil

from bench.faults.processes import title
from bench.server import Server


def of(server: Server) -> set[str]:
    """A server's processes, segments, folders, and its X servers' sockets, each in words that begin with its kind."""
    pid = server.process.pid
    try:
        processes = psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        processes = []
    found = {f"process {process.pid} {process.name()}" for process in processes}
    found |= {str(path) for path in Path("/dev/shm").glob(f"jiomosa-{pid}-*")}
    found |= {str(path) for path in Path("/tmp").glob(f"jiomosa-{pid}-*")}
    return found | {f"display {path}" for process in processes for path in displays(process)}


def displays(process: psutil.Process) -> set[str]:
    """The sockets that an X server listens on."""
    with contextlib.suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
        if process.name() == "Xvfb":
            paths = {str(connection.laddr) for connection in process.net_connections("unix")}
            return {path for path in paths if path.startswith("/tmp/.X11-unix/")}
    return set()


def answers(path: str) -> bool:
    """Whether somebody, another server's X then, listens on a socket."""
    with socket.socket(socket.AF_UNIX) as probe, contextlib.suppress(OSError):
        probe.connect(path)
        return True
    return False


def processes_of(found: set[str]) -> set[str]:
    """Those of `found` that are processes and still run."""
    return {entry for entry in left(found) if entry.startswith("process ")}


def left(found: set[str]) -> set[str]:
    """What of `found` is still there; a zombie is not: it is reaped by whoever adopted it."""
    there = set()
    for entry in found:
        kind, *rest = entry.split()
        if kind == "process":
            with contextlib.suppress(psutil.NoSuchProcess):
                if psutil.Process(int(rest[0])).status() != psutil.STATUS_ZOMBIE:
                    there.add(entry)
        elif kind == "display":
            if Path(rest[0]).exists() and not answers(rest[0]):
                there.add(entry)
        elif Path(entry).exists():
            there.add(entry)
    return there


def descendants(server: Server, but: str = "") -> set[psutil.Process]:
    """A running server's processes below the front, but for those of one session: a Chromium starts and ends some as it likes."""
    found = set(psutil.Process(server.process.pid).children(recursive=True))
    for process in list(found):
        if but and title(process) == f"jiomosa: capture {but}":
            with contextlib.suppress(psutil.NoSuchProcess):
                found -= {process, *process.children(recursive=True)}
    return found


def orphans(server: Server, seen: set[psutil.Process]) -> set[psutil.Process]:
    """Those of `seen` that still run and are not below the front any more."""
    running = set()
    for process in seen - descendants(server):
        with contextlib.suppress(psutil.NoSuchProcess):
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                running.add(process)
    return running


def counts(server: Server, but: str = "") -> dict[str, int]:
    """How much of each kind a running server has, of the file systems that it sees; of its processes, `descendants`."""
    front = psutil.Process(server.process.pid)
    root = f"/proc/{server.process.pid}/root"
    return {
        "processes": len(descendants(server, but)),
        "descriptors": front.num_fds(),
        "threads": front.num_threads(),
        "segments": sum(name.startswith(f"jiomosa-{front.pid}-") for name in os.listdir(f"{root}/dev/shm")),
    }
