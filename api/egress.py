"""The egress process, supervised: it is there as long as anything is denied to pages, whatever becomes of it.

    starting --ready--> serving --it ended, or owes an answer for too long and is killed--> starting ...

The listening sockets of all ways are kept here. So a browser that asks while there is no process waits in its socket's backlog,
and the next process has it. What went through the one before is lost.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from engine import logs
from engine.attempts import Attempts
from engine.child import Child
from engine.errors import ChildGone, JiomosaError
from engine.messages import Ping
from engine.patience import Patience
from engine.settings import Settings
from engine.userid import UserId
from engine.ways import CloseWay, Denied, EgressSpec, OpenWay, Traffic

log = logs.logger("jiomosa.egress")

START_SECONDS, STOP_SECONDS = 15.0, 2.0
BEAT_SECONDS = 0.2
HUNG_SECONDS = 0.5  # its longest turn takes a few ms; with beat and start, a page waits for about a second
# The first successor starts at once. Every page waits for one, and a start is a quarter of a second of work: never long.
FIRST_BACKOFF_SECONDS, LONGEST_BACKOFF_SECONDS = 0.2, 1.0
FORGIVEN_SECONDS = 60.0

Told = Callable[[Denied], None]


@dataclass(frozen=True, slots=True)
class EgressStatistics:
    """`replaced`: processes that died or hung; the others as in `engine.messages.Traffic`, over all processes."""

    replaced: int = 0
    ways: int = 0
    open: int = 0
    made: int = 0
    denied: int = 0
    failed: int = 0
    up: int = 0
    down: int = 0


class Egress:
    """`start` it once; then `open` a way for each browser."""

    MODULE: ClassVar[str] = "capture.egress.main"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._numbers = itertools.count(1)
        self._tokens = itertools.count(1)
        self._ways: dict[int, tuple[int, Told]] = {}
        self._child: Child | None = None
        self._user: UserId | None = None
        self._patience = Patience(HUNG_SECONDS)
        self._attempts = Attempts(FIRST_BACKOFF_SECONDS, LONGEST_BACKOFF_SECONDS, FORGIVEN_SECONDS)
        self._beats: asyncio.TimerHandle | None = None
        self._restart: asyncio.Task[None] | None = None
        self._serving = False
        self._closing = False
        self._before = EgressStatistics()  # of the processes before this one
        self._now = EgressStatistics()

    async def start(self) -> None:
        """Raises `JiomosaError` when it does not become ready."""
        if os.geteuid() == 0:
            self._user = UserId.claim(self._settings.browser_uid)
        await self._start_one()

    async def close(self) -> None:
        self._closing = True
        if self._restart is not None:
            self._restart.cancel()
        if self._beats is not None:
            self._beats.cancel()
        if self._child is not None:
            await self._child.stop(STOP_SECONDS)
        for file, _ in self._ways.values():
            os.close(file)
        self._ways.clear()
        if self._user is not None:
            self._user.release()

    @property
    def pid(self) -> int | None:
        """The process that serves; None while there is none."""
        return self._child.pid if self._child is not None and self._serving else None

    def statistics(self) -> EgressStatistics:
        return replace(self._now, ways=len(self._ways))

    def open(self, file: int, told: Told) -> int:
        """A way for a browser that asks at the listening socket `file`, which is ours from now on; its number.

        `told` hears of what is refused to it.
        """
        number = next(self._numbers)
        self._ways[number] = file, told
        self._send(OpenWay(number), file)
        if self._beats is None and self._serving:
            self._beat()
        return number

    def close_way(self, number: int) -> None:
        """Its browser is gone."""
        file, _ = self._ways.pop(number)
        os.close(file)
        self._send(CloseWay(number))

    def hear(self) -> None:
        """Take in now what has been refused already."""
        if self._child is not None:
            self._child.hear()

    def _send(self, message: Any, file: int | None = None) -> None:
        if self._child is None or not self._serving:
            return  # the next one is told of all ways
        try:
            self._child.send(message, file)
        except ChildGone:
            self._child.kill()

    def _received(self, message: Any) -> None:
        match message:
            case Denied(way):
                if way in self._ways:
                    self._ways[way][1](message)
            case Traffic():
                self._patience.answered(time.monotonic())
                before = self._before
                self._now = EgressStatistics(
                    before.replaced,
                    0,
                    message.open,
                    before.made + message.made,
                    before.denied + message.denied,
                    before.failed + message.failed,
                    before.up + message.up,
                    before.down + message.down,
                )

    def _beat(self) -> None:
        """Ask whether it lives, as long as anybody needs it; kill it if it hangs."""
        self._beats = None
        if self._child is None or not self._serving or not (self._ways or self._patience.owed):
            return
        self._child.hear()
        now = time.monotonic()
        if self._patience.over(now):
            log.error("egress process hangs; killing it", seconds=HUNG_SECONDS)
            self._child.kill()
            return
        if not self._patience.owed:
            self._patience.asked(now)
            self._send(Ping(next(self._tokens)))
        self._beats = asyncio.get_running_loop().call_later(BEAT_SECONDS, self._beat)

    async def _start_one(self) -> None:
        """Raises `JiomosaError`, and leaves nothing, when it does not become ready."""
        settings = self._settings
        spec = EgressSpec(
            settings.private_allowed, settings.allowed, settings.denied, None if self._user is None else self._user.number
        )
        child = self._child = Child("egress", self.MODULE, spec)
        self._patience = Patience(HUNG_SECONDS)
        child.start(self._received, self._ended)
        try:
            await child.ready(START_SECONDS)
        except BaseException:
            child.kill()
            raise
        self._serving = True
        for number, (file, _) in self._ways.items():
            self._send(OpenWay(number), file)
        self._beat()

    def _ended(self, error: JiomosaError) -> None:
        if self._closing or not self._serving:
            return
        self._serving = False
        if self._beats is not None:
            self._beats.cancel()
            self._beats = None
        self._before = self._now = replace(self._now, replaced=self._now.replaced + 1, open=0)
        log.error("egress process ended; starting another", reason=error.message, browsers=len(self._ways))
        self._restart = asyncio.get_running_loop().create_task(self._start_another())

    async def _start_another(self) -> None:
        while True:
            await asyncio.sleep(self._attempts.failed(time.monotonic()) or 0.0)
            with contextlib.suppress(ChildGone):
                await self._start_one()
                return
