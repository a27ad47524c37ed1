"""Adaptation: what the link can carry -> a viewer's quality and frame rate. Pure.

The ladder: three tiers, the document's, chosen by the link's rate; and below them rungs, chosen by how many frames a second the
link carries of the page that is shown.

    link, Mbit/s      above 5   2 to 5    below 2
    frames carried                        4 and more   4         3         2.5      2        0.8      0.4      fewer
    quality / fps     90 / 30   75 / 20   50 / 10      40 / 10   30 / 10   20 / 8   15 / 6   10 / 5   10 / 2   10 / 1

A rung's fps is more than is carried: what is taken when the link is free should be as new as may be.

A value set by hand replaces the top tier's and caps the others. Until the link has shown what it can carry a viewer has what
it began with. Only evidence moves the tier: a sample taken while the sender had nothing more to send says what the link can
carry at least, never that it is slow; so a quiet page changes nothing. Where frames flow and the link does not hold them back
for a while, the next tier up is tried; a try that had to be taken back makes the next one wait for twice as long.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

START_QUALITY, START_FPS = 75, 30


class Tier(NamedTuple):
    """From `mbit` Mbit/s and `carried` frames a second on: this quality and rate."""

    mbit: float
    quality: int
    fps: float
    carried: float = 0.0


TIERS = (Tier(5.0, 90, 30), Tier(2.0, 75, 20), Tier(0.0, 50, 10, 4.0))
RUNGS = (
    *TIERS,
    Tier(0, 40, 10, 4),
    Tier(0, 30, 10, 3),
    Tier(0, 20, 8, 2.5),
    Tier(0, 15, 6, 2),
    Tier(0, 10, 5, 0.8),
    Tier(0, 10, 2, 0.4),
    Tier(0, 10, 1),
)
LAST_TIER = len(TIERS) - 1
UP_MARGIN = 1.2  # a link must exceed a tier's bound by this much to climb, so that one at the bound does not swing
SAMPLES_DOWN, SAMPLES_UP = 2, 3  # in a row, about a second apart: quick down, careful up
SIZE_EXPONENT = 0.5  # a JPEG's size goes with about the square root of its quality (bench/frames: 0.47 to 0.50 from 10 to 50)
LEAST_EXPONENT, MOST_EXPONENT = 0.2, 1.5  # of a page that is unlike those, as each change of quality shows
SAMPLES_TRY, SAMPLES_TRY_MOST = 5, 60  # with frames that flow freely before the next tier is tried
FREE_SHARE = 0.5  # of what a full link carried has to flow freely to count: a blinking caret says nothing


@dataclass(frozen=True, slots=True)
class LinkSample:
    """What the link has shown in about a second.

    mbit     Mbit/s delivered
    limited  the sender, not the link, was the limit: the link carries at least this
    frame    bytes on the wire of the last frame; 0: unknown
    quality  and its quality
    """

    mbit: float
    limited: bool
    frame: int = 0
    quality: int = 0


class Adaptation:
    """One viewer's. `quality` and `fps` are what is in force."""

    def __init__(self) -> None:
        self.enabled = True
        self._hand_quality: int | None = None
        self._hand_fps: float | None = None
        self._tier: int | None = None
        self._votes = 0
        self._full_mbit = 0.0  # what the link carried when it was last full
        self._free = 0  # samples in a row in which frames flowed freely
        self._patience = SAMPLES_TRY
        self._tried = False
        self._exponent = SIZE_EXPONENT
        self._seen: tuple[int, int] | None = None  # quality and size of the last frame
        self.quality = START_QUALITY
        self.fps: float = START_FPS

    @property
    def ceiling(self) -> int:
        """The quality that this viewer has where its link is no hindrance."""
        if not self.enabled:
            return self.quality
        return self._hand_quality or (START_QUALITY if self._tier is None else TIERS[0].quality)

    def set_quality(self, quality: int) -> None:
        self._hand_quality = quality
        self._apply()

    def set_fps(self, fps: float) -> None:
        self._hand_fps = fps
        self._apply()

    def enable(self, enabled: bool) -> None:
        """Switch adaptation; without it, what was set by hand is exact, and what was not stays as it is."""
        self.enabled = enabled
        self._apply()

    def sample(self, link: LinkSample) -> bool:
        """Take in one sample, about a second after the last; True if quality or fps have changed."""
        if not self.enabled:
            return False
        self._learn(link)
        target = self._target(link)
        if not link.limited:
            self._full_mbit, self._free = link.mbit, 0
        elif link.mbit >= FREE_SHARE * self._full_mbit:
            self._free += 1
        if self._tier and self._free >= self._patience:
            self._tried, self._free = True, 0
            return self._move(self._tier - 1)
        if target is None or target == self._tier:
            self._votes = 0
            return False
        if self._tier is None:
            return self._move(target)
        faster = target < self._tier
        self._votes = (max(self._votes, 0) + 1) if faster else (min(self._votes, 0) - 1)
        if -SAMPLES_DOWN < self._votes < SAMPLES_UP:
            return False
        if faster:
            self._tried = False
        elif self._tried:
            self._patience, self._tried = min(2 * self._patience, SAMPLES_TRY_MOST), False
        # Climb one tier at a time, fall as deep as need be.
        return self._move(self._tier - 1 if faster else target)

    def _move(self, tier: int) -> bool:
        before = (self.quality, self.fps)
        self._tier, self._votes = tier, 0
        self._apply()
        return before != (self.quality, self.fps)

    def _learn(self, link: LinkSample) -> None:
        """Else a page whose pictures shrink more than expected would be sent up and down between two rungs for ever."""
        if not link.frame or not link.quality:
            return
        if self._seen is not None and self._seen[0] != link.quality:
            quality, size = self._seen
            shown = math.log(link.frame / size) / math.log(link.quality / quality)
            self._exponent = min(max((self._exponent + shown) / 2, LEAST_EXPONENT), MOST_EXPONENT)
        self._seen = (link.quality, link.frame)

    def _target(self, link: LinkSample) -> int | None:
        """The rung that the sample speaks for; None if it says nothing."""
        for index, tier in enumerate(TIERS):
            climbing = self._tier is not None and index < self._tier
            if link.mbit >= tier.mbit * (UP_MARGIN if climbing else 1.0):
                break
        if index == LAST_TIER and link.frame:
            index = self._rung(link.mbit * 1e6 / 8 / link.frame, link.quality or self.quality)
        if link.limited and (self._tier is None or index >= self._tier) and index > 0:
            return self._tier  # at least this fast: no reason to go down to it
        return index

    def _rung(self, carried: float, present: int) -> int:
        """Of the last tier and the rungs below it, the best of which the link carries enough, where it carries `carried` frames a
        second of quality `present`."""
        for index in range(LAST_TIER, len(RUNGS)):
            quality = min(RUNGS[index].quality, self._hand_quality or 100)
            expected = carried * (present / quality) ** self._exponent
            climbing = self._tier is not None and index < self._tier
            if expected >= RUNGS[index].carried * (UP_MARGIN if climbing else 1.0):
                break
        return index

    def _apply(self) -> None:
        if not self.enabled:
            self.quality = self._hand_quality or self.quality
            self.fps = self._hand_fps or self.fps
        elif self._tier is None or self._tier == 0:
            first = TIERS[0] if self._tier == 0 else Tier(0, START_QUALITY, START_FPS)
            self.quality = self._hand_quality or first.quality
            self.fps = self._hand_fps or first.fps
        else:
            tier = RUNGS[self._tier]
            self.quality = min(tier.quality, self._hand_quality or tier.quality)
            self.fps = min(tier.fps, self._hand_fps or tier.fps)
