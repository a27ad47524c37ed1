"""The life of a real child process, from its start to its end, whoever brings that about."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from engine.child import Child
from engine.errors import ChildGone, JiomosaError, LoadFailed, Unavailable
from engine.messages import Ready, Wants
from engine.pagemessages import GetPage, Page

ROOT = Path(__file__).parents[2]
SECONDS = 60.0  # for what ought to take a fraction of one


class Front:
    """The children of one test, and what was heard of them."""

    def __init__(self) -> None:
        self.children: list[Child] = []
        self.heard: list[Any] = []
        self.ends: list[JiomosaError] = []

    def start(self, spec: str) -> Child:
        child = Child(spec, "tests.process.obedient", spec)
        child.start(self.heard.append, self.ends.append)
        self.children.append(child)
        return child

    async def ready(self, spec: str) -> Child:
        child = self.start(spec)
        assert await child.ready(SECONDS) == spec
        return child

    async def ask(self, child: Child) -> dict[str, Any]:
        child.send(GetPage(len(self.heard)))
        before = len(self.heard)
        await until(lambda: len(self.heard) > before)
        answer = self.heard[-1]
        assert isinstance(answer, Page)
        told: dict[str, Any] = json.loads(answer.title)
        return told


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(SECONDS):
        while not condition():  # noqa: ASYNC110  # processes signal nothing to us
            await asyncio.sleep(0.01)


@pytest.fixture
async def front() -> AsyncIterator[Front]:
    front = Front()
    yield front
    for child in front.children:
        child.kill()
        await child.stop(SECONDS)
        assert not psutil.pid_exists(child.pid), "a child was not waited for"


async def test_a_child_is_ready_works_and_stops_when_asked(front: Front) -> None:
    child = await front.ready("works")
    assert child.started
    about = await front.ask(child)
    assert about["pid"] == child.pid != os.getpid()
    assert await child.stop(SECONDS) == 0
    assert not child.alive
    assert child.stopping
    assert len(front.ends) == 1
    assert await child.stop(SECONDS) == 0
    assert len(front.ends) == 1
    with pytest.raises(ChildGone, match="works process has ended"):
        child.send(Wants(1))


async def test_what_a_child_has_and_has_not(front: Front) -> None:
    other = await front.ready("works")
    about = await front.ask(await front.ready("works"))
    assert about["sid"] == about["pid"], "Ctrl-C of the terminal would reach it"
    assert about["sigint"]
    assert about["frozen"]
    assert about["sockets"] == 1, "it has inherited more than its own channel"
    assert about["modules"] == [], "it has loaded what only the front needs"
    assert other.alive


async def test_the_title_of_a_child_is_its_name(front: Front) -> None:
    child = await front.ready("works")
    assert psutil.Process(child.pid).cmdline()[0] == "jiomosa: works"


async def test_a_child_that_fails_says_why(front: Front) -> None:
    child = front.start("fails")
    with pytest.raises(LoadFailed, match=r"^The page of the child did not load\.$"):
        await child.ready(SECONDS)
    await until(lambda: front.ends)
    assert [type(error) for error in front.ends] == [LoadFailed]


async def test_a_child_may_fail_in_words_of_its_own(front: Front) -> None:
    with pytest.raises(JiomosaError, match="had no luck") as caught:
        await front.start("fails in words of its own").ready(SECONDS)
    assert caught.value.code == "no_luck"


async def test_a_child_that_fails_when_it_was_ready_says_why_to_on_exit(front: Front) -> None:
    child = await front.ready("fails later")
    child.send(Wants(1))
    await until(lambda: front.ends)
    assert [(type(error), error.message) for error in front.ends] == [(Unavailable, "The child cannot go on.")]


async def test_a_child_that_quits_before_it_is_ready_is_gone(front: Front) -> None:
    child = front.start("quits")
    with pytest.raises(ChildGone, match=r"quits process has ended unexpectedly \(exit code 3\)"):
        await child.ready(SECONDS)
    await until(lambda: front.ends)
    assert len(front.ends) == 1
    assert not child.alive


async def test_a_module_that_cannot_be_imported_is_a_child_that_is_gone(front: Front) -> None:
    child = Child("nowhere", "tests.process.nowhere", None)
    child.start(front.heard.append, front.ends.append)
    front.children.append(child)
    with pytest.raises(ChildGone, match="exit code 1"):
        await child.ready(SECONDS)


async def test_a_child_that_is_not_ready_in_time_is_an_error_and_can_be_stopped(front: Front) -> None:
    child = front.start("never ready")
    with pytest.raises(ChildGone, match=r"not ready within 0\.05 seconds"):
        await child.ready(0.05)
    assert child.alive
    assert await child.stop(SECONDS) == 0
    with pytest.raises(ChildGone):
        await child.ready(SECONDS)


async def test_the_last_words_of_a_child_are_heard_before_its_end(front: Front) -> None:
    at_the_end: list[int] = []
    child = Child("talkative", "tests.process.obedient", "talks and quits")
    heard: list[Any] = []
    child.start(heard.append, lambda error: at_the_end.append(len(heard)))
    front.children.append(child)
    assert await child.ready(SECONDS) == "talkative"
    await until(lambda: at_the_end)
    assert at_the_end == [100]
    assert [message.token for message in heard] == list(range(100))


async def test_words_that_are_unread_when_its_end_is_noticed_are_heard(front: Front) -> None:
    child = await front.ready("fails later")
    assert child._channel is not None
    asyncio.get_running_loop().remove_reader(child._channel.fileno())  # the pidfd comes first
    child.send(Wants(1))
    await until(lambda: front.ends)
    assert [error.message for error in front.ends] == ["The child cannot go on."]


async def test_only_the_first_ready_is_the_childs_readiness(front: Front) -> None:
    await front.ready("ready twice")
    await until(lambda: front.heard)
    assert front.heard == [Ready("again")]


@pytest.mark.parametrize("spec", ["stubborn", "deaf"])
async def test_a_child_that_does_not_stop_is_killed_after_its_grace(front: Front, spec: str) -> None:
    child = await front.ready(spec)
    assert await child.stop(0.2) == -signal.SIGKILL
    assert len(front.ends) == 1


async def test_a_child_that_is_killed_is_noticed_once(front: Front) -> None:
    child = await front.ready("works")
    os.kill(child.pid, signal.SIGKILL)
    await until(lambda: front.ends)
    assert [error.message for error in front.ends] == [f"The works process has ended unexpectedly (exit code {-signal.SIGKILL})."]
    assert not child.stopping
    child.kill()
    await asyncio.sleep(0.05)
    assert len(front.ends) == 1


async def test_kill_is_followed_by_on_exit(front: Front) -> None:
    child = await front.ready("deaf")
    child.kill()
    await until(lambda: front.ends)
    assert not child.alive


async def test_a_child_that_does_not_read_is_noticed(front: Front) -> None:
    child = await front.ready("deaf")
    with pytest.raises(ChildGone, match="hangs"):
        pour(child)


def pour(child: Child) -> None:
    for number in range(1_000_000):
        child.send(Wants(number))


async def test_sigint_is_ignored_by_a_child(front: Front) -> None:
    child = await front.ready("works")
    os.kill(child.pid, signal.SIGINT)
    assert (await front.ask(child))["pid"] == child.pid


async def test_a_child_whose_channel_is_closed_ends_by_itself(front: Front) -> None:
    child = await front.ready("works")
    assert child._channel is not None
    child._channel.close()
    await until(lambda: front.ends)
    assert "exit code 0" in front.ends[0].message


@pytest.mark.parametrize("spec", ["works", "deaf"])
def test_a_child_whose_front_is_killed_ends(spec: str) -> None:
    with subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("orphaning.py")), spec],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    ) as front:
        assert front.stdout is not None
        orphan = os.pidfd_open(int(front.stdout.readline()))
        front.kill()
        front.wait(SECONDS)
        assert select.select([orphan], [], [], SECONDS)[0], "it lives on"
        os.close(orphan)


async def test_a_child_leaves_no_descriptor_behind() -> None:
    before = 0
    for _ in range(3):
        child = Child("works", "tests.process.obedient", "works")
        child.start(lambda message: None)
        await child.ready(SECONDS)
        await child.stop(SECONDS)
        del child
        gc.collect()
        before = before or len(os.listdir("/proc/self/fd"))  # the first child also starts Python's resource tracker
    assert len(os.listdir("/proc/self/fd")) <= before


async def test_a_child_that_was_never_started_has_nothing_to_stop() -> None:
    child = Child("unborn", "tests.process.obedient", "works")
    assert not child.started
    assert not child.alive
    child.kill()
    with pytest.raises(ChildGone):
        child.send(Wants(1))
    async with asyncio.timeout(3):
        await child.stop(1)
