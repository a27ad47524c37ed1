"""A real capture process with its screen and Chromium, and a front for it: it holds the leases, asks, and looks at the pixels."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import numpy.typing as npt
import psutil

from engine.child import Child
from engine.device import device_of
from engine.errors import JiomosaError
from engine.exchange import Clipboard, Cursor, FileAsked, Focus, Resized
from engine.framering import FrameHead, FrameRing
from engine.inputs import Click, Key, Modifier, Text
from engine.messages import (
    CaptureSpec,
    Done,
    Notice,
    Refresh,
    Refused,
    Release,
    ToCapture,
    Wants,
)
from engine.pagemessages import CloseTab, Dialog, DialogClosed, GetPage, Navigate, Note, Page, TabList
from engine.settings import Settings
from engine.userid import UserId

SECONDS = 60.0  # for what ought to take a fraction of one
STOP_SECONDS = 8.0
LISTS: dict[type, str] = {TabList: "tabs", Note: "notes", Dialog: "dialogs"}  # what keeps what nobody has asked for

Pixels = npt.NDArray[np.uint8]


class Rig:
    """The front's side of one capture process.

    While `follow` is true it does as the front does: it keeps the newest frame and gives back the one before. Each answer is
    kept in `answers` in the order in which it came, each notice in `notices`; `on_notice` sees a notice while its slot is leased.
    """

    def __init__(self, width: int = 640, height: int = 480, max_fps: float = 60, **changes: Any) -> None:
        settings = Settings()
        self.width, self.height = width, height
        self.session_id = f"rig-{uuid.uuid4().hex[:8]}"
        self.user = UserId.claim(settings.browser_uid) if os.geteuid() == 0 else None
        self.folder = Path(tempfile.mkdtemp(prefix=f"jiomosa-{os.getpid()}-"))
        if self.user is not None:
            os.chown(self.folder, self.user.number, self.user.number)
        self.ring = FrameRing.create(width, height)
        spec: dict[str, Any] = {
            **{name: getattr(settings, name) for name in CaptureSpec.__struct_fields__ if hasattr(settings, name)},
            "session_id": self.session_id,
            "ring": self.ring.name,
            "device": device_of(width, height),
            "folder": str(self.folder),
            "uid": self.user.number if self.user else None,
            "sandbox": settings.browser_sandbox,
            "max_fps": max_fps,
        }
        self.child = Child(f"capture {self.session_id}", "capture.main", CaptureSpec(**{**spec, **changes}))
        self.follow = True
        self.on_notice: Callable[[Notice], None] = lambda notice: None
        self.notices: list[Notice] = []
        self.cursors: list[Cursor] = []
        self.said: list[Focus | FileAsked | Clipboard] = []
        self.pages: list[Page] = []  # what nobody has asked for
        self.tabs: list[TabList] = []
        self.notes, self.dialogs = list[Note](), list[Dialog]()
        self.closed: list[int] = []
        self.answers: list[Any] = []
        self.leased: list[Notice] = []  # oldest first
        self.ended: asyncio.Future[JiomosaError] = asyncio.get_running_loop().create_future()
        self.display = ""
        self._x_files: dict[str, int] = {}
        self._token = 0
        self._asked: dict[int, asyncio.Future[Any]] = {}
        self._changed = asyncio.Event()

    # ---- life

    def launch(self) -> None:
        """Start the process; do not wait for it."""
        self.child.start(self._received, self.ended.set_result)

    async def start(self) -> Rig:
        self.launch()
        assert "Chromium 1" in await self.child.ready(SECONDS)
        (driver,) = self.processes("chromedriver")
        self.display = driver.environ()["DISPLAY"]
        number = self.display[1:]
        self._x_files = {name: ctime(name) for name in (f"/tmp/.X{number}-lock", f"/tmp/.X11-unix/X{number}")}
        return self

    async def stop(self) -> None:
        """End it however it is, and give everything back."""
        if self.child.started:
            await self.child.stop(STOP_SECONDS)
        for process in self.processes():  # only where a test has failed
            process.kill()
        self.ring.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        if self.user is not None:
            self.user.release()

    def processes(self, name: str = "") -> list[psutil.Process]:
        """What runs for this session, apart from the capture process: all, or those whose name begins so."""
        found = []
        for process in psutil.process_iter(["name", "uids", "status"]):
            if process.info["status"] == psutil.STATUS_ZOMBIE or not process.info["name"].lower().startswith(name):
                continue
            if self.user is not None:
                ours = process.info["uids"].real == self.user.number
            else:
                try:
                    ours = process.environ().get("JIOMOSA_SESSION", "").startswith(f"{self.session_id}:")
                except psutil.Error:
                    ours = False
            if ours:
                found.append(process)
        return found

    @property
    def chromium(self) -> psutil.Process:
        """The browser process itself."""
        (process,) = (found for found in self.processes("chrom") if "--kiosk" in found.cmdline() and is_browser(found))
        return process

    def left_behind(self, *, folder: bool = False) -> list[str]:
        """What is still on the machine of what must not outlive the capture process; one that fails leaves its `folder`."""
        left = [f"process {process.pid} {process.info['name']}" for process in self.processes()]
        left += [name for name, changed in self._x_files.items() if changed and ctime(name) == changed]  # else another server's
        if self.folder.exists() and not folder:
            left += [str(path) for path in self.folder.iterdir()]
        return left

    # ---- messages

    def _received(self, message: Any) -> None:
        match message:
            case Notice():
                self.notices.append(message)
                self.leased.append(message)
                self.on_notice(message)
                while self.follow and len(self.leased) > 1:
                    self.release()
            case Page(0):
                self.pages.append(message)
            case TabList() | Note() | Dialog():
                getattr(self, LISTS[type(message)]).append(message)
            case DialogClosed(id):
                self.closed.append(id)
            case Cursor():
                self.cursors.append(message)
            case Resized():  # leases of the ring before say nothing any more
                self.leased.clear()
                self._asked.pop(message.token).set_result(message)
            case Focus() | FileAsked() | Clipboard(0):
                self.said.append(message)
            case Done(token) | Page(token) | Refused(token) | Clipboard(token):
                self.answers.append(message)
                asked = self._asked.pop(token, None)
                assert asked is not None, f"answered twice, or never asked: {message}"
                if not asked.done():  # a test that has given up waiting
                    asked.set_result(message)
        self._changed.set()

    def send(self, message: ToCapture) -> None:
        self.child.send(message)

    def ask(self, build: Callable[[int], ToCapture]) -> asyncio.Future[Any]:
        """Send what `build(token)` makes; its `Done`, `Page` or `Refused` can be awaited."""
        self._token += 1
        asked = self._asked[self._token] = asyncio.get_running_loop().create_future()
        self.send(build(self._token))
        return asked

    async def done(self, *builds: Callable[[int], ToCapture]) -> int:
        """Ask all of these at once; wait until the last is done. Returns the last one's seq."""
        answers = [await asked for asked in [self.ask(build) for build in builds]]
        assert all(isinstance(answer, Done) for answer in answers), answers
        return int(answers[-1].seq)

    async def load(self, url: str, timeout: float = SECONDS) -> Page:
        answer = await self.ask(lambda token: Navigate(token, url, timeout))
        assert isinstance(answer, Page), answer
        return answer

    async def show(self, html: str) -> Page:
        """Load a page that consists of `html`."""
        return await self.load("data:text/html;charset=utf-8," + quote("<!doctype html>" + html))

    async def title_is(self, wanted: str, seconds: float = 10) -> bool:
        """Whether the page's title, by which it reports, becomes this; else an assertion says what it is."""
        title = None
        try:
            async with asyncio.timeout(seconds):
                while title != wanted:
                    title = (await self.ask(GetPage)).title
                    await asyncio.sleep(0.01)
        except TimeoutError:
            raise AssertionError(f"the title is {title!r}, not {wanted!r}") from None
        return True

    # ---- frames

    def release(self, slot: int | None = None) -> None:
        """Give back this slot, or the one that has been leased for longest."""
        notice = self.leased[0] if slot is None else next(lease for lease in self.leased if lease.slot == slot)
        self.leased.remove(notice)
        self.send(Release(notice.slot))

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until something that is told by messages has happened."""
        async with asyncio.timeout(SECONDS):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    async def quiet(self, seconds: float = 0.4) -> None:
        """Wait until no frame has come for so long."""
        async with asyncio.timeout(SECONDS):
            before = -1
            while len(self.notices) != before:
                before = len(self.notices)
                await asyncio.sleep(seconds)

    def head(self, slot: int) -> FrameHead:
        return self.ring.read_head(slot)

    def pixels(self, slot: int) -> Pixels:
        """A copy of what a leased slot holds: height x width x (blue, green, red)."""
        assert any(lease.slot == slot for lease in self.leased)
        with self.ring.pixels(slot) as view:
            return np.frombuffer(view, np.uint8).reshape(self.height, self.width, 4)[:, :, :3].copy()

    async def picture(self) -> Pixels:
        """The picture of this moment."""
        await self.done(Refresh)
        return self.pixels(self.leased[-1].slot)

    async def colour_is(self, x: int, y: int, rgb: tuple[int, int, int], seconds: float = 10) -> bool:
        """Whether the pixel becomes exactly this colour."""
        colour = None
        try:
            async with asyncio.timeout(seconds):
                while colour != rgb:
                    blue, green, red = (await self.picture())[y, x]
                    colour = int(red), int(green), int(blue)
                    await asyncio.sleep(0.01)
        except TimeoutError:
            raise AssertionError(f"the pixel is {colour}, not {rgb}") from None
        return True

    async def changes(self, before: Pixels) -> None:
        """Wait until the picture is another."""
        async with asyncio.timeout(SECONDS):
            while (before == await self.picture()).all():  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    async def rest(self, seconds: float = 0.3) -> int:
        """Wait until the picture has not changed for so long; the newest frame's seq. Without demand."""
        seq, before = await self.done(Refresh), 0
        async with asyncio.timeout(SECONDS):
            while seq != before:
                await asyncio.sleep(seconds)
                seq, before = await self.done(Refresh), seq
        return seq

    async def calm(self) -> None:
        """Back to no demand, one lease, and a page that does nothing."""
        self.follow, self.on_notice = True, lambda notice: None
        self.send(Wants(0))
        while len(self.leased) > 1:
            self.release()
        for tab in [tab for listed in self.tabs[-1:] for tab in listed.tabs if not tab.active]:
            await self.ask(lambda token, tab=tab.tab: CloseTab(token, tab))  # type: ignore[misc]
        await self.load("about:blank")
        await self.quiet(0.1)


def ctime(path: str) -> int:
    """When the file was made; 0 where there is none."""
    try:
        return os.lstat(path).st_ctime_ns
    except FileNotFoundError:
        return 0


def is_browser(process: psutil.Process) -> bool:
    """A Chromium process that is nobody's helper."""
    return not any(argument.startswith("--type=") for argument in process.cmdline())


def click(x: int, y: int) -> Callable[[int], ToCapture]:
    return lambda token: Click(token, x, y)


def text(words: str) -> Callable[[int], ToCapture]:
    return lambda token: Text(token, words)


def key(name: str, *modifiers: Modifier) -> Callable[[int], ToCapture]:
    return lambda token: Key(token, name, modifiers)
