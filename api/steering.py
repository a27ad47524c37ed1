"""What viewers do to the page that they see: pointer, keys and text. For those who may control the session.

Each is acknowledged once it has been injected into the browser; `seq` is the newest frame at that moment.
"""

from __future__ import annotations

from typing import Literal

from api.handlers import Handler
from api.payloads import ClickInput, KeyInput, MoveInput, ScrollInput, TextInput, finite, pixel
from api.session import Session
from api.viewer import Viewer
from engine.errors import BadRequest
from engine.messages import Click, Key, Move, Scroll, Text

InputType = Literal["click", "move", "scroll", "text", "key"]


async def click(session: Session, viewer: Viewer, wanted: ClickInput) -> None:
    x, y = pixel(viewer.view, wanted.x, wanted.y)
    await session.inject(lambda token: Click(token, x, y, wanted.button))
    _acknowledge(viewer, session, "click")


async def move(session: Session, viewer: Viewer, wanted: MoveInput) -> None:
    x, y = pixel(viewer.view, wanted.x, wanted.y)
    await session.inject(lambda token: Move(token, x, y))
    _acknowledge(viewer, session, "move")


async def scroll(session: Session, viewer: Viewer, wanted: ScrollInput) -> None:
    dx, dy = finite(wanted.deltaX, "deltaX"), finite(wanted.deltaY, "deltaY")
    if (wanted.x is None) != (wanted.y is None):
        raise BadRequest("`input:scroll`: give both `x` and `y`, or neither.")
    dx, dy = viewer.view.distance_on_screen(dx, dy)
    x, y = (None, None) if wanted.x is None or wanted.y is None else pixel(viewer.view, wanted.x, wanted.y)
    await session.inject(lambda token: Scroll(token, dx, dy, x, y))
    _acknowledge(viewer, session, "scroll")


async def text(session: Session, viewer: Viewer, wanted: TextInput) -> None:
    await session.inject(lambda token: Text(token, wanted.text))
    _acknowledge(viewer, session, "text")


async def key(session: Session, viewer: Viewer, wanted: KeyInput) -> None:
    await session.inject(lambda token: Key(token, wanted.key, wanted.modifiers))
    _acknowledge(viewer, session, "key")


def _acknowledge(viewer: Viewer, session: Session, kind: InputType) -> None:
    viewer.tell("input:acknowledged", {"type": kind, "seq": session.stream.newest_seq})


ACKNOWLEDGED = ("input:acknowledged",)
HANDLERS: dict[str, Handler[Session]] = {
    "input:click": Handler(ClickInput, click, ACKNOWLEDGED),
    "input:move": Handler(MoveInput, move, ACKNOWLEDGED),
    "input:scroll": Handler(ScrollInput, scroll, ACKNOWLEDGED),
    "input:text": Handler(TextInput, text, ACKNOWLEDGED),
    "input:key": Handler(KeyInput, key, ACKNOWLEDGED),
}
