"""A browser that does not answer hangs; a page only while somebody watches, and after its time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from capture import health as module
from capture.bidi import CommandFailed
from capture.health import Health
from engine.errors import JiomosaError, Unavailable
from tests.unit.api.fakes import until


class World:
    """A browser and a page that answer, refuse or hang as the test says."""

    def __init__(self) -> None:
        self.browser_hangs = self.page_hangs = self.refuses = False
        self.asked = 0
        self.url = "http://a/"
        self.told = 0
        self.failures: list[JiomosaError] = []
        self.health = Health(self, 0.05, self.looked, self.failures.append)  # type: ignore[arg-type]
        self.task = asyncio.create_task(self.health.run())

    def looked(self) -> None:
        self.told += 1

    async def present(self) -> tuple[str, str]:
        if self.browser_hangs:
            await asyncio.Event().wait()
        return "Title", self.url

    async def cdp(self, method: str, /, **params: Any) -> dict[str, Any]:
        self.asked += 1
        if self.refuses:
            raise CommandFailed("unknown error", "It is between two pages.")
        if self.page_hangs:
            await asyncio.Event().wait()
        return {}


@pytest.fixture
async def world(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    for name, seconds in {
        "WATCHED_SECONDS": 0.002,
        "UNWATCHED_SECONDS": 0.005,
        "BROWSER_SECONDS": 0.05,
        "LEAST_PAGE_SECONDS": 0.002,
    }.items():
        monkeypatch.setattr(module, name, seconds)
    world = World()
    yield world
    world.task.cancel()
    await asyncio.wait([world.task])


async def test_whenever_the_browser_has_answered_it_is_looked_at_what_it_shows(world: World) -> None:
    await until(lambda: world.told > 2)
    assert world.failures == []


async def test_a_browser_that_does_not_answer_hangs(world: World) -> None:
    await until(lambda: world.told)
    world.browser_hangs = True
    await until(lambda: world.failures)
    assert [failure.code for failure in world.failures] == ["child_gone"]


async def test_a_page_hangs_only_while_somebody_watches(world: World) -> None:
    world.page_hangs = True
    await until(lambda: world.told)
    assert world.asked == 0
    world.health.wants(30.0)
    await until(lambda: world.failures)
    assert [failure.code for failure in world.failures] == ["page_hung"]


async def test_a_refusal_is_an_answer(world: World) -> None:
    world.refuses = True
    world.health.wants(30.0)
    await until(lambda: world.asked > 30)  # longer than it may not answer
    assert world.failures == []


async def test_a_browser_that_hangs_is_noticed_however_seldom_it_is_asked(monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    for name in ("WATCHED_SECONDS", "UNWATCHED_SECONDS"):
        monkeypatch.setattr(module, name, 0.2)

    async def busy() -> tuple[str, str]:
        raise Unavailable("It does not answer.", code="page_busy")

    monkeypatch.setattr(world, "present", busy)
    await until(lambda: world.failures)
    assert [failure.code for failure in world.failures] == ["child_gone"]
