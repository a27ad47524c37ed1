"""The pool hands jobs out, brings packets back, and mends itself when an encoder ends."""

from __future__ import annotations

import asyncio
import gc
import math
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from api import encoders as module
from api.encoders import PACKET_SLOTS, EncoderPool
from engine.broadcast import Encode, Packet
from engine.dispatch import DEPTH
from engine.errors import ChildGone
from engine.leases import Place
from engine.messages import Encoded, Forget, Job, JobFailed, Rendition, Shutdown
from engine.patience import Patience
from tests.unit.api.fakes import FakeChild, turns, until

JPEG = Rendition("jpeg", 75)


class FakeRing:
    """A packet ring that knows whether it is still there."""

    made: list[FakeRing] = []  # noqa: RUF012  # replaced for each test

    def __init__(self) -> None:
        self.name = f"packets{len(self.made)}"
        self.closed = 0
        self.made.append(self)

    @classmethod
    def create(cls, slots: int, slot_bytes: int) -> FakeRing:
        return cls()

    def read(self, slot: int, length: int) -> bytes:
        assert not self.closed
        return f"{self.name}/{slot}".encode()[:length]

    def close(self) -> None:
        self.closed += 1


class Source:
    """A session's stream with `left` jobs to give."""

    def __init__(self, left: int, ring_name: str = "ring") -> None:
        self.left, self.ring_name = left, ring_name
        self.number = 0
        self.packets: list[Packet] = []
        self.failed: list[tuple[int, bool]] = []

    def next_job(self) -> Encode | None:
        if not self.left:
            return None
        self.left -= 1
        self.number += 1
        return Encode(self.number % 4, self.number, JPEG)

    def place(self, work: Encode) -> Place:
        return Place(self.ring_name, work.slot)

    def encoded(self, packet: Packet) -> None:
        self.packets.append(packet)

    def job_failed(self, work: Encode, *, again: bool) -> None:
        self.failed.append((work.seq, again))


class World:
    """A pool that has started."""

    def __init__(self) -> None:
        self.pool = EncoderPool(2)
        self.complaints: list[Any] = []
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: self.complaints.append(context))

    def jobs(self, child: FakeChild) -> list[Job]:
        return [message for message in child.sent if isinstance(message, Job)]

    @property
    def all_jobs(self) -> list[tuple[FakeChild, Job]]:
        return [(child, job) for child in FakeChild.made for job in self.jobs(child)]


