"""The table of faults in docs/reliability.md, between two marks, made of what was measured."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import msgspec

from bench import machine
from bench.faults.victims import Outcome

DOCUMENT = Path(__file__).parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- faults -->", "<!-- /faults -->"
OUTCOMES = "faults-outcomes.json"
HEADINGS = (
    *("fault", "times", "viewers told after s, p50", "frames flow after s, p50", "max", "frames missed, p50", "kept"),
    "lost by others",
)
THINGS = ("session", "viewers", "page", "cookie", "storage")


class Entry(msgspec.Struct):
    """What one fault did each time; `failed`: the times when nothing good came of it."""

    what: str
    outcomes: list[Outcome]
    failed: list[str]
    spares: bool
    measured: str


def read(folder: Path) -> dict[str, Entry]:
    path = folder / OUTCOMES
    return msgspec.json.decode(path.read_bytes(), type=dict[str, Entry]) if path.exists() else {}


def keep(folder: Path, entries: dict[str, Entry]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / OUTCOMES).write_bytes(msgspec.json.format(msgspec.json.encode(entries), indent=1) + b"\n")


def now() -> str:
    return time.strftime("%Y-%m-%d %H:%M")


def rows(entries: dict[str, Entry]) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for entry in entries.values():
        good = entry.outcomes
        recovered = [outcome.recovered for outcome in good if outcome.recovered is not None]
        told = [outcome.noticed for outcome in good if outcome.noticed is not None]
        times = str(len(good) + len(entry.failed)) + (f", **{len(entry.failed)} failed**" if entry.failed else "")
        kept = [thing for thing in THINGS if good and all(thing in outcome.kept for outcome in good)]
        details = sorted({outcome.detail for outcome in good if outcome.detail and "after" not in outcome.detail[-8:]})
        found.append(
            (
                entry.what + (f" ({details[0]})" if len(details) == 1 else ""),
                times,
                _seconds(statistics.median(told)) if told else "-",
                _seconds(statistics.median(recovered)) if recovered else "-",
                _seconds(max(recovered)) if recovered else "-",
                f"{statistics.median([outcome.missing for outcome in good]):.0f}" if good else "-",
                ", ".join(kept) or "nothing",
                str(sum(outcome.others for outcome in good)) if entry.spares else "concerned, too",
            )
        )
    return found


def _seconds(value: float) -> str:
    return f"{value:.2f}"


def markdown(entries: dict[str, Entry]) -> str:
    described = machine.describe()
    measured = sorted({entry.measured[:10] for entry in entries.values()})
    days = " to ".join(dict.fromkeys((measured[0], measured[-1])))
    machine_words = f"{described['cores']} cores ({described['processor']})"
    lines = [
        f"Made by `jiomosa bench faults`, {days}, on {machine_words}.",
        "",
        "| " + " | ".join(HEADINGS) + " |",
        "|" + " --- |" * len(HEADINGS),
        *("| " + " | ".join(row) + " |" for row in rows(entries)),
    ]
    return "\n".join(lines)


def write(entries: dict[str, Entry], document: Path = DOCUMENT) -> None:
    """Put it into the document."""
    text = document.read_text()
    head, _, rest = text.partition(BEGIN)
    _, found, tail = rest.partition(END)
    if not found:
        raise RuntimeError(f"{document} has no place for the table: {BEGIN} and {END} mark it.")
    document.write_text(f"{head}{BEGIN}\n{markdown(entries)}\n{END}{tail}")
