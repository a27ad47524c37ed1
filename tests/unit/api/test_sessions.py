"""The registry: ids are unique, what fails or ends makes room, and nobody's time is up while they are watched."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest

from api import incarnation as module
from api import sessions as sessions_module
from api.models import SESSION_ID
from api.sessions import Sessions
from engine.admission import Room
from engine.device import device_of
from engine.errors import Conflict, NotFound, TooMany, Unavailable
from engine.settings import Settings
from tests.unit.api.fakes import FakeChild, FakePool, FakeViewer, turns, until


class World:
    """A registry whose capture processes are stand-ins."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = Settings(runtime_dir=str(folder), max_load=0)  # whatever else runs on this machine
        self.sessions = Sessions(self.settings, cast(Any, FakePool()))

    def timeout(self, seconds: float) -> None:
        object.__setattr__(self.settings, "session_timeout", seconds)  # below what a person may set

    async def create(self, id: str | None = None, maker: str | None = None) -> Any:
        return await self.sessions.create(id, device_of(160, 120), maker)


@pytest.fixture
async def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[World]:
    monkeypatch.setattr(module, "Child", FakeChild)
    monkeypatch.setattr(FakeChild, "made", [])
    monkeypatch.setattr(FakeChild, "failing", [])
    world = World(tmp_path)
    yield world
    await world.sessions.close_all()
    assert os.listdir(tmp_path) == []
    assert len(world.sessions) == 0
    assert world.sessions._timers == {}


async def test_a_session_can_be_found_by_its_id(world: World) -> None:
    session = await world.create("mine")
    assert world.sessions.get("mine") is session
    assert world.sessions.all() == [session]
    assert len(world.sessions) == 1


async def test_an_id_is_made_up_where_none_is_wanted(world: World) -> None:
    ids = {(await world.create()).id for _ in range(3)}
    assert len(ids) == 3
    assert all(re.fullmatch(SESSION_ID, id) for id in ids)


async def test_an_id_that_is_taken_is_a_conflict(world: World) -> None:
    await world.create("mine")
    with pytest.raises(Conflict, match="'mine'"):
        await world.create("mine")
    assert len(FakeChild.made) == 1


async def test_an_id_that_is_starting_is_taken(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeChild, "starts", False)
    first = asyncio.create_task(world.create("mine"))
    await turns()
    with pytest.raises(NotFound):
        world.sessions.get("mine")
    with pytest.raises(Conflict):
        await world.create("mine")
    FakeChild.made[0].readiness.set_result("Fake 1.0")
    assert (await first) is world.sessions.get("mine")


async def test_a_session_that_does_not_start_frees_its_id(world: World) -> None:
    FakeChild.failing.append(Unavailable("Chromium did not start."))
    with pytest.raises(Unavailable, match="Chromium"):
        await world.create("mine")
    with pytest.raises(NotFound):
        world.sessions.get("mine")
    await world.create("mine")


