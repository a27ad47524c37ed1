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
    wanted = [{"key": "w"} | down, {"key": "w"} | up, {"key": "ArrowUp"} | down, {"key": "ArrowUp"} | up]
    assert mock.expect("input:key", 4) == wanted
    view.js("document.getElementById('keys').focus()")
    view.cdp("Input.insertText", text="ж")
    assert mock.expect("input:text") == [{"text": "ж"}]
