"""The viewer's panels: statistics, shortcuts, and the page's size."""

from __future__ import annotations

import re
import string
from typing import Any

import pytest

from .conftest import Page
from .mock import Mock

ALT, CONTROL, META = 1, 2, 4

STATS: dict[str, Any] = {
    "fps": 29.6,
    "bytes_per_second": 1_180_000,
    "latency_ms": {"grab": 0.4, "wait": 1.1, "job": 0.5, "encode": 2.4, "queue": 0.2, "send": 5.0},
    "quality": 80,
    "fps_limit": 30,
    "link": {"mbit": 21.9, "rtt_ms": 4.2, "beyond": False},
    "drops": {"link": 120, "pace": 3, "encoder": 0},
}
# What is named in the list of shortcuts.
NAMES = "Array.from(document.querySelectorAll('.modal th')).map(function (name) { return name.textContent; })"
# How many pixels of a graph are not its background.
INK = """(function (canvas) {
  var data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data, ink = 0;
  for (var i = 3; i < data.length; i += 4) if (data[i] > 30) ink++;
  return ink;
})(document.querySelectorAll('#figures canvas')[arguments[0]])"""


def test_statistics(page: Page, mock: Mock) -> None:
    page.view(mock)
    page.js("document.getElementById('statistics-button').click()")
    assert mock.expect("stats:toggle") == [{"enabled": True}]
    for second in range(5):
        mock.emit("stats", STATS | {"bytes_per_second": 1_000_000 + second * 180_000})
    page.until("document.getElementById('figure-bytes').textContent === '1.7 MB/s'")
    assert page.text("figure-latency") == "9.6 ms"
    assert page.text("figure-quality") == "80, up to 30 fps"
    assert page.text("link") == "21.9 Mbit/s, 4 ms"
    assert page.text("drops") == "120 link, 3 pace, 0 encoder"
    legend = page.js("document.querySelector('.legend').textContent")
    assert "Encode2.4" in legend
    first = [page.js(INK, graph) for graph in range(4)]
    assert min(first) > 50
    for _ in range(20):
        mock.emit("stats", STATS)
    page.until("document.getElementById('figure-bytes').textContent === '1.2 MB/s'")
    assert all(page.js(INK, graph) > before for graph, before in enumerate(first))
    page.key("s", 83, 1)  # Alt+S closes it
    assert mock.expect("stats:toggle", 2)[1] == {"enabled": False}
    assert page.js("document.getElementById('statistics').hidden")


def test_a_still_page_has_no_latency(page: Page, mock: Mock) -> None:
    page.view(mock)
    page.js("document.getElementById('statistics-button').click()")
    mock.emit("stats", STATS | {"fps": 0.0, "latency_ms": {}, "link": None})
    page.until("document.getElementById('figure-latency').textContent === 'still'")
    assert page.text("link") == "not known"


def test_shortcuts(page: Page, mock: Mock) -> None:
    page.view(mock)
    page.js("document.getElementById('keys').focus()")
    page.key("F1", 112)
    page.until("document.querySelector('.modal .shortcuts')")
    words = page.js("document.querySelector('.modal').textContent")
    assert all(word in words for word in ("Shortcuts", "New tab", "Full screen", "Two fingers"))
    page.key("Escape", 27)
    assert not page.js("document.querySelector('.modal')")
    page.js("document.getElementById('home').focus()")
    page.cdp("Input.dispatchKeyEvent", type="keyDown", key="?", text="?", windowsVirtualKeyCode=191, modifiers=8)
    page.until("document.querySelector('.modal .shortcuts')")
    assert mock.received("input:key") == []


@pytest.mark.parametrize("editable", [True, False])
def test_the_list_says_which_keys_go_to_the_page(page: Page, mock: Mock, editable: bool) -> None:
    """The letters that it names do with Ctrl, no others; F keys and what has Alt or the Windows key stay here."""
    page.view(mock)
    mock.emit("focus", {"editable": editable, "type": "text"})
    page.key("F1", 112)
    (row,) = (name for name in page.js(NAMES) if name.startswith("Ctrl+A"))
    page.key("Escape", 27)
    page.js("document.getElementById('keys').focus()")
    for letter in set(string.ascii_uppercase) - set("LRV"):  # those are the viewer's own
        page.key(letter.lower(), ord(letter), CONTROL)
    for number in (2, 3, 4, 7, 8, 9, 10, 11, 12):
        page.key(f"F{number}", 111 + number)
    for modifier in (ALT, META):
        page.key("x", 88, modifier)
    page.key("Enter", 13)
    mock.wait(lambda: any(said["key"] == "Enter" for said in mock.received("input:key")), "the Enter")
    went = {said["key"] for said in mock.received("input:key") if said.get("modifiers") == ["Control"]}
    assert went == {letter.lower() for letter in re.findall(r"\b[A-Z]\b", row)} | {"c"}
    assert {said["key"] for said in mock.received("input:key")} == went | {"Enter"}
    assert mock.received("input:text") == []


