"""A viewer has at most one frame on the way, always the newest, and none before all that was sent has left."""

from __future__ import annotations

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.transport import NOTHING, FramePacket
from api.viewer import Viewer
from engine.adaptation import LinkSample
from engine.broadcast import Packet
from engine.errors import NotFound
from engine.figures import Journey
from engine.messages import Rendition
from engine.watching import Sharp, ViewerStatistics
from tests.unit.api.watching import Wire, World, frame, turns


async def test_events_go_out_as_socketio_packets_in_order() -> None:
    world = World()
    world.viewer.tell("status", {"message": "Loading पृष्ठ 😀"})
    world.viewer.tell("unsubscribed")
    world.viewer.tell_error(NotFound("There is no such session."))
    texts = [await world.write() for _ in range(3)]
    assert all(text.startswith("42") for text in texts)
    assert [json.loads(text[2:]) for text in texts] == [
        ["status", {"message": "Loading पृष्ठ 😀"}],
        ["unsubscribed"],
        ["error", {"message": "There is no such session.", "code": "not_found"}],
    ]


async def test_a_viewer_is_not_ready_before_the_outbox_is_idle() -> None:
    world = World()
    world.attach()
    assert world.ready == 0
    world.viewer.tell("subscribed", {})
    await world.write()
    assert world.ready == 0, "the packet may still be on its way"
    reading = world.wait()
    await turns()
    assert world.ready == 1
    reading.cancel()


async def test_a_viewer_whose_outbox_is_idle_is_ready_at_once() -> None:
    world = World()
    reading = world.wait()
    await turns()
    world.attach()
    assert world.ready == 1
    reading.cancel()


async def test_at_most_one_frame_is_queued_and_the_newest_wins() -> None:
    world = World()
    world.attach()
    for seq in range(1, 6):
        world.viewer.offer(frame(seq))
    assert world.outbox.qsize() == 1
    assert await world.write() == b"frame 5"
    assert world.outbox.empty()


async def test_a_frame_that_is_queued_behind_events_is_the_newest_when_it_is_written() -> None:
    world = World()
    world.attach()
    world.viewer.tell("status", {})
    world.viewer.offer(frame(1))
    world.viewer.tell("status", {})
    await world.write()
    world.viewer.offer(frame(2))
    assert [await world.write(), await world.write()] == [b"frame 2", '42["status",{}]']


async def test_there_is_no_readiness_while_a_frame_is_queued() -> None:
    world = World()
    world.attach()
    world.viewer.offer(frame(1))
    await world.write()
    assert world.ready == 0
    reading = world.wait()
    await turns()
    assert world.ready == 1
    reading.cancel()


async def test_there_is_no_readiness_while_a_poll_has_a_frame_that_it_has_not_written() -> None:
    world = World()
    world.attach()
    world.viewer.offer(frame(1))
    packet = world.outbox.get_nowait()
    reading = world.wait()
    await turns()
    assert world.ready == 0
    packet.encode(b64=True)
    reading.cancel()
    await asyncio.wait([reading])
    reading = world.wait()
    await turns()
    assert world.ready == 1
    reading.cancel()


async def test_a_frame_may_be_offered_within_on_ready() -> None:
    world = World()

    def offer(viewer: Viewer) -> None:
        viewer.offer(frame(7))

    world.viewer.attach(offer, Journey())
    assert await world.write() == b"frame 7"


async def test_detaching_withdraws_a_frame_that_has_not_been_written() -> None:
    world = World()
    world.attach()
    world.viewer.offer(frame(1))
    world.viewer.detach()
    assert await world.write() == NOTHING
    assert await world.write() is None
    assert world.ready == 0


async def test_watching_again_while_a_withdrawn_packet_is_queued_sends_one_frame() -> None:
    world = World()
    world.attach()
    world.viewer.offer(frame(1))
    world.viewer.detach()
    world.attach()
    world.viewer.offer(frame(2))
    assert world.outbox.qsize() == 1
    assert await world.write() == b"frame 2"
    reading = world.wait()
    await turns()
    assert world.ready == 1
    reading.cancel()


