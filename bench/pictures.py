"""Pictures of a saved result: how its latencies are distributed, and what it costs by the number of sessions or viewers."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from bench.store import QUANTILES, Saved

SIZE = (8.0, 4.2)
mpl.rcParams["svg.hashsalt"] = "jiomosa"  # the same figures give the same file


def draw(saved: Saved, folder: Path) -> list[str]:
    """Write the pictures of `saved` into `folder`; their names."""
    names = []
    if saved.distributions:
        names.append(_save(_distributions(saved), folder, f"{saved.scenario}-latency.svg"))
    if saved.curves:
        names.append(_save(_curves(saved), folder, f"{saved.scenario}-cost.svg"))
    return names


def _distributions(saved: Saved) -> Figure:
    """Cumulative: at each latency, the share of samples that were no slower."""
    figure = Figure(SIZE, layout="constrained")
    axes = figure.add_subplot()
    for name, distribution in saved.distributions.items():
        axes.plot(distribution.quantiles, [100 * share for share in QUANTILES], label=f"{name} ({distribution.count})")
    # The slowest few samples would squeeze everything else against the edge.
    shown = max(distribution.quantiles[QUANTILES.index(0.995)] for distribution in saved.distributions.values())
    axes.set(xlabel="ms", ylabel="% of samples no slower", xlim=(0, shown * 1.1 or 1), ylim=(0, 100), title=saved.scenario)
    return _finish(figure)


def _curves(saved: Saved) -> Figure:
    figure = Figure(SIZE, layout="constrained")
    axes = figure.add_subplot()
    for name, points in saved.curves.items():
        axes.plot([x for x, _ in points], [y for _, y in points], marker="o", label=name)
    axes.set(xlabel=saved.axes[0], ylabel=saved.axes[1], title=saved.scenario)
    axes.set_ylim(bottom=0)
    return _finish(figure)


def _finish(figure: Figure) -> Figure:
    axes = figure.axes[0]
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")
    return figure


def _save(figure: Figure, folder: Path, name: str) -> str:
    figure.savefig(folder / name, metadata={"Date": None})
    return name
