"""Messages leave as RFC 6455 says, at once, uncopied; and the socket tells of its link."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator
from typing import Any

import pytest
from uvicorn.server import ServerState
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from api.link import (
    LEAST_LOWAT_BYTES,
    MOST_LOWAT_BYTES,
    NOTSENT_LOWAT_BYTES,
    TCP_INFO_BYTES,
    TCP_NOTSENT_LOWAT,
    Link,
)
from api.transport import BINARY, EXTENSION, TEXT, Prepared, StreamProtocol
from tests.unit.api.sockets import config, protocol, turns

# ---- the StreamProtocol


@pytest.mark.parametrize("length", [0, 1, 125, 126, 127, 65535, 65536, 200_000])
@pytest.mark.parametrize("first_byte", [TEXT, BINARY])
async def test_messages_are_framed_as_rfc_6455_says(length: int, first_byte: int) -> None:
    stream = await protocol()
    body = bytes(number % 251 for number in range(length))
    await stream.send_prepared(Prepared(body) if first_byte == TEXT else Prepared(b"", body))
    message = stream.transport.written if first_byte == TEXT else stream.transport.written.removeprefix(b"\x81\x00")
    header, sent = message[: len(message) - length], message[len(message) - length :]
    assert sent == body
    assert header[0] == first_byte
    assert not header[1] & 0x80, "a server must not mask"
    small = header[1]
    form = {126: "!H", 127: "!Q"}.get(small)
    assert len(header) == 2 + (struct.calcsize(form) if form else 0)
    assert (struct.unpack(form, header[2:])[0] if form else small) == length
    assert form == (None if length < 126 else "!H" if length < 65536 else "!Q"), "not the shortest form"


async def test_a_picture_follows_its_text_in_one_write() -> None:
    stream = await protocol()
    data = memoryview(b"451-textPICTURE")
    writes: list[bytes] = []
    stream.transport.write = writes.append
    prepared = Prepared(data[:8], data[8:])
    await stream.send_prepared(prepared)
    assert writes == [b"\x81\x08451-text\x82\x07PICTURE"], "something could come between the two"
    await stream.send_prepared(prepared)
    assert writes[1] is writes[0], "it was put together for each who gets it"


async def test_send_returns_only_when_the_transport_is_empty() -> None:
    stream = await protocol()
    stream.pause_writing()
    sending = asyncio.create_task(stream.send({"type": "websocket.send", "text": "é", "bytes": None}))
    await turns()
    assert stream.transport.written == b""
    stream.resume_writing()
    await turns()
    assert sending.done()
    assert stream.transport.written == b"\x81\x02\xc3\xa9"

    def filling(write: Any) -> Any:
        def fill(data: Any) -> None:
            write(data)
            stream.pause_writing()

        return fill

    stream.transport.write = filling(stream.transport.write)
    stream.transport.writelines = filling(stream.transport.writelines)
    for sent in (stream.send({"type": "websocket.send", "bytes": b"x"}), stream.send_prepared(Prepared(b"y"))):
        sending = asyncio.create_task(sent)
        await turns()
        assert not sending.done(), "send returned while bytes were still here"
        stream.resume_writing()
        await turns()
        assert sending.done()
    assert stream.transport.written == b"\x81\x02\xc3\xa9\x82\x01x\x81\x01y"


async def test_the_transport_keeps_nothing_back() -> None:
    assert (await protocol()).transport.high == 0


async def test_it_is_clear_while_nothing_waits_here_and_says_when_it_is_again() -> None:
    stream = await protocol()
    told: list[bool] = []
    stream.on_clear = lambda: told.append(stream.clear)
    assert stream.clear
    stream.pause_writing()
    assert not stream.clear
    stream.resume_writing()
    assert told == [True]
    stream.connection_lost(None)
    assert not stream.clear, "nothing may be given to a connection that is lost"


@pytest.mark.parametrize("wanted", [False, True])
@pytest.mark.parametrize(("kind", "text"), [("text", b"3"), ("text", b"3probe"), ("text", b"42[]"), ("bytes", b"3")])
async def test_a_pong_is_told_at_once_and_goes_to_the_application_only_where_that_waits_for_it(
    kind: str, text: bytes, wanted: bool
) -> None:
    stream = await protocol()
    told: list[bool] = []

    def on_pong() -> bool:
        told.append(True)
        return wanted

    stream.on_pong = on_pong
    stream.frames, stream.curr_msg_data_type = [text], kind
    stream.send_receive_event_to_app()
    pong = (kind, text) == ("text", b"3")
    assert told == [True] * pong
    assert stream.frames == []
    assert stream.queue.empty() is (pong and not wanted)


async def test_a_ping_goes_in_the_same_write_as_the_message_before_it() -> None:
    stream = await protocol()
    stream.give(Prepared(b"42"), ping=True)
    assert stream.transport.written == b"\x81\x0242\x81\x012"


async def test_a_send_that_waits_for_a_lost_connection_ends() -> None:
    for send in ("send", "send_prepared"):
        stream = await protocol()
        stream.pause_writing()
        argument = {"type": "websocket.send", "text": "x"} if send == "send" else Prepared(b"x")
        sending = asyncio.create_task(getattr(stream, send)(argument))
        await turns()
        stream.connection_lost(None)
        with pytest.raises(OSError):
            await asyncio.wait_for(sending, 10)
        assert stream.transport.written == b""


async def test_a_socket_that_does_not_tell_is_never_congested() -> None:
    stream = await protocol()
    assert stream.unsent() == 0
    assert stream.link() is None


def test_the_link_is_read_from_the_kernels_structure() -> None:
    info = bytearray(TCP_INFO_BYTES)
    struct.pack_into("=I", info, 16, 1448)
    struct.pack_into("=I", info, 52, 44)
    struct.pack_into("=I", info, 68, 60_000)
    struct.pack_into("=I", info, 144, 2896)
    struct.pack_into("=I", info, 148, 40_000)
    struct.pack_into("=Q", info, 160, 1_000_000)
    link = Link(bytes(info))
    assert (link.mss, link.rtt, link.notsent, link.min_rtt, link.rate) == (1448, 0.06, 2896, 0.04, 1_000_000)
    assert link.silent == 0.044


# ---- over a real socket


class Served:
    """Connections of a server whose application does what a message says."""

    def __init__(self) -> None:
        self.protocols: list[StreamProtocol] = []
        self.port = 0

    async def application(self, scope: Any, receive: Any, send: Any) -> None:
        self.protocols.append(scope["extensions"][EXTENSION])
        assert (await receive())["type"] == "websocket.connect"
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            if message.get("text") == "close":
                await send({"type": "websocket.close", "code": 1000})
                return
            await send({"type": "websocket.send", "text": message.get("text"), "bytes": message.get("bytes")})


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    served = Served()
    settings, state = config(served.application), ServerState()
    server = await asyncio.get_running_loop().create_server(lambda: StreamProtocol(settings, state, {}), "127.0.0.1", 0)
    served.port = server.sockets[0].getsockname()[1]
    yield served
    server.close()
    for connection in list(state.connections):
        connection.transport.abort()
    for task in list(state.tasks):
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    await turns()


async def client(served: Served) -> ClientConnection:
    return await connect(f"ws://127.0.0.1:{served.port}/", max_size=None, proxy=None)


@pytest.mark.parametrize("length", [0, 125, 126, 65535, 65536, 3_000_000])
async def test_a_real_client_reads_what_was_sent(served: Served, length: int) -> None:
    async with await client(served) as there:
        text, data = "x" * length, b"y" * min(length, 1_000_000)
        await served.protocols[0].send_prepared(Prepared(text.encode())) if length > 1_000_000 else await there.send(text)
        assert await there.recv() == text
        await there.send(data)
        assert await there.recv() == data


async def test_the_socket_is_set_up_for_newest_wins(served: Served) -> None:
    async with await client(served):
        end: Any = served.protocols[0].transport.get_extra_info("socket")
        assert end.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        stream = served.protocols[0]
        for size, lowat in (
            (16_000, NOTSENT_LOWAT_BYTES),  # near enough
            (100, LEAST_LOWAT_BYTES),
            (50_000, 50_000),
            (1e9, MOST_LOWAT_BYTES),
        ):
            stream.keep(size)
            assert end.getsockopt(socket.IPPROTO_TCP, TCP_NOTSENT_LOWAT) == lowat


async def test_the_socket_tells_of_its_link(served: Served) -> None:
    async with await client(served) as there:
        stream = served.protocols[0]
        await there.send("x")
        await there.recv()
        link = stream.link()
        assert link is not None
        assert 500 <= link.mss <= 65536
        assert 0 < link.min_rtt < 5
        there.transport.pause_reading()
        sending = asyncio.create_task(stream.send_prepared(Prepared(b"x" * 30_000_000)))
        await asyncio.sleep(0.2)
        assert not sending.done(), "30 MB do not fit a socket that nobody reads"
        assert stream.unsent() > 0
        there.transport.resume_reading()
        assert len(await there.recv()) == 30_000_000
        await asyncio.wait_for(sending, 30)


async def test_a_closed_connection_takes_nothing_and_tells_nothing(served: Served) -> None:
    async with await client(served) as there:
        await there.send("close")
        with pytest.raises(ConnectionClosed):
            await there.recv()
    stream = served.protocols[0]
    await turns(50)
    with pytest.raises(OSError):
        await stream.send_prepared(Prepared(b"x"))
    assert stream.unsent() == 0
    assert stream.link() is None
