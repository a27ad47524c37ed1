"""Clients that say what no client says: bytes on a socket, WebSocket frames of any kind, requests of Engine.IO."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import struct
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests

TEXT, BINARY, CLOSE, PING, PONG, CONTINUATION = 1, 2, 8, 9, 10, 0
PATIENCE = 20.0  # seconds for an answer, on a machine that has a lot to do


def connect(address: str) -> socket.socket:
    where = urlsplit(address)
    return socket.create_connection((where.hostname or "", where.port or 0), PATIENCE)


def ask(address: str, *pieces: bytes) -> bytes:
    """All that is answered to `pieces`, until the server closes the connection."""
    with connect(address) as client:
        with contextlib.suppress(OSError):  # it need not read all of it
            for piece in pieces:
                client.sendall(piece)
        return everything(client)


def everything(client: socket.socket) -> bytes:
    """What comes until the server closes the connection. Raises TimeoutError where it does not."""
    whole = b""
    try:
        while piece := client.recv(65536):
            whole += piece
    except ConnectionError:
        pass
    return whole


def frame(
    opcode: int, body: bytes = b"", *, fin: bool = True, mask: bool = True, length: int | None = None, rsv: int = 0
) -> bytes:
    """A WebSocket frame, RFC 6455 section 5.2; with a `length` that may be a lie."""
    size = len(body) if length is None else length
    first, masked = fin << 7 | rsv << 4 | opcode, mask << 7
    if size < 126:
        head = struct.pack("!BB", first, masked | size)
    elif size < 65536:
        head = struct.pack("!BBH", first, masked | 126, size)
    else:
        head = struct.pack("!BBQ", first, masked | 127, size)
    if not mask:
        return head + body
    key = os.urandom(4)
    return head + key + bytes(byte ^ key[i % 4] for i, byte in enumerate(body))


@dataclass(slots=True)
class Said:
    """A frame of the server."""

    opcode: int
    body: bytes

    @property
    def code(self) -> int:
        """Of a closing frame."""
        return int(struct.unpack("!H", self.body[:2])[0])

    @property
    def event(self) -> list[Any] | None:
        """The Socket.IO event in it, if any."""
        event: list[Any] | None = json.loads(self.body[2:]) if self.opcode == TEXT and self.body.startswith(b"42") else None
        return event


class WebSocket:
    """A connection to the Socket.IO server, which is a viewer's where it is `joined`."""

    def __init__(self, address: str, *, query: str = "EIO=4&transport=websocket", joined: bool = True) -> None:
        self.socket = connect(address)
        self._unread = b""
        head = f"GET /socket.io/?{query} HTTP/1.1\r\nHost: {urlsplit(address).netloc}\r\nConnection: Upgrade\r\n"
        self.send(f"{head}Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {'A' * 22}==\r\n\r\n".encode())
        while b"\r\n\r\n" not in self._unread:
            self._more()
        self.head, _, self._unread = self._unread.partition(b"\r\n\r\n")
        if joined:
            assert self.receive().body.startswith(b"0")
            self.say("40")
            assert self.receive().body.startswith(b"40")

    def __enter__(self) -> WebSocket:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def say(self, text: str | bytes) -> None:
        self.send(frame(BINARY, text) if isinstance(text, bytes) else frame(TEXT, text.encode()))

    def emit(self, event: str, payload: Any) -> None:
        self.say("42" + json.dumps([event, payload]))

    def _more(self) -> None:
        piece = self.socket.recv(65536)
        if not piece:
            raise ConnectionError("closed")
        self._unread += piece

    def receive(self) -> Said:
        """The next frame. Raises ConnectionError where there is none any more."""
        size = self._need(2)[1]
        extra = {126: 2, 127: 8}.get(size, 0)
        if extra:
            size = int.from_bytes(self._need(2 + extra)[2:])
        whole = self._need(2 + extra + size)
        self._unread = self._unread[len(whole) :]
        return Said(whole[0] & 15, whole[2 + extra :])

    def _need(self, size: int) -> bytes:
        while len(self._unread) < size:
            self._more()
        return self._unread[:size]

    def closing(self) -> Said | None:
        """Read on until it is closed: the closing frame, if there was one."""
        with contextlib.suppress(ConnectionError):
            while True:
                said = self.receive()
                if said.opcode == CLOSE:
                    self.send(frame(CLOSE, said.body))
                    with contextlib.suppress(ConnectionError):
                        while True:
                            self._more()
                    return said
        return None

    def answer(self) -> Any:
        """The payload of the next event that is no frame."""
        while True:
            event = self.receive().event
            if event is not None and event[0] not in ("frame", "cursor"):
                return event


class Poller:
    """An Engine.IO connection by polling, which is a viewer's where it is `joined`."""

    def __init__(self, address: str, *, joined: bool = True) -> None:
        self._url = f"{address}/socket.io/?EIO=4&transport=polling"
        self.sid = json.loads(requests.get(self._url, timeout=PATIENCE).text[1:])["sid"]
        self.query = f"EIO=4&transport=polling&sid={self.sid}"
        if joined:
            assert self.post("40").ok
            assert self.get().text.startswith("40")

    def post(self, body: str | bytes, **options: Any) -> requests.Response:
        return requests.post(f"{self._url}&sid={self.sid}", data=body, timeout=PATIENCE, **options)

    def get(self) -> requests.Response:
        return requests.get(f"{self._url}&sid={self.sid}", timeout=PATIENCE * 3)
