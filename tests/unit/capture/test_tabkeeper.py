"""The browser is made to show the tab that is to be shown, and is never without one."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from capture.bidi import CommandFailed
from capture.page import ShownPage
from capture.tabkeeper import TabKeeper
from engine.errors import NotFound, Unavailable
from tests.unit.api.fakes import until
from tests.unit.capture.browser import FakeBidi, created, destroyed

MOST = 3


class World:
    """A browser that makes and closes tabs as it is told, and tells of it."""

    def __init__(self) -> None:
        self.bidi = FakeBidi("one")
        self.notes: list[str] = []
        self.page = ShownPage(note=lambda code, message: self.notes.append(code))
        self.switches = 0
        self.tabs = TabKeeper(self.page, MOST, self._switched)
        self._names: Iterator[str] = (f"made {number}" for number in itertools.count(1))
        self.bidi.replies |= {
            "browsingContext.create": self._create,
            "browsingContext.close": self._close,
            "browsingContext.activate": {},
            "Runtime.addBinding": {},
            "Page.addScriptToEvaluateOnNewDocument": {},
            "Page.setWebLifecycleState": {},
            "Emulation.setFocusEmulationEnabled": {},
            "Browser.getWindowForTarget": {"windowId": 5},
            "Browser.setWindowBounds": {},
        }

    def _switched(self) -> None:
        self.switches += 1

    def _create(self, params: dict[str, Any]) -> dict[str, Any]:
        name = next(self._names)
        self.page.on_event(*created(name))
        return {"context": name}

    def _close(self, params: dict[str, Any]) -> dict[str, Any]:
        self.page.on_event(*destroyed(params["context"]))
        return {}

    @property
    def there(self) -> list[str]:
        return list(self.page.tabs.all)

    def activated(self) -> list[str]:
        return [params["context"] for params in self.bidi.named("browsingContext.activate")]

    async def settle(self) -> None:
        await until(lambda: not self.tabs._tasks)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    await world.page.open(world.bidi)  # type: ignore[arg-type]
    await world.tabs.open()
    yield world
    world.tabs.close()


async def test_a_tab_that_a_page_opens_is_shown_and_tells_of_its_title(world: World) -> None:
    world.page.on_event(*created("popup", originalOpener="one"))
    await world.settle()
    assert (world.page.shown.id, world.activated(), world.switches) == ("popup", ["popup"], 1)
    assert [params["session"] for params in world.bidi.named("Runtime.addBinding")] == ["session of one", "session of popup"]
    assert world.bidi.named("Browser.setWindowBounds") == [], "it lies in the browser's own window"


async def test_a_window_of_its_own_is_made_full_screen(world: World) -> None:
    world.page.on_event(*created("popup", originalOpener="one", clientWindow="another"))
    await world.settle()
    (bounds,) = world.bidi.named("Browser.setWindowBounds")
    assert bounds["params"] == {"windowId": 5, "bounds": {"windowState": "fullscreen"}}


async def test_one_too_many_is_closed_and_told(world: World) -> None:
    for number in range(MOST + 1):
        world.page.on_event(*created(f"popup {number}", originalOpener="one"))
    await world.settle()
    assert len(world.there) == MOST
    assert "tab_limit" in world.notes
    with pytest.raises(Unavailable, match=f"There are {MOST} tabs already") as caught:
        await world.tabs.new_tab()
    assert caught.value.code == "full"


async def test_a_new_tab_is_shown_once_whoever_tells_of_it_first(world: World) -> None:
    await world.tabs.new_tab()
    await world.settle()
    assert (world.there, world.activated()) == (["one", "made 1"], ["made 1"])
    world.bidi.replies["browsingContext.create"] = {"context": "untold"}
    await world.tabs.new_tab()
    world.page.on_event(*created("untold"))
    await world.settle()
    assert world.activated() == ["made 1", "untold"]


async def test_the_tab_that_was_shown_is_told_that_nobody_sees_it(world: World) -> None:
    await world.tabs.new_tab()
    await world.settle()
    await world.tabs.show("one")
    await world.settle()
    (told,) = world.bidi.named("Emulation.setFocusEmulationEnabled")
    assert (told["session"], told["params"]) == ("session of made 1", {"enabled": False})
    switches = world.switches
    await world.tabs.show("one")
    assert world.switches == switches, "it was shown already"
    with pytest.raises(NotFound, match="no tab 'nobody'"):
        await world.tabs.show("nobody")


async def test_the_last_tab_is_closed_only_when_there_is_another(world: World) -> None:
    await world.tabs.close_tab("one")
    await world.settle()
    assert world.there == ["made 1"]
    methods = [method for method, _ in world.bidi.calls if method in ("browsingContext.create", "browsingContext.close")]
    assert methods == ["browsingContext.create", "browsingContext.close"]
    with pytest.raises(NotFound):
        await world.tabs.close_tab("one")


async def test_when_none_is_left_one_is_made(world: World) -> None:
    world.page.on_event(*destroyed("one"))
    await world.settle()
    assert world.bidi.named("browsingContext.create") == [{"type": "window"}]
    assert world.page.shown.id == "made 1"


async def test_beside_a_last_tab_that_its_page_may_close_there_is_an_empty_one_which_is_not_shown(world: World) -> None:
    world.page.on_event(*created("popup", originalOpener="one"))
    world.page.on_event(*destroyed("one"))
    await world.settle()
    assert world.bidi.named("browsingContext.create") == [{"type": "tab", "background": True}]
    assert (world.there, world.page.shown.id) == (["popup", "made 1"], "popup")
    assert world.activated()[-1] == "popup"
    world.page.on_event(*destroyed("popup"))
    await world.settle()
    assert (world.there, world.activated()[-1]) == (["made 1"], "made 1")


@pytest.mark.parametrize("method", ["browsingContext.activate", "Runtime.addBinding", "Browser.getWindowForTarget"])
async def test_a_tab_that_goes_in_the_middle_of_it_harms_nobody(world: World, method: str) -> None:
    reply = world.bidi.replies[method]
    world.bidi.replies[method] = CommandFailed("no such frame", "gone")
    world.page.on_event(*created("popup", originalOpener="one", clientWindow="another"))
    await world.settle()
    world.page.on_event(*destroyed("popup"))
    world.bidi.replies[method] = reply
    await world.settle()
    assert world.page.shown.id == "one"
    await world.tabs.new_tab()
    await world.settle()
    assert world.activated()[-1] == "made 1"


async def test_when_it_closes_nothing_of_it_goes_on(world: World) -> None:
    world.bidi.replies["browsingContext.activate"] = lambda params: asyncio.sleep(60)
    world.page.on_event(*created("popup", originalOpener="one"))
    await asyncio.sleep(0)
    world.tabs.close()
    await world.settle()
    assert world.bidi.named("Browser.getWindowForTarget") == []
