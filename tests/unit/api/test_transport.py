"""What api/transport.py and its neighbours lean on inside uvicorn, python-engineio and python-socketio: one test each.

When an upgrade breaks one, its message says which module of ours has to be looked at.
"""

from __future__ import annotations

import asyncio
import inspect
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import Any

import engineio
import pytest
import socketio
from engineio.async_drivers import asgi as engineio_asgi
from engineio.async_socket import AsyncSocket
from engineio.base_socket import BaseSocket
from engineio.packet import MESSAGE, NOOP, Packet
from engineio.payload import Payload
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

from api import transport
from api.carrier import StreamEngine
from api.transport import StreamProtocol
from tests.unit.api.sockets import FakeTransport, config, protocol

TRANSPORT = "look at api/transport.py"
EVENTS = "look at api/events.py"
VIEWER = "look at api/viewer.py"
SERVE = "look at api/serve.py"

# ---- what we lean on: versions


@pytest.mark.parametrize("package", ["python-engineio", "uvicorn"])
def test_the_versions_are_the_pinned_ones(package: str) -> None:
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]
    pins = [line for line in project["dependencies"] if line.startswith(package)]
    assert pins == [f"{package}=={version(package)}"], (
        f"{package} {version(package)} is not what pyproject.toml pins: run this file's tests, {TRANSPORT}, and move the pin"
    )


def test_the_socketio_version_is_in_the_pinned_series() -> None:
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]
    (pin,) = (line for line in project["dependencies"] if line.startswith("python-socketio"))
    assert version("python-socketio").rpartition(".")[0] in pin, EVENTS


# ---- what we lean on: uvicorn


async def test_uvicorn_protocol_has_the_attributes_we_read() -> None:
    fresh = WebSocketsSansIOProtocol(config(), ServerState(), {})
    assert isinstance(fresh.writable, asyncio.Event), TRANSPORT
    assert fresh.writable.is_set(), TRANSPORT
    assert (fresh.disconnected, fresh.close_sent, fresh.handshake_complete) == (False, False, False), TRANSPORT
    assert fresh.transport is None, TRANSPORT


async def test_uvicorn_protocol_keeps_its_transport() -> None:
    fresh = WebSocketsSansIOProtocol(config(), ServerState(), {})
    end = FakeTransport()
    fresh.connection_made(end)
    assert fresh.transport is end, TRANSPORT


async def test_uvicorn_protocol_clears_writable_while_the_transport_is_full() -> None:
    fresh = await protocol(WebSocketsSansIOProtocol)
    fresh.pause_writing()
    assert not fresh.writable.is_set(), TRANSPORT
    fresh.resume_writing()
    assert fresh.writable.is_set(), TRANSPORT


async def test_uvicorn_protocol_wakes_writers_when_the_connection_is_lost() -> None:
    fresh = await protocol(WebSocketsSansIOProtocol)
    fresh.pause_writing()
    fresh.connection_lost(None)
    assert fresh.writable.is_set(), TRANSPORT
    assert fresh.disconnected, TRANSPORT


async def test_uvicorn_protocol_send_takes_asgi_messages() -> None:
    fresh = await protocol(WebSocketsSansIOProtocol)
    assert list(inspect.signature(fresh.send).parameters) == ["message"], TRANSPORT
    assert inspect.iscoroutinefunction(fresh.send), TRANSPORT


async def test_uvicorn_protocol_sets_close_sent_when_the_application_closes() -> None:
    fresh = await protocol(WebSocketsSansIOProtocol)
    fresh.response = None
    fresh.conn.state = type(fresh.conn.state).OPEN
    await fresh.send({"type": "websocket.close"})
    assert fresh.close_sent, TRANSPORT
    fresh.connection_lost(None)


async def test_uvicorn_protocol_negotiates_no_compression() -> None:
    fresh = WebSocketsSansIOProtocol(config(), ServerState(), {})
    assert not fresh.conn.available_extensions, f"frames that we write ourselves would be refused: {SERVE} and transport.py"


async def test_uvicorn_protocol_runs_the_application_by_run_asgi_with_its_scope() -> None:
    seen: list[Any] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        seen.append((scope, send))

    fresh = WebSocketsSansIOProtocol(config(), ServerState(), {})
    fresh.app = application
    fresh.connection_made(FakeTransport())
    fresh.handshake_complete = True
    fresh.scope = {"extensions": {}, "path": "/"}  # type: ignore[typeddict-item]
    await fresh.run_asgi()
    assert seen == [(fresh.scope, fresh.send)], f"neither our extension nor our `send` would be reached: {TRANSPORT}"


def test_uvicorn_config_takes_a_protocol_class() -> None:
    assert config().ws_protocol_class is StreamProtocol, SERVE


# ---- what we lean on: python-engineio


async def test_engineio_websocket_adapter_is_made_from_handler_and_server() -> None:
    assert list(inspect.signature(engineio_asgi.WebSocket).parameters) == ["handler", "server"], TRANSPORT
    assert list(inspect.signature(engineio_asgi.WebSocket.__call__).parameters) == ["self", "environ"], TRANSPORT
    assert list(inspect.signature(engineio_asgi.WebSocket.send).parameters) == ["self", "message"], TRANSPORT


