"""One picture at a time, each pushed out by the header of the next; and an end when there is one."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
from uvicorn.protocols.utils import ClientDisconnected

from api.mjpeg import PART, MjpegViewer
from engine.adaptation import Adaptation
from engine.broadcast import Packet
from engine.figures import Journey
from engine.messages import Rendition
from engine.view import View
from tests.unit.api.fakes import turns, until
from tests.unit.api.watching import Wire

BINARY = Rendition("jpeg-binary", 75)


def frame(seq: int) -> Packet:
    return Packet(seq, BINARY, b"451-text" + b"JPEG%d" % seq, 5)


class Protocol(Wire):
    """An HttpProtocol as far as a viewer sees it."""

    def __init__(self) -> None:
        super().__init__(rate=1_000_000)
        self.body = b""
        self.open = asyncio.Event()
        self.open.set()
        self.gone = False

    async def write(self, *pieces: Any) -> None:
        self.body += b"".join(pieces)
        await self.open.wait()
        if self.gone:
            raise ClientDisconnected


class World:
    def __init__(self, *, lengths: bool = False) -> None:
        self.protocol = Protocol()
        self.viewer = MjpegViewer(cast(Any, self.protocol), View(8, 8, 8, 8, "jpeg-binary"), Adaptation(), lengths=lengths)
        self.ready = 0
        self.viewer.attach(self._count, Journey())
        self.running = asyncio.ensure_future(self.viewer.run())

    def _count(self, viewer: MjpegViewer) -> None:
        assert viewer is self.viewer
        self.ready += 1

    async def offer(self, seq: int) -> None:
        self.viewer.offer(frame(seq))
        await turns()

    async def end(self) -> None:
        self.viewer.detach()
        await asyncio.wait_for(self.running, 5)


async def test_a_picture_is_followed_by_the_header_of_the_next_at_once() -> None:
    world = World()
    await turns()
    assert world.protocol.body == PART + b"\r\n"
    await world.offer(1)
    assert world.protocol.body == PART + b"\r\nJPEG1\r\n" + PART + b"\r\n"
    await world.offer(2)
    assert world.protocol.body.endswith(b"\r\nJPEG2\r\n" + PART + b"\r\n")
    await world.end()


async def test_with_lengths_a_header_comes_with_its_picture() -> None:
    world = World(lengths=True)
    await turns()
    await world.offer(1)
    assert world.protocol.body == PART + b"Content-Length: 5\r\n\r\nJPEG1\r\n"
    await world.end()


async def test_it_is_ready_once_for_each_picture_and_only_when_that_has_left() -> None:
    world = World()
    await turns()
    assert world.ready == 1
    world.protocol.open.clear()
    await world.offer(1)
    assert world.ready == 1, "the picture is still on its way"
    world.protocol.open.set()
    await turns()
    assert world.ready == 2
    await world.end()


async def test_it_is_not_ready_while_the_link_is_full() -> None:
    world = World()
    world.protocol.waiting = 10_000_000
    await turns()
    assert world.ready == 0
    world.protocol.waiting = 0
    await until(lambda: world.ready)
    await world.end()


@pytest.mark.parametrize("when", ["ready", "writing"])
async def test_it_ends_when_the_client_is_gone(when: str) -> None:
    world = World()
    await turns()
    world.protocol.gone = True
    if when == "writing":
        world.protocol.open.clear()
    await world.offer(1)
    world.protocol.open.set()
    await asyncio.wait_for(world.running, 5)
    assert world.ready == 1


async def test_the_link_is_sampled_where_something_was_sent() -> None:
    world = World()
    await turns()
    assert world.viewer.sample_link() is None
    await world.offer(1)
    sample = world.viewer.sample_link()
    assert sample is not None
    assert (sample.limited, sample.frame, sample.quality) == (True, 5, 75)
    assert world.viewer.sample_link() is None
    await world.end()


async def test_the_rendition_follows_the_adaptation() -> None:
    world = World()
    world.viewer.adaptation.set_quality(33)
    assert world.viewer.rendition == Rendition("jpeg-binary", 33)
    await world.end()
