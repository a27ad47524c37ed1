"""The session's browser: ChromeDriver and Chromium, launched and ended through Selenium.

Selenium starts the browser and quits it. In between everything goes over BiDi (`capture.bidi`), for a WebDriver command waits
behind a page that loads. ChromeDriver speaks with Chromium through a pipe: nobody else can reach its debugging interface, and
when ChromeDriver dies, Chromium ends. ChromeDriver itself stops listening once we are connected (`capture.listeners`).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from capture import emulation, listeners
from capture.bidi import Bidi, Event
from capture.programs import Program, Programs, process_end
from capture.refresh import PAGE_RATE
from engine import logs
from engine.errors import ChildGone, ConfigurationError
from engine.messages import CaptureSpec

if TYPE_CHECKING:
    from selenium.webdriver.remote.webdriver import WebDriver

log = logs.logger("jiomosa.capture")

START_SECONDS = 10.0  # ChromeDriver says its port after 0.05 s
DRIVER_ATTEMPTS = 5  # each meets a port that another program has on ::1 as rarely as the last
LOOK_SECONDS = 0.05  # between two looks whether ChromeDriver has started Chromium, which takes it as long
NEWS_SECONDS = 0.5  # for ChromeDriver to say what it knows of a Chromium that has ended
QUIT_SECONDS = 2.0  # a healthy browser takes 0.1 s; one that hangs is killed

FLAGS = (
    "--kiosk",
    "--window-position=0,0",
    # Software compositing; the second flag only so that WebGL exists.
    "--disable-gpu",
    "--enable-unsafe-swiftshader",
    "--disable-smooth-scrolling",  # one frame a wheel notch instead of twelve
    "--remote-debugging-pipe",
    # Quiet: no first-run pages, no traffic of its own, no bubbles over the page.
    "--no-first-run",
    "--deny-permission-prompts",  # nobody could answer them
    "--no-default-browser-check",
    "--noerrdialogs",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--disable-infobars",
    "--disable-session-crashed-bubble",
    # The last two are the popup of the address bar: pages of the browser's own, loaded for a bar that a kiosk does not have, by
    # a renderer that takes nearly half of the CPU of a start.
    "--disable-features=Translate,MediaRouter,OptimizationHints,DialMediaRouteProvider,WebUIOmniboxPopup,WebUIOmniboxAimPopup",
    "--password-store=basic",
    # Crash handlers double-fork and outlive the browser.
    "--disable-breakpad",
    "--disable-crash-reporter",
)

# Pages paint at most 60 times a second, on whatever screen. See capture.refresh for what that is good for.
HELD = "--enable-features=ThrottleMainFrameTo60Hz"


def only_way_out(port: int) -> tuple[str, ...]:
    """Flags by which nothing goes around the SOCKS proxy at `port`: no names looked up here, no UDP, no loopback of its own."""
    return (
        f"--proxy-server=socks5://127.0.0.1:{port}",
        "--proxy-bypass-list=<-loopback>",
        # The documented way to have nothing resolved beside a SOCKS proxy (net/docs/proxy.md).
        "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
        "--disable-quic",
        "--webrtc-ip-handling-policy=disable_non_proxied_udp",  # what Chromium does not know it ignores: a test listens
    )


# What happens to a dialog that a page opens: see capture.dialogs.
PROMPTS = {"default": "ignore", "beforeUnload": "ignore", "file": "dismiss"}


class Browser:
    """A running browser. Make with `start`."""

    def __init__(self, driver_program: Program, driver: WebDriver, bidi: Bidi) -> None:
        self.driver_program = driver_program
        self._driver = driver
        self.bidi = bidi
        self.version: str = driver.capabilities["browserVersion"]
        self.gone: asyncio.Future[None] = process_end(driver.capabilities["goog:processID"])

    @classmethod
    async def start(
        cls,
        programs: Programs,
        spec: CaptureSpec,
        on_event: Event,
        lost: Any,
        screen: asyncio.Task[Any],
        way_out: int | None = None,
    ) -> Browser:
        """Start ChromeDriver and Chromium on `screen`; `way_out`: the port of the egress proxy.

        Raises `ConfigurationError` or `ChildGone`.
        """
        clients = asyncio.create_task(asyncio.to_thread(_import_clients))  # takes longer than screen and ChromeDriver: meanwhile
        await screen
        program, version, port = await _start_driver(programs, spec.chromedriver)
        try:
            await clients
            flags = [*emulation.flags(spec.device, version), *(() if way_out is None else only_way_out(way_out))]
            driver = await _launched(program, port, spec, flags)
            bidi = await Bidi.open(driver.capabilities["webSocketUrl"], on_event, lost)
            await bidi.call("browser.setDownloadBehavior", downloadBehavior={"type": "denied"})  # no bubble that one has begun
            _shut(program)
        except BaseException:
            await program.end()
            raise
        return cls(program, driver, bidi)

    async def end(self, *, healthy: bool) -> None:
        """Quit the browser in good order if it can still do that, then end ChromeDriver."""
        await self.bidi.close()
        if not healthy:
            self.gone.cancel()
            with contextlib.suppress(ProcessLookupError):
                self.driver_program.process.kill()
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(asyncio.create_task(asyncio.to_thread(self._quit))), QUIT_SECONDS)
        await self.driver_program.end()
        self.gone.cancel()

    def _quit(self) -> None:
        from selenium.common.exceptions import WebDriverException
        from urllib3.exceptions import HTTPError

        with contextlib.suppress(WebDriverException, HTTPError, OSError):
            self._driver.quit()


def _shut(driver: Program) -> None:
    """From now on nobody else gets in: what is asked of it goes over the two connections that there are."""
    try:
        listeners.shut(driver.process.pid)
    except OSError as error:
        log.info("ChromeDriver goes on listening", reason=error.strerror)


def _import_clients() -> None:
    import selenium.webdriver.chrome.options
    import selenium.webdriver.remote.webdriver  # noqa: F401
    import urllib3.exceptions  # noqa: F401
    import websockets.asyncio.client  # noqa: F401


async def _launched(program: Program, port: int, spec: CaptureSpec, flags: list[str]) -> WebDriver:
    """What `_launch` returns or raises, but at once where Chromium has ended: ChromeDriver would wait for it for a minute."""
    launching = asyncio.create_task(asyncio.to_thread(_launch, port, spec, flags))
    launching.add_done_callback(lambda done: done.cancelled() or done.exception())  # nobody may wait for it any more
    ending = asyncio.create_task(_first_child_ends(program.process.pid))
    try:
        await asyncio.wait({launching, ending}, return_when=asyncio.FIRST_COMPLETED)
        if not launching.done():
            await asyncio.wait({launching}, timeout=NEWS_SECONDS)
    finally:
        ending.cancel()
    if launching.done():
        return launching.result()
    raise ConfigurationError("Chromium ends as soon as it is started. Run `jiomosa doctor`.", code="browser_failed")


async def _first_child_ends(pid: int) -> None:
    """Wait until a child of process `pid`, the first that it has, has ended."""
    while not (found := _children(pid)):  # noqa: ASYNC110  # nobody tells when there is one
        await asyncio.sleep(LOOK_SECONDS)
    with contextlib.suppress(ProcessLookupError):
        await process_end(found[0])


def _children(pid: int) -> list[int]:
    """Its child processes, whichever of its threads started them."""
    with contextlib.suppress(OSError):  # it has just ended
        threads = os.listdir(f"/proc/{pid}/task")
        return [int(one) for thread in threads for one in Path(f"/proc/{pid}/task/{thread}/children").read_text().split()]
    return []


def _launch(port: int, spec: CaptureSpec, more_flags: list[str]) -> WebDriver:
    from selenium.common.exceptions import WebDriverException
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.remote.webdriver import WebDriver
    from urllib3.exceptions import HTTPError

    options = Options()
    options.binary_location = spec.chromium
    for flag in (*FLAGS, *more_flags):
        options.add_argument(flag)
    if spec.max_fps <= PAGE_RATE:
        options.add_argument(HELD)
    options.add_argument(f"--window-size={spec.device.width},{spec.device.height}")
    options.add_argument(f"--user-data-dir={spec.folder}/profile")
    if not spec.sandbox:
        options.add_argument("--no-sandbox")
    options.add_experimental_option("excludeSwitches", ["enable-automation"])  # or an info bar steals 56 rows
    options.page_load_strategy = "none"
    options.set_capability("webSocketUrl", True)
    options.set_capability("unhandledPromptBehavior", PROMPTS)
    try:
        return WebDriver(f"http://127.0.0.1:{port}", options=options)
    except WebDriverException as error:
        reason = (error.msg or str(error)).strip().splitlines()[0].rstrip(".")
        raise ConfigurationError(
            f"Chromium could not be started: {reason}. Run `jiomosa doctor`.", code="browser_failed"
        ) from error
    except (HTTPError, OSError) as error:
        raise ChildGone(f"ChromeDriver went away while it started Chromium ({error}).") from error


async def _start_driver(programs: Programs, path: str) -> tuple[Program, str, int]:
    """A ChromeDriver that listens, its version, which is Chromium's, and its port. Raises `ConfigurationError` or `ChildGone`.

    It takes a port that is free on 127.0.0.1, and ends where another program has the same one on ::1: then another is started.
    """
    for _ in range(DRIVER_ATTEMPTS - 1):
        with contextlib.suppress(PortTaken):
            return await _one_driver(programs, path)
    return await _one_driver(programs, path)


async def _one_driver(programs: Programs, path: str) -> tuple[Program, str, int]:
    program = await programs.start("ChromeDriver", path, "--port=0", "--log-level=SEVERE", stdout=asyncio.subprocess.PIPE)
    try:
        return program, *await _greeting(program)
    except BaseException:
        await program.end()
        raise


class PortTaken(ChildGone):
    """ChromeDriver has ended, since its port was another program's."""


async def _greeting(program: Program) -> tuple[str, int]:
    """ChromeDriver's version and port; what it says is read on, so that it never waits for a reader. Raises `ChildGone`."""
    stdout = program.process.stdout
    assert stdout is not None
    version = ""
    try:
        async with asyncio.timeout(START_SECONDS):
            while line := await stdout.readline():
                if found := re.search(rb"^Starting ChromeDriver ([\d.]+)", line):
                    version = found.group(1).decode()
                if b"port not available" in line:
                    raise PortTaken("ChromeDriver found no port to listen on; try again.")
                if found := re.search(rb"started successfully on port (\d+)", line):
                    program.reader = asyncio.create_task(stdout.read())
                    return version, int(found.group(1))
    except TimeoutError:
        raise ChildGone(f"ChromeDriver did not say its port within {START_SECONDS:g} seconds.") from None
    raise ChildGone("ChromeDriver ended before it listened; run `jiomosa doctor`.")
