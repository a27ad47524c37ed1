"""A capture process: one session's screen, browser, grabber and input, on one event loop.

It lives until it is told to end (`Shutdown`, SIGTERM), its front goes (the channel closes), or one of its programs dies; and in
every case it leaves nothing behind.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from typing import Any

import uvloop

from capture.browser import Browser
from capture.grabber import Grabber
from capture.inputs import Inputs
from capture.page import ShownPage
from capture.pointer import Pointer
from capture.programs import Programs
from capture.screen import Screen
from capture.windows import Windows
from engine.channel import Channel
from engine.errors import ChildGone, JiomosaError, Unavailable
from engine.framering import FrameRing
from engine.messages import (
    CaptureSpec,
    Click,
    Failed,
    GetPage,
    Key,
    Message,
    Move,
    Navigate,
    Page,
    Ready,
    Refresh,
    Refused,
    Release,
    Scroll,
    Shutdown,
    Text,
    Wants,
)

log = logging.getLogger("jiomosa.capture")

WINDOW_SECONDS = 10.0  # from the browser's start to its window


def main(channel: Channel, spec: CaptureSpec) -> None:
    """Run a session until it ends; exits with 1 when it ended because something failed."""
    if not uvloop.run(Capture(channel, spec).run()):
        sys.exit(1)


class Capture:
    """Puts the parts together, hands them their messages, and takes them apart."""

    def __init__(self, channel: Channel, spec: CaptureSpec) -> None:
        self._channel = channel
        self._spec = spec
        self._page = ShownPage()
        self._grabber: Grabber | None = None
        self._inputs: Inputs | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._programs = Programs(spec)
        self._screen: Screen | None = None
        self._screen_starts: asyncio.Task[None] | None = None
        self._browser: Browser | None = None
        self._ring: FrameRing | None = None

    async def run(self) -> bool:
        """True when it ended because it was told to."""
        loop = asyncio.get_running_loop()
        self._over: asyncio.Future[JiomosaError | None] = loop.create_future()
        loop.add_signal_handler(signal.SIGTERM, self._end, None)
        self._channel.attach(loop, self._received, lambda: self._end(None))
        starting = asyncio.create_task(self._start())
        either: set[asyncio.Future[Any]] = {starting, self._over}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        try:
            if starting.done() and not self._over.done():
                starting.result()
                self._send(Ready(f"Chromium {self._browser.version if self._browser else ''}"))
            failure = await self._over
        except JiomosaError as error:
            failure = error
        starting.cancel()
        await asyncio.wait({starting})
        if failure is not None:
            self._send(Failed(failure.code, failure.message))
        await self._close()
        return failure is None

    def _end(self, failure: JiomosaError | None) -> None:
        if not self._over.done():
            self._over.set_result(failure)

    # ---- putting together

    async def _start(self) -> None:
        spec, programs = self._spec, self._programs
        programs.prepare_folder()
        screen = self._screen_starts = asyncio.create_task(self._start_screen())
        browser_starts = asyncio.create_task(Browser.start(programs, spec, self._page.on_event, self._lost, screen))
        try:
            self._browser = await browser_starts
        except asyncio.CancelledError:
            browser_starts.cancel()
            await asyncio.wait({browser_starts})
            raise
        self._watch("Chromium", self._browser.gone)
        self._watch("ChromeDriver", self._browser.driver_program.gone)
        await self._page.open(self._browser.bidi)
        async with asyncio.timeout(WINDOW_SECONDS):
            await self._windows.shown.wait()
        assert self._screen is not None
        display = self._screen.display
        pointer = Pointer(display, spec.width, spec.height)
        self._ring = FrameRing.attach(spec.ring)
        self._grabber = grabber = Grabber(display, self._ring, spec.max_fps, self._send)
        display.watch(asyncio.get_running_loop(), grabber.step)
        self._inputs = Inputs(pointer, self._windows, self._page, self._send, lambda: grabber.seq)
        self._spawn(self._inputs.run())

    async def _start_screen(self) -> None:
        screen = self._screen = await Screen.start(self._programs, self._spec.width, self._spec.height)
        self._watch("The X server", screen.program.gone)
        self._windows = Windows(screen.display, self._spec.width, self._spec.height)
        screen.display.watch(asyncio.get_running_loop())

    def _watch(self, name: str, gone: asyncio.Future[Any]) -> None:
        def ended(future: asyncio.Future[Any]) -> None:
            if not future.cancelled():
                self._end(ChildGone(f"{name} of session {self._spec.session_id!r} has ended unexpectedly."))

        gone.add_done_callback(ended)

    def _lost(self) -> None:
        self._end(ChildGone(f"The browser of session {self._spec.session_id!r} cannot be reached any more."))

    def _spawn(self, work: Any) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            # Something nobody foresaw: better a session that ends than one that is half alive.
            log.error("session %s: %s", self._spec.session_id, error, exc_info=error)
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
        if self._grabber is None or self._inputs is None:
            return  # nobody has been told that we are ready
        match message:
            case Wants(fps):
                self._grabber.wants(fps)
            case Release(slot):
                self._grabber.released(slot)
            case Refresh(token):
                self._grabber.refresh(token)
            case Navigate(token, url, timeout):
                self._spawn(self._answer_page(token, self._page.load(url, timeout)))
            case GetPage(token):
                self._spawn(self._answer_page(token, self._page.present()))
            case Click() | Move() | Scroll() | Text() | Key():
                self._inputs.put(message)

    async def _answer_page(self, token: int, work: Any) -> None:
        try:
            title, url = await work
        except JiomosaError as error:
            self._send(Refused(token, error.code, error.message))
        else:
            self._send(Page(token, title, url))

    # ---- taking apart

    async def _close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        if self._grabber is not None:
            self._grabber.close()
        if self._browser is not None:
            await self._browser.end()
        if self._screen_starts is not None:
            await asyncio.wait({self._screen_starts})  # never cancelled: a half-started X server would leave its lock
        if self._screen is not None:
            await self._screen.end()
        await self._programs.end_stragglers()
        self._programs.remove_folder()
        if self._ring is not None:
            self._ring.close()
