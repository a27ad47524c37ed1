"""Keys and text as DevTools calls: what is typed and pressed, in which order, and what no keyboard has."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.keyboard import COMMANDS, MODIFIER_BITS, NAMED, Call, key_calls, text_calls
from engine.errors import BadRequest
from engine.inputs import Modifier


def pressed(name: str, *modifiers: Modifier) -> dict[str, Any]:
    """The press of a key; a release of the same key must follow, and nothing else."""
    (method, down), (released, up) = key_calls(name, modifiers)
    assert method == released == "Input.dispatchKeyEvent"
    assert up["type"] == "keyUp"
    assert {"text", "unmodifiedText", "commands"}.isdisjoint(up)
    same = ("key", "code", "windowsVirtualKeyCode", *(() if name in MODIFIER_BITS else ("modifiers",)))
    assert [down[field] for field in same] == [up[field] for field in same]
    # With it Chromium would take unused keys back, and close its window on Ctrl+W; Escape is to leave full screen.
    assert ("nativeVirtualKeyCode" in down) == (name == "Escape" and not modifiers)
    assert "nativeVirtualKeyCode" not in up
    return down


def insert(text: str) -> Call:
    return "Input.insertText", {"text": text}


ENTER, TAB = key_calls("Enter", ()), key_calls("Tab", ())


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        ("", []),
        ("hello world", [insert("hello world")]),
        ("नमस्ते 你好 👩‍🚀", [insert("नमस्ते 你好 👩‍🚀")]),
        ("a\nb", [insert("a"), *ENTER, insert("b")]),
        ("a\rb", [insert("a"), *ENTER, insert("b")]),
        ("a\r\nb", [insert("a"), *ENTER, insert("b")]),
        ("\n\r\n\r\r", [*ENTER, *ENTER, *ENTER, *ENTER]),
        ("\n", ENTER),
        ("a\tb\n", [insert("a"), *TAB, insert("b"), *ENTER]),
        ("\u2028\x0b", [insert("\u2028\x0b")]),
    ],
)
def test_a_text_is_inserted_whole_between_its_newlines_and_tabs(text: str, calls: list[Call]) -> None:
    assert text_calls(text) == calls


@given(st.text(alphabet=st.sampled_from("ab\r\n\tß你\U0001f600")))
def test_nothing_of_a_text_is_lost_and_its_order_is_kept(text: str) -> None:
    typed = ""
    for method, params in text_calls(text):
        if method == "Input.insertText":
            assert params["text"]
            typed += params["text"]
        elif params["type"] != "keyUp":
            typed += {"Enter": "\n", "Tab": "\t"}[params["key"]]
    assert typed == text.replace("\r\n", "\n").replace("\r", "\n")


@pytest.mark.parametrize(
    ("key", "code", "number", "text"),
    [
        ("a", "KeyA", 65, "a"),
        ("Z", "KeyZ", 90, "Z"),
        ("7", "Digit7", 55, "7"),
        (" ", "Space", 32, " "),
        ("Enter", "Enter", 13, "\r"),
        (".", "Period", 190, "."),
        ("?", "Slash", 191, "?"),
        ("!", "Digit1", 49, "!"),
        ("ß", "", 0, "ß"),
        ("你", "", 0, "你"),
    ],
)
def test_a_key_that_writes_writes_its_character(key: str, code: str, number: int, text: str) -> None:
    down = pressed(key)
    assert down["type"] == "keyDown"
    assert (down["key"], down["code"], down["windowsVirtualKeyCode"]) == (key, code, number)
    assert down["text"] == down["unmodifiedText"] == text


@pytest.mark.parametrize("key", [name for name, named in NAMED.items() if not named.text])
def test_a_named_key_writes_nothing(key: str) -> None:
    down = pressed(key)
    assert down["type"] == "rawKeyDown"
    assert "text" not in down
    assert down["key"] == key
    assert down["code"] in (key, f"{key}Left")
    assert down["windowsVirtualKeyCode"] > 0


def test_virtual_key_codes_are_those_of_windows() -> None:
    codes = {"Backspace": 8, "Tab": 9, "Escape": 27, "PageUp": 33, "End": 35, "Home": 36, "ArrowLeft": 37, "ArrowDown": 40}
    codes |= {"Insert": 45, "Delete": 46, "F1": 112, "F12": 123}
    assert {key: NAMED[key].virtual_key for key in codes} == codes
    assert len({named.virtual_key for named in NAMED.values()}) == len(NAMED)


@pytest.mark.parametrize(
    ("modifiers", "bits"),
    [((), 0), (("Alt",), 1), (("Control",), 2), (("Meta",), 4), (("Shift",), 8), (("Shift", "Control", "Shift"), 10)],
)
def test_modifiers_are_bits(modifiers: tuple[Modifier, ...], bits: int) -> None:
    assert pressed("ArrowUp", *modifiers)["modifiers"] == bits


@pytest.mark.parametrize("modifier", ["Control", "Alt", "Meta"])
def test_a_shortcut_writes_nothing(modifier: Modifier) -> None:
    for key in ("a", " ", "Enter", "ß"):
        down = pressed(key, modifier)
        assert down["type"] == "rawKeyDown"
        assert "text" not in down


def test_shift_still_writes() -> None:
    assert pressed("A", "Shift")["text"] == "A"


@pytest.mark.parametrize(("key", "command"), COMMANDS.items())
def test_control_names_the_pages_editing_command(key: str, command: str) -> None:
    assert pressed(key, "Control")["commands"] == [command]
    assert pressed(key.upper(), "Control")["commands"] == [command]
    assert "commands" not in pressed(key, "Alt")
    assert "commands" not in pressed(key)


def test_undo_with_shift_is_redo() -> None:
    assert pressed("Z", "Control", "Shift")["commands"] == ["redo"]


def test_other_letters_have_no_command() -> None:
    assert "commands" not in pressed("b", "Control")


@pytest.mark.parametrize("key", ["", "NoSuchKey", "enter", "ab", "\n", "\x00", "\ud800", "\u200b", "F13"])
def test_a_key_that_nobody_knows_is_refused_by_name(key: str) -> None:
    with pytest.raises(BadRequest, match="There is no key") as caught:
        key_calls(key, ())
    assert repr(key) in caught.value.message


def test_down_and_up_are_the_halves_of_a_press() -> None:
    assert key_calls("a", (), "down") + key_calls("a", (), "up") == key_calls("a", ())
    ((_, again),) = key_calls("a", (), "down", again=True)
    assert again["autoRepeat"] is True
    ((_, down),) = key_calls("Shift", ("Control",), "down")
    ((_, up),) = key_calls("Shift", ("Control", "Shift"), "up")
    assert (down["modifiers"], up["modifiers"]) == (10, 2), "while it is down it counts, from its own press on"
