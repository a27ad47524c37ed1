"""Real encoder processes: frames come out right, and whatever dies is done again and leaves nothing."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator

import numpy as np
import numpy.typing as npt
import psutil
import pytest
from PIL import Image

from api.encoders import EncoderPool
from engine.broadcast import Encode, Packet
from engine.framering import SLOTS, FrameHead, FrameRing
from engine.leases import Place
from engine.messages import Rendition
from engine.patience import Patience

SECONDS = 60.0
JPEG, PNG, PNG_JSON = Rendition("jpeg", 90), Rendition("png", 0), Rendition("png-json", 0)


def segments() -> set[str]:
    return {name for name in os.listdir("/dev/shm") if name.startswith(f"jiomosa-{os.getpid()}-")}


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(SECONDS):
        while not condition():  # noqa: ASYNC110  # processes signal nothing to us
            await asyncio.sleep(0.005)


class Source:
    """A session's frames in a real ring, and the jobs that are to be done with them."""

    def __init__(self, width: int = 161, height: int = 121) -> None:
        self.ring = FrameRing.create(width, height)
        self.ring_name = self.ring.name
        self.todo: list[Encode] = []
        self.packets: list[Packet] = []
        self.failed: list[tuple[int, bool]] = []
        for slot in range(SLOTS):
            head = FrameHead(slot + 1, 0, 0, 5000 + slot, width, height, self.ring.stride, 0, height)
            self.ring.write_head(slot, head)
            with self.ring.pixels(slot) as pixels:
                pixels[:] = self.picture(slot).tobytes()

    def picture(self, slot: int) -> npt.NDArray[np.uint8]:
        """What is in `slot`: slow gradients, another colour a slot."""
        head = self.ring.head
        pixels = np.zeros((head.height, head.width, 4), np.uint8)
        pixels[:, :, 0] = np.arange(head.width) % 256
        pixels[:, :, 1] = (np.arange(head.height) % 256)[:, None]
        pixels[:, :, 2] = slot * 60
        return pixels

    def add(self, slot: int, rendition: Rendition) -> None:
        self.todo.append(Encode(slot, slot + 1, rendition))

    def next_job(self) -> Encode | None:
        return self.todo.pop(0) if self.todo else None

    def place(self, work: Encode) -> Place:
        return Place(self.ring_name, work.slot)

    def encoded(self, packet: Packet) -> None:
        self.packets.append(packet)

    def job_failed(self, work: Encode, *, again: bool) -> None:
        self.failed.append((work.seq, again))
        if again:
            self.todo.append(work)

    def rgb(self, slot: int) -> npt.NDArray[np.uint8]:
        return self.picture(slot)[:, :, 2::-1]


def decoded(data: bytes) -> npt.NDArray[np.uint8]:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image)


def jpeg_of(packet: Packet) -> tuple[dict[str, object], npt.NDArray[np.uint8]]:
    assert packet.data.startswith(b'42["frame",')
    payload = json.loads(packet.data[2:])[1]
    image = base64.b64decode(payload.pop("image"), validate=True)
    assert packet.size == payload["size"] == len(image)
    return payload, decoded(image)


@pytest.fixture
def source() -> Iterator[Source]:
    source = Source()
    yield source
    source.ring.close()
    assert segments() == set(), "shared memory is left"


@pytest.fixture
async def pool(source: Source) -> AsyncIterator[EncoderPool]:
    pool = EncoderPool(1)
    await pool.start()
    seen = set(pool.pids)
    yield pool
    seen.update(pool.pids)
    await pool.close()
    assert not [pid for pid in seen if psutil.pid_exists(pid)], "an encoder is left"
    assert segments() == {source.ring_name}, "a packet ring is left"


