"""What pages ask: told, answered, dismissed; and nothing of it stops loading, input or ending."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import pytest_asyncio

from engine.messages import Refused, ToCapture, Wants
from engine.pagemessages import Dialog, GetPage, Go, Navigate, Page, Respond
from tests.process.capture_rig import SECONDS, Rig, click, text

pytestmark = pytest.mark.asyncio(loop_scope="module")

ASKS = "<title>asks</title><body style='height:100vh' onclick=\"document.title = '' + {script}\">"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def started() -> AsyncIterator[Rig]:
    rig = Rig(dialog_timeout=2.0)
    try:
        yield await rig.start()
    finally:
        await rig.stop()


def respond(id: int, accept: bool, **more: Any) -> Callable[[int], ToCapture]:
    return lambda token: Respond(token, id, accept, **more)


async def asked(rig: Rig) -> Dialog:
    """The next dialog that is told."""
    before = len(rig.dialogs)
    await rig.done(click(300, 200))
    await rig.until(lambda: len(rig.dialogs) > before)
    return rig.dialogs[-1]


@pytest.mark.parametrize(
    ("script", "kind", "answer", "title"),
    [
        ("alert('Attention')", "alert", {"accept": True}, "undefined"),
        ("confirm('Attention')", "confirm", {"accept": True}, "true"),
        ("prompt('Attention', 'offered')", "prompt", {"accept": True, "text": "typed"}, "typed"),
        ("prompt('Attention', 'offered')", "prompt", {"accept": False}, "null"),
    ],
)
async def test_a_dialog_is_told_and_answered(
    rig: Rig, address: Callable[..., str], script: str, kind: str, answer: dict[str, Any], title: str
) -> None:
    await rig.load(address(ASKS.format(script=script)))
    rig.send(Wants(5))
    dialog = await asked(rig)
    assert (dialog.kind, dialog.message) == (kind, "Attention")
    assert dialog.default == ("offered" if kind == "prompt" else None)
    refused = await rig.ask(text("x"))
    assert isinstance(refused, Refused)
    assert refused.code == "dialog_open"
    assert isinstance(await rig.ask(respond(dialog.id, **answer)), Page)
    await rig.title_is(title)
    assert rig.closed[-1] == dialog.id
    again = await rig.ask(respond(dialog.id, True))
    assert again.code == "no_dialog"


async def test_what_nobody_answers_is_dismissed_in_time_and_at_once_where_nobody_watches(
    rig: Rig, address: Callable[..., str]
) -> None:
    await rig.load(address(ASKS.format(script="confirm('Attention')")))
    rig.send(Wants(5))
    await asked(rig)
    await rig.title_is("false")
    dialog = await asked(rig)
    rig.send(Wants(0))
    await rig.until(lambda: rig.closed[-1] == dialog.id)
    before = len(rig.dialogs)
    await rig.load(address("<script>alert('first')</script><title>behind</title>"), 5)
    assert len(rig.dialogs) == before, "nobody was there to be asked"


async def test_a_page_that_asks_can_be_left(rig: Rig, address: Callable[..., str]) -> None:
    await rig.load(address(ASKS.format(script="alert('Attention')")))
    rig.send(Wants(5))
    await asked(rig)
    assert (await rig.load(address("<title>after</title>"), 20)).title == "after"
    assert isinstance(await rig.ask(lambda token: Go(token, "back", SECONDS)), Page)


async def test_whoever_goes_is_asked_by_the_page_but_not_whoever_types_an_address(rig: Rig, address: Callable[..., str]) -> None:
    stays = (
        "<title>stays</title><body style='height:100vh' onclick=\"location='{url}'\"><script>onbeforeunload = () => 'x'</script>"
    )
    await rig.load(address(stays.format(url=address("<title>left</title>").replace("'", "%27"))))
    rig.send(Wants(5))
    dialog = await asked(rig)
    assert dialog.kind == "beforeunload"
    await rig.ask(respond(dialog.id, False))
    assert (await rig.ask(GetPage)).title == "stays"
    dialog = await asked(rig)
    await rig.ask(respond(dialog.id, True))
    await rig.title_is("left")
    await rig.load(address(stays.format(url="about:blank")))
    await rig.done(click(300, 300))
    assert (await rig.load(address("<title>typed</title>"), 10)).title == "typed"


WRONG, RIGHT = ({"username": "ann", "password": word} for word in ("wrong", "secret"))


class _Guarded(BaseHTTPRequestHandler):
    """Lets in who knows."""

    def do_GET(self) -> None:
        known = self.headers.get("Authorization") == "Basic YW5uOnNlY3JldA=="  # ann:secret
        body = b"<!doctype html><title>inside</title>" if known else b"<!doctype html><title>outside</title>"
        self.send_response(200 if known else 401)
        if not known:
            self.send_header("WWW-Authenticate", 'Basic realm="The vault"')
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Silence."""


@pytest.fixture(scope="module")
def guarded() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Guarded) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


async def test_a_name_and_a_password_are_asked_for_until_they_are_right(rig: Rig, guarded: str) -> None:
    rig.send(Wants(5))
    before = len(rig.dialogs)
    loading = rig.ask(lambda token: Navigate(token, guarded, SECONDS))
    await rig.until(lambda: len(rig.dialogs) == before + 1)
    assert (rig.dialogs[-1].kind, rig.dialogs[-1].url) == ("login", guarded)
    await rig.ask(respond(rig.dialogs[-1].id, True, **WRONG))
    await rig.until(lambda: len(rig.dialogs) == before + 2)
    await rig.ask(respond(rig.dialogs[-1].id, True, **RIGHT))
    page = await loading
    assert isinstance(page, Page), page
    assert page.title == "inside"


async def test_a_page_that_asks_without_end_is_left_with_its_browser(address: Callable[..., str]) -> None:
    rig = Rig()
    try:
        await rig.start()
        await rig.load(address(ASKS.format(script="(function () { while (true) alert('again') })()")))
        rig.send(Wants(5))
        await asked(rig)
        rig.ask(lambda token: Navigate(token, "about:blank", SECONDS))
        async with asyncio.timeout(20):
            await asyncio.shield(rig.ended)
        assert [note.code for note in rig.notes] == ["page_left"]
    finally:
        await rig.stop()


async def test_an_open_dialog_does_not_keep_it_from_ending(address: Callable[..., str]) -> None:
    rig = Rig()
    try:
        await rig.start()
        await rig.load(address(ASKS.format(script="alert('Attention')")))
        rig.send(Wants(5))
        await asked(rig)
        async with asyncio.timeout(5):
            assert await rig.child.stop(SECONDS) == 0
        assert rig.left_behind() == []
    finally:
        await rig.stop()
