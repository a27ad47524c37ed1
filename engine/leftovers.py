"""What a session may leave on the machine when its capture process was killed: processes, the X server's socket.

A process of a session is known by its user id where the session has one of its own, else by MARKER, which every program has in
its environment. Chromium's helpers double-fork, so parents tell nothing.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import time
from pathlib import Path

MARKER = "JIOMOSA_SESSION"
SECONDS = 3.0  # a killed process that is still there after this is stuck in the kernel
X_SOCKETS = Path("/tmp/.X11-unix")
DISPLAY_FILE = "display"  # in a session's folder: the number of its X server


def marker(session_id: str, folder: str | Path) -> str:
    """The environment's entry that all programs of a session have; the same for each of its capture processes."""
    return f"{MARKER}={session_id}:{Path(folder).name}"


def remaining(uid: int | None, mark: str) -> list[int]:
    """The processes of a session."""
    return [int(entry.name) for entry in os.scandir("/proc") if entry.name.isdigit() and is_ours(Path(entry.path), uid, mark)]


def is_ours(process: Path, uid: int | None, mark: str) -> bool:
    """Whether the process whose folder in /proc this is belongs to the session."""
    try:
        fields = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines() if ":" in line)
        # A zombie has ended; in a container whose first process does not reap it may stay for good.
        if fields["State"].split()[0] == "Z":
            return False
        if uid is not None:
            return int(fields["Uid"].split()[0]) == uid
        return mark.encode() in (process / "environ").read_bytes().split(b"\0")
    except OSError:  # it has just ended, or is not ours to look at
        return False


def folder_in_use(folder: str | Path) -> bool:
    """Whether a process that was started for the session of this folder is still there."""
    mark = f":{Path(folder).name}"
    for name in os.listdir("/proc"):
        with contextlib.suppress(OSError):  # it has just ended, or is not ours to look at
            if name.isdigit():
                variables = Path(f"/proc/{name}/environ").read_bytes().split(b"\0")
                if any(one.startswith(f"{MARKER}=".encode()) and one.endswith(mark.encode()) for one in variables):
                    return True
    return False


def end(uid: int | None, mark: str) -> None:
    """Kill whatever is left of a session's processes and wait for their end. Blocks."""
    deadline = time.monotonic() + SECONDS
    while (left := deadline - time.monotonic()) > 0 and (pids := remaining(uid, mark)):
        with contextlib.ExitStack() as open_files:
            ends = select.poll()
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    pidfd = os.pidfd_open(pid)
                    open_files.callback(os.close, pidfd)
                    signal.pidfd_send_signal(pidfd, signal.SIGKILL)
                    ends.register(pidfd, select.POLLIN)
            ends.poll(left * 1000)


def remove_display_socket(folder: str | Path) -> None:
    """Remove the socket of the X server that wrote its number into `folder`, if nobody listens there.

    With -displayfd it makes no lock; on SIGTERM it removes its socket, killed it leaves it. If another has taken the number, it
    answers.
    """
    with contextlib.suppress(OSError, ValueError):
        number = int((Path(folder) / DISPLAY_FILE).read_text()[:8])
        path = X_SOCKETS / f"X{number}"
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(1.0)
            try:
                probe.connect(str(path))
            except ConnectionRefusedError:
                path.unlink()
