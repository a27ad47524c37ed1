"""The tables by which the door of Socket.IO (`api.events`) knows its events, one a room; docs/protocol.md describes them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec

from api.viewer import Viewer

Place = TypeVar("Place")


@dataclass(frozen=True, slots=True)
class Handler(Generic[Place]):
    """What is done about an event: `run(place, viewer, payload)`.

    place    the door itself; in the rooms of those who may control a session, that session
    payload  what the event's object is checked as before; None: it has none, and gets {}
    answers  the events that say that it was done
    """

    payload: type[msgspec.Struct] | None
    run: Callable[[Place, Viewer, Any], Awaitable[None]]
    answers: tuple[str, ...] = ()
