"""A stream carries out what its broadcast decides, between capture process, encoders and viewers."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from api import stream as module
from api.stream import Stream
from engine.adaptation import LinkSample
from engine.broadcast import Encode
from engine.errors import JiomosaError, Unavailable
from engine.messages import Notice, Release, Rendition, Wants
from tests.unit.api.fakes import FakePool, FakeViewer, made, turns, until

PNG = Rendition("png", 0)


class World:
    """A stream between stand-ins."""

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.pool = FakePool()
        self.freed: list[str] = []
        self.stream = Stream("ring", cast(Any, self.pool), self.sent.append, self.freed.append)
        self.seq = 0

    def viewer(self, fps: float = 60.0) -> FakeViewer:
        viewer = FakeViewer(fps)
        self.stream.watch(cast(Any, viewer))
        return viewer

    async def frame(self) -> None:
        self.seq += 1
        self.stream.noticed(Notice(self.seq % 4, self.seq, 0))
        await turns()


async def test_demand_follows_the_fastest_viewer() -> None:
    world = World()
    slow = world.viewer(10)
    fast = world.viewer(60)
    world.viewer(30)
    world.stream.unwatch(cast(Any, fast))
    slow.adaptation.set_fps(50)
    world.stream.changed(cast(Any, slow))
    for viewer in list(world.stream.viewers):
        world.stream.unwatch(viewer)
    demands = [message.fps for message in world.sent]
    assert demands[:4] == [10, 60, 30, 50]
    assert demands[-1] == 0
    world.stream.end()


async def test_a_frame_is_encoded_once_and_offered_to_every_viewer_of_its_rendition() -> None:
    world = World()
    viewers = [world.viewer() for _ in range(3)]
    await world.frame()
    assert [viewer.offered for viewer in viewers] == [[made(Encode(1, 1, Rendition("jpeg", 75)))]] * 3
    assert world.stream.newest_seq == 1
    assert world.stream.statistics(cast(Any, viewers[0])).sent == 1
    world.stream.end()


async def test_slots_go_back_when_a_newer_frame_has_come() -> None:
    world = World()
    world.viewer()
    for _ in range(3):
        await world.frame()
    assert [message for message in world.sent if isinstance(message, Release)] == [Release(1, "ring"), Release(2, "ring")]
    world.stream.end()


async def test_a_slot_in_an_encoder_goes_back_only_after_its_job() -> None:
    world = World()
    world.pool.hold = True
    world.viewer()
    await world.frame()
    job = world.stream.next_job()
    assert job is not None
    await world.frame()
    assert Release(1, "ring") not in world.sent
    world.stream.encoded(made(job))
    assert Release(1, "ring") in world.sent
    world.stream.end()


async def test_nobody_watches_and_nothing_is_encoded() -> None:
    world = World()
    world.pool.hold = True
    await world.frame()
    assert world.pool.wanting == []
    assert world.stream.next_job() is None
    world.stream.end()


async def test_a_late_viewer_has_the_present_picture_at_once() -> None:
    world = World()
    first = world.viewer()
    await world.frame()
    late = world.viewer()
    await turns()
    assert late.offered == first.offered
    world.stream.end()


async def test_what_the_pace_held_back_comes_by_the_timer() -> None:
    world = World()
    viewer = world.viewer(20)
    for _ in range(4):
        await world.frame()
    assert viewer.seqs[-1] < 4, "four frames at once are more than 20 a second"
    await until(lambda: viewer.seqs[-1] == 4)
    assert len(viewer.seqs) < 4
    world.stream.end()


async def test_a_viewer_that_is_not_ready_gets_the_newest_when_it_is() -> None:
    world = World()
    viewer = world.viewer()
    viewer.slow = True
    for _ in range(4):
        await world.frame()
    assert viewer.seqs == [1]
    await asyncio.sleep(0.05)
    viewer.ready()
    await turns()
    assert viewer.seqs == [1, 4]
    world.stream.end()


async def test_a_job_whose_encoder_died_is_done_again() -> None:
    world = World()
    world.pool.hold = True
    viewer = world.viewer()
    await world.frame()
    job = world.stream.next_job()
    assert job is not None
    assert world.stream.next_job() is None
    world.stream.job_failed(job, again=True)
    world.pool.work()
    assert viewer.seqs == [1]
    world.stream.end()


async def test_a_frame_that_cannot_be_encoded_is_not_tried_again_but_the_next_one_is() -> None:
    world = World()
    world.pool.hold = True
    viewer = world.viewer()
    await world.frame()
    job = world.stream.next_job()
    assert job is not None
    world.stream.job_failed(job, again=False)
    assert world.stream.next_job() is None
    await world.frame()
    world.pool.work()
    assert viewer.seqs == [2]
    world.stream.end()


# ---- adaptation


async def test_a_changed_link_changes_the_stream_and_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SAMPLE_SECONDS", 0.01)
    world = World()
    viewer = world.viewer(60)
    await world.frame()
    viewer.sample = LinkSample(1.0, limited=False)
    await until(lambda: viewer.told)
    assert viewer.told == [("quality:updated", {"quality": 50}), ("fps:updated", {"fps": 10})]
    assert world.sent[-1] == Wants(10)
    await asyncio.sleep(0.15)
    assert viewer.seqs == [1], "adapting is no reason to send a still page again"
    await world.frame()
    assert viewer.offered[-1].rendition.quality == 50
    world.stream.end()


async def test_a_quiet_link_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SAMPLE_SECONDS", 0.005)
    world = World()
    viewer = world.viewer()
    await asyncio.sleep(0.05)
    viewer.sample = LinkSample(0.01, limited=True)
    await asyncio.sleep(0.05)
    assert viewer.told == []
    assert world.sent == [Wants(60)]
    world.stream.end()


async def test_links_are_sampled_again_when_viewers_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SAMPLE_SECONDS", 0.01)
    world = World()
    world.stream.unwatch(cast(Any, world.viewer()))
    await asyncio.sleep(0.05)
    viewer = world.viewer()
    viewer.sample = LinkSample(1.0, limited=False)
    await until(lambda: viewer.told)
    world.stream.end()


async def test_viewers_are_told_their_statistics_with_each_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SAMPLE_SECONDS", 0.01)
    world = World()
    viewer = world.viewer()
    await world.frame()
    await until(lambda: viewer.drops)
    assert viewer.drops[-1].sent == 1
    world.stream.end()


# ---- polls


async def test_a_poll_is_the_newest_frame_in_its_rendition_and_demand_for_a_while() -> None:
    world = World()
    await world.frame()
    packet = await world.stream.poll(PNG, 0.05)
    assert (packet.seq, packet.rendition) == (1, PNG)
    assert world.sent == [Wants(20)]
    assert (await world.stream.poll(PNG, 0.05)).seq == 1
    await until(lambda: world.sent[-1] == Wants(0))
    assert world.sent == [Wants(20), Wants(0)]
    world.stream.end()


async def test_polls_are_no_viewers_and_leave_nothing_behind() -> None:
    world = World()
    await world.frame()
    await asyncio.gather(*(world.stream.poll(PNG, 0.05) for _ in range(5)))
    assert world.stream.viewers == set()
    assert world.stream._broadcast.viewers == 0
    world.stream.end()


async def test_polls_are_not_paced_by_one_another() -> None:
    world = World()
    seqs = []
    for _ in range(5):
        await world.frame()
        seqs.append((await world.stream.poll(PNG, 10)).seq)
    assert seqs == [1, 2, 3, 4, 5]
    assert [message for message in world.sent if isinstance(message, Wants)] == [Wants(0.1)], (
        "a poll is no way round the interval"
    )
    world.stream.end()


async def test_a_poll_before_the_first_frame_waits_for_it() -> None:
    world = World()
    polling = asyncio.create_task(world.stream.poll(PNG, 1))
    await turns()
    assert not polling.done()
    await world.frame()
    assert (await polling).seq == 1
    world.stream.end()


async def test_a_poll_without_a_picture_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "POLL_SECONDS", 0.02)
    world = World()
    with pytest.raises(Unavailable, match="no picture"):
        await world.stream.poll(PNG, 1)
    assert world.stream._broadcast.viewers == 0
    world.stream.end()


async def test_a_poll_that_was_given_up_leaves() -> None:
    world = World()
    polling = asyncio.create_task(world.stream.poll(PNG, 1))
    await turns()
    polling.cancel()
    await asyncio.wait([polling])
    assert world.stream._broadcast.viewers == 0
    world.stream.end()


async def test_a_poll_that_waits_when_the_session_ends_is_answered_at_once() -> None:
    world = World()
    polling = asyncio.create_task(world.stream.poll(PNG, 1))
    await turns()
    world.stream.end()
    done, _ = await asyncio.wait([polling], timeout=3)
    polling.cancel()
    assert done, "the client waits POLL_SECONDS for a session that has gone"
    assert isinstance(polling.exception(), JiomosaError)


# ---- the end


async def test_after_the_end_nothing_is_asked_of_anybody() -> None:
    world = World()
    world.pool.hold = True
    viewer = world.viewer(20)
    await world.frame()
    job = world.stream.next_job()
    assert job is not None
    sent = list(world.sent)
    world.stream.end()
    assert world.pool.forgotten == [world.stream]
    assert viewer.on_ready is None
    assert world.stream.viewers == set()
    world.stream.encoded(made(job))
    world.stream.job_failed(job, again=True)
    await world.frame()
    await asyncio.sleep(0.1)
    assert world.stream.next_job() is None
    assert (world.sent, viewer.offered) == (sent, [])
