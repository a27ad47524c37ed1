"""What the user of one device felt, from what it saw. Pure; times are seconds of one clock."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

MOVING_SECONDS = 0.5  # between two pictures: with longer gaps the page is at rest, and its rate says nothing
STALL_SECONDS = 1.0  # without the effect of what a user did: the user wonders


@dataclass(frozen=True, slots=True)
class Report:
    """Seconds, but for what says otherwise; NaN where there was none.

    first      from subscribing until the first picture was shown
    age        of pictures when shown, since they were on the server's screen
    fps        pictures a second while they came in a row
    reaction   from what the user did until the picture that showed it; `actions` of which that is known
    stalls     things the user did that showed nothing for a second, or never
    """

    device: str
    first: float
    age_p50: float
    age_p99: float
    fps: float
    reaction_p50: float
    reaction_p99: float
    actions: int
    stalls: int
    frames: int
    bytes: int
    reconnects: int
    error: str = ""


@dataclass
class Felt:
    """Told of what happens, says at the end what it was like. `began`: when it subscribed."""

    device: str
    began: float
    ages: list[float] = field(default_factory=list)
    _shown_at: float = math.nan
    _first: float = math.nan
    _moving: list[float] = field(default_factory=list)
    _did: list[float] = field(default_factory=list)  # when; acknowledgements come in the same order
    _waits: list[tuple[float, int]] = field(default_factory=list)  # (when it was done, the newest frame at that moment)
    _reactions: list[float] = field(default_factory=list)
    _stalls: int = 0

    def shown(self, now: float, seq: int, age: float) -> None:
        """A picture is on the device's screen."""
        if math.isnan(self._first):
            self._first = now - self.began
        elif now - self._shown_at < MOVING_SECONDS:
            self._moving.append(now - self._shown_at)
        self._shown_at = now
        self.ages.append(age)
        seen = [wait for wait in self._waits if seq > wait[1]]
        self._waits = [wait for wait in self._waits if seq <= wait[1]]
        for did, _ in seen:
            self._reactions.append(now - did)
            self._stalls += now - did > STALL_SECONDS

    def did(self, now: float) -> None:
        """The user did something."""
        self._did.append(now)

    def acknowledged(self, seq: int) -> None:
        """The page has it; what was on the screen then was frame `seq`."""
        if self._did:
            self._waits.append((self._did.pop(0), seq))

    def report(self, now: float, size: int, reconnects: int, error: str = "") -> Report:
        unseen = sum(now - did > STALL_SECONDS for did in [*self._did, *(did for did, _ in self._waits)])
        return Report(
            self.device,
            self._first,
            quantile(self.ages, 0.5),
            quantile(self.ages, 0.99),
            len(self._moving) / sum(self._moving) if self._moving else math.nan,
            quantile(self._reactions, 0.5),
            quantile(self._reactions, 0.99),
            len(self._reactions),
            self._stalls + unseen,
            len(self.ages),
            size,
            reconnects,
            error,
        )


def quantile(values: list[float], share: float) -> float:
    """The smallest that is not below `share` of them; NaN where there are none."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)] if values else math.nan
