"""What has gone in circles is gone for good some time later."""

from __future__ import annotations

import asyncio
import weakref

import pytest

from api import tidy as module
from api.tidy import Tidy


class Circle:
    def __init__(self) -> None:
        self.me = self


async def test_circles_are_collected_once_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SECONDS", 0.01)
    tidy = Tidy()
    circle = weakref.ref(Circle())
    tidy.soon()
    timer = tidy._timer
    tidy.soon()
    assert tidy._timer is timer, "one time for all who go meanwhile"
    async with asyncio.timeout(10):
        while circle() is not None:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert tidy._timer is None
    tidy.soon()
    tidy.close()
    assert tidy._timer is None
