"""The file is one that a decoder which is not ours reads, with the pixels in their places."""

from __future__ import annotations

import io
import zlib

import pytest
from PIL import Image

from engine.png import RGB, RGBA, assemble


@pytest.mark.parametrize(("colour_type", "mode"), [(RGB, "RGB"), (RGBA, "RGBA")])
def test_pixels_come_back(colour_type: int, mode: str) -> None:
    samples = len(mode)
    pixels = [tuple(range(at, at + samples)) for at in (10, 60, 110, 160, 200, 250 - samples)]
    rows = b"".join(b"\0" + b"".join(map(bytes, pixels[at : at + 3])) for at in (0, 3))
    with Image.open(io.BytesIO(assemble(3, 2, colour_type, zlib.compress(rows)))) as image:
        assert (image.format, image.mode, image.size) == ("PNG", mode, (3, 2))
        assert [image.getpixel((x, y)) for y in (0, 1) for x in range(3)] == pixels
