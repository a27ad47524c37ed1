"""Adaptation: what the link can carry -> a viewer's quality and frame rate. Pure.

Three tiers, the document's, in their simplest honest form:

    link, Mbit/s    above 5    2 to 5    below 2
    quality / fps   90 / 30    75 / 20   50 / 10

A value set by hand replaces the top tier's and caps the others. Until the link has shown what it can carry a viewer has what
it began with. Only evidence moves the tier: a sample taken while the sender had nothing more to send says what the link can
carry at least, never that it is slow; so a quiet page changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

START_QUALITY, START_FPS = 75, 30


class Tier(NamedTuple):
    """From `mbit` Mbit/s on: this quality and rate."""

    mbit: float
    quality: int
    fps: float


TIERS = (Tier(5.0, 90, 30), Tier(2.0, 75, 20), Tier(0.0, 50, 10))
UP_MARGIN = 1.2  # a link must exceed a tier's bound by this much to climb, so that one at the bound does not swing
SAMPLES_DOWN, SAMPLES_UP = 2, 3  # in a row, about a second apart: quick down, careful up


@dataclass(frozen=True, slots=True)
class LinkSample:
    """What the socket told: `mbit` Mbit/s delivered; `limited` if the sender, not the link, was the limit."""

    mbit: float
    limited: bool


class Adaptation:
    """One viewer's. `quality` and `fps` are what is in force."""

    def __init__(self) -> None:
        self.enabled = True
        self._hand_quality: int | None = None
        self._hand_fps: float | None = None
        self._tier: int | None = None
        self._votes = 0
        self.quality = START_QUALITY
        self.fps: float = START_FPS

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
        target = self._target(link)
        if target is None or target == self._tier:
            self._votes = 0
            return False
        faster = self._tier is not None and target < self._tier
        self._votes = (max(self._votes, 0) + 1) if faster else (min(self._votes, 0) - 1)
        if self._tier is not None and -SAMPLES_DOWN < self._votes < SAMPLES_UP:
            return False
        # Climb one tier at a time, fall as deep as need be.
        self._tier = self._tier - 1 if faster and self._tier is not None else target
        self._votes = 0
        before = (self.quality, self.fps)
        self._apply()
        return before != (self.quality, self.fps)

    def _target(self, link: LinkSample) -> int | None:
        """The tier that the sample speaks for; None if it says nothing."""
        for index, tier in enumerate(TIERS):
            climbing = self._tier is not None and index < self._tier
            if link.mbit >= tier.mbit * (UP_MARGIN if climbing else 1.0):
                if link.limited and (self._tier is None or index >= self._tier) and index > 0:
                    return None  # at least this fast: no reason to go down to it
                return index
        return None

    def _apply(self) -> None:
        if not self.enabled:
            self.quality = self._hand_quality or self.quality
            self.fps = self._hand_fps or self.fps
        elif self._tier is None or self._tier == 0:
            first = TIERS[0] if self._tier == 0 else Tier(0, START_QUALITY, START_FPS)
            self.quality = self._hand_quality or first.quality
            self.fps = self._hand_fps or first.fps
        else:
            tier = TIERS[self._tier]
            self.quality = min(tier.quality, self._hand_quality or tier.quality)
            self.fps = min(tier.fps, self._hand_fps or tier.fps)
