"""Another size of a session's screen while it is watched: another ring takes the place of the one before once it is filled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from api.browser import Browser
from api.stream import Stream
from engine.exchange import Resize, Resized


class Resizing:
    """One session's. `inject(build)` asks its capture process; `on_done()`: pictures have another size from now on."""

    def __init__(
        self,
        browser: Browser,
        stream: Stream,
        inject: Callable[[Callable[[int], Resize]], Coroutine[Any, Any, None]],
        on_done: Callable[[], None],
    ) -> None:
        self._browser = browser
        self._stream = stream
        self._inject = inject
        self._on_done = on_done
        self._turn = asyncio.Lock()

    async def to(self, width: int, height: int) -> None:
        """Give the screen this size; returns once frames of it come. Raises `BadRequest`, `Unavailable`."""
        async with self._turn:
            device = self._browser.device.resized(width, height)
            if device != self._browser.device:
                ring = self._browser.prepare(device)
                await self._inject(lambda token: Resize(token, ring, width, height))

    def done(self, resized: Resized) -> None:
        """The capture process has said so; to be called before it is heard any further."""
        self._browser.device = self._browser.device.resized(resized.width, resized.height)
        self._stream.resized(resized.ring, resized.width, resized.height)
        self._on_done()
