"""The outermost door: what it refuses reaches nobody, and is told so in the way of its protocol."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from api.gate import Gate, Limits, one_client, origins_of
from engine.settings import Settings


def made(**settings: Any) -> Gate:
    chosen = Settings(**settings)
    return Gate(None, origins_of(chosen), Limits(chosen))


async def ask(
    kind: str,
    *headers: tuple[str, str],
    receive: Any = None,
    gate: Gate | None = None,
    path: str = "/x",
    query: str = "",
    **settings: Any,
) -> tuple[int, dict[str, str]] | None:
    """(status, answer) of the gate; None: it let the request by."""
    passed: list[Any] = []
    sent: list[Any] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        passed.append(scope)
        if receive is not None:
            await receive()

    async def send(message: Any) -> None:
        sent.append(message)

    head = [(name.encode(), value.encode()) for name, value in headers]
    scope: dict[str, Any] = {"type": kind, "method": "POST", "headers": head, "path": path, "client": ("192.0.2.1", 5)}
    scope["query_string"] = query.encode()
    gate = gate or made(**settings)
    gate._application = application
    await gate(scope, receive, send)
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


# ---- limits

OTHERS: dict[str, Any] = {"host": "192.0.2.9", "auth": "none"}


async def test_an_address_that_asks_too_often_is_429_and_this_machine_alone_is_not() -> None:
    gate = made(request_rate=2, **OTHERS)
    answers = [await ask("http", ("host", "192.0.2.9"), gate=gate) for _ in range(6)]
    assert answers[:4] == [None] * 4
    for answer in answers[4:]:
        assert answer is not None
        assert (answer[0], answer[1]["code"]) == (429, "too_many")
    alone = made(request_rate=2)
    assert [await ask("http", gate=alone) for _ in range(6)] == [None] * 6


async def test_an_address_that_has_too_much_open_is_429_until_it_closes_some() -> None:
    gate, end = made(connections=2, **OTHERS), asyncio.Event()
    held = [asyncio.create_task(ask("websocket", receive=end.wait, gate=gate)) for _ in range(2)]
    await asyncio.sleep(0)
    answer = await ask("websocket", gate=gate)
    assert answer is not None
    assert answer[0] == 429
    end.set()
    await asyncio.gather(*held)
    assert await ask("websocket", gate=gate) is None
    assert len(gate._limits._open) == 0, "refused or ended, nobody's place is kept"


@pytest.mark.parametrize("query", ["EIO=4&j=0", "j=0", "j", "EIO=4&transport=polling&j=12&sid=x"])
async def test_no_jsonp(query: str) -> None:
    answer = await ask("http", path="/socket.io/", query=query)
    assert answer is not None
    assert (answer[0], answer[1]["code"]) == (400, "bad_request")
    assert await ask("http", path="/socket.io/", query="EIO=4&t=j=0") is None


def test_what_counts_as_one_address() -> None:
    assert one_client("192.0.2.1") == one_client("::ffff:192.0.2.1") == "192.0.2.1"
    assert one_client("2001:db8::1") == one_client("2001:db8::ffff:1:2:3") != one_client("2001:db8:0:1::1")
    assert one_client("::nonsense::") == "::nonsense::"
