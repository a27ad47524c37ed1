"""A JPEG of which only what has changed is encoded anew.

A picture is cut into strips of STRIP_ROWS rows. Each is encoded as a JPEG of its own, and the data of all is put behind
one header with a restart marker between them (ITU-T T.81, B.2.4.4 and E.1.4: at a restart a decoder forgets what came before, and
data is whole bytes). Every baseline decoder reads that, and gets exactly the pixels of a JPEG encoded in one piece.

    whole    more than half of the strips have changed since this rendition's last job: one piece is 5% cheaper
    strips   otherwise: those that have changed since each was last encoded

Invariant: a strip is as it is in frame `made[i]`, and no later frame up to the one that is being built differs in it.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from engine.framering import BLOCK_ROWS

Pixels = npt.NDArray[np.uint8]

STRIP_ROWS = 32  # 16 cost a fifth more for the same rows, 64 make a caret's strip twice as dear
SOF0, SOS, DRI, RST0, END = 0xC0, 0xDA, 0xDD, 0xD0, b"\xff\xd9"


class Strips:
    """One rendition's of one session. `encode(rows)` makes a JPEG of some rows; always with the same settings."""

    def __init__(self, encode: Callable[[Pixels], bytes]) -> None:
        self._encode = encode
        self._last = 0  # the frame of the last job
        self._made: list[int] = []
        self._data: list[bytes] = []
        self._header = b""

    def jpeg(self, picture: Pixels, seq: int, changed: list[int]) -> bytes:
        """A JPEG of `picture`, frame `seq`; `changed`: for each of its strips the last frame that differed in it."""
        last, self._last = self._last, seq
        if len(changed) < 2 or 2 * sum(change > last for change in changed) > len(changed):
            return self._encode(picture)
        if len(self._made) != len(changed):
            self._made, self._data = [0] * len(changed), [b""] * len(changed)
        for number, change in enumerate(changed):
            # Of a frame older than the strip (one that another encoder was too slow with) nothing can be reused either.
            if change > self._made[number] or seq < self._made[number]:
                self._make(picture, number, seq)
        pieces = [self._header]
        for number, data in enumerate(self._data):
            pieces += data, bytes((0xFF, RST0 + number % 8))
        pieces[-1] = END
        return b"".join(pieces)

    def _make(self, picture: Pixels, number: int, seq: int) -> None:
        jpeg = self._encode(picture[number * STRIP_ROWS : (number + 1) * STRIP_ROWS])
        start = data_start(jpeg)
        self._data[number] = jpeg[start : -len(END)]
        self._made[number] = seq
        if not self._header:
            self._header = header(jpeg[:start], len(picture))


def strip_changes(blocks: array[int], source_rows: int, rows: int) -> list[int]:
    """For each strip of a picture of `rows` rows, made from one of `source_rows`, the last frame that differed in it.

    `blocks`: the same for each block of the source (`FrameRing.changed`).
    """
    if rows == source_rows:
        # A strip is two blocks; the last may be one.
        return list(map(max, blocks[::2], blocks[1::2])) + list(blocks[len(blocks) & ~1 :])
    scale = source_rows / rows
    changes = []
    for top in range(0, rows, STRIP_ROWS):
        # A scaled row is made of its neighbours', too.
        first = max(0, int((top - 2) * scale) // BLOCK_ROWS)
        last = -int(-(top + STRIP_ROWS + 2) * scale // BLOCK_ROWS)
        changes.append(max(blocks[first:last]))
    return changes


def segment(jpeg: bytes, marker: int) -> int:
    """Where the segment with `marker` begins in the header of a JPEG."""
    at = 2
    while jpeg[at + 1] != marker:
        at += 2 + struct.unpack_from(">H", jpeg, at + 2)[0]
    return at


def data_start(jpeg: bytes) -> int:
    """Where the compressed data of a baseline JPEG begins."""
    scan = segment(jpeg, SOS)
    return int(scan + 2 + struct.unpack_from(">H", jpeg, scan + 2)[0])


def header(strip: bytes, rows: int) -> bytes:
    """A strip's header as that of a picture of `rows` rows made of such strips."""
    frame, scan = segment(strip, SOF0), segment(strip, SOS)
    _, _, width, components = struct.unpack_from(">BHHB", strip, frame + 4)
    # A scan of one component has units of 8 x 8 pixels whatever its sampling factors (T.81, A.2.2).
    across, down = (strip[frame + 11] >> 4, strip[frame + 11] & 15) if components > 1 else (1, 1)
    interval = -(-width // (8 * across)) * (STRIP_ROWS // (8 * down))
    return b"".join(
        (
            strip[: frame + 5],
            struct.pack(">H", rows),
            strip[frame + 7 : scan],
            struct.pack(">BBHH", 0xFF, DRI, 4, interval),
            strip[scan:],
        )
    )
