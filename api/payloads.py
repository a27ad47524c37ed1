"""What Socket.IO clients say, as types that check it; docs/protocol.md describes the events."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from api.models import DialogId, DialogText, Height, MaxSize, Quality, SessionId, TabId, Url, Width
from engine.errors import BadRequest
from engine.exchange import MAX_CLIPBOARD
from engine.holding import MOST_FINGERS
from engine.inputs import Button, KeyAction, Modifier
from engine.messages import Format
from engine.view import View

MAX_TEXT = 10_000  # characters in one input:text; far more than anyone types or pastes into a field at once
MAX_SCROLL = 100_000  # pixels in one input:scroll

WireFormat = Literal["base64", "binary"]
FORMATS: dict[WireFormat, Format] = {"base64": "jpeg", "binary": "jpeg-binary"}


class Subscribe(Struct):
    """`max_width` and `max_height`, pixels: the picture is scaled down to fit. What is None stays as it is."""

    session_id: SessionId
    format: WireFormat = "base64"
    max_width: MaxSize | None = None
    max_height: MaxSize | None = None
    grayscale: bool = False
    fps: float | None = None
    quality: Quality | None = None
    adaptive: bool | None = None


class QualitySet(Struct):
    quality: Quality


class FpsSet(Struct):
    fps: float


class AdaptiveToggle(Struct):
    enabled: bool


class StatsToggle(Struct):
    enabled: bool


class ClickInput(Struct):
    x: float
    y: float
    button: Button = "left"
    modifiers: tuple[Modifier, ...] = ()


class MoveInput(Struct):
    x: float
    y: float


class ScrollInput(Struct):
    deltaX: Annotated[float, Meta(ge=-MAX_SCROLL, le=MAX_SCROLL)] = 0.0  # noqa: N815  # the protocol's name
    deltaY: Annotated[float, Meta(ge=-MAX_SCROLL, le=MAX_SCROLL)] = 0.0  # noqa: N815  # the protocol's name
    x: float | None = None
    y: float | None = None


class TextInput(Struct):
    text: Annotated[str, Meta(min_length=1, max_length=MAX_TEXT)]


class KeyInput(Struct):
    key: Annotated[str, Meta(min_length=1, max_length=32)]
    modifiers: tuple[Modifier, ...] = ()
    action: KeyAction = "press"


class ButtonInput(Struct):
    """A button goes down at a point, or up."""

    x: float
    y: float
    button: Button = "left"


class DragInput(Struct):
    x: float
    y: float
    to_x: float
    to_y: float
    button: Button = "left"


class FingerPoint(Struct):
    """A finger: `id` is the viewer's own number for it, for as long as it is down."""

    id: Annotated[int, Meta(ge=0, lt=2**31)]
    x: float
    y: float


class TouchInput(Struct):
    """`points`: the fingers that this is about; of a `cancel`, none means all of the viewer's."""

    phase: Literal["start", "move", "end", "cancel"]
    points: Annotated[tuple[FingerPoint, ...], Meta(max_length=MOST_FINGERS)] = ()


class ClipboardSet(Struct):
    text: Annotated[str, Meta(max_length=MAX_CLIPBOARD)]


class ResizeWanted(Struct):
    width: Width
    height: Height


def check_text(value: Any) -> None:
    """JSON can say half a surrogate pair, which is no text. Raises `BadRequest`."""
    try:
        msgspec.json.encode(value)
    except (UnicodeEncodeError, RecursionError):
        raise BadRequest("A text in the message contains half a surrogate pair, or is nested too deeply.") from None


def finite(value: float, name: str) -> float:
    if not math.isfinite(value):
        raise BadRequest(f"`{name}` must be a number, not {value}.")
    return float(value)


def pixel(view: View, x: float, y: float) -> tuple[int, int]:
    """The screen's pixel under the point (x, y) of a viewer's picture. Raises `BadRequest` for a point outside."""
    if not view.contains(finite(x, "x"), finite(y, "y")):
        raise BadRequest(f"The point ({x:g}, {y:g}) lies outside the picture of {view.width}x{view.height} pixels.")
    return view.on_screen(x, y)


def nearest_pixel(view: View, x: float, y: float) -> tuple[int, int]:
    """Likewise, of the picture's pixel that is nearest to the point."""
    x, y = min(max(finite(x, "x"), 0), view.width - 1), min(max(finite(y, "y"), 0), view.height - 1)
    return view.on_screen(x, y)


class Navigate(Struct):
    url: Url


class NewTab(Struct):
    url: Url | None = None


class OneTab(Struct):
    tab: TabId


class DialogRespond(Struct):
    """`text` of a prompt; `username` and `password` of a login."""

    id: DialogId
    accept: bool
    text: DialogText | None = None
    username: DialogText | None = None
    password: DialogText | None = None
