"""Viewers that come and go at random, in every way, leave nothing behind and cost one who stays no frame: `jiomosa bench churn`
in short. A real server and real encoders, recorded frames."""

from __future__ import annotations

import time

import psutil

from bench import stage
from bench.client import Client
from bench.scenarios.churn import UNLIMITED, come_and_go

VIEWERS, SECONDS = 100, 8.0
PATIENCE = 20.0


def test_viewers_that_come_and_go_leave_nothing_and_lose_no_lease() -> None:
    with (
        stage.synthetic(viewer_timeout=5, encoders=1, **UNLIMITED) as server,
        stage.session(server, stage.feed("text", fps=5, copy=False)) as first,
        stage.session(server, stage.feed("mixed", fps=5, copy=False)) as second,
    ):
        front = psutil.Process(server.process.pid)
        before = front.num_fds()
        outcome = come_and_go(server, [first, second], most=VIEWERS, seconds=SECONDS)
        tally = outcome.tally
        assert tally.most >= VIEWERS / 2, "hardly anybody came"
        assert len(tally.came) == 4, "not every way of leaving was tried"
        assert tally.frames
        assert (outcome.missed, outcome.slots, outcome.left) == (0, 0, 0)
        assert (tally.backwards, tally.lost) == (0, [])
        deadline = time.monotonic() + PATIENCE
        while front.num_fds() > before and time.monotonic() < deadline:
            time.sleep(0.1)
        assert front.num_fds() <= before, "descriptors are left open"
        with Client(server.address) as client:
            client.subscribe(first)
            client.wait_for_frame()
    assert server.process.returncode == 0, "\n".join(server.log)
