"""What one process writes into a ring another reads, and nothing stays behind."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import Unavailable
from engine.framering import BYTES_PER_PIXEL, CHANGED_OFFSET, MAX_HEIGHT, PIXELS_OFFSET, SLOT_HEAD, SLOTS, FrameHead, FrameRing
from engine.segment import PAGE

ROOT = Path(__file__).parents[3]
WORD, HALF = st.integers(0, 2**64 - 1), st.integers(0, 2**32 - 1)


@contextlib.contextmanager
def rings(width: int = 33, height: int = 7) -> Iterator[tuple[FrameRing, FrameRing]]:
    """The front's mapping and another's."""
    owner = FrameRing.create(width, height)
    other = FrameRing.attach(owner.name)
    try:
        yield owner, other
    finally:
        other.close()
        owner.close()
        assert not os.path.exists(f"/dev/shm/{owner.name}")


@given(head=st.builds(FrameHead, WORD, WORD, WORD, WORD, HALF, HALF, HALF, HALF, HALF), slot=st.integers(0, SLOTS - 1))
def test_a_head_arrives_as_it_was_written(head: FrameHead, slot: int) -> None:
    with rings() as (owner, other):
        owner.write_head(slot, head)
        assert other.read_head(slot) == head


@pytest.mark.parametrize(("width", "height"), [(1, 1), (160, 120), (33, 7), (1280, 720)])
def test_slots_do_not_touch_one_another(width: int, height: int) -> None:
    with rings(width, height) as (owner, other):
        for slot in range(SLOTS):
            owner.write_head(slot, FrameHead(slot + 1, 0, 0, 0, width, height, owner.stride, 0, height))
            with owner.pixels(slot) as pixels:
                assert len(pixels) == width * height * BYTES_PER_PIXEL
                pixels[:] = bytes([slot + 1]) * len(pixels)
        for slot in range(SLOTS):
            assert other.read_head(slot).seq == slot + 1
            with other.pixels(slot) as pixels:
                assert bytes(pixels) == bytes([slot + 1]) * len(pixels)


def test_pixels_begin_on_a_page_where_the_x_server_is_told_they_do() -> None:
    assert SLOT_HEAD.size <= PIXELS_OFFSET
    with rings() as (owner, other):
        for slot in range(SLOTS):
            offset = owner.pixels_offset(slot)
            assert offset % PAGE == 0
            assert os.pwrite(owner.fd, b"row!", offset) == 4
            with other.pixels(slot) as pixels:
                assert bytes(pixels[:4]) == b"row!"


def test_each_slot_tells_which_blocks_changed_when() -> None:
    with rings(8, 70) as (owner, other):
        for seq, (top, bottom) in enumerate([(0, 70), (15, 17), (64, 70), (20, 20), (69, 70)], start=1):
            owner.write_head(seq % SLOTS, FrameHead(seq, 0, 0, 0, 8, 70, owner.stride, top, bottom))
        assert list(other.changed(3 % SLOTS)) == [2, 2, 1, 1, 3]
        assert list(other.changed(4 % SLOTS)) == [2, 2, 1, 1, 3]
        assert list(other.changed(5 % SLOTS)) == [2, 2, 1, 1, 5]


def test_a_ring_holds_no_more_rows_than_a_head_can_tell_of() -> None:
    with rings(1, MAX_HEIGHT) as (owner, other):
        owner.write_head(0, FrameHead(7, 0, 0, 0, 1, MAX_HEIGHT, owner.stride, 0, MAX_HEIGHT))
        assert set(other.changed(0)) == {7}
        assert CHANGED_OFFSET + 8 * len(other.changed(0)) <= PIXELS_OFFSET
        assert SLOT_HEAD.size <= CHANGED_OFFSET
    with pytest.raises(ValueError, match="higher"):
        FrameRing.create(1, MAX_HEIGHT + 1)


def test_the_ring_says_what_it_is_for() -> None:
    with rings(320, 200) as (owner, other):
        assert other.head == owner.head
        assert (other.head.width, other.head.height, other.stride, other.head.generation) == (320, 200, 1280, 1)
        assert owner.name == other.name


def test_only_the_maker_unlinks() -> None:
    owner = FrameRing.create(16, 16)
    FrameRing.attach(owner.name).close()
    FrameRing.attach(owner.name).close()
    owner.close()
    with pytest.raises(Unavailable):
        FrameRing.attach(owner.name)


def test_a_mapping_outlives_the_name() -> None:
    owner = FrameRing.create(16, 16)
    other = FrameRing.attach(owner.name)
    owner.close()
    with other.pixels(0) as pixels:
        pixels[0] = 1
    other.close()


def test_another_process_reads_and_writes_the_same_memory() -> None:
    with rings() as (owner, _):
        owner.write_head(1, FrameHead(41, 0, 0, 0, 33, 7, owner.stride, 0, 7))
        with owner.pixels(1) as pixels:
            pixels[:] = bytes([3]) * len(pixels)
        child = subprocess.run(
            [sys.executable, "-W", "error", str(Path(__file__).with_name("ring_child.py")), "frame", owner.name],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        assert child.stderr == "", "a child's resource tracker has no business with the front's segments"
        assert int(child.stdout) == 3 * 33 * 7 * 4
        assert owner.read_head(2) == FrameHead(42, 1, 2, 3, 33, 7, owner.stride, 4, 5)
        with owner.pixels(2) as pixels:
            assert bytes(pixels) == bytes((number * 7) % 256 for number in range(len(pixels)))
        assert os.path.exists(f"/dev/shm/{owner.name}"), "a child unlinked the front's segment"
