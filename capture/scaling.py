"""Small pictures with opacity, made smaller: cursors for viewers whose picture is scaled down. Pure.

A cursor has a few hundred pixels and each is made once, so this is plain Python.
"""

from __future__ import annotations


def shrink(pixels: bytes, width: int, height: int, to_width: int, to_height: int) -> bytes:
    """BGRA pixels, multiplied by their opacity, averaged into so many; each new one is the mean of the area that it covers."""
    columns, rows = _shares(width, to_width), _shares(height, to_height)
    shrunk = bytearray()
    for row in rows:
        for column in columns:
            sums = [0.0, 0.0, 0.0, 0.0]
            for y, down in row:
                for x, across in column:
                    at = 4 * (y * width + x)
                    for channel in range(4):
                        sums[channel] += pixels[at + channel] * down * across
            shrunk += bytes(min(255, round(value)) for value in sums)
    return bytes(shrunk)


def _shares(size: int, to: int) -> list[list[tuple[int, float]]]:
    """For each of `to` parts of a line of `size` pixels: which pixels it covers, and which share of it each of them is."""
    found = []
    for part in range(to):
        begin, end = part * size / to, (part + 1) * size / to
        pixels = range(int(begin), min(size, -int(-end // 1)))
        found.append([(pixel, (min(end, pixel + 1) - max(begin, pixel)) * to / size) for pixel in pixels])
    return found
