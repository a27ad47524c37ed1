"""The front as a whole: the encoders and the sessions, started and ended together."""

from __future__ import annotations

import gc

from api.encoders import EncoderPool
from api.login import Login
from api.sessions import Sessions
from api.tidy import Tidy
from engine.settings import Settings

VERSION = "0.1.0"


class Front:
    """What REST and Socket.IO act on."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.pool = EncoderPool(settings.encoder_count)
        self.sessions = Sessions(settings, self.pool)
        self.tidy = Tidy()
        self.login = Login(settings, self.sessions)

    async def start(self) -> None:
        """Raises `JiomosaError` when the encoders cannot be started."""
        try:
            await self.pool.start()
        except BaseException:
            await self.pool.close()
            raise
        self.sessions.warm_up()
        gc.collect()
        gc.freeze()  # a full collection took 58 ms of every viewer's time before this (DESIGN.md, section 6)

    async def close(self) -> None:
        """End all sessions, then the encoders; nothing is left on the machine."""
        self.tidy.close()
        await self.sessions.close_all()
        await self.pool.close()
