"""The outbox of a connection, the packet that binds the newest frame, and the JSON around them."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import engineio
import pytest
from engineio.async_drivers import asgi as engineio_asgi
from engineio.async_socket import AsyncSocket
from engineio.packet import MESSAGE, NOOP, PING, Packet
from engineio.payload import Payload
from hypothesis import given
from hypothesis import strategies as st

from api.carrier import StreamEngine, StreamSocket
from api.transport import (
    EXTENSION,
    FramePacket,
    Json,
    Outbox,
    Prepared,
)
from tests.unit.api.sockets import turns

# ---- the Outbox


class Listener:
    """Counts `on_idle`."""

    def __init__(self) -> None:
        self.outbox = Outbox()
        self.outbox.on_idle = self.idle
        self.calls = 0

    def idle(self) -> None:
        assert self.outbox.idle
        self.calls += 1


async def test_an_outbox_is_idle_exactly_while_its_reader_waits() -> None:
    listener = Listener()
    outbox = listener.outbox
    assert not outbox.idle, "nobody reads: not ready for a frame"
    reader = asyncio.ensure_future(outbox.get())
    await turns()
    assert (outbox.idle, listener.calls) == (True, 1)
    outbox.put_nowait("a")
    assert await reader == "a"
    assert (outbox.idle, listener.calls) == (False, 1)


async def test_an_outbox_with_something_in_it_is_not_idle() -> None:
    listener = Listener()
    listener.outbox.put_nowait("a")
    assert await listener.outbox.get() == "a"
    assert (listener.outbox.idle, listener.calls) == (False, 0)


async def test_what_on_idle_puts_is_taken_at_once() -> None:
    outbox = Outbox()
    outbox.on_idle = lambda: outbox.put_nowait("frame")
    assert await outbox.get() == "frame"
    assert not outbox.idle
    assert outbox.empty()


async def test_an_outbox_whose_reader_gave_up_is_not_idle() -> None:
    listener = Listener()
    reader = asyncio.ensure_future(listener.outbox.get())
    await turns()
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    assert not listener.outbox.idle
    assert listener.calls == 1


async def test_an_outbox_without_a_listener_is_a_queue() -> None:
    outbox = Outbox()
    outbox.put_nowait(1)
    outbox.put_nowait(2)
    assert [await outbox.get(), await outbox.get()] == [1, 2]


async def test_the_engine_gives_every_connection_an_outbox_of_its_own() -> None:
    engine = StreamEngine(async_mode="asgi")
    one, other = AsyncSocket(engine, "1").queue, AsyncSocket(engine, "2").queue
    assert type(one) is Outbox
    assert one is not other


def test_the_replacements_are_this_servers_only() -> None:
    assert StreamEngine(async_mode="asgi")._async["websocket"] is StreamSocket
    assert engineio.AsyncServer(async_mode="asgi")._async["websocket"] is engineio_asgi.WebSocket


async def test_an_outbox_tells_when_its_reader_comes_and_with_what_it_goes() -> None:
    outbox, seen = Outbox(), list[str]()
    outbox.on_asked = lambda: seen.append("asked")
    outbox.on_idle = lambda: seen.append("idle")
    outbox.on_given = lambda: seen.append("given")
    reader = asyncio.ensure_future(outbox.get())
    await turns()
    assert seen == ["asked", "idle"]
    outbox.put_nowait("a")
    await reader
    outbox.put_nowait("b")
    await outbox.get()
    assert seen == ["asked", "idle", "given", "asked", "given"]


async def test_every_ping_tells_when_it_is_written_and_not_before() -> None:
    outbox, seen = Outbox(), list[str]()
    outbox.on_ping = lambda: seen.append("ping")
    await outbox.put(Packet(PING))  # as python-engineio does
    outbox.put_nowait(Packet(MESSAGE, "2[]"))
    assert seen == []
    assert (await outbox.get()).encode() == "2"
    assert seen == ["ping"]
    assert (await outbox.get()).encode() == "42[]"
    assert seen == ["ping"]


# ---- the FramePacket


def test_a_frame_packet_binds_when_it_is_written() -> None:
    newest = [Prepared(b'42["frame",1]')]
    packet = FramePacket(lambda: newest[0])
    newest[0] = Prepared(b'42["frame",2]')
    assert packet.encode() == Prepared(b'42["frame",2]')
    newest[0] = Prepared(b'42["frame",3]')
    assert packet.encode() == Prepared(b'42["frame",3]'), "an encoded packet was kept"
    assert packet.encode(b64=True) == '42["frame",3]'


def test_a_frame_packet_that_was_withdrawn_is_a_noop() -> None:
    packet = FramePacket(lambda: None)
    assert packet.encode() == packet.encode(b64=True) == "6"
    assert Packet(encoded_packet="6").packet_type == NOOP


def test_a_frame_packet_goes_into_the_response_to_a_poll() -> None:
    taken = iter([Prepared(b'42["frame",1]'), None])
    packet = FramePacket(lambda: next(taken))
    assert Payload(packets=[Packet(MESSAGE, "2[]"), packet, packet]).encode() == '42[]\x1e42["frame",1]\x1e6'


def test_a_picture_in_the_response_to_a_poll_is_base64_right_behind_its_text() -> None:
    data = memoryview(b'451-["frame",1]\xff\xd8')
    packet = FramePacket(lambda: Prepared(data[:-2], data[-2:]))
    payload = Payload(packets=[Packet(MESSAGE, "2[]"), packet, Packet(MESSAGE, "2{}")]).encode()
    assert payload == '42[]\x1e451-["frame",1]\x1eb/9g=\x1e42{}'


# ---- a connection of Engine.IO, without a network


class Wire:
    """The ASGI side of one Engine.IO WebSocket, and the StreamProtocol beneath."""

    def __init__(self) -> None:
        self.engine = StreamEngine(async_mode="asgi", monitor_clients=False)
        self.log: list[str] = []
        self.open = asyncio.Event()
        self.open.set()
        self._incoming: asyncio.Queue[Any] = asyncio.Queue()
        self._incoming.put_nowait({"type": "websocket.connect"})
        self.connection: Any = None
        self.engine.on("connect", self._connected)
        scope = {
            "type": "websocket",
            "path": "/engine.io/",
            "query_string": b"EIO=4&transport=websocket",
            "headers": [(b"connection", b"Upgrade"), (b"upgrade", b"websocket")],
            "extensions": {EXTENSION: self},
        }
        self.task = asyncio.ensure_future(self.engine.handle_request(scope, self._incoming.get, self._send))

    async def _connected(self, sid: str, environ: Any) -> None:
        self.connection = self.engine.sockets[sid]
        self.connection.queue.on_idle = lambda: self.log.append("idle")

    async def _send(self, message: Any) -> None:
        if message["type"] == "websocket.send":
            self.log.append(f"text {message['text'][:2]}")

    async def send_prepared(self, message: Prepared) -> None:
        await self.open.wait()
        self.log.append(f"bytes {str(message.text, 'ascii')}")

    async def end(self) -> None:
        self._incoming.put_nowait({"type": "websocket.disconnect"})
        await asyncio.wait_for(self.task, 10)
        await self.engine.shutdown()


async def test_a_connection_is_idle_only_when_all_that_was_sent_has_left() -> None:
    wire = Wire()
    await turns(30)
    assert wire.connection.protocol is wire, "StreamSocket did not find the protocol in the scope"
    assert wire.connection.upgraded
    assert wire.log[-1] == "idle"
    wire.log.clear()
    wire.open.clear()
    wire.connection.queue.put_nowait(Packet(MESSAGE, "2a"))
    wire.connection.queue.put_nowait(FramePacket(lambda: Prepared(b"frame")))
    await turns(30)
    assert wire.log == ["text 42"], "the writer did not wait for the socket"
    wire.open.set()
    await turns(30)
    assert wire.log == ["text 42", "bytes frame", "idle"]
    await wire.end()


async def test_a_frame_goes_as_messages_where_no_protocol_of_ours_carries_it() -> None:
    sent: list[Any] = []

    class Connection:
        protocol: Any = None
        upgrading = upgraded = False

        async def handler(self, adapter: Any) -> None:
            await adapter.send(Prepared(b"42[]"))
            await adapter.send(Prepared(memoryview(b"451-"), memoryview(b"jpeg")))
            await adapter.send("43")

    async def send(message: Any) -> None:
        sent.append(message.get("text") or message.get("bytes"))

    connection = Connection()
    await StreamSocket(connection.handler, None)({"asgi.scope": {}, "asgi.receive": None, "asgi.send": send})
    assert sent == [None, "42[]", "451-", b"jpeg", "43"]
    assert connection.protocol is None


# ---- JSON

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(PLAIN)
def test_json_is_what_the_standard_module_reads_and_writes(value: Any) -> None:
    assert Json.loads(json.dumps(value)) == value
    assert json.loads(Json.dumps(value, separators=(",", ":"))) == value


def test_nan_gets_as_far_as_the_check_that_can_name_it() -> None:
    assert repr(Json.loads('[NaN, Infinity, {"a": -Infinity}]')) == "[nan, inf, {'a': -inf}]"


@pytest.mark.parametrize(
    "text",
    ["", "nonsense", "[1,", '{"a"}', "[" * 200_000, '{"a":' * 200_000],
    ids=["empty", "word", "cut", "no value", "deep list", "deep object"],
)
def test_what_is_not_json_is_a_value_error_as_python_engineio_expects(text: str) -> None:
    with pytest.raises(ValueError):
        Json.loads(text)
