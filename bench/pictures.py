"""Pictures of a saved result: how its latencies are distributed, and what it costs by the number of sessions or viewers."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from bench.store import QUANTILES, Saved

SIZE = (8.0, 4.2)
MOST_CURVES = 10  # in one picture; with more nobody finds one's name
ROW_INCHES = 0.19
mpl.rcParams["svg.hashsalt"] = "jiomosa"  # the same figures give the same file


def draw(saved: Saved, folder: Path) -> list[str]:
    """Write the pictures of `saved` into `folder`; their names."""
    names = []
    if saved.distributions:
        draw_them = _distributions if len(saved.distributions) <= MOST_CURVES else _ranges
        names.append(_save(draw_them(saved), folder, f"{saved.scenario}-latency.svg"))
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


def _ranges(saved: Saved) -> Figure:
    """A row for each: from the fastest of a hundred samples to the slowest of a hundred, and a dot at the median."""
    names = list(saved.distributions)
    figure = Figure((SIZE[0], 1.0 + ROW_INCHES * len(names)), layout="constrained")
    axes = figure.add_subplot()
    low, half, high = (QUANTILES.index(share) for share in (0.01, 0.5, 0.99))
    for row, distribution in enumerate(saved.distributions.values()):
        times = distribution.quantiles
        axes.plot((times[low], times[high]), (row, row), color="tab:blue", linewidth=3, alpha=0.4, solid_capstyle="butt")
        axes.plot(times[half], row, marker="o", markersize=4, color="tab:blue")
    axes.set(xlabel="ms: p1 to p99, and p50", xscale="log", title=saved.scenario, ylim=(len(names) - 0.5, -0.5))
    axes.set_yticks(range(len(names)), [f"{name} ({saved.distributions[name].count})" for name in names], fontsize="x-small")
    axes.grid(alpha=0.3, which="both", axis="x")
    return figure


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
