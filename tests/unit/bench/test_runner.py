"""The command line: what it lists and refuses, and that no two benches run at once."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

from bench import runner, scenarios
from bench.result import Result
from bench.scenario import CannotRun, Options, Scenario, Steps


def test_every_scenario_can_be_found_and_says_what_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert runner.main(["--list"]) == 0
    listed = capsys.readouterr().out
    for name in scenarios.NAMES:
        assert name in listed
        assert scenarios.find(name).what


def test_an_unknown_name_is_refused_with_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert runner.main(["speed"]) == 2
    assert "there is no scenario 'speed'; there are pipeline, glass" in capsys.readouterr().err


def test_two_at_once_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(runner, "LOCK", tmp_path / "lock")
    with (tmp_path / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        held.write("4711")
        held.flush()
        assert runner.main(["idle", "--out", str(tmp_path)]) == 1
    assert "Another bench is running (process 4711)" in capsys.readouterr().err


def test_a_scenario_that_cannot_run_says_why_and_leaves_no_result(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(options: Options, steps: Steps) -> Result:
        raise CannotRun("There is no browser here.")

    monkeypatch.setattr(runner, "LOCK", tmp_path / "lock")
    monkeypatch.setattr(scenarios, "find", lambda name: Scenario(name, "", "", run))
    assert runner.main(["idle", "--out", str(tmp_path / "out")]) == 1
    assert "idle cannot run here: There is no browser here." in capsys.readouterr().out
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "lock").exists()


def test_a_scenario_that_runs_leaves_its_result_and_the_report(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given: list[Options] = []

    def run(options: Options, steps: Steps) -> Result:
        given.append(options)
        steps.begin(1)
        steps.step("counting")
        result = Result("idle")
        result.add("CPU", [1.0], "%", "all of it", "<= 1")
        return result

    monkeypatch.setattr(runner, "LOCK", tmp_path / "lock")
    monkeypatch.setattr(scenarios, "find", lambda name: Scenario(name, "What", "Why", run))
    assert runner.main(["idle", "--quick", "--out", str(tmp_path)]) == 0
    assert given == [Options(seconds=3.0, runs=1, quick=True, folder=tmp_path)]
    assert "| CPU | 1 % |" in (tmp_path / "README.md").read_text()
    assert (tmp_path / "report.html").exists()
    assert (tmp_path / "idle.json").exists()
