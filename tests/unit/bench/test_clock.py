"""The clock that is painted is the one that is read, through a JPEG, too; what is no clock is not read."""

from __future__ import annotations

import numpy as np
import pytest
import simplejpeg
from hypothesis import given
from hypothesis import strategies as st

from bench import clock


def picture(shade: int = 90) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.full((120, 800, 4), shade, np.uint8)


def jpeg(pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], quality: int = 10) -> bytes:
    return bytes(simplejpeg.encode_jpeg(pixels, quality=quality, colorspace="BGRX", colorsubsampling="420"))


@given(ticks=st.integers(0, clock.WRAP - 1), events=st.integers(0, 63), shade=st.integers(0, 255))
def test_what_is_painted_is_read(ticks: int, events: int, shade: int) -> None:
    pixels = picture(shade)
    clock.paint(pixels, ticks, events)
    assert clock.read(jpeg(pixels)) == clock.Reading(ticks, events, torn=False)


def test_a_picture_of_two_moments_is_torn() -> None:
    pixels, later = picture(), picture()
    clock.paint(pixels, 1000)
    clock.paint(later, 1001)
    pixels[60:] = later[60:]
    assert clock.read(jpeg(pixels)) == clock.Reading(1000, 0, torn=True)


@pytest.mark.parametrize("shade", [0, 90, 255])
def test_a_picture_without_a_clock_is_not_read(shade: int) -> None:
    assert clock.read(jpeg(picture(shade))) is None


def test_a_flipped_cell_is_noticed() -> None:
    pixels = picture()
    clock.paint(pixels, 1000)
    pixels[: clock.CELL, 2 * clock.CELL : 3 * clock.CELL] = 255
    assert clock.read(jpeg(pixels)) is None


def test_age() -> None:
    reading = clock.Reading(ticks=10_000, events=0, torn=False)
    assert reading.age_ms(1.0125) == pytest.approx(12.5)
    assert reading.age_ms(0.9990) == pytest.approx(-1.0)


def test_age_over_the_wrap() -> None:
    reading = clock.Reading(ticks=clock.WRAP - 10, events=0, torn=False)
    assert reading.age_ms((clock.WRAP + 90) / 10_000) == pytest.approx(10.0)
