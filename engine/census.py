"""The census: what the processes of the server have used, by kind, from looks at them now and then. Pure.

CPU is counted as it is used between two looks, so that the sum of a kind never falls when one of its processes ends. A process
that came and went between two looks is not counted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

LEAST_SECONDS = 0.5  # between two looks that are compared: below, the kernel's clock of 10 ms is too coarse


@dataclass(frozen=True, slots=True)
class Process:
    """`kind`: front, encoder, capture, xserver, driver, browser, or other; `session`: whose it is.

    started  seconds after the machine's start; tells a process from a later one of the same id
    cpu      seconds of processor time so far
    memory   bytes of its own: resident and not shared, so that the sum of several counts nothing twice
    share    of a core, since the look before; since its start where there was none
    """

    pid: int
    kind: str
    session: str | None
    started: float
    cpu: float
    memory: int
    share: float = 0.0


class Census:
    """`look` now and then; times are seconds since the machine's start."""

    def __init__(self) -> None:
        self.processes: list[Process] = []
        self.cpu: dict[str, float] = {}  # seconds, by kind
        self._looked_at = 0.0
        self._before: dict[tuple[int, float], float] = {}

    def due(self, now: float) -> bool:
        """Whether another look would tell something new."""
        return now - self._looked_at >= LEAST_SECONDS

    def look(self, now: float, found: Iterable[Process]) -> None:
        """These are all there are at `now`."""
        seen: dict[tuple[int, float], float] = {}
        self.processes = []
        for process in found:
            key = process.pid, process.started
            before, since = self._before.get(key, 0.0), self._looked_at
            if key not in self._before:
                since = process.started
            used = max(0.0, process.cpu - before)
            self.cpu[process.kind] = self.cpu.get(process.kind, 0.0) + used
            seen[key] = max(process.cpu, before)
            self.processes.append(replace(process, share=used / max(now - since, 0.01)))
        self._before, self._looked_at = seen, now
