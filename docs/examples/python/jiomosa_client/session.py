"""A session, as whoever uses it sees it: the browser to drive, and its pictures."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import quote

from jiomosa_client.connection import Connection
from jiomosa_client.errors import REFUSED, ConnectionLost, JiomosaError, SessionEnded, told
from jiomosa_client.rest import Rest
from jiomosa_client.wire import Event, Frame

FIRST_BACKOFF_SECONDS, LONGEST_BACKOFF_SECONDS = 0.2, 5.0
Connect = Callable[[str, str | None], Connection]


@dataclass(frozen=True, slots=True)
class Page:
    """What the browser shows."""

    title: str
    url: str


class Session:
    """Made by `create` or `attach`. For one thread.

    A connection that is lost is made again, and the subscription with it, for as long as `patience` seconds; input meanwhile is
    dropped, so that no click lands on a page that came later.
    """

    def __init__(
        self,
        server: str,
        id: str,
        *,
        token: str | None = None,
        patience: float = 60.0,
        connect: Connect = Connection,
        owned: bool = False,
    ) -> None:
        self.id = id
        self.patience = patience
        self.input_dropped = 0
        self.reconnects = 0
        self._rest = Rest(server, token)
        self._token = token
        self.connect_with = connect
        self._owned = owned
        self._connection: Connection | None = None
        self._subscription: dict[str, Any] | None = None
        self._path = f"/api/session/{quote(id, safe='')}"

    @classmethod
    def create(cls, server: str, session_id: str | None = None, *, token: str | None = None, **options: Any) -> Self:
        """A new session, closed by `close` and at the end of a `with`. `options`: `width`, `height`, `url` and the like.

        Raises `JiomosaError`.
        """
        wanted = options | ({"session_id": session_id} if session_id else {})
        made = Rest(server, token).ask("POST", "/api/session/create", wanted)
        return cls(server, made["session_id"], token=token, owned=True)

    @classmethod
    def attach(cls, server: str, session_id: str, *, token: str | None = None) -> Self:
        """A session that is there; it stays when this is closed. Raises `JiomosaError` where it is not."""
        session = cls(server, session_id, token=token)
        session.info()
        return session

    # ---- REST

    def load(self, url: str) -> Page:
        """Show `url`; returns when it has loaded. Raises `JiomosaError` with the browser's reason when it does not."""
        return _page(self._rest.ask("POST", f"{self._path}/load", {"url": url}))

    def info(self) -> dict[str, Any]:
        return self._rest.ask("GET", f"{self._path}/info")

    def page(self) -> Page:
        return _page(self.info())

    def keepalive(self) -> None:
        """Begin its time anew; who watches need not."""
        self._rest.ask("POST", f"{self._path}/keepalive", {})

    def picture(self, **options: Any) -> bytes:
        """The present picture as JPEG. `options`: `quality`, `max_width`, `max_height`, `grayscale`."""
        query = "&".join(f"{name}={str(value).lower()}" for name, value in options.items())
        return self._rest.fetch("GET", f"{self._path}/frame.jpg?{query}")

    # ---- watching

    def subscribe(self, **options: Any) -> Event:
        """Watch it; `options` as docs/protocol.md has them. Returns `subscribed`. Pictures come as attachments by default.

        Raises `JiomosaError`, `ConnectionLost`.
        """
        self._subscription = {"session_id": self.id, "format": "binary"} | options
        if self._connection is None:
            self._connection = self.connect_with(self._rest.address, self._token)
        return self._subscribed()

    def _subscribed(self) -> Event:
        assert self._connection is not None
        self._connection.send("subscribe", self._subscription)
        deadline = time.monotonic() + 10
        while (left := deadline - time.monotonic()) > 0:
            event = self._connection.receive(left)
            if isinstance(event, Event) and event.name == "error":
                raise told(event.payload)
            if isinstance(event, Event) and event.name == "subscribed":
                return event
        raise ConnectionLost("The server did not answer `subscribe` within 10 seconds.", "disconnected")

    def next(self, timeout: float | None = None) -> Frame | Event | None:
        """The next picture or event; None when none comes within `timeout` seconds. After a reconnection: Event("reconnected").

        Raises `SessionEnded`, and `ConnectionLost` when the connection could not be made again.
        """
        if self._connection is None:
            raise JiomosaError("Nothing is watched yet: `subscribe` first.", "not_subscribed")
        try:
            event = self._connection.receive(timeout)
        except ConnectionLost as lost:
            self._again(lost)
            return Event("reconnected", {})
        if isinstance(event, Event) and event.name == "error":
            error = told(event.payload)
            if isinstance(error, SessionEnded) or error.code in REFUSED:
                raise error
        return event

    def frames(self, timeout: float | None = None) -> Iterator[Frame]:
        """Pictures as they come, until none comes for `timeout` seconds; other events are passed over."""
        last = time.monotonic()
        while timeout is None or (left := last + timeout - time.monotonic()) > 0:
            event = self.next(None if timeout is None else left)
            if isinstance(event, Frame):
                yield event
                last = time.monotonic()

    def _again(self, reason: JiomosaError) -> None:
        deadline, delay = time.monotonic() + self.patience, FIRST_BACKOFF_SECONDS
        self._disconnect()
        while time.monotonic() + delay < deadline:
            time.sleep(delay)
            delay = min(2 * delay, LONGEST_BACKOFF_SECONDS)
            try:
                self._connection = self.connect_with(self._rest.address, self._token)
                self._subscribed()
            except ConnectionLost as error:
                self._disconnect()
                reason = error
            else:
                self.reconnects += 1
                return
        raise reason

    # ---- input; x and y are pixels of the pictures that come

    def click(self, x: float, y: float, button: str = "left") -> None:
        self.emit("input:click", x=x, y=y, button=button)

    def move(self, x: float, y: float) -> None:
        self.emit("input:move", x=x, y=y)

    def scroll(self, dx: float, dy: float, x: float | None = None, y: float | None = None) -> None:
        self.emit("input:scroll", deltaX=dx, deltaY=dy, **({} if x is None or y is None else {"x": x, "y": y}))

    def text(self, text: str) -> None:
        self.emit("input:text", text=text)

    def key(self, key: str, *modifiers: str) -> None:
        """A key by its DOM name ("Enter", "ArrowLeft")."""
        self.emit("input:key", key=key, modifiers=list(modifiers))

    def quality(self, quality: int) -> None:
        self.emit("quality:set", quality=quality)

    def fps(self, fps: float) -> None:
        self.emit("fps:set", fps=fps)

    def emit(self, event: str, /, **payload: Any) -> None:
        """Any event of the protocol. Raises `JiomosaError` where nothing is watched yet."""
        if self._subscription is None:
            raise JiomosaError("Nothing is watched yet: `subscribe` first.", "not_subscribed")
        try:
            if self._connection is not None:
                self._connection.send(event, payload)
        except ConnectionLost:
            self.input_dropped += 1  # `next` will notice, and connect again

    # ---- the end

    @property
    def connection(self) -> Connection | None:
        """For `select`; another one after each reconnection."""
        return self._connection

    def disconnect(self) -> None:
        """Stop watching."""
        self._subscription = None
        self._disconnect()

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def close(self) -> None:
        """Stop watching, and close the session if it was created here; one that is gone already is as good."""
        self.disconnect()
        if self._owned:
            self._owned = False
            try:
                self._rest.ask("POST", f"{self._path}/close", {})
            except JiomosaError as error:
                if error.status != 404 and not isinstance(error, ConnectionLost):
                    raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *ended: object) -> None:
        self.close()


def _page(answer: dict[str, Any]) -> Page:
    return Page(answer["page_info"]["title"], answer["page_info"]["url"])
