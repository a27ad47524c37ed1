"""A viewer that takes nothing is let go, and costs the others nothing; one on a slow link sees what is new. A real server and
real encoders, recorded frames."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import select
import socket
import time
from collections.abc import Callable, Iterator

import psutil
import pytest

from bench import stage
from bench.client import Client, Frame
from bench.links import pair
from bench.links.watcher import Transport, Watcher
from bench.load import Plan, Viewer, Watch
from bench.polling import PollingClient
from bench.server import Server
from tests.process.taking_proxy import proxy

TIMEOUT = 2  # seconds
PATIENCE = 20.0


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with stage.synthetic(viewer_timeout=TIMEOUT, encoders=1) as running:
        yield running
    assert running.process.returncode == 0, "\n".join(running.log)


@pytest.fixture
def session(server: Server) -> Iterator[str]:
    with stage.session(server, stage.feed("photo", fps=20)) as id:
        yield id


def connections(server: Server) -> set[int]:
    """Ports of the clients that the server has connections to, in whatever state."""
    port = int(server.address.rpartition(":")[2])
    found = psutil.Process(server.process.pid).net_connections("tcp")
    return {entry.raddr.port for entry in found if entry.laddr.port == port and entry.raddr}


def watch_until_let_go(server: Server, session: str, stuck: int) -> list[Frame]:
    """What another viewer sees until the server has neither a viewer nor a connection of client port `stuck` any more."""
    frames = []
    with Client(server.address) as other:
        other.subscribe(session)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            event = other.receive(1)
            if isinstance(event, Frame):
                frames.append(event)
            gone = stuck not in connections(server)
            if gone and server.get(f"/api/session/{session}/info")["viewers"] == 1:
                return frames
    raise AssertionError(f"not let go within {PATIENCE} s")


def assert_unharmed(frames: list[Frame]) -> None:
    span = frames[-1].arrived - frames[0].arrived
    assert span > TIMEOUT / 2, "the other viewer was not watched for long enough to tell"
    assert len(frames) / span > 10, "of 20 a second"
    assert max(later.arrived - earlier.arrived for earlier, later in itertools.pairwise(frames)) < 1.5


def test_a_websocket_that_does_not_read_is_let_go(server: Server, session: str) -> None:
    viewer = Viewer(Plan(server.address, [], 1), Watch(session, 20), [0])
    with viewer.socket:
        frames = watch_until_let_go(server, session, viewer.socket.getsockname()[1])
    assert_unharmed(frames)


def test_a_websocket_that_reads_but_does_not_answer_is_let_go(server: Server, session: str) -> None:
    viewer = Viewer(Plan(server.address, [], 1), Watch(session, 20), [0])
    viewer._send = lambda text: None  # type: ignore[method-assign]
    viewer.go()
    with viewer.socket:
        deadline = time.monotonic() + PATIENCE
        while server.get(f"/api/session/{session}/info")["viewers"] or not viewer.seen.seqs:
            assert time.monotonic() < deadline, "not let go"
            select.select([viewer.socket], [], [], 0.1)
            with contextlib.suppress(ConnectionError):
                viewer.receive()


def test_a_poll_whose_answer_is_not_read_is_let_go(server: Server, session: str) -> None:
    with PollingClient(server.address) as viewer:
        viewer.subscribe(session)
        viewer.receive()
        viewer._polls.close()
        poll = http.client.HTTPConnection(*server.address.removeprefix("http://").split(":"))  # type: ignore[arg-type]
        poll.sock = socket.socket()
        poll.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        poll.sock.connect(("127.0.0.1", int(server.address.rpartition(":")[2])))
        poll.request("GET", viewer._path)
        frames = watch_until_let_go(server, session, poll.sock.getsockname()[1])
        poll.close()
    assert_unharmed(frames)


@pytest.mark.skipif(pair.reason_against() is not None, reason=pair.reason_against() or "")
@pytest.mark.parametrize(("transport", "proxied"), [("websocket", False), ("polling", False), ("websocket", True)])
def test_on_a_slow_link_what_is_seen_is_new_and_the_quality_follows(transport: Transport, proxied: bool) -> None:
    mbit, rtt = 1.0, 40
    with (
        pair.link(pair.order(mbit, rtt)) as link,
        link.near(),
        stage.synthetic(host=pair.SERVER, auth="none", encoders=1) as server,
        stage.session(server, stage.feed("photo", fps=20)) as id,
        proxy(link, server.address) if proxied else contextlib.nullcontext(server.address) as address,
        Watcher(link, address, id, transport) as watcher,
    ):
        deadline = time.monotonic() + PATIENCE
        while not (late := [a for a in watcher.since(0) if a.quality < 50]) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert late, "the quality never followed the link"
        begin = time.time()
        time.sleep(2)
        arrivals = watcher.since(begin)
        assert len(arrivals) >= 2
        ages = sorted(arrival.age for arrival in arrivals)
        assert ages[len(ages) // 2] < 4 * arrivals[0].wire * 8 / mbit / 1e6 + 1
        seqs = [arrival.seq for arrival in watcher.arrivals]
        assert seqs == sorted(set(seqs))
        assert {"quality:updated", "fps:updated"} <= {event.name for event in watcher.events}


@pytest.mark.skipif(pair.reason_against() is not None, reason=pair.reason_against() or "")
def test_who_asks_for_one_picture_after_the_other_gets_what_its_link_can_carry_and_a_sharp_one_at_the_end() -> None:
    def until(reached: Callable[[list[int]], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not reached(sizes := [arrival.wire for arrival in watcher.since(0)]):
            assert time.monotonic() < deadline, sizes
            time.sleep(0.1)

    with (
        pair.link(pair.order(1, 40)) as link,
        link.near(),
        stage.synthetic(host=pair.SERVER, auth="none", encoders=1) as server,
        stage.session(server, stage.feed("photo", fps=20, time=True)) as id,
        Watcher(link, server.address, id, "frame.jpg") as watcher,
    ):
        until(lambda sizes: len(sizes) > 2 and sizes[-1] < 0.6 * sizes[0])
        first = watcher.since(0)[0].wire
        server.post(f"/api/session/{id}/load", url=stage.feed("photo", frames=3, time=True))
        until(lambda sizes: sizes[-1] > 0.9 * first)
        count = len(watcher.since(0))
        time.sleep(1)
        assert len(watcher.since(0)) == count, "nothing moves, and yet there is something new"
