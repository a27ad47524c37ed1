"""What a terminal shows of a picture, read back from what is sent to it."""

from __future__ import annotations

import re

import numpy as np
import pytest
from jiomosa_client.painting import HALF, Painter, sixel, xterm_colours
from jiomosa_client.terminal import Size
from jiomosa_client.watch import fit, mode_of

CELL = re.compile(r"\x1b\[(\d+);(\d+)H|\x1b\[38;2;(\d+);(\d+);(\d+);48;2;(\d+);(\d+);(\d+)m|(" + HALF + r")|\x1b\[0m")


def shown(text: str, pixels: np.ndarray) -> None:
    """Carry out `text` on a terminal that shows `pixels`."""
    row = column = 0
    colours = [0] * 6
    assert CELL.sub("", text) == ""
    for match in CELL.finditer(text):
        if match[1]:
            row, column = int(match[1]) - 1, int(match[2]) - 1
        elif match[3]:
            colours = [int(match[index]) for index in range(3, 9)]
        elif match[9]:
            pixels[2 * row, column], pixels[2 * row + 1, column] = colours[:3], colours[3:]
            column += 1


def test_half_blocks_show_every_pixel_and_only_changes_are_sent() -> None:
    random = np.random.default_rng(1)
    painter, terminal = Painter("half"), np.zeros((10, 16, 3), np.uint8)
    picture = random.integers(0, 256, (10, 16, 3)).astype(np.uint8)
    shown(painter.paint(picture), terminal)
    assert np.array_equal(terminal, picture)
    assert painter.paint(picture) == ""
    picture[4, 7] = picture[5, 2] = (1, 2, 3)
    text = painter.paint(picture)
    assert text.count(HALF) == 2
    shown(text, terminal)
    assert np.array_equal(terminal, picture)
    painter.forget()
    assert painter.paint(picture).count(HALF) == 80
    assert painter.paint(picture[:9, :12]).count(HALF) == 60, "a row without its other half"


def test_the_256_colours_are_the_nearest_ones() -> None:
    pixels = np.array([[[255, 0, 0], [0, 0, 0], [128, 128, 128], [95, 135, 175], [250, 250, 250]]], np.uint8)
    assert xterm_colours(pixels).tolist() == [[196, 16, 244, 67, 231]]
    assert re.fullmatch(r"\x1b\[1;1H\x1b\[38;5;196;48;5;16m▀(.*)\x1b\[0m", Painter("256").paint(pixels))


def test_sixels_say_which_pixels_have_which_colour() -> None:
    pixels = np.zeros((7, 5, 3), np.uint8)
    pixels[0, :, 0] = 255
    pixels[6, 2] = (255, 255, 255)
    text = sixel(pixels)
    assert text.startswith('\x1bP0;1;0q"1;1;5;7')
    assert text.endswith("\x1b\\")
    assert "#180;2;100;0;0" in text
    assert "#215;2;100;100;100" in text
    first, second = text[text.index("#0!") :].split("-")[:2]
    assert first == "#0!5}$#180!5@$", "five columns: all but the first row black, the first red"
    assert second == "#0@@?@@$#215??@??$"


@pytest.mark.parametrize(
    ("wanted", "colours", "sixels", "mode"),
    [
        ("auto", "truecolor", False, "half"),
        ("auto", "", False, "256"),
        ("auto", "", True, "sixel"),
        ("256", "truecolor", True, "256"),
    ],
)
def test_as_many_colours_as_there_are(wanted: str, colours: str, sixels: bool, mode: str) -> None:
    assert mode_of(wanted, {"COLORTERM": colours}, sixels=sixels) == mode


def test_a_picture_fits_above_the_statistics() -> None:
    assert fit("half", Size(80, 24, 8, 16)) == (80, 46)
    assert fit("sixel", Size(80, 24, 8, 16)) == (640, 366)
