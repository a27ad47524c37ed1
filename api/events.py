"""The Socket.IO side: what viewers say, checked and carried out. The events are described in docs/protocol.md.

Every event goes through one door (`handle`), so that each is checked the same way and whatever is wrong with it comes back as one
`error` event that names it, with nothing changed.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, Literal

import engineio
import socketio

from api.front import Front
from api.guest import Guest
from api.login import bearer, check
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
from api.transport import Json, StreamEngine
from api.viewer import Viewer
from engine.errors import BadRequest, JiomosaError, NotFound, TooMany, Unauthorized
from engine.identity import CONTROL, WATCH
from engine.messages import Click, Key, Move, Scroll, Text
from engine.origins import Origins
from engine.view import view_of

log = logging.getLogger("jiomosa.events")

MAX_MESSAGE_BYTES = 2_000_000  # so that a megabyte of text is answered with an error and not with a closed connection

JOIN_SECONDS = 10.0  # a connection that has not become a viewer's by then is closed


InputType = Literal["click", "move", "scroll", "text", "key"]


class Sockets(socketio.AsyncServer):  # type: ignore[misc]
    """The Socket.IO server: our transport below, one door above."""

    def __init__(self, front: Front, origins: Origins) -> None:
        super().__init__(
            async_mode="asgi",
            json=Json,
            cors_allowed_origins=lambda origin, environ: (
                origin is not None and origins.allows(origin, environ.get("HTTP_HOST", ""))
            ),
            max_http_buffer_size=MAX_MESSAGE_BYTES,
            ping_interval=front.settings.viewer_timeout,
            ping_timeout=front.settings.viewer_timeout,
            http_compression=False,  # 6.5 ms of the event loop a response (DESIGN.md, section 6), and JPEG does not deflate
            logger=logging.getLogger("jiomosa.socketio"),
            engineio_logger=logging.getLogger("jiomosa.engineio"),
        )
        self._front = front
        self._viewers: dict[str, Viewer] = {}
        self._guests: dict[str, Guest] = {}
        self._sessions: dict[str, Session] = {}
        self.on("connect", self._connected)
        self.on("disconnect", self._disconnected)
        self.on("*", self._handle)

    def _engineio_server_class(self) -> type[engineio.AsyncServer]:
        return StreamEngine

    # ---- connections

    async def _connected(self, sid: str, environ: dict[str, Any], auth: Any = None) -> None:
        eio_sid = self.manager.eio_sid_from_sid(sid, "/")
        try:
            token = auth.get("token") if isinstance(auth, dict) else None
            identity = await self._front.login.identify(token or bearer(environ.get("HTTP_AUTHORIZATION")))
        except JiomosaError as error:
            raise socketio.exceptions.ConnectionRefusedError(
                error.message, {"code": error.code, "status": error.status}
            ) from None
        connection = self.eio.sockets.get(eio_sid)
        if connection is None:
            raise socketio.exceptions.ConnectionRefusedError("The connection is gone.")
        self._viewers[sid] = Viewer(sid, connection)
        self._guests[sid] = Guest(identity, lambda: self._expired(sid), self._front.settings.input_rate)

    async def _disconnected(self, sid: str, reason: str) -> None:
        viewer = self._viewers.pop(sid, None)
        if viewer is not None:
            guest = self._guests.pop(sid)
            guest.leave()
            if guest.flood.dropped:
                log.info("viewer %s: %d events were too many, and dropped", sid, guest.flood.dropped)
            self._unsubscribe(viewer)
            viewer.gone(answers=reason != self.reason.PING_TIMEOUT)
            self._front.tidy.soon()

    def _expired(self, sid: str) -> None:
        """The time of a viewer's token is up."""
        viewer = self._viewers[sid]
        self._unsubscribe(viewer)
        viewer.tell_error(Unauthorized("Your token has expired; connect again with a new one.", code="token_expired"))
        self.start_background_task(self._dismiss, sid)

    async def _dismiss(self, sid: str) -> None:
        eio_sid = self.manager.eio_sid_from_sid(sid, "/")
        await self.disconnect(sid)
        asyncio.get_running_loop().call_later(JOIN_SECONDS, self._joined, eio_sid)

    async def _handle_eio_connect(self, eio_sid: str, environ: dict[str, Any]) -> None:
        await super()._handle_eio_connect(eio_sid, environ)
        asyncio.get_running_loop().call_later(JOIN_SECONDS, self._joined, eio_sid)

    def _joined(self, eio_sid: str) -> None:
        """Whoever was not let in by now, or never asked, need not keep the connection."""
        connection = self.eio.sockets.get(eio_sid)
        if connection is not None and self.manager.sid_from_eio_sid(eio_sid, "/") is None:
            self.start_background_task(connection.close, wait=False)

    async def _handle_eio_message(self, eio_sid: str, data: Any) -> None:
        if not self._admit(self.manager.sid_from_eio_sid(eio_sid, "/")):
            return
        try:
            await super()._handle_eio_message(eio_sid, data)
        except (ValueError, TypeError, IndexError, KeyError, AttributeError, RecursionError):
            # What python-socketio raises for a packet that is none. It would only log it; the sender should know.
            viewer = self._viewers.get(self.manager.sid_from_eio_sid(eio_sid, "/") or "")
            if viewer is not None:
                viewer.tell_error(BadRequest("A message could not be read: it is not a Socket.IO packet with JSON in it."))

    async def _handle_event(self, eio_sid: str, namespace: str | None, id: int | None, data: Any) -> None:
        # The library lets these through without a word: names that are none, and those of its own events.
        name = data[0] if isinstance(data, list) and data else None
        if not isinstance(name, str) or name in ("connect", "disconnect"):
            viewer = self._viewers.get(self.manager.sid_from_eio_sid(eio_sid, "/") or "")
            if viewer is not None:
                viewer.tell_error(BadRequest("An event must be a list that begins with the name of one of ours."))
            return
        await super()._handle_event(eio_sid, namespace, id, data)

    def _admit(self, sid: str | None) -> bool:
        """Whether one more message of a viewer is taken; what is too much is dropped, unread, and a flood told of once."""
        guest = self._guests.get(sid or "")
        taken, begins = guest.flood.take(time.monotonic()) if guest is not None else (True, False)
        if begins:
            rate = self._front.settings.input_rate
            self._viewers[sid or ""].tell_error(
                TooMany(f"You send more than {rate:g} events a second; what is too much is dropped.")
            )
        return taken

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
