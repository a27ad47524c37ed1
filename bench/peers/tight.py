"""Decodes what `bench.peers.rfb` took from the socket, as far as the clock needs it: the picture's luma.

Tight compresses with up to four zlib streams that go on from one rectangle to the next, so every update since the connection
began has to be decoded, in order.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import simplejpeg

from bench import clock
from bench.peers.rfb import Rectangle, Update
from bench.peers.task import Shot

Pixels = npt.NDArray[np.uint8]


class Tight:
    """The picture, as it becomes."""

    def __init__(self, width: int, height: int) -> None:
        self.luma: Pixels = np.zeros((height, width), np.uint8)
        self._streams = [zlib.decompressobj() for _ in range(4)]

    def draw(self, rectangle: Rectangle) -> None:
        r = rectangle
        for stream in range(4):
            if r.control >> stream & 1:
                self._streams[stream] = zlib.decompressobj()
        target = self.luma[r.y : r.y + r.height, r.x : r.x + r.width]
        if r.kind == "jpeg":
            target[:] = np.asarray(simplejpeg.decode_jpeg(r.data, "GRAY"))[: r.height, : r.width, 0]
        elif r.kind == "fill":
            target[:] = _luma(np.frombuffer(r.data, np.uint8))
        elif r.kind == "raw":
            target[:] = _luma(np.frombuffer(r.data, np.uint8).reshape(r.height, r.width, 4)[:, :, :3])
        elif r.kind == "copy":
            x, y = int.from_bytes(r.data[:2]), int.from_bytes(r.data[2:])
            target[:] = self.luma[y : y + r.height, x : x + r.width].copy()
        else:
            target[:] = self._basic(r)

    def _basic(self, r: Rectangle) -> Pixels:
        stream = self._streams[r.control >> 4 & 3]
        data = np.frombuffer(r.data if r.plain else stream.decompress(r.data), np.uint8)
        if not r.palette:
            return _luma(data.reshape(r.height, r.width, 3))
        colours = _luma(np.frombuffer(r.palette, np.uint8).reshape(-1, 3))
        if len(colours) == 2:
            indices = np.unpackbits(data.reshape(r.height, -1), axis=1)[:, : r.width]
        else:
            indices = data.reshape(r.height, r.width)
        return np.asarray(colours[indices])


def develop(updates: Iterable[Update], width: int, height: int) -> list[Shot]:
    """What the clock says after each update."""
    tight = Tight(width, height)
    shots = []
    for update in updates:
        for rectangle in update.rectangles:
            tight.draw(rectangle)
        shots.append(Shot(update.arrived, clock.read_luma(tight.luma), update.bytes))
    return shots


def _luma(pixels: Pixels) -> Pixels:
    """Good enough for black and white: the mean of the three."""
    return np.asarray(pixels.mean(axis=-1), np.uint8)
