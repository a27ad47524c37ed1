"""Has the browser show the tab that is to be shown, whole, and never lets it be without one.

Tabs are made by viewers and by pages (`window.open`, `target=_blank`), in the browser's window or in windows of their own; each
is shown when it is made. A window of its own comes with the browser's controls around the page: it is made full screen, which
leaves the page alone.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any

from capture.bidi import CommandFailed
from capture.page import ShownPage
from capture.tabs import Tab
from engine import logs
from engine.errors import JiomosaError, Unavailable

log = logs.logger("jiomosa.capture")

# Titles change without any event of the browser. In a world of its own the page does not see this.
WORLD = TITLE_BINDING = "jiomosaTitle"
WATCH_TITLE = f"""(() => {{
  if (window !== window.top) return;
  const tell = () => {TITLE_BINDING}(document.title.slice(0, 1000));
  const watch = () => {{
    const all = {{childList: true, subtree: true, characterData: true}};
    new MutationObserver(tell).observe(document.head || document.documentElement, all);
    tell();
  }};
  if (document.head) watch(); else addEventListener('DOMContentLoaded', watch, {{once: true}});
}})()"""


class TabKeeper:
    """Of `page`. `most`: what pages open beyond so many is closed; 0: no limit. `switched()`: another tab is shown."""

    def __init__(self, page: ShownPage, most: int, switched: Callable[[], None] = lambda: None) -> None:
        self._page = page
        self._tabs = page.tabs
        self._most_tabs = most
        self.switched = switched
        self._window = ""  # the browser's first
        self._beside: Tab | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Begin, with a browser that is there."""
        if self._tabs.shown is not None:
            self._window = self._tabs.shown.window
        self._page.on_new = lambda tab: self.later(self._welcome(tab))
        self._page.on_gone = self._gone
        for tab in list(self._tabs.all.values()):
            await self._prepare(tab)

    def _gone(self, shown: Tab | None) -> None:
        if shown is not None:
            self.later(self._bring(shown, None))
        left = list(self._tabs.all.values())
        if not left:
            self.later(self._make("window"))
        elif len(left) == 1 and left[0].by_page:
            # Its page may close it, and Chromium would end with its last window: so there is an empty one beside it.
            self._beside = left[0]
            self.later(self._make("tab", background=True))

    def close(self) -> None:
        for task in self._tasks:
            task.cancel()

    def later(self, work: Coroutine[Any, Any, Any]) -> None:
        """Do what nobody waits for."""
        task = asyncio.get_running_loop().create_task(_tolerant(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def check_room(self) -> None:
        """Raises `Unavailable` where there may be no more tabs."""
        if self._most_tabs and len(self._tabs) >= self._most_tabs:
            raise Unavailable(f"There are {self._most_tabs} tabs already, as many as a session may have (MAX_TABS).", code="full")

    async def _make(self, kind: str, **how: bool) -> None:
        await self._page.call("browsingContext.create", type=kind, **how)

    async def new_tab(self) -> None:
        """Open an empty tab and show it. Raises `Unavailable` where there may be no more."""
        self.check_room()
        made = await self._page.call("browsingContext.create", type="tab" if len(self._tabs) else "window")
        if (tab := self._page.add(made)) is not None:  # else we were told of it, and it is being shown
            await self._welcome(tab)

    async def show(self, id: str) -> None:
        """Show the tab `id`. Raises `NotFound`."""
        tab, before = self._page.tab(id), self._tabs.shown
        if self._tabs.show(id):
            await self._bring(tab, before)

    async def close_tab(self, id: str) -> None:
        """Close the tab `id`; where it was the last, there is an empty one instead. Raises `NotFound`."""
        self._page.tab(id)
        if len(self._tabs) == 1:  # first another one, or the window would go
            await self._make("tab")
        await self._page.call("browsingContext.close", context=id)

    async def _welcome(self, tab: Tab) -> None:
        """There is a new tab: show it whole, unless it is one too many."""
        if self._most_tabs and len(self._tabs) > self._most_tabs:
            self._page.note("tab_limit", f"The page wanted another tab, but a session has at most {self._most_tabs} (MAX_TABS).")
            await self._page.call("browsingContext.close", context=tab.id)
            return
        if not tab.by_page:  # else it may be the very tab that there is to be one beside
            beside, self._beside = self._beside, None
            if beside is not None and self._tabs.show(beside.id):
                await self._prepare(tab)
                await self._bring(beside, None)
                return
        await self._bring(tab, None)
        if tab.window != self._window:  # it comes with the browser's own controls around the page
            with contextlib.suppress(CommandFailed):
                found = await self._page.cdp_of(tab, "Browser.getWindowForTarget")
                bounds = {"windowState": "fullscreen"}
                await self._page.cdp_of(tab, "Browser.setWindowBounds", windowId=found["windowId"], bounds=bounds)
        await self._prepare(tab)

    async def _bring(self, tab: Tab, before: Tab | None) -> None:
        """Have the browser show `tab`; `before`, which it showed, is told that nobody sees it."""
        self._page.on_change(tab.id)
        self.switched()
        if before is not None:
            self.later(self._page.cdp_of(before, "Emulation.setFocusEmulationEnabled", enabled=False))
        await self._page.call("browsingContext.activate", context=tab.id)
        with contextlib.suppress(CommandFailed):
            await self._page.cdp_of(tab, "Page.setWebLifecycleState", state="active")

    async def _prepare(self, tab: Tab) -> None:
        """Have a tab tell what no event of the browser does."""
        with contextlib.suppress(CommandFailed, Unavailable):
            await self._page.cdp_of(tab, "Runtime.addBinding", name=TITLE_BINDING, executionContextName=WORLD)
            script = {"source": WATCH_TITLE, "worldName": WORLD, "runImmediately": True}
            await self._page.cdp_of(tab, "Page.addScriptToEvaluateOnNewDocument", **script)
        self._page.on_change(tab.id)


async def _tolerant(work: Coroutine[Any, Any, Any]) -> None:
    """What nobody waits for; a tab may go, or be busy, in the middle of it."""
    try:
        await work
    except (CommandFailed, JiomosaError) as error:
        log.debug("tab not attended to", reason=str(error))
