"""Segments: made and unlinked by one side, attached by the other, refused where they are not of this layout."""

from __future__ import annotations

import contextlib
import errno
import os
import struct
from collections.abc import Iterator
from multiprocessing import resource_tracker
from multiprocessing.shared_memory import SharedMemory
from typing import NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import segment
from engine.errors import Unavailable
from engine.segment import FRAME_RING, HEAD, LAYOUT_VERSION, MAGIC, PACKET_RING, PAGE, Head

SMALL = Head(FRAME_RING, 2, 7, PAGE, PAGE, 320, 240)


def ours() -> set[str]:
    return {name for name in os.listdir("/dev/shm") if name.startswith(f"jiomosa-{os.getpid()}-")}


@contextlib.contextmanager
def made(head: Head = SMALL, *, reserve: bool = True) -> Iterator[SharedMemory]:
    memory = segment.create(head, reserve=reserve)
    try:
        yield memory
    finally:
        memory.close()
        memory.unlink()


@pytest.mark.parametrize("reserve", [True, False])
@pytest.mark.parametrize("kind", [FRAME_RING, PACKET_RING])
def test_what_is_attached_is_what_was_made(kind: int, reserve: bool) -> None:
    head = Head(kind, 3, 2, 2 * PAGE, PAGE, 11, 22)
    with made(head, reserve=reserve) as memory:
        other, seen = segment.attach(memory.name)
        try:
            assert seen == head
            assert other.size >= head.total_bytes == 7 * PAGE
            segment.view(memory)[PAGE] = 99
            assert segment.view(other)[PAGE] == 99
        finally:
            other.close()
        assert memory.name in ours(), "attaching and closing must not unlink"


def test_the_head_is_as_the_modules_table_says() -> None:
    assert segment.HEAD_BYTES == 64
    with made() as memory:
        data = bytes(segment.view(memory)[:64])
    assert data[:8] == b"JIOMOSA\0" == MAGIC
    assert struct.unpack_from("<IIII", data, 8) == (LAYOUT_VERSION, FRAME_RING, 2, 7)
    assert struct.unpack_from("<QQ", data, 24) == (PAGE, PAGE)
    assert struct.unpack_from("<II", data, 40) == (320, 240)
    assert data[48:] == bytes(16)


def test_names_tell_whose_they_are_and_only_the_owner_may_look() -> None:
    with made() as frames, made(Head(PACKET_RING, 1, 1, PAGE, PAGE)) as packets:
        assert frames.name.startswith(f"jiomosa-{os.getpid()}-frames")
        assert packets.name.startswith(f"jiomosa-{os.getpid()}-packets")
        assert os.stat(f"/dev/shm/{frames.name}").st_mode & 0o777 == 0o600


def test_a_segment_that_is_gone_is_unavailable() -> None:
    with made() as memory:
        name = memory.name
    with pytest.raises(Unavailable, match=name) as caught:
        segment.attach(name)
    assert caught.value.code == "segment_gone"
    assert not ours()


@pytest.mark.parametrize(
    ("offset", "data"),
    [(0, b"JIOMOSB\0"), (0, bytes(8)), (8, struct.pack("<I", LAYOUT_VERSION + 1)), (8, struct.pack("<I", 0))],
)
def test_another_layout_is_refused(offset: int, data: bytes) -> None:
    with made() as memory:
        segment.view(memory)[offset : offset + len(data)] = data
        with pytest.raises(Unavailable) as caught:
            segment.attach(memory.name)
        assert caught.value.code == "segment_layout"
        assert memory.name in caught.value.message


def test_a_head_that_promises_more_than_there_is_is_refused() -> None:
    with made() as memory:
        HEAD.pack_into(segment.view(memory), 0, MAGIC, LAYOUT_VERSION, FRAME_RING, 1000, 1, PAGE, PAGE, 1, 1)
        with pytest.raises(Unavailable):
            segment.attach(memory.name)


def test_a_full_dev_shm_is_a_sentence_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    before = ours()
    descriptors = len(os.listdir("/proc/self/fd"))

    def full(fd: int, offset: int, length: int) -> NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(Unavailable, match=r"/dev/shm has no room .*No space left on device") as caught:
        segment.create(SMALL, reserve=True)
    assert caught.value.code == "no_shared_memory"
    assert ours() == before
    assert len(os.listdir("/proc/self/fd")) <= descriptors


def test_reserved_memory_is_claimed_at_once_and_other_memory_as_it_is_touched() -> None:
    large = Head(FRAME_RING, 4, 1, 256 * PAGE, PAGE)
    with made(large) as claimed, made(large, reserve=False) as lazy:
        assert os.stat(f"/dev/shm/{claimed.name}").st_blocks * 512 >= large.total_bytes
        assert os.stat(f"/dev/shm/{lazy.name}").st_blocks * 512 <= 2 * PAGE


def test_attaching_does_not_register_with_the_resource_tracker(monkeypatch: pytest.MonkeyPatch) -> None:
    with made() as memory:
        registered: list[str] = []
        monkeypatch.setattr(resource_tracker, "register", lambda name, rtype: registered.append(name))
        other, _ = segment.attach(memory.name)
        other.close()
        assert registered == []
        resource_tracker.register("/probe", "shared_memory")
        assert registered == ["/probe"], "the tracker's own function was not put back"


@given(st.integers(0, 10**9))
def test_alignment(size: int) -> None:
    aligned = segment.align(size)
    assert aligned % PAGE == 0
    assert size <= aligned < size + PAGE
