"""What the machine can still give, or the container that we are in where that has less (cgroup v2 and v1)."""

from __future__ import annotations

import math
import os
from pathlib import Path

from engine.admission import Room

PROC, SHARED_MEMORY = Path("/proc"), "/dev/shm"
# (limit, used, statistics): of version 2, of version 1
GROUPS = (
    ("memory.max", "memory.current", "memory.stat", "inactive_file"),
    ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "memory/memory.stat", "total_inactive_file"),
)
CGROUPS = Path("/sys/fs/cgroup")


def room() -> Room:
    """What there is now."""
    return Room(min(_machine_memory(), _container_memory()), _shared_memory(), os.getloadavg()[0] / _cores())


def _machine_memory() -> float:
    """`MemAvailable`: free, or free as soon as somebody wants it."""
    found = _table(PROC / "meminfo", ":").get("MemAvailable", "").split()
    return float(found[0]) * 1024 if found else math.inf


def _container_memory() -> float:
    for limit, used, statistics, cached in GROUPS:
        try:
            limit_bytes = (CGROUPS / limit).read_text().strip()
            used_bytes = float((CGROUPS / used).read_text())
        except (OSError, ValueError):
            continue
        if limit_bytes == "max":
            return math.inf
        # What files are cached is given up as soon as somebody wants it.
        return float(limit_bytes) - used_bytes + float(_table(CGROUPS / statistics, " ").get(cached, "0"))
    return math.inf


def _cores() -> float:
    cores = float(os.cpu_count() or 1)
    try:
        quota, period = (CGROUPS / "cpu.max").read_text().split()
        return cores if quota == "max" else min(cores, float(quota) / float(period))
    except (OSError, ValueError):
        return cores


def _shared_memory() -> float:
    try:
        entry = os.statvfs(SHARED_MEMORY)
    except OSError:
        return math.inf
    return float(entry.f_bavail * entry.f_frsize)


def _table(path: Path, between: str) -> dict[str, str]:
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return {}
    return {name: value for name, _, value in (line.partition(between) for line in lines)}
