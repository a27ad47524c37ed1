"""A Socket.IO server with two sessions that keep what they are given, and one viewer at its door."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace
from typing import Any, cast

import msgspec

from api.events import Sockets
from api.exchange import Exchange
from api.gate import origins_of
from api.grip import Grip
from api.guest import Guest
from api.login import Login
from api.showing import Showing
from api.tidy import Tidy
from api.told import TOLD
from api.transport import Outbox
from api.viewer import Viewer
from engine.channel import MAX_MESSAGE_BYTES
from engine.device import device_of
from engine.errors import JiomosaError, NotFound, Unavailable
from engine.exchange import Clipboard, GetClipboard
from engine.identity import ANYONE
from engine.messages import ToCapture
from engine.settings import Settings
from engine.view import View

WIDTH, HEIGHT = 320, 200
SID = "sid"


GOOD: dict[str, dict[str, Any]] = {
    "input:click": {"x": 1, "y": 1},
    "input:move": {"x": 1, "y": 1},
    "input:scroll": {"deltaY": 1},
    "input:text": {"text": "x"},
    "input:key": {"key": "Enter"},
    "input:down": {"x": 1, "y": 1},
    "input:up": {"x": 1, "y": 1},
    "input:drag": {"x": 1, "y": 1, "to_x": 9, "to_y": 9},
    "input:touch": {"phase": "start", "points": [{"id": 1, "x": 1, "y": 1}]},
    "clipboard:set": {"text": "x"},
    "clipboard:get": {},
    "resize": {"width": 320, "height": 200},
}


# What is not input, and is not acknowledged.
BROWSING: dict[str, dict[str, Any]] = {
    "navigate": {"url": "https://example.com/"},
    "back": {},
    "forward": {},
    "reload": {},
    "stop": {},
    "tab:new": {},
    "tab:activate": {"tab": "x"},
    "tab:close": {"tab": "x"},
    "dialog:respond": {"id": 1, "accept": True},
}


class FakeStream:
    def __init__(self) -> None:
        self.newest_seq = 41
        self.changes = 0

    def changed(self, viewer: Viewer) -> None:
        self.changes += 1


class FakeSession:
    """A session that injects nothing but keeps what it should."""

    def __init__(self, id: str) -> None:
        self.id, self.width, self.height = id, WIDTH, HEIGHT
        self.device = device_of(WIDTH, HEIGHT, touch=True)
        self.grip = Grip(self.inject)
        self.closed = self.full = False
        self.owner: str | None = None
        self.created_at = 1.0
        self.stream = FakeStream()
        self.watching: list[Viewer] = []
        self.injected: list[ToCapture] = []
        self.browsed: list[Any] = []
        self.exchange = Exchange(lambda: self.watching, lambda message: None, "")
        self.resizing = self
        self.showing = Showing(lambda: self.watching, self.exchange)
        self.refusal: JiomosaError | None = None

    def check_viewers(self) -> None:
        if self.full:
            raise Unavailable("It has as many viewers as may be.", code="full")

    def watch(self, viewer: Viewer) -> None:
        assert viewer not in self.watching
        self.watching.append(viewer)

    def unwatch(self, viewer: Viewer) -> None:
        self.watching.remove(viewer)
        self.grip.leave(viewer)

    async def load(self, url: str) -> None:
        self.browsed.append(url)

    async def go(self, way: str) -> None:
        self.browsed.append(way)

    async def browse(self, build: Any, limit: float = 0.0) -> None:
        self.browsed.append(build(7))

    async def ask(self, build: Any) -> Any:
        if self.refusal:
            raise self.refusal
        assert isinstance(build(7), GetClipboard)
        return Clipboard(7, "copied")

    async def to(self, width: int, height: int) -> None:
        if self.refusal:
            raise self.refusal
        self.injected.append(cast(Any, (width, height)))

    async def inject(self, build: Any) -> None:
        await asyncio.sleep(0)
        if self.refusal:
            raise self.refusal
        message = build(7)
        assert len(msgspec.msgpack.encode(message)) < MAX_MESSAGE_BYTES  # as the channel would
        self.injected.append(message)


class World:
    """A server with sessions "a" and "b", and one connection."""

    def __init__(self, *, subscribed: bool = True, **options: Any) -> None:
        self.sessions = {id: FakeSession(id) for id in ("a", "b")}
        settings = Settings(**options)
        front = SimpleNamespace(settings=settings, sessions=self, tidy=Tidy(), login=Login(settings, cast(Any, self)))
        self.sockets = Sockets(cast(Any, front), origins_of(settings))
        self.connection = SimpleNamespace(queue=Outbox(), upgraded=False)
        self.viewer = Viewer(SID, self.connection)
        self.sockets._viewers[SID] = self.viewer
        self.sockets._guests[SID] = Guest(ANYONE)
        if subscribed:
            session = self.sessions["a"]
            self.sockets._sessions[SID] = cast(Any, session)
            self.viewer.view = View(WIDTH, HEIGHT, WIDTH, HEIGHT)
            session.watch(self.viewer)

    @property
    def session(self) -> FakeSession:
        return self.sessions["a"]

    def get(self, id: str) -> FakeSession:
        if id not in self.sessions:
            raise NotFound(f"There is no session {id!r}.")
        return self.sessions[id]

    async def say(self, event: Any, *arguments: Any) -> list[Any]:
        """Say something as the viewer; returns what it was told."""
        await self.sockets._handle(event, SID, *arguments)
        return self.told()

    def told(self) -> list[Any]:
        queue = self.connection.queue
        told = [json.loads(queue.get_nowait().encode()[2:]) for _ in range(queue.qsize())]
        for name, *payload in told:
            check_told(name, *payload)
        return told

    def state(self) -> Any:
        """All that an event can change."""
        adaptation = self.viewer.adaptation
        return (
            adaptation.quality,
            adaptation.fps,
            adaptation.enabled,
            self.viewer.view,
            self.sockets._sessions.get(SID),
            [(list(s.watching), list(s.injected), s.stream.changes) for s in self.sessions.values()],
        )


def check_told(name: str, payload: Any = None) -> None:
    """What a viewer is told is as the table of such events has it."""
    assert name in TOLD, f"{name!r} has no row in api.told"
    struct = TOLD[name]
    if struct is None:
        assert payload is None
    else:
        msgspec.convert(payload, struct)


def only_error(told: list[Any]) -> dict[str, str]:
    assert [event for event, *_ in told] == ["error"], f"not exactly one error: {told}"
    payload: dict[str, str] = told[0][1]
    assert set(payload) == {"message", "code"}
    assert payload["message"][-1] in ".!?", f"not a sentence: {payload}"
    assert payload["code"].replace("_", "").isalpha()
    return payload
