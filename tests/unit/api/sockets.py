"""A WebSocket protocol of uvicorn's or ours after its handshake, on a transport that keeps what it is given."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import uvicorn
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

from api.transport import (
    StreamProtocol,
)

Application = Callable[[Any, Any, Any], Any]


def config(application: Application | None = None) -> uvicorn.Config:
    """As api/serve.py has it, in what concerns WebSockets."""

    async def nothing(scope: Any, receive: Any, send: Any) -> None: ...

    made = uvicorn.Config(
        application or nothing,
        ws=StreamProtocol,
        interface="asgi3",
        http="httptools",
        lifespan="off",
        log_config=None,
        access_log=False,
        ws_per_message_deflate=False,
        ws_ping_interval=None,
    )
    made.load()
    return made


class FakeTransport(asyncio.Transport):
    """A transport that keeps what it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.pieces: list[Any] = []
        self.high: int | None = None

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self.high = high

    def write(self, data: Any) -> None:
        self.written += bytes(data)

    def writelines(self, pieces: Any) -> None:
        self.pieces += list(pieces)
        self.written += b"".join(pieces)

    def is_closing(self) -> bool:
        return False

    def close(self) -> None: ...
    def pause_reading(self) -> None: ...


async def protocol(kind: type[WebSocketsSansIOProtocol] = StreamProtocol) -> Any:
    """A protocol after its handshake, on a FakeTransport."""
    made = kind(config(), ServerState(), {})
    made.connection_made(FakeTransport())
    made.handshake_complete = True
    return made


async def turns(number: int = 10) -> None:
    for _ in range(number):
        await asyncio.sleep(0)
