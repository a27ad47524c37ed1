"""Stand-ins for child processes, the pool and viewers, so that the front's logic is tested without any process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from engine.adaptation import Adaptation, LinkSample
from engine.broadcast import Encode, Packet
from engine.errors import ChildGone, JiomosaError
from engine.figures import Journey
from engine.flow import Flow
from engine.messages import Rendition, Shutdown
from engine.tally import Pulse
from engine.view import View
from engine.watching import Sharp, ViewerStatistics


class FakeChild:
    """A child that does what the test says. `made` has all of one test, in the order in which they were made."""

    made: list[FakeChild] = []  # noqa: RUF012  # replaced for each test
    failing: list[JiomosaError] = []  # noqa: RUF012  # what the next children fail with; replaced for each test
    starts = True  # whether children become ready by themselves

    def __init__(self, name: str, module: str, spec: Any) -> None:
        self.name, self.module, self.spec = name, module, spec
        self.pid = 1000 + len(self.made)
        self.sent: list[Any] = []
        self.unheard: list[Any] = []  # what it has said and nobody has taken in
        self.killed = self.stopped = self.started = self.hangs = self.works = False
        self.exited = asyncio.Event()
        self.readiness: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.on_message: Callable[[Any], None] = lambda message: None
        self.on_exit: Callable[[JiomosaError], None] | None = None
        self.answer: Callable[[Any], Any] = lambda message: None
        self.made.append(self)

    def start(self, on_message: Callable[[Any], None], on_exit: Callable[[JiomosaError], None] | None = None) -> None:
        self.started = True
        self.on_message, self.on_exit = on_message, on_exit
        if self.failing:
            self.readiness.set_exception(self.failing.pop(0))
        elif self.starts:
            self.readiness.set_result("Fake 1.0")

    async def ready(self, timeout: float) -> str:
        await asyncio.sleep(0)
        return await asyncio.shield(self.readiness)

    def send(self, message: Any) -> None:
        if self.hangs or self.exited.is_set():
            raise ChildGone("It does not read.")
        self.sent.append(message)
        answer = self.answer(message)
        if answer is not None:
            asyncio.get_running_loop().call_soon(self.on_message, answer)

    def hear(self) -> None:
        while self.unheard:
            self.on_message(self.unheard.pop(0))

    async def stop(self, grace: float) -> int:
        self.stopped = True
        if not self.exited.is_set():
            if not self.hangs:
                self.sent.append(Shutdown())
            await asyncio.sleep(0)
            self.die()
        return 0

    def kill(self) -> None:
        if not self.exited.is_set():
            self.killed = True
            asyncio.get_running_loop().call_soon(self.die)

    def die(self) -> None:
        """Its end is noticed."""
        if self.exited.is_set():
            return
        self.exited.set()
        error = ChildGone(f"The {self.name} process has ended unexpectedly (exit code -9).")
        if not self.readiness.done():
            self.readiness.set_exception(error)
        self.readiness.exception()
        if self.on_exit is not None:
            self.on_exit(error)


class FakePool:
    """Encoders that do each job at once, unless told to `hold` them."""

    def __init__(self) -> None:
        self.hold = False
        self.wanting: list[Any] = []
        self.forgotten: list[Any] = []
        self.unmapped: list[str] = []

    def want(self, source: Any) -> None:
        if source not in self.wanting:
            self.wanting.append(source)
        if not self.hold:
            asyncio.get_running_loop().call_soon(self.work)

    def forget(self, source: Any) -> None:
        self.forgotten.append(source)

    def unmap(self, ring: str) -> None:
        self.unmapped.append(ring)

    def work(self) -> None:
        while self.wanting:
            source = self.wanting.pop(0)
            while (job := source.next_job()) is not None:
                source.encoded(made(job))


def made(job: Encode) -> Packet:
    return Packet(job.seq, job.rendition, b"frame %d %d" % (job.seq, job.rendition.quality), 5)


class FakeViewer:
    """A viewer that is always ready again, unless it is `slow`."""

    def __init__(self, fps: float = 60.0) -> None:
        self.id = "viewer"
        self.sub, self.address, self.transport = None, "127.0.0.1", "websocket"
        self.pulse = Pulse(0.0)
        self.view = View()
        self.controls = True
        self.adaptation = Adaptation()
        self.adaptation.set_fps(fps)
        self.slow = False
        self.offered: list[Packet] = []
        self.told: list[Any] = []
        self.sample: LinkSample | None = None
        self.flow = Flow()
        self.sharp: Sharp | None = None
        self.drops: list[ViewerStatistics] = []
        self.on_ready: Callable[[Any], None] | None = None

    @property
    def rendition(self) -> Rendition:
        return Rendition("jpeg", self.adaptation.quality)

    @property
    def seqs(self) -> list[int]:
        return [packet.seq for packet in self.offered]

    def attach(self, on_ready: Callable[[Any], None], journey: Journey) -> None:
        self.on_ready = on_ready
        on_ready(self)

    def detach(self) -> None:
        self.on_ready = None

    def offer(self, packet: Packet) -> None:
        self.offered.append(packet)
        if not self.slow:
            asyncio.get_running_loop().call_soon(self.ready)

    def ready(self) -> None:
        if self.on_ready is not None:
            self.on_ready(self)

    def tell(self, event: str, payload: Any = None) -> None:
        self.told.append((event, payload))

    def tell_cursor(self, event: bytes) -> None:
        self.told.append(("cursor", event))

    def tell_error(self, error: JiomosaError) -> None:
        self.tell("error", error.code)

    def tell_statistics(self, drops: ViewerStatistics) -> None:
        self.drops.append(drops)

    def sample_link(self) -> LinkSample | None:
        return self.sample

    def dismiss(self, error: JiomosaError) -> None:
        self.tell("dismissed", error.code)


async def turns(number: int = 20) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


async def until(condition: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait until `condition()` is true; fails after `seconds`."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  # what is waited for is not ours to signal
            await asyncio.sleep(0.002)
