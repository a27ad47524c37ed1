"""The shown page, on a browser that answers what the test wants: errors in sentences, superseding, patience, tabs."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from capture import page as page_module
from capture.bidi import CommandFailed
from capture.page import ShownPage
from engine.errors import ChildGone, LoadFailed, Unavailable
from tests.unit.capture.browser import NEVER, FakeBidi, created, destroyed, shown


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_module, "ANSWER_SECONDS", 0.05)


async def test_a_page_is_loaded_in_the_shown_context_until_it_is_complete() -> None:
    bidi = FakeBidi("one", "two")
    assert await (await shown(bidi)).load("http://x/", 5) == ("Title", "http://here/")
    assert bidi.named("browsingContext.navigate") == [{"context": "two", "url": "http://x/", "wait": "complete"}]
    (subscribed,) = bidi.named("session.subscribe")
    assert "browsingContext.contextCreated" in subscribed["events"]


async def test_the_browsers_reason_becomes_a_sentence() -> None:
    bidi = FakeBidi("one")
    bidi.replies["browsingContext.navigate"] = CommandFailed("unknown error", "net::ERR_NAME_NOT_RESOLVED.")
    with pytest.raises(LoadFailed) as caught:
        await (await shown(bidi)).load("http://x/", 5)
    assert caught.value.message == "The page http://x/ could not be loaded: net::ERR_NAME_NOT_RESOLVED (there is no such host)."
    assert caught.value.code == "load_failed"


async def test_a_load_that_takes_too_long_is_stopped_and_told() -> None:
    bidi = FakeBidi("one")
    bidi.replies["browsingContext.navigate"] = NEVER
    page = await shown(bidi)
    with pytest.raises(LoadFailed, match=r"The page http://x/ could not be loaded: it did not finish within 0\.1 seconds\."):
        await page.load("http://x/", 0.1)
    assert len(bidi.named("Page.stopLoading")) == 1
    bidi.replies["browsingContext.navigate"] = {}
    assert await page.load("http://y/", 5) == ("Title", "http://here/")


@pytest.mark.parametrize("reply", [NEVER, CommandFailed("no such frame", "gone")])
async def test_a_browser_that_cannot_even_stop_loading_changes_nothing_about_that(reply: Any) -> None:
    bidi = FakeBidi("one")
    bidi.replies |= {"browsingContext.navigate": NEVER, "Page.stopLoading": reply}
    with pytest.raises(LoadFailed, match="did not finish within"):
        await (await shown(bidi)).load("http://x/", 0.1)


async def test_a_load_is_superseded_by_the_next() -> None:
    bidi = FakeBidi("one")
    bidi.replies["browsingContext.navigate"] = lambda params: {} if params["url"] == "c" else NEVER
    page = await shown(bidi)
    first = asyncio.create_task(page.load("a", 5))
    await asyncio.sleep(0)
    second = asyncio.create_task(page.load("b", 5))
    await asyncio.sleep(0.01)
    assert await page.load("c", 5) == ("Title", "http://here/")
    for task, url in ((first, "a"), (second, "b")):
        with pytest.raises(LoadFailed, match=f"The page {url} was not loaded: another was asked for meanwhile") as caught:
            await task
        assert caught.value.code == "superseded"


async def test_a_load_whose_asker_goes_is_not_told_as_superseded() -> None:
    bidi = FakeBidi("one")
    bidi.replies["browsingContext.navigate"] = NEVER
    task = asyncio.create_task((await shown(bidi)).load("a", 5))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_busy_page_is_made_to_let_go_before_the_next_is_loaded() -> None:
    bidi = FakeBidi("one")
    bidi.replies["Runtime.evaluate"] = NEVER
    await (await shown(bidi)).load("http://x/", 5)
    methods = [method for method, _ in bidi.calls]
    assert methods.index("Runtime.terminateExecution") < methods.index("browsingContext.navigate")


@pytest.mark.parametrize("reply", [{}, CommandFailed("unknown error", "no context")])
async def test_no_script_is_broken_off_on_a_page_that_answers(reply: Any) -> None:
    """On an idle page it would be the first script of the next one."""
    bidi = FakeBidi("one")
    bidi.replies["Runtime.evaluate"] = reply
    await (await shown(bidi)).load("http://x/", 5)
    assert bidi.named("Runtime.terminateExecution") == []


async def test_a_browser_that_is_lost_while_it_loads_is_told_as_that() -> None:
    bidi = FakeBidi("one")
    bidi.replies["browsingContext.navigate"] = ChildGone("lost")
    with pytest.raises(ChildGone):
        await (await shown(bidi)).load("http://x/", 5)


# ---- asking


async def test_title_and_address_are_those_of_the_history_and_of_before_while_there_are_none() -> None:
    bidi = FakeBidi("one")
    page = await shown(bidi)
    bidi.replies["Page.getNavigationHistory"] = CommandFailed("unknown error", "Not attached to an active page")
    assert await page.present() == ("", "about:blank")
    bidi.replies["Page.getNavigationHistory"] = {"currentIndex": 0, "entries": [{"title": "T", "url": "u"}]}
    assert await page.present() == ("T", "u")
    bidi.replies["Page.getNavigationHistory"] = CommandFailed("unknown error", "Not attached to an active page")
    assert await page.present() == ("T", "u")


async def test_a_page_that_does_not_answer_is_busy() -> None:
    bidi = FakeBidi("one")
    bidi.replies["Input.insertText"] = NEVER
    with pytest.raises(Unavailable, match="busy") as caught:
        await (await shown(bidi)).cdp("Input.insertText", text="x")
    assert caught.value.code == "page_busy"


async def test_a_command_goes_to_the_shown_pages_session_which_is_asked_for_once() -> None:
    bidi = FakeBidi("one", "two")
    bidi.replies["Some.command"] = {"value": 7}
    page = await shown(bidi)
    for _ in range(3):
        assert await page.cdp("Some.command", parameter=1) == {"value": 7}
    assert bidi.named("goog:cdp.getSession") == [{"context": "two"}]
    call = {"method": "Some.command", "params": {"parameter": 1}, "session": "session of two"}
    assert bidi.named("Some.command") == [call] * 3


async def test_what_the_browser_refuses_is_not_hidden() -> None:
    bidi = FakeBidi("one")
    bidi.replies["Some.command"] = CommandFailed("invalid argument", "no")
    with pytest.raises(CommandFailed) as caught:
        await (await shown(bidi)).cdp("Some.command")
    assert caught.value.code == "invalid argument"


async def test_before_it_is_open_there_is_no_browser() -> None:
    with pytest.raises(ChildGone):
        await ShownPage().cdp("Some.command")


# ---- tabs


async def test_the_newest_tab_is_shown_and_when_it_closes_the_one_before() -> None:
    bidi = FakeBidi("one")
    bidi.replies["Some.command"] = {}
    page = await shown(bidi)
    seen = []
    for event in (created("two"), created("three"), created("two"), destroyed("three"), destroyed("two"), destroyed("nobody")):
        page.on_event(*event)
        await page.cdp("Some.command")
        seen.append(bidi.named("Some.command")[-1]["session"].removeprefix("session of "))
    assert seen == ["two", "three", "three", "two", "one", "one"]


async def test_frames_are_no_tabs() -> None:
    bidi = FakeBidi("one")
    page = await shown(bidi)
    page.on_event(*created("frame", parent="one"))
    await page.load("u", 5)
    page.on_event(*destroyed("one", parent="nobody"))
    await page.load("u", 5)
    assert [call["context"] for call in bidi.named("browsingContext.navigate")] == ["one", "one"]


async def test_without_a_tab_nothing_is_shown() -> None:
    page = await shown(FakeBidi("one"))
    page.on_event(*destroyed("one"))
    with pytest.raises(Unavailable, match="shows no page"):
        await page.load("u", 5)
    with pytest.raises(Unavailable, match="shows no page"):
        await page.cdp("Some.command")


async def test_events_that_came_before_the_tree_count_once() -> None:
    bidi = FakeBidi("one", "two")
    page = ShownPage()
    page.on_event(*created("two"))
    page.on_event("log.entryAdded", {"text": "not ours"})
    await page.open(bidi)  # type: ignore[arg-type]
    page.on_event(*destroyed("two"))
    await page.load("u", 5)
    assert bidi.named("browsingContext.navigate")[-1]["context"] == "one"


async def test_a_session_of_a_tab_that_has_gone_is_forgotten() -> None:
    bidi = FakeBidi("one")
    bidi.replies["Some.command"] = {}
    page = await shown(bidi)
    for _ in range(2):
        page.on_event(*created("two"))
        await page.cdp("Some.command")
        page.on_event(*destroyed("two"))
    assert bidi.named("goog:cdp.getSession") == [{"context": "two"}] * 2
