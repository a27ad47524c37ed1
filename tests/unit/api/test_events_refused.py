"""Whatever is wrong with an event comes back as exactly one `error`, with nothing changed."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.events import HANDLERS
from api.payloads import MAX_SCROLL, MAX_TEXT
from engine.errors import LoadFailed
from tests.unit.api.door import GOOD, HEIGHT, WIDTH, World, only_error

# ---- what is wrong

NAN, INF = math.nan, math.inf
BAD: list[tuple[str, Any]] = [
    ("subscribe", {}),
    ("subscribe", {"session_id": 5}),
    ("subscribe", {"session_id": None}),
    ("subscribe", {"session_id": ""}),
    ("subscribe", {"session_id": "nobody"}),
    ("subscribe", {"session_id": "../a"}),
    ("subscribe", {"session_id": "a\n"}),
    ("subscribe", {"session_id": "a" * 65}),
    ("subscribe", {"session_id": "\ud800"}),
    ("subscribe", {"session_id": "a", "format": "png"}),
    ("subscribe", {"session_id": "a", "format": None}),
    ("subscribe", {"session_id": "a", "max_width": 15}),
    ("subscribe", {"session_id": "a", "max_height": 10**400}),
    ("subscribe", {"session_id": "a", "max_height": 20.5}),
    ("subscribe", {"session_id": "a", "grayscale": 1}),
    ("subscribe", {"session_id": "a", "fps": 61}),
    ("subscribe", {"session_id": "a", "fps": NAN}),
    ("subscribe", {"session_id": "a", "quality": 9}),
    ("subscribe", {"session_id": "a", "quality": 50, "adaptive": "no"}),
    ("subscribe", {"session_id": "nobody", "quality": 50}),
    ("subscribe", "a"),
    ("subscribe", None),
    ("quality:set", {}),
    ("quality:set", {"quality": 9}),
    ("quality:set", {"quality": 101}),
    ("quality:set", {"quality": 75.5}),
    ("quality:set", {"quality": "75"}),
    ("quality:set", {"quality": True}),
    ("quality:set", {"quality": NAN}),
    ("quality:set", {"quality": 10**400}),
    ("quality:set", 75),
    ("quality:set", [75]),
    ("fps:set", {"fps": 0}),
    ("fps:set", {"fps": 0.5}),
    ("fps:set", {"fps": -30}),
    ("fps:set", {"fps": 60.5}),
    ("fps:set", {"fps": 10**400}),
    ("fps:set", {"fps": NAN}),
    ("fps:set", {"fps": INF}),
    ("fps:set", {"fps": "30"}),
    ("fps:set", {"fps": None}),
    ("adaptive:toggle", {}),
    ("adaptive:toggle", {"enabled": 1}),
    ("adaptive:toggle", {"enabled": "yes"}),
    ("input:click", {}),
    ("input:click", {"x": 1}),
    ("input:click", {"x": -1, "y": 1}),
    ("input:click", {"x": -0.001, "y": 1}),
    ("input:click", {"x": WIDTH, "y": 1}),
    ("input:click", {"x": 1, "y": HEIGHT}),
    ("input:click", {"x": NAN, "y": 1}),
    ("input:click", {"x": 1, "y": INF}),
    ("input:click", {"x": 1, "y": -INF}),
    ("input:click", {"x": 10**400, "y": 1}),
    ("input:click", {"x": "1", "y": 1}),
    ("input:click", {"x": 1, "y": 1, "button": "fourth"}),
    ("input:click", {"x": 1, "y": 1, "button": 0}),
    ("input:click", {"x": 1, "y": 1, "button": "\ud800"}),
    ("input:move", {"x": WIDTH, "y": HEIGHT}),
    ("input:move", {"x": NAN, "y": NAN}),
    ("input:move", [1, 2]),
    ("input:scroll", {"deltaY": "10"}),
    ("input:scroll", {"deltaY": NAN}),
    ("input:scroll", {"deltaX": INF}),
    ("input:scroll", {"deltaY": MAX_SCROLL + 1}),
    ("input:scroll", {"deltaX": -MAX_SCROLL - 1}),
    ("input:scroll", {"deltaY": 10, "x": 5}),
    ("input:scroll", {"deltaY": 10, "y": 5}),
    ("input:scroll", {"deltaY": 10, "x": WIDTH, "y": 5}),
    ("input:scroll", {"deltaY": 10, "x": NAN, "y": 5}),
    ("input:text", {}),
    ("input:text", {"text": ""}),
    ("input:text", {"text": 5}),
    ("input:text", {"text": None}),
    ("input:text", {"text": "x" * (MAX_TEXT + 1)}),
    ("input:text", {"text": "x" * 1_000_000}),
    ("input:text", {"text": "half \ud83d of a face"}),
    ("input:text", "text"),
    ("input:key", {}),
    ("input:key", {"key": ""}),
    ("input:key", {"key": "x" * 33}),
    ("input:key", {"key": 13}),
    ("input:key", {"key": "\ud83d"}),
    ("input:key", {"key": "a", "modifiers": "Shift"}),
    ("input:key", {"key": "a", "modifiers": ["Hyper"]}),
    ("input:key", {"key": "a", "modifiers": ["\udfff"]}),
    ("input:key", {"key": "a", "modifiers": {"Shift": True}}),
    ("input:click", b"bytes"),
    ("input:text", {"text": b"bytes"}),
    ("input:click", {"x": {"deep": []}, "y": 1}),
    ("nonsense", {}),
    ("", {}),
    ("frame", {"image": ""}),
    ("x" * 100_000, {}),
    ("\ud800", {}),
    ("input:klick", {"x": 1, "y": 1}),
    ("_connected", {}),
]


@pytest.mark.parametrize("subscribed", [True, False])
@pytest.mark.parametrize(("event", "payload"), BAD, ids=lambda value: ascii(value)[:60])
async def test_what_is_wrong_is_one_error_and_changes_nothing(event: str, payload: Any, subscribed: bool) -> None:
    world = World(subscribed=subscribed)
    before = world.state()
    error = only_error(await world.say(event, payload))
    assert len(error["message"]) < 500
    assert world.state() == before


@pytest.mark.parametrize(
    ("event", "payload", "words"),
    [
        ("quality:set", {"quality": 9}, "`quality`"),
        ("fps:set", {"fps": 61}, "`fps`"),
        ("fps:set", {"fps": NAN}, "`fps`"),
        ("adaptive:toggle", {"enabled": 1}, "`enabled`"),
        ("subscribe", {"session_id": 5}, "`session_id`"),
        ("subscribe", {"session_id": "a", "format": "png"}, "`format`"),
        ("subscribe", {"session_id": "a", "fps": NAN}, "`fps`"),
        ("subscribe", {"session_id": "a", "max_width": 0}, "`max_width`"),
        ("input:click", {"x": NAN, "y": 1}, "`x`"),
        ("input:click", {"x": 1, "y": INF}, "`y`"),
        ("input:click", {"x": 320, "y": 1}, "320x200"),
        ("input:click", {"x": 1, "y": 1, "button": "fourth"}, "`button`"),
        ("input:scroll", {"deltaX": NAN}, "`deltaX`"),
        ("input:scroll", {"x": 1}, "`x` and `y`"),
        ("input:text", {"text": 5}, "`text`"),
        ("input:key", {"key": "a", "modifiers": ["Hyper"]}, "`modifiers"),
        ("nonsense", {}, "'nonsense'"),
    ],
)
async def test_an_error_names_what_is_wrong(event: str, payload: Any, words: str) -> None:
    message = only_error(await World().say(event, payload))["message"]
    assert words in message
    assert event in message or event.startswith("input:") or event == "fps:set"


@pytest.mark.parametrize("event", HANDLERS)
async def test_more_than_one_argument_is_an_error(event: str) -> None:
    world = World()
    before = world.state()
    assert "2 arguments" in only_error(await world.say(event, {}, {}))["message"]
    assert world.state() == before


@pytest.mark.parametrize("event", GOOD)
async def test_input_without_a_session_is_an_error(event: str) -> None:
    world = World(subscribed=False)
    assert only_error(await world.say(event, GOOD[event]))["code"] == "not_subscribed"


@pytest.mark.parametrize("event", GOOD)
async def test_input_to_a_session_that_has_ended_is_an_error(event: str) -> None:
    world = World()
    world.session.closed = True
    assert only_error(await world.say(event, GOOD[event]))["code"] == "not_subscribed"
    assert world.session.injected == []


@pytest.mark.parametrize("event", GOOD)
async def test_input_that_is_refused_is_an_error_and_not_acknowledged(event: str) -> None:
    world = World()
    world.session.refusal = LoadFailed("The browser does not want to.")
    assert only_error(await world.say(event, GOOD[event])) == {"message": "The browser does not want to.", "code": "load_failed"}


# Dictionaries whose keys are often right and whose values are often not.
FIELDS = [
    "session_id",
    "format",
    "max_width",
    "grayscale",
    "adaptive",
    "quality",
    "fps",
    "enabled",
    "x",
    "y",
    "button",
    "deltaX",
    "deltaY",
    "text",
    "key",
    "modifiers",
]
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-10, 400),
    st.floats(),
    st.text(st.characters(), max_size=5),  # with half surrogates: JSON can say them
    st.sampled_from(["a", "b", "left", "Shift", "Enter", "\ud800", 10**400, -(10**400)]),
    st.binary(max_size=3),
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=2), max_leaves=5
)
RIGHT: dict[str, Any] = {
    "session_id": "a",
    "format": "binary",
    "max_width": 100,
    "grayscale": True,
    "adaptive": True,
    "quality": 50,
    "fps": 20,
    "enabled": False,
    "x": 1.5,
    "y": 2,
    "button": "left",
    "deltaX": 1,
    "deltaY": -1,
    "text": "text",
    "key": "a",
    "modifiers": ["Alt"],
}
NEARLY_RIGHT = st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=1).map(lambda wrong: {**RIGHT, **wrong})
PAYLOADS = st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=5) | VALUES | NEARLY_RIGHT


@settings(deadline=None, max_examples=400)
@given(
    event=st.sampled_from(sorted(HANDLERS)) | st.text(st.characters(), max_size=10), payload=PAYLOADS, subscribed=st.booleans()
)
async def test_whatever_is_said_is_answered_once_and_an_error_changes_nothing(event: str, payload: Any, subscribed: bool) -> None:
    world = World(subscribed=subscribed)
    before = world.state()
    told = await world.say(event, payload)
    assert len(told) == 1
    if told[0][0] == "error":
        only_error(told)
        assert world.state() == before
    else:
        assert event in HANDLERS
