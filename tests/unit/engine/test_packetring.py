"""Packets come back as they were left, and one that does not fit is refused before it can harm its neighbour."""

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

from engine.packetring import PacketRing
from engine.segment import PACKET_RING, PAGE

ROOT = Path(__file__).parents[3]


@contextlib.contextmanager
def rings(slots: int = 3, slot_bytes: int = PAGE) -> Iterator[tuple[PacketRing, PacketRing]]:
    """The front's mapping and the encoder's."""
    owner = PacketRing.create(slots, slot_bytes)
    other = PacketRing.attach(owner.name)
    try:
        yield owner, other
    finally:
        other.close()
        owner.close()
        assert not os.path.exists(f"/dev/shm/{owner.name}")


@given(st.lists(st.lists(st.binary(max_size=1000), max_size=4), min_size=3, max_size=3))
def test_packets_come_back_as_they_were_left(packets: list[list[bytes]]) -> None:
    with rings() as (owner, encoder):
        lengths = [encoder.write(slot, *parts) for slot, parts in enumerate(packets)]
        assert [owner.read(slot, length) for slot, length in enumerate(lengths)] == [b"".join(parts) for parts in packets]


def test_a_full_slot_fits_and_leaves_its_neighbours_alone() -> None:
    with rings() as (owner, encoder):
        for slot in range(3):
            assert encoder.write(slot, bytes([slot + 1]) * (PAGE - 1), bytes([slot + 1])) == PAGE
        for slot in range(3):
            assert owner.read(slot, PAGE) == bytes([slot + 1]) * PAGE


def test_a_packet_that_does_not_fit_is_refused_and_nothing_is_written() -> None:
    with rings() as (owner, encoder):
        encoder.write(1, b"neighbour")
        with pytest.raises(ValueError, match=rf"{PAGE + 1} bytes.*{PAGE}"):
            encoder.write(0, b"x" * PAGE, b"y")
        assert owner.read(0, PAGE) == bytes(PAGE)
        assert owner.read(1, 9) == b"neighbour"


def test_a_slot_is_at_least_as_large_as_was_asked_for() -> None:
    with rings(slot_bytes=PAGE + 1) as (owner, encoder):
        assert owner.head.slot_bytes == 2 * PAGE
        assert (encoder.head.kind, encoder.head.slots) == (PACKET_RING, 3)


def test_what_was_read_is_a_copy() -> None:
    with rings() as (owner, encoder):
        encoder.write(0, b"first")
        copy = owner.read(0, 5)
        encoder.write(0, b"other")
        assert copy == b"first"


def test_memory_is_claimed_only_as_it_is_touched() -> None:
    with rings(3, 30_000_000) as (owner, encoder):
        encoder.write(1, b"x" * 100)
        assert os.stat(f"/dev/shm/{owner.name}").st_blocks * 512 < 1_000_000


def test_another_process_leaves_a_packet() -> None:
    with rings() as (owner, _):
        child = subprocess.run(
            [sys.executable, "-W", "error", str(Path(__file__).with_name("ring_child.py")), "packet", owner.name],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        assert (child.stdout, child.stderr) == ("20\n", "")
        assert owner.read(1, 20) == b"from another process"
