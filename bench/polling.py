"""The measuring client (`bench.client`) over Engine.IO's polling transport: one request after the other."""

from __future__ import annotations

import http.client
import json
import time
from collections import deque
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import pybase64

from bench.client import BINARY_FRAME_PREFIX, Event, Frame, binary_frame, read

SEPARATOR = "\x1e"
REQUEST_SECONDS = 60.0
PATH = "/socket.io/?EIO=4&transport=polling"


class PollingClient:
    """One connection. Blocking; for one thread."""

    def __init__(self, address: str) -> None:
        where = urlsplit(address)
        self._polls = http.client.HTTPConnection(where.hostname or "", where.port, timeout=REQUEST_SECONDS)
        self._posts = http.client.HTTPConnection(where.hostname or "", where.port, timeout=REQUEST_SECONDS)
        self._path = PATH
        self._events: deque[Frame | Event] = deque()
        opened = self._poll()[0]
        self._path += "&sid=" + json.loads(opened[1:])["sid"]
        self._post("40")
        assert self._poll()[0].startswith("40")

    def emit(self, name: str, payload: dict[str, Any] | None = None) -> None:
        self._post("42" + json.dumps([name] if payload is None else [name, payload]))

    def subscribe(self, session: str, **options: Any) -> None:
        """As `Client.subscribe`."""
        self.emit("subscribe", {"session_id": session, **options})

    def receive(self) -> Frame | Event:
        """The next event, however long it takes."""
        while not self._events:
            binary = ""
            for message in self._poll():
                arrived = time.time()
                if message == "2":
                    self._post("3")
                elif message.startswith(BINARY_FRAME_PREFIX):
                    binary = message
                elif binary:  # its attachment, which is base64 here
                    self._events.append(binary_frame(binary, pybase64.b64decode(message[1:]), arrived, len(message)))
                    binary = ""
                elif (event := read(message, arrived)) is not None:
                    self._events.append(event)
        return self._events.popleft()

    def _poll(self) -> list[str]:
        return self._ask(self._polls, "GET").split(SEPARATOR)

    def _post(self, text: str) -> None:
        self._ask(self._posts, "POST", text)

    def _ask(self, connection: http.client.HTTPConnection, method: str, body: str | None = None) -> str:
        try:
            connection.request(method, self._path, body, {"Content-Type": "text/plain;charset=UTF-8"} if body else {})
        except (ConnectionError, http.client.HTTPException):
            connection.close()  # the server ends connections that nobody uses for a while
            connection.request(method, self._path, body, {"Content-Type": "text/plain;charset=UTF-8"} if body else {})
        answer = connection.getresponse()
        text = answer.read().decode()
        if answer.status != http.client.OK:
            raise RuntimeError(f"{method} was answered with {answer.status}: {text}")
        return text

    def close(self) -> None:
        for connection in (self._polls, self._posts):
            connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
