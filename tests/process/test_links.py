"""An emulated link between two namespaces is as slow as it was ordered, and leaves nothing."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time

import pytest

from bench.links import pair
from bench.links.pair import Link

REASON = pair.reason_against()
pytestmark = pytest.mark.skipif(REASON is not None, reason=REASON or "")

CRASH = """
import os, signal
from bench.links import pair
from bench.links.shaping import Shape
with pair.link(Shape()):
    os.kill(os.getpid(), signal.SIGKILL)
"""


def names() -> list[str]:
    return sorted(path.name for path in pair.NETNS.glob("jiomosa-*")) if pair.NETNS.is_dir() else []


def transfer(link: Link, size: int) -> tuple[float, float]:
    """Seconds from the far end's connect until it is connected, and from then until it has `size` bytes."""
    with link.near():
        listener = socket.create_server((pair.SERVER, 0))

    def send() -> None:
        with listener.accept()[0] as there:
            there.sendall(b"x" * size)

    sender = threading.Thread(target=send)
    sender.start()
    begin = time.monotonic()
    with link.far():
        here = socket.create_connection(listener.getsockname())
    connected = time.monotonic()
    with here, listener:
        left = size
        while left:
            left -= len(here.recv(left))
    sender.join()
    return connected - begin, time.monotonic() - connected


def test_rate_and_delay_are_as_ordered_and_nothing_is_left() -> None:
    before = names()
    with pair.link(pair.order(4, 100)) as link:
        assert len(names()) == len(before) + 2
        round_trip, slow = transfer(link, 250_000)
        assert 0.1 <= round_trip < 1
        assert slow >= 250_000 * 8 / 4e6
        link.change(pair.order(100, 2))
        round_trip, fast = transfer(link, 250_000)
        assert round_trip < 0.1
        assert fast < slow / 2
        assert link.count().carried[0] >= 500_000
    assert names() == before


def test_a_standstill_ends_when_it_is_told_to() -> None:
    with pair.link(pair.order(100, 2)) as link:
        link.stall(True)
        seconds: list[float] = []
        thread = threading.Thread(target=lambda: seconds.append(transfer(link, 1000)[0]))
        thread.start()
        thread.join(0.5)
        assert thread.is_alive(), "something passed"
        link.stall(False)
        thread.join(20)
        assert seconds


def test_what_a_killed_run_has_left_the_next_one_removes() -> None:
    before = names()
    killed = subprocess.run([sys.executable, "-c", CRASH], check=False, env=os.environ | {"PYTHONPATH": os.getcwd()})
    assert killed.returncode < 0
    left = set(names()) - set(before)
    assert len(left) == 2, "the test did not leave what it should"
    with pair.link(pair.order(100, 2)):
        assert not left & set(names())


def test_this_thread_is_back_where_it_was() -> None:
    def here() -> str:
        return os.readlink("/proc/thread-self/ns/net")

    outside = here()
    with pair.link(pair.order(100, 2)) as link:
        with link.near():
            near = here()
        with pytest.raises(RuntimeError), link.far():
            raise RuntimeError(here())
        assert len({outside, near}) == 2
        assert here() == outside
