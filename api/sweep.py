"""What a front that was killed has left on the machine, removed by the next one that starts.

Everything of a front carries its process id in its name: segments (`/dev/shm/jiomosa-PID-...`) and sessions' folders
(`RUNTIME_DIR/jiomosa-PID-...`), in which the display's number stands. It is removed only where that front is provably gone:

- nobody holds the lock that its front holds on it; and
- no process has that id, or one that is none of ours and began after the thing was made; and
- it belongs to our user, and nothing that a session started still works in it.

The lock alone would do, but for the moment in which it is not held yet.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import shutil
import time
from pathlib import Path

from engine import logs
from engine.child import TITLE
from engine.leftovers import folder_in_use, remove_display_socket

log = logs.logger("jiomosa.sweep")

NAME = re.compile(r"jiomosa-(\d+)-.+")
SEGMENTS = Path("/dev/shm")
YOUNGER_SECONDS = 1.0  # process start times count in hundredths, and the file's clock is another


def sweep(runtime_dir: str) -> int:
    """Remove it; returns how many things were there."""
    found = [path for folder in (SEGMENTS, Path(runtime_dir)) for path in _listed(folder) if _orphaned(path)]
    for path in found:
        log.warning("removed, left by a server that was killed", path=str(path))
        if path.is_dir() and not path.is_symlink():
            remove_display_socket(path)
            shutil.rmtree(path, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                path.unlink()
    return len(found)


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if NAME.fullmatch(path.name))
    except OSError:
        return []


def _orphaned(path: Path) -> bool:
    match = NAME.fullmatch(path.name)
    assert match is not None
    try:
        made = path.lstat()
    except OSError:
        return False  # gone meanwhile
    # A session's folder belongs to the user of its browser, which only root can give it to.
    if os.geteuid() not in (0, made.st_uid):
        return False
    if _may_be_its_front(int(match[1]), made.st_ctime):
        return False
    return not _locked(path) and not (path.is_dir() and folder_in_use(path))


def _locked(path: Path) -> bool:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        return error.errno != errno.ELOOP  # a link is nobody's; what cannot be opened may be anybody's
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(fd)
    return False


def _may_be_its_front(pid: int, made: float) -> bool:
    """Whether process `pid` is there and may be the front that made something then."""
    process = Path(f"/proc/{pid}")
    try:
        title = (process / "cmdline").read_bytes()
        began = float((process / "stat").read_text().rpartition(") ")[2].split()[19]) / os.sysconf("SC_CLK_TCK")
    except FileNotFoundError:
        return False
    except OSError:
        return process.exists()
    began_at = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME) + began
    return title.startswith(TITLE.encode()) or began_at <= made + YOUNGER_SECONDS
