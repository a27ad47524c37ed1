"""A page that nobody needs is frozen, and wakes for whoever does."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from engine.messages import Refresh, Wants
from engine.pagemessages import GetPage
from tests.process.capture_rig import Rig, click

pytestmark = pytest.mark.asyncio(loop_scope="module")

COUNTING = """<title>0</title><body style="margin:0;background:#000"><script>
  var steps = 0, frozen = 0;
  document.addEventListener('freeze', function () { frozen++; });
  addEventListener('click', function () { document.title = 'clicked ' + frozen; steps = NaN; });
  setInterval(function () {
    if (isNaN(steps)) { return; }
    document.title = ++steps + ' ' + frozen;
    document.body.style.background = 'rgb(' + steps % 256 + ',0,0)';
  }, 20);
</script>"""
FREEZE_AFTER = 0.5


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def sleepy() -> AsyncIterator[Rig]:
    rig = Rig(freeze_after=FREEZE_AFTER)
    try:
        yield await rig.start()
    finally:
        await rig.stop()


async def title(rig: Rig) -> str:
    return str((await rig.ask(GetPage)).title)


async def until_frozen(rig: Rig) -> str:
    """Wait until the page has stopped counting; its title."""
    before = await title(rig)
    for _ in itertools.repeat(None, 100):
        await asyncio.sleep(0.2)  # ten of the page's steps: the absence of an event is what is waited for
        now = await title(rig)
        if now == before:
            return now
        before = now
    raise AssertionError(f"the page goes on: {before}")


async def test_a_page_without_demand_is_frozen_and_demand_wakes_it(sleepy: Rig) -> None:
    await sleepy.show(COUNTING)
    frozen = await until_frozen(sleepy)
    sleepy.send(Wants(30))
    for _ in itertools.repeat(None, 100):
        if await title(sleepy) != frozen:
            break
    now = await title(sleepy)
    assert now != frozen
    assert now.split()[1] == "1", "it was not told that it was frozen"
    await asyncio.sleep(2 * FREEZE_AFTER)
    assert await title(sleepy) != now, "it was frozen while it was watched"
    sleepy.send(Wants(0))
    await until_frozen(sleepy)


async def test_input_and_a_poll_wake_it(sleepy: Rig) -> None:
    await sleepy.show(COUNTING)
    before = await until_frozen(sleepy)
    await sleepy.done(Refresh)
    after = await title(sleepy)
    assert int(after.split()[0]) > int(before.split()[0]), "the poll was answered by a page that had not gone on"
    await until_frozen(sleepy)
    await sleepy.done(click(10, 10))
    assert await sleepy.title_is("clicked 2")
