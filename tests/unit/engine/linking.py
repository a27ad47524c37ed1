"""A link to try `engine.flow` on."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from engine.adaptation import LinkSample
from engine.flow import MARGIN, MOST_MARGIN_SECONDS, Flow

MSS = 1448


@dataclass
class Told:
    mss: int = MSS
    rate: float = 0.0
    min_rtt: float = 0.0
    rtt: float = 0.0
    notsent: int = 0


class Link:
    """A link of `rate` bytes a second and a round trip of `rtt` seconds, a viewer who wants `fps` frames of `size`, and the
    socket between them. Acknowledgements come as the bottleneck passes bytes, a round trip later."""

    def __init__(self, rate: float, rtt: float, size: int, fps: float = 1000.0, kernel_rate: float | None = None) -> None:
        self.rate, self.rtt, self.size, self.fps = rate, rtt, size, fps
        self.now = 1000.0
        self.flow = Flow()
        self.kernel_rate = rate if kernel_rate is None else kernel_rate
        self.sent = 0.0
        self.free_at = 0.0
        self.passing: deque[tuple[float, float]] = deque()  # (when its first byte passes, bytes)
        self.due = 0.0
        self.started: list[tuple[float, float]] = []  # (when, outstanding) of each frame
        self.stalled_since: float | None = None

    @property
    def idle_budget(self) -> float:
        """What may be outstanding where nothing but the kernel's figures is known."""
        return self.rate * (self.rtt + min(MARGIN * self.rtt, MOST_MARGIN_SECONDS)) + MSS

    @property
    def outstanding(self) -> float:
        now = self.now if self.stalled_since is None else self.stalled_since
        left = 0.0
        for begin, size in self.passing:
            passed = (now - self.rtt - begin) * self.rate
            left += size - min(size, max(0.0, passed))
        return left

    def look(self) -> None:
        queued = max(0.0, self.free_at - self.now)
        told = Told(rate=self.kernel_rate, min_rtt=self.rtt, rtt=self.rtt + queued)
        self.flow.told(self.now, round(self.outstanding), told)

    def run(self, seconds: float) -> list[LinkSample | None]:
        """So long, with a sample a second."""
        samples, end, sample_at = [], self.now + seconds, self.now + 1
        while self.now < end:
            self.look()
            wait = self.flow.wait(self.now)
            if not wait and self.now >= self.due:
                self.started.append((self.now, self.outstanding))
                begin = max(self.now, self.free_at)
                self.free_at = begin + self.size / self.rate
                self.passing.append((begin, self.size))
                self.flow.sent(self.now, self.size, 75)
                self.due = max(self.due + 1 / self.fps, self.now)
                wait = 0.003  # to encode the next one
            self.now += max(wait, 0.002)
            if self.now >= sample_at:
                self.look()
                samples.append(self.flow.sample(self.now))
                sample_at += 1
            while len(self.passing) > 200:
                self.passing.popleft()
        return samples
