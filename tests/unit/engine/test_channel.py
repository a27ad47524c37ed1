"""Messages arrive whole, in order and once; a side that hangs or has gone is noticed."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.channel import MAX_MESSAGE_BYTES, Channel, socket_pair
from engine.errors import ChildGone
from engine.inputs import Text, TouchPoint
from engine.messages import Message, Notice, Ready, Rendition, Shutdown, Wants

# What hypothesis makes for a field's type. Integers as msgpack has them; text without half surrogates, which the front refuses.
SIGNED = st.integers(-(2**63), 2**63 - 1)
TEXT = st.text(st.characters(codec="utf-8"), max_size=200)
FLOATS = st.floats(allow_nan=False)


def made(kind: type[msgspec.Struct]) -> st.SearchStrategy[Any]:
    return st.builds(kind, **{field.name: of(field.type) for field in msgspec.structs.fields(kind)})


def of(annotation: Any) -> st.SearchStrategy[Any]:
    simple = {
        int: SIGNED,
        str: TEXT,
        float: FLOATS,
        int | None: st.none() | SIGNED,
        tuple[TouchPoint, ...]: st.lists(st.builds(TouchPoint, SIGNED, SIGNED, SIGNED), max_size=3).map(tuple),
        tuple[int, ...]: st.lists(SIGNED, max_size=3).map(tuple),
        Rendition: st.builds(Rendition, st.just("png"), st.integers(0, 100)),
    }
    return simple[annotation] if annotation in simple else st.from_type(annotation)


@contextlib.contextmanager
def channels() -> Iterator[tuple[Channel, Channel]]:
    near, far = (Channel(end) for end in socket_pair())
    try:
        yield near, far
    finally:
        near.close()
        far.close()


def burst(channel: Channel, messages: int) -> None:
    for number in range(messages):
        channel.send(Notice(1, number, 1))


@pytest.mark.parametrize("kind", get_args(Message), ids=lambda kind: str(kind.__name__))
@settings(deadline=None, max_examples=30)
@given(data=st.data())
def test_every_message_arrives_as_it_was_sent(kind: type[msgspec.Struct], data: st.DataObject) -> None:
    message: Any = data.draw(made(kind))
    with channels() as (near, far):
        near.send(message)
        received = far.receive()
        assert type(received) is kind
        assert received == message


def test_messages_keep_their_order_and_their_bounds() -> None:
    with channels() as (near, far):
        sent = [Notice(number % 4, number, number * 1000) for number in range(1, 101)]
        for message in sent:
            near.send(message)
        assert [far.receive() for _ in sent] == sent


def test_the_largest_text_fits() -> None:
    with channels() as (near, far):
        message = Text(1, "😀" * 10_000)
        assert len(msgspec.msgpack.encode(message)) < MAX_MESSAGE_BYTES
        near.send(message)
        assert far.receive() == message


def test_both_directions_at_once() -> None:
    with channels() as (near, far):
        near.send(Wants(60))
        far.send(Ready("x"))
        assert far.receive() == Wants(60)
        assert near.receive() == Ready("x")


def test_a_side_that_does_not_read_is_noticed_without_waiting_for_it() -> None:
    with channels() as (near, far):
        burst(near, 200)  # has to fit
        with pytest.raises(ChildGone, match="hangs"):
            burst(near, 1_000_000)
        assert far.receive() == Notice(1, 0, 1)


def test_a_side_that_has_gone_is_noticed() -> None:
    with channels() as (near, far):
        far.send(Ready("last words"))
        far.close()
        with pytest.raises(ChildGone, match="ended"):
            near.send(Shutdown())
        assert near.receive() == Ready("last words")
        assert near.receive() is None
        assert near.receive() is None


def test_a_side_that_has_gone_with_unread_messages_is_noticed() -> None:
    with channels() as (near, far):
        near.send(Shutdown())
        far.close()
        assert near.receive() is None


def test_the_ends_are_a_sequenced_packet_pair_that_children_inherit_only_when_told() -> None:
    near, far = socket_pair()
    with near, far:
        for end in (near, far):
            assert (end.family, end.type) == (socket.AF_UNIX, socket.SOCK_SEQPACKET)
            assert not end.get_inheritable()


class Heard:
    """What an attached channel has called back."""

    def __init__(self, channel: Channel) -> None:
        self.messages: list[Message] = []
        self.closed = 0
        self.channel = channel
        channel.attach(asyncio.get_running_loop(), self.messages.append, self.count_closed)

    def count_closed(self) -> None:
        self.closed += 1


async def turns(number: int = 5) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


async def test_an_attached_channel_calls_back_for_each_message() -> None:
    with channels() as (near, far):
        heard = Heard(near)
        for fps in range(50):
            far.send(Wants(fps))
        await turns()
        assert heard.messages == [Wants(fps) for fps in range(50)]
        assert heard.closed == 0


async def test_the_end_of_the_other_side_is_told_once_and_after_its_last_words() -> None:
    with channels() as (near, far):
        heard = Heard(near)
        far.send(Ready("last words"))
        far.close()
        await turns()
        assert heard.messages == [Ready("last words")]
        assert heard.closed == 1
        near.drain()
        await turns()
        assert heard.closed == 1


async def test_an_unread_message_at_the_other_end_is_an_end_like_any_other() -> None:
    with channels() as (near, far):
        heard = Heard(near)
        near.send(Shutdown())
        far.close()
        await turns()
        assert heard.closed == 1


async def test_a_detached_channel_calls_back_no_more() -> None:
    with channels() as (near, far):
        heard = Heard(near)
        near.detach()
        far.send(Wants(1))
        far.close()
        await turns()
        near.drain()
        assert (heard.messages, heard.closed) == ([], 0)


async def test_a_callback_may_detach_in_the_middle_of_a_burst() -> None:
    with channels() as (near, far):
        heard: list[Any] = []

        def first_only(message: Any) -> None:
            heard.append(message)
            near.detach()

        near.attach(asyncio.get_running_loop(), first_only, lambda: heard.append("closed"))
        far.send(Wants(1))
        far.send(Wants(2))
        await turns()
        assert heard == [Wants(1)]


async def test_draining_needs_no_turn_of_the_event_loop() -> None:
    with channels() as (near, far):
        heard = Heard(near)
        far.send(Ready())
        near.drain()
        assert heard.messages == [Ready()]
