"""The machine: what it is, and what processes cost on it."""

from __future__ import annotations

import os
import platform
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from engine.child import TITLE


def describe() -> dict[str, str]:
    """What a reader of a figure must know of the machine it came from."""
    model = next(
        (line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line), ""
    )
    return {
        "processor": model or platform.machine(),
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "system": platform.platform(),
        "python": platform.python_version(),
        "load before": f"{os.getloadavg()[0]:.1f}",
    }


class Theft:
    """How much of the processors' time a virtual machine's host gave to others, from the construction to `share`."""

    def __init__(self) -> None:
        self._before = psutil.cpu_times()

    @property
    def share(self) -> float:
        """0 to 1. Figures of a run with much of it say more of the host than of us."""
        now = psutil.cpu_times()
        spent = sum(now) - sum(self._before)
        return (now.steal - self._before.steal) / spent if spent else 0.0


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU of the processes of a server between two moments, as a percentage of one core, by what they are."""

    seconds: float
    by_role: dict[str, float]

    @property
    def total(self) -> float:
        return sum(self.by_role.values())

    @property
    def session(self) -> float:
        """Everything but front and encoders."""
        return sum(share for role, share in self.by_role.items() if role not in ("front", "encoder", "other"))


class Meter:
    """Measures from its construction to `read`."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._begin = time.monotonic()
        self._before = self._times()

    def read(self) -> Cost:
        seconds = time.monotonic() - self._begin
        shares: dict[str, float] = {}
        for (pid, role), used in self._times().items():
            spent = used - self._before.get((pid, role), 0.0)
            shares[role] = shares.get(role, 0.0) + 100 * spent / seconds
        return Cost(seconds, shares)

    def _times(self) -> dict[tuple[int, str], float]:
        times = {}
        for process in family(self._pid):
            try:
                used = process.cpu_times()
                times[process.pid, role(process, self._pid)] = used.user + used.system
            except (psutil.NoSuchProcess, psutil.ZombieProcess):
                continue
        return times


def family(pid: int) -> list[psutil.Process]:
    """A server's process and all below it."""
    front = psutil.Process(pid)
    return [front, *front.children(recursive=True)]


def role(process: psutil.Process, front: int) -> str:
    """front, encoder, capture, source (bench.synthetic), Xvfb, chromedriver, chromium or other.

    Ours say it in their titles.
    """
    if process.pid == front:
        return "front"
    command = " ".join(process.cmdline())
    for ours in ("capture", "encoder", "source"):
        if command.startswith(f"{TITLE}{ours} "):
            return ours
    name = process.name()
    if name in ("Xvfb", "chromedriver"):
        return name
    if name.startswith("chrom"):
        return "chromium"
    return "other"


def pss_mb(process: psutil.Process) -> float:
    """Proportional set size in MB: what the process would free, with shared pages divided among those that share them."""
    return float(process.memory_full_info().pss) / 1e6
