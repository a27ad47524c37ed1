"""What the peers' pictures are made of and how they are scored: stripes put together, RFB updates taken apart, Tight decoded."""

from __future__ import annotations

import socket
import struct
import threading
import zlib

import numpy as np
import pytest
import simplejpeg

from bench import clock
from bench.clock import Reading
from bench.machine import Cost
from bench.peers.rfb import JPEG, TIGHT, Rfb
from bench.peers.task import Shot, Take, Task, develop, score
from bench.peers.tight import Tight

WIDTH, HEIGHT = 48, 32


def grey(width: int, shade: int) -> bytes:
    picture = np.full((16, width, 3), shade, np.uint8)
    return bytes(simplejpeg.encode_jpeg(picture, 90, "RGB"))


def test_a_frame_arrives_with_its_last_stripe() -> None:
    width = clock.CELL * clock.CELLS
    task = Task("", width, HEIGHT)
    takes = [Take(1.0, grey(width, 50), 7, 0), Take(1.5, grey(width, 90), 7, 16), Take(2.0, grey(width, 70), 8, 16)]
    shots = develop(takes, task)
    assert [shot.arrived for shot in shots] == [1.5, 2.0]
    assert shots[0].bytes == len(takes[0].jpeg) + len(takes[1].jpeg)


def test_a_picture_counts_once_and_only_within_the_time() -> None:
    def shot(at: float, ticks: int, torn: bool = False) -> Shot:
        return Shot(at, Reading(ticks, 0, torn), 1000)

    shots = [shot(9.0, 1), shot(10.5, 1), shot(11.0, 2, True), shot(11.1, 2), Shot(11.5, None, 1000), shot(12.5, 3)]
    glass = score(shots, 10.0, 12.0, Cost(2.0, {}))
    assert (glass.frames, glass.distinct, glass.torn, glass.bytes) == (4, 1, 1, 4000)
    assert glass.distinct_fps == 0.5


def header(x: int, y: int, width: int, height: int, encoding: int = TIGHT) -> bytes:
    return struct.pack(">HHHHi", x, y, width, height, encoding)


def length(count: int) -> bytes:
    return bytes([count & 0x7F | 0x80, count >> 7 & 0x7F | 0x80, count >> 14])


@pytest.fixture
def updated() -> Tight:
    """The picture that a server made of one update, with a rectangle of every kind."""
    stream = zlib.compressobj()

    def squeeze(data: bytes) -> bytes:
        return stream.compress(data) + stream.flush(zlib.Z_SYNC_FLUSH)

    jpeg = grey(WIDTH, 200)
    two = squeeze(bytes([0b10101010, 0b10000000]) * 16)
    plain = squeeze(bytes([60, 60, 60]) * 160)
    rectangles = [
        header(0, 0, WIDTH, HEIGHT) + bytes([8 << 4, 10, 10, 10]),
        header(0, 16, WIDTH, 16) + bytes([JPEG << 4]) + length(len(jpeg)) + jpeg,
        header(0, 0, 9, 16) + bytes([4 << 4, 1, 1, 0, 0, 0, 255, 255, 255]) + length(len(two)) + two,
        header(16, 0, 10, 16) + b"\x00" + length(len(plain)) + plain,
        header(30, 0, 2, 1) + bytes([4 << 4, 1, 2, 0, 0, 0, 80, 80, 80, 90, 90, 90, 1, 2]),
        header(40, 0, 4, 4, 1) + struct.pack(">HH", 16, 0),
        header(0, 0, 0, 0, -224),
    ]
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with listener, listener.accept()[0] as connection:
            reader = connection.makefile("rb")
            connection.sendall(b"RFB 003.008\n" + b"\x01\x01")
            reader.read(13)
            connection.sendall(struct.pack(">IHH16xI", 0, WIDTH, HEIGHT, 4) + b"peer")
            reader.read(1 + 20 + 4 + 9 * 4 + 10 + 10)
            connection.sendall(struct.pack(">B3xIB", 248, 1 << 31 | 1, 2) + b"ab")
            assert reader.read(11) == struct.pack(">B3xIB", 248, 1, 2) + b"ab"
            connection.sendall(struct.pack(">BBH", 0, 0, 0xFFFF) + b"".join(rectangles))
            reader.read()

    server = threading.Thread(target=serve)
    server.start()
    rfb = Rfb(listener.getsockname()[1], 75, 1)
    updates = rfb.updates(0.5)
    rfb.close()
    server.join()
    tight = Tight(rfb.width, rfb.height)
    assert [len(update.rectangles) for update in updates] == [6]
    assert updates[0].bytes == 4 + sum(map(len, rectangles))
    for rectangle in updates[0].rectangles:
        tight.draw(rectangle)
    return tight


def test_every_kind_of_rectangle_is_drawn(updated: Tight) -> None:
    luma = updated.luma
    assert luma[0, 47] == 10
    assert abs(int(luma[24, 24]) - 200) < 4
    assert list(luma[3, :9]) == [255, 0] * 4 + [255]
    assert (luma[:16, 16:26] == 60).all()
    assert list(luma[0, 30:32]) == [80, 90]
    assert (luma[:4, 40:44] == 60).all()
