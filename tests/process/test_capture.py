"""What a capture process does while it lives: exact pixels at the pace that is asked for, and loading. One for all tests."""

from __future__ import annotations

import asyncio
import itertools
import os
import random
from typing import Any

import numpy as np
import pytest
import xcffib
from xcffib import xproto

from engine.framering import SLOTS
from engine.messages import Done, Notice, Refresh, Wants
from tests.process.capture_rig import SECONDS, Pixels, Rig, click

pytestmark = pytest.mark.asyncio(loop_scope="module")

MOVING = """<title>moving</title><style>body { margin: 0 } i { position: fixed; width: 9px; height: 5px }</style>
<body><script>
  var steps = 0, dots = [];
  for (var k = 0; k < 5; k++) { dots.push(document.body.appendChild(document.createElement('i'))); }
  function step() {
    dots.forEach(function (dot) {
      if (Math.random() < .5) { return; }
      dot.style.left = Math.random() * 630 + 'px'; dot.style.top = Math.random() * 475 + 'px';
      dot.style.background = 'hsl(' + Math.random() * 360 + ',90%,50%)';
    });
    if (++steps < 150) { setTimeout(step, Math.random() * 20); } else { document.title = 'done'; }
  }
  addEventListener('click', step, {once: true});
</script>"""


@pytest.mark.parametrize("rgb", [(10, 200, 30), (255, 0, 0), (1, 2, 3)])
async def test_pixels_are_exactly_the_pages_as_bgr(rig: Rig, site: str, rgb: tuple[int, int, int]) -> None:
    await rig.load(f"{site}/colour.html?rgb{rgb}".replace(" ", ""))
    await rig.colour_is(320, 240, rgb)
    picture = await rig.picture()
    assert picture.shape == (480, 640, 3)
    assert (picture == rgb[::-1]).all()


async def test_the_picture_fills_the_screen_to_its_last_pixel(rig: Rig) -> None:
    corners = [(0, 0), (639, 0), (0, 479), (639, 479)]
    dots = "".join(f'<i style="left:{x}px;top:{y}px"></i>' for x, y in corners)
    await rig.show("<style>body{margin:0;background:#fff}i{position:fixed;width:1px;height:1px;background:#f00}</style>" + dots)
    await rig.colour_is(639, 479, (255, 0, 0))
    red = ((await rig.picture()) == (0, 0, 255)).all(axis=2)
    assert sorted((int(x), int(y)) for y, x in np.argwhere(red)) == sorted(corners)


async def test_no_renderer_works_for_what_a_kiosk_does_not_show(rig: Rig, site: str) -> None:
    """The address bar's popup alone would cost as much CPU as all the rest of a start."""
    await rig.load(f"{site}/still.html")
    lines = [" ".join(process.cmdline()).split() for process in rig.processes("chromium")]
    renderers = [line for line in lines if "--type=renderer" in line]
    assert renderers
    assert not [line for line in renderers if "--top-chrome-webui" in line]


@pytest.mark.parametrize("fps", [10, 30, 60])
async def test_motion_comes_at_the_pace_that_is_asked_for(rig: Rig, site: str, fps: int) -> None:
    await rig.load(f"{site}/canvas.html")
    rig.send(Wants(fps))
    await asyncio.sleep(0.4)
    before = len(rig.notices)
    await asyncio.sleep(1.5)
    notices = rig.notices[before:]
    seconds = (notices[-1].grab_end_ns - notices[0].grab_end_ns) / 1e9
    assert len(notices) - 1 <= seconds * fps + 1.5
    assert len(notices) >= 1.5 * fps * 0.4  # the machine may be busy
    assert [notice.seq for notice in notices] == list(range(notices[0].seq, notices[-1].seq + 1))


async def test_nothing_comes_without_demand_and_nothing_from_a_still_page(rig: Rig, site: str) -> None:
    await rig.load(f"{site}/canvas.html")
    before = len(rig.notices)
    await asyncio.sleep(0.4)
    assert len(rig.notices) == before
    await rig.load(f"{site}/still.html")
    rig.send(Wants(60))
    await rig.quiet()
    before = len(rig.notices)
    await asyncio.sleep(1.2)
    assert len(rig.notices) == before


async def test_the_header_says_what_the_slot_holds(rig: Rig, site: str) -> None:
    await rig.load(f"{site}/colour.html?red")
    answer = await rig.ask(Refresh)
    notice = rig.leased[-1]
    head = rig.head(notice.slot)
    assert (head.seq, head.grab_end_ns) == (answer.seq, notice.grab_end_ns) == (notice.seq, notice.grab_end_ns)
    assert (head.width, head.height, head.stride) == (640, 480, 2560)
    assert head.grab_begin_ns < head.grab_end_ns
    assert 0 <= head.top < head.bottom <= 480


