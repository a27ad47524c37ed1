"""A clock that a page paints and a program reads from the picture: how old what a viewer sees is.

bench/pages/clock.js paints it twice, along the upper and the lower edge, as CELLS square cells, black 0 or white 1:

    cells   meaning
    0-1     1 0, so that a picture without a clock is not taken for one
    2-31    time when the page began to paint: tenths of a millisecond since the epoch, modulo 2**30, high bits first
    32-37   how many events (clicks, keys) the page has had, modulo 64
    38-41   check: the number of ones in cells 2-37, modulo 16
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import simplejpeg

CELL = 16  # pixels: two JPEG blocks, so that the middle is clean at any quality
CELLS = 42
WRAP = 2**30


@dataclass(frozen=True, slots=True)
class Reading:
    """`ticks`: the page's time as above; `events`: its counter; `torn`: the two clocks of the picture disagree."""

    ticks: int
    events: int
    torn: bool

    def age_ms(self, now: float) -> float:
        """Milliseconds from the page's painting to `now` (epoch seconds)."""
        age = (int(now * 10_000) - self.ticks) % WRAP
        return (age if age < WRAP // 2 else age - WRAP) / 10


def read(jpeg: bytes) -> Reading | None:
    """The clock in a JPEG; None where there is none to be read."""
    return read_luma(np.asarray(simplejpeg.decode_jpeg(jpeg, colorspace="GRAY"))[:, :, 0])


def read_luma(luma: npt.NDArray[Any]) -> Reading | None:
    """The clock in a (height, width) picture of luma."""
    top, bottom = _strip(luma[:CELL]), _strip(luma[-CELL:])
    if top is None:
        return None
    return Reading(top[0], top[1], bottom != top)


def _strip(rows: npt.NDArray[Any]) -> tuple[int, int] | None:
    middle = rows[CELL // 4 : -CELL // 4, : CELL * CELLS].reshape(CELL // 2, CELLS, CELL)[:, :, CELL // 4 : -CELL // 4]
    bits = (middle.mean(axis=(0, 2)) > 127).astype(int)
    if bits[0] != 1 or bits[1] != 0 or bits[2:38].sum() % 16 != _number(bits[38:42]):
        return None
    return _number(bits[2:32]), _number(bits[32:38])


def _number(bits: npt.NDArray[Any]) -> int:
    return int("".join(map(str, bits)), 2)


def paint(pixels: npt.NDArray[Any], ticks: int, events: int = 0) -> None:
    """Paint the clock into a (height, width, channels) picture, as bench/pages/clock.js does."""
    text = f"{ticks % WRAP:030b}{events % 64:06b}"
    text = f"10{text}{text.count('1') % 16:04b}"
    row = np.repeat(np.frombuffer(text.encode(), np.uint8) - ord("0"), CELL)[None, :, None] * np.uint8(255)
    pixels[:CELL, : CELL * CELLS] = row
    pixels[-CELL:, : CELL * CELLS] = row


def now() -> float:
    """Epoch seconds, to the microsecond; the clock that pages of this machine paint."""
    return time.time()
