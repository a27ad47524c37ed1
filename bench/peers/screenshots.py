"""(a) Selenium screenshots, made JPEG again, in a loop: the way of the original Jiomosa.

`get_screenshot_as_png`, decoded by Pillow and encoded as JPEG at the wanted quality, then the next one, without a
pause.

    setting                      why
    headless                     as quick as on an X screen, and a tenth cheaper: there is no X server to pay for
    page load strategy "none"    no command waits for a page that is still loading
    the flags of ours            software compositing, nothing in the background, exactly the wanted size
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.metadata
import importlib.util
import io
import itertools
import re
import threading
import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from bench.peers.booth import watch
from bench.peers.desk import START_SECONDS, Desk
from bench.peers.task import Peer, Take

if TYPE_CHECKING:
    from selenium.webdriver.remote.webdriver import WebDriver


def missing() -> str | None:
    if importlib.util.find_spec("PIL") is None:
        return "Pillow is not installed; `pip install -e '.[peers]'` in the checkout brings it."
    return None


@contextlib.asynccontextmanager
async def play(desk: Desk, takes: list[Take]) -> AsyncIterator[int]:
    """The loop, in a thread; it tells nothing."""
    arguments = ("--port=0", "--log-level=SEVERE")
    program = await desk.start("ChromeDriver", desk.spec.chromedriver, *arguments, stdout=asyncio.subprocess.PIPE)
    assert program.process.stdout is not None
    async with asyncio.timeout(START_SECONDS):
        while not (found := re.search(rb"successfully on port (\d+)", await program.process.stdout.readline())):
            pass
    driver = await asyncio.to_thread(_open, int(found.group(1)), desk)
    over = threading.Event()
    loop = asyncio.create_task(asyncio.to_thread(_shoot, driver, desk.task.quality, takes, over))
    try:
        yield 0
    finally:
        over.set()
        await loop
        await asyncio.to_thread(driver.quit)


def _open(port: int, desk: Desk) -> WebDriver:
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.remote.webdriver import WebDriver

    options = Options()
    options.binary_location = desk.spec.chromium
    for flag in desk.flags("--remote-debugging-pipe", *desk.headless):
        options.add_argument(flag)
    options.add_experimental_option("excludeSwitches", ["enable-automation"])
    options.page_load_strategy = "none"
    driver = WebDriver(f"http://127.0.0.1:{port}", options=options)
    driver.get(desk.task.url)
    return driver


def _shoot(driver: WebDriver, quality: int, takes: list[Take], over: threading.Event) -> None:
    from PIL import Image
    from selenium.common.exceptions import TimeoutException

    for number in itertools.count():
        if over.is_set():
            return
        try:
            png = driver.get_screenshot_as_png()
        except TimeoutException:  # happens under load; then there is no picture
            continue
        jpeg = io.BytesIO()
        Image.open(io.BytesIO(png)).convert("RGB").save(jpeg, "JPEG", quality=quality)
        takes.append(Take(time.time(), jpeg.getvalue(), number))


PEER = Peer(
    "Selenium screenshots",
    "up to the finished JPEG in the process that takes them",
    missing,
    lambda: f"Selenium {importlib.metadata.version('selenium')}, Pillow {importlib.metadata.version('pillow')}",
    lambda task: watch(play, task),
)
