"""A tunnel: one connection of a browser, from its request to the end of what it asked for.

    asking --request--> reaching --connected--> open --one side ends--> half open --the other, too--> over
       '---- no SOCKS, too slow ----'--- refused: the answer says so ------------------------------------^

Bytes are passed on as they come; a side that takes none holds up the other, so that no more than the transports' buffers (64 KiB
each way, and one read) lie here.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable
from typing import cast

from capture.egress.reach import Refusal
from capture.egress.socks import MAX_BYTES, Code, Handshake, Malformed, Request, reply

ASK_SECONDS = 10.0  # from the connection to the request; a browser takes a millisecond


class End(asyncio.Protocol):
    """One side of an open tunnel. `over` resolves when it is closed."""

    transport: asyncio.Transport
    other: End

    def __init__(self, count: Callable[[int], None]) -> None:
        self._count = count
        self.said_all = False
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.transport.pause_reading()  # until there is somebody to pass it on to

    def data_received(self, data: bytes) -> None:
        self._count(len(data))
        self.other.transport.write(data)

    def eof_received(self) -> bool:
        """What the other side has still to say is passed on."""
        self.said_all = True
        if self.other.said_all or self.other.transport.is_closing():
            return False
        self.other.transport.write_eof()
        return True

    def pause_writing(self) -> None:
        self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        if not self.other.transport.is_closing():
            self.other.transport.resume_reading()

    def connection_lost(self, error: Exception | None) -> None:
        self.other.transport.close()
        if not self.over.done():
            self.over.set_result(None)


async def serve(
    client: socket.socket, reach: Callable[[Request], Awaitable[socket.socket]], count: Callable[[int, int], None]
) -> None:
    """Do what `client`, a browser's connection, asks for, to its end.

    `reach` connects or raises `Refusal`; `count(up, down)` is told of each piece that is passed on.
    """
    with client:
        request = await _request(client)
        if request is None:
            return
        try:
            remote = await reach(request)
        except Refusal as refusal:
            await _say(client, reply(refusal.code))
            return
        with remote:
            if await _say(client, reply(Code.GRANTED)):
                await _relay(client, remote, request.rest, count)


async def _request(client: socket.socket) -> Request | None:
    """What `client` asks for; None where it does not say so in time or in SOCKS."""
    loop, handshake = asyncio.get_running_loop(), Handshake()
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(ASK_SECONDS):
            while handshake.request is None:
                data = await loop.sock_recv(client, MAX_BYTES)
                if not data:
                    return None
                try:
                    answer = handshake.feed(data)
                except Malformed as error:
                    await loop.sock_sendall(client, error.answer)
                    return None
                if answer:
                    await loop.sock_sendall(client, answer)
    return handshake.request


async def _say(client: socket.socket, answer: bytes) -> bool:
    try:
        await asyncio.get_running_loop().sock_sendall(client, answer)
    except OSError:
        return False
    return True


async def _relay(client: socket.socket, remote: socket.socket, rest: bytes, count: Callable[[int, int], None]) -> None:
    loop = asyncio.get_running_loop()
    near, far = End(lambda size: count(size, 0)), End(lambda size: count(0, size))
    near.other, far.other = far, near
    # The transports own copies, so that whoever closes first closes nothing of the other's.
    await loop.create_connection(lambda: far, sock=remote.dup())
    try:
        await loop.connect_accepted_socket(lambda: near, client.dup())
    except OSError:
        far.transport.abort()
        raise
    try:
        if rest:
            count(len(rest), 0)
            far.transport.write(rest)
        near.transport.resume_reading()
        far.transport.resume_reading()
        await asyncio.wait({near.over, far.over})
    finally:
        near.transport.abort()
        far.transport.abort()
