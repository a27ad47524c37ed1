"""What viewers of a session hold, from what they say to what its capture process is sent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from api.session import Session
from engine.holding import HeldButton, HeldKey
from engine.inputs import Down, Key, Touch, TouchPoint, Up
from engine.messages import Done
from tests.unit.api.fakes import FakeChild, FakeViewer, turns, until
from tests.unit.api.opened import REASON, World


class Holder(FakeViewer):
    """A viewer that can be asked whether it is there."""

    asked = 0
    heard_at = 0.0  # long ago

    def ask(self) -> None:
        self.asked += 1


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[World]:
    monkeypatch.setattr("api.incarnation.Child", FakeChild)
    monkeypatch.setattr(FakeChild, "made", [])
    monkeypatch.setattr(FakeChild, "failing", [])
    world = World(tmp_path)
    yield world
    world.assert_nothing_left()


async def held(world: World) -> tuple[Session, Any]:
    """A session, and a viewer of it that holds a key, a button and a finger."""
    session = await world.started()
    world.child.answer = lambda message: Done(message.token, 1) if hasattr(message, "token") else None
    viewer = cast(Any, Holder())
    session.watch(viewer)
    injecting = [
        session.grip.press(viewer, HeldKey("w"), lambda t: Key(t, "w", (), "down"), lambda t: Key(t, "w", (), "down")),
        session.grip.press(viewer, HeldButton("left"), lambda t: Down(t, 1, 1), lambda t: Down(t, 1, 1)),
        session.grip.touch(viewer, [TouchPoint(7, 1, 2)]),
    ]
    for work in injecting:
        await work
    world.child.sent.clear()
    return session, viewer


def let_go(world: World) -> list[Any]:
    return [(type(m), getattr(m, "action", None)) for m in world.child.sent if isinstance(m, Key | Up | Touch)]


EVERYTHING = [(Key, "up"), (Up, None), (Touch, None)]


async def test_who_unsubscribes_lets_go_of_everything_at_once(world: World) -> None:
    session, viewer = await held(world)
    session.unwatch(viewer)
    await turns()
    assert let_go(world) == EVERYTHING
    await session.close(REASON)


async def test_who_is_silent_is_asked_and_then_lets_go(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.holding.ASK_SECONDS", 0.02)
    monkeypatch.setattr("engine.holding.ANSWER_SECONDS", 0.1)
    session, viewer = await held(world)
    await until(lambda: let_go(world) == EVERYTHING)
    assert viewer.asked == 1
    await session.close(REASON)