async def test_engineio_websocket_adapter_sends_strings_as_text_and_bytes_as_bytes() -> None:
    sent: list[Any] = []

    async def handler(adapter: Any) -> None:
        await adapter.send("text")
        await adapter.send(b"bytes")

    async def send(message: Any) -> None:
        sent.append(message)

    await engineio_asgi.WebSocket(handler, None)({"asgi.receive": None, "asgi.send": send})
    assert [message["type"] for message in sent] == ["websocket.accept", "websocket.send", "websocket.send"], TRANSPORT
    assert (sent[1]["text"], sent[1]["bytes"], sent[2]["bytes"]) == ("text", None, b"bytes"), TRANSPORT


async def test_engineio_hands_the_asgi_scope_to_the_adapter() -> None:
    async def receive() -> Any:
        return {"type": "websocket.connect"}

    scope = {"type": "websocket", "path": "/", "query_string": b"", "headers": [], "method": "GET"}
    environ = await engineio_asgi.translate_request(scope, receive, None)
    assert environ["asgi.scope"] is scope, f"StreamSocket would not find its StreamProtocol: {TRANSPORT}"


async def test_engineio_looks_its_adapter_up_in_the_servers_own_table_and_gives_it_a_bound_method() -> None:
    made: list[Any] = []

    class Adapter:
        def __init__(self, handler: Any, server: Any) -> None:
            made.append((handler.__self__, server))

        async def __call__(self, environ: Any) -> str:
            return "done"

    server = engineio.AsyncServer(async_mode="asgi", monitor_clients=False)
    server._async = {**server._async, "websocket": Adapter}
    connection = AsyncSocket(server, "sid")
    assert await connection._upgrade_websocket({}) == "done", TRANSPORT
    assert made == [(connection, server)], f"StreamSocket would not find its connection: {TRANSPORT}"


def test_engineio_connection_asks_the_server_for_its_queue() -> None:
    queue = object()

    class Server:
        def create_queue(self) -> object:
            return queue

    assert BaseSocket(Server(), "sid").queue is queue, f"the Outbox would not be used: {TRANSPORT}"


async def test_engineio_connection_tells_whether_it_is_a_websocket() -> None:
    connection = AsyncSocket(StreamEngine(async_mode="asgi"), "sid")
    assert connection.upgraded is False, VIEWER


async def test_engineio_poll_takes_the_first_packet_by_get_and_the_others_by_get_nowait() -> None:
    calls: list[str] = []

    class Queue(asyncio.Queue[Any]):
        async def get(self) -> Any:
            calls.append("get")
            return await super().get()

        def get_nowait(self) -> Any:
            calls.append("get_nowait")
            return super().get_nowait()

    connection = AsyncSocket(StreamEngine(async_mode="asgi"), "sid")
    connection.queue = Queue()
    for data in "abc":
        connection.queue.put_nowait(Packet(MESSAGE, data))
    assert [packet.data for packet in await connection.poll()] == ["a", "b", "c"], TRANSPORT
    assert calls.count("get") == 1, f"Outbox.get would be called with packets in hand: {TRANSPORT}"
    assert calls[0] == "get", TRANSPORT


def test_engineio_payload_encodes_with_b64() -> None:
    seen: list[bool] = []

    class Probe(Packet):  # type: ignore[misc]
        def encode(self, b64: bool = False) -> str:
            seen.append(b64)
            return "4x"

    assert Payload(packets=[Probe(), Probe()]).encode() == "4x\x1e4x", TRANSPORT
    assert seen == [True, True], f"FramePacket would not know a poll's response from a WebSocket message: {TRANSPORT}"


def test_engineio_packet_is_made_from_type_and_data() -> None:
    assert Packet(MESSAGE, "2x").encode() == "42x", VIEWER
    assert Packet(NOOP).encode() == transport.NOTHING, TRANSPORT


# ---- what we lean on: python-socketio


def test_socketio_makes_its_engine_from_our_class() -> None:
    class Server(socketio.AsyncServer):  # type: ignore[misc]
        def _engineio_server_class(self) -> type:
            return StreamEngine

    assert isinstance(Server(async_mode="asgi").eio, StreamEngine), EVENTS


async def test_socketio_knows_the_engineio_connection_of_a_sid() -> None:
    server = socketio.AsyncServer(async_mode="asgi")
    assert server.eio.sockets == {}, EVENTS
    sid = await server.manager.connect("eio-sid", "/")
    assert server.manager.eio_sid_from_sid(sid, "/") == "eio-sid", EVENTS
    assert server.manager.sid_from_eio_sid("eio-sid", "/") == sid, EVENTS


def test_socketio_receives_engineio_messages_by_the_method_we_override() -> None:
    server = socketio.AsyncServer(async_mode="asgi")
    assert server.eio.handlers["message"] == server._handle_eio_message, EVENTS
    assert list(inspect.signature(server._handle_eio_message).parameters) == ["eio_sid", "data"], EVENTS


async def test_socketio_gives_all_but_reserved_events_to_the_catch_all() -> None:
    seen: list[Any] = []

    async def everything(event: str, sid: str, *arguments: Any) -> None:
        seen.append((event, sid, arguments))

    server = socketio.AsyncServer(async_mode="asgi")
    server.on("*", everything)
    await server._trigger_event("input:click", "/", "sid", {"x": 1}, 2)
    assert seen == [("input:click", "sid", ({"x": 1}, 2))], EVENTS
    assert server.reserved_events == ["connect", "disconnect"], f"an event that no door of ours sees: {EVENTS}"
