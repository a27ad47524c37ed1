"""Keys and text, as Chrome DevTools Protocol calls. Pure: what is typed -> the calls to make, in order.

Text goes in whole (`Input.insertText`: any script, no keymap), keys as key events. Both take the same path, so their order is
kept; and key events that come this way never reach Chromium's own user interface, whatever they are: for want of a native key
code (`nativeVirtualKeyCode`, never to be given) it does not take them back from a page that has not used them.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from engine.errors import BadRequest
from engine.messages import Modifier

Call = tuple[str, dict[str, Any]]


class _Named(NamedTuple):
    code: str
    virtual_key: int  # Windows virtual-key code, which is what the protocol wants
    text: str = ""


MODIFIER_BITS: dict[Modifier, int] = {"Alt": 1, "Control": 2, "Meta": 4, "Shift": 8}

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
}

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


def key_calls(key: str, modifiers: tuple[Modifier, ...]) -> list[Call]:
    """Press and release `key`, a DOM `KeyboardEvent.key`. Raises `BadRequest` for a key that nobody knows."""
    bits = 0
    for modifier in modifiers:
        bits |= MODIFIER_BITS[modifier]
    named = NAMED.get(key)
    if named is None:
        if len(key) != 1 or not key.isprintable():
            raise BadRequest(f"There is no key {key!r}; use a character or a name such as Enter, Tab or ArrowLeft.")
        letter = key.upper()
        known = key.isascii() and key.isalnum()  # "ß" in capitals are two
        code = "" if not known else f"Key{letter}" if letter.isalpha() else f"Digit{letter}"
        named = _Named(code, ord(letter) if known else 0, key)
    event: dict[str, Any] = {
        "key": key,
        "code": named.code,
        "windowsVirtualKeyCode": named.virtual_key,
        "modifiers": bits,
    }
    down: dict[str, Any] = {**event, "type": "rawKeyDown"}
    shortcut = bits & (MODIFIER_BITS["Control"] | MODIFIER_BITS["Alt"] | MODIFIER_BITS["Meta"])
    if shortcut:
        command = COMMANDS.get(key.lower()) if bits & MODIFIER_BITS["Control"] else None
        if command == "undo" and bits & MODIFIER_BITS["Shift"]:
            command = "redo"
        if command:
            down["commands"] = [command]
    elif named.text:
        down |= {"type": "keyDown", "text": named.text, "unmodifiedText": named.text}
    return [("Input.dispatchKeyEvent", down), ("Input.dispatchKeyEvent", {**event, "type": "keyUp"})]
