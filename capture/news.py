"""What the front is told of the tabs and of the shown page: each change once, and no faster than anyone could read.

The browser's events only say that something may have changed. What there is now is asked for then, and told where it is new; so a
page that changes its address a thousand times a second costs a few questions.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from capture.page import ShownPage
from engine.errors import JiomosaError
from engine.pagemessages import Page, TabEntry, TabList

CALM_SECONDS = 0.05  # between two answers to what has changed
MOST_TITLE, MOST_URL = 256, 2048  # characters of each in the list of tabs
MOST_PAGE_TITLE, MOST_PAGE_URL = 1000, 32_768  # and of the shown page's; pages can make them as long as they like


class News:
    """Of `page`, to `send`."""

    def __init__(self, page: ShownPage, send: Callable[[Page | TabList], None]) -> None:
        self._page = page
        self._send = send
        self._changed: set[str] = set()
        self._some = asyncio.Event()
        self._told_page: Page | None = None
        self._told_tabs: TabList | None = None
        page.on_change = self.changed

    def changed(self, tab: str) -> None:
        """Something about this tab may have changed."""
        self._changed.add(tab)
        self._some.set()

    async def run(self) -> None:
        """Never returns."""
        while True:
            await self._some.wait()
            await self.now()
            await asyncio.sleep(CALM_SECONDS)

    async def now(self) -> None:
        """Tell what has changed, without waiting for calm."""
        self._some.clear()
        changed, self._changed = self._changed, set()
        tabs = self._page.tabs
        for id in changed:
            if (tab := tabs.all.get(id)) is not None:
                with contextlib.suppress(JiomosaError):  # it is between two pages, or has gone: the next event will tell
                    await self._page.look(tab)
        shown = tabs.shown
        if shown is None:
            return
        entries = (TabEntry(tab.id, tab.title[:MOST_TITLE], tab.url[:MOST_URL], tab is shown) for tab in tabs.all.values())
        listed = TabList(tuple(entries))
        if listed != self._told_tabs:
            self._told_tabs = listed
            self._send(listed)
        self.tell_page()

    def tell_page(self) -> None:
        """Tell what is shown, if that is new."""
        page = page_of(self._page, 0)
        if page is not None and page != self._told_page:
            self._told_page = page
            self._send(page)


def page_of(page: ShownPage, token: int) -> Page | None:
    """What is known of the shown tab, as an answer to `token`; None while there is none."""
    tab = page.tabs.shown
    if tab is None:
        return None
    return Page(token, tab.title[:MOST_PAGE_TITLE], tab.url[:MOST_PAGE_URL], tab.loading, tab.can_go_back, tab.can_go_forward)
