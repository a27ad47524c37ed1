"""Runs a command and fails where it leaves a process, a shared-memory segment, an X lock or a profile folder behind.

    python .ci/nothing_left.py COMMAND [ARGUMENT]...

Only what the command made is looked at. Processes: this one becomes their subreaper, so that every descendant that outlives its
parent becomes our child, whatever its user, session or environment. Files: those that came since the start and belong to nobody:
whose name (segments, profile folders) or content (X locks) is the id of a process that is gone, and sockets where nobody listens.
Silent where nothing is left; the exit code is then the command's own.
"""

from __future__ import annotations

import ctypes
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
PATIENCE = 3.0  # seconds that a process may take to end after its parent


def descendants() -> dict[int, str]:
    """Process ids of everything below us that is not a zombie, with the command line."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, parent = (entry / "stat").read_text().rpartition(") ")[2].split()[:2]
            except OSError:
                continue  # it ended meanwhile
            if state != "Z":
                parents[int(entry.name)] = int(parent)
    ours, found = {os.getpid()}, {}
    while below := {pid for pid, parent in parents.items() if parent in ours} - ours:
        ours |= below
        found.update({pid: command_line(pid) for pid in below})
    return found


def command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()[:160]
    except OSError:
        return "(ended)"


def files() -> Iterator[Path]:
    yield from Path("/dev/shm").glob("jiomosa-*")
    yield from Path("/tmp").glob("jiomosa-*")
    yield from Path("/tmp").glob(".X*-lock")
    yield from Path("/tmp/.X11-unix").glob("X*")


def owner_lives(path: Path) -> bool:
    """Whether the process that the file speaks of is there: then it belongs to somebody else, at work beside us."""
    text = path.name
    if path.name.startswith(".X"):
        try:
            text = path.read_text()
        except OSError:
            return True  # gone meanwhile
    elif path.parent.name == ".X11-unix":
        return answers(path)  # with -displayfd an X server makes no lock, and its socket's name is only the display's number
    number = re.search(r"\d+", text)
    return number is not None and Path(f"/proc/{number[0]}").exists()


def answers(path: Path) -> bool:
    """Whether somebody listens at a socket."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(1)
        try:
            client.connect(str(path))
        except ConnectionRefusedError:
            return False
        except OSError:
            return True  # gone meanwhile, or too busy to answer: alive
        return True


def reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def main(command: list[str]) -> int:
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER) failed")
    before = set(files())
    code = subprocess.call(command)
    sys.stdout.flush()

    deadline = time.monotonic() + PATIENCE
    while (left := descendants()) and time.monotonic() < deadline:
        reap()
        time.sleep(0.05)
    for pid, text in left.items():
        print(f"left behind: process {pid}: {text}")
        os.kill(pid, signal.SIGKILL)
    if left:
        time.sleep(0.2)
        reap()
    dead = [path for path in sorted(set(files()) - before) if not owner_lives(path)]
    for path in dead:
        print(f"left behind: {path}")
    return 1 if code == 0 and (left or dead) else code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
