"""What Chromium opens over a page to pick a date, a time or a colour is in the picture, and takes clicks and keys."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

import numpy as np
import pytest

from engine.pagemessages import GetPage
from tests.process.capture_rig import SECONDS, Pixels, Rig, click, key

pytestmark = pytest.mark.asyncio(loop_scope="module")

PICKER = """<style>body{margin:0;background:#fff}
input{position:fixed;left:40px;top:40px;width:240px;height:40px;border:0;padding:0;font-size:20px}</style>"""
ICON, MIDDLE = click(268, 60), click(160, 60)
CHOSEN = (0xFF, 0x75, 0)  # blue, green, red of what is chosen in a picker


class Box(NamedTuple):
    """Where something is in the picture."""

    left: int
    top: int
    width: int
    height: int

    @classmethod
    def of(cls, mask: np.ndarray) -> Box:
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        return cls(int(columns[0]), int(rows[0]), int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1)


def chosen(picture: Pixels) -> np.ndarray:
    """Where the picture has what is chosen in a picker."""
    found: np.ndarray = (picture == CHOSEN).all(axis=2)
    return found


async def is_open(rig: Rig, wanted: bool = True) -> Pixels:
    """Wait until a picker of days or hours is in the picture, and that does not change any more; or until none is."""
    async with asyncio.timeout(SECONDS):
        while (chosen(await rig.picture()).sum() > 100) != wanted:
            await rig.rest(0.05)
    await rig.rest(0.1)
    return await rig.picture()


async def show(rig: Rig, kind: str, value: str) -> None:
    await rig.show(f"{PICKER}<input type={kind} value={value} onchange=\"document.title='chose '+value\">")
    assert not chosen(await rig.picture()).any()


async def test_a_day_is_clicked_in_the_picture(rig: Rig) -> None:
    await show(rig, "date", "2026-03-10")  # a Tuesday, in weeks that begin on Sunday or Monday
    await rig.done(ICON)
    day = Box.of(chosen(await is_open(rig)))
    assert day.top >= 80, "it covers its own field"
    await rig.done(click(day.left + day.width * 3 // 2 + 2, day.top + day.height // 2))
    await rig.title_is("chose 2026-03-11")
    await is_open(rig, False)


async def test_a_day_is_picked_by_keys(rig: Rig) -> None:
    await show(rig, "date", "2026-03-10")
    await rig.done(ICON)
    await is_open(rig)
    await rig.done(key("ArrowDown"), key("ArrowLeft"), key("Enter"))
    await rig.title_is("chose 2026-03-16")
    await is_open(rig, False)


async def test_a_picker_is_left_without_picking(rig: Rig) -> None:
    await show(rig, "date", "2026-03-10")
    moved_and_taken_back = key("ArrowDown"), key("Escape"), key("Escape")
    for way_out in (moved_and_taken_back, (click(600, 450),)):
        await rig.done(ICON)
        await is_open(rig)
        await rig.done(*way_out)
        await is_open(rig, False)
    await rig.rest()
    assert (await rig.ask(GetPage)).title == ""


async def test_an_hour_is_clicked_in_the_picture(rig: Rig) -> None:
    await show(rig, "time", "10:30")
    await rig.done(ICON)
    hour = Box.of(chosen(await is_open(rig)))  # as high as one is, and as wide as hour, minute and half of the day together
    await rig.done(click(hour.left + hour.height // 2, hour.top + hour.height * 3 // 2), key("Enter"))
    await rig.title_is("chose 11:30")
    await is_open(rig, False)


async def test_a_colour_is_clicked_in_the_picture(rig: Rig) -> None:
    await rig.show(f"{PICKER}<input type=color value=#00cc00 oninput=\"document.title=value=='#00cc00'?'the same':'another'\">")
    await rig.rest(0.1)
    before = await rig.picture()
    await rig.done(MIDDLE)
    async with asyncio.timeout(SECONDS):
        while not (over := (before != await rig.picture()).any(axis=2)[90:])[:100].any(axis=1).all():
            await rig.rest(0.05)
    picker = Box.of(over)
    await rig.done(click(picker.left + picker.width // 4, 90 + picker.height // 4))
    await rig.title_is("another")
    await rig.done(click(600, 450))
    async with asyncio.timeout(SECONDS):
        while (before != await rig.picture()).any(axis=2)[90:].any():
            await rig.rest(0.05)
