"""Pixels -> a compressed picture.

Input is always a view of a frame ring's slot: (height, width, 4) uint8, BGRX, not copied. JPEG is libjpeg-turbo by
simplejpeg, colour conversion included; PNG is a numpy "sub" filter and isal's deflate at its fastest level, several times as
fast as Pillow at about its size.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import simplejpeg
from isal import isal_zlib

from engine.png import RGB, assemble

Pixels = npt.NDArray[np.uint8]

PNG_LEVEL = 1  # of isal's 0 to 3; the higher ones take twice as long for a few percent
FILTER_SUB = 1  # PNG specification, section 9.2


def jpeg(pixels: Pixels, quality: int, *, grayscale: bool = False) -> bytes:
    """A baseline JPEG, 4:2:0 or of luma alone, `quality` 1 to 100."""
    sampling = "Gray" if grayscale else "420"
    return bytes(simplejpeg.encode_jpeg(pixels, quality=quality, colorspace="BGRX", colorsubsampling=sampling))


def png(pixels: Pixels) -> bytes:
    """An 8-bit RGB PNG."""
    height, width, _ = pixels.shape
    rgb = pixels[:, :, 2::-1]
    filtered = np.empty((height, width, 3), np.uint8)
    filtered[:, 0] = rgb[:, 0]
    np.subtract(rgb[:, 1:], rgb[:, :-1], out=filtered[:, 1:])
    rows = np.empty((height, 1 + 3 * width), np.uint8)
    rows[:, 0] = FILTER_SUB
    rows[:, 1:] = filtered.reshape(height, 3 * width)
    data = isal_zlib.compress(rows, PNG_LEVEL)
    return assemble(width, height, RGB, data)
