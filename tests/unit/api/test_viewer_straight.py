"""A frame goes straight to a link that is clear, past the outbox; behind what waits there otherwise."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.flow import FIRST_PINGS
from tests.unit.api.watching import Wire, World, frame, turns


def known(wire: Wire) -> tuple[World, asyncio.Future[Any]]:
    """A viewer of whose link enough is known, with a writer that waits."""
    world = World(wire)
    world.attach()
    flow = world.viewer.flow
    for _ in range(FIRST_PINGS):
        now = world.viewer._now()
        flow.sent(now, 100)
        flow.pinged(now)
        flow.ponged(now)
    writer = world.wait()
    assert world.ready == 1
    return world, writer


async def test_it_is_given_to_the_link_at_once_and_the_next_may_come_at_once() -> None:
    wire = Wire()
    world, writer = known(wire)
    world.offer(frame(1))
    assert (wire.given, world.ready) == ([b"frame 1"], 2)
    world.offer(frame(2))
    assert (wire.given, world.ready) == ([b"frame 1", b"frame 2"], 3)
    await turns()
    assert not writer.done(), "the outbox had nothing to do with it"


async def test_the_next_waits_until_all_of_it_has_left() -> None:
    wire = Wire()
    world, _ = known(wire)
    wire.fills = True
    world.offer(frame(1))
    assert world.ready == 1
    wire.drain()
    assert world.ready == 2


async def test_what_waits_in_the_outbox_goes_first() -> None:
    wire = Wire()
    world, writer = known(wire)
    world.viewer.tell("status")
    world.offer(frame(1))
    assert wire.given == []
    assert (await writer).encode() == '42["status"]'
    assert await world.write() == b"frame 1"


async def test_a_link_that_is_not_clear_gets_it_by_the_outbox() -> None:
    wire = Wire()
    world, writer = known(wire)
    wire.clear = False
    world.offer(frame(1))
    assert wire.given == []
    assert (await writer).encode().text == b"frame 1"


async def test_a_ping_goes_right_behind_it() -> None:
    wire = Wire()
    world = World(wire)
    world.attach()
    world.wait()
    world.offer(frame(1))
    assert (wire.given, world.ready) == ([b"frame 1", "2"], 2)
    assert world.viewer.flow.pinging
    world.outbox.ponged()
    assert not world.viewer.flow.pinging


async def test_one_that_has_not_left_is_nothing_to_a_subscription_that_begins_meanwhile() -> None:
    wire = Wire()
    world, writer = known(wire)
    wire.fills = True
    world.offer(frame(1))
    world.viewer.detach()
    world.viewer.attach(world._count, world.journey)
    assert (await writer).encode() == "2", "the ping that begins a subscription"
    wire.drain()
    assert world.ready == 1, "the ping has yet to leave"
    world.wait()
    assert world.ready == 2
    world.viewer.detach()
    wire.drain()
    assert world.ready == 2, "nobody watches"


@given(st.lists(st.sampled_from(["offer", "tell", "write", "fill", "drain"]), max_size=40))
async def test_in_whatever_way_they_go_they_go_in_order_and_none_before_the_one_before_has_left(steps: list[str]) -> None:
    """What leaves: the wire's own, and what a writer takes out of the outbox while the wire is clear."""
    wire = Wire()
    world, writer = known(wire)
    seq = 0
    for step in steps:
        match step:
            case "offer":
                seq += 1
                was_clear, before = wire.clear and world.outbox.idle, len(wire.given)
                world.offer(frame(seq))
                assert len(wire.given) - before == was_clear
            case "tell":
                world.viewer.tell("status")
            case "write" if writer.done() and wire.clear:
                encoded = writer.result().encode()
                wire.given.append(getattr(encoded, "text", encoded))
                writer = world.wait()
            case "fill":
                wire.fills = True
            case "drain":
                wire.fills = False
                wire.drain()
    frames = [int(text.split()[1]) for text in wire.given if isinstance(text, bytes)]
    assert frames == sorted(set(frames))


@pytest.mark.parametrize("upgraded", [False, True])
async def test_a_poll_is_answered_by_the_outbox(upgraded: bool) -> None:
    wire = Wire()
    world = World(wire)
    world.connection.upgraded = upgraded
    world.attach()
    writer = world.wait()
    world.offer(frame(1))
    assert wire.given == ([b"frame 1", "2"] if upgraded else [])
    assert writer.done() is not upgraded
    assert upgraded or writer.result().encode(b64=True) == "frame 1"
