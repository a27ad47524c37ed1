"""Moving about in the shown tab: back, forward, reload, stop. Loading an address is `capture.page`'s."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from capture.bidi import CommandFailed
from capture.page import ANSWER_SECONDS, ShownPage
from capture.tabkeeper import TabKeeper
from capture.tabs import Tab
from engine.errors import Conflict, LoadFailed, Unavailable
from engine.pagemessages import Way

LOOK_AGAIN_SECONDS = 0.02  # a page takes its place within a few of these


async def go(page: ShownPage, tabs: TabKeeper, way: Way, timeout: float) -> tuple[str, str]:
    """Go there, wait until it has loaded; (title, url). Raises `Conflict` where there is no such way, `LoadFailed`."""
    page.give_up("stopped" if way == "stop" else "superseded")
    tab = page.shown
    try:
        if way == "stop":
            await _stop(page)
            try:
                await page.free()  # a script without end, and what it asks, too
            finally:
                tab.leaving = False
            await _stop(page)
        elif way == "reload":
            await page.free()
            await page.cdp("Page.reload")
        else:
            await _through_history(page, tabs, 1 if way == "forward" else -1)
        async with asyncio.timeout(timeout):
            await page.look(page.shown)  # by its answer we have heard whether something is being loaded
            await page.settled(page.shown if tab.id not in page.tabs else tab)
    except TimeoutError:
        raise LoadFailed(f"The page {tab.url} could not be loaded: it did not finish within {timeout:g} seconds.") from None
    except CommandFailed as error:
        raise Unavailable(f"The browser did not do it: {error}.") from None
    return await page.present()


async def _stop(page: ShownPage) -> None:
    with contextlib.suppress(CommandFailed):  # between two pages there is nothing to stop
        await page.cdp("Page.stopLoading")


async def _history(page: ShownPage, tab: Tab) -> dict[str, Any]:
    """The history of `tab`; between two pages, as where one has just failed to load, there is none for a moment."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(ANSWER_SECONDS):
            while True:
                if (history := await page.look(tab)) is not None:
                    return history
                await asyncio.sleep(LOOK_AGAIN_SECONDS)
    return {"entries": [], "index": 0}


async def _through_history(page: ShownPage, tabs: TabKeeper, step: int) -> None:
    tab = page.shown
    history = await _history(page, tab)
    index = history["index"] + step
    if 0 <= index < len(history["entries"]):
        await page.free()
        await page.cdp("Page.navigateToHistoryEntry", entryId=history["entries"][index]["id"])
    elif step < 0 and tab.opener is not None:  # a popup at its beginning
        await tabs.close_tab(tab.id)
    else:
        side = "before" if step < 0 else "after"
        raise Conflict(f"There is no page {side} this one.", code="no_history")
