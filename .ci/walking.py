"""What the walk (`walk.py`) does its steps with: each says how it went; programs that go on until they are stopped; a browser."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selenium import webdriver

PATIENCE = 40.0  # seconds that one thing may take
UNHEARD = 5.0  # seconds after which a person presses Ctrl+C once more: the client's own steps to the end take three at most
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
# A desktop Chromium keeps pages of unknown origin away from this machine's own addresses; a device's WebView does not.
LOCAL = "--disable-features=LocalNetworkAccessChecks"


class Failed(Exception):
    """A step did not lead where it says."""


@contextlib.contextmanager
def step(name: str) -> Iterator[None]:
    """Says how long it took, or that it failed, and ends the walk then."""
    began = time.monotonic()
    try:
        yield
    except Exception as error:
        print(f"walk: {name}: FAILED after {time.monotonic() - began:.1f} s: {error}", flush=True)
        raise SystemExit(1) from error
    print(f"walk: {name}: {time.monotonic() - began:.1f} s", flush=True)


def hold(truth: object, what: str) -> None:
    """Fails with `what` unless it is so."""
    if not truth:
        raise Failed(what)


def until(done: Callable[[], Any], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not done():
        hold(time.monotonic() < deadline, f"waited {PATIENCE:g} s for {what}")
        time.sleep(0.02)


@dataclass
class Running:
    """What it has said so far, line by line; `reader` is there until it has said all."""

    process: subprocess.Popen[str]
    lines: list[str]
    reader: threading.Thread

    def says(self, pattern: str, seconds: float = PATIENCE) -> None:
        """Wait until a line is like that."""
        deadline = time.monotonic() + seconds
        while not any(re.search(pattern, line) for line in self.lines):
            told = "".join(self.lines[-15:])
            hold(self.process.poll() is None, f"it ended with {self.process.returncode} before it said {pattern!r}:\n{told}")
            hold(time.monotonic() < deadline, f"it did not say {pattern!r} within {seconds:g} s:\n{told}")
            time.sleep(0.02)

    def interrupt(self, *, again: bool = False) -> int:
        """Ctrl+C, and how it ended; `again`: pressed once more where it was not heard, as a person would.

        Python hears a signal in its main thread. Linux may give it to a thread that is just starting another, as
        python-socketio's does for each event, and a main thread that waits for a lock learns nothing of it (one in ten).
        """
        deadline = time.monotonic() + PATIENCE
        os.killpg(self.process.pid, signal.SIGINT)
        while (code := self._ended(UNHEARD if again else PATIENCE)) is None:
            hold(time.monotonic() < deadline, f"Ctrl+C did not end it within {PATIENCE:g} s:\n" + "".join(self.lines[-15:]))
            os.killpg(self.process.pid, signal.SIGINT)
        self.reader.join(PATIENCE)
        return code

    def _ended(self, seconds: float) -> int | None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.process.wait(seconds)
        return None


@contextlib.contextmanager
def running(arguments: list[str], environment: dict[str, str], folder: Path) -> Iterator[Running]:
    """A program that goes on until it is stopped."""
    process = subprocess.Popen(
        arguments,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    lines: list[str] = []

    def read() -> None:
        assert process.stdout is not None
        with process.stdout:
            lines.extend(process.stdout)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield Running(process, lines, reader)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(PATIENCE)
        reader.join()


@contextlib.contextmanager
def open_browser() -> Iterator[webdriver.Chrome]:
    """A reader's own."""
    options = webdriver.ChromeOptions()
    options.binary_location = os.environ.get("CHROMIUM", "/usr/lib/chromium/chromium")
    for flag in (*FLAGS, LOCAL):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(os.environ.get("CHROMEDRIVER", "/usr/bin/chromedriver")))
    try:
        yield driver
    finally:
        driver.quit()
