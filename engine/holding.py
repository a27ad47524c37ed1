"""What viewers hold down on a page: keys, buttons, fingers; and when each is let go, so that none is ever stuck. Pure.

    free --down--> held --up, or its last holder goes or is silent--> free

A key or a button may be held by several viewers, and is let go when the last of them lets go; a finger is one viewer's. A viewer
that holds something and says nothing for ASK_SECONDS is asked whether it is there; who says nothing for ANSWER_SECONDS more holds
nothing.

Invariants (each a property test): what is told to be pressed is told to be let go exactly once, when its last holder has let go
of it, has gone or is silent; nothing is told to be let go that was not pressed; nobody is silent who was not asked, however late
it is looked (a machine may have been suspended).
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from engine.errors import BadRequest
from engine.inputs import Button, TouchPoint

ASK_SECONDS, ANSWER_SECONDS = 2.0, 3.0
MOST_HELD = 24  # keys and buttons of one viewer: more than it has fingers
MOST_FINGERS = 10


@dataclass(frozen=True, slots=True)
class HeldKey:
    """By its DOM `KeyboardEvent.key`."""

    key: str


@dataclass(frozen=True, slots=True)
class HeldButton:
    button: Button


Held = HeldKey | HeldButton
Holder = TypeVar("Holder", bound=Hashable)


@dataclass(slots=True)
class _Hands:
    """One viewer's. `asked`: when, since it was `heard`. `fingers`: for each of its own ids the page's number for it."""

    heard: float
    asked: float = math.inf
    held: dict[Held, None] = field(default_factory=dict)  # in the order in which they went down
    fingers: dict[int, int] = field(default_factory=dict)

    @property
    def look_at(self) -> float:
        return self.heard + ASK_SECONDS if self.asked == math.inf else self.asked + ANSWER_SECONDS


class Holding(Generic[Holder]):
    """One session's. Times are seconds of one monotonic clock."""

    def __init__(self) -> None:
        self._hands: dict[Holder, _Hands] = {}
        self._touching: dict[int, TouchPoint] = {}  # by number

    @property
    def touching(self) -> tuple[TouchPoint, ...]:
        """All fingers that are on the page."""
        return tuple(self._touching.values())

    def holds(self, thing: Held) -> bool:
        """Whether anybody holds it."""
        return any(thing in hands.held for hands in self._hands.values())

    # ---- keys and buttons

    def down(self, now: float, viewer: Holder, thing: Held) -> bool:
        """`viewer` holds it from now on. True: it is to be pressed; nobody had it down. Raises `BadRequest` for too many."""
        hands = self._of(now, viewer)
        if len(hands.held) >= MOST_HELD and thing not in hands.held:
            self._tidy(viewer)
            raise BadRequest(f"You hold {MOST_HELD} keys and buttons already; let go of some first.")
        pressed = not self.holds(thing)
        hands.held[thing] = None
        return pressed

    def up(self, viewer: Holder, thing: Held) -> bool:
        """`viewer` lets go of it. True: so it is to be let go."""
        hands = self._hands.get(viewer)
        if hands is None or thing not in hands.held:
            return False
        del hands.held[thing]
        self._tidy(viewer)
        return not self.holds(thing)

    # ---- fingers

    def touch(self, now: float, viewer: Holder, points: list[TouchPoint]) -> bool:
        """Fingers of `viewer`, by its own ids, come down or move; whether a new one is among them. Raises `BadRequest`."""
        hands = self._of(now, viewer)
        new = [point.id for point in points if point.id not in hands.fingers]
        if len(self._touching) + len(set(new)) > MOST_FINGERS:
            self._tidy(viewer)
            raise BadRequest(f"A page is touched by at most {MOST_FINGERS} fingers; lift some first.")
        for point in points:
            number = hands.fingers.get(point.id)
            if number is None:
                number = hands.fingers[point.id] = next(n for n in range(MOST_FINGERS) if n not in self._touching)
            self._touching[number] = TouchPoint(number, point.x, point.y)
        return bool(new)

    def touches(self, viewer: Holder, id: int) -> bool:
        """Whether this finger of `viewer` is on the page."""
        hands = self._hands.get(viewer)
        return hands is not None and id in hands.fingers

    def lift(self, viewer: Holder, ids: list[int] | None = None) -> bool:
        """These fingers of `viewer`, or all, leave the page; whether any was on it."""
        hands = self._hands.get(viewer)
        if hands is None:
            return False
        lifted = [hands.fingers.pop(id) for id in (list(hands.fingers) if ids is None else ids) if id in hands.fingers]
        for number in lifted:
            del self._touching[number]
        self._tidy(viewer)
        return bool(lifted)

    # ---- viewers

    def leave(self, viewer: Holder) -> list[Held]:
        """`viewer` has gone: what is to be let go. Its fingers have left the page."""
        self.lift(viewer)
        hands = self._hands.pop(viewer, None)
        return [] if hands is None else [thing for thing in hands.held if not self.holds(thing)]

    def forget(self) -> None:
        """The page has gone, and with it all that was held."""
        self._hands.clear()
        self._touching.clear()

    @property
    def holders(self) -> list[Holder]:
        """Who holds something."""
        return list(self._hands)

    def heard(self, at: float, viewer: Holder) -> None:
        """`viewer` was heard of at this time."""
        hands = self._hands.get(viewer)
        if hands is not None and at > hands.heard:
            hands.heard, hands.asked = at, math.inf

    def silent(self, now: float) -> list[Holder]:
        """Who has been silent for too long; each should `leave`."""
        return [viewer for viewer, hands in self._hands.items() if now >= hands.asked + ANSWER_SECONDS]

    def unsure(self, now: float) -> list[Holder]:
        """Who has to be asked now whether they are there: each is named once."""
        found = [viewer for viewer, hands in self._hands.items() if hands.asked == math.inf and now >= hands.heard + ASK_SECONDS]
        for viewer in found:
            self._hands[viewer].asked = now
        return found

    def look_at(self) -> float:
        """When to look again at who is silent; infinity while nobody holds anything."""
        return min((hands.look_at for hands in self._hands.values()), default=math.inf)

    def _of(self, now: float, viewer: Holder) -> _Hands:
        hands = self._hands.setdefault(viewer, _Hands(now))
        hands.heard, hands.asked = max(hands.heard, now), math.inf
        return hands

    def _tidy(self, viewer: Holder) -> None:
        hands = self._hands[viewer]
        if not hands.held and not hands.fingers:
            del self._hands[viewer]
