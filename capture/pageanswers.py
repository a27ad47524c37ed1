"""What pages answer themselves, and so not while they have a dialog open."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from capture.tabs import Tab
from engine.errors import Unavailable

Answer = dict[str, Any]


class PageAnswers:
    """Of all tabs."""

    def __init__(self) -> None:
        self._asked: dict[asyncio.Task[Answer], Tab] = {}

    async def ask(self, tab: Tab, method: str, command: Coroutine[Any, Any, Answer]) -> Answer:
        """The answer to `command`. Raises `Unavailable` (dialog_open) where the page of `tab` has a dialog open, or opens one."""
        if tab.blocked:
            command.close()
            raise _blocked()
        asked = asyncio.create_task(command)
        self._asked[asked] = tab
        try:
            await asyncio.wait({asked})
            if not asked.cancelled():
                return asked.result()
            if method.startswith("Input."):  # it has reached the page: that is what opened the dialog
                return {}
            raise _blocked()
        finally:
            del self._asked[asked]
            asked.cancel()

    def halt(self, tab: Tab) -> None:
        """The page of `tab` answers nothing from now on: nobody waits for it."""
        for asked, of in self._asked.items():
            if of is tab:
                asked.cancel()


def _blocked() -> Unavailable:
    return Unavailable("The page has a dialog open; answer it first, or load another page.", code="dialog_open")