@given(st.lists(st.sampled_from(["offer", "write", "tell", "detach", "attach"]), max_size=40))
async def test_never_an_older_frame_and_never_two_queued(steps: list[str]) -> None:
    world = World()
    seq, attached = 0, False
    for step in steps:
        match step:
            case "offer" if attached:
                seq += 1
                world.viewer.offer(frame(seq))
            case "write":
                newest = seq
                text = await world.write()
                if isinstance(text, bytes):
                    assert text == b"frame %d" % newest
            case "tell":
                world.viewer.tell("status")
            case "detach":
                world.viewer.detach()
                attached = False
            case "attach" if not attached:
                world.attach()
                attached = True
        queued = [packet for packet in world.outbox._queue if isinstance(packet, FramePacket)]  # type: ignore[attr-defined]
        assert len(queued) <= 1
    frames = [text for text in world.written if isinstance(text, bytes)]
    assert frames == sorted(frames, key=lambda text: int(text.split()[1]))
    assert len(frames) == len(set(frames))


async def test_the_rendition_follows_the_adaptation() -> None:
    world = World()
    world.viewer.adaptation.set_quality(33)
    assert world.viewer.rendition == Rendition("jpeg", 33)


async def test_a_picture_of_its_own_is_cut_from_the_packet_without_a_copy() -> None:
    world = World()
    world.attach()
    packet = Packet(1, Rendition("jpeg-binary", 75), b"451-textPICTURE", len(b"PICTURE"))
    world.viewer.offer(packet)
    prepared = (await world.outbox.get()).encode()
    text, attachment = prepared.text, prepared.attachment
    assert (bytes(text), bytes(attachment)) == (b"451-text", b"PICTURE")
    assert text.obj is packet.data
    assert attachment.obj is packet.data


async def test_a_poll_that_waits_is_ended_when_its_connection_is_over_and_a_writer_ends_by_itself() -> None:
    polling = World()
    polling.viewer.gone()
    assert polling.outbox.get_nowait() is None  # what python-engineio takes for the end of a connection
    streaming = World(Wire())
    streaming.viewer.gone()
    assert streaming.outbox.empty()


@pytest.mark.parametrize("answers", [True, False])
async def test_a_client_that_no_longer_answers_is_cut_off_for_its_writer_waits_for_good(answers: bool) -> None:
    wire = Wire()
    World(wire).viewer.gone(answers=answers)
    assert wire.was_cut is not answers


async def test_what_is_shown_sharp_is_what_the_link_took_away() -> None:
    viewer = World().viewer
    seen = [viewer.sharp]
    viewer.adaptation.sample(LinkSample(1.0, limited=False))
    assert viewer.adaptation.quality == 50
    seen.append(viewer.sharp)
    viewer.adaptation.set_quality(60)
    seen.append(viewer.sharp)
    viewer.adaptation.enable(False)
    seen.append(viewer.sharp)
    assert seen == [None, Sharp(Rendition("jpeg", 90)), Sharp(Rendition("jpeg", 60)), None]


async def test_statistics_are_told_to_those_who_ask() -> None:
    world = World()
    drops = ViewerStatistics(sent=7, skipped=6, link=3, pace=1, encoder=2)
    world.viewer.tell_statistics(drops)
    assert world.outbox.empty()
    world.viewer.show_statistics(True)
    world.attach()
    world.viewer.offer(frame(1))
    await world.write()
    world.viewer.tell_statistics(drops)
    name, payload = json.loads((await world.write())[2:])
    assert name == "stats"
    assert payload["drops"] == {"link": 3, "pace": 1, "encoder": 2}
    assert (payload["quality"], payload["fps_limit"]) == (75, 30)
    assert payload["link"] == {"mbit": None, "rtt_ms": None, "beyond": False}
    assert payload["fps"] > 0
    world.viewer.show_statistics(False)
    world.viewer.tell_statistics(drops)
    assert world.outbox.empty()


async def test_only_the_newest_cursor_is_told_and_only_when_it_is_another_one() -> None:
    world = World()
    world.attach()
    for event in (b"arrow", b"hand", b"beam"):
        world.viewer.tell_cursor(event)
    assert [await world.write(), await world.write()] == [b"beam", None]
    world.viewer.tell_cursor(b"hand")
    world.viewer.tell_cursor(b"beam")
    assert await world.write() == NOTHING
    world.viewer.tell_cursor(b"hand")
    world.viewer.detach()
    assert await world.write() == NOTHING, "the cursor of a session that is not watched any more"
    world.attach()
    world.viewer.tell_cursor(b"beam")
    assert await world.write() == b"beam", "a subscription begins with the cursor, whatever was told before"
