"""Leases: which slots of a session's frame rings the front holds, across the rings that follow one another. Pure.

A session whose browser is rebuilt gets a new ring; the frames of the old one that are shown or being encoded stay where they are.
Each leased slot has a number, which is never used again, so that a slot of one ring is never taken for one of another.

Invariants: a lease ends once; a ring is told to go exactly once, when it is not the present one and nothing of it is leased.
"""

from __future__ import annotations

from typing import NamedTuple


class Place(NamedTuple):
    """A slot of a ring."""

    ring: str
    slot: int


class Leases:
    """Those of one session, whose present ring is `ring`."""

    def __init__(self, ring: str) -> None:
        self._ring = ring
        self._places: dict[int, Place] = {}
        self._leased: dict[str, int] = {ring: 0}
        self._number = 0

    @property
    def ring(self) -> str:
        """The present one."""
        return self._ring

    @property
    def rings(self) -> list[str]:
        """All that have not gone."""
        return list(self._leased)

    def __len__(self) -> int:
        """How many slots are leased, of all rings."""
        return len(self._places)

    def take(self, slot: int) -> int:
        """The capture process has handed over `slot` of the present ring; returns the number of the lease."""
        self._number += 1
        self._places[self._number] = Place(self._ring, slot)
        self._leased[self._ring] += 1
        return self._number

    def place(self, lease: int) -> Place:
        return self._places[lease]

    def end(self, lease: int) -> tuple[int | None, str | None]:
        """(the slot that the capture process gets back, the ring that can go); each may be None."""
        ring, slot = self._places.pop(lease)
        self._leased[ring] -= 1
        return (slot, None) if ring == self._ring else (None, self._gone(ring))

    def renew(self, ring: str) -> str | None:
        """The present ring is `ring` from now on; returns the one before if it can go already."""
        before, self._ring = self._ring, ring
        self._leased[ring] = 0
        return self._gone(before)

    def _gone(self, ring: str) -> str | None:
        if self._leased[ring]:
            return None
        del self._leased[ring]
        return ring
