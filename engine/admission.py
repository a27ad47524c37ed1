"""Admission: whether there is room for one more browser, so that it never harms the sessions that there are. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from engine.errors import JiomosaError, TooMany, Unavailable

RINGS = 2  # a browser that is rebuilt has two for a moment
SPARE_SHARED_MEMORY = 16_000_000  # bytes of /dev/shm for the encoders' packets


@dataclass(frozen=True, slots=True)
class Room:
    """What the machine, or the container if that has less, can still give; infinity where nobody knows.

    memory         bytes that can be had without swapping
    shared_memory  bytes free in /dev/shm
    load           tasks that want to run, for each core
    """

    memory: float
    shared_memory: float
    load: float


UNLIMITED = Room(math.inf, math.inf, 0.0)


@dataclass(frozen=True, slots=True)
class Limits:
    """`sessions` in all and `own` of one user, 0: no limit; `memory`: bytes that a session must find; `load`: above it none
    starts, 0: never."""

    sessions: int
    memory: float
    load: float
    own: int = 0


class Refusal(NamedTuple):
    """`reason`: one word, that refusals are counted by; `error`: what whoever asks is told."""

    reason: str
    error: JiomosaError


REASONS = ("own", "sessions", "memory", "shared_memory", "load")


def refusal(limits: Limits, room: Room, sessions: int, ring_bytes: int, own: int = 0) -> Refusal | None:
    """Why a session whose frame ring has `ring_bytes` cannot be started beside `sessions` others; None: it can.

    `own`: those of them that whoever asks has made.
    """
    if limits.own and own >= limits.own:
        sentence = f"You have {own} sessions, as many as one may have (MAX_SESSIONS_PER_USER); close one first."
        return Refusal("own", TooMany(sentence, code="too_many_sessions"))
    if limits.sessions and sessions >= limits.sessions:
        return _full("sessions", f"there are {sessions} sessions, as many as may be (MAX_SESSIONS)")
    if room.memory < limits.memory:
        return _full(
            "memory",
            f"a browser needs {limits.memory / 1e6:.0f} MB of memory (SESSION_MEMORY), and {room.memory / 1e6:.0f} MB are free",
        )
    needed = RINGS * ring_bytes + SPARE_SHARED_MEMORY
    if room.shared_memory < needed:
        return _full(
            "shared_memory",
            f"its pictures need {needed / 1e6:.0f} MB of /dev/shm, and {room.shared_memory / 1e6:.0f} MB are free "
            "(docker: --shm-size)",
        )
    if limits.load and room.load > limits.load:
        return _full("load", f"{room.load:.1f} tasks want each core, and above {limits.load:g} (MAX_LOAD) no browser is started")
    return None


def _full(reason: str, why: str) -> Refusal:
    error = Unavailable(f"The server has no room for another session: {why}. Close one, or try again later.", code="full")
    return Refusal(reason, error)
