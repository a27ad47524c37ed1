"""What the front is told of tabs and page: each change once, however often the browser says that there may be one."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from capture import news as module
from capture.bidi import CommandFailed
from capture.news import MOST_PAGE_TITLE, MOST_TITLE, News, page_of
from capture.page import ShownPage
from engine.pagemessages import Page, TabEntry, TabList
from tests.unit.api.fakes import until
from tests.unit.capture.browser import NEVER, FakeBidi, created, destroyed, shown


class World:
    """A page, and what was told of it."""

    def __init__(self, bidi: FakeBidi, page: ShownPage) -> None:
        self.bidi, self.page = bidi, page
        self.told: list[Page | TabList] = []
        self.news = News(page, self.told.append)

    def shows(self, title: str, url: str = "http://a/") -> None:
        self.bidi.replies["Page.getNavigationHistory"] = {"currentIndex": 0, "entries": [{"title": title, "url": url}]}

    @property
    def pages(self) -> list[str]:
        return [told.title for told in self.told if isinstance(told, Page)]

    @property
    def lists(self) -> list[list[tuple[str, bool]]]:
        return [[(tab.tab, tab.active) for tab in told.tabs] for told in self.told if isinstance(told, TabList)]


@pytest.fixture
async def world() -> World:
    bidi = FakeBidi("one")
    return World(bidi, await shown(bidi))


async def test_what_has_changed_is_told_once(world: World) -> None:
    world.shows("A")
    world.news.changed("one")
    await world.news.now()
    assert world.told == [TabList((TabEntry("one", "A", "http://a/", True),)), Page(0, "A", "http://a/")]
    world.news.changed("one")
    await world.news.now()
    assert len(world.told) == 2, "nothing was new"
    world.page.tabs.all["one"].loading = True
    await world.news.now()
    assert world.told[2:] == [Page(0, "A", "http://a/", loading=True)], "the list of tabs has not changed"


async def test_tabs_that_come_and_go_are_told_with_the_shown_one(world: World) -> None:
    await world.news.now()
    world.page.on_event(*created("two"))
    await world.news.now()
    world.page.on_event(*destroyed("two"))
    await world.news.now()
    assert world.lists == [[("one", True)], [("one", False), ("two", True)], [("one", True)]]
    world.page.on_event(*destroyed("one"))
    await world.news.now()
    assert len(world.lists) == 3, "without a tab there is nothing to tell"


async def test_a_thousand_changes_cost_a_few_questions_and_the_last_is_told(
    monkeypatch: pytest.MonkeyPatch, world: World
) -> None:
    monkeypatch.setattr(module, "CALM_SECONDS", 0.03)
    task = asyncio.create_task(world.news.run())
    for number in range(1000):
        world.shows(str(number))
        world.news.changed("one")
        if number % 250 == 0:
            await asyncio.sleep(0.001)
    await until(lambda: world.pages[-1:] == ["999"])
    assert len(world.bidi.named("Page.getNavigationHistory")) <= 10
    task.cancel()


@pytest.mark.parametrize("reply", [CommandFailed("unknown error", "Not attached"), NEVER])
async def test_a_tab_that_does_not_say_what_it_shows_keeps_nothing_from_being_told(
    monkeypatch: pytest.MonkeyPatch, world: World, reply: Any
) -> None:
    monkeypatch.setattr("capture.page.ANSWER_SECONDS", 0.02)
    world.page.on_event(*created("two"))
    world.bidi.replies["Page.getNavigationHistory"] = reply
    for tab in ("two", "gone"):
        world.news.changed(tab)
    await world.news.now()
    assert world.lists == [[("one", False), ("two", True)]]


async def test_titles_without_end_are_cut(world: World) -> None:
    world.shows("x" * 5000)
    world.news.changed("one")
    await world.news.now()
    assert isinstance(world.told[0], TabList)
    assert len(world.told[0].tabs[0].title) == MOST_TITLE
    assert len(world.pages[0]) == MOST_PAGE_TITLE


async def test_without_a_tab_there_is_no_page() -> None:
    assert page_of(ShownPage(), 1) is None
