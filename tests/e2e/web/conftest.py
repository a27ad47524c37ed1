"""A browser and a mock server for the tests of the pages."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.support.ui import WebDriverWait

from .mock import WAIT, Mock

FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")


class Page:
    """The browser under test, with the few things that every test does."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    def cdp(self, command: str, **parameters: Any) -> Any:
        """A command of the DevTools protocol: input as the browser itself makes it, not as scripts imitate it."""
        return self.driver.execute_cdp_cmd(command, parameters)

    def js(self, script: str, *arguments: Any) -> Any:
        """The value of `script`, an expression."""
        return self.driver.execute_script(f"return {script}", *arguments)

    def until(self, script: str, *arguments: Any) -> Any:
        """Wait until the expression `script` holds."""
        return WebDriverWait(self.driver, WAIT, poll_frequency=0.02).until(lambda _: self.js(script, *arguments), script)

    def size(self, width: int, height: int, ratio: float = 1.0, mobile: bool = False) -> None:
        """Size of the window's inside, pixels of the screen for one of the page."""
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=ratio, mobile=mobile)
        self.cdp("Emulation.setTouchEmulationEnabled", enabled=mobile)

    def view(self, mock: Mock, query: str = "", session: str = "one") -> None:
        """The viewer page, once it has drawn a picture."""
        self.driver.get(f"{mock.url}/api/session/{session}/viewer{query}")
        self.until("document.getElementById('notice').hidden && document.getElementById('picture').width > 16")

    def text(self, element: str) -> str:
        """What the element with this id says."""
        return str(self.js("document.getElementById(arguments[0]).textContent", element))

    def rect(self, selector: str = "#picture") -> dict[str, float]:
        """Where an element is in the window."""
        rect: dict[str, float] = self.js("document.querySelector(arguments[0]).getBoundingClientRect().toJSON()", selector)
        return rect

    def mouse(self, kind: str, x: float, y: float, **more: Any) -> None:
        """A mouse event: mousePressed, mouseReleased, mouseMoved or mouseWheel."""
        self.cdp("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def click(self, x: float, y: float, button: str = "left") -> None:
        """Press and release a mouse button."""
        self.mouse("mousePressed", x, y, button=button, clickCount=1)
        self.mouse("mouseReleased", x, y, button=button, clickCount=1)

    def touch(self, kind: str, *points: tuple[float, float], when: float | None = None) -> None:
        """A touch event: touchStart, touchMove or touchEnd; `when` it was made, in epoch seconds, where that is not now."""
        at = {} if when is None else {"timestamp": when}
        self.cdp("Input.dispatchTouchEvent", type=kind, touchPoints=[{"x": x, "y": y} for x, y in points], **at)

    def key(self, name: str, code: int, modifiers: int = 0) -> None:
        """A key without text, pressed and released; modifiers: 1 Alt, 2 Ctrl, 8 Shift."""
        for kind in ("rawKeyDown", "keyUp"):
            self.cdp("Input.dispatchKeyEvent", type=kind, key=name, windowsVirtualKeyCode=code, modifiers=modifiers)


@contextmanager
def open_browser() -> Iterator[Page]:
    """A browser, until the end of the block."""
    options = webdriver.ChromeOptions()
    for flag in FLAGS:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(
        shutil.which("chromedriver")
    )  # given, so that Selenium does not look for it on the internet
    driver = webdriver.Chrome(options=options, service=service)
    driver.set_script_timeout(WAIT)
    try:
        yield Page(driver)
    finally:
        driver.quit()


@pytest.fixture(scope="session")
def browser() -> Iterator[Page]:
    """One browser for all tests: starting one takes longer than most of them."""
    with open_browser() as page:
        yield page


@pytest.fixture
def page(browser: Page) -> Iterator[Page]:
    """The browser, at desktop size and on an empty page; what a test left behind is gone."""
    browser.driver.get("about:blank")
    browser.size(1280, 800)
    browser.driver.get_log("browser")  # type: ignore[no-untyped-call]
    yield browser
    browser.driver.get("about:blank")
    # A policy violation or an exception in a page's script is a failure of whatever test saw it.
    lines = [entry["message"] for entry in browser.driver.get_log("browser")]  # type: ignore[no-untyped-call]
    assert not [line for line in lines if "Content Security Policy" in line or "Uncaught" in line]


@pytest.fixture(scope="session")
def server() -> Iterator[Mock]:
    """One mock server for all tests."""
    with Mock() as mock:
        yield mock


@pytest.fixture
def mock(server: Mock, page: Page) -> Mock:
    """The mock server, as if just started, with a session "one" of 640x360; `page` has left the previous test's page."""
    server.reset()
    if not server.running:  # a failed test's doing
        server.start()
    server.add()
    return server


@pytest.fixture
def connected(page: Page) -> Callable[..., Any]:
    """Runs a script in a page that has the client and nothing else; the script ends by calling `done`."""

    def run(mock: Mock, script: str) -> Any:
        page.driver.get(f"{mock.url}/blank")
        return page.driver.execute_async_script(f"var done = arguments[0], log = [];\n{script}")

    return run
