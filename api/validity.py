"""How long somebody's right to what they have open lasts: until their token expires or is revoked, whichever comes first."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from api.revoked import Revoked, refusal
from engine.errors import Unauthorized
from engine.identity import Identity

LONGEST_SLEEP = 86_400.0  # seconds; event loops do not take timers of any length

OnEnd = Callable[[Unauthorized], None]
T = TypeVar("T")


class Validity:
    """That of `identity`. `on_end(why)` is called once, and not within the constructor, when it ends before `leave()`.

    `revoked`: None where nothing can be.
    """

    def __init__(self, identity: Identity, revoked: Revoked | None, on_end: OnEnd) -> None:
        self._expires_at = identity.expires_at
        self._on_end = on_end
        self._timer: asyncio.Handle | None = None
        self._unfollow: Callable[[], None] | None = None
        if not math.isinf(self._expires_at):
            self._look()
        if revoked is not None and identity.names:
            self._unfollow = revoked.follow(identity.names, lambda: self._end(refusal()))

    def _look(self) -> None:
        left = self._expires_at - time.time()
        loop = asyncio.get_running_loop()
        if left > 0:
            self._timer = loop.call_later(min(left, LONGEST_SLEEP), self._look)
        else:
            why = Unauthorized("Your token has expired; connect again with a new one.", code="token_expired")
            self._timer = loop.call_soon(self._end, why)

    def _end(self, why: Unauthorized) -> None:
        self.leave()
        self._on_end(why)

    def leave(self) -> None:
        """Nobody wants to know any more."""
        if self._timer is not None:
            self._timer.cancel()
        if self._unfollow is not None:
            self._unfollow()


async def while_valid(identity: Identity, revoked: Revoked | None, work: Coroutine[Any, Any, T]) -> T:
    """Do `work` for `identity`. Raises `Unauthorized` when its right ends before; the work has ended, too, then."""
    if math.isinf(identity.expires_at) and not identity.names:
        return await work
    over: asyncio.Future[Unauthorized] = asyncio.get_running_loop().create_future()
    validity = Validity(identity, revoked, over.set_result)
    task = asyncio.create_task(work)
    try:
        either: set[asyncio.Future[Any]] = {task, over}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise over.result()
        return task.result()
    finally:
        validity.leave()
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
