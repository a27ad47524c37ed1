"""Who comes in to the Socket.IO side, and goes: connections, their identities, and how much they may say.

connecting --token is good--> viewer --token expires or is revoked, or it goes--> gone
    '----- it is not, or there is none: refused, and let go of after a while -----^
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

import engineio
import socketio

from api.carrier import StreamEngine
from api.front import Front
from api.guest import Guest
from api.login import bearer
from api.transport import Json
from api.viewer import Viewer
from engine import logs
from engine.errors import BadRequest, JiomosaError, TooMany
from engine.origins import Origins

log = logs.logger("jiomosa.events")

MAX_MESSAGE_BYTES = 2_000_000  # so that a megabyte of text is answered with an error and not with a closed connection
JOIN_SECONDS = 10.0  # a connection that is nobody's for so long is closed
MOST_STRAYS = 32  # messages of a connection while it is nobody's: one to join with, and some patience with what is wrong
LEAVE_SECONDS = 2.0  # for a client to close a WebSocket that has been ended; then it is cut
MOST_ATTACHMENTS = 8  # of one event. No event of ours has any, but they come before it can be told which it is


def address_of(environ: dict[str, Any]) -> str:
    """Of whoever connects."""
    client = environ.get("asgi.scope", {}).get("client")
    return str(client[0]) if client else ""


class Entrance(socketio.AsyncServer):  # type: ignore[misc]
    """The Socket.IO server, as far as connections go; what they say is for `api.events`."""

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
            http_compression=False,  # 6.5 ms of the event loop a response, and JPEG does not deflate
            logger=logging.getLogger("socketio"),
            engineio_logger=logging.getLogger("engineio"),
        )
        self._front = front
        self._viewers: dict[str, Viewer] = {}
        self._guests: dict[str, Guest] = {}
        self.flooded = 0  # events of viewers who have gone that were too many
        self._strays: dict[str, int] = {}  # of each connection
        self.on("connect", self._connected)
        self.on("disconnect", self._disconnected)

    def _engineio_server_class(self) -> type[engineio.AsyncServer]:
        return StreamEngine

    # ---- what there is

    @property
    def connected(self) -> int:
        """Socket.IO connections, whether or not they watch."""
        return len(self._viewers)

    @property
    def events_dropped(self) -> int:
        """Events that were too many, of all connections so far."""
        return self.flooded + sum(guest.flood.dropped for guest in self._guests.values())

    # ---- connections

    async def _connected(self, sid: str, environ: dict[str, Any], auth: Any = None) -> None:
        eio_sid = self.manager.eio_sid_from_sid(sid, "/")
        try:
            token = auth.get("token") if isinstance(auth, dict) else None
            identity = await self._front.login.identify(token or bearer(environ.get("HTTP_AUTHORIZATION")))
        except JiomosaError as error:
            log.info("viewer refused", viewer=sid, address=address_of(environ), code=error.code)
            raise socketio.exceptions.ConnectionRefusedError(
                error.message, {"code": error.code, "status": error.status}
            ) from None
        connection = self.eio.sockets.get(eio_sid)
        if connection is None:
            raise socketio.exceptions.ConnectionRefusedError("The connection is gone.")
        address = address_of(environ)
        viewer = self._viewers[sid] = Viewer(sid, connection, identity.sub, address)
        viewer.dismiss = lambda error: self._let_go(sid, error)
        log.info("viewer connected", viewer=sid, address=address, user=identity.sub)
        validity = self._front.login.validity(identity, lambda why: self._let_go(sid, why))
        self._guests[sid] = Guest(identity, validity, self._front.settings.input_rate)

    async def _disconnected(self, sid: str, reason: str) -> None:
        viewer = self._viewers.pop(sid, None)
        if viewer is not None:
            guest = self._guests.pop(sid)
            guest.leave()
            self.flooded += guest.flood.dropped
            if guest.flood.dropped:
                log.warning("events dropped, too many", viewer=sid, dropped=guest.flood.dropped)
            self._unsubscribe(viewer)
            log.info("viewer disconnected", viewer=sid, reason=reason)
            viewer.gone(answers=reason != self.reason.PING_TIMEOUT)
            self._front.tidy.soon()
        self._look_again(self.manager.eio_sid_from_sid(sid, "/") or "")

    def _let_go(self, sid: str, error: JiomosaError) -> None:
        """Tell a viewer why, and end its connection."""
        viewer = self._viewers.get(sid)
        if viewer is not None:
            self._unsubscribe(viewer)
            viewer.tell_error(error)
            self.start_background_task(self._dismiss, sid)

    async def _dismiss(self, sid: str) -> None:
        await self.disconnect(sid)

    async def _handle_eio_connect(self, eio_sid: str, environ: dict[str, Any]) -> None:
        await super()._handle_eio_connect(eio_sid, environ)
        self._strays[eio_sid] = 0
        self.eio.sockets[eio_sid].queue.on_full = lambda: self._end(eio_sid, "it fetches nothing of what it is told")
        self._look_again(eio_sid)

    async def _handle_eio_disconnect(self, eio_sid: str, reason: str) -> None:
        await super()._handle_eio_disconnect(eio_sid, reason)
        self._strays.pop(eio_sid, None)
        self._binary_packet.pop(eio_sid, None)
        connection = self.eio.sockets.get(eio_sid)
        protocol = getattr(connection, "protocol", None)
        if protocol is not None and not protocol.disconnected:
            # It was told to close. python-engineio reads on for as long as the client says anything.
            asyncio.get_running_loop().call_later(LEAVE_SECONDS, protocol.cut)

    def _look_again(self, eio_sid: str) -> None:
        """A connection is nobody's now: it should not be for long."""
        asyncio.get_running_loop().call_later(JOIN_SECONDS, self._joined, eio_sid)

    def _joined(self, eio_sid: str) -> None:
        """Whoever was not let in by now, or never asked, need not keep the connection."""
        if self.manager.sid_from_eio_sid(eio_sid, "/") is None:
            self._end(eio_sid, "it has not become a viewer's")

    def _end(self, eio_sid: str, why: str) -> None:
        connection = self.eio.sockets.get(eio_sid)
        if connection is not None and not connection.closed:
            log.info("connection ended", connection=eio_sid, why=why)
            self.start_background_task(connection.close, wait=False)

    async def _handle_eio_message(self, eio_sid: str, data: Any) -> None:
        sid = self.manager.sid_from_eio_sid(eio_sid, "/")
        if not (self._admit(sid) if sid in self._viewers else self._listen(eio_sid)):
            return
        if eio_sid in self._binary_packet and not isinstance(data, bytes):
            self._tell(eio_sid, BadRequest("The attachments of the last event are missing."))
            del self._binary_packet[eio_sid]
        try:
            await super()._handle_eio_message(eio_sid, data)
            expecting = self._binary_packet.get(eio_sid)
            if expecting is not None and not 0 < expecting.attachment_count <= MOST_ATTACHMENTS:
                raise ValueError("so many attachments")  # noqa: TRY301
        except (ValueError, TypeError, IndexError, KeyError, AttributeError, RecursionError):
            # What python-socketio raises for a packet that is none. It would only log it; the sender should know.
            self._binary_packet.pop(eio_sid, None)
            self._tell(eio_sid, BadRequest("A message could not be read: it is not a Socket.IO packet with JSON in it."))

    async def _handle_event(self, eio_sid: str, namespace: str | None, id: int | None, data: Any) -> None:
        # The library lets these through without a word: names that are none, and those of its own events.
        name = data[0] if isinstance(data, list) and data else None
        if not isinstance(name, str) or name in ("connect", "disconnect"):
            self._tell(eio_sid, BadRequest("An event must be a list that begins with the name of one of ours."))
            return
        await super()._handle_event(eio_sid, namespace, id, data)

    async def _handle_ack(self, eio_sid: str, namespace: str | None, id: int | None, data: Any) -> None:
        self._tell(eio_sid, BadRequest("No event of this server asks for an acknowledgement."))

    def _tell(self, eio_sid: str, error: JiomosaError) -> None:
        """Tell the viewer whose connection this is, if it is somebody's."""
        viewer = self._viewers.get(self.manager.sid_from_eio_sid(eio_sid, "/") or "")
        if viewer is not None:
            viewer.tell_error(error)

    def _listen(self, eio_sid: str) -> bool:
        """Whether one more message of a connection that is nobody's is taken; who sends too many is let go."""
        count = self._strays[eio_sid] = self._strays.get(eio_sid, 0) + 1
        if count > MOST_STRAYS:
            self._strays.pop(eio_sid)
            self._end(eio_sid, "it talks without joining")
        return count <= MOST_STRAYS

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

    def _unsubscribe(self, viewer: Viewer) -> None:
        """Have `viewer` watch nothing."""
        raise NotImplementedError
