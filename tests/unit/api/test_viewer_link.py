"""When a viewer's link has room for the next frame, and what it tells of the link."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from api.link import BUDGET, RECHECK_SECONDS, SEGMENTS_ALWAYS_ALLOWED, congestion
from engine.adaptation import LinkSample
from engine.broadcast import Packet
from tests.unit.api.watching import JPEG, MSS, Wire, World, frame, turns


async def idle(world: World) -> asyncio.Future[Any]:
    reading = world.wait()
    await turns()
    return reading


async def test_a_frame_waits_until_the_kernel_has_room_in_its_budget() -> None:
    wire = Wire(rate=1_000_000, rtt=0.1)
    world = World(wire)
    world.attach()
    wire.waiting = round(BUDGET * 100_000) + 1
    reading = await idle(world)
    assert world.ready == 0
    wire.waiting = round(BUDGET * 100_000)
    for _ in range(100):
        await asyncio.sleep(0.01)
        if world.ready:
            break
    assert world.ready == 1
    reading.cancel()


async def test_two_segments_are_always_allowed() -> None:
    wire = Wire(rate=1, rtt=0.0)
    world = World(wire)
    world.attach()
    wire.waiting = SEGMENTS_ALWAYS_ALLOWED * MSS
    reading = await idle(world)
    assert world.ready == 1
    reading.cancel()


async def test_a_link_that_does_not_tell_is_not_waited_for() -> None:
    wire = Wire()
    wire.waiting, wire.state = 10_000_000, None
    world = World(wire)
    world.attach()
    reading = await idle(world)
    assert world.ready == 1
    reading.cancel()


async def test_a_recheck_asks_once_and_only_while_somebody_watches() -> None:
    wire = Wire(rate=1000, rtt=0.001)
    wire.waiting = 1_000_000
    world = World(wire)
    world.attach()
    reading = await idle(world)
    world.viewer.detach()
    wire.waiting = 0
    await asyncio.sleep(2 * RECHECK_SECONDS[1])
    assert world.ready == 0
    reading.cancel()


async def test_a_recheck_after_something_else_was_sent_waits_for_the_outbox() -> None:
    wire = Wire(rate=10_000_000, rtt=0.001)
    wire.waiting = 1_000_000
    world = World(wire)
    world.attach()
    reading = await idle(world)
    world.viewer.tell("status")
    await reading
    wire.waiting = 0
    await asyncio.sleep(2 * RECHECK_SECONDS[1])
    assert world.ready == 0, "the writer is busy with the event"
    reading = await idle(world)
    assert world.ready == 1
    reading.cancel()


@pytest.mark.parametrize(("rate", "unsent"), [(0, 10**9), (1, 10**9), (10**9, 3 * 10**6)])
async def test_the_wait_is_bounded(rate: int, unsent: int) -> None:
    wire = Wire(rate=rate, rtt=0.001)
    wire.waiting = unsent
    assert RECHECK_SECONDS[0] <= congestion(wire) <= RECHECK_SECONDS[1]


async def test_a_quiet_viewer_has_no_sample() -> None:
    world = World(Wire())
    assert world.viewer.sample_link() is None


@pytest.mark.parametrize("app_limited", [True, False])
async def test_a_sample_is_what_the_socket_tells(app_limited: bool) -> None:
    world = World(Wire(rate=250_000, app_limited=app_limited))
    world.attach()
    world.viewer.offer(frame(1))
    await world.write()
    assert world.viewer.sample_link() == LinkSample(2.0, app_limited)
    assert world.viewer.sample_link() is None, "nothing was sent since"


async def test_a_polling_viewers_link_is_what_a_poll_took() -> None:
    world = World()
    world.attach()
    world.viewer.offer(Packet(1, JPEG, b"x" * 100_000, 1))
    await world.write()
    await asyncio.sleep(0.05)
    await world.write()
    sample = world.viewer.sample_link()
    assert sample is not None
    assert 0 < sample.mbit <= 16.1
    assert world.viewer.sample_link() is None


async def test_before_the_upgrade_the_protocol_is_not_asked() -> None:
    wire = Wire()
    wire.waiting = 10_000_000
    world = World(wire)
    world.connection.upgraded = False
    world.attach()
    reading = await idle(world)
    assert world.ready == 1
    reading.cancel()
