"""The session's own X server: a virtual screen in memory that only we and the session's browser may see.

Access is by a cookie in an Xauthority file, of one entry:

    family   2 bytes, big-endian   0xffff: any host
    address  counted string        empty
    number   counted string        empty: any display, for its number is not known before it has started
    name     counted string        "MIT-MAGIC-COOKIE-1"
    data     counted string        the cookie

where a counted string is a 2-byte big-endian length and as many bytes.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import struct
from pathlib import Path

import xcffib

from capture.apart import make_socket_folder
from capture.display import Display
from capture.programs import Program, Programs
from engine.errors import ChildGone
from engine.leftovers import DISPLAY_FILE, remove_display_socket

COOKIE_NAME = b"MIT-MAGIC-COOKIE-1"
# X servers that start at the same moment take the same number, or the same file in /tmp for their keyboard, and some give up.
ATTEMPTS = 4
START_SECONDS = 10.0  # it takes 0.05 s; on a machine that is this slow nothing else would work either


def xauthority(cookie: bytes) -> bytes:
    """The content of an Xauthority file that lets its reader into any X server with this cookie."""
    counted = (struct.pack(">H", len(part)) + part for part in (b"", b"", COOKIE_NAME, cookie))
    return struct.pack(">H", 0xFFFF) + b"".join(counted)


class Screen:
    """A running Xvfb and our connection to it. Make with `start`."""

    def __init__(self, program: Program, number: int, display: Display, folder: Path) -> None:
        self.program = program
        self.number = number
        self._folder = folder
        self.display = display

    @classmethod
    async def start(cls, programs: Programs, width: int, height: int) -> Screen:
        """Start an X server with one screen of `width` x `height` pixels. Raises `ConfigurationError` or `ChildGone`."""
        authority = programs.folder / "Xauthority"
        authority.write_bytes(xauthority(secrets.token_bytes(16)))
        programs.give(authority)

        make_socket_folder()
        for _ in range(ATTEMPTS):
            reading, writing = os.pipe()
            try:
                program = await programs.start(
                    "The X server",
                    "Xvfb",
                    *("-displayfd", str(writing)),
                    *("-screen", "0", f"{width}x{height}x24"),
                    *("-auth", str(authority)),
                    # Not "local" as well: libxcb asks at the abstract socket first, and whoever had taken it would be asked.
                    *("-nolisten", "tcp", "-noreset", "-nocursor"),
                    *("-extension", "GLX"),  # 14 MB instead of 66
                    # A killed X server leaves its socket behind; on SIGTERM it removes it.
                    death_signal="TERM",
                    fd=writing,
                )
            finally:
                os.close(writing)
            number = await _display_number(reading)
            if number is not None:
                break
            await program.end()
        else:
            raise ChildGone("The X server could not start; run `jiomosa doctor`.")
        (programs.folder / DISPLAY_FILE).write_text(str(number))
        programs.export("DISPLAY", f":{number}")
        try:
            return cls(program, number, Display(f":{number}", authority), programs.folder)
        except xcffib.ConnectionException as error:
            await program.end()
            remove_display_socket(programs.folder)
            raise ChildGone(f"The X server :{number} does not let us in ({error}).") from error

    async def end(self) -> None:
        """End the X server and leave nothing of it behind."""
        self.display.close()
        if not await self.program.end():
            remove_display_socket(self._folder)


async def _display_number(fd: int) -> int | None:
    """What the X server writes to its -displayfd; None when it ends, or takes too long, instead.

    Number and newline come apart, and an X server that finds the pipe closed before the newline dies: read to the newline.
    """
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(fd, "rb", buffering=0)
    )
    try:
        async with asyncio.timeout(START_SECONDS):
            line = await reader.readline()
    except TimeoutError:
        return None
    finally:
        transport.close()
    return int(line) if line.endswith(b"\n") else None
