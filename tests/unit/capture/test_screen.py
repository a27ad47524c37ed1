"""The file that lets a browser, and nobody else, into its screen; and reading the number of a display."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest

from capture import screen
from capture.screen import COOKIE_NAME, Screen, _display_number, xauthority
from engine.errors import ChildGone


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


class FlakyPrograms:
    """Starts, in the X server's place, programs that give up before they say their number; the last one says it."""

    def __init__(self, folder: Path, failures: int) -> None:
        self.folder = folder
        self.failures = failures
        self.starts = 0
        self.exported: dict[str, str] = {}
        self.programs: list[FlakyProgram] = []

    def give(self, path: Path) -> None:
        """It is ours already."""

    def export(self, name: str, value: str) -> None:
        self.exported[name] = value

    async def start(self, *arguments: str, fd: int, death_signal: str) -> FlakyProgram:
        self.starts += 1
        if self.starts > self.failures:
            os.write(fd, b"77\n")
        self.programs.append(FlakyProgram())
        return self.programs[-1]


class FlakyProgram:
    ended = False

    async def end(self) -> bool:
        self.ended = True
        return True


@pytest.mark.parametrize("failures", [0, 1, 3])
async def test_an_x_server_that_gave_up_is_started_again(tmp_path: Path, failures: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Several that start at the same moment get in each other's way."""
    monkeypatch.setattr(screen, "Display", lambda name, authority: name)
    programs = FlakyPrograms(tmp_path, failures)
    started = await Screen.start(programs, 64, 64)  # type: ignore[arg-type]
    assert (started.number, str(started.display), programs.exported) == (77, ":77", {"DISPLAY": ":77"})
    assert [program.ended for program in programs.programs] == [True] * failures + [False]


async def test_an_x_server_that_cannot_start_is_not_tried_for_ever(tmp_path: Path) -> None:
    programs = FlakyPrograms(tmp_path, 1000)
    with pytest.raises(ChildGone, match="could not start"):
        await Screen.start(programs, 64, 64)  # type: ignore[arg-type]
    assert programs.starts < 10
    assert all(program.ended for program in programs.programs)
