"""Results on disk: bench/results/<scenario>.json, from which every picture and report is made."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import msgspec

from bench.result import Result, percentile
from bench.scenario import Options, Scenario

RESULTS = Path(__file__).parent / "results"
QUANTILES = [step / 200 for step in range(200)] + [0.995, 0.998, 0.999, 1.0]


class SavedFigure(msgspec.Struct, frozen=True):
    """A `bench.result.Figure` with its verdict."""

    name: str
    value: float
    unit: str
    definition: str
    low: float | None
    high: float | None
    target: str
    met: bool | None


class Distribution(msgspec.Struct, frozen=True):
    """Samples, as `count` and the values at the shares QUANTILES."""

    count: int
    quantiles: list[float]


class Saved(msgspec.Struct, frozen=True):
    """A scenario's result with all that a reader needs to judge it. `measured`: local time; `version`: the code's commit."""

    scenario: str
    what: str
    explanation: str
    measured: str
    version: str
    seconds: float
    runs: int
    quick: bool
    machine: dict[str, str]
    figures: list[SavedFigure]
    distributions: dict[str, Distribution]
    curves: dict[str, list[tuple[float, float]]]
    axes: tuple[str, str]
    notes: list[str]


def build(scenario: Scenario, options: Options, result: Result, described: dict[str, str]) -> Saved:
    """What is kept of `result`; `described` is the machine as it was before."""
    return Saved(
        scenario=scenario.name,
        what=scenario.what,
        explanation=scenario.explanation,
        measured=time.strftime("%Y-%m-%d %H:%M"),
        version=_version(),
        seconds=options.seconds,
        runs=options.runs,
        quick=options.quick,
        machine=described,
        figures=[
            SavedFigure(
                figure.name,
                round(figure.value, 4),
                figure.unit,
                figure.definition,
                None if figure.low is None else round(figure.low, 4),
                None if figure.high is None else round(figure.high, 4),
                figure.target,
                figure.met,
            )
            for figure in result.figures
        ],
        distributions={
            name: Distribution(len(samples), [round(percentile(samples, share), 3) for share in QUANTILES])
            for name, samples in result.distributions.items()
            if samples
        },
        curves={name: [(x, round(y, 4)) for x, y in points] for name, points in result.curves.items()},
        axes=result.axes,
        notes=result.notes,
    )


def write(saved: Saved, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{saved.scenario}.json").write_bytes(msgspec.json.format(msgspec.json.encode(saved), indent=1) + b"\n")


def read_all(folder: Path, names: tuple[str, ...]) -> list[Saved]:
    """What lies in `folder`, in the order of `names`."""
    paths = [folder / f"{name}.json" for name in names]
    return [msgspec.json.decode(path.read_bytes(), type=Saved) for path in paths if path.exists()]


def _version() -> str:
    def git(*arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=RESULTS.parent, capture_output=True, text=True, check=False)
        return done.stdout.strip()

    commit = git("rev-parse", "--short", "HEAD") or "unknown"
    changed = git("status", "--porcelain", "--", "../engine", "../api", "../capture", "../encoder")
    return f"{commit} with changes" if changed else commit
