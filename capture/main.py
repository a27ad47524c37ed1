"""A capture process: one session's screen, browser, grabber and input, on one event loop.

It lives until it is told to end (`Shutdown`, SIGTERM), its front goes (the channel closes), or one of its programs dies; and in
every case it leaves nothing behind.
"""

from __future__ import annotations

import asyncio
import errno
import signal
import sys
from typing import Any

import uvloop
import xcffib

from capture.apart import set_apart
from capture.attention import Freezer
from capture.browser import Browser
from capture.browsing import Browsing
from capture.dialogs import Dialogs
from capture.emulation import Emulation
from capture.exchange import Exchange
from capture.footprint import Footprint
from capture.grabber import Grabber
from capture.health import Health
from capture.inputs import Inputs
from capture.keepsake import Keepsake
from capture.news import News
from capture.outcomes import Outcomes
from capture.page import ShownPage
from capture.pointer import Pointer
from capture.programs import Programs
from capture.refresh import ScreenRate
from capture.resizing import Resizing
from capture.screen import Screen
from capture.tabkeeper import TabKeeper
from capture.windows import Windows
from engine import logs
from engine.channel import Channel
from engine.child import name_process
from engine.errors import ChildGone, JiomosaError, Unavailable
from engine.exchange import Resize
from engine.framering import FrameRing
from engine.inputs import Input
from engine.leftovers import remove_display_socket
from engine.messages import (
    Browse,
    CaptureSpec,
    Done,
    Failed,
    Message,
    Named,
    Ping,
    Ready,
    Refresh,
    Release,
    Shutdown,
    Wants,
)
from engine.pagemessages import Note
from engine.ways import WayOut

log = logs.logger("jiomosa.capture")

WAKE_SECONDS = 0.25  # the most that a poll waits for a page that was frozen to draw; one that has nothing to draw costs it this


def main(channel: Channel, spec: CaptureSpec) -> None:
    """Run a session until it ends; exits with 1 when it ended because something failed."""
    logs.about(session=spec.session_id)
    way_out = None
    if spec.apart or spec.egress:
        door = set_apart(egress=spec.egress)
        if door is not None:
            with door:
                way_out = door.getsockname()[1]
                channel.send(WayOut(), door.fileno())
    if not uvloop.run(Capture(channel, spec, way_out).run()):
        sys.exit(1)