def screen_itself(rig: Rig) -> Pixels:
    """The screen by another way: a connection of our own to the X server, and the plain request."""
    before = os.environ.get("XAUTHORITY")
    os.environ["XAUTHORITY"] = str(rig.folder / "Xauthority")
    try:
        connection: Any = xcffib.Connection(rig.display)  # type: ignore[no-untyped-call]
    finally:
        os.environ.pop("XAUTHORITY")
        if before is not None:
            os.environ["XAUTHORITY"] = before
    root = connection.setup.roots[0].root
    reply = connection.core.GetImage(xproto.ImageFormat.ZPixmap, root, 0, 0, rig.width, rig.height, 0xFFFFFFFF).reply()
    pixels = np.frombuffer(bytes(reply.data.buf()), np.uint8).reshape(rig.height, rig.width, 4)[:, :, :3].copy()
    connection.disconnect()
    return pixels


async def test_only_what_changed_is_fetched_and_yet_every_slot_is_whole(rig: Rig) -> None:
    await rig.show(MOVING)
    await rig.done(Refresh)
    frames: list[tuple[int, int, int, Pixels]] = []

    def keep(notice: Notice) -> None:
        head = rig.head(notice.slot)
        frames.append((notice.seq, head.top, head.bottom, rig.pixels(notice.slot)))
        # Slots come back in any order and after any time, so that each is out of date in another way.
        while len(rig.leased) > random.randrange(1, SLOTS):
            rig.release(random.choice(rig.leased).slot)

    rig.follow, rig.on_notice = False, keep
    rig.send(Wants(60))
    await rig.done(click(5, 5))
    await rig.title_is("done", SECONDS)
    await rig.quiet(0.2)
    while rig.leased:
        rig.release()
    await rig.done(Refresh)
    truth = screen_itself(rig)
    assert (frames[-1][3] == truth).all()
    assert len({tuple(pixel) for row in truth[::5, ::5] for pixel in row}) > 1, "nothing moved"
    assert sum(bottom - top for _, top, bottom, _ in frames) < 0.9 * 480 * len(frames), "everything was fetched"
    for (_, _, _, old), (seq, top, bottom, new) in itertools.pairwise(frames):
        differs = (old != new).any(axis=(1, 2))
        assert not differs[:top].any(), f"frame {seq} differs above the rows that it names"
        assert not differs[bottom:].any(), f"frame {seq} differs below the rows that it names"


async def test_every_slot_ends_up_the_same_on_a_page_that_has_come_to_rest(rig: Rig) -> None:
    """Each of the slots, filled in turn by small changes, equals the screen itself."""
    await rig.show("<style>body{margin:0}</style><script>onclick=e=>{document.body.append(e.clientX+' ')}</script>")
    rig.follow = False
    await rig.done(Refresh)
    used = set()
    for number in range(2 * SLOTS):
        seen = rig.notices[-1].seq
        await rig.done(click(10 + number, 300))
        while await rig.done(Refresh) == seen:  # until the page has painted
            await asyncio.sleep(0.01)
            while len(rig.leased) > 1:
                rig.release()
        while len(rig.leased) > 1:
            rig.release(random.choice(rig.leased[:-1]).slot)
        await rig.rest(0.1)
        used.add(rig.leased[-1].slot)
        assert (rig.pixels(rig.leased[-1].slot) == screen_itself(rig)).all()
    assert len(used) > 1


async def test_without_a_free_slot_nothing_comes_until_one_is_given_back(rig: Rig, site: str) -> None:
    await rig.load(f"{site}/canvas.html")
    rig.follow = False
    rig.send(Wants(60))
    await rig.until(lambda: len(rig.leased) == SLOTS)
    count = len(rig.notices)
    held = {lease.slot: rig.pixels(lease.slot) for lease in rig.leased}
    await asyncio.sleep(0.4)
    assert len(rig.notices) == count
    for lease in rig.leased:
        assert (rig.pixels(lease.slot) == held[lease.slot]).all(), "a leased slot was written to"
    oldest = rig.leased[0].slot
    rig.release(oldest)
    await rig.until(lambda: len(rig.notices) == count + 1)
    await asyncio.sleep(0.3)
    assert len(rig.notices) == count + 1
    assert rig.notices[-1].slot == oldest
    waiting = rig.ask(Refresh)
    await asyncio.sleep(0.2)
    assert not waiting.done(), "there was no slot for what has changed"
    rig.release()
    assert (await waiting).seq == count + 2 + rig.notices[0].seq - 1


async def test_a_refresh_without_demand_brings_what_has_changed_and_only_that(rig: Rig, site: str) -> None:
    await rig.load(f"{site}/colour.html?blue")
    await rig.colour_is(5, 5, (0, 0, 255))
    await rig.rest()
    before = len(rig.notices)
    seqs = [await rig.done(Refresh) for _ in range(5)]
    assert len(rig.notices) == before
    assert seqs == [rig.notices[-1].seq] * 5
    await rig.load(f"{site}/colour.html?lime")
    assert await rig.done(Refresh) == rig.notices[-1].seq > seqs[0]


async def test_refreshes_of_one_moment_are_each_answered_after_their_frame(rig: Rig, site: str) -> None:
    await rig.load(f"{site}/canvas.html")
    asked = [rig.ask(Refresh) for _ in range(20)]
    answers = [await answer for answer in asked]
    assert all(isinstance(answer, Done) for answer in answers)
    assert all(answer.seq <= rig.notices[-1].seq for answer in answers)


# ---- loading
