"""A session gives back all that it took, however it ends, and answers everybody who waits for it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from api import browser
from api import incarnation as module
from engine.errors import ChildGone, Unavailable
from engine.framering import FrameRing
from engine.messages import Notice, Ping, Release, Wants
from engine.pagemessages import Navigate
from tests.unit.api.fakes import FakeChild, FakeViewer, turns, until
from tests.unit.api.opened import REASON, World, answering, rings


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[World]:
    monkeypatch.setattr(module, "Child", FakeChild)
    monkeypatch.setattr(FakeChild, "made", [])
    monkeypatch.setattr(FakeChild, "failing", [])
    world = World(tmp_path)
    yield world
    world.assert_nothing_left()


# ---- life


async def test_a_session_is_a_folder_a_ring_and_a_process_and_gives_all_of_it_back(world: World) -> None:
    session = await world.started()
    spec = world.child.spec
    assert world.child.module == "capture.main"
    assert (spec.session_id, spec.device.width, spec.device.height, spec.ring) == ("one", 320, 200, rings()[0])
    assert [str(path) for path in world.folder.iterdir()] == [spec.folder]
    assert os.stat(spec.folder).st_mode & 0o077 == 0, "another user could read the profile"
    assert os.stat(spec.folder).st_uid == (os.geteuid() if spec.uid is None else spec.uid)
    await session.close(REASON)
    assert session.closed
    assert world.child.stopped
    assert world.ended == [session]
    assert world.pool.forgotten == [session.stream]
    world.assert_nothing_left()


async def test_two_sessions_share_nothing(world: World) -> None:
    sessions = [await world.started(id) for id in ("one", "two")]
    specs = [child.spec for child in FakeChild.made]
    assert specs[0].folder != specs[1].folder
    assert specs[0].ring != specs[1].ring
    assert specs[0].uid is None or specs[0].uid != specs[1].uid
    for session in sessions:
        await session.close(REASON)


async def test_a_browser_that_does_not_start_is_an_error_and_leaves_nothing(world: World) -> None:
    FakeChild.failing.append(Unavailable("Chromium did not start."))
    session = world.new()
    with pytest.raises(Unavailable, match="Chromium did not start"):
        await session.start()
    world.assert_nothing_left()
    assert world.child.stopped


async def test_a_browser_that_ends_as_soon_as_it_is_ready_has_not_started(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeChild, "starts", False)
    session = world.new()
    starting = asyncio.create_task(session.start())
    await turns()
    world.child.readiness.set_result("Fake 1.0")
    world.child.die()
    with pytest.raises(ChildGone, match="ended unexpectedly"):
        await starting
    world.assert_nothing_left()


async def test_a_start_that_is_given_up_leaves_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeChild, "starts", False)
    session = world.new()
    starting = asyncio.create_task(session.start())
    await turns()
    starting.cancel()
    await asyncio.wait([starting])
    assert starting.cancelled()
    world.assert_nothing_left()


async def test_a_full_dev_shm_leaves_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(width: int, height: int, generation: int) -> FrameRing:
        raise Unavailable("There is no room.", code="no_shared_memory")

    with monkeypatch.context() as patched:
        patched.setattr(FrameRing, "create", full)
        for _ in range(3):
            with pytest.raises(Unavailable, match="no room"):
                world.new()
    world.assert_nothing_left()
    await (await world.started()).close(REASON)


async def test_closing_twice_closes_once_and_both_wait_for_the_end(world: World) -> None:
    session = await world.started()
    await asyncio.gather(session.close(REASON), session.close(Unavailable("Another reason.")))
    await session.close(REASON)
    assert world.ended == [session]
    world.assert_nothing_left()


async def test_a_close_that_is_given_up_goes_on(world: World) -> None:
    session = await world.started()
    closing = asyncio.create_task(session.close(REASON))
    await asyncio.sleep(0)
    closing.cancel()
    await asyncio.wait([closing])
    await until(lambda: world.ended)


# ---- its browser ends


async def test_a_capture_process_that_ends_is_followed_by_another_with_all_that_it_had(world: World) -> None:
    session = await world.started()
    viewer = FakeViewer()
    session.watch(cast(Any, viewer))
    world.child.answer = answering
    await session.load("https://a.example/")
    first = world.child
    for seq in (1, 2):
        first.on_message(Notice(seq, seq, 0))
        await turns()
    first.die()
    await until(lambda: "rebuilt" in [payload.get("code") for _, payload in viewer.told])
    told = [payload for _, payload in viewer.told if "code" in payload]
    assert [payload["code"] for payload in told] == ["rebuilding", "rebuilt"]
    assert "has ended unexpectedly" in told[0]["message"]
    second = world.child
    assert second is not first
    assert (second.spec.folder, second.spec.uid) == (first.spec.folder, first.spec.uid)
    assert (second.spec.generation, second.spec.seq) == (2, 2)
    assert rings() == sorted([first.spec.ring, second.spec.ring]), "the last picture is gone before there is another"
    assert second.sent[0] == Wants(60)
    await until(lambda: any(isinstance(message, Navigate) for message in second.sent))
    assert second.sent[-1].url == "https://a.example/"
    second.on_message(Notice(2, 3, 0))
    await until(lambda: viewer.seqs == [1, 2, 3])
    assert Release(2) not in second.sent, "a slot of the old ring was given to the new process"
    assert rings() == [second.spec.ring]
    assert world.pool.unmapped == [first.spec.ring]
    await session.close(REASON)


async def test_the_page_that_was_being_loaded_is_the_one_to_return_to(world: World) -> None:
    session = await world.started()
    loading = asyncio.create_task(session.load("https://slow.example/"))
    await turns()
    world.child.die()
    await asyncio.wait([loading])
    await until(lambda: any(isinstance(message, Navigate) for message in world.child.sent) and len(FakeChild.made) == 2)
    assert world.child.sent[-1].url == "https://slow.example/"
    await session.close(REASON)


async def test_requests_wait_for_the_browser_that_is_rebuilt_but_not_for_ever(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await world.started()
    monkeypatch.setattr(FakeChild, "starts", False)
    world.child.die()
    await until(lambda: len(FakeChild.made) == 2 and world.child.started)
    with monkeypatch.context() as patched:
        patched.setattr(browser, "WAIT_SECONDS", 0.01)
        with pytest.raises(Unavailable, match="is being started again; try again") as caught:
            await session.present_page()
    assert caught.value.code == "rebuilding"
    asking = asyncio.create_task(session.present_page())
    await turns()
    world.child.answer = answering
    world.child.readiness.set_result("Fake 1.0")
    assert (await asking).title == "Present"
    await session.close(REASON)


async def test_a_browser_that_ends_again_and_again_is_an_error_and_no_loop(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser, "FIRST_BACKOFF_SECONDS", 0.001)
    session = await world.started()
    viewer = FakeViewer()
    session.watch(cast(Any, viewer))
    for _ in range(browser.MOST_REBUILDS + 1):
        await until(lambda: not world.child.exited.is_set() and not session._browser.is_down())
        world.child.die()
    await until(lambda: world.ended)
    assert len(FakeChild.made) == browser.MOST_REBUILDS + 1
    assert viewer.told[-1] == ("error", "crashing")
    assert viewer.on_ready is None


async def test_a_browser_that_cannot_be_started_again_is_an_error_in_the_end(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browser, "FIRST_BACKOFF_SECONDS", 0.001)
    monkeypatch.setattr(browser, "LONGEST_BACKOFF_SECONDS", 0.001)
    session = await world.started()
    viewer = FakeViewer()
    session.watch(cast(Any, viewer))
    FakeChild.failing[:] = [Unavailable("Chromium did not start.")] * 99
    world.child.die()
    await until(lambda: world.ended)
    assert len(FakeChild.made) == browser.MOST_STARTS + 2
    assert session.closed
    assert viewer.told[-1] == ("error", "crashing")


async def test_a_browser_that_is_upgraded_meanwhile_costs_no_session(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser, "FIRST_BACKOFF_SECONDS", 0.001)
    session = await world.started()
    FakeChild.failing[:] = [Unavailable("Chromium did not start.")] * (browser.MOST_REBUILDS + 3)
    world.child.die()
    await until(lambda: not FakeChild.failing and not session._browser.is_down())
    assert session._browser.rebuilds == 1
    await session.close(REASON)


async def test_closing_while_it_is_rebuilt_leaves_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    session = await world.started()
    monkeypatch.setattr(FakeChild, "starts", False)
    world.child.die()
    await until(lambda: len(FakeChild.made) == 2 and world.child.started)
    await session.close(REASON)
    assert world.ended == [session]
    assert world.child.stopped


async def test_a_capture_process_that_does_not_read_is_killed(world: World) -> None:
    session = await world.started()
    world.child.hangs = True
    session.watch(cast(Any, FakeViewer()))
    assert world.child.killed
    await until(lambda: len(FakeChild.made) == 2)
    await session.close(REASON)


async def test_a_capture_process_that_does_not_answer_is_killed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BEAT_SECONDS", 0.01)
    monkeypatch.setattr(module, "HUNG_SECONDS", 0.05)
    session = await world.started()
    alive = world.child
    alive.answer = answering
    await until(lambda: sum(isinstance(message, Ping) for message in alive.sent) > 7)  # longer than it may owe one answer
    alive.answer = lambda message: None
    await until(lambda: len(FakeChild.made) == 2)
    assert [child.killed for child in FakeChild.made] == [True, False]
    await session.close(REASON)


async def test_viewers_are_told_why_it_was_closed(world: World) -> None:
    session = await world.started()
    viewers = [FakeViewer(), FakeViewer()]
    for viewer in viewers:
        session.watch(cast(Any, viewer))
    await session.close(REASON)
    assert [viewer.told[-1] for viewer in viewers] == [("error", "session_closed")] * 2
