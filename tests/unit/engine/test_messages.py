"""Every message has a tag of its own and is in the unions, so that the channel can decode it."""

from __future__ import annotations

from typing import Any, get_args

import msgspec
import pytest

from engine import exchange, inputs, messages, pagemessages, ways

# Parts of messages, and what a child is given when it starts: these travel in no message of their own.
SPECS = {messages.CaptureSpec, messages.EncoderSpec, ways.EgressSpec}
NOT_MESSAGES = SPECS | {messages.Rendition, inputs.TouchPoint, pagemessages.TabEntry}
STRUCTS = [
    kind
    for module in (messages, pagemessages, ways, inputs, exchange)
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind.__module__ == module.__name__
]
MESSAGES = [kind for kind in STRUCTS if kind not in NOT_MESSAGES]


def test_every_message_is_in_the_union_and_in_one_direction() -> None:
    assert set(get_args(messages.Message)) == set(MESSAGES)
    to_child = {kind for to in (messages.ToCapture, messages.ToEncoder, messages.ToEgress) for kind in get_args(to)}
    from_child = set(get_args(messages.FromChild))
    assert to_child | from_child == set(MESSAGES)
    assert not to_child & from_child


def test_tags_are_unique() -> None:
    tags = [kind.__struct_config__.tag for kind in MESSAGES]
    assert all(tags)
    assert len(set(tags)) == len(tags)


@pytest.mark.parametrize("kind", STRUCTS, ids=lambda kind: str(kind.__name__))
def test_messages_are_frozen(kind: type[msgspec.Struct]) -> None:
    assert kind.__struct_config__.frozen


@pytest.mark.parametrize("kind", MESSAGES, ids=lambda kind: str(kind.__name__))
def test_every_message_is_in_the_modules_table(kind: type[msgspec.Struct]) -> None:
    assert messages.__doc__ is not None
    table = messages.__doc__.split("A message with a `token`", maxsplit=1)[0]
    assert kind.__name__ in table.replace(",", " ").split()


def test_what_asks_for_an_answer_comes_first_by_its_token() -> None:
    asking = [kind for kind in get_args(messages.ToCapture) if "token" in kind.__struct_fields__]
    answering = [kind for kind in get_args(messages.FromChild) if "token" in kind.__struct_fields__]
    assert {kind.__name__ for kind in answering} == {"Done", "Refused", "Page", "Traffic", "Resized", "Clipboard"}
    for kind in [*asking, *answering]:
        assert kind.__struct_fields__[0] == "token", "session.py builds these with the token first"


def test_a_message_of_a_wrong_type_is_refused() -> None:
    decoder: msgspec.msgpack.Decoder[Any] = msgspec.msgpack.Decoder(messages.Message)
    for bad in ({"type": "Wants"}, {"type": "Wants", "fps": "60"}, {"type": "Nonsense"}, {"fps": 60}, [1], None):
        with pytest.raises(msgspec.ValidationError):
            decoder.decode(msgspec.msgpack.encode(bad))
