"""A viewer between an outbox and a link that do what a test says."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from api.link import TCP_INFO_BYTES, Link
from api.link import Wire as RealWire
from api.transport import Outbox, Prepared
from api.viewer import Viewer
from engine.broadcast import Packet
from engine.figures import Journey
from engine.messages import Rendition

JPEG = Rendition("jpeg", 75)
MSS = 1000


def frame(seq: int) -> Packet:
    return Packet(seq, JPEG, b"frame %d" % seq, 1)


class Wire(RealWire):
    """A StreamProtocol as far as a viewer sees it."""

    disconnected = False

    def __init__(self, *, rate: int = 1_000_000, rtt: float = 0.1, queues: bool = True, silent: float = 0.0) -> None:
        self.waiting = 0
        self.kept: list[float] = []
        self.was_cut = False
        self.clear = True
        self.fills = False  # what is given next does not leave at once
        self.given: list[Any] = []
        self.on_clear: Callable[[], None] | None = None
        info = bytearray(TCP_INFO_BYTES)
        struct.pack_into("=I", info, 16, MSS)
        struct.pack_into("=I", info, 52, round(silent * 1000))
        struct.pack_into("=I", info, 68, round(rtt * 1e6 * (3 if queues else 1)) + 10_000 * queues)
        struct.pack_into("=I", info, 148, round(rtt * 1e6))
        struct.pack_into("=Q", info, 160, rate)
        self.state: Link | None = Link(bytes(info))

    def unsent(self) -> int:
        return self.waiting

    def link(self) -> Link | None:
        return self.state

    def keep(self, size: float) -> None:
        self.kept.append(size)

    def cut(self) -> None:
        self.was_cut = True

    def give(self, message: Prepared, *, ping: bool = False) -> None:
        assert self.clear
        self.given += [message.text, *(["2"] if ping else [])]
        self.clear = not self.fills

    def drain(self) -> None:
        """All that it was given leaves."""
        self.clear = True
        if self.on_clear is not None:
            self.on_clear()


class World:
    """A viewer, its outbox, and a writer that takes from it when told."""

    def __init__(self, wire: Wire | None = None) -> None:
        self.outbox = Outbox()
        self.connection = SimpleNamespace(queue=self.outbox, upgraded=wire is not None, protocol=wire)
        self.viewer = Viewer("sid", self.connection)
        self.journey = Journey()
        self.ready = 0
        self.written: list[Any] = []

    def attach(self) -> None:
        """Watch; the ping that goes before the first frame is written."""
        self.viewer.attach(self._count, self.journey)
        if self.connection.upgraded:
            ping = self.outbox._queue.pop()  # type: ignore[attr-defined]
            assert ping.encode() == "2"
            self.viewer.flow.ponged(self.viewer._now())

    def _count(self, viewer: Viewer) -> None:
        assert viewer is self.viewer
        self.ready += 1

    def offer(self, packet: Packet) -> None:
        """As a stream does."""
        straight = self.viewer.offer(packet)
        if straight is not None:
            straight.write()
            straight.written()

    async def write(self) -> Any:
        """What the writer does for one packet; an empty outbox it would wait for is None."""
        reading = asyncio.ensure_future(self.outbox.get())
        for _ in range(5):
            await asyncio.sleep(0)
        if not reading.done():
            reading.cancel()
            await asyncio.wait([reading])
            return None
        packet = reading.result()
        encoded = packet.encode()
        self.written.append(encoded.text if isinstance(encoded, Prepared) else encoded)
        return self.written[-1]

    def wait(self) -> asyncio.Future[Any]:
        """The writer waits for something to write."""
        return self.outbox.get()


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)
