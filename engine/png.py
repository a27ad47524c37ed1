"""The file format of a PNG, apart from how its pixels are made and compressed (PNG specification, sections 5 and 11)."""

from __future__ import annotations

import struct
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"
RGB, RGBA = 2, 6  # colour types


def assemble(width: int, height: int, colour_type: int, data: bytes) -> bytes:
    """A file of 8 bits a sample; `data`: its rows, each behind its filter's byte, as a zlib stream."""
    header = struct.pack(">IIBBBBB", width, height, 8, colour_type, 0, 0, 0)
    return SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))
