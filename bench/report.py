"""The report: Markdown and HTML from what lies in bench/results. Pure: saved results in, text out."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

from bench.store import Saved, SavedFigure

TITLE = "What was measured"
INTRODUCTION = (
    "Written by `make bench` (`jiomosa bench NAME` for one scenario) from the JSON files beside it; nothing is typed by hand. "
    "A value is the median of its runs, the spread their extremes; what is compared was measured in turns within one run. "
    "CPU is a percentage of one core, of all the server's processes, the browsers included, unless it says otherwise."
)
HEADINGS = ("figure", "value", "spread", "target", "met")
STYLE = (
    "body{font:16px/1.5 sans-serif;max-width:70em;margin:2em auto;padding:0 1em;color:#222}table{border-collapse:collapse}"
    "td,th{border:1px solid #ccc;padding:.2em .6em;text-align:left;vertical-align:top}.yes{color:#060}.no{color:#b00}"
    "img{max-width:100%}pre{white-space:pre-wrap;background:#f6f6f6;padding:1em}"
)


@dataclass(frozen=True, slots=True)
class Section:
    """A scenario's result and the names of its pictures."""

    saved: Saved
    pictures: Sequence[str] = ()


def number(value: float) -> str:
    """As many digits as say something: three, and never fewer than the whole number has."""
    if value == int(value) and abs(value) < 1e6:
        return str(int(value))
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def row(figure: SavedFigure) -> tuple[str, str, str, str, str]:
    """The cells of a figure in a table, as in HEADINGS."""
    spread = "" if figure.low is None or figure.high is None else f"{number(figure.low)} to {number(figure.high)}"
    met = "" if figure.met is None else "yes" if figure.met else "NO"
    return figure.name, f"{number(figure.value)} {figure.unit}".strip(), spread, figure.target, met


def markdown(sections: Sequence[Section]) -> str:
    lines = [f"# {TITLE}", "", INTRODUCTION, "", *_targets(sections)]
    for section in sections:
        saved = section.saved
        lines += ["", f"## {saved.scenario}", "", saved.what, "", f"*{_circumstances(saved)}*", ""]
        lines += ["| " + " | ".join(HEADINGS) + " |", "|" + " --- |" * len(HEADINGS)]
        lines += ["| " + " | ".join(_escape(cell) for cell in row(figure)) + " |" for figure in saved.figures]
        lines += ["", *(f"![{saved.scenario}]({picture})" for picture in section.pictures)]
        lines += ["", *(f"- {note}" for note in saved.notes)]
        lines += ["", "<details><summary>What exactly each figure is</summary>", ""]
        lines += ["```text", saved.explanation, "```", "", *(f"- **{name}**: {text}" for name, text in _definitions(saved))]
        lines += ["", "</details>"]
    return "\n".join(lines) + "\n"


def page(sections: Sequence[Section]) -> str:
    """The same as HTML."""
    parts = [
        f"<!doctype html><meta charset=utf-8><title>{TITLE}</title><style>{STYLE}</style><h1>{TITLE}</h1><p>{_code(INTRODUCTION)}"
    ]
    for section in sections:
        saved = section.saved
        parts.append(f"<h2>{saved.scenario}</h2><p>{html.escape(saved.what)}<p><em>{html.escape(_circumstances(saved))}</em>")
        parts.append("<table><tr>" + "".join(f"<th>{heading}" for heading in HEADINGS))
        for figure in saved.figures:
            *cells, met = row(figure)
            parts.append(
                f"<tr title='{html.escape(figure.definition, quote=True)}'>"
                + "".join(f"<td>{html.escape(cell)}" for cell in cells)
            )
            parts.append(f"<td class={met.lower() or 'none'}>{met}")
        parts.append("</table>" + "".join(f"<p><img src='{picture}' alt='{saved.scenario}'>" for picture in section.pictures))
        parts.append("<ul>" + "".join(f"<li>{html.escape(note)}" for note in saved.notes) + "</ul>" if saved.notes else "")
        parts.append(f"<details><summary>What exactly each figure is</summary><pre>{html.escape(saved.explanation)}</pre><ul>")
        parts += [f"<li><b>{html.escape(name)}</b>: {html.escape(text)}" for name, text in _definitions(saved)]
        parts.append("</ul></details>")
    return "\n".join(parts) + "\n"


def _targets(sections: Sequence[Section]) -> list[str]:
    judged = [(section.saved, figure) for section in sections for figure in section.saved.figures if figure.met is not None]
    missed = [
        f"- {saved.scenario}: {row(figure)[0]} is {row(figure)[1]}, target {figure.target}"
        for saved, figure in judged
        if not figure.met
    ]
    return [
        f"Of {len(judged)} figures with a target {len(judged) - len(missed)} meet it." + (" Not met:" if missed else ""),
        "",
        *missed,
    ]


def _circumstances(saved: Saved) -> str:
    machine = ", ".join(f"{name}: {value}" for name, value in saved.machine.items())
    quick = "QUICK RUN, for a glance only. " if saved.quick else ""
    return f"{quick}{saved.measured}, version {saved.version}, {saved.runs} runs of {number(saved.seconds)} s; {machine}"


def _definitions(saved: Saved) -> list[tuple[str, str]]:
    """Each definition once, under the names of the figures that share it."""
    names: dict[str, list[str]] = {}
    for figure in saved.figures:
        names.setdefault(figure.definition, []).append(figure.name)
    return [("; ".join(shared), definition) for definition, shared in names.items()]


def _escape(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def _code(text: str) -> str:
    pieces = html.escape(text).split("`")
    return "".join(f"<code>{piece}</code>" if index % 2 else piece for index, piece in enumerate(pieces))
