"""A session: one browser, from its creation to its end, and those who watch it.

    starting --browser up--> open --close(), expiry, browser lost--> closed

While its browser is down and rebuilt (`api.browser`) it stays open: viewers and their stream stay, and keep the last picture;
requests wait a little. It is given back in the order in which nobody can be left holding it: viewers, stream, browser.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, ClassVar
from urllib.parse import urlsplit

from api.browser import Browser
from api.egress import Egress
from api.encoders import EncoderPool
from api.exchange import Exchange
from api.grip import Grip
from api.incarnation import ANSWER_SECONDS
from api.refusals import Refusals
from api.resizing import Resizing
from api.showing import Showing
from api.stream import Stream
from api.watcher import Watcher
from engine import logs, traces
from engine.broadcast import Packet
from engine.device import Device
from engine.errors import JiomosaError, Unavailable
from engine.exchange import Resized
from engine.expiry import Expiry
from engine.messages import Notice, Refresh, Rendition, ToCapture
from engine.pagemessages import GetPage, Go, Navigate, Page, Way
from engine.settings import Settings
from engine.ways import Denied

log = logs.logger("jiomosa.session")

BLANK = "about:blank"
BROWSE_SECONDS = 20.0  # a tab that hangs is asked several things, each for as long as a page may be busy
GREEDY_SECONDS = 60.0  # a page that has taken too much memory within this after its load would do so again: it is not returned to


@dataclass(frozen=True, slots=True)
class PageInfo:
    """What the browser shows."""

    title: str
    url: str


class Session:
    """`on_end(session)` is called once, when it has ended for whatever reason."""

    CAPTURE_MODULE: ClassVar[str] = (
        "capture.main"  # what its capture processes run; the bench puts a source without a browser here
    )

    def __init__(
        self,
        id: str,
        device: Device,
        settings: Settings,
        pool: EncoderPool,
        on_end: Callable[[Session], None],
        egress: Egress | None = None,
    ) -> None:
        self.id = id
        self.created_at = time.time()
        self.owner: str | None = None  # who it belongs to, as `engine.identity` calls them
        self.maker: str | None = None  # whose limit it counts for
        self.expiry = Expiry(time.monotonic(), settings.session_timeout)
        self.page = PageInfo("", BLANK)
        self.life: traces.Life = traces.NOTHING
        self._settings = settings
        self._on_end = on_end
        self._end: asyncio.Future[None] | None = None
        self._loading: str | None = None
        self._return_to = BLANK
        self._returning: asyncio.Task[None] | None = None
        self._loaded_at = 0.0
        self._egress = egress
        self._refusals = Refusals()
        self._explained = time.monotonic()
        self._browser = Browser(id, device, settings, self.CAPTURE_MODULE, self, egress)
        self.grip = Grip(self.inject)
        self.stream = Stream(self._browser.first_ring, pool, self._browser.send, self._browser.ring_free)
        self.exchange = Exchange(lambda: self.stream.viewers, self._browser.send, self._browser.folder)
        self.showing = Showing(lambda: self.stream.viewers, self.exchange)
        self.resizing = Resizing(self._browser, self.stream, self.inject, self.exchange.look_at_scales)

    # ---- life

    async def start(self) -> None:
        """Start its browser and wait until it is there. On failure everything is given back and the error raised."""
        try:
            runs = await self._browser.start()
        except BaseException as error:
            reason = error if isinstance(error, JiomosaError) else Unavailable("The session was not started.")
            await self.close(reason)
            raise
        self.expiry.active(time.monotonic())  # its time begins now: a busy machine may take most of a short one to start
        log.info("session started", session=self.id, browser=runs, size=f"{self.width}x{self.height}")

    def adopt(self, id: str, on_end: Callable[[Session], None]) -> None:
        """From now on it is the session `id`, as if it had been created just now."""
        log.info("session taken from the warm ones", session=id, was=self.id)
        self.id = id
        self._browser.name(id)
        self._on_end = on_end
        self.created_at = time.time()
        self.expiry = Expiry(time.monotonic(), self._settings.session_timeout)

    @property
    def rebuilds(self) -> int:
        """How often its browser has been started again."""
        return self._browser.rebuilds

    @property
    def is_down(self) -> bool:
        """Whether its browser is being started again."""
        return self._browser.is_down()

    @property
    def pid(self) -> int | None:
        """Of its capture process; None while there is none."""
        return self._browser.pid

    device, width, height = (property(attrgetter(f"_browser.device{of}")) for of in ("", ".width", ".height"))

    @property
    def closed(self) -> bool:
        return self._end is not None

    async def close(self, reason: JiomosaError) -> None:
        """End it; its viewers are told `reason`. Waits until all of it is gone, also when it is closing already."""
        if self._end is None:
            self._end = asyncio.ensure_future(self._close(reason))
        await asyncio.shield(self._end)

    async def _close(self, reason: JiomosaError) -> None:
        self.stream.tell_error(reason)
        self.grip.close()
        self.stream.end()
        await self._browser.close(reason)
        self.life.end({"session.end": reason.code, "session.frames": self.stream.newest_seq, "session.rebuilds": self.rebuilds})
        log.info("session closed", session=self.id, code=reason.code, reason=reason.message)
        self._on_end(self)

    # ---- what its browser says, and what happens to it

    def said(self, message: Any) -> None:
        match message:
            case Notice():
                self.stream.noticed(message)
            case Page():
                self.page = PageInfo(message.title, message.url)
                self.showing.said(message)
                self._explain_page()
            case Resized():
                self.resizing.done(message)
            case _:
                self.showing.said(message)

    def denied(self, denied: Denied) -> None:
        """Its browser was not connected somewhere."""
        self._refusals.heard(denied, time.monotonic())

    def _explain_page(self) -> None:
        """Tell viewers once why a page is not there that they went to by themselves."""
        if self._egress is None or self._loading is not None:
            return
        self._egress.hear()
        if (why := self._refusals.of(self.page.url, self._explained)) is not None:
            self._explained = time.monotonic()
            self.stream.tell_error(why)

    def down(self, error: JiomosaError) -> None:
        self.grip.forget()
        self.life.note("browser ended", {"reason": error.message})
        self._return_to = self._loading or self.page.url
        if error.code == "memory" and time.monotonic() < self._loaded_at + GREEDY_SECONDS:
            self._return_to, self.page = BLANK, PageInfo("", BLANK)
        self.tell_viewers("status", {"message": f"{error.message} The browser is being started again.", "code": "rebuilding"})
        self.showing.lost()

    def renewed(self, ring: str) -> int:
        self.stream.renew(ring)
        return self.stream.newest_seq

    def up(self) -> None:
        self.stream.resume()
        self.life.note("browser started again")
        self.exchange.up()
        self.tell_viewers("status", {"message": "The browser has been started again.", "code": "rebuilt"})
        if self._return_to != BLANK:
            self._returning = asyncio.get_running_loop().create_task(self._return(self._return_to))

    async def _return(self, url: str) -> None:
        with contextlib.suppress(JiomosaError):  # viewers have been told, and nobody else has asked
            await self._load(url)

    def lost(self, reason: JiomosaError) -> None:
        if self._end is None:
            self._end = asyncio.ensure_future(self._close(reason))

    async def ask(self, build: Callable[[int], ToCapture], timeout: float = ANSWER_SECONDS) -> Any:
        """Send what `build(token)` makes and wait for its answer. Raises what it was refused with, or `Unavailable`."""
        if self.closed:
            raise Unavailable(f"The session {self.id!r} has been closed.", code="session_closed")
        return await self._browser.ask(build, timeout)

    # ---- what it can do

    async def load(self, url: str) -> PageInfo:
        """Show `url`; returns when it has loaded. Raises `LoadFailed` with the browser's own reason."""
        self.expiry.active(time.monotonic())
        with traces.span("session load", {"session.id": self.id, "server.address": urlsplit(url).hostname or ""}):
            return await self._load(url)

    async def _load(self, url: str) -> PageInfo:
        self.tell_viewers("status", {"message": f"Loading {url}"})
        limit = self._settings.load_timeout
        began = self._loaded_at = time.monotonic()
        self._loading = url
        try:
            await self.ask(lambda token: Navigate(token, url, limit), limit + ANSWER_SECONDS)
        except JiomosaError as failure:
            error = failure
            if self._egress is not None:
                self._egress.hear()
                error = self._refusals.explain(failure, url, began)
            self.tell_viewers("status", {"message": error.message})
            log.info("page not loaded", session=self.id, url=url, code=error.code, reason=error.message)
            raise error from None
        finally:
            self._explained = time.monotonic()
            if self._loading == url:
                self._loading = None
        self.tell_viewers("status", {"message": f"Loaded {self.page.url}"})
        log.info("page loaded", session=self.id, url=self.page.url, seconds=round(time.monotonic() - began, 2))
        return self.page

    async def go(self, way: Way) -> PageInfo:
        """Move about in the shown tab; returns when it has loaded. Raises `Conflict`, `LoadFailed`."""
        limit = self._settings.load_timeout
        self._loaded_at = time.monotonic()
        await self.browse(lambda token: Go(token, way, limit), limit)
        return self.page

    async def browse(self, build: Callable[[int], ToCapture], limit: float = 0.0) -> None:
        """Have the browser do something that may take `limit` seconds more than an answer does."""
        self.expiry.active(time.monotonic())
        await self.ask(build, limit + BROWSE_SECONDS)

    async def present_page(self) -> PageInfo:
        """The page's title and address now."""
        await self.ask(GetPage)
        return self.page

    async def poll(self, rendition: Rendition) -> bytes:
        """The picture of this moment as `rendition`."""
        await self.refresh()
        return (await self.picture(rendition)).data

    async def refresh(self) -> None:
        """Have the newest frame show what is on the screen now."""
        self.expiry.active(time.monotonic())
        await self.ask(Refresh)

    async def picture(self, rendition: Rendition, *, passive: bool = False) -> Packet:
        """The newest frame as `rendition`; `passive`: without asking for frames to come."""
        return await self.stream.poll(rendition, None if passive else self._settings.frame_capture_interval)

    async def newer(self, seq: int, seconds: float) -> bool:
        """Wait, at most so many seconds, for a frame after `seq`; whether one has come."""
        self.expiry.watch(time.monotonic())
        try:
            return await self.stream.newer(seq, seconds, self._settings.frame_capture_interval)
        finally:
            self.expiry.unwatch(time.monotonic())

    async def inject(self, build: Callable[[int], ToCapture]) -> None:
        """Give input to the page; returns when it has been injected."""
        self.expiry.active(time.monotonic())
        await self.ask(build)

    def check_viewers(self) -> None:
        """Raises `Unavailable` where no more viewers are let in."""
        most = self._settings.max_viewers
        if most and len(self.stream.viewers) >= most:
            raise Unavailable(f"The session {self.id!r} has {most} viewers, as many as may be (MAX_VIEWERS).", code="full")

    def watch(self, viewer: Watcher) -> None:
        self.expiry.watch(time.monotonic())
        self.stream.watch(viewer)
        log.info("viewer subscribed", session=self.id, viewer=viewer.id, viewers=len(self.stream.viewers))
        self.showing.tell(viewer)

    def unwatch(self, viewer: Watcher) -> None:
        self.expiry.unwatch(time.monotonic())
        self.grip.leave(viewer)
        drops = self.stream.statistics(viewer)
        self.stream.unwatch(viewer)
        self.exchange.look_at_scales()
        log.info("viewer unsubscribed", session=self.id, viewer=viewer.id, sent=drops.sent, skipped=drops.skipped)

    def tell_viewers(self, event: str, payload: dict[str, Any]) -> None:
        self.stream.tell(event, payload)

    @property
    def last_activity(self) -> float:
        """Epoch seconds."""
        now = time.monotonic()
        return time.time() - (now - self.expiry.last_activity(now))
