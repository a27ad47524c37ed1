"""A connection's identity: its end is told once, in time, and not to whoever has left."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from api import guest as module
from api.guest import Guest
from engine.identity import Identity


def identity(seconds: float) -> Identity:
    return Identity("ann", frozenset(), time.time() + seconds)


@pytest.mark.parametrize("sleep", [module.LONGEST_SLEEP, 0.01])
async def test_the_end_is_told_once_and_not_early(monkeypatch: pytest.MonkeyPatch, sleep: float) -> None:
    monkeypatch.setattr(module, "LONGEST_SLEEP", sleep)
    over = asyncio.Event()
    begin = time.time()
    guest = Guest(identity(0.05), over.set)
    await asyncio.wait_for(over.wait(), 5)
    assert time.time() - begin >= 0.05
    guest.leave()


async def test_who_is_late_already_is_told_at_once_but_not_within_the_call() -> None:
    told: list[Any] = []
    Guest(identity(-1), lambda: told.append(1))
    assert told == []
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert told == [1]


async def test_who_has_left_is_told_nothing() -> None:
    told: list[Any] = []
    Guest(identity(-1), lambda: told.append(1)).leave()
    Guest(identity(0.01), lambda: told.append(1)).leave()
    Guest(Identity("ann", frozenset()), lambda: told.append(1)).leave()
    Guest(Identity("ann", frozenset(), 1e300), lambda: told.append(1)).leave()
    await asyncio.sleep(0.03)
    assert told == []
