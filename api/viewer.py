"""A viewer: one Socket.IO connection that watches a session.

A frame goes straight to its link where nothing is before it. Else it goes through one `FramePacket` that is in the connection's
outbox at most once and binds the newest packet when it is written; everything else it is told goes through the same outbox, in
order.

    unsubscribed --attach--> waiting --outbox idle, link clear--> ready (the stream may `offer`) --written--> waiting ...

Whether the link is clear, and what it can carry, `engine.flow` says; this tells it what the socket and the client do.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from typing import Any

import orjson
from engineio.packet import MESSAGE, PING, Packet

from api.transport import FramePacket, Outbox, Prepared, StreamProtocol
from engine import broadcast
from engine.adaptation import Adaptation, LinkSample
from engine.errors import JiomosaError
from engine.figures import Figures, Journey
from engine.flow import Flow
from engine.messages import Rendition
from engine.tally import Pulse
from engine.view import View
from engine.watching import Sharp, ViewerStatistics, sharp_of


class Viewer:
    """`connection` is python-engineio's socket object; `id` the Socket.IO id. `dismiss(error)` ends its connection."""

    dismiss: Callable[[JiomosaError], None]

    def __init__(self, id: str, connection: Any, sub: str | None = None, address: str = "") -> None:
        self.id = id
        self.sub, self.address = sub, address
        self.pulse = Pulse(self._now())
        self.adaptation = Adaptation()
        self.flow = Flow()
        self.view = View()
        self.controls = False
        self._connection = connection
        self._outbox: Outbox = connection.queue
        self._outbox.on_idle = self._idle
        self._outbox.on_asked = self._asked
        self._outbox.on_given = self._given
        self._outbox.on_ping = self._pinged
        self._outbox.on_pong = self._ponged
        self._on_ready: Callable[[Viewer], None] | None = None
        self._frame_packet = FramePacket(self._take)
        self._packet: broadcast.Packet | None = None
        self._queued = False
        self._ping_behind = False
        self._cursor_packet = FramePacket(self._take_cursor)
        self._cursor: bytes | None = None
        self._cursor_told: bytes | None = None
        self._cursor_queued = False
        self._loop = asyncio.get_running_loop()
        self._recheck: asyncio.TimerHandle | None = None
        self._journey: Journey | None = None
        self._figures: Figures | None = None
        self._offered_at = 0.0
        self._taken_at = math.inf
        self.heard_at = self._now()  # when it last said anything, or answered

    def ask(self) -> None:
        """Have it answer, if it is there."""
        if self._protocol is not None:  # a client that polls is heard with each poll
            self._outbox.put_nowait(Packet(PING))

    @property
    def transport(self) -> str:
        return "websocket" if self._connection.upgraded else "polling"

    @property
    def rendition(self) -> Rendition:
        return self.view.rendition(self.adaptation.quality)

    @property
    def sharp(self) -> Sharp | None:
        """What it is shown when the motion has ended; None where its quality is not lowered."""
        return sharp_of(self.rendition, self.adaptation, self.flow)

    # ---- events

    def tell(self, event: str, payload: dict[str, Any] | None = None) -> None:
        """Send an event other than a frame."""
        data = [event] if payload is None else [event, payload]
        self._outbox.put_nowait(Packet(MESSAGE, "2" + orjson.dumps(data).decode()))

    def tell_error(self, error: JiomosaError) -> None:
        self.tell("error", {"message": error.message, "code": error.code})

    def tell_cursor(self, event: bytes) -> None:
        """Send a `cursor` event, encoded already; like frames, only the newest is sent, and only where it is another one."""
        if self._cursor is not None and self._journey is not None:
            self._journey.tally.events_dropped["cursor"] += 1
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

    def gone(self, *, answers: bool = True) -> None:
        """The connection is over. python-engineio leaves a poll that waits until it times out, and the writer of a client that no
        longer `answers` for good: end them."""
        if not self._connection.upgraded:
            self._outbox.put_nowait(None)
        elif not answers and self._protocol is not None:
            self._protocol.cut()

    def show_statistics(self, enabled: bool) -> None:
        """Whether `tell_statistics` says something."""
        self._figures = Figures(self._now()) if enabled else None

    def tell_statistics(self, drops: ViewerStatistics) -> None:
        """To be called once a second. `drops`: all since this viewer began to watch."""
        if self._figures is None:
            return
        flow = self.flow
        self.tell(
            "stats",
            {
                **self._figures.take(self._now()),
                "quality": self.adaptation.quality,
                "fps_limit": self.adaptation.fps,
                "link": {
                    "mbit": round(flow.rate * 8 / 1e6, 3) if flow.rate else None,
                    "rtt_ms": round(flow.rtt * 1000, 1) if flow.rtt < math.inf else None,
                    "beyond": flow.beyond,
                },
                "drops": {
                    "link": drops.link,
                    "pace": drops.pace,
                    "encoder": drops.encoder,
                },
            },
        )

    # ---- frames

    def attach(self, on_ready: Callable[[Viewer], None], journey: Journey) -> None:
        """Start watching: `on_ready(self)` is called whenever all that was sent has left and a frame may come.
        `journey`: the times of the session's frames."""
        self._on_ready = on_ready
        self._journey = journey
        if self._protocol is not None:
            self._protocol.look(self.flow, whole=True)
            self._outbox.put_nowait(Packet(PING))  # before the first frame: the way as it is when nothing is on it
        self._cleared()

    def detach(self) -> None:
        """Stop watching; a frame that has not been written is withdrawn."""
        self._on_ready = None
        if self._packet is not None and self._journey is not None:
            self._journey.tally.dropped["gone"] += 1
        self._packet = self._cursor = self._cursor_told = None
        if self._recheck is not None:
            self._recheck.cancel()
            self._recheck = None

    def offer(self, packet: broadcast.Packet) -> Viewer | None:
        """The stream's answer to `on_ready`."""
        self._packet, self._offered_at = packet, self._now()
        if self._queued:
            return None
        protocol = self._protocol
        if protocol is not None and self._all_left:
            return self
        self._queued = True
        self._outbox.put_nowait(self._frame_packet)
        if protocol is not None and self.flow.wants_ping(self._offered_at):
            self._outbox.put_nowait(Packet(PING))
        return None

    def write(self) -> None:
        """Past the outbox, whose reader waits on."""
        assert self._packet is not None
        self._taken_at = self._now()
        self._ping_behind = self.flow.wants_ping(self._taken_at)
        self._connection.protocol.give(_prepared(self._packet), ping=self._ping_behind)

    def written(self) -> None:
        assert self._packet is not None
        protocol = self._connection.protocol
        self._sent(self._packet)
        if self._ping_behind:
            self._pinged()
        protocol.on_clear = self._cleared
        if protocol.clear:
            self._idle()

    def _take(self) -> Prepared | None:
        """What was offered is being written by the outbox's reader."""
        self._queued = False
        if self._packet is None:
            return None
        prepared, self._taken_at = _prepared(self._packet), self._now()
        self._sent(self._packet)
        return prepared

    def _sent(self, packet: broadcast.Packet) -> None:
        self._packet = None
        now, size, polls = self._taken_at, len(packet.data), self._protocol is None
        if polls and packet.rendition.format == "jpeg-binary":
            size += packet.size // 3  # it becomes base64 in the response to a poll
        self.flow.sent(now, size, packet.rendition.quality)
        if polls:
            self.flow.responded(now)
        self.pulse.sent(size)
        if self._journey is not None:
            times = self._journey.sent(now, self._offered_at, packet, size, self.transport)
            if self._figures is not None:
                self._figures.sent(now, size, times)

    def _cleared(self) -> None:
        if self._all_left:
            self._idle()

    def _idle(self) -> None:
        if self._taken_at < math.inf:
            seconds, self._taken_at = self._now() - self._taken_at, math.inf
            if self._journey is not None:
                self._journey.left(seconds)
            if self._figures is not None:
                self._figures.left(seconds)
        if self._on_ready is None or self._queued or self._recheck is not None:
            return
        wait = self._congested()
        if wait:
            self._recheck = self._loop.call_later(wait, self._check_again)
        else:
            self._on_ready(self)

    def _check_again(self) -> None:
        self._recheck = None
        self._cleared()

    # ---- the link

    @property
    def _all_left(self) -> bool:
        """Whether nothing waits on this side of the kernel."""
        protocol = self._protocol
        return self._outbox.idle and (protocol is None or protocol.clear)

    @property
    def _protocol(self) -> StreamProtocol | None:
        return getattr(self._connection, "protocol", None) if self._connection.upgraded else None

    def _now(self) -> float:
        return time.monotonic()  # uvloop's own clock stands still within an iteration

    def _asked(self) -> None:
        if self._protocol is None:
            self.heard_at = self._now()
            self.flow.polled(self._now())

    def _given(self) -> None:
        if self._protocol is None:
            self.flow.responded(self._now())

    def _pinged(self) -> None:
        if self._protocol is not None:  # a client that polls is asked nothing: its polls are the answer
            self.flow.pinged(self._now())

    def _ponged(self) -> None:
        self.heard_at = self._now()
        protocol = self._protocol
        if protocol is not None and self.flow.pinging:
            # Were our own delay taken for the client's, each picture would get a ping, and delay us more.
            self.flow.ponged(protocol.arrived_at(self.heard_at))
        if self._recheck is not None:
            self._recheck.cancel()
            self._check_again()

    def _congested(self) -> float:
        """Seconds to wait before the socket is worth asking again; 0 when a frame may start now."""
        protocol = self._protocol
        if protocol is None:
            return 0.0
        protocol.look(self.flow)
        return self.flow.wait(self._now())

    def sample_link(self) -> LinkSample | None:
        """To be called once a second: what the link showed since the last call; None where nothing was sent."""
        protocol = self._protocol
        if protocol is not None:
            protocol.look(self.flow, whole=True)
            protocol.keep(self.flow.keeps)
        return self.flow.sample(self._now())


def _prepared(packet: broadcast.Packet) -> Prepared:
    if not packet.prepared:
        if packet.rendition.format == "jpeg-binary":
            data = memoryview(packet.data)
            packet.prepared.append(Prepared(data[: -packet.size], data[-packet.size :]))
        else:
            packet.prepared.append(Prepared(packet.data))
    prepared: Prepared = packet.prepared[0]
    return prepared
