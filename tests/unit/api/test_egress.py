"""The egress process's supervision: what ends or hangs is replaced, and the next one serves all ways; with stand-ins."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest

from api import egress as module
from api.egress import Egress
from engine.errors import ChildGone
from engine.messages import Ping
from engine.settings import Settings
from engine.ways import CloseWay, Denied, OpenWay, Traffic
from tests.unit.api.fakes import FakeChild, until


class Proxy(FakeChild):
    """Takes files, too."""

    def __init__(self, name: str, module: str, spec: Any) -> None:
        super().__init__(name, module, spec)
        self.files: list[int] = []
        self.answer = lambda message: Traffic(message.token, 1, 2, 3, 4, 5, 6) if isinstance(message, Ping) else None

    def send(self, message: Any, file: int | None = None) -> None:
        super().send(message)
        if file is not None:
            self.files.append(os.fstat(file).st_ino)

    def ways(self) -> list[int]:
        return [message.way for message in self.sent if isinstance(message, OpenWay)]


@pytest.fixture
async def egress(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Egress]:
    monkeypatch.setattr(module, "Child", Proxy)
    monkeypatch.setattr(Proxy, "made", [])
    monkeypatch.setattr(Proxy, "failing", [])
    monkeypatch.setattr(module, "BEAT_SECONDS", 0.01)
    monkeypatch.setattr(module, "HUNG_SECONDS", 0.1)
    monkeypatch.setattr(module, "FIRST_BACKOFF_SECONDS", 0.01)
    egress = Egress(Settings(private_addresses="deny", allowed_destinations="a, b", denied_destinations="*:25"))
    await egress.start()
    yield egress
    await egress.close()


def door() -> int:
    return socket.socket().detach()


def proxies() -> list[Any]:
    return Proxy.made


async def test_it_is_told_the_rule(egress: Egress) -> None:
    (proxy,) = proxies()
    assert (proxy.module, proxy.name) == ("capture.egress.main", "egress")
    assert (proxy.spec.private, proxy.spec.allowed, proxy.spec.denied) == (False, ("a", "b"), ("*:25",))


async def test_each_way_is_served_and_hears_of_its_own_refusals(egress: Egress) -> None:
    told: list[Any] = []
    file = door()
    inode = os.fstat(file).st_ino
    first, second = egress.open(file, told.append), egress.open(door(), lambda _: told.append("other"))
    (proxy,) = proxies()
    assert proxy.ways() == [first, second]
    assert proxy.files[0] == inode
    message = Denied(first, "10.0.0.1", 80, "forbidden_address", "No.")
    proxy.unheard.append(message)
    egress.hear()
    assert told == [message]
    egress.close_way(first)
    proxy.on_message(message)  # was on its way
    assert told == [message]
    assert CloseWay(first) in proxy.sent
    with pytest.raises(OSError, match="Bad file"):
        os.fstat(file)


async def test_one_that_ends_is_replaced_and_counted(egress: Egress) -> None:
    way = egress.open(door(), print)
    await until(lambda: egress.statistics().made == 2)
    proxies()[0].die()
    assert egress.pid is None
    await until(lambda: len(proxies()) == 2 and egress.pid is not None)
    assert proxies()[1].ways() == [way]
    assert proxies()[1].files == proxies()[0].files
    await until(lambda: egress.statistics().made == 4)
    numbers = egress.statistics()
    assert (numbers.replaced, numbers.ways, numbers.open, numbers.denied, numbers.up) == (1, 1, 1, 6, 10)


async def test_one_that_hangs_is_killed_and_replaced(egress: Egress) -> None:
    egress.open(door(), print)
    proxies()[0].answer = lambda message: None
    await until(lambda: len(proxies()) == 2 and egress.pid is not None)
    assert proxies()[0].killed
    assert egress.statistics().replaced == 1


async def test_one_that_does_not_read_is_killed(egress: Egress) -> None:
    proxies()[0].hangs = True
    way = egress.open(door(), print)
    await until(lambda: len(proxies()) == 2 and egress.pid is not None)
    assert proxies()[1].ways() == [way]


async def test_without_browsers_nobody_asks_how_it_is(egress: Egress) -> None:
    egress.close_way(egress.open(door(), print))
    await until(lambda: egress._beats is None)
    assert not [message for message in proxies()[0].sent if isinstance(message, Ping)][2:]


async def test_a_successor_that_does_not_start_is_not_the_last(egress: Egress) -> None:
    egress.open(door(), print)
    Proxy.failing = [ChildGone("no"), ChildGone("no")]
    proxies()[0].die()
    await until(lambda: len(proxies()) == 4 and egress.pid is not None)


async def test_one_that_cannot_start_at_all_is_an_error(egress: Egress) -> None:
    Proxy.failing = [ChildGone("It cannot.")]
    other = Egress(Settings(private_addresses="deny"))
    with pytest.raises(ChildGone):
        await other.start()
    await other.close()
    await asyncio.sleep(0)
