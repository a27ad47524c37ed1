"""What viewers do to the page that they see: input, clipboard and size. For those who may control the session.

Input is acknowledged once it has been injected into the browser; `seq` is the newest frame at that moment.
"""

from __future__ import annotations

from typing import Any, Literal

from api.exchange import clipboard_payload
from api.handlers import Handler
from api.payloads import (
    ButtonInput,
    ClickInput,
    ClipboardSet,
    DragInput,
    KeyInput,
    MoveInput,
    ResizeWanted,
    ScrollInput,
    TextInput,
    TouchInput,
    finite,
    nearest_pixel,
    pixel,
)
from api.session import Session
from api.viewer import Viewer
from engine.errors import BadRequest
from engine.exchange import MAX_CLIPBOARD, GetClipboard, SetClipboard
from engine.holding import HeldButton, HeldKey
from engine.inputs import Click, Down, Drag, Key, Move, Scroll, Text, TouchPoint, Up

InputType = Literal["click", "move", "scroll", "text", "key", "down", "up", "drag", "touch"]


async def click(session: Session, viewer: Viewer, wanted: ClickInput) -> None:
    x, y = pixel(viewer.view, wanted.x, wanted.y)
    await session.inject(lambda token: Click(token, x, y, wanted.button, wanted.modifiers))
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
    thing = HeldKey(wanted.key)

    def build(token: int) -> Key:
        return Key(token, wanted.key, wanted.modifiers, wanted.action)

    if wanted.action == "down":
        await session.grip.press(viewer, thing, build, build)  # which again and again is what a keyboard does, too
    elif wanted.action == "up":
        await session.grip.release(viewer, thing, build)
    else:
        await session.inject(build)
    _acknowledge(viewer, session, "key")


async def down(session: Session, viewer: Viewer, wanted: ButtonInput) -> None:
    x, y = pixel(viewer.view, wanted.x, wanted.y)
    button = wanted.button
    await session.grip.press(viewer, HeldButton(button), lambda token: Down(token, x, y, button), lambda token: Move(token, x, y))
    _acknowledge(viewer, session, "down")


async def up(session: Session, viewer: Viewer, wanted: ButtonInput) -> None:
    x, y = nearest_pixel(viewer.view, wanted.x, wanted.y)  # a button must not stay down because the pointer left
    button = wanted.button
    await session.grip.release(viewer, HeldButton(button), lambda token: Up(token, x, y, button), lambda token: Move(token, x, y))
    _acknowledge(viewer, session, "up")


async def drag(session: Session, viewer: Viewer, wanted: DragInput) -> None:
    x, y = pixel(viewer.view, wanted.x, wanted.y)
    to_x, to_y = pixel(viewer.view, wanted.to_x, wanted.to_y)
    await session.inject(lambda token: Drag(token, x, y, to_x, to_y, wanted.button))
    _acknowledge(viewer, session, "drag")


async def touch(session: Session, viewer: Viewer, wanted: TouchInput) -> None:
    if not session.device.touch:
        raise BadRequest(
            "This session has no touch screen; create one with `touch: true`, or use `input:click` and `input:drag`."
        )
    ids = [point.id for point in wanted.points]
    if len(set(ids)) != len(ids) or (not ids and wanted.phase != "cancel"):
        raise BadRequest("`input:touch`: `points` must name each finger that this is about, once.")
    if wanted.phase in ("start", "move"):
        for id in ids:
            if session.grip.touches(viewer, id) != (wanted.phase == "move"):
                is_down = "is down already" if wanted.phase == "start" else "is not down"
                raise BadRequest(f"`input:touch`: the finger {id} {is_down}.")
        points = [TouchPoint(point.id, *pixel(viewer.view, point.x, point.y)) for point in wanted.points]
        await session.grip.touch(viewer, points)
    else:
        await session.grip.lift(viewer, ids or None, cancel=wanted.phase == "cancel")
    _acknowledge(viewer, session, "touch")


async def clipboard_set(session: Session, viewer: Viewer, wanted: ClipboardSet) -> None:
    if len(wanted.text.encode()) > MAX_CLIPBOARD:
        raise BadRequest(f"`clipboard:set`: the text has more than {MAX_CLIPBOARD} bytes in UTF-8.")
    await session.inject(lambda token: SetClipboard(token, wanted.text))
    viewer.tell("clipboard:updated")


async def clipboard_get(session: Session, viewer: Viewer, _: Any) -> None:
    found = await session.ask(GetClipboard)
    viewer.tell("clipboard", clipboard_payload(found))


async def resize(session: Session, viewer: Viewer, wanted: ResizeWanted) -> None:
    same = (wanted.width, wanted.height) == (session.width, session.height)
    await session.resizing.to(wanted.width, wanted.height)
    if same:  # else all viewers have been told
        viewer.tell("resized", {"width": viewer.view.width, "height": viewer.view.height})


def _acknowledge(viewer: Viewer, session: Session, kind: InputType) -> None:
    viewer.tell("input:acknowledged", {"type": kind, "seq": session.stream.newest_seq})


ACKNOWLEDGED = ("input:acknowledged",)
HANDLERS: dict[str, Handler[Session]] = {
    "input:click": Handler(ClickInput, click, ACKNOWLEDGED),
    "input:move": Handler(MoveInput, move, ACKNOWLEDGED),
    "input:scroll": Handler(ScrollInput, scroll, ACKNOWLEDGED),
    "input:text": Handler(TextInput, text, ACKNOWLEDGED),
    "input:key": Handler(KeyInput, key, ACKNOWLEDGED),
    "input:down": Handler(ButtonInput, down, ACKNOWLEDGED),
    "input:up": Handler(ButtonInput, up, ACKNOWLEDGED),
    "input:drag": Handler(DragInput, drag, ACKNOWLEDGED),
    "input:touch": Handler(TouchInput, touch, ACKNOWLEDGED),
    "clipboard:set": Handler(ClipboardSet, clipboard_set, ("clipboard:updated",)),
    "clipboard:get": Handler(None, clipboard_get, ("clipboard",)),
    "resize": Handler(ResizeWanted, resize, ("resized",)),
}
