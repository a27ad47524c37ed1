"""What a peer works on: a user id, a folder, an X screen and a Chromium, made by the modules that make ours.

Chromium gets the flags of ours but those that say who drives it. It is started directly with the page's address, without
ChromeDriver: a little less work than ours has.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import tempfile
from types import TracebackType
from typing import Self

from bench.peers.task import Task
from capture.browser import FLAGS
from capture.display import Display
from capture.programs import Program, Programs
from capture.screen import Screen, xauthority
from capture.windows import Windows
from engine.device import device_of
from engine.errors import ChildGone
from engine.messages import CaptureSpec
from engine.settings import from_environment
from engine.userid import UserId

START_SECONDS = 15.0
SHARED_FLAGS = tuple(flag for flag in FLAGS if flag != "--remote-debugging-pipe")


class Desk:
    """An asynchronous context: at its end everything that was started on it is gone."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.settings = from_environment(os.environ)
        self._ends = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        self._user = self._ends.enter_context(UserId.claim(self.settings.browser_uid)) if os.geteuid() == 0 else None
        self.spec = CaptureSpec(
            session_id="peer",
            ring="",
            device=device_of(self.task.width, self.task.height),
            folder=tempfile.mkdtemp(prefix=f"jiomosa-{os.getpid()}-", dir=self.settings.runtime_dir),
            uid=self._user.number if self._user else None,
            sandbox=self.settings.browser_sandbox,
            chromium=self.settings.chromium,
            chromedriver=self.settings.chromedriver,
            max_fps=self.task.fps,
        )
        self.programs = Programs(self.spec)
        self._ends.callback(self.programs.remove_folder)
        self.programs.prepare_folder()
        self._ends.push_async_callback(self.programs.end_stragglers)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._ends.aclose()

    # ---- the screen

    async def xvfb(self) -> Screen:
        """The X server of ours, with our window manager."""
        return self._manage(await Screen.start(self.programs, self.task.width, self.task.height))

    async def xserver(self, name: str, *arguments: str) -> Screen:
        """Another X server that takes the options of all X servers, with our window manager."""
        authority = self.programs.folder / "Xauthority"
        authority.write_bytes(xauthority(secrets.token_bytes(16)))
        self.programs.give(authority)
        reading, writing = os.pipe()
        try:
            always = ("-displayfd", str(writing), "-auth", str(authority), "-nolisten", "tcp", "-noreset", "-extension", "GLX")
            program = await self.programs.start(name, name, *arguments, *always, death_signal="TERM", fd=writing)
        finally:
            os.close(writing)
        self._ends.push_async_callback(program.end)
        with os.fdopen(reading) as told:
            line = await asyncio.wait_for(asyncio.to_thread(told.readline), START_SECONDS)
        if not line.endswith("\n"):
            raise ChildGone(f"{name} did not start.")
        number = int(line)
        self.programs.export("DISPLAY", f":{number}")
        return self._manage(Screen(program, number, Display(f":{number}", authority), self.programs.folder))

    def _manage(self, screen: Screen) -> Screen:
        self._ends.push_async_callback(screen.end)
        self._windows = Windows(screen.display, self.task.width, self.task.height)
        screen.display.watch(asyncio.get_running_loop())
        os.environ["DISPLAY"] = f":{screen.number}"
        return screen

    async def window(self) -> None:
        """Wait until the browser shows its window."""
        await asyncio.wait_for(self._windows.shown.wait(), START_SECONDS)

    # ---- the browser

    def flags(self, *more: str) -> list[str]:
        """Chromium's, without the page."""
        sandbox = () if self.spec.sandbox else ("--no-sandbox",)
        size = f"--window-size={self.task.width},{self.task.height}"
        return [*SHARED_FLAGS, size, f"--user-data-dir={self.spec.folder}/profile", *sandbox, *more]

    @property
    def headless(self) -> tuple[str, str]:
        """Flags for a browser without X, whose page is exactly as large as the task wants it."""
        return "--headless", f"--screen-info={{{self.task.width}x{self.task.height}}}"

    async def chromium(self, *more: str) -> Program:
        """Start Chromium at the task's page. (`--test-type`: no bar about flags over the page; ChromeDriver says it too.)"""
        return await self.start("Chromium", self.spec.chromium, *self.flags("--test-type", *more), self.task.url)

    async def start(self, name: str, *arguments: str, stdout: int = asyncio.subprocess.DEVNULL) -> Program:
        """Start any program of the peer's; it is ended with the desk."""
        program = await self.programs.start(name, *arguments, stdout=stdout)
        self._ends.push_async_callback(program.end)
        return program
