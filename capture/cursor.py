"""The image of the pointer, which is in no picture: told to the front whenever it changes, to be shown beside the picture.

XFixes says that it has changed, and under what serial number; one request then brings the image, and each image is asked for and
compressed once. (Xvfb's -nocursor only means that nothing is drawn on the screen: XFixes reports all the same.)
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import xcffib.xfixes

from capture.display import Display
from capture.scaling import shrink
from engine.exchange import WHOLE, Cursor
from engine.messages import Message
from engine.png import RGBA, assemble

KEPT = 64  # images; pages use a handful, but may make as many as they like


@dataclass(frozen=True)
class Shape:
    """A cursor as X has it: BGRA pixels, its hotspot, its name."""

    pixels: bytes
    width: int
    height: int
    x: int
    y: int
    name: str

    def at(self, scale: int) -> Cursor:
        """It at a scale, in 64ths."""
        pixels, width, height = self.pixels, self.width, self.height
        if scale != WHOLE:
            width, height = (max(1, round(size * scale / WHOLE)) for size in (width, height))
            pixels = shrink(pixels, self.width, self.height, width, height)
        x, y = min(width - 1, self.x * width // self.width), min(height - 1, self.y * height // self.height)
        return Cursor(png(pixels, width, height), width, height, x, y, self.name, scale)


class CursorWatch:
    """Sends a `Cursor` now and at each change, and one more for each of the other scales at which it is `wanted`."""

    def __init__(self, display: Display, send: Callable[[Message], None]) -> None:
        self._send = send
        self._known: dict[int, Shape] = {}  # by serial number, oldest first
        self._shape: Shape | None = None
        self._told: dict[int, Cursor] = {}  # by scale
        self._scales: tuple[int, ...] = (WHOLE,)
        self._fixes = display.connection(xcffib.xfixes.key)
        self._fixes.QueryVersion(5, 0).reply()
        display.on(xcffib.xfixes.CursorNotifyEvent, self._changed)
        self._fixes.SelectCursorInput(display.root, xcffib.xfixes.CursorNotifyMask.DisplayCursor)
        self._tell(self._ask())

    def _changed(self, event: xcffib.xfixes.CursorNotifyEvent) -> None:
        self._tell(self._known.get(event.cursor_serial) or self._ask())

    def wanted(self, scales: tuple[int, ...]) -> None:
        """At which scales it is wanted from now on, beside that of the screen."""
        self._scales = (WHOLE, *(scale for scale in scales if scale != WHOLE))
        self._told = {scale: cursor for scale, cursor in self._told.items() if scale in self._scales}
        if self._shape is not None:
            self._tell(self._shape)

    def _ask(self) -> Shape:
        reply = self._fixes.GetCursorImageAndName().reply()
        pixels = struct.pack(f"<{len(reply.cursor_image)}I", *reply.cursor_image)
        name = bytes(part[0] if isinstance(part, bytes) else part for part in reply.name).decode("latin-1")
        shape = Shape(pixels, reply.width, reply.height, reply.xhot, reply.yhot, name)
        while len(self._known) >= KEPT:
            del self._known[next(iter(self._known))]
        self._known[reply.cursor_serial] = shape
        return shape

    def _tell(self, shape: Shape) -> None:
        self._shape = shape
        for scale in self._scales:
            cursor = shape.at(scale)
            if cursor != self._told.get(scale):  # programs make the same cursor again and again
                self._told[scale] = cursor
                self._send(cursor)


def png(pixels: bytes, width: int, height: int) -> bytes:
    """An 8-bit RGBA PNG of BGRA pixels whose colours are multiplied by their opacity, as X has them."""
    rgba = bytearray(len(pixels))
    rgba[0::4], rgba[1::4], rgba[2::4], rgba[3::4] = pixels[2::4], pixels[1::4], pixels[0::4], pixels[3::4]
    for number, opacity in enumerate(pixels[3::4]):
        if 0 < opacity < 255:
            for at in range(4 * number, 4 * number + 3):
                rgba[at] = min(255, (rgba[at] * 255 + opacity // 2) // opacity)
    rows = b"".join(b"\0" + rgba[at : at + 4 * width] for at in range(0, len(rgba), 4 * width))
    return assemble(width, height, RGBA, zlib.compress(rows))
