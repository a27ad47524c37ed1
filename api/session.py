"""A session: one browser, from its creation to its end.

    starting --capture ready--> open --close(), expiry, capture process gone--> closed

It owns what the session has on the machine (its folder, its frame ring, its capture process) and gives all of it back in
`close`, in the order in which nobody can be left holding it: viewers, stream, process, ring, folder.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import orjson

from api.encoders import EncoderPool
from api.stream import Stream, Watcher
from engine.broadcast import Packet
from engine.child import Child
from engine.errors import ChildGone, JiomosaError, Unavailable, rebuild
from engine.expiry import Expiry
from engine.framering import FrameRing
from engine.messages import (
    CaptureSpec,
    Cursor,
    Done,
    GetPage,
    Named,
    Navigate,
    Notice,
    Page,
    Refresh,
    Refused,
    Rendition,
    ToCapture,
)
from engine.settings import Settings
from engine.userid import UserId

log = logging.getLogger("jiomosa.session")

STOP_SECONDS = 5.0  # a browser that has not ended by then is killed
REMOVE_ATTEMPTS, REMOVE_PAUSE_SECONDS = 50, 0.1
ANSWER_SECONDS = 10.0  # the capture process bounds what it waits for; beyond this it hangs itself


@dataclass(frozen=True, slots=True)
class PageInfo:
    """What the browser shows."""

    title: str
    url: str


class Session:
    """`on_end(session)` is called once, when it has ended for whatever reason."""

    CAPTURE_MODULE: ClassVar[str] = (
        "capture.main"  # what its capture process runs; the bench puts a source without a browser here
    )

    def __init__(
        self,
        id: str,
        width: int,
        height: int,
        settings: Settings,
        pool: EncoderPool,
        on_end: Callable[[Session], None],
    ) -> None:
        self.id = id
        self.width, self.height = width, height
        self.created_at = time.time()
        self.owner: str | None = None  # who it belongs to, as `engine.identity` calls them
        self.expiry = Expiry(time.monotonic(), settings.session_timeout)
        self.page = PageInfo("", "about:blank")
        self._settings = settings
        self._on_end = on_end
        self._cursor: bytes | None = None
        self._tokens = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._end: asyncio.Future[None] | None = None
        self._folder = tempfile.mkdtemp(prefix=f"jiomosa-{os.getpid()}-", dir=settings.runtime_dir)
        # Where we may, each browser runs as a user of its own.
        self._user = UserId.claim(settings.browser_uid) if os.geteuid() == 0 else None
        try:
            if self._user is not None:
                os.chown(self._folder, self._user.number, self._user.number)
            self._ring = FrameRing.create(width, height)
        except BaseException:
            self._give_back()
            raise
        self._child = Child(f"capture {id}", self.CAPTURE_MODULE, self._spec())
        self.stream = Stream(self._ring.name, pool, self._send)

    def _spec(self) -> CaptureSpec:
        settings = self._settings
        return CaptureSpec(
            session_id=self.id,
            ring=self._ring.name,
            width=self.width,
            height=self.height,
            folder=self._folder,
            uid=self._user.number if self._user else None,
            sandbox=settings.browser_sandbox,
            chromium=settings.chromium,
            chromedriver=settings.chromedriver,
            max_fps=settings.max_fps,
            freeze_after=settings.freeze_after,
        )

    # ---- life

    async def start(self) -> None:
        """Start its browser and wait until it is there. On failure everything is given back and the error raised."""
        try:
            self._child.start(self._received, self._capture_ended)
            runs = await self._child.ready(self._settings.start_timeout)
        except BaseException as error:
            reason = error if isinstance(error, JiomosaError) else Unavailable("The session was not started.")
            await self.close(reason)
            raise
        log.info("session %s started: %s, %dx%d", self.id, runs, self.width, self.height)

    def adopt(self, id: str, on_end: Callable[[Session], None]) -> None:
        """From now on it is the session `id`, as if it had been created just now."""
        log.info("session %s was warm as %s", id, self.id)
        self.id = id
        self._send(Named(id))
        self._on_end = on_end
        self.created_at = time.time()
        self.expiry = Expiry(time.monotonic(), self._settings.session_timeout)

    @property
    def closed(self) -> bool:
        return self._end is not None

    async def close(self, reason: JiomosaError) -> None:
        """End it; its viewers are told `reason`. Waits until all of it is gone, also when it is closing already."""
        if self._end is None:
            self._end = asyncio.ensure_future(self._close(reason))
        await asyncio.shield(self._end)

    async def _close(self, reason: JiomosaError) -> None:
        for viewer in list(self.stream.viewers):
            viewer.tell_error(reason)
        self.stream.end()
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(reason)
        if self._child.started:
            await self._child.stop(STOP_SECONDS)
        self._ring.close()
        await asyncio.to_thread(self._give_back)
        log.info("session %s closed: %s", self.id, reason.message)
        self._on_end(self)

    def _give_back(self) -> None:
        for _ in range(REMOVE_ATTEMPTS):
            shutil.rmtree(self._folder, ignore_errors=True)
            if not os.path.exists(self._folder):
                break
            time.sleep(REMOVE_PAUSE_SECONDS)  # in a thread of its own: a browser that was killed may still be ending, and writing
        if self._user is not None:
            self._user.release()

    def _capture_ended(self, error: JiomosaError) -> None:
        if self._end is None:
            log.error("session %s: %s", self.id, error.message)
            self._end = asyncio.ensure_future(self._close(error))

    # ---- the capture process

    def _send(self, message: ToCapture) -> None:
        try:
            self._child.send(message)
        except ChildGone as error:
            # Its end, if it has ended, is about to be noticed; if it hangs, this is how it is noticed.
            log.debug("session %s: %s", self.id, error.message)
            self._child.kill()

    def _received(self, message: Any) -> None:
        match message:
            case Notice():
                self.stream.noticed(message)
            case Cursor():
                self._cursor = cursor_event(message)
                for viewer in self.stream.viewers:
                    viewer.tell_cursor(self._cursor)
            case Done(token) | Page(token):
                self._answer(token, message)
            case Refused(token, code, text):
                waiting = self._waiting.get(token)
                if waiting is not None and not waiting.done():
                    waiting.set_exception(rebuild(code, text))

    def _answer(self, token: int, message: Done | Page) -> None:
        if isinstance(message, Page):
            self.page = PageInfo(message.title, message.url)
        waiting = self._waiting.get(token)
        if waiting is not None and not waiting.done():
            waiting.set_result(message)

    async def ask(self, build: Callable[[int], ToCapture], timeout: float = ANSWER_SECONDS) -> Any:
        """Send what `build(token)` makes and wait for its answer. Raises what it was refused with, or `Unavailable`."""
        if self.closed:
            raise Unavailable(f"The session {self.id!r} has been closed.", code="session_closed")
        token = next(self._tokens)
        waiting = self._waiting[token] = asyncio.get_running_loop().create_future()
        try:
            self._send(build(token))
            return await asyncio.wait_for(waiting, timeout)
        except TimeoutError:
            raise Unavailable(f"The browser of session {self.id!r} did not answer within {timeout:g} seconds.") from None
        finally:
            del self._waiting[token]

    # ---- what it can do

    async def load(self, url: str) -> PageInfo:
        """Show `url`; returns when it has loaded. Raises `LoadFailed` with the browser's own reason."""
        self.expiry.active(time.monotonic())
        self.tell_viewers("status", {"message": f"Loading {url}"})
        limit = self._settings.load_timeout
        try:
            await self.ask(lambda token: Navigate(token, url, limit), limit + ANSWER_SECONDS)
        except JiomosaError as error:
            self.tell_viewers("status", {"message": error.message})
            raise
        self.tell_viewers("status", {"message": f"Loaded {self.page.url}"})
        return self.page

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

    async def picture(self, rendition: Rendition) -> Packet:
        """The newest frame as `rendition`."""
        return await self.stream.poll(rendition, self._settings.frame_capture_interval)

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

    def watch(self, viewer: Watcher) -> None:
        self.expiry.watch(time.monotonic())
        self.stream.watch(viewer)
        if self._cursor is not None:
            viewer.tell_cursor(self._cursor)

    def unwatch(self, viewer: Watcher) -> None:
        self.expiry.unwatch(time.monotonic())
        self.stream.unwatch(viewer)

    def tell_viewers(self, event: str, payload: dict[str, Any]) -> None:
        for viewer in self.stream.viewers:
            viewer.tell(event, payload)

    @property
    def last_activity(self) -> float:
        """Epoch seconds."""
        now = time.monotonic()
        return time.time() - (now - self.expiry.last_activity(now))


def cursor_event(cursor: Cursor) -> bytes:
    """The finished Engine.IO message of a `cursor` event, the same for all viewers."""
    image = base64.b64encode(cursor.image).decode("ascii")
    place = {"width": cursor.width, "height": cursor.height, "x": cursor.x, "y": cursor.y}
    return b"42" + orjson.dumps(["cursor", {"image": image, **place, **({"name": cursor.name} if cursor.name else {})}])
