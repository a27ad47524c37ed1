"""What a scenario brings home: figures with their definition and spread, and series for pictures."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number. `low` and `high` span what single runs gave; `target` is a sentence ("<= 20") or empty."""

    name: str
    value: float
    unit: str
    definition: str
    low: float | None = None
    high: float | None = None
    target: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the target holds; None where there is none."""
        if not self.target:
            return None
        comparison, bound = self.target.split()
        return self.value <= float(bound) if comparison == "<=" else self.value >= float(bound)


@dataclass(slots=True)
class Result:
    """A scenario's. `distributions`: name -> samples (a latency picture); `curves`: name -> [(x, y), ...] (a cost picture)."""

    scenario: str
    figures: list[Figure] = field(default_factory=list)
    distributions: dict[str, list[float]] = field(default_factory=dict)
    curves: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    axes: tuple[str, str] = ("", "")
    notes: list[str] = field(default_factory=list)

    def add(self, name: str, values: Sequence[float], unit: str, definition: str, target: str = "") -> Figure:
        """The median of `values`, one a run, with their extremes."""
        figure = Figure(name, statistics.median(values), unit, definition, min(values), max(values), target)
        self.figures.append(figure)
        return figure

    def add_latencies(self, name: str, runs: Sequence[Sequence[float]], definition: str, p50: str = "", p99: str = "") -> None:
        """Median and 99th percentile of the samples of each run, in ms, and the distribution of all of them."""
        for label, share, target in (("p50", 0.5, p50), ("p99", 0.99, p99)):
            self.add(f"{name}: {label}", [percentile(samples, share) for samples in runs], "ms", definition, target)
        self.distributions[name] = [sample for samples in runs for sample in samples]


def percentile(samples: Iterable[float], share: float) -> float:
    """The smallest sample that `share` (0 to 1) of all samples do not exceed."""
    ordered = sorted(samples)
    if not ordered:
        raise ValueError("there are no samples")
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
