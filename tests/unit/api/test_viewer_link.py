"""A viewer tells its flow what the socket and the client do, and keeps to what the flow says."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from engine.broadcast import Packet
from engine.flow import FIRST_PINGS, RECHECK_SECONDS
from tests.unit.api.watching import JPEG, MSS, Wire, World, frame, turns


async def idle(world: World) -> asyncio.Future[Any]:
    reading = world.wait()
    await turns()
    return reading


async def ready(world: World) -> bool:
    """Whether it becomes ready before long."""
    for _ in range(100):
        if world.ready:
            return True
        await asyncio.sleep(0.005)
    return False


async def test_a_frame_waits_until_the_kernel_has_room_in_its_budget() -> None:
    wire = Wire(rate=1_000_000, rtt=0.02)
    world = World(wire)
    world.attach()
    wire.waiting = 200_000
    reading = await idle(world)
    assert world.ready == 0
    wire.waiting = 20_000
    assert await ready(world)
    reading.cancel()


async def test_two_segments_are_always_allowed() -> None:
    wire = Wire(rate=1, rtt=0.0)
    world = World(wire)
    world.attach()
    wire.waiting = 2 * MSS
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


async def test_a_recheck_asks_only_while_somebody_watches() -> None:
    wire = Wire(rate=1000, rtt=0.001)
    wire.waiting = 1_000_000
    world = World(wire)
    world.attach()
    reading = await idle(world)
    world.viewer.detach()
    wire.waiting = 0
    await asyncio.sleep(3 * RECHECK_SECONDS[1])
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
    await asyncio.sleep(3 * RECHECK_SECONDS[1])
    assert world.ready == 0, "the writer is busy with the event"
    reading = await idle(world)
    assert world.ready == 1
    reading.cancel()


async def test_a_ping_goes_before_the_first_frame_and_behind_one_now_and_then() -> None:
    world = World(Wire())
    world.viewer.attach(lambda viewer: None, world.journey)
    assert await world.write() == "2"
    world.outbox.ponged()
    for seq in range(1, FIRST_PINGS + 1):
        world.viewer.offer(frame(seq))
        assert [await world.write(), await world.write()] == [b"frame %d" % seq, "2"]
        world.outbox.ponged()
    world.viewer.offer(frame(8))
    assert [await world.write(), await world.write()] == [b"frame 8", None]
    world.viewer.flow._pinged_at -= 100
    world.viewer.offer(frame(9))
    assert [await world.write(), await world.write()] == [b"frame 9", "2"]


async def test_a_polling_viewer_is_not_pinged() -> None:
    world = World()
    world.attach()
    world.viewer.offer(frame(1))
    assert [await world.write(), await world.write()] == [b"frame 1", None]


async def test_a_pong_asks_again_at_once() -> None:
    wire = Wire(rate=1000, rtt=0.1)
    wire.waiting = 1_000_000
    world = World(wire)
    world.attach()
    reading = await idle(world)
    wire.waiting = 0
    world.outbox.ponged()
    assert world.ready == 1
    reading.cancel()


@pytest.mark.parametrize("late_at", ["the client", "us"])
async def test_what_a_pong_waited_for_us_is_not_the_links(late_at: str) -> None:
    wire = Wire(rate=10_000_000, rtt=0.001, queues=False, silent=0.3 if late_at == "us" else 0.0)
    world = World(wire)
    world.attach()
    for seq in range(1, FIRST_PINGS + 1):
        world.viewer.offer(frame(seq))
        assert [await world.write(), await world.write()] == [b"frame %d" % seq, "2"]
        world.viewer.flow._pings[0] = (world.viewer._now() - 0.3, 0.0, world.viewer._now() - 0.299)
        world.outbox.ponged()
    assert world.viewer.flow.beyond is (late_at == "the client")


async def test_a_quiet_viewer_has_no_sample_and_the_kernel_is_told_its_budget() -> None:
    wire = Wire(rate=1_000_000, rtt=0.1)
    world = World(wire)
    assert world.viewer.sample_link() is None
    assert wire.kept == [pytest.approx(125_000 + MSS)]


async def test_a_full_link_is_sampled_as_what_it_carries() -> None:
    wire = Wire(rate=250_000, rtt=0.01)
    world = World(wire)
    world.attach()
    world.viewer.offer(Packet(1, JPEG, b"x" * 100_000, 1))
    wire.waiting = 100_000
    await world.write()
    wire.look(world.viewer.flow)
    await asyncio.sleep(0.15)
    wire.waiting = 60_000
    sample = world.viewer.sample_link()
    assert sample is not None
    assert not sample.limited
    assert 0 < sample.mbit <= 40_000 * 8 / 0.14 / 1e6
    assert (sample.frame, sample.quality) == (100_000, 75)


async def test_a_polling_viewers_link_is_what_a_poll_took() -> None:
    world = World()
    world.attach()
    for _ in range(2):
        world.viewer.offer(Packet(1, JPEG, b"x" * 100_000, 1))
        await world.write()
        await asyncio.sleep(0.12)
        await world.write()
    sample = world.viewer.sample_link()
    assert sample is not None
    assert 0 < sample.mbit <= 2 * 100_000 * 8 / 0.23 / 1e6


async def test_before_the_upgrade_the_protocol_is_not_asked() -> None:
    wire = Wire()
    wire.waiting = 10_000_000
    world = World(wire)
    world.connection.upgraded = False
    world.attach()
    reading = await idle(world)
    assert world.ready == 1
    reading.cancel()
