"""Which process of a server is which."""

from __future__ import annotations

import contextlib
import math
import time

import psutil

from bench.server import Server

PROGRAMS = {"xvfb": "Xvfb", "chromedriver": "chromedriver", "chromium": "chromium"}
RENDERER = "--type=renderer"
WORK_SECONDS = 0.3


def title(process: psutil.Process) -> str:
    """Its command line; empty once it has ended."""
    with contextlib.suppress(psutil.Error):
        return " ".join(process.cmdline()).strip()
    return ""


def ours(server: Server, name: str) -> psutil.Process:
    """The child of a server's front with this name: `capture one`, `encoder 0`."""
    front = psutil.Process(server.process.pid)
    (found,) = (child for child in front.children() if title(child) == f"jiomosa: {name}")
    return found


def of_session(server: Server, id: str, kind: str) -> psutil.Process:
    """A process of a session: `capture`, `xvfb`, `chromedriver`, `chromium` (its main process), `renderer` (of its page)."""
    capture = ours(server, f"capture {id}")
    if kind == "capture":
        return capture
    below = capture.children(recursive=True)
    if kind == "renderer":  # of several, that of the page: it works
        renderers = [process for process in below if RENDERER in title(process).split()]
        before = {process: _work(process) for process in renderers}
        time.sleep(WORK_SECONDS)
        return max(renderers, key=lambda process: _work(process) - before[process])
    return next(process for process in below if _name(process) == PROGRAMS[kind] and "--type=" not in title(process))


def _name(process: psutil.Process) -> str:
    with contextlib.suppress(psutil.Error):
        return process.name()
    return ""


def _work(process: psutil.Process) -> float:
    """Seconds of CPU; a browser keeps a spare renderer, which may end at any time."""
    with contextlib.suppress(psutil.Error):
        return float(process.cpu_times().user)
    return -math.inf
