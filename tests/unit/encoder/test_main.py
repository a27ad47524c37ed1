"""The encoder's loop, within this process: jobs in, packets and sentences out, mappings given back."""

from __future__ import annotations

import base64
import json
import os
import threading
from collections.abc import Iterator

import numpy as np
import pytest

from encoder import main as encoder
from encoder import picture
from engine.channel import Channel, socket_pair
from engine.framering import FrameHead, FrameRing
from engine.messages import Encoded, EncoderSpec, Forget, Job, JobFailed, Ready, Rendition, Shutdown
from engine.packetring import PacketRing

JPEG = Rendition("jpeg", 75)


class Front:
    """The front's side of one encoder that runs in a thread."""

    def __init__(self) -> None:
        near, far = socket_pair()
        self.channel, self._far = Channel(near), Channel(far)
        near.settimeout(30)
        self.packets = PacketRing.create(3, 64 * 1024)
        self.thread = threading.Thread(target=encoder.main, args=(self._far, EncoderSpec(1, self.packets.name)))
        self.thread.start()
        assert self.channel.receive() == Ready("simplejpeg")

    def ask(self, job: Job) -> Encoded | JobFailed:
        self.channel.send(job)
        answer = self.channel.receive()
        assert isinstance(answer, Encoded | JobFailed)
        assert answer.job == job.job
        return answer

    def end(self) -> None:
        self.channel.close()
        self.thread.join(30)
        assert not self.thread.is_alive()
        self._far.close()
        self.packets.close()


@pytest.fixture
def front() -> Iterator[Front]:
    front = Front()
    yield front
    front.end()


@pytest.fixture
def frames() -> Iterator[FrameRing]:
    ring = FrameRing.create(32, 16)
    for slot in range(4):
        fill(ring, slot, slot + 1)
    yield ring
    ring.close()


def fill(ring: FrameRing, slot: int, seq: int) -> None:
    ring.write_head(slot, FrameHead(seq, 0, 0, 1000 + seq, ring.head.width, ring.head.height, ring.stride, 0, 0))
    with ring.pixels(slot) as pixels:
        pixels[:] = bytes([seq * 20]) * len(pixels)


def mappings(name: str) -> int:
    with open("/proc/self/maps") as maps:
        return sum(name in line for line in maps)


def test_a_packet_is_left_in_the_slot_that_was_named(front: Front, frames: FrameRing) -> None:
    for slot, packet_slot in ((0, 2), (3, 0)):
        answer = front.ask(Job(slot + 10, frames.name, slot, JPEG, packet_slot))
        assert isinstance(answer, Encoded)
        event, payload = json.loads(front.packets.read(packet_slot, answer.length)[2:])
        assert (event, payload["seq"], payload["timestamp"]) == ("frame", slot + 1, 1001 + slot)
        expected = picture.jpeg(np.full((16, 32, 4), (slot + 1) * 20, np.uint8), 75)
        assert base64.b64decode(payload["image"]) == expected
        assert answer.size == len(expected)
        assert 0 < answer.encode_begin_ns <= answer.encode_end_ns


def test_a_ring_that_is_gone_is_a_failed_job_and_the_next_one_is_done(front: Front, frames: FrameRing) -> None:
    answer = front.ask(Job(1, "jiomosa-0-frames0", 0, JPEG, 0))
    assert isinstance(answer, JobFailed)
    assert "no longer exists" in answer.message
    assert isinstance(front.ask(Job(2, frames.name, 0, JPEG, 0)), Encoded)


def test_a_packet_that_does_not_fit_is_a_failed_job(front: Front) -> None:
    ring = FrameRing.create(640, 480)
    try:
        fill(ring, 0, 1)
        with ring.pixels(0) as pixels:
            pixels[:] = np.random.default_rng(3).bytes(len(pixels))
        answer = front.ask(Job(1, ring.name, 0, Rendition("png", 0), 0))
        assert isinstance(answer, JobFailed)
        assert "does not fit" in answer.message
        assert isinstance(front.ask(Job(2, ring.name, 0, Rendition("jpeg", 10), 0)), Encoded)
    finally:
        ring.close()


def test_a_slot_that_was_never_written_is_a_failed_job(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    logged: list[str] = []
    # pytest keeps what is logged with its traceback, and with that the view of the slot.
    monkeypatch.setattr(encoder.log, "exception", lambda text, job, ring: logged.append(f"{text} {job}"), raising=False)
    ring = FrameRing.create(32, 16)
    try:
        assert isinstance(front.ask(Job(1, ring.name, 0, JPEG, 0)), JobFailed)
        assert logged == ["job failed 1"]
    finally:
        ring.close()


def test_a_forgotten_ring_is_unmapped(front: Front) -> None:
    ring = FrameRing.create(32, 16)
    fill(ring, 0, 1)
    front.ask(Job(1, ring.name, 0, JPEG, 0))
    assert mappings(ring.name) == 2
    front.channel.send(Forget(ring.name))
    front.channel.send(Forget("jiomosa-0-frames0"))
    front.ask(Job(2, "jiomosa-0-frames0", 0, JPEG, 0))
    assert mappings(ring.name) == 1
    ring.close()
    assert not os.path.exists(f"/dev/shm/{ring.name}")


@pytest.mark.parametrize("how", ["shutdown", "channel closed"])
def test_it_ends_when_told_and_when_the_front_is_gone(frames: FrameRing, how: str) -> None:
    front = Front()
    front.ask(Job(1, frames.name, 0, JPEG, 0))
    if how == "shutdown":
        front.channel.send(Shutdown())
        front.thread.join(30)
        assert not front.thread.is_alive()
    front.end()
    assert mappings(front.packets.name) == 0
    assert mappings(frames.name) == 1, "the encoder's mapping is still there"
