"""A page asks for a file: whoever watches is asked, and what they have uploaded is given to the page.

Chromium opens no chooser, which would show the server's disk: the dialog is dismissed (`PROMPTS` in `capture.browser`), and told
of instead. The page waits for nothing meanwhile, so a request may be answered late or never; the newest of a page takes the place
of those before it.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from typing import Any, NamedTuple

from capture.bidi import Bidi, CommandFailed
from engine.errors import ChildGone, NotFound
from engine.exchange import FileAsked, GiveFiles

OPENED = "input.fileDialogOpened"
MOST_REQUESTS = 16  # that are remembered; a page may ask as often as it likes
ASK_SECONDS = 2.0


class _Request(NamedTuple):
    context: str
    element: dict[str, Any]


class FileRequests:
    """Calls `tell` with each `FileAsked`. Hand all events to `on_event`."""

    def __init__(self, tell: Callable[[FileAsked], None]) -> None:
        self._tell = tell
        self._bidi: Bidi | None = None
        self._requests: dict[str, _Request] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self, bidi: Bidi) -> None:
        self._bidi = bidi
        await bidi.call("session.subscribe", events=[OPENED])

    def on_event(self, method: str, params: dict[str, Any]) -> None:
        if method == OPENED and (element := params.get("element")) is not None:
            task = asyncio.get_running_loop().create_task(self._asked(params["context"], element, bool(params.get("multiple"))))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _asked(self, context: str, element: dict[str, Any], multiple: bool) -> None:
        assert self._bidi is not None
        accept = ""
        try:
            async with asyncio.timeout(ASK_SECONDS):
                answer = await self._bidi.call(
                    "script.callFunction",
                    functionDeclaration="(element) => String(element.accept || '').slice(0, 500)",
                    arguments=[{"sharedId": element["sharedId"]}],
                    target={"context": context},
                    awaitPromise=False,
                )
            accept = str(answer["result"]["value"])
        except (CommandFailed, ChildGone, TimeoutError, KeyError):
            pass  # of all kinds, then
        request = secrets.token_hex(8)
        for old in [old for old, known in self._requests.items() if known.context == context]:
            del self._requests[old]
        self._requests[request] = _Request(context, element)
        while len(self._requests) > MOST_REQUESTS:
            del self._requests[next(iter(self._requests))]
        self._tell(FileAsked(request, multiple, accept))

    async def give(self, message: GiveFiles) -> None:
        """Raises `NotFound`, or `CommandFailed`: the page has gone, or takes only one file."""
        assert self._bidi is not None
        request = self._requests.get(message.request)
        if request is None:
            raise NotFound(f"There is no request {message.request!r} for a file: it has been answered, or the page asks no more.")
        element = {"sharedId": request.element["sharedId"]}
        await self._bidi.call("input.setFiles", context=request.context, element=element, files=list(message.paths))
        self._requests.pop(message.request, None)

    def close(self) -> None:
        for task in self._tasks:
            task.cancel()
