"""What a real Chromium takes itself to run on, in every tab, and fingers on it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
import pytest_asyncio

from engine.device import device_of
from engine.inputs import Touch, TouchPoint
from engine.pagemessages import GetPage
from tests.process.capture_rig import Rig, click
from tests.process.echo_site import echo

pytestmark = pytest.mark.asyncio(loop_scope="module")

WIDTH, HEIGHT = 360, 640
DEVICE = device_of(WIDTH, HEIGHT, scale=2, mobile=True)
# A page that reports by its title: what it finds, then what happens to it.
PAGE = """<!doctype html><meta name=viewport content="width=device-width,initial-scale=1">
<body style="margin:0;height:2000px"><a target=_blank style="position:fixed;left:0;top:200px;font:40px x">next</a>
<script>
document.querySelector('a').href = location.href + '#next';
const seen = () => [innerWidth, innerHeight, devicePixelRatio, navigator.maxTouchPoints, 'ontouchstart' in window,
  matchMedia('(pointer: coarse)').matches, navigator.userAgent.includes('Android'), navigator.userAgentData.mobile];
requestAnimationFrame(() => setTimeout(() => document.title = JSON.stringify(seen()), 300));
for (const kind of ['touchstart', 'touchmove', 'touchend', 'touchcancel'])
  addEventListener(kind, event => { document.title = kind + ' ' + [...event.touches].map(
    touch => [touch.identifier, Math.round(touch.clientX), Math.round(touch.clientY)]); }, {passive: false});
</script>"""
FOUND = json.dumps([WIDTH // 2, HEIGHT // 2, 2, 10, True, True, True, True], separators=(",", ":"))


@pytest.fixture(scope="module")
def address() -> Iterator[Callable[..., str]]:
    with echo() as make:
        yield make


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def rig() -> AsyncIterator[Rig]:
    rig = Rig(WIDTH, HEIGHT, device=DEVICE)
    try:
        yield await rig.start()
    finally:
        await rig.stop()


def touch(*points: tuple[int, int, int], cancel: bool = False) -> Callable[[int], Any]:
    return lambda token: Touch(token, tuple(TouchPoint(*point) for point in points), cancel)


async def test_pages_find_the_device_in_every_tab_and_fingers_land_where_they_are(rig: Rig, address: Callable[..., str]) -> None:
    await rig.load(address(PAGE))
    await rig.title_is(FOUND)
    assert (await rig.picture()).shape == (HEIGHT, WIDTH, 3)
    for points, said in [
        ([(0, 100, 60)], "touchstart 0,50,30"),
        ([(0, 180, 60)], "touchmove 0,90,30"),
        ([(0, 180, 60), (1, 200, 80)], "touchstart 0,90,30,1,100,40"),
        ([(1, 200, 80)], "touchend 1,100,40"),
        ([], "touchend "),
        ([(0, 100, 60)], "touchstart 0,50,30"),
    ]:
        await rig.done(touch(*points))
        await rig.title_is(said.strip())
    await rig.done(touch(cancel=True))
    await rig.title_is("touchcancel")
    before = (await rig.ask(GetPage)).url
    await rig.done(click(20, 420))  # the screen's pixels
    while (await rig.ask(GetPage)).url == before:
        pass
    await rig.title_is(FOUND)
