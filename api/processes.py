"""The server's processes as /proc has them: itself, its children, and all that these have started."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from pathlib import Path

from engine.census import Census, Process

PROC = Path("/proc")
TICKS, PAGE = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
AT_ONCE = 20  # processes read before the event loop gets its turn: half a millisecond
KINDS = {
    "Xvfb": "xserver",
    "chromedriver": "driver",
}  # by the program's name; what else a session starts: browser

Stat = tuple[str, int, float, float]  # name, parent, started, CPU seconds


class Processes:
    """`census` has what was found. Reading does not hold up the event loop, and happens at most twice a second."""

    def __init__(self) -> None:
        self.census = Census()
        self._reading: asyncio.Task[None] | None = None

    async def look(self, known: dict[int, tuple[str, str | None]]) -> None:
        """Bring `census` up to date. `known`: (kind, session) of the front and its children, by process id."""
        if self._reading is None and self.census.due(_now()):
            self._reading = asyncio.get_running_loop().create_task(self._look(known))
            self._reading.add_done_callback(self._done)
        if self._reading is not None:
            await asyncio.shield(self._reading)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._reading = None

    async def _look(self, known: dict[int, tuple[str, str | None]]) -> None:
        stats: dict[int, Stat] = {}
        for number, pid in enumerate(_pids()):
            found = _stat(pid)
            if found is not None:
                stats[pid] = found
            if number % AT_ONCE == AT_ONCE - 1:
                await asyncio.sleep(0)
        processes = []
        for pid, (_, _, started, cpu) in stats.items():
            belongs = _belongs(pid, stats, known)
            if belongs is not None:
                processes.append(Process(pid, *belongs, started, cpu, _memory(pid)))
                if len(processes) % AT_ONCE == 0:
                    await asyncio.sleep(0)
        self.census.look(_now(), processes)


def _now() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _pids() -> Iterator[int]:
    for name in os.listdir(PROC):
        if name.isdigit():
            yield int(name)


def _stat(pid: int) -> Stat | None:
    """None where it is gone, or a zombie: what that has used is its parent's affair."""
    try:
        name, _, rest = (PROC / str(pid) / "stat").read_text().partition(" (")[2].rpartition(") ")
    except OSError:
        return None
    fields = rest.split()  # proc(5); the first is field 3, the state
    if fields[0] in "ZX":
        return None
    return name, int(fields[1]), int(fields[19]) / TICKS, (int(fields[11]) + int(fields[12])) / TICKS


def _memory(pid: int) -> int:
    try:
        fields = (PROC / str(pid) / "statm").read_text().split()
    except OSError:
        return 0
    return (int(fields[1]) - int(fields[2])) * PAGE


def _belongs(pid: int, stats: dict[int, Stat], known: dict[int, tuple[str, str | None]]) -> tuple[str, str | None] | None:
    """Its kind and session; None where it is none of ours."""
    if pid in known:
        return known[pid]
    name, above = stats[pid][0], stats[pid][1]
    while above in stats:
        if above in known:
            kind, session = known[above]
            return (KINDS.get(name, "browser") if kind == "capture" else "other", session)
        above = stats[above][1]
    return None
