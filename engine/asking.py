"""Asking: a client that asks for one picture after the other, and the quality that its link can take. Pure.

    asked() -> answered() -> the client has the picture, looks at it for as long as it likes -> asked() ...

When it asks next says nothing of its link. But the kernel knows for how long something was on the way (`tcpi_busy_time`): for
one answer its transmission and a round trip. Its window opens meanwhile; an answer that took only a few round trips may have been
held up by that, and says what the link carries at least.
"""

from __future__ import annotations

from engine.adaptation import Adaptation, LinkSample
from engine.flow import OPENING_ROUNDS

SAMPLE_SECONDS = 1.0  # of answers, at least, make one sample
LEAST_EVIDENCE_SECONDS = 0.1  # of transmission tell how fast a link is; less, that it is fast


class Asking:
    """One client's; it would have `quality` were its link no hindrance. Times are seconds of one monotonic clock.

    busy   seconds for which anything has been on the way over its connection; `rtt`: its shortest round trip
    """

    def __init__(self, quality: int) -> None:
        self.adaptation = Adaptation()
        self.adaptation.set_quality(quality)
        self._answer: tuple[float, int, int] | None = None  # busy until then, bytes, quality
        self._sampled_at = 0.0
        self._bytes, self._seconds, self._rounds = 0, 0.0, 0.0
        self._rate = 0.0
        self._last = (0, 0)

    def asked(self, now: float, busy: float, rtt: float) -> None:
        """The client asks: it has the last answer."""
        if self._answer is None:
            return
        (before, size, quality), self._answer = self._answer, None
        passed = max(0.0, busy - before)
        self._bytes += size
        self._seconds += max(0.0, passed - rtt)
        self._rounds = max(self._rounds, passed / rtt if rtt > 0 else OPENING_ROUNDS + 1)
        self._last = size, quality
        if now - self._sampled_at >= SAMPLE_SECONDS:
            self._sampled_at = now
            self._sample()

    def answered(self, busy: float, size: int, quality: int) -> None:
        """It gets a picture of `size` bytes and that JPEG quality."""
        self._answer = busy, size, quality

    @property
    def lowered(self) -> bool:
        """Whether the last answer was of a lower quality than it would be were the link no hindrance."""
        return 0 < self._last[1] < self.adaptation.ceiling

    def seconds(self, quality: int) -> float:
        """About how long the last picture would take in another quality; 0 while that is unknown."""
        size, last = self._last
        return size * quality / last / self._rate if self._rate and last else 0.0

    def _sample(self) -> None:
        self._rate = self._bytes / max(self._seconds, 1e-3)
        tells = self._seconds >= LEAST_EVIDENCE_SECONDS and self._rounds > OPENING_ROUNDS
        self.adaptation.sample(LinkSample(self._rate * 8 / 1e6, not tells, *self._last))
        self._bytes, self._seconds, self._rounds = 0, 0.0, 0.0
