"""Input, as the front hands it to a capture process (`engine.messages`), which injects it in the order in which it was sent.

Each is answered with `Done` or `Refused`. Points are pixels of the screen.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Button = Literal["left", "middle", "right"]
Modifier = Literal["Shift", "Control", "Alt", "Meta"]
KeyAction = Literal["press", "down", "up"]


class Click(msgspec.Struct, frozen=True, tag=True):
    """Move the pointer to the pixel (x, y), press and release, with modifiers held."""

    token: int
    x: int
    y: int
    button: Button = "left"
    modifiers: tuple[Modifier, ...] = ()


class Move(msgspec.Struct, frozen=True, tag=True):
    token: int
    x: int
    y: int


class Scroll(msgspec.Struct, frozen=True, tag=True):
    """Scroll by (dx, dy) CSS pixels what lies under (x, y); under the pointer where x and y are None."""

    token: int
    dx: float
    dy: float
    x: int | None = None
    y: int | None = None


class Text(msgspec.Struct, frozen=True, tag=True):
    """Type `text` into the focused element; a newline is the Enter key."""

    token: int
    text: str


class Key(msgspec.Struct, frozen=True, tag=True):
    """Press and release, or one of both, a named key (DOM `KeyboardEvent.key`: "Enter", "ArrowLeft", "a") with modifiers held."""

    token: int
    key: str
    modifiers: tuple[Modifier, ...] = ()
    action: KeyAction = "press"


class Down(msgspec.Struct, frozen=True, tag=True):
    """Move the pointer to (x, y), pixels of the screen, and press `button`."""

    token: int
    x: int
    y: int
    button: Button = "left"


class Up(msgspec.Struct, frozen=True, tag=True):
    """Move the pointer to (x, y), where these are not None, and release `button`."""

    token: int
    x: int | None = None
    y: int | None = None
    button: Button = "left"


class Drag(msgspec.Struct, frozen=True, tag=True):
    """Press `button` at (x, y), move in steps to (to_x, to_y), release."""

    token: int
    x: int
    y: int
    to_x: int
    to_y: int
    button: Button = "left"


class TouchPoint(msgspec.Struct, frozen=True):
    """A finger at (x, y), pixels of the screen."""

    id: int
    x: int
    y: int


class Touch(msgspec.Struct, frozen=True, tag=True):
    """All fingers that touch the page from now on. `cancel`: those that do not any more were not lifted, but taken from it."""

    token: int
    points: tuple[TouchPoint, ...] = ()
    cancel: bool = False


Input = Click | Move | Scroll | Text | Key | Down | Up | Drag | Touch
