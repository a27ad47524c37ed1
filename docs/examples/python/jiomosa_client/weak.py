"""A connection over a weak link, paced in this process: for finding out what users behind one would feel.

rate     bytes a second: no more is read, from a receive buffer that is small, so that the server sees a slow reader
latency  seconds each way: what was read is handed over that much later, what is sent leaves that much later. The server's kernel
         does not see it; Engine.IO's pongs, which are answers of ours, do
"""

from __future__ import annotations

import socket
import time
from collections import deque
from dataclasses import dataclass

from jiomosa_client.connection import OPEN_SECONDS, PIECE, Connection

PIECE_SECONDS = 0.01  # of the link's time that one read takes
LEAST_PIECE = 256
BUFFER_SECONDS, LEAST_BUFFER = 0.1, 4096  # of the receive buffer; the kernel doubles what it is asked for


@dataclass(frozen=True, slots=True)
class Link:
    """See the module. 0: as it is."""

    rate: float = 0.0
    latency: float = 0.0


class WeakConnection(Connection):
    """A `Connection` over `link`."""

    def __init__(self, address: str, token: str | None, link: Link, timeout: float = OPEN_SECONDS) -> None:
        self._link = link
        self._free_at = 0.0  # when the link has carried what was read
        self._coming: deque[tuple[float, bytes]] = deque()
        self._going: deque[tuple[float, bytes]] = deque()
        self.wire_bytes = 0
        super().__init__(address, token, timeout)

    def _open(self, where: tuple[str, int], timeout: float) -> socket.socket:
        if not self._link.rate:
            return super()._open(where, timeout)
        family, kind, protocol, _, address = socket.getaddrinfo(*where, type=socket.SOCK_STREAM)[0]
        end = socket.socket(family, kind, protocol)
        end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, max(LEAST_BUFFER, int(self._link.rate * BUFFER_SECONDS / 2)))
        end.settimeout(timeout)
        end.connect(address)
        return end

    def _flush(self) -> None:
        data = b"".join(self._protocol.data_to_send())
        if data:
            self._going.append((time.monotonic() + self._link.latency, data))
        self._send_due()

    def _send_due(self) -> None:
        while self._going and self._going[0][0] <= time.monotonic():
            self._socket.sendall(self._going.popleft()[1])

    def _read(self, timeout: float) -> bytes | None:
        """As the base class; what the link has carried, once it is here."""
        rate, deadline = self._link.rate, time.monotonic() + timeout
        while True:
            with self._sending:
                self._send_due()
            now = time.monotonic()
            if self._coming and self._coming[0][0] <= now:
                return self._coming.popleft()[1]
            if now >= deadline:
                return None
            wakes = [deadline, *(queue[0][0] for queue in (self._coming, self._going) if queue)]
            if self._free_at > now:
                time.sleep(max(0.0, min(self._free_at, *wakes) - now))
                continue
            piece = max(LEAST_PIECE, int(rate * PIECE_SECONDS)) if rate else PIECE
            self._socket.settimeout(max(0.001, min(wakes) - now))
            try:
                data = self._socket.recv(piece)
            except TimeoutError:
                continue
            now = time.monotonic()
            self.wire_bytes += len(data)
            self._free_at = max(self._free_at, now) + (len(data) / rate if rate else 0.0)
            self._coming.append((self._free_at + self._link.latency, data))
            if not data:
                return data
