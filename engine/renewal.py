"""Renewal: when the kernel's BBR should begin anew, so that it does not let the link rest. Pure.

BBR (version 1, Linux `net/ipv4/tcp_bbr.c`) has two habits that cost a stream of pictures over a long link dearly:

    rests    when it has not seen the shortest round trip for ten seconds it sends no more than four packets for 200 ms and a
             round trip, so that queues drain and show it. `engine.flow` never lets a queue of more than a frame grow, so nothing
             needs to drain that often.
    pacing   it sends at 2.9 times the rate that it has seen; the answer to one poll a round trip is all that it sees, so that
             sending it takes half a round trip, however fast the link is.

Beginning anew it keeps its window and the shortest round trip, takes the latter for just seen, and paces by the window. Once in a
while it may rest: several connections over one link see its true round trip only when all are quiet, and a path may change.
"""

from __future__ import annotations

PERIOD_SECONDS = 4.0  # below BBR's ten, and two of them, so that one that is left out changes nothing
REST_EVERY_SECONDS, REST_SECONDS = 60.0, 11.0  # how often it may rest, and how long that is waited for: its ten, and the rest
LEAST_RTT = 0.01  # seconds: on a shorter link four packets a round trip are enough for anything
# Share of packets since the last decision. What a link loses closes the window of a BBR that has just begun: where 1% was lost
# it used 0.70 of a link that it used 0.83 of otherwise, where 0.1% was it made no difference (5 Mbit/s, 100 ms).
MOST_LOST = 0.003


class Renewal:
    """One connection's, made at `now`. Times are seconds of one monotonic clock."""

    __slots__ = ("_before", "_next", "_rested_at")

    def __init__(self, now: float) -> None:
        self._next, self._rested_at = now + PERIOD_SECONDS, now
        self._before = 0, 0

    def due(self, now: float) -> bool:
        """Whether `wanted` has something to decide."""
        return now >= self._next

    def wanted(self, now: float, min_rtt: float, sent: int, lost: int, *, orderly: bool) -> bool:
        """Whether to begin anew now. `sent`, `lost`: packets since the connection began; `orderly`: none is thought lost now, of
        which BBR keeps an account."""
        (sent_before, lost_before), self._before = self._before, (sent, lost)
        self._next = now + PERIOD_SECONDS
        if now - self._rested_at >= REST_EVERY_SECONDS:
            self._rested_at = now
            self._next = now + REST_SECONDS
            return False
        return orderly and min_rtt >= LEAST_RTT and lost - lost_before <= MOST_LOST * (sent - sent_before)
