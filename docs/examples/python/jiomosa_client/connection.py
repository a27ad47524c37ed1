"""One Socket.IO connection over a WebSocket, for one thread; events may be sent from others."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from collections import deque
from typing import Any
from urllib.parse import urlsplit

from websockets.client import ClientProtocol
from websockets.exceptions import WebSocketException
from websockets.frames import Frame as WebSocketFrame
from websockets.frames import Opcode
from websockets.http11 import Response
from websockets.uri import parse_uri

from jiomosa_client.errors import ConnectionLost, JiomosaError
from jiomosa_client.wire import CONNECT, DISCONNECT, PING, PONG, REFUSED, Event, Frame, Reader, event_text

PIECE = 65536  # bytes read at once
OPEN_SECONDS = 10.0


class Connection:
    """Connects to `address` ("http://127.0.0.1:5000"). Raises `ConnectionLost`; `JiomosaError` where it is not let in."""

    def __init__(self, address: str, token: str | None = None, timeout: float = OPEN_SECONDS) -> None:
        self._reader = Reader()
        self._sending = threading.Lock()
        self._messages: deque[str | bytes] = deque()
        self._parts: list[bytes] = []
        self._text = True
        self._silence = timeout  # seconds without a word after which the server is gone
        try:
            self._socket = self._connect(address, timeout)
            self._heard_at = time.monotonic()
            uri = parse_uri(address.replace("http", "ws", 1).rstrip("/") + "/socket.io/?EIO=4&transport=websocket")
            self._protocol = ClientProtocol(uri, max_size=None)
            request = self._protocol.connect()
            if token:
                request.headers["Authorization"] = f"Bearer {token}"
            self._protocol.send_request(request)
            self._flush()
            opened = json.loads(self._expect("0", timeout)[1:])
            self._silence = (opened["pingInterval"] + opened["pingTimeout"]) / 1000
            self._write(CONNECT + (json.dumps({"token": token}) if token else ""))
            answer = self._expect("4", timeout)
        except (OSError, WebSocketException, ValueError, KeyError) as error:
            self.close()
            raise ConnectionLost(f"{address} cannot be reached: {error}.", "unreachable") from None
        if answer.startswith(REFUSED):
            self.close()
            refusal = json.loads(answer[2:])
            raise JiomosaError(refusal.get("message", "The server let nobody in."), (refusal.get("data") or {}).get("code", ""))

    def _connect(self, address: str, timeout: float) -> socket.socket:
        where = urlsplit(address)
        secure = where.scheme == "https"
        end = self._open((where.hostname or "", where.port or (443 if secure else 80)), timeout)
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return ssl.create_default_context().wrap_socket(end, server_hostname=where.hostname) if secure else end

    def _open(self, where: tuple[str, int], timeout: float) -> socket.socket:
        return socket.create_connection(where, timeout)

    def fileno(self) -> int:
        """For `select`; see `pending`, too."""
        return self._socket.fileno()

    @property
    def pending(self) -> bool:
        """Whether there is something that was read already."""
        return bool(self._messages)

    def send(self, name: str, payload: dict[str, Any] | None = None) -> None:
        """Send an event. Raises `ConnectionLost`."""
        self._write(event_text(name, payload))

    def receive(self, timeout: float | None = None) -> Frame | Event | None:
        """The next event; None when none comes within `timeout` seconds (None: for ever). Raises `ConnectionLost`."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            message = self._next(deadline)
            if message is None:
                return None
            if message == PING:
                self._write(PONG)
            elif isinstance(message, str) and message.startswith((DISCONNECT, "1")):
                raise ConnectionLost("The server has ended the connection.", "disconnected")
            else:
                event = self._reader.read(message, time.time())
                if event is not None:
                    return event

    def close(self) -> None:
        """End it; nothing is awaited."""
        if hasattr(self, "_socket"):
            self._socket.close()

    def _expect(self, begin: str, timeout: float) -> str:
        message = self._next(time.monotonic() + timeout)
        if not isinstance(message, str) or not message.startswith(begin):
            raise ConnectionLost("What answers there is no Jiomosa server.", "unreachable")
        return message

    def _write(self, text: str) -> None:
        try:
            with self._sending:
                self._protocol.send_text(text.encode())
                self._flush()
        except (OSError, WebSocketException) as error:
            raise ConnectionLost(f"The connection is gone: {error}.", "disconnected") from None

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                self._socket.sendall(data)

    def _next(self, deadline: float | None) -> str | bytes | None:
        """The next message; None at the deadline."""
        while not self._messages:
            now = time.monotonic()
            if now - self._heard_at > self._silence:
                raise ConnectionLost(f"The server has said nothing for {self._silence:.0f} s.", "disconnected")
            left = min(self._silence, deadline - now) if deadline is not None else self._silence
            try:
                data = self._read(left)
            except OSError as error:
                raise ConnectionLost(f"The connection is gone: {error}.", "disconnected") from None
            if data is None:
                if deadline is not None and time.monotonic() >= deadline:
                    return None
                continue
            self._heard_at = time.monotonic()
            self._take(data)
        return self._messages.popleft()

    def _read(self, timeout: float) -> bytes | None:
        """What has come; None when nothing does within `timeout` seconds; b"" at the end."""
        self._socket.settimeout(max(timeout, 0.001))
        try:
            return self._socket.recv(PIECE)
        except TimeoutError:
            return None

    def _take(self, data: bytes) -> None:
        if data:
            self._protocol.receive_data(data)
        else:
            self._protocol.receive_eof()
        for event in self._protocol.events_received():
            if isinstance(event, Response):
                continue
            assert isinstance(event, WebSocketFrame)
            if event.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
                self._text = event.opcode is Opcode.TEXT if event.opcode is not Opcode.CONT else self._text
                self._parts.append(bytes(event.data))
                if event.fin:
                    whole = b"".join(self._parts)
                    self._parts.clear()
                    self._messages.append(whole.decode() if self._text else whole)
        if (refused := self._protocol.handshake_exc) is not None:
            raise ConnectionLost(f"No WebSocket: {refused}.", "unreachable")
        if not data and not self._messages:
            raise ConnectionLost("The server has closed the connection.", "disconnected")
        with self._sending:
            self._flush()  # answers to WebSocket pings
