"""The front as a whole: the encoders, the egress process and the sessions, started and ended together."""

from __future__ import annotations

import gc
import os
import time

from api.egress import Egress, EgressStatistics
from api.encoders import EncoderPool
from api.login import Login
from api.processes import Processes
from api.sessions import Sessions
from api.tidy import Tidy
from engine.settings import Settings

VERSION = "0.1.0"


class Front:
    """What REST and Socket.IO act on."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.pool = EncoderPool(settings.encoder_count)
        self.egress = Egress(settings) if settings.egress_filtered else None
        self.sessions = Sessions(settings, self.pool, self.egress)
        self.tidy = Tidy()
        self.login = Login(settings, self.sessions)
        self.processes = Processes()
        self.started_at = time.time()

    async def start(self) -> None:
        """Raises `JiomosaError` when one of these processes cannot be started."""
        try:
            await self.pool.start()
            if self.egress is not None:
                await self.egress.start()
        except BaseException:
            await self._close_processes()
            raise
        self.sessions.warm_up()
        gc.collect()
        gc.freeze()  # a full collection took 58 ms of every viewer's time before this

    def egress_statistics(self) -> EgressStatistics:
        """All zero where browsers have a way of their own."""
        return self.egress.statistics() if self.egress is not None else EgressStatistics()

    async def look_at_processes(self) -> None:
        """Have `processes` know what there is now."""
        known: dict[int, tuple[str, str | None]] = {os.getpid(): ("front", None)}
        known |= dict.fromkeys(self.pool.statistics().pids.values(), ("encoder", None))
        if self.egress is not None and self.egress.pid is not None:
            known[self.egress.pid] = ("egress", None)
        for session in [*self.sessions.all(), *self.sessions.not_in_use]:
            if session.pid is not None:
                known[session.pid] = ("capture", session.id)
        await self.processes.look(known)

    async def close(self) -> None:
        """End all sessions, then the encoders; nothing is left on the machine."""
        self.tidy.close()
        await self.sessions.close_all()
        await self._close_processes()

    async def _close_processes(self) -> None:
        await self.pool.close()
        if self.egress is not None:
            await self.egress.close()
