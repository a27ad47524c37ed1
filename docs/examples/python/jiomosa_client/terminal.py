"""A terminal, taken over for a while: raw keys, an alternate screen, and all as it was at the end."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import select
import signal
import struct
import termios
import time
import tty
from collections.abc import Iterator
from typing import NamedTuple

ENTER = "\x1b[?1049h\x1b[?25l\x1b[?1000h\x1b[?1006h\x1b[2J"  # alternate screen, no cursor, buttons of the mouse
LEAVE = "\x1b[?1006l\x1b[?1000l\x1b[0m\x1b[?25h\x1b[?1049l"
CELL = 8, 16  # pixels, where the terminal does not tell
ANSWER_SECONDS = 0.3


class Size(NamedTuple):
    """Cells, and pixels of a cell."""

    columns: int
    rows: int
    cell_width: int
    cell_height: int


class Terminal:
    """The one at the descriptors `keys` (to read) and `screen` (to write)."""

    def __init__(self, keys: int, screen: int) -> None:
        self.keys, self.screen = keys, screen
        self.resized = False

    @contextlib.contextmanager
    def taken(self) -> Iterator[None]:
        """While the body runs it is ours; also Ctrl+C is a key then, and SIGTERM ends the body."""
        before = termios.tcgetattr(self.keys)
        handlers = [(number, signal.getsignal(number)) for number in (signal.SIGWINCH, signal.SIGTERM, signal.SIGHUP)]
        try:
            tty.setraw(self.keys)
            self.write(ENTER)
            signal.signal(signal.SIGWINCH, lambda *_: setattr(self, "resized", True))
            for number in (signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, _end)
            yield
        finally:
            with contextlib.suppress(OSError):  # it may be gone
                self.write(LEAVE)
                termios.tcsetattr(self.keys, termios.TCSADRAIN, before)
            for number, handler in handlers:
                signal.signal(number, handler)

    def write(self, text: str) -> None:
        data = memoryview(text.encode())
        while data:
            data = data[os.write(self.screen, data) :]

    def size(self) -> Size:
        rows, columns, width, height = struct.unpack("HHHH", fcntl.ioctl(self.screen, termios.TIOCGWINSZ, bytes(8)))
        rows, columns = rows or 24, columns or 80
        return Size(columns, rows, width // columns or CELL[0], height // rows or CELL[1])

    def draws_sixels(self) -> bool:
        """What the terminal answers when it is asked what it can (DA1): 4 among its attributes."""
        self.write("\x1b[c")
        answer, deadline = b"", time.monotonic() + ANSWER_SECONDS
        while b"c" not in answer and (left := deadline - time.monotonic()) > 0:
            if select.select([self.keys], [], [], left)[0]:
                answer += os.read(self.keys, 64)
        found = re.search(rb"\x1b\[\?([0-9;]*)c", answer)
        return found is not None and b"4" in found[1].split(b";")[1:]


def _end(*_: object) -> None:
    raise SystemExit(0)
