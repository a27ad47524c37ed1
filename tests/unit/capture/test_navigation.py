"""Back, forward, reload and stop: where each leads, and in which words it does not."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from capture import navigation as module
from capture import page as page_module
from capture.bidi import CommandFailed
from capture.navigation import go
from capture.page import ShownPage
from capture.tabkeeper import TabKeeper
from engine.errors import Conflict, JiomosaError, LoadFailed, Unavailable
from engine.pagemessages import Way
from tests.unit.capture.browser import NEVER, FakeBidi, created, shown

BEGINNING: dict[str, Any] = {"id": 7, "title": "", "url": page_module.BEGINNING}
ENTRIES: list[dict[str, Any]] = [{"id": id, "title": f"T{id}", "url": f"http://{id}/"} for id in (10, 11, 12)]


class World:
    """A tab whose history is BEGINNING and ENTRIES; `at`: which of these it shows."""

    def __init__(self, bidi: FakeBidi, page: ShownPage) -> None:
        self.bidi, self.page = bidi, page
        self.tabs = TabKeeper(page, 0)
        self.at = 1
        self.entries = [BEGINNING, *ENTRIES]
        bidi.replies |= {
            "Page.getNavigationHistory": lambda params: {"currentIndex": self.at, "entries": self.entries},
            "Page.navigateToHistoryEntry": self._move,
            "Page.reload": {},
            "browsingContext.close": {},
        }

    def _move(self, params: dict[str, Any]) -> dict[str, Any]:
        self.at = next(index for index, entry in enumerate(self.entries) if entry["id"] == params["params"]["entryId"])
        return {}

    async def go(self, way: Way) -> tuple[str, str]:
        return await go(self.page, self.tabs, way, 0.2)  # seconds

    async def refused(self, way: Way) -> JiomosaError:
        with pytest.raises(JiomosaError) as caught:
            await self.go(way)
        return caught.value

    @property
    def methods(self) -> list[str]:
        return [method for method, _ in self.bidi.calls]


@pytest.fixture
async def world(monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(page_module, "ANSWER_SECONDS", 0.05)
    monkeypatch.setattr(module, "ANSWER_SECONDS", 0.5)
    monkeypatch.setattr(module, "LOOK_AGAIN_SECONDS", 0.001)
    bidi = FakeBidi("one")
    return World(bidi, await shown(bidi))


async def test_there_and_back_again(world: World) -> None:
    ways: list[Way] = ["forward", "forward", "back", "back"]
    assert [await world.go(way) for way in ways] == [
        ("T11", "http://11/"),
        ("T12", "http://12/"),
        ("T11", "http://11/"),
        ("T10", "http://10/"),
    ]


async def test_at_its_ends_there_is_no_way_and_what_the_browser_began_with_is_no_page(world: World) -> None:
    assert (await world.refused("back")).message == "There is no page before this one."
    world.at = 3
    refused = await world.refused("forward")
    assert (type(refused), refused.code, refused.message) == (Conflict, "no_history", "There is no page after this one.")
    assert "Page.navigateToHistoryEntry" not in world.methods


async def test_back_from_the_beginning_of_a_popup_closes_it(world: World) -> None:
    world.page.on_event(*created("popup", originalOpener="one"))

    def close(params: dict[str, Any]) -> dict[str, Any]:
        world.page.on_event("browsingContext.contextDestroyed", {"context": params["context"], "parent": None})
        return {}

    world.bidi.replies["browsingContext.close"] = close
    assert await world.go("back") == ("T10", "http://10/")
    assert world.bidi.named("browsingContext.close") == [{"context": "popup"}]
    assert world.page.shown.id == "one"


async def test_a_history_that_is_not_there_for_a_moment_is_waited_for(world: World) -> None:
    answers = iter([CommandFailed("unknown error", "Not attached"), CommandFailed("unknown error", "Not attached")])
    there = world.bidi.replies["Page.getNavigationHistory"]
    world.bidi.replies["Page.getNavigationHistory"] = lambda params: next(answers, None) or there(params)
    assert await world.go("forward") == ("T11", "http://11/")


async def test_one_that_never_comes_is_no_way(monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    monkeypatch.setattr(module, "ANSWER_SECONDS", 0.05)
    world.bidi.replies["Page.getNavigationHistory"] = CommandFailed("unknown error", "Not attached")
    assert (await world.refused("forward")).code == "no_history"


@pytest.mark.parametrize(("way", "moves"), [("reload", "Page.reload"), ("forward", "Page.navigateToHistoryEntry")])
async def test_a_page_that_is_busy_with_itself_is_made_to_let_go_first(world: World, way: Way, moves: str) -> None:
    world.bidi.replies["Runtime.evaluate"] = NEVER
    await world.go(way)
    assert world.methods.index("Runtime.terminateExecution") < world.methods.index(moves)


async def test_it_is_waited_for_until_it_has_loaded(world: World) -> None:
    world.page.shown.loading = True
    going = asyncio.create_task(world.go("reload"))
    await asyncio.sleep(0.05)
    assert not going.done()
    world.page.on_event(page_module.STOPPED, {"params": {"frameId": "one"}, "session": "session of one"})
    assert await going == ("T10", "http://10/")


async def test_one_that_does_not_load_in_time_is_told(world: World) -> None:
    world.page.shown.loading = True
    refused = await world.refused("reload")
    assert type(refused) is LoadFailed
    assert refused.message == "The page http://10/ could not be loaded: it did not finish within 0.2 seconds."


@pytest.mark.parametrize(("way", "why"), [("stop", "stopped"), ("reload", "superseded"), ("forward", "superseded")])
async def test_whoever_loads_meanwhile_is_told_why_nothing_comes_of_it(world: World, way: Way, why: str) -> None:
    world.bidi.replies["browsingContext.navigate"] = NEVER
    loading = asyncio.create_task(world.page.load("http://x/", 5))
    await asyncio.sleep(0.01)
    await world.go(way)
    with pytest.raises(LoadFailed) as caught:
        await loading
    assert caught.value.code == why


async def test_a_page_that_was_stopped_is_not_being_left(world: World) -> None:
    await world.go("stop")
    assert not world.page.shown.leaving
    assert world.methods.count("Page.stopLoading") == 2, "what its script began before it was broken off goes on"


async def test_what_the_browser_refuses_is_told_in_a_sentence(world: World) -> None:
    world.bidi.replies["Page.reload"] = CommandFailed("unknown error", "not now")
    refused = await world.refused("reload")
    assert (type(refused), refused.message) == (Unavailable, "The browser did not do it: not now.")
