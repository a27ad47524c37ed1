"""Pictures decode, by a decoder that is not ours, to the pixels that went in."""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from encoder import picture

Pixels = npt.NDArray[np.uint8]
SIZES = [(1, 1), (1, 9), (9, 1), (2, 2), (3, 5), (17, 31), (160, 120), (161, 121), (1280, 720)]


def noise(width: int, height: int, seed: int = 1) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 4), np.uint8)


def smooth(width: int, height: int) -> Pixels:
    """Slow gradients, a different one a channel, which 4:2:0 keeps; X holds rubbish."""
    pixels = noise(width, height)
    pixels[:, :, 0] = np.minimum(255, np.arange(width) * 2)[None, :]
    pixels[:, :, 1] = np.maximum(0, 255 - np.arange(height) * 2)[:, None]
    pixels[:, :, 2] = 200
    return pixels


def decoded(data: bytes) -> tuple[str | None, Pixels]:
    """(format, RGB pixels)"""
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        assert image.mode == "RGB"
        return image.format, np.asarray(image)


def rgb(pixels: Pixels) -> Pixels:
    return pixels[:, :, 2::-1]


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_a_png_is_exact(width: int, height: int) -> None:
    pixels = noise(width, height)
    kind, seen = decoded(picture.png(pixels))
    assert kind == "PNG"
    assert np.array_equal(seen, rgb(pixels))


@settings(deadline=None)
@given(width=st.integers(1, 40), height=st.integers(1, 40), pad=st.integers(0, 5), seed=st.integers(0, 99))
def test_a_png_of_any_view_is_exact(width: int, height: int, pad: int, seed: int) -> None:
    view = noise(width + pad, height, seed)[:, :width]
    assert np.array_equal(decoded(picture.png(view))[1], rgb(view))


def test_a_png_passes_every_checksum() -> None:
    with Image.open(io.BytesIO(picture.png(noise(33, 7)))) as image:
        image.verify()


def test_a_png_of_a_flat_page_is_small() -> None:
    assert len(picture.png(np.full((720, 1280, 4), 250, np.uint8))) < 20_000


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_a_jpeg_is_close(width: int, height: int) -> None:
    pixels = smooth(width, height)
    kind, seen = decoded(picture.jpeg(pixels, 90))
    assert kind == "JPEG"
    assert seen.shape == (height, width, 3)
    assert np.abs(seen.astype(int) - rgb(pixels)).mean() < 4


@pytest.mark.parametrize("colour", [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0)])
def test_colours_are_not_swapped(colour: tuple[int, int, int]) -> None:
    pixels = np.zeros((16, 16, 4), np.uint8)
    pixels[:, :, :3] = colour[::-1]
    assert np.abs(decoded(picture.jpeg(pixels, 100))[1].astype(int) - colour).max() <= 3
    assert (decoded(picture.png(pixels))[1] == colour).all()


def test_the_fourth_byte_is_never_seen() -> None:
    one, other = smooth(64, 48), smooth(64, 48)
    one[:, :, 3], other[:, :, 3] = 0, 255
    assert picture.png(one) == picture.png(other)
    assert picture.jpeg(one, 75) == picture.jpeg(other, 75)


def test_quality_is_worth_its_bytes() -> None:
    pixels = noise(160, 120)
    sizes = [len(picture.jpeg(pixels, quality)) for quality in (10, 50, 75, 90, 100)]
    assert sizes == sorted(set(sizes))


def test_a_strided_view_gives_what_its_copy_gives() -> None:
    view = smooth(100, 48)[:, :77]
    assert not view.flags.c_contiguous
    assert picture.jpeg(view, 75) == picture.jpeg(np.ascontiguousarray(view), 75)


def test_pixels_that_may_not_be_written_are_taken() -> None:
    pixels = smooth(32, 16)
    pixels.flags.writeable = False
    assert picture.png(pixels)
    assert picture.jpeg(pixels, 75)


def test_a_jpeg_without_colour_is_the_luma() -> None:
    pixels = smooth(64, 48)
    with Image.open(io.BytesIO(picture.jpeg(pixels, 95, grayscale=True))) as image:
        assert image.mode == "L"
        luma = rgb(pixels) @ np.array([0.299, 0.587, 0.114])
        assert np.abs(np.asarray(image) - luma).max() < 4
