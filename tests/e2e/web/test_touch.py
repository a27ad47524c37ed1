"""What fingers on the viewer page send to the server, and when this device's keyboard opens."""

from __future__ import annotations

import time
from typing import Any

import pytest

from .conftest import Page
from .mock import Mock

AREA = "document.activeElement.id === 'keys'"


def typed(mock: Mock) -> str:
    """What the received events would leave in a field."""
    result = ""
    for event, data in mock.everything():
        if event == "input:text":
            result += data["text"]
        elif event == "input:key":
            assert data["key"] == "Backspace"
            result = result[:-1]
    return result


@pytest.fixture
def phone(page: Page, mock: Mock) -> Page:
    """The viewer on a phone, its picture half as large as the session's."""
    page.size(320, 640, 2, mobile=True)
    page.view(mock)
    mock.forget()
    return page


def test_tap_is_a_click(phone: Page, mock: Mock) -> None:
    rect = phone.rect()
    phone.touch("touchStart", (rect["left"] + 50.25, rect["top"] + 60.25))
    phone.touch("touchEnd")
    assert mock.expect("input:click") == [{"x": 100, "y": 120}]
    assert not phone.js(AREA)  # the on-screen keyboard stays away until it is asked for
    assert mock.everything() == [("input:click", {"x": 100, "y": 120})]


def test_long_press_is_a_right_click(phone: Page, mock: Mock) -> None:
    rect = phone.rect()
    phone.touch("touchStart", (rect["left"] + 50.25, rect["top"] + 60.25))
    assert mock.expect("input:click") == [{"x": 100, "y": 120, "button": "right"}]
    phone.touch("touchEnd")
    assert len(mock.everything()) == 1


def test_drag_scrolls_and_a_tap_stops_it(phone: Page, mock: Mock) -> None:
    rect = phone.rect()
    x, y = rect["left"] + 100.25, rect["top"] + 150.25
    began = time.time()  # and each event has the time that a finger's would have, however long its way takes here
    phone.touch("touchStart", (x, y), when=began)
    for step in range(1, 11):
        phone.touch("touchMove", (x, y - 10 * step), when=began + step / 60)
    mock.wait(lambda: sum(s["deltaY"] for s in mock.received("input:scroll")) >= 200, "the way of the finger")
    # 100 pixels of the window are 200 of the frame, and the page moves against the wheel's direction: the finger holds it
    assert sum(s["deltaY"] for s in mock.received("input:scroll")) == pytest.approx(200, abs=1)
    assert all(s["x"] == 200 and s["y"] == 300 and s["deltaX"] == 0 for s in mock.received("input:scroll"))
    phone.touch("touchEnd", when=began + 11 / 60)
    mock.wait(lambda: sum(s["deltaY"] for s in mock.received("input:scroll")) > 210, "momentum")
    phone.touch("touchStart", (x, y))
    phone.touch("touchEnd")
    assert mock.received("input:click") == []


def test_two_fingers_zoom_the_picture_here(phone: Page, mock: Mock) -> None:
    """Nothing of it goes to the page; a tap afterwards hits what is under the finger."""
    before = phone.rect()
    phone.touch("touchStart", (140, 300))
    phone.touch("touchStart", (140, 300), (180, 300))
    phone.touch("touchMove", (120, 300), (200, 300))
    phone.until("document.getElementById('picture').getBoundingClientRect().width > arguments[0]", before["width"] * 1.9)
    phone.touch("touchMove", (130, 310), (210, 310))
    phone.touch("touchEnd")
    assert mock.everything() == []
    rect = phone.rect()
    phone.touch("touchStart", (100, 300))
    phone.touch("touchEnd")
    x, y = int((100 - rect["left"]) * 640 / rect["width"]), int((300 - rect["top"]) * 360 / rect["height"])
    tap = mock.expect("input:click")[0]
    assert abs(tap["x"] - x) + abs(tap["y"] - y) <= 1
    phone.js("document.getElementById('zoom-out').click()")
    assert phone.rect() == before
    assert phone.js("document.getElementById('zoom-out').hidden")


def test_fingers_as_they_are(page: Page, mock: Mock) -> None:
    """Where the session has a touch screen."""
    mock.sessions["one"]["touch"] = True
    page.size(320, 640, 2, mobile=True)
    page.view(mock)
    page.until("performance.getEntriesByType('resource').some(function (entry) { return /info$/.test(entry.name); })")
    page.until("document.title === 'A title – Jiomosa'")
    rect = page.rect()
    x, y = rect["left"] + 50.25, rect["top"] + 60.25
    page.touch("touchStart", (x, y))
    page.touch("touchStart", (x, y), (x + 100, y))
    page.touch("touchMove", (x, y + 10), (x + 100, y + 20))
    mock.wait(lambda: any(said["phase"] == "move" for said in mock.received("input:touch")), "the move")
    page.touch("touchEnd")
    mock.wait(lambda: sum(len(one["points"]) for one in mock.received("input:touch") if one["phase"] == "end") == 2, "both ends")
    said = mock.received("input:touch")
    assert [point["phase"] for point in said[:3]] == ["start", "start", "move"]
    assert [len(one["points"]) for one in said[:3]] == [1, 1, 2]
    assert said[0]["points"][0] | {"id": 0} == {"id": 0, "x": 100, "y": 120}
    assert {point["y"] for point in said[2]["points"]} == {140, 160}
    assert said[0]["points"][0]["id"] != said[1]["points"][0]["id"]
    assert mock.received("input:click") == []


def test_on_screen_keyboard(phone: Page, mock: Mock) -> None:
    """Its button gives and takes the focus; words are seen while they are composed; its Backspace counts."""
    rect = phone.rect("#keyboard")
    assert min(rect["width"], rect["height"]) >= 44
    button = "document.getElementById('keyboard').click()"
    phone.js(button)
    phone.until(AREA)
    for text in ("h", "he", "hel", "help"):
        phone.cdp("Input.imeSetComposition", text=text, selectionStart=len(text), selectionEnd=len(text))
    phone.cdp("Input.insertText", text="hello ")  # corrected by the keyboard, which replaces what it composed
    mock.wait(lambda: typed(mock) == "hello ", "the word")
    phone.js("document.execCommand('delete')")  # a Backspace as such keyboards make it: no key event, only a shorter text
    assert mock.expect("input:key", 2)[-1] == {"key": "Backspace", "modifiers": []}
    phone.js(button)
    phone.until(f"!({AREA})")


@pytest.mark.parametrize(
    ("field", "mode", "enter"),
    [
        ({"type": "email"}, "email", "go"),
        ({"type": "search"}, "search", "search"),
        ({"type": "text", "multiline": True}, "text", "enter"),
    ],
)
def test_keyboard_opens_for_a_field(phone: Page, mock: Mock, field: dict[str, Any], mode: str, enter: str) -> None:
    """When a finger led the page's focus into one; and closes when it leaves."""
    rect = phone.rect()
    phone.touch("touchStart", (rect["left"] + 50.25, rect["top"] + 60.25))
    phone.touch("touchEnd")
    mock.expect("input:click")
    mock.emit("focus", {"editable": True, "x": 90, "y": 110, "width": 200, "height": 40} | field)
    phone.until(AREA)
    assert phone.js("document.activeElement.getAttribute('inputmode')") == mode
    assert phone.js("document.activeElement.getAttribute('enterkeyhint')") == enter
    where = phone.rect("#keys")
    assert (where["left"], where["top"]) == pytest.approx((rect["left"] + 45, rect["top"] + 55), abs=1)
    mock.emit("focus", {"editable": False})
    phone.until(f"!({AREA})")
