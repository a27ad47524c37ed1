"""Pictures as text for a terminal. Pure; pixels are numpy arrays of rows x columns x RGB.

half    two pixels a cell: U+2580 in the upper one's colour on the lower one's, 24 bits each
256     the same in the 240 colours that every xterm-256color has
sixel   real pixels, of 216 colours, for terminals that draw them
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Mode = Literal["half", "256", "sixel"]
HALF = "▀"
CUBE = np.array([0, 95, 135, 175, 215, 255])  # the levels of xterm's colour cube
BAND = 6  # rows of a sixel


class Painter:
    """Paints one picture after the other at the terminal's upper left corner; only what has changed, unless it is sixels."""

    def __init__(self, mode: Mode) -> None:
        self.mode = mode
        self._cells: NDArray[np.int64] | None = None  # upper << 24 | lower, of what is shown

    def forget(self) -> None:
        """Something else was painted over it."""
        self._cells = None

    def paint(self, pixels: Pixels) -> str:
        if self.mode == "sixel":
            return "\x1b[H" + sixel(pixels)
        if len(pixels) % 2:
            pixels = np.vstack([pixels, np.zeros_like(pixels[:1])])
        colours = xterm_colours(pixels) if self.mode == "256" else _packed(pixels)
        cells = colours[::2] << 24 | colours[1::2]
        same_size = self._cells is not None and self._cells.shape == cells.shape
        changed = cells != self._cells if same_size else np.ones(cells.shape, bool)
        self._cells = cells
        pieces, colour = [], -1
        for row in np.flatnonzero(changed.any(axis=1)).tolist():
            at = -1
            for column in np.flatnonzero(changed[row]).tolist():
                if column != at:
                    pieces.append(f"\x1b[{row + 1};{column + 1}H")
                cell = int(cells[row, column])
                if cell != colour:
                    colour = cell
                    pieces.append(self._colour(cell >> 24, cell & 0xFFFFFF))
                pieces.append(HALF)
                at = column + 1
        return "".join(pieces) + ("\x1b[0m" if pieces else "")

    def _colour(self, upper: int, lower: int) -> str:
        if self.mode == "256":
            return f"\x1b[38;5;{upper};48;5;{lower}m"
        above = f"{upper >> 16};{upper >> 8 & 255};{upper & 255}"
        return f"\x1b[38;2;{above};48;2;{lower >> 16};{lower >> 8 & 255};{lower & 255}m"


def _packed(pixels: Pixels) -> NDArray[np.int64]:
    wide = pixels.astype(np.int64)
    return wide[..., 0] << 16 | wide[..., 1] << 8 | wide[..., 2]


def xterm_colours(pixels: Pixels) -> NDArray[np.int64]:
    """The nearest of the colours 16 to 255: of the cube, or of the greys where these are nearer."""
    wide = pixels.astype(np.int64)
    level = np.searchsorted((CUBE[:-1] + CUBE[1:]) // 2, wide, side="right")
    grey = np.clip((wide.mean(axis=-1).round().astype(np.int64) - 3) // 10, 0, 23)
    to_cube = ((CUBE[level] - wide) ** 2).sum(axis=-1)
    to_grey = (((8 + 10 * grey)[..., None] - wide) ** 2).sum(axis=-1)
    cube = 16 + 36 * level[..., 0] + 6 * level[..., 1] + level[..., 2]
    return np.where(to_grey < to_cube, 232 + grey, cube)


def sixel(pixels: Pixels) -> str:
    """One picture as a sixel sequence (DEC STD 070)."""
    level = (pixels.astype(np.int64) * 5 + 127) // 255
    indices = 36 * level[..., 0] + 6 * level[..., 1] + level[..., 2]
    height, width = indices.shape
    pieces = [f'\x1bP0;1;0q"1;1;{width};{height}']
    for index in np.unique(indices).tolist():
        red, green, blue = index // 36 * 20, index // 6 % 6 * 20, index % 6 * 20  # percent
        pieces.append(f"#{index};2;{red};{green};{blue}")
    for top in range(0, height, BAND):
        band = indices[top : top + BAND]
        weights = (1 << np.arange(len(band)))[:, None]
        for index in np.unique(band).tolist():
            bits = ((band == index) * weights).sum(axis=0)
            pieces.append(f"#{index}{_runs(bits)}$")
        pieces.append("-")
    pieces.append("\x1b\\")
    return "".join(pieces)


def _runs(bits: NDArray[np.int64]) -> str:
    starts = np.flatnonzero(np.diff(bits, prepend=-1))
    lengths = np.diff(starts, append=len(bits))
    return "".join(
        f"!{length}{chr(63 + bit)}" if length > 3 else chr(63 + bit) * length
        for bit, length in zip(bits[starts].tolist(), lengths.tolist(), strict=True)
    )
