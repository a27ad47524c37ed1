"""Everybody who asks a session something is answered; frames reach viewers; and what counts as activity."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from api import incarnation as module
from api.session import PageInfo
from engine.errors import BadRequest, LoadFailed, NotFound, Unavailable
from engine.exchange import Cursor, Focus
from engine.inputs import Click
from engine.messages import Done, Notice, Refresh, Refused, Release, Rendition, Shutdown, ToCapture, Wants
from engine.pagemessages import GetPage, Navigate, Page
from tests.unit.api.fakes import FakeChild, FakeViewer, turns
from tests.unit.api.opened import REASON, World, answering


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[World]:
    monkeypatch.setattr(module, "Child", FakeChild)
    monkeypatch.setattr(FakeChild, "made", [])
    monkeypatch.setattr(FakeChild, "failing", [])
    world = World(tmp_path)
    yield world
    world.assert_nothing_left()


# ---- questions and answers


async def test_every_answer_finds_its_question(world: World) -> None:
    session = await world.started()
    asking = [asyncio.create_task(session.ask(GetPage)) for _ in range(3)]
    await turns()
    tokens = [message.token for message in world.child.sent]
    assert len(set(tokens)) == 3
    for token in reversed(tokens):
        world.child.on_message(Page(token, f"page {token}", "about:blank"))
    assert [page.title for page in await asyncio.gather(*asking)] == [f"page {token}" for token in tokens]
    await session.close(REASON)


async def test_a_refusal_is_raised_as_what_it_is(world: World) -> None:
    session = await world.started()
    world.child.answer = lambda message: Refused(message.token, "bad_request", "There is no such key.")
    with pytest.raises(BadRequest, match="no such key"):
        await session.inject(lambda token: Click(token, 1, 1))
    await session.close(REASON)


async def test_no_answer_is_a_sentence_and_a_late_one_does_no_harm(world: World) -> None:
    session = await world.started()
    with pytest.raises(Unavailable, match=r"did not answer within 0\.02 seconds"):
        await session.ask(GetPage, 0.02)
    token = world.child.sent[-1].token
    world.child.on_message(Refused(token, "internal", "Too late."))
    world.child.on_message(Done(token, 1))
    world.child.on_message(Page(token, "Late", "https://late.example/"))
    assert session._browser._incarnation._waiting == {}
    await session.close(REASON)


async def test_who_waits_when_it_closes_is_told_why(world: World) -> None:
    session = await world.started()
    asking = asyncio.create_task(session.ask(GetPage))
    await turns()
    await session.close(REASON)
    with pytest.raises(NotFound, match="has been closed"):
        await asking


async def test_who_waits_when_the_process_ends_is_told_to_try_again(world: World) -> None:
    session = await world.started()
    asking = asyncio.create_task(session.load("https://a.example/"))
    await turns()
    world.child.die()
    with pytest.raises(Unavailable, match="try again in a moment") as caught:
        await asking
    assert caught.value.code == "rebuilding"
    await session.close(REASON)


async def test_a_closed_session_cannot_be_asked(world: World) -> None:
    session = await world.started()
    await session.close(REASON)
    with pytest.raises(Unavailable, match="'one' has been closed") as caught:
        await session.present_page()
    assert caught.value.code == "session_closed"
    assert world.child.sent[-1] == Shutdown()


# ---- what it can do


async def test_loading_shows_the_page_and_tells_viewers(world: World) -> None:
    session = await world.started()
    world.child.answer = answering
    viewer = FakeViewer()
    session.watch(cast(Any, viewer))
    assert await session.load("https://a.example/") == PageInfo("Title", "https://a.example/") == session.page
    assert [payload["message"] for event, payload in viewer.told if event == "status"] == [
        "Loading https://a.example/",
        "Loaded https://a.example/",
    ]
    (navigate,) = (message for message in world.child.sent if isinstance(message, Navigate))
    assert navigate.timeout == world.settings.load_timeout
    await session.close(REASON)


async def test_a_page_that_does_not_load_leaves_the_session_alive(world: World) -> None:
    session = await world.started()
    viewer = FakeViewer()
    session.watch(cast(Any, viewer))
    world.child.answer = lambda message: (
        Refused(message.token, "load_failed", "net::ERR_NAME_NOT_RESOLVED") if isinstance(message, Navigate) else None
    )
    with pytest.raises(LoadFailed, match="ERR_NAME_NOT_RESOLVED"):
        await session.load("https://nobody.example/")
    assert viewer.told[-1] == ("status", {"message": "net::ERR_NAME_NOT_RESOLVED"})
    assert not session.closed
    world.child.answer = answering
    assert (await session.present_page()).title == "Present"
    await session.close(REASON)


async def test_frames_reach_viewers_and_slots_go_back(world: World) -> None:
    session = await world.started()
    viewer = FakeViewer()
    session.watch(cast(Any, viewer))
    for seq in (1, 2):
        world.child.on_message(Notice(seq, seq, 0))
        await turns()
    assert viewer.seqs == [1, 2]
    assert [message for message in world.child.sent if isinstance(message, Release | Wants)] == [
        Wants(60),
        Release(1, world.child.spec.ring),
    ]
    session.unwatch(cast(Any, viewer))
    assert world.child.sent[-1] == Wants(0)
    await session.close(REASON)


async def test_a_poll_asks_for_the_present_picture_first(world: World) -> None:
    session = await world.started()
    picture: list[ToCapture] = []

    def refreshed(message: Any) -> Any:
        if isinstance(message, Refresh):
            picture.append(message)
            world.child.on_message(Notice(0, 5, 0))
            return Done(message.token, 5)
        return None

    world.child.answer = refreshed
    assert await session.poll(Rendition("png", 0)) == b"frame 5 0"
    assert len(picture) == 1
    await session.close(REASON)


# ---- activity


@pytest.mark.parametrize("what", ["load", "poll", "inject", "watch", "unwatch"])
async def test_what_is_activity(world: World, what: str) -> None:
    session = await world.started()
    world.child.answer = answering
    world.child.on_message(Notice(0, 1, 0))
    viewer = cast(Any, FakeViewer())
    if what == "unwatch":
        session.watch(viewer)
    session.expiry._last_activity = time.monotonic() - 1000
    match what:
        case "load":
            await session.load("https://a.example/")
        case "poll":
            await session.poll(Rendition("png", 0))
        case "inject":
            await session.inject(lambda token: Click(token, 1, 1))
        case "watch" | "unwatch":
            getattr(session, what)(viewer)
    assert abs(time.time() - session.last_activity) < 100
    await session.close(REASON)


async def test_asking_about_a_session_is_no_activity(world: World) -> None:
    session = await world.started()
    world.child.answer = answering
    session.expiry._last_activity = time.monotonic() - 1000
    await session.present_page()
    world.child.on_message(Notice(0, 1, 0))
    assert 900 < time.time() - session.last_activity < 1100
    await session.close(REASON)


async def test_whoever_comes_is_told_where_the_focus_is_also_where_it_is_in_no_field(world: World) -> None:
    session = await world.started()
    first, second = FakeViewer(), FakeViewer()
    session.watch(cast(Any, first))
    world.child.on_message(Focus(True, "email", False, 3, 10, 20, 30, 40))
    session.watch(cast(Any, second))
    assert [payload["editable"] for _, payload in first.told] == [False, True]
    assert [payload["editable"] for _, payload in second.told] == [True]
    await session.close(REASON)


async def test_the_cursor_is_told_to_those_who_watch_and_to_those_who_come(world: World) -> None:
    session = await world.started()
    early, late = FakeViewer(), FakeViewer()
    session.watch(cast(Any, early))
    world.child.on_message(Cursor(b"PNG", 16, 17, 3, 4, "hand"))
    session.watch(cast(Any, late))
    assert sorted(told[0] for told in early.told) == sorted(told[0] for told in late.told) == ["cursor", "focus"]
    event = dict(late.told)["cursor"]
    assert event == dict(early.told)["cursor"]
    assert json.loads(event[2:]) == [
        "cursor",
        {"image": "UE5H", "width": 16, "height": 17, "x": 3, "y": 4, "name": "hand"},
    ]
    assert event[:2] == b"42"
    world.child.on_message(Cursor(b"PNG", 16, 17, 3, 4))
    assert "name" not in json.loads(late.told[-1][1][2:])[1]
    await session.close(REASON)
