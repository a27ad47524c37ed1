"""The pointer: XTEST events, which are real ones, on the real windows; so popups, drags and hovers work."""

from __future__ import annotations

import xcffib.xtest
from xcffib import xproto

from capture.display import Display
from engine.inputs import Button

PRESS, RELEASE, MOTION = 4, 5, 6  # X event codes
BUTTONS: dict[Button, int] = {"left": 1, "middle": 2, "right": 3}
WHEEL_UP, WHEEL_DOWN, WHEEL_LEFT, WHEEL_RIGHT = 4, 5, 6, 7
NOTCH_PIXELS = 53  # what one wheel notch scrolls in Chromium on Linux


class Pointer:
    """Moves, presses and turns the wheel on a screen of `width` x `height` pixels; begins at its centre."""

    def __init__(self, display: Display, width: int, height: int) -> None:
        self._display = display
        self._test = display.connection(xcffib.xtest.key)
        self._test.GetVersion(2, 2).reply()
        self.x, self.y = width // 2, height // 2
        self.move(self.x, self.y)

    def move(self, x: int, y: int) -> None:
        """Returns once the X server has moved it."""
        self._point(x, y)
        self._display.round_trip()

    def click(self, x: int, y: int, button: Button) -> None:
        """Move to (x, y), press and release. Returns once the X server has done so."""
        self._point(x, y)
        self._press(BUTTONS[button])
        self._display.round_trip()

    def down(self, x: int, y: int, button: Button) -> None:
        """Move to (x, y) and press."""
        self._point(x, y)
        self._button(PRESS, BUTTONS[button])
        self._display.round_trip()

    def up(self, button: Button) -> None:
        """Release, where the pointer is."""
        self._button(RELEASE, BUTTONS[button])
        self._display.round_trip()

    def wheel(self, dx: float, dy: float) -> None:
        """Turn the wheel by whole notches, at least one, in the direction of (dx, dy) pixels."""
        for distance, backward, forward in ((dy, WHEEL_UP, WHEEL_DOWN), (dx, WHEEL_LEFT, WHEEL_RIGHT)):
            for _ in range(max(1, round(abs(distance) / NOTCH_PIXELS)) if distance else 0):
                self._press(forward if distance > 0 else backward)
        self._display.round_trip()

    def _point(self, x: int, y: int) -> None:
        self.x, self.y = x, y
        self._test.FakeInput(MOTION, 0, xproto.Time.CurrentTime, self._display.root, x, y, 0)

    def _press(self, button: int) -> None:
        for event in (PRESS, RELEASE):
            self._button(event, button)

    def _button(self, event: int, button: int) -> None:
        self._test.FakeInput(event, button, xproto.Time.CurrentTime, self._display.root, 0, 0, 0)
