"""Dispatch: which encoder does the next job, and whose turn it is. Pure.

Each encoder holds at most DEPTH jobs: one it works at and one that waits, so that it never idles for a message's way there and
back. Sources (the sessions' broadcasts) take turns, one job a turn, so that a session with many renditions cannot starve another.

Invariants: a packet slot is named in at most one job; every job ends exactly once, by `done` or by its encoder's `remove`; a
source that wants a job is asked again for as long as it wants.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

DEPTH = 2


S = TypeVar("S", bound=Hashable)
J = TypeVar("J")


@dataclass(frozen=True, slots=True)
class Assignment(Generic[S, J]):
    """Job number `job`: encoder `encoder` does `work` of `source` into packet slot `packet_slot`."""

    job: int
    encoder: int
    packet_slot: int
    source: S
    work: J


@dataclass(slots=True)
class _Encoder:
    free_slots: list[int]
    jobs: set[int] = field(default_factory=set)


class Dispatch(Generic[S, J]):
    """The turns of sources `S` whose jobs are `J`."""

    def __init__(self) -> None:
        self._encoders: dict[int, _Encoder] = {}
        self._jobs: dict[int, Assignment[S, J]] = {}
        self._wanting: dict[S, None] = {}  # a queue without duplicates
        self._number = 0

    @property
    def encoders(self) -> int:
        return len(self._encoders)

    @property
    def jobs(self) -> int:
        """Jobs that have not ended."""
        return len(self._jobs)

    def add(self, encoder: int, packet_slots: int) -> None:
        """Encoder number `encoder` takes jobs from now on."""
        self._encoders[encoder] = _Encoder(list(range(packet_slots)))

    def remove(self, encoder: int) -> list[Assignment[S, J]]:
        """The encoder is no more; returns its jobs, which have ended without a result."""
        gone = self._encoders.pop(encoder, None)
        return [self._jobs.pop(job) for job in sorted(gone.jobs)] if gone else []

    def want(self, source: S) -> None:
        """`source` may have a job."""
        self._wanting.setdefault(source)

    def forget(self, source: S) -> None:
        """`source` wants nothing any more; its jobs go on until they end."""
        self._wanting.pop(source, None)

    def assign(self, take: Callable[[S], J | None]) -> list[Assignment[S, J]]:
        """Give jobs to encoders while there are both. `take(source)` binds the source's next job; None: it has none now."""
        assigned = []
        while self._wanting:
            number, encoder = min(self._encoders.items(), key=lambda item: len(item[1].jobs), default=(-1, None))
            if encoder is None or len(encoder.jobs) >= DEPTH or not encoder.free_slots:
                break
            source = next(iter(self._wanting))
            del self._wanting[source]
            work = take(source)
            if work is None:
                continue
            self._wanting[source] = None  # it may have another rendition to do: behind all others
            self._number += 1
            assignment = Assignment(self._number, number, encoder.free_slots.pop(), source, work)
            encoder.jobs.add(self._number)
            self._jobs[self._number] = assignment
            assigned.append(assignment)
        return assigned

    def done(self, job: int) -> Assignment[S, J] | None:
        """The job has ended and its packet slot is free again. None for a job that nobody knows (its encoder was removed)."""
        assignment = self._jobs.pop(job, None)
        if assignment is not None:
            encoder = self._encoders[assignment.encoder]
            encoder.jobs.discard(job)
            encoder.free_slots.append(assignment.packet_slot)
        return assignment
