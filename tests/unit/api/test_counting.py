"""Whatever a viewer is not shown is counted, by its cause, and stays counted when the viewer is gone."""

from __future__ import annotations

from typing import Any, cast

from engine.messages import Rendition
from tests.unit.api.fakes import turns
from tests.unit.api.test_stream import World as StreamWorld
from tests.unit.api.watching import World as ViewerWorld
from tests.unit.api.watching import frame


async def test_what_a_busy_link_costs_outlives_its_viewer() -> None:
    world = StreamWorld()
    slow = world.viewer()
    await world.frame()
    slow.slow = True
    for _ in range(5):
        await world.frame()
    assert slow.seqs == [1, 2]
    assert world.stream.tally().dropped["link"] == 3, "3 to 5; 6 it may still get"
    world.stream.unwatch(cast(Any, slow))
    assert world.stream.tally().dropped["link"] == 3
    world.viewer()
    world.stream.end()
    assert world.stream.tally().dropped["link"] == 3
    assert (world.stream.tally().grabbed, world.stream.tally().encoded) == (6, 2)


async def test_what_no_encoder_had_time_for() -> None:
    world = StreamWorld()
    viewer = world.viewer()
    await world.frame()
    world.pool.hold = True
    for _ in range(4):
        await world.frame()
    world.pool.work()
    assert viewer.seqs == [1, 5]
    dropped = world.stream.tally().dropped
    assert (dropped["encoder"], dropped["link"] + dropped["pace"]) == (3, 0)


async def test_a_packet_that_nobody_wants_any_more() -> None:
    world = StreamWorld()
    viewer = world.viewer()
    world.pool.hold = True
    await world.frame()
    job = world.stream.next_job()
    assert job is not None
    world.stream.unwatch(cast(Any, viewer))
    world.stream.job_failed(job, again=True)
    viewer = world.viewer()
    job = world.stream.next_job()
    assert job is not None
    world.stream.job_failed(job, again=False)
    tally = world.stream.tally()
    assert (tally.repeated, tally.failed, tally.encoded) == (1, 1, 0)


async def test_polls_count_as_sent() -> None:
    world = StreamWorld()
    await world.frame()
    packet = await world.stream.poll(Rendition("png", 0), 1.0)
    tally = world.stream.tally()
    assert (tally.sent, tally.sent_bytes) == ({"request": 1}, {"request": len(packet.data)})


async def test_a_frame_that_its_viewer_did_not_wait_for() -> None:
    world = ViewerWorld()
    world.attach()
    world.viewer.offer(frame(1))
    await world.write()
    world.viewer.offer(frame(2))
    world.viewer.detach()
    tally = world.journey.tally
    assert (tally.sent["polling"], tally.dropped["gone"]) == (1, 1)
    assert world.viewer.pulse.frames == 1
    assert sum(tally.stages["queue"].counts) == 1


async def test_a_cursor_that_another_overtook() -> None:
    world = ViewerWorld()
    world.attach()
    for number in range(3):
        world.viewer.tell_cursor(b"42%d" % number)
    await turns()
    assert world.journey.tally.events_dropped["cursor"] == 2
