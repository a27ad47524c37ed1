"""The page that is shown: loading it, asking it, and following the browser when it opens or closes a tab.

The shown page is the newest top-level browsing context; when it closes, the one before it is shown again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from capture.bidi import Bidi, CommandFailed
from engine import logs
from engine.errors import ChildGone, LoadFailed, Unavailable

log = logs.logger("jiomosa.capture")

ANSWER_SECONDS = 2.0  # a page that does not answer within this is busy with itself
PAINT_SECONDS = 0.5  # a page that paints nothing for so long is answered for without
# The second callback comes after the first frame has been handed over.
PAINTED = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(0))))"
CRASHED = "goog:cdp.Inspector.targetCrashed"
EVENTS = ["browsingContext.contextCreated", "browsingContext.contextDestroyed", CRASHED]


class ShownPage:
    """Wraps a browser's connection. Hand all events to `on_event`. `crashed()`: a page's process has ended ("Aw, Snap!")."""

    def __init__(self, crashed: Callable[[], None] = lambda: None) -> None:
        self._crashed = crashed
        self._bidi: Bidi | None = None
        self._contexts: list[str] = []  # top-level, newest last
        self._cdp_sessions: dict[str, str] = {}
        self._last = ("", "about:blank")
        self._loading: asyncio.Task[None] | None = None

    async def open(self, bidi: Bidi) -> None:
        """Begin with what the browser shows."""
        self._bidi = bidi
        await bidi.call("session.subscribe", events=EVENTS)
        tree = await bidi.call("browsingContext.getTree", maxDepth=0)
        for context in tree["contexts"]:
            self._add(context["context"])

    def on_event(self, method: str, params: dict[str, Any]) -> None:
        if method == CRASHED:
            if params["session"] in self._cdp_sessions.values():  # else it is that of a frame, or of a tab closed meanwhile
                self._crashed()
            return
        if params.get("parent") is not None:
            return
        if method == "browsingContext.contextCreated":
            self._add(params["context"])
        elif method == "browsingContext.contextDestroyed" and params["context"] in self._contexts:
            self._contexts.remove(params["context"])
            self._cdp_sessions.pop(params["context"], None)

    def _add(self, context: str) -> None:
        if context not in self._contexts:
            self._contexts.append(context)

    @property
    def _shown(self) -> str:
        if not self._contexts:
            raise Unavailable("The browser shows no page; load one.")
        return self._contexts[-1]

    async def load(self, url: str, timeout: float) -> tuple[str, str]:
        """Load `url` and wait until it has loaded; (title, url). Raises `LoadFailed` with the browser's own reason."""
        if self._loading is not None:
            self._loading.cancel()
        loading = self._loading = asyncio.create_task(self._navigate(url))
        try:
            await asyncio.wait_for(asyncio.shield(loading), timeout)
        except TimeoutError:
            loading.cancel()
            with contextlib.suppress(Unavailable, CommandFailed):
                await self.cdp("Page.stopLoading")
            raise LoadFailed(f"The page {url} could not be loaded: it did not finish within {timeout:g} seconds.") from None
        except asyncio.CancelledError:
            if loading is self._loading:
                raise
            raise LoadFailed(f"The page {url} was not loaded: another was asked for meanwhile.", code="superseded") from None
        except CommandFailed as error:
            raise LoadFailed(f"The page {url} could not be loaded: {str(error).rstrip('.')}.") from None
        finally:
            if loading is self._loading:
                self._loading = None
        await self._painted()
        return await self.present()

    async def _navigate(self, url: str) -> None:
        assert self._bidi is not None
        await self._free()
        await self._bidi.call("browsingContext.navigate", context=self._shown, url=url, wait="complete")

    async def _painted(self) -> None:
        """Wait until the new page has been painted: Chromium drops input to a page that it has not shown yet."""
        with contextlib.suppress(Unavailable, CommandFailed, TimeoutError):
            async with asyncio.timeout(PAINT_SECONDS):
                await self.cdp("Runtime.evaluate", expression=PAINTED, awaitPromise=True)

    async def _free(self) -> None:
        """Break off the script of a page that is busy with itself: whatever is loaded next would wait for it, for good."""
        try:
            await self.cdp("Runtime.evaluate", expression="0")
        except Unavailable:
            await self.cdp("Runtime.terminateExecution")
        except CommandFailed:
            pass  # it has crashed, or is between two pages

    async def present(self) -> tuple[str, str]:
        """Title and address as the browser, not the page, has them: a page that hangs does not matter.

        While the browser moves from one page's process to the next's it has neither; then those of before.
        """
        with contextlib.suppress(CommandFailed):
            history = await self.cdp("Page.getNavigationHistory")
            entry = history["entries"][history["currentIndex"]]
            self._last = entry["title"], entry["url"]
        return self._last

    async def cdp(self, method: str, /, **params: Any) -> dict[str, Any]:
        """A command of the Chrome DevTools Protocol to the shown page.

        Raises `Unavailable` when no answer comes within ANSWER_SECONDS, `CommandFailed` when the browser refuses.
        """
        if self._bidi is None:
            raise ChildGone("The browser is not there.")
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                context = self._shown
                session = self._cdp_sessions.get(context)
                if session is None:
                    found = await self._bidi.call("goog:cdp.getSession", context=context)
                    session = self._cdp_sessions[context] = found["session"]
                answer = await self._bidi.call("goog:cdp.sendCommand", method=method, params=params, session=session)
        except TimeoutError:
            raise Unavailable("The page is busy and does not answer; wait, or load another.", code="page_busy") from None
        result: dict[str, Any] = answer.get("result", answer)
        return result
