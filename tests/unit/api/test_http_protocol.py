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

from api.httpprotocol import MAX_HEAD_BYTES, HttpProtocol
from api.link import NOTSENT_LOWAT_BYTES, TCP_NOTSENT_LOWAT, TCP_USER_TIMEOUT
from api.silent import Silent
from api.transport import EXTENSION
from tests.unit.api.fakes import turns, until
from tests.unit.api.sockets import config

REQUEST = b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n"
PIECE = b"x" * 1_000_000


async def whole(receive: Any) -> bytes | None:
    """A request's body; None where it never comes whole."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message["body"]
        if not message["more_body"]:
            return bytes(body)


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
        self.streams = True  # else an ordinary answer, of one "!"
        self.reads = False  # the request's body, first
        self.bodies: list[bytes | None] = []
        self.silent = Silent(0)
        self.patience = 20.0
        self.state = ServerState()

    async def application(self, scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(0.01)  # what the client sent together has come together
        self.protocol = scope["extensions"][EXTENSION]
        if self.reads:
            self.bodies.append(await whole(receive))
        if not self.streams:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"!"})
            return
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
    settings, state = config(served.application), served.state
    server = await asyncio.get_running_loop().create_server(
        lambda: HttpProtocol(settings, state, {}, patience=served.patience, silent=served.silent), "127.0.0.1", 0
    )
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
    served.clients[0].write(b"GET / HTTP/1.1\r\nX-Long: " + b"x" * (MAX_HEAD_BYTES + 1000))
    assert (await asyncio.wait_for(reader.read(), 5)).startswith(b"HTTP/1.1 400 ")
    assert served.streaming == []


async def test_who_never_asks_is_let_go(served: Served) -> None:
    served.patience = 0.05
    reader = await served.client()
    assert await asyncio.wait_for(reader.read(), 5) == b""


@pytest.mark.parametrize("first", [b"", REQUEST % 1])
async def test_whose_head_never_ends_is_told_and_let_go(served: Served, first: bytes) -> None:
    served.patience = 0.05
    served.streams = False
    reader = await served.client()
    served.clients[0].write(first)
    if first:
        await asyncio.wait_for(reader.readuntil(b"0\r\n\r\n"), 5)
    served.clients[0].write(b"GET / HT")
    assert (await asyncio.wait_for(reader.read(), 5)).startswith(b"HTTP/1.1 408 ")


async def test_whose_body_stands_still_is_told_and_let_go(served: Served) -> None:
    served.patience = 0.05
    served.streams = False
    served.reads = True
    reader = await served.client()
    served.clients[0].write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nx")
    answer = await asyncio.wait_for(reader.read(), 5)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert answer.endswith(b'"code":"timeout"}')
    await until(lambda: served.bodies)
    assert served.bodies == [None], "the application was not told"


@pytest.mark.parametrize(
    "text",
    [
        b"nonsense",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: \x00\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"POST / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n" + b"A: b\r\n" * 200 + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;" + b"x" * 10 * MAX_HEAD_BYTES,
        b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + b"A: b\r\n" * MAX_HEAD_BYTES,
    ],
    ids=lambda text: ascii(text)[:60],
)
async def test_what_is_no_request_is_told_so(served: Served, text: bytes, caplog: pytest.LogCaptureFixture) -> None:
    served.streams, served.reads = False, True
    reader = await served.client()
    served.clients[0].write(text)
    answer = await asyncio.wait_for(reader.read(), 5)
    assert answer.startswith(b"HTTP/1.1 400 "), answer
    assert answer.endswith(b'"code":"bad_request"}')
    assert not caplog.records, "anybody could fill the log"
    served.clients[0].close()
    await until(lambda: not served.state.connections)


async def test_a_request_that_came_before_is_answered_yet(served: Served) -> None:
    served.streams = False
    reader = await served.client(1)
    served.clients[0].write(b"nonsense\r\n\r\n")
    answer = await asyncio.wait_for(reader.read(), 5)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"!" in answer
    assert b"connection: close" in answer


async def test_trailers_are_no_headers(served: Served) -> None:
    served.streams, served.reads = False, True
    reader = await served.client()
    served.clients[0].write(b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nAuthorization: x\r\n\r\n")
    await asyncio.wait_for(reader.readuntil(b"0\r\n\r\n"), 5)
    assert served.bodies == [b"x"]
    assert [name for name, _ in served.protocol.scope["headers"]] == [b"transfer-encoding"]


async def test_of_one_addresss_silent_connections_the_oldest_goes(served: Served) -> None:
    served.silent = Silent(3)
    readers = [await served.client() for _ in range(4)]
    assert await asyncio.wait_for(readers[0].read(), 5) == b""
    served.clients[1].write(REQUEST % 1)  # it speaks: that makes room
    await asyncio.wait_for(readers[1].readuntil(b"!"), 5)
    await served.client()
    await until(lambda: len(served.silent) == 3)
    assert not readers[2].at_eof()
    for client in served.clients:
        client.transport.abort()
    await until(lambda: not len(served.silent))


class Waiting:
    def __init__(self, address: str, left: list[str]) -> None:
        self._address, self._left = address, left

    def leave_silent(self) -> None:
        self._left.append(self._address)


async def test_behind_a_proxy_silent_connections_are_many_clients() -> None:
    silent = Silent(1, ["10.0.0.0/8"])
    left: list[str] = []
    for address in ("10.1.1.1", "10.1.1.1", "192.0.2.1", "192.0.2.1", "::ffff:192.0.2.1"):
        silent.came(address, Waiting(address, left))
    assert left == ["192.0.2.1"] * 2
