"""A child process that holds all of a peer: whatever it and its children spend is the peer's cost, and nothing else is.

parent                        child
                              sets up desk and peer
                              -> Rolling(what the peer has to tell: a port, say)
measures                      collects what the peer delivers
-> anything, or the end       takes everything down
                              -> Takes, or Failed
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

from bench.glass import WARM_SECONDS, Glass
from bench.machine import Cost, Meter
from bench.peers.desk import Desk
from bench.peers.task import Take, Task, develop, score

START_SECONDS = 40.0
STOP_SECONDS = 20.0

# Sets a peer up on the desk, appends to the list what it delivers, tells one number, and takes the peer down.
Play = Callable[[Desk, list[Take]], contextlib.AbstractAsyncContextManager[int]]


class BoothFailed(RuntimeError):
    """A peer could not be set up, or broke."""


@dataclass(frozen=True, slots=True)
class Rolling:
    """The peer is at work."""

    told: int


@dataclass(frozen=True, slots=True)
class Failed:
    """The peer could not be set up; why."""

    sentence: str


@dataclass(slots=True)
class Booth:
    """`pid`: the child's; `told`: its number; `takes`: all that was delivered, once the booth is closed."""

    pid: int
    told: int
    takes: list[Take] = field(default_factory=list)


@contextlib.contextmanager
def opened(play: Play, task: Task) -> Iterator[Booth]:
    """A peer at work. Raises BoothFailed."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    child = spawn.Process(target=_child, args=(theirs, play, task), daemon=True)
    child.start()
    theirs.close()
    try:
        rolling = _receive(ours, START_SECONDS)
        assert child.pid is not None
        booth = Booth(child.pid, rolling.told)
        yield booth
        ours.send(None)
        booth.takes = _receive(ours, STOP_SECONDS)
    finally:
        ours.close()
        child.join(STOP_SECONDS)
        if child.is_alive():
            child.kill()
            child.join()
        child.close()


def watch(play: Play, task: Task) -> Glass:
    """Measure a peer that delivers JPEG into its own process."""
    with opened(play, task) as booth:
        begin, end, cost = measure(booth, task)
    return checked(score(develop(booth.takes, task), begin, end, cost))


def checked(glass: Glass) -> Glass:
    """`glass`, if anything could be read in it. Raises BoothFailed."""
    if not glass.ages:
        raise BoothFailed(f"none of {glass.frames} pictures showed a clock")
    return glass


def measure(booth: Booth, task: Task, wait: Callable[[float], None] | None = None) -> tuple[float, float, Cost]:
    """Let it warm up, then measure; (begin, end, cost). `wait(seconds)`: what the harness does meanwhile; nothing by default."""
    wait = wait or time.sleep
    wait(WARM_SECONDS)
    meter = Meter(booth.pid)
    begin = time.time()
    wait(task.seconds)
    end = time.time()
    return begin, end, meter.read()


def _receive(pipe: Connection, seconds: float) -> Any:
    try:
        if not pipe.poll(seconds):
            raise BoothFailed(f"nothing was heard within {seconds:g} s")
        word = pipe.recv()
    except EOFError:
        raise BoothFailed("its process has ended") from None
    if isinstance(word, Failed):
        raise BoothFailed(word.sentence)
    return word


def _child(pipe: Connection, play: Play, task: Task) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal's; the parent tells us
    for fd in (1, 2):  # what peers say about themselves; their failures are told through the pipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), fd)
    word = asyncio.run(_perform(pipe, play, task))
    with contextlib.suppress(OSError):  # the parent may be gone
        pipe.send(word)


async def _perform(pipe: Connection, play: Play, task: Task) -> list[Take] | Failed:
    loop, over = asyncio.get_running_loop(), asyncio.Event()

    def end() -> None:
        loop.remove_reader(pipe.fileno())
        over.set()

    loop.add_reader(pipe.fileno(), end)
    loop.add_signal_handler(signal.SIGTERM, over.set)
    takes: list[Take] = []
    try:
        async with Desk(task) as desk, play(desk, takes) as told:
            pipe.send(Rolling(told))
            await over.wait()
    except Exception as error:  # noqa: BLE001 - others' code; the parent has to hear of whatever it is
        return Failed(" ".join(f"{type(error).__name__}: {error}".split())[:200])
    return takes
