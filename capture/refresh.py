"""The screen's refresh rate follows demand: Chromium paints as often as its screen refreshes, so as often as somebody looks.

    full ---motion beyond the demand's rung for SECONDS---> the rung
    full <--more demand, input, a load, or no motion for SECONDS-- the rung

A page that does not move costs nothing at any rate, so it stays at *full* and answers input at once; a page that moves is slowed
to the lowest rung of the ladder that still serves the demand, and the grabber paces what lies between.

*Full* is twice what pages may paint, where that is held at 60 a second (`HELD` in capture.browser). What a page paints is then
shown within half a frame, where a screen of its own rate shows it a whole frame or two later: once Chromium's compositor is a
frame behind the page it stays so. Pages that may paint faster have the demand's rung, 60 Hz at least.

A rate is a RandR mode of the same size with another pixel clock. Chromium often ignores a change of mode alone; switching the
CRTC off and on within one grab of the server it never does.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from typing import Any

import xcffib.randr

from capture.display import Display

RUNGS = (10, 20, 30, 60, 120, 240)  # Hz; below 10 Chromium needs a second and more to follow when demand returns
LOWEST_WATCHED = 20  # Chromium is about one frame behind itself: at 10 Hz, pictures would be a tenth of a second old
PAGE_RATE = 60  # what pages paint at most where they are held
USUAL = 60  # what an Xvfb begins with, as far as Chromium knows
MARGIN = 1.5  # a page that paints at the demand's rate may seem to paint faster: what it draws sometimes comes in two parts
SECONDS = 1.0  # of motion, of stillness, or since input, before the rate changes
SAME_PAINT_SECONDS = 0.003  # damage that comes closer together is of one painting
PIXELS_PER_MILLIMETRE = 96 / 25.4  # what a pixel of CSS is meant to be
BLANKING = (160, 40)  # pixels and lines that a mode has besides the visible ones; any will do


def rung(fps: float) -> int:
    """The lowest rung that serves `fps` frames a second; 0: nobody looks."""
    return next((hz for hz in RUNGS if hz >= fps and (hz >= LOWEST_WATCHED or not fps)), RUNGS[-1])


class RefreshRate:
    """What the rate should be, where viewers may want `max_fps`. Pure; times are seconds of one monotonic clock."""

    def __init__(self, now: float, max_fps: float) -> None:
        self._held = max_fps <= PAGE_RATE
        self._fps = 0.0
        self.rate = self.full
        self.loads = 0  # how many pages load
        self._paints: deque[float] = deque()
        self._last_damage = -math.inf
        self._needed = now

    @property
    def full(self) -> int:
        """The rate of a page that does not move, in Hz."""
        return 2 * PAGE_RATE if self._held else max(USUAL, rung(self._fps))

    def wants(self, fps: float) -> None:
        """The demand is now `fps` frames a second."""
        self._fps = fps

    def needed(self, now: float) -> None:
        """Somebody has done something whose effect they want to see: input, a load."""
        self._needed = now

    def damaged(self, now: float) -> None:
        """Something was drawn."""
        if now - self._last_damage > SAME_PAINT_SECONDS:
            self._paints.append(now)
        self._last_damage = now

    def decide(self, now: float) -> int:
        """The rate from now on, in Hz."""
        while self._paints and self._paints[0] < now - SECONDS:
            self._paints.popleft()
        wanted = rung(self._fps)
        if self.loads or now < self._needed + SECONDS or not self._paints:
            self.rate = self.full
        elif wanted > self.rate or len(self._paints) > wanted * MARGIN * SECONDS:
            self.rate = wanted
        return self.rate


class ScreenRate:
    """Gives the screen of `display` its size, `width` x `height` pixels, and keeps it at the rate that `RefreshRate` decides."""

    def __init__(self, display: Display, width: int, height: int, max_fps: float) -> None:
        self._display = display
        self._size = (width, height)
        self._loop = asyncio.get_running_loop()
        self._rate = RefreshRate(self._loop.time(), max_fps)
        self._timer: asyncio.TimerHandle | None = None
        self._randr = display.connection(xcffib.randr.key)
        self._randr.QueryVersion(1, 5).reply()
        resources = self._randr.GetScreenResourcesCurrent(display.root).reply()
        self._output, self._crtc = resources.outputs[0], resources.crtcs[0]
        self._modes: dict[tuple[int, int, int], int] = {}
        self._set = USUAL
        screen = display.connection.setup.roots[0]
        if (screen.width_in_pixels, screen.height_in_pixels) == self._size:
            self._decide()
        else:
            self.resize(width, height)

    def wants(self, fps: float) -> None:
        self._rate.wants(fps)
        self._decide()

    def needed(self) -> None:
        self._rate.needed(self._loop.time())
        self._decide()

    def load(self, begins: bool) -> None:
        """A page begins to load, or ends."""
        self._rate.loads += 1 if begins else -1
        self.needed()

    def damaged(self) -> None:
        self._rate.damaged(self._loop.time())
        if self._timer is None:
            self._timer = self._loop.call_later(SECONDS, self._look)

    def resize(self, width: int, height: int) -> None:
        """Returns once the screen has this size."""
        self._size = (width, height)
        self._set = self._rate.decide(self._loop.time())
        self._apply(self._mode(self._set), resize=True)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        # A second after something was drawn; and as long as the rate is low, lest the motion has stopped.
        self._timer = None
        self._decide()
        if self._rate.rate < self._rate.full:
            self._timer = self._loop.call_later(SECONDS, self._look)

    def _decide(self) -> None:
        rate = self._rate.decide(self._loop.time())
        if rate != self._set:
            self._set = rate
            self._apply(self._mode(rate))

    def _mode(self, rate: int) -> int:
        width, height = self._size
        if (known := self._modes.get((width, height, rate))) is not None:
            return known
        total_width, total_height = width + BLANKING[0], height + BLANKING[1]
        name = f"{width}x{height}@{rate}"
        info: Any = xcffib.randr.ModeInfo.synthetic(  # type: ignore[no-untyped-call]
            *(0, width, height, total_width * total_height * rate),
            *(width, width, total_width, 0),
            *(height, height, total_height, len(name), 0),
        )
        mode = int(self._randr.CreateMode(self._display.root, info, len(name), name).reply().mode)
        self._randr.AddOutputModeChecked(self._output, mode).check()
        self._modes[width, height, rate] = mode
        return mode

    def _apply(self, mode: int, *, resize: bool = False) -> None:
        rotation = xcffib.randr.Rotation.Rotate_0
        self._display.core.GrabServer()
        self._randr.SetCrtcConfig(self._crtc, 0, 0, 0, 0, 0, rotation, 0, []).reply()
        if resize:
            millimetres = (round(pixels / PIXELS_PER_MILLIMETRE) for pixels in self._size)
            self._randr.SetScreenSize(self._display.root, *self._size, *millimetres)
        self._randr.SetCrtcConfig(self._crtc, 0, 0, 0, 0, mode, rotation, 1, [self._output]).reply()
        self._display.core.UngrabServer()
        self._display.round_trip()
