"""The registry of sessions: who there is, who may come, and whose time is up."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import Callable

from api.capacity import room
from api.egress import Egress
from api.encoders import EncoderPool
from api.session import Session
from api.warm import WarmSessions
from engine import logs, traces
from engine.admission import UNLIMITED, Limits, Refusal, refusal
from engine.device import Device, device_of
from engine.errors import Conflict, JiomosaError, NotFound, Unavailable
from engine.framering import layout
from engine.settings import Settings
from engine.tally import Tally

log = logs.logger("jiomosa.sessions")


def no_session(id: str) -> NotFound:
    return NotFound(f"There is no session {id!r}; create it first, or look at GET /api/sessions for those there are.")


class Sessions:
    """All sessions of this server."""

    def __init__(self, settings: Settings, pool: EncoderPool, egress: Egress | None = None) -> None:
        self._settings = settings
        self._pool = pool
        self._egress = egress
        self._sessions: dict[str, Session] = {}
        self._starting: dict[str, Session] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._closings: set[asyncio.Task[None]] = set()
        self._shutting_down = False
        self.refused: Counter[str] = Counter()  # who asked for a session and got none, by reason
        self._one_less = asyncio.Event()
        self.created = 0
        self._ended_tally, self._ended_rebuilds = Tally(), 0  # of the sessions that are no more
        self._warm_device = device_of(*settings.warm_dimensions)
        self._warm = WarmSessions(settings.warm_sessions, self._warm_device, self._make_warm)

    def warm_up(self) -> None:
        """Begin to keep warm sessions, if any are wanted."""
        self._warm.fill()

    # ---- what there is, and has been

    @property
    def warm(self) -> int:
        """Browsers that are kept for sessions to come."""
        return self._warm.waiting

    @property
    def not_in_use(self) -> list[Session]:
        """Those that start, and the warm ones."""
        return [*self._starting.values(), *self._warm.all]

    @property
    def starting(self) -> int:
        return len(self._starting)

    @property
    def rebuilds(self) -> int:
        """Browsers that were started again."""
        return self._ended_rebuilds + sum(session.rebuilds for session in self.all())

    def tally(self) -> Tally:
        """What all streams have done, those of ended sessions included."""
        total = Tally()
        total.add(self._ended_tally)
        for session in self.all():
            total.add(session.stream.tally())
        return total

    # ---- who may come

    def check_room(self, width: int, height: int) -> None:
        """Raises `Unavailable` where there is no room for another session of this size."""
        refused = self._refusal(width, height)
        if refused is not None:
            raise refused.error

    def _refusal(self, width: int, height: int, *, warm: bool = False, maker: str | None = None) -> Refusal | None:
        """Why there is none for another session, made by `maker`; a `warm` one has its room already."""
        if self._shutting_down:
            error = Unavailable("The server is shutting down; try again in a moment.", code="shutting_down")
            return Refusal("shutting_down", error)
        settings, others = self._settings, [*self._sessions.values(), *self._starting.values()]
        limits = Limits(settings.max_sessions, settings.session_memory * 1e6, settings.max_load, settings.max_sessions_per_user)
        own = 0 if maker is None else sum(session.maker == maker for session in others)
        return refusal(limits, UNLIMITED if warm else room(), len(others), layout(width, height).total_bytes, own)

    def _make_warm(self, on_end: Callable[[Session], None]) -> Session:
        self.check_room(*self._settings.warm_dimensions)
        return Session(f"warm-{secrets.token_hex(6)}", self._warm_device, self._settings, self._pool, on_end, self._egress)

    def __len__(self) -> int:
        return len(self._sessions)

    def all(self) -> list[Session]:
        return list(self._sessions.values())

    def get(self, id: str) -> Session:
        """Raises `NotFound`."""
        session = self._sessions.get(id)
        if session is None or session.closed:
            raise no_session(id)
        return session

    async def create(self, wanted_id: str | None, device: Device, maker: str | None = None) -> Session:
        """A new session with a browser that is ready; an id is made up where none is wanted.

        `maker` is who it counts for; None: nobody. Raises `Conflict`, `Unavailable`, `TooMany`.
        """
        id = wanted_id or f"s-{secrets.token_hex(6)}"
        if id in self._sessions or id in self._starting:
            raise Conflict(f"There is a session {id!r} already; choose another id, or close that one first.")
        refused = self._refusal(device.width, device.height, warm=self._warm.has(device), maker=maker)
        if refused is not None:
            self.refused[refused.reason] += 1
            log.warning("session refused", session=id, maker=maker, code=refused.error.code, reason=refused.error.message)
            raise refused.error
        session = self._warm.take(device)
        if session is not None:
            session.maker = maker
            session.adopt(id, self._ended)
        else:
            session = await self._start(id, device, maker)
        self._sessions[id] = session
        self.created += 1
        session.life = traces.begin("session", {"session.id": id})
        self._watch_expiry(session)
        return session

    async def _start(self, id: str, device: Device, maker: str | None) -> Session:
        session = self._starting[id] = Session(id, device, self._settings, self._pool, self._ended, self._egress)
        session.maker = maker
        try:
            with traces.span("session start", {"session.id": id}):
                await session.start()
        except JiomosaError:
            self.refused["start_failed"] += 1
            raise
        finally:
            del self._starting[id]
            self._one_less.set()
        if session.closed:
            raise Unavailable(f"The session {id!r} was closed while it started.", code="session_closed")
        return session

    async def close(self, id: str) -> None:
        """Close a session because somebody asked. Raises `NotFound`."""
        await self.get(id).close(NotFound(f"The session {id!r} has been closed.", code="session_closed"))

    async def drain(self, seconds: float, hurry: asyncio.Event) -> None:
        """Let no new one in; return when those there are have ended, after `seconds`, or when there is a `hurry`."""
        self._shutting_down = True
        await self._warm.close()
        if not seconds or not (self._sessions or self._starting):
            return
        log.info("draining", sessions=len(self._sessions), seconds=seconds)
        sentence = f"The server is shutting down: this session will end within {seconds:g} seconds, and no new one can be made."
        for session in self.all():
            session.tell_viewers("status", {"message": sentence, "code": "shutting_down"})
        waiting = {asyncio.ensure_future(self._emptied()), asyncio.ensure_future(hurry.wait())}
        await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()

    async def _emptied(self) -> None:
        while self._sessions or self._starting:
            self._one_less.clear()
            await self._one_less.wait()

    async def close_all(self) -> None:
        """Close all, and let no new one in."""
        self._shutting_down = True
        reason = Unavailable("The server is shutting down.", code="shutting_down")
        sessions = [*self._starting.values(), *self.all()]
        await asyncio.gather(self._warm.close(), *(session.close(reason) for session in sessions))

    def _ended(self, session: Session) -> None:
        if self._sessions.pop(session.id, None) is not None:
            self._ended_tally.add(session.stream.tally())
            self._ended_rebuilds += session.rebuilds
        self._one_less.set()
        timer = self._timers.pop(session.id, None)
        if timer is not None:
            timer.cancel()

    def _watch_expiry(self, session: Session) -> None:
        now = time.monotonic()
        # A watched session has no time to look at it again; its full timeout is the soonest that it could expire.
        delay = min(session.expiry.expires_at - now, self._settings.session_timeout)
        if delay > 0:
            self._timers[session.id] = asyncio.get_running_loop().call_later(delay, self._watch_expiry, session)
            return
        reason: JiomosaError = NotFound(
            f"The session {session.id!r} has expired: nobody used it for {self._settings.session_timeout:g} seconds.",
            code="session_expired",
        )
        closing = asyncio.get_running_loop().create_task(session.close(reason))
        self._closings.add(closing)
        closing.add_done_callback(self._closings.discard)
