"""A browser's connection that answers what the test wants, and the page of a browser that answers so."""

from __future__ import annotations

import asyncio
from typing import Any

from capture.page import ShownPage

NEVER = object()


class FakeBidi:
    """Answers each command from `replies`: by the method, or the DevTools method; an exception is raised, NEVER is never."""

    def __init__(self, *contexts: str) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.replies: dict[str, Any] = {
            "session.subscribe": {},
            "browsingContext.getTree": {"contexts": [{"context": context} for context in contexts]},
            "browsingContext.navigate": {},
            "goog:cdp.getSession": lambda params: {"session": f"session of {params['context']}"},
            "Page.getNavigationHistory": {"currentIndex": 1, "entries": [{}, {"title": "Title", "url": "http://here/"}]},
            "Page.stopLoading": {},
            "Runtime.evaluate": {},
            "Runtime.terminateExecution": {},
        }

    async def call(self, method: str, /, **params: Any) -> dict[str, Any]:
        self.calls.append((params["method"] if method == "goog:cdp.sendCommand" else method, params))
        reply = self.replies[self.calls[-1][0]]
        if callable(reply) and not isinstance(reply, type):
            reply = reply(params)
        if asyncio.iscoroutine(reply):
            reply = await reply
        if reply is NEVER:
            await asyncio.Event().wait()
        if isinstance(reply, Exception):
            raise reply
        return {"result": reply} if method == "goog:cdp.sendCommand" else reply

    def named(self, method: str) -> list[dict[str, Any]]:
        return [params for name, params in self.calls if name == method]


async def shown(bidi: FakeBidi) -> ShownPage:
    page = ShownPage()
    await page.open(bidi)  # type: ignore[arg-type]
    return page


def created(context: str, **more: Any) -> tuple[str, dict[str, Any]]:
    return "browsingContext.contextCreated", {"context": context, "parent": None, **more}


def destroyed(context: str, **more: Any) -> tuple[str, dict[str, Any]]:
    return "browsingContext.contextDestroyed", {"context": context, "parent": None, **more}
