"""Flow: when a viewer's link may take the next frame, and what the link shows of itself. Pure.

Two sorts of acknowledgement tell of a link, and each has a `Meter`:

    socket   bytes that the kernel at the socket's other end has; a proxy's, where there is one
    client   frames that the client itself has: its pong to a ping that went behind a frame, or its next poll

The next frame may start when no more is outstanding than the link needs to be busy until that frame is encoded: one
bandwidth-delay product and a margin. Where pongs come much later than the socket explains, the narrow place lies beyond it (a
proxy, a weak device): from then on a ping follows every frame, and the client's meter holds the next one back.

Only a link that is full tells how fast it is. What was delivered otherwise is less than it can do, never a sign of slowness.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Protocol

from engine.adaptation import LinkSample
from engine.meter import FULL, Meter
from engine.rounds import Rounds

# Beyond one bandwidth-delay product, so that the link is busy while a frame is encoded: in round trips, at most so many seconds.
MARGIN, MOST_MARGIN_SECONDS = 0.25, 0.025
LEAST_SECONDS = 0.01  # of sending may always be outstanding: on a fast, short link waiting costs more frames than it spares
LEAST_SEGMENTS = 2  # may always be outstanding: a receiver delays its acknowledgement for that many
RECHECK_SECONDS = (0.002, 0.004, 0.1)  # shortest wait before asking again; longest on the shortest link; longest on any

HELD_ROUNDS, HELD_SECONDS = 2, 0.5  # the kernel may hold a frame back for so long before that is what the link carries
NEWS_SECONDS = 1.0  # of a full link are news at once
GROWING = 1.25  # the rate of a window that is still opening rises by more than this from sample to sample
OPENING_ROUNDS = 4  # a frame that took a client more round trips than this was not held up by an opening window
QUEUE_ROUNDS, QUEUE_SECONDS = 1.1, 0.005  # a round trip that is this much longer than the shortest: something queues on the way

# Seconds: no link that anybody looks at pages over has a longer one (geostationary satellites: 0.6). A connection that begins
# behind what is queued already never shows a shorter one while it is busy.
LONGEST_RTT = 0.7

PING_SECONDS = 5.0  # between two pings while the socket tells enough
BEYOND_SECONDS, BEYOND_ROUNDS = 0.05, 2.0  # a pong that is later than this beyond what the socket explains
OVERDUE_SECONDS = 0.25  # an answer that is so late holds frames back, before it has come
BEYOND_VOTES, DIRECT_VOTES = 2, 20  # in a row
FIRST_PINGS = 3
FRAMES_BEYOND = 2  # at most on their way to a client while its pongs tell when it has them


class Told(Protocol):
    """What a socket tells. Units: bytes, seconds."""

    @property
    def mss(self) -> int: ...
    @property
    def rate(self) -> float: ...
    @property
    def min_rtt(self) -> float: ...
    @property
    def rtt(self) -> float: ...
    @property
    def notsent(self) -> int: ...


class Flow:
    """One viewer's. Times are seconds of one monotonic clock."""

    def __init__(self) -> None:
        self._socket, self._client = Meter(), Meter()
        self._told: Told | None = None
        self._min_rtt = 0.0
        self._outstanding = 0
        self._rounds = Rounds()
        self._held_since = math.inf
        self._pings: deque[tuple[float, float, float]] = deque()  # when, bytes sent until then, when the pong is expected
        self._pinged_at = -math.inf
        self._beyond = False
        self._votes = 0
        self._answered = 0  # pings that went behind frames
        self._free_at = 0.0  # when the way to the client has carried all that was sent, as far as its pongs let us guess
        self._sampled_at = 0.0
        self._arrived_before = 0.0
        self._rate_before = 0.0
        self._told_rate = 0.0
        self._frame, self._quality = 0, 0
        self._response: tuple[float, float] | None = None

    # ---- what is known

    @property
    def beyond(self) -> bool:
        """Whether the narrow place lies beyond the socket."""
        return self._beyond

    @property
    def rate(self) -> float:
        """Bytes a second that the link carries, as far as is known."""
        if self._by_client or self._told is None:
            return self._client.rate
        # The kernel's own figure rises sooner, but does not fall while all that we send fits its window.
        return self._socket.rate if self._socket.rate and self._queues else max(self._socket.rate, self._told.rate)

    @property
    def rtt(self) -> float:
        """The shortest round trip, seconds; infinity while unknown."""
        return self._client.rtt if self._by_client or self._told is None else self._min_rtt

    @property
    def budget(self) -> float:
        """Bytes that may be outstanding when the next frame starts."""
        rtt = self.rtt if self.rtt < math.inf else 0.0
        seconds = max(LEAST_SECONDS, rtt + self._margin)
        segment = self._told.mss if self._told else 0
        return max(LEAST_SEGMENTS * segment, self.rate * seconds + segment)  # acknowledgements come for two segments at once

    @property
    def keeps(self) -> float:
        """Bytes that the kernel may be given ahead: a whole frame, so that what holds it up can be seen."""
        return max(self.budget, self._frame)

    def seconds(self, quality: int) -> float:
        """About how long the last frame would take in another quality; 0 while that is unknown."""
        return self._frame * quality / self._quality / self.rate if self._quality and self.rate else 0.0

    # ---- what happens

    def sent(self, now: float, size: int, quality: int = 0) -> None:
        """A frame of `size` bytes and that JPEG quality has been given to the link."""
        self._frame, self._quality = size, quality
        self._socket.sent(now, size)
        self._client.sent(now, size)
        if self._client.rate:
            self._free_at = max(self._free_at, now) + size / self._client.rate

    def told(self, now: float, outstanding: int, link: Told | None) -> None:
        """The socket says that so many bytes are not acknowledged, and how its link is; None: as before, if it ever told."""
        link = link or self._told
        if link is None:
            return
        self._told, self._min_rtt = link, min(link.min_rtt, LONGEST_RTT)
        self._socket.rtt = self._min_rtt
        self._outstanding = outstanding
        self._rounds.look(now, self._socket.sent_bytes - outstanding, link.rtt, self._min_rtt, self._margin)
        self._held_since = min(self._held_since, now) if self._window_limits else math.inf
        held = self._held_since < math.inf and now - self._held_since <= HELD_SECONDS + HELD_ROUNDS * self._min_rtt
        self._socket.acknowledged(now, self._socket.sent_bytes - outstanding, idle=self._room > 1, held=held)

    @property
    def pinging(self) -> bool:
        """Whether a pong is awaited."""
        return bool(self._pings)

    def wants_ping(self, now: float) -> bool:
        """Whether a ping should go behind the frame that is sent now: the first ones tell before much can have piled up."""
        return self._beyond or self._answered < FIRST_PINGS or now >= self._pinged_at + PING_SECONDS

    def pinged(self, now: float) -> None:
        """A ping goes behind all that was sent so far."""
        self._pinged_at = now
        expected = now
        if self._told is not None:
            expected += self._min_rtt + self._socket.outstanding / max(self._socket.rate or self._told.rate, 1.0)
        self._pings.append((now, self._client.sent_bytes, expected))

    def ponged(self, now: float) -> None:
        """The client has answered the oldest ping: it has all that was sent before."""
        if not self._pings:
            return
        late = self._late(now, BEYOND_SECONDS)
        sent_at, total, _ = self._pings.popleft()
        self._arrived(now, sent_at, total)
        self._answered += total > 0
        if self._told is None:
            return
        self._votes = max(self._votes, 0) + 1 if late else min(self._votes, 0) - 1
        if self._votes >= BEYOND_VOTES or self._votes <= -DIRECT_VOTES:
            self._beyond = late

    def responded(self, now: float) -> None:
        """All that was sent so far is in the response to a poll."""
        self._response = (now, self._client.sent_bytes)

    def polled(self, now: float) -> None:
        """The next poll has come: the client has the response to the last one."""
        if self._response is not None:
            self._arrived(now, *self._response)
            self._response = None

    def _arrived(self, now: float, sent_at: float, total: float) -> None:
        self._client.rtt = min(self._client.rtt, max(1e-4, now - sent_at))
        self._client.acknowledged(now, total, exact=True)
        if not self._client.outstanding:
            self._free_at = now

    # ---- what follows

    def wait(self, now: float) -> float:
        """Seconds until it is worth asking again; 0 when a frame may start now."""
        if self._told is None:
            return 0.0
        begun = self._answered >= FIRST_PINGS
        if self._late(now, OVERDUE_SECONDS) or (not begun and len(self._pings) >= FRAMES_BEYOND):
            return RECHECK_SECONDS[2]  # whatever the socket says: the client has not yet what it was sent. The pong comes sooner
        if not self._outstanding and not self._beyond:
            return 0.0  # as nearly always on a fast link
        # What the kernel has not sent is not on the way yet: while its window is the limit nothing more goes behind it.
        unsent = self._told.notsent - max(LEAST_SEGMENTS * self._told.mss, self.rate * max(LEAST_SECONDS, self._margin))
        excess = max(unsent, self._outstanding - self._room * self.budget)
        seconds = excess / (self.rate or 1e5) if excess > 0 else 0.0
        if self._beyond and self._client.outstanding > 0:
            if len(self._pings) >= FRAMES_BEYOND or not self._client.rate:
                seconds = RECHECK_SECONDS[2]  # the pong comes sooner, and asks again
            else:
                seconds = max(seconds, self._free_at - MOST_MARGIN_SECONDS - now)
        if seconds <= 0:
            return 0.0
        shortest, least, longest = RECHECK_SECONDS
        return min(max(seconds, shortest), max(least, min(longest, self._min_rtt)))

    @property
    def tells(self) -> bool:
        """Whether there is news of a full link that should not wait for the next sample."""
        return self._present.evidence >= NEWS_SECONDS

    def sample(self, now: float) -> LinkSample | None:
        """What the link has shown since the last call; None where nothing arrived."""
        meter, other = (self._client, self._socket) if self._by_client else (self._socket, self._client)
        arrived, self._arrived_before = meter.acknowledged_bytes - self._arrived_before, meter.acknowledged_bytes
        seconds, self._sampled_at = now - self._sampled_at, now
        rate = meter.take()
        other.take()
        if rate:
            opening = rate > GROWING * self._rate_before and not (self._slow_client if self._by_client else self._queues)
            self._rate_before = rate
            return LinkSample(rate * 8 / 1e6, opening, self._frame, self._quality)
        if arrived <= 0 or (not self._by_client and self._late(now, OVERDUE_SECONDS)):
            return None
        least = arrived / max(seconds, 1e-3)
        if self._told is not None and not self._by_client:
            if self._told.rate != self._told_rate:  # otherwise it is as old as whatever was sent then
                least = max(least, self._told.rate)
            self._told_rate = self._told.rate
        return LinkSample(least * 8 / 1e6, True, self._frame, self._quality)

    @property
    def _by_client(self) -> bool:
        return self._beyond or self._told is None

    @property
    def _present(self) -> Meter:
        return self._client if self._by_client else self._socket

    def _late(self, now: float, slack: float) -> bool:
        """Whether the answer to the oldest ping is later than the socket explains."""
        if not self._pings:
            return False
        sent_at, _, expected = self._pings[0]
        return now - sent_at > BEYOND_ROUNDS * (expected - sent_at) + slack

    @property
    def _queues(self) -> bool:
        """Whether the socket sees that something queues on the way, so that the link and not an opening window is the limit."""
        told = self._told
        return told is not None and told.rtt > QUEUE_ROUNDS * self._min_rtt + QUEUE_SECONDS

    @property
    def _slow_client(self) -> bool:
        return self._client.rounds > OPENING_ROUNDS

    @property
    def _margin(self) -> float:
        """Seconds."""
        return min(MARGIN * self.rtt, MOST_MARGIN_SECONDS) if self.rtt < math.inf else 0.0

    @property
    def _room(self) -> float:
        """Budgets that may be outstanding. More than one only where all of it is on the way, and what queues now is no more than
        the last frame."""
        told = self._told
        if told is None or told.notsent >= LEAST_SEGMENTS * told.mss:
            return 1.0
        own = self._frame / self.rate if self.rate else 0.0
        return 1.0 if told.rtt > QUEUE_ROUNDS * self._min_rtt + QUEUE_SECONDS + own else self._rounds.room

    @property
    def _window_limits(self) -> bool:
        """Whether the kernel keeps back what the link would carry: its window is still opening, or it has closed it to see the
        shortest round trip (BBR does so every ten seconds)."""
        told = self._told
        if told is None or not self.rate or told.notsent < LEAST_SEGMENTS * told.mss:
            return False
        return not self._queues and self._outstanding - told.notsent < FULL * self.rate * self._min_rtt
