"""The Socket.IO side: what viewers say, checked and carried out. The events are described in docs/protocol.md.

Every event goes through one door (`handle`), so that each is checked the same way and whatever is wrong with it comes back as one
`error` event that names it, with nothing changed.
"""

from __future__ import annotations

import time
from typing import Any

from api import browsing, steering
from api.entrance import Entrance
from api.front import Front
from api.handlers import Handler
from api.login import check
from api.payloads import FORMATS, AdaptiveToggle, FpsSet, QualitySet, StatsToggle, Subscribe, check_text
from api.request import check_fps, convert
from api.session import Session
from api.viewer import Viewer
from engine import logs
from engine.errors import BadRequest, JiomosaError, NotFound
from engine.identity import CONTROL, WATCH
from engine.origins import Origins
from engine.view import view_of

log = logs.logger("jiomosa.events")


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
        viewer.heard_at = time.monotonic()
        try:
            await self._carry_out(event, viewer, arguments)
        except JiomosaError as error:
            viewer.tell_error(error)
        except Exception:  # a fault of ours: whoever asked is told, the log says which, and nobody else notices
            log.exception("event failed", event_name=event[:64], viewer=sid, session=self._session_id(sid))
            viewer.tell_error(JiomosaError("Something went wrong inside the server; its log says more."))

    async def _carry_out(self, event: str, viewer: Viewer, arguments: tuple[Any, ...]) -> None:
        handler = HANDLERS.get(event)
        if handler is None:
            raise BadRequest(f"There is no event {event[:64]!r}.")
        check_text(arguments)
        if len(arguments) > 1:
            raise BadRequest(f"`{event}` takes one object, not {len(arguments)} arguments.")
        place = self._controlled(viewer) if event in ROOMS else self
        payload = arguments[0] if arguments else {}
        if handler.payload is not None:
            payload = convert(payload, handler.payload, f"`{event}`")
        await handler.run(place, viewer, payload)

    def _session_id(self, sid: str) -> str | None:
        session = self._sessions.get(sid)
        return None if session is None else session.id

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

    async def subscribe(self, viewer: Viewer, wanted: Subscribe) -> None:
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
        viewer.controls = self._guests[viewer.id].identity.may(CONTROL)
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

    async def quality_set(self, viewer: Viewer, wanted: QualitySet) -> None:
        viewer.adaptation.set_quality(wanted.quality)
        self._changed(viewer)
        viewer.tell("quality:updated", {"quality": viewer.adaptation.quality})

    async def fps_set(self, viewer: Viewer, wanted: FpsSet) -> None:
        viewer.adaptation.set_fps(check_fps(wanted.fps, self._front.settings.max_fps, "`fps:set`"))
        self._changed(viewer)
        viewer.tell("fps:updated", {"fps": viewer.adaptation.fps})

    async def adaptive_toggle(self, viewer: Viewer, wanted: AdaptiveToggle) -> None:
        viewer.adaptation.enable(wanted.enabled)
        self._changed(viewer)
        viewer.tell("adaptive:updated", {"enabled": viewer.adaptation.enabled})

    async def stats_toggle(self, viewer: Viewer, wanted: StatsToggle) -> None:
        viewer.show_statistics(wanted.enabled)
        viewer.tell("stats:updated", {"enabled": wanted.enabled})

    def _changed(self, viewer: Viewer) -> None:
        session = self._sessions.get(viewer.id)
        if session is not None and not session.closed:
            session.stream.changed(viewer)


# What the door does itself, for all who may watch; and, by room, what those may do who may control the session that they watch.
OWN: dict[str, Handler[Sockets]] = {
    "subscribe": Handler(Subscribe, Sockets.subscribe, ("subscribed",)),
    "unsubscribe": Handler(None, Sockets.unsubscribe, ("unsubscribed",)),
    "quality:set": Handler(QualitySet, Sockets.quality_set, ("quality:updated",)),
    "fps:set": Handler(FpsSet, Sockets.fps_set, ("fps:updated",)),
    "adaptive:toggle": Handler(AdaptiveToggle, Sockets.adaptive_toggle, ("adaptive:updated",)),
    "stats:toggle": Handler(StatsToggle, Sockets.stats_toggle, ("stats:updated",)),
}
ROOMS: dict[str, Handler[Session]] = {**steering.HANDLERS, **browsing.HANDLERS}
HANDLERS: dict[str, Handler[Any]] = {**OWN, **ROOMS}
