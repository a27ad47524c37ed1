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

    def interrupt(self) -> int:
        """Ctrl+C, and how it ended."""
        os.killpg(self.process.pid, signal.SIGINT)
        code = self.process.wait(PATIENCE)
        self.reader.join(PATIENCE)
        return code


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
