"""Which field has the focus, of all that documents say, and where on the picture it lies."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture import focus as module
from capture.bidi import CommandFailed
from capture.focus import CHANNEL, Fields, FocusWatch, Said
from engine.exchange import Focus
from tests.unit.api.fakes import until
from tests.unit.capture.browser import FakeBidi

PARENTS = {"tab": None, "frame": "tab", "inner": "frame", "other tab": None, "other frame": "other tab"}
TABS = {"tab": "tab", "frame": "tab", "inner": "tab", "other tab": "other tab", "other frame": "other tab"}
HEARD = st.tuples(st.sampled_from(sorted(PARENTS)), st.booleans(), st.booleans())


@given(st.lists(HEARD, max_size=20), st.sets(st.sampled_from(sorted(PARENTS))))
def test_the_field_is_one_of_the_tab_that_had_the_focus_last(heard: list[tuple[str, bool, bool]], gone: set[str]) -> None:
    fields = Fields()
    for context, parent in PARENTS.items():
        fields.created(context, parent)
    last_tab, editable = None, {}
    for context, focused, has_field in heard:
        fields.heard(context, Said(focused, has_field and focused))
        last_tab = TABS[context] if focused else last_tab
        editable[context] = has_field and focused
    for context in gone:
        fields.destroyed(context)
    left = {
        context: has_field
        for context, has_field in editable.items()
        if not {context, PARENTS[context], PARENTS.get(PARENTS[context] or "")} & gone
    }
    expected = {context for context, has_field in left.items() if has_field and TABS[context] == last_tab}
    current = fields.current
    assert (current[0] in expected) if current else not expected


class World:
    """Tab "tab" with a frame "frame" in it, and what was told of the focus in them."""

    def __init__(self) -> None:
        self.bidi = FakeBidi()
        tree = [{"context": "tab", "children": [{"context": "frame", "children": [{"context": "inner"}]}]}]
        self.places = {"tab": {"x": 100, "y": 50, "zoom": 2}, "frame": {"x": 10, "y": 5, "zoom": 1}}
        self.bidi.replies |= {
            "browsingContext.getTree": {"contexts": tree},
            "script.addPreloadScript": {},
            "browsingContext.locateNodes": {"nodes": [{"sharedId": "a frame's element"}]},
            "script.callFunction": lambda params: {"result": {"value": json.dumps(self.places[params["target"]["context"]])}},
        }
        self.told: list[Focus] = []
        self.watch = FocusWatch(self.told.append)

    def say(self, context: str, channel: str = CHANNEL, **said: Any) -> None:
        value = {"type": "string", "value": json.dumps({"focused": True, "editable": False, **said})}
        self.watch.on_event("script.message", {"channel": channel, "data": value, "source": {"context": context}})

    def enter(self, context: str, **more: Any) -> None:
        field: dict[str, Any] = {"type": "text", "x": 3, "y": 4, "width": 20, "height": 10, "ratio": 1.0}
        self.say(context, editable=True, **(field | more))


@pytest.fixture
async def world(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    monkeypatch.setattr(module, "TELL_SECONDS", 0.01)
    monkeypatch.setattr(module, "ASK_SECONDS", 0.05)
    world = World()
    await world.watch.open(world.bidi)  # type: ignore[arg-type]
    yield world
    world.watch.close()


async def test_a_field_is_told_when_it_is_entered_and_left_and_only_then(world: World) -> None:
    world.enter("tab", length=5, ratio=2.0)
    await until(lambda: world.told)
    world.enter("tab", length=5, ratio=2.0)
    await asyncio.sleep(0.03)
    world.say("tab")
    await until(lambda: len(world.told) > 1)
    assert world.told == [Focus(True, "text", False, 5, 6, 8, 40, 20), Focus()]


@pytest.mark.parametrize(
    ("context", "field"),
    [("frame", (206, 108, 40, 20)), ("inner", (226, 118, 40, 20))],  # (3 + 100) * 2 by (4 + 50) * 2; within, 10 and 5 more
)
async def test_a_field_in_a_frame_is_where_its_page_shows_it(world: World, context: str, field: tuple[int, ...]) -> None:
    world.enter(context)
    await until(lambda: world.told)
    told = world.told[0]
    assert (told.x, told.y, told.width, told.height) == field


async def test_a_page_that_moves_its_focus_all_the_time_is_told_of_no_faster_than_anyone_could_read(
    monkeypatch: pytest.MonkeyPatch, world: World
) -> None:
    monkeypatch.setattr(module, "TELL_SECONDS", 0.05)
    for number in range(200):
        world.enter("tab", x=number)
        await asyncio.sleep(0)
    await until(lambda: world.told and world.told[-1].x == 199)
    assert len(world.told) <= 3


async def test_a_field_that_goes_with_its_frame_has_the_focus_no_more(world: World) -> None:
    world.enter("inner")
    await until(lambda: world.told)
    world.watch.on_event("browsingContext.contextDestroyed", {"context": "frame"})
    await until(lambda: len(world.told) > 1)
    assert world.told[-1] == Focus()


async def test_a_frame_that_is_made_later_is_known(world: World) -> None:
    world.watch.on_event("browsingContext.contextCreated", {"context": "late", "parent": "tab"})
    world.enter("late")
    await until(lambda: world.told)
    assert world.told[0].x == 206


@pytest.mark.parametrize("what", [CommandFailed("no such frame", "gone"), {"nodes": []}])
async def test_what_cannot_be_found_out_is_not_told_and_what_comes_next_is(world: World, what: Any) -> None:
    before = world.bidi.replies["browsingContext.locateNodes"]
    world.bidi.replies["browsingContext.locateNodes"] = what
    world.enter("frame")
    await asyncio.sleep(0.03)
    assert world.told == []
    world.bidi.replies["browsingContext.locateNodes"] = before
    work = world.watch._work
    world.enter("tab")
    await until(lambda: world.told)
    assert world.told[0].x == 3
    assert work is not None
    assert not work.done() or work.exception() is None


async def test_what_others_say_or_makes_no_sense_is_not_heard(world: World) -> None:
    world.enter("tab", channel="another")
    world.enter("tab", length="long")
    world.watch.on_event("script.message", {"channel": CHANNEL, "data": {"type": "undefined"}, "source": {"context": "tab"}})
    world.watch.on_event("log.entryAdded", {})
    await asyncio.sleep(0.03)
    assert world.told == []
