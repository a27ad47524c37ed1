"""The viewer before the real server: what is done with mouse, keys and fingers here happens to the page there, as it says."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.common.by import By

from bench.client import Client
from bench.server import Server, run

from . import cable, telling
from .conftest import Page

SIZE = 800, 600
SHIFT, CONTROL = 8, 2
OFFLINE = 5.0  # seconds
# How bright the pixel of the picture is, 0 to 765; and how many below it in its column have another colour than the page's own.
BRIGHTNESS = """(function (pixel) { return pixel[0] + pixel[1] + pixel[2]; })(
  document.getElementById('picture').getContext('2d').getImageData(arguments[0], arguments[1], 1, 1).data)"""
COVERED = """(function (x, y) {
  var pixels = document.getElementById('picture').getContext('2d').getImageData(x, y, 1, 300).data, count = 0;
  while (count < 300 && pixels[4 * count + 1] > 60) count++;
  return count;
})(arguments[0], arguments[1])"""
DIALOG = "Array.from(document.querySelectorAll('.modal')).map(function (modal) { return modal.textContent; }).join('')"


@dataclass
class Desk:
    """Somebody before the viewer: `page` is the browser, `site` where the page in the picture comes from."""

    page: Page
    site: telling.Telling
    places: dict[str, dict[str, float]]

    def at(self, element: str, right: float = 0.5, down: float = 0.5) -> tuple[float, float]:
        """Where an element of the page in the picture is in this window; which part of it."""
        place = self.places[element]
        return self.window(place["x"] + place["width"] * right, place["y"] + place["height"] * down)

    def window(self, x: float, y: float) -> tuple[float, float]:
        """Where a pixel of the picture is in this window."""
        rect, width = self.page.rect(), self.page.js("document.getElementById('picture').width")
        return rect["left"] + x * rect["width"] / width, rect["top"] + y * rect["width"] / width

    def click(self, element: str) -> None:
        self.page.click(*self.at(element))

    def press(self, label: str) -> None:
        """The button of the dialog that says so."""
        for button in self.page.driver.find_elements(By.CSS_SELECTOR, ".modal button"):
            if button.text == label:
                return button.click()
        raise AssertionError(f"No button says {label!r}.")


@pytest.fixture(scope="module")
def real() -> Iterator[tuple[Server, telling.Telling, cable.Cable]]:
    """A server with a session "one" that shows the site; and the cable that leads there."""
    with telling.serve() as site, run() as server, cable.to(server.address) as lead:
        server.post("/api/session/create", session_id="one", width=SIZE[0], height=SIZE[1], max_width=1280, max_height=800)
        yield server, site, lead


@pytest.fixture
def desk(page: Page, real: tuple[Server, telling.Telling, cable.Cable]) -> Desk:
    """The viewer, with the site's first page in it."""
    server, site, lead = real
    site.forget()
    server.post("/api/session/one/load", url=site.address)
    places = site.expect("open")["places"]
    page.driver.get(f"{lead.address}/api/session/one/viewer")
    page.until("document.getElementById('notice').hidden && document.getElementById('picture').width === arguments[0]", SIZE[0])
    page.until("document.querySelectorAll('.tab').length === 1")
    return Desk(page, site, places)


def type_address(desk: Desk, address: str) -> None:
    field = desk.page.driver.find_element(By.ID, "url")
    field.clear()
    field.send_keys(address)
    desk.page.js("document.getElementById('go').click()")


def test_an_address_a_link_and_the_way_back(desk: Desk) -> None:
    page, site = desk.page, desk.site
    site.forget()
    type_address(desk, f"{site.address}?typed")
    site.expect("open", path="/")
    desk.click("next")
    site.expect("open", path="/second")
    page.until("document.title === 'second – Jiomosa'")
    page.until("!document.getElementById('back').disabled")
    site.forget()
    page.js("document.getElementById('back').click()")
    site.expect("open", path="/")
    page.until("document.getElementById('url').value === arguments[0]", f"{site.address}?typed")
    page.until("!document.getElementById('forward').disabled")
    type_address(desk, "http://127.0.0.1:1/")
    page.until("!document.getElementById('address-problem').hidden")
    assert page.text("address-problem-text")
    assert page.text("toasts") == ""


