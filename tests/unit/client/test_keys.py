"""What terminals send, however it is cut to pieces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jiomosa_client.keys import Action, Click, Key, Keys, Quit, Text, Wheel

WHOLE: list[tuple[bytes, list[Action]]] = [
    (b"hello", [Text("hello")]),
    ("naïve 字".encode(), [Text("naïve 字")]),
    (b"\r", [Key("Enter")]),
    (b"\x7f\t", [Key("Backspace"), Key("Tab")]),
    (b"\x1b[A\x1b[B\x1bOC\x1b[D", [Key("ArrowUp"), Key("ArrowDown"), Key("ArrowRight"), Key("ArrowLeft")]),
    (b"\x1b[5~\x1b[6~\x1b[3~\x1b[H\x1b[F", [Key("PageUp"), Key("PageDown"), Key("Delete"), Key("Home"), Key("End")]),
    (b"\x1b[1;5C", [Key("ArrowRight", ("Control",))]),
    (b"\x1b[1;2D", [Key("ArrowLeft", ("Shift",))]),
    (b"\x1b[Z", [Key("Tab", ("Shift",))]),
    (b"\x01", [Key("a", ("Control",))]),
    (b"\x03", [Quit()]),
    (b"\x1b[<0;10;5M\x1b[<0;10;5m", [Click(9, 4)]),
    (b"\x1b[<64;1;1M\x1b[<65;1;1M", [Wheel(0, 0, True), Wheel(0, 0, False)]),
    (b"\x1b[?1;2c", [Key("Escape"), Text("[?1;2c")]),
]


@pytest.mark.parametrize(("sent", "meant"), WHOLE)
def test_what_is_sent_and_meant(sent: bytes, meant: list[Action]) -> None:
    assert Keys().feed(sent) == meant


@given(st.lists(st.sampled_from(WHOLE[:-1]), max_size=6), st.data())
def test_pieces_mean_what_the_whole_does(sent: list[tuple[bytes, list[Action]]], data: st.DataObject) -> None:
    whole = b"".join(each for each, _ in sent)
    keys, actions = Keys(), []
    while whole:
        cut = data.draw(st.integers(1, len(whole)))
        actions += keys.feed(whole[:cut])
        whole = whole[cut:]
    assert together(actions) == together([action for _, meant in sent for action in meant])


def together(actions: list[Action]) -> list[Action]:
    """Text in one piece where it was typed in several."""
    joined: list[Action] = []
    for action in actions:
        if isinstance(action, Text) and joined and isinstance(last := joined[-1], Text):
            joined[-1] = Text(last.text + action.text)
        else:
            joined.append(action)
    return joined


def test_an_escape_alone_is_the_key() -> None:
    keys = Keys()
    assert keys.feed(b"\x1b") == []
    assert keys.rest() == [Key("Escape")]
    assert keys.rest() == []


@given(st.binary(max_size=40))
def test_nothing_that_is_sent_is_too_much(data: bytes) -> None:
    keys = Keys()
    keys.feed(data)
    for _ in range(len(data)):
        keys.rest()
    assert keys.feed(b"\x03")[-1:] in ([Quit()], []), "at most an unfinished character or sequence is kept"
