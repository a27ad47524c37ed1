"""A channel: one end of a sequenced-packet socket pair between the front and a child.

A packet is one message, so there is no framing and no partial read. The message that passes a slot on is also the wake-up and the
memory barrier. Ends:

- The other end closed (its process ended): `receive` returns None; in `attach`ed mode `on_closed` is called once.
- A message may carry a file (a socket, say): whoever it comes to has to take it, with `take_file`, when handling the message.
- The socket is full: the other side has not read for hundreds of messages and hangs; `send` raises `ChildGone`.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections import deque
from collections.abc import Callable
from typing import Any

import msgspec

from engine.errors import ChildGone
from engine.messages import Message

MAX_MESSAGE_BYTES = 256 * 1024  # the largest, a text input, is bounded far below this by the front
FILES_BYTES = socket.CMSG_SPACE(4)  # beside a message: one file descriptor
SEND_BUFFER_BYTES = 1024 * 1024  # several hundred messages: room for bursts, small enough to notice a child that hangs

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Message] = msgspec.msgpack.Decoder(Message)


def socket_pair() -> tuple[socket.socket, socket.socket]:
    """Both ends of a new channel, not yet wrapped."""
    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    for end in (near, far):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    return near, far


class Channel:
    """Wraps one end. Either call `receive` (blocking) or `attach` it to an event loop, not both."""

    def __init__(self, end: socket.socket) -> None:
        self._socket = end
        self._loop: asyncio.AbstractEventLoop | None = None
        self._files: deque[int] = deque()

    def fileno(self) -> int:
        return self._socket.fileno()

    def send(self, message: Message, file: int | None = None) -> None:
        """Queue one message for the other side; never blocks. `file`: a descriptor that it gets a copy of.

        Raises `ChildGone` when that side is gone or does not read.
        """
        flags = socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL
        try:
            if file is None:
                self._socket.send(_encoder.encode(message), flags)
            else:
                socket.send_fds(self._socket, [_encoder.encode(message)], [file], flags)
        except BlockingIOError as error:
            raise ChildGone("The process at the other end of a channel has stopped reading; it hangs.") from error
        except OSError as error:
            raise ChildGone("The process at the other end of a channel has ended.") from error

    def receive(self) -> Message | None:
        """The next message, waiting for it; None when the other side is gone."""
        try:
            data = self._receive()
        except ConnectionError:
            return None
        return _decoder.decode(data) if data else None

    def _receive(self) -> bytes:
        data, files, _, _ = self._socket.recvmsg(MAX_MESSAGE_BYTES, FILES_BYTES)  # costs what recv does
        for _, _, descriptor in files:
            self._files.append(int.from_bytes(descriptor[:4], sys.byteorder))
        return data

    def take_file(self) -> int:
        """The file that came with the message that is being handled; whoever takes it closes it."""
        return self._files.popleft()

    def attach(self, loop: asyncio.AbstractEventLoop, on_message: Callable[[Any], None], on_closed: Callable[[], None]) -> None:
        """From now on call `on_message(message)` for each that comes, and `on_closed()` once when the other side is gone."""
        self._loop = loop
        self._on_message = on_message
        self._on_closed = on_closed
        self._socket.setblocking(False)
        loop.add_reader(self._socket.fileno(), self.drain)

    def drain(self) -> None:
        """Deliver all that has come, to the callbacks of `attach`."""
        while self._loop is not None:
            try:
                data = self._receive()
            except BlockingIOError:
                return
            except ConnectionError:
                data = b""
            if not data:
                self.detach()
                self._on_closed()
                return
            self._on_message(_decoder.decode(data))

    def detach(self) -> None:
        """Stop calling back."""
        if self._loop is not None:
            self._loop.remove_reader(self._socket.fileno())
            self._loop = None

    def close(self) -> None:
        self.detach()
        self._socket.close()
        for descriptor in self._files:
            os.close(descriptor)
        self._files.clear()
