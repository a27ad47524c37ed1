"""The mouse: by which way each thing goes, and that nothing that went down one way goes up another."""

from __future__ import annotations

from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture import mouse as module
from capture.keyboard import Call
from capture.mouse import FEWEST_STEPS, MOST_STEPS, Mouse
from engine.inputs import Button


class World:
    """X and DevTools, with one record of what reached them."""

    def __init__(self, scale: float = 1.0) -> None:
        self.done: list[tuple[Any, ...]] = []
        self.x = self.y = 0
        self.mouse = Mouse(cast(Any, self), self.call, scale)

    def move(self, x: int, y: int) -> None:
        self.x, self.y = x, y
        self.done.append(("X move", x, y))

    def down(self, x: int, y: int, button: Button) -> None:
        self.done.append(("X down", button))

    def up(self, button: Button) -> None:
        self.done.append(("X up", button))

    def click(self, x: int, y: int, button: Button) -> None:
        self.done.append(("X click", x, y, button))

    def wheel(self, dx: float, dy: float) -> None:
        self.done.append(("X wheel", dx, dy))

    async def call(self, calls: list[Call]) -> None:
        for _, params in calls:
            self.done.append((params["type"], params["x"], params["y"], params.get("button"), params.get("modifiers")))


async def test_a_click_is_xs_unless_a_modifier_is_held_or_comes_with_it() -> None:
    world = World(scale=2)
    await world.mouse.click(10, 20, "left")
    assert world.done == [("X click", 10, 20, "left")]
    assert world.mouse.pointed, "what DevTools do next must wait for it"
    world.done.clear()
    await world.mouse.click(10, 20, "left", ("Control",))
    assert world.done[1:] == [("mousePressed", 5, 10, "left", 2), ("mouseReleased", 5, 10, "left", 2)]
    world.done.clear()
    world.mouse.modifiers = {"Shift"}
    await world.mouse.click(10, 20, "right", ("Control",))
    assert [entry[-1] for entry in world.done] == [10, 10, 10]


@given(st.booleans(), st.booleans())
async def test_a_button_goes_up_the_way_it_went_down(held_at_first: bool, held_then: bool) -> None:
    world = World()
    world.mouse.modifiers = {"Shift"} if held_at_first else set()
    await world.mouse.down(1, 2, "left")
    world.mouse.modifiers = {"Shift"} if held_then else set()
    await world.mouse.move(3, 4)
    await world.mouse.up(None, None, "left")
    names = [entry[0] for entry in world.done]
    if held_at_first:
        assert names == ["mousePressed", "mouseMoved", "mouseReleased"]
        assert world.done[-1][1:3] == (3, 4)
    else:
        assert names[0] == "X down"
        assert names[-1] == "X up"
        assert not any(name.startswith("mouse") for name in names)


@pytest.mark.parametrize(("end", "steps"), [((10, 0), FEWEST_STEPS), ((500, 0), 20), ((3000, 2000), MOST_STEPS)])
async def test_a_drag_moves_in_steps_and_ends_where_it_should(
    monkeypatch: pytest.MonkeyPatch, end: tuple[int, int], steps: int
) -> None:
    monkeypatch.setattr(module, "STEP_SECONDS", 0.0)
    world = World()
    await world.mouse.drag((0, 0), end, "left")
    assert world.done[:2] == [("X move", 0, 0), ("X down", "left")]
    moves = world.done[2:-2]
    assert len(moves) == steps
    assert moves[-1] == ("X move", *end)
    assert world.done[-1] == ("X up", "left")
    assert moves == sorted(moves)


async def test_a_wheel_turns_in_css_pixels_and_over_a_popup_in_xs() -> None:
    world = World(scale=2)
    calls: list[Any] = []

    async def call(made: list[Call]) -> None:
        calls.extend(made)

    world.mouse._call = call
    await world.mouse.wheel(100, 50, 0, 30, popup=False)
    ((_, event),) = calls
    assert (event["x"], event["y"], event["deltaY"]) == (50, 25, 15)
    await world.mouse.wheel(100, 50, 0, 30, popup=True)
    assert world.done[-2:] == [("X move", 100, 50), ("X wheel", 0, 30)]
