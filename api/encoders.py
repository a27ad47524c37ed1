"""The pool of encoder processes: `engine.dispatch` decides, this sends the jobs and brings the packets back.

An encoder that ends, or owes a job for too long and is killed, is started again; its jobs go back to their streams, and its
packet ring is unlinked only after its end was awaited, for a stopped process could still write.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any, Protocol

from engine import logs
from engine.attempts import Attempts
from engine.broadcast import Encode, Packet
from engine.checks import MAX_HEIGHT, MAX_WIDTH
from engine.child import Child
from engine.dispatch import DEPTH, Assignment, Dispatch
from engine.errors import ChildGone, JiomosaError
from engine.leases import Place
from engine.messages import Encoded, EncoderSpec, Forget, Job, JobFailed
from engine.packetring import PacketRing
from engine.patience import Patience

log = logs.logger("jiomosa.encoders")

# The largest packet is the base64 of a PNG of noise on the largest screen: pixels, a filter byte a row, a percent of container.
PACKET_SLOT_BYTES = int(MAX_WIDTH * MAX_HEIGHT * 3 * 1.02 * 4 / 3)
PACKET_SLOTS = DEPTH + 1  # one more than jobs, so that copying a packet out delays none
START_SECONDS, STOP_SECONDS = 15.0, 2.0
# Nothing in an encoder waits while it owes a job: one that is seen not to work then hangs. One that works may be at the dearest
# picture, a PNG of the largest screen, which takes 0.4 s; a machine where this takes 2 streams nothing.
STILL_SECONDS, JOB_SECONDS = 0.5, 2.0
FIRST_BACKOFF_SECONDS, LONGEST_BACKOFF_SECONDS = 0.2, 5.0  # the first successor starts at once
FORGIVEN_SECONDS = 60.0  # after which an end is a first one again


class Source(Protocol):
    """Whoever has frames to encode: a session's stream."""

    def __hash__(self) -> int: ...
    def next_job(self) -> Encode | None: ...
    def place(self, work: Encode) -> Place: ...
    def encoded(self, packet: Packet) -> None: ...
    def job_failed(self, work: Encode, *, again: bool) -> None: ...


@dataclass(frozen=True, slots=True)
class EncoderStatistics:
    """`busy`: seconds that each encoder has worked, its predecessors included; `jobs`: given out and not done, of as many as the
    packet rings have `slots`; `restarts`: encoders that took the place of one that ended."""

    pids: dict[int, int]
    busy: dict[int, float]
    jobs: int
    slots: int
    restarts: int


