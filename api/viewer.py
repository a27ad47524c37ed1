"""A viewer: one Socket.IO connection that watches a session.

Its frames go through one `FramePacket` that is in the connection's outbox at most once and binds the newest packet when it is
written; everything else it is told goes through the same outbox, in order.

    unsubscribed --attach--> waiting --outbox idle, link clear--> ready (the stream may `offer`) --written--> waiting ...
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import Any

import orjson
from engineio.packet import MESSAGE, Packet

from api.transport import FramePacket, Outbox, StreamProtocol
from engine import broadcast
from engine.adaptation import Adaptation, LinkSample
from engine.errors import JiomosaError
from engine.messages import Rendition

# The next frame may start when no more than this times one bandwidth-delay product is in the kernel (DESIGN.md, section 6).
BUDGET = 1.25
SEGMENTS_ALWAYS_ALLOWED = 2
RECHECK_SECONDS = (0.002, 0.1)  # the shortest and longest wait before asking the kernel again


class Viewer:
    """`connection` is python-engineio's socket object; `id` the Socket.IO id."""

    def __init__(self, id: str, connection: Any) -> None:
        self.id = id
        self.adaptation = Adaptation()
        self._connection = connection
        self._outbox: Outbox = connection.queue
        self._outbox.on_idle = self._idle
        self._on_ready: Callable[[Viewer], None] | None = None
        self._frame_packet = FramePacket(self._take)
        self._packet: broadcast.Packet | None = None
        self._queued = False
        self._loop = asyncio.get_running_loop()
        self._recheck: asyncio.TimerHandle | None = None
        self._sent_bytes = 0
        self._taken_at = -math.inf
        self._poll_sample: LinkSample | None = None

    @property
    def rendition(self) -> Rendition:
        return Rendition("jpeg", self.adaptation.quality)

    # ---- events

    def tell(self, event: str, payload: dict[str, Any] | None = None) -> None:
        """Send an event other than a frame."""
        data = [event] if payload is None else [event, payload]
        self._outbox.put_nowait(Packet(MESSAGE, "2" + orjson.dumps(data).decode()))

    def tell_error(self, error: JiomosaError) -> None:
        self.tell("error", {"message": error.message, "code": error.code})

    def gone(self) -> None:
        """The connection is over. python-engineio leaves a poll that waits for it open until it times out: end it."""
        if not self._connection.upgraded:
            self._outbox.put_nowait(None)

    # ---- frames

    def attach(self, on_ready: Callable[[Viewer], None]) -> None:
        """Start watching: `on_ready(self)` is called whenever all that was sent has left and a frame may come."""
        self._on_ready = on_ready
        if self._outbox.idle:
            self._idle()

    def detach(self) -> None:
        """Stop watching; a frame that has not been written is withdrawn."""
        self._on_ready = None
        self._packet = None
        if self._recheck is not None:
            self._recheck.cancel()
            self._recheck = None

    def offer(self, packet: broadcast.Packet) -> None:
        """The stream's answer to `on_ready`."""
        self._packet = packet
        if not self._queued:
            self._queued = True
            self._outbox.put_nowait(self._frame_packet)

    def _take(self) -> bytes | None:
        self._queued = False
        packet, self._packet = self._packet, None
        if packet is None:
            return None
        self._sent_bytes += len(packet.data)
        self._taken_at = self._loop.time()
        self._taken_bytes = len(packet.data)
        return packet.data

    def _idle(self) -> None:
        if self._on_ready is None or self._queued or self._recheck is not None:
            return
        if self._protocol is None and self._taken_at > -math.inf:
            # The next poll comes when the response has arrived: the only thing that tells of a polling client's link.
            elapsed = max(1e-3, self._loop.time() - self._taken_at)
            self._poll_sample = LinkSample(self._taken_bytes * 8 / elapsed / 1e6, limited=False)
        wait = self._congested()
        if wait:
            self._recheck = self._loop.call_later(wait, self._check_again)
        else:
            self._on_ready(self)

    def _check_again(self) -> None:
        self._recheck = None
        if self._outbox.idle:
            self._idle()

    # ---- the link

    @property
    def _protocol(self) -> StreamProtocol | None:
        return getattr(self._connection, "protocol", None) if self._connection.upgraded else None

    def _congested(self) -> float:
        """Seconds to wait before the kernel is worth asking again; 0 when a frame may start now."""
        protocol = self._protocol
        unsent = protocol.unsent() if protocol else 0
        if not protocol or not unsent:
            return 0.0
        link = protocol.link()
        if link is None:
            return 0.0
        excess = unsent - max(SEGMENTS_ALWAYS_ALLOWED * link.mss, BUDGET * link.rate * link.min_rtt)
        shortest, longest = RECHECK_SECONDS
        return 0.0 if excess <= 0 else min(longest, max(shortest, excess / (link.rate or 1e5)))

    def sample_link(self) -> LinkSample | None:
        """To be called once a second: what the link showed since the last call; None where nothing was sent."""
        sent, self._sent_bytes = self._sent_bytes, 0
        if not sent:
            return None
        protocol = self._protocol
        if protocol is None:
            sample, self._poll_sample = self._poll_sample, None
            return sample
        link = protocol.link()
        return None if link is None else LinkSample(link.rate * 8 / 1e6, link.app_limited)
