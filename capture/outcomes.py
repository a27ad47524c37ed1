"""What a page wanted and did not get, told to whoever watches: a file, another program, paper.

The browser refuses all of it, by its policies (`capture.policies`) and by what it is told here; nothing of it reaches the disk.
"""

from __future__ import annotations

import contextlib
from typing import Any
from urllib.parse import urlsplit

from capture.bidi import CommandFailed
from capture.files import OPENED
from capture.page import ShownPage
from engine.errors import Unavailable

DOWNLOAD, REQUESTED = "browsingContext.downloadWillBegin", "goog:cdp.Page.frameRequestedNavigation"
EVENTS = [DOWNLOAD, REQUESTED]
OPENED_HERE = {
    "http",
    "https",
    "about",
    "data",
    "blob",
    "javascript",
    "file",
    "view-source",
    "filesystem",
    "chrome",
    "chrome-error",
}
MOST = 200  # characters of a name or an address


class Outcomes:
    """Of `page`."""

    def __init__(self, page: ShownPage) -> None:
        self._page = page
        page.listeners.append(self.on_event)

    async def open(self) -> None:
        """Begin, with a browser that is there."""
        await self._page.call("session.subscribe", events=EVENTS)
        with contextlib.suppress(CommandFailed, Unavailable):  # the policies refuse it, too
            await self._page.call("browser.setDownloadBehavior", downloadBehavior={"type": "denied"})

    def on_event(self, method: str, params: dict[str, Any]) -> None:
        if method == DOWNLOAD:
            name = params.get("suggestedFilename") or "a file"
            self._page.note("download", f"The page offers the file {name[:MOST]!r}; files cannot be downloaded here.")
        elif method == OPENED and params.get("element") is None:  # of a file input it can be answered: `capture.files`
            self._page.note("no_file", "The page's script asks for a file or a folder; only a file field can be given one here.")
        elif method == REQUESTED:
            url = params["params"]["url"]
            if urlsplit(url).scheme not in OPENED_HERE:
                self._page.note("no_program", f"The page wanted to open {url[:MOST]}, which only another program could do.")
