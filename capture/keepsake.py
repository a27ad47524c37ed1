"""What must survive the browser: its cookies, and the local storage of the pages shown lately.

Chromium writes cookies out only every half minute, and those without an expiry never; so they are kept beside its profile every
few seconds while the page runs, ever less often where nothing changes and nobody touches the page, and put back into the browser
that follows. All of it stays in the session's folder and goes with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from capture.bidi import CommandFailed
from capture.page import ShownPage
from engine import logs
from engine.errors import JiomosaError

log = logs.logger("jiomosa.capture")

KEEP_SECONDS, MOST_KEEP_SECONDS = 6.0, 30.0  # each time costs the browser 10 ms
SETTLE_SECONDS = 2.0  # after a load
MOST_ORIGINS, MOST_BYTES = 8, 8_000_000
# Before any script of the page, and in its first document only: what the page does to its storage afterwards stands.
FILL = """((kept) => {
  if (window !== window.top || !kept[location.origin]) return;
  try { localStorage.clear(); for (const [name, value] of kept[location.origin]) localStorage.setItem(name, value); } catch {}
})(%s)"""
COOKIE_FIELDS = ("name", "value", "path", "secure", "httpOnly", "sameSite", "priority", "partitionKey")


class Kept(msgspec.Struct):
    """Cookies as the DevTools protocol has them; for each origin the names and values of its local storage."""

    cookies: list[dict[str, Any]] = msgspec.field(default_factory=list)
    storage: dict[str, list[list[str]]] = msgspec.field(default_factory=dict)


class Keepsake:
    """Of the browser that `page` is shown in; in `folder`. `asleep()`: the page is frozen."""

    def __init__(self, page: ShownPage, folder: Path, asleep: Callable[[], bool]) -> None:
        self._page = page
        self._path = folder / "kept.json"
        self._asleep = asleep
        self._kept = Kept()
        self._written = b""
        self._script: str | None = None
        self._fresh = asyncio.Event()
        self._used = asyncio.Event()
        self._pause = KEEP_SECONDS

    async def run(self) -> None:
        while True:
            self._used.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._used.wait(), self._pause - KEEP_SECONDS)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._fresh.wait(), KEEP_SECONDS)
                self._fresh.clear()
                await asyncio.sleep(SETTLE_SECONDS)
            if not self._asleep():
                changed = await self.keep()
                self._pause = KEEP_SECONDS if changed or self._used.is_set() else min(2 * self._pause, MOST_KEEP_SECONDS)

    def used(self) -> None:
        """Somebody did something with the page."""
        self._used.set()

    async def keep(self) -> bool:
        """Keep what there is now; whether that is anything new."""
        with contextlib.suppress(CommandFailed, JiomosaError):  # busy, or between two pages: the next time, then
            self._kept.cookies = (await self._page.cdp("Storage.getCookies"))["cookies"]
            _, url = await self._page.present()
            parts = urlsplit(url)
            if parts.scheme in ("http", "https"):
                origin = f"{parts.scheme}://{parts.netloc}"
                found = await self._page.cdp("DOMStorage.getDOMStorageItems", storageId=_local_storage(origin))
                self._kept.storage.pop(origin, None)
                self._kept.storage[origin] = found["entries"]
                while len(self._kept.storage) > MOST_ORIGINS:
                    del self._kept.storage[next(iter(self._kept.storage))]
        text = msgspec.json.encode(self._kept)
        if text == self._written or len(text) > MOST_BYTES:
            return False
        await asyncio.to_thread(self._write, text)
        self._written = text
        return True

    def _write(self, text: bytes) -> None:
        # The browser may write to this folder, too, and we may do more than it: a new file put in place follows no link.
        try:
            fd, name = tempfile.mkstemp(dir=self._path.parent)
            with os.fdopen(fd, "wb") as file:
                file.write(text)
            os.replace(name, self._path)
        except OSError as error:
            log.warning("cookies and storage not kept", reason=str(error))

    async def put_back(self) -> None:
        """Have this browser know what was kept of the one before; before anything is loaded."""
        try:
            fd = os.open(self._path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(fd, "rb") as file:
                kept = self._kept = msgspec.json.decode(file.read(MOST_BYTES + 1), type=Kept)
            await self._page.cdp("Storage.setCookies", cookies=[as_parameter(cookie) for cookie in kept.cookies])
            text = FILL % msgspec.json.encode(kept.storage).decode()
            self._script = (await self._page.cdp("Page.addScriptToEvaluateOnNewDocument", source=text))["identifier"]
        except FileNotFoundError:
            pass  # it ended too soon
        except (OSError, msgspec.MsgspecError, KeyError, CommandFailed, JiomosaError) as error:
            log.warning("cookies and storage not put back", reason=str(error))

    async def loaded(self) -> None:
        """A page has been loaded."""
        self._fresh.set()
        self._used.set()
        script, self._script = self._script, None
        if script is not None:
            with contextlib.suppress(CommandFailed, JiomosaError):
                await self._page.cdp("Page.removeScriptToEvaluateOnNewDocument", identifier=script)


def _local_storage(origin: str) -> dict[str, Any]:
    return {"securityOrigin": origin, "isLocalStorage": True}


def as_parameter(cookie: dict[str, Any]) -> dict[str, Any]:
    """A cookie as the browser told it, in the form in which it takes it."""
    parameter = {name: cookie[name] for name in COOKIE_FIELDS if name in cookie}
    domain = cookie["domain"]
    if domain.startswith("."):
        parameter["domain"] = domain
    else:  # of this host alone: naming the domain would let others below it have it
        parameter["url"] = f"{'https' if cookie.get('secure') else 'http'}://{domain}{cookie.get('path', '/')}"
    if not cookie.get("session", False):
        parameter["expires"] = cookie["expires"]
    return parameter
