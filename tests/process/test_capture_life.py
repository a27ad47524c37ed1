"""However a capture process ends, and whatever of it dies first: it says so, it ends, and nothing of it is left."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from engine.errors import ChildGone, ConfigurationError, JiomosaError
from engine.messages import Refresh, Shutdown, Wants
from engine.settings import Settings
from tests.process.capture_rig import SECONDS, Rig

CANVAS = (Path(__file__).parents[2] / "bench/pages/canvas.html").as_uri()


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    rig = Rig(320, 240)
    yield rig
    await rig.stop()


async def end_of(rig: Rig) -> JiomosaError:
    async with asyncio.timeout(SECONDS):
        return await asyncio.shield(rig.ended)


def running(rig: Rig) -> list[str]:
    return sorted({process.name() for process in rig.processes()})


async def test_shutdown_in_the_middle_of_motion_leaves_nothing(rig: Rig) -> None:
    await rig.start()
    assert {"Xvfb", "chromedriver", "chromium"} <= set(running(rig))
    await rig.load(CANVAS)
    rig.send(Wants(60))
    await rig.until(lambda: len(rig.notices) > 5)
    rig.send(Shutdown())
    assert "exit code 0" in (await end_of(rig)).message
    assert rig.left_behind() == []
    assert not rig.folder.exists() or os.geteuid() != 0


async def test_sigterm_ends_it_in_good_order(rig: Rig) -> None:
    await rig.start()
    os.kill(rig.child.pid, signal.SIGTERM)
    assert "exit code 0" in (await end_of(rig)).message
    assert rig.left_behind() == []


async def test_the_end_of_its_front_is_its_own(rig: Rig) -> None:
    await rig.start()
    assert rig.child._channel is not None
    rig.child._channel.close()
    assert "exit code 0" in (await end_of(rig)).message
    assert rig.left_behind() == []


VICTIMS: dict[str, Callable[[Rig], list[psutil.Process]]] = {
    "ChromeDriver": lambda rig: rig.processes("chromedriver"),
    "Chromium": lambda rig: [rig.chromium],
    "X server": lambda rig: rig.processes("xvfb"),
}


@pytest.mark.parametrize("name", VICTIMS)
async def test_the_death_of_a_program_is_told_and_leaves_nothing(rig: Rig, name: str, capfd: pytest.CaptureFixture[str]) -> None:
    await rig.start()
    await rig.load(CANVAS)
    rig.send(Wants(60))
    await rig.until(lambda: len(rig.notices) > 5)
    (victim,) = VICTIMS[name](rig)
    victim.kill()
    error = await end_of(rig)
    assert isinstance(error, ChildGone)
    assert "has ended unexpectedly" in error.message or "cannot be reached" in error.message
    assert "exit code" not in error.message, "it crashed instead of saying what had happened"
    assert rig.left_behind(folder=True) == []
    assert (rig.folder / "profile").exists(), "whoever comes next has nothing to go on with"
    assert "Traceback" not in capfd.readouterr().err


async def test_programs_that_hang_do_not_keep_it_from_ending(rig: Rig) -> None:
    await rig.start()
    for process in rig.processes():
        process.suspend()
    assert await rig.child.stop(SECONDS) == 0
    assert rig.left_behind() == []


async def test_killed_itself_its_programs_end_too(rig: Rig) -> None:
    await rig.start()
    rig.child.kill()
    await end_of(rig)
    async with asyncio.timeout(SECONDS):
        # Its folder is left to the front. Processes of another parent signal nothing to us.
        while any(Path(entry).parent != rig.folder for entry in rig.left_behind()):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("seconds", [0.0, 0.15, 0.4, 0.7])
async def test_told_to_end_while_it_starts_it_leaves_nothing(rig: Rig, seconds: float) -> None:
    rig.launch()
    await asyncio.sleep(seconds)
    assert await rig.child.stop(SECONDS) == 0
    assert rig.left_behind() == []


@pytest.mark.parametrize(
    ("changes", "kind", "sentence"),
    [
        ({"chromium": "/nonexistent/chromium"}, JiomosaError, "Chromium could not be started"),
        ({"chromedriver": "/nonexistent/chromedriver"}, ConfigurationError, "chromedriver was not found"),
        ({"chromedriver": "/bin/true"}, ChildGone, "ended before it listened"),
    ],
)
async def test_what_cannot_start_is_said_in_a_sentence(changes: dict[str, Any], kind: type[JiomosaError], sentence: str) -> None:
    rig = Rig(320, 240, **changes)
    try:
        rig.launch()
        with pytest.raises(JiomosaError, match=sentence) as caught:
            await rig.child.ready(SECONDS)
        assert caught.value.code == (kind.code if kind is not JiomosaError else "browser_failed")
        await end_of(rig)
        assert rig.left_behind(folder=True) == []
    finally:
        await rig.stop()


UNLUCKY = """#!/bin/sh
cd {folder}
echo x >>times
[ $(wc -l <times) -lt 3 ] && echo 'IPv6 port not available. Exiting...' && exit 1
exec {chromedriver} "$@"
"""


@pytest.fixture
def unlucky() -> Iterator[Path]:
    """A ChromeDriver that finds no port the first two times; it counts in the file `times`."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "times").touch()
        (folder / "times").chmod(0o666)
        (folder / "chromedriver").write_text(UNLUCKY.format(folder=folder, chromedriver=Settings().chromedriver))
        (folder / "chromedriver").chmod(0o755)
        yield folder


async def test_a_port_that_another_program_has_is_tried_again(unlucky: Path) -> None:
    rig = Rig(320, 240, chromedriver=str(unlucky / "chromedriver"))
    try:
        await rig.start()
        assert (unlucky / "times").read_text() == "x\n" * 3
    finally:
        await rig.stop()


async def test_two_sessions_do_not_touch_each_other(rig: Rig) -> None:
    await rig.start()
    other = Rig(320, 240)
    try:
        await other.start()
        assert other.display != rig.display
        assert set(other.processes()).isdisjoint(rig.processes())
    finally:
        await other.stop()
    assert other.left_behind() == []
    assert not rig.ended.done()
    await rig.done(Refresh)
