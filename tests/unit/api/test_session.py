"""A session gives back all that it took, however it ends, and answers everybody who waits for it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from api import session as module
from engine.errors import Unavailable
from engine.framering import FrameRing
from tests.unit.api.fakes import FakeChild, FakeViewer, turns, until
from tests.unit.api.opened import REASON, World, rings


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
    assert (spec.session_id, spec.width, spec.height, spec.ring) == ("one", 320, 200, rings()[0])
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
    def full(width: int, height: int) -> FrameRing:
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


async def test_a_capture_process_that_ends_ends_the_session_and_its_viewers_are_told(world: World) -> None:
    session = await world.started()
    viewer = FakeViewer()
    session.watch(cast(Any, viewer))
    world.child.die()
    assert session.closed
    await turns()
    assert viewer.told == [("error", "child_gone")]
    await until(lambda: world.ended)
    assert world.ended == [session]
    assert viewer.on_ready is None


async def test_a_capture_process_that_does_not_read_is_killed(world: World) -> None:
    session = await world.started()
    world.child.hangs = True
    session.watch(cast(Any, FakeViewer()))
    assert world.child.killed
    await until(lambda: world.ended)


async def test_viewers_are_told_why_it_was_closed(world: World) -> None:
    session = await world.started()
    viewers = [FakeViewer(), FakeViewer()]
    for viewer in viewers:
        session.watch(cast(Any, viewer))
    await session.close(REASON)
    assert [viewer.told for viewer in viewers] == [[("error", "session_closed")]] * 2
