"""The viewer page: picture, read-outs, address bar, settings, and what it says when things go wrong."""

from __future__ import annotations

import pytest

from .answers import WEB
from .conftest import Page
from .mock import Mock

WIDTHS = [(360, 740, True), (800, 600, False), (1280, 800, False)]
BADGE = "document.getElementById('badge').textContent === arguments[0]"
PIXEL = "document.getElementById('picture').getContext('2d').getImageData(5, 5, 1, 1).data[2]"


def test_pictures_are_drawn_and_old_ones_dropped(page: Page, mock: Mock) -> None:
    page.view(mock)
    page.until(BADGE, "WebSocket")
    first = page.js(PIXEL)
    frames = [mock.frame() for _ in range(40)]
    for frame in frames:
        mock.emit("frame", frame)
    page.until("/^4[01] shown|skipped/.test(document.getElementById('counts').textContent)")
    page.until(f"Math.abs({PIXEL} - {frames[-1]['seq'] % 256}) < 12")  # the newest, whatever was left out on the way
    assert page.js(PIXEL) != first
    page.until("/^[1-9][0-9]* fps$/.test(document.getElementById('fps').textContent)")
    page.until("/^[0-9]+ ms$/.test(document.getElementById('latency').textContent)")
    page.until("document.getElementById('fps').textContent === 'still'")
    page.until("document.getElementById('size').textContent === '640 × 360'")


def test_newest_wins_while_decoding(page: Page, mock: Mock) -> None:
    """A device that decodes slowly shows fewer pictures, and the last one is never among those left out."""
    page.view(mock)
    shown = page.driver.execute_async_script(
        """var done = arguments[1], order = [], canvas = document.createElement('canvas'), result = [];
        var stage = document.getElementById('stage'), original = window.createImageBitmap;
        window.createImageBitmap = function (blob) { return new Promise(function (fulfil) {
          setTimeout(function () { original(blob).then(fulfil); }, 30);
        }); };
        var picture = new Jiomosa.Picture(canvas, stage, function (frame) {
          order.push(frame.seq);
          if (frame.seq === 19) { window.createImageBitmap = original; done([order, picture.skipped, result.length]); }
        });
        for (var i = 0; i < 20; i++) {
          picture.show({image: arguments[0], seq: i}, function (drawn) { if (!drawn) result.push(drawn); });
        }""",
        mock.frame()["image"],
    )
    assert shown == [[0, 19], 18, 18]


@pytest.mark.parametrize("broken", ["not base64 at all!", "bm90IGEgSlBFRw=="])
def test_damaged_pictures_do_no_harm(page: Page, mock: Mock, broken: str) -> None:
    page.view(mock)
    mock.emit("frame", {"image": broken, "timestamp": 0, "size": 3})
    frame = mock.frame()
    mock.emit("frame", frame)
    page.until(f"Math.abs({PIXEL} - {frame['seq'] % 256}) < 12")


def test_without_image_bitmaps(page: Page, mock: Mock) -> None:
    """As in WebViews that are too old for them."""
    script = page.cdp(
        "Page.addScriptToEvaluateOnNewDocument", source="delete window.createImageBitmap; delete Uint8Array.fromBase64;"
    )
    try:
        page.view(mock)
        frame = mock.frame()
        mock.emit("frame", frame)
        page.until(f"Math.abs({PIXEL} - {frame['seq'] % 256}) < 12")
    finally:
        page.cdp("Page.removeScriptToEvaluateOnNewDocument", identifier=script["identifier"])


def test_implausible_age_is_not_shown(page: Page, mock: Mock) -> None:
    page.view(mock)
    mock.emit("frame", mock.frame())
    page.until("document.getElementById('latency').textContent !== '–'")  # the first picture's age is not counted, it may be old
    for skew in (-60_000, 60_000):
        mock.emit("frame", mock.frame() | {"timestamp": page.js("Date.now()") + skew})
        page.until("document.getElementById('latency').textContent === '–'")


def test_the_cursor_over_the_picture_is_the_pages(page: Page, mock: Mock) -> None:
    page.view(mock)
    mock.emit("cursor", {"image": "iVBORw0KGgo=", "width": 24, "height": 24, "x": 11, "y": 12})
    page.until("/^url.*iVBORw0KGgo=.* 11 12, default$/.test(document.getElementById('picture').style.cursor)")


# ---- controls


def test_address_bar(page: Page, mock: Mock) -> None:
    page.view(mock)
    page.until("document.getElementById('url').value === 'https://a.example/'")
    page.until("document.title === 'A title – Jiomosa'")
    go = "(document.getElementById('url').value = arguments[0], document.getElementById('go').click())"
    page.js(go, "b.example")
    assert mock.expect("load") == [{"url": "b.example"}]
    page.until("document.title === 'Title of b.example – Jiomosa'")
    mock.load_error = "The name c.example was not found."
    page.js(go, "c.example")
    page.until("document.getElementById('address-problem-text').textContent === arguments[0]", mock.load_error)
    assert page.js("document.getElementById('url').value") == "c.example"  # to be mended


