"""What a capture process loads, and what it cannot: reasons, order, and the way out of pages that hang or crash."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable

import msgspec
import pytest

from engine.messages import Done, Refused
from engine.pagemessages import GetPage, Navigate, Page
from tests.process.capture_rig import SECONDS, Rig, click, key, text

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_page_has_a_title_and_an_address(rig: Rig, site: str) -> None:
    there = Page(0, "one", f"{site}/page/one", can_go_back=True)
    assert msgspec.structs.replace(await rig.load(f"{site}/page/one"), token=0) == there
    assert msgspec.structs.replace(await rig.ask(GetPage), token=0) == there


async def refusal(rig: Rig, url: str, timeout: float = SECONDS) -> Refused:
    answer = await rig.ask(lambda token: Navigate(token, url, timeout))
    assert isinstance(answer, Refused), answer
    return answer


async def test_a_load_that_fails_says_why_and_life_goes_on(rig: Rig, site: str) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        for url, reason in (
            (f"http://127.0.0.1:{port}/", "net::ERR_CONNECTION_REFUSED"),
            ("http://nowhere.invalid/", "net::ERR_NAME_NOT_RESOLVED"),
            ("http://", "Invalid URL"),
            ("foo:bar", "net::ERR_ABORTED"),
        ):
            refused = await refusal(rig, url)
            assert refused.code == "load_failed"
            assert refused.message.startswith(f"The page {url} could not be loaded: {reason}")
            assert refused.message.endswith(".")
    refused = await refusal(rig, f"{site}/hang", 0.5)
    assert (refused.code, "within 0.5 seconds" in refused.message) == ("load_failed", True)
    assert (await rig.load(f"{site}/page/after")).title == "after"


async def test_the_newest_load_wins_and_the_others_are_told(rig: Rig, site: str) -> None:
    hanging = [rig.ask(lambda token: Navigate(token, f"{site}/hang", SECONDS)) for _ in range(2)]
    await asyncio.sleep(0.2)
    page = await rig.load(f"{site}/page/newest")
    assert [(await answer).code for answer in hanging] == ["superseded", "superseded"]
    assert page.title == "newest"
    burst = [rig.ask(lambda token, name=name: Navigate(token, f"{site}/page/{name}", SECONDS)) for name in "abc"]  # type: ignore[misc]
    answers = [await answer for answer in burst]
    assert [type(answer) for answer in answers] == [Refused, Refused, Page]
    assert (await rig.ask(GetPage)).title == "c"


async def test_a_page_that_never_finishes_loading_takes_input(rig: Rig, site: str) -> None:
    loading = rig.ask(lambda token: Navigate(token, f"{site}/slow", 3))
    await rig.title_is("slow")
    await rig.done(click(30, 20), text("typed meanwhile"))
    before = await rig.picture()
    await rig.done(key("Backspace"))
    assert not loading.done(), "the input waited for the load"
    await rig.changes(before)
    assert (await loading).code == "load_failed"
    assert (await rig.load(f"{site}/page/after")).title == "after"


BUSY = "<title>busy</title><script>setTimeout(function () { while (true) {} }, 100)</script>"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_a_page_that_is_busy_for_good_can_be_left(rig: Rig, address: Callable[..., str], host: str) -> None:
    """For a page of the same site most of all: it shares its process, and Chromium waits for that."""
    assert (await rig.load(address(BUSY))).title == "busy"
    await asyncio.sleep(0.4)
    pointed = rig.ask(click(5, 5))
    typed = rig.ask(text("x"))
    assert isinstance(await pointed, Done)
    assert not typed.done()
    refused = await typed
    assert isinstance(refused, Refused)
    assert refused.code == "page_busy"
    assert (await rig.ask(GetPage)).title == "busy"
    page = await rig.load(address("<title>alive</title><input autofocus oninput='document.title=value'>", host), 20)
    assert page.title == "alive"
    await rig.done(text("y"))
    await rig.title_is("y")


async def test_a_page_that_is_busy_while_it_loads_can_be_left(rig: Rig, address: Callable[..., str]) -> None:
    refused = await refusal(rig, address("<script>while (true) {}</script>"), 0.5)
    assert refused.code == "load_failed"
    assert (await rig.load(address("<title>alive</title>"), 20)).title == "alive"


@pytest.mark.skipif(os.geteuid() != 0, reason="Policies of its own need a mount namespace.")
async def test_the_browsers_own_pages_are_blocked_in_the_browser_itself(site: str) -> None:
    """Whoever names them; that nobody can is for other tests. With the policies that a server's browsers have."""
    confined = Rig(apart=True)
    try:
        await confined.start()
        tools = "devtools://devtools/bundled/inspector.html"
        for url in ("chrome://version", "chrome://settings", "chrome-untrusted://print", tools, "file:///etc/passwd"):
            refused = await refusal(confined, url)
            assert (refused.code, "ERR_BLOCKED_BY_ADMINISTRATOR" in refused.message) == ("load_failed", True), refused
        for url in ("about:version", "about:settings"):
            assert (await confined.load(url)).title in ("", url), "it is no empty page"
        assert (await confined.load(f"{site}/page/after")).title == "after"
        assert len(confined.tabs[-1].tabs) == 1, "parts of its window count as tabs"
    finally:
        await confined.stop()


async def test_a_crashed_page_can_be_left(rig: Rig, site: str) -> None:
    await rig.load(f"{site}/page/before")
    await refusal(rig, "chrome://crash")
    assert isinstance(await rig.ask(click(5, 5)), Done)
    assert (await rig.load(f"{site}/page/after")).title == "after"


async def test_a_click_right_after_a_load_reaches_the_page(rig: Rig, address: Callable[..., str]) -> None:
    for number in range(60):  # without waiting for the first painting, one in twelve to one in a hundred was lost
        page = f"<title>{number}</title><body style='height:100vh' onmousedown=\"document.title='clicked'\">{number}"
        await rig.load(address(page))
        await rig.done(click(300, 200 + number))
        await rig.title_is("clicked")
