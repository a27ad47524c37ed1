"""The viewer before the real server: what is done with mouse and keys here happens to the page there."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from bench import site as bench_site
from bench.server import Server, run

from .conftest import Page

SIZE = 800, 600


@pytest.fixture(scope="module")
def real() -> Iterator[tuple[Server, str]]:
    """A server with a session "one" that shows controls.html; and the site's address."""
    with bench_site.serve() as site, run() as server:
        server.post("/api/session/create", session_id="one", width=SIZE[0], height=SIZE[1], url=f"{site}/controls.html")
        yield server, site


@pytest.fixture
def view(page: Page, real: tuple[Server, str]) -> Page:
    page.driver.get(f"{real[0].address}/api/session/one/viewer")
    page.until("document.getElementById('notice').hidden && document.getElementById('picture').width === arguments[0]", SIZE[0])
    return page


@pytest.fixture
def at(view: Page) -> Callable[[float, float], tuple[float, float]]:
    """Where a pixel of the page is in this window."""
    rect = view.rect()
    return lambda x, y: (rect["left"] + x * rect["width"] / SIZE[0], rect["top"] + y * rect["height"] / SIZE[1])


def title_is(real: tuple[Server, str], wanted: Callable[[str], bool]) -> str:
    deadline = time.monotonic() + 10
    while not wanted(title := real[0].get("/api/session/one/info")["page_info"]["title"]):
        assert time.monotonic() < deadline, title
    return str(title)


def test_slider_select_and_text(view: Page, real: tuple[Server, str], at: Callable[[float, float], tuple[float, float]]) -> None:
    view.mouse("mouseMoved", *at(28, 45))
    view.mouse("mousePressed", *at(28, 45), button="left", clickCount=1)
    for x in range(40, 170, 10):
        view.mouse("mouseMoved", *at(x, 45), button="left", buttons=1)
    view.mouse("mouseReleased", *at(170, 45), button="left", clickCount=1)
    title_is(real, lambda title: title == "slider 50" or (title.startswith("slider ") and 45 < int(title[7:]) < 55))
    view.click(*at(100, 115))
    view.key("ArrowDown", 40)
    view.key("Enter", 13)
    title_is(real, lambda title: title == "kind two")
    view.click(*at(100, 185))
    view.cdp("Input.insertText", text="ann@example.com")
    title_is(real, lambda title: title == "field ann@example.com")


def test_tabs_and_history(view: Page, at: Callable[[float, float], tuple[float, float]]) -> None:
    view.click(*at(60, 395))  # a link that opens another tab
    view.until("document.querySelectorAll('.tab').length === 2")
    view.until("document.querySelector('.tab.active').textContent === 'linked'")
    view.until("!document.getElementById('back').disabled")
    view.js("document.querySelector('.tab.active .shut').click()")
    view.until("document.querySelectorAll('.tab').length === 1")
    view.js("document.getElementById('url').value = 'http://127.0.0.1:1/', document.getElementById('go').click()")
    view.until("!document.getElementById('address-problem').hidden")
    assert view.text("address-problem-text")
    assert view.text("toasts") == ""
