"""BiDi over a WebSocket to a server of our own in this process: answers, events, and every way in which the other side goes."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from websockets.asyncio.server import Server, ServerConnection, serve

from capture.bidi import Bidi, CommandFailed
from engine.errors import ChildGone


class Driver:
    """A ChromeDriver: keeps what it hears, and says what the test wants."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.connection: ServerConnection | None = None
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.lost = 0

    async def serve(self, connection: ServerConnection) -> None:
        self.connection = connection
        with contextlib.suppress(Exception):
            async for message in connection:
                assert isinstance(message, str), "BiDi is text"
                self.heard.put_nowait(json.loads(message))

    async def say(self, message: dict[str, Any]) -> None:
        assert self.connection is not None
        await self.connection.send(json.dumps(message))

    async def succeed(self, command: dict[str, Any], **result: Any) -> None:
        await self.say({"id": command["id"], "type": "success", "result": result})

    def on_event(self, method: str, params: dict[str, Any]) -> None:
        self.events.append((method, params))

    def on_lost(self) -> None:
        self.lost += 1


def url(server: Server) -> str:
    return f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"


@pytest.fixture
def driver() -> Driver:
    return Driver()


@pytest.fixture
async def bidi(driver: Driver) -> AsyncIterator[Bidi]:
    async with serve(driver.serve, "127.0.0.1", 0, close_timeout=0.1) as server:
        bidi = await Bidi.open(url(server), driver.on_event, driver.on_lost)
        yield bidi
        await bidi.close()


async def test_a_command_gets_its_result(bidi: Bidi, driver: Driver) -> None:
    call = asyncio.create_task(
        bidi.call("module.command", one=1, text="नमस्ते \ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"))
    )
    command = await driver.heard.get()
    assert command == {"id": command["id"], "method": "module.command", "params": {"one": 1, "text": "नमस्ते 😀"}}
    await driver.succeed(command, answer=42)
    assert await call == {"answer": 42}


async def test_answers_find_their_commands_in_any_order(bidi: Bidi, driver: Driver) -> None:
    calls = [asyncio.create_task(bidi.call("c", number=number)) for number in range(10)]
    commands = [await driver.heard.get() for _ in calls]
    assert [command["params"]["number"] for command in commands] == list(range(10))
    assert len({command["id"] for command in commands}) == 10
    for command in reversed(commands):
        await driver.succeed(command, number=command["params"]["number"])
    assert [(await call)["number"] for call in calls] == list(range(10))


async def test_an_error_has_a_code_and_the_browsers_message(bidi: Bidi, driver: Driver) -> None:
    call = asyncio.create_task(bidi.call("c"))
    command = await driver.heard.get()
    await driver.say({"id": command["id"], "type": "error", "error": "no such frame", "message": "It went.", "stacktrace": ""})
    with pytest.raises(CommandFailed, match=r"^It went\.$") as caught:
        await call
    assert caught.value.code == "no such frame"


async def test_an_answer_that_nobody_waits_for_any_more_is_forgotten(bidi: Bidi, driver: Driver) -> None:
    call = asyncio.create_task(bidi.call("c"))
    command = await driver.heard.get()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    await driver.succeed(command)
    await driver.say({"type": "error", "id": None, "error": "invalid argument", "message": "not ours"})
    again = asyncio.create_task(bidi.call("d"))
    await driver.succeed(await driver.heard.get(), fine=True)
    assert await again == {"fine": True}


async def test_events_are_handed_out_in_order(bidi: Bidi, driver: Driver) -> None:
    for number in range(5):
        await driver.say({"type": "event", "method": f"e{number}", "params": {"n": number}})
    call = asyncio.create_task(bidi.call("c"))
    await driver.succeed(await driver.heard.get())
    await call
    assert driver.events == [(f"e{number}", {"n": number}) for number in range(5)]


@pytest.mark.parametrize("abruptly", [False, True])
async def test_the_other_sides_end_is_told_once_and_ends_what_waits(bidi: Bidi, driver: Driver, abruptly: bool) -> None:
    calls = [asyncio.create_task(bidi.call("c")) for _ in range(3)]
    for _ in calls:
        await driver.heard.get()
    assert driver.connection is not None
    if abruptly:
        driver.connection.transport.abort()
    else:
        await driver.connection.close()
    for call in calls:
        with pytest.raises(ChildGone, match="lost"):
            await call
    with pytest.raises(ChildGone, match="closed"):
        await bidi.call("d")
    await bidi.close()
    assert driver.lost == 1


async def test_closing_is_no_loss(bidi: Bidi, driver: Driver) -> None:
    call = asyncio.create_task(bidi.call("c"))
    await driver.heard.get()
    await bidi.close()
    with pytest.raises(ChildGone):
        await call
    with pytest.raises(ChildGone, match="closed"):
        await bidi.call("d")
    assert driver.lost == 0
    await bidi.close()


async def test_a_driver_that_hangs_does_not_keep_it_from_closing(driver: Driver) -> None:
    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Accepts the WebSocket, then never reads again."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        key = next(line.split(": ")[1] for line in head.split("\r\n") if line.lower().startswith("sec-websocket-key"))
        from websockets.utils import accept_key

        answer = f"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept_key(key)}\r\n\r\n"
        writer.write(answer.encode())
        await over.wait()
        writer.close()

    over = asyncio.Event()
    server = await asyncio.start_server(deaf, "127.0.0.1", 0)
    bidi = await Bidi.open(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}", driver.on_event, driver.on_lost)
    async with asyncio.timeout(20):
        await bidi.close()
    assert driver.lost == 0
    over.set()
    server.close()
    await server.wait_closed()


async def test_large_messages_pass(bidi: Bidi, driver: Driver) -> None:
    call = asyncio.create_task(bidi.call("c", text="x" * 200_000))
    command = await driver.heard.get()
    await driver.succeed(command, text="y" * 3_000_000)
    assert len((await call)["text"]) == 3_000_000
