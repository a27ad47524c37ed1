"""Warm sessions: as many as are wanted wait, who takes one is followed by another, and what fails is tried again, ever later."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pytest

from api import warm as module
from api.warm import WarmSessions
from engine.device import device_of
from engine.errors import ChildGone, JiomosaError
from tests.unit.api.fakes import turns

DEVICE = device_of(320, 240)


class Session:
    """What WarmSessions needs of a session."""

    def __init__(self, on_end: Callable[[Any], None]) -> None:
        self.on_end = on_end
        self.started: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.closed = False

    async def start(self) -> None:
        await self.started

    async def close(self, reason: JiomosaError) -> None:
        self.closed = True
        if not self.started.done():
            self.started.set_exception(reason)
        self.on_end(self)


class World:
    """Two wanted. `timers`: the delays that were asked for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, wanted: int = 2) -> None:
        self.made: list[Session] = []
        self.timers: list[float] = []
        self.warm = WarmSessions(wanted, DEVICE, self.make)
        real = self.warm._fill_in

        def fill_in(seconds: float) -> None:
            self.timers.append(seconds)
            real(seconds)

        monkeypatch.setattr(self.warm, "_fill_in", fill_in)
        self.warm.fill()

    def make(self, on_end: Callable[[Any], None]) -> Any:
        self.made.append(Session(on_end))
        return self.made[-1]

    async def ready(self, *numbers: int) -> None:
        for number in numbers:
            self.made[number].started.set_result(None)
        await turns()


async def test_as_many_wait_as_are_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch)
    world.warm.fill()
    assert (len(world.made), world.warm.waiting) == (2, 0)
    assert world.warm.take(DEVICE) is None, "none is ready"
    await world.ready(1, 0)
    world.warm.fill()
    assert (len(world.made), world.warm.waiting) == (2, 2)
    await world.warm.close()


async def test_the_one_that_waits_longest_is_taken_and_replaced_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch)
    await world.ready(0, 1)
    assert world.warm.take(device_of(640, 480)) is None, "another size"
    assert cast(Any, world.warm.take(DEVICE)) is world.made[0]
    assert (len(world.made), world.timers) == (2, [module.REFILL_SECONDS])
    world.warm.fill()
    assert len(world.made) == 3
    world.made[0].on_end(world.made[0])  # its end is its taker's business
    assert world.timers == [module.REFILL_SECONDS]
    await world.warm.close()
    assert [session.closed for session in world.made] == [False, True, True]


async def test_one_that_ends_while_it_waits_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch, 1)
    await world.ready(0)
    world.made[0].on_end(world.made[0])
    assert (world.warm.waiting, world.timers) == (0, [module.REFILL_SECONDS])
    await world.warm.close()


async def test_failures_are_tried_again_ever_later(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch, 1)
    for number in range(8):
        world.made[number].started.set_exception(ChildGone("It has ended."))
        await turns()
        world.warm.fill()
    assert world.timers == [2, 4, 8, 16, 32, 60, 60, 60]
    await world.ready(8)
    assert world.warm.waiting == 1
    await world.warm.close()


async def test_one_that_cannot_be_made_is_a_failure_too(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch, 1)
    await world.ready(0)
    monkeypatch.setattr(world.warm, "_make", lambda on_end: (_ for _ in ()).throw(OSError("no space left")))
    assert world.warm.take(DEVICE) is not None
    world.warm.fill()
    assert world.timers == [module.REFILL_SECONDS, module.FIRST_BACKOFF_SECONDS]
    await world.warm.close()


async def test_closing_ends_those_that_start_and_starts_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch)
    await world.ready(0)
    await world.warm.close()
    assert [session.closed for session in world.made] == [True, True]
    assert world.warm._timer is None
    assert (world.warm._starting, world.warm._tasks) == (set(), set())


async def test_none_are_wanted_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch, 0)
    assert world.made == []
    assert world.warm.take(DEVICE) is None
    await world.warm.close()
