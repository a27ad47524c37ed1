"""`jiomosa watch`: a session in a terminal, driven by its keyboard and mouse."""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import select
import sys
import time
from collections import deque
from typing import Any

import numpy as np
import simplejpeg

from jiomosa_client.errors import JiomosaError
from jiomosa_client.keys import Action, Click, Key, Keys, Quit, Text, Wheel
from jiomosa_client.painting import Mode, Painter
from jiomosa_client.session import Session
from jiomosa_client.terminal import Size, Terminal
from jiomosa_client.wire import Event, Frame

STATS_SECONDS = 0.5
ESCAPE_SECONDS = 0.05  # after which an escape that nothing followed was the key
WHEEL_PIXELS = 60
LEAST_PIXELS = 16  # what a subscription may ask for
SESSION_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def run(options: argparse.Namespace) -> int:
    """Returns the exit code. Raises `JiomosaError`."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        print("jiomosa watch: this is no terminal; pictures need one.", file=sys.stderr)
        return 2
    with _session(options) as session:
        terminal = Terminal(sys.stdin.fileno(), sys.stdout.fileno())
        with terminal.taken():
            Watching(session, terminal, options.mode, options.fps).run()
    return 0


def _session(options: argparse.Namespace) -> Session:
    target: str = options.target
    if SESSION_ID.fullmatch(target):
        return Session.attach(options.server, target, token=options.token)
    width, _, height = options.size.partition("x")
    if not (width.isdigit() and height.isdigit()):
        raise JiomosaError(f"--size is {options.size!r}, and must be WIDTHxHEIGHT, such as 1024x640.")
    print(f"Starting a browser for {target}", file=sys.stderr)
    return Session.create(options.server, token=options.token, width=int(width), height=int(height), url=target)


def mode_of(wanted: str, environment: dict[str, str], *, sixels: bool) -> Mode:
    """How to paint where nobody says: sixels where they are drawn, else as many colours as there are."""
    if wanted != "auto":
        return wanted  # type: ignore[return-value]  # the parser has no other words
    if sixels:
        return "sixel"
    return "half" if environment.get("COLORTERM") in ("truecolor", "24bit") else "256"


def fit(mode: Mode, size: Size) -> tuple[int, int]:
    """Pixels that the terminal has for a picture, above the line of statistics."""
    rows = max(1, size.rows - 1)
    if mode == "sixel":
        return size.columns * size.cell_width, rows * size.cell_height // 6 * 6
    return size.columns, rows * 2


class Watching:
    """From here until Ctrl+C."""

    def __init__(self, session: Session, terminal: Terminal, mode: str, fps: float) -> None:
        self._session, self._terminal, self._fps = session, terminal, fps
        sixels = mode == "auto" and terminal.draws_sixels()
        self._painter = Painter(mode_of(mode, dict(os.environ), sixels=sixels))
        self._keys = Keys()
        self._frame: Frame | None = None
        self._lately: deque[tuple[float, int]] = deque()  # (when, bytes) of the frames of a second
        self._note = ""
        self._url = ""

    def run(self) -> None:
        self._subscribe()
        stats_at = 0.0
        while True:
            connection = self._session.connection
            ready: list[Any] = [self._terminal.keys, *([connection] if connection else [])]
            waits = 0.0 if connection and connection.pending else max(0.0, min(stats_at - time.monotonic(), ESCAPE_SECONDS))
            with contextlib.suppress(InterruptedError):
                ready = select.select(ready, [], [], waits)[0]
            typed = self._terminal.keys in ready
            for action in self._keys.feed(os.read(self._terminal.keys, 4096)) if typed else self._keys.rest():
                if isinstance(action, Quit):
                    return
                self._do(action)
            if self._terminal.resized:
                self._terminal.resized = False
                self._terminal.write("\x1b[2J")
                self._subscribe()
            self._receive()
            if time.monotonic() >= stats_at:
                stats_at = time.monotonic() + STATS_SECONDS
                self._statistics()

    def _subscribe(self) -> None:
        width, height = fit(self._painter.mode, self._terminal.size())
        self._painter.forget()
        wanted = {"max_width": max(LEAST_PIXELS, width), "max_height": max(LEAST_PIXELS, height), "fps": self._fps}
        self._session.subscribe(**wanted)

    def _receive(self) -> None:
        """Take what has come; only the newest picture is painted."""
        newest = None
        while (event := self._session.next(0.0)) is not None:
            if isinstance(event, Frame):
                self._lately.append((event.arrived, event.wire))
                newest = event
            else:
                self._heard(event)
        if newest is not None:
            self._frame = newest
            pixels = simplejpeg.decode_jpeg(newest.jpeg, "RGB")
            width, height = fit(self._painter.mode, self._terminal.size())
            self._terminal.write(self._painter.paint(np.ascontiguousarray(pixels[:height, :width])))

    def _heard(self, event: Event) -> None:
        match event.name:
            case "status" | "error":
                self._note = str(event.payload.get("message", ""))
            case "page":
                self._url = str(event.payload.get("url", ""))
            case "reconnected":
                self._note = "The connection was lost, and has been made again."

    def _do(self, action: Action) -> None:
        session = self._session
        match action:
            case Key(key, modifiers):
                session.key(key, *modifiers)
            case Text(text):
                session.text(text)
            case Click(column, row) if (point := self._pixel(column, row)) is not None:
                session.click(*point)
            case Wheel(column, row, up) if (point := self._pixel(column, row)) is not None:
                session.scroll(0, -WHEEL_PIXELS if up else WHEEL_PIXELS, *point)

    def _pixel(self, column: int, row: int) -> tuple[int, int] | None:
        """The picture's pixel in the middle of a cell; None where there is none."""
        frame = self._frame
        if frame is None:
            return None
        width, height = (1, 2)
        if self._painter.mode == "sixel":
            size = self._terminal.size()
            width, height = size.cell_width, size.cell_height
        x, y = column * width + width // 2, row * height + height // 2
        return (x, y) if x < frame.width and y < frame.height else None

    def _statistics(self) -> None:
        now = time.time()
        while self._lately and self._lately[0][0] < now - 1:
            self._lately.popleft()
        frame, size = self._frame, self._terminal.size()
        parts = [self._session.id]
        if frame is not None:
            parts += [f"{frame.width}x{frame.height} q{frame.quality}", f"{len(self._lately)} fps"]
            parts += [f"{sum(size for _, size in self._lately) / 1000:.0f} KB/s", f"age {1000 * frame.age:.0f} ms"]
        parts += [part for part in (self._url, self._note) if part]
        parts.append("Ctrl+C ends")
        line = " · ".join(parts)[: size.columns]
        self._terminal.write(f"\x1b[{size.rows};1H\x1b[0;7m{line:<{size.columns}}\x1b[0m")
