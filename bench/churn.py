"""Viewers that come and go at random: some close, some are cut off, some stop reading, some only unsubscribe."""

from __future__ import annotations

import contextlib
import random
import select
import socket
import struct
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from bench.load import JUNK, Plan, Viewer, Watch

Way = Literal["closes", "is cut off", "stops reading", "unsubscribes"]
WAYS: tuple[Way, ...] = ("closes", "is cut off", "stops reading", "unsubscribes")
MJPEG_SHARE = 0.1  # of the guests watch over plain HTTP
QUALITIES = (50, 75, 90)
FPS = (2, 5, 30)
CUT = struct.pack("ii", 1, 0)  # SO_LINGER: close with a reset


@dataclass(slots=True)
class Tally:
    """`came`: guests by what they did at the end; `most`: at once; `backwards`: frames not newer than the one before at the same
    viewer; `lost`: guests whose connection the server ended."""

    came: Counter[str] = field(default_factory=Counter)
    most: int = 0
    frames: int = 0
    backwards: int = 0
    lost: list[str] = field(default_factory=list)


class MjpegGuest:
    """Watches `stream.mjpeg`, and throws it away."""

    def __init__(self, address: str, session: str) -> None:
        where = urlsplit(address)
        self.socket = socket.create_connection((where.hostname or "", where.port or 80))
        request = f"GET /api/session/{session}/stream.mjpeg HTTP/1.1\r\nHost: {where.netloc}\r\n\r\n"
        self.socket.sendall(request.encode())
        self.socket.setblocking(False)

    def receive(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while count := self.socket.recv_into(JUNK):
                if JUNK[:5] == b"HTTP/" and JUNK[:12] != b"HTTP/1.1 200":
                    raise ConnectionError(bytes(JUNK[:count]).decode(errors="replace"))
            raise ConnectionError("the server closed a stream")


@dataclass(slots=True)
class _Guest:
    viewer: Viewer | MjpegGuest
    way: Way
    leaves_at: float


class Churn:
    """At most `most` guests at once, each for about `stay` seconds, of any of `sessions`."""

    def __init__(self, address: str, sessions: list[str], *, most: int, stay: float, seed: int = 1) -> None:
        self.tally = Tally()
        self._plan = Plan(address, [], 0)
        self._sessions = sessions
        self._most, self._stay = most, stay
        self._random = random.Random(seed)
        self._guests: dict[int, _Guest] = {}
        self._ready = select.epoll()
        self._next_at = 0.0

    def run(self, seconds: float) -> None:
        """Have them come and go for so long; then all that are left leave."""
        end = time.monotonic() + seconds
        self._next_at = time.monotonic()
        while (now := time.monotonic()) < end:
            for guest in [guest for guest in self._guests.values() if guest.leaves_at <= now]:
                self._leave(guest)
            if now >= self._next_at:
                if len(self._guests) < self._most:
                    self._come(now)
                # A little more come than leave, so that the house is full most of the time.
                self._next_at += self._random.expovariate(1.2 * self._most / self._stay)
            due = min(self._next_at, end, *(guest.leaves_at for guest in self._guests.values()))
            for fd, _ in self._ready.poll(max(0.0, due - time.monotonic())):
                self._receive(self._guests[fd])
        for guest in list(self._guests.values()):
            self._leave(guest)
        self._ready.close()

    def _come(self, now: float) -> None:
        session = self._random.choice(self._sessions)
        viewer: Viewer | MjpegGuest
        if self._random.random() < MJPEG_SHARE:
            viewer, ways = MjpegGuest(self._plan.address, session), WAYS[:3]
        else:
            watch = Watch(session, self._random.choice(FPS), self._random.choice(QUALITIES))
            viewer, ways = Viewer(self._plan, watch, [0]), WAYS
            viewer.go()
        guest = _Guest(viewer, self._random.choice(ways), now + self._random.expovariate(1 / self._stay))
        self._guests[viewer.socket.fileno()] = guest
        if guest.way != "stops reading":
            self._ready.register(viewer.socket, select.EPOLLIN)
        self.tally.most = max(self.tally.most, len(self._guests))

    def _receive(self, guest: _Guest) -> None:
        try:
            guest.viewer.receive()
        except (ConnectionError, RuntimeError) as error:
            self.tally.lost.append(str(error))
            self._forget(guest)

    def _leave(self, guest: _Guest) -> None:
        self.tally.came[guest.way] += 1
        if guest.way == "is cut off":
            guest.viewer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, CUT)
        elif guest.way == "unsubscribes" and isinstance(guest.viewer, Viewer):
            with contextlib.suppress(OSError):
                guest.viewer._send('42["unsubscribe"]')
        self._forget(guest)

    def _forget(self, guest: _Guest) -> None:
        if isinstance(guest.viewer, Viewer):
            self.tally.frames += len(guest.viewer.seen.seqs)
            self.tally.backwards += guest.viewer.seen.backwards
        del self._guests[guest.viewer.socket.fileno()]
        guest.viewer.socket.close()