def test_a_field_a_slider_and_keys_for_the_page(desk: Desk) -> None:
    page, site = desk.page, desk.site
    # Nothing on the page has the focus, so that it gets the keys themselves.
    page.js("document.getElementById('keys').focus()")
    page.key("w", 87)
    site.expect("down", key="w")
    site.expect("up", key="w")
    desk.click("field")
    page.until("document.getElementById('keys').getAttribute('inputmode') === 'email'")
    page.cdp("Input.insertText", text="ann@example.com")
    site.expect("field", value="ann@example.com")
    page.mouse("mouseMoved", *desk.at("slider", 0.03))
    page.mouse("mousePressed", *desk.at("slider", 0.03), button="left", clickCount=1)
    for way in range(1, 10):
        page.mouse("mouseMoved", *desk.at("slider", 0.03 + 0.05 * way), button="left", buttons=1)
    page.mouse("mouseReleased", *desk.at("slider", 0.5), button="left", clickCount=1)
    site.expect("slider", value="50")


def test_a_select_through_the_picture(desk: Desk) -> None:
    """Its list is a window of its own; the third of five is in its middle."""
    place = desk.places["kind"]
    below = place["x"] + 30, place["y"] + place["height"] + 3
    assert desk.page.js(COVERED, *below) == 0
    desk.click("kind")
    high = desk.page.until(COVERED, *below)
    desk.page.click(*desk.window(below[0], below[1] + high / 2))
    desk.site.expect("kind", value="three")
    desk.page.until(f"!{COVERED}", *below)


