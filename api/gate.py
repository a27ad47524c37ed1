"""The outermost door, before REST, Socket.IO and pictures alike: whom it refuses reaches none of them."""

from __future__ import annotations

from typing import Any

import msgspec

from api.models import ErrorModel
from engine.errors import Forbidden, JiomosaError
from engine.origins import Origins
from engine.settings import Settings


def origins_of(settings: Settings) -> Origins:
    """The rule for other pages that `settings` ask for."""
    return Origins(settings.allowed_origins, (settings.host, *settings.host_names), any_name=settings.login_configured)


class Gate:
    """An ASGI application around `application`. It sees a request or a connection once, never a frame."""

    def __init__(self, application: Any, origins: Origins) -> None:
        self._application = application
        self._origins = origins

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] in ("http", "websocket"):
            error = self._refusal(scope)
            if error is not None:
                await refuse(scope, send, error)
                return
        await self._application(scope, receive, send)

    def _refusal(self, scope: Any) -> JiomosaError | None:
        headers: dict[str, str] = {}
        for name, value in scope["headers"]:
            # Of a header that comes twice both are judged, as one text: which matches nothing.
            key = name.decode("latin-1").lower()
            headers[key] = f"{headers[key]}, {value.decode('latin-1')}" if key in headers else value.decode("latin-1")
        sentence = self._origins.refusal(scope.get("method", "GET"), headers)
        return None if sentence is None else Forbidden(sentence)


async def refuse(scope: Any, send: Any, error: JiomosaError, *more: tuple[bytes, bytes]) -> None:
    """Answer with `error`, also to a WebSocket that is not open yet."""
    kind = "websocket.http.response" if scope["type"] == "websocket" else "http.response"
    headers = [(b"content-type", b"application/json"), (b"x-content-type-options", b"nosniff"), *more]
    await send({"type": f"{kind}.start", "status": error.status, "headers": headers})
    await send({"type": f"{kind}.body", "body": msgspec.json.encode(ErrorModel(error.message, error.code))})
