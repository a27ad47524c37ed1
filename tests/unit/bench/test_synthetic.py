"""The source without a browser: real rings, and the capture side of the messages."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from bench import clock, synthetic
from engine.channel import Channel, socket_pair
from engine.device import device_of
from engine.framering import SLOTS, FrameRing
from engine.messages import CaptureSpec, Notice, Ready, Refresh, Refused, Release, Shutdown, Wants
from engine.pagemessages import Navigate, Page


@pytest.fixture
def ring() -> Iterator[FrameRing]:
    made = FrameRing.create(1280, 720)
    yield made
    made.close()


@pytest.fixture
def front(ring: FrameRing) -> Iterator[Channel]:
    """The front's end of a source that runs in a thread."""
    near, far = socket_pair()
    near.settimeout(10)
    spec = CaptureSpec("s", ring.name, device_of(1280, 720), "/nowhere", None, True, "", "", 60)
    channel, theirs = Channel(near), Channel(far)
    thread = threading.Thread(target=synthetic.main, args=(theirs, spec))
    thread.start()
    assert isinstance(channel.receive(), Ready)
    yield channel
    channel.send(Shutdown())
    thread.join(10)
    channel.close()
    theirs.close()


def load(front: Channel, page: str) -> None:
    front.send(Navigate(1, f"http://synthetic/{page}", 5))
    assert isinstance(front.receive(), Page)


@pytest.mark.parametrize("page", ["text?copy=1", "text?copy=0", "video?fps=1000"])
def test_each_frame_carries_its_own_number(front: Channel, ring: FrameRing, page: str) -> None:
    load(front, page)
    front.send(Wants(500))
    for seq in range(1, 3 * SLOTS):
        notice = front.receive()
        assert isinstance(notice, Notice)
        assert notice.seq == ring.read_head(notice.slot).seq == seq
        pixels = np.frombuffer(ring.pixels(notice.slot), np.uint8).reshape(720, 1280, 4)
        assert clock.read_luma(pixels[:, :, 1]) == clock.Reading(seq, 0, torn=False)
        del pixels
        front.send(Release(notice.slot))


def test_no_frame_without_a_free_slot(front: Channel) -> None:
    load(front, "text")
    front.send(Wants(500))
    slots = {front.receive().slot for _ in range(SLOTS)}  # type: ignore[union-attr]
    assert slots == set(range(SLOTS))
    front.send(Navigate(2, "http://synthetic/nothing", 5))
    assert isinstance(front.receive(), Refused)  # and no notice before it


def test_a_refresh_brings_a_frame_then_its_answer(front: Channel) -> None:
    load(front, "text")
    front.send(Refresh(7))
    assert isinstance(front.receive(), Notice)
    answer = front.receive()
    assert (answer.token, answer.seq) == (7, 1)  # type: ignore[union-attr]
