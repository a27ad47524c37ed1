"""Sessions whose capture processes are stand-ins, and what they leave behind."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, cast

from api.session import Session
from engine.device import device_of
from engine.errors import NotFound
from engine.inputs import Click
from engine.messages import Done, Ping, Refresh
from engine.pagemessages import GetPage, Navigate, Page
from engine.settings import Settings
from tests.unit.api.fakes import FakeChild, FakePool

REASON = NotFound("The session has been closed.", code="session_closed")


class World:
    """Sessions of one server, whose capture processes are stand-ins."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = Settings(runtime_dir=str(folder), max_load=0)  # whatever else this machine does
        self.pool = FakePool()
        self.ended: list[Session] = []
        self._before = rings()  # a test that has failed in this process may have left some

    def new(self, id: str = "one") -> Session:
        return Session(id, device_of(320, 200), self.settings, cast(Any, self.pool), self.ended.append)

    async def started(self, id: str = "one") -> Session:
        session = self.new(id)
        await session.start()
        return session

    @property
    def child(self) -> FakeChild:
        return FakeChild.made[-1]

    def assert_nothing_left(self) -> None:
        assert list(self.folder.iterdir()) == [], "a folder is left"
        assert rings() == self._before, "a ring is left"


def rings() -> list[str]:
    return sorted(name for name in os.listdir("/dev/shm") if name.startswith(f"jiomosa-{os.getpid()}-frames"))


def answering(message: Any) -> Any:
    """A capture process without fault."""
    match message:
        case Navigate(token, url):
            return Page(token, "Title", url)
        case GetPage(token):
            return Page(token, "Present", "https://present.example/")
        case Click(token) | Refresh(token) | Ping(token):
            return Done(token, 1)
    return None
