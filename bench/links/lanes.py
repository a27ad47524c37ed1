"""Lanes: emulated links, each with a server and a viewer of its own, several at once where they leave the processor idle.

Slow links leave it nearly so. What takes a core by itself, 20 Mbit/s, has the machine to itself.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any

from bench import stage
from bench.links import cells, pair
from bench.links.pair import Link
from bench.server import Server

LANES = 2
FAST_MBIT = 20.0  # from here on: one at a time


@dataclass(frozen=True, slots=True)
class Lane:
    """`id`: of a session that shows the page; `base`: see `cells.base`."""

    link: Link
    server: Server
    id: str
    base: float


Work = tuple[float, Callable[[Lane], None]]  # the link's Mbit/s, and what is to be done on such a one


@contextlib.contextmanager
def lane(*, time: bool = False, base: float | None = None, **settings: Any) -> Iterator[Lane]:
    """An open one; the calling thread is at its near end meanwhile. `time`: see `stage.feed`; `settings`: of the server."""
    chosen = {"host": pair.SERVER, "auth": "none", "max_fps": 60, "connections": 0, "request_rate": 0} | settings
    with (
        pair.link(pair.order(1000, 1)) as link,
        link.near(),
        stage.synthetic(**chosen) as server,
        stage.session(server, stage.feed(cells.KIND, time=time)) as id,
    ):
        yield Lane(link, server, id, cells.base(link, server, id) if base is None else base)


def carry_out(works: Sequence[Work], *, time: bool = False, **settings: Any) -> None:
    """Do all of `works`, the fast ones first and one at a time. Raises what one of them raised."""
    with lane(time=time, **settings) as first:
        base = first.base  # while nothing else runs
        for mbit, work in works:
            if mbit >= FAST_MBIT:
                work(first)
    left: SimpleQueue[Callable[[Lane], None]] = SimpleQueue()
    for mbit, work in works:
        if mbit < FAST_MBIT:
            left.put(work)

    def run() -> None:
        with lane(time=time, base=base, **settings) as own, contextlib.suppress(Empty):
            while True:
                left.get_nowait()(own)

    with ThreadPoolExecutor(LANES) as pool:
        for done in [pool.submit(run) for _ in range(min(LANES, left.qsize()))]:
            done.result()
