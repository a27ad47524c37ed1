"""What was drawn before a grab, and told with its reply, is no reason for another one. A real X server."""

from __future__ import annotations

import math
import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import xcffib
from xcffib import xproto

from capture.display import Display
from capture.grabber import Grabber
from engine.framering import FrameRing
from engine.messages import Notice

WIDTH, HEIGHT = 64, 48
FPS = 1e6  # the pace holds nothing back


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Display]]:
    """An X server's name, and a connection to it."""
    monkeypatch.setenv("XAUTHORITY", "")  # `Display` sets it
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", f"{WIDTH}x{HEIGHT}x24", "-nolisten", "tcp", "-noreset"]
    with subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL) as server:
        os.close(writing)
        with os.fdopen(reading) as told:
            name = f":{told.readline().strip()}"
        display = Display(name, tmp_path / "none")
        yield name, display
        display.close()
        server.terminate()


class Screen:
    """A grabber, and somebody who draws. `behind`: drawn when it has just looked for damage, and grabs next."""

    def __init__(self, name: str, display: Display, ring: FrameRing) -> None:
        other: Any = xcffib.Connection(name)  # type: ignore[no-untyped-call]
        self.other = other
        self.pen: int = self.other.generate_id()
        self.other.core.CreateGC(self.pen, display.root, xproto.GC.Foreground, [0xFF0000])
        self.root = display.root
        self.behind: list[tuple[int, int]] = []
        self.sent: list[Any] = []
        self._dispatch = display.dispatch
        display.dispatch = self.dispatch  # type: ignore[method-assign]
        self.grabber = Grabber(display, ring, FPS, self.sent.append, lambda: None)

    def dispatch(self) -> None:
        self._dispatch()
        if self.behind:
            self.draw(*self.behind.pop())

    def draw(self, top: int, bottom: int) -> None:
        rectangle = xproto.RECTANGLE.synthetic(0, top, WIDTH, bottom - top)  # type: ignore[no-untyped-call]
        self.other.core.PolyFillRectangle(self.root, self.pen, 1, [rectangle])
        self.other.core.GetInputFocus().reply()

    def steps(self) -> int:
        """How many frames are grabbed until nothing is left to do; their slots come back."""
        before = len(self.sent)
        self.grabber.step()
        while self.grabber._schedule.wake_at < math.inf:
            self.grabber.step()
        slots = [message.slot for message in self.sent[before:] if isinstance(message, Notice)]
        for slot in slots:
            self.grabber.released(slot)
        return len(slots)


@pytest.fixture
async def screen(opened: tuple[str, Display]) -> AsyncIterator[Screen]:
    ring = FrameRing.create(WIDTH, HEIGHT)
    made = Screen(*opened, ring)
    made.grabber.wants(FPS)
    made.steps()
    yield made
    made.grabber.close()
    made.other.disconnect()
    ring.close()


async def test_what_the_last_frame_shows_already_is_not_grabbed_again(screen: Screen) -> None:
    screen.draw(5, 30)
    screen.behind = [(10, 20)]
    assert screen.steps() == 1
    assert not screen.behind, "it was never drawn"


async def test_what_it_does_not_show_is(screen: Screen) -> None:
    screen.draw(5, 30)
    screen.behind = [(25, 40)]  # of which only five rows were fetched
    assert screen.steps() == 2
    screen.draw(10, 20)  # after it
    assert screen.steps() == 1
    assert screen.steps() == 0
