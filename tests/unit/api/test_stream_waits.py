"""Whoever waits for a newer frame is demand for it, and is told at once."""

from __future__ import annotations

import asyncio

import pytest

from api import stream as module
from engine.errors import Unavailable
from engine.messages import Wants
from tests.unit.api.fakes import turns, until
from tests.unit.api.test_stream import World


async def test_who_waits_for_a_newer_frame_is_demand_and_told_at_once() -> None:
    world = World()
    await world.frame()
    assert await world.stream.newer(0, 5, 0.05)
    waiting = [asyncio.create_task(world.stream.newer(1, 5, 0.05)) for _ in range(2)]
    await turns()
    assert not any(task.done() for task in waiting)
    await world.frame()
    assert [await task for task in waiting] == [True, True]
    await until(lambda: world.sent[-1] == Wants(0))
    assert {message.fps for message in world.sent if isinstance(message, Wants)} == {module.WAIT_FPS, 0}
    world.stream.end()


async def test_a_wait_for_a_newer_frame_is_bounded_and_ends_with_the_session() -> None:
    world = World()
    assert not await world.stream.newer(0, 0.01, 0.05)
    waiting = asyncio.create_task(world.stream.newer(0, 5, 0.05))
    await turns()
    world.stream.end()
    with pytest.raises(Unavailable, match="has ended"):
        await asyncio.wait_for(waiting, 3)