async def test_frames_come_out_right(pool: EncoderPool, source: Source) -> None:
    for slot in range(SLOTS):
        source.add(slot, JPEG)
    source.add(1, PNG)
    source.add(2, PNG_JSON)
    pool.want(source)
    await until(lambda: len(source.packets) == SLOTS + 2)
    assert source.failed == []
    for packet in source.packets:
        slot = packet.seq - 1
        if packet.rendition == JPEG:
            payload, seen = jpeg_of(packet)
            assert payload == {
                "timestamp": 5000 + slot,
                "size": packet.size,
                "seq": slot + 1,
                "width": 161,
                "height": 121,
                "quality": 90,
            }
            assert np.abs(seen.astype(int) - source.rgb(slot)).mean() < 4
        else:
            data = packet.data if packet.rendition == PNG else base64.b64decode(packet.data, validate=True)
            assert packet.size == len(data)
            assert np.array_equal(decoded(data), source.rgb(slot))


async def test_a_killed_encoders_jobs_are_done_by_its_successor(pool: EncoderPool, source: Source) -> None:
    (victim,) = pool.pids
    os.kill(victim, signal.SIGSTOP)
    source.add(1, JPEG)
    source.add(2, PNG)
    pool.want(source)
    await asyncio.sleep(0.05)
    assert source.packets == []
    os.kill(victim, signal.SIGKILL)
    await until(lambda: source.failed)
    pool.want(source)
    await until(lambda: len(source.packets) == 2)
    assert sorted(source.failed) == [(2, True), (3, True)]
    packets = {packet.seq: packet for packet in source.packets}
    assert np.abs(jpeg_of(packets[2])[1].astype(int) - source.rgb(1)).mean() < 4
    assert np.array_equal(decoded(packets[3].data), source.rgb(2))
    assert pool.pids != [victim]
    assert not psutil.pid_exists(victim)
    assert len(segments()) == 2, "the victim's packet ring is left"


async def test_an_encoder_that_hangs_is_replaced_and_its_jobs_are_done(pool: EncoderPool, source: Source) -> None:
    (victim,) = pool.pids
    pool._patience[0] = Patience(0.3)
    os.kill(victim, signal.SIGSTOP)
    source.add(1, JPEG)
    pool.want(source)
    await until(lambda: source.failed)
    assert not psutil.pid_exists(victim), "its packet ring is unlinked before its end was awaited"
    pool.want(source)
    await until(lambda: len(source.packets) == 1)
    assert np.abs(jpeg_of(source.packets[0])[1].astype(int) - source.rgb(1)).mean() < 4


async def test_a_job_on_a_ring_that_is_gone_is_told_and_harms_nobody(pool: EncoderPool, source: Source) -> None:
    gone = Source()
    gone.ring.close()
    gone.add(0, JPEG)
    pool.want(gone)
    await until(lambda: gone.failed)
    assert gone.failed == [(1, False)]
    source.add(0, JPEG)
    pool.want(source)
    await until(lambda: source.packets)


async def test_a_forgotten_ring_is_unmapped(pool: EncoderPool, source: Source) -> None:
    source.add(0, JPEG)
    pool.want(source)
    await until(lambda: source.packets)
    (pid,) = pool.pids
    assert mapped(pid, source.ring_name)
    pool.forget(source)
    pool.unmap(source.ring_name)
    await until(lambda: not mapped(pid, source.ring_name))


def mapped(pid: int, name: str) -> bool:
    with open(f"/proc/{pid}/maps") as maps:
        return name in maps.read()


async def test_an_encoder_that_hangs_is_killed_when_the_pool_closes(source: Source) -> None:
    pool = EncoderPool(1)
    await pool.start()
    (pid,) = pool.pids
    os.kill(pid, signal.SIGSTOP)
    source.add(0, JPEG)
    pool.want(source)
    await pool.close()
    assert not psutil.pid_exists(pid)
    assert segments() == {source.ring_name}


async def test_encoders_do_not_inherit_one_anothers_channels(source: Source) -> None:
    """Otherwise the end of one would not be noticed by the other side."""
    pool = EncoderPool(2)
    await pool.start()
    for pid in pool.pids:
        links = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
        assert sum(link.startswith("socket:") for link in links) == 1
    await pool.close()