def test_settings(page: Page, mock: Mock) -> None:
    page.view(mock)
    page.until("document.getElementById('fps-limit').value === '30'")
    change = """(function (id, value) {
      var slider = document.getElementById(id);
      slider.value = value; slider.dispatchEvent(new Event('input')); slider.dispatchEvent(new Event('change'));
    })(arguments[0], arguments[1])"""
    page.js(change, "quality", 42)
    page.js(change, "fps-limit", 60)
    page.js("document.getElementById('settings-button').click()")
    page.js("document.getElementById('adaptive').click()")
    assert mock.expect("quality:set") == [{"quality": 42}]
    assert mock.expect("fps:set") == [{"fps": 60}]
    assert mock.expect("adaptive:toggle") == [{"enabled": False}]
    mock.emit("quality:updated", {"quality": 50})
    page.until("document.getElementById('quality-value').textContent === '50'")
    mock.emit("adaptive:updated", {"enabled": True})
    page.until("document.getElementById('adaptive').checked")
    # A lost connection does not lose what was chosen.
    mock.forget()
    mock.restart()
    assert mock.expect("quality:set") == [{"quality": 42}]
    assert mock.expect("fps:set") == [{"fps": 60}]


# ---- when things go wrong


def test_reconnects_after_restart(page: Page, mock: Mock) -> None:
    page.view(mock)
    mock.stop()
    page.until(BADGE, "reconnecting…")
    assert page.js("document.getElementById('notice').hidden")  # the last picture stays in sight
    mock.start()
    page.until(BADGE, "WebSocket")
    assert len(mock.expect("subscribe", 2)) == 2


def test_websocket_blocked(page: Page, mock: Mock) -> None:
    mock.websocket_blocked = True
    page.view(mock)
    page.until(BADGE, "polling")
    rect = page.rect()
    page.click(rect["left"] + rect["width"] / 2, rect["top"] + rect["height"] / 2)
    assert mock.expect("input:up") == [{"x": 320, "y": 180}]


def test_polling_forced(page: Page, mock: Mock) -> None:
    page.view(mock, "?transport=polling")
    page.until(BADGE, "polling")
    mock.emit("frame", mock.frame())
    assert set(mock.transports) == {"http"}


def test_pictures_over_rest_when_all_else_fails(page: Page, mock: Mock) -> None:
    mock.socketio_blocked = True
    page.view(mock)
    page.until(BADGE, "pictures only")
    polled = mock.polled
    mock.wait(lambda: mock.polled > polled + 2, "more pictures")
    mock.socketio_blocked = False  # and comes back by itself
    page.js("window.dispatchEvent(new Event('online'))")
    page.until(BADGE, "WebSocket")


@pytest.mark.parametrize("code", ["session_closed", "session_expired", "not_found", "child_gone"])
def test_session_gone(page: Page, mock: Mock, code: str) -> None:
    page.view(mock)
    del mock.sessions["one"]
    mock.emit("error", {"message": "It is gone.", "code": code})
    page.until("!document.getElementById('notice').hidden")
    assert page.text("notice-title") == "This session is gone"
    assert page.js("document.activeElement.href") == f"{mock.url}/"
    assert page.text("badge") == "ended"


@pytest.mark.parametrize("blocked", [False, True])
def test_no_such_session(page: Page, mock: Mock, blocked: bool) -> None:
    mock.socketio_blocked = blocked
    page.driver.get(f"{mock.url}/api/session/unknown/viewer")
    page.until("document.getElementById('notice-title').textContent === 'This session is gone'")


def test_errors_are_told(page: Page, mock: Mock) -> None:
    page.view(mock)
    mock.emit("error", {"message": "That was <b>wrong</b>.", "code": "bad_request"})
    page.until("document.getElementById('toasts').textContent === 'That was <b>wrong</b>.'")
    assert page.js("document.getElementById('notice').hidden")


# ---- looks


@pytest.mark.parametrize(("width", "height", "mobile"), WIDTHS)
def test_fits(page: Page, mock: Mock, width: int, height: int, mobile: bool) -> None:
    """Nothing to scroll sideways, nothing outside the window, every button large enough for a finger."""
    page.size(width, height, 1, mobile)
    page.view(mock)
    page.js("document.getElementById('settings-button').click()")
    page.until(BADGE, "WebSocket")
    outside = """Array.from(document.querySelectorAll('button, input, a, canvas, span, .panel')).filter(function (element) {
      var rect = element.getBoundingClientRect();
      return rect.width && (rect.left < 0 || rect.right > innerWidth || rect.top < 0 || rect.bottom > innerHeight);
    }).map(function (element) { return element.id || element.className; })"""
    assert page.js(outside) == []
    assert page.js("document.documentElement.scrollWidth") <= width
    small = """Array.from(document.querySelectorAll('.tool')).filter(function (element) {
      return element.offsetWidth && (element.offsetWidth < 42 || element.offsetHeight < 42); }).length"""
    assert page.js(small) == 0
    nameless = """Array.from(document.querySelectorAll('button, a, input, textarea')).filter(function (element) {
      return !element.getAttribute('aria-label') && !element.textContent.trim() &&
        !(element.labels && element.labels.length); }).length"""
    assert page.js(nameless) == 0


def test_small_enough_for_a_weak_device(page: Page, mock: Mock) -> None:
    page.view(mock)
    loaded = page.js("performance.getEntriesByType('resource').map(function (entry) { return entry.name; })")
    ours = {name.rpartition("/")[2] for name in loaded if "/web/" in name} | {"viewer.html"}
    assert len(ours) > 9
    assert all(name.startswith((mock.url, "data:")) for name in loaded)
    assert sum((WEB / name).stat().st_size for name in ours) < 130_000  # two pictures' worth, once
