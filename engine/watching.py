"""What a broadcast knows of one viewer: what it was shown, and the sharp picture that it is owed when the motion ends. Pure.

A viewer whose quality was lowered for its link is shown the newest frame once more in its *sharp* rendition, when no newer one
has come for a while and its link is free. The next frame takes it back to its plain rendition, also before it was sent.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from engine.adaptation import Adaptation
from engine.messages import Rendition
from engine.pacing import Pace

QUIET_SECONDS = 0.2  # without a frame, beyond the time in which the next one would have come: the motion has ended
FRAMES_LATE = 1.5
QUICK_SECONDS, PATIENCE = 1.0, 0.5  # a sharp picture that takes the link longer than this waits for that share of the excess


@dataclass(frozen=True, slots=True)
class Sharp:
    """`rendition`: what the viewer would see were its link no hindrance; `patience`: seconds that it waits beyond the usual."""

    rendition: Rendition
    patience: float = 0.0


class Estimate(Protocol):
    """What is known of a link: a `Flow`, an `Asking`."""

    def seconds(self, quality: int) -> float: ...


def sharp_of(rendition: Rendition, adaptation: Adaptation, link: Estimate) -> Sharp | None:
    """What a viewer of `rendition` is owed; None where its quality is not lowered."""
    ceiling = adaptation.ceiling
    if ceiling <= adaptation.quality:
        return None
    # The more of the link's time it takes, the surer should be that nobody goes on typing.
    patience = PATIENCE * max(0.0, link.seconds(ceiling) - QUICK_SECONDS)
    return Sharp(msgspec.structs.replace(rendition, quality=ceiling), patience)


@dataclass(frozen=True, slots=True)
class ViewerStatistics:
    """`sent` frames; `skipped` frames that were superseded before this viewer could take them: `link` of them because its link
    was busy, `pace` because its rate was not to be exceeded, `encoder` because none had time."""

    sent: int
    skipped: int
    link: int
    pace: int
    encoder: int


@dataclass(slots=True)
class Watch:
    """`rendition`: the one in which the next picture goes: the viewer's `plain` one or its `sharp` one.

    shown     (seq, rendition) of the last picture; after a change of rendition that owes no picture, as if it were the new one
    sharpest  (seq, rendition) of the last sharp picture
    """

    pace: Pace
    plain: Rendition
    demands: bool
    sharp: Sharp | None = None
    ready: bool = False
    shown: tuple[int, Rendition | None] = (0, None)
    sharpest: tuple[int, Rendition | None] = (0, None)
    sent: int = 0
    skipped: int = 0
    skipped_link: int = 0
    skipped_pace: int = 0
    skipped_encoder: int = 0
    noted: int = 0  # skipped since the last picture, for its link or its pace
    rendition: Rendition = field(init=False)

    def __post_init__(self) -> None:
        self.rendition = self.plain

    def lacks(self, seq: int) -> bool:
        return seq > self.shown[0] or self.shown[1] != self.rendition

    def statistics(self) -> ViewerStatistics:
        return ViewerStatistics(self.sent, self.skipped, self.skipped_link, self.skipped_pace, self.skipped_encoder)

    def supersede(self, now: float, seq: int) -> None:
        """A newer frame has come than `seq`, the newest so far: note why this viewer has not had it."""
        if self.shown[0] and seq > self.shown[0]:
            if not self.ready:
                self.skipped_link += 1
                self.noted += 1
            elif not self.pace.allows(now):
                self.skipped_pace += 1
                self.noted += 1

    def show(self, seq: int, rendition: Rendition) -> None:
        """The picture is on its way."""
        self.ready = False
        self.sent += 1
        if self.shown[0]:
            skipped = max(0, seq - self.shown[0] - 1)
            self.skipped += skipped
            self.skipped_encoder += max(0, skipped - self.noted)
        self.noted = 0
        self.shown = (seq, rendition)
        if rendition != self.plain:
            self.sharpest = self.shown

    def change(self, plain: Rendition, sharp: Sharp | None, *, owed: bool) -> Rendition:
        """Returns the rendition that is in force from now on; `shown` follows unless a picture in it is `owed`."""
        if (plain == self.plain or not owed) and self.shown[1] in (self.rendition, self.plain):
            self.shown = (self.shown[0], plain)
        self.plain, self.sharp = plain, sharp
        return plain

    def sharp_at(self, seq: int, since: float, fps: float) -> float | None:
        """When frame `seq`, the newest since `since`, is owed as a sharp picture; None: it is not. `fps`: the source's."""
        if self.sharp is None or self.rendition != self.plain or self.shown != (seq, self.plain):
            return None
        if self.sharpest == (seq, self.sharp.rendition) or self.sharp.rendition == self.plain or not fps:
            return None
        return since + QUIET_SECONDS + FRAMES_LATE / fps + self.sharp.patience
