"""An incarnation: one life of a session's browser, from the start of its capture process to the end of that.

    starting --ready--> alive --ended, or killed because it hangs--> over

It asks the process what the session wants to know, and whether it still lives.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable
from typing import Any

from engine import logs
from engine.child import Child
from engine.errors import ChildGone, JiomosaError, Unavailable, rebuild
from engine.exchange import Clipboard, Resized
from engine.messages import CaptureSpec, Done, Ping, Refused, ToCapture
from engine.pagemessages import Page
from engine.patience import Patience

log = logs.logger("jiomosa.session")

ANSWER_SECONDS = 10.0  # the capture process bounds what it waits for; beyond this it hangs itself
BEAT_SECONDS = 1.0
HUNG_SECONDS = 5.0  # far more than the longest turn of its event loop, also on a machine that is far too small


class Incarnation:
    """`on_message` gets what answers no question; `on_end` is called once, when it ends after it was ready."""

    def __init__(
        self, name: str, module: str, spec: CaptureSpec, on_message: Callable[[Any], None], on_end: Callable[[JiomosaError], None]
    ) -> None:
        self._child = Child(name, module, spec)
        self._on_message = on_message
        self._on_end = on_end
        self._tokens = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._patience = Patience(HUNG_SECONDS)
        self._ping = 0
        self._beats: asyncio.TimerHandle | None = None
        self._hangs: JiomosaError | None = None
        self._over: JiomosaError | None = None

    async def start(self, timeout: float) -> str:
        """Start it and wait until it is ready; returns what it runs. Raises `JiomosaError`; `stop` it then."""
        self._child.start(self._received, self._ended)
        runs = await self._child.ready(timeout)
        if self._over is not None:  # it ended before we could hear that it was ready
            raise self._over
        self._beats = asyncio.get_running_loop().call_later(BEAT_SECONDS, self._beat)
        return runs

    @property
    def pid(self) -> int | None:
        """Of the capture process, as long as it runs."""
        return self._child.pid if self._child.alive else None

    async def stop(self, grace: float) -> None:
        """End it, and wait for its end."""
        if self._child.started:
            await self._child.stop(grace)

    def give_up(self, reason: JiomosaError) -> None:
        """Nobody waits for its answers any more."""
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(reason)

    def take_file(self) -> int:
        """What came with the message that `on_message` is handling."""
        return self._child.take_file()

    def send(self, message: ToCapture) -> None:
        try:
            self._child.send(message)
        except ChildGone as error:
            # Its end, if it has ended, is about to be noticed; if it hangs, this is how it is noticed.
            log.debug("process not reached, killed", process=self._child.name, reason=error.message)
            self._child.kill()

    async def ask(self, build: Callable[[int], ToCapture], timeout: float) -> Any:
        """Send what `build(token)` makes and wait for its answer. Raises what it was refused with, or `Unavailable`."""
        token = next(self._tokens)
        waiting = self._waiting[token] = asyncio.get_running_loop().create_future()
        try:
            self.send(build(token))
            return await asyncio.wait_for(waiting, timeout)
        except TimeoutError:
            raise Unavailable(f"The browser of this session did not answer within {timeout:g} seconds.") from None
        finally:
            del self._waiting[token]

    def _received(self, message: Any) -> None:
        match message:
            case Done(token) if token == self._ping:
                self._patience.answered(time.monotonic())
            case Refused(token, code, text):
                waiting = self._waiting.get(token)
                if waiting is not None and not waiting.done():
                    waiting.set_exception(rebuild(code, text))
            case Done(token) | Page(token) | Resized(token) | Clipboard(token):
                if not isinstance(message, Done):
                    self._on_message(message)
                waiting = self._waiting.get(token)
                if waiting is not None and not waiting.done():
                    waiting.set_result(message)
            case _:
                self._on_message(message)

    def _beat(self) -> None:
        self._child.hear()
        now = time.monotonic()
        if self._patience.over(now):
            self._hangs = ChildGone("The capture process of this session, or its X server, has not answered any more.")
            self._child.kill()
            return
        if not self._patience.owed:
            self._patience.asked(now)
            self._ping = next(self._tokens)
            self.send(Ping(self._ping))
        self._beats = asyncio.get_running_loop().call_later(BEAT_SECONDS, self._beat)

    def _ended(self, error: JiomosaError) -> None:
        self._over = self._hangs or error
        if self._beats is not None:  # else whoever waits for its readiness is told
            self._beats.cancel()
            self._on_end(self._over)
