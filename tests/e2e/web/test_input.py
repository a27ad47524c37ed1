"""What mouse, wheel and keys on the viewer page send to the server; fingers are in test_touch.py."""

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
    assert mock.expect("input:down", len(wanted)) == wanted
    assert mock.expect("input:up", len(wanted)) == wanted


def middle(view: Page) -> tuple[float, float]:
    """The middle of the picture, in the window."""
    rect = view.rect()
    return rect["left"] + rect["width"] / 2, rect["top"] + rect["height"] / 2


def test_buttons_and_drags(view: Page, mock: Mock) -> None:
    """Each button goes down and up as it does here; a drag goes on beside the picture, to its edge."""
    x, y = middle(view)
    for button in ("right", "middle"):
        view.click(x, y, button)
    view.click(2, 790)  # beside the picture
    view.mouse("mousePressed", x, y, button="left", clickCount=1)
    view.mouse("mouseMoved", x + 100, y, button="left", buttons=1)
    view.mouse("mouseMoved", 1279, 799, button="left", buttons=1)
    view.mouse("mouseReleased", 1279, 799, button="left", clickCount=1)
    there = {"x": 320, "y": 180}
    end = {"x": 639, "y": 359}
    assert mock.expect("input:up", 3) == [there | {"button": "right"}, there | {"button": "middle"}, end]
    assert mock.received("input:down") == [there | {"button": "right"}, there | {"button": "middle"}, there]
    assert mock.received("input:click") == []
    assert any(320 < move["x"] < 639 for move in mock.received("input:move"))


def test_keys_held_while_clicking(view: Page, mock: Mock) -> None:
    x, y = middle(view)
    view.mouse("mousePressed", x, y, button="left", clickCount=1, modifiers=CONTROL | SHIFT)
    view.mouse("mouseReleased", x, y, button="left", clickCount=1, modifiers=CONTROL | SHIFT)
    mock.expect("input:key", 4)
    said = [(event, data.get("key", ""), data.get("action", "")) for event, data in mock.everything()]
    assert said == [
        *(("input:key", key, "down") for key in ("Control", "Shift")),
        ("input:down", "", ""),
        ("input:up", "", ""),
        *(("input:key", key, "up") for key in ("Control", "Shift")),
    ]


def test_a_button_is_never_left_down(view: Page, mock: Mock) -> None:
    """The window may lose the mouse before the button comes up."""
    view.mouse("mousePressed", *middle(view), button="left", clickCount=1)
    mock.expect("input:down")
    view.js("window.dispatchEvent(new Event('blur'))")
    assert mock.expect("input:up") == [{"x": 320, "y": 180}]


def test_a_server_without_buttons_gets_clicks(view: Page, mock: Mock) -> None:
    """The first press finds that out, and is not lost; nothing is said of it."""
    mock.first_version = True
    x, y = middle(view)
    view.click(x, y)
    mock.expect("input:click")
    view.click(x, y, "right")
    view.mouse("mousePressed", x, y, button="left", clickCount=1)
    view.mouse("mouseReleased", x + 100, y, button="left", clickCount=1)  # thought better of it
    view.click(x, y)
    assert mock.expect("input:click", 3) == [{"x": 320, "y": 180}, {"x": 320, "y": 180, "button": "right"}, {"x": 320, "y": 180}]
    assert len(mock.received("input:down")) == 1
    assert view.text("toasts") == ""


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


# ---- keyboard


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


def test_keys_outside_of_fields_go_down_and_up(view: Page, mock: Mock) -> None:
    """For games and shortcuts; never left down; characters without a key are text still."""
    mock.emit("focus", {"editable": False})
    mock.emit("cursor", {"image": "iVBORw0KGgo=", "width": 1, "height": 1, "x": 3, "y": 4})
    view.until("/ 3 4, default$/.test(document.getElementById('picture').style.cursor)")  # so `focus` has come, too
    for kind in ("keyDown", "keyDown", "keyUp"):  # the second repeats the first
        view.cdp("Input.dispatchKeyEvent", type=kind, key="w", text="w" if kind == "keyDown" else "", windowsVirtualKeyCode=87)
    view.cdp("Input.dispatchKeyEvent", type="rawKeyDown", key="ArrowUp", windowsVirtualKeyCode=38)
    view.js("document.activeElement.blur()")
    down, up = {"action": "down"}, {"action": "up"}
    wanted = [*[{"key": "w"} | down] * 2, {"key": "w"} | up, {"key": "ArrowUp"} | down, {"key": "ArrowUp"} | up]
    assert mock.expect("input:key", 5) == wanted
    view.js("document.getElementById('keys').focus()")
    view.cdp("Input.insertText", text="ж")
    assert mock.expect("input:text") == [{"text": "ж"}]
