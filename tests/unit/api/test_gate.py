"""The outermost door: what it refuses reaches nobody, and is told so in the way of its protocol."""

from __future__ import annotations

import json
from typing import Any

import pytest

from api.gate import Gate, origins_of
from engine.settings import Settings


async def ask(kind: str, *headers: tuple[str, str], **settings: Any) -> tuple[int, dict[str, str]] | None:
    """(status, answer) of the gate; None: it let the request by."""
    passed: list[Any] = []
    sent: list[Any] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        passed.append(scope)

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": kind, "method": "POST", "headers": [(name.encode(), value.encode()) for name, value in headers]}
    await Gate(application, origins_of(Settings(**settings)))(scope, None, send)
    if passed:
        assert not sent
        return None
    start, body = sent
    prefix = "websocket.http.response" if kind == "websocket" else "http.response"
    assert (start["type"], body["type"]) == (f"{prefix}.start", f"{prefix}.body")
    return start["status"], json.loads(body["body"])


@pytest.mark.parametrize("kind", ["http", "websocket"])
async def test_another_page_and_another_name_are_403_with_a_sentence(kind: str) -> None:
    for headers in ([("host", "localhost"), ("origin", "https://evil.example")], [("host", "evil.example")]):
        answer = await ask(kind, *headers)
        assert answer is not None
        status, told = answer
        assert (status, told["code"]) == (403, "forbidden")
        assert told["error"].endswith(".")


@pytest.mark.parametrize("kind", ["http", "websocket"])
async def test_whoever_is_listed_passes(kind: str) -> None:
    assert await ask(kind, ("host", "localhost")) is None
    assert await ask(kind, ("host", "tv.example"), allowed_hosts="tv.example") is None
    assert await ask(kind, ("host", "tv.example"), host="tv.example") is None
    assert await ask(kind, ("host", "localhost"), ("origin", "null"), cors_origins="null") is None


async def test_a_header_sent_twice_matches_nothing() -> None:
    assert await ask("http", ("host", "localhost"), ("host", "evil.example")) is not None
    assert (
        await ask("http", ("host", "localhost"), ("Origin", "http://localhost"), ("origin", "https://evil.example")) is not None
    )


async def test_what_is_no_request_passes() -> None:
    assert await ask("lifespan") is None
