"""A response that is written piece by piece: whole, unchunked, no faster than it is read, and over when nobody reads it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.server import ServerState

from api import transport
from api.link import NOTSENT_LOWAT_BYTES, TCP_NOTSENT_LOWAT, TCP_USER_TIMEOUT
from api.transport import EXTENSION, HttpProtocol
from tests.unit.api.fakes import turns, until
from tests.unit.api.sockets import config

REQUEST = b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n"
PIECE = b"x" * 1_000_000


class Served:
    """A server whose application streams `pieces`, and keeps what became of it."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = [b"one", b"two"]
        self.protocol: Any = None
        self.written = 0
        self.streaming: list[bool] = []
        self.ends: list[BaseException | None] = []
        self.port = 0
        self.listener: Any = None
        self.clients: list[asyncio.StreamWriter] = []

    async def application(self, scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(0.01)  # what the client sent together has come together
        self.protocol = scope["extensions"][EXTENSION]
        self.streaming.append(self.protocol.stream(scope))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        try:
            for piece in self.pieces:
                await self.protocol.write(memoryview(piece), b"!")
                self.written += 1
        except ClientDisconnected as error:
            self.ends.append(error)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def client(self, *requests: int) -> asyncio.StreamReader:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.clients.append(writer)
        writer.write(b"".join(REQUEST % number for number in requests))
        return reader


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    served = Served()
    settings, state = config(served.application), ServerState()
    server = await asyncio.get_running_loop().create_server(lambda: HttpProtocol(settings, state, {}), "127.0.0.1", 0)
    served.port = server.sockets[0].getsockname()[1]
    served.listener = server.sockets[0]
    yield served
    server.close()
    for client in served.clients:
        client.transport.abort()
    for connection in list(state.connections):
        connection.transport.abort()
    for task in list(state.tasks):
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    await turns()


async def test_a_stream_is_the_bytes_that_were_written_and_ends_with_the_connection(served: Served) -> None:
    reader = await served.client(1)
    head, _, body = (await asyncio.wait_for(reader.read(), 5)).partition(b"\r\n\r\n")
    assert head.split(b"\r\n")[0] == b"HTTP/1.1 200 OK"
    assert head.split(b"\r\n")[1:] == [b"connection: close"], "a length or chunks were promised"
    assert body == b"one!two!"
    assert served.ends == []


async def test_the_socket_is_set_up_for_newest_wins_and_to_notice_who_is_gone(served: Served) -> None:
    served.pieces = [PIECE] * 100
    await served.client(1)
    await until(lambda: served.streaming)
    end = served.protocol.transport.get_extra_info("socket")
    assert end.getsockopt(socket.IPPROTO_TCP, TCP_NOTSENT_LOWAT) == NOTSENT_LOWAT_BYTES
    assert end.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    assert served.protocol.link() is not None


async def test_a_write_returns_only_when_there_is_nothing_left_of_it_here(served: Served) -> None:
    served.pieces = [PIECE] * 100
    reader = await served.client(1)
    await reader.read(100)
    await until(lambda: served.protocol.unsent() > 0)
    before = -1
    while before != served.written:  # until the socket is full
        before = served.written
        await asyncio.sleep(0.05)
    assert served.written < 50
    assert served.protocol.transport.get_write_buffer_size() <= len(PIECE) + 1
    served.clients[0].transport.abort()
    await until(lambda: served.ends)
    assert isinstance(served.ends[0], ClientDisconnected)


async def test_a_client_that_stops_reading_is_let_go(served: Served) -> None:
    served.listener.setsockopt(socket.IPPROTO_TCP, TCP_USER_TIMEOUT, 200)  # as api/serve.py does; connections inherit it
    served.pieces = [PIECE] * 100
    await served.client(1)
    await until(lambda: served.ends, 20)


async def test_a_request_behind_the_stream_is_noticed(served: Served) -> None:
    reader = await served.client(1, 2)
    await until(lambda: served.streaming)
    assert served.streaming[0] is False
    assert (await reader.read(12)) == b"HTTP/1.1 200"


async def test_a_head_that_is_too_large_is_answered_before_it_is_whole(served: Served) -> None:
    reader = await served.client()
    served.clients[0].write(b"GET / HTTP/1.1\r\nX-Long: " + b"x" * (transport.MAX_HEAD_BYTES + 1000))
    assert (await asyncio.wait_for(reader.read(), 5)).startswith(b"HTTP/1.1 400 ")
    assert served.streaming == []


async def test_who_never_asks_is_let_go(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "HEAD_SECONDS", 0.05)
    reader = await served.client()
    served.clients[0].write(b"GET / HT")
    assert await asyncio.wait_for(reader.read(), 5) == b""
