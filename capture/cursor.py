"""The image of the pointer, which is in no picture: told to the front whenever it changes, to be shown beside the picture.

XFixes says that it has changed, and under what serial number; one request then brings the image, and each image is asked for and
compressed once. (Xvfb's -nocursor only means that nothing is drawn on the screen: XFixes reports all the same.)
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable

import xcffib.xfixes

from capture.display import Display
from engine.messages import Cursor, Message
from engine.png import RGBA, assemble

KEPT = 64  # images; pages use a handful, but may make as many as they like


class CursorWatch:
    """Sends a `Cursor` now and at each change."""

    def __init__(self, display: Display, send: Callable[[Message], None]) -> None:
        self._send = send
        self._known: dict[int, Cursor] = {}  # by serial number, oldest first
        self._told: Cursor | None = None
        self._fixes = display.connection(xcffib.xfixes.key)
        self._fixes.QueryVersion(5, 0).reply()
        display.on(xcffib.xfixes.CursorNotifyEvent, self._changed)
        self._fixes.SelectCursorInput(display.root, xcffib.xfixes.CursorNotifyMask.DisplayCursor)
        self._tell(self._ask())

    def _changed(self, event: xcffib.xfixes.CursorNotifyEvent) -> None:
        self._tell(self._known.get(event.cursor_serial) or self._ask())

    def _ask(self) -> Cursor:
        reply = self._fixes.GetCursorImageAndName().reply()
        pixels = struct.pack(f"<{len(reply.cursor_image)}I", *reply.cursor_image)
        image = png(pixels, reply.width, reply.height)
        name = bytes(part[0] if isinstance(part, bytes) else part for part in reply.name).decode("latin-1")
        cursor = Cursor(image, reply.width, reply.height, reply.xhot, reply.yhot, name)
        while len(self._known) >= KEPT:
            del self._known[next(iter(self._known))]
        self._known[reply.cursor_serial] = cursor
        return cursor

    def _tell(self, cursor: Cursor) -> None:
        if cursor != self._told:  # programs make the same cursor again and again
            self._told = cursor
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
