"""A picture is sent again only when it is another one."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from api.pictures import Tag, Wish, changed, picture, source_of
from engine.broadcast import Packet
from engine.messages import Rendition
from engine.watching import Sharp

BINARY = Rendition("jpeg-binary", 75)


class FakeStream:
    newest_seq = 0


class FakeSession:
    """Shows `pictures`, one after the other: frame n is the nth."""

    id, created_at = "a", 1.0

    def __init__(self, *pictures: bytes) -> None:
        self.pictures = pictures
        self.stream = FakeStream()
        self.encoded = self.refreshed = self.demands = 0

    async def refresh(self) -> None:
        self.refreshed += 1
        self.stream.newest_seq = self.stream.newest_seq or 1

    async def picture(self, rendition: Rendition, *, passive: bool = False) -> Packet:
        self.encoded += 1
        self.demands += not passive
        seq = self.stream.newest_seq
        data = self.pictures[seq - 1]
        return Packet(seq, rendition, b"451-text" + data, len(data))

    async def newer(self, seq: int, seconds: float) -> bool:
        assert seq == self.stream.newest_seq
        assert seconds > 0
        await asyncio.sleep(0)
        if self.stream.newest_seq == len(self.pictures):
            return False
        self.stream.newest_seq += 1
        return True


async def ask(
    session: FakeSession, known: list[Tag], wait: float = 0.0, rendition: Rendition = BINARY, *, passive: bool = False
) -> Any:
    found = await changed(cast(Any, session), Wish(rendition, known, rendition, passive=passive), wait)
    return None if found is None else (found[0], bytes(picture(found[1])))


def test_a_tag_is_read_as_it_was_written() -> None:
    tag = Tag("0123abcd", 255, "0123456789abcdef")
    assert Tag.read(f'"other", W/{tag} , {tag}') == [tag, tag]
    assert Tag.read("") == Tag.read("*") == Tag.read('"x"') == []


async def test_without_a_tag_there_is_a_picture_and_with_its_own_none() -> None:
    session = FakeSession(b"one")
    tag, data = await ask(session, [])
    assert data == b"one"
    assert await ask(session, [tag]) is None
    assert session.encoded == 1, "the same frame was encoded only to be thrown away"


async def test_another_rendition_or_session_is_another_picture() -> None:
    session = FakeSession(b"one")
    tag, _ = await ask(session, [])
    gray = Rendition("jpeg-binary", 75, grayscale=True)
    assert source_of(cast(Any, session), gray) != tag.source
    session.pictures = (b"gray",)
    assert (await ask(session, [tag], rendition=gray))[1] == b"gray"
    session.created_at = 2.0
    assert (await ask(session, [tag]))[1] == b"gray"


async def test_waiting_passes_over_frames_that_look_the_same() -> None:
    session = FakeSession(b"one", b"one", b"one", b"two")
    tag, _ = await ask(session, [])
    later, data = await ask(session, [tag], wait=5)
    assert (later.seq, data) == (4, b"two")


@pytest.mark.parametrize("wait", [0, 5])
async def test_a_frame_that_looks_the_same_is_no_change(wait: float) -> None:
    session = FakeSession(b"one", b"one")
    tag, _ = await ask(session, [])
    session.stream.newest_seq = 2
    assert await ask(session, [tag], wait) is None


async def test_a_passive_look_is_no_demand_but_for_the_first_picture() -> None:
    session = FakeSession(b"one", b"two")
    tag, _ = await ask(session, [], passive=True)
    assert (session.refreshed, session.demands) == (1, 1), "there was no picture yet"
    assert await ask(session, [tag], passive=True) is None
    session.stream.newest_seq = 2  # which somebody else has caused
    assert (await ask(session, [tag], passive=True))[1] == b"two"
    assert (session.refreshed, session.demands) == (1, 1)


class ByQuality(FakeSession):
    """Its pictures tell of their quality."""

    async def picture(self, rendition: Rendition, *, passive: bool = False) -> Packet:
        packet = await super().picture(rendition, passive=passive)
        data = bytes(packet.data) + b" %d" % rendition.quality
        return Packet(packet.seq, rendition, data, len(data) - len(b"451-text"))


async def _wish(session: FakeSession, known: list[Tag], quality: int, *, owed: bool, wait: float = 5.0) -> Any:
    plain = Rendition("jpeg-binary", quality)
    wish = Wish(BINARY, known, plain, Sharp(BINARY) if owed else None)
    found = await changed(cast(Any, session), wish, wait)
    return None if found is None else (found[0], bytes(picture(found[1])))


async def test_who_got_less_gets_the_same_picture_sharp_once_nothing_moves() -> None:
    session = ByQuality(b"one", b"two")
    first, data = await _wish(session, [], 20, owed=False)
    assert data == b"one 20"
    second, data = await _wish(session, [first], 20, owed=True)
    assert data == b"two 20", "something moves: nobody waits for what is old"
    third, data = await _wish(session, [second], 20, owed=True)
    assert (data, third.seq, third.source) == (b"two 75", 2, second.source)
    assert await _wish(session, [third], 20, owed=False) is None, "the same frame, and worse"


async def test_a_sharp_picture_is_for_who_waits_for_long_enough() -> None:
    session = ByQuality(b"one")
    first, _ = await _wish(session, [], 20, owed=False)
    assert await _wish(session, [first], 20, owed=True, wait=0.1) is None
    assert await _wish(session, [first], 20, owed=False) is None
