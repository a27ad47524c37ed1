"""What the machine can still give, or a control group that we are in where that has less (cgroup v2 and v1).

A limit may be set at any level, of a container, a slice, a service: each from our own group up to the root counts.
"""

from __future__ import annotations

import math
import os
from pathlib import Path

from engine.admission import Room

PROC, SHARED_MEMORY = Path("/proc"), "/dev/shm"
# (limit, used, a name in memory.stat): of version 2, of version 1
GROUPS = (
    ("memory.max", "memory.current", "inactive_file"),
    ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
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
    return min(map(_group_memory, _groups("memory")))


def _group_memory(group: Path) -> float:
    for limit, used, cached in GROUPS:
        try:
            limit_bytes = (group / limit).read_text().strip()
            used_bytes = float((group / used).read_text())
        except (OSError, ValueError):
            continue
        if limit_bytes == "max":
            return math.inf
        # What files are cached is given up as soon as somebody wants it.
        return float(limit_bytes) - used_bytes + float(_table(group / "memory.stat", " ").get(cached, "0"))
    return math.inf


def _cores() -> float:
    return min([float(len(os.sched_getaffinity(0))), *map(_group_cores, _groups("cpu"))])


def _group_cores(group: Path) -> float:
    try:
        quota, period = (group / "cpu.max").read_text().split()
    except (OSError, ValueError):
        try:
            quota, period = ((group / f"cpu.cfs_{name}_us").read_text().strip() for name in ("quota", "period"))
        except OSError:
            return math.inf
    return math.inf if quota in ("max", "-1") else float(quota) / float(period)


def _groups(controller: str) -> list[Path]:
    """The folders of the groups that we are in, up to the root, as far as they are to be seen.

    A container sees its own group as the root, whatever its path is called outside.
    """
    try:
        entries = [line.split(":", 2) for line in (PROC / "self" / "cgroup").read_text().splitlines()]
    except OSError:
        entries = []
    found = {CGROUPS, CGROUPS / controller}
    for _, controllers, path in entries:
        if not controllers or controller in controllers.split(","):
            root = CGROUPS / controller if controllers else CGROUPS
            own = root / path.lstrip("/")
            found |= {own, *(parent for parent in own.parents if parent.is_relative_to(root))}
    return sorted(found)


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
