"""What Socket.IO clients say, as types that check it; docs/protocol.md describes the events."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from api.models import MaxSize, Quality, SessionId
from engine.messages import Button, Format, Modifier

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
