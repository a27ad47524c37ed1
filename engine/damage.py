"""Which rows of which slot are out of date. Pure; the capture process's memory of what it must fetch.

Damage is kept as one band of rows a slot: [top, bottom). A band of full-width rows lands in its slot without a copy, and one
request for a union of two bands costs less than two requests in almost all pages.
"""

from __future__ import annotations

from typing import NamedTuple


class Band(NamedTuple):
    """Rows `top` to `bottom`, the latter excluded. Empty when they are equal."""

    top: int
    bottom: int

    def __or__(self, other: object) -> Band:
        if not isinstance(other, tuple):
            return NotImplemented
        top, bottom = other
        if bottom <= top:
            return self
        if self.bottom <= self.top:
            return Band(top, bottom)
        return Band(min(self.top, top), max(self.bottom, bottom))

    @property
    def rows(self) -> int:
        return self.bottom - self.top


NOTHING = Band(0, 0)


class StaleRows:
    """For each slot the rows to fetch before it shows the present picture, and the damage since the last frame."""

    def __init__(self, slots: int, height: int) -> None:
        self._height = height
        self._stale = [Band(0, height)] * slots  # nothing has been fetched yet
        self.since_last_frame = Band(0, height)

    def damaged(self, top: int, bottom: int) -> None:
        """Rows [top, bottom) of the screen have changed; rows outside the screen are ignored."""
        band = Band(max(0, top), min(self._height, bottom))
        if band.rows <= 0:
            return
        self.since_last_frame |= band
        self._stale = [old | band for old in self._stale]

    def fill(self, slot: int) -> tuple[Band, Band]:
        """Slot `slot` is about to be brought up to date: (rows to fetch, rows that differ from the last frame)."""
        fetch, self._stale[slot] = self._stale[slot], NOTHING
        changed, self.since_last_frame = self.since_last_frame, NOTHING
        return fetch, changed
