"""What every peer has to show, what a peer is, and how the pictures that it delivered are scored."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import simplejpeg

from bench import clock
from bench.glass import Glass
from bench.machine import Cost


@dataclass(frozen=True, slots=True)
class Task:
    """A page with a clock, the picture's size, the JPEG quality and frames a second that are wanted, and for how long."""

    url: str
    width: int = 1280
    height: int = 720
    quality: int = 75
    fps: int = 60
    seconds: float = 6.0


@dataclass(frozen=True, slots=True)
class Peer:
    """`what`: up to where it is measured; `missing()`: a sentence on what to install, or None; `watch`: measure it, alone."""

    name: str
    what: str
    missing: Callable[[], str | None]
    version: Callable[[], str]
    watch: Callable[[Task], Glass]


@dataclass(frozen=True, slots=True)
class Take:
    """A finished JPEG, whole or a stripe. `arrived`: epoch seconds; `frame`: which frame it is part of; `top`: its first row."""

    arrived: float
    jpeg: bytes
    frame: int
    top: int = 0


@dataclass(frozen=True, slots=True)
class Shot:
    """What a consumer could see from `arrived` (epoch seconds) on; `reading`: its clock, where there was one to be read."""

    arrived: float
    reading: clock.Reading | None
    bytes: int


def develop(takes: Iterable[Take], task: Task) -> list[Shot]:
    """Put stripes together. A frame has arrived with its last stripe; rows that it does not bring are the frame's before."""
    luma = np.zeros((task.height, task.width), np.uint8)
    frames: dict[int, list[Take]] = {}
    for take in takes:
        frames.setdefault(take.frame, []).append(take)
    shots = []
    for stripes in frames.values():
        for stripe in stripes:
            rows = np.asarray(simplejpeg.decode_jpeg(stripe.jpeg, "GRAY"))[:, :, 0]
            bottom = min(stripe.top + rows.shape[0], task.height)
            luma[stripe.top : bottom, : rows.shape[1]] = rows[: bottom - stripe.top, : task.width]
        size = sum(len(stripe.jpeg) for stripe in stripes)
        shots.append(Shot(max(stripe.arrived for stripe in stripes), clock.read_luma(luma), size))
    return shots


def score(shots: Iterable[Shot], begin: float, end: float, cost: Cost) -> Glass:
    """What came between `begin` and `end` (epoch seconds). A frame that comes again counts once, with its first age."""
    glass = Glass(end - begin, cost)
    seen: set[int] = set()
    for shot in shots:
        new = shot.reading is not None and shot.reading.ticks not in seen
        if shot.reading is not None:
            seen.add(shot.reading.ticks)
        if not begin <= shot.arrived <= end:
            continue
        glass.frames += 1
        glass.bytes += shot.bytes
        if shot.reading is not None and new:
            glass.distinct += 1
            glass.ages.append(shot.reading.age_ms(shot.arrived))
            glass.torn += shot.reading.torn
    return glass
