"""A JPEG made of old and new strips decodes to exactly what one made in one piece does."""

from __future__ import annotations

import io
from array import array
from functools import partial

import numpy as np
import numpy.typing as npt
import pytest
import simplejpeg
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from encoder import picture
from encoder.scale import shrink
from encoder.strips import STRIP_ROWS, Strips, strip_changes
from engine.framering import BLOCK_ROWS

Pixels = npt.NDArray[np.uint8]
RESTARTS = [bytes((0xFF, 0xD0 + number)) for number in range(8)]


class Source:
    """A picture, and the frame in which each of its blocks changed last."""

    def __init__(self, width: int, height: int) -> None:
        self.noise = np.random.default_rng(width * height)
        self.pixels = np.zeros((height, width, 4), np.uint8)
        self.blocks = array("Q", bytes(8 * -(-height // BLOCK_ROWS)))
        self.seq = 0

    def change(self, top: int, bottom: int) -> None:
        self.seq += 1
        self.pixels[top:bottom] = self.noise.integers(0, 256, self.pixels[top:bottom].shape, np.uint8)
        for block in range(top // BLOCK_ROWS, -(-min(bottom, len(self.pixels)) // BLOCK_ROWS)):
            self.blocks[block] = self.seq

    def encode(self, strips: Strips) -> bytes:
        changed = strip_changes(self.blocks, len(self.pixels), len(self.pixels))
        return strips.jpeg(self.pixels, self.seq, changed)


def same(spliced: bytes, whole: bytes) -> bool:
    """Whether two decoders see the same in both."""
    with Image.open(io.BytesIO(spliced)) as one, Image.open(io.BytesIO(whole)) as other:
        pillow = (np.asarray(one) == np.asarray(other)).all()
    return bool(pillow and (simplejpeg.decode_jpeg(spliced) == simplejpeg.decode_jpeg(whole)).all())


@settings(max_examples=25)
@given(
    size=st.sampled_from([(16, 64), (33, 65), (48, 200), (130, 97), (64, 719), (7, 320)]),
    changes=st.lists(st.tuples(st.integers(0, 719), st.integers(1, 60), st.booleans()), min_size=1, max_size=12),
)
def test_every_picture_is_the_one_that_encoding_it_whole_makes(
    size: tuple[int, int], changes: list[tuple[int, int, bool]]
) -> None:
    source, encode = Source(*size), partial(picture.jpeg, quality=75)
    strips = Strips(encode)
    source.change(0, size[1])
    source.encode(strips)
    for top, rows, looked_at in changes:
        source.change(top % size[1], top % size[1] + rows)
        if looked_at:
            assert same(source.encode(strips), encode(source.pixels))


def test_a_small_change_encodes_its_strips_only_and_a_large_one_all_at_once() -> None:
    pieces: list[int] = []

    def encode(rows: Pixels) -> bytes:
        pieces.append(len(rows))
        return picture.jpeg(rows, 75)

    source, strips = Source(64, 320), Strips(encode)
    for top, bottom, expected in (
        (0, 320, [320]),
        (70, 80, [STRIP_ROWS] * 10),  # nothing had been kept
        (70, 80, [STRIP_ROWS]),
        (95, 97, [STRIP_ROWS] * 2),
        (0, 170, [320]),
        (300, 301, [STRIP_ROWS] * 7),  # the last and the six of the change before
        (0, 0, []),
    ):
        pieces.clear()
        source.change(top, bottom)
        jpeg = source.encode(strips)
        assert pieces == expected
        assert same(jpeg, picture.jpeg(source.pixels, 75))


def test_the_strips_are_parted_by_restart_markers_in_turn() -> None:
    source, strips = Source(64, 320), Strips(partial(picture.jpeg, quality=75))
    source.change(0, 320)
    source.encode(strips)
    source.change(0, 1)
    jpeg = source.encode(strips)
    found = [jpeg[at : at + 2] for at in range(len(jpeg)) if jpeg[at : at + 2] in RESTARTS]
    assert found == (RESTARTS * 2)[:9]


@pytest.mark.parametrize(("rows", "expected"), [(64, [3, 9]), (32, [9]), (16, [9])])
def test_a_scaled_picture_changes_where_its_source_does(rows: int, expected: list[int]) -> None:
    assert strip_changes(array("Q", [3, 1, 1, 9]), 64, rows) == expected


def test_a_scaled_strip_sees_a_change_right_beside_its_rows() -> None:
    blocks = array("Q", [1] * 8)
    blocks[4] = 7  # rows 64 to 79: those of the second strip, whose first row is mixed into the first one's last
    assert strip_changes(blocks, 128, 64) == [7, 7]
    assert strip_changes(blocks, 128, 128) == [1, 1, 7, 1]


@settings(max_examples=30)
@given(
    size=st.sampled_from([(64, 720), (64, 401), (64, 333)]),
    share=st.floats(0.1, 0.99),
    changes=st.lists(st.tuples(st.integers(0, 719), st.integers(1, 40)), min_size=1, max_size=6),
)
def test_a_scaled_picture_is_the_one_that_encoding_it_whole_makes(
    size: tuple[int, int], share: float, changes: list[tuple[int, int]]
) -> None:
    width, height = max(1, int(size[0] * share)), max(1, int(size[1] * share))
    source, encode = Source(*size), partial(picture.jpeg, quality=75)
    strips = Strips(encode)
    source.change(0, size[1])
    for top, rows in ((0, 1), *changes):
        source.change(top % size[1], top % size[1] + rows)
        scaled = shrink(source.pixels, width, height)
        assert same(strips.jpeg(scaled, source.seq, strip_changes(source.blocks, size[1], height)), encode(scaled))
