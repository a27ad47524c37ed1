"""A session's browser through all its incarnations: what it has on the machine, and another one whenever it ends.

    starting --ready--> up --it ended, or hangs--> down --another is ready--> up ...
                                                    '--too often, or none can be started--> lost

Each incarnation has a frame ring of its own, and the folder of the one before: the same profile. An old ring stays until the
stream has no lease of it any more.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from typing import Any, ClassVar, Protocol

from api.belongings import Belongings
from api.egress import Egress
from api.incarnation import ANSWER_SECONDS, Incarnation
from engine import logs
from engine.attempts import Attempts
from engine.device import Device
from engine.errors import JiomosaError, Unavailable
from engine.framering import FrameRing
from engine.messages import CaptureSpec, Named, ToCapture
from engine.settings import Settings
from engine.ways import Denied, WayOut

log = logs.logger("jiomosa.session")

STOP_SECONDS = 4.0  # then it is killed; whoever stops a server often grants it 10 in all
WAIT_SECONDS = 5.0  # the most that a request waits for a browser that is started again, which takes about one
FIRST_BACKOFF_SECONDS, LONGEST_BACKOFF_SECONDS = 1.0, 8.0
FORGIVEN_SECONDS, MOST_REBUILDS = 60.0, 4  # more than so many in this time: the page, or the machine, will not have it
MOST_STARTS = 16  # that fail, a hundred seconds with the pauses between: a Chromium that is upgraded is back before that


class Owner(Protocol):
    """Who is told what happens to it."""

    def said(self, message: Any) -> None: ...
    def denied(self, denied: Denied) -> None: ...
    def down(self, error: JiomosaError) -> None: ...
    def renewed(self, ring: str) -> int:
        """The next incarnation fills this ring; returns the newest frame of those before."""

    def up(self) -> None: ...
    def lost(self, reason: JiomosaError) -> None: ...


class Browser:
    """`module` is what its capture processes run."""

    APART: ClassVar[bool] = True  # set apart from the machine; the bench compares with one that is not

    def __init__(
        self, id: str, device: Device, settings: Settings, module: str, owner: Owner, egress: Egress | None = None
    ) -> None:
        self._id = self._first_id = id  # the first is by what its processes know one another, whatever it is called later
        self.device = device
        self._settings = settings
        self._module = module
        self._owner = owner
        self._egress = egress
        self._way: int | None = None
        self._ends = Attempts(FIRST_BACKOFF_SECONDS, LONGEST_BACKOFF_SECONDS, FORGIVEN_SECONDS, MOST_REBUILDS)
        self._rebuilding: asyncio.Task[None] | None = None
        self._down_since = 0.0
        self._closing = False
        self.rebuilds = 0
        self._rings: dict[str, FrameRing] = {}
        self._generation = 0
        self._belongings = Belongings.claim(id, settings)
        try:
            self.first_ring = self._make_ring(self.device)
        except BaseException:
            self._belongings.give_back()
            raise
        self._incarnation = self._incarnate(self.first_ring, 0)

    def _make_ring(self, device: Device) -> str:
        self._generation += 1
        ring = FrameRing.create(device.width, device.height, self._generation)
        self._rings[ring.name] = ring
        return ring.name

    @property
    def folder(self) -> str:
        return self._belongings.folder

    def prepare(self, device: Device) -> str:
        """A ring for frames of another size, to be filled once the capture process says so (`Resized`). Raises `Unavailable`."""
        return self._make_ring(device)

    def ring_free(self, name: str) -> None:
        """Nobody uses a ring of before any more."""
        self._rings.pop(name).close()

    def _incarnate(self, ring: str, seq: int) -> Incarnation:
        settings = self._settings
        spec = CaptureSpec(
            session_id=self._first_id,
            ring=ring,
            device=self.device,
            folder=self._belongings.folder,
            uid=self._belongings.uid,
            sandbox=settings.browser_sandbox,
            chromium=settings.chromium,
            chromedriver=settings.chromedriver,
            max_fps=settings.max_fps,
            freeze_after=settings.freeze_after,
            hang_timeout=settings.hang_timeout,
            dialog_timeout=settings.dialog_timeout,
            max_tabs=settings.max_tabs,
            memory=settings.max_session_memory * 1e6,
            generation=self._generation,
            seq=seq,
            apart=self.APART,
            egress=self._egress is not None,
        )
        return Incarnation(f"capture {self._id}", self._module, spec, self._said, self._ended)

    def _said(self, message: Any) -> None:
        if not isinstance(message, WayOut):
            self._owner.said(message)
        elif self._egress is not None:
            self._close_way()
            self._way = self._egress.open(self._incarnation.take_file(), self._owner.denied)

    def _close_way(self) -> None:
        if self._egress is not None and self._way is not None:
            self._egress.close_way(self._way)
            self._way = None

    # ---- life

    async def start(self) -> str:
        """Returns what it runs. Raises `JiomosaError`; `close` it then."""
        return await self._incarnation.start(self._settings.start_timeout)

    def name(self, id: str) -> None:
        """Its session has another id now."""
        self._id = id
        self.send(Named(id))

    async def close(self, reason: JiomosaError) -> None:
        """End it and give everything back; whoever waits for an answer gets `reason`."""
        self._closing = True
        self._incarnation.give_up(reason)
        if self._rebuilding is not None:
            self._rebuilding.cancel()
            await asyncio.wait({self._rebuilding})
        await self._incarnation.stop(STOP_SECONDS)
        self._close_way()
        for ring in self._rings.values():
            ring.close()
        await asyncio.to_thread(self._belongings.give_back)

    def _ended(self, error: JiomosaError) -> None:
        if self._closing:
            return
        log.error("browser lost", session=self._id, reason=error.message)
        self._down_since = time.monotonic()
        self._owner.down(error)
        self._incarnation.give_up(self._not_now)
        self._rebuilding = asyncio.get_running_loop().create_task(self._rebuild(error))

    async def _rebuild(self, error: JiomosaError) -> None:
        """Until another one is up; or the session is lost, to a page that ends them all or to a Chromium that does not start."""
        delay = self._ends.failed(time.monotonic())
        why = f"ended {MOST_REBUILDS + 1} times in {FORGIVEN_SECONDS:g} seconds"
        then = "Create another session; this page may be too much for it."
        failures = Attempts(FIRST_BACKOFF_SECONDS, LONGEST_BACKOFF_SECONDS, math.inf, MOST_STARTS)
        while delay is not None:
            await asyncio.sleep(delay)
            again = await self._start_again()
            if again is None:
                return
            error, delay = again, failures.failed(time.monotonic())
            why = f"ended, and could not be started again in {MOST_STARTS + 1} attempts"
            then = "Whoever runs this server finds out more with `jiomosa doctor`."
        self._rebuilding = None
        message = f"The browser of this session has {why}, the last time so: {error.message} {then}"
        self._owner.lost(Unavailable(message, code="crashing"))

    async def _start_again(self) -> JiomosaError | None:
        """Why it could not be started, if so."""
        try:
            ring = self._make_ring(self.device)
            self._incarnation = self._incarnate(ring, self._owner.renewed(ring))
            await self._incarnation.start(self._settings.start_timeout)
        except (JiomosaError, OSError) as error:
            log.error("browser not started", session=self._id, reason=str(error))  # noqa: TRY400
            await self._incarnation.stop(0.0)
            return error if isinstance(error, JiomosaError) else Unavailable(f"It could not be started: {error}.")
        self._rebuilding = None
        self.rebuilds += 1
        seconds = time.monotonic() - self._down_since
        log.info("browser rebuilt", session=self._id, seconds=round(seconds, 2))
        self._owner.up()
        return None

    @property
    def _not_now(self) -> JiomosaError:
        return Unavailable(
            f"The browser of session {self._id!r} has ended and is being started again; try again in a moment.", code="rebuilding"
        )

    @property
    def pid(self) -> int | None:
        return self._incarnation.pid

    def is_down(self) -> bool:
        return self._rebuilding is not None or self._closing

    # ---- messages

    def send(self, message: ToCapture) -> None:
        self._incarnation.send(message)

    async def ask(self, build: Callable[[int], ToCapture], timeout: float = ANSWER_SECONDS) -> Any:
        """Send what `build(token)` makes and wait for its answer, and before that a little for a browser that is rebuilt.

        Raises what it was refused with, or `Unavailable`.
        """
        if self._rebuilding is not None:
            await asyncio.wait({self._rebuilding}, timeout=WAIT_SECONDS)
            if self.is_down():
                raise self._not_now
        return await self._incarnation.ask(build, timeout)
