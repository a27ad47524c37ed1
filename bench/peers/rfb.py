"""A VNC client for measuring: the RFB protocol 3.8, as much of it as Xvnc needs to send Tight updates by itself.

    -> version, security None, share, pixel format, encodings
    <- fences (answered at once: the server measures the link with them), updates, and what else there is (passed over)

Updates are taken from the socket and taken apart into rectangles, but not decoded: a JPEG picture or a compressed run says how
long it is. `bench.peers.tight` decodes afterwards; so, as with ours, decoding is the client's time and not the server's.
"""

from __future__ import annotations

import socket
import struct
import time
from dataclasses import dataclass, field

TIGHT, COPY_RECT, RAW = 7, 1, 0
LAST_RECT, FENCE, CONTINUOUS_UPDATES = -224, -312, -313
FINE_QUALITY_0, SUBSAMPLING_420, COMPRESSION_0 = -512, -767, -256
FENCE_REQUEST, FENCE_KNOWN = 1 << 31, 0b111
PIXEL_FORMAT = struct.pack(">BBBBHHHBBB3x", 32, 24, 0, 1, 255, 255, 255, 16, 8, 0)
FILL, JPEG, EXPLICIT_FILTER = 8, 9, 4
COPY, PALETTE = 0, 1
RAW_BELOW = 12  # bytes; Tight leaves runs shorter than this uncompressed


@dataclass(frozen=True, slots=True)
class Rectangle:
    """Where, how ("jpeg", "fill", "basic", "raw" or "copy"), and the bytes. `control`: Tight's; `palette`: 3 bytes a colour."""

    x: int
    y: int
    width: int
    height: int
    kind: str
    data: bytes
    control: int = 0
    palette: bytes = b""
    plain: bool = False


@dataclass(slots=True)
class Update:
    """`arrived`: epoch seconds, when its last byte was here."""

    arrived: float = 0.0
    bytes: int = 0
    rectangles: list[Rectangle] = field(default_factory=list)


class Rfb:
    """A connection to an Xvnc on this machine that lets everybody in. Updates come by themselves from the construction on."""

    def __init__(self, port: int, quality: int, compression: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = bytearray()
        self._at = 0
        self._taken = 0
        self._take(12)
        self._socket.sendall(b"RFB 003.008\n")
        self._take(self._number("B"))
        self._socket.sendall(b"\x01")
        if self._number(">I") != 0:
            raise ConnectionError("Xvnc did not let us in")
        self._socket.sendall(b"\x01")
        self.width, self.height = struct.unpack(">HH", self._take(4))
        self._take(16)
        self._take(self._number(">I"))
        self._socket.sendall(struct.pack(">Bxxx", 0) + PIXEL_FORMAT)
        wanted = [TIGHT, COPY_RECT, RAW, LAST_RECT, FENCE, CONTINUOUS_UPDATES]
        wanted += [FINE_QUALITY_0 + quality, SUBSAMPLING_420, COMPRESSION_0 + compression]
        self._socket.sendall(struct.pack(f">BxH{len(wanted)}i", 2, len(wanted), *wanted))
        self._socket.sendall(struct.pack(">BBHHHH", 3, 0, 0, 0, self.width, self.height))
        self._socket.sendall(struct.pack(">BBHHHH", 150, 1, 0, 0, self.width, self.height))

    def updates(self, seconds: float) -> list[Update]:
        """All that come within `seconds`."""
        deadline = time.monotonic() + seconds
        found = []
        while (left := deadline - time.monotonic()) > 0:
            self._socket.settimeout(left)
            try:
                kind = self._number("B")
            except TimeoutError:
                break
            self._socket.settimeout(10)
            if kind == 0:
                found.append(self._update())
            else:
                self._other(kind)
        return found

    def close(self) -> None:
        self._socket.close()

    # ---- messages

    def _other(self, kind: int) -> None:
        if kind == 248:  # a fence
            flags, length = struct.unpack(">3xIB", self._take(8))
            payload = self._take(length)
            if flags & FENCE_REQUEST:
                self._socket.sendall(struct.pack(">B3xIB", 248, flags & FENCE_KNOWN, length) + payload)
        elif kind == 3:  # the clipboard
            self._take(3)
            self._take(self._number(">I"))
        elif kind not in (2, 150):  # a bell, the end of continuous updates
            raise ConnectionError(f"Xvnc sent a message of kind {kind}, which we do not know")

    def _update(self) -> Update:
        self._taken = 1
        update = Update()
        _, count = struct.unpack(">BH", self._take(3))
        for _ in range(count):
            x, y, width, height, encoding = struct.unpack(">HHHHi", self._take(12))
            if encoding == LAST_RECT:
                break
            update.rectangles.append(self._rectangle(x, y, width, height, encoding))
        update.arrived = time.time()
        update.bytes = self._taken
        return update

    def _rectangle(self, x: int, y: int, width: int, height: int, encoding: int) -> Rectangle:
        place = (x, y, width, height)
        if encoding == RAW:
            return Rectangle(*place, "raw", self._take(width * height * 4))
        if encoding == COPY_RECT:
            return Rectangle(*place, "copy", self._take(4))
        if encoding != TIGHT:
            raise ConnectionError(f"Xvnc sent encoding {encoding}, which we did not ask for")
        control = self._number("B")
        kind = control >> 4
        if kind == FILL:
            return Rectangle(*place, "fill", self._take(3), control)
        if kind == JPEG:
            return Rectangle(*place, "jpeg", self._take(self._compact()), control)
        palette, row = b"", width * 3
        if kind & EXPLICIT_FILTER and (way := self._number("B")) != COPY:
            if way != PALETTE:
                raise ConnectionError(f"Xvnc used filter {way}, which we do not know")
            colours = self._number("B") + 1
            palette = self._take(colours * 3)
            row = (width + 7) // 8 if colours == 2 else width
        size = row * height
        plain = size < RAW_BELOW
        return Rectangle(*place, "basic", self._take(size if plain else self._compact()), control, palette, plain)

    # ---- bytes

    def _compact(self) -> int:
        """Seven bits a byte, low ones first; a third byte has all eight."""
        number = 0
        for shift in (0, 7, 14):
            byte = self._number("B")
            number |= (byte if shift == 14 else byte & 0x7F) << shift
            if not byte & 0x80:
                break
        return number

    def _number(self, format: str) -> int:
        return int(struct.unpack(format, self._take(struct.calcsize(format)))[0])

    def _take(self, count: int) -> bytes:
        while len(self._buffer) - self._at < count:
            if self._at:
                del self._buffer[: self._at]
                self._at = 0
            more = self._socket.recv(1 << 20)
            if not more:
                raise ConnectionError("Xvnc has closed the connection")
            self._buffer += more
        data = bytes(memoryview(self._buffer)[self._at : self._at + count])
        self._at += count
        self._taken += count
        return data
