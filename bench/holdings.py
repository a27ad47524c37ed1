"""What a server's own processes hold, so that what coming and going leaves behind can be counted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bench import machine
from bench.server import Server

RELEASE_SECONDS = 62.0  # twice what the front waits before it tidies up (api/tidy.py)


@dataclass(frozen=True, slots=True)
class Holdings:
    """What front and encoders hold. `front` and `encoders` are kB of PSS."""

    front: float
    encoders: float
    descriptors: int
    threads: int
    segments: int


def holdings(server: Server) -> Holdings:
    front = server.process.pid
    kept = [process for process in machine.family(front) if machine.role(process, front) in ("front", "encoder")]
    return Holdings(
        front=machine.pss_mb(kept[0]) * 1000,
        encoders=sum(machine.pss_mb(process) for process in kept if process.pid != front) * 1000,
        descriptors=sum(process.num_fds() for process in kept),
        threads=sum(process.num_threads() for process in kept),
        segments=len(list(Path("/dev/shm").glob(f"jiomosa-{front}-*"))),
    )