@pytest.fixture
async def world(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    monkeypatch.setattr(module, "Child", FakeChild)
    monkeypatch.setattr(module, "PacketRing", FakeRing)
    monkeypatch.setattr(FakeChild, "made", [])
    monkeypatch.setattr(FakeChild, "failing", [])
    monkeypatch.setattr(FakeRing, "made", [])
    world = World()
    await world.pool.start()
    yield world
    await world.pool.close()
    await turns()
    assert all(child.exited.is_set() for child in FakeChild.made), "an encoder is left"
    assert [ring.closed for ring in FakeRing.made] == [1] * len(FakeRing.made), "rings are closed once"


def done(job: Job) -> Encoded:
    return Encoded(job.job, 100, 42, 1, 2)


async def test_as_many_encoders_are_started_as_were_asked_for(world: World) -> None:
    assert [child.module for child in FakeChild.made] == ["encoder.main"] * 2
    assert [child.spec.ring for child in FakeChild.made] == [ring.name for ring in FakeRing.made]
    assert world.pool.pids == [child.pid for child in FakeChild.made]


async def test_jobs_go_to_all_encoders_and_no_further_than_they_are_deep(world: World) -> None:
    world.pool.want(Source(100))
    for child in FakeChild.made:
        jobs = world.jobs(child)
        assert len(jobs) == DEPTH
        assert len({job.packet_slot for job in jobs}) == DEPTH
        assert all(job.packet_slot < PACKET_SLOTS and job.ring == "ring" for job in jobs)


async def test_a_packet_comes_back_to_its_source_and_the_next_job_goes_out(world: World) -> None:
    source = Source(2 * DEPTH + 1)
    world.pool.want(source)
    child, job = world.all_jobs[-1]
    child.on_message(done(job))
    expected = f"packets{FakeChild.made.index(child)}/{job.packet_slot}".encode()
    assert [(packet.data, packet.size, packet.rendition) for packet in source.packets] == [(expected, 42, JPEG)]
    assert source.packets[0].seq % 4 == job.slot
    assert len(world.all_jobs) == 2 * DEPTH + 1


async def test_a_job_that_cannot_be_done_is_told_and_not_repeated(world: World) -> None:
    source = Source(1)
    world.pool.want(source)
    child, job = world.all_jobs[0]
    child.on_message(JobFailed(job.job, "It does not fit."))
    assert (source.failed, source.packets) == ([(1, False)], [])


async def test_a_result_that_nobody_waits_for_is_ignored(world: World) -> None:
    FakeChild.made[0].on_message(Encoded(999, 1, 1, 1, 1))
    FakeChild.made[0].on_message(JobFailed(999, "What?"))
    assert world.complaints == []


async def test_sources_take_turns(world: World) -> None:
    sources = [Source(100, name) for name in ("a", "b")]
    for source in sources:
        world.pool.want(source)
    for _ in range(20):
        child, job = world.all_jobs[0]
        child.sent.remove(job)
        child.on_message(done(job))
    counts = [len(source.packets) for source in sources]
    assert abs(counts[0] - counts[1]) <= 2 * DEPTH


async def test_the_jobs_of_an_encoder_that_ended_are_done_again_by_its_successor(world: World) -> None:
    source = Source(2 * DEPTH)
    world.pool.want(source)
    victim = FakeChild.made[0]
    lost = {job.job for job in world.jobs(victim)}
    assert len(lost) == DEPTH
    victim.die()
    assert len(source.failed) == DEPTH
    assert all(again for _, again in source.failed)
    assert FakeRing.made[0].closed == 1
    source.left = DEPTH
    world.pool.want(source)
    await until(lambda: len(FakeChild.made) == 3 and len(world.jobs(FakeChild.made[2])) == DEPTH)
    assert FakeChild.made[2].spec.ring == FakeRing.made[2].name
    assert FakeChild.made[2].spec.number == victim.spec.number
    for child, job in world.all_jobs:
        if child is not victim:
            child.on_message(done(job))
    assert len(source.packets) == 2 * DEPTH


async def test_an_encoder_that_does_not_read_is_killed(world: World) -> None:
    victim = FakeChild.made[0]
    victim.hangs = True
    source = Source(2)
    world.pool.want(source)
    assert victim.killed
    await until(lambda: source.failed)
    assert source.failed == [(1, True)]


async def test_an_encoder_that_owes_a_job_for_too_long_is_killed_and_its_jobs_done_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for child in FakeChild.made:
        world.pool._patience[child.spec.number] = Patience(0.05)
    source = Source(2 * DEPTH)
    world.pool.want(source)
    hung, busy = FakeChild.made
    busy.unheard = [done(job) for job in world.jobs(busy)]  # it has answered in time: only the front has been away
    await until(lambda: source.failed)
    assert (hung.killed, busy.killed) == (True, False)
    assert len(source.packets) == len(source.failed) == DEPTH


async def test_an_encoder_that_is_at_work_is_given_more_time_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STILL_SECONDS", 0.0)
    monkeypatch.setattr(module, "JOB_SECONDS", 0.1)
    slow, still = FakeChild.made
    slow.works = True
    for child in FakeChild.made:
        world.pool._patience[child.spec.number] = Patience(0.05)
    source = Source(2 * DEPTH)
    began = time.monotonic()
    world.pool.want(source)
    await until(lambda: still.killed)
    assert not slow.killed
    await until(lambda: slow.killed)
    assert time.monotonic() - began >= 0.15


async def test_an_encoder_without_a_job_is_never_called_hung(world: World) -> None:
    source = Source(1)
    world.pool.want(source)
    child, job = world.all_jobs[0]
    assert world.pool._patience[child.spec.number].deadline < math.inf
    child.on_message(done(job))
    assert world.pool._patience[child.spec.number].deadline == math.inf


async def test_wants_outlive_all_encoders(world: World) -> None:
    for child in list(FakeChild.made):
        child.die()
    source = Source(1)
    world.pool.want(source)
    await until(lambda: world.all_jobs)
    assert len(FakeChild.made) == 4


async def test_a_source_that_is_forgotten_is_unmapped_everywhere_and_asked_no_more(world: World) -> None:
    source = Source(100)
    world.pool.want(source)
    FakeChild.made[1].hangs = True
    world.pool.forget(source)
    world.pool.unmap("ring")
    assert FakeChild.made[0].sent[-1] == Forget("ring")
    asked = source.number
    for child, job in world.all_jobs:
        child.on_message(done(job))
    assert source.number == asked


async def test_closing_stops_all_and_starts_none(world: World) -> None:
    await world.pool.close()
    await turns()
    assert len(FakeChild.made) == 2
    assert all(child.stopped and child.sent[-1] == Shutdown() for child in FakeChild.made)


async def test_closing_while_an_encoder_is_started_again_leaves_none(world: World) -> None:
    FakeChild.made[0].die()
    await world.pool.close()
    await turns()
    assert all(child.exited.is_set() for child in FakeChild.made)


async def test_an_encoder_that_cannot_start_is_an_error_of_start(world: World) -> None:
    FakeChild.failing[:] = [ChildGone("It was not ready within 15 seconds.")]
    pool = EncoderPool(1)
    with pytest.raises(ChildGone, match="not ready"):
        await pool.start()
    await pool.close()


async def test_a_successor_that_is_not_ready_in_time_is_ended_and_another_started(world: World) -> None:
    FakeChild.failing[:] = [ChildGone("It was not ready within 15 seconds.")]
    FakeChild.made[0].die()
    await until(lambda: len(FakeChild.made) >= 3)
    await turns(50)
    late = FakeChild.made[2]
    assert late.killed or late.stopped, "an encoder that was not ready in time is left, and never used"
    await until(lambda: len(FakeChild.made) >= 4)
    await turns(50)
    gc.collect()
    assert world.complaints == [], "an exception that nobody retrieves"
    world.pool.want(Source(100))
    assert len(world.jobs(FakeChild.made[3])) == DEPTH


async def test_a_successor_that_ends_before_it_is_ready_is_followed_by_another(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeChild, "starts", False)
    FakeChild.made[0].die()
    await until(lambda: len(FakeChild.made) == 3 and FakeChild.made[2].started)
    await turns()
    monkeypatch.setattr(FakeChild, "starts", True)
    FakeChild.made[2].die()
    await until(lambda: len(FakeChild.made) >= 4)
    await turns(50)
    gc.collect()
    assert world.complaints == [], "an exception that nobody retrieves"
    world.pool.want(Source(100))
    assert len(world.jobs(FakeChild.made[3])) == DEPTH
