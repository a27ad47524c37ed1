"""The recorded pages that `bench.synthetic` shows: pictures of bench/pages, taken by our own capture (`python -m bench.record`).

kind    what                                                      files
text    a page of text                                            text-0.png, text-1.png (scrolled)
photo   a picture like a photograph, all over the screen          photo-0.jpg
mixed   a page with text, pictures and gradients                  mixed-0.png
video   moments of a player of 960x540 in a page                  video-0.jpg, video-1.jpg

All are 1280x720. Text is kept without loss. What is like a photograph is kept as JPEG of quality 90 without subsampling: on the
real web it would have been a JPEG or a video before, too.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

FRAMES = Path(__file__).parent / "frames"
KINDS = ("text", "photo", "mixed", "video")
WIDTH, HEIGHT = 1280, 720

Picture = npt.NDArray[np.uint8]


def load(kind: str) -> list[Picture]:
    """The pictures of `kind`, each (720, 1280, 4) BGRX. Raises FileNotFoundError where there are none."""
    paths = sorted(FRAMES.glob(f"{kind}-*.*"))
    if not paths:
        raise FileNotFoundError(f"There is no recorded picture {kind!r}; `python -m bench.record` makes them.")
    return [bgrx(path) for path in paths]


def bgrx(path: Path) -> Picture:
    rgb = np.asarray(Image.open(path).convert("RGB"))
    pixels = np.full((*rgb.shape[:2], 4), 255, np.uint8)
    pixels[:, :, :3] = rgb[:, :, ::-1]
    return pixels
