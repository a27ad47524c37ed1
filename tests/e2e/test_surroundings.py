"""What belongs to no single session dies, hangs or runs out, once each: streams go on, and afterwards all is as it was.

`tests/e2e/test_faults.py` has the processes of a session; `jiomosa bench faults` does all of it twenty times and measures.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest

from bench.faults import catalogue, remains
from bench.faults.catalogue import Fault
from bench.faults.victims import Stage

FAULTS = (
    "kill-encoder",
    "stop-encoder",
    "stop-egress",
    "stop-front",
    "full-shm",
    "full-disk",
    "no-descriptors",
    "no-chromium",
    "clock",
)
REFUSED = "a new session meanwhile: browser_failed"  # and not only once START_TIMEOUT is over
SETTLE_SECONDS = 20.0

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a server file systems of its own")


@pytest.fixture(scope="module")
def stage(site: str) -> Iterator[tuple[Stage, dict[str, Fault], dict[str, int]]]:
    with catalogue.stage(site) as (made, faults):
        yield made, {fault.name: fault for fault in faults}, remains.counts(made.server, catalogue.BYSTANDER)
    assert made.server.process.returncode == 0, "\n".join(made.server.log)


@pytest.mark.parametrize("name", FAULTS)
def test_a_stream_survives(stage: tuple[Stage, dict[str, Fault], dict[str, int]], name: str) -> None:
    made, faults, _ = stage
    outcome = faults[name].inject(made, 1)
    assert outcome.recovered is not None
    assert {"viewers", "session"} <= set(outcome.kept) or "page" in outcome.kept
    assert outcome.detail in ("", REFUSED) or outcome.detail.endswith("afterwards: made"), outcome
    assert not [line for line in made.server.log if "Traceback" in line or "failed inside" in line]


def test_nothing_is_left_of_it(stage: tuple[Stage, dict[str, Fault], dict[str, int]]) -> None:
    made, _, before = stage
    deadline = time.monotonic() + SETTLE_SECONDS
    kinds = ("processes", "segments", "descriptors")
    while (now := remains.counts(made.server, catalogue.BYSTANDER)) and any(now[kind] > before[kind] for kind in kinds):
        assert time.monotonic() < deadline, (before, now)
        time.sleep(0.1)
    assert not remains.orphans(made.server, made.seen)
