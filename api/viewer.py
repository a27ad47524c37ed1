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

from api.link import congestion
from api.transport import FramePacket, Outbox, Prepared, StreamProtocol
from engine import broadcast
from engine.adaptation import Adaptation, LinkSample
from engine.errors import JiomosaError
from engine.messages import Rendition
from engine.view import View


class Viewer:
    """`connection` is python-engineio's socket object; `id` the Socket.IO id."""

    def __init__(self, id: str, connection: Any) -> None:
        self.id = id
        self.adaptation = Adaptation()
        self.view = View()
        self._connection = connection
        self._outbox: Outbox = connection.queue
        self._outbox.on_idle = self._idle
        self._on_ready: Callable[[Viewer], None] | None = None
        self._frame_packet = FramePacket(self._take)
        self._packet: broadcast.Packet | None = None
        self._queued = False
        self._cursor_packet = FramePacket(self._take_cursor)
        self._cursor: bytes | None = None
        self._cursor_told: bytes | None = None
        self._cursor_queued = False
        self._loop = asyncio.get_running_loop()
        self._recheck: asyncio.TimerHandle | None = None
        self._sent_bytes = 0
        self._taken_at = -math.inf
        self._poll_sample: LinkSample | None = None

    @property
    def rendition(self) -> Rendition:
        return self.view.rendition(self.adaptation.quality)

    # ---- events

    def tell(self, event: str, payload: dict[str, Any] | None = None) -> None:
        """Send an event other than a frame."""
        data = [event] if payload is None else [event, payload]
        self._outbox.put_nowait(Packet(MESSAGE, "2" + orjson.dumps(data).decode()))

    def tell_error(self, error: JiomosaError) -> None:
        self.tell("error", {"message": error.message, "code": error.code})

    def tell_cursor(self, event: bytes) -> None:
        """Send a `cursor` event, encoded already; like frames, only the newest is sent, and only where it is another one."""
        self._cursor = event
        if not self._cursor_queued:
            self._cursor_queued = True
            self._outbox.put_nowait(self._cursor_packet)

    def _take_cursor(self) -> Prepared | None:
        self._cursor_queued = False
        event, self._cursor = self._cursor, None
        if event is None or event == self._cursor_told:
            return None
        self._cursor_told = event
        return Prepared(event)

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
        self._packet = self._cursor = self._cursor_told = None
        if self._recheck is not None:
            self._recheck.cancel()
            self._recheck = None

    def offer(self, packet: broadcast.Packet) -> None:
        """The stream's answer to `on_ready`."""
        self._packet = packet
        if not self._queued:
            self._queued = True
            self._outbox.put_nowait(self._frame_packet)

    def _take(self) -> Prepared | None:
        self._queued = False
        packet, self._packet = self._packet, None
        if packet is None:
            return None
        self._sent_bytes += len(packet.data)
        self._taken_at = self._loop.time()
        self._taken_bytes = len(packet.data)
        if packet.rendition.format != "jpeg-binary":
            return Prepared(packet.data)
        if self._protocol is None:
            self._taken_bytes += packet.size // 3  # it becomes base64 in the response to a poll
        data = memoryview(packet.data)
        return Prepared(data[: -packet.size], data[-packet.size :])

    def _idle(self) -> None:
        if self._on_ready is None or self._queued or self._recheck is not None:
            return
        if self._protocol is None and self._taken_at > -math.inf:
            # The next poll comes when the response has arrived: the only thing that tells of a polling client's link.
            elapsed = max(1e-3, self._loop.time() - self._taken_at)
            self._poll_sample = LinkSample(self._taken_bytes * 8 / elapsed / 1e6, limited=False)
        wait = congestion(self._protocol) if self._protocol else 0.0
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
