"""What a person does at a terminal, out of the bytes that it sends. Pure.

Keys come as DOM names, text as it was typed, the mouse as cells (from 0) where it reports those (xterm's SGR mode, 1006).
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

CSI = re.compile(rb"\x1b(?:\[|O)([0-9;<]*)([A-Za-z~])")
MOUSE = re.compile(r"<(\d+);(\d+);(\d+)")  # a button, a column and a row; with M it was pressed
ENDS = {b"A": "ArrowUp", b"B": "ArrowDown", b"C": "ArrowRight", b"D": "ArrowLeft", b"H": "Home", b"F": "End"}
NUMBERS = {"1": "Home", "3": "Delete", "4": "End", "5": "PageUp", "6": "PageDown", "7": "Home", "8": "End"}
SINGLE = {0x0D: "Enter", 0x0A: "Enter", 0x09: "Tab", 0x7F: "Backspace", 0x08: "Backspace"}
CTRL_C = 0x03
MODIFIERS = ((1, "Shift"), (2, "Alt"), (4, "Control"))  # bits of xterm's parameter, less one


@dataclass(frozen=True, slots=True)
class Key:
    key: str
    modifiers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Text:
    text: str


@dataclass(frozen=True, slots=True)
class Click:
    column: int
    row: int


@dataclass(frozen=True, slots=True)
class Wheel:
    """`up`: towards the top of the page."""

    column: int
    row: int
    up: bool


@dataclass(frozen=True, slots=True)
class Quit:
    """Ctrl+C."""


Action = Key | Text | Click | Wheel | Quit


class Keys:
    """`feed` what comes; `rest` after a moment without anything: an escape that nothing followed is the key."""

    def __init__(self) -> None:
        self._bytes = b""

    def feed(self, data: bytes) -> list[Action]:
        self._bytes += data
        actions: list[Action] = []
        while self._bytes and (taken := self._take(actions)):
            self._bytes = self._bytes[taken:]
        return actions

    def rest(self) -> list[Action]:
        if self._bytes[:1] != b"\x1b":
            return []
        self._bytes = self._bytes[1:]
        return [Key("Escape"), *self.feed(b"")]

    def _take(self, actions: list[Action]) -> int:
        """Adds one action; returns the bytes that it was, 0 where more are needed."""
        data, first = self._bytes, self._bytes[0]
        if first == 0x1B:
            found = CSI.match(data)
            if found is None:
                incomplete = re.fullmatch(rb"\x1b(?:(?:\[|O)[0-9;<]*)?", data) is not None
                if not incomplete:
                    actions.append(Key("Escape"))
                return 0 if incomplete else 1
            actions += _sequence(found[1].decode(), found[2])
            return found.end()
        if first == CTRL_C:
            actions.append(Quit())
            return 1
        if first in SINGLE:
            actions.append(Key(SINGLE[first]))
            return 1
        if first < 0x20:
            if ord("a") <= first + 0x60 <= ord("z"):
                actions.append(Key(chr(first + 0x60), ("Control",)))
            return 1
        end = next((index for index, byte in enumerate(data) if byte < 0x20 or byte == 0x7F), len(data))
        decoder = codecs.getincrementaldecoder("utf-8")("ignore")
        text = decoder.decode(data[:end], final=end < len(data))
        if text:
            actions.append(Text(text))
        return end - len(decoder.getstate()[0])  # what is left may be the begin of a character


def _sequence(parameters: str, last: bytes) -> list[Action]:
    if (mouse := MOUSE.fullmatch(parameters)) is not None:
        button, where = int(mouse[1]), (int(mouse[2]) - 1, int(mouse[3]) - 1)
        if last == b"M" and button in (64, 65):
            return [Wheel(*where, button == 64)]
        return [Click(*where)] if last == b"M" and button == 0 else []
    first, _, second = parameters.partition(";")
    bits = int(second) - 1 if second.isdigit() else 0
    modifiers = tuple(name for bit, name in MODIFIERS if bits & bit)
    if last == b"Z":
        return [Key("Tab", ("Shift",))]
    key = NUMBERS.get(first) if last == b"~" else ENDS.get(last)
    return [Key(key, modifiers)] if key else []
