"""Whether the browser and the page that it shows are alive.

The browser is asked for the page's address, which Chromium's main process answers whatever the page does; so the front also hears
where a rebuilt browser must return to. The page is asked only while somebody watches: a page may be busy with itself for as long
as nobody minds, and a frozen one does not answer at all.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from capture.bidi import CommandFailed
from capture.page import ShownPage
from engine.errors import ChildGone, JiomosaError, Unavailable
from engine.patience import Patience

WATCHED_SECONDS, UNWATCHED_SECONDS = 3.0, 5.0  # between two questions to the browser: each costs 3 ms of it
PAGE_SHARE = 6  # of the time that a page may take to answer passes between two questions to it, but not
LEAST_PAGE_SECONDS, MOST_PAGE_SECONDS = 0.5, 5.0  # less or more than this
BROWSER_SECONDS = 8.0  # the main process answers in milliseconds, and in seconds on a machine that is far too small


class Health:
    """Calls `looked` whenever the browser has said what it shows, and tells `failed` of what hangs, and then ends.

    `hang_timeout` 0: pages may hang for ever.
    """

    def __init__(
        self, page: ShownPage, hang_timeout: float, looked: Callable[[], None], failed: Callable[[JiomosaError], None]
    ) -> None:
        self._page = page
        self._looked = looked
        self._failed = failed
        self._hang_timeout = hang_timeout
        self._watched = asyncio.Event()

    def wants(self, fps: float) -> None:
        """The demand is now `fps` frames a second."""
        if fps:
            self._watched.set()
        else:
            self._watched.clear()

    async def run(self) -> None:
        await asyncio.gather(self._watch_browser(), self._watch_page())

    async def _watch_browser(self) -> None:
        patience = Patience(BROWSER_SECONDS)
        while await self._answers(patience, self._tell_page):  # nobody signals that he hangs
            await _pause(patience, WATCHED_SECONDS if self._watched.is_set() else UNWATCHED_SECONDS)
        self._failed(ChildGone("The browser of this session hangs."))

    async def _watch_page(self) -> None:
        if not self._hang_timeout:
            return
        pause = min(max(LEAST_PAGE_SECONDS, self._hang_timeout / PAGE_SHARE), MOST_PAGE_SECONDS)
        while True:
            await self._watched.wait()
            patience = Patience(self._hang_timeout)
            while self._watched.is_set():
                if not await self._answers(patience, lambda: self._page.cdp("Runtime.evaluate", expression="0")):
                    self._failed(Unavailable("The page was busy with itself for too long.", code="page_hung"))
                    return
                await _pause(patience, pause)

    async def _tell_page(self) -> None:
        await self._page.present()
        self._looked()

    async def _answers(self, patience: Patience, ask: Callable[[], Awaitable[Any]]) -> bool:
        """Ask once more; False when there was no answer for too long. A refusal is an answer."""
        now = time.monotonic()
        if not patience.owed:
            patience.asked(now)
        deadline = patience.deadline
        try:
            async with asyncio.timeout(max(0.0, deadline - now)):
                await ask()
        except TimeoutError:  # the loop's timers may fire a little early
            return not patience.over(max(time.monotonic(), deadline))
        except Unavailable as error:  # it may answer the next one: an answer is lost when a page goes to another process
            if error.code != "dialog_open":  # it waits for an answer itself
                return not patience.over(time.monotonic())
        except CommandFailed:
            pass
        patience.answered(time.monotonic())
        return True


async def _pause(patience: Patience, seconds: float) -> None:
    """Until the next question; no longer than until an answer that is owed is late, or Patience takes us for who slept."""
    await asyncio.sleep(min(seconds, max(0.0, patience.deadline - time.monotonic())))
