"""A load of viewers as a process of its own, light enough to leave the cores to the server: payloads are thrown away in the
kernel.

    python -m bench.load   reads a Plan as JSON from stdin, connects and warms up, writes a line "begin", measures, writes a
                           line "end", then the list of its viewers' `Seen` as JSON

Each viewer is a WebSocket that speaks as much Engine.IO and Socket.IO as it must. Of a frame's message all but the last TAIL
bytes is discarded by recv(MSG_TRUNC), which moves no byte out of the kernel; the tail holds `timestamp`, `size` and `seq`
(encoder/packet.py). One message in `sample` is kept whole, so that its picture can be looked at afterwards.
"""

from __future__ import annotations

import base64
import os
import re
import select
import socket
import struct
import sys
import time
from urllib.parse import urlsplit

import msgspec

TAIL = 160
KEPT = 200  # whole messages at most, in all
JUNK = bytearray(1 << 20)  # where the kernel would put what it throws away
FIELDS = re.compile(rb'"timestamp":(\d+),"size":(\d+),"seq":(\d+)')
CONNECT_SECONDS = 60.0


class Watch(msgspec.Struct, frozen=True):
    """One viewer to be."""

    session: str
    fps: float
    quality: int = 75


class Plan(msgspec.Struct, frozen=True):
    """`sample`: keep one message in so many whole; 0: none. `token`: what they show, where there is a login."""

    address: str
    viewers: list[Watch]
    seconds: float
    warm: float = 2.0
    sample: int = 0
    token: str = ""


class Seen(msgspec.Struct):
    """What one viewer got in the measured time.

    arrived    CLOCK_MONOTONIC ns of each frame's last byte
    ages       ms from the grab's begin, by the frame's timestamp
    backwards  frames that were not newer than the one before
    kept       (seq, JPEG in base64) of those that were kept whole
    """

    seqs: list[int] = []
    arrived: list[int] = []
    ages: list[float] = []
    wire_bytes: int = 0
    jpeg_bytes: int = 0
    backwards: int = 0
    kept: list[tuple[int, str]] = []


class Viewer:
    """One connection, blocking until `go`, then never."""

    def __init__(self, plan: Plan, watch: Watch, room: list[int]) -> None:
        self.seen = Seen()
        self._sample = plan.sample
        self._room = room
        self._header = b""
        self._left = -1  # payload bytes of the message that is being received; -1: its header is
        self._length = 0
        self._whole = False
        self._parts: list[bytes] = []
        self._count = 0
        self._last = 0
        where = urlsplit(plan.address)
        self.socket = socket.create_connection((where.hostname or "", where.port or 80), CONNECT_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {where.netloc}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        answer = b""
        while not answer.endswith(b"\r\n\r\n"):
            answer += self.socket.recv(1)
        if b" 101 " not in answer.partition(b"\r\n")[0]:
            raise RuntimeError(f"no WebSocket: {answer[:80]!r}")
        self._send("40" + (f'{{"token":"{plan.token}"}}' if plan.token else ""))
        self._send('42["adaptive:toggle",{"enabled":false}]')
        self._send(f'42["quality:set",{{"quality":{watch.quality}}}]')
        self._send(f'42["fps:set",{{"fps":{watch.fps:g}}}]')
        self._send(f'42["subscribe",{{"session_id":"{watch.session}"}}]')

    def go(self) -> None:
        self.socket.setblocking(False)

    def _send(self, text: str) -> None:
        body = text.encode()
        short = len(body) < 126  # a token is longer
        head = struct.pack("!BB", 0x81, 0x80 | len(body)) if short else struct.pack("!BBH", 0x81, 0x80 | 126, len(body))
        self.socket.sendall(head + b"\0\0\0\0" + body)  # the mask of zeros changes nothing

    def receive(self) -> None:
        """Take all that is there. Raises ConnectionError when the server has closed."""
        try:
            while True:
                if self._left < 0:
                    self._receive_header()
                elif self._left > TAIL and not self._whole:
                    self._left -= self._got(self.socket.recv_into(JUNK, min(self._left - TAIL, len(JUNK)), socket.MSG_TRUNC))
                else:
                    part = self.socket.recv(self._left)
                    self._left -= self._got(len(part))
                    self._parts.append(part)
                if self._left == 0:
                    self._left = -1
                    self._message(b"".join(self._parts))
                    self._parts.clear()
        except BlockingIOError:
            return

    def _receive_header(self) -> None:
        header = self._header
        short = header[1] & 127 if len(header) > 1 else 0
        need = 2 if len(header) < 2 else {126: 4, 127: 10}.get(short, 2)
        if len(header) < need:
            part = self.socket.recv(need - len(header))
            self._got(len(part))
            self._header = header = header + part
            return
        self._length = short if need == 2 else int.from_bytes(header[2:], "big")
        self._left, self._header = self._length, b""
        self._count += 1
        self._whole = bool(self._sample) and self._count % self._sample == 0 and self._room[0] > 0 and self._length > 400

    def _got(self, count: int) -> int:
        if count == 0:
            raise ConnectionError("the server closed a viewer's connection")
        return count

    def _message(self, text: bytes) -> None:
        """`text`: the message, or the end of it."""
        fields = FIELDS.search(text, max(0, len(text) - TAIL)) if self._length > TAIL else None
        if fields is None:
            if text == b"2":
                self._send("3")
            elif text.startswith(b'42["error"'):
                raise RuntimeError(text.decode())
            return
        arrived, seen = time.monotonic_ns(), self.seen
        timestamp, size, seq = map(int, fields.groups())
        seen.ages.append(time.time() * 1000 - timestamp)
        seen.arrived.append(arrived)
        seen.seqs.append(seq)
        seen.wire_bytes += self._length
        seen.jpeg_bytes += size
        seen.backwards += seq <= self._last
        self._last = seq
        if self._whole:
            self._room[0] -= 1
            begin = text.index(b'"image":"') + 9
            seen.kept.append((seq, text[begin : text.index(b'"', begin)].decode()))

    def forget(self) -> None:
        """What came so far was warming up."""
        self.seen = Seen()


def main() -> int:
    plan = msgspec.json.decode(sys.stdin.buffer.read(), type=Plan)
    room = [KEPT]
    viewers = [Viewer(plan, watch, room) for watch in plan.viewers]
    ready = select.epoll()
    by_fd = {viewer.socket.fileno(): viewer for viewer in viewers}
    for viewer in viewers:
        viewer.go()
        ready.register(viewer.socket, select.EPOLLIN)

    def pump(seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            for fd, _ in ready.poll(left):
                by_fd[fd].receive()

    pump(plan.warm)
    for viewer in viewers:
        viewer.forget()
    room[0] = KEPT
    print("begin", flush=True)
    pump(plan.seconds)
    print("end", flush=True)
    sys.stdout.buffer.write(msgspec.json.encode([viewer.seen for viewer in viewers]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
