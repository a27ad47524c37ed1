"""A right ends with its token: told once, in time, and not to whoever has left; work that is done for it ends, too."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from api import revoked as revoked_module
from api import validity as module
from api.revoked import Revoked
from api.validity import Validity, while_valid
from engine.errors import Unauthorized
from engine.identity import ANYONE, Identity

ANNS = frozenset({("sub", "ann"), ("jti", "1")})


def expiring(seconds: float) -> Identity:
    return Identity("ann", frozenset(), time.time() + seconds)


@pytest.fixture
def revoked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Revoked:
    monkeypatch.setattr(revoked_module, "LOOK_SECONDS", 0.01)
    path = tmp_path / "revoked"
    path.write_text("sub bob\n")
    return Revoked(str(path))


@pytest.mark.parametrize("sleep", [module.LONGEST_SLEEP, 0.01])
async def test_the_end_is_told_once_and_not_early(monkeypatch: pytest.MonkeyPatch, sleep: float) -> None:
    monkeypatch.setattr(module, "LONGEST_SLEEP", sleep)
    told: asyncio.Queue[Unauthorized] = asyncio.Queue()
    begin = time.time()
    Validity(expiring(0.05), None, told.put_nowait)
    assert (await asyncio.wait_for(told.get(), 5)).code == "token_expired"
    assert time.time() - begin >= 0.05
    await asyncio.sleep(0.03)
    assert told.empty()


async def test_who_is_late_already_is_told_at_once_but_not_within_the_call(revoked: Revoked) -> None:
    told: list[Any] = []
    Validity(expiring(-1), None, told.append)
    Validity(Identity("bob", frozenset(), names=frozenset({("sub", "bob")})), revoked, told.append)
    assert told == []
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert [why.code for why in told] == ["token_expired", "token_revoked"]


async def test_who_has_left_is_told_nothing(revoked: Revoked, tmp_path: Path) -> None:
    told: list[Any] = []
    ann = Identity("ann", frozenset(), names=ANNS)
    for identity in (expiring(-1), expiring(0.01), ann, Identity("ann", frozenset(), 1e300)):
        Validity(identity, revoked, told.append).leave()
    (tmp_path / "revoked").write_text("sub ann\n")
    Validity(ann, revoked, told.append).leave()
    await asyncio.sleep(0.03)
    assert told == []
    assert revoked._timer is None, "it looks though nobody wants to know"


async def test_the_list_is_looked_at_while_somebody_is_there_and_only_who_is_on_it_is_told(
    revoked: Revoked, tmp_path: Path
) -> None:
    one: asyncio.Queue[Unauthorized] = asyncio.Queue()
    other: asyncio.Queue[Unauthorized] = asyncio.Queue()
    for told, names in ((one, ANNS), (other, frozenset({("sub", "ann"), ("jti", "2")}))):
        Validity(Identity("ann", frozenset(), names=names), revoked, told.put_nowait)
    (tmp_path / "revoked").write_text("sub bob\njti 2\n")
    assert (await asyncio.wait_for(other.get(), 5)).code == "token_revoked"
    assert one.empty()
    (tmp_path / "revoked").write_text("sub bob\njti 2\nsub ann\n")
    assert (await asyncio.wait_for(one.get(), 5)).code == "token_revoked"
    assert other.empty()


async def test_both_ends_at_once_are_one(revoked: Revoked) -> None:
    told: list[Any] = []
    Validity(Identity("bob", frozenset(), 0.0, names=frozenset({("sub", "bob")})), revoked, told.append)
    await asyncio.sleep(0.03)
    assert len(told) == 1


async def test_work_goes_on_for_as_long_as_the_right_lasts(revoked: Revoked, tmp_path: Path) -> None:
    ended: list[str] = []

    async def work(seconds: float) -> str:
        try:
            await asyncio.sleep(seconds)
        finally:
            ended.append("ended")
        return "done"

    ann = Identity("ann", frozenset(), time.time() + 60, names=ANNS)
    assert await while_valid(ANYONE, None, work(0)) == "done"
    assert await while_valid(ann, revoked, work(0)) == "done"
    (tmp_path / "revoked").write_text("jti 1\n")
    for identity, code in ((ann, "token_revoked"), (expiring(0.01), "token_expired")):
        ended.clear()
        with pytest.raises(Unauthorized) as caught:
            await while_valid(identity, revoked, work(30))
        assert (caught.value.code, ended) == (code, ["ended"])


async def test_work_that_fails_or_is_given_up_does_so_as_without(revoked: Revoked) -> None:
    ann = Identity("ann", frozenset(), time.time() + 60, names=ANNS)

    async def fail() -> None:
        raise KeyError("its own")

    with pytest.raises(KeyError, match="its own"):
        await while_valid(ann, revoked, fail())
    over = asyncio.Event()

    async def wait() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            over.set()

    task = asyncio.create_task(while_valid(ann, revoked, wait()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert over.is_set()
    assert revoked._timer is None
