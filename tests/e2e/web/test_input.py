"""What mouse, wheel, fingers and keys on the viewer page send to the server."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from .conftest import Page
from .mock import Mock

CONTROL, SHIFT = 2, 8  # modifiers of DevTools
AREA = "document.activeElement.id === 'keys'"


@pytest.fixture
def view(page: Page, mock: Mock) -> Page:
    """The viewer of session "one", with the focus in the picture."""
    page.view(mock)
    page.js("document.getElementById('keys').focus()")
    page.until(AREA)
    return page


# ---- mouse


@pytest.mark.parametrize(
    ("width", "height", "ratio"), [(1280, 800, 1), (1283, 617, 1.5), (800, 600, 2), (360, 740, 3), (1920, 1080, 1.25)]
)
@pytest.mark.parametrize("picture", [(640, 360), (1280, 720), (333, 777)])
def test_click_lands_on_the_pixel(
    page: Page, mock: Mock, width: int, height: int, ratio: float, picture: tuple[int, int]
) -> None:
    """The middle of a pixel as it is shown is that pixel, wherever in the picture, at any scale."""
    mock.add("sized", *picture)
    page.size(width, height, ratio)
    page.view(mock, session="sized")
    rect = page.rect()
    assert rect["left"] >= 0
    assert rect["right"] <= width
    assert rect["bottom"] <= height
    assert rect["width"] / rect["height"] == pytest.approx(picture[0] / picture[1], rel=0.01)
    mock.forget()
    wanted = []
    for x in (0, 1, picture[0] // 3, picture[0] - 1):
        for y in (1, picture[1] // 2, picture[1] - 2):  # of the outermost half pixel Chromium makes the neighbour's
            page.click(
                rect["left"] + (x + 0.5) * rect["width"] / picture[0], rect["top"] + (y + 0.5) * rect["height"] / picture[1]
            )
            wanted.append({"x": x, "y": y})
    assert mock.expect("input:click", len(wanted)) == wanted


def test_buttons_and_what_is_no_click(view: Page, mock: Mock) -> None:
    rect = view.rect()
    x, y = rect["left"] + rect["width"] / 2, rect["top"] + rect["height"] / 2
    view.click(x, y, "right")
    view.click(x, y, "middle")
    view.mouse("mousePressed", x, y, button="left", clickCount=1)
    view.mouse("mouseReleased", x + 100, y, button="left", clickCount=1)  # thought better of it
    view.click(2, 790)  # beside the picture
    view.click(x, y)
    clicks = mock.expect("input:click", 3)
    assert clicks == [{"x": 320, "y": 180, "button": "right"}, {"x": 320, "y": 180, "button": "middle"}, {"x": 320, "y": 180}]
    assert mock.everything() == [("input:click", click) for click in clicks]


def test_moves_are_few_and_the_last_one_counts(view: Page, mock: Mock) -> None:
    rect = view.rect()
    for step in range(60):
        view.mouse("mouseMoved", rect["left"] + 100.5 + step, rect["top"] + 50.5)
    last = {"x": int((100.5 + 59) * 640 / rect["width"]), "y": int(50.5 * 360 / rect["height"])}
    view.until("true")
    mock.wait(lambda: last in mock.received("input:move"), f"the move to {last}")
    moves = mock.received("input:move")
    assert moves[-1] == last
    assert len(moves) < 60
    assert all(a != b for a, b in pairwise(moves))


def test_wheel_is_coalesced(view: Page, mock: Mock) -> None:
    """Ten turns within one picture of the screen are one event; lines and pages are made pixels."""
    turn = """(function (turns) {
      var canvas = document.getElementById('picture'), rect = canvas.getBoundingClientRect();
      turns.forEach(function (turn) {
        turn.clientX = rect.left + rect.width / 2; turn.clientY = rect.top + rect.height / 2; turn.cancelable = true;
        canvas.dispatchEvent(new WheelEvent('wheel', turn));
      });
    })(arguments[0])"""
    view.js(turn, [{"deltaY": 12.25, "deltaX": -1}] * 10)
    assert mock.expect("input:scroll") == [{"deltaX": -10, "deltaY": 123, "x": 320, "y": 180}]
    mock.forget()
    view.js(turn, [{"deltaY": 3, "deltaMode": 1}])
    assert mock.expect("input:scroll")[0]["deltaY"] in (99, 100, 101)  # the half pixel left over from above included
    mock.forget()
    view.js(turn, [{"deltaY": -1, "deltaMode": 2}])
    assert mock.expect("input:scroll")[0]["deltaY"] == pytest.approx(-360, abs=1)
    mock.forget()
    view.mouse("mouseWheel", 640, 400, deltaX=0, deltaY=120)
    assert mock.expect("input:scroll")[0]["deltaY"] == pytest.approx(120, abs=1)


# ---- touch


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
    phone.touch("touchStart", (x, y))
    for step in range(1, 11):
        phone.touch("touchMove", (x, y - 10 * step))
    phone.js("performance.now()")
    mock.wait(lambda: sum(s["deltaY"] for s in mock.received("input:scroll")) >= 200, "the way of the finger")
    # 100 pixels of the window are 200 of the frame, and the page moves against the wheel's direction: the finger holds it
    assert sum(s["deltaY"] for s in mock.received("input:scroll")) == pytest.approx(200, abs=1)
    assert all(s["x"] == 200 and s["y"] == 300 and s["deltaX"] == 0 for s in mock.received("input:scroll"))
    phone.touch("touchEnd")
    mock.wait(lambda: sum(s["deltaY"] for s in mock.received("input:scroll")) > 210, "momentum")
    phone.touch("touchStart", (x, y))
    phone.touch("touchEnd")
    assert mock.received("input:click") == []


def test_two_fingers_are_left_to_the_browser(phone: Page, mock: Mock) -> None:
    phone.touch("touchStart", (100, 300))
    phone.touch("touchStart", (100, 300), (200, 300))
    phone.touch("touchMove", (80, 300), (220, 300))
    phone.touch("touchEnd")
    phone.touch("touchStart", (160, 300))
    phone.touch("touchEnd")
    mock.expect("input:click")
    assert len(mock.everything()) == 1


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


# ---- keyboard


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


def test_typing(view: Page, mock: Mock) -> None:
    for character in "aB1 €":
        view.cdp("Input.dispatchKeyEvent", type="keyDown", key=character, text=character)
        view.cdp("Input.dispatchKeyEvent", type="keyUp", key=character)
    view.cdp("Input.insertText", text="नमस्ते 你好 👩‍💻")
    wanted = "aB1 €नमस्ते 你好 👩‍💻"
    mock.wait(lambda: "".join(data["text"] for data in mock.received("input:text")) == wanted, wanted)
    assert mock.received("input:key") == []


def test_composition_is_sent_when_it_is_done(view: Page, mock: Mock) -> None:
    for text in ("n", "ni", "nih", "nihao"):
        view.cdp("Input.imeSetComposition", text=text, selectionStart=len(text), selectionEnd=len(text))
    view.cdp("Input.insertText", text="你好")
    mock.expect("input:text")
    view.cdp("Input.insertText", text="!")
    mock.expect("input:text", 2)
    assert mock.everything() == [("input:text", {"text": "你好"}), ("input:text", {"text": "!"})]


def test_paste_in_pieces(view: Page, mock: Mock) -> None:
    text = "👍" * 9000
    view.js(
        """(function (text) {
          var data = new DataTransfer(); data.setData('text/plain', text);
          var event = new ClipboardEvent('paste', {clipboardData: data, cancelable: true});
          document.activeElement.dispatchEvent(event);
        })(arguments[0])""",
        text,
    )
    pieces = [data["text"] for data in mock.expect("input:text", 3)]
    assert "".join(pieces) == text
    assert max(map(len, pieces)) <= 8000


@pytest.mark.parametrize(
    ("name", "code", "modifiers", "wanted"),
    [
        ("Enter", 13, 0, {"key": "Enter", "modifiers": []}),
        ("Backspace", 8, 0, {"key": "Backspace", "modifiers": []}),
        ("ArrowLeft", 37, CONTROL | SHIFT, {"key": "ArrowLeft", "modifiers": ["Control", "Shift"]}),
        ("Tab", 9, SHIFT, {"key": "Tab", "modifiers": ["Shift"]}),
        ("a", 65, CONTROL, {"key": "a", "modifiers": ["Control"]}),
        ("Z", 90, CONTROL | SHIFT, {"key": "z", "modifiers": ["Control", "Shift"]}),
    ],
)
def test_special_keys(view: Page, mock: Mock, name: str, code: int, modifiers: int, wanted: dict[str, Any]) -> None:
    view.key(name, code, modifiers)
    assert mock.expect("input:key") == [wanted]
    assert view.js(AREA)


def test_keys_of_this_browser_stay_here(view: Page, mock: Mock) -> None:
    """F12 and Ctrl+Shift+I are for the browser on this device; F6 leads out of the picture, for those without a mouse."""
    view.key("F12", 123)
    view.key("I", 73, CONTROL | SHIFT)
    view.key("Alt", 18, 1)
    view.key("F6", 117)
    view.until("document.activeElement.id === 'url'")
    assert mock.everything() == []