def test_copy_and_paste(desk: Desk) -> None:
    page, site = desk.page, desk.site
    origin = page.js("location.origin")
    page.cdp("Browser.grantPermissions", origin=origin, permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
    local = "navigator.clipboard.readText().then(arguments[0])"
    try:
        # From the page to this device
        desk.click("words")
        page.until("document.getElementById('keys').style.left")
        page.key("a", 65, CONTROL)
        page.key("c", 67, CONTROL)
        site.expect("copied")
        page.until("document.getElementById('toasts').textContent === 'Copied from the page.'")
        assert page.driver.execute_async_script(local) == "Ein Satz, नमस्ते, 漢字"
        # From this device to the page: with Ctrl+V, and by its clipboard
        page.driver.execute_async_script("navigator.clipboard.writeText('von hier 漢').then(arguments[0])")
        paste: dict[str, Any] = {"key": "v", "windowsVirtualKeyCode": 86, "modifiers": CONTROL}
        page.cdp("Input.dispatchKeyEvent", type="rawKeyDown", commands=["paste"], **paste)
        page.cdp("Input.dispatchKeyEvent", type="keyUp", **paste)
        site.expect("words", value="von hier 漢")
        page.key("a", 65, CONTROL)
        page.js("document.getElementById('deed-clipboard').click()")
        page.until("document.getElementById('clipboard-text').value === arguments[0]", "Ein Satz, नमस्ते, 漢字")
        page.js("document.getElementById('clipboard-text').value = 'for the page'")
        desk.press("Give to the page")
        page.until("document.activeElement.id === 'keys'")
        page.key("Insert", 45, SHIFT)
        site.expect("words", value="for the page")
    finally:
        page.cdp("Browser.resetPermissions")


def test_tabs(desk: Desk) -> None:
    page, site = desk.page, desk.site
    site.forget()
    desk.click("other")
    site.expect("open", path="/second")
    site.expect("hidden", path="/")
    page.until("document.querySelectorAll('.tab').length === 2")
    page.until("document.querySelector('.tab.active').textContent === 'second'")
    site.forget()
    page.js("document.querySelector('.tab:not(.active) .name').click()")
    site.expect("visible", path="/")
    site.expect("hidden", path="/second")
    page.until("document.querySelector('.tab.active').textContent === 'telling'")
    page.js("document.querySelector('.tab:not(.active) .shut').click()")
    page.until("document.querySelectorAll('.tab').length === 1")


def test_dialogs(desk: Desk) -> None:
    page, site = desk.page, desk.site
    for answer, button in ((False, "Cancel"), (True, "OK")):
        desk.click("confirm")
        page.until(f"{DIALOG}.indexOf('Really?') >= 0")
        desk.press(button)
        site.expect("confirm", value=answer)
    desk.click("prompt")
    page.until(f"{DIALOG}.indexOf('Your name?') >= 0")
    field = page.driver.find_element(By.CSS_SELECTOR, ".modal input")
    assert field.get_property("value") == "Ann"
    field.clear()
    field.send_keys("Bob")
    desk.press("OK")
    site.expect("prompt", value="Bob")


def test_a_file(desk: Desk, tmp_path: Path) -> None:
    """Larger than anything else that a viewer may send."""
    body = bytes(range(256)) * 20_000
    (tmp_path / "größe.bin").write_bytes(body)
    desk.click("file")
    desk.page.until("document.querySelector('.modal input[type=file]')")
    desk.page.driver.find_element(By.CSS_SELECTOR, ".modal input[type=file]").send_keys(str(tmp_path / "größe.bin"))
    desk.press("Hand over")
    desk.site.expect("file", name="größe.bin", size=len(body), sha256=hashlib.sha256(body).hexdigest())
    desk.page.until("!document.querySelector('.modal')")


def test_the_keyboard_of_a_phone(desk: Desk) -> None:
    """It opens for a field that a finger has led into, of the field's kind, and closes beside it."""
    page = desk.page
    page.size(600, 900, 1, mobile=True)
    page.driver.refresh()
    page.until("document.getElementById('notice').hidden && document.getElementById('picture').width === arguments[0]", SIZE[0])
    keyboard = "[document.activeElement.id, document.getElementById('keys').getAttribute('inputmode')]"
    for element, wanted in (("field", ["keys", "email"]), ("words", ["keys", "text"])):
        page.touch("touchStart", desk.at(element))
        page.touch("touchEnd")
        page.until(f"String({keyboard}) === arguments[0]", ",".join(wanted))
    page.cdp("Input.insertText", text="!")
    desk.site.expect("words")
    page.touch("touchStart", desk.window(*(side - 20 for side in SIZE)))
    page.touch("touchEnd")
    page.until("document.activeElement.id !== 'keys'")


def test_five_seconds_without_a_network(desk: Desk, real: tuple[Server, telling.Telling, cable.Cable]) -> None:
    """The picture is then what the page looks like now, and what is done arrives; nothing had to be loaded anew."""
    page, site, lead = desk.page, desk.site, real[2]
    x, y = (desk.places["patch"][side] + 25 for side in ("x", "y"))
    page.until(f"{BRIGHTNESS} < 100", x, y)
    page.js("window.same = true")
    lead.unplug()
    with Client(real[0].address) as other:  # somebody else goes on meanwhile
        other.subscribe("one")
        other.wait_for("subscribed")
        other.emit("input:click", {"x": round(x), "y": round(y)})
        site.expect("patch")
    page.driver.execute_async_script("setTimeout(arguments[1], arguments[0])", OFFLINE * 1000)
    assert page.js(BRIGHTNESS, x, y) < 100
    lead.plug()
    page.until(f"{BRIGHTNESS} > 700", x, y)
    page.until("document.getElementById('badge').textContent === 'WebSocket'")
    desk.click("field")
    page.cdp("Input.insertText", text="back@example.com")
    site.expect("field", value="back@example.com")
    assert page.js("window.same")


def test_the_page_gets_the_size_of_the_window(desk: Desk, real: tuple[Server, telling.Telling, cable.Cable]) -> None:
    page = desk.page
    wanted = page.js("[document.getElementById('stage').clientWidth, document.getElementById('stage').clientHeight]")
    page.js("document.getElementById('deed-resize').click()")
    desk.site.expect("size", width=wanted[0], height=wanted[1])
    page.until("document.getElementById('picture').width === arguments[0]", wanted[0])
    real[0].post("/api/session/one/resize", width=SIZE[0], height=SIZE[1])
    page.until("document.getElementById('picture').width === arguments[0]", SIZE[0])
