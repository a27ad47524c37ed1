"""The file that lets a browser, and nobody else, into its screen; and reading the number of a display."""

from __future__ import annotations

import os
import struct

import pytest

from capture import screen
from capture.screen import COOKIE_NAME, _display_number, xauthority


def test_the_authority_file_is_as_xlib_reads_it() -> None:
    data = xauthority(bytes(range(16)))
    (family,) = struct.unpack_from(">H", data)
    fields, at = [], 2
    while at < len(data):
        (length,) = struct.unpack_from(">H", data, at)
        fields.append(data[at + 2 : at + 2 + length])
        at += 2 + length
    assert family == 0xFFFF
    assert fields == [b"", b"", COOKIE_NAME, bytes(range(16))]
    assert at == len(data)
    assert data.hex() == "ffff000000000012" + COOKIE_NAME.hex() + "0010" + bytes(range(16)).hex()


@pytest.mark.parametrize(("written", "number"), [(b"7\n", 7), (b"123\n", 123), (b"12", None), (b"", None)])
async def test_the_display_number_is_read_to_its_newline(written: bytes, number: int | None) -> None:
    reading, writing = os.pipe()
    os.write(writing, written)
    os.close(writing)
    assert await _display_number(reading) == number


async def test_an_x_server_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen, "START_SECONDS", 0.05)
    reading, writing = os.pipe()
    assert await _display_number(reading) is None
    os.close(writing)
