"""Every page at three widths, light and dark: usable by keyboard and screen reader (by axe-core), and nothing sticks out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.common.by import By

from bench import stage
from bench.server import Server

from .answers import overview
from .conftest import Page
from .mock import Mock
from .test_browsing import STILL, TABS
from .test_panels import STATS

AXE = Path(__file__).parents[3] / "build" / "clients" / "node_modules" / "axe-core" / "axe.min.js"
WIDTHS = [(360, 740), (768, 1024), (1280, 800)]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
CHECK = """var done = arguments[1];
axe.run(document, {runOnly: arguments[0], resultTypes: ['violations'], preload: false}).then(function (found) {
  done(found.violations.map(function (one) { return one.id + ': ' + one.nodes.map(function (node) {
    return node.target + ' (' + node.failureSummary + ')'; }).join('; '); }));
}, function (error) { done([String(error)]); });"""
OUTSIDE = """Array.from(document.querySelectorAll('button, input, select, a, canvas, .panel, .modal')).filter(function (element) {
  var rect = element.getBoundingClientRect(), parent = element.closest('.scroll, .presets, .tabs, .skip');
  return rect.width && !parent && (rect.left < -0.5 || rect.right > innerWidth + 0.5);
}).map(function (element) { return element.id || element.className; })"""
SMALL = """Array.from(document.querySelectorAll('button, .go, select, summary, input[type=text]')).filter(function (element) {
  return element.offsetWidth && (element.offsetWidth < 24 || element.offsetHeight < 24);
}).map(function (element) { return element.id || element.className; })"""


@pytest.fixture(params=["light", "dark"])
def look(request: pytest.FixtureRequest, page: Page) -> Any:
    page.cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": request.param}])
    yield page
    page.cdp("Emulation.setEmulatedMedia", features=[])


def check(page: Page, what: str) -> None:
    """All of it at each width; the scheme is that of `look`."""
    if not page.js("!!window.axe"):
        page.driver.execute_script(AXE.read_text(encoding="utf-8"))
    for width, height in WIDTHS:
        page.size(width, height, 1, mobile=width < 700)
        page.until("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))")  # laid out
        assert page.driver.execute_async_script(CHECK, RULES) == [], (what, width)
        assert page.js("document.documentElement.scrollWidth") <= width, (what, width)
        assert page.js(OUTSIDE) == [], (what, width)
        assert page.js(SMALL) == [], (what, width)
    page.size(1280, 800)


def test_start_page(look: Page, mock: Mock) -> None:
    mock.add("a-long-name-of-sixty-four-letters-which-is-as-many-as-there-can-be", url="https://a.example/" + "long-" * 60)
    look.driver.get(mock.url)
    look.until("document.querySelectorAll('.session').length === 2")
    look.js("document.querySelector('details').open = true")
    check(look, "start page")


def test_viewer(look: Page, mock: Mock) -> None:
    look.view(mock)
    mock.emit("page", STILL | {"can_go_back": True})
    mock.emit("tab:list", {"tabs": TABS})
    look.until("document.querySelectorAll('.tab').length === 3")
    mock.emit("error", {"message": "The name nowhere.example was not found.", "code": "load_failed"})
    look.until("!document.getElementById('address-problem').hidden")
    look.js("document.getElementById('settings-button').click()")
    check(look, "viewer with its menu")
    look.js("document.getElementById('statistics-button').click()")
    mock.emit("stats", STATS)
    look.until("document.getElementById('figure-quality').textContent !== '–'")
    check(look, "viewer with statistics")
    for what in ("help", "share", "clipboard"):
        look.js("document.getElementById('deed-' + arguments[0]).click()", what)
        look.until("document.querySelector('.modal')")
        check(look, what)
        look.key("Escape", 27)
    mock.emit("dialog", {"id": "1", "kind": "login", "message": "Members only", "url": "https://a.example/"})
    look.until("document.querySelector('.modal')")
    check(look, "dialog")


def test_operator_page(look: Page, mock: Mock) -> None:
    look.driver.get(f"{mock.url}/admin")
    look.until("!document.getElementById('login').hidden")
    check(look, "operator's login")
    mock.overview = overview()
    look.driver.refresh()
    look.until("document.querySelector('.session')")
    check(look, "operator's page")


@pytest.fixture(scope="module")
def real() -> Iterator[Server]:
    """The mock has no endpoints to describe."""
    with stage.synthetic(encoders=1) as server:
        yield server


def test_description_of_rest(look: Page, real: Server) -> None:
    look.driver.get(f"{real.address}/docs")
    look.until("document.querySelectorAll('section').length > 20")
    check(look, "description of REST")
    for name in ("openapi", "asyncapi"):
        link = look.driver.find_element(By.LINK_TEXT, f"/{name}.json").get_attribute("href")
        assert look.js(f"fetch(arguments[0]).then(answer => answer.json()).then(document => document.{name})", link)