class Capture:
    """Puts the parts together, hands them their messages, and takes them apart.

    `way_out`: the port on which the browser asks for connections; None: it makes them itself.
    """

    def __init__(self, channel: Channel, spec: CaptureSpec, way_out: int | None = None) -> None:
        self._channel = channel
        self._spec = spec
        self._way_out = way_out
        self._emulation = Emulation(spec.device)
        self._exchange = Exchange(self._send, lambda: self._grabber.seq if self._grabber else 0)
        self._page = ShownPage(
            lambda: self._end(Unavailable("The page has crashed.", code="page_crashed")),
            lambda code, message: self._send(Note(code, message)),
        )
        self._tabs = TabKeeper(self._page, spec.max_tabs)
        self._dialogs = Dialogs(self._page, self._send, spec.dialog_timeout, self._tabs.later)
        self._outcomes = Outcomes(self._page)
        self._news = News(self._page, self._send)
        self._health = Health(self._page, spec.hang_timeout, self._news.tell_page, self._end)
        self._grabber: Grabber | None = None
        self._inputs: Inputs | None = None
        self._freezer: Freezer | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._programs = Programs(spec)
        self._screen: Screen | None = None
        self._screen_starts: asyncio.Task[None] | None = None
        self._browser: Browser | None = None
        self._resizing: Resizing | None = None

    async def run(self) -> bool:
        """True when it ended because it was told to."""
        loop = asyncio.get_running_loop()
        self._over: asyncio.Future[JiomosaError | None] = loop.create_future()
        loop.set_exception_handler(self._callback_failed)
        loop.add_signal_handler(signal.SIGTERM, self._end, None)
        self._channel.attach(loop, self._received, lambda: self._end(None))
        starting = self._spawn(self._start())
        failure = await self._over
        starting.cancel()
        await asyncio.wait({starting})
        if failure is not None:
            self._send(Failed(failure.code, failure.message))
        await self._close(healthy=failure is None)
        return failure is None

    def _end(self, failure: JiomosaError | None) -> None:
        if not self._over.done():
            self._over.set_result(failure)

    # ---- putting together

    async def _start(self) -> None:
        spec, programs = self._spec, self._programs
        if spec.generation > 1:  # what was killed before us may have left something
            await programs.end_stragglers()
            remove_display_socket(spec.folder)
        programs.prepare_folder()
        screen = self._screen_starts = asyncio.create_task(self._start_screen())
        browser_starts = asyncio.create_task(Browser.start(programs, spec, self._event, self._lost, screen, self._way_out))
        try:
            self._browser = await browser_starts
        except asyncio.CancelledError:
            browser_starts.cancel()
            await asyncio.wait({browser_starts})
            raise
        self._watch("Chromium", self._browser.gone)
        self._watch("ChromeDriver", self._browser.driver_program.gone)
        await self._page.open(self._browser.bidi)
        await self._emulation.open(self._browser.bidi, self._browser.version)
        await self._tabs.open()
        await self._dialogs.open()
        await self._outcomes.open()
        await self._windows.wait_shown()
        assert self._screen is not None
        display = self._screen.display
        pointer = Pointer(display, spec.device.width, spec.device.height)
        ring = FrameRing.attach(spec.ring)
        self._grabber = grabber = Grabber(display, ring, spec.max_fps, self._send, self._rate.damaged, spec.seq)
        display.watch(asyncio.get_running_loop(), grabber.step)
        await self._exchange.open(self._browser.bidi, display)
        self._freezer = Freezer(self._page, spec.freeze_after)
        self._resizing = Resizing(ring, grabber, self._windows, self._rate, pointer, self._page, self._freezer, self._send)
        self._inputs = Inputs(
            pointer, self._windows, self._page, self._freezer, self._send, lambda: grabber.seq, spec.device.scale
        )
        self._tabs.switched = self._freezer.switched
        self._spawn(self._inputs.run())
        self._keepsake = Keepsake(self._page, programs.folder, self._freezer.is_frozen)
        self._browsing = Browsing(
            self._page, self._tabs, self._dialogs, self._news, self._freezer, self._rate, self._keepsake, self._send
        )
        if spec.generation > 1:
            await self._keepsake.put_back()
        self._spawn(self._keepsake.run())
        self._spawn(self._health.run())
        self._spawn(self._news.run())
        if spec.memory:
            self._spawn(Footprint(programs.takes_memory, spec.memory, self._end).run())
        self._send(Ready(f"Chromium {self._browser.version}"))

    async def _start_screen(self) -> None:
        device = self._spec.device
        screen = self._screen = await Screen.start(self._programs, device.max_width, device.max_height)
        self._watch("The X server", screen.program.gone)
        self._windows = Windows(screen.display, device.width, device.height)
        self._rate = ScreenRate(screen.display, device.width, device.height, self._spec.max_fps)
        screen.display.watch(asyncio.get_running_loop())

    def _event(self, method: str, params: dict[str, Any]) -> None:
        for part in (self._page, self._emulation, self._exchange):
            part.on_event(method, params)

    def _watch(self, name: str, gone: asyncio.Future[Any]) -> None:
        def ended(future: asyncio.Future[Any]) -> None:
            if not future.cancelled():
                self._end(self._gone(name))

        gone.add_done_callback(ended)

    def _gone(self, name: str) -> ChildGone:
        return ChildGone(f"{name} of this session has ended unexpectedly.")

    def _lost(self) -> None:
        self._end(ChildGone("The browser of this session cannot be reached any more."))

    def _spawn(self, work: Any) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failed(error)

    def _callback_failed(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if "handle" in context and "exception" in context:
            self._failed(context["exception"])
        else:
            loop.default_exception_handler(context)

    def _failed(self, error: BaseException) -> None:
        if self._over.done():
            return
        if isinstance(error, JiomosaError):
            self._end(error)
        elif isinstance(error, xcffib.ConnectionException):  # heard of sooner than the end of its process
            self._end(self._gone("The X server"))
        elif isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE):
            self._end(Unavailable(f"The session's programs cannot go on: {error.strerror}.", code="no_room"))
        else:
            log.error("capture process failed inside", exc_info=error)  # better one that ends than one that is half alive
            self._end(Unavailable("The session failed inside; the server's log says more."))

    # ---- messages

    def _send(self, message: Message) -> None:
        try:
            self._channel.send(message)
        except ChildGone:
            self._end(None)  # the front is gone

    def _received(self, message: Any) -> None:
        if isinstance(message, Shutdown):
            self._end(None)
            return
        if not (self._grabber and self._inputs and self._freezer and self._screen and self._resizing):
            return  # nobody has been told that we are ready
        match message:
            case Named(session_id):
                name_process(f"capture {session_id}")
                logs.about(session=session_id)
            case Ping(token):
                self._screen.display.round_trip()
                self._send(Done(token, self._grabber.seq))
            case Wants(fps):
                self._health.wants(fps)
                self._dialogs.wants(fps)
                self._rate.wants(fps)
                self._grabber.wants(fps)
                self._freezer.wants(fps)
                if fps:
                    self._spawn(self._wake())
            case Release(slot, ring):
                self._resizing.released(slot, ring)
            case Refresh(token) if self._freezer.is_frozen():
                self._spawn(self._wake(token))
            case Refresh(token):
                self._grabber.refresh(token)
                self._spawn(self._wake())
            case _ if isinstance(message, Browse):
                self._spawn(self._browsing.do(message))
            case _ if isinstance(message, Input):
                self._rate.needed()
                self._keepsake.used()
                self._inputs.put(message)
            case Resize():
                self._spawn(self._resizing.resize(message))
            case _:
                self._exchange.received(message)

    async def _wake(self, refresh: int | None = None) -> None:
        """Wake the page; a poll (the token `refresh`) gets what it shows once it has had the time to draw."""
        assert self._freezer is not None
        assert self._grabber is not None
        woken = await self._freezer.wake()
        if refresh is not None:
            if woken:
                await self._grabber.next_damage(WAKE_SECONDS)
            self._grabber.refresh(refresh)

    async def _close(self, *, healthy: bool) -> None:
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        self._tabs.close()
        if self._freezer is not None:
            self._freezer.close()
            self._rate.close()
        self._exchange.close()
        if self._grabber is not None:
            self._grabber.close()
        if self._browser is not None:
            await self._browser.end(healthy=healthy)
        if self._screen_starts is not None:
            await asyncio.wait({self._screen_starts})  # never cancelled: a half-started X server would leave its lock
        if self._screen is not None:
            await self._screen.end()
        await self._programs.end_stragglers()
        if healthy:  # else another one takes over
            self._programs.remove_folder()
        if self._resizing is not None:
            self._resizing.close()
