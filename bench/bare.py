"""The limit: bare `simplejpeg.encode_jpeg` of the recorded frames in one loop, in a process of its own, and nothing else.

    python -m bench.bare KIND SECONDS QUALITY   writes "frames wall_seconds cpu_seconds"

Four copies of the frames lie in memory, as in a ring of four slots; the encoder's arguments are those of `encoder.picture.jpeg`.
"""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
from dataclasses import dataclass

import simplejpeg

from bench import frames
from engine.framering import SLOTS

WARM_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Speed:
    """Frames a second, and frames a second of CPU time."""

    wall: float
    cpu: float


def measure(kind: str, seconds: float, quality: int, loops: int = 1) -> list[Speed]:
    """Run `loops` such processes at once."""
    command = [sys.executable, "-m", "bench.bare", kind, str(seconds), str(quality)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(loops)]
    speeds = []
    for process in running:
        count, wall, cpu = map(float, process.communicate()[0].split())
        speeds.append(Speed(count / wall, count / cpu))
    return speeds


def main() -> int:
    kind, seconds, quality = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
    pictures = frames.load(kind)
    slots = [pictures[slot % len(pictures)].copy() for slot in range(SLOTS)]
    turns = itertools.cycle(slots)

    def loop(seconds: float) -> tuple[int, float, float]:
        begin, cpu, count = time.monotonic(), time.process_time(), 0
        while time.monotonic() - begin < seconds:
            simplejpeg.encode_jpeg(next(turns), quality=quality, colorspace="BGRX", colorsubsampling="420")
            count += 1
        return count, time.monotonic() - begin, time.process_time() - cpu

    loop(WARM_SECONDS)
    print(*loop(seconds))
    return 0


if __name__ == "__main__":
    sys.exit(main())
