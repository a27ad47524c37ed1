"""Pixels -> fewer pixels, for screens smaller than the session's: text has to stay legible, and the encoder to keep its pace.

Halved, by the mean of each 2x2 block, as often as the target is no larger; what then remains, a factor below two, is interpolated
between neighbours. A pixel is one uint32 throughout, and its bytes are computed with side by side: numpy alone then takes
0.9 to 3.6 ms for a 1280x720 picture, where Pillow takes up to 9 (docs/decisions/0006-scaling.md).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from encoder.picture import Pixels

Words = npt.NDArray[np.uint32]

BAND = 32  # rows halved at a time: they and what is computed of them stay in the processor's cache
LOW_BITS = np.uint32(0x7F7F7F7F)  # of each byte, once all are shifted right by one
EVEN_BYTES = np.uint32(0x00FF00FF)  # leaves each a byte's room for the product with a weight
ONE = 256  # the weight that is all


def shrink(pixels: Pixels, width: int, height: int) -> Pixels:
    """`pixels` (rows, columns, 4), BGRX, at `width` x `height`, neither larger than it is; contiguous."""
    rows, columns, _ = pixels.shape
    words: Words = np.ascontiguousarray(pixels).view(np.uint32).reshape(rows, columns)
    while words.shape[1] >= 2 * width and words.shape[0] >= 2 * height:
        words = _halve(words)
    for axis, size in ((0, height), (1, width)):
        if words.shape[axis] != size:
            words = _interpolate(words, size, axis)
    return words.view(np.uint8).reshape(height, width, 4)


def _halve(words: Words) -> Words:
    """The mean of each 2x2 block; an odd last row or column is left out."""
    rows, columns = words.shape[0] // 2 * 2, words.shape[1] // 2 * 2
    halved = np.empty((rows // 2, columns // 2), np.uint32)
    for top in range(0, rows, BAND):
        bottom = min(rows, top + BAND)
        upper, lower = words[top:bottom:2, :columns], words[top + 1 : bottom : 2, :columns]
        # The mean of two bytes is what they share and half of what they do not. Rounded down here and up there, the two errors
        # cancel out, and a picture does not get darker.
        half = upper ^ lower
        half >>= np.uint32(1)
        half &= LOW_BITS
        half += upper & lower
        left, right = half[:, 0::2], half[:, 1::2]
        difference = left ^ right
        difference >>= np.uint32(1)
        difference &= LOW_BITS
        np.subtract(left | right, difference, out=halved[top // 2 : bottom // 2])
    return halved


def _interpolate(words: Words, size: int, axis: int) -> Words:
    """`words` with `size` rows (`axis` 0) or columns (1), each between the two that are nearest to it."""
    length = words.shape[axis]
    centres = (np.arange(size) + 0.5) * length / size - 0.5
    nearest = np.clip(np.floor(centres).astype(np.intp), 0, length - 2)
    weights = np.clip(np.rint((centres - nearest) * ONE), 0, ONE).astype(np.uint32)
    if axis == 0:
        weights = weights[:, None]
    first: Words = words.take(nearest, axis)
    second: Words = words.take(nearest + 1, axis)
    even = (first & EVEN_BYTES) * (np.uint32(ONE) - weights)
    even += (second & EVEN_BYTES) * weights
    even >>= np.uint32(8)
    even &= EVEN_BYTES
    first >>= np.uint32(8)
    second >>= np.uint32(8)
    first &= EVEN_BYTES
    second &= EVEN_BYTES
    first *= np.uint32(ONE) - weights
    second *= weights
    first += second
    first &= ~EVEN_BYTES
    first |= even
    return first
