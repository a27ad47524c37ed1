"""A smaller picture is what an exact mean of areas makes of it, as near as text needs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from encoder.picture import Pixels
from encoder.scale import shrink


def noise(width: int, height: int) -> Pixels:
    return np.random.default_rng(3).integers(0, 256, (height, width, 4), np.uint8)


@pytest.mark.parametrize("power", [1, 2, 3])
def test_halving_is_the_mean_of_blocks_and_keeps_the_brightness(power: int) -> None:
    pixels, factor = noise(320, 168), 2**power
    small = shrink(pixels, 320 // factor, 168 // factor).astype(float)
    means = pixels.reshape(168 // factor, factor, 320 // factor, factor, 4).mean(axis=(1, 3))
    assert np.abs(small - means).max() <= 1 * power
    assert abs((small - means).mean()) < 0.05


@pytest.mark.parametrize("size", [(480, 270), (800, 450), (320, 181), (1279, 719)])
def test_a_gradient_stays_the_gradient(size: tuple[int, int]) -> None:
    width, height = size
    pixels = np.zeros((720, 1280, 4), np.uint8)
    pixels[:, :, 0] = (np.arange(1280) * 255 / 1279)[None, :]
    pixels[:, :, 2] = (np.arange(720) * 255 / 719)[:, None]
    small = shrink(pixels, width, height)
    assert small.shape == (height, width, 4)
    assert small.flags.c_contiguous
    exact = np.asarray(Image.fromarray(pixels[:, :, :3]).resize(size, Image.Resampling.HAMMING)).astype(int)
    assert np.abs(small[:, :, :3] - exact).max() <= 2, "channels mixed, or the picture moved"


@settings(deadline=None, max_examples=50)
@given(st.data())
def test_any_size_of_one_colour_stays_it(data: st.DataObject) -> None:
    columns, rows, pad = data.draw(st.integers(1, 70)), data.draw(st.integers(1, 70)), data.draw(st.integers(0, 3))
    width, height = data.draw(st.integers(1, columns)), data.draw(st.integers(1, rows))
    colour = data.draw(st.tuples(*[st.integers(0, 255)] * 4))
    pixels = np.full((rows, columns + pad, 4), 77, np.uint8)
    pixels[:, :columns] = colour
    assert (shrink(pixels[:, :columns], width, height) == colour).all()
