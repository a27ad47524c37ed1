"""Messages of Engine.IO 4 and Socket.IO 5, as far as a Jiomosa server uses them. Pure.

0{...}          opened, with the times of pings      2   a ping, to be answered by 3
40{...}         connected                            44{...}  refused: {message, data: {code}}
42[name, data]  an event                             41  disconnected
451-[name, data]  an event whose attachment is the binary message behind it
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

PING, PONG, CONNECT, DISCONNECT, REFUSED = "2", "3", "40", "41", "44"


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture. `timestamp`: when it was grabbed, epoch seconds by the server's clock; `arrived`: by ours; `wire`: bytes."""

    jpeg: bytes
    seq: int
    timestamp: float
    width: int
    height: int
    quality: int
    arrived: float
    wire: int

    @property
    def age(self) -> float:
        """Seconds from the grab until it arrived, where both clocks agree."""
        return self.arrived - self.timestamp


@dataclass(frozen=True, slots=True)
class Event:
    """Any other event; docs/protocol.md lists them."""

    name: str
    payload: dict[str, Any]


def event_text(name: str, payload: dict[str, Any] | None = None) -> str:
    """The message that is an event."""
    return "42" + json.dumps([name] if payload is None else [name, payload], ensure_ascii=False, separators=(",", ":"))


class Reader:
    """Makes events of messages, in order."""

    def __init__(self) -> None:
        self._waiting: tuple[str, int] | None = None  # for its attachment

    def read(self, message: str | bytes, arrived: float) -> Frame | Event | None:
        """The event that is complete with `message`; None where none is."""
        if isinstance(message, bytes):
            if self._waiting is None:
                return None
            (text, wire), self._waiting = self._waiting, None
            return _event(text, arrived, wire + len(message), message)
        if message.startswith("451-"):
            self._waiting = (message[4:], len(message))
            return None
        if message.startswith("42"):
            return _event(message[2:], arrived, len(message), None)
        return None


def _event(text: str, arrived: float, wire: int, attachment: bytes | None) -> Frame | Event:
    name, *rest = json.loads(text)
    payload: dict[str, Any] = rest[0] if rest and isinstance(rest[0], dict) else {}
    if name != "frame":
        return Event(name, payload)
    jpeg = base64.b64decode(payload["image"]) if attachment is None else attachment
    size = payload["width"], payload["height"]
    return Frame(jpeg, payload["seq"], payload["timestamp"] / 1000, *size, payload["quality"], arrived, wire)
