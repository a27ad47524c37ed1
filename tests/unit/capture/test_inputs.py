"""The queue of input, with a pointer and a page that keep one common record of what reached them, and when."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capture.bidi import CommandFailed
from capture.inputs import Inputs
from engine.errors import Unavailable
from engine.inputs import Click, Input, Key, Move, Scroll, Text
from engine.messages import Done, Message, Refused

BUSY = Unavailable("The page is busy.", code="page_busy")
BARRIER = "Runtime.evaluate"


class World:
    """Pointer, windows and page in one, and who hears the answers."""

    def __init__(self) -> None:
        self.done: list[Any] = []  # what reached X server and page, in order
        self.sent: list[Message] = []
        self.x, self.y = 320, 240
        self.popup_open = False
        self.fails: dict[str, Exception] = {}
        self.gate: asyncio.Event | None = None
        self.frozen = False

    # pointer
    def click(self, x: int, y: int, button: str) -> None:
        self.x, self.y = x, y
        self.done.append(("click", x, y, button))

    def move(self, x: int, y: int) -> None:
        self.x, self.y = x, y
        self.done.append(("move", x, y))

    def wheel(self, dx: float, dy: float) -> None:
        self.done.append(("wheel", dx, dy))

    # page
    async def cdp(self, method: str, /, **params: Any) -> dict[str, Any]:
        if self.gate is not None:
            await self.gate.wait()
        await asyncio.sleep(0)
        if method in self.fails:
            raise self.fails[method]
        self.done.append((method, params))
        return {}

    async def wake(self) -> bool:
        return False

    def inputs(self) -> Inputs:
        parts = {
            "pointer": self,
            "windows": self,
            "page": self,
            "freezer": self,
            "send": self.sent.append,
            "seq": lambda: 42,
            "scale": 1.0,
        }
        return Inputs(**{name: parts[name] for name in inspect.signature(Inputs).parameters})  # type: ignore[arg-type]

    @property
    def methods(self) -> list[str]:
        return [entry[0] for entry in self.done]

    @property
    def texts(self) -> list[str]:
        return [entry[1]["text"] for entry in self.done if entry[0] == "Input.insertText"]

    @property
    def wheels(self) -> list[tuple[int, int, float, float]]:
        return [
            tuple(entry[1][name] for name in ("x", "y", "deltaX", "deltaY"))
            for entry in self.done
            if entry[0] == "Input.dispatchMouseEvent"
        ]


async def settle() -> None:
    for _ in range(200):
        await asyncio.sleep(0)


async def give(world: World, *messages: Input) -> None:
    inputs = world.inputs()
    running = asyncio.create_task(inputs.run())
    for message in messages:
        inputs.put(message)
    await settle()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


@pytest.fixture
def world() -> World:
    return World()


async def test_input_goes_in_in_the_order_in_which_it_came_and_each_is_answered(world: World) -> None:
    await give(world, Click(1, 5, 6), Text(2, "a"), Key(3, "Enter"), Move(4, 7, 8), Click(5, 9, 9, "right"), Text(6, "b"))
    press = ["Input.dispatchKeyEvent"] * 2
    text = "Input.insertText"
    assert world.methods == ["click", BARRIER, text, *press, "move", "click", BARRIER, text]
    assert world.done[0] == ("click", 5, 6, "left")
    assert ("click", 9, 9, "right") in world.done
    assert world.sent == [Done(token, 42) for token in range(1, 7)]


async def test_what_comes_later_is_done_too(world: World) -> None:
    inputs = world.inputs()
    running = asyncio.create_task(inputs.run())
    for number in range(3):
        await settle()
        inputs.put(Text(number, str(number)))
    await settle()
    assert world.texts == ["0", "1", "2"]
    running.cancel()


async def test_an_answer_comes_after_the_injection(world: World) -> None:
    world.gate = asyncio.Event()
    inputs = world.inputs()
    running = asyncio.create_task(inputs.run())
    inputs.put(Text(1, "a"))
    inputs.put(Click(2, 1, 1))
    await settle()
    assert world.sent == []
    assert world.done == [], "the click has overtaken the text"
    world.gate.set()
    await settle()
    assert world.methods == ["Input.insertText", "click"]
    assert world.sent == [Done(1, 42), Done(2, 42)]
    running.cancel()


@pytest.mark.parametrize("message", [Text(2, "a"), Key(2, "a"), Scroll(2, 0, 5)])
async def test_after_the_pointer_the_page_is_waited_for_once(world: World, message: Input) -> None:
    await give(world, Move(1, 1, 1), message, message)
    assert world.methods[:2] == ["move", BARRIER]
    assert world.methods.count(BARRIER) == 1


async def test_without_the_pointer_nothing_is_waited_for(world: World) -> None:
    await give(world, Text(1, "a"), Key(2, "b"), Scroll(3, 0, 1))
    assert BARRIER not in world.methods


async def test_a_barrier_that_failed_is_still_needed(world: World) -> None:
    world.fails[BARRIER] = CommandFailed("unknown error", "between two pages")
    inputs = world.inputs()
    running = asyncio.create_task(inputs.run())
    inputs.put(Click(1, 1, 1))
    inputs.put(Text(2, "lost"))
    await settle()
    assert isinstance(world.sent[-1], Refused)
    world.fails.clear()
    inputs.put(Text(3, "kept"))
    await settle()
    assert world.methods == ["click", BARRIER, "Input.insertText"]
    assert world.texts == ["kept"]
    running.cancel()


# ---- scrolls


async def test_scrolls_that_wait_for_the_same_place_are_one_and_each_is_answered(world: World) -> None:
    await give(world, Scroll(1, 1, 10, 5, 6), Scroll(2, 2, 20, 5, 6), Scroll(3, 0, -5), Scroll(4, 0, 7, 8, 8), Scroll(5, 0, 1))
    assert world.wheels == [(5, 6, 3, 25), (8, 8, 0, 8)]
    assert world.sent == [Done(token, 42) for token in range(1, 6)]


async def test_scrolls_are_not_drawn_together_over_other_input(world: World) -> None:
    await give(world, Scroll(1, 0, 1), Text(2, "x"), Scroll(3, 0, 2), Move(4, 9, 9), Scroll(5, 0, 3))
    assert world.wheels == [(320, 240, 0, 1), (320, 240, 0, 2), (9, 9, 0, 3)]


async def test_over_an_open_popup_the_wheel_itself_turns(world: World) -> None:
    world.popup_open = True
    await give(world, Scroll(1, 0, 60, 7, 8), Scroll(2, 3, 40, 7, 8))
    assert world.done == [("move", 7, 8), ("wheel", 3, 100)]
    assert world.sent == [Done(1, 42), Done(2, 42)]


# ---- refusals


async def test_a_key_that_there_is_not_is_refused_and_the_queue_goes_on(world: World) -> None:
    await give(world, Key(1, "NoSuchKey"), Text(2, "a"))
    first, second = world.sent
    assert isinstance(first, Refused)
    assert (first.token, first.code) == (1, "bad_request")
    assert "NoSuchKey" in first.message
    assert second == Done(2, 42)


async def test_what_the_browser_refuses_is_told_as_a_sentence(world: World) -> None:
    world.fails["Input.insertText"] = CommandFailed("unknown error", "it crashed")
    await give(world, Text(1, "a"), Click(2, 1, 1))
    assert world.sent == [Refused(1, "unavailable", "The browser did not take the input: it crashed."), Done(2, 42)]


async def test_a_busy_page_refuses_what_waits_for_it_and_not_the_pointer(world: World) -> None:
    world.fails["Input.insertText"] = BUSY
    await give(world, Text(1, "a"), Key(2, "b"), Click(3, 1, 1), Scroll(4, 0, 1), Move(5, 2, 2))
    assert world.methods == ["click", "move"]
    refused = [answer for answer in world.sent if isinstance(answer, Refused)]
    assert {answer.token for answer in refused} == {1, 2, 4}
    assert {answer.code for answer in refused} == {"page_busy"}
    assert [answer for answer in world.sent if isinstance(answer, Done)] == [Done(3, 42), Done(5, 42)]


async def test_scrolls_that_were_one_are_each_refused(world: World) -> None:
    world.fails["Input.dispatchMouseEvent"] = CommandFailed("unknown error", "no")
    await give(world, *[Scroll(token, 0, 1) for token in range(5)])
    assert sorted(answer.token for answer in world.sent if isinstance(answer, Refused)) == list(range(5))


kinds = st.sampled_from(["click", "move", "scroll", "scroll here", "text", "key", "bad key"])


def message(token: int, kind: str) -> Input:
    match kind:
        case "click":
            return Click(token, token, token)
        case "move":
            return Move(token, token, token)
        case "scroll":
            return Scroll(token, 1, token)
        case "scroll here":
            return Scroll(token, 1, token, 50, 50)
        case "text":
            return Text(token, f"{token}")
        case _:
            return Key(token, "NoSuchKey" if kind == "bad key" else "Tab")


@settings(max_examples=60, deadline=None)
@given(
    kinds=st.lists(kinds, max_size=25),
    fails=st.sets(st.sampled_from([BARRIER, "Input.insertText", "Input.dispatchMouseEvent"])),
    busy=st.booleans(),
)
def test_whatever_fails_every_token_is_answered_exactly_once(kinds: list[str], fails: set[str], busy: bool) -> None:
    world = World()
    world.fails = {method: BUSY if busy else CommandFailed("unknown error", "no") for method in fails}
    asyncio.run(give(world, *[message(token, kind) for token, kind in enumerate(kinds)]))
    answered = [answer.token for answer in world.sent if isinstance(answer, Done | Refused)]
    assert sorted(answered) == list(range(len(kinds)))
    if not fails:
        assert answered == sorted(answered)
        assert world.texts == [f"{token}" for token, kind in enumerate(kinds) if kind == "text"]
        assert sum(dy for _, _, _, dy in world.wheels) == sum(token for token, kind in enumerate(kinds) if "scroll" in kind)
    clicks = [entry[1] for entry in world.done if entry[0] == "click"]
    assert clicks == [token for token, kind in enumerate(kinds) if kind == "click"]
