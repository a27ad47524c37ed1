"""The tabs of the browser and the one that is shown: loading it, asking it, and following what the browser does by itself.

`capture.tabs` says which tab is shown, `capture.tabkeeper` makes the browser show it, `capture.navigation` moves about in it, and
`capture.news` tells the front what has changed.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

from capture.bidi import Bidi, CommandFailed
from capture.failures import in_words
from capture.pageanswers import PageAnswers
from capture.tabs import Tab, Tabs
from engine.errors import ChildGone, LoadFailed, NotFound, Unavailable

ANSWER_SECONDS = 2.0  # a page that does not answer within this is busy with itself
PAINT_SECONDS = 0.5  # a page that paints nothing for so long is answered for without
# The second callback comes after the first frame has been handed over.
PAINTED = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(0))))"
BEGINNING = "data:,"  # what ChromeDriver opens a browser with; nobody has asked for it
OF_THE_PAGE = ("Runtime.evaluate", "Input.")  # commands that a page answers itself
CRASHED = "goog:cdp.Inspector.targetCrashed"
STARTED, STOPPED = "goog:cdp.Page.frameStartedLoading", "goog:cdp.Page.frameStoppedLoading"
NAVIGATED, FAILED = "goog:cdp.Page.frameNavigated", "goog:cdp.Network.loadingFailed"
TITLE = "goog:cdp.Runtime.bindingCalled"
CREATED, DESTROYED = "browsingContext.contextCreated", "browsingContext.contextDestroyed"
MOVED = ("browsingContext.historyUpdated", "browsingContext.fragmentNavigated")
EVENTS = [CREATED, DESTROYED, *MOVED, CRASHED, STARTED, STOPPED, NAVIGATED, FAILED, TITLE]


GivenUp = Literal["superseded", "stopped"]
GIVEN_UP: dict[GivenUp, str] = {"superseded": "another was asked for meanwhile", "stopped": "loading it was stopped"}


@dataclass(eq=False)
class Load:
    """A page that is being loaded, until it has or nobody waits for it any more."""

    task: asyncio.Task[None]
    given_up: GivenUp | None = None


class ShownPage:
    """Wraps a browser's connection. Hand all events to `on_event`.

    crashed()      a page's process has ended ("Aw, Snap!")
    note(code, message)   something to tell whoever watches

    Whoever wants to know sets
    on_change(id)  something about a tab may have changed
    on_new(tab)    there is another tab, which is to be shown
    on_gone(tab)   one has gone; if it was the shown one, this one is to be shown now
    """

    def __init__(
        self,
        crashed: Callable[[], None] = lambda: None,
        note: Callable[[str, str], None] = lambda code, message: None,
    ) -> None:
        self.crashed = crashed
        self.note = note
        self.on_change: Callable[[str], None] = lambda changed: None
        self.on_new: Callable[[Tab], None] = lambda tab: None
        self.on_gone: Callable[[Tab | None], None] = lambda tab: None
        self.listeners: list[Callable[[str, dict[str, Any]], None]] = []  # hear all events after us
        self.leave: Callable[[str], Awaitable[None]] = _nothing  # close what the page of a tab asks
        self.tabs = Tabs()
        self.answers = PageAnswers()
        self._bidi: Bidi | None = None
        self._last = ("", "about:blank")
        self._loading: Load | None = None
        self._reason = ""  # why the last document that did not load did not
        self._pulse = asyncio.Event()

    async def open(self, bidi: Bidi) -> None:
        """Begin with what the browser shows."""
        self._bidi = bidi
        await bidi.call("session.subscribe", events=EVENTS)
        tree = await bidi.call("browsingContext.getTree", maxDepth=0)
        for context in tree["contexts"]:
            self._created(context)

    # ---- what the browser tells

    def on_event(self, method: str, params: dict[str, Any]) -> None:
        self._heard(method, params)
        for listener in self.listeners:
            listener(method, params)

    def _heard(self, method: str, params: dict[str, Any]) -> None:
        if method.startswith("goog:cdp."):
            self._on_cdp(method, params.get("params", {}), params.get("session"))
        elif params.get("parent") is not None:
            return
        elif method == CREATED:
            if self._created(params) and self._bidi is not None:
                self.on_new(self.tabs.all[params["context"]])
        elif method == DESTROYED:
            self._destroyed(params["context"])
        elif method in MOVED:
            self._changed(params["context"])

    def _on_cdp(self, method: str, params: dict[str, Any], session: str | None) -> None:
        if method == CRASHED:
            if self._tab_of(session) is not None:  # else it is that of a frame, or of a tab closed meanwhile
                self.crashed()
        elif method in (STARTED, STOPPED):
            tab = self.tabs.all.get(params["frameId"])  # a tab's own frame has its id
            if tab is not None:
                tab.loading = method == STARTED
                self._changed(tab.id)
        elif method == FAILED:
            if params.get("type") == "Document" and not params.get("canceled"):
                self._reason = params["errorText"]
        elif method == NAVIGATED:
            frame = params["frame"]
            if frame["id"] in self.tabs:
                self.tabs.all[frame["id"]].leaving, self.tabs.all[frame["id"]].insisted = False, 0
                self._changed(frame["id"])
                if frame.get("unreachableUrl") and self._loading is None:  # else whoever loads is told
                    url, why = frame["unreachableUrl"], in_words(self._reason)
                    self.note("load_failed", f"The page {url} could not be loaded: {why}.")
        elif method == TITLE and (tab := self._tab_of(session)) is not None:
            self._changed(tab.id)

    def _tab_of(self, session: str | None) -> Tab | None:
        return next((tab for tab in self.tabs.all.values() if session is not None and tab.session == session), None)

    def _changed(self, id: str) -> None:
        self.on_change(id)
        self._pulse.set()
        self._pulse = asyncio.Event()

    def _created(self, context: dict[str, Any]) -> bool:
        id = context["context"]
        return self.tabs.add(id, context.get("originalOpener"), context.get("clientWindow") or "")

    def _destroyed(self, id: str) -> None:
        if id not in self.tabs:
            return
        shown = self.tabs.remove(id)
        self._changed(id)
        if self._bidi is not None:
            self.on_gone(shown)

    def add(self, context: dict[str, Any]) -> Tab | None:
        """A tab that we have made, as the browser answers; None where it has told of it already."""
        return self.tabs.all[context["context"]] if self._created(context) else None

    # ---- tabs

    @property
    def shown(self) -> Tab:
        shown = self.tabs.shown
        if shown is None:
            raise Unavailable("The browser shows no page; load one.")
        return shown

    def tab(self, id: str) -> Tab:
        """Raises `NotFound`."""
        tab = self.tabs.all.get(id)
        if tab is None:
            raise NotFound(f"There is no tab {id[:64]!r}; `tab:list` names those there are.", code="no_tab")
        return tab

    # ---- loading

    async def load(self, url: str, timeout: float) -> tuple[str, str]:
        """Load `url` and wait until it has loaded; (title, url). Raises `LoadFailed` with the browser's own reason."""
        self.give_up("superseded")
        loading = self._loading = Load(asyncio.create_task(self._navigate(url)))
        try:
            await asyncio.wait_for(asyncio.shield(loading.task), timeout)
        except TimeoutError:
            loading.task.cancel()
            with contextlib.suppress(Unavailable, CommandFailed):
                await self.cdp("Page.stopLoading")
            raise LoadFailed(f"The page {url} could not be loaded: it did not finish within {timeout:g} seconds.") from None
        except asyncio.CancelledError:
            if loading.given_up is None:
                raise
            raise LoadFailed(f"The page {url} was not loaded: {GIVEN_UP[loading.given_up]}.", code=loading.given_up) from None
        except CommandFailed as error:
            raise LoadFailed(f"The page {url} could not be loaded: {in_words(str(error))}.") from None
        finally:
            if loading is self._loading:
                self._loading = None
        await self._painted()
        return await self.present()

    def give_up(self, why: GivenUp) -> None:
        """Whatever is being loaded is not waited for any more."""
        loading, self._loading = self._loading, None
        if loading is not None:
            loading.given_up = why
            loading.task.cancel()

    async def _navigate(self, url: str) -> None:
        await self.free()
        assert self._bidi is not None
        await self._bidi.call("browsingContext.navigate", context=self.shown.id, url=url, wait="complete")

    async def settled(self, tab: Tab) -> None:
        """Return once `tab` loads nothing, or has gone."""
        while tab.loading and tab.id in self.tabs:
            await self._pulse.wait()
        await self._painted()

    async def _painted(self) -> None:
        """Wait until the new page has been painted: Chromium drops input to a page that it has not shown yet."""
        with contextlib.suppress(Unavailable, CommandFailed, TimeoutError):
            async with asyncio.timeout(PAINT_SECONDS):
                await self.cdp("Runtime.evaluate", expression=PAINTED, awaitPromise=True)

    async def free(self) -> None:
        """Break off the script of a page that is busy with itself: whatever is loaded next would wait for it, for good.

        From now until there is another page, whatever this one asks is answered for whoever leaves it.
        """
        tab = self.shown
        tab.leaving = True
        await self.leave(tab.id)
        try:
            await self.cdp("Runtime.evaluate", expression="0")
        except Unavailable:
            await self.cdp("Runtime.terminateExecution")
        except CommandFailed:
            pass  # it has crashed, or is between two pages

    # ---- asking

    async def present(self) -> tuple[str, str]:
        """Title and address as the browser, not the page, has them: a page that hangs does not matter.

        While the browser moves from one page's process to the next's it has neither; then those of before.
        """
        tab = self.shown
        if await self.look(tab):
            self._last = tab.title, tab.url
        return self._last

    async def look(self, tab: Tab) -> dict[str, Any] | None:
        """Bring what is known of `tab` up to date; its history, or None while there is none."""
        try:
            history = await self.cdp_of(tab, "Page.getNavigationHistory")
        except CommandFailed:
            return None
        entries, index = history["entries"], history["currentIndex"]
        first = 1 if entries[0].get("url") == BEGINNING else 0
        tab.title, tab.url = entries[index]["title"], entries[index]["url"]
        tab.can_go_back = index > first or tab.opener is not None  # a popup can be left, if only by closing it
        tab.can_go_forward = index + 1 < len(entries)
        return {"entries": entries[first:], "index": index - first}

    async def cdp(self, method: str, /, **params: Any) -> dict[str, Any]:
        """A command of the Chrome DevTools Protocol to the shown page; as `cdp_of`."""
        return await self.cdp_of(None, method, **params)

    async def cdp_of(self, tab: Tab | None, method: str, /, **params: Any) -> dict[str, Any]:
        """A command of the Chrome DevTools Protocol to `tab`, or to the shown one.

        Raises `Unavailable` when no answer comes within ANSWER_SECONDS, `CommandFailed` when the browser refuses.
        """
        if self._bidi is None:
            raise ChildGone("The browser is not there.")
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                tab = tab or self.shown
                if tab.session is None:
                    tab.session = (await self._bidi.call("goog:cdp.getSession", context=tab.id))["session"]
                if not method.startswith(OF_THE_PAGE):
                    return await self.call_session(tab.session, method, **params)
                return await self.answers.ask(tab, method, self.call_session(tab.session, method, **params))
        except TimeoutError:
            raise Unavailable("The page is busy and does not answer; wait, or load another.", code="page_busy") from None

    async def call_session(self, session: str, method: str, /, **params: Any) -> dict[str, Any]:
        """The same to a session of the DevTools protocol, however long it takes."""
        if self._bidi is None:
            raise ChildGone("The browser is not there.")
        answer = await self._bidi.call("goog:cdp.sendCommand", method=method, params=params, session=session)
        result: dict[str, Any] = answer.get("result", answer)
        return result

    async def call(self, method: str, /, **params: Any) -> dict[str, Any]:
        """A command of BiDi that does not wait for a page. Raises `Unavailable` where it is not done."""
        if self._bidi is None:
            raise ChildGone("The browser is not there.")
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self._bidi.call(method, **params)
        except TimeoutError:
            raise Unavailable("The browser is busy and does not answer; try again.", code="page_busy") from None
        except CommandFailed as error:
            raise Unavailable(f"The browser did not do it: {error}.") from None


async def _nothing(tab: str) -> None:
    """There are no dialogs."""
