"""From a result to what a reader sees: the file, the report, the pictures."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import pictures, report, store
from bench.result import Result
from bench.scenario import Options, Scenario, Steps

MACHINE = {"processor": "abacus", "cores": "2"}


def nothing(options: Options, steps: Steps) -> Result:
    raise NotImplementedError


@pytest.fixture
def saved() -> store.Saved:
    result = Result("click", axes=("sessions", "CPU, %"), notes=["A note <b>."])
    result.add("p50", [12.345, 11, 13], "ms", "median | of all", "<= 20")
    result.add("p99", [41], "ms", "nearly all", "<= 40")
    result.add("CPU", [3], "%", "nearly all")
    result.distributions["click"] = [1.0, 2.0, 3.0]
    result.curves["CPU"] = [(1.0, 10.0), (2.0, 20.0)]
    return store.build(Scenario("click", "What it is", "Definitions.", nothing), Options(5, 3), result, MACHINE)


def test_what_is_written_is_read(saved: store.Saved, tmp_path: Path) -> None:
    store.write(saved, tmp_path)
    assert store.read_all(tmp_path, ("glass", "click")) == [saved]


def test_markdown(saved: store.Saved) -> None:
    text = report.markdown([report.Section(saved, ["click-latency.svg"])])
    assert "| p50 | 12.3 ms | 11 to 13 | <= 20 | yes |".replace("<", "&lt;") in text
    assert "| p99 | 41 ms | 41 to 41 | <= 40 | NO |".replace("<", "&lt;") in text
    assert "Of 2 figures with a target 1 meet it. Not met:" in text
    assert "- click: p99 is 41 ms, target <= 40" in text
    assert "**p99; CPU**: nearly all" in text
    assert "![click](click-latency.svg)" in text
    assert "3 runs of 5 s" in text
    assert "processor: abacus" in text
    assert "QUICK" not in text


def test_page_escapes_what_it_shows(saved: store.Saved) -> None:
    text = report.page([report.Section(saved, ["click-latency.svg"])])
    assert "A note &lt;b&gt;." in text
    assert "<td class=no>NO" in text
    assert "<img src='click-latency.svg'" in text


def test_a_quick_run_is_marked(saved: store.Saved) -> None:
    quick = store.build(Scenario("click", "", "", nothing), Options(1, 1, quick=True), Result("click"), MACHINE)
    assert "QUICK RUN" in report.markdown([report.Section(quick)])


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (60.0, "60"), (0.954, "0.95"), (12.34, "12.3"), (1234.5, "1234"), (-0.5, "-0.50")]
)
def test_number(value: float, text: str) -> None:
    assert report.number(value) == text


def test_pictures(saved: store.Saved, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    names = pictures.draw(saved, tmp_path)
    assert names == ["click-latency.svg", "click-cost.svg"]
    assert all("<svg" in (tmp_path / name).read_text() for name in names)


def test_many_distributions_are_a_row_each(tmp_path: Path) -> None:
    """A legend of so many would leave no room for the picture."""
    result = Result("links")
    result.distributions |= {f"link {number}": [number + 1.0, number + 3.0] for number in range(45)}
    many = store.build(Scenario("links", "", "", nothing), Options(5, 3), result, MACHINE)
    (name,) = pictures.draw(many, tmp_path)
    text = (tmp_path / name).read_text()
    assert all(f"<!-- link {number} (2) -->" in text for number in range(45))
    assert "legend" not in text
