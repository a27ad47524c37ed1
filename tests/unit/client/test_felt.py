"""What a user felt, from what their device saw."""

from __future__ import annotations

import argparse
import json
import math

import pytest
from jiomosa_client.device import _jsonable, plan_of, table
from jiomosa_client.errors import JiomosaError
from jiomosa_client.felt import Felt, quantile


def test_a_walk_is_told() -> None:
    felt = Felt("device 1", 10.0)
    felt.shown(10.5, 1, 0.1)
    felt.did(12.0)
    felt.shown(12.1, 2, 0.1)  # was on its way already
    felt.acknowledged(2)
    felt.shown(12.2, 3, 0.3)
    felt.did(13.0)
    felt.acknowledged(3)
    felt.shown(15.0, 4, 0.2)
    felt.did(16.0)
    felt.acknowledged(4)
    report = felt.report(20.0, 1234, 1)
    assert (report.first, report.frames, report.bytes, report.reconnects) == (0.5, 4, 1234, 1)
    assert report.fps == pytest.approx(10.0), "of the two that came in a row"
    assert (report.age_p50, report.age_p99) == (0.1, 0.3)
    assert report.reaction_p50 == pytest.approx(0.2)
    assert report.reaction_p99 == pytest.approx(2.0)
    assert (report.actions, report.stalls) == (2, 2), "one came late, one never"


def test_who_saw_nothing_says_so() -> None:
    report = Felt("device 1", 0.0).report(5.0, 0, 0, "The server is gone.")
    assert math.isnan(report.first)
    lines = table([report]).splitlines()
    assert lines[1].split()[2] == "-"
    assert lines[2] == "device 1: The server is gone."
    assert json.loads(json.dumps(_jsonable([report])))[0]["first"] is None


def test_quantiles() -> None:
    assert quantile([3, 1, 2], 0.5) == 2
    assert quantile(list(range(1, 101)), 0.99) == 99


@pytest.mark.parametrize("wrong", [{"screen": "wide"}, {"devices": 0}, {"pause": 0}])
def test_what_is_not_right_is_named(wrong: dict[str, object]) -> None:
    right = {"screen": "480x272", "devices": 1, "seconds": 1, "fps": 10, "pause": 1, "rate": 500, "latency": 80, "decode": 0}
    options = argparse.Namespace(**right, server="http://x", token=None, urls=["http://y"])
    assert plan_of(options).link.rate == 62_500
    for name, value in wrong.items():
        setattr(options, name, value)
        with pytest.raises(JiomosaError, match=name):
            plan_of(options)