class EncoderPool:
    """`start` it once; then `want(source)` whenever a source may have a job."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._dispatch: Dispatch[Source, Encode] = Dispatch()
        self._children: dict[int, Child] = {}
        self._rings: dict[int, PacketRing] = {}
        self._restarts: set[asyncio.Task[None]] = set()
        self._attempts: dict[int, Attempts] = {}
        self._patience: dict[int, Patience] = {}
        self._looks: dict[int, asyncio.TimerHandle] = {}
        self._serving: set[int] = set()
        self._closing = False
        self._busy = dict.fromkeys(range(count), 0.0)
        self._restarted = 0

    async def start(self) -> None:
        """Start all encoders and wait until they are ready. Raises `ChildGone` or `Unavailable`."""
        await asyncio.gather(*(self._start_one(number) for number in range(self._count)))

    async def close(self) -> None:
        self._closing = True
        for task in self._restarts:
            task.cancel()
        await asyncio.gather(*(child.stop(STOP_SECONDS) for child in self._children.values()))

    @property
    def pids(self) -> list[int]:
        return [child.pid for child in self._children.values()]

    def statistics(self) -> EncoderStatistics:
        pids = {number: child.pid for number, child in self._children.items() if number in self._serving}
        return EncoderStatistics(pids, dict(self._busy), self._dispatch.jobs, len(self._serving) * PACKET_SLOTS, self._restarted)

    def want(self, source: Source) -> None:
        """`source` may have a job now."""
        self._dispatch.want(source)
        self._assign()

    def forget(self, source: Source) -> None:
        """`source` has ended. Its jobs still end, and are discarded."""
        self._dispatch.forget(source)

    def unmap(self, ring: str) -> None:
        """No job on `ring` will come any more: unmap it everywhere."""
        for child in list(self._children.values()):
            try:
                child.send(Forget(ring))
            except ChildGone:
                log.debug("encoder gone, and its mapping with it", process=child.name)

    def _assign(self) -> None:
        for task in self._dispatch.assign(lambda source: source.next_job()):
            ring, slot = task.source.place(task.work)
            try:
                self._children[task.encoder].send(Job(task.job, ring, slot, task.work.rendition, task.packet_slot))
            except ChildGone:
                self._children[task.encoder].kill()  # its jobs are done again once its end is known
            self._patience[task.encoder].asked(time.monotonic())
            self._look_later(task.encoder)

    def _look_later(self, number: int) -> None:
        patience = self._patience[number]
        if patience.owed and number not in self._looks:
            delay = patience.deadline - time.monotonic()
            self._looks[number] = asyncio.get_running_loop().call_later(max(0.0, delay), self._look, number)

    def _look(self, number: int) -> None:
        """Kill the encoder if it hangs."""
        del self._looks[number]
        child = self._children[number]
        child.hear()
        patience = self._patience[number]
        if not patience.over(time.monotonic()) or (child.works and patience.grant(JOB_SECONDS - STILL_SECONDS)):
            self._look_later(number)
            return
        log.error("encoder hangs, killed", process=child.name, works=child.works)
        child.kill()

    def _received(self, number: int, message: Any) -> None:
        self._patience[number].answered(time.monotonic())
        match message:
            case Encoded(job, length, size, begin, end):
                task = self._dispatch.done(job)
                self._busy[number] += (end - begin) / 1e9
                if task is not None:
                    data = self._rings[number].read(task.packet_slot, length)
                    task.source.encoded(Packet(task.work.seq, task.work.rendition, data, size, (end - begin) / 1e9))
            case JobFailed(job, text):
                task = self._dispatch.done(job)
                log.error("encoder failed at a job", process=f"encoder {number}", reason=text)
                if task is not None:
                    task.source.job_failed(task.work, again=False)
        self._assign()

    async def _start_one(self, number: int) -> None:
        """Raises `JiomosaError`, and leaves nothing, when the encoder does not become ready."""
        ring = PacketRing.create(PACKET_SLOTS, PACKET_SLOT_BYTES)
        child = Child(f"encoder {number}", "encoder.main", EncoderSpec(number, ring.name))
        try:
            child.start(lambda message: self._received(number, message), lambda error: self._ended(number, error))
        except JiomosaError:
            ring.close()
            raise
        self._rings[number], self._children[number] = ring, child
        try:
            await child.ready(START_SECONDS)
        except BaseException:
            child.kill()
            raise
        self._serving.add(number)
        self._patience[number] = Patience(STILL_SECONDS)
        self._dispatch.add(number, PACKET_SLOTS)
        self._assign()

    def _ended(self, number: int, error: JiomosaError) -> None:
        self._rings.pop(number).close()
        if (look := self._looks.pop(number, None)) is not None:
            look.cancel()
        lost: list[Assignment[Source, Encode]] = self._dispatch.remove(number)
        if self._closing or number not in self._serving:
            return
        self._serving.discard(number)
        log.error("encoder lost", process=f"encoder {number}", reason=error.message, jobs_done_again=len(lost))
        for task in lost:
            task.source.job_failed(task.work, again=True)
        restart = asyncio.get_running_loop().create_task(self._restart(number))
        self._restarts.add(restart)
        restart.add_done_callback(self._restarts.discard)

    async def _restart(self, number: int) -> None:
        """Start a successor: the first at once, further ones later each time."""
        attempts = self._attempts.setdefault(number, Attempts(FIRST_BACKOFF_SECONDS, LONGEST_BACKOFF_SECONDS, FORGIVEN_SECONDS))
        while True:
            await asyncio.sleep(attempts.failed(time.monotonic()) or 0.0)
            try:
                await self._start_one(number)
            except JiomosaError as error:
                log.error("encoder not started", process=f"encoder {number}", reason=error.message)  # noqa: TRY400
            else:
                self._restarted += 1
                return
