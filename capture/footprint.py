"""How much memory the session's programs take, all together; what takes too much is ended before it harms other sessions.

What counts is the proportional set size: a page of memory that several processes share counts once. The kernel takes
milliseconds to add it up; the resident sizes, which are never less and cost microseconds, are looked at first. A control group
would do this in the kernel, but most servers are not given one of their own to divide: containers have them read-only.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
from collections.abc import Callable
from pathlib import Path

from engine.errors import JiomosaError, Unavailable

LOOK_SECONDS = 1.0  # a page can take a gigabyte meanwhile
GROWTH = 1e9  # bytes a second, the most that one can take: what has room left for more is looked at later
MOST_LOOK_SECONDS = 5.0
FORGET_LOOKS = 20  # process ids are used again
PROC = Path("/proc")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class Footprint:
    """`is_ours(folder in /proc)` tells the session's processes; more than `limit` bytes is told to `failed`, once."""

    def __init__(self, is_ours: Callable[[Path], bool], limit: float, failed: Callable[[JiomosaError], None]) -> None:
        self._is_ours = is_ours
        self._limit = limit
        self._failed = failed
        self._known: dict[str, bool] = {}
        self._looks = 0

    async def run(self) -> None:
        while (room := self._room()) >= 0:  # noqa: ASYNC110  # nobody signals that memory is taken
            await asyncio.sleep(min(LOOK_SECONDS + room / GROWTH, MOST_LOOK_SECONDS))
        most = f"{self._limit / 1e6:.0f} MB, MAX_SESSION_MEMORY"
        self._failed(Unavailable(f"The page took more memory than a session may have ({most}) and was ended.", code="memory"))

    def _room(self) -> float:
        """Bytes that the session may still take, at least; negative: it takes more than it may."""
        processes = self._processes()
        room = self._limit - sum(map(resident, processes))
        return room if room >= 0 else self._limit - sum(map(proportional, processes))

    def _processes(self) -> list[Path]:
        self._looks += 1
        if self._looks % FORGET_LOOKS == 0:
            self._known.clear()
        there = [name for name in os.listdir(PROC) if name.isdigit()]
        self._known = {name: self._known[name] if name in self._known else self._is_ours(PROC / name) for name in there}
        return [PROC / name for name in there if self._known[name]]


def resident(process: Path) -> int:
    """Bytes of memory that a process (its folder in /proc) has mapped, whoever else has, too; 0 of one that has ended."""
    with contextlib.suppress(OSError):
        return int((process / "statm").read_text().split()[1]) * PAGE_BYTES
    return 0


def proportional(process: Path) -> int:
    """Bytes of memory of a process, of what it shares with others its share; where we may not know, what it shares with none."""
    with contextlib.suppress(OSError):
        found = re.search(r"^Pss: +(\d+) kB", (process / "smaps_rollup").read_text(), re.M)
        if found:
            return int(found[1]) * 1024
    with contextlib.suppress(OSError):
        _, mapped, shared, *_ = map(int, (process / "statm").read_text().split())
        return (mapped - shared) * PAGE_BYTES
    return 0