@pytest.mark.parametrize("touch", [False, True])
def test_the_list_says_where_fingers_go(page: Page, mock: Mock, touch: bool) -> None:
    mock.sessions["one"]["touch"] = touch
    page.view(mock)
    page.until("document.title === 'A title – Jiomosa'")  # it knows the session
    page.key("F1", 112)
    names = page.js(NAMES)
    assert ("Two fingers" in names, "Tap, drag, hold, two fingers" in names) == (not touch, touch)


@pytest.mark.parametrize("way", ["full-screen", "deed-full-screen", "Alt+Enter"])
def test_full_screen(page: Page, mock: Mock, way: str) -> None:
    """What leads there leads back."""
    page.view(mock)
    if way == "Alt+Enter":
        page.key("Enter", 13, ALT)
    else:
        if way == "deed-full-screen":
            page.js("document.getElementById('settings-button').click()")
        rect = page.rect(f"#{way}")
        page.click(rect["x"] + rect["width"] / 2, rect["y"] + rect["height"] / 2)
    page.until("document.fullscreenElement === document.getElementById('stage')")
    if way == "Alt+Enter":
        page.key("Enter", 13, ALT)
    else:
        page.js("document.getElementById(arguments[0]).click()", way)
    page.until("!document.fullscreenElement")
    assert mock.everything() == []


@pytest.mark.parametrize(
    ("key", "code", "modifier", "shown"),
    [
        ("s", 83, ALT, "!document.getElementById('statistics').hidden"),
        ("m", 77, ALT, "!document.getElementById('settings').hidden"),
        ("l", 76, CONTROL, "document.getElementById('address').contains(document.activeElement)"),
        ("t", 84, ALT, "true"),  # an empty tab, which wants an address
    ],
)
def test_what_full_screen_would_hide_ends_it(page: Page, mock: Mock, key: str, code: int, modifier: int, shown: str) -> None:
    page.view(mock)
    page.key("Enter", 13, ALT)
    page.until("document.fullscreenElement")
    page.key(key, code, modifier)
    page.until(f"!document.fullscreenElement && {shown}")


def test_the_page_fits_the_window(page: Page, mock: Mock) -> None:
    page.view(mock)
    page.js("document.getElementById('deed-resize').click()")
    assert mock.expect("resize") == [{"width": 1280, "height": 744}]


def test_zoom_by_keys(page: Page, mock: Mock) -> None:
    page.view(mock)
    before = page.rect()
    page.key("+", 187, 1)
    assert page.rect()["width"] > before["width"] * 1.2
    assert not page.js("document.getElementById('zoom-out').hidden")
    page.key("0", 48, 1)
    assert page.rect() == before


def test_words_of_the_operator_stay(page: Page, mock: Mock) -> None:
    """Longer than what else is told, which came after them and is gone before."""
    page.view(mock)
    mock.emit("status", {"message": "We restart at 3.", "code": "operator_message"})
    page.until("(document.querySelector('.toast.word') || {}).textContent === 'We restart at 3.'")
    mock.emit("status", {"message": "The page is back."})
    page.until("document.querySelector('.toast.good')")
    page.until("!document.querySelector('.toast.good')")
    assert page.js("document.querySelectorAll('.toast.word').length") == 1


def test_who_is_sent_away_does_not_come_back(page: Page, mock: Mock) -> None:
    page.view(mock)
    mock.emit("error", {"message": "Too loud.", "code": "forbidden"})
    page.until("/Too loud/.test(document.getElementById('toasts').textContent)")
    mock.stop()
    page.until("!document.getElementById('notice').hidden")
    assert [page.text("notice-title"), page.text("notice-text")] == ["You were sent away", "Too loud."]
    mock.start()


def test_a_server_of_the_first_version(page: Page, mock: Mock) -> None:
    """It knows nothing of what is asked; nobody is told, and nothing is in the way."""
    mock.first_version = True
    page.view(mock)
    for deed in ("resize", "clipboard"):
        page.js("document.getElementById('deed-' + arguments[0]).click()", deed)
    page.js("document.querySelector('.modal button').click()")
    page.js("document.getElementById('url').value = 'b.example', document.getElementById('go').click()")
    mock.expect("load")
    page.until("document.title === 'Title of b.example – Jiomosa'")
    assert page.text("toasts") == ""
    assert page.js("document.getElementById('strip').hidden")
