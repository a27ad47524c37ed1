"""A lean Socket.IO client for measuring: Engine.IO 4 over one WebSocket, frames taken apart without parsing their JSON."""

from __future__ import annotations

import contextlib
import json
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import orjson
import pybase64
from websockets.sync.client import ClientConnection, connect

FRAME_PREFIX = '42["frame",{"image":"'
BINARY_FRAME_PREFIX = '451-["frame",{"image":{"_placeholder":true,"num":0},'  # the picture is the next message


@dataclass(frozen=True, slots=True)
class Frame:
    """A `frame` event. `arrived`: epoch seconds; `jpeg`: the picture; `fields`: all but it; `wire`: bytes of the message."""

    arrived: float
    jpeg: bytes
    fields: dict[str, Any]
    wire: int = 0


@dataclass(frozen=True, slots=True)
class Event:
    """Any other event."""

    arrived: float
    name: str
    payload: dict[str, Any]


def read(message: str, arrived: float) -> Frame | Event | None:
    """The event in an Engine.IO message; None where there is none, or an attachment is missing."""
    if message.startswith(FRAME_PREFIX):
        end = message.index('"', len(FRAME_PREFIX))
        fields = orjson.loads("{" + message[end + 2 : -1])
        return Frame(arrived, pybase64.b64decode(message[len(FRAME_PREFIX) : end]), fields, len(message))
    if message.startswith("42"):
        name, *payload = orjson.loads(message[2:])
        return Event(arrived, name, payload[0] if payload else {})
    return None


def binary_frame(message: str, picture: bytes, arrived: float, attachment: int) -> Frame:
    """A frame whose picture came as an attachment, which took so many bytes."""
    return Frame(arrived, picture, orjson.loads("{" + message[len(BINARY_FRAME_PREFIX) : -1]), len(message) + attachment)


# With frames on their way that nobody reads, an orderly end does not come: the connection is then ended after so long.
CLOSE_SECONDS = 0.5


class Client:
    """One connection. Blocking; for one thread."""

    def __init__(self, address: str, token: str = "") -> None:
        url = address.replace("http", "ws", 1) + "/socket.io/?EIO=4&transport=websocket"
        self._open = contextlib.ExitStack()
        self._socket: ClientConnection = self._open.enter_context(
            connect(url, compression=None, max_size=None, ping_interval=None, close_timeout=CLOSE_SECONDS)
        )
        assert str(self._socket.recv()).startswith("0")
        self._socket.send("40" + (json.dumps({"token": token}) if token else ""))
        assert str(self._socket.recv()).startswith("40")

    def emit(self, name: str, payload: dict[str, Any] | None = None) -> None:
        self._socket.send("42" + json.dumps([name] if payload is None else [name, payload]))

    def receive(self, timeout: float) -> Frame | Event | None:
        """The next event; None when none comes within `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while True:
            try:
                message = self._socket.recv(max(0.0, deadline - time.monotonic()))
            except TimeoutError:
                return None
            arrived = time.time()
            assert isinstance(message, str)
            if message.startswith(BINARY_FRAME_PREFIX):
                picture = self._socket.recv()
                assert isinstance(picture, bytes)
                return binary_frame(message, picture, time.time(), len(picture))
            if message == "2":
                self._socket.send("3")
            elif (event := read(message, arrived)) is not None:
                return event

    def subscribe(self, session: str, **options: Any) -> None:
        """Watch `session`; `options` as docs/protocol.md has them (`format="binary"`)."""
        self.emit("subscribe", {"session_id": session, **options})

    def wait_for(self, name: str, timeout: float = 10.0) -> Event:
        """The next event called `name`; frames and others before it are passed over. Raises TimeoutError."""
        deadline = time.monotonic() + timeout
        while True:
            event = self.receive(deadline - time.monotonic())
            if event is None:
                raise TimeoutError(f"no {name!r} event within {timeout:g} s")
            if isinstance(event, Event) and event.name == name:
                return event

    def wait_for_frame(self, timeout: float = 10.0) -> Frame:
        """The next frame; other events before it are passed over. Raises TimeoutError."""
        deadline = time.monotonic() + timeout
        while True:
            event = self.receive(deadline - time.monotonic())
            if event is None:
                raise TimeoutError(f"no frame within {timeout:g} s")
            if isinstance(event, Frame):
                return event

    def close(self) -> None:
        self._open.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