async def test_a_creation_that_is_given_up_frees_its_id(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(FakeChild, "starts", False)
        creating = asyncio.create_task(world.create("mine"))
        await turns()
        creating.cancel()
        await asyncio.wait([creating])
    await world.create("mine")


async def test_what_is_closed_is_gone_and_its_id_free(world: World) -> None:
    await world.create("mine")
    await world.sessions.close("mine")
    for missing in ("mine", "nobody"):
        with pytest.raises(NotFound, match=missing):
            world.sessions.get(missing)
        with pytest.raises(NotFound, match=missing):
            await world.sessions.close(missing)
    assert (await world.create("mine")).id == "mine"


async def test_a_session_whose_browser_ended_for_good_is_gone(world: World) -> None:
    session = await world.create("mine")
    session.lost(Unavailable("The browser has ended too often."))
    with pytest.raises(NotFound):
        world.sessions.get("mine")
    await until(lambda: len(world.sessions) == 0)


async def test_a_full_server_refuses_and_has_room_again_when_one_goes(world: World) -> None:
    object.__setattr__(world.settings, "max_sessions", 1)
    await world.create("mine")
    with pytest.raises(Unavailable, match="MAX_SESSIONS") as caught:
        await world.create("more")
    assert caught.value.code == "full"
    assert len(FakeChild.made) == 1
    await world.sessions.close("mine")
    await world.create("more")


async def test_a_machine_without_room_starts_no_browser(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(sessions_module, "room", lambda: Room(1e6, 1e9, 0.0))
        with pytest.raises(Unavailable, match="SESSION_MEMORY"):
            await world.create("mine")
    assert FakeChild.made == []
    await world.create("mine")


async def test_no_more_viewers_than_may_be(world: World) -> None:
    object.__setattr__(world.settings, "max_viewers", 1)
    session = await world.create("mine")
    session.check_viewers()
    session.watch(cast(Any, FakeViewer()))
    with pytest.raises(Unavailable, match="1 viewers"):
        session.check_viewers()


async def test_nobody_uses_it_and_it_expires_whole(world: World) -> None:
    world.timeout(0.05)
    await world.create("mine")
    await until(lambda: len(world.sessions) == 0)
    assert FakeChild.made[0].stopped


async def test_activity_puts_it_off(world: World) -> None:
    world.timeout(0.3)
    session = await world.create("mine")
    loop = asyncio.get_running_loop()
    end = loop.time() + 0.6
    while loop.time() < end:
        session.expiry.active(loop.time())
        await asyncio.sleep(0.01)
        assert not session.closed
    await until(lambda: session.closed)


async def test_a_watched_session_never_expires_and_then_its_whole_time_begins(world: World) -> None:
    world.timeout(0.1)
    session = await world.create("mine")
    viewer = cast(Any, FakeViewer())
    session.watch(viewer)
    await asyncio.sleep(0.4)
    assert not session.closed
    session.unwatch(viewer)
    left = asyncio.get_running_loop().time()
    await until(lambda: session.closed)
    assert asyncio.get_running_loop().time() - left >= 0.09


async def test_closing_all_closes_those_that_are_starting_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    session = await world.create("mine")
    viewer = FakeViewer()
    session.watch(cast(Any, viewer))
    monkeypatch.setattr(FakeChild, "starts", False)
    creating = asyncio.create_task(world.create("late"))
    await turns()
    await world.sessions.close_all()
    assert viewer.told[-1] == ("error", "shutting_down")
    with pytest.raises(Unavailable):
        await creating
    assert all(child.stopped for child in FakeChild.made)
    with pytest.raises(Unavailable, match="shutting down"):
        await world.create("more")
    assert len(FakeChild.made) == 2


async def test_a_warm_session_becomes_the_one_that_is_asked_for(world: World) -> None:
    object.__setattr__(world.settings, "warm_sessions", 1)
    object.__setattr__(world.settings, "warm_size", "160x120")
    world.sessions = Sessions(world.settings, cast(Any, FakePool()))
    world.sessions.warm_up()
    await until(lambda: world.sessions._warm.waiting == 1)
    assert world.sessions.all() == [], "nobody's yet"
    session = await world.create("mine")
    assert len(FakeChild.made) == 1
    assert (session.id, world.sessions.all()) == ("mine", [session])
    assert world.sessions._timers.keys() == {"mine"}
    await world.sessions.close("mine")
    assert len(world.sessions) == 0


async def test_one_user_may_have_so_many_sessions_also_while_they_start(world: World) -> None:
    object.__setattr__(world.settings, "max_sessions_per_user", 2)
    first = await world.create("one", "user ann")
    starting = asyncio.create_task(world.create("two", "user ann"))
    await turns()
    with pytest.raises(TooMany, match="MAX_SESSIONS_PER_USER"):
        await world.create("three", "user ann")
    await world.create("bobs", "user bob")
    await world.create("nobodys")
    await starting
    await first.close(Unavailable("enough"))
    await world.create("three", "user ann")
    assert world.sessions.refused == {"own": 1}


async def test_a_draining_registry_lets_nobody_in_and_waits_for_those_it_has(world: World) -> None:
    session = await world.create("mine")
    viewer = FakeViewer()
    session.watch(viewer)
    draining = asyncio.create_task(world.sessions.drain(60, asyncio.Event()))
    await turns()
    assert ("status", "shutting_down") in [(event, payload.get("code")) for event, payload in viewer.told if payload]
    with pytest.raises(Unavailable, match="shutting down"):
        await world.create("more")
    with pytest.raises(Unavailable, match="shutting down"):
        world.sessions.check_room(160, 120)
    assert not draining.done()
    assert not session.closed
    await world.sessions.close("mine")
    async with asyncio.timeout(10):
        await draining


async def test_draining_ends_in_time_or_when_somebody_is_in_a_hurry(world: World) -> None:
    await world.create("mine")
    hurry = asyncio.Event()
    async with asyncio.timeout(10):
        await world.sessions.drain(0, hurry)
        await world.sessions.drain(0.01, hurry)
        draining = asyncio.create_task(world.sessions.drain(60, hurry))
        await turns()
        assert not draining.done()
        hurry.set()
        await draining
    assert len(world.sessions) == 1
