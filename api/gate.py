"""The outermost door, before REST, Socket.IO and pictures alike: whom it refuses reaches none of them."""

from __future__ import annotations

import time
from collections import Counter
from ipaddress import IPv6Address
from typing import Any

import msgspec

from api.models import ErrorModel
from engine.errors import BadRequest, Forbidden, JiomosaError, TooMany
from engine.origins import Origins
from engine.settings import Settings
from engine.tokenbucket import Limiter, Places

SOCKETS = "/socket.io"


def origins_of(settings: Settings) -> Origins:
    """The rule for other pages that `settings` ask for."""
    return Origins(settings.allowed_origins, (settings.host, *settings.host_names), any_name=settings.login_configured)


def one_client(address: str) -> str:
    """What counts as one address: of IPv6 the network of 64 bits, all of which is one subscriber's."""
    if ":" not in address:
        return address
    try:
        whole = IPv6Address(address)
    except ValueError:
        return address
    return str(whole.ipv4_mapped or whole.packed[:8].hex())


class Limits:
    """How often one address may ask, and how much it may have open at once."""

    def __init__(self, settings: Settings) -> None:
        bound = not settings.for_this_machine_alone
        self._requests = Limiter(settings.request_rate if bound else 0)
        self._open = Places(settings.connections if bound else 0)
        self.refused: Counter[str] = Counter()  # at this gate, by reason

    def enter(self, scope: Any, now: float) -> str:
        """One more request: the key to `leave` with. Raises `TooMany`."""
        address = one_client(scope["client"][0]) if scope.get("client") else ""
        # A poll is as frequent as pictures are; what it brings is counted by the viewer it belongs to.
        poll = scope["path"].startswith(SOCKETS) and b"sid=" in scope["query_string"]
        if not poll and not self._requests.take(address, now):
            self.refused["rate"] += 1
            raise TooMany("Your address asks too often; wait a second, and then ask less.")
        if not self._open.take(address):
            self.refused["connections"] += 1
            raise TooMany("Your address has too many connections open; close some first.")
        return address

    def leave(self, address: str) -> None:
        self._open.leave(address)


class Gate:
    """An ASGI application around `application`. It sees a request or a connection once, never a frame."""

    def __init__(self, application: Any, origins: Origins, limits: Limits) -> None:
        self._application = application
        self._origins = origins
        self._limits = limits

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._application(scope, receive, send)
            return
        try:
            address = self._limits.enter(scope, time.monotonic())
        except TooMany as error:
            await refuse(scope, send, error, (b"retry-after", b"1"))
            return
        try:
            refusal = self._refusal(scope)
            if refusal is not None:
                self._limits.refused["origin"] += 1
                await refuse(scope, send, refusal)
            else:
                await self._application(scope, receive, send)
        finally:
            self._limits.leave(address)

    def _refusal(self, scope: Any) -> JiomosaError | None:
        headers: dict[str, str] = {}
        for name, value in scope["headers"]:
            # Of a header that comes twice both are judged, as one text: which matches nothing.
            key = name.decode("latin-1").lower()
            headers[key] = f"{headers[key]}, {value.decode('latin-1')}" if key in headers else value.decode("latin-1")
        query = scope["query_string"].split(b"&")
        if scope["path"].startswith(SOCKETS) and any(part.partition(b"=")[0] == b"j" for part in query):
            return BadRequest("JSONP is not offered: any page could use it. Every Socket.IO 4 client does without.")
        sentence = self._origins.refusal(scope.get("method", "GET"), headers)
        return None if sentence is None else Forbidden(sentence)


async def refuse(scope: Any, send: Any, error: JiomosaError, *more: tuple[bytes, bytes]) -> None:
    """Answer with `error`, also to a WebSocket that is not open yet."""
    kind = "websocket.http.response" if scope["type"] == "websocket" else "http.response"
    headers = [(b"content-type", b"application/json"), (b"x-content-type-options", b"nosniff"), *more]
    await send({"type": f"{kind}.start", "status": error.status, "headers": headers})
    await send({"type": f"{kind}.body", "body": msgspec.json.encode(ErrorModel(error.message, error.code))})
