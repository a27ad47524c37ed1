"""The Socket.IO side: what viewers say, checked and carried out. The events are described in docs/protocol.md.

Every event goes through one door (`handle`), so that each is checked the same way and whatever is wrong with it comes back as one
`error` event that names it, with nothing changed.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any, Literal

from api.entrance import Entrance
from api.front import Front
from api.login import check
from api.payloads import (
    FORMATS,
    AdaptiveToggle,
    ClickInput,
    FpsSet,
    KeyInput,
    MoveInput,
    QualitySet,
    ScrollInput,
    StatsToggle,
    Subscribe,
    TextInput,
    check_text,
    finite,
    pixel,
)
from api.request import check_fps, convert
from api.session import Session
from api.viewer import Viewer
from engine.errors import BadRequest, JiomosaError, NotFound
from engine.identity import CONTROL, WATCH
from engine.messages import Click, Key, Move, Scroll, Text
from engine.origins import Origins
from engine.view import view_of

log = logging.getLogger("jiomosa.events")


InputType = Literal["click", "move", "scroll", "text", "key"]


class Sockets(Entrance):
    """The Socket.IO server: our transport below, its entrance, and one door above."""

    def __init__(self, front: Front, origins: Origins) -> None:
        super().__init__(front, origins)
        self._sessions: dict[str, Session] = {}
        self.on("*", self._handle)

    # ---- the one door

    async def _handle(self, event: str, sid: str, *arguments: Any) -> None:
        viewer = self._viewers.get(sid)
        if viewer is None:
            return
        try:
            handler = HANDLERS.get(event)
            if handler is None:
                raise BadRequest(f"There is no event {event[:64]!r}.")
            check_text(arguments)
            if len(arguments) > 1:
                raise BadRequest(f"`{event}` takes one object, not {len(arguments)} arguments.")
            await handler(self, viewer, arguments[0] if arguments else {})
        except JiomosaError as error:
            viewer.tell_error(error)

    def session_of(self, viewer: Viewer) -> Session:
        """The session that `viewer` watches. Raises `NotFound`."""
        session = self._sessions.get(viewer.id)
        if session is None or session.closed:
            raise NotFound(
                "You are not subscribed to a session; send `subscribe` with its session_id first.", code="not_subscribed"
            )
        return session

    def _controlled(self, viewer: Viewer) -> Session:
        """The session that `viewer` watches and may give input to. Raises `NotFound`, `Forbidden`."""
        session = self.session_of(viewer)
        check(self._guests[viewer.id].identity, CONTROL)
        return session

    def _unsubscribe(self, viewer: Viewer) -> None:
        session = self._sessions.pop(viewer.id, None)
        if session is not None and not session.closed:
            session.unwatch(viewer)

    # ---- what viewers say

    async def subscribe(self, viewer: Viewer, payload: Any) -> None:
        wanted = convert(payload, Subscribe, "`subscribe`")
        fps = None if wanted.fps is None else check_fps(wanted.fps, self._front.settings.max_fps, "`subscribe`")
        session = self._front.login.reach(self._guests[viewer.id].identity, wanted.session_id, WATCH)
        if self._sessions.get(viewer.id) is not session:
            session.check_viewers()
        self._unsubscribe(viewer)
        self._sessions[viewer.id] = session
        viewer.view = view = view_of(
            session.width,
            session.height,
            wanted.max_width,
            wanted.max_height,
            format=FORMATS[wanted.format],
            grayscale=wanted.grayscale,
        )
        adaptation = viewer.adaptation
        if wanted.adaptive is not None:
            adaptation.enable(wanted.adaptive)
        if wanted.quality is not None:
            adaptation.set_quality(wanted.quality)
        if fps is not None:
            adaptation.set_fps(fps)
        viewer.tell(
            "subscribed",
            {
                "session_id": session.id,
                "fps": adaptation.fps,
                "quality": adaptation.quality,
                "adaptive": adaptation.enabled,
                "width": view.width,
                "height": view.height,
                "format": wanted.format,
                "grayscale": view.grayscale,
            },
        )
        session.watch(viewer)

    async def unsubscribe(self, viewer: Viewer, payload: Any) -> None:
        self._unsubscribe(viewer)
        viewer.tell("unsubscribed")

    async def quality_set(self, viewer: Viewer, payload: Any) -> None:
        viewer.adaptation.set_quality(convert(payload, QualitySet, "`quality:set`").quality)
        self._changed(viewer)
        viewer.tell("quality:updated", {"quality": viewer.adaptation.quality})

    async def fps_set(self, viewer: Viewer, payload: Any) -> None:
        wanted = convert(payload, FpsSet, "`fps:set`")
        viewer.adaptation.set_fps(check_fps(wanted.fps, self._front.settings.max_fps, "`fps:set`"))
        self._changed(viewer)
        viewer.tell("fps:updated", {"fps": viewer.adaptation.fps})

    async def adaptive_toggle(self, viewer: Viewer, payload: Any) -> None:
        viewer.adaptation.enable(convert(payload, AdaptiveToggle, "`adaptive:toggle`").enabled)
        self._changed(viewer)
        viewer.tell("adaptive:updated", {"enabled": viewer.adaptation.enabled})

    async def stats_toggle(self, viewer: Viewer, payload: Any) -> None:
        enabled = convert(payload, StatsToggle, "`stats:toggle`").enabled
        viewer.show_statistics(enabled)
        viewer.tell("stats:updated", {"enabled": enabled})

    def _changed(self, viewer: Viewer) -> None:
        session = self._sessions.get(viewer.id)
        if session is not None and not session.closed:
            session.stream.changed(viewer)

    # ---- input

    async def click(self, viewer: Viewer, payload: Any) -> None:
        session, wanted = self._controlled(viewer), convert(payload, ClickInput, "`input:click`")
        x, y = pixel(viewer.view, wanted.x, wanted.y)
        await session.inject(lambda token: Click(token, x, y, wanted.button))
        self._acknowledge(viewer, session, "click")

    async def move(self, viewer: Viewer, payload: Any) -> None:
        session, wanted = self._controlled(viewer), convert(payload, MoveInput, "`input:move`")
        x, y = pixel(viewer.view, wanted.x, wanted.y)
        await session.inject(lambda token: Move(token, x, y))
        self._acknowledge(viewer, session, "move")

    async def scroll(self, viewer: Viewer, payload: Any) -> None:
        session, wanted = self._controlled(viewer), convert(payload, ScrollInput, "`input:scroll`")
        dx, dy = finite(wanted.deltaX, "deltaX"), finite(wanted.deltaY, "deltaY")
        if (wanted.x is None) != (wanted.y is None):
            raise BadRequest("`input:scroll`: give both `x` and `y`, or neither.")
        dx, dy = viewer.view.distance_on_screen(dx, dy)
        x, y = (None, None) if wanted.x is None or wanted.y is None else pixel(viewer.view, wanted.x, wanted.y)
        await session.inject(lambda token: Scroll(token, dx, dy, x, y))
        self._acknowledge(viewer, session, "scroll")

    async def text(self, viewer: Viewer, payload: Any) -> None:
        session, wanted = self._controlled(viewer), convert(payload, TextInput, "`input:text`")
        await session.inject(lambda token: Text(token, wanted.text))
        self._acknowledge(viewer, session, "text")

    async def key(self, viewer: Viewer, payload: Any) -> None:
        session, wanted = self._controlled(viewer), convert(payload, KeyInput, "`input:key`")
        await session.inject(lambda token: Key(token, wanted.key, wanted.modifiers))
        self._acknowledge(viewer, session, "key")

    def _acknowledge(self, viewer: Viewer, session: Session, kind: InputType) -> None:
        viewer.tell("input:acknowledged", {"type": kind, "seq": session.stream.newest_seq})


HANDLERS: dict[str, Callable[[Sockets, Viewer, Any], Awaitable[None]]] = {
    "subscribe": Sockets.subscribe,
    "unsubscribe": Sockets.unsubscribe,
    "quality:set": Sockets.quality_set,
    "fps:set": Sockets.fps_set,
    "adaptive:toggle": Sockets.adaptive_toggle,
    "stats:toggle": Sockets.stats_toggle,
    "input:click": Sockets.click,
    "input:move": Sockets.move,
    "input:scroll": Sockets.scroll,
    "input:text": Sockets.text,
    "input:key": Sockets.key,
}
