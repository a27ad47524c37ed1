"""Keys and text, as Chrome DevTools Protocol calls. Pure: what is typed -> the calls to make, in order.

Text goes in whole (`Input.insertText`: any script, no keymap), keys as key events. Both take the same path, so their order is
kept; and key events that come this way never reach Chromium's own user interface, whatever they are: for want of a native key
code (`nativeVirtualKeyCode`) it does not take them back from a page that has not used them. Only Escape alone has one: it is
how a person leaves full screen and pointer lock, which is for the browser to see to, not for the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from engine.errors import BadRequest
from engine.inputs import KeyAction

Call = tuple[str, dict[str, Any]]


class _Named(NamedTuple):
    code: str
    virtual_key: int  # Windows virtual-key code, which is what the protocol wants
    text: str = ""


ESCAPE = 9  # the native key code: X11's, of the evdev keymap

MODIFIER_BITS: dict[str, int] = {"Alt": 1, "Control": 2, "Meta": 4, "Shift": 8}

NAMED: dict[str, _Named] = {
    "Backspace": _Named("Backspace", 8),
    "Tab": _Named("Tab", 9),
    "Enter": _Named("Enter", 13, "\r"),
    "Escape": _Named("Escape", 27),
    " ": _Named("Space", 32, " "),
    "PageUp": _Named("PageUp", 33),
    "PageDown": _Named("PageDown", 34),
    "End": _Named("End", 35),
    "Home": _Named("Home", 36),
    "ArrowLeft": _Named("ArrowLeft", 37),
    "ArrowUp": _Named("ArrowUp", 38),
    "ArrowRight": _Named("ArrowRight", 39),
    "ArrowDown": _Named("ArrowDown", 40),
    "Insert": _Named("Insert", 45),
    "Delete": _Named("Delete", 46),
    **{f"F{number}": _Named(f"F{number}", 111 + number) for number in range(1, 13)},
    "Shift": _Named("ShiftLeft", 16),
    "Control": _Named("ControlLeft", 17),
    "Alt": _Named("AltLeft", 18),
    "Meta": _Named("MetaLeft", 91),
    "CapsLock": _Named("CapsLock", 20),
    "ContextMenu": _Named("ContextMenu", 93),
}

# Where a US keyboard has the characters that are neither letters nor digits: (code, virtual key, without and with Shift).
SYMBOLS = (
    ("Semicolon", 186, ";:"),
    ("Equal", 187, "=+"),
    ("Comma", 188, ",<"),
    ("Minus", 189, "-_"),
    ("Period", 190, ".>"),
    ("Slash", 191, "/?"),
    ("Backquote", 192, "`~"),
    ("BracketLeft", 219, "[{"),
    ("Backslash", 220, "\\|"),
    ("BracketRight", 221, "]}"),
    ("Quote", 222, "'\""),
    *((f"Digit{digit}", ord(digit), digit + shifted) for digit, shifted in zip("1234567890", "!@#$%^&*()", strict=True)),
)
BY_SYMBOL = {symbol: (code, number) for code, number, symbols in SYMBOLS for symbol in symbols}

# The page's own editing commands, which a key event of this kind has to name.
COMMANDS = {"a": "selectAll", "c": "copy", "v": "paste", "x": "cut", "z": "undo", "y": "redo"}


def text_calls(text: str) -> list[Call]:
    """Type `text`; a newline (of any kind) is the Enter key, a tab the Tab key."""
    calls: list[Call] = []
    for part in re.split(r"(\r\n|\r|\n|\t)", text):
        if part == "\t":
            calls += key_calls("Tab", ())
        elif part in ("\r\n", "\r", "\n"):
            calls += key_calls("Enter", ())
        elif part:
            calls.append(("Input.insertText", {"text": part}))
    return calls


def bits_of(modifiers: Iterable[str]) -> int:
    """Modifiers as the protocol has them: one number."""
    bits = 0
    for modifier in modifiers:
        bits |= MODIFIER_BITS[modifier]
    return bits


def key_calls(key: str, modifiers: Iterable[str], action: KeyAction = "press", *, again: bool = False) -> list[Call]:
    """Press and release `key`, a DOM `KeyboardEvent.key`, or one of both; `again`: it is down already.

    Raises `BadRequest` for a key that nobody knows.
    """
    bits = bits_of(modifiers)
    named = _named(key)
    event: dict[str, Any] = {
        "key": key,
        "code": named.code,
        "windowsVirtualKeyCode": named.virtual_key,
        "modifiers": bits,
    }
    calls: list[Call] = []
    if action != "up":
        down: dict[str, Any] = {**event, "type": "rawKeyDown", "modifiers": bits | MODIFIER_BITS.get(key, 0)}
        if key == "Escape" and not bits:
            down["nativeVirtualKeyCode"] = ESCAPE
        if again:
            down["autoRepeat"] = True
        if bits & (MODIFIER_BITS["Control"] | MODIFIER_BITS["Alt"] | MODIFIER_BITS["Meta"]):
            if command := _command(key, bits):
                down["commands"] = [command]
        elif named.text:
            down |= {"type": "keyDown", "text": named.text, "unmodifiedText": named.text}
        calls.append(("Input.dispatchKeyEvent", down))
    if action != "down":
        up = {**event, "type": "keyUp", "modifiers": bits & ~MODIFIER_BITS.get(key, 0)}
        calls.append(("Input.dispatchKeyEvent", up))
    return calls


def _named(key: str) -> _Named:
    named = NAMED.get(key)
    if named is not None:
        return named
    if len(key) != 1 or not key.isprintable():
        raise BadRequest(f"There is no key {key!r}; use a character or a name such as Enter, Tab or ArrowLeft.")
    if key in BY_SYMBOL:
        return _Named(*BY_SYMBOL[key], key)
    letter = key.upper()
    if key.isascii() and key.isalpha():  # "ß" in capitals are two
        return _Named(f"Key{letter}", ord(letter), key)
    return _Named("", 0, key)


def _command(key: str, bits: int) -> str | None:
    command = COMMANDS.get(key.lower()) if bits & MODIFIER_BITS["Control"] else None
    return "redo" if command == "undo" and bits & MODIFIER_BITS["Shift"] else command
